//! Bytes to data sets (PS3.5 7.1 and 7.5): defined and undefined lengths, items, fragments.

use bytes::Bytes;

use super::vr::{long_length, swapped};
use super::{DataSet, Element, Tag, TransferSyntax, Value, Vr, vr_of};

/// Deepest nesting of sequences: real objects stay below 8, and each level costs stack.
pub const MAX_DEPTH: usize = 16;

/// Most elements and items of one data set with all its items: an enhanced multi-frame object of
/// 500 frames stays below; a million empty elements would cost ten times their bytes in memory.
pub const MAX_ELEMENTS: usize = 200_000;

const ITEM: Tag = Tag(0xFFFE, 0xE000);
const ITEM_END: Tag = Tag(0xFFFE, 0xE00D);
const SEQUENCE_END: Tag = Tag(0xFFFE, 0xE0DD);
const PIXEL_DATA: Tag = Tag(0x7FE0, 0x0010);
const UNDEFINED: u32 = u32::MAX;

/// Why bytes are no data set, with the offset where reading stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// A header or value goes beyond the end.
    #[error("data set is cut off at byte {0}")]
    Truncated(usize),
    /// Two bytes that are no value representation.
    #[error("unknown value representation at byte {0}")]
    UnknownVr(usize),
    /// A tag that can't stand at this place, such as a delimiter without a sequence.
    #[error("misplaced tag {1} at byte {0}")]
    Misplaced(usize, Tag),
    /// An undefined length where none is allowed.
    #[error("undefined length of {1} at byte {0}")]
    Undefined(usize, Tag),
    /// More than [`MAX_DEPTH`] sequences in each other.
    #[error("sequences are nested too deep at byte {0}")]
    TooDeep(usize),
    /// More than [`MAX_ELEMENTS`].
    #[error("too many elements at byte {0}")]
    TooMany(usize),
}

impl DataSet {
    /// Reads a whole data set. Values are slices of `bytes`, but for big-endian numbers.
    ///
    /// # Errors
    /// [`DecodeError`] with the place.
    pub fn decode(bytes: &Bytes, ts: TransferSyntax) -> Result<DataSet, DecodeError> {
        let mut reader = Reader { bytes, at: 0, elements: 0 };
        reader.data_set(Frame { ts, depth: 0, end: Some(bytes.len()) })
    }
}

/// What surrounds the elements that are read.
#[derive(Clone, Copy)]
struct Frame {
    ts: TransferSyntax,
    depth: usize,
    /// Where it ends; `None` up to its delimiter.
    end: Option<usize>,
}

struct Reader<'a> {
    bytes: &'a Bytes,
    at: usize,
    elements: usize,
}

struct Header {
    tag: Tag,
    vr: Vr,
    length: u32,
}

