//! Evidence classes.

use serde::{Deserialize, Serialize};

use crate::event::Severity;

/// How strongly a fact speaks for an intruder, in rising order of what it means.
///
/// Class E0 (broadcasts, backscatter) has no variant: a decoy never sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Class {
    /// A touch: connected and closed.
    E1,
    /// A probe: bytes, but nothing that the service is for.
    E2,
    /// A known device sent clinical work to the wrong place.
    #[serde(rename = "E3c")]
    E3Clinical,
    /// The protocol was spoken.
    E3,
    /// A sweep over hosts or ports.
    #[serde(rename = "E2s")]
    E2Sweep,
    /// A login was tried.
    E4,
    /// Logins were guessed.
    #[serde(rename = "E4b")]
    E4Guessing,
    /// A bait was used: it exists nowhere but in our lures.
    E5,
    /// Hospital records went out.
    E6,
    /// Something was done to the host or its records.
    E7,
}

impl Class {
    /// The class of this name.
    pub fn named(name: &str) -> Option<Self> {
        serde_json::from_value(name.into()).ok()
    }

    /// Its name.
    pub fn as_str(self) -> &'static str {
        match self {
            Class::E1 => "E1",
            Class::E2 => "E2",
            Class::E3Clinical => "E3c",
            Class::E3 => "E3",
            Class::E2Sweep => "E2s",
            Class::E4 => "E4",
            Class::E4Guessing => "E4b",
            Class::E5 => "E5",
            Class::E6 => "E6",
            Class::E7 => "E7",
        }
    }

    /// Probability in percent that a source which shows this is hostile, from this class alone.
    pub fn probability(self) -> u8 {
        match self {
            Class::E1 => 5,
            Class::E2 => 15,
            Class::E3Clinical => 20,
            Class::E3 => 30,
            Class::E2Sweep => 45,
            Class::E4 => 50,
            Class::E4Guessing => 80,
            Class::E5 | Class::E7 => 97,
            Class::E6 => 90,
        }
    }

    /// Whether it can make an incident High: touches and scans never can, however many.
    pub fn opens_gate(self) -> bool {
        match self {
            Class::E4Guessing | Class::E5 | Class::E6 | Class::E7 => true,
            Class::E1 | Class::E2 | Class::E3Clinical | Class::E3 | Class::E2Sweep | Class::E4 => false,
        }
    }

    /// What it asks of a reader when it stands alone.
    pub fn severity(self) -> Severity {
        match self {
            Class::E1 | Class::E2 => Severity::Info,
            Class::E3Clinical | Class::E3 => Severity::Low,
            Class::E2Sweep | Class::E4 => Severity::Medium,
            Class::E4Guessing | Class::E5 | Class::E6 | Class::E7 => Severity::High,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_read_back() {
        for class in [Class::E1, Class::E2Sweep, Class::E3Clinical, Class::E4Guessing, Class::E7] {
            assert_eq!(Class::named(class.as_str()), Some(class));
        }
        assert_eq!(Class::named("E8"), None);
    }
}
