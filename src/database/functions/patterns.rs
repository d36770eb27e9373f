//! LIKE with the products' own patterns.

use super::{Answer, Function, function, maybe_whole, size, text_of};
use rusqlite::types::Value as Cell;

pub(super) static FUNCTIONS: &[Function] = &[
    function("like", "*", (2, 3), |_, a| like(a, false, false)),
    function("like_nocase", "*", (2, 3), |_, a| like(a, true, false)),
    function("like_classes", "*", (2, 3), |_, a| like(a, true, true)),
    function("patindex", "s", (2, 2), |_, a| patindex(a)),
    function("matches", "*", (2, 2), |_, a| contains(text_of(a, 0), text_of(a, 1))),
    function("regexp", "*", (2, 2), |_, a| contains(text_of(a, 1), text_of(a, 0))),
    function("any", "*", (2, 2), |_, a| {
        let list = text_of(a, 1).unwrap_or_default();
        let mut parts =
            list.trim_matches(['[', ']', '{', '}']).split(',').map(|part| part.trim().trim_matches('"'));
        maybe_whole(text_of(a, 0).map(|text| i64::from(parts.any(|part| part == text))))
    }),
];

/// Most steps that one comparison takes: patterns of many `%` go back and forth.
const MAX_STEPS: u32 = 200_000;

/// A piece of a pattern.
enum Piece {
    Any,
    One,
    Char(char),
    Class(Vec<(char, char)>, bool),
}

fn like(arguments: &[Cell], fold: bool, classes: bool) -> Answer {
    let (Some(pattern), Some(text)) = (text_of(arguments, 0), text_of(arguments, 1)) else {
        return Ok(Cell::Null);
    };
    let escape = text_of(arguments, 2).and_then(|escape| escape.chars().next());
    let lower = |text: String| if fold { text.to_lowercase() } else { text };
    let escape = escape.or((fold && !classes).then_some('\\'));
    let pieces = pieces(&lower(pattern), escape, classes);
    let text: Vec<char> = lower(text).chars().collect();
    maybe_whole(Some(i64::from(matches(&pieces, &text, &mut 0))))
}

/// SQL Server's LIKE without regard to case, outside of a statement.
pub(in crate::database) fn is_like(pattern: &str, text: &str) -> bool {
    let pieces = pieces(&pattern.to_lowercase(), None, true);
    let text: Vec<char> = text.to_lowercase().chars().collect();
    matches(&pieces, &text, &mut 0)
}

fn pieces(pattern: &str, escape: Option<char>, classes: bool) -> Vec<Piece> {
    let mut made = Vec::new();
    let mut chars = pattern.chars().peekable();
    while let Some(c) = chars.next() {
        made.push(match c {
            c if Some(c) == escape => Piece::Char(chars.next().unwrap_or(c)),
            '%' => Piece::Any,
            '_' => Piece::One,
            '[' if classes => {
                let negated = chars.next_if_eq(&'^').is_some();
                let mut ranges = Vec::new();
                while let Some(first) = chars.next() {
                    if first == ']' {
                        break;
                    }
                    let last = match chars.next_if_eq(&'-') {
                        Some(_) => chars.next_if(|c| *c != ']').unwrap_or(first),
                        None => first,
                    };
                    ranges.push((first, last));
                }
                Piece::Class(ranges, negated)
            }
            c => Piece::Char(c),
        });
    }
    made
}

/// Two places and the last `%`: no recursion, so no pattern is too deep.
fn matches(pieces: &[Piece], text: &[char], steps: &mut u32) -> bool {
    let (mut piece, mut at) = (0, 0);
    let mut back: Option<(usize, usize)> = None;
    while *steps < MAX_STEPS {
        *steps += 1;
        let fits = match (pieces.get(piece), text.get(at)) {
            (None, None) => return true,
            (Some(Piece::Any), _) => {
                back = Some((piece, at));
                piece += 1;
                continue;
            }
            (Some(Piece::One), Some(_)) => true,
            (Some(Piece::Char(wanted)), Some(c)) => wanted == c,
            (Some(Piece::Class(ranges, negated)), Some(c)) => {
                ranges.iter().any(|(first, last)| (first..=last).contains(&c)) != *negated
            }
            (None, Some(_)) | (Some(_), None) => false,
        };
        if fits {
            (piece, at) = (piece + 1, at + 1);
            continue;
        }
        match &mut back {
            Some((any, from)) if *from < text.len() => {
                *from += 1;
                (piece, at) = (*any + 1, *from);
            }
            _ => return false,
        }
    }
    false
}

fn patindex(arguments: &[Cell]) -> Answer {
    let (Some(pattern), Some(text)) = (text_of(arguments, 0), text_of(arguments, 1)) else {
        return Ok(Cell::Null);
    };
    let text: Vec<char> = text.to_lowercase().chars().collect();
    let free = pattern.starts_with('%');
    let pieces = pieces(pattern.to_lowercase().trim_start_matches('%'), None, true);
    let mut steps = 0;
    let last = if free { text.len() } else { 1 };
    for from in 0..last {
        if text.get(from..).is_some_and(|rest| matches(&pieces, rest, &mut steps)) {
            return size(from + 1);
        }
    }
    size(0)
}

/// Regular expressions as clients of a catalogue use them: alternatives of plain words with anchors.
fn contains(text: Option<String>, pattern: Option<String>) -> Answer {
    let (Some(text), Some(pattern)) = (text, pattern) else { return Ok(Cell::Null) };
    let text = text.to_lowercase();
    let found = pattern.to_lowercase().trim_matches(['(', ')']).split('|').any(|word| {
        let plain = word.trim_start_matches("^(").trim_end_matches(")$");
        let (start, end) = (plain.starts_with('^'), plain.ends_with('$'));
        let plain = plain.trim_matches(['^', '$', '(', ')']).replace(".*", "").replace('\\', "");
        match (start || word.starts_with("^("), end || word.ends_with(")$")) {
            (true, true) => text == plain,
            (true, false) => text.starts_with(&plain),
            (false, true) => text.ends_with(&plain),
            (false, false) => text.contains(&plain),
        }
    });
    maybe_whole(Some(i64::from(found)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn like_of(pattern: &str, text: &str) -> bool {
        let arguments = [Cell::Text(pattern.into()), Cell::Text(text.into())];
        like(&arguments, true, true).unwrap() == Cell::Integer(1)
    }

    #[test]
    fn patterns_are_those_of_the_product() {
        assert!(like_of("%pat%", "ZY_PATIENT"));
        assert!(like_of("[A-C]_z", "bxz"));
        assert!(!like_of("[^A-C]%", "bxz"));
        assert!(like_of("张%", "张三"));
        assert!(like_of("a[_]b", "a_b") && !like_of("a[_]b", "axb"));
        assert!(like_of("%", "") && !like_of("_", ""));
        let evil = "%a".repeat(2000);
        assert!(!like_of(&evil, &"a".repeat(1500)));
    }
}
