//! Which path is what.

use super::answers::{Fault, components, fault, json, missing, not_allowed, text};
use super::index::{Catalogue, Id, Place};
use super::resources::{all, below, hit, kind, received, stamp};
use super::{Orthanc, levels, modalities, tools, upload, web};
use crate::archive::Level;
use crate::decoys::http::dicomweb::Seen;
use crate::decoys::http::dicomweb::jsoncpp::Json;
use crate::decoys::http::dicomweb::qido::Parameters;
use crate::decoys::http::dicomweb::tell;
use crate::decoys::http::engine::{Ask, Reply};
use crate::decoys::http::uri::split_target;
use crate::event::observation::{MAX_IDS, RecordKind};

/// Most resources that are described in one answer: more would hold a thread for minutes.
const MAX_EXPANDED: usize = 5000;

/// Answers a request that may come in.
pub(super) fn answer(app: &Orthanc, ask: &Ask<'_>) -> Reply {
    let reply = routed(app, ask);
    let [least, most] = app.behaviour.answer_ms;
    let mut rng = ask.session.rng(&format!("http/pace/{}", ask.turn));
    let chosen = rand::RngExt::random_range(&mut rng, least..=most.max(least));
    let delay = std::time::Duration::from_millis(if reply.code == 200 { chosen } else { 0 });
    reply.after(delay)
}

fn routed(app: &Orthanc, ask: &Ask<'_>) -> Reply {
    match ask.head.method() {
        b"GET" | b"POST" | b"PUT" | b"DELETE" => {}
        b"PATCH" | b"REPORT" => return Reply::new(400),
        _ => return missing(),
    }
    let parts = components(ask);
    let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
    match parts.as_slice() {
        [] => get(ask, || Reply::new(301).with("Location", "app/explorer.html")),
        ["favicon.ico"] => get(ask, || Reply::new(301).with("Location", "app/images/favicon.ico")),
        ["app", rest @ ..] => get(ask, || app.files.serve(&rest.join("/"))),
        ["system"] => get(ask, || json(&app.system())),
        ["statistics"] => get(ask, || app.statistics(ask)),
        ["dicom-web", rest @ ..] => web::answer(app, ask, rest),
        ["wado"] => web::uri(app, ask),
        ["tools", rest @ ..] => tools::answer(app, ask, rest),
        ["changes"] => match ask.head.method() {
            b"GET" => app.changes(ask),
            b"DELETE" => json(&Json::object([])),
            _ => not_allowed("GET,DELETE"),
        },
        ["exports"] => match ask.head.method() {
            b"GET" => json(&Json::object([
                ("Done", Json::Bool(true)),
                ("Exports", Json::List(Vec::new())),
                ("Last", Json::number(0)),
            ])),
            _ => not_allowed("GET,DELETE"),
        },
        ["peers"] if parameters(ask).get("expand").is_some() => get(ask, || json(&Json::object([]))),
        ["queries" | "peers" | "jobs"] => get(ask, || json(&Json::List(Vec::new()))),
        ["plugins"] => get(ask, || json(&Json::texts(["explorer.js", "dicom-web"]))),
        ["plugins", "explorer.js"] => {
            get(ask, || Reply::new(200).typed("application/javascript").with_body(""))
        }
        ["plugins", "dicom-web"] => get(ask, || json(&tools::plugin())),
        ["plugins", _] => missing(),
        ["modalities", rest @ ..] => modalities::modalities(app, ask, rest),
        ["patients", rest @ ..] => resource(app, ask, Level::Patient, rest),
        ["studies", rest @ ..] => resource(app, ask, Level::Study, rest),
        ["series", rest @ ..] => resource(app, ask, Level::Series, rest),
        ["instances"] if ask.head.method() == b"POST" => upload::instance(app, ask),
        ["instances", rest @ ..] => resource(app, ask, Level::Image, rest),
        _ => fault(ask, Fault::Unknown, None),
    }
}

/// For paths that only GET has.
pub(super) fn get(ask: &Ask<'_>, reply: impl FnOnce() -> Reply) -> Reply {
    if ask.head.method() == b"GET" { reply() } else { not_allowed("GET") }
}

/// Parameters of the query.
pub(super) fn parameters(ask: &Ask<'_>) -> Parameters {
    Parameters::read(split_target(ask.head.target()).1)
}

