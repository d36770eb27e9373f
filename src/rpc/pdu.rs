//! Protocol data units of connection-oriented RPC, C706 chapter 12 with MS-RPCE 2.2.2.

use super::ndr::{BadStub, Reader, Writer};
use super::uuid::Uuid;

/// Length of the common header.
pub const HEADER: usize = 16;

/// Largest fragment that is taken; hosts take 5,840 or 4,280 and offer that.
pub const MAX_FRAGMENT: usize = 16 << 10;

/// Most contexts of one bind that are looked at; clients offer two or three, scanners some dozens.
pub const MAX_CONTEXTS: usize = 64;

/// Length of what stands between stub and token, MS-RPCE 2.2.2.11.
pub const TRAILER: usize = 8;

/// PDU types, C706 12.6.4.1.
pub mod kind {
    /// A call.
    pub const REQUEST: u8 = 0;
    /// Its answer.
    pub const RESPONSE: u8 = 2;
    /// Its failure.
    pub const FAULT: u8 = 3;
    /// Begins an association.
    pub const BIND: u8 = 11;
    /// Its answer.
    pub const BIND_ACK: u8 = 12;
    /// Its refusal.
    pub const BIND_NAK: u8 = 13;
    /// Adds a context.
    pub const ALTER_CONTEXT: u8 = 14;
    /// Its answer.
    pub const ALTER_CONTEXT_RESPONSE: u8 = 15;
    /// The third leg of authentication.
    pub const AUTH3: u8 = 16;
    /// A call is cancelled.
    pub const CO_CANCEL: u8 = 18;
    /// A call is given up.
    pub const ORPHANED: u8 = 19;
}

/// Header flags, C706 12.6.3.1.
pub mod flag {
    /// First fragment.
    pub const FIRST: u8 = 0x01;
    /// Last fragment.
    pub const LAST: u8 = 0x02;
    /// Header signing is wanted (in binds), MS-RPCE 2.2.2.3.
    pub const SIGN_HEADER: u8 = 0x04;
    /// The call was not begun (in faults).
    pub const DID_NOT_EXECUTE: u8 = 0x20;
    /// An object UUID follows the fixed part.
    pub const OBJECT: u8 = 0x80;
}

/// The common header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    /// Version and minor version.
    pub version: (u8, u8),
    /// The type, of [`kind`].
    pub kind: u8,
    /// Flags, of [`flag`].
    pub flags: u8,
    /// Whether the sender's integers are big-endian.
    pub big: bool,
    /// Length of the whole fragment.
    pub length: usize,
    /// Length of the token at its end.
    pub auth_length: usize,
    /// The call.
    pub call: u32,
}

impl Header {
    /// Reads one; `None` when there are too few bytes.
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let [major, minor, kind, flags, drep, _, _, _, rest @ ..] = bytes.first_chunk::<HEADER>()?;
        let big = drep & 0x10 == 0;
        let mut rest = Reader::new(rest, big);
        let (length, auth, call) = (rest.u16().ok()?, rest.u16().ok()?, rest.u32().ok()?);
        Some(Header {
            version: (*major, *minor),
            kind: *kind,
            flags: *flags,
            big,
            length: length.into(),
            auth_length: auth.into(),
            call,
        })
    }
}

/// What stands at a fragment's end: the security trailer and its token, MS-RPCE 2.2.2.11.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Auth<'a> {
    /// Who does the security: 10 NTLM, 9 SPNEGO, 16 Kerberos.
    pub kind: u8,
    /// How much is protected: 2 connect … 5 integrity, 6 privacy.
    pub level: u8,
    /// Bytes of padding between stub and trailer.
    pub padding: u8,
    /// Which security context.
    pub context: u32,
    /// The token.
    pub token: &'a [u8],
}

