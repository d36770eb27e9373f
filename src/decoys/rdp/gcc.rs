//! What client and server tell one another in MCS Connect-Initial and Connect-Response: conference
//! blocks (T.124) and MCS's own parameters (T.125), MS-RDPBCGR 2.2.1.3 and 2.2.1.4.

use super::cursor::{Cursor, short, text};
use crate::wire::der;

/// Most channels that a client may ask for, 2.2.1.3.4.
pub const MAX_CHANNELS: usize = 31;
/// Longest Connect-Initial: its blocks take some hundred bytes, a monitor layout some more.
pub const MAX_INITIAL: usize = 16 << 10;

/// The object identifier of T.124 in PER, which every conference data begins with.
const T124: [u8; 7] = [0, 5, 0, 0x14, 0x7c, 0, 1];

/// Types of blocks: those of clients.
mod block {
    pub(super) const CORE: u16 = 0xc001;
    pub(super) const SECURITY: u16 = 0xc002;
    pub(super) const NETWORK: u16 = 0xc003;
    pub(super) const CLUSTER: u16 = 0xc004;
    pub(super) const MESSAGES: u16 = 0xc006;
    /// Those of servers.
    pub(super) const SERVER_CORE: u16 = 0x0c01;
    pub(super) const SERVER_SECURITY: u16 = 0x0c02;
    pub(super) const SERVER_NETWORK: u16 = 0x0c03;
    pub(super) const SERVER_MESSAGES: u16 = 0x0c04;
}

/// What a client says of itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ClientData {
    /// Version of RDP.
    pub version: u32,
    /// Screen: width, height.
    pub size: [u16; 2],
    /// Bits per pixel wanted.
    pub depth: u16,
    /// Keyboard layout.
    pub keyboard: u32,
    /// Build.
    pub build: u32,
    /// Computer name.
    pub name: String,
    /// Digital product id.
    pub product: String,
    /// What it can do early on (`earlyCapabilityFlags`).
    pub early: u16,
    /// The protocol that it believes was agreed on.
    pub selected: Option<u32>,
    /// Ways of encrypting that it knows; those of French clients stand in another field.
    pub encryption: u32,
    /// Whether it asks for the console (session 0).
    pub console: bool,
    /// Virtual channels by name.
    pub channels: Vec<Vec<u8>>,
    /// Whether it wants the channel for messages.
    pub messages: bool,
}

impl ClientData {
    /// Reads a Connect-Initial; `None` when it is none or has no core block.
    pub fn parse(message: &[u8]) -> Option<Self> {
        let mut blocks = Cursor::new(conference(message)?);
        let mut data = ClientData::default();
        let mut core = false;
        while let (Some(kind), Some(length)) = (blocks.u16(), blocks.u16()) {
            let body = blocks.take(usize::from(length).checked_sub(4)?)?;
            match kind {
                block::CORE => {
                    data.core(body)?;
                    core = true;
                }
                block::SECURITY => data.security(body)?,
                block::NETWORK => data.network(body)?,
                block::CLUSTER => {
                    const REDIRECTED_TO: u32 = 0x02;
                    data.console = Cursor::new(body).u32()? & REDIRECTED_TO != 0;
                }
                block::MESSAGES => data.messages = true,
                // Monitors, transports: nothing here depends on them.
                _ => {}
            }
        }
        core.then_some(data)
    }

    fn core(&mut self, body: &[u8]) -> Option<()> {
        let mut cursor = Cursor::new(body);
        self.version = cursor.u32()?;
        self.size = [cursor.u16()?, cursor.u16()?];
        self.depth = depth_of(cursor.u16()?);
        cursor.u16()?;
        self.keyboard = cursor.u32()?;
        self.build = cursor.u32()?;
        self.name = text(cursor.take(32)?);
        // Kind of keyboard, and a file of its input method.
        cursor.take(12 + 64)?;
        // The rest came with later versions; a client leaves off what it does not know.
        self.later(cursor);
        Some(())
    }

    fn later(&mut self, mut cursor: Cursor<'_>) -> Option<()> {
        self.depth = depth_of(cursor.u16()?);
        cursor.take(2 + 4)?;
        let high = cursor.u16()?;
        let _supported = cursor.u16()?;
        self.early = cursor.u16()?;
        const WANTS_32: u16 = 0x02;
        self.depth = match (high, self.early & WANTS_32) {
            (24, WANTS_32) => 32,
            (8..=24, _) => high,
            _ => self.depth,
        };
        self.product = text(cursor.take(64)?);
        cursor.take(2)?;
        self.selected = Some(cursor.u32()?);
        Some(())
    }

