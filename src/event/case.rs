//! What the security team does with an incident: each act is a record in the chain.

use serde::{Deserialize, Serialize};

/// How far the team is with an incident.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CaseState {
    /// Nobody has said a word yet.
    #[default]
    New,
    /// Somebody has seen it.
    Acknowledged,
    /// Somebody works on it.
    InProgress,
    /// Done: it was an intruder.
    ClosedTrue,
    /// Done: real, but nobody meant harm.
    ClosedBenign,
    /// Done: a test or an exercise.
    ClosedTest,
}

impl CaseState {
    /// All of them, in the order of work.
    pub const ALL: [CaseState; 6] = [
        CaseState::New,
        CaseState::Acknowledged,
        CaseState::InProgress,
        CaseState::ClosedTrue,
        CaseState::ClosedBenign,
        CaseState::ClosedTest,
    ];

    /// Its name in records, forms and the store.
    pub fn name(self) -> &'static str {
        match self {
            CaseState::New => "new",
            CaseState::Acknowledged => "acknowledged",
            CaseState::InProgress => "in_progress",
            CaseState::ClosedTrue => "closed_true",
            CaseState::ClosedBenign => "closed_benign",
            CaseState::ClosedTest => "closed_test",
        }
    }

    /// By its name.
    pub fn named(name: &str) -> Option<Self> {
        CaseState::ALL.into_iter().find(|state| state.name() == name)
    }

    /// Whether nothing is left to do.
    pub fn is_closed(self) -> bool {
        match self {
            CaseState::New | CaseState::Acknowledged | CaseState::InProgress => false,
            CaseState::ClosedTrue | CaseState::ClosedBenign | CaseState::ClosedTest => true,
        }
    }
}

/// One change to an incident by a user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "change", rename_all = "snake_case", deny_unknown_fields)]
pub enum CaseChange {
    /// It is in another state now.
    State {
        /// The new state.
        to: CaseState,
    },
    /// Somebody else works on it.
    Assigned {
        /// An account of the console; empty: nobody.
        to: String,
    },
    /// Somebody wrote something down.
    Note {
        /// The words, at most [`MAX_NOTE`] bytes.
        text: String,
    },
}

/// Longest note, in bytes: some pages of text; a file belongs elsewhere.
pub const MAX_NOTE: usize = 8 << 10;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_the_records() {
        for state in CaseState::ALL {
            assert_eq!(serde_json::to_value(state).unwrap(), state.name());
            assert_eq!(CaseState::named(state.name()), Some(state));
        }
    }
}
