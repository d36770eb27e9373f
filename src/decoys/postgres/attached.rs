//! Which processes serve connections now: a cancel request finds its statement here.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// Processes and secrets of the connections that stand, and whether each was told to stop.
#[derive(Debug, Default)]
pub(super) struct Processes(Mutex<BTreeMap<u32, (u32, Arc<AtomicBool>)>>);

impl Processes {
    /// A connection begins.
    pub(super) fn attach(self: &Arc<Self>, process: u32, key: u32) -> Attached {
        let stop = Arc::new(AtomicBool::new(false));
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.insert(process, (key, Arc::clone(&stop)));
        Attached { processes: Arc::clone(self), process, key, stop }
    }

    /// Tells a process to stop its statement; whether there is one with this secret.
    pub(super) fn cancel(&self, process: u32, key: u32) -> bool {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let found = all.get(&process).filter(|(known, _)| *known == key);
        found.is_some_and(|(_, stop)| {
            stop.store(true, Ordering::Relaxed);
            true
        })
    }
}

/// One connection's entry; it ends with it.
#[derive(Debug)]
pub(super) struct Attached {
    processes: Arc<Processes>,
    process: u32,
    key: u32,
    stop: Arc<AtomicBool>,
}

impl Attached {
    /// The process.
    pub(super) fn process(&self) -> u32 {
        self.process
    }

    /// The secret that a cancel request must name.
    pub(super) fn key(&self) -> u32 {
        self.key
    }

    /// Whether the statement was told to stop since this was last asked.
    pub(super) fn take(&self) -> bool {
        self.stop.swap(false, Ordering::Relaxed)
    }
}

impl Drop for Attached {
    fn drop(&mut self) {
        let mut all = self.processes.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.get(&self.process).is_some_and(|(_, stop)| Arc::ptr_eq(stop, &self.stop)) {
            all.remove(&self.process);
        }
    }
}
