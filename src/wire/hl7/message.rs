//! Views of a message: segments, fields, repetitions, components. No copy, no change.

use std::borrow::Cow;
use std::fmt;

use super::Delimiters;

/// A message as it came, with the delimiters of its header.
#[derive(Debug, Clone, Copy)]
pub struct Message<'a> {
    raw: &'a [u8],
    delimiters: Delimiters,
}

/// Why bytes are no message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Malformed {
    /// They don't begin with `MSH`.
    NoHeader,
    /// The header ends before its delimiters.
    NoDelimiters,
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Malformed::NoHeader => "message does not begin with MSH",
            Malformed::NoDelimiters => "MSH ends before its delimiters",
        })
    }
}

impl std::error::Error for Malformed {}

impl<'a> Message<'a> {
    /// Takes a message: `MSH`, then delimiters. All else may be missing.
    ///
    /// # Errors
    /// [`Malformed`] when there is no header to cut by.
    pub fn parse(raw: &'a [u8]) -> Result<Self, Malformed> {
        if !raw.starts_with(b"MSH") {
            return Err(Malformed::NoHeader);
        }
        let delimiters = Delimiters::of_header(raw).ok_or(Malformed::NoDelimiters)?;
        Ok(Message { raw, delimiters })
    }

    /// Cuts bytes that may begin with anything, by whatever stands where a header has its
    /// delimiters: some engines answer even to that.
    pub fn parse_unchecked(raw: &'a [u8]) -> Option<Self> {
        Delimiters::of_header(raw).map(|delimiters| Message { raw, delimiters })
    }

    /// The bytes.
    pub fn raw(&self) -> &'a [u8] {
        self.raw
    }

    /// The delimiters of the header.
    pub fn delimiters(&self) -> Delimiters {
        self.delimiters
    }

    /// All segments in order. Senders part them by CR (2.5.1), some by LF or both.
    pub fn segments(&self) -> impl Iterator<Item = Segment<'a>> + use<'a> {
        let delimiters = self.delimiters;
        self.raw
            .split(|b| *b == b'\r' || *b == b'\n')
            .filter(|raw| !raw.is_empty())
            .map(move |raw| Segment { raw, delimiters })
    }

    /// The first segment.
    pub fn header(&self) -> Segment<'a> {
        self.segments().next().unwrap_or(Segment { raw: b"", delimiters: self.delimiters })
    }

    /// The first segment with this id (`PID`).
    pub fn first(&self, id: &str) -> Option<Segment<'a>> {
        self.segments().find(|segment| segment.is(id))
    }

    /// A field of the header: MSH-`n`.
    pub fn msh(&self, n: usize) -> Field<'a> {
        self.header().field(n)
    }
}

/// One segment.
#[derive(Debug, Clone, Copy)]
pub struct Segment<'a> {
    raw: &'a [u8],
    delimiters: Delimiters,
}

impl<'a> Segment<'a> {
    /// A segment that was kept apart from its message.
    pub fn new(raw: &'a [u8], delimiters: Delimiters) -> Self {
        Segment { raw, delimiters }
    }

    /// The bytes, without the terminator.
    pub fn raw(&self) -> &'a [u8] {
        self.raw
    }

    /// The delimiters it is cut by.
    pub fn delimiters(&self) -> Delimiters {
        self.delimiters
    }

    /// Whether the segment id is this.
    pub fn is(&self, id: &str) -> bool {
        self.raw.strip_prefix(id.as_bytes()).is_some_and(|rest| match rest.first() {
            Some(next) => *next == self.delimiters.field,
            None => true,
        })
    }

    /// Field `n`, from 1. Header segments (MSH, FHS, BHS) count the separator as their first.
    /// Empty when missing.
    pub fn field(&self, n: usize) -> Field<'a> {
        let header = self.is("MSH") || self.is("FHS") || self.is("BHS");
        let separator = self.delimiters.field;
        let raw = match (header, n) {
            (true, 0) => b"",
            (true, 1) => self.raw.get(3..4).unwrap_or_default(),
            (true, _) => self.raw.split(|b| *b == separator).nth(n - 1).unwrap_or_default(),
            (false, _) => self.raw.split(|b| *b == separator).nth(n).unwrap_or_default(),
        };
        Field { raw, delimiters: self.delimiters }
    }
}

/// A field, a repetition, a component or a subcomponent: bytes and how to cut them further.
#[derive(Debug, Clone, Copy)]
pub struct Field<'a> {
    raw: &'a [u8],
    delimiters: Delimiters,
}

impl<'a> Field<'a> {
    /// The bytes, escapes as they stand.
    pub fn raw(&self) -> &'a [u8] {
        self.raw
    }

    /// Whether nothing is there.
    pub fn is_empty(&self) -> bool {
        self.raw.is_empty()
    }

    /// The repetitions, at least one.
    pub fn repetitions(&self) -> impl Iterator<Item = Field<'a>> + use<'a> {
        let delimiters = self.delimiters;
        self.raw.split(move |b| *b == delimiters.repetition).map(move |raw| Field { raw, delimiters })
    }

    /// Component `n`, from 1, of the first repetition. Empty when missing.
    pub fn component(&self, n: usize) -> Field<'a> {
        let first = self.raw.split(|b| *b == self.delimiters.repetition).next().unwrap_or_default();
        self.cut(first, self.delimiters.component, n)
    }

    /// Subcomponent `n`, from 1, of a component. Empty when missing.
    pub fn subcomponent(&self, n: usize) -> Field<'a> {
        self.cut(self.raw, self.delimiters.subcomponent, n)
    }

    fn cut(&self, raw: &'a [u8], by: u8, n: usize) -> Field<'a> {
        let part = n.checked_sub(1).and_then(|at| raw.split(|b| *b == by).nth(at));
        Field { raw: part.unwrap_or_default(), delimiters: self.delimiters }
    }

    /// The bytes with escape sequences for delimiters and hexadecimal data resolved, 2.7.
    /// Sequences for highlighting and formatting stay as they are.
    pub fn value(&self) -> Cow<'a, [u8]> {
        if self.raw.contains(&self.delimiters.escape) {
            Cow::Owned(unescape(self.raw, self.delimiters))
        } else {
            Cow::Borrowed(self.raw)
        }
    }

    /// The value as text without blanks around; bytes that are not UTF-8 become U+FFFD.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.value()).trim().to_owned()
    }
}

