//! Data sets to bytes (PS3.5 7.1 and 7.5), sequences and items with defined lengths.

use bytes::Bytes;

use super::vr::{long_length, padding, swapped};
use super::{DataSet, Element, Tag, TransferSyntax, Value, Vr};

const ITEM: Tag = Tag(0xFFFE, 0xE000);
const SEQUENCE_END: Tag = Tag(0xFFFE, 0xE0DD);
const UNDEFINED: u32 = u32::MAX;

impl DataSet {
    /// The bytes of this data set.
    pub fn encode(&self, ts: TransferSyntax) -> Bytes {
        let mut out = Vec::with_capacity(self.encoded_len(ts));
        self.encode_into(ts, &mut out);
        Bytes::from(out)
    }

    /// Adds the bytes of this data set to `out`.
    pub fn encode_into(&self, ts: TransferSyntax, out: &mut Vec<u8>) {
        for (tag, element) in self.iter() {
            element_into(tag, element, ts, out);
        }
    }

    /// How many bytes [`DataSet::encode`] gives.
    pub fn encoded_len(&self, ts: TransferSyntax) -> usize {
        self.iter()
            .map(|(_, element)| header_len(element, ts) + padded_len(element_len(element, ts)))
            .fold(0, usize::saturating_add)
    }
}

/// Writes tag, value representation and length of an element whose value the caller adds, so that
/// pixels need no copy of their own. `len` must be even.
pub fn element_header(tag: Tag, vr: Vr, len: u32, ts: TransferSyntax, out: &mut Vec<u8>) {
    put_tag(tag, ts, out);
    if !ts.explicit() {
        return put_u32(len, ts, out);
    }
    // A value too long for its representation is written as unknown (PS3.5 6.2.2 note).
    let vr = if !long_length(vr) && u16::try_from(len).is_err() { Vr::UN } else { vr };
    out.extend_from_slice(&vr.to_bytes());
    match u16::try_from(len) {
        Ok(short) if !long_length(vr) => put_u16(short, ts, out),
        Ok(_) | Err(_) => {
            out.extend_from_slice(&[0, 0]);
            put_u32(len, ts, out);
        }
    }
}

fn element_into(tag: Tag, element: &Element, ts: TransferSyntax, out: &mut Vec<u8>) {
    let length = wire_len(padded_len(element_len(element, ts)));
    match &element.value {
        Value::Bytes(bytes) => {
            element_header(tag, element.vr, length, ts, out);
            value_into(element.vr, bytes, ts, out);
        }
        Value::Items(items) => {
            element_header(tag, Vr::SQ, length, ts, out);
            for item in items {
                put_tag(ITEM, ts, out);
                put_u32(wire_len(item.encoded_len(ts)), ts, out);
                item.encode_into(ts, out);
            }
        }
        Value::Fragments(fragments) => {
            element_header(tag, Vr::OB, UNDEFINED, ts, out);
            for fragment in fragments {
                put_tag(ITEM, ts, out);
                put_u32(wire_len(padded_len(fragment.len())), ts, out);
                value_into(Vr::OB, fragment, ts, out);
            }
            put_tag(SEQUENCE_END, ts, out);
            put_u32(0, ts, out);
        }
    }
}

fn value_into(vr: Vr, value: &[u8], ts: TransferSyntax, out: &mut Vec<u8>) {
    if ts.big() {
        out.extend_from_slice(&swapped(vr, value));
    } else {
        out.extend_from_slice(value);
    }
    if value.len() % 2 == 1 {
        out.push(padding(vr));
    }
}

fn header_len(element: &Element, ts: TransferSyntax) -> usize {
    let vr = match element.value {
        Value::Bytes(_) => element.vr,
        Value::Items(_) => Vr::SQ,
        Value::Fragments(_) => Vr::OB,
    };
    let long = long_length(vr) || element_len(element, ts) > usize::from(u16::MAX);
    if ts.explicit() && long { 12 } else { 8 }
}

fn element_len(element: &Element, ts: TransferSyntax) -> usize {
    const ITEM_HEADER: usize = 8;
    match &element.value {
        Value::Bytes(bytes) => bytes.len(),
        Value::Items(items) => items.iter().map(|item| ITEM_HEADER + item.encoded_len(ts)).sum(),
        Value::Fragments(fragments) => {
            fragments.iter().map(|f| ITEM_HEADER + padded_len(f.len())).sum::<usize>() + ITEM_HEADER
        }
    }
}

fn padded_len(len: usize) -> usize {
    len.saturating_add(len % 2)
}

/// A length field holds 32 bits; what is composed here is far below.
fn wire_len(len: usize) -> u32 {
    u32::try_from(len).unwrap_or(UNDEFINED - 1)
}

fn put_tag(tag: Tag, ts: TransferSyntax, out: &mut Vec<u8>) {
    put_u16(tag.group(), ts, out);
    put_u16(tag.element(), ts, out);
}

fn put_u16(number: u16, ts: TransferSyntax, out: &mut Vec<u8>) {
    out.extend_from_slice(&if ts.big() { number.to_be_bytes() } else { number.to_le_bytes() });
}

fn put_u32(number: u32, ts: TransferSyntax, out: &mut Vec<u8>) {
    out.extend_from_slice(&if ts.big() { number.to_be_bytes() } else { number.to_le_bytes() });
}
