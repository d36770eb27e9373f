//! How many connections, and what each intruder wrote.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::world::overlay::Overlay;

/// Sources whose writes are remembered; the longest unseen one gives way.
const MAX_OVERLAYS: usize = 256;

/// Counts connections, over all and by source.
#[derive(Debug)]
pub(super) struct Limits {
    counts: Mutex<Counts>,
    max: usize,
    max_per_source: usize,
}

#[derive(Debug, Default)]
struct Counts {
    open: usize,
    by_source: HashMap<IpAddr, usize>,
}

/// One connection that is counted as long as this lives.
pub(super) struct Admission {
    limits: Arc<Limits>,
    source: IpAddr,
}

impl Limits {
    pub(super) fn new(max: usize, max_per_source: usize) -> Arc<Self> {
        Arc::new(Limits { counts: Mutex::default(), max, max_per_source })
    }

    /// Counts a connection in, or refuses it.
    pub(super) fn admit(self: &Arc<Self>, source: IpAddr) -> Option<Admission> {
        let mut counts = self.lock();
        let of_source = counts.by_source.get(&source).copied().unwrap_or(0);
        if counts.open >= self.max || of_source >= self.max_per_source {
            return None;
        }
        counts.open += 1;
        counts.by_source.insert(source, of_source + 1);
        Some(Admission { limits: Arc::clone(self), source })
    }

    /// Connections open now.
    pub(super) fn open(&self) -> usize {
        self.lock().open
    }

    /// Whether so many are open that the honeynet leaves the rest to others.
    pub(super) fn is_busy(&self) -> bool {
        self.open() >= self.max.div_ceil(2)
    }

    fn lock(&self) -> MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Admission {
    fn drop(&mut self) {
        let mut counts = self.limits.lock();
        counts.open -= 1;
        if let Some(count) = counts.by_source.get_mut(&self.source) {
            *count -= 1;
            if *count == 0 {
                counts.by_source.remove(&self.source);
            }
        }
    }
}

/// What each intruder wrote, by source address.
#[derive(Default)]
pub(super) struct Overlays {
    by_source: Mutex<HashMap<IpAddr, (u64, Arc<Overlay>)>>,
}

impl Overlays {
    /// The overlay of a source, made at its first visit.
    pub(super) fn of(&self, source: IpAddr) -> Arc<Overlay> {
        let mut map = self.by_source.lock().unwrap_or_else(PoisonError::into_inner);
        let tick = map.values().map(|(seen, _)| *seen).max().unwrap_or(0) + 1;
        if map.len() >= MAX_OVERLAYS && !map.contains_key(&source) {
            let oldest = map.iter().min_by_key(|(_, (seen, _))| *seen).map(|(ip, _)| *ip);
            if let Some(oldest) = oldest {
                map.remove(&oldest);
            }
        }
        let entry = map.entry(source).or_insert_with(|| (tick, Arc::default()));
        entry.0 = tick;
        Arc::clone(&entry.1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn admissions_are_counted_and_given_back() {
        let limits = Limits::new(3, 2);
        let (a, b) = ("10.0.0.1".parse().unwrap(), "10.0.0.2".parse().unwrap());
        let first = limits.admit(a).unwrap();
        let _second = limits.admit(a).unwrap();
        assert!(limits.admit(a).is_none(), "per source");
        let _third = limits.admit(b).unwrap();
        assert!(limits.admit(b).is_none(), "over all");
        drop(first);
        assert!(limits.admit(a).is_some());
    }

    #[test]
    fn the_longest_unseen_overlay_gives_way() {
        let overlays = Overlays::default();
        let kept = overlays.of("10.0.0.1".parse().unwrap());
        kept.put("k".into(), b"v".to_vec());
        for i in 0..300u32 {
            overlays.of(IpAddr::from((0x0a01_0000 + i).to_be_bytes()));
            overlays.of("10.0.0.1".parse().unwrap());
        }
        assert_eq!(overlays.of("10.0.0.1".parse().unwrap()).get("k"), Some(b"v".to_vec()));
    }
}
