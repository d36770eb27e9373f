//! A-ASSOCIATE-RQ and -AC (PS3.8 9.3.2, 9.3.3, annex D; PS3.7 annex D.3).

use bytes::Bytes;

use super::PduError;

/// Most presentation contexts read: ids are odd bytes, so no peer can mean more (PS3.8 9.3.2.2).
pub const MAX_CONTEXTS: usize = 256;

/// Most sub-items of one item read: the largest real proposal has one role per storage class.
pub const MAX_ITEMS: usize = 512;

/// Longest UID or name of an item (PS3.5 9.1).
const MAX_NAME: usize = 64;

/// Bytes before the variable items: version, reserved, two AE titles, reserved.
const FIXED: usize = 68;

mod item {
    pub(super) const APPLICATION_CONTEXT: u8 = 0x10;
    pub(super) const CONTEXT_RQ: u8 = 0x20;
    pub(super) const CONTEXT_AC: u8 = 0x21;
    pub(super) const ABSTRACT_SYNTAX: u8 = 0x30;
    pub(super) const TRANSFER_SYNTAX: u8 = 0x40;
    pub(super) const USER: u8 = 0x50;
    pub(super) const MAX_PDU: u8 = 0x51;
    pub(super) const IMPLEMENTATION_UID: u8 = 0x52;
    pub(super) const OPERATIONS: u8 = 0x53;
    pub(super) const ROLE: u8 = 0x54;
    pub(super) const IMPLEMENTATION_VERSION: u8 = 0x55;
    pub(super) const EXTENDED: u8 = 0x56;
    pub(super) const USER_IDENTITY: u8 = 0x58;
    pub(super) const IDENTITY_ANSWER: u8 = 0x59;
}

/// An A-ASSOCIATE-RQ or -AC. Names are as sent, without padding.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Associate {
    /// Protocol version, a bit field; 1 is the only one.
    pub version: u16,
    /// Called AE title, without trailing spaces.
    pub called: Bytes,
    /// Calling AE title, without trailing spaces.
    pub calling: Bytes,
    /// Application context name; empty when it is missing.
    pub application_context: Bytes,
    /// Presentation contexts, in their order.
    pub contexts: Vec<Context>,
    /// Maximum PDU length that the sender takes; 0 is no limit (PS3.8 D.1). `None` when missing.
    pub max_pdu: Option<u32>,
    /// Implementation class UID; empty when missing.
    pub implementation_uid: Bytes,
    /// Implementation version name; empty when missing.
    pub implementation_version: Bytes,
    /// Most operations at a time, invoked and performed by the requestor (PS3.7 D.3.3.3).
    pub operations: Option<(u16, u16)>,
    /// SCP/SCU role selections (PS3.7 D.3.3.4).
    pub roles: Vec<Role>,
    /// SOP class extended negotiations (PS3.7 D.3.3.5).
    pub extended: Vec<Extended>,
    /// User identity of an RQ (PS3.7 D.3.3.7.1).
    pub user_identity: Option<UserIdentity>,
    /// Server response to it of an AC (PS3.7 D.3.3.7.2).
    pub identity_answer: Option<Bytes>,
}

/// One presentation context, proposed or answered.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Context {
    /// Its id.
    pub id: u8,
    /// Result in an AC: 0 accepted, 1 user, 2 no reason, 3 abstract syntax, 4 transfer syntaxes.
    pub result: u8,
    /// Abstract syntax; empty in an AC.
    pub abstract_syntax: Bytes,
    /// Transfer syntaxes; one in an AC.
    pub transfer_syntaxes: Vec<Bytes>,
}

impl Context {
    fn names(&self) -> impl Iterator<Item = (u8, &Bytes)> {
        let syntaxes = self.transfer_syntaxes.iter().map(|uid| (item::TRANSFER_SYNTAX, uid));
        [(item::ABSTRACT_SYNTAX, &self.abstract_syntax)].into_iter().chain(syntaxes)
    }
}

