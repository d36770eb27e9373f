//! `Range` as nginx reads it (RFC 9110 section 14.2).

use std::ops::Range;

/// Most ranges of one request; nginx has no limit of its own, the header's size is one.
const MAX_RANGES: usize = 256;

/// What a `Range` header asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ranges {
    /// Everything: not a byte range, or more than the file holds.
    Whole,
    /// Nothing that the file has.
    Unsatisfiable,
    /// These parts.
    Parts(Vec<Range<usize>>),
}

/// Reads the header for a file of `size` bytes.
pub fn parse(value: &[u8], size: usize) -> Ranges {
    let unit = value.get(..6).unwrap_or_default();
    if value.len() < 7 || !unit.eq_ignore_ascii_case(b"bytes=") {
        return Ranges::Whole;
    }
    let mut parts = Vec::new();
    for spec in value.get(6..).unwrap_or_default().split(|b| *b == b',').take(MAX_RANGES) {
        match part(spec, size) {
            Ok(Some(part)) => parts.push(part),
            Ok(None) => {}
            Err(()) => return Ranges::Unsatisfiable,
        }
    }
    let total: usize = parts.iter().map(Range::len).sum();
    if parts.is_empty() {
        Ranges::Unsatisfiable
    } else if total > size {
        Ranges::Whole
    } else {
        Ranges::Parts(parts)
    }
}

/// One part; `None` when it lies outside the file, an error when it is not a range.
fn part(spec: &[u8], size: usize) -> Result<Option<Range<usize>>, ()> {
    let spec = std::str::from_utf8(spec.trim_ascii()).map_err(|_| ())?;
    let (first, last) = spec.split_once('-').ok_or(())?;
    let (first, last) = (first.trim_end(), last.trim_start());
    if first.is_empty() {
        let suffix = number(last)?;
        let start = size.saturating_sub(suffix);
        return Ok((start < size).then_some(start..size));
    }
    let start = number(first)?;
    let end = if last.is_empty() { size } else { number(last)?.saturating_add(1).min(size) };
    Ok((start < end).then_some(start..end))
}

fn number(text: &str) -> Result<usize, ()> {
    if text.is_empty() || !text.bytes().all(|b| b.is_ascii_digit()) {
        return Err(());
    }
    text.parse().map_err(|_| ())
}

#[cfg(test)]
#[expect(clippy::single_range_in_vec_init, reason = "one part is one range")]
mod tests {
    use super::*;

    #[test]
    fn ranges() {
        assert_eq!(parse(b"bytes=0-4", 35), Ranges::Parts(vec![0..5]));
        assert_eq!(parse(b"bytes=-4", 35), Ranges::Parts(vec![31..35]));
        assert_eq!(parse(b"bytes=30-400", 35), Ranges::Parts(vec![30..35]));
        assert_eq!(parse(b"bytes=0-1,4-5", 35), Ranges::Parts(vec![0..2, 4..6]));
        assert_eq!(parse(b"bytes=0-,0-", 35), Ranges::Whole);
        assert_eq!(parse(b"lines=1-2", 35), Ranges::Whole);
        for bad in [&b"bytes=x"[..], b"bytes=5-2", b"bytes=400-", b"bytes=0-1,x"] {
            assert_eq!(parse(bad, 35), Ranges::Unsatisfiable);
        }
    }
}
