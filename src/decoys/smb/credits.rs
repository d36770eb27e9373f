//! Credits: which message ids a client may use, MS-SMB2 3.3.1.1.

use std::collections::BTreeSet;

/// Most credits that a client may hold at once, as servers grant them by default.
const MAX_CREDITS: u64 = 512;

/// Message ids that a client may use.
pub(super) struct Window {
    pub(super) low: u64,
    pub(super) high: u64,
    pub(super) used: BTreeSet<u64>,
}

impl Window {
    pub(super) fn take(&mut self, id: u64, charge: u64) -> bool {
        let Some(end) = id.checked_add(charge) else { return false };
        if id < self.low || end > self.high || (id..end).any(|id| self.used.contains(&id)) {
            return false;
        }
        self.used.extend(id..end);
        while self.used.remove(&self.low) {
            self.low += 1;
        }
        true
    }

    pub(super) fn grant(&mut self, asked: u16) -> u16 {
        let held = self.high - self.low;
        let room = MAX_CREDITS.saturating_sub(held);
        let granted = u64::from(asked.max(1)).min(room).max(u64::from(held == 0));
        self.high += granted;
        u16::try_from(granted).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_used_once_and_only_when_given() {
        let mut window = Window { low: 0, high: 1, used: BTreeSet::new() };
        assert!(!window.take(1, 1) && window.take(0, 1) && !window.take(0, 1));
        assert_eq!((window.grant(0), window.grant(31), window.grant(u16::MAX)), (1, 31, 480));
        assert_eq!(window.grant(1), 0, "there is an end to it");
        assert!(window.take(5, 4) && !window.take(8, 1) && window.take(1, 4) && !window.take(u64::MAX, 1));
        assert_eq!(window.low, 9);
    }
}
