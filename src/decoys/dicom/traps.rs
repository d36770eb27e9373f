//! What a DICOM peer tries beyond the protocol: names that are paths or commands, values meant for
//! an interpreter, objects that carry a program, objects that overwrite one. All of it is answered as
//! the product answers the request, and nothing of it is ever run.

use bytes::Bytes;

use super::task::{Desk, Link};
use crate::archive::{Judged, Received, Sender, Toolkit};
use crate::event::{Observation, Tainted};
use crate::session::Session;
use crate::wire::content;
use crate::wire::dicom::dataset::TransferSyntax;
use crate::wire::dicom::elements::Elements;
use crate::wire::dicom::pdu::Associate;

/// Most bytes of an identifier that are searched: a list of a thousand UIDs.
const MAX_SEARCHED: usize = 64 << 10;

/// Most bytes of a payload in an event.
const MAX_SAMPLE: usize = 512;

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

/// Looks at an object that was sent under this instance UID; told before its transfer is.
pub(crate) fn stored(desk: &Desk, link: &Link, instance: &[u8], object: &Received<'_>) -> Judged {
    // File names are made of it in some versions of the toolkit.
    if instance.iter().any(|byte| matches!(byte, b'/' | b'\\')) {
        attempt(&desk.session, Some("CVE-2022-2119"), instance);
    }
    let sender = Sender { calling: &link.calling, toolkit: Toolkit::Speaks(&link.implementation) };
    object.judge(&desk.session, &desk.shared.imaging, sender, &Tainted::from_bytes(instance))
}

fn attempt(session: &Session, weakness: Option<&'static str>, payload: &[u8]) {
    let Some(weakness) = weakness else { return };
    let sample = payload.get(..MAX_SAMPLE.min(payload.len())).unwrap_or_default();
    session.emit(Observation::ExploitAttempt {
        weakness: weakness.to_owned(),
        payload: Tainted::from_bytes(sample),
    });
}