    fn security(&mut self, body: &[u8]) -> Option<()> {
        let mut cursor = Cursor::new(body);
        let (usual, french) = (cursor.u32()?, cursor.u32().unwrap_or(0));
        self.encryption = if usual == 0 { french } else { usual };
        Some(())
    }

    fn network(&mut self, body: &[u8]) -> Option<()> {
        let mut cursor = Cursor::new(body);
        let count = usize::try_from(cursor.u32()?).ok().filter(|count| *count <= MAX_CHANNELS)?;
        for _ in 0..count {
            let name: [u8; 8] = cursor.chunk()?;
            cursor.u32()?;
            self.channels.push(name.into_iter().take_while(|byte| *byte != 0).collect());
        }
        Some(())
    }
}

/// RNS_UD_COLOR_*: a depth in bits.
fn depth_of(word: u16) -> u16 {
    match word {
        0xca00 => 4,
        0xca01 => 8,
        0xca02 => 15,
        0xca03 => 16,
        0xca04 => 24,
        other => other,
    }
}

/// The conference blocks in a Connect-Initial.
fn conference(message: &[u8]) -> Option<&[u8]> {
    // [APPLICATION 101], a tag of two bytes; then selectors, a flag, three sets of parameters, the data.
    let rest = message.strip_prefix(&[0x7f])?;
    let mut fields = der::only(rest, 0x65)?;
    for _ in 0..6 {
        let (_, _, rest) = der::element(fields)?;
        fields = rest;
    }
    let data = der::only(fields, der::OCTETS)?;
    let mut cursor = Cursor::new(data.strip_prefix(&T124)?);
    cursor.per_length()?;
    let create = cursor.rest();
    // The blocks follow the key that marks them as Microsoft's.
    let at = create.windows(4).position(|key| key == b"Duca")?;
    let mut cursor = Cursor::new(create.get(at.checked_add(4)?..)?);
    let length = cursor.per_length()?;
    cursor.take(length)
}

/// Whether bytes begin a Connect-Initial.
pub fn is_initial(message: &[u8]) -> bool {
    message.starts_with(&[0x7f, 0x65])
}

/// What a server answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerData<'a> {
    /// Version of RDP.
    pub version: u32,
    /// The protocols that the client asked for, where the build repeats them.
    pub requested: Option<u32>,
    /// What it can do early on, where the build says so.
    pub early: Option<u32>,
    /// The channel of input and output.
    pub io: u16,
    /// The client's channels, numbered.
    pub channels: &'a [u16],
    /// The channel for messages.
    pub messages: Option<u16>,
    /// Method and level of encryption.
    pub encryption: (u32, u32),
    /// Random and certificate, where it encrypts.
    pub keys: Option<(&'a [u8; 32], &'a [u8])>,
}

impl ServerData<'_> {
    /// Writes a Connect-Response.
    pub fn write(&self) -> Vec<u8> {
        // Parameters that Windows agrees to: 34 channels, 3 users, PDUs of at most 65528 bytes.
        const PARAMETERS: &[u8] = &[
            0x30, 0x1a, 2, 1, 34, 2, 1, 3, 2, 1, 0, 2, 1, 1, 2, 1, 0, 2, 1, 1, 2, 3, 0, 0xff, 0xf8, 2, 1, 2,
        ];
        // Conference create response: its node, tag and result, and the key "McDn".
        const CREATE: &[u8] = b"\x14\x76\x0a\x01\x01\0\x01\xc0\0McDn";
        // Windows always writes this length, right or not (4.1.4).
        const LENGTH: u8 = 0x2a;
        let blocks = self.blocks();
        let data = [&T124[..], &[LENGTH], CREATE, &per_length(blocks.len()), &blocks].concat();
        let result = [0x0a, 1, 0];
        let body = [&result[..], &der::integer(0), PARAMETERS, &der::write(der::OCTETS, &data)].concat();
        let mut out = vec![0x7f];
        out.extend(der::write(0x66, &body));
        out
    }

    fn blocks(&self) -> Vec<u8> {
        let mut core = self.version.to_le_bytes().to_vec();
        core.extend(self.requested.into_iter().chain(self.early).flat_map(u32::to_le_bytes));
        let mut network = self.io.to_le_bytes().to_vec();
        network.extend(short(self.channels.len()).to_le_bytes());
        network.extend(self.channels.iter().flat_map(|id| id.to_le_bytes()));
        if self.channels.len() % 2 == 1 {
            network.extend([0, 0]);
        }
        let (method, level) = self.encryption;
        let mut security = [method.to_le_bytes(), level.to_le_bytes()].concat();
        if let Some((random, certificate)) = self.keys {
            security.extend(32u32.to_le_bytes());
            security.extend(u32::from(short(certificate.len())).to_le_bytes());
            security.extend(random);
            security.extend(certificate);
        }
        let mut blocks = block(block::SERVER_CORE, &core);
        blocks.extend(block(block::SERVER_NETWORK, &network));
        blocks.extend(block(block::SERVER_SECURITY, &security));
        if let Some(channel) = self.messages {
            blocks.extend(block(block::SERVER_MESSAGES, &channel.to_le_bytes()));
        }
        blocks
    }
}

