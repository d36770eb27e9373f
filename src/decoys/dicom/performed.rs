//! Modality performed procedure steps (PS3.4 annex F): N-CREATE and N-SET with their states.
//!
//! A step lives in the overlay of the peer that made it: he alone finds it again.

use std::collections::BTreeSet;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::report;
use super::task::Turn;
use crate::event::Tainted;
use crate::event::observation::{Observation, RecordKind};
use crate::session::Session;
use crate::wire::dicom::command::{Command, field};
use crate::wire::dicom::dataset::{DataSet, TransferSyntax, tags};

/// Modality Performed Procedure Step (PS3.4 F.7.1).
pub(crate) const PERFORMED_STEP: &str = "1.2.840.10008.3.1.2.3.3";

/// Where steps are kept.
const PREFIX: &str = "mpps:";

/// Statuses of PS3.7 annex C and PS3.4 F.7.
mod status {
    pub(super) const OK: u16 = 0x0000;
    pub(super) const INVALID_VALUE: u16 = 0x0106;
    /// Processing failure; of a step that can be read: it may no longer be updated.
    pub(super) const FAILURE: u16 = 0x0110;
    pub(super) const DUPLICATE: u16 = 0x0111;
    pub(super) const NO_SUCH_INSTANCE: u16 = 0x0112;
    pub(super) const MISSING: u16 = 0x0120;
    pub(super) const RESOURCES: u16 = 0x0213;
}

/// Error ID of an update after the end (PS3.4 F.7.2.2.3).
const NO_LONGER: u16 = 0xA710;

/// The comment that goes with it (PS3.4 F.7.2.2.3).
const NO_LONGER_TEXT: &str = "Performed Procedure Step Object may no longer be updated";

/// Performed procedure steps of a product, as a table.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PerformedTable {
    /// Whether it checks that a step begins IN PROGRESS and names what it must.
    pub(crate) checks: bool,
    /// Whether refusals say why.
    #[serde(default)]
    pub(crate) comments: bool,
}

/// State of a step (PS3.4 F.7.2.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum State {
    InProgress,
    Completed,
    Discontinued,
    /// A word of the peer's own, where the product does not check.
    Other,
}

#[derive(Debug, Serialize, Deserialize)]
struct Step {
    state: State,
    /// Ids of the scheduled steps that it performs.
    scheduled: Vec<String>,
}

/// Answers an N-CREATE or N-SET.
pub(crate) fn serve(turn: &Turn<'_>, command: &Command, data: &Bytes, syntax: TransferSyntax) -> Command {
    let session = &turn.desk.session;
    let table = turn.desk.shared.profile.table.performed.as_ref();
    let checks = table.is_some_and(|table| table.checks);
    let (verb, uid) = match command.field {
        Some(field::N_CREATE) => ("N-CREATE", command.sop_instance.clone().unwrap_or_else(|| new_uid(turn))),
        Some(_) | None => ("N-SET", command.requested_instance.clone().unwrap_or_default()),
    };
    let set = DataSet::decode(data, syntax);
    let readable = set.is_ok();
    let status = match set {
        Err(_) => {
            session.malformed("unreadable performed step", data);
            status::FAILURE
        }
        Ok(set) if verb == "N-CREATE" => create(session, &uid, &set, checks),
        Ok(set) => set_step(session, &uid, &set, checks),
    };
    report::normalized(session, verb, PERFORMED_STEP, command, &uid, status);
    if status == status::OK {
        let ids = vec![Tainted::from_bytes(&uid)];
        session.emit(Observation::RecordWrite { subject: RecordKind::Worklist, count: 1, ids });
    }
    let mut response = command.response(status);
    response.sop_class = Some(Bytes::from_static(PERFORMED_STEP.as_bytes()));
    response.sop_instance = Some(uid);
    if status == status::FAILURE && readable && table.is_some_and(|table| table.comments) {
        response.comment = Some(Bytes::from_static(NO_LONGER_TEXT.as_bytes()));
        response.error_id = Some(NO_LONGER);
    }
    response
}

/// Ids of the scheduled steps that a peer has begun: they are on no worklist of his any more.
pub(crate) fn begun(session: &Session) -> BTreeSet<String> {
    let overlay = session.overlay();
    let steps = overlay.keys(PREFIX).into_iter().filter_map(|key| step_at(session, &key));
    steps.flat_map(|step| step.scheduled).collect()
}

fn create(session: &Session, uid: &[u8], set: &DataSet, checks: bool) -> u16 {
    let key = key(session, uid);
    if step_at(session, &key).is_some() {
        return status::DUPLICATE;
    }
    let word = set.text(tags::PERFORMED_PROCEDURE_STEP_STATUS).unwrap_or_default();
    match (state(&word), checks) {
        (Some(State::InProgress), _) | (_, false) => {}
        (None, true) if word.is_empty() => return status::MISSING,
        (Some(_) | None, true) => return status::INVALID_VALUE,
    }
    let attributes = set.items(tags::SCHEDULED_STEP_ATTRIBUTES_SEQUENCE);
    if checks && attributes.is_empty() {
        return status::MISSING;
    }
    let scheduled = attributes.iter().filter_map(|item| item.text(tags::SCHEDULED_PROCEDURE_STEP_ID));
    let scheduled = scheduled.filter(|id| !id.is_empty()).collect();
    put(session, key, &Step { state: state(&word).unwrap_or(State::Other), scheduled })
}

fn set_step(session: &Session, uid: &[u8], set: &DataSet, checks: bool) -> u16 {
    let key = key(session, uid);
    let Some(step) = step_at(session, &key) else { return status::NO_SUCH_INSTANCE };
    if step.state != State::InProgress {
        return status::FAILURE;
    }
    let word = set.text(tags::PERFORMED_PROCEDURE_STEP_STATUS).unwrap_or_default();
    let state = match (state(&word), word.is_empty()) {
        (Some(state), _) => state,
        (None, true) => State::InProgress,
        (None, false) if checks => return status::INVALID_VALUE,
        (None, false) => State::Other,
    };
    if session.is_own() && state != State::InProgress {
        // The world tells from here on; a console's room would fill up within weeks.
        session.overlay().remove(&key);
        return status::OK;
    }
    put(session, key, &Step { state, ..step })
}

fn state(word: &str) -> Option<State> {
    match word.trim() {
        "IN PROGRESS" => Some(State::InProgress),
        "COMPLETED" => Some(State::Completed),
        "DISCONTINUED" => Some(State::Discontinued),
        _ => None,
    }
}

fn step_at(session: &Session, key: &str) -> Option<Step> {
    serde_json::from_slice(&session.overlay().get(key)?).ok()
}

fn put(session: &Session, key: String, step: &Step) -> u16 {
    let kept = serde_json::to_vec(step).is_ok_and(|bytes| session.overlay().put(key, bytes));
    if kept { status::OK } else { status::RESOURCES }
}

fn key(session: &Session, uid: &[u8]) -> String {
    format!("{PREFIX}{}:{}", session.host().name, String::from_utf8_lossy(uid))
}

/// The provider names a step that the peer did not (PS3.7 10.1.5.1.4).
fn new_uid(turn: &Turn<'_>) -> Bytes {
    let profile = &turn.desk.shared.profile;
    let seconds = turn.now.as_microsecond();
    format!("{}.{}.{seconds}", profile.table.implementation.uid, turn.desk.session.peer().port()).into()
}
