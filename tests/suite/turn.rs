//! Two tests' honeynets at a time: what is timed here must not wait for many others' attacks, and most of a
//! test is waiting, which two do as fast as one.

use std::sync::{Condvar, Mutex, PoisonError};
use std::thread::{self, ThreadId};

/// Tests that have honeynets at the same time.
const AT_ONCE: usize = 2;

static HOLDERS: Mutex<Vec<(ThreadId, usize)>> = Mutex::new(Vec::new());
static FREE: Condvar = Condvar::new();

/// The turn of this thread; a test may hold it more than once.
pub(crate) struct Turn(ThreadId);

impl Turn {
    /// Waits until few enough other tests have it.
    pub(crate) fn take() -> Self {
        let me = thread::current().id();
        let mut holders = HOLDERS.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if let Some((_, count)) = holders.iter_mut().find(|(thread, _)| *thread == me) {
                *count += 1;
                return Turn(me);
            }
            if holders.len() < AT_ONCE {
                holders.push((me, 1));
                return Turn(me);
            }
            holders = FREE.wait(holders).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let mut holders = HOLDERS.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, count)) = holders.iter_mut().find(|(thread, _)| *thread == self.0) {
            *count -= 1;
        }
        holders.retain(|(_, count)| *count > 0);
        FREE.notify_all();
    }
}
