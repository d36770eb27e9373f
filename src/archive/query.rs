//! A query as any protocol asks it: a level and keys (PS3.4 C.2.2).

use super::level::Level;
use super::manner::Comparison;
use super::matching::{Matcher, Range};
use super::nested::Nested;
use crate::event::observation::RecordKind;
use crate::wire::dicom::dataset::{Charset, Tag, tags};

/// Attributes that name one record of a level (PS3.4 C.6).
const UNIQUE: [(Level, Tag); 4] = [
    (Level::Patient, tags::PATIENT_ID),
    (Level::Study, tags::STUDY_INSTANCE_UID),
    (Level::Series, tags::SERIES_INSTANCE_UID),
    (Level::Image, tags::SOP_INSTANCE_UID),
];

/// One key.
#[derive(Debug, Clone)]
pub struct Key {
    /// Its tag.
    pub tag: Tag,
    /// The level that its attribute belongs to.
    pub level: Level,
    /// How values are compared.
    pub comparison: Comparison,
}

/// In which bytes values and keys are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compared {
    /// As UTF-8: keys were turned into it.
    Unicode,
    /// As kept in this character set: `?` then stands for one of its bytes.
    Kept(Charset),
}

/// A query, ready to be compared.
#[derive(Debug, Clone)]
pub struct Query {
    /// Uppermost level of its model: [`Level::Patient`] or [`Level::Study`].
    pub top: Level,
    /// Level of its answers.
    pub level: Level,
    /// Whether keys of all levels down to the asked one take part (as in relational queries, PS3.4
    /// C.4.1.2.2.2), else those of its level and the unique ones above.
    pub relational: bool,
    /// Whether keys of levels below the asked one are compared with the first instance.
    pub first_instance: bool,
    /// How text is compared.
    pub compared: Compared,
    /// Its keys, by tag.
    pub keys: Vec<Key>,
    /// Sequences with keys in them, and the level that each belongs to.
    pub sequences: Vec<(Tag, Level, Nested)>,
    /// Whether a range of dates and one of times are one range of moments (PS3.4 C.2.2.2.5.4).
    pub combined: bool,
}

/// Dates with the times that belong to them.
const MOMENTS: [(Tag, Tag); 3] = [
    (tags::STUDY_DATE, tags::STUDY_TIME),
    (tags::CONTENT_DATE, tags::CONTENT_TIME),
    (tags::PERFORMED_PROCEDURE_STEP_START_DATE, tags::PERFORMED_PROCEDURE_STEP_START_TIME),
];

impl Query {
    /// The first unique key above the level that is missing.
    pub fn missing_key(&self) -> Option<Tag> {
        let mut needed = UNIQUE.iter().filter(|(level, _)| (self.top..self.level).contains(level));
        needed.find(|(_, tag)| self.keys.iter().all(|key| key.tag != *tag)).map(|(_, tag)| *tag)
    }

    /// Whether a key takes part in matching. In the study root the patient's belong to the study.
    pub fn counts(&self, key: &Key) -> bool {
        if self.relational {
            return key.level <= self.level;
        }
        if self.top == Level::Study && key.level == Level::Patient {
            return self.level == Level::Study;
        }
        key.level == self.level || (key.level < self.level && unique(key.tag))
    }

    /// How a key that counts is compared.
    pub fn comparison(&self, tag: Tag) -> Option<&Comparison> {
        self.keys.iter().find(|key| key.tag == tag && self.counts(key)).map(|key| &key.comparison)
    }

    /// The matcher of a key that counts, when case counts too: as for UIDs, numbers and dates.
    pub fn matcher(&self, tag: Tag) -> Option<&Matcher> {
        self.comparison(tag)?.plain()
    }

    /// For a date or time that is one range with its other half: date, time and range of each.
    pub fn moment(&self, tag: Tag) -> Option<((Tag, Range), (Tag, Range))> {
        if !self.combined {
            return None;
        }
        let (date, time) = MOMENTS.into_iter().find(|(date, time)| [*date, *time].contains(&tag))?;
        let (Some(Matcher::Dates(days)), Some(Matcher::Times(clock))) =
            (self.matcher(date), self.matcher(time))
        else {
            return None;
        };
        Some(((date, *days), (time, *clock)))
    }

    /// Whether the keys of a sequence take part in matching.
    pub fn counts_sequence(&self, level: Level) -> bool {
        level == self.level || (self.relational && level < self.level)
    }

    /// Whether it asks for all that there is.
    pub fn unbounded(&self) -> bool {
        let mut nested = self.sequences.iter().filter(|(_, level, _)| self.counts_sequence(*level));
        nested.all(|(.., keys)| keys.is_any())
            && self.keys.iter().filter(|key| self.counts(key)).all(|key| key.comparison.is_unbounded())
    }

    /// What it asks for.
    pub fn subject(&self) -> RecordKind {
        self.level.subject()
    }
}

fn unique(tag: Tag) -> bool {
    UNIQUE.iter().any(|(_, unique)| *unique == tag)
}
