//! What `${name…}` does to a value.

use crate::decoys::ssh::shell::text::{Marked, matches};

pub(super) fn trim(value: &str, pattern: &[Marked], suffix: bool, longest: bool) -> String {
    let letters: Vec<char> = value.chars().collect();
    let count = letters.len();
    let mut cuts: Vec<usize> = (0..=count).collect();
    if longest {
        cuts.reverse();
    }
    for cut in cuts {
        let (piece, rest) = if suffix {
            (letters.get(count - cut..), letters.get(..count - cut))
        } else {
            (letters.get(..cut), letters.get(cut..))
        };
        if piece.is_some_and(|p| matches(pattern, p)) {
            return rest.unwrap_or_default().iter().collect();
        }
    }
    value.to_owned()
}

pub(super) fn replace(value: &str, pattern: &[Marked], with: &str, all: bool) -> String {
    let letters: Vec<char> = value.chars().take(4096).collect();
    let mut out = String::new();
    let mut at = 0;
    let mut open = true;
    while at < letters.len() {
        let found = (at + 1..=letters.len())
            .rev()
            .find(|end| open && letters.get(at..*end).is_some_and(|p| matches(pattern, p)));
        match found {
            Some(end) => {
                out.push_str(with);
                at = end;
                open = all;
            }
            None => {
                out.extend(letters.get(at));
                at += 1;
            }
        }
    }
    out
}

pub(super) fn slice(value: &str, offset: i64, length: Option<i64>) -> String {
    let letters: Vec<char> = value.chars().collect();
    let count = i64::try_from(letters.len()).unwrap_or(0);
    let start = if offset < 0 { (count + offset).max(0) } else { offset.min(count) };
    let end = match length {
        None => count,
        Some(length) if length < 0 => (count + length).max(start),
        Some(length) => start.saturating_add(length).min(count),
    };
    let range = usize::try_from(start).unwrap_or(0)..usize::try_from(end).unwrap_or(0);
    letters.get(range).unwrap_or_default().iter().collect()
}

pub(super) fn case(value: &str, upper: bool, all: bool) -> String {
    let turn = |c: char| if upper { c.to_uppercase().to_string() } else { c.to_lowercase().to_string() };
    value.chars().enumerate().map(|(n, c)| if all || n == 0 { turn(c) } else { c.into() }).collect()
}
