//! Objects that an intruder stored himself: read back to him, over all his connections, and to
//! nobody else.
//!
//! The object's bytes are an artefact; here is its index record, kept in the intruder's overlay.
//! Text is turned into Unicode when it comes in, so that queries match across character sets.

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::entry::Attributes;
use crate::imaging::codec::transcode;
use crate::session::{Artefact, Session};
use crate::wire::dicom::dataset::{
    Charset, DataSet, Element, Tag, TransferSyntax, Value, Vr, deflate, inflate, tags,
};
use crate::wire::dicom::elements::{Elements, Flat};
use crate::wire::pixels;
use crate::world::overlay::Overlay;

/// Most objects of one intruder in one archive: two whole CT studies and more, and read in some
/// milliseconds for each of his queries.
pub const MAX_OBJECTS: usize = 1000;

/// Most attributes of an object in its record: real headers have some hundred.
const MAX_ATTRIBUTES: usize = 160;

/// Longest text of an attribute in its record; a longer one is left out.
const MAX_TEXT: usize = 1024;

/// Longest sequence in its record, encoded, and most of them: codes and references.
const MAX_SEQUENCE: usize = 2048;
const MAX_SEQUENCES: usize = 12;

/// Largest object read back: an uncompressed cine loop; one is in memory at a time.
const MAX_OBJECT: usize = 96 << 20;

/// A stored object's index record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stored {
    /// SOP Class UID.
    pub sop_class: String,
    /// SOP Instance UID.
    pub sop_instance: String,
    /// Transfer Syntax UID of its data set.
    pub syntax: String,
    /// SHA-256 of its artefact, a file of PS3.10.
    pub sha256: String,
    /// Where the data set begins in the artefact.
    pub offset: usize,
    /// Its place in the order of arrival.
    serial: u64,
    /// Study Instance UID.
    study: String,
    /// Series Instance UID.
    series: String,
    /// All short attributes, by tag.
    texts: Vec<(u32, String)>,
    /// Short sequences, by tag: a data set in explicit little endian with nothing else.
    #[serde(default)]
    sequences: Vec<(u32, Vec<u8>)>,
}

/// What became of an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    /// It is at hand now.
    New,
    /// It took the place of one that he stored before.
    Replaced,
    /// There is no room left.
    Full,
}

/// What becomes of an object whose SOP Instance UID is there already.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Duplicates {
    /// The new one takes its place.
    #[default]
    Replaced,
    /// The old one stays; the answer is success.
    Kept,
}

impl Stored {
    /// The record of an object, from its data set or the beginning of it; `None` when that names no
    /// class, instance, study or series. `offset` is where the data set begins in the artefact.
    pub fn read(
        head: &Bytes,
        layout: TransferSyntax,
        syntax: &str,
        kept: &Artefact,
        offset: usize,
    ) -> Option<Stored> {
        let elements: Vec<_> = Elements::of(head.clone(), layout).map_while(Result::ok).collect();
        let charset = elements.iter().find(|element| element.tag == tags::SPECIFIC_CHARACTER_SET);
        let charset =
            charset.and_then(|element| Charset::from_term(&String::from_utf8_lossy(&element.value)));
        let sequences = sequences(head, layout, &elements, charset.unwrap_or_default());
        let set: DataSet = elements
            .into_iter()
            .filter(|element| element.vr != Vr::SQ && element.value.len() <= MAX_TEXT)
            .filter(|element| element.vr != Vr::US || layout != TransferSyntax::ExplicitBig)
            .map(|element| (element.tag, Element { vr: element.vr, value: Value::Bytes(element.value) }))
            .collect();
        let texts = Attributes::of(&set, charset.unwrap_or_default());
        let uid = |tag| texts.get(tag).filter(|text| is_uid(text)).map(str::to_owned);
        Some(Stored {
            sop_class: uid(tags::SOP_CLASS_UID)?,
            sop_instance: uid(tags::SOP_INSTANCE_UID)?,
            syntax: syntax.to_owned(),
            sha256: kept.sha256.clone(),
            offset,
            serial: 0,
            study: uid(tags::STUDY_INSTANCE_UID)?,
            series: uid(tags::SERIES_INSTANCE_UID)?,
            texts: texts
                .iter()
                .take(MAX_ATTRIBUTES)
                .map(|(tag, text)| (number(tag), text.to_owned()))
                .collect(),
            sequences,
        })
    }

    /// Study Instance UID.
    pub fn study(&self) -> &str {
        &self.study
    }

    /// Series Instance UID.
    pub fn series(&self) -> &str {
        &self.series
    }

