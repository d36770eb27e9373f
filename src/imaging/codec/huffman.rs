//! Huffman tables of JPEG (ITU-T T.81 annexes C and K.2).

use super::bits::BitWriter;

/// Longest code of the standard.
const LONGEST: usize = 16;

/// Code and length of each symbol.
pub(super) struct Codes([(u16, u8); 256]);

/// A table as it stands in a DHT segment: how many codes of each length, and the symbols by code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Table {
    counts: [u8; LONGEST],
    symbols: Vec<u8>,
}

impl Table {
    /// The best table for symbols that occur this often (K.2). Symbols that don't occur have no
    /// code, and no code is all ones.
    pub(super) fn best(frequencies: &[u64]) -> Self {
        let lengths = lengths(frequencies);
        let mut counts = limited(&lengths);
        // The longest code is that of the reserved symbol, which makes no code all ones.
        if let Some(longest) = counts.iter().rposition(|count| *count > 0) {
            counts[longest] -= 1;
        }
        let mut symbols: Vec<u8> = (0..frequencies.len())
            .filter(|symbol| frequencies[*symbol] > 0)
            .map(|symbol| symbol as u8)
            .collect();
        symbols.sort_by_key(|symbol| (lengths[usize::from(*symbol)], *symbol));
        Table { counts, symbols }
    }

    /// The segment's content: class and destination first (B.2.4.2).
    pub(super) fn segment(&self, class_and_destination: u8) -> Vec<u8> {
        let mut out = vec![class_and_destination];
        out.extend(self.counts);
        out.extend(&self.symbols);
        out
    }

    /// The codes (C.2).
    pub(super) fn codes(&self) -> Codes {
        let mut codes = [(0, 0); 256];
        let (mut code, mut symbols) = (0u32, self.symbols.iter());
        for (length, count) in (1u8..).zip(self.counts) {
            for symbol in symbols.by_ref().take(count.into()) {
                codes[usize::from(*symbol)] = (code as u16, length);
                code += 1;
            }
            code <<= 1;
        }
        Codes(codes)
    }
}

impl Codes {
    /// Writes a symbol and the bits that follow it.
    pub(super) fn put(&self, symbol: u8, extra: u32, extra_bits: u32, out: &mut BitWriter) {
        let (code, length) = self.0[usize::from(symbol)];
        out.put(u32::from(code), length.into());
        out.put(extra, extra_bits);
    }
}

/// Category of a difference, and the bits that tell it from others of its category (F.1.2.1).
pub(super) fn category(difference: i32) -> (u8, u32) {
    let bits = 32 - difference.unsigned_abs().leading_zeros();
    let extra = if difference < 0 { difference - 1 } else { difference };
    (bits as u8, extra.cast_unsigned())
}

/// Length of each symbol's code, however long; the last one is that of a reserved symbol.
fn lengths(frequencies: &[u64]) -> Vec<u8> {
    let mut trees: Vec<(u64, Vec<usize>)> = Vec::new();
    // Of equal trees the later goes first, so that the reserved symbol lies deepest.
    let all = frequencies.iter().copied().chain([1]).enumerate();
    trees.extend(all.filter(|(_, often)| *often > 0).map(|(symbol, often)| (often, vec![symbol])));
    let mut lengths = vec![0u8; frequencies.len() + 1];
    while trees.len() > 1 {
        trees.sort_by_key(|(often, symbols)| (std::cmp::Reverse(*often), symbols[0]));
        let (Some(one), Some(two)) = (trees.pop(), trees.pop()) else { break };
        let mut symbols = one.1;
        symbols.extend(two.1);
        symbols.iter().for_each(|symbol| lengths[*symbol] += 1);
        symbols.sort_unstable_by_key(|symbol| std::cmp::Reverse(*symbol));
        trees.push((one.0 + two.0, symbols));
    }
    lengths
}

/// How many codes of each length when none may be longer than 16 (figure K.3).
fn limited(lengths: &[u8]) -> [u8; LONGEST] {
    let mut counts = vec![0u32; 1 + usize::from(lengths.iter().copied().max().unwrap_or(0)).max(LONGEST)];
    lengths.iter().filter(|length| **length > 0).for_each(|length| counts[usize::from(*length)] += 1);
    for long in (LONGEST + 1..counts.len()).rev() {
        while counts[long] > 0 {
            let Some(short) = (1..long - 1).rev().find(|short| counts[*short] > 0) else { break };
            counts[long] -= 2;
            counts[long - 1] += 1;
            counts[short + 1] += 2;
            counts[short] -= 1;
        }
    }
    let mut out = [0; LONGEST];
    out.iter_mut().zip(&counts[1..]).for_each(|(out, count)| *out = *count as u8);
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn categories_are_those_of_the_standard() {
        assert_eq!(category(0), (0, 0));
        assert_eq!(category(-1).0, 1);
        assert_eq!(category(-1).1 & 1, 0);
        assert_eq!(category(3), (2, 3));
        assert_eq!((category(-3).0, category(-3).1 & 3), (2, 0));
        assert_eq!(category(-32768).0, 16);
    }

    #[test]
    fn one_symbol_has_a_code() {
        let table = Table::best(&[0, 0, 9]);
        assert_eq!(table.symbols, [2]);
        assert_eq!(table.codes().0[2], (0, 1));
    }

    proptest! {
        /// Kraft's sum stays below one: every symbol has a code, none begins another, and all ones
        /// is free.
        #[test]
        fn codes_are_a_prefix_code(often in prop::collection::vec(0u64..1_000_000_000, 1..40)) {
            let table = Table::best(&often);
            let codes = table.codes().0;
            let mut sum = 0u32;
            for (symbol, often) in often.iter().enumerate() {
                let (code, length) = codes[symbol];
                prop_assert_eq!(length > 0, *often > 0);
                if length > 0 {
                    prop_assert!(u32::from(code) < (1 << length) - 1);
                    sum += 1 << (16 - length);
                }
            }
            prop_assert!(sum < 1 << 16);
        }

        #[test]
        fn steep_frequencies_stay_within_sixteen_bits(steps in 20usize..34) {
            let often: Vec<u64> = (0..steps).map(|n| 1 << n).collect();
            let table = Table::best(&often);
            prop_assert_eq!(table.counts.iter().map(|c| usize::from(*c)).sum::<usize>(), steps);
        }
    }
}
