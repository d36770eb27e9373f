//! Bits into bytes, most significant first, with the stuffing after 0xFF that each standard asks so
//! that no marker shows up in coded data.

/// What follows a byte 0xFF.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stuffing {
    /// A zero byte: JPEG (ITU-T T.81 F.1.2.3).
    Byte,
    /// A zero bit: JPEG-LS (ITU-T T.87 A.1), packet headers of JPEG 2000 (ITU-T T.800 B.10.1).
    Bit,
}

/// Bits on their way out.
pub(super) struct BitWriter {
    out: Vec<u8>,
    stuffing: Stuffing,
    held: u64,
    count: u32,
}

impl BitWriter {
    pub(super) fn new(out: Vec<u8>, stuffing: Stuffing) -> Self {
        BitWriter { out, stuffing, held: 0, count: 0 }
    }

    /// Adds the lowest `count` bits of a number, at most 32.
    pub(super) fn put(&mut self, number: u32, count: u32) {
        let low = u64::from(number) & ((1 << count) - 1);
        self.held = self.held << count | low;
        self.count += count;
        while self.count >= self.room() {
            self.byte();
        }
    }

    /// Fills the last byte with `fill` and gives all bytes.
    pub(super) fn finish(mut self, fill: bool) -> Vec<u8> {
        let room = self.room();
        let open = self.count > 0 || room == 7;
        if open {
            let rest = room - self.count;
            self.put(if fill { (1 << rest) - 1 } else { 0 }, rest);
        }
        self.out
    }

    /// Bits that the next byte takes.
    fn room(&self) -> u32 {
        if self.stuffing == Stuffing::Bit && self.out.last() == Some(&0xFF) { 7 } else { 8 }
    }

    fn byte(&mut self) {
        self.count -= self.room();
        let byte = (self.held >> self.count) as u8;
        self.held &= (1 << self.count) - 1;
        self.out.push(byte);
        if byte == 0xFF && self.stuffing == Stuffing::Byte {
            self.out.push(0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_marker_shows_up() {
        let mut writer = BitWriter::new(Vec::new(), Stuffing::Byte);
        writer.put(0x1FF, 9);
        assert_eq!(writer.finish(true), [0xFF, 0, 0xFF, 0]);
        let mut writer = BitWriter::new(Vec::new(), Stuffing::Bit);
        writer.put(0x1FF, 9);
        assert_eq!(writer.finish(false), [0xFF, 0x40]);
        let mut writer = BitWriter::new(Vec::new(), Stuffing::Bit);
        writer.put(0xFF, 8);
        assert_eq!(writer.finish(false), [0xFF, 0], "a last 0xFF has its zero bit too");
    }
}
