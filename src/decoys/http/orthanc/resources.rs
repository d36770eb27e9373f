//! Patients, studies and series as the API describes them.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::Orthanc;
use super::index::{Catalogue, Id, Place, StudyIds};
use crate::archive::{Hit, Level, Record};
use crate::decoys::http::dicomweb::Seen;
use crate::decoys::http::dicomweb::jsoncpp::Json;
use crate::decoys::http::dicomweb::qido::keyword;
use crate::wire::dicom::dataset::{Tag, tags};

/// Main DICOM tags of a patient.
const PATIENT: [Tag; 4] = [tags::PATIENT_BIRTH_DATE, tags::PATIENT_ID, tags::PATIENT_NAME, tags::PATIENT_SEX];
/// Main DICOM tags of a study.
const STUDY: [Tag; 10] = [
    tags::ACCESSION_NUMBER,
    tags::INSTITUTION_NAME,
    tags::REFERRING_PHYSICIAN_NAME,
    tags::REQUESTED_PROCEDURE_DESCRIPTION,
    tags::REQUESTING_PHYSICIAN,
    tags::STUDY_DATE,
    tags::STUDY_DESCRIPTION,
    tags::STUDY_ID,
    tags::STUDY_INSTANCE_UID,
    tags::STUDY_TIME,
];
/// Main DICOM tags of a series.
const SERIES: [Tag; 15] = [
    tags::BODY_PART_EXAMINED,
    tags::CONTRAST_BOLUS_AGENT,
    tags::IMAGES_IN_ACQUISITION,
    tags::MANUFACTURER,
    tags::MODALITY,
    tags::NUMBER_OF_TEMPORAL_POSITIONS,
    tags::OPERATORS_NAME,
    tags::PERFORMED_PROCEDURE_STEP_DESCRIPTION,
    tags::PROTOCOL_NAME,
    tags::SERIES_DATE,
    tags::SERIES_DESCRIPTION,
    tags::SERIES_INSTANCE_UID,
    tags::SERIES_NUMBER,
    tags::SERIES_TIME,
    tags::STATION_NAME,
];

/// What a resource is called.
pub(super) fn kind(level: Level) -> (&'static str, &'static str) {
    match level {
        Level::Patient => ("Patient", "patients"),
        Level::Study => ("Study", "studies"),
        Level::Series => ("Series", "series"),
        Level::Image => ("Instance", "instances"),
    }
}

/// All identifiers of a level, in the order in which they came.
pub(super) fn all(catalogue: &Catalogue, level: Level) -> Vec<Id> {
    let series = || catalogue.studies.iter().flat_map(|study| &study.series);
    match level {
        Level::Patient => catalogue.patients.iter().map(|(id, _)| *id).collect(),
        Level::Study => catalogue.studies.iter().map(|study| study.id).collect(),
        Level::Series => series().map(|series| series.id).collect(),
        Level::Image => series().flat_map(|series| series.instances.iter().copied()).collect(),
    }
}

/// When a study came to rest here.
pub(super) fn received(study: &StudyIds) -> Timestamp {
    let spread = study.entry.world().map_or(0, |(study, _)| study.seed % 900);
    let after = SignedDuration::from_secs(1500 + i64::try_from(spread).unwrap_or(0));
    study.entry.started().checked_add(after).unwrap_or(study.entry.started())
}

/// `YYYYMMDDTHHMMSS` in UTC, as the database keeps it.
pub(super) fn stamp(at: Timestamp) -> String {
    at.to_zoned(jiff::tz::TimeZone::UTC).strftime("%Y%m%dT%H%M%S").to_string()
}

fn main_tags(record: &Record<'_>, wanted: &[Tag]) -> Json {
    let tags = wanted.iter().filter_map(|tag| {
        let text = record.text(*tag);
        (!text.is_empty()).then(|| Some((keyword(*tag)?.to_owned(), Json::text(text))))?
    });
    Json::Object(tags.collect())
}

impl Orthanc {
    /// A resource as `expand` and its own path show it.
    pub(super) fn described(
        &self,
        holdings: &Seen,
        catalogue: &Catalogue,
        id: Id,
        place: Place,
    ) -> Option<Json> {
        match place {
            Place::Patient => patient(holdings, catalogue, id),
            Place::Study(at) => Some(study(holdings, catalogue.studies.get(at)?)),
            Place::Series(at, series) => one_series(holdings, catalogue.studies.get(at)?, series),
            Place::Instance(at, series, nth) => {
                self.instance(holdings, catalogue.studies.get(at)?, series, nth)
            }
        }
    }
}

