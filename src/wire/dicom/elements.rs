//! Elements of a data set one after another, read as lax as toolkits read queries and commands: any
//! order, and a header that is cut off at the very end is no fault.
//!
//! For short data sets of which only some top-level values matter; [`super::dataset`] reads whole
//! objects. It never recurses and never copies a value (PS3.5 section 7.1).

use std::ops::Range;

use bytes::Bytes;

use super::dataset::{Tag, TransferSyntax, Vr, tags, vr_of};

/// Deepest nesting of undefined lengths that is skipped: real queries nest twice.
const MAX_DEPTH: usize = 16;

const UNDEFINED: u32 = u32::MAX;
const ITEM: Tag = Tag(0xFFFE, 0xE000);
const ITEM_END: Tag = Tag(0xFFFE, 0xE00D);
const SEQUENCE_END: Tag = Tag(0xFFFE, 0xE0DD);

/// Bytes that are no data set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("element {0} can't be read")]
pub struct ElementError(pub Tag);

/// One element of the top level.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flat {
    /// Its tag.
    pub tag: Tag,
    /// Its value representation, from the bytes or from PS3.6.
    pub vr: Vr,
    /// The value field as sent, padding included; empty for sequences and fragments.
    pub value: Bytes,
    /// Where its header lies in the data set.
    pub header: Range<usize>,
    /// Where it ends in the data set.
    pub end: usize,
}

/// Reads elements in the order sent.
pub struct Elements {
    rest: Bytes,
    length: usize,
    ts: TransferSyntax,
    failed: bool,
}

impl Elements {
    /// Elements of a data set in a transfer syntax.
    pub fn of(bytes: Bytes, ts: TransferSyntax) -> Self {
        Elements { length: bytes.len(), rest: bytes, ts, failed: false }
    }

    fn element(&mut self) -> Option<Result<Flat, ElementError>> {
        let start = self.length - self.rest.len();
        let (tag, vr, length) = self.header()?;
        let header = start..self.length - self.rest.len();
        let fault = Some(Err(ElementError(tag)));
        let Some(vr) = vr else { return fault };
        if tag.group() == ITEM.group() {
            return fault;
        }
        if length == UNDEFINED {
            let fragments = tag == tags::PIXEL_DATA && self.ts.coding().is_some();
            let known = match vr {
                Vr::SQ | Vr::UN => Some(Vr::SQ),
                Vr::OB | Vr::OW if fragments => Some(vr),
                _ => None,
            };
            return match (self.skip_sequence(), known) {
                (Some(()), Some(vr)) => {
                    let end = self.length - self.rest.len();
                    Some(Ok(Flat { tag, vr, value: Bytes::new(), header, end }))
                }
                (Some(()), None) | (None, _) => fault,
            };
        }
        let Some(value) = self.take(length) else { return fault };
        let value = if vr == Vr::SQ { Bytes::new() } else { value };
        let end = self.length - self.rest.len();
        Some(Ok(Flat { tag, vr, value, header, end }))
    }

    /// Tag, representation (`None` when unknown) and length; `None` when no whole header is left.
    fn header(&mut self) -> Option<(Tag, Option<Vr>, u32)> {
        let [g0, g1, e0, e1, a, b, c, d] = *self.rest.first_chunk::<8>()?;
        let tag = Tag(self.u16([g0, g1]), self.u16([e0, e1]));
        if self.ts == TransferSyntax::ImplicitLittle || tag.group() == ITEM.group() {
            self.rest = self.rest.slice(8..);
            return Some((tag, Some(vr_of(tag)), self.u32([a, b, c, d])));
        }
        let vr = Vr::from_binary([a, b]);
        let long = vr.is_some_and(is_long);
        if !long {
            self.rest = self.rest.slice(8..);
            return Some((tag, vr, u32::from(self.u16([c, d]))));
        }
        let length = self.u32(*self.rest.get(8..)?.first_chunk::<4>()?);
        self.rest = self.rest.slice(12..);
        Some((tag, vr, length))
    }

    fn skip_sequence(&mut self) -> Option<()> {
        let mut depth = 1usize;
        while depth > 0 {
            let (tag, _, length) = self.header()?;
            match tag {
                ITEM_END | SEQUENCE_END => depth -= 1,
                _ if length == UNDEFINED => depth += 1,
                _ => {
                    self.take(length)?;
                }
            }
            if depth > 2 * MAX_DEPTH {
                return None;
            }
        }
        Some(())
    }

    fn take(&mut self, length: u32) -> Option<Bytes> {
        let length = usize::try_from(length).ok().filter(|length| *length <= self.rest.len())?;
        Some(self.rest.split_to(length))
    }

    fn u16(&self, raw: [u8; 2]) -> u16 {
        if self.ts == TransferSyntax::ExplicitBig { u16::from_be_bytes(raw) } else { u16::from_le_bytes(raw) }
    }

