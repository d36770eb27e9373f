//! What one intruder changed: his writes are read back to him, over all his sessions, and to
//! nobody else. Bounded; lost when the sensor restarts.

use std::collections::BTreeMap;
use std::sync::Mutex;

/// Most bytes one intruder's writes may hold; past it, older ones stay and new ones are refused as
/// a full disk would.
pub const MAX_BYTES: usize = 32 << 20;

/// Most entries one intruder may make.
pub const MAX_ENTRIES: usize = 4096;

/// One intruder's writes by a key that the decoy chooses (`ssh:his:/root/x`).
#[derive(Default)]
pub struct Overlay {
    entries: Mutex<BTreeMap<String, Vec<u8>>>,
}

impl Overlay {
    /// What was written under a key.
    pub fn get(&self, key: &str) -> Option<Vec<u8>> {
        self.lock().get(key).cloned()
    }

    /// Writes under a key; `false` when the intruder's room is full.
    pub fn put(&self, key: String, value: Vec<u8>) -> bool {
        let mut entries = self.lock();
        let held: usize = entries.iter().filter(|(k, _)| **k != key).map(|(k, v)| k.len() + v.len()).sum();
        if held + key.len() + value.len() > MAX_BYTES
            || (entries.len() >= MAX_ENTRIES && !entries.contains_key(&key))
        {
            return false;
        }
        entries.insert(key, value);
        true
    }

    /// Removes a key.
    pub fn remove(&self, key: &str) {
        self.lock().remove(key);
    }

    /// Keys that start with a prefix, sorted.
    pub fn keys(&self, prefix: &str) -> Vec<String> {
        self.lock().keys().filter(|k| k.starts_with(prefix)).cloned().collect()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, Vec<u8>>> {
        self.entries.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}
