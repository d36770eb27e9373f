//! MD4 (RFC 1320) and RC4: broken for long, and what NTLM is made of.

/// MD4 of a message.
pub(super) fn md4(message: &[u8]) -> [u8; 16] {
    let mut state = [0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476];
    let mut padded = message.to_vec();
    padded.push(0x80);
    padded.resize(padded.len().next_multiple_of(64), 0);
    if padded.len() - message.len() < 9 {
        padded.resize(padded.len() + 64, 0);
    }
    let bits = u64::try_from(message.len()).unwrap_or(0).wrapping_mul(8);
    padded.truncate(padded.len() - 8);
    padded.extend(bits.to_le_bytes());
    for block in padded.as_chunks::<64>().0 {
        state = compress(state, block);
    }
    let mut digest = [0; 16];
    for (slot, word) in digest.as_chunks_mut::<4>().0.iter_mut().zip(state) {
        *slot = word.to_le_bytes();
    }
    digest
}

type Mix = fn(u32, u32, u32) -> u32;

/// The rounds: function, constant, shifts, and in which order the words come (RFC 1320 3.4).
const ROUNDS: [(Mix, u32, [u32; 4], [usize; 16]); 3] = [
    (|x, y, z| (x & y) | (!x & z), 0, [3, 7, 11, 19], [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15]),
    (
        |x, y, z| (x & y) | (x & z) | (y & z),
        0x5a82_7999,
        [3, 5, 9, 13],
        [0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15],
    ),
    (
        |x, y, z| x ^ y ^ z,
        0x6ed9_eba1,
        [3, 9, 11, 15],
        [0, 8, 4, 12, 2, 10, 6, 14, 1, 9, 5, 13, 3, 11, 7, 15],
    ),
];

fn compress(state: [u32; 4], block: &[u8; 64]) -> [u32; 4] {
    let mut words = [0; 16];
    for (word, bytes) in words.iter_mut().zip(block.as_chunks::<4>().0) {
        *word = u32::from_le_bytes(*bytes);
    }
    let [mut a, mut b, mut c, mut d] = state;
    for (mix, constant, shifts, order) in ROUNDS {
        for (index, shift) in order.into_iter().zip(shifts.into_iter().cycle()) {
            let word = words.get(index).copied().unwrap_or(0);
            let sum = a.wrapping_add(mix(b, c, d)).wrapping_add(word).wrapping_add(constant);
            (a, b, c, d) = (d, sum.rotate_left(shift), b, c);
        }
    }
    let [oa, ob, oc, od] = state;
    [a.wrapping_add(oa), b.wrapping_add(ob), c.wrapping_add(oc), d.wrapping_add(od)]
}

/// RC4, which goes on where it was with every message.
#[derive(Clone)]
pub struct Rc4 {
    table: [u8; 256],
    i: u8,
    j: u8,
}

impl Rc4 {
    /// Begins with a key.
    pub fn new(key: &[u8]) -> Self {
        let mut table: [u8; 256] = std::array::from_fn(|i| u8::try_from(i).unwrap_or(0));
        let mut j = 0u8;
        for (i, key) in (0..=255u8).zip(key.iter().cycle()) {
            j = j.wrapping_add(at(&table, i)).wrapping_add(*key);
            table.swap(usize::from(i), usize::from(j));
        }
        Rc4 { table, i: 0, j: 0 }
    }

    /// Encrypts, or decrypts, in place.
    pub fn apply(&mut self, bytes: &mut [u8]) {
        for byte in bytes {
            self.i = self.i.wrapping_add(1);
            self.j = self.j.wrapping_add(at(&self.table, self.i));
            self.table.swap(usize::from(self.i), usize::from(self.j));
            let sum = at(&self.table, self.i).wrapping_add(at(&self.table, self.j));
            *byte ^= at(&self.table, sum);
        }
    }
}

fn at(table: &[u8; 256], index: u8) -> u8 {
    table.get(usize::from(index)).copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn md4_is_that_of_rfc_1320() {
        let known = [
            ("", "31d6cfe0d16ae931b73c59d7e0c089c0"),
            ("abc", "a448017aaf21d8525fc10ae87aa6729d"),
            ("abcdefghijklmnopqrstuvwxyz", "d79e1c308aa5bbcdeea8ed63df412da9"),
            (
                "12345678901234567890123456789012345678901234567890123456789012345678901234567890",
                "e33b4ddc9c38f2199c3e7b164fcc0536",
            ),
        ];
        for (message, digest) in known {
            assert_eq!(hex::encode(md4(message.as_bytes())), digest, "{message}");
        }
        // Where the length does not fit into the block any more.
        let digests: std::collections::BTreeSet<_> = (50..70).map(|n| md4(&vec![7; n])).collect();
        assert_eq!(digests.len(), 20);
    }

    #[test]
    fn rc4_is_that_of_rfc_6229() {
        let mut stream = [0; 16];
        Rc4::new(&[1, 2, 3, 4, 5]).apply(&mut stream);
        assert_eq!(hex::encode(stream), "b2396305f03dc027ccc3524a0a1118a8");
    }
}