impl Reader<'_> {
    fn data_set(&mut self, frame: Frame) -> Result<DataSet, DecodeError> {
        let mut elements = Vec::new();
        while frame.end.is_none_or(|end| self.at < end) {
            let start = self.at;
            let header = self.header(frame.ts)?;
            if header.tag == ITEM_END && frame.end.is_none() {
                return Ok(elements.into_iter().collect());
            }
            if header.tag.group() == ITEM.group() {
                return Err(DecodeError::Misplaced(start, header.tag));
            }
            self.count(start)?;
            let value = self.value(&header, frame)?;
            elements.push((header.tag, Element { vr: header.vr, value }));
        }
        self.ends_at(frame.end)?;
        Ok(elements.into_iter().collect())
    }

    fn value(&mut self, header: &Header, frame: Frame) -> Result<Value, DecodeError> {
        if header.length != UNDEFINED {
            let end = self.end_of(header.length, frame.end)?;
            if header.vr == Vr::SQ {
                return self.items(Frame { end: Some(end), ..frame });
            }
            return self.slice(end, header.vr, frame.ts).map(Value::Bytes);
        }
        let fragments = header.tag == PIXEL_DATA && frame.ts.explicit();
        if header.vr == Vr::SQ {
            self.items(Frame { end: None, ..frame })
        } else if header.vr == Vr::UN {
            // An unknown sequence is implicit inside (PS3.5 6.2.2).
            self.items(Frame { ts: TransferSyntax::ImplicitLittle, end: None, ..frame })
        } else if fragments && matches!(header.vr, Vr::OB | Vr::OW) {
            self.fragments(frame)
        } else {
            Err(DecodeError::Undefined(self.at, header.tag))
        }
    }

    fn items(&mut self, sequence: Frame) -> Result<Value, DecodeError> {
        let depth = sequence.depth + 1;
        if depth > MAX_DEPTH {
            return Err(DecodeError::TooDeep(self.at));
        }
        let mut items = Vec::new();
        while sequence.end.is_none_or(|end| self.at < end) {
            let Some(length) = self.item_length(sequence)? else { return Ok(Value::Items(items)) };
            let end = match length {
                UNDEFINED => None,
                length => Some(self.end_of(length, sequence.end)?),
            };
            items.push(self.data_set(Frame { ts: sequence.ts, depth, end })?);
        }
        self.ends_at(sequence.end)?;
        Ok(Value::Items(items))
    }

    fn fragments(&mut self, frame: Frame) -> Result<Value, DecodeError> {
        let frame = Frame { end: None, ..frame };
        let mut fragments = Vec::new();
        while let Some(length) = self.item_length(frame)? {
            let end = self.end_of(length, None)?;
            fragments.push(self.slice(end, Vr::OB, frame.ts)?);
        }
        Ok(Value::Fragments(fragments))
    }

    /// The length of the next item; `None` at the sequence's delimiter.
    fn item_length(&mut self, sequence: Frame) -> Result<Option<u32>, DecodeError> {
        let start = self.at;
        let tag = self.tag(sequence.ts)?;
        let length = self.u32(sequence.ts)?;
        match tag {
            ITEM => self.count(start).map(|()| Some(length)),
            SEQUENCE_END if sequence.end.is_none() => Ok(None),
            _ => Err(DecodeError::Misplaced(start, tag)),
        }
    }

    fn header(&mut self, ts: TransferSyntax) -> Result<Header, DecodeError> {
        let tag = self.tag(ts)?;
        if tag.group() == ITEM.group() {
            return Ok(Header { tag, vr: Vr::UN, length: self.u32(ts)? });
        }
        if !ts.explicit() {
            let length = self.u32(ts)?;
            return Ok(Header { tag, vr: vr_of(tag), length });
        }
        let start = self.at;
        let vr = Vr::from_binary(self.take::<2>()?).ok_or(DecodeError::UnknownVr(start))?;
        if !long_length(vr) {
            let length = u32::from(self.u16(ts)?);
            return Ok(Header { tag, vr, length });
        }
        self.take::<2>()?;
        Ok(Header { tag, vr, length: self.u32(ts)? })
    }

    fn slice(&mut self, end: usize, vr: Vr, ts: TransferSyntax) -> Result<Bytes, DecodeError> {
        let field = self.bytes.get(self.at..end).ok_or(DecodeError::Truncated(self.at))?;
        let value =
            if ts.big() { Bytes::from(swapped(vr, field).into_owned()) } else { self.bytes.slice_ref(field) };
        self.at = end;
        Ok(value)
    }

    /// Where a field of this length ends: within what surrounds it.
    fn end_of(&self, length: u32, limit: Option<usize>) -> Result<usize, DecodeError> {
        let limit = limit.unwrap_or(self.bytes.len());
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        match self.at.checked_add(length) {
            Some(end) if end <= limit => Ok(end),
            Some(_) | None => Err(DecodeError::Truncated(self.at)),
        }
    }

    /// Refuses content that ran over the end of what holds it.
    fn ends_at(&self, end: Option<usize>) -> Result<(), DecodeError> {
        if end.is_none_or(|end| self.at == end) { Ok(()) } else { Err(DecodeError::Truncated(self.at)) }
    }

    fn count(&mut self, start: usize) -> Result<(), DecodeError> {
        self.elements += 1;
        if self.elements > MAX_ELEMENTS { Err(DecodeError::TooMany(start)) } else { Ok(()) }
    }

    fn tag(&mut self, ts: TransferSyntax) -> Result<Tag, DecodeError> {
        Ok(Tag(self.u16(ts)?, self.u16(ts)?))
    }

    fn u16(&mut self, ts: TransferSyntax) -> Result<u16, DecodeError> {
        let raw = self.take::<2>()?;
        Ok(if ts.big() { u16::from_be_bytes(raw) } else { u16::from_le_bytes(raw) })
    }

    fn u32(&mut self, ts: TransferSyntax) -> Result<u32, DecodeError> {
        let raw = self.take::<4>()?;
        Ok(if ts.big() { u32::from_be_bytes(raw) } else { u32::from_le_bytes(raw) })
    }

    fn take<const N: usize>(&mut self) -> Result<[u8; N], DecodeError> {
        let end = self.at.saturating_add(N);
        let field = self.bytes.get(self.at..end).and_then(|field| field.try_into().ok());
        let field = field.ok_or(DecodeError::Truncated(self.at))?;
        self.at = end;
        Ok(field)
    }
}
