//! The connection phase: the server's greeting and the client's answer to it.

use super::fields::{Fields, put_text};

/// Capability bits that decide how either side writes.
pub mod capability {
    /// The client names a database in its answer.
    pub const CONNECT_WITH_DB: u32 = 1 << 3;
    /// Protocol of MySQL 4.1: SQL states, column definitions with charsets.
    pub const PROTOCOL_41: u32 = 1 << 9;
    /// The client wants TLS now.
    pub const SSL: u32 = 1 << 11;
    /// Authentication of MySQL 4.1.
    pub const SECURE_CONNECTION: u32 = 1 << 15;
    /// Several statements in one `COM_QUERY`.
    pub const MULTI_STATEMENTS: u32 = 1 << 16;
    /// The client names an authentication plugin.
    pub const PLUGIN_AUTH: u32 = 1 << 19;
    /// The client describes itself.
    pub const CONNECT_ATTRS: u32 = 1 << 20;
    /// The authentication data has a length-encoded length.
    pub const PLUGIN_AUTH_LENENC: u32 = 1 << 21;
    /// Changes of the session's state stand in the OK packet.
    pub const SESSION_TRACK: u32 = 1 << 23;
    /// An OK packet ends result sets; column definitions end without a packet of their own.
    pub const DEPRECATE_EOF: u32 = 1 << 24;
}

/// All that MySQL 5.7 offers with TLS configured; without it the SSL bit is missing.
pub const OFFERED: u32 = 0xc1ff_ffff;

/// Status flag: each statement commits by itself.
pub const AUTOCOMMIT: u16 = 2;

/// The authentication that accounts of 5.7 have by default.
pub const NATIVE: &[u8] = b"mysql_native_password";

/// Bytes of the challenge.
pub const CHALLENGE: usize = 20;

/// Most connection attributes that are read: clients send under ten, the server keeps 512 bytes.
const MAX_ATTRIBUTES: usize = 32;

/// The server's greeting, HandshakeV10.
pub fn greeting(
    version: &str,
    thread: u32,
    challenge: &[u8; CHALLENGE],
    offered: u32,
    charset: u8,
) -> Vec<u8> {
    let (first, second) = challenge.split_at(8);
    let [low, low2, high, high2] = offered.to_le_bytes();
    let mut out = vec![10];
    out.extend_from_slice(version.as_bytes());
    out.push(0);
    out.extend_from_slice(&thread.to_le_bytes());
    out.extend_from_slice(first);
    out.push(0);
    out.extend_from_slice(&[low, low2, charset]);
    out.extend_from_slice(&AUTOCOMMIT.to_le_bytes());
    out.extend_from_slice(&[high, high2, 21]);
    out.extend_from_slice(&[0; 10]);
    out.extend_from_slice(second);
    out.push(0);
    out.extend_from_slice(NATIVE);
    out.push(0);
    out
}

/// What the client answers.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Answer {
    /// Capabilities that both sides have from now on.
    pub capabilities: u32,
    /// Collation that the client writes and reads.
    pub charset: u8,
    /// Account name.
    pub user: Vec<u8>,
    /// Answer to the challenge; empty for no password.
    pub proof: Vec<u8>,
    /// Database to begin in; empty for none.
    pub database: Vec<u8>,
    /// Authentication plugin; empty when not named.
    pub plugin: Vec<u8>,
    /// What the client says of itself, `_client_name`, `_os` and so on.
    pub attributes: Vec<(Vec<u8>, Vec<u8>)>,
}

/// The client's answer to the greeting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Response {
    /// A request for TLS, with the capabilities that were sent so far.
    Tls(u32),
    /// Name and proof.
    Answer(Answer),
    /// The protocol of before 4.1, with the account name.
    Old(Vec<u8>),
}

