//! STOW-RS of the archive.

use bytes::Bytes;

use super::Dcm4chee;
use super::answers::{error, plain, wrong_method};
use super::query::retrieve_base;
use crate::decoys::http::dicomweb::attributes::{Attribute, Attributes, Values, compact, of_text};
use crate::decoys::http::dicomweb::multipart;
use crate::decoys::http::dicomweb::store::{self, Ids, Outcome};
use crate::decoys::http::engine::{Ask, Reply};
use crate::wire::dicom::dataset::{Tag, Vr, tags};

/// Failure reason "Cannot understand" (PS3.18 table 10.5.3-3): 0xC000.
const NOT_UNDERSTOOD: i64 = 0xC000;
/// Failure reason "Out of resources": 0xA700.
const NO_ROOM: i64 = 0xA700;
/// Failure reason for another study than the one named: 0xA900.
const OTHER_STUDY: i64 = 0xA900;

/// Takes the objects of a request.
pub(super) fn instances(app: &Dcm4chee, ask: &Ask<'_>, study: Option<&str>) -> Reply {
    let kind = ask.head.header("Content-Type").unwrap_or_default();
    let Some(boundary) = multipart::boundary(kind) else { return Reply::new(415) };
    let parts = multipart::parts(ask.body, boundary);
    if parts.is_empty() {
        return plain(400, "No part in request");
    }
    let base = retrieve_base(app, ask);
    let (mut stored, mut failed) = (Vec::new(), Vec::new());
    let mut uids: Vec<String> = Vec::new();
    for part in parts {
        match store::take(&app.shelf, ask.session, &Bytes::copy_from_slice(part.body)) {
            Outcome::Stored(kept) | Outcome::Known(kept) => {
                if study.is_some_and(|uid| uid != kept.study) {
                    failed.push(refused(&kept, OTHER_STUDY));
                } else {
                    stored.push(referenced(&kept, &base));
                    uids.push(kept.study);
                }
            }
            Outcome::Full => failed.push(vec![number(tags::FAILURE_REASON, NO_ROOM)]),
            Outcome::NotDicom => failed.push(vec![number(tags::FAILURE_REASON, NOT_UNDERSTOOD)]),
        }
    }
    uids.dedup();
    let code = match (stored.is_empty(), failed.is_empty()) {
        (false, true) => 200,
        (false, false) => 202,
        (true, _) => 409,
    };
    let mut all: Attributes = Vec::new();
    if let [uid] = uids.as_slice() {
        all.push(of_text(tags::RETRIEVE_URL, &format!("{base}/studies/{uid}")));
    }
    all.push(items(tags::FAILED_SOP_SEQUENCE, failed));
    all.push(items(tags::REFERENCED_SOP_SEQUENCE, stored));
    all.retain(|attribute| attribute.values != Values::Items(Vec::new()));
    all.sort_by_key(|attribute| attribute.tag);
    let mut body = String::new();
    compact(&all, &mut body);
    Reply::new(code).typed("application/dicom+json").with_body(body)
}

fn items(tag: Tag, items: Vec<Attributes>) -> Attribute {
    Attribute { tag, vr: Vr::SQ, values: Values::Items(items) }
}

fn number(tag: Tag, number: i64) -> Attribute {
    Attribute { tag, vr: Vr::US, values: Values::Integers(vec![number]) }
}

fn referenced(kept: &Ids, base: &str) -> Attributes {
    let place = format!("{base}/studies/{}/series/{}/instances/{}", kept.study, kept.series, kept.instance);
    vec![
        of_text(tags::REFERENCED_SOP_CLASS_UID, &kept.class),
        of_text(tags::REFERENCED_SOP_INSTANCE_UID, &kept.instance),
        of_text(tags::RETRIEVE_URL, &place),
    ]
}

fn refused(kept: &Ids, reason: i64) -> Attributes {
    vec![
        of_text(tags::REFERENCED_SOP_CLASS_UID, &kept.class),
        of_text(tags::REFERENCED_SOP_INSTANCE_UID, &kept.instance),
        number(tags::FAILURE_REASON, reason),
    ]
}

/// Deletion is not allowed to an archive that was not told so (`dcmAllowDeleteStudyPermanently`).
pub(super) fn delete(app: &Dcm4chee, ask: &Ask<'_>, path: &[&str]) -> Reply {
    let ["studies", study] = path else { return wrong_method(ask, "HEAD, GET, OPTIONS") };
    match app.shelf.seen(ask.session).study(study) {
        Some(_) => error(403, "Rejection required before Permanent Deletion of Study"),
        None => error(
            404,
            &format!("Study having study instance UID {} not found.", study.replace(['"', '\\'], "")),
        ),
    }
}
