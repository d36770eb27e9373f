//! Bits out of bytes, most significant first, without the zero bit that JPEG-LS puts after 0xFF.

/// Reads a scan.
pub(super) struct BitReader<'a> {
    bytes: &'a [u8],
    held: u32,
    count: u32,
    after_ff: bool,
}

impl<'a> BitReader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        BitReader { bytes, held: 0, count: 0, after_ff: false }
    }

    /// The next bit; `None` at the end, where a marker begins.
    pub(super) fn bit(&mut self) -> Option<u32> {
        if self.count == 0 {
            let (byte, rest) = self.bytes.split_first()?;
            if self.after_ff && *byte > 0x7F {
                return None;
            }
            self.bytes = rest;
            self.held = u32::from(*byte);
            self.count = if self.after_ff { 7 } else { 8 };
            self.after_ff = *byte == 0xFF;
        }
        self.count -= 1;
        Some(self.held >> self.count & 1)
    }

    /// The next so many bits, at most 32.
    pub(super) fn bits(&mut self, count: u32) -> Option<u32> {
        (0..count).try_fold(0u32, |number, _| Some(number << 1 | self.bit()?))
    }
}
