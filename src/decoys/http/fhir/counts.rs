//! Counts of whole days, kept.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::ToSpan;
use jiff::civil::Date;

use super::store::{Kind, Store};

/// How many of a kind began on days that nothing changes any more.
#[derive(Default)]
pub(super) struct Counts(Mutex<BTreeMap<(Kind, Date), usize>>);

/// Days after which a day's records have all come.
const SETTLED_DAYS: i64 = 8;
/// Most days whose counts are kept: five kinds over a year and more.
const MAX_COUNTS: usize = 4000;

impl Counts {
    /// How many of a kind began on a day.
    pub(super) fn of(&self, store: &Store, kind: Kind, day: Date) -> usize {
        let settled = store.today().checked_sub(SETTLED_DAYS.days()).is_ok_and(|last| day < last);
        if !settled {
            return store.count_of_day(kind, day);
        }
        let known = self.lock().get(&(kind, day)).copied();
        known.unwrap_or_else(|| {
            let count = store.count_of_day(kind, day);
            let mut all = self.lock();
            if all.len() >= MAX_COUNTS {
                all.clear();
            }
            all.insert((kind, day), count);
            count
        })
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<(Kind, Date), usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