fn resource(app: &Orthanc, ask: &Ask<'_>, level: Level, path: &[&str]) -> Reply {
    let holdings = app.shelf.seen(ask.session);
    let catalogue = ask.session.heavy(|| app.catalogue(&holdings));
    let Some((name, rest)) = path.split_first() else {
        let allowed = if level == Level::Image { "GET,POST" } else { "GET" };
        return if ask.head.method() == b"GET" {
            list(app, ask, &holdings, &catalogue, level)
        } else {
            not_allowed(allowed)
        };
    };
    let found = Id::read(name).and_then(|id| Some((id, catalogue.place(id)?)));
    let here = |(id, place): &(Id, Place)| level_of(*place) == level && !upload::is_deleted(ask, *id);
    let Some((id, place)) = found.filter(here) else {
        return if rest.is_empty() { missing() } else { fault(ask, Fault::Unknown, None) };
    };
    match (ask.head.method(), rest) {
        (b"GET", []) => {
            told(ask, level, 1, vec![world_id(&holdings, &catalogue, id, place)]);
            let described = ask.session.heavy(|| app.described(&holdings, &catalogue, id, place));
            described.map_or_else(missing, |value| json(&value))
        }
        (b"DELETE", []) => upload::delete(ask, level, id, world_id(&holdings, &catalogue, id, place)),
        (_, []) => not_allowed("GET,DELETE"),
        (b"GET", path) => part(app, ask, &holdings, &catalogue, (id, place), path),
        (b"POST", ["archive" | "media" | "modify" | "anonymize" | "export" | "reconstruct"]) => {
            fault(ask, Fault::BadRequest, None)
        }
        _ => not_allowed("GET"),
    }
}

fn level_of(place: Place) -> Level {
    match place {
        Place::Patient => Level::Patient,
        Place::Study(_) => Level::Study,
        Place::Series(..) => Level::Series,
        Place::Instance(..) => Level::Image,
    }
}

/// The hospital's own id of a resource.
fn world_id(holdings: &Seen, catalogue: &Catalogue, id: Id, place: Place) -> String {
    let study = |at: usize| catalogue.studies.get(at);
    match place {
        Place::Patient => catalogue.of_patient(id).first().map(|s| s.entry.patient_id().to_owned()),
        Place::Study(at) => study(at).map(|study| study.entry.uid().to_owned()),
        Place::Series(at, number) => {
            study(at).and_then(|study| Some(study.series.get(number)?.entry.uid().to_owned()))
        }
        Place::Instance(at, number, nth) => study(at)
            .and_then(|study| hit(holdings, study, number, nth))
            .map(|hit| tell::id(&hit, Level::Image)),
    }
    .unwrap_or_default()
}

pub(super) fn told(ask: &Ask<'_>, level: Level, count: usize, ids: Vec<String>) {
    tell::read(ask.session, level.subject(), count, ids);
}

/// `/studies` and the like, with `expand`, `since` and `limit`.
fn list(app: &Orthanc, ask: &Ask<'_>, holdings: &Seen, catalogue: &Catalogue, level: Level) -> Reply {
    let query = parameters(ask);
    let number = |name: &str| query.get(name).map(|text| text.parse::<usize>());
    let mut ids = all(catalogue, level);
    ids.retain(|id| !upload::is_deleted(ask, *id));
    match (number("since"), number("limit")) {
        (None, None) => {}
        (Some(Ok(since)), Some(Ok(limit))) => ids = ids.into_iter().skip(since).take(limit).collect(),
        (Some(_), None) | (None, Some(_)) => {
            let absent = if query.get("since").is_none() { "since" } else { "limit" };
            let (_, name) = kind(level);
            let details = format!("Missing \"{absent}\" argument for GET request against: /{name}/");
            return fault(ask, Fault::BadRequest, Some(&details));
        }
        _ => return fault(ask, Fault::BadRequest, None),
    }
    let places = ids.iter().take(MAX_IDS).filter_map(|id| Some((*id, catalogue.place(*id)?)));
    let told_ids = places.map(|(id, place)| world_id(holdings, catalogue, id, place)).collect();
    told(ask, level, ids.len(), told_ids);
    if query.get("expand").is_none() {
        return json(&Json::texts(ids.iter().map(Id::to_string)));
    }
    let described = ask.session.heavy(|| {
        let known = ids.iter().take(MAX_EXPANDED).filter_map(|id| Some((*id, catalogue.place(*id)?)));
        known.filter_map(|(id, place)| app.described(holdings, catalogue, id, place)).collect()
    });
    json(&Json::List(described))
}

