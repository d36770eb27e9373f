//! Objects that come in over HTTP: checked, kept as artefacts, told.

use bytes::Bytes;

use super::{Seen, Shelf, tell};
use crate::archive::{Stored, Taken};
use crate::event::observation::RecordKind;
use crate::event::{Observation, Tainted};
use crate::session::Session;
use crate::wire::dicom::dataset::{DataSet, Element, TransferSyntax, Value, inflate, tags};
use crate::wire::dicom::elements::Elements;

/// Preamble and prefix (PS3.10 7.1).
const PREAMBLE: usize = 132;
/// Longest file meta information that is read: real ones have some 300 bytes.
const MAX_META: usize = 64 << 10;
/// Bytes of a data set that are looked at for its identifiers: they stand before the pixels.
const MAX_HEAD: usize = 256 << 10;

/// An object that was kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Kept {
    /// Patient ID.
    pub(crate) patient: String,
    /// Study Instance UID.
    pub(crate) study: String,
    /// Series Instance UID.
    pub(crate) series: String,
    /// SOP Instance UID.
    pub(crate) instance: String,
    /// SOP Class UID.
    pub(crate) class: String,
}

/// What became of a body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It is no DICOM file: kept all the same.
    NotDicom,
    /// It is at hand now, for who sent it.
    Stored(Kept),
    /// The archive has an instance of this UID already.
    Known(Kept),
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
    let kept = read.kept;
    let seen = shelf.seen(session);
    let known = seen.find_instance(&kept.instance).is_some();
    tampering(session, &seen, &kept);
    let artefact = session.keep(Tainted::new(kept.instance.as_str()), file);
    let stored = Stored::read(&read.head, read.syntax, read.syntax.uid(), &artefact, read.start);
    let taken = stored.map(|stored| shelf.archive.take(session.overlay(), stored));
    if taken == Some(Taken::Full) {
        return Outcome::Full;
    }
    tell::stored(session, &kept.instance);
    if known { Outcome::Known(kept) } else { Outcome::Stored(kept) }
}

/// Tells when an object has the UID of an instance, series or study of the hospital.
fn tampering(session: &Session, seen: &Seen, kept: &Kept) {
    let view = seen.view();
    let (subject, id) = if view.find_instance(&kept.instance).is_some() {
        (RecordKind::Instance, &kept.instance)
    } else if view.find_series(&kept.series).is_some() {
        (RecordKind::Series, &kept.series)
    } else if view.study(&kept.study).is_some() {
        (RecordKind::Study, &kept.study)
    } else {
        return;
    };
    session.emit(Observation::Tampering { subject, id: id.clone(), changes: Vec::new() });
}

/// A DICOM file as far as it was read.
struct Read {
    kept: Kept,
    /// The beginning of its data set.
    head: Bytes,
    syntax: TransferSyntax,
    /// Where its data set begins.
    start: usize,
}

fn read(file: &Bytes) -> Option<Read> {
    if file.get(128..PREAMBLE)? != b"DICM" {
        return None;
    }
    let meta = file.slice(PREAMBLE..file.len().min(PREAMBLE + MAX_META));
    let mut syntax = TransferSyntax::ExplicitLittle;
    let mut start = file.len();
    for element in Elements::of(meta, TransferSyntax::ExplicitLittle).map_while(Result::ok) {
        if element.tag.group() != 2 {
            start = PREAMBLE + element.header.start;
            break;
        }
        if element.tag == tags::TRANSFER_SYNTAX_UID {
            syntax = TransferSyntax::from_uid(&String::from_utf8_lossy(&element.value))?;
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
    let kept = Kept {
        patient: set.text(tags::PATIENT_ID).unwrap_or_default(),
        study: uid(tags::STUDY_INSTANCE_UID)?,
        series: uid(tags::SERIES_INSTANCE_UID)?,
        instance: uid(tags::SOP_INSTANCE_UID)?,
        class: uid(tags::SOP_CLASS_UID)?,
    };
    Some(Read { kept, head, syntax, start })
}

/// Digits and dots, at most 64 (PS3.5 9.1).
fn is_uid(text: &str) -> bool {
    (1..=64).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
}
