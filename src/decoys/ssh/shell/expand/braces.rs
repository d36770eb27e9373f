//! `{a,b}` and `{1..9}`.

use crate::decoys::ssh::shell::ast::{Part, Word};

/// `{a,b}` and `{1..9}`: at most this many words.
const MAX_BRACES: usize = 4_096;

pub(super) fn braces(word: &Word) -> Vec<Word> {
    for (n, part) in word.0.iter().enumerate() {
        let Part::Text { text, quoted: false } = part else { continue };
        let Some((before, choices, after)) = brace(text) else { continue };
        let mut out = Vec::new();
        for choice in choices {
            let mut parts = word.0.clone();
            if let Some(slot) = parts.get_mut(n) {
                *slot = Part::Text { text: format!("{before}{choice}{after}"), quoted: false };
            }
            out.extend(braces(&Word(parts)));
            if out.len() >= MAX_BRACES {
                break;
            }
        }
        return out;
    }
    vec![word.clone()]
}

fn brace(text: &str) -> Option<(&str, Vec<String>, &str)> {
    let open = text.find('{')?;
    let close = open + text.get(open..)?.find('}')?;
    let inside = text.get(open + 1..close)?;
    if inside.contains('{') {
        return None;
    }
    let choices = if let Some((from, to)) = inside.split_once("..") {
        range(from, to)?
    } else if inside.contains(',') {
        inside.split(',').map(str::to_owned).collect()
    } else {
        return None;
    };
    Some((text.get(..open)?, choices, text.get(close + 1..)?))
}

fn range(from: &str, to: &str) -> Option<Vec<String>> {
    if let (Ok(a), Ok(b)) = (from.parse::<i64>(), to.parse::<i64>()) {
        let wide = if from.starts_with('0') && from.len() > 1 { from.len() } else { 0 };
        let count = usize::try_from(a.abs_diff(b)).ok()?.min(MAX_BRACES - 1);
        let step = if a <= b { 1 } else { -1 };
        return Some(
            (0..=count).map(|n| format!("{:0wide$}", a + step * i64::try_from(n).unwrap_or(0))).collect(),
        );
    }
    let (mut a, mut b) = (from.chars(), to.chars());
    match (a.next()?, a.next(), b.next()?, b.next()) {
        (a, None, b, None) if a <= b => Some((a..=b).map(String::from).collect()),
        (a, None, b, None) => Some((b..=a).rev().map(String::from).collect()),
        _ => None,
    }
}