fn patient(holdings: &Seen, catalogue: &Catalogue, id: Id) -> Option<Json> {
    let studies = catalogue.of_patient(id);
    let last = studies.last()?;
    let record = Record { holdings, entry: &last.entry, series: None, instance: None };
    Some(Json::object([
        ("ID", Json::text(id.to_string())),
        ("IsStable", stable(holdings, received(last))),
        ("LastUpdate", Json::text(stamp(received(last)))),
        ("MainDicomTags", main_tags(&record, &PATIENT)),
        ("Studies", Json::texts(studies.iter().map(|study| study.id.to_string()))),
        ("Type", Json::text("Patient")),
    ]))
}

/// A study.
pub(super) fn study(holdings: &Seen, study: &Arc<StudyIds>) -> Json {
    let first = study.series.first().map(|series| &series.entry);
    let record = Record { holdings, entry: &study.entry, series: first, instance: None };
    let members = BTreeMap::from(
        [
            ("ID", Json::text(study.id.to_string())),
            ("IsStable", stable(holdings, received(study))),
            ("LastUpdate", Json::text(stamp(received(study)))),
            ("MainDicomTags", main_tags(&record, &STUDY)),
            ("ParentPatient", Json::text(study.patient.to_string())),
            ("PatientMainDicomTags", main_tags(&record, &PATIENT)),
            ("Series", Json::texts(study.series.iter().map(|series| series.id.to_string()))),
            ("Type", Json::text("Study")),
        ]
        .map(|(name, value)| (name.to_owned(), value)),
    );
    Json::Object(members)
}

fn one_series(holdings: &Seen, study: &Arc<StudyIds>, number: usize) -> Option<Json> {
    let series = study.series.get(number)?;
    let record = Record { holdings, entry: &study.entry, series: Some(&series.entry), instance: None };
    Some(Json::object([
        ("ExpectedNumberOfInstances", Json::Null),
        ("ID", Json::text(series.id.to_string())),
        ("Instances", Json::texts(series.instances.iter().map(Id::to_string))),
        ("IsStable", stable(holdings, received(study))),
        ("LastUpdate", Json::text(stamp(received(study)))),
        ("MainDicomTags", main_tags(&record, &SERIES)),
        ("ParentStudy", Json::text(study.id.to_string())),
        ("Status", Json::text("Unknown")),
        ("Type", Json::text("Series")),
    ]))
}

/// `StableAge` is 60 s.
fn stable(holdings: &Seen, received: Timestamp) -> Json {
    Json::Bool(holdings.view().now().duration_since(received) > SignedDuration::from_secs(60))
}

/// The match of an instance by its place.
pub(super) fn hit(holdings: &Seen, study: &StudyIds, number: usize, nth: usize) -> Option<Hit> {
    let series = &study.series.get(number)?.entry;
    let instance = holdings.instances(&study.entry, series).into_iter().nth(nth)?;
    Some(Hit { entry: Arc::clone(&study.entry), series: Some(series.clone()), instance: Some(instance) })
}

/// All instances below a place.
pub(super) fn below(holdings: &Seen, catalogue: &Catalogue, id: Id, place: Place) -> Vec<Hit> {
    let of_series = |study: &StudyIds, number: usize| {
        let count = study.series.get(number).map_or(0, |series| series.instances.len());
        (0..count).filter_map(|nth| hit(holdings, study, number, nth)).collect::<Vec<_>>()
    };
    let of_study = |study: &Arc<StudyIds>| {
        (0..study.series.len()).flat_map(|number| of_series(study, number)).collect::<Vec<_>>()
    };
    match place {
        Place::Patient => catalogue.of_patient(id).into_iter().flat_map(of_study).collect(),
        Place::Study(at) => catalogue.studies.get(at).map(of_study).unwrap_or_default(),
        Place::Series(at, number) => {
            catalogue.studies.get(at).map(|study| of_series(study, number)).unwrap_or_default()
        }
        Place::Instance(at, number, nth) => catalogue
            .studies
            .get(at)
            .and_then(|study| hit(holdings, study, number, nth))
            .into_iter()
            .collect(),
    }
}
