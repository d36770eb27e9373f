//! Levels of the query/retrieve information models (PS3.4 C.6).

use crate::event::observation::RecordKind;

/// Level of a query, or of an attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// PATIENT.
    Patient,
    /// STUDY.
    Study,
    /// SERIES.
    Series,
    /// IMAGE.
    Image,
}

impl Level {
    /// All of them, from the top.
    pub const ALL: [Level; 4] = [Level::Patient, Level::Study, Level::Series, Level::Image];

    /// As (0008,0052) says it.
    pub fn as_str(self) -> &'static str {
        match self {
            Level::Patient => "PATIENT",
            Level::Study => "STUDY",
            Level::Series => "SERIES",
            Level::Image => "IMAGE",
        }
    }

    /// The kind of record that an answer at this level tells.
    pub fn subject(self) -> RecordKind {
        match self {
            Level::Patient => RecordKind::Patient,
            Level::Study => RecordKind::Study,
            Level::Series => RecordKind::Series,
            Level::Image => RecordKind::Instance,
        }
    }
}
