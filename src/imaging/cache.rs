//! Keeps what was used last, within a number of bytes.

use std::collections::{BTreeMap, HashMap};
use std::convert::Infallible;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A cache that drops what was not used for longest. Values are made outside its lock; who misses one
/// that another is making waits for it.
pub(crate) struct Cache<K, V> {
    most: usize,
    held: Mutex<Held<K, V>>,
}

struct Held<K, V> {
    entries: HashMap<K, (V, usize, u64)>,
    by_use: BTreeMap<u64, K>,
    bytes: usize,
    clock: u64,
    /// What is being made, locked by who makes it.
    making: HashMap<K, Arc<Mutex<Option<V>>>>,
}

impl<K: Clone + Eq + Hash, V: Clone> Cache<K, V> {
    pub(crate) fn new(most: usize) -> Self {
        let held = Held {
            entries: HashMap::new(),
            by_use: BTreeMap::new(),
            bytes: 0,
            clock: 0,
            making: HashMap::new(),
        };
        Cache { most, held: Mutex::new(held) }
    }

    /// The value of a key, made when it is not held.
    pub(crate) fn get_or(&self, key: &K, size: impl Fn(&V) -> usize, make: impl FnOnce() -> V) -> V {
        match self.get_or_try(key, size, || Ok::<V, Infallible>(make())) {
            Ok(value) => value,
        }
    }

    /// The value of a key when it is held.
    pub(crate) fn held(&self, key: &K) -> Option<V> {
        self.lock().touch(key)
    }

    /// The value of a key, made when it is not held, where making may fail; a failure is not kept.
    pub(crate) fn get_or_try<E>(
        &self,
        key: &K,
        size: impl Fn(&V) -> usize,
        make: impl FnOnce() -> Result<V, E>,
    ) -> Result<V, E> {
        let place = {
            let mut held = self.lock();
            if let Some(value) = held.touch(key) {
                return Ok(value);
            }
            Arc::clone(held.making.entry(key.clone()).or_default())
        };
        let mut made = place.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(value) = &*made {
            return Ok(value.clone());
        }
        let result = make();
        let mut held = self.lock();
        held.making.remove(key);
        let value = result?;
        *made = Some(value.clone());
        let bytes = size(&value);
        if bytes <= self.most {
            held.insert(key.clone(), value.clone(), bytes, self.most);
        }
        Ok(value)
    }

    fn lock(&self) -> MutexGuard<'_, Held<K, V>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K: Clone + Eq + Hash, V: Clone> Held<K, V> {
    fn touch(&mut self, key: &K) -> Option<V> {
        let clock = self.tick();
        let (value, _, used) = self.entries.get_mut(key)?;
        self.by_use.remove(used);
        *used = clock;
        self.by_use.insert(clock, key.clone());
        Some(value.clone())
    }

    fn insert(&mut self, key: K, value: V, bytes: usize, most: usize) {
        let clock = self.tick();
        if let Some((_, old, used)) = self.entries.insert(key.clone(), (value, bytes, clock)) {
            self.bytes -= old;
            self.by_use.remove(&used);
        }
        self.bytes += bytes;
        self.by_use.insert(clock, key);
        while self.bytes > most {
            let Some((_, oldest)) = self.by_use.pop_first() else { return };
            if let Some((_, bytes, _)) = self.entries.remove(&oldest) {
                self.bytes -= bytes;
            }
        }
    }

    fn tick(&mut self) -> u64 {
        self.clock += 1;
        self.clock
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Barrier;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::thread;
    use std::time::Duration;

    use super::*;

    #[test]
    fn what_one_makes_the_other_waits_for() {
        let cache: Cache<u8, u32> = Cache::new(100);
        let (made, both) = (AtomicUsize::new(0), Barrier::new(2));
        thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    both.wait();
                    let make = || {
                        made.fetch_add(1, Ordering::Relaxed);
                        thread::sleep(Duration::from_millis(50));
                        7
                    };
                    assert_eq!(cache.get_or(&1, |_| 1, make), 7);
                });
            }
        });
        assert_eq!(made.load(Ordering::Relaxed), 1);
        assert!(cache.lock().making.is_empty());
    }

    #[test]
    fn what_was_not_used_goes_first() {
        let cache = Cache::new(10);
        let get = |key: u8| {
            let mut made = false;
            cache.get_or(
                &key,
                |_| 4,
                || {
                    made = true;
                    key
                },
            );
            made
        };
        assert!(get(1) && get(2));
        assert!(!get(1), "held");
        assert!(get(3), "pushes 2 out");
        assert!(!get(1) && get(2));
        assert_eq!(cache.lock().bytes, 8);
        assert!(cache.get_or(&9, |_| 11, || 9) == 9 && cache.lock().entries.len() == 2, "too large to keep");
    }
}
