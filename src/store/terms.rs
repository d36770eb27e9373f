//! What a session can be found by: accounts, hashes, and the words of what was sent.

use crate::event::{Observation, Tainted};

/// Longest word that is kept; a longer one is noise or a payload.
const WORD: usize = 64;

/// Characters of one text that are looked at: a search is for what stands at its head.
const TEXT: usize = 1_024;

/// Hands every term of an observation over.
pub(super) fn of(observation: &Observation, mut found: impl FnMut(String)) {
    let found = &mut found;
    match observation {
        Observation::AuthAttempt { account, .. } => {
            found(account_term(&account.for_terminal()));
            words(account, found);
        }
        Observation::Fingerprint { value, .. } => words(value, found),
        Observation::Request { verb, target, .. } => {
            words(verb, found);
            words(target, found);
        }
        Observation::Command { line, .. } => words(line, found),
        Observation::Query { filter, .. } => words(filter, found),
        Observation::RecordRead { ids, .. } => ids.iter().for_each(|id| plain_words(id, found)),
        Observation::RecordWrite { ids, .. } => ids.iter().for_each(|id| words(id, found)),
        Observation::Message { message_type, control_id, .. } => {
            words(message_type, found);
            words(control_id, found);
        }
        Observation::Transfer { name, sha256, .. } => {
            words(name, found);
            found(hash_term(sha256));
        }
        Observation::Content { sha256, media, .. } => {
            found(hash_term(sha256));
            plain_words(media, found);
        }
        Observation::Tunnel { means, target, .. } => {
            plain_words(means, found);
            words(target, found);
        }
        Observation::ExploitAttempt { weakness, payload } => {
            plain_words(weakness, found);
            words(payload, found);
        }
        Observation::Tampering { id, .. } => plain_words(id, found),
        Observation::RealData { sha256, .. } => found(hash_term(sha256)),
        Observation::LureTouched { lure, .. } => plain_words(lure, found),
        Observation::Opened { .. }
        | Observation::Closed { .. }
        | Observation::Malformed { .. }
        | Observation::Probe { .. } => {}
    }
}

/// The term of an account.
pub(super) fn account_term(account: &str) -> String {
    format!("a:{}", account.to_lowercase().chars().take(WORD).collect::<String>())
}

/// The term of a technique.
pub(super) fn technique_term(technique: &str) -> String {
    format!("t:{}", technique.to_uppercase())
}

/// The term of a file.
pub(super) fn hash_term(sha256: &str) -> String {
    format!("h:{}", sha256.to_lowercase().chars().take(WORD).collect::<String>())
}

/// The terms of a text: letters and digits as words, two neighbours of a script without spaces.
pub(super) fn word_terms(text: &str) -> Vec<String> {
    let mut terms = Vec::new();
    plain_words(text, &mut |term| terms.push(term));
    terms
}

fn words(text: &Tainted, found: &mut impl FnMut(String)) {
    if !text.is_empty() {
        plain_words(&text.for_terminal(), found);
    }
}

fn plain_words(text: &str, found: &mut impl FnMut(String)) {
    let text: String = text.chars().take(TEXT).collect::<String>().to_lowercase();
    for run in text.split(|c: char| !c.is_alphanumeric() && c != '_') {
        let mut rest = run;
        while let Some(first) = rest.chars().next() {
            let is_same = |c: &char| is_ideograph(*c) == is_ideograph(first);
            let end = rest.chars().take_while(is_same).map(char::len_utf8).sum();
            let (part, after) = rest.split_at(end);
            rest = after;
            if is_ideograph(first) {
                pairs(part, found);
            } else if part.len() <= WORD {
                found(format!("w:{part}"));
            }
        }
    }
}

fn pairs(run: &str, found: &mut impl FnMut(String)) {
    let letters: Vec<char> = run.chars().collect();
    if letters.len() == 1 {
        found(format!("w:{run}"));
    }
    for pair in letters.windows(2) {
        found(format!("w:{}", pair.iter().collect::<String>()));
    }
}

/// Chinese characters, as far as patients' names and commands have them.
fn is_ideograph(c: char) -> bool {
    matches!(c, '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_cut_as_people_search_them() {
        assert_eq!(
            word_terms("cat /etc/passwd; 张伟强PACS_01 李"),
            ["w:cat", "w:etc", "w:passwd", "w:张伟", "w:伟强", "w:pacs_01", "w:李"]
        );
        assert!(word_terms(&"x".repeat(100)).is_empty());
        assert_eq!(account_term("Admin"), "a:admin");
    }
}
