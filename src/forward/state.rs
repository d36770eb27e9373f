//! How a destination stands, and who is told when that changes.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::Serialize;

use crate::event::SystemEvent;

/// How a destination stands, for the status page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DestinationState {
    /// Its name.
    pub name: String,
    /// `connecting`, `up`, `down`.
    pub state: &'static str,
    /// Why it is down.
    pub reason: Option<String>,
    /// Alerts sent since the start, repeats included.
    pub sent: u64,
    /// Alerts set aside since the start, because the receiver refused them again and again.
    pub set_aside: u64,
    /// Sequence number up to which everything has surely arrived.
    pub settled: u64,
}

/// Hears when a destination comes, goes or refuses an alert for good.
pub(super) type Tell = Box<dyn Fn(SystemEvent) + Send + Sync>;

/// The state as its courier writes it.
pub(super) struct Standing {
    shown: Arc<Mutex<DestinationState>>,
    tell: Tell,
}

impl Standing {
    pub(super) fn new(name: &str, settled: u64, tell: Tell) -> Self {
        let state = DestinationState {
            name: name.to_owned(),
            state: "connecting",
            reason: None,
            sent: 0,
            set_aside: 0,
            settled,
        };
        Standing { shown: Arc::new(Mutex::new(state)), tell }
    }

    pub(super) fn view(&self) -> Arc<Mutex<DestinationState>> {
        Arc::clone(&self.shown)
    }

    /// It takes alerts. Told only when that is news.
    pub(super) fn up(&self) {
        self.note("up", None);
    }

    /// It takes none, and why. Told only when that is news.
    pub(super) fn down(&self, reason: String) {
        self.note("down", Some(reason));
    }

    pub(super) fn sent(&self) {
        self.lock().sent += 1;
    }

    pub(super) fn settled(&self, sequence: u64) {
        self.lock().settled = sequence;
    }

    /// An alert was refused for good. Told each time: somebody must look at it.
    pub(super) fn set_aside(&self, reason: String) {
        self.lock().set_aside += 1;
        self.tell("poison", reason);
    }

    fn note(&self, state: &'static str, reason: Option<String>) {
        let mut shown = self.lock();
        let changed = shown.state != state;
        shown.state = state;
        shown.reason.clone_from(&reason);
        drop(shown);
        if changed {
            self.tell(state, reason.unwrap_or_default());
        }
    }

    fn tell(&self, state: &str, reason: String) {
        let name = self.lock().name.clone();
        (self.tell)(SystemEvent::Destination { name, state: state.to_owned(), reason });
    }

    fn lock(&self) -> MutexGuard<'_, DestinationState> {
        self.shown.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
