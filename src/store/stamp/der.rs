//! The little of DER (X.690) that time stamps need: reading with definite lengths, and writing.

/// A value with its tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Value<'a> {
    pub(super) tag: u8,
    /// What it holds.
    pub(super) inside: &'a [u8],
    /// All of it, tag and length too.
    pub(super) whole: &'a [u8],
}

pub(super) const BOOLEAN: u8 = 0x01;
pub(super) const INTEGER: u8 = 0x02;
pub(super) const OCTETS: u8 = 0x04;
pub(super) const NULL: u8 = 0x05;
pub(super) const OID: u8 = 0x06;
pub(super) const TIME: u8 = 0x18;
pub(super) const SEQUENCE: u8 = 0x30;
pub(super) const SET: u8 = 0x31;

/// Reads values one after the other.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reader<'a>(pub(super) &'a [u8]);

impl<'a> Reader<'a> {
    /// The next value; none at the end or where it is no DER.
    pub(super) fn next(&mut self) -> Option<Value<'a>> {
        let all = self.0;
        let (&tag, rest) = all.split_first()?;
        // High tag numbers have no place in what is read here.
        if tag & 0x1f == 0x1f {
            return None;
        }
        let (&first, rest) = rest.split_first()?;
        let (length, rest) = match first {
            0..=0x7f => (usize::from(first), rest),
            0x81..=0x84 => {
                let (bytes, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
                (bytes.iter().fold(0, |sum, byte| sum << 8 | usize::from(*byte)), rest)
            }
            _ => return None,
        };
        let (inside, rest) = rest.split_at_checked(length)?;
        let whole = all.get(..all.len() - rest.len())?;
        self.0 = rest;
        Some(Value { tag, inside, whole })
    }

    /// The next value, which must have this tag.
    pub(super) fn expect(&mut self, tag: u8) -> Option<Value<'a>> {
        self.next().filter(|value| value.tag == tag)
    }

    /// The next value if it has this tag; otherwise it stays.
    pub(super) fn maybe(&mut self, tag: u8) -> Option<Value<'a>> {
        let before = *self;
        let value = self.expect(tag);
        if value.is_none() {
            *self = before;
        }
        value
    }
}

impl<'a> Value<'a> {
    pub(super) fn reader(self) -> Reader<'a> {
        Reader(self.inside)
    }
}

/// A value in DER.
pub(super) fn write(tag: u8, inside: &[u8]) -> Vec<u8> {
    let mut out = vec![tag];
    match u8::try_from(inside.len()) {
        Ok(length) if length < 0x80 => out.push(length),
        _ => {
            let bytes = inside.len().to_be_bytes();
            let digits =
                bytes.iter().position(|byte| *byte != 0).and_then(|at| bytes.get(at..)).unwrap_or(&[]);
            out.push(0x80 | u8::try_from(digits.len()).unwrap_or(0));
            out.extend_from_slice(digits);
        }
    }
    out.extend_from_slice(inside);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_and_a_cut_is_none() {
        for length in [0, 1, 127, 128, 255, 256, 70_000] {
            let inside = vec![7; length];
            let whole = write(OCTETS, &inside);
            let mut reader = Reader(&whole);
            let value = reader.next().unwrap();
            assert_eq!((value.tag, value.inside, value.whole), (OCTETS, &inside[..], &whole[..]));
            assert_eq!(reader.next(), None);
            assert_eq!(Reader(&whole[..whole.len() - 1]).next(), None);
        }
        assert_eq!(Reader(&[0x30, 0x85, 1, 1, 1, 1, 1]).next(), None);
        assert_eq!(Reader(&[0x30, 0x84, 0xff, 0xff, 0xff, 0xff]).next(), None);
    }
}
