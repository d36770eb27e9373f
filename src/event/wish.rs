//! What a user of the console wants changed or taken out. It is asked for, approved by a second person
//! where that is the rule, and done by core: each step is a record.

use serde::{Deserialize, Serialize};

/// What is wanted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "wish", rename_all = "snake_case", deny_unknown_fields)]
pub enum Wish {
    /// A destination of alerts, new or in place of the one that the console made under this name.
    Destination {
        /// Its name.
        name: String,
        /// Its table as JSON, with the keys of the config; files are named by their name alone.
        settings: String,
    },
    /// A destination that the console made is no longer wanted.
    DestinationRemoved {
        /// Its name.
        name: String,
    },
    /// An allowance.
    Allowance {
        /// Its name.
        name: String,
        /// Its table as JSON, with the keys of the config, but for who approved it and when.
        settings: String,
    },
    /// An allowance that the console made shall hold no more.
    AllowanceEnded {
        /// Its name.
        name: String,
    },
    /// The settings that the console made shall be those of an earlier version.
    Restored {
        /// The version.
        version: u64,
    },
    /// Packets may fill another part of the disk.
    Retention {
        /// MiB.
        quota_mib: u64,
    },
    /// A bait for one of the hospital's own machines.
    LureMinted {
        /// What it is: `database`, `docx`.
        kind: String,
        /// The machine that it is put on.
        endpoint: String,
        /// Where on that machine.
        path: String,
        /// The deception host that it leads to; empty: the first that fits.
        host: String,
        /// Whatever the hospital wants to remember.
        note: String,
    },
    /// A bait is withdrawn.
    LureRevoked {
        /// Its id.
        lure: String,
    },
    /// An evidence bundle.
    Export {
        /// The session or the incident.
        subject: String,
        /// Why.
        reason: String,
    },
}

impl Wish {
    /// Its kind, as the field `wish` has it.
    pub fn name(&self) -> &'static str {
        match self {
            Wish::Destination { .. } => "destination",
            Wish::DestinationRemoved { .. } => "destination_removed",
            Wish::Allowance { .. } => "allowance",
            Wish::AllowanceEnded { .. } => "allowance_ended",
            Wish::Restored { .. } => "restored",
            Wish::Retention { .. } => "retention",
            Wish::LureMinted { .. } => "lure_minted",
            Wish::LureRevoked { .. } => "lure_revoked",
            Wish::Export { .. } => "export",
        }
    }

    /// What it is about, in a few words.
    pub fn object(&self) -> String {
        match self {
            Wish::Destination { name, .. }
            | Wish::DestinationRemoved { name }
            | Wish::Allowance { name, .. }
            | Wish::AllowanceEnded { name } => name.clone(),
            Wish::Restored { version } => version.to_string(),
            Wish::Retention { quota_mib } => format!("{quota_mib} MiB"),
            Wish::LureMinted { kind, endpoint, path, .. } => format!("{kind} {endpoint}: {path}"),
            Wish::LureRevoked { lure } => lure.clone(),
            Wish::Export { subject, .. } => subject.clone(),
        }
    }
}

/// What became of a wish before it was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// A second person agreed.
    Approved,
    /// A second person did not.
    Refused,
    /// Who asked took it back.
    Withdrawn,
    /// Nobody decided in time.
    Expired,
}

impl Decision {
    /// Its name in records and forms.
    pub fn name(self) -> &'static str {
        match self {
            Decision::Approved => "approved",
            Decision::Refused => "refused",
            Decision::Withdrawn => "withdrawn",
            Decision::Expired => "expired",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_the_records() {
        let wishes = [
            Wish::Restored { version: 3 },
            Wish::LureRevoked { lure: "L0001-abcd".into() },
            Wish::Export { subject: "x".into(), reason: "y".into() },
            Wish::Retention { quota_mib: 16 },
        ];
        for wish in wishes {
            assert_eq!(serde_json::to_value(&wish).unwrap()["wish"], wish.name());
        }
        for decision in [Decision::Approved, Decision::Refused, Decision::Withdrawn, Decision::Expired] {
            assert_eq!(serde_json::to_value(decision).unwrap(), decision.name());
        }
    }
}
