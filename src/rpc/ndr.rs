//! Network Data Representation, NDR32 (C706 chapter 14): values to bytes and back.

use super::uuid::Uuid;

/// Longest text that is taken from a caller, UTF-16 units: paths and command lines have at most
/// 32,767.
pub const MAX_TEXT: usize = 32 << 10;

/// Largest array of bytes that is taken from a caller: a request is no larger.
pub const MAX_BYTES: usize = 1 << 20;

/// A stub that ends before its values do, or holds what can't be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BadStub;

/// Reads a stub.
#[derive(Debug, Clone)]
pub struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
    big: bool,
}

impl<'a> Reader<'a> {
    /// A stub of a sender whose integers are big-endian or not.
    pub fn new(bytes: &'a [u8], big: bool) -> Self {
        Reader { bytes, at: 0, big }
    }

    /// Bytes that nobody took.
    pub fn rest(&self) -> &'a [u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }

    /// Goes to the next multiple of `to` from the stub's beginning.
    pub fn align(&mut self, to: usize) {
        self.at = self.at.next_multiple_of(to.max(1));
    }

    /// So many bytes as they are.
    ///
    /// # Errors
    /// When they are not there.
    pub fn take(&mut self, count: usize) -> Result<&'a [u8], BadStub> {
        let end = self.at.checked_add(count).ok_or(BadStub)?;
        let taken = self.bytes.get(self.at..end).ok_or(BadStub)?;
        self.at = end;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self, align: usize) -> Result<[u8; N], BadStub> {
        self.align(align);
        let mut array: [u8; N] = self.take(N)?.try_into().map_err(|_| BadStub)?;
        if self.big && align > 1 {
            array.reverse();
        }
        Ok(array)
    }

    /// One byte.
    ///
    /// # Errors
    /// When it is not there.
    pub fn u8(&mut self) -> Result<u8, BadStub> {
        self.array::<1>(1).map(u8::from_le_bytes)
    }

    /// Two bytes.
    ///
    /// # Errors
    /// When they are not there.
    pub fn u16(&mut self) -> Result<u16, BadStub> {
        self.array(2).map(u16::from_le_bytes)
    }

    /// Four bytes.
    ///
    /// # Errors
    /// When they are not there.
    pub fn u32(&mut self) -> Result<u32, BadStub> {
        self.array(4).map(u32::from_le_bytes)
    }

    /// Eight bytes.
    ///
    /// # Errors
    /// When they are not there.
    pub fn u64(&mut self) -> Result<u64, BadStub> {
        self.array(8).map(u64::from_le_bytes)
    }

    /// A UUID.
    ///
    /// # Errors
    /// When it is not there.
    pub fn uuid(&mut self) -> Result<Uuid, BadStub> {
        self.align(4);
        let bytes: [u8; 16] = self.take(16)?.try_into().map_err(|_| BadStub)?;
        Ok(if self.big { Uuid(bytes) } else { Uuid::from_le(bytes) })
    }

    /// A context handle, C706 14.2.16.6: only its UUID means anything.
    ///
    /// # Errors
    /// When it is not there.
    pub fn handle(&mut self) -> Result<Uuid, BadStub> {
        self.u32()?;
        self.uuid()
    }

    /// A pointer that may be null: whether something follows.
    ///
    /// # Errors
    /// When it is not there.
    pub fn pointer(&mut self) -> Result<bool, BadStub> {
        Ok(self.u32()? != 0)
    }

    /// A count, at most `max`.
    ///
    /// # Errors
    /// When it is not there or larger.
    pub fn count(&mut self, max: usize) -> Result<usize, BadStub> {
        usize::try_from(self.u32()?).ok().filter(|count| *count <= max).ok_or(BadStub)
    }

    /// A conformant varying array's counts: how many elements follow.
    ///
    /// # Errors
    /// When they are not there or contradict each other.
    pub fn varying(&mut self, max: usize) -> Result<usize, BadStub> {
        let room = self.u32()?;
        let offset = self.u32()?;
        let actual = self.u32()?;
        if offset.checked_add(actual).is_none_or(|end| end > room) {
            return Err(BadStub);
        }
        usize::try_from(actual).ok().filter(|count| *count <= max).ok_or(BadStub)
    }

    /// `[string] wchar_t *`: up to its zero.
    ///
    /// # Errors
    /// When it is not there or too long.
    pub fn wide(&mut self) -> Result<String, BadStub> {
        let count = self.varying(MAX_TEXT)?;
        let units = self.units(count)?;
        Ok(text(units.split(|unit| *unit == 0).next().unwrap_or_default()))
    }

    /// A pointer to a wide string, where the string follows at once.
    ///
    /// # Errors
    /// When it is not there or too long.
    pub fn wide_pointer(&mut self) -> Result<Option<String>, BadStub> {
        if self.pointer()? { self.wide().map(Some) } else { Ok(None) }
    }

    /// `[string] char *`: up to its zero.
    ///
    /// # Errors
    /// When it is not there or too long.
    pub fn narrow(&mut self) -> Result<String, BadStub> {
        let count = self.varying(MAX_TEXT)?;
        let bytes = self.take(count)?;
        Ok(String::from_utf8_lossy(bytes.split(|byte| *byte == 0).next().unwrap_or_default()).into_owned())
    }

    /// An RPC_UNICODE_STRING whose text follows at once, MS-DTYP 2.3.10.
    ///
    /// # Errors
    /// When it is not there or too long.
    pub fn unicode(&mut self) -> Result<String, BadStub> {
        if self.unicode_header()? { self.unicode_body() } else { Ok(String::new()) }
    }

    /// The fixed part of an RPC_UNICODE_STRING: whether a text follows later.
    ///
    /// # Errors
    /// When it is not there.
    pub fn unicode_header(&mut self) -> Result<bool, BadStub> {
        self.align(4);
        self.u16()?;
        self.u16()?;
        self.pointer()
    }

    /// The text of an RPC_UNICODE_STRING.
    ///
    /// # Errors
    /// When it is not there or too long.
    pub fn unicode_body(&mut self) -> Result<String, BadStub> {
        let count = self.varying(MAX_TEXT)?;
        let units = self.units(count)?;
        let end = units.iter().rposition(|unit| *unit != 0).map_or(0, |last| last + 1);
        Ok(text(units.get(..end).unwrap_or_default()))
    }

    /// A conformant array of bytes.
    ///
    /// # Errors
    /// When it is not there or too long.
    pub fn bytes(&mut self) -> Result<&'a [u8], BadStub> {
        let count = self.count(MAX_BYTES)?;
        self.take(count)
    }

    fn units(&mut self, count: usize) -> Result<Vec<u16>, BadStub> {
        let bytes = self.take(count.checked_mul(2).ok_or(BadStub)?)?;
        let read = if self.big { u16::from_be_bytes } else { u16::from_le_bytes };
        Ok(bytes.as_chunks::<2>().0.iter().map(|unit| read(*unit)).collect())
    }
}

