//! The part of BER that SNMP uses (RFC 3417 section 8): definite lengths, short tags.

/// Largest element that is taken: a datagram.
pub const MAX_LENGTH: usize = 65_535;
/// Most parts of an object identifier, RFC 2578 3.5.
pub const MAX_PARTS: usize = 128;

/// Tags.
pub mod tag {
    /// INTEGER.
    pub const INTEGER: u8 = 0x02;
    /// OCTET STRING.
    pub const OCTETS: u8 = 0x04;
    /// NULL.
    pub const NULL: u8 = 0x05;
    /// OBJECT IDENTIFIER.
    pub const OID: u8 = 0x06;
    /// SEQUENCE.
    pub const SEQUENCE: u8 = 0x30;
}

/// Takes one element: its tag and contents. What follows stays in `input`; `None` when there is none.
pub fn take<'a>(input: &mut &'a [u8]) -> Option<(u8, &'a [u8])> {
    let (tag, rest) = input.split_first()?;
    let (first, rest) = rest.split_first()?;
    let (length, rest) = match first {
        0..=0x7f => (usize::from(*first), rest),
        0x81..=0x84 => {
            let (bytes, rest) = rest.split_at_checked(usize::from(*first & 0x7f))?;
            let length = bytes.iter().try_fold(0usize, |all, byte| {
                all.checked_mul(256)?.checked_add(usize::from(*byte)).filter(|length| *length <= MAX_LENGTH)
            })?;
            (length, rest)
        }
        _ => return None,
    };
    let (contents, rest) = rest.split_at_checked(length)?;
    *input = rest;
    Some((*tag, contents))
}

/// Takes one element of a tag.
pub fn expect<'a>(input: &mut &'a [u8], wanted: u8) -> Option<&'a [u8]> {
    take(input).filter(|(tag, _)| *tag == wanted).map(|(_, contents)| contents)
}

/// Takes an INTEGER that fits into 32 bits with its sign.
pub fn integer(input: &mut &[u8]) -> Option<i32> {
    let bytes = expect(input, tag::INTEGER)?;
    let (first, _) = bytes.split_first().filter(|_| bytes.len() <= 8)?;
    let start = if first & 0x80 == 0 { 0 } else { -1i64 };
    let value = bytes.iter().fold(start, |all, byte| (all << 8) | i64::from(*byte));
    i32::try_from(value).ok()
}

/// The parts of an object identifier.
pub fn oid(contents: &[u8]) -> Option<Vec<u32>> {
    let mut parts: Vec<u32> = Vec::new();
    let mut value: u32 = 0;
    for (at, byte) in contents.iter().enumerate() {
        value = value.checked_mul(128)?.checked_add(u32::from(*byte & 0x7f))?;
        let goes_on = *byte & 0x80 != 0;
        if goes_on && at + 1 == contents.len() {
            return None;
        }
        if goes_on {
            continue;
        }
        if parts.is_empty() {
            let first = (value / 40).min(2);
            parts.extend([first, value - first * 40]);
        } else {
            parts.push(value);
        }
        value = 0;
        if parts.len() > MAX_PARTS {
            return None;
        }
    }
    (!parts.is_empty()).then_some(parts)
}

/// Writes an element.
pub fn put(out: &mut Vec<u8>, tag: u8, contents: &[u8]) {
    out.push(tag);
    let [.., a, b] = contents.len().to_be_bytes();
    match contents.len() {
        0..0x80 => out.push(b),
        0x80..0x100 => out.extend([0x81, b]),
        _ => out.extend([0x82, a, b]),
    }
    out.extend_from_slice(contents);
}

/// Writes a number with its sign under a tag.
pub fn put_signed(out: &mut Vec<u8>, tag: u8, value: i64) {
    let bytes = value.to_be_bytes();
    let spare = |pair: &[u8]| {
        matches!(pair, [0, next] if next & 0x80 == 0) || matches!(pair, [0xff, next] if next & 0x80 != 0)
    };
    let skip = bytes.windows(2).take_while(|pair| spare(pair)).count();
    put(out, tag, bytes.get(skip..).unwrap_or_default());
}

/// Writes an object identifier.
pub fn put_oid(out: &mut Vec<u8>, parts: &[u32]) {
    let mut contents = Vec::new();
    let (first, rest) = match parts {
        [a, b, rest @ ..] => (a.saturating_mul(40).saturating_add(*b), rest),
        [a] => (a.saturating_mul(40), &[][..]),
        [] => (0, &[][..]),
    };
    for part in std::iter::once(&first).chain(rest) {
        let groups = (0..5).rev().map(|at| u8::try_from(part >> (7 * at) & 0x7f).unwrap_or(0));
        let mut groups: Vec<u8> = groups.skip_while(|group| *group == 0).collect();
        if groups.is_empty() {
            groups.push(0);
        }
        if let Some((_, front)) = groups.split_last_mut() {
            front.iter_mut().for_each(|group| *group |= 0x80);
        }
        contents.extend(groups);
    }
    put(out, tag::OID, &contents);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_identifiers_come_back() {
        for value in [0, 1, -1, 127, 128, -128, -129, 65_535, i32::MAX, i32::MIN] {
            let mut out = Vec::new();
            put_signed(&mut out, tag::INTEGER, value.into());
            assert_eq!(integer(&mut &out[..]), Some(value), "{out:02x?}");
        }
        for parts in [&[1, 3, 6, 1, 4, 1, 8691, 2, 8][..], &[2, 100, 3], &[0, 0], &[1, 3, u32::MAX]] {
            let mut out = Vec::new();
            put_oid(&mut out, parts);
            let contents = expect(&mut &out[..], tag::OID).unwrap();
            assert_eq!(oid(contents).unwrap(), parts);
        }
    }

    #[test]
    fn what_lies_is_refused() {
        for input in [&b"\x04"[..], b"\x04\x05abc", b"\x04\x84\xff\xff\xff\xff", b"\x04\x80", b"\x02\x00"] {
            assert!(take(&mut &input[..]).is_none() || integer(&mut &input[..]).is_none());
        }
        assert_eq!(oid(&[0x2b, 0x86]), None);
    }
}
