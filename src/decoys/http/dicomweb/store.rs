//! Objects that come in over HTTP: checked, kept as artefacts, told.

use bytes::Bytes;

use super::{Shelf, tell};
use crate::archive::{Duplicates, Judged, Received, Sender, Stored, Taken, Toolkit};
use crate::event::observation::Direction;
use crate::event::{Observation, Tainted};
use crate::session::Session;
use crate::wire::dicom::dataset::{DataSet, Element, Tag, TransferSyntax, Value, inflate, tags};
use crate::wire::dicom::elements::Elements;

/// Preamble and prefix (PS3.10 7.1).
const PREAMBLE: usize = 132;
/// (0002,0017): who sent the file, after (0002,0016), who wrote it.
const SENDING_APPLICATION_ENTITY_TITLE: Tag = Tag(0x0002, 0x0017);
/// Longest file meta information that is read: real ones have some 300 bytes.
const MAX_META: usize = 64 << 10;
/// Bytes of a data set that are looked at for its identifiers: they stand before the pixels.
pub const MAX_HEAD: usize = 256 << 10;

/// What an object says it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ids {
    /// Patient ID.
    pub patient: String,
    /// Study Instance UID.
    pub study: String,
    /// Series Instance UID.
    pub series: String,
    /// SOP Instance UID.
    pub instance: String,
    /// SOP Class UID.
    pub class: String,
}

/// What became of a body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It is no DICOM file: kept all the same.
    NotDicom,
    /// It is at hand now, for who sent it.
    Stored(Ids),
    /// The archive has an instance of this UID already.
    Known(Ids),
    /// It is kept, but the archive takes no more of this peer.
    Full,
}

/// Takes a file that came in.
pub(crate) fn take(shelf: &Shelf, session: &Session, file: &Bytes) -> Outcome {
    let Some(read) = read(file) else {
        if !file.is_empty() {
            session.keep(Tainted::new("upload"), file);
            session.malformed("dicom file", file);
        }
        return Outcome::NotDicom;
    };
    let Judged { real, stays } = judged(shelf, session, file, &read);
    let known = shelf.seen(session).find_instance(&read.ids.instance).is_some();
    let displaced = !known || shelf.duplicates == Duplicates::Replaced;
    if let Some(stays) = stays.filter(|_| displaced && !real) {
        let (syntax, start) = (read.syntax, read.start);
        let stored = Stored::read(&read.head, syntax, syntax.uid(), &stays, start);
        let taken = stored.map(|stored| shelf.archive.take(session.overlay(), stored));
        if taken == Some(Taken::Full) {
            return Outcome::Full;
        }
    }
    tell::stored(session, &read.ids.instance);
    if known { Outcome::Known(read.ids) } else { Outcome::Stored(read.ids) }
}

/// Keeps the file as an artefact and judges it as any service does.
fn judged(shelf: &Shelf, session: &Session, file: &Bytes, read: &FileRead) -> Judged {
    let name = Tainted::new(read.ids.instance.as_str());
    let mut sink = session.artefact();
    sink.write(file);
    let kept = sink.finish();
    let received = Received { head: &read.head, syntax: read.syntax, offset: read.start, kept: &kept };
    let sender = Sender { calling: read.sender.as_bytes(), toolkit: Toolkit::Wrote(read.writer.as_bytes()) };
    let judged = received.judge(session, &shelf.imaging, sender, &name);
    if let Some(stays) = &judged.stays {
        session.emit(Observation::Transfer {
            direction: Direction::Upload,
            name,
            size: stays.size,
            sha256: stays.sha256.clone(),
        });
    }
    judged
}

/// A DICOM file as far as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileRead {
    /// What it says it is.
    pub ids: Ids,
    /// Implementation Class UID of the toolkit that wrote it; empty when it names none.
    pub writer: String,
    /// AE title that sent it, else that wrote it (PS3.10 7.1); empty when it names none.
    pub sender: String,
    /// The beginning of its data set, inflated.
    pub head: Bytes,
    /// Transfer syntax of the data set.
    pub syntax: TransferSyntax,
    /// Where its data set begins.
    pub start: usize,
}

/// Reads a file of PS3.10 as far as its identifiers; `None` when it is none, or lacks one of them.
pub fn read(file: &Bytes) -> Option<FileRead> {
    if file.get(128..PREAMBLE)? != b"DICM" {
        return None;
    }
    let meta = file.slice(PREAMBLE..file.len().min(PREAMBLE + MAX_META));
    let mut syntax = TransferSyntax::ExplicitLittle;
    let mut start = file.len();
    let (mut writer, mut sender) = (String::new(), String::new());
    for element in Elements::of(meta, TransferSyntax::ExplicitLittle).map_while(Result::ok) {
        if element.tag.group() != 2 {
            start = PREAMBLE + element.header.start;
            break;
        }
        if element.tag == tags::TRANSFER_SYNTAX_UID {
            syntax = TransferSyntax::from_uid(&String::from_utf8_lossy(&element.value))?;
        }
        let text = || String::from_utf8_lossy(&element.value).trim_matches(['\0', ' ']).to_owned();
        match element.tag {
            tags::IMPLEMENTATION_CLASS_UID => writer = text(),
            tags::SOURCE_APPLICATION_ENTITY_TITLE | SENDING_APPLICATION_ENTITY_TITLE => sender = text(),
            _ => {}
        }
        start = PREAMBLE + element.header.end + element.value.len();
    }
    let head = file.slice(start.min(file.len())..file.len().min(start.saturating_add(MAX_HEAD)));
    let head = if syntax == TransferSyntax::Deflated { inflate(&head, MAX_HEAD) } else { head };
    let set: DataSet = Elements::of(head.clone(), syntax)
        .map_while(Result::ok)
        .map(|element| (element.tag, Element { vr: element.vr, value: Value::Bytes(element.value) }))
        .collect();
    let uid = |tag| set.text(tag).filter(|text| is_uid(text));
    let ids = Ids {
        patient: set.text(tags::PATIENT_ID).unwrap_or_default(),
        study: uid(tags::STUDY_INSTANCE_UID)?,
        series: uid(tags::SERIES_INSTANCE_UID)?,
        instance: uid(tags::SOP_INSTANCE_UID)?,
        class: uid(tags::SOP_CLASS_UID)?,
    };
    Some(FileRead { ids, writer, sender, head, syntax, start })
}

/// Digits and dots, at most 64 (PS3.5 9.1).
fn is_uid(text: &str) -> bool {
    (1..=64).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
}