fn text(units: &[u16]) -> String {
    char::decode_utf16(units.iter().copied()).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
}

/// Writes a stub, little-endian.
#[derive(Debug, Clone, Default)]
pub struct Writer {
    out: Vec<u8>,
    referents: u32,
}

impl Writer {
    /// An empty stub.
    pub fn new() -> Self {
        Writer::default()
    }

    /// What was written.
    pub fn finish(self) -> Vec<u8> {
        self.out
    }

    /// Fills up with zeros to the next multiple of `to`.
    pub fn align(&mut self, to: usize) {
        self.out.resize(self.out.len().next_multiple_of(to.max(1)), 0);
    }

    /// Bytes as they are.
    pub fn raw(&mut self, bytes: &[u8]) {
        self.out.extend_from_slice(bytes);
    }

    /// One byte.
    pub fn u8(&mut self, value: u8) {
        self.out.push(value);
    }

    /// Two bytes.
    pub fn u16(&mut self, value: u16) {
        self.align(2);
        self.raw(&value.to_le_bytes());
    }

    /// Four bytes.
    pub fn u32(&mut self, value: u32) {
        self.align(4);
        self.raw(&value.to_le_bytes());
    }

    /// Eight bytes.
    pub fn u64(&mut self, value: u64) {
        self.align(8);
        self.raw(&value.to_le_bytes());
    }

    /// A length or count; those of ours are small.
    pub fn count(&mut self, value: usize) {
        self.u32(u32::try_from(value).unwrap_or(u32::MAX));
    }

    /// A UUID.
    pub fn uuid(&mut self, value: Uuid) {
        self.align(4);
        self.raw(&value.to_le());
    }

    /// A context handle; `None` is the closed one.
    pub fn handle(&mut self, value: Option<Uuid>) {
        self.u32(0);
        self.uuid(value.unwrap_or_default());
    }

