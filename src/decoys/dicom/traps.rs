//! What a DICOM peer tries beyond the protocol: names that are paths or commands, values meant for
//! an interpreter, objects that carry a program, objects that overwrite one. All of it is answered as
//! the product answers the request, and nothing of it is ever run.

use bytes::Bytes;

use super::task::{Desk, Link};
use super::{real, tampering};
use crate::event::{Observation, Tainted};
use crate::session::{Artefact, Session};
use crate::wire::content;
use crate::wire::dicom::command::Command;
use crate::wire::dicom::dataset::TransferSyntax;
use crate::wire::dicom::elements::Elements;
use crate::wire::dicom::pdu::Associate;

/// Most bytes of an identifier that are searched: a list of a thousand UIDs.
const MAX_SEARCHED: usize = 64 << 10;

/// Most bytes of a payload in an event.
const MAX_SAMPLE: usize = 512;

/// An object as it came in.
pub(crate) struct Received<'a> {
    /// Its C-STORE-RQ.
    pub(crate) command: &'a Command,
    /// The beginning of its data set, inflated.
    pub(crate) head: &'a Bytes,
    /// Its transfer syntax.
    pub(crate) syntax: TransferSyntax,
    /// Where its data set begins in the artefact.
    pub(crate) offset: usize,
    /// What was kept.
    pub(crate) kept: &'a Artefact,
}

/// Looks at the names of a proposal.
pub(crate) fn proposal(session: &Session, asked: &Associate) {
    for text in [&asked.calling, &asked.called, &asked.implementation_version] {
        attempt(session, content::injection(text), text);
    }
    for context in &asked.contexts {
        attempt(session, content::injection(&context.abstract_syntax), &context.abstract_syntax);
    }
}

/// Looks at the values of a query or retrieval.
pub(crate) fn identifier(session: &Session, bytes: &Bytes, syntax: TransferSyntax) {
    let searched = bytes.slice(..MAX_SEARCHED.min(bytes.len()));
    for element in Elements::of(searched, syntax).flatten() {
        attempt(session, content::injection(&element.value), &element.value);
    }
}

/// What became of an object.
pub(crate) struct Taken {
    /// It is of a real patient.
    pub(crate) real: bool,
    /// The file that stays.
    pub(crate) stays: Option<Artefact>,
}

/// Looks at an object; told before its transfer is.
pub(crate) fn stored(desk: &Desk, link: &Link, object: &Received<'_>) -> Taken {
    let session = &desk.session;
    let as_it_came = Taken { real: false, stays: Some(object.kept.clone()) };
    let instance = object.command.sop_instance.clone().unwrap_or_default();
    // File names are made of it in some versions of the toolkit.
    if instance.iter().any(|byte| matches!(byte, b'/' | b'\\')) {
        attempt(session, Some("CVE-2022-2119"), &instance);
    }
    // The PACS sending to the HIS is the honeynet at work.
    if session.pack().hosts.iter().any(|host| host.address == session.source()) {
        return as_it_came;
    }
    if tampering::look(session, &desk.shared.imaging, object)
        || session.examine(&Tainted::from_bytes(&instance), object.kept)
    {
        return as_it_came;
    }
    match real::care(session, link, object) {
        None => as_it_came,
        Some(stays) => Taken { real: true, stays },
    }
}

fn attempt(session: &Session, weakness: Option<&'static str>, payload: &[u8]) {
    let Some(weakness) = weakness else { return };
    let sample = payload.get(..MAX_SAMPLE.min(payload.len())).unwrap_or_default();
    session.emit(Observation::ExploitAttempt {
        weakness: weakness.to_owned(),
        payload: Tainted::from_bytes(sample),
    });
}
