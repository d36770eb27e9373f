//! The wrapping of NTLM in SPNEGO (RFC 4178), as far as a server that does NTLM alone needs it.

use super::MAX_MESSAGE;
use crate::wire::der::{OCTETS, OID, SEQUENCE, element, within, write as der};

/// DER tags.
const ENUMERATED: u8 = 0x0a;
const APPLICATION_0: u8 = 0x60;
const CONTEXT_0: u8 = 0xa0;
const CONTEXT_1: u8 = 0xa1;
const CONTEXT_2: u8 = 0xa2;
const CONTEXT_3: u8 = 0xa3;
const GENERAL_STRING: u8 = 0x1b;

/// 1.3.6.1.5.5.2: SPNEGO.
const SPNEGO: &[u8] = &[0x2b, 6, 1, 5, 5, 2];
/// 1.3.6.1.4.1.311.2.2.10: NTLMSSP.
const NTLMSSP: &[u8] = &[0x2b, 6, 1, 4, 1, 0x82, 0x37, 2, 2, 10];
/// 1.2.840.48018.1.2.2: Kerberos as Microsoft wrote it first.
const MS_KERBEROS: &[u8] = &[0x2a, 0x86, 0x48, 0x82, 0xf7, 0x12, 1, 2, 2];
/// 1.2.840.113554.1.2.2: Kerberos.
const KERBEROS: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x12, 1, 2, 2];
/// 1.2.840.113554.1.2.2.3: Kerberos from user to user.
const USER_TO_USER: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x12, 1, 2, 2, 3];
/// 1.3.6.1.4.1.311.2.2.30: NEGOEX.
const NEGOEX: &[u8] = &[0x2b, 6, 1, 4, 1, 0x82, 0x37, 2, 2, 30];
/// negState accept-completed, RFC 4178 4.2.2.
const COMPLETED: u8 = 0;
/// negState accept-incomplete.
const INCOMPLETE: u8 = 1;
/// negState reject.
const REJECT: u8 = 2;
/// hintName of MS-SPNG 2.2.1: it was never defined.
const HINT: &[u8] = b"not_defined_in_RFC4178@please_ignore";

/// How a server lets clients prove themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Offer {
    /// A member of a domain: Kerberos too.
    Member,
    /// A machine of a workgroup: NTLM alone.
    Alone,
}

/// What a peer sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Token<'a> {
    /// NTLM as it is.
    Bare(&'a [u8]),
    /// NTLM inside SPNEGO: the answer must be too.
    Wrapped(&'a [u8]),
    /// SPNEGO that begins with another mechanism (Kerberos) or with none at all.
    Other,
}

/// Finds the NTLM message in a token; `None` when it is no token at all.
pub fn unwrap(token: &[u8]) -> Option<Token<'_>> {
    if token.len() > MAX_MESSAGE {
        return None;
    }
    if super::kind(token).is_some() {
        return Some(Token::Bare(token));
    }
    let inner = match element(token)? {
        // NegTokenInit: [APPLICATION 0] { OID, [0] SEQUENCE { … [2] mechToken } }.
        (APPLICATION_0, body, _) => {
            let (tag, oid, rest) = element(body)?;
            let is_spnego = tag == OID && oid == SPNEGO;
            within(is_spnego.then_some(rest)?, CONTEXT_0)?
        }
        // NegTokenResp: [1] SEQUENCE { … [2] responseToken }.
        (CONTEXT_1, body, _) => body,
        _ => return None,
    };
    let mech = within(inner, SEQUENCE).and_then(|fields| within(fields, CONTEXT_2));
    let mech = mech.and_then(|octets| within(octets, OCTETS));
    Some(mech.filter(|message| super::kind(message).is_some()).map_or(Token::Other, Token::Wrapped))
}

/// NegTokenInit2 (MS-SPNG 2.2.1): what a server says first.
pub fn offer(offer: Offer) -> Vec<u8> {
    let mechanisms: &[&[u8]] = match offer {
        Offer::Member => &[NEGOEX, MS_KERBEROS, KERBEROS, USER_TO_USER, NTLMSSP],
        Offer::Alone => &[NTLMSSP],
    };
    let list: Vec<u8> = mechanisms.iter().flat_map(|oid| der(OID, oid)).collect();
    let hint = der(SEQUENCE, &der(CONTEXT_0, &der(GENERAL_STRING, HINT)));
    let fields = [der(CONTEXT_0, &der(SEQUENCE, &list)), der(CONTEXT_3, &hint)].concat();
    let token = der(CONTEXT_0, &der(SEQUENCE, &fields));
    der(APPLICATION_0, &[der(OID, SPNEGO), token].concat())
}

/// The end of a negotiation that went well; with the server's `mechListMIC` where the client sent its
/// own.
pub fn accept(mic: Option<&[u8]>) -> Vec<u8> {
    let mut fields = der(CONTEXT_0, &der(ENUMERATED, &[COMPLETED]));
    if let Some(mic) = mic {
        fields.extend(der(CONTEXT_3, &der(OCTETS, mic)));
    }
    der(CONTEXT_1, &der(SEQUENCE, &fields))
}

/// The end of one that did not.
pub fn reject() -> Vec<u8> {
    der(CONTEXT_1, &der(SEQUENCE, &der(CONTEXT_0, &der(ENUMERATED, &[REJECT]))))
}

/// `mechTypes` of a client's first token as they came, with their tag: what `mechListMIC` is made over.
pub fn mechanisms(token: &[u8]) -> Option<Vec<u8>> {
    let (APPLICATION_0, body, _) = element(token)? else { return None };
    let (OID, _, rest) = element(body)? else { return None };
    let fields = within(within(rest, CONTEXT_0)?, SEQUENCE)?;
    within(fields, CONTEXT_0).map(<[u8]>::to_vec)
}

/// `mechListMIC` of a client's last token, if it sent one.
pub fn integrity(token: &[u8]) -> Option<&[u8]> {
    let (CONTEXT_1, body, _) = element(token)? else { return None };
    within(within(within(body, SEQUENCE)?, CONTEXT_3)?, OCTETS)
}

/// Wraps a challenge: NegTokenResp, accept-incomplete, NTLMSSP.
pub fn wrap(message: &[u8]) -> Vec<u8> {
    answer(Some(message))
}

/// Asks a peer that began with another mechanism to go on with NTLM.
pub fn prefer_ntlm() -> Vec<u8> {
    answer(None)
}

fn answer(message: Option<&[u8]>) -> Vec<u8> {
    let mut fields = der(CONTEXT_0, &der(ENUMERATED, &[INCOMPLETE]));
    fields.extend(der(CONTEXT_1, &der(OID, NTLMSSP)));
    if let Some(message) = message {
        fields.extend(der(CONTEXT_2, &der(OCTETS, message)));
    }
    der(CONTEXT_1, &der(SEQUENCE, &fields))
}