    /// A pointer to something that is written later.
    pub fn pointer(&mut self) {
        self.u32(0x0002_0000_u32.wrapping_add(self.referents.wrapping_mul(4)));
        self.referents = self.referents.wrapping_add(1);
    }

    /// A null pointer.
    pub fn null(&mut self) {
        self.u32(0);
    }

    /// A pointer where there is something, else null.
    pub fn pointer_to(&mut self, there: bool) {
        if there { self.pointer() } else { self.null() }
    }

    /// `[string] wchar_t *`: with its zero.
    pub fn wide(&mut self, text: &str) {
        let units: Vec<u16> = text.encode_utf16().chain([0]).collect();
        self.varying(units.len(), units.len());
        self.units(&units);
    }

    /// `[string] char *`: with its zero.
    pub fn narrow(&mut self, text: &str) {
        self.varying(text.len() + 1, text.len() + 1);
        self.raw(text.as_bytes());
        self.u8(0);
    }

    /// The fixed part of an RPC_UNICODE_STRING; [`Writer::unicode_body`] follows later.
    pub fn unicode_header(&mut self, text: &str) {
        let bytes = u16::try_from(text.encode_utf16().count() * 2).unwrap_or(u16::MAX - 1);
        self.align(4);
        self.u16(bytes);
        self.u16(bytes);
        self.pointer();
    }

    /// The text of an RPC_UNICODE_STRING.
    pub fn unicode_body(&mut self, text: &str) {
        let units: Vec<u16> = text.encode_utf16().collect();
        self.varying(units.len(), units.len());
        self.units(&units);
    }

    /// The fixed part of an RPC_UNICODE_STRING as LSA writes it: with room for a zero, which
    /// [`Writer::unicode_body_roomy`] leaves too.
    pub fn unicode_header_roomy(&mut self, text: &str) {
        let bytes = u16::try_from(text.encode_utf16().count() * 2).unwrap_or(u16::MAX - 3);
        self.align(4);
        self.u16(bytes);
        self.u16(bytes.saturating_add(2));
        self.pointer();
    }

    /// The text that belongs to [`Writer::unicode_header_roomy`].
    pub fn unicode_body_roomy(&mut self, text: &str) {
        let units: Vec<u16> = text.encode_utf16().collect();
        self.varying(units.len() + 1, units.len());
        self.units(&units);
    }

    /// A conformant varying array's counts.
    pub fn varying(&mut self, room: usize, actual: usize) {
        self.count(room);
        self.u32(0);
        self.count(actual);
    }

    fn units(&mut self, units: &[u16]) {
        for unit in units {
            self.raw(&unit.to_le_bytes());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let mut writer = Writer::new();
        writer.u8(1);
        writer.wide("共享$");
        writer.unicode_header("hisdb");
        writer.unicode_body("hisdb");
        writer.u64(7);
        writer.narrow("x");
        writer.handle(Some(Uuid([9; 16])));
        let stub = writer.finish();
        let mut reader = Reader::new(&stub, false);
        assert_eq!(reader.u8(), Ok(1));
        assert_eq!(reader.wide().as_deref(), Ok("共享$"));
        assert_eq!(reader.unicode().as_deref(), Ok("hisdb"));
        assert_eq!(reader.u64(), Ok(7));
        assert_eq!(reader.narrow().as_deref(), Ok("x"));
        assert_eq!(reader.handle(), Ok(Uuid([9; 16])));
        assert!(reader.rest().is_empty());
        for end in 0..stub.len() {
            let mut short = Reader::new(&stub[..end], false);
            let all = short.u8().and_then(|_| short.wide()).and_then(|_| short.unicode());
            let all = all.and_then(|_| short.u64()).and_then(|_| short.narrow()).and_then(|_| short.handle());
            assert_eq!(all, Err(BadStub));
        }
    }

    #[test]
    fn a_big_endian_sender_is_understood() {
        let stub = [0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 2, 0, b'a', 0, 0];
        assert_eq!(Reader::new(&stub, true).wide().as_deref(), Ok("a"));
    }

    #[test]
    fn lengths_that_lie_are_refused() {
        let stub = [1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0];
        assert_eq!(Reader::new(&stub, false).wide(), Err(BadStub));
        assert_eq!(Reader::new(&[0xff; 12], false).bytes(), Err(BadStub));
    }
}
