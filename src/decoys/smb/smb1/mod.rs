//! SMB1 (MS-CIFS, MS-SMB): the negotiation with which scanners still begin; and, where the old protocol
//! is on, sessions, `IPC$` with its pipes, and what attacks on it send. Files are not given out over it.

mod attacks;
mod message;
mod old;
mod pipes;
mod setup;

pub(super) use old::Old;

use super::negotiate::Wanted;
use crate::event::Observation;
use crate::session::Session;

/// SMB_COM_NEGOTIATE.
const NEGOTIATE: u8 = 0x72;
/// Dialects that are read; clients send up to a dozen.
const MAX_DIALECTS: usize = 32;

/// Whether a message is SMB_COM_NEGOTIATE.
pub(super) fn is_negotiate(message: &[u8]) -> bool {
    message.get(4) == Some(&NEGOTIATE)
}

/// The dialects that a negotiation offers (MS-CIFS 2.2.4.52.1).
pub fn dialects(message: &[u8]) -> Vec<String> {
    // No words, two bytes of length, then a 2 before each name and a 0 behind it.
    let names = message.get(message::HEADER + 3..).unwrap_or_default().split(|byte| *byte == 0);
    let names = names.filter_map(|name| name.strip_prefix(&[2]));
    names.take(MAX_DIALECTS).map(|name| String::from_utf8_lossy(name).into_owned()).collect()
}

/// What such a client wants of SMB2.
pub(super) fn wants_new(dialects: &[String]) -> Option<Wanted> {
    let has = |name: &str| dialects.iter().any(|dialect| dialect == name);
    if has("SMB 2.???") { Some(Wanted::Any) } else { has("SMB 2.002").then_some(Wanted::First) }
}

/// A client was sent away that speaks the old protocol only.
pub(super) fn tell_refused(session: &Session, message: &[u8]) {
    if is_negotiate(message) {
        tell_negotiate(session, &dialects(message), super::status::Status::NOT_SUPPORTED);
    } else {
        session.malformed("SMB1 message without a negotiation", message);
    }
}

fn tell_negotiate(session: &Session, dialects: &[String], status: super::status::Status) {
    session.emit(Observation::Request {
        verb: "SMB_COM_NEGOTIATE".into(),
        target: dialects.join(",").into(),
        status: status.0,
        detail: None,
    });
}
