//! The hospital: a pure function of (seed, now).
//!
//! [`World::at`] gives a [`View`]: all that the hospital knows at one moment. Nothing is stored and
//! nothing lies in the future; the same seed and moment give the same answer for ever, so all
//! decoys agree and a reboot changes nothing. The order is the join: placer and filler number,
//! accession number, study UID, specimen and report all lead back to it. Ids decode to their day
//! and index, so a lookup is no scan. Attackers' writes live in [`overlay`], never here.

mod model;
pub mod overlay;
mod view;

pub use model::*;
pub use view::{PatientFilter, StudyFilter, View};

use std::sync::Arc;

use jiff::Timestamp;

use crate::persona::{Hospital, Installation};

/// A hospital. Cheap to share; holds only bounded caches beside its seed.
pub struct World {
    hospital: Arc<Hospital>,
    seed: [u8; 32],
}

impl World {
    /// The hospital of this installation.
    pub fn new(hospital: Arc<Hospital>, installation: &Installation) -> Self {
        World { hospital, seed: installation.derive("world/1") }
    }

    /// The hospital's fixed facts.
    pub fn hospital(&self) -> &Arc<Hospital> {
        &self.hospital
    }

    /// All that the hospital knows at `now`.
    pub fn at(self: &Arc<Self>, now: Timestamp) -> View {
        let _ = self.seed;
        View::new(Arc::clone(self), now)
    }
}
