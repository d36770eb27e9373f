//! Reading numbers and pieces off the front of bytes.

/// What is left of some bytes. Each call takes from the front, or gives `None` where too few are left.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cursor<'a>(&'a [u8]);

impl<'a> Cursor<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Cursor(bytes)
    }

    pub(super) fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    pub(super) fn chunk<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (taken, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*taken)
    }

    pub(super) fn u8(&mut self) -> Option<u8> {
        self.chunk().map(|[byte]| byte)
    }

    pub(super) fn u16(&mut self) -> Option<u16> {
        self.chunk().map(u16::from_le_bytes)
    }

    pub(super) fn u32(&mut self) -> Option<u32> {
        self.chunk().map(u32::from_le_bytes)
    }

    pub(super) fn u16_be(&mut self) -> Option<u16> {
        self.chunk().map(u16::from_be_bytes)
    }

    /// A length of PER (X.691 10.9): one byte, or two with the highest bit set.
    pub(super) fn per_length(&mut self) -> Option<usize> {
        let first = self.u8()?;
        if first & 0x80 == 0 {
            return Some(usize::from(first));
        }
        let second = self.u8()?;
        Some(usize::from(u16::from_be_bytes([first & 0x7f, second])))
    }

    /// All that is left.
    pub(super) fn rest(&self) -> &'a [u8] {
        self.0
    }
}

/// A length as a `u16`; what is written here is far shorter.
pub(super) fn short(length: usize) -> u16 {
    u16::try_from(length).unwrap_or(u16::MAX)
}

/// Text in UTF-16LE up to its first NUL.
pub(super) fn text(bytes: &[u8]) -> String {
    let units = bytes.as_chunks().0.iter().map(|unit: &[u8; 2]| u16::from_le_bytes(*unit));
    let shown = units.take_while(|unit| *unit != 0);
    char::decode_utf16(shown).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
}