/// What lies below a resource.
fn part(
    app: &Orthanc,
    ask: &Ask<'_>,
    holdings: &Seen,
    catalogue: &Catalogue,
    (id, place): (Id, Place),
    path: &[&str],
) -> Reply {
    if let Place::Instance(at, number, nth) = place
        && let Some(study) = catalogue.studies.get(at)
        && let Some(found) = hit(holdings, study, number, nth)
        && !matches!(path, ["patient" | "study" | "series" | "statistics"])
    {
        told(ask, Level::Image, 1, vec![tell::id(&found, Level::Image)]);
        return app.instance_part(ask, holdings, study, (id, &found), path);
    }
    let describe = |wanted: Vec<Id>| {
        let known = wanted.into_iter().filter_map(|id| Some((id, catalogue.place(id)?)));
        known.filter_map(|(id, place)| app.described(holdings, catalogue, id, place)).collect::<Vec<_>>()
    };
    let one = |id: Option<Id>| match ask.session.heavy(|| describe(id.into_iter().collect())).pop() {
        Some(value) => json(&value),
        None => missing(),
    };
    let many = |ids: Vec<Id>| json(&Json::List(ask.session.heavy(|| describe(ids))));
    let study = match place {
        Place::Patient => None,
        Place::Study(at) | Place::Series(at, _) | Place::Instance(at, ..) => catalogue.studies.get(at),
    };
    let studies = || match study {
        Some(study) => vec![study],
        None => catalogue.of_patient(id),
    };
    match (path, place) {
        (["patient"], Place::Study(_) | Place::Series(..) | Place::Instance(..)) => {
            one(study.map(|s| s.patient))
        }
        (["study"], Place::Series(..) | Place::Instance(..)) => one(study.map(|s| s.id)),
        (["series"], Place::Instance(_, number, _)) => {
            one(study.and_then(|s| s.series.get(number)).map(|s| s.id))
        }
        (["studies"], Place::Patient) => many(studies().iter().map(|s| s.id).collect()),
        (["series"], Place::Patient | Place::Study(_)) => {
            many(studies().iter().flat_map(|s| s.series.iter().map(|series| series.id)).collect())
        }
        (["instances"], Place::Patient | Place::Study(_) | Place::Series(..)) => {
            let ids = instances_of(place, &studies());
            told(ask, Level::Image, ids.len(), Vec::new());
            many(ids)
        }
        (["statistics"], _) => app.statistics_of(ask, holdings, catalogue, id, place),
        (["archive" | "media"], Place::Patient | Place::Study(_) | Place::Series(..)) => {
            let hits = below(holdings, catalogue, id, place);
            tell::instances(ask.session, &hits);
            tools::archive(app, ask, holdings, id, hits, path.first() == Some(&"media"))
        }
        (["metadata", rest @ ..], _) => {
            let last = studies().last().map(|study| stamp(received(study))).unwrap_or_default();
            let known = app.metadata_above(place, last);
            match rest {
                [] => levels::values(ask, known),
                [wanted] => levels::value(ask, known, wanted),
                _ => missing(),
            }
        }
        (["shared-tags" | "instances-tags"], _) => {
            let hits = below(holdings, catalogue, id, place);
            tell::instances(ask.session, &hits);
            match path {
                ["shared-tags"] => app.shared(ask, holdings, &hits),
                _ => app.tags_below(ask, holdings, &hits),
            }
        }
        (["module"], _) => {
            app.module_above(ask, holdings, &below(holdings, catalogue, id, place), level_of(place))
        }
        (["module-patient"], Place::Study(_)) => {
            app.module_above(ask, holdings, &below(holdings, catalogue, id, place), Level::Patient)
        }
        (["protected"], Place::Patient) => text("0"),
        (["reconstruct" | "modify" | "anonymize"], _) => not_allowed("POST"),
        (["attachments"], _) => json(&Json::List(Vec::new())),
        _ => fault(ask, Fault::Unknown, None),
    }
}

fn instances_of(place: Place, studies: &[&std::sync::Arc<super::index::StudyIds>]) -> Vec<Id> {
    let only = match place {
        Place::Series(_, number) => Some(number),
        Place::Patient | Place::Study(_) | Place::Instance(..) => None,
    };
    let series = studies.iter().flat_map(|study| study.series.iter().enumerate());
    let chosen = series.filter(|(at, _)| only.is_none_or(|number| number == *at));
    chosen.flat_map(|(_, series)| series.instances.iter().copied()).collect()
}

/// A search is told with the kind of record that it looked for.
pub(super) fn searched(ask: &Ask<'_>, subject: RecordKind, filter: &str, answers: usize, unbounded: bool) {
    ask.session.emit(crate::event::Observation::Query {
        subject,
        filter: crate::event::Tainted::new(filter),
        answers: u32::try_from(answers).unwrap_or(u32::MAX),
        unbounded,
        detail: None,
    });
}