    fn u32(&self, raw: [u8; 4]) -> u32 {
        if self.ts == TransferSyntax::ExplicitBig { u32::from_be_bytes(raw) } else { u32::from_le_bytes(raw) }
    }
}

impl Iterator for Elements {
    type Item = Result<Flat, ElementError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.failed {
            return None;
        }
        let element = self.element();
        self.failed = matches!(element, Some(Err(_)) | None);
        element
    }
}

/// Whether its length has four bytes in explicit encodings (PS3.5 7.1.2).
fn is_long(vr: Vr) -> bool {
    matches!(vr, Vr::OB | Vr::OD | Vr::OF | Vr::OL | Vr::OV | Vr::OW | Vr::SQ | Vr::SV | Vr::UC | Vr::UN)
        || matches!(vr, Vr::UR | Vr::UT | Vr::UV)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::dataset::{Coding, DataSet, Element, Value};
    use super::*;

    const ALL: [TransferSyntax; 3] =
        [TransferSyntax::ImplicitLittle, TransferSyntax::ExplicitLittle, TransferSyntax::ExplicitBig];

    fn read(bytes: Bytes, ts: TransferSyntax) -> Result<Vec<Flat>, ElementError> {
        Elements::of(bytes, ts).collect()
    }

    #[test]
    fn every_syntax_gives_the_same_values() {
        let mut set = DataSet::new();
        set.put_str(tags::QUERY_RETRIEVE_LEVEL, "STUDY");
        set.put_items(tags::REFERENCED_SERIES_SEQUENCE, vec![DataSet::new()]);
        set.put_str(tags::PATIENT_ID, "1");
        for ts in ALL {
            let found = read(set.encode(ts), ts).unwrap();
            let values: Vec<_> = found.iter().map(|e| (e.tag, &e.value[..])).collect();
            let expected = [
                (tags::QUERY_RETRIEVE_LEVEL, &b"STUDY "[..]),
                (tags::REFERENCED_SERIES_SEQUENCE, b""),
                (tags::PATIENT_ID, b"1 "),
            ];
            assert_eq!(values, expected, "{ts:?}");
        }
    }

    #[test]
    fn a_cut_header_ends_a_cut_value_fails() {
        let mut set = DataSet::new();
        set.put_str(tags::QUERY_RETRIEVE_LEVEL, "STUDY");
        set.put_str(tags::PATIENT_ID, "12");
        let whole = set.encode(TransferSyntax::ImplicitLittle);
        let cut = |at: usize| read(whole.slice(..at), TransferSyntax::ImplicitLittle);
        assert_eq!(cut(whole.len() - 3).unwrap().len(), 1);
        assert_eq!(cut(whole.len() - 1), Err(ElementError(tags::PATIENT_ID)));
    }

    #[test]
    fn sequences_of_undefined_length_are_skipped() {
        let mut bytes = vec![0x08, 0, 0x15, 0x11, 255, 255, 255, 255];
        bytes.extend_from_slice(&[0xFE, 0xFF, 0x00, 0xE0, 255, 255, 255, 255]);
        bytes.extend_from_slice(&[0x08, 0, 0x60, 0, 2, 0, 0, 0, b'C', b'T']);
        bytes.extend_from_slice(&[0xFE, 0xFF, 0x0D, 0xE0, 0, 0, 0, 0]);
        bytes.extend_from_slice(&[0xFE, 0xFF, 0xDD, 0xE0, 0, 0, 0, 0]);
        bytes.extend_from_slice(&[0x10, 0, 0x20, 0, 2, 0, 0, 0, b'7', b' ']);
        let found = read(Bytes::from(bytes), TransferSyntax::ImplicitLittle).unwrap();
        assert_eq!(found.len(), 2);
        assert_eq!(found[1].value, "7 ");
    }

    #[test]
    fn fragments_are_skipped_where_pixels_are_coded() {
        let mut set = DataSet::new();
        set.put_str(tags::PATIENT_ID, "1");
        let fragments = vec![Bytes::new(), Bytes::from_static(b"\xFF\xD8\xFF\xD9")];
        set.put(tags::PIXEL_DATA, Element { vr: Vr::OB, value: Value::Fragments(fragments) });
        let ts = TransferSyntax::Encapsulated(Coding::JpegLossless);
        let bytes = set.encode(ts);
        assert_eq!(read(bytes.clone(), ts).unwrap().len(), 2);
        let cut = bytes.slice(..bytes.len() - 4);
        assert_eq!(read(cut, ts), Err(ElementError(tags::PIXEL_DATA)));
        assert!(read(bytes, TransferSyntax::ExplicitLittle).is_err());
    }

    proptest! {
        #[test]
        fn hostile_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            for ts in ALL {
                let _ = read(Bytes::from(bytes.clone()), ts);
            }
        }
    }
}