/// SCP/SCU role selection of one SOP class.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Role {
    /// SOP class UID.
    pub sop_class: Bytes,
    /// The requestor takes the SCU role.
    pub scu: bool,
    /// The requestor takes the SCP role.
    pub scp: bool,
}

/// SOP class extended negotiation of one class.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Extended {
    /// SOP class UID.
    pub sop_class: Bytes,
    /// Service class application information.
    pub information: Bytes,
}

/// User identity of a requestor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserIdentity {
    /// 1 user name, 2 with passcode, 3 Kerberos, 4 SAML, 5 JSON web token.
    pub kind: u8,
    /// The requestor wants a response.
    pub wants_answer: bool,
    /// User name or token.
    pub primary: Bytes,
    /// Passcode, for type 2.
    pub secondary: Bytes,
}

impl Associate {
    /// The protocol version of a body, which some products judge before they read the rest.
    pub fn version_of(body: &[u8]) -> Option<u16> {
        body.first_chunk::<2>().map(|raw| u16::from_be_bytes(*raw))
    }

    /// Reads the body of an A-ASSOCIATE-RQ or -AC.
    ///
    /// # Errors
    /// [`PduError`] with the type of the item that is at fault.
    pub fn read(body: &Bytes) -> Result<Associate, PduError> {
        let found = Associate::read_long(body)?;
        let long = found.names().find(|(_, name)| name.len() > MAX_NAME).map(|(kind, _)| kind);
        long.map_or(Ok(found), |kind| Err(PduError::TooLong(kind)))
    }

    /// Item type and value of every UID and name.
    fn names(&self) -> impl Iterator<Item = (u8, &Bytes)> {
        let own = [
            (item::APPLICATION_CONTEXT, &self.application_context),
            (item::IMPLEMENTATION_UID, &self.implementation_uid),
            (item::IMPLEMENTATION_VERSION, &self.implementation_version),
        ];
        own.into_iter().chain(self.contexts.iter().flat_map(Context::names))
    }

    /// Reads a body as [`Associate::read`] does, UIDs and names of any length among its items.
    ///
    /// # Errors
    /// [`PduError`] with the type of the item that is at fault.
    pub fn read_long(body: &Bytes) -> Result<Associate, PduError> {
        if body.len() < FIXED {
            return Err(PduError::Truncated(0));
        }
        let mut found = Associate {
            version: Associate::version_of(body).unwrap_or_default(),
            called: ae_title(&body.slice(4..20)),
            calling: ae_title(&body.slice(20..36)),
            ..Associate::default()
        };
        for item in Items::of(body.slice(FIXED..)) {
            let (kind, value) = item?;
            match kind {
                item::APPLICATION_CONTEXT => found.application_context = until_nul(&value),
                item::CONTEXT_RQ | item::CONTEXT_AC => found.contexts.push(context(kind, &value)?),
                item::USER => found.read_user(value)?,
                _ => {}
            }
            if found.contexts.len() > MAX_CONTEXTS {
                return Err(PduError::TooMany);
            }
        }
        Ok(found)
    }

    fn read_user(&mut self, value: Bytes) -> Result<(), PduError> {
        for item in Items::of(value) {
            let (kind, value) = item?;
            match kind {
                item::MAX_PDU => {
                    let raw = value.first_chunk::<4>().ok_or(PduError::Truncated(kind))?;
                    self.max_pdu = Some(u32::from_be_bytes(*raw));
                }
                item::IMPLEMENTATION_UID => self.implementation_uid = until_nul(&value),
                item::IMPLEMENTATION_VERSION => self.implementation_version = until_nul(&value),
                item::OPERATIONS => {
                    let [i0, i1, p0, p1] = *value.first_chunk::<4>().ok_or(PduError::Truncated(kind))?;
                    self.operations = Some((u16::from_be_bytes([i0, i1]), u16::from_be_bytes([p0, p1])));
                }
                item::ROLE => self.roles.push(role(&value)?),
                item::EXTENDED => {
                    let (sop_class, information) = counted(kind, &value)?;
                    self.extended.push(Extended { sop_class: until_nul(&sop_class), information });
                }
                item::USER_IDENTITY => self.user_identity = Some(user_identity(&value)?),
                _ => {}
            }
        }
        Ok(())
    }

