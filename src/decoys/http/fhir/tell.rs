//! What of the hospital's records went out, came in or was asked for.

use std::collections::BTreeMap;

use super::node::Object;
use super::resources::Held;
use crate::event::observation::{MAX_IDS, RecordKind};
use crate::event::{Observation, Tainted};
use crate::session::Session;

/// The record behind a resource type.
pub(super) fn subject(name: &str) -> RecordKind {
    match name {
        "Patient" | "RelatedPerson" | "Person" | "AllergyIntolerance" => RecordKind::Patient,
        "Practitioner" | "PractitionerRole" | "Organization" => RecordKind::Staff,
        "Encounter" | "Condition" | "EpisodeOfCare" | "Appointment" => RecordKind::Encounter,
        "ServiceRequest" | "MedicationRequest" | "Task" => RecordKind::Order,
        "ImagingStudy" => RecordKind::Study,
        "Observation" => RecordKind::LabResult,
        "DiagnosticReport" | "DocumentReference" | "Composition" => RecordKind::Report,
        "Specimen" => RecordKind::Specimen,
        _ => RecordKind::File,
    }
}

/// The world's id of a resource: what other protocols call the same record.
pub(super) fn world_id(object: &Object) -> String {
    let id = object.str("id");
    let plain = ["pat-", "stf-", "dept-"].iter().find_map(|prefix| id.strip_prefix(prefix));
    match object.kind() {
        "Observation" => id.split('-').next().unwrap_or(id).to_owned(),
        _ => plain.unwrap_or(id).to_owned(),
    }
}

/// A search and how many resources it gave.
pub(super) fn query(session: &Session, name: &str, target: &[u8], answers: usize, unbounded: bool) {
    session.emit(Observation::Query {
        subject: subject(name),
        filter: Tainted::from_bytes(target),
        answers: u32::try_from(answers).unwrap_or(u32::MAX),
        unbounded,
        detail: None,
    });
}

/// Resources that went out, by kind of record.
pub(super) fn read<'a>(session: &Session, gone: impl IntoIterator<Item = &'a Held>) {
    let mut kinds: BTreeMap<RecordKind, (u32, Vec<String>)> = BTreeMap::new();
    for held in gone {
        let (count, ids) = kinds.entry(subject(held.object.kind())).or_default();
        *count = count.saturating_add(1);
        let id = world_id(&held.object);
        if ids.len() < MAX_IDS && !ids.contains(&id) {
            ids.push(id);
        }
    }
    for (subject, (count, ids)) in kinds {
        session.emit(Observation::RecordRead { subject, count, ids });
    }
}

/// A resource that came in.
pub(super) fn written(session: &Session, name: &str, id: &str) {
    session.emit(Observation::RecordWrite {
        subject: subject(name),
        count: 1,
        ids: vec![Tainted::new(id.to_owned())],
    });
}
