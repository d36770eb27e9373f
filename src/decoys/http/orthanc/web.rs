//! The DICOMweb plugin 1.7: QIDO-RS, WADO-RS, STOW-RS and WADO-URI in its own form.

use bytes::Bytes;

use super::Orthanc;
use super::answers::{Fault, fault, not_allowed};
use super::index::Place;
use super::resources::hit;
use super::route::{get, parameters, searched, told};
use super::tools::{manner, matching};
use crate::archive::{Hit, Level, Record};
use crate::decoys::http::dicomweb::Seen;
use crate::decoys::http::dicomweb::attributes::{Attributes, of_text};
use crate::decoys::http::dicomweb::jsoncpp::{Json, of_attributes};
use crate::decoys::http::dicomweb::objects::instances;
use crate::decoys::http::dicomweb::store::{self, Outcome};
use crate::decoys::http::dicomweb::{Matrix, multipart, qido, tell};
use crate::decoys::http::engine::{Ask, Reply};
use crate::event::observation::MAX_IDS;
use crate::wire::dicom::dataset::{Tag, tags};

/// What answers of the study level say.
const STUDY: [Tag; 14] = [
    tags::STUDY_DATE,
    tags::STUDY_TIME,
    tags::ACCESSION_NUMBER,
    tags::MODALITIES_IN_STUDY,
    tags::REFERRING_PHYSICIAN_NAME,
    tags::RETRIEVE_URL,
    tags::PATIENT_NAME,
    tags::PATIENT_ID,
    tags::PATIENT_BIRTH_DATE,
    tags::PATIENT_SEX,
    tags::STUDY_INSTANCE_UID,
    tags::STUDY_ID,
    tags::NUMBER_OF_STUDY_RELATED_SERIES,
    tags::NUMBER_OF_STUDY_RELATED_INSTANCES,
];
/// What answers of the series level say beside the study's.
const SERIES: [Tag; 7] = [
    tags::MODALITY,
    tags::SERIES_DESCRIPTION,
    tags::SERIES_INSTANCE_UID,
    tags::SERIES_NUMBER,
    tags::NUMBER_OF_SERIES_RELATED_INSTANCES,
    tags::PERFORMED_PROCEDURE_STEP_START_DATE,
    tags::PERFORMED_PROCEDURE_STEP_START_TIME,
];
/// What answers of the instance level say beside the series'.
const INSTANCE: [Tag; 6] = [
    tags::SOP_CLASS_UID,
    tags::SOP_INSTANCE_UID,
    tags::INSTANCE_NUMBER,
    tags::ROWS,
    tags::COLUMNS,
    tags::BITS_ALLOCATED,
];

/// `/dicom-web/…`.
pub(super) fn answer(app: &Orthanc, ask: &Ask<'_>, path: &[&str]) -> Reply {
    let rs = Plugin { app, ask, holdings: app.shelf.seen(ask.session) };
    match path {
        ["studies"] if ask.head.method() == b"POST" => rs.store(None),
        ["studies", study] if ask.head.method() == b"POST" => rs.store(Some(study)),
        ["studies"] => get(ask, || rs.search(Level::Study, None, None)),
        ["series"] => get(ask, || rs.search(Level::Series, None, None)),
        ["instances"] => get(ask, || rs.search(Level::Image, None, None)),
        ["servers"] => get(ask, || Reply::new(200).typed("application/json").with_body("[]\n")),
        ["studies", study, rest @ ..] => match ask.head.method() {
            b"GET" => rs.below(study, rest),
            b"DELETE" | b"PUT" => not_allowed("GET"),
            _ => not_allowed("GET,POST"),
        },
        _ => fault(ask, Fault::Unknown, None),
    }
}

/// `/wado?requestType=WADO&…`.
pub(super) fn uri(app: &Orthanc, ask: &Ask<'_>) -> Reply {
    let query = parameters(ask);
    let (Some("WADO"), Some(instance)) = (query.get("requestType"), query.get("objectUID")) else {
        return fault(ask, Fault::Unknown, None);
    };
    let rs = Plugin { app, ask, holdings: app.shelf.seen(ask.session) };
    let Some(found) = rs.holdings.find_instance(instance) else { return fault(ask, Fault::Unknown, None) };
    tell::instances(ask.session, std::slice::from_ref(&found));
    match query.get("contentType") {
        Some("application/dicom") => {
            let file = ask.session.heavy(|| app.shelf.file(&rs.holdings, &found)).unwrap_or_default();
            Reply::new(200).typed("application/dicom").with_bulk(file, format!("dicom file {instance}"))
        }
        None | Some("image/jpeg" | "image/jpg" | "image/png") => rs.picture(&found, 0),
        Some(_) => fault(ask, Fault::BadRequest, None),
    }
}

