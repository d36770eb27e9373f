//! One test's honeynets at a time: what is timed here must not wait for another test's attack.

use std::sync::{Condvar, Mutex, PoisonError};
use std::thread::{self, ThreadId};

static HOLDER: Mutex<Option<(ThreadId, usize)>> = Mutex::new(None);
static FREE: Condvar = Condvar::new();

/// The turn of this thread; a test may hold it more than once.
pub(crate) struct Turn(());

impl Turn {
    /// Waits until no other test has it.
    pub(crate) fn take() -> Self {
        let me = thread::current().id();
        let mut holder = HOLDER.lock().unwrap_or_else(PoisonError::into_inner);
        while holder.is_some_and(|(thread, _)| thread != me) {
            holder = FREE.wait(holder).unwrap_or_else(PoisonError::into_inner);
        }
        *holder = Some((me, holder.map_or(1, |(_, count)| count + 1)));
        Turn(())
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let mut holder = HOLDER.lock().unwrap_or_else(PoisonError::into_inner);
        *holder = holder.and_then(|(thread, count)| (count > 1).then_some((thread, count - 1)));
        FREE.notify_all();
    }
}