fn unescape(raw: &[u8], delimiters: Delimiters) -> Vec<u8> {
    let mut out = Vec::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(at) = rest.iter().position(|b| *b == delimiters.escape) {
        let (before, after) = rest.split_at(at);
        out.extend_from_slice(before);
        let inside = after.get(1..).unwrap_or_default();
        match inside.iter().position(|b| *b == delimiters.escape) {
            Some(end) if resolve(inside.get(..end).unwrap_or_default(), delimiters, &mut out) => {
                rest = inside.get(end + 1..).unwrap_or_default();
            }
            _ => {
                out.push(delimiters.escape);
                rest = inside;
            }
        }
    }
    out.extend_from_slice(rest);
    out
}

fn resolve(sequence: &[u8], delimiters: Delimiters, out: &mut Vec<u8>) -> bool {
    match sequence {
        [letter] => match delimiters.of_letter(*letter) {
            Some(byte) => out.push(byte),
            None => return false,
        },
        [b'X', digits @ ..] if !digits.is_empty() => match hex::decode(digits) {
            Ok(bytes) => out.extend_from_slice(&bytes),
            Err(_) => return false,
        },
        _ => return false,
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ADT: &[u8] = b"MSH|^~\\&|HIS|YY01|ESB|YY01|20260301081500||ADT^A01^ADT_A01|M1|P|2.4|||AL|NE\rEVN|A01\rPID|1||0001^^^HIS^MR~51^^^GA^SS||Wang^Li&Na\n";

    #[test]
    fn fields_are_found_by_their_number() {
        let message = Message::parse(ADT).unwrap();
        assert_eq!(message.msh(1).raw(), b"|");
        assert_eq!(message.msh(2).raw(), b"^~\\&");
        assert_eq!(message.msh(9).component(2).raw(), b"A01");
        assert_eq!(message.msh(16).raw(), b"NE");
        assert!(message.msh(18).is_empty());
        let pid = message.first("PID").unwrap();
        let ids: Vec<_> = pid.field(3).repetitions().map(|r| r.component(1).text()).collect();
        assert_eq!(ids, ["0001", "51"]);
        assert_eq!(pid.field(5).component(2).subcomponent(2).raw(), b"Na");
        assert_eq!(message.segments().count(), 3);
    }

    #[test]
    fn a_segment_id_is_matched_whole() {
        let segment = Segment::new(b"PIDX|1", Delimiters::STANDARD);
        assert!(!segment.is("PID"));
        assert!(Segment::new(b"PID", Delimiters::STANDARD).is("PID"));
    }

    #[test]
    fn escapes_resolve_and_unknown_ones_stay() {
        let of = |raw| Field { raw, delimiters: Delimiters::STANDARD }.text();
        assert_eq!(of(b"10\\S\\9/L"), "10^9/L");
        assert_eq!(of(b"a\\F\\b\\T\\c\\R\\d\\E\\e"), "a|b&c~d\\e");
        assert_eq!(of(b"\\X414243\\"), "ABC");
        assert_eq!(of(b"\\H\\bold\\N\\ \\.br\\ C:\\dir"), "\\H\\bold\\N\\ \\.br\\ C:\\dir");
        assert_eq!(of(b"ends\\"), "ends\\");
    }

    #[test]
    fn bytes_without_header_are_refused() {
        assert_eq!(Message::parse(b"PID|1").unwrap_err(), Malformed::NoHeader);
        assert_eq!(Message::parse(b"MSH|").unwrap_err(), Malformed::NoDelimiters);
        assert_eq!(Message::parse(b"").unwrap_err(), Malformed::NoHeader);
    }

    proptest! {
        #[test]
        fn cutting_loses_no_byte(body in proptest::collection::vec(any::<u8>(), 0..300)) {
            let raw = [b"MSH|^~\\&|".as_slice(), &body].concat();
            let message = Message::parse(&raw).unwrap();
            let segments: Vec<_> = message.segments().collect();
            let bytes: usize = segments.iter().map(|s| s.raw().len()).sum();
            let ends = raw.iter().filter(|b| **b == b'\r' || **b == b'\n').count();
            prop_assert_eq!(bytes + ends, raw.len());
            for segment in segments.iter().filter(|s| !s.is("MSH")) {
                let joined = (0..=segment.raw().len())
                    .map(|n| segment.field(n).raw())
                    .take(segment.raw().split(|b| *b == b'|').count())
                    .collect::<Vec<_>>()
                    .join(&b'|');
                // Field 0 of a plain segment is its id; header segments count otherwise.
                if !segment.is("FHS") && !segment.is("BHS") {
                    prop_assert_eq!(joined, segment.raw());
                }
            }
        }

        #[test]
        fn any_bytes_are_read_without_panic(raw in proptest::collection::vec(any::<u8>(), 0..200), n in 0usize..40) {
            if let Some(message) = Message::parse_unchecked(&raw) {
                for segment in message.segments() {
                    let _ = segment.field(n).component(n).subcomponent(n).text();
                }
            }
        }
    }
}