impl Response {
    /// Reads the payload; `None` where it is no handshake response.
    pub fn read(payload: &[u8]) -> Option<Self> {
        let mut fields = Fields::new(payload);
        let low = u32::from(fields.u16()?);
        if low & capability::PROTOCOL_41 == 0 {
            fields.take(3)?;
            return Some(Response::Old(fields.text_to_nul().unwrap_or(fields.rest()).to_vec()));
        }
        let capabilities = (low | u32::from(fields.u16()?) << 16) & OFFERED;
        fields.u32()?;
        let charset = fields.u8()?;
        fields.take(23)?;
        if fields.rest().is_empty() && capabilities & capability::SSL != 0 {
            return Some(Response::Tls(capabilities));
        }
        let mut answer = Answer { capabilities, charset, ..Answer::default() };
        answer.user = fields.text_to_nul()?.to_vec();
        answer.proof = proof(&mut fields, capabilities)?.to_vec();
        if capabilities & capability::CONNECT_WITH_DB != 0 {
            answer.database = text_or_rest(&mut fields).to_vec();
        }
        if capabilities & capability::PLUGIN_AUTH != 0 {
            answer.plugin = text_or_rest(&mut fields).to_vec();
        }
        if capabilities & capability::CONNECT_ATTRS != 0 {
            answer.attributes = attributes(&mut fields);
        }
        Some(Response::Answer(answer))
    }
}

fn proof<'a>(fields: &mut Fields<'a>, capabilities: u32) -> Option<&'a [u8]> {
    if capabilities & capability::PLUGIN_AUTH_LENENC != 0 {
        fields.text()
    } else if capabilities & capability::SECURE_CONNECTION != 0 {
        let length = usize::from(fields.u8()?);
        fields.take(length)
    } else {
        Some(text_or_rest(fields))
    }
}

/// What `COM_CHANGE_USER` carries: the same fields in another order, the charset near the end.
pub fn change_user(payload: &[u8], capabilities: u32) -> Option<Answer> {
    let mut fields = Fields::new(payload);
    let mut answer = Answer { capabilities, ..Answer::default() };
    answer.user = fields.text_to_nul()?.to_vec();
    let length = usize::from(fields.u8()?);
    answer.proof = fields.take(length)?.to_vec();
    answer.database = text_or_rest(&mut fields).to_vec();
    if let Some(charset) = fields.u16() {
        answer.charset = charset.to_le_bytes()[0];
    }
    if capabilities & capability::PLUGIN_AUTH != 0 {
        answer.plugin = text_or_rest(&mut fields).to_vec();
    }
    if capabilities & capability::CONNECT_ATTRS != 0 {
        answer.attributes = attributes(&mut fields);
    }
    Some(answer)
}

/// A string that a zero byte or the packet ends.
fn text_or_rest<'a>(fields: &mut Fields<'a>) -> &'a [u8] {
    fields.text_to_nul().unwrap_or_else(|| {
        let rest = fields.rest();
        fields.take(rest.len()).unwrap_or_default()
    })
}

fn attributes(fields: &mut Fields<'_>) -> Vec<(Vec<u8>, Vec<u8>)> {
    let mut found = Vec::new();
    let mut pairs = Fields::new(fields.text().unwrap_or_default());
    while found.len() < MAX_ATTRIBUTES
        && let Some(key) = pairs.text()
        && let Some(value) = pairs.text()
    {
        found.push((key.to_vec(), value.to_vec()));
    }
    found
}

/// AuthSwitchRequest: asks the client to answer by the native plugin.
pub fn switch_to_native(challenge: &[u8; CHALLENGE]) -> Vec<u8> {
    [&[0xfe], NATIVE, &[0], challenge.as_slice(), &[0]].concat()
}

/// A client's answer, for tests and the fuzzer: what [`Response::read`] reads back.
pub fn write(answer: &Answer) -> Vec<u8> {
    let mut out = answer.capabilities.to_le_bytes().to_vec();
    out.extend_from_slice(&[0, 0, 0, 1, answer.charset]);
    out.extend_from_slice(&[0; 23]);
    out.extend_from_slice(&answer.user);
    out.push(0);
    put_text(&mut out, &answer.proof);
    out.extend_from_slice(&answer.database);
    out.push(0);
    out.extend_from_slice(&answer.plugin);
    out.push(0);
    let mut pairs = Vec::new();
    for (key, value) in &answer.attributes {
        put_text(&mut pairs, key);
        put_text(&mut pairs, value);
    }
    put_text(&mut out, &pairs);
    out
}