    /// Its data set as it was stored, in [`Stored::syntax`]; `None` when the artefact is gone, over
    /// its quota or too large.
    pub fn data_set(&self, session: &Session) -> Option<Bytes> {
        let file = Bytes::from(session.read_artefact(&self.sha256, MAX_OBJECT)?);
        (self.offset <= file.len() && file.len() < MAX_OBJECT).then(|| file.slice(self.offset..))
    }

    /// Its data set in a transfer syntax; `None` when it can't be had: what came compressed is decoded
    /// as far as [`pixels`] reads it, and nothing is coded with loss.
    pub fn object(&self, session: &Session, wanted: TransferSyntax) -> Option<Bytes> {
        let kept = TransferSyntax::from_uid(&self.syntax)?;
        let bytes = self.data_set(session)?;
        if kept == wanted {
            return Some(bytes);
        }
        session.heavy(|| converted(&bytes, kept, wanted))
    }

    pub(super) fn attributes(&self) -> Attributes {
        self.texts.iter().map(|(tag, text)| (tag_of(*tag), text.as_str())).collect()
    }

    /// The items of a sequence, their text in UTF-8; `None` when it has none or a long one.
    pub(super) fn items(&self, tag: Tag) -> Option<Vec<DataSet>> {
        let (_, written) = self.sequences.iter().find(|(found, _)| *found == number(tag))?;
        let layout = TransferSyntax::ExplicitLittle;
        let set = DataSet::decode(&Bytes::copy_from_slice(written), layout).ok()?;
        Some(set.items(tag).to_vec())
    }

    pub(super) fn text(&self, tag: Tag) -> &str {
        let at = self.texts.binary_search_by_key(&number(tag), |(tag, _)| *tag).ok();
        at.and_then(|at| self.texts.get(at)).map_or("", |(_, text)| text)
    }
}

/// Short sequences of an object, with their text in UTF-8.
fn sequences(
    head: &Bytes,
    layout: TransferSyntax,
    elements: &[Flat],
    charset: Charset,
) -> Vec<(u32, Vec<u8>)> {
    let short = elements.iter().filter(|element| {
        element.vr == Vr::SQ && element.end.saturating_sub(element.header.start) <= MAX_SEQUENCE
    });
    let written = short.filter_map(|element| {
        let part = head.slice_ref(head.get(element.header.start..element.end)?);
        let set = recoded(&DataSet::decode(&part, layout).ok()?, charset, Charset::Utf8);
        Some((number(element.tag), set.encode(TransferSyntax::ExplicitLittle).to_vec()))
    });
    written.take(MAX_SEQUENCES).collect()
}

/// A data set with its text in another character set; characters that it lacks are left out.
pub fn recoded(set: &DataSet, from: Charset, to: Charset) -> DataSet {
    set.iter()
        .map(|(tag, element)| {
            let value = match &element.value {
                Value::Items(items) => {
                    Value::Items(items.iter().map(|item| recoded(item, from, to)).collect())
                }
                Value::Bytes(_) if has_charset(element.vr) => {
                    let text = set.text_in(tag, from).unwrap_or_default();
                    let fits = |c: &char| to != Charset::Latin1 || u32::from(*c) < 256;
                    let mut one = DataSet::new();
                    one.put_text(tag, &text.chars().filter(fits).collect::<String>(), to);
                    one.bytes(tag).cloned().map_or(Value::Bytes(Bytes::new()), Value::Bytes)
                }
                Value::Bytes(_) | Value::Fragments(_) => element.value.clone(),
            };
            (tag, Element { vr: element.vr, value })
        })
        .collect()
}

/// Whether (0008,0005) applies to it (PS3.5 6.1.2.3).
fn has_charset(vr: Vr) -> bool {
    matches!(vr, Vr::SH | Vr::LO | Vr::ST | Vr::PN | Vr::LT | Vr::UC | Vr::UT)
}

/// Between syntaxes; pixels are decoded and coded where one of them is compressed.
fn converted(bytes: &Bytes, kept: TransferSyntax, wanted: TransferSyntax) -> Option<Bytes> {
    let deflated = |ts| ts == TransferSyntax::Deflated;
    let plain = if deflated(kept) { inflate(bytes, MAX_OBJECT) } else { bytes.clone() };
    let mut set = DataSet::decode(&plain, kept).ok()?;
    if let Some(coding) = kept.coding() {
        set = pixels::plain(set, coding).ok()?;
    }
    if let Some(coding) = wanted.coding() {
        set = transcode(set, coding).ok()?;
    }
    let written = set.encode(wanted);
    Some(if deflated(wanted) { deflate(&written) } else { written })
}

