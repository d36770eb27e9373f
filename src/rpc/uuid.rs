//! UUIDs as RPC writes them: the first three parts in the order of the sender's bytes.

use std::fmt;

/// A UUID, in the order in which it is written.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Uuid(pub [u8; 16]);

impl Uuid {
    /// A UUID by its parts, as it is spelled.
    pub const fn new(a: u32, b: u16, c: u16, d: u64) -> Self {
        let [a0, a1, a2, a3] = a.to_be_bytes();
        let [b0, b1] = b.to_be_bytes();
        let [c0, c1] = c.to_be_bytes();
        let [d0, d1, d2, d3, d4, d5, d6, d7] = d.to_be_bytes();
        Uuid([a0, a1, a2, a3, b0, b1, c0, c1, d0, d1, d2, d3, d4, d5, d6, d7])
    }

    /// A random one (version 4) made of 16 derived bytes.
    pub fn random(mut bytes: [u8; 16]) -> Self {
        let [.., six, _, eight, _, _, _, _, _, _, _] = &mut bytes;
        *six = (*six & 0x0f) | 0x40;
        *eight = (*eight & 0x3f) | 0x80;
        Uuid(bytes)
    }

    /// From 16 bytes of a little-endian sender.
    pub fn from_le(bytes: [u8; 16]) -> Self {
        Uuid(swapped(bytes))
    }

    /// As a little-endian sender writes it.
    pub fn to_le(self) -> [u8; 16] {
        swapped(self.0)
    }
}

fn swapped(bytes: [u8; 16]) -> [u8; 16] {
    let [a0, a1, a2, a3, b0, b1, c0, c1, d0, d1, d2, d3, d4, d5, d6, d7] = bytes;
    [a3, a2, a1, a0, b1, b0, c1, c0, d0, d1, d2, d3, d4, d5, d6, d7]
}

impl fmt::Display for Uuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, byte) in self.0.iter().enumerate() {
            if matches!(at, 4 | 6 | 8 | 10) {
                f.write_str("-")?;
            }
            write!(f, "{byte:02x}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Uuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_spelled_and_written() {
        let srvsvc = Uuid::new(0x4b32_4fc8, 0x1670, 0x01d3, 0x1278_5a47_bf6e_e188);
        assert_eq!(srvsvc.to_string(), "4b324fc8-1670-01d3-1278-5a47bf6ee188");
        assert_eq!(hex::encode(srvsvc.to_le()), "c84f324b7016d30112785a47bf6ee188");
        assert_eq!(Uuid::from_le(srvsvc.to_le()), srvsvc);
        assert_eq!(Uuid::random([0xff; 16]).to_string(), "ffffffff-ffff-4fff-bfff-ffffffffffff");
    }
}
