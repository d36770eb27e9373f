//! `/system`, `/statistics`, `/changes`, `/tools/…` and archives.

use std::collections::BTreeMap;

use rand::RngExt;

use super::Orthanc;
use super::answers::{Fault, fault, json, missing, not_allowed, text};
use super::index::{Catalogue, Id, Place};
use super::resources::{all, below, kind, received, stamp};
use super::route::{get, parameters, searched, told};
use super::zip;
use crate::archive::{Case, Hit, Level, Manner, Query, Record};
use crate::decoys::http::dicomweb::Seen;
use crate::decoys::http::dicomweb::jsoncpp::Json;
use crate::decoys::http::dicomweb::qido;
use crate::decoys::http::engine::{Ask, Reply};
use crate::event::observation::MAX_IDS;
use crate::event::{Observation, Tainted};
use crate::wire::dicom::dataset::{Vr, tags};

/// Bytes of an object as statistics count them when they are not drawn one by one: a slice.
const TYPICAL: u64 = 527_000;
/// Most changes in one answer, as the product's default.
const CHANGES: usize = 100;

const TOOLS: [&str; 33] = [
    "accepted-transfer-syntaxes",
    "bulk-anonymize",
    "bulk-content",
    "bulk-delete",
    "bulk-modify",
    "create-archive",
    "create-dicom",
    "create-media",
    "create-media-extended",
    "default-encoding",
    "dicom-conformance",
    "dicom-echo",
    "execute-script",
    "find",
    "generate-uid",
    "invalidate-tags",
    "log-level",
    "log-level-dicom",
    "log-level-generic",
    "log-level-http",
    "log-level-jobs",
    "log-level-lua",
    "log-level-plugins",
    "log-level-sqlite",
    "lookup",
    "metrics",
    "metrics-prometheus",
    "now",
    "now-local",
    "reconstruct",
    "reset",
    "shutdown",
    "unknown-sop-class-accepted",
];

impl Orthanc {
    /// `/system`.
    pub(super) fn system(&self) -> Json {
        Json::object([
            ("ApiVersion", Json::number(16)),
            ("CheckRevisions", Json::Bool(false)),
            ("DatabaseBackendPlugin", Json::Null),
            ("DatabaseVersion", Json::number(6)),
            ("DicomAet", Json::text(&self.shelf.ae_title)),
            ("DicomPort", Json::number(self.shelf.dicom_port)),
            ("HttpPort", Json::number(self.port)),
            ("IsHttpServerSecure", Json::Bool(self.behaviour.authentication)),
            ("Name", Json::text(&self.behaviour.name)),
            ("PluginsEnabled", Json::Bool(true)),
            ("StorageAreaPlugin", Json::Null),
            ("Version", Json::text("1.10.1")),
        ])
    }

    /// `/statistics`.
    pub(super) fn statistics(&self, ask: &Ask<'_>) -> Reply {
        let holdings = self.shelf.seen(ask.session);
        let catalogue = ask.session.heavy(|| self.catalogue(&holdings));
        let count = |level| all(&catalogue, level).len();
        let size = u64::try_from(count(Level::Image)).unwrap_or(0).saturating_mul(TYPICAL);
        json(&Json::object([
            ("CountInstances", Json::number(count(Level::Image))),
            ("CountPatients", Json::number(count(Level::Patient))),
            ("CountSeries", Json::number(count(Level::Series))),
            ("CountStudies", Json::number(count(Level::Study))),
            ("TotalDiskSize", Json::text(size.to_string())),
            ("TotalDiskSizeMB", Json::number(size >> 20)),
            ("TotalUncompressedSize", Json::text(size.to_string())),
            ("TotalUncompressedSizeMB", Json::number(size >> 20)),
        ]))
    }

