//! DER (X.690) as far as small messages and certificates need it: definite lengths below 64 KiB, tags
//! of one byte.

/// SEQUENCE.
pub const SEQUENCE: u8 = 0x30;
/// SET.
pub const SET: u8 = 0x31;
/// BOOLEAN.
pub const BOOLEAN: u8 = 0x01;
/// INTEGER.
pub const INTEGER: u8 = 0x02;
/// BIT STRING.
pub const BITS: u8 = 0x03;
/// OCTET STRING.
pub const OCTETS: u8 = 0x04;
/// NULL.
pub const NULL: u8 = 0x05;
/// OBJECT IDENTIFIER.
pub const OID: u8 = 0x06;

/// The tag of an explicit, constructed element of the message itself: `[number]`.
pub const fn context(number: u8) -> u8 {
    0xa0 | number
}

/// One element.
pub fn write(tag: u8, value: &[u8]) -> Vec<u8> {
    let mut out = vec![tag];
    let length = u16::try_from(value.len()).unwrap_or(u16::MAX);
    let [high, low] = length.to_be_bytes();
    match length {
        0..=0x7f => out.push(low),
        0x80..=0xff => out.extend([0x81, low]),
        _ => out.extend([0x82, high, low]),
    }
    out.extend(value);
    out
}

/// An INTEGER that is not negative, as short as may be.
pub fn integer(value: u32) -> Vec<u8> {
    unsigned(&value.to_be_bytes())
}

/// An INTEGER of big-endian bytes, taken as not negative.
pub fn unsigned(bytes: &[u8]) -> Vec<u8> {
    let zeroes = bytes.iter().take_while(|byte| **byte == 0).count();
    let digits = bytes.get(zeroes..).unwrap_or_default();
    match digits.first() {
        Some(0..=0x7f) => write(INTEGER, digits),
        Some(_) | None => write(INTEGER, &[&[0], digits].concat()),
    }
}

/// The first element of these: tag, value, what follows.
pub fn element(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (tag, rest) = bytes.split_first()?;
    let (first, rest) = rest.split_first()?;
    let (length, rest) = match *first {
        short @ 0..=0x7f => (usize::from(short), rest),
        0x81 => rest.split_first().map(|(length, rest)| (usize::from(*length), rest))?,
        0x82 => {
            rest.split_first_chunk().map(|(length, rest)| (usize::from(u16::from_be_bytes(*length)), rest))?
        }
        _ => return None,
    };
    let (value, rest) = rest.split_at_checked(length)?;
    Some((*tag, value, rest))
}

/// The value of the first of these elements, if it has this tag.
pub fn only(bytes: &[u8], wanted: u8) -> Option<&[u8]> {
    element(bytes).filter(|(tag, ..)| *tag == wanted).map(|(_, value, _)| value)
}

/// The value of the first element with this tag among these.
pub fn within(mut bytes: &[u8], wanted: u8) -> Option<&[u8]> {
    loop {
        let (tag, value, rest) = element(bytes)?;
        if tag == wanted {
            return Some(value);
        }
        bytes = rest;
    }
}

/// An INTEGER's content as a number; the highest where it is larger.
pub fn number(content: &[u8]) -> u32 {
    content
        .iter()
        .try_fold(0u32, |sum, byte| sum.checked_mul(256)?.checked_add(u32::from(*byte)))
        .unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        for length in [0, 1, 127, 128, 255, 256, 40_000] {
            let value = vec![7; length];
            let made = [write(OCTETS, &value), vec![9]].concat();
            assert_eq!(element(&made), Some((OCTETS, &value[..], &[9][..])), "{length}");
        }
        let fields = [write(context(0), &integer(6)), write(context(1), &integer(0xc000_006d))].concat();
        let value = within(&fields, context(1)).and_then(|inner| only(inner, INTEGER)).unwrap();
        assert_eq!((value, number(value)), (&[0, 0xc0, 0, 0, 0x6d][..], 0xc000_006d));
        assert_eq!(within(&fields, context(2)), None);
        assert_eq!((integer(0), integer(127)), (vec![2, 1, 0], vec![2, 1, 127]));
        assert_eq!(number(&[1; 9]), u32::MAX);
    }

    #[test]
    fn broken_elements_are_none() {
        for bytes in [&b""[..], &[0x30], &[0x30, 2, 1], &[0x30, 0x82, 1], &[0x30, 0x80, 0, 0]] {
            assert_eq!(element(bytes), None);
        }
    }
}
