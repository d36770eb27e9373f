//! An invertible shuffle of 0..n: who comes when, and when does who come, at the same price.

use super::dice::{Key, Purpose, mix};

/// Rounds of the network; four mix well beyond what a listing can show.
const ROUNDS: usize = 4;

/// A permutation of 0..n: a balanced Feistel network over the next even power of two, walked until
/// it lands inside (less than four steps on average).
#[derive(Debug, Clone, Copy)]
pub(super) struct Permutation {
    size: u64,
    half: u32,
    keys: [u64; ROUNDS],
}

impl Permutation {
    /// The permutation of 0..size for one purpose.
    pub(super) fn new(key: Key, purpose: Purpose, a: u64, b: u64, size: u64) -> Self {
        let size = size.max(1);
        let bits = 64 - (size - 1).leading_zeros();
        let mut dice = key.dice(purpose, a, b);
        Permutation { size, half: bits.div_ceil(2).max(1), keys: std::array::from_fn(|_| dice.next()) }
    }

    /// Where `x` goes; `x` must be below the size.
    pub(super) fn forward(&self, x: u64) -> u64 {
        self.walk(x, |p, x| p.rounds(x, p.keys.iter()))
    }

    /// Where `y` came from; `y` must be below the size.
    pub(super) fn backward(&self, y: u64) -> u64 {
        let swap = |p: &Self, x: u64| (x & p.mask()) << p.half | x >> p.half;
        self.walk(y, |p, y| swap(p, p.rounds(swap(p, y), p.keys.iter().rev())))
    }

    fn walk(&self, x: u64, step: impl Fn(&Self, u64) -> u64) -> u64 {
        let mut y = step(self, x);
        while y >= self.size {
            y = step(self, y);
        }
        y
    }

    fn mask(&self) -> u64 {
        (1 << self.half) - 1
    }

    fn rounds<'a>(&self, x: u64, keys: impl Iterator<Item = &'a u64>) -> u64 {
        let mask = self.mask();
        let (mut left, mut right) = (x >> self.half, x & mask);
        for key in keys {
            (left, right) = (right, left ^ (mix(right ^ key) & mask));
        }
        left << self.half | right
    }
}

/// An even choice of `take` out of `of`: one at a random place of each of `take` equal strata, so
/// that both directions cost one hash.
#[derive(Debug, Clone, Copy)]
pub(super) struct Strata {
    key: Key,
    salt: u64,
    /// How many are taken.
    pub take: u64,
    of: u64,
}

impl Strata {
    /// Takes `take` of `of` (at most all).
    pub(super) fn new(key: Key, salt: u64, take: u64, of: u64) -> Self {
        Strata { key, salt, take: take.min(of), of }
    }

    /// The member with this index.
    pub(super) fn member(&self, index: u64) -> Option<u64> {
        if index >= self.take {
            return None;
        }
        let low = (index * self.of).div_ceil(self.take);
        let high = ((index + 1) * self.of).div_ceil(self.take);
        Some(low + self.key.hash(Purpose::Sample, self.salt, index) % (high - low).max(1))
    }

    /// The index of a member, if it was taken.
    pub(super) fn index(&self, member: u64) -> Option<u64> {
        if self.take == 0 || member >= self.of {
            return None;
        }
        let index = member * self.take / self.of;
        (self.member(index) == Some(member)).then_some(index)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn permutations_invert(seed: [u8; 32], size in 1u64..300_000, x: u64) {
            let p = Permutation::new(Key::new(&seed), Purpose::Ticket, 1, 2, size);
            let x = x % size;
            prop_assert!(p.forward(x) < size);
            prop_assert_eq!(p.backward(p.forward(x)), x);
        }

        #[test]
        fn strata_invert(seed: [u8; 32], of in 1u64..5000, share in 0u64..1000) {
            let s = Strata::new(Key::new(&seed), 7, of * share / 1000, of);
            let members: Vec<u64> = (0..s.take).filter_map(|i| s.member(i)).collect();
            prop_assert!(members.windows(2).all(|w| w[0] < w[1]));
            for m in 0..of {
                prop_assert_eq!(s.index(m), members.binary_search(&m).ok().map(|i| i as u64));
            }
        }
    }
}
