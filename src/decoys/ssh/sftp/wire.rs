//! SFTP version 3 on the wire: draft-ietf-secsh-filexfer-02.

/// Largest packet taken, as sftp-server(8) (`SFTP_MAX_MSG_LENGTH`).
pub const MAX_PACKET: usize = 256 << 10;

/// Reads fields of one packet.
pub struct Reader<'a>(pub &'a [u8]);

impl<'a> Reader<'a> {
    /// A byte.
    pub fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    /// A 32-bit number.
    pub fn number(&mut self) -> Option<u32> {
        let (first, rest) = self.0.split_first_chunk::<4>()?;
        self.0 = rest;
        Some(u32::from_be_bytes(*first))
    }

    /// A 64-bit number.
    pub fn long(&mut self) -> Option<u64> {
        let (first, rest) = self.0.split_first_chunk::<8>()?;
        self.0 = rest;
        Some(u64::from_be_bytes(*first))
    }

    /// Bytes behind their length.
    pub fn bytes(&mut self) -> Option<&'a [u8]> {
        let length = usize::try_from(self.number()?).ok()?;
        let bytes = self.0.get(..length)?;
        self.0 = self.0.get(length..)?;
        Some(bytes)
    }

    /// A name: bytes that are not UTF-8 are replaced.
    pub fn text(&mut self) -> Option<String> {
        self.bytes().map(|b| String::from_utf8_lossy(b).into_owned())
    }

    /// ATTRS, section 5: permissions and modification time are what matters.
    pub fn attributes(&mut self) -> Option<(Option<u32>, Option<u32>)> {
        let flags = self.number()?;
        if flags & 1 != 0 {
            self.long()?;
        }
        if flags & 2 != 0 {
            self.number()?;
            self.number()?;
        }
        let mode = if flags & 4 != 0 { Some(self.number()?) } else { None };
        let mut time = None;
        if flags & 8 != 0 {
            self.number()?;
            time = Some(self.number()?);
        }
        Some((mode, time))
    }
}

/// Writes one packet.
pub struct Packet(Vec<u8>);

impl Packet {
    /// A packet of a type that answers a request.
    pub fn new(kind: u8, id: u32) -> Self {
        let mut packet = Packet(vec![0, 0, 0, 0, kind]);
        packet.number(id);
        packet
    }

    /// Appends a 32-bit number.
    pub fn number(&mut self, n: u32) -> &mut Self {
        self.0.extend(n.to_be_bytes());
        self
    }

    /// Appends a 64-bit number.
    pub fn long(&mut self, n: u64) -> &mut Self {
        self.0.extend(n.to_be_bytes());
        self
    }

    /// Appends bytes behind their length.
    pub fn bytes(&mut self, bytes: &[u8]) -> &mut Self {
        self.number(u32::try_from(bytes.len()).unwrap_or(u32::MAX));
        self.0.extend_from_slice(bytes);
        self
    }

    /// Appends ATTRS of an entry: size, owner, permissions, times.
    pub fn attributes(&mut self, meta: &crate::decoys::ssh::shell::node::Meta) -> &mut Self {
        let time = u32::try_from(meta.mtime).unwrap_or(0);
        self.number(0x0000_000f)
            .long(meta.size)
            .number(meta.uid)
            .number(meta.gid)
            .number(meta.st_mode())
            .number(time)
            .number(time)
    }

    /// The packet's bytes, its length filled in.
    pub fn done(self) -> Vec<u8> {
        let mut bytes = self.0;
        let length = u32::try_from(bytes.len().saturating_sub(4)).unwrap_or(0).to_be_bytes();
        if let Some(slot) = bytes.get_mut(..4) {
            slot.copy_from_slice(&length);
        }
        bytes
    }
}
