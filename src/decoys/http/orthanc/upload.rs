//! What an intruder puts in or takes away: for himself only.

use super::Orthanc;
use super::answers::{Fault, fault, json};
use super::index::Id;
use super::resources::kind;
use crate::archive::Level;
use crate::decoys::http::dicomweb::jsoncpp::Json;
use crate::decoys::http::dicomweb::store::{self, Ids, Outcome};
use crate::decoys::http::engine::{Ask, Reply};
use crate::event::observation::RecordKind;
use crate::event::{Observation, Tainted};

/// POST to `/instances`.
pub(super) fn instance(app: &Orthanc, ask: &Ask<'_>) -> Reply {
    if ask.body.is_empty() {
        return fault(ask, Fault::BadFile, Some("Received an empty DICOM file"));
    }
    match store::take(&app.shelf, ask.session, ask.body) {
        Outcome::NotDicom => {
            let details = format!("Cannot parse an invalid DICOM file (size: {} bytes)", ask.body.len());
            fault(ask, Fault::BadFile, Some(&details))
        }
        Outcome::Full => fault(ask, Fault::Full, None),
        Outcome::Stored(kept) => json(&described(&kept, "Success")),
        Outcome::Known(kept) => json(&described(&kept, "AlreadyStored")),
    }
}

fn described(kept: &Ids, status: &str) -> Json {
    let ids = ids(kept);
    let id = |level: usize| Json::text(ids.get(level).map(Id::to_string).unwrap_or_default());
    Json::object([
        ("ID", id(3)),
        ("ParentPatient", id(0)),
        ("ParentSeries", id(2)),
        ("ParentStudy", id(1)),
        ("Path", Json::text(format!("/instances/{}", ids.get(3).map(Id::to_string).unwrap_or_default()))),
        ("Status", Json::text(status)),
    ])
}

/// Identifiers from the patient's down.
fn ids(kept: &Ids) -> [Id; 4] {
    let parts = [kept.patient.as_str(), &kept.study, &kept.series, &kept.instance];
    [1, 2, 3, 4].map(|count| Id::of(parts.get(..count).unwrap_or_default()))
}

/// DELETE of a resource: it is gone for this intruder.
pub(super) fn delete(ask: &Ask<'_>, level: Level, id: Id, world_id: String) -> Reply {
    let (_, path) = kind(level);
    let subject = match level {
        Level::Patient => RecordKind::Patient,
        Level::Study => RecordKind::Study,
        Level::Series => RecordKind::Series,
        Level::Image => RecordKind::Instance,
    };
    ask.session.emit(Observation::RecordWrite { subject, count: 1, ids: vec![Tainted::new(world_id)] });
    // Without room it stays.
    let _ = ask.session.overlay().put(key(ask, &id.to_string()), path.as_bytes().to_vec());
    json(&Json::object([("RemainingAncestor", Json::Null)]))
}

/// Whether this intruder deleted it.
pub(super) fn is_deleted(ask: &Ask<'_>, id: Id) -> bool {
    ask.session.overlay().get(&key(ask, &id.to_string())).is_some()
}

fn key(ask: &Ask<'_>, id: &str) -> String {
    format!("orthanc:{}:deleted:{id}", ask.session.host().name)
}