    /// `/studies/{id}/statistics` and the like.
    pub(super) fn statistics_of(
        &self,
        ask: &Ask<'_>,
        holdings: &Seen,
        catalogue: &Catalogue,
        id: Id,
        place: Place,
    ) -> Reply {
        let hits = below(holdings, catalogue, id, place);
        let size = ask.session.heavy(|| {
            let sizes = hits.iter().filter_map(|hit| self.shelf.file(holdings, hit));
            sizes.map(|file| u64::try_from(file.len()).unwrap_or(0)).sum::<u64>()
        });
        let mut members = BTreeMap::new();
        let mut add = |name: &str, value: Json| members.insert(name.to_owned(), value);
        for prefix in ["Dicom", ""] {
            for what in ["DiskSize", "UncompressedSize"] {
                add(&format!("{prefix}{what}"), Json::text(size.to_string()));
                add(&format!("{prefix}{what}MB"), Json::number(size >> 20));
            }
        }
        let studies = catalogue.of_patient(id);
        match place {
            Place::Patient => {
                add("CountInstances", Json::number(hits.len()));
                add("CountSeries", Json::number(studies.iter().map(|s| s.series.len()).sum::<usize>()));
                add("CountStudies", Json::number(studies.len()));
            }
            Place::Study(at) => {
                let series = catalogue.studies.get(at).map_or(0, |study| study.series.len());
                add("CountInstances", Json::number(hits.len()));
                add("CountSeries", Json::number(series));
            }
            Place::Series(..) => {
                add("CountInstances", Json::number(hits.len()));
            }
            Place::Instance(..) => {}
        }
        json(&Json::Object(members))
    }

    /// `/changes`: what came in, newest last. Each study counts as one instance, series, study and
    /// patient that are new.
    pub(super) fn changes(&self, ask: &Ask<'_>) -> Reply {
        let holdings = self.shelf.seen(ask.session);
        let catalogue = ask.session.heavy(|| self.catalogue(&holdings));
        let query = parameters(ask);
        let number = |name: &str| query.get(name).and_then(|text| text.parse::<usize>().ok());
        let (since, limit) = (number("since").unwrap_or(0), number("limit").unwrap_or(CHANGES).min(CHANGES));
        let total = catalogue.studies.len() * 4;
        let last = query.get("last").is_some() || ask.head.target().ends_with(b"?last");
        let chosen = if last { total.saturating_sub(1)..total } else { since..(since + limit).min(total) };
        let end = chosen.end.max(since.min(total));
        let changes = chosen.filter_map(|at| {
            let study = catalogue.studies.get(at / 4)?;
            let series = study.series.first()?;
            let (level, id) = match at % 4 {
                0 => (Level::Image, *series.instances.first()?),
                1 => (Level::Series, series.id),
                2 => (Level::Study, study.id),
                _ => (Level::Patient, study.patient),
            };
            let (name, path) = kind(level);
            Some(Json::object([
                ("ChangeType", Json::text(format!("New{name}"))),
                ("Date", Json::text(stamp(received(study)))),
                ("ID", Json::text(id.to_string())),
                ("Path", Json::text(format!("/{path}/{id}"))),
                ("ResourceType", Json::text(name)),
                ("Seq", Json::number(at + 1)),
            ]))
        });
        json(&Json::object([
            ("Changes", Json::List(changes.collect())),
            ("Done", Json::Bool(end >= total)),
            ("Last", Json::number(end)),
        ]))
    }
}

/// The DICOMweb plugin as `/plugins/dicom-web` describes it.
pub(super) fn plugin() -> Json {
    Json::object([
        (
            "Description",
            Json::text("Implementation of DICOMweb (QIDO-RS, STOW-RS and WADO-RS) and WADO-URI."),
        ),
        ("ExtendsOrthancExplorer", Json::Bool(true)),
        ("ID", Json::text("dicom-web")),
        ("RootUri", Json::text("../dicom-web/app/client/index.html")),
        ("Version", Json::text("1.7")),
    ])
}

/// `/tools/…`.
pub(super) fn answer(app: &Orthanc, ask: &Ask<'_>, path: &[&str]) -> Reply {
    let post = |reply: &dyn Fn() -> Reply| {
        if ask.head.method() == b"POST" { reply() } else { not_allowed("POST") }
    };
    match path {
        [] => get(ask, || json(&Json::texts(TOOLS))),
        ["find"] => post(&|| find(app, ask)),
        ["lookup"] => post(&|| lookup(app, ask)),
        ["now"] => get(ask, || text(stamp(ask.now))),
        ["now-local"] => get(ask, || text(local(app, ask))),
        ["generate-uid"] => get(ask, || generated(ask)),
        ["default-encoding"] => get(ask, || text("Latin1")),
        ["metrics"] => get(ask, || text("1")),
        ["log-level"] => get(ask, || text("default")),
        ["unknown-sop-class-accepted"] => get(ask, || text("0")),
        ["execute-script"] => post(&|| {
            ask.session.emit(Observation::ExploitAttempt {
                weakness: "orthanc-execute-script".to_owned(),
                payload: Tainted::from_bytes(ask.body),
            });
            Reply::new(403)
        }),
        ["reset" | "shutdown"] => post(&|| Reply::new(403)),
        [
            "bulk-anonymize"
            | "bulk-content"
            | "bulk-delete"
            | "bulk-modify"
            | "create-archive"
            | "create-dicom"
            | "create-media"
            | "create-media-extended"
            | "dicom-echo"
            | "invalidate-tags"
            | "reconstruct",
        ] => post(&|| fault(ask, Fault::BadRequest, None)),
        [name] if TOOLS.contains(name) => get(ask, || text("default")),
        _ => fault(ask, Fault::Unknown, None),
    }
}

