//! What one intruder changed: his writes are read back to him, over all his sessions, and to
//! nobody else. Bounded; lost when the sensor restarts.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::Mutex;

/// Most bytes one intruder's writes may hold; past it, older ones stay and new ones are refused as
/// a full disk would.
pub const MAX_BYTES: usize = 32 << 20;

/// Most entries one intruder may make.
pub const MAX_ENTRIES: usize = 4096;

/// One intruder's writes by a key that the decoy chooses (`ssh:his:/tmp/x`).
#[derive(Default)]
pub struct Overlay {
    held: Mutex<Held>,
}

#[derive(Default)]
struct Held {
    entries: BTreeMap<String, Vec<u8>>,
    /// Bytes of all keys and values.
    bytes: usize,
}

impl Held {
    fn remove(&mut self, key: &str) {
        if let Some(old) = self.entries.remove(key) {
            self.bytes -= key.len() + old.len();
        }
    }
}

impl Overlay {
    /// What was written under a key.
    pub fn get(&self, key: &str) -> Option<Vec<u8>> {
        self.lock().entries.get(key).cloned()
    }

    /// Writes under a key; `false` when the intruder's room is full.
    pub fn put(&self, key: String, value: Vec<u8>) -> bool {
        let mut held = self.lock();
        let old = held.entries.get(&key).map(|old| key.len() + old.len());
        let bytes = held.bytes - old.unwrap_or(0) + key.len() + value.len();
        if bytes > MAX_BYTES || (held.entries.len() >= MAX_ENTRIES && old.is_none()) {
            return false;
        }
        held.bytes = bytes;
        held.entries.insert(key, value);
        true
    }

    /// Removes a key.
    pub fn remove(&self, key: &str) {
        self.lock().remove(key);
    }

    /// Keys that start with a prefix, sorted.
    pub fn keys(&self, prefix: &str) -> Vec<String> {
        let held = self.lock();
        let from = held.entries.range::<str, _>((Bound::Included(prefix), Bound::Unbounded));
        from.map(|(key, _)| key).take_while(|key| key.starts_with(prefix)).cloned().collect()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_counted_through_changes() {
        let overlay = Overlay::default();
        assert!(overlay.put("a:1".into(), vec![0; MAX_BYTES - 100]));
        assert!(!overlay.put("a:2".into(), vec![0; 100]));
        assert!(overlay.put("a:1".into(), vec![0; 10]), "a change gives its old room back");
        assert!(overlay.put("a:2".into(), vec![0; 100]));
        overlay.remove("a:1");
        assert_eq!(overlay.keys("a:"), ["a:2"]);
        assert!(overlay.put("b".into(), vec![0; MAX_BYTES - 104]));
        assert!(!overlay.put("c".into(), vec![]));
    }

    #[test]
    fn keys_are_found_by_their_beginning() {
        let overlay = Overlay::default();
        for key in ["b", "a:2", "a", "a:1", "ab"] {
            assert!(overlay.put(key.into(), vec![1]));
        }
        assert_eq!(overlay.keys("a:"), ["a:1", "a:2"]);
        assert_eq!(overlay.keys("").len(), 5);
    }
}