/// What one intruder stored in the archive of a host, in the order in which it came.
pub(super) fn read(overlay: &Overlay, host: &str) -> Vec<Stored> {
    let keys = overlay.keys(&key(host, ""));
    let record = |key: String| serde_json::from_slice(&overlay.get(&key)?).ok();
    let mut objects: Vec<Stored> = keys.into_iter().filter_map(record).collect();
    objects.sort_by_key(|object| object.serial);
    objects
}

/// Adds a record to what an intruder stored in the archive of a host.
pub(super) fn take(overlay: &Overlay, host: &str, mut object: Stored) -> Taken {
    let held = overlay.keys(&key(host, ""));
    let key = key(host, &object.sop_instance);
    let known = held.contains(&key);
    if held.len() >= MAX_OBJECTS && !known {
        return Taken::Full;
    }
    let latest = read(overlay, host).last().map_or(0, |last| last.serial);
    object.serial = latest + 1;
    let Ok(record) = serde_json::to_vec(&object) else { return Taken::Full };
    match (overlay.put(key, record), known) {
        (false, _) => Taken::Full,
        (true, true) => Taken::Replaced,
        (true, false) => Taken::New,
    }
}

fn key(host: &str, instance: &str) -> String {
    format!("dicom:{host}:{instance}")
}

/// Digits and dots, at most 64 (PS3.5 9.1).
fn is_uid(text: &str) -> bool {
    (1..=64).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
}

fn number(tag: Tag) -> u32 {
    u32::from(tag.group()) << 16 | u32::from(tag.element())
}

fn tag_of(number: u32) -> Tag {
    let half = |bits: u32| u16::try_from(bits & 0xFFFF).unwrap_or_default();
    Tag(half(number >> 16), half(number))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(instance: &str, name: &[u8], charset: &str) -> Stored {
        let mut set = DataSet::new();
        set.put_str(tags::SPECIFIC_CHARACTER_SET, charset);
        set.put_str(tags::SOP_CLASS_UID, "1.2.840.10008.5.1.4.1.1.7");
        set.put_str(tags::SOP_INSTANCE_UID, instance);
        set.put_str(tags::STUDY_INSTANCE_UID, "1.2.3");
        set.put_str(tags::SERIES_INSTANCE_UID, "1.2.3.4");
        set.put_u16(tags::ROWS, 512);
        set.put_bytes(tags::PATIENT_NAME, Vr::PN, Bytes::copy_from_slice(name));
        let layout = TransferSyntax::ExplicitLittle;
        let kept = Artefact { sha256: "00".into(), size: 1 };
        Stored::read(&set.encode(layout), layout, layout.uid(), &kept, 0).unwrap()
    }

    #[test]
    fn text_is_unicode_whatever_it_came_in() {
        let gbk = object("1.1", &Charset::Gbk.encode("张^三"), "GB18030");
        let utf = object("1.2", "张^三".as_bytes(), "ISO_IR 192");
        let iso = object("1.3", &Charset::Iso2022Gb2312.encode("张^三"), "\\ISO 2022 IR 58");
        for object in [gbk, utf, iso] {
            assert_eq!(object.text(tags::PATIENT_NAME), "张^三");
            assert_eq!(object.text(tags::ROWS), "512");
        }
    }

    #[test]
    fn records_are_kept_in_order_and_bounded() {
        let overlay = Overlay::default();
        for n in (0..MAX_OBJECTS).rev().take(3) {
            assert_eq!(take(&overlay, "pacs", object(&format!("1.{n}"), b"A", "")), Taken::New);
        }
        assert_eq!(take(&overlay, "pacs", object("1.999", b"B", "")), Taken::Replaced);
        let own = read(&overlay, "pacs");
        let order: Vec<_> = own.iter().map(|object| object.sop_instance.as_str()).collect();
        assert_eq!(order, ["1.998", "1.997", "1.999"]);
        assert!(read(&overlay, "his").is_empty());
        for n in 0..MAX_OBJECTS {
            overlay.put(key("pacs", &format!("2.{n}")), b"{}".to_vec());
        }
        assert_eq!(take(&overlay, "pacs", object("3.1", b"A", "")), Taken::Full);
    }

    #[test]
    fn an_object_without_its_uids_is_no_record() {
        let kept = Artefact { sha256: "00".into(), size: 1 };
        let record = |bytes: &'static [u8]| {
            Stored::read(&Bytes::from_static(bytes), TransferSyntax::ImplicitLittle, "1.2", &kept, 0)
        };
        assert_eq!(record(b""), None);
        assert_eq!(record(b"\x08\x00\x18\x00\xff\xff\xff\xff"), None);
    }
}