fn local(app: &Orthanc, ask: &Ask<'_>) -> String {
    let view = app.shelf.seen(ask.session);
    view.view().local(ask.now).strftime("%Y%m%dT%H%M%S").to_string()
}

/// UIDs as the toolkit underneath makes them: site root, host, process, second, count.
fn generated(ask: &Ask<'_>) -> Reply {
    let kind = match parameters(ask).get("level") {
        Some("patient" | "study") => 2,
        Some("series") => 3,
        Some("instance") => 4,
        Some(_) | None => return missing(),
    };
    let mut rng = ask.session.rng(&format!("orthanc/uid/{}", ask.turn));
    let (host, process, count): (u32, u32, u32) =
        (8_323_328, rng.random_range(600..900), rng.random_range(10_000..900_000));
    text(format!("1.2.276.0.7230010.3.1.{kind}.{host}.{process}.{}.{count}", ask.now.as_second()))
}

/// `/tools/lookup`: what a DICOM identifier names.
fn lookup(app: &Orthanc, ask: &Ask<'_>) -> Reply {
    let wanted = String::from_utf8_lossy(ask.body).trim().to_owned();
    let holdings = app.shelf.seen(ask.session);
    let mut found = Vec::new();
    let patient_studies = holdings.of_patient(&wanted);
    if !patient_studies.is_empty() {
        found.push((Level::Patient, Id::of(&[&wanted])));
    }
    let study = holdings.study(&wanted).or_else(|| holdings.by_accession(&wanted));
    if let Some(entry) = study {
        found.push((Level::Study, Id::of(&[entry.patient_id(), entry.uid()])));
    }
    if let Some(hit) = holdings.find_series(&wanted) {
        found.push((Level::Series, Id::of(&[hit.entry.patient_id(), hit.entry.uid(), &wanted])));
    }
    if let Some(hit) = holdings.find_instance(&wanted) {
        let series = hit.series.as_ref().map_or("", |series| series.uid());
        found.push((Level::Image, Id::of(&[hit.entry.patient_id(), hit.entry.uid(), series, &wanted])));
    }
    for (level, _) in &found {
        told(ask, *level, 1, vec![wanted.clone()]);
    }
    let described = found.iter().map(|(level, id)| {
        let (name, path) = kind(*level);
        Json::object([
            ("ID", Json::text(id.to_string())),
            ("Path", Json::text(format!("/{path}/{id}"))),
            ("Type", Json::text(name)),
        ])
    });
    json(&Json::List(described.collect()))
}

