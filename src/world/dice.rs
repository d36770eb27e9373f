//! Keyed hashing and seeded dice: the only randomness of the world.

/// What a draw is for; each purpose has its own stream.
#[derive(Debug, Clone, Copy)]
#[repr(u64)]
pub(super) enum Purpose {
    Volume = 1,
    Name,
    Contact,
    Area,
    Birth,
    Condition,
    Number,
    Ticket,
    Slot,
    Stay,
    Sample,
    Pattern,
    Visit,
    Illness,
    Staff,
    Device,
    Imaging,
    Finding,
    Series,
    Report,
    Uid,
    Pixels,
    Lab,
    Baseline,
    Value,
    Instrument,
    Control,
    Critical,
    Formulary,
    Allergy,
    Insurance,
    Therapy,
    WardOrder,
    Money,
    Vital,
    Surgery,
}

/// The world's key, from the installation's seed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Key(u64, u64);

impl Key {
    /// Takes the first half of the seed.
    pub(super) fn new(seed: &[u8; 32]) -> Key {
        let word = |at: usize| {
            let mut bytes = [0; 8];
            bytes.copy_from_slice(&seed[at..at + 8]);
            u64::from_le_bytes(bytes)
        };
        Key(word(0), word(8))
    }

    /// A hash of two numbers for one purpose.
    pub(super) fn hash(self, purpose: Purpose, a: u64, b: u64) -> u64 {
        let h = mix(self.0 ^ (purpose as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let h = mix(h ^ a.wrapping_mul(0xd6e8_feb8_6659_fd93));
        mix(h.wrapping_add(self.1) ^ b.wrapping_mul(0xa076_1d64_78bd_642f))
    }

    /// Dice for one purpose and two numbers.
    pub(super) fn dice(self, purpose: Purpose, a: u64, b: u64) -> Dice {
        Dice(self.hash(purpose, a, b))
    }
}

/// A full-avalanche bijection of 64 bits.
pub(super) fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// A stream of draws.
#[derive(Debug, Clone)]
pub(super) struct Dice(u64);

impl Dice {
    /// The stream that starts at a hash.
    pub(super) fn of(hash: u64) -> Dice {
        Dice(hash)
    }

    /// The next 64 bits.
    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mix(self.0)
    }

    /// A number below `bound`; 0 when the bound is 0.
    pub(super) fn below(&mut self, bound: u32) -> u32 {
        ((u128::from(self.next()) * u128::from(bound)) >> 64) as u32
    }

    /// A number from `low` to `high`, both included.
    pub(super) fn between(&mut self, low: i64, high: i64) -> i64 {
        low + i64::from(self.below((high - low + 1).clamp(0, i64::from(u32::MAX)) as u32))
    }

    /// True this many times in a thousand.
    pub(super) fn permille(&mut self, share: u32) -> bool {
        self.below(1000) < share
    }

    /// A number in [0, 1).
    pub(super) fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// Close to a standard normal draw, between -3.5 and 3.5: the sum of twelve uniform draws, cut
    /// so that no value is impossible in a living patient.
    pub(super) fn normal(&mut self) -> f64 {
        let sum: f64 = (0..12).map(|_| self.unit()).sum();
        (sum - 6.0).clamp(-3.5, 3.5)
    }

    /// One of a slice that isn't empty.
    pub(super) fn pick<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[self.below(all.len() as u32) as usize]
    }
}
