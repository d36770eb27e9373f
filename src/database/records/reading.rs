//! What all tables of a connection read from, and how much of it.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use super::{Record, Rows, Tally, source};
use crate::database::Records;
use crate::event::observation::RecordKind;
use crate::world::View;

/// How far the engine may go before it gives a row: records made, or days listed (each counted as
/// [`DAY_WORK`]). At some 3 µs a record this is about ten seconds: the largest table, twice.
const MAX_WORK: u32 = 3_000_000;

/// After how much work a statement looks whether its client is still there.
const LOOK_WORK: u32 = 16_384;

/// After how much work other sessions and the connection itself have their turn.
const TURN_WORK: u32 = 100_000;

/// What listing a day that is not kept costs, in records.
const DAY_WORK: u32 = 800;

/// The same where all visits of the day are worked out, at some 40 µs each.
const VISITS_WORK: u32 = 8_000;

/// What all tables of a connection read from.
#[derive(Default)]
pub(in crate::database) struct Reading {
    view: Mutex<Option<View>>,
    work: AtomicU32,
    /// All that was done since it was last asked.
    turn: AtomicU32,
    gone: OnceLock<Arc<dyn Fn() -> bool + Send + Sync>>,
    /// Records of which a value was read, whether it went out or not.
    touched: Mutex<Tally>,
    /// Records that a condition of ours noted, by the numbers of their marks.
    noted: Mutex<(Vec<RecordKind>, Tally)>,
}

impl Reading {
    /// The moment from which on the world is read.
    pub(in crate::database) fn set(&self, view: View) {
        *self.view.lock().unwrap_or_else(PoisonError::into_inner) = Some(view);
        self.rest();
    }

    /// A row was given: work is counted from here on.
    pub(in crate::database) fn rest(&self) {
        self.work.store(0, Ordering::Relaxed);
    }

    /// A statement begins whose marks are these.
    pub(in crate::database) fn begin(&self, kinds: Vec<RecordKind>) {
        lock(&self.touched).take();
        *lock(&self.noted) = (kinds, Tally::default());
    }

    /// A row met a condition of ours.
    pub(in crate::database) fn note(&self, mark: usize, id: &str) {
        let mut noted = lock(&self.noted);
        if let Some(kind) = noted.0.get(mark).copied() {
            noted.1.note(kind, id);
        }
    }

    /// What was noted.
    pub(in crate::database) fn noted(&self) -> Vec<Records> {
        lock(&self.noted).1.take()
    }

    /// What was read.
    pub(in crate::database) fn touched(&self) -> Vec<Records> {
        lock(&self.touched).take()
    }

    pub(super) fn touch(&self, rows: Rows, record: &Record) {
        if let Some(kind) = rows.kind() {
            lock(&self.touched).note(kind, &record.world_id());
        }
    }

    pub(super) fn view(&self) -> Result<View, String> {
        self.view.lock().unwrap_or_else(PoisonError::into_inner).clone().ok_or_else(|| "no view".to_owned())
    }

    pub(super) fn work(&self, done: u32) -> Result<(), String> {
        let before = self.work.fetch_add(done, Ordering::Relaxed);
        let turn = self.turn.fetch_add(done, Ordering::Relaxed);
        let looks = turn / LOOK_WORK != turn.wrapping_add(done) / LOOK_WORK;
        if before > MAX_WORK || (looks && self.is_gone()) {
            return Err(crate::database::problem::TOO_MUCH_WORK.to_owned());
        }
        Ok(())
    }

    /// Statements stop where this is so.
    pub(in crate::database) fn stop_when(&self, gone: Arc<dyn Fn() -> bool + Send + Sync>) {
        // Set once: the connection keeps its client.
        let _ = self.gone.set(gone);
    }

    pub(in crate::database) fn is_gone(&self) -> bool {
        self.gone.get().is_some_and(|gone| gone())
    }

    /// Whether much was done since this was last asked.
    pub(in crate::database) fn has_worked(&self) -> bool {
        let much = self.turn.load(Ordering::Relaxed) > TURN_WORK;
        if much {
            self.turn.store(0, Ordering::Relaxed);
        }
        much
    }
}

fn lock<T>(of: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

pub(super) fn day_work(rows: Rows) -> u32 {
    if source::days_before(rows) > 0 { VISITS_WORK } else { DAY_WORK }
}