fn block(kind: u16, body: &[u8]) -> Vec<u8> {
    [&kind.to_le_bytes()[..], &short(body.len() + 4).to_le_bytes(), body].concat()
}

fn per_length(length: usize) -> Vec<u8> {
    match short(length) {
        length @ 0..=0x7f => length.to_be_bytes().into_iter().skip(1).collect(),
        length => (length | 0x8000).to_be_bytes().to_vec(),
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// The Connect-Initial that nmap's script sends, with these ways of encrypting.
    pub(in crate::decoys::rdp) fn nmap(methods: u8) -> Vec<u8> {
        let mut message = hex::decode(concat!(
            "7f658201940401010401010101ff30190201220201020201000201010201000201010202ffff020102301902010102010102",
            "010102010102010002010102020420020102301c0202ffff0202fc170202ffff0201010201000201010202ffff0201020482",
            "0133000500147c0001812a000800100001c00044756361811c01c0d800040008000005200301ca03aa09040000280a000045",
            "004d0050002d004c00410050002d003000300031003400000000000000000004000000000000000c00000000000000000000",
            "0000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000",
            "0000000000000001ca0100000000001800070001000000000000000000000000000000000000000000000000000000000000",
            "000000000000000000000000000000000000000000000000000000000000000000000000000000000004c00c000900000000",
            "00000002c00c00"
        ))
        .unwrap();
        message.extend([methods, 0, 0, 0, 0, 0, 0, 0]);
        message.extend(
            b"\x03\xc0\x2c\0\x03\0\0\0rdpdr\0\0\0\0\0\x80\x80cliprdr\0\0\0\xa0\xc0rdpsnd\0\0\0\0\0\xc0",
        );
        message
    }

    #[test]
    fn what_a_client_says_of_itself_is_read() {
        let message = nmap(3);
        assert_eq!(message.len(), 409);
        let read = ClientData::parse(&message).unwrap();
        assert_eq!((read.name.as_str(), read.build, read.keyboard), ("EMP-LAP-0014", 2600, 0x409));
        assert_eq!((read.size, read.depth, read.encryption), ([1280, 800], 24, 3));
        assert_eq!(read.channels, [&b"rdpdr"[..], b"cliprdr", b"rdpsnd"]);
        assert_eq!((read.selected, read.console), (Some(0), false));
        for length in 0..message.len() {
            assert_eq!(ClientData::parse(&message[..length]), None, "{length}");
        }
    }

    #[test]
    fn a_server_answers_in_the_form_that_clients_know() {
        let data = ServerData {
            version: 0x0008_0004,
            requested: Some(0),
            early: None,
            io: 1003,
            channels: &[1004, 1005, 1006],
            messages: None,
            encryption: (2, 2),
            keys: None,
        };
        let written = data.write();
        assert_eq!(hex::encode(&written[..11]), "7f66620a0100020100301a");
        let at = written.windows(4).position(|w| w == b"McDn").unwrap();
        assert_eq!(hex::encode(&written[at + 4..at + 5]), "28");
        assert_eq!(written.len(), at + 5 + 0x28);
    }
}
