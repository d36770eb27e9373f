//! What JPEG-LS learns while it codes (ITU-T T.87 annex A): the same for whoever writes and whoever
//! reads.

/// Contexts of regular samples, by quantized gradients (A.3.4).
pub const CONTEXTS: usize = 365;

/// After so many samples a context halves what it knows, unless the stream says otherwise (A.2.1).
pub const RESET: i32 = 64;

/// Lengths of runs, as powers of two, by how well runs went (A.2.1).
pub const RUN_ORDERS: [u32; 32] =
    [0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 9, 10, 11, 12, 13, 14, 15];

/// What a context knows (A.2.1).
#[derive(Debug, Clone, Copy)]
pub struct Context {
    /// Sum of the errors' sizes.
    pub size: i32,
    /// Sum of the errors.
    pub bias: i32,
    /// Correction of the prediction.
    pub correction: i32,
    /// Samples seen.
    pub seen: i32,
}

/// What the contexts of samples that end a run know (A.7.2).
#[derive(Debug, Clone, Copy)]
pub struct Interruption {
    /// Sum of the errors' sizes.
    pub size: i32,
    /// Samples seen.
    pub seen: i32,
    /// Errors below zero.
    pub negative: i32,
}

/// What is assumed of errors at the start, for so many different samples (A.2.1).
fn initial_size(range: i32) -> i32 {
    ((range + 32) / 64).max(2)
}

impl Context {
    /// One that has seen nothing yet.
    pub fn new(range: i32) -> Self {
        Context { size: initial_size(range), bias: 0, correction: 0, seen: 1 }
    }

    /// What it knows after one more error (A.6).
    #[must_use]
    pub fn taught(mut self, error: i32, near: i32, reset: i32) -> Self {
        self.bias = self.bias.saturating_add(error.saturating_mul(2 * near + 1));
        self.size = self.size.saturating_add(error.abs());
        if self.seen == reset {
            self.size >>= 1;
            self.bias >>= 1;
            self.seen >>= 1;
        }
        self.seen += 1;
        if self.bias <= -self.seen {
            self.correction = (self.correction - 1).max(-128);
            self.bias = (self.bias + self.seen).max(1 - self.seen);
        } else if self.bias > 0 {
            self.correction = (self.correction + 1).min(127);
            self.bias = (self.bias - self.seen).min(0);
        }
        self
    }

    /// Order of the code for its next error.
    pub fn order(&self) -> Option<u32> {
        order(self.seen, self.size)
    }

    /// Whether small errors are told the other way round (A.5.2).
    pub fn is_skewed(&self, near: i32, order: u32) -> bool {
        near == 0 && order == 0 && 2 * self.bias <= -self.seen
    }
}

impl Interruption {
    /// One that has seen nothing yet.
    pub fn new(range: i32) -> Self {
        Interruption { size: initial_size(range), seen: 1, negative: 0 }
    }

    /// What it knows after one more error and what it was mapped to; `alike` are the sample to the left
    /// and the one above (A.7.2.2).
    #[must_use]
    pub fn taught(mut self, error: i32, mapped: i32, alike: bool, reset: i32) -> Self {
        self.negative += i32::from(error < 0);
        self.size = self.size.saturating_add((mapped + 1 - i32::from(alike)) >> 1);
        if self.seen == reset {
            self.size >>= 1;
            self.seen >>= 1;
            self.negative >>= 1;
        }
        self.seen += 1;
        self
    }

    /// Order of the code for its next error.
    pub fn order(&self, alike: bool) -> Option<u32> {
        order(self.seen, self.size + if alike { self.seen >> 1 } else { 0 })
    }

    /// Whether most errors were below zero.
    pub fn is_mostly_negative(&self) -> bool {
        2 * self.negative >= self.seen
    }
}

/// Order of the Golomb code for errors of this size (A.5.1).
fn order(seen: i32, size: i32) -> Option<u32> {
    (0..24).find(|order| i64::from(seen) << order >= i64::from(size))
}

/// A sample as its neighbours let expect it (A.4.1).
pub fn expected(left: i32, above: i32, corner: i32) -> i32 {
    if corner >= left.max(above) {
        left.min(above)
    } else if corner <= left.min(above) {
        left.max(above)
    } else {
        left + above - corner
    }
}

/// A gradient by thresholds, from -4 to 4 (A.3.3).
pub fn quantized(gradient: i32, near: i32, thresholds: [i32; 3]) -> i32 {
    let size = gradient.abs();
    let steps: i32 = thresholds.iter().map(|threshold| i32::from(size >= *threshold)).sum();
    gradient.signum() * (steps + 1) * i32::from(size > near)
}

/// Default thresholds of gradients (C.2.4.1.1).
pub fn thresholds(most: i32, near: i32) -> [i32; 3] {
    let clamp = |threshold: i32, least: i32| {
        if threshold > most || threshold < least { least } else { threshold }
    };
    let [one, two, three] = if most >= 128 {
        let factor = (most.min(4095) + 128) / 256;
        [factor + 2 + 3 * near, 4 * factor + 3 + 5 * near, 17 * factor + 4 + 7 * near]
    } else {
        let factor = 256 / (most + 1);
        [(3 / factor + 3 * near).max(2), (7 / factor + 5 * near).max(3), (21 / factor + 7 * near).max(4)]
    };
    let one = clamp(one, near + 1);
    let two = clamp(two, one);
    [one, two, clamp(three, two)]
}
