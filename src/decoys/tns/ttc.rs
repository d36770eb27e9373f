//! Two-task common: how numbers and texts stand in the DATA packets of a session.
//!
//! A thin driver writes numbers as a count of bytes and then the bytes; a client on the same kind of
//! machine as the server writes them as they stand in memory, least significant byte first.

/// How one client writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Marshal {
    /// Counted numbers: thin drivers.
    Universal,
    /// Numbers of fixed length: clients of the C library, and what imitates them.
    Native,
}

/// Longest text that stands in one piece.
const PIECE: usize = 64;

/// Mark of a text in several pieces.
const PIECES: u8 = 0xfe;

/// Longest text that is put together from pieces.
const MAX_TEXT: usize = 64 << 10;

/// Reads a payload from its start; every read may find too little.
#[derive(Debug, Clone)]
pub struct Reader<'a> {
    rest: &'a [u8],
    marshal: Marshal,
}

impl<'a> Reader<'a> {
    /// Reads from the start of a payload.
    pub fn new(payload: &'a [u8], marshal: Marshal) -> Self {
        Reader { rest: payload, marshal }
    }

    /// What was not read yet.
    pub fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// So many bytes.
    pub fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.rest.split_at_checked(count)?;
        self.rest = rest;
        Some(taken)
    }

    /// One byte.
    pub fn u8(&mut self) -> Option<u8> {
        self.take(1)?.first().copied()
    }

    /// A number of up to four bytes.
    pub fn number(&mut self) -> Option<u32> {
        match self.marshal {
            Marshal::Native => Some(u32::from_le_bytes(self.take(4)?.try_into().ok()?)),
            Marshal::Universal => {
                let count = usize::from(self.u8()? & 0x7f);
                let bytes = self.take(count).filter(|bytes| bytes.len() <= 4)?;
                Some(bytes.iter().fold(0, |value, byte| value << 8 | u32::from(*byte)))
            }
        }
    }

    /// A text in one or several pieces.
    pub fn text(&mut self) -> Option<Vec<u8>> {
        match self.u8()? {
            PIECES => {
                let mut whole = Vec::new();
                loop {
                    let length = usize::from(self.u8()?);
                    if length == 0 {
                        return Some(whole);
                    }
                    whole.extend_from_slice(self.take(length)?);
                    if whole.len() > MAX_TEXT {
                        return None;
                    }
                }
            }
            length => self.take(usize::from(length)).map(<[u8]>::to_vec),
        }
    }

    /// A text after a number that tells its length; nothing for none.
    pub fn counted(&mut self) -> Option<Vec<u8>> {
        if self.number()? == 0 { Some(Vec::new()) } else { self.text() }
    }

    /// A name with its value and flags.
    pub fn pair(&mut self) -> Option<(Vec<u8>, Vec<u8>)> {
        let (name, value) = (self.counted()?, self.counted()?);
        self.number()?;
        Some((name, value))
    }
}

/// Writes a payload.
#[derive(Debug)]
pub struct Writer {
    out: Vec<u8>,
    marshal: Marshal,
}

impl Writer {
    /// An empty payload.
    pub fn new(marshal: Marshal) -> Self {
        Writer { out: Vec::new(), marshal }
    }

    /// What was written.
    pub fn finish(self) -> Vec<u8> {
        self.out
    }

    /// Bytes as they are.
    pub fn raw(&mut self, bytes: &[u8]) -> &mut Self {
        self.out.extend_from_slice(bytes);
        self
    }

    /// A number of two bytes.
    pub fn ub2(&mut self, value: u16) -> &mut Self {
        match self.marshal {
            Marshal::Native => self.raw(&value.to_le_bytes()),
            Marshal::Universal => self.counted_number(&value.to_be_bytes()),
        }
    }

    /// A number of four bytes.
    pub fn ub4(&mut self, value: u32) -> &mut Self {
        match self.marshal {
            Marshal::Native => self.raw(&value.to_le_bytes()),
            Marshal::Universal => self.counted_number(&value.to_be_bytes()),
        }
    }

    fn counted_number(&mut self, bytes: &[u8]) -> &mut Self {
        let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
        let shown = bytes.get(zeros..).unwrap_or_default();
        self.out.push(u8::try_from(shown.len()).unwrap_or_default());
        self.raw(shown)
    }

    /// A text in one or several pieces.
    pub fn text(&mut self, text: &[u8]) -> &mut Self {
        let several = text.len() > PIECE;
        if several {
            self.out.push(PIECES);
        }
        for piece in text.chunks(PIECE) {
            self.out.push(u8::try_from(piece.len()).unwrap_or_default());
            self.out.extend_from_slice(piece);
        }
        if several || text.is_empty() {
            self.out.push(0);
        }
        self
    }

    /// A text after a number that tells its length.
    pub fn counted(&mut self, text: &[u8]) -> &mut Self {
        self.ub4(u32::try_from(text.len()).unwrap_or_default());
        if text.is_empty() { self } else { self.text(text) }
    }

    /// A name with its value and flags.
    pub fn pair(&mut self, name: &str, value: &[u8], flags: u32) -> &mut Self {
        self.counted(name.as_bytes()).counted(value).ub4(flags)
    }
}

/// The end of a call, with the error that it ended by: message type 4.
pub fn end_of_call(marshal: Marshal, number: u16, text: &str) -> Vec<u8> {
    /// Bytes of detail that the server puts before the text.
    const DETAIL: usize = 31;
    let mut out = Writer::new(marshal);
    out.raw(&[4]).ub4(1).ub2(0).ub4(u32::from(number > 0));
    // Error number, errors of array elements, cursor, position.
    out.ub2(number).ub2(0).ub2(0).ub2(0).ub2(0);
    // Statement type, fatal, flags, cursor options, parameter, warning.
    out.raw(&[0; 6]);
    // Row id: relative block, partition, table, block, slot.
    out.ub4(0).ub2(0).raw(&[0]).ub4(0).ub2(0);
    // Error of the system, statement, call, padding, iterations.
    out.ub4(0).raw(&[0, 0]).ub2(0).ub4(0);
    match marshal {
        Marshal::Native => out.ub4(u32::try_from(DETAIL).unwrap_or_default()).text(&[0; DETAIL]),
        Marshal::Universal => out.ub4(0),
    };
    // Errors of a batch: numbers, offsets, texts.
    out.ub2(0).ub4(0).ub2(0);
    if number > 0 {
        out.text(text.as_bytes());
    }
    out.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        for marshal in [Marshal::Universal, Marshal::Native] {
            let mut out = Writer::new(marshal);
            out.pair("AUTH_SESSKEY", &[b'A'; 96], 1).pair("EMPTY", b"", 0).ub4(70_000);
            let bytes = out.finish();
            let mut reader = Reader::new(&bytes, marshal);
            assert_eq!(reader.pair(), Some((b"AUTH_SESSKEY".to_vec(), vec![b'A'; 96])));
            assert_eq!(reader.pair(), Some((b"EMPTY".to_vec(), Vec::new())));
            assert_eq!(reader.number(), Some(70_000));
            assert!(reader.rest().is_empty());
        }
    }

    /// nmap reads the text of an error at a place that it counted in real packets.
    #[test]
    fn the_error_text_stands_where_native_clients_look() {
        let payload = [&[0, 0][..], &end_of_call(Marshal::Native, 1017, "ORA-01017: x")].concat();
        assert_eq!(payload[9], 1);
        assert_eq!(payload[98..], [&[12][..], b"ORA-01017: x"].concat());
    }
}
