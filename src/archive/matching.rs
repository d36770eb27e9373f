//! Attribute matching (PS3.4 C.2.2.2) as the toolkits do it: on bytes, with case.

use dicom_core::VR as Vr;

/// How a key is compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Matcher {
    /// An empty key: matches everything.
    Any,
    /// The whole value.
    Exact(Vec<u8>),
    /// `*` and `?`.
    Wildcard(Vec<u8>),
    /// One of several UIDs.
    Uids(Vec<Vec<u8>>),
    /// A date or a range of dates, as `YYYYMMDD`.
    Dates(Range),
    /// A time or a range of times, in microseconds of the day.
    Times(Range),
    /// A key that is no valid value of its kind: matches nothing.
    Nothing,
}

/// A single value or an inclusive range with open ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Range {
    /// First; `None` when open.
    pub first: Option<u64>,
    /// Last; `None` when open.
    pub last: Option<u64>,
}

impl Matcher {
    /// The matcher of a key of this representation. `key` has no padding any more.
    pub fn of(vr: Vr, key: &[u8]) -> Matcher {
        if key.is_empty() {
            return Matcher::Any;
        }
        match vr {
            Vr::AE | Vr::CS | Vr::LO | Vr::LT | Vr::PN | Vr::SH | Vr::ST | Vr::UC | Vr::UR | Vr::UT => {
                Matcher::Wildcard(key.to_vec())
            }
            Vr::DA => range(key, date).map_or(Matcher::Nothing, Matcher::Dates),
            Vr::TM => range(key, time).map_or(Matcher::Nothing, Matcher::Times),
            Vr::UI => Matcher::Uids(key.split(|byte| *byte == b'\\').map(<[u8]>::to_vec).collect()),
            Vr::AS | Vr::AT | Vr::DS | Vr::DT | Vr::FD | Vr::FL | Vr::IS | Vr::OB | Vr::OD | Vr::OF => {
                Matcher::Exact(key.to_vec())
            }
            Vr::OL | Vr::OV | Vr::OW | Vr::SL | Vr::SQ | Vr::SS | Vr::SV | Vr::UL | Vr::UN | Vr::US => {
                Matcher::Exact(key.to_vec())
            }
            Vr::UV => Matcher::Exact(key.to_vec()),
        }
    }

    /// Whether a value matches.
    pub fn matches(&self, value: &[u8]) -> bool {
        let value = value.trim_ascii();
        match self {
            Matcher::Any => true,
            Matcher::Exact(key) => key == value,
            Matcher::Wildcard(pattern) => wildcard(pattern, value),
            Matcher::Uids(uids) => uids.iter().any(|uid| uid == value),
            Matcher::Dates(range) => date(value).is_some_and(|day| range.holds(day)),
            Matcher::Times(range) => time(value).is_some_and(|at| range.holds(at)),
            Matcher::Nothing => false,
        }
    }

    /// Whether everything that has a value matches.
    pub fn is_unbounded(&self) -> bool {
        match self {
            Matcher::Any => true,
            Matcher::Wildcard(pattern) => pattern.iter().all(|byte| *byte == b'*'),
            Matcher::Dates(range) | Matcher::Times(range) => range.first.is_none() && range.last.is_none(),
            Matcher::Exact(_) | Matcher::Uids(_) | Matcher::Nothing => false,
        }
    }

    /// The pattern, when it is one.
    pub(super) fn pattern(&self) -> Option<&[u8]> {
        match self {
            Matcher::Wildcard(pattern) => Some(pattern),
            Matcher::Any | Matcher::Exact(_) | Matcher::Uids(_) => None,
            Matcher::Dates(_) | Matcher::Times(_) | Matcher::Nothing => None,
        }
    }

    /// The key when it names one value.
    pub fn single(&self) -> Option<&[u8]> {
        match self {
            Matcher::Exact(key) => Some(key),
            Matcher::Wildcard(key) if !key.iter().any(|byte| matches!(byte, b'*' | b'?')) => Some(key),
            Matcher::Any
            | Matcher::Wildcard(_)
            | Matcher::Uids(_)
            | Matcher::Dates(_)
            | Matcher::Times(_)
            | Matcher::Nothing => None,
        }
    }
}

