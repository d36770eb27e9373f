//! The MQ coder (ITU-T T.800 annex C): binary decisions into bytes, by how likely each was so far.

/// Estimate of a context: size of the less likely interval, next state after the more and after the
/// less likely decision, and whether the latter swaps which one is which (table C.2).
type State = (u16, u8, u8, bool);

const STATES: [State; 47] = [
    (0x5601, 1, 1, true),
    (0x3401, 2, 6, false),
    (0x1801, 3, 9, false),
    (0x0AC1, 4, 12, false),
    (0x0521, 5, 29, false),
    (0x0221, 38, 33, false),
    (0x5601, 7, 6, true),
    (0x5401, 8, 14, false),
    (0x4801, 9, 14, false),
    (0x3801, 10, 14, false),
    (0x3001, 11, 17, false),
    (0x2401, 12, 18, false),
    (0x1C01, 13, 20, false),
    (0x1601, 29, 21, false),
    (0x5601, 15, 14, true),
    (0x5401, 16, 14, false),
    (0x5101, 17, 15, false),
    (0x4801, 18, 16, false),
    (0x3801, 19, 17, false),
    (0x3401, 20, 18, false),
    (0x3001, 21, 19, false),
    (0x2801, 22, 19, false),
    (0x2401, 23, 20, false),
    (0x2201, 24, 21, false),
    (0x1C01, 25, 22, false),
    (0x1801, 26, 23, false),
    (0x1601, 27, 24, false),
    (0x1401, 28, 25, false),
    (0x1201, 29, 26, false),
    (0x1101, 30, 27, false),
    (0x0AC1, 31, 28, false),
    (0x09C1, 32, 29, false),
    (0x08A1, 33, 30, false),
    (0x0521, 34, 31, false),
    (0x0441, 35, 32, false),
    (0x02A1, 36, 33, false),
    (0x0221, 37, 34, false),
    (0x0141, 38, 35, false),
    (0x0111, 39, 36, false),
    (0x0085, 40, 37, false),
    (0x0049, 41, 38, false),
    (0x0025, 42, 39, false),
    (0x0015, 43, 40, false),
    (0x0009, 44, 41, false),
    (0x0005, 45, 42, false),
    (0x0001, 45, 43, false),
    (0x5601, 46, 46, false),
];

/// An encoder with its contexts.
pub(super) struct Mq {
    /// The byte before the first one comes first.
    out: Vec<u8>,
    interval: u32,
    code: u32,
    /// Shifts until the next byte is whole.
    shifts: u32,
    /// State and likelier decision of each context.
    contexts: Vec<(u8, bool)>,
}

impl Mq {
    /// Contexts that begin in these states, 0 taken for likelier.
    pub(super) fn new(states: &[u8]) -> Self {
        let contexts = states.iter().map(|state| (*state, false)).collect();
        Mq { out: vec![0], interval: 0x8000, code: 0, shifts: 12, contexts }
    }

    /// Codes a decision in a context (C.2.2 to C.2.5).
    pub(super) fn put(&mut self, context: usize, decision: bool) {
        let (state, likelier) = self.contexts[context];
        let (less, after_more, after_less, swaps) = STATES[usize::from(state)];
        let less = u32::from(less);
        self.interval -= less;
        if decision == likelier {
            if self.interval & 0x8000 != 0 {
                self.code += less;
                return;
            }
            if self.interval < less {
                self.interval = less;
            } else {
                self.code += less;
            }
            self.contexts[context].0 = after_more;
        } else {
            if self.interval < less {
                self.code += less;
            } else {
                self.interval = less;
            }
            self.contexts[context] = (after_less, likelier != swaps);
        }
        self.renormalise();
    }

    /// Ends the stream (C.2.9).
    pub(super) fn finish(mut self) -> Vec<u8> {
        let above = self.code + self.interval;
        self.code |= 0xFFFF;
        if self.code >= above {
            self.code -= 0x8000;
        }
        for _ in 0..2 {
            self.code <<= self.shifts;
            self.byte();
        }
        // A last 0xFF is what a decoder assumes anyway.
        if self.out.last() == Some(&0xFF) {
            self.out.pop();
        }
        self.out.remove(0);
        self.out
    }

    fn renormalise(&mut self) {
        loop {
            self.interval <<= 1;
            self.code <<= 1;
            self.shifts -= 1;
            if self.shifts == 0 {
                self.byte();
            }
            if self.interval & 0x8000 != 0 {
                return;
            }
        }
    }

    /// C.2.7: after 0xFF a byte has seven bits, so that a carry never runs further.
    fn byte(&mut self) {
        const CARRY: u32 = 0x800_0000;
        if let Some(last) = self.out.last_mut()
            && *last != 0xFF
            && self.code >= CARRY
        {
            *last += 1;
            self.code &= CARRY - 1;
        }
        let bits = if self.out.last() == Some(&0xFF) { 7 } else { 8 };
        self.out.push((self.code >> (27 - bits)) as u8);
        self.code &= (1 << (27 - bits)) - 1;
        self.shifts = bits;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The standard's own test sequence (ITU-T T.88 H.2, which has the same coder).
    #[test]
    fn the_standard_s_test_sequence() {
        let input: [u8; 32] = [
            0x00, 0x02, 0x00, 0x51, 0x00, 0x00, 0x00, 0xC0, 0x03, 0x52, 0x87, 0x2A, 0xAA, 0xAA, 0xAA, 0xAA,
            0x82, 0xC0, 0x20, 0x00, 0xFC, 0xD7, 0x9E, 0xF6, 0xBF, 0x7F, 0xED, 0x90, 0x4F, 0x46, 0xA3, 0xBF,
        ];
        let expected: [u8; 28] = [
            0x84, 0xC7, 0x3B, 0xFC, 0xE1, 0xA1, 0x43, 0x04, 0x02, 0x20, 0x00, 0x00, 0x41, 0x0D, 0xBB, 0x86,
            0xF4, 0x31, 0x7F, 0xFF, 0x88, 0xFF, 0x37, 0x47, 0x1A, 0xDB, 0x6A, 0xDF,
        ];
        let mut coder = Mq::new(&[0]);
        for byte in input {
            (0..8).rev().for_each(|bit| coder.put(0, byte >> bit & 1 == 1));
        }
        assert_eq!(coder.finish(), expected);
    }
}