    /// The whole A-ASSOCIATE-RQ.
    pub fn request(&self) -> Bytes {
        self.write(1, item::CONTEXT_RQ)
    }

    /// The whole A-ASSOCIATE-AC.
    pub fn accept(&self) -> Bytes {
        self.write(2, item::CONTEXT_AC)
    }

    fn write(&self, pdu: u8, context_item: u8) -> Bytes {
        let mut out = Vec::with_capacity(256 + 32 * self.contexts.len());
        out.extend_from_slice(&[pdu, 0, 0, 0, 0, 0]);
        out.extend_from_slice(&self.version.to_be_bytes());
        out.extend_from_slice(&[0, 0]);
        put_ae_title(&mut out, &self.called);
        put_ae_title(&mut out, &self.calling);
        out.extend_from_slice(&[0; 32]);
        put_item(&mut out, item::APPLICATION_CONTEXT, |out| out.extend_from_slice(&self.application_context));
        for context in &self.contexts {
            put_item(&mut out, context_item, |out| put_context(out, context));
        }
        put_item(&mut out, item::USER, |out| self.put_user(out));
        let length = u32::try_from(out.len().saturating_sub(super::HEADER)).unwrap_or(u32::MAX);
        if let Some(slot) = out.get_mut(2..super::HEADER) {
            slot.copy_from_slice(&length.to_be_bytes());
        }
        Bytes::from(out)
    }

    /// Sub-items in the order that the common toolkits write: 51, 52, 53, 54, 55, 56, 59.
    fn put_user(&self, out: &mut Vec<u8>) {
        if let Some(length) = self.max_pdu {
            put_item(out, item::MAX_PDU, |out| out.extend_from_slice(&length.to_be_bytes()));
        }
        if !self.implementation_uid.is_empty() {
            put_item(out, item::IMPLEMENTATION_UID, |out| out.extend_from_slice(&self.implementation_uid));
        }
        if let Some((invoked, performed)) = self.operations {
            put_item(out, item::OPERATIONS, |out| {
                out.extend_from_slice(&invoked.to_be_bytes());
                out.extend_from_slice(&performed.to_be_bytes());
            });
        }
        for role in &self.roles {
            put_item(out, item::ROLE, |out| {
                put_counted(out, &role.sop_class);
                out.extend_from_slice(&[u8::from(role.scu), u8::from(role.scp)]);
            });
        }
        if !self.implementation_version.is_empty() {
            put_item(out, item::IMPLEMENTATION_VERSION, |out| {
                out.extend_from_slice(&self.implementation_version);
            });
        }
        for extended in &self.extended {
            put_item(out, item::EXTENDED, |out| {
                put_counted(out, &extended.sop_class);
                out.extend_from_slice(&extended.information);
            });
        }
        if let Some(answer) = &self.identity_answer {
            put_item(out, item::IDENTITY_ANSWER, |out| put_counted(out, answer));
        }
    }
}

/// Items one after another: type, reserved, length of two bytes, value.
struct Items {
    rest: Bytes,
    left: usize,
}

impl Items {
    fn of(rest: Bytes) -> Self {
        Items { rest, left: MAX_ITEMS }
    }
}

impl Iterator for Items {
    type Item = Result<(u8, Bytes), PduError>;

    fn next(&mut self) -> Option<Self::Item> {
        let kind = *self.rest.first()?;
        if self.left == 0 {
            return Some(Err(PduError::TooMany));
        }
        self.left -= 1;
        let length = match self.rest.first_chunk::<4>() {
            Some([_, _, high, low]) => usize::from(u16::from_be_bytes([*high, *low])),
            None => return Some(Err(PduError::Truncated(kind))),
        };
        if self.rest.len() < 4 + length {
            self.left = 0;
            return Some(Err(PduError::Truncated(kind)));
        }
        let item = self.rest.split_to(4 + length);
        Some(Ok((kind, item.slice(4..))))
    }
}

