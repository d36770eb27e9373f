//! Follows the registry of baits while core runs.

use std::collections::BTreeMap;
use std::time::{Duration, Instant, SystemTime};

use crate::app::Layout;
use crate::app::lures::{Registry, written};
use crate::detect::Baits;
use crate::event::{Event, SystemEvent};
use crate::lure::Lure;
use crate::store::{Entry, Reader, StoreError};

/// How often the registry is looked at: a bait takes longer to be put somewhere.
const PERIOD: Duration = Duration::from_secs(1);

/// What was made or withdrawn since the last look.
pub(super) struct News {
    pub(super) baits: Baits,
    pub(super) events: Vec<SystemEvent>,
}

/// The registry as it was seen last.
pub(super) struct Baiting {
    layout: Layout,
    looked: Option<Instant>,
    written: Option<SystemTime>,
    /// The last state that was told of each bait.
    told: BTreeMap<String, String>,
}

impl Baiting {
    /// Goes on after what the store tells of baits.
    pub(super) fn open(layout: &Layout) -> Result<Self, StoreError> {
        let records = Reader::open(&layout.store()?)?.records_after(0, "system/lure")?;
        let told = records.into_iter().filter_map(|record| {
            let Entry::Event(Event::System(system)) = record.entry else { return None };
            let SystemEvent::Lure { lure, state, .. } = system.event else { return None };
            Some((lure, state))
        });
        let told = told.collect();
        Ok(Baiting { layout: layout.clone(), looked: None, written: None, told })
    }

    /// What changed; none when nothing did, or when it can't be read now.
    pub(super) fn news(&mut self) -> Option<News> {
        if self.looked.is_some_and(|looked| looked.elapsed() < PERIOD) {
            return None;
        }
        self.looked = Some(Instant::now());
        let written = written(&self.layout.lures());
        if written == self.written {
            return None;
        }
        match Registry::load(&self.layout) {
            Ok(registry) => {
                self.written = written;
                let events = registry.lure.iter().filter_map(|lure| self.tell(lure)).collect();
                Some(News { baits: registry.baits(), events })
            }
            Err(error) => {
                tracing::warn!(%error, "the registry of baits can't be read: the last known stay");
                None
            }
        }
    }

    fn tell(&mut self, lure: &Lure) -> Option<SystemEvent> {
        let state = if lure.revoked.is_some() { "revoked" } else { "minted" };
        if self.told.get(&lure.id).is_some_and(|told| told == state) {
            return None;
        }
        self.told.insert(lure.id.clone(), state.to_owned());
        Some(SystemEvent::Lure {
            lure: lure.id.clone(),
            kind: lure.kind.as_str().to_owned(),
            place: lure.place(),
            state: state.to_owned(),
        })
    }
}