/// The plugin, asked something.
pub(super) struct Plugin<'a> {
    pub(super) app: &'a Orthanc,
    pub(super) ask: &'a Ask<'a>,
    pub(super) holdings: Seen,
}

impl Plugin<'_> {
    fn below(&self, study: &str, path: &[&str]) -> Reply {
        match path {
            ["series"] => self.search(Level::Series, Some(study), None),
            ["instances"] => self.search(Level::Image, Some(study), None),
            ["series", series, "instances"] => self.search(Level::Image, Some(study), Some(series)),
            [] => self.retrieve(study, None, None),
            ["series", series] => self.retrieve(study, Some(series), None),
            ["series", series, "instances", instance] => self.retrieve(study, Some(series), Some(instance)),
            ["metadata"] => self.metadata(study, None, None),
            ["series", series, "metadata"] => self.metadata(study, Some(series), None),
            ["series", series, "instances", instance, "metadata"] => {
                self.metadata(study, Some(series), Some(instance))
            }
            ["series", series, "instances", instance, "frames", list] => {
                self.frames(study, series, instance, list)
            }
            ["series", series, "instances", instance, "rendered"]
            | ["series", series, "instances", instance, "frames", _, "rendered"] => {
                let frame = path.get(5).and_then(|text| text.parse::<usize>().ok()).unwrap_or(1);
                match instances(&self.holdings, study, Some(series), Some(instance)).first() {
                    Some(found) => {
                        tell::instances(self.ask.session, std::slice::from_ref(found));
                        self.picture(found, frame.saturating_sub(1))
                    }
                    None => self.inexistent("instance", instance),
                }
            }
            _ => fault(self.ask, Fault::Unknown, None),
        }
    }

    pub(super) fn inexistent(&self, what: &str, uid: &str) -> Reply {
        let details = format!("Accessing an inexistent {what} with WADO-RS: {uid}");
        fault(self.ask, Fault::Inexistent, Some(&details))
    }

    /// QIDO-RS.
    fn search(&self, level: Level, study: Option<&str>, series: Option<&str>) -> Reply {
        let parameters = parameters(self.ask);
        let mut keys: Vec<(Tag, String)> =
            parameters.keys().into_iter().map(|(tag, value)| (tag, value.to_owned())).collect();
        keys.extend(study.map(|uid| (tags::STUDY_INSTANCE_UID, uid.to_owned())));
        keys.extend(series.map(|uid| (tags::SERIES_INSTANCE_UID, uid.to_owned())));
        let number = |name: &str| parameters.get(name).and_then(|text| text.parse::<usize>().ok());
        let query = qido::query(level, keys, manner);
        let catalogue = self.ask.session.heavy(|| self.app.catalogue(&self.holdings));
        let mut ids = self.ask.session.heavy(|| matching(&self.holdings, &catalogue, &query));
        ids.sort();
        let limit = number("limit").filter(|limit| *limit > 0).unwrap_or(usize::MAX);
        let chosen = ids.into_iter().skip(number("offset").unwrap_or(0)).take(limit);
        let hits: Vec<Hit> = chosen
            .filter_map(|id| match catalogue.place(id)? {
                Place::Patient => None,
                Place::Study(at) => {
                    let entry = std::sync::Arc::clone(&catalogue.studies.get(at)?.entry);
                    Some(Hit { entry, series: None, instance: None })
                }
                Place::Series(at, number) => {
                    let study = catalogue.studies.get(at)?;
                    let series = study.series.get(number)?.entry.clone();
                    Some(Hit {
                        entry: std::sync::Arc::clone(&study.entry),
                        series: Some(series),
                        instance: None,
                    })
                }
                Place::Instance(at, number, nth) => {
                    hit(&self.holdings, catalogue.studies.get(at)?, number, nth)
                }
            })
            .collect();
        let filter = String::from_utf8_lossy(self.ask.head.target()).into_owned();
        searched(self.ask, level.subject(), &filter, hits.len(), query.unbounded());
        told(
            self.ask,
            level,
            hits.len(),
            hits.iter().take(MAX_IDS).map(|hit| tell::id(hit, level)).collect(),
        );
        let wanted = wanted(level, &parameters);
        let items = self.ask.session.heavy(|| {
            let all = hits.iter().map(|hit| of_attributes(&self.described(hit, level, &wanted)).tabbed());
            all.collect::<Vec<_>>()
        });
        let body = if items.is_empty() { "[]".to_owned() } else { format!("[{}\n]", items.join("\n,")) };
        Reply::new(200).typed("application/dicom+json").with_body(body)
    }

    /// A match as the plugin describes it: text in Latin-1, its default encoding, which drops what
    /// that can't hold.
    fn described(&self, hit: &Hit, level: Level, wanted: &[Tag]) -> Attributes {
        let record = Record::of(&self.holdings, hit);
        let matrix = (level == Level::Image).then(|| self.app.shelf.matrix(&self.holdings, hit)).flatten();
        let laid =
            |number: fn(&Matrix) -> u16| matrix.as_ref().map(|m| number(m).to_string()).unwrap_or_default();
        let mut all = vec![of_text(tags::SPECIFIC_CHARACTER_SET, "ISO_IR 100")];
        for tag in wanted {
            let text = match *tag {
                tags::RETRIEVE_URL => self.url(hit, level),
                tags::ROWS => laid(|m| m.rows),
                tags::COLUMNS => laid(|m| m.columns),
                tags::BITS_ALLOCATED => laid(|m| m.bits),
                _ => record.text(*tag).chars().filter(|c| u32::from(*c) < 256).collect(),
            };
            if !text.is_empty() {
                all.push(of_text(*tag, &text));
            }
        }
        all
    }

    pub(super) fn url(&self, hit: &Hit, level: Level) -> String {
        let mut url = format!("{}studies/{}", self.base(), hit.entry.uid());
        if level >= Level::Series
            && let Some(series) = &hit.series
        {
            url.push_str(&format!("/series/{}", series.uid()));
        }
        if level >= Level::Image
            && let Some(instance) = &hit.instance
        {
            url.push_str(&format!("/instances/{}", instance.uid()));
        }
        url
    }

    fn base(&self) -> String {
        let host = self.ask.head.host.as_str();
        let host = if host.is_empty() { "localhost:8042" } else { host };
        format!("http://{host}/dicom-web/")
    }

    /// STOW-RS.
    fn store(&self, study: Option<&str>) -> Reply {
        let kind = self.ask.head.header("Content-Type").unwrap_or_default();
        let Some(boundary) = multipart::boundary(kind) else {
            return fault(self.ask, Fault::MediaType, None);
        };
        let mut stored = false;
        for part in multipart::parts(self.ask.body, boundary) {
            let file = Bytes::copy_from_slice(part.body);
            let wanted = |uid: &str| study.is_none_or(|study| study == uid);
            stored |= match store::take(&self.app.shelf, self.ask.session, &file) {
                Outcome::Stored(kept) | Outcome::Known(kept) => wanted(&kept.study),
                Outcome::NotDicom | Outcome::Full => false,
            };
        }
        if !stored {
            return fault(self.ask, Fault::BadRequest, None);
        }
        let empty = || Json::object([("vr", Json::text("SQ"))]);
        let charset = of_attributes(&[of_text(tags::SPECIFIC_CHARACTER_SET, "ISO_IR 100")]);
        let mut answer = match charset {
            Json::Object(members) => members,
            Json::Null | Json::Bool(_) | Json::Number(_) | Json::Text(_) | Json::List(_) => {
                Default::default()
            }
        };
        answer.insert("00081198".to_owned(), empty());
        answer.insert("00081199".to_owned(), empty());
        Reply::new(200)
            .typed("application/dicom+json")
            .with_body(format!("{}\n", Json::Object(answer).tabbed()))
    }
}

/// Tags of the answers of a level, with the fields that were asked for.
fn wanted(level: Level, parameters: &qido::Parameters) -> Vec<Tag> {
    let mut all: Vec<Tag> = STUDY.to_vec();
    if level >= Level::Series {
        let counts = [tags::NUMBER_OF_STUDY_RELATED_SERIES, tags::NUMBER_OF_STUDY_RELATED_INSTANCES];
        all.retain(|tag| !counts.contains(tag) && *tag != tags::MODALITIES_IN_STUDY);
        all.extend(SERIES);
    }
    if level >= Level::Image {
        all.retain(|tag| *tag != tags::NUMBER_OF_SERIES_RELATED_INSTANCES);
        all.extend(INSTANCE);
    }
    all.extend(parameters.list("includefield").filter_map(qido::attribute));
    all.sort_unstable();
    all.dedup();
    all
}