/// `/tools/find`.
fn find(app: &Orthanc, ask: &Ask<'_>) -> Reply {
    let bad = |details: &str| fault(ask, Fault::BadRequest, Some(details));
    let body: Option<serde_json::Value> = serde_json::from_slice(ask.body).ok();
    let Some(serde_json::Value::Object(body)) = body else {
        return bad("The body must contain a JSON object");
    };
    let Some(level) = body.get("Level").and_then(|level| level.as_str()) else {
        return bad("Field \"Level\" is missing, or should be a string");
    };
    let Some(keys) = body.get("Query").and_then(|query| query.as_object()) else {
        return bad("Field \"Query\" is missing, or should be a JSON object");
    };
    let level = match level.to_ascii_lowercase().as_str() {
        "patient" => Level::Patient,
        "study" => Level::Study,
        "series" => Level::Series,
        "instance" => Level::Image,
        _ => return fault(ask, Fault::OutOfRange, None),
    };
    let number = |name: &str| {
        let value = body.get(name).and_then(serde_json::Value::as_u64);
        usize::try_from(value.unwrap_or(0)).unwrap_or(usize::MAX)
    };
    let expand = body.get("Expand").and_then(serde_json::Value::as_bool).unwrap_or(false);
    let texts = keys.iter().filter_map(|(name, value)| Some((name.as_str(), value.as_str()?)));
    let keys = texts.filter_map(|(name, value)| Some((qido::attribute(name)?, value.to_owned())));
    let query = qido::query(level, keys, manner);
    let holdings = app.shelf.seen(ask.session);
    let catalogue = ask.session.heavy(|| app.catalogue(&holdings));
    let mut ids = ask.session.heavy(|| matching(&holdings, &catalogue, &query));
    ids.sort();
    ids.dedup();
    let limit = if number("Limit") == 0 { usize::MAX } else { number("Limit") };
    let ids: Vec<Id> = ids.into_iter().skip(number("Since")).take(limit).collect();
    let filter = serde_json::to_string(&body).unwrap_or_default();
    searched(ask, level.subject(), &filter, ids.len(), query.unbounded());
    told(ask, level, ids.len(), ids.iter().take(MAX_IDS).map(Id::to_string).collect());
    if !expand {
        return json(&Json::texts(ids.iter().map(Id::to_string)));
    }
    let described = ask.session.heavy(|| {
        let known = ids.iter().filter_map(|id| Some((*id, catalogue.place(*id)?)));
        known.filter_map(|(id, place)| app.described(&holdings, &catalogue, id, place)).collect()
    });
    json(&Json::List(described))
}

/// How the product compares: without case, and each of several values.
pub(super) fn manner(_: Vr) -> Manner {
    Manner { case: Case::Folded, groups: false, each: true }
}

/// Identifiers of what matches.
pub(super) fn matching(holdings: &Seen, catalogue: &Catalogue, query: &Query) -> Vec<Id> {
    let fits = |record: &Record<'_>, level: Level| {
        query.keys.iter().filter(|key| key.level == level && query.counts(key)).all(|key| {
            key.tag == tags::QUERY_RETRIEVE_LEVEL || key.comparison.matches(record.text(key.tag).as_bytes())
        })
    };
    let mut ids = Vec::new();
    for study in &catalogue.studies {
        let upper = Record { holdings, entry: &study.entry, series: None, instance: None };
        if !fits(&upper, Level::Patient) || !fits(&upper, Level::Study) {
            continue;
        }
        match query.level {
            Level::Patient => ids.push(study.patient),
            Level::Study => ids.push(study.id),
            Level::Series | Level::Image => {
                for series in &study.series {
                    let record = Record { series: Some(&series.entry), ..upper };
                    if !fits(&record, Level::Series) {
                        continue;
                    }
                    if query.level == Level::Series {
                        ids.push(series.id);
                        continue;
                    }
                    let instances = holdings.instances(&study.entry, &series.entry);
                    let kept = instances.iter().zip(&series.instances).filter(|(instance, _)| {
                        fits(&Record { instance: Some(instance), ..record }, Level::Image)
                    });
                    ids.extend(kept.map(|(_, id)| *id));
                }
            }
        }
    }
    ids
}

/// A ZIP of objects, made while it goes out.
pub(super) fn archive(
    app: &Orthanc,
    ask: &Ask<'_>,
    holdings: &Seen,
    id: Id,
    mut hits: Vec<Hit>,
    media: bool,
) -> Reply {
    if media {
        // Its DICOMDIR is not written: the answer is that of a full temporary disk.
        return fault(ask, Fault::CannotWrite, None);
    }
    // Folders are in the order of their identifiers, files in that of their arrival.
    hits.sort_by_cached_key(|hit| {
        let series = hit.series.as_ref().map_or("", |series| series.uid());
        let (patient, study) = (hit.entry.patient_id(), hit.entry.uid());
        [Id::of(&[patient, study]), Id::of(&[patient, study, series])]
    });
    let names: Vec<String> = zip::names(holdings, &hits);
    let pieces = zip::pieces(std::sync::Arc::clone(&app.shelf), holdings.clone(), hits, names, ask.now);
    Reply::new(200)
        .with("Content-Disposition", format!("filename=\"{id}.zip\""))
        .typed("application/zip")
        .with_pieces(pieces, None)
}
