//! Searches that are paged through: kept for an hour, for the peer that began them.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;

use super::search::{Found, Search};

/// Most searches kept: each holds at most [`super::search::MAX_FOUND`] ids, and most hold some fifty.
const MAX_SEARCHES: usize = 256;
/// Ids of all searches together: some 60 MB at the longest.
const MAX_IDS: usize = 1_000_000;
/// How long a search can be paged through: the product's default.
const KEPT: Duration = Duration::from_secs(3600);

/// One search that was begun.
#[derive(Clone)]
pub(crate) struct Begun {
    /// Who began it.
    pub(crate) peer: IpAddr,
    /// When: its pages show what was known then.
    pub(crate) at: Timestamp,
    /// What it asks.
    pub(crate) search: Arc<Search>,
    /// What was found so far.
    pub(crate) found: Arc<Found>,
    /// `_include` and `_revinclude`, as given.
    pub(crate) includes: Vec<(String, String)>,
}

/// All that are kept, by their id.
#[derive(Default)]
pub(crate) struct Searches(Mutex<BTreeMap<String, Begun>>);

impl Searches {
    /// Keeps one; the oldest give way.
    pub(crate) fn keep(&self, id: String, begun: Begun) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let now = begun.at;
        all.retain(|_, one| fresh(one, now));
        let held = |all: &BTreeMap<String, Begun>| all.values().map(|one| one.found.ids.len()).sum::<usize>();
        while all.len() >= MAX_SEARCHES || (held(&all) + begun.found.ids.len() > MAX_IDS && !all.is_empty()) {
            let oldest = all.iter().min_by_key(|(_, one)| one.at).map(|(id, _)| id.clone());
            let Some(oldest) = oldest else { break };
            all.remove(&oldest);
        }
        all.insert(id, begun);
    }

    /// The one with this id, for the peer that began it.
    pub(crate) fn get(&self, id: &str, peer: IpAddr, now: Timestamp) -> Option<Begun> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.get(id).filter(|one| one.peer == peer && fresh(one, now)).cloned()
    }

    /// Puts what was found further on.
    pub(crate) fn extend(&self, id: &str, found: Arc<Found>) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(one) = all.get_mut(id) {
            one.found = found;
        }
    }
}

fn fresh(one: &Begun, now: Timestamp) -> bool {
    Duration::try_from(now.duration_since(one.at)).map_or(true, |age| age < KEPT)
}