fn context(kind: u8, value: &Bytes) -> Result<Context, PduError> {
    let [id, _, result, _] = *value.first_chunk::<4>().ok_or(PduError::Truncated(kind))?;
    let mut found = Context { id, result, ..Context::default() };
    if kind == item::CONTEXT_AC && result != 0 {
        return Ok(found);
    }
    for item in Items::of(value.slice(4..)) {
        let (kind, value) = item?;
        match kind {
            item::ABSTRACT_SYNTAX => found.abstract_syntax = until_nul(&value),
            item::TRANSFER_SYNTAX => found.transfer_syntaxes.push(until_nul(&value)),
            _ => {}
        }
    }
    Ok(found)
}

fn role(value: &Bytes) -> Result<Role, PduError> {
    const KIND: u8 = item::ROLE;
    let (sop_class, rest) = counted(KIND, value)?;
    let [scu, scp] = *rest.first_chunk::<2>().ok_or(PduError::Truncated(KIND))?;
    let kept = sop_class.slice(..sop_class.len().min(MAX_NAME));
    Ok(Role { sop_class: until_nul(&kept), scu: scu != 0, scp: scp != 0 })
}

fn user_identity(value: &Bytes) -> Result<UserIdentity, PduError> {
    const KIND: u8 = item::USER_IDENTITY;
    let [kind, wanted] = *value.first_chunk::<2>().ok_or(PduError::Truncated(KIND))?;
    let (primary, rest) = counted(KIND, &value.slice(2..))?;
    let secondary = if rest.is_empty() { Bytes::new() } else { counted(KIND, &rest)?.0 };
    Ok(UserIdentity { kind, wants_answer: wanted != 0, primary, secondary })
}

/// A value with its length in two bytes before it, and what follows.
fn counted(kind: u8, value: &Bytes) -> Result<(Bytes, Bytes), PduError> {
    let raw = value.first_chunk::<2>().ok_or(PduError::Truncated(kind))?;
    let end = 2 + usize::from(u16::from_be_bytes(*raw));
    if value.len() < end {
        return Err(PduError::Truncated(kind));
    }
    Ok((value.slice(2..end), value.slice(end..)))
}

/// What a C program sees of it.
fn until_nul(value: &Bytes) -> Bytes {
    let end = value.iter().position(|byte| *byte == 0).unwrap_or(value.len());
    value.slice(..end)
}

fn ae_title(field: &Bytes) -> Bytes {
    let text = until_nul(field);
    let end = text.iter().rposition(|byte| *byte != b' ').map_or(0, |last| last + 1);
    text.slice(..end)
}

fn put_ae_title(out: &mut Vec<u8>, title: &[u8]) {
    let start = out.len();
    out.extend(title.iter().take(16));
    out.resize(start + 16, b' ');
}

/// A value with its length in two bytes before it.
fn put_counted(out: &mut Vec<u8>, value: &[u8]) {
    out.extend_from_slice(&u16::try_from(value.len()).unwrap_or(u16::MAX).to_be_bytes());
    out.extend_from_slice(value);
}

fn put_item(out: &mut Vec<u8>, kind: u8, value: impl FnOnce(&mut Vec<u8>)) {
    let start = out.len();
    out.extend_from_slice(&[kind, 0, 0, 0]);
    value(out);
    let length = u16::try_from(out.len() - start - 4).unwrap_or(u16::MAX);
    if let Some(slot) = out.get_mut(start + 2..start + 4) {
        slot.copy_from_slice(&length.to_be_bytes());
    }
}

fn put_context(out: &mut Vec<u8>, context: &Context) {
    out.extend_from_slice(&[context.id, 0, context.result, 0]);
    if !context.abstract_syntax.is_empty() {
        put_item(out, item::ABSTRACT_SYNTAX, |out| out.extend_from_slice(&context.abstract_syntax));
    }
    for syntax in &context.transfer_syntaxes {
        put_item(out, item::TRANSFER_SYNTAX, |out| out.extend_from_slice(syntax));
    }
}

#[cfg(test)]
mod tests;