/// Whether date and time lie in one range of moments, from the first day's first time to the last
/// day's last (PS3.4 C.2.2.2.5.4).
pub(super) fn in_moments(days: Range, clock: Range, day: &str, at: &str) -> bool {
    let (Some(day), Some(at)) = (date(day.trim().as_bytes()), time(at.trim().as_bytes())) else {
        return false;
    };
    let first = days.first.map(|first| (first, clock.first.unwrap_or(0)));
    let last = days.last.map(|last| (last, clock.last.unwrap_or(u64::MAX)));
    first.is_none_or(|first| first <= (day, at)) && last.is_none_or(|last| (day, at) <= last)
}

impl Range {
    fn holds(self, value: u64) -> bool {
        self.first.is_none_or(|first| first <= value) && self.last.is_none_or(|last| value <= last)
    }
}

/// Matches in linear space and at worst quadratic time, whatever the pattern.
pub(super) fn wildcard(pattern: &[u8], value: &[u8]) -> bool {
    let (mut at, mut from) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while let Some(byte) = value.get(from) {
        match pattern.get(at) {
            Some(b'*') => {
                star = Some((at, from));
                at += 1;
            }
            Some(key) if *key == b'?' || key == byte => {
                at += 1;
                from += 1;
            }
            Some(_) | None => {
                let Some((starred, began)) = star else { return false };
                star = Some((starred, began + 1));
                at = starred + 1;
                from = began + 1;
            }
        }
    }
    pattern.get(at..).unwrap_or_default().iter().all(|byte| *byte == b'*')
}

/// `a`, `a-b`, `-b`, `a-`; `None` when a part is not valid.
fn range(key: &[u8], read: fn(&[u8]) -> Option<u64>) -> Option<Range> {
    let Some(dash) = key.iter().position(|byte| *byte == b'-') else {
        let value = read(key)?;
        return Some(Range { first: Some(value), last: Some(value) });
    };
    let end = |part: &[u8]| if part.is_empty() { Some(None) } else { read(part).map(Some) };
    Some(Range { first: end(key.get(..dash)?)?, last: end(key.get(dash + 1..)?)? })
}

/// `YYYYMMDD` or `YYYY.MM.DD` as a number.
fn date(text: &[u8]) -> Option<u64> {
    let day = match (text.len(), text.get(4), text.get(7)) {
        (8, ..) => number(text)?,
        (10, Some(b'.'), Some(b'.')) => {
            number(text.get(..4)?)? * 10_000 + number(text.get(5..7)?)? * 100 + number(text.get(8..)?)?
        }
        _ => return None,
    };
    let (month, of_month) = (day / 100 % 100, day % 100);
    ((1..=12).contains(&month) && (1..=31).contains(&of_month)).then_some(day)
}

/// `HH[MM[SS[.F…]]]`, also with colons, in microseconds.
fn time(text: &[u8]) -> Option<u64> {
    let (clock, fraction) = match text.iter().position(|byte| *byte == b'.') {
        Some(dot) => (text.get(..dot)?, text.get(dot + 1..)?),
        None => (text, &b""[..]),
    };
    let digits: Vec<u8> = match (clock.len(), clock.get(2), clock.get(5)) {
        (2 | 4 | 6, ..) => clock.to_vec(),
        (5, Some(b':'), _) | (8, Some(b':'), Some(b':')) => {
            clock.iter().copied().filter(|byte| *byte != b':').collect()
        }
        _ => return None,
    };
    let part = |range: std::ops::Range<usize>| digits.get(range).map_or(Some(0), number);
    let (hour, minute, second) = (number(digits.get(..2)?)?, part(2..4)?, part(4..6)?);
    if hour > 23
        || minute > 59
        || second > 60
        || fraction.len() > 6
        || (fraction.is_empty() && clock.len() < text.len())
    {
        return None;
    }
    let mut micros = if fraction.is_empty() { 0 } else { number(fraction)? };
    for _ in fraction.len()..6 {
        micros *= 10;
    }
    let micros = if fraction.is_empty() { 0 } else { micros };
    Some(((hour * 60 + minute) * 60 + second) * 1_000_000 + micros)
}

