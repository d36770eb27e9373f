//! Baits that were put on the hospital's own machines, as detection knows them.

use std::collections::BTreeMap;

use crate::event::Observation;

/// Shortest token: a shorter word might be anybody's.
const SHORTEST: usize = 8;

/// Longest token; longer words are not looked up.
const LONGEST: usize = 48;

/// One bait.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bait {
    /// Its id.
    pub id: String,
    /// Where it was put, for people.
    pub place: String,
    /// By what it is known: letters and digits only, lower case.
    pub tokens: Vec<String>,
}

/// All baits that are out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Baits {
    baits: Vec<Bait>,
    by_token: BTreeMap<String, usize>,
}

impl Baits {
    /// Takes the baits that are out.
    pub fn new(baits: Vec<Bait>) -> Self {
        let mut by_token = BTreeMap::new();
        for (i, bait) in baits.iter().enumerate() {
            let tokens = bait.tokens.iter().filter(|token| token.len() >= SHORTEST);
            by_token.extend(tokens.map(|token| (token.clone(), i)));
        }
        Baits { baits, by_token }
    }

    /// The bait of which a token stands in what was seen, whatever the protocol and the field.
    pub(super) fn in_what(&self, observation: &Observation) -> Option<&Bait> {
        if self.by_token.is_empty() {
            return None;
        }
        let text = serde_json::to_string(observation).unwrap_or_default();
        let mut words = text.split(|c: char| !c.is_ascii_alphanumeric());
        words.find_map(|word| self.known(word))
    }

    fn known(&self, word: &str) -> Option<&Bait> {
        if !(SHORTEST..=LONGEST).contains(&word.len()) {
            return None;
        }
        let found = self.by_token.get(&word.to_ascii_lowercase())?;
        self.baits.get(*found)
    }
}
