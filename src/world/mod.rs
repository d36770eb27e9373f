//! The hospital: a pure function of (seed, now).
//!
//! [`World::at`] gives a [`View`]: all that the hospital knows at one moment. Nothing is stored and
//! nothing lies in the future; the same seed and moment give the same answer for ever, so all
//! decoys agree and a reboot changes nothing. The order is the join: placer and filler number,
//! accession number, study UID, specimen and report all lead back to it. Ids decode to their day
//! and index, so a lookup is no scan. Attackers' writes live in [`overlay`], never here.
//!
//! From the bottom up: `time` counts local days, `dice` and `permute` are the only randomness,
//! `calendar` plans how much happens on a day, `people` and `visits` join patients and slots,
//! `cases` finds out why they came, `imaging` and `lab` what was done for them,
//! `treatment` what they were given and what it cost. `tables` holds what
//! a hospital is made of. `docs/design/world.md` says why it is so.

mod calendar;
mod cases;
mod census;
mod convert;
mod dice;
mod imaging;
mod lab;
mod model;
mod names;
pub mod overlay;
mod people;
mod permute;
mod search;
mod staff;
mod tables;
mod time;
mod treatment;
mod view;
mod visits;
mod wards;

#[cfg(test)]
mod tests;

pub use census::{ExamEntry, PanelEntry};
pub use model::*;
pub use view::{PatientFilter, StudyFilter, View};

use std::sync::Arc;

use jiff::Timestamp;

use crate::persona::{Hospital, Installation};

/// A hospital. Cheap to share; holds only bounded caches beside its seed.
pub struct World {
    hospital: Arc<Hospital>,
    key: dice::Key,
    calendar: calendar::Calendar,
    index: people::Index,
    rounds: visits::Rounds,
    roster: staff::Roster,
    devices: imaging::devices::Devices,
    instruments: lab::instruments::Instruments,
    caches: search::Caches,
    formulary: treatment::formulary::Formulary,
    books: treatment::Books,
}

impl World {
    /// The hospital of this installation.
    pub fn new(hospital: Arc<Hospital>, installation: &Installation) -> Self {
        let key = dice::Key::new(&installation.derive("world/1"));
        let calendar = calendar::Calendar::new(&hospital, key);
        let index = people::Index::new(key, calendar.ever_registered(), hospital.area_codes.len());
        World {
            key,
            rounds: visits::Rounds::new(key, &calendar),
            calendar,
            index,
            roster: staff::Roster::new(key, hospital.beds),
            devices: imaging::devices::Devices::new(key),
            instruments: lab::instruments::Instruments::new(key),
            caches: search::Caches::default(),
            formulary: treatment::formulary::Formulary::new(key),
            books: treatment::Books::default(),
            hospital,
        }
    }

    /// The hospital's fixed facts.
    pub fn hospital(&self) -> &Arc<Hospital> {
        &self.hospital
    }

    /// All that the hospital knows at `now`.
    pub fn at(self: &Arc<Self>, now: Timestamp) -> View {
        View::new(Arc::clone(self), now)
    }

    fn offset(&self) -> i64 {
        i64::from(self.hospital.utc_offset_minutes) * time::MINUTE
    }

    fn timestamp(&self, at: time::Moment) -> Timestamp {
        Timestamp::from_second(at.unix(self.offset())).unwrap_or(Timestamp::MIN)
    }

    fn moment(&self, at: Timestamp) -> time::Moment {
        time::Moment::of_unix(at.as_second(), self.offset())
    }
}
