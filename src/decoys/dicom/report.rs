//! What an association tells as events: one for the proposal, one or two for each operation.

use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash, Hasher};

use dicom_core::dictionary::{DataDictionary, DataDictionaryEntry};
use dicom_dictionary_std::StandardDataDictionary;

use super::find::query::Asked;
use crate::event::detail::{Detail, DicomAssociation, Dimse};
use crate::event::observation::{AuthMethod, MAX_IDS, Mark, RecordKind};
use crate::event::{Observation, Tainted};
use crate::session::Session;
use crate::wire::dicom::command::Command;
use crate::wire::dicom::dataset::Tag;
use crate::wire::dicom::pdu::Associate;

/// Most abstract syntaxes told of one proposal.
const MAX_SYNTAXES: usize = 32;

/// User identity with a passcode (PS3.7 D.3.3.7.1).
const WITH_PASSCODE: u8 = 2;

/// Starts of what is not DICOM but well known; none longer than a PDU header, which is all there may be.
const PROBES: [(&[u8], &str); 8] = [
    (b"\x16\x03", "tls-hello"),
    (b"GET ", "http-get"),
    (b"HEAD", "http-head"),
    (b"POST", "http-post"),
    (b"OPTI", "http-options"),
    (b"SSH-", "ssh-hello"),
    (b"EHLO", "smtp-hello"),
    (b"HELP", "banner-grab"),
];

/// Tells of a proposal and its proposer. `status` is 0 for an acceptance, else result, source and
/// reason of the refusal as `0xRRSSRR`.
pub(crate) fn proposal(session: &Session, asked: &Associate, status: u32) {
    let calling = Tainted::from_bytes(&asked.calling);
    if !calling.is_empty() {
        session.emit(Observation::Fingerprint { mark: Mark::CallingAe, value: calling.clone() });
    }
    if !asked.implementation_uid.is_empty() {
        let mut value = asked.implementation_uid.to_vec();
        if !asked.implementation_version.is_empty() {
            value.push(b' ');
            value.extend_from_slice(&asked.implementation_version);
        }
        let value = Tainted::from_bytes(&value);
        session.emit(Observation::Fingerprint { mark: Mark::DicomImplementation, value });
    }
    if let Some(identity) = &asked.user_identity {
        let secret = identity.kind == WITH_PASSCODE;
        session.emit(Observation::AuthAttempt {
            method: AuthMethod::DicomUserIdentity,
            account: Tainted::from_bytes(&identity.primary),
            secret: secret.then(|| Tainted::from_bytes(&identity.secondary)),
            accepted: false,
        });
    }
    let called = Tainted::from_bytes(&asked.called);
    let syntaxes = asked.contexts.iter().take(MAX_SYNTAXES);
    let detail = DicomAssociation {
        calling_ae: calling,
        called_ae: called.clone(),
        implementation_uid: Tainted::from_bytes(&asked.implementation_uid),
        implementation_version: Tainted::from_bytes(&asked.implementation_version),
        max_pdu: asked.max_pdu.unwrap_or(0),
        abstract_syntaxes: syntaxes.map(|context| Tainted::from_bytes(&context.abstract_syntax)).collect(),
    };
    session.emit(Observation::Request {
        verb: "A-ASSOCIATE".into(),
        target: called,
        status,
        detail: Some(Detail::DicomAssociation(detail)),
    });
}

/// Tells of a C-ECHO.
pub(crate) fn echo(session: &Session, called: &[u8], command: &Command) {
    session.emit(Observation::Request {
        verb: "C-ECHO".into(),
        target: Tainted::from_bytes(called),
        status: 0,
        detail: Some(Detail::Dimse(dimse("C-ECHO", command, None))),
    });
}

/// Tells of a C-STORE that was answered; what was stored is a transfer of its own.
pub(crate) fn store(session: &Session, command: &Command, status: u16) {
    session.emit(Observation::Request {
        verb: "C-STORE".into(),
        target: Tainted::from_bytes(command.sop_instance.as_deref().unwrap_or_default()),
        status: u32::from(status),
        detail: Some(Detail::Dimse(dimse("C-STORE", command, None))),
    });
}

/// Most patients of one operation that are told apart: a third of the hospital's.
const MAX_PATIENTS: usize = 65_536;