/// Parts body and trailer of a whole fragment.
pub fn split<'a>(header: &Header, fragment: &'a [u8]) -> Option<(&'a [u8], Option<Auth<'a>>)> {
    let body = fragment.get(HEADER..header.length)?;
    if header.auth_length == 0 {
        return Some((body, None));
    }
    let token_at = body.len().checked_sub(header.auth_length)?;
    let trailer_at = token_at.checked_sub(TRAILER)?;
    let mut trailer = Reader::new(body.get(trailer_at..token_at)?, header.big);
    let (kind, level, padding) = (trailer.u8().ok()?, trailer.u8().ok()?, trailer.u8().ok()?);
    trailer.u8().ok()?;
    let auth = Auth { kind, level, padding, context: trailer.u32().ok()?, token: body.get(token_at..)? };
    let stub = body.get(..trailer_at.checked_sub(padding.into())?)?;
    Some((stub, Some(auth)))
}

/// An interface or a transfer syntax with its version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Syntax {
    /// Its UUID.
    pub uuid: Uuid,
    /// Its version.
    pub major: u16,
    /// Its minor version.
    pub minor: u16,
}

impl Syntax {
    fn read(reader: &mut Reader<'_>) -> Result<Self, BadStub> {
        Ok(Syntax { uuid: reader.uuid()?, major: reader.u16()?, minor: reader.u16()? })
    }

    fn write(self, writer: &mut Writer) {
        writer.uuid(self.uuid);
        writer.u16(self.major);
        writer.u16(self.minor);
    }
}

/// NDR32, version 2.0.
pub const NDR: Syntax =
    Syntax { uuid: Uuid::new(0x8a88_5d04, 0x1ceb, 0x11c9, 0x9fe8_0800_2b10_4860), major: 2, minor: 0 };

/// The features of a bind-time negotiation: the last eight bytes but six of their UUID, MS-RPCE
/// 2.2.2.14.
pub fn features(transfer: &Syntax) -> Option<u8> {
    match transfer.uuid.0 {
        [0x6c, 0xb7, 0x1c, 0x2c, 0x98, 0x12, 0x45, 0x40, bits, _, 0, 0, 0, 0, 0, 0] => Some(bits),
        _ => None,
    }
}

/// One context of a bind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Context {
    /// The client's number for it.
    pub id: u16,
    /// The interface wanted.
    pub interface: Syntax,
    /// The transfer syntaxes offered.
    pub transfers: Vec<Syntax>,
}

/// The body of a bind or an alter_context.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bind {
    /// Largest fragment that the client sends.
    pub max_transmit: u16,
    /// Largest fragment that it takes.
    pub max_receive: u16,
    /// The association group; 0 for a new one.
    pub group: u32,
    /// What it wants.
    pub contexts: Vec<Context>,
}

impl Bind {
    /// Reads one.
    ///
    /// # Errors
    /// When it is none.
    pub fn parse(body: &[u8], big: bool) -> Result<Self, BadStub> {
        let mut reader = Reader::new(body, big);
        let (max_transmit, max_receive, group) = (reader.u16()?, reader.u16()?, reader.u32()?);
        let count = usize::from(reader.u8()?);
        if count > MAX_CONTEXTS {
            return Err(BadStub);
        }
        let contexts = (0..count).map(|_| Context::read(&mut reader)).collect::<Result<_, _>>()?;
        Ok(Bind { max_transmit, max_receive, group, contexts })
    }
}

impl Context {
    fn read(reader: &mut Reader<'_>) -> Result<Self, BadStub> {
        reader.align(4);
        let id = reader.u16()?;
        let transfers = reader.u8()?;
        let interface = Syntax::read(reader)?;
        let transfers = (0..transfers).map(|_| Syntax::read(reader)).collect::<Result<_, _>>()?;
        Ok(Context { id, interface, transfers })
    }
}

/// What a context comes to: result, reason and transfer syntax, C706 12.6.3.1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Calls may follow, in NDR.
    Accepted,
    /// No such interface here.
    NoInterface,
    /// None of the transfer syntaxes is spoken.
    NoTransfer,
    /// The features that both have.
    Features(u16),
}

