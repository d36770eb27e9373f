//! How a destination stands, and who is told when that changes.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
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
    /// Since when it is in this state.
    pub since: Timestamp,
    /// Why it was down last, or refused an alert.
    pub last_error: Option<String>,
    /// When that was.
    pub last_error_at: Option<Timestamp>,
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
            since: Timestamp::now(),
            last_error: None,
            last_error_at: None,
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
        let mut shown = self.lock();
        shown.set_aside += 1;
        shown.last_error = Some(reason.clone());
        shown.last_error_at = Some(Timestamp::now());
        drop(shown);
        self.tell("poison", reason);
    }

    fn note(&self, state: &'static str, reason: Option<String>) {
        let mut shown = self.lock();
        let changed = shown.state != state;
        shown.state = state;
        if changed {
            shown.since = Timestamp::now();
        }
        if reason.is_some() {
            shown.last_error.clone_from(&reason);
            shown.last_error_at = Some(Timestamp::now());
        }
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