/// Patients whose records went out, each counted once.
#[derive(Default)]
pub(crate) struct Patients {
    seen: BTreeSet<u64>,
    ids: Vec<String>,
}

impl Patients {
    /// Notes one by his Patient ID.
    pub(crate) fn note(&mut self, id: &str) {
        let mut hasher = DefaultHasher::new();
        id.hash(&mut hasher);
        if id.is_empty() || self.seen.len() >= MAX_PATIENTS || !self.seen.insert(hasher.finish()) {
            return;
        }
        if self.ids.len() < MAX_IDS {
            self.ids.push(id.to_owned());
        }
    }

    /// Tells of them.
    fn tell(self, session: &Session) {
        let count = u32::try_from(self.seen.len()).unwrap_or(u32::MAX);
        if count > 0 {
            session.emit(Observation::RecordRead { subject: RecordKind::Patient, count, ids: self.ids });
        }
    }
}

/// What went out.
#[derive(Default)]
pub(crate) struct Read {
    /// How many answers or objects.
    pub(crate) answers: u32,
    /// The world's ids of the first of them.
    pub(crate) ids: Vec<String>,
    /// Whose they are.
    pub(crate) patients: Patients,
}

/// Tells of a query or retrieval, and of what was read by it. `asked` is missing when the
/// identifier was refused.
pub(crate) fn query(
    session: &Session,
    operation: &str,
    command: &Command,
    asked: Option<&Asked>,
    read: Read,
) {
    let subject = asked.map_or(RecordKind::Study, |asked| asked.query.subject());
    session.emit(Observation::Query {
        subject,
        filter: asked.map(|asked| asked.filter.clone()).unwrap_or_default(),
        answers: read.answers,
        unbounded: asked.is_some_and(|asked| asked.query.unbounded()),
        detail: Some(Detail::Dimse(dimse(operation, command, asked))),
    });
    if read.answers > 0 {
        let subject = if operation == "C-FIND" { subject } else { RecordKind::Instance };
        session.emit(Observation::RecordRead { subject, count: read.answers, ids: read.ids });
        if subject != RecordKind::Patient {
            read.patients.tell(session);
        }
    }
}

/// Tells of a worklist query, and of what was read by it.
pub(crate) fn worklist(session: &Session, command: &Command, filter: Tainted, unbounded: bool, read: Read) {
    let subject = RecordKind::Worklist;
    session.emit(Observation::Query {
        subject,
        filter,
        answers: read.answers,
        unbounded,
        detail: Some(Detail::Dimse(dimse("C-FIND", command, None))),
    });
    if read.answers > 0 {
        session.emit(Observation::RecordRead { subject, count: read.answers, ids: read.ids });
    }
}

/// Tells of a normalized operation on an instance.
pub(crate) fn normalized(
    session: &Session,
    verb: &str,
    class: &str,
    command: &Command,
    instance: &[u8],
    status: u16,
) {
    let mut detail = dimse(verb, command, None);
    detail.sop_class = class.into();
    session.emit(Observation::Request {
        verb: verb.into(),
        target: Tainted::from_bytes(instance),
        status: u32::from(status),
        detail: Some(Detail::Dimse(detail)),
    });
}

/// The keyword of an attribute, its tag when PS3.6 has none.
pub(crate) fn keyword(tag: Tag) -> String {
    StandardDataDictionary.by_tag(tag).map_or_else(|| tag.to_string(), |entry| entry.alias().to_owned())
}

fn dimse(operation: &str, command: &Command, asked: Option<&Asked>) -> Dimse {
    let text = |bytes: Option<&[u8]>| Tainted::from_bytes(bytes.unwrap_or_default());
    Dimse {
        operation: operation.to_owned(),
        sop_class: text(command.sop_class.as_deref()),
        level: asked.map(|asked| asked.query.level.as_str().into()).unwrap_or_default(),
        destination: text(command.destination.as_deref()),
    }
}

/// Tells of first bytes that are no DICOM: as a probe where they are a well-known protocol's.
pub(crate) fn foreign(session: &Session, bytes: &[u8]) {
    match PROBES.iter().find(|(start, _)| bytes.starts_with(start)) {
        Some((_, means)) => session.emit(Observation::Probe { means: (*means).to_owned() }),
        None => session.malformed("unknown PDU type", bytes),
    }
}