impl Verdict {
    fn write(self, writer: &mut Writer) {
        let (result, reason, transfer) = match self {
            Verdict::Accepted => (0, 0, NDR),
            Verdict::NoInterface => (2, 1, Syntax::default()),
            Verdict::NoTransfer => (2, 2, Syntax::default()),
            Verdict::Features(features) => (3, features, Syntax::default()),
        };
        writer.u16(result);
        writer.u16(reason);
        transfer.write(writer);
    }
}

/// A call's fixed part and its stub.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request<'a> {
    /// The context that it belongs to.
    pub context: u16,
    /// Number of the operation.
    pub opnum: u16,
    /// The object called, where one is named.
    pub object: Option<Uuid>,
    /// The stub, or this fragment of it.
    pub stub: &'a [u8],
}

impl<'a> Request<'a> {
    /// Reads one.
    ///
    /// # Errors
    /// When it is none.
    pub fn parse(header: &Header, body: &'a [u8]) -> Result<Self, BadStub> {
        let mut reader = Reader::new(body, header.big);
        reader.u32()?;
        let (context, opnum) = (reader.u16()?, reader.u16()?);
        let object = (header.flags & flag::OBJECT != 0).then(|| reader.uuid()).transpose()?;
        Ok(Request { context, opnum, object, stub: reader.rest() })
    }
}

/// A token to go with an answer.
#[derive(Debug, Clone, Copy)]
pub struct Sealed<'a> {
    /// As in [`Auth`].
    pub kind: u8,
    /// As in [`Auth`].
    pub level: u8,
    /// As in [`Auth`].
    pub context: u32,
    /// The token.
    pub token: &'a [u8],
}

/// Puts header, body and token together.
pub fn assemble(kind: u8, flags: u8, call: u32, body: &[u8], auth: Option<Sealed<'_>>) -> Vec<u8> {
    let mut out = vec![5, 0, kind, flags, 0x10, 0, 0, 0, 0, 0, 0, 0];
    out.extend(call.to_le_bytes());
    out.extend_from_slice(body);
    let mut auth_length = 0;
    if let Some(auth) = auth {
        let padding = body.len().next_multiple_of(4) - body.len();
        out.resize(out.len() + padding, 0);
        out.extend([auth.kind, auth.level, u8::try_from(padding).unwrap_or(0), 0]);
        out.extend(auth.context.to_le_bytes());
        out.extend_from_slice(auth.token);
        auth_length = auth.token.len();
    }
    let length = u16::try_from(out.len()).unwrap_or(u16::MAX).to_le_bytes();
    let auth_length = u16::try_from(auth_length).unwrap_or(u16::MAX).to_le_bytes();
    for (slot, byte) in out.iter_mut().skip(8).zip(length.into_iter().chain(auth_length)) {
        *slot = byte;
    }
    out
}

/// The body of a bind_ack or alter_context_response.
pub fn bind_ack(max: (u16, u16), group: u32, address: &str, verdicts: &[Verdict]) -> Vec<u8> {
    let mut writer = Writer::new();
    writer.u16(max.0);
    writer.u16(max.1);
    writer.u32(group);
    let length = if address.is_empty() { 0 } else { address.len() + 1 };
    writer.u16(u16::try_from(length).unwrap_or(0));
    if length > 0 {
        writer.raw(address.as_bytes());
        writer.u8(0);
    }
    writer.align(4);
    writer.u8(u8::try_from(verdicts.len()).unwrap_or(u8::MAX));
    writer.align(4);
    for verdict in verdicts {
        verdict.write(&mut writer);
    }
    writer.finish()
}

/// The body of a bind_nak: its reason, and the versions that are spoken.
pub fn bind_nak(reason: u16) -> Vec<u8> {
    let mut body = reason.to_le_bytes().to_vec();
    body.extend([1, 5, 0, 0, 0, 0]);
    body
}

/// The body of a fault.
pub fn fault(context: u16, status: u32) -> Vec<u8> {
    let mut writer = Writer::new();
    writer.u32(0x20);
    writer.u16(context);
    writer.u16(0);
    writer.u32(status);
    writer.u32(0);
    writer.finish()
}
