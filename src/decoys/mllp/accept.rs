//! Messages that bring something: admissions, orders, results, schedules, master files, accounts.

use super::acknowledge::{Outcome, Reply};
use super::exchange::refused;
use super::{changes, documents, real, written};
use crate::event::observation::{MAX_IDS, RecordKind};
use crate::event::{Observation, Tainted};
use crate::session::Session;
use crate::wire::hl7::{Message, Segment};

/// What a message type must hold and what it writes.
struct Rule {
    /// Segments of which each must be there, HL7 v2.5.1 chapters 3, 4, 6, 7, 8 and 10.
    required: &'static [&'static str],
    /// The record that it writes.
    writes: RecordKind,
    /// The segment that stands once per record, and the fields that may hold its id, best first.
    id: (&'static str, &'static [usize]),
}

fn rule(code: &[u8], event: &[u8]) -> Rule {
    match (code, event) {
        (b"ADT", b"A40" | b"A18" | b"A34") => {
            Rule { required: &["PID", "MRG"], writes: RecordKind::Patient, id: ("PID", &[3, 2]) }
        }
        (b"ORM" | b"OML" | b"OMI" | b"OMG" | b"RDE", _) => {
            Rule { required: &["ORC"], writes: RecordKind::Order, id: ("ORC", &[2, 3]) }
        }
        (b"ORU" | b"OUL", _) => {
            Rule { required: &["OBR", "OBX"], writes: RecordKind::LabResult, id: ("OBR", &[3, 2]) }
        }
        // What an analyser is told of the tests of a specimen.
        (b"DSR" | b"QCK", _) => Rule { required: &["MSA"], writes: RecordKind::Order, id: ("QRD", &[8, 4]) },
        (b"SIU", _) => Rule { required: &["SCH"], writes: RecordKind::Encounter, id: ("SCH", &[2, 1]) },
        (b"MFN", _) => Rule { required: &["MFI", "MFE"], writes: RecordKind::Staff, id: ("MFE", &[4, 2]) },
        (b"BAR" | b"DFT", _) => {
            Rule { required: &["PID"], writes: RecordKind::Encounter, id: ("PID", &[18, 3]) }
        }
        _ => Rule { required: &["PID"], writes: RecordKind::Patient, id: ("PID", &[3, 2]) },
    }
}

/// Takes a message in: checks what it must hold, keeps it for its sender, tells of it.
pub(super) fn take(reply: &Reply<'_>, session: &Session) -> Outcome {
    let (message, refuses) = (reply.message, &reply.station.behaviour().refuses);
    let kind = message.msh(9);
    let rule = rule(kind.component(1).raw(), kind.component(2).raw());
    for segment in rule.required {
        if message.first(segment).is_none() {
            return refused(&refuses.content, segment, Some((segment, 0)));
        }
    }
    let (carrier, fields) = rule.id;
    let ids: Vec<Tainted> = message
        .segments()
        .filter(|segment| segment.is(carrier))
        .map(|segment| Tainted::from_bytes(id_of(&segment, fields)))
        .collect();
    if rule.writes == RecordKind::Patient && ids.iter().any(Tainted::is_empty) {
        return refused(&refuses.content, "PID-3", Some(("PID", 3)));
    }
    // What the honeynet's own engines send is the world's already.
    if session.is_own() {
        return Outcome::Accepted;
    }
    if real::care(message, session) {
        let told = |id: Tainted| session.pseudonym(id.as_untrusted().as_bytes()).into();
        tell(session, rule.writes, ids.into_iter().map(told).collect());
        return Outcome::Accepted;
    }
    documents::keep(message, session);
    keep(message, rule.writes, ids, session);
    Outcome::Accepted
}

fn tell(session: &Session, subject: RecordKind, ids: Vec<Tainted>) {
    session.emit(Observation::RecordWrite {
        subject,
        count: u32::try_from(ids.len()).unwrap_or(u32::MAX),
        ids: ids.into_iter().take(MAX_IDS).collect(),
    });
}

fn id_of<'a>(segment: &Segment<'a>, fields: &[usize]) -> &'a [u8] {
    fields.iter().map(|n| segment.field(*n).component(1).raw()).find(|id| !id.is_empty()).unwrap_or_default()
}

/// Keeps what the sender can read back, and tells of it: patients, orders and results.
fn keep(message: &Message<'_>, writes: RecordKind, ids: Vec<Tainted>, session: &Session) {
    match writes {
        RecordKind::Patient => written::keep_patient(session, message),
        RecordKind::LabResult => {
            written::keep_results(session, message);
            written::change_results(session, message);
            tell(session, writes, ids);
        }
        RecordKind::Order => {
            written::keep_results(session, message);
            if !changes::orders(session, message) {
                tell(session, writes, ids);
            }
        }
        RecordKind::Encounter
        | RecordKind::Study
        | RecordKind::Series
        | RecordKind::Instance
        | RecordKind::Worklist
        | RecordKind::Specimen
        | RecordKind::Report
        | RecordKind::Staff
        | RecordKind::File
        | RecordKind::Prescription
        | RecordKind::Charge
        | RecordKind::Catalogue => tell(session, writes, ids),
    }
}
