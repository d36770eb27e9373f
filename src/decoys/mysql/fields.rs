//! The integers and strings that payloads are made of.

/// Reads a payload from its start; every read may find too little.
#[derive(Debug, Clone, Copy)]
pub struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    /// Reads from the start of a payload.
    pub fn new(payload: &'a [u8]) -> Self {
        Fields(payload)
    }

    /// What was not read yet.
    pub fn rest(&self) -> &'a [u8] {
        self.0
    }

    /// So many bytes.
    pub fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    /// One byte.
    pub fn u8(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    /// Two bytes, least significant first.
    pub fn u16(&mut self) -> Option<u16> {
        Some(u16::from_le_bytes(self.take(2)?.try_into().ok()?))
    }

    /// Four bytes, least significant first.
    pub fn u32(&mut self) -> Option<u32> {
        Some(u32::from_le_bytes(self.take(4)?.try_into().ok()?))
    }

    /// Eight bytes, least significant first.
    pub fn u64(&mut self) -> Option<u64> {
        Some(u64::from_le_bytes(self.take(8)?.try_into().ok()?))
    }

    /// A string that a zero byte ends.
    pub fn text_to_nul(&mut self) -> Option<&'a [u8]> {
        let end = self.0.iter().position(|byte| *byte == 0)?;
        let text = self.take(end)?;
        self.u8()?;
        Some(text)
    }

    /// A length-encoded integer.
    pub fn length(&mut self) -> Option<u64> {
        match self.u8()? {
            short @ 0..=0xfa => Some(u64::from(short)),
            0xfc => self.u16().map(u64::from),
            0xfd => {
                let bytes = self.take(3)?;
                Some(bytes.iter().rev().fold(0, |value, byte| value << 8 | u64::from(*byte)))
            }
            0xfe => self.u64(),
            0xfb | 0xff => None,
        }
    }

    /// A string after its length-encoded length.
    pub fn text(&mut self) -> Option<&'a [u8]> {
        let length = self.length()?;
        self.take(usize::try_from(length).ok()?)
    }
}

/// Appends a length-encoded integer.
pub fn put_length(out: &mut Vec<u8>, value: u64) {
    let bytes = value.to_le_bytes();
    let [a, b, c, ..] = bytes;
    match value {
        0..=0xfa => out.push(a),
        0xfb..=0xffff => out.extend_from_slice(&[0xfc, a, b]),
        0x1_0000..=0xff_ffff => out.extend_from_slice(&[0xfd, a, b, c]),
        0x100_0000.. => {
            out.push(0xfe);
            out.extend_from_slice(&bytes);
        }
    }
}

/// Appends a string after its length-encoded length.
pub fn put_text(out: &mut Vec<u8>, text: &[u8]) {
    put_length(out, u64::try_from(text.len()).unwrap_or(u64::MAX));
    out.extend_from_slice(text);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_read_as_they_are_written() {
        for value in [0, 0xfa, 0xfb, 0xffff, 0x1_0000, 0xff_ffff, 0x100_0000, u64::MAX] {
            let mut out = Vec::new();
            put_length(&mut out, value);
            let mut fields = Fields::new(&out);
            assert_eq!(fields.length(), Some(value));
            assert!(fields.rest().is_empty());
        }
    }
}