/// Decimal digits, at most ten.
fn number(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() || digits.len() > 10 || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    Some(digits.iter().fold(0, |sum, digit| sum * 10 + u64::from(digit - b'0')))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn hit(vr: Vr, key: &str, value: &str) -> bool {
        Matcher::of(vr, key.as_bytes()).matches(value.as_bytes())
    }

    #[test]
    fn names_match_with_case_and_whole() {
        for (key, expected) in [
            ("Zhang*", true),
            ("ZHANG*", false),
            ("Zhang^San", false),
            ("Zhang^San*", true),
            ("?hang^San=*", true),
            ("*张*", true),
            ("张*", false),
            ("*", true),
            ("**^**", true),
            ("Zhang^San=张^三", true),
            ("Zhang*\\Wang*", false),
        ] {
            assert_eq!(hit(Vr::PN, key, "Zhang^San=张^三"), expected, "{key}");
        }
    }

    #[test]
    fn dates_and_ranges() {
        for (key, expected) in [
            ("20260103", true),
            ("20260104", false),
            ("20260101-20260103", true),
            ("-20260102", false),
            ("-20260103", true),
            ("20260103-", true),
            ("-", true),
            ("20260104-20260102", false),
            ("2026.01.03", true),
            ("2026-01-03", false),
            ("20260101-x", false),
            ("20260101-20260230", true),
            ("*", false),
            ("foo", false),
        ] {
            assert_eq!(hit(Vr::DA, key, "20260103"), expected, "{key}");
        }
    }

    #[test]
    fn times_and_ranges() {
        for (key, expected) in [
            ("10", false),
            ("10:11:12", true),
            ("101112.000", true),
            ("1011-1012", true),
            ("10-11", true),
            ("11-12", false),
            ("-1030", true),
            ("1030-", false),
            ("1030-x", false),
            ("99", false),
            ("101112.", false),
        ] {
            assert_eq!(hit(Vr::TM, key, "101112"), expected, "{key}");
        }
        assert!(hit(Vr::TM, "101112-101113", "101112.345000"));
        assert!(!hit(Vr::TM, "101112", "101112.345000"));
    }

    #[test]
    fn dates_and_times_can_be_one_range() {
        let of = |key: &str, vr: Vr| match Matcher::of(vr, key.as_bytes()) {
            Matcher::Dates(range) | Matcher::Times(range) => range,
            other => panic!("{other:?}"),
        };
        let (days, clock) = (of("20260103-20260105", Vr::DA), of("1000-1200", Vr::TM));
        for (day, at, expected) in [
            ("20260103", "0900", false),
            ("20260103", "1300", true),
            ("20260104", "0300", true),
            ("20260105", "1200", true),
            ("20260105", "1201", false),
            ("20260106", "1100", false),
            ("20260104", "", false),
        ] {
            assert_eq!(in_moments(days, clock, day, at), expected, "{day} {at}");
        }
        assert!(in_moments(of("20260103-", Vr::DA), of("1000-", Vr::TM), "20270101", "0000"));
    }

    #[test]
    fn uids_are_lists_and_never_wild() {
        assert!(hit(Vr::UI, "1.2.3\\1.2.4", "1.2.4"));
        assert!(!hit(Vr::UI, "1.2*", "1.2.4"));
        assert!(hit(Vr::IS, "2", "2") && !hit(Vr::IS, "*", "2"));
    }

    #[test]
    fn hard_patterns_end_soon() {
        let pattern = "*a".repeat(200) + "b";
        assert!(!wildcard(pattern.as_bytes(), "a".repeat(4000).as_bytes()));
    }

    proptest! {
        #[test]
        fn wildcards_agree_with_the_plain_definition(pattern in "[ab*?]{0,8}", value in "[ab]{0,8}") {
            fn plain(pattern: &[u8], value: &[u8]) -> bool {
                match (pattern.split_first(), value.split_first()) {
                    (None, None) => true,
                    (Some((b'*', rest)), _) => plain(rest, value) || value.split_first().is_some_and(|(_, v)| plain(pattern, v)),
                    (Some((p, rest)), Some((v, left))) => (*p == b'?' || p == v) && plain(rest, left),
                    _ => false,
                }
            }
            prop_assert_eq!(wildcard(pattern.as_bytes(), value.as_bytes()), plain(pattern.as_bytes(), value.as_bytes()));
        }

        #[test]
        fn hostile_keys_never_panic(key in prop::collection::vec(any::<u8>(), 0..40), value in prop::collection::vec(any::<u8>(), 0..40)) {
            for vr in [Vr::PN, Vr::DA, Vr::TM, Vr::UI, Vr::IS] {
                Matcher::of(vr, &key).matches(&value);
            }
        }
    }
}
