//! Messages of CredSSP, MS-CSSP 2.2.

use sha2::{Digest, Sha256};

use super::cursor::text;
use crate::wire::der::{self, INTEGER, OCTETS, SEQUENCE, context};

/// One TSRequest, 2.2.1.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TsRequest {
    /// The sender's newest version.
    pub version: u32,
    /// The token of SPNEGO or NTLM.
    pub token: Option<Vec<u8>>,
    /// Credentials, encrypted.
    pub credentials: Option<Vec<u8>>,
    /// The binding to the key of TLS, encrypted.
    pub public_key: Option<Vec<u8>>,
    /// An NTSTATUS of the server.
    pub error: Option<u32>,
    /// A client's nonce, since version 5.
    pub nonce: Option<Vec<u8>>,
}

impl TsRequest {
    /// Reads one; `None` when it is none.
    pub fn parse(message: &[u8]) -> Option<Self> {
        let fields = der::only(message, SEQUENCE)?;
        let octets = |number| {
            let inner = der::within(fields, context(number))?;
            der::only(inner, OCTETS).map(<[u8]>::to_vec)
        };
        let number = |number| {
            let inner = der::within(fields, context(number))?;
            der::only(inner, INTEGER).map(der::number)
        };
        // NegoData is a sequence of sequences with one token each; there is never more than one.
        let token = der::within(fields, context(1))
            .and_then(|inner| der::only(inner, SEQUENCE))
            .and_then(|items| der::only(items, SEQUENCE))
            .and_then(|item| der::within(item, context(0)))
            .and_then(|inner| der::only(inner, OCTETS));
        Some(TsRequest {
            version: number(0)?,
            token: token.map(<[u8]>::to_vec),
            credentials: octets(2),
            public_key: octets(3),
            error: number(4),
            nonce: octets(5),
        })
    }

    /// Writes one.
    pub fn write(&self) -> Vec<u8> {
        let mut fields = der::write(context(0), &der::integer(self.version));
        if let Some(token) = &self.token {
            let item = der::write(SEQUENCE, &der::write(context(0), &der::write(OCTETS, token)));
            fields.extend(der::write(context(1), &der::write(SEQUENCE, &item)));
        }
        for (number, value) in [(2, &self.credentials), (3, &self.public_key)] {
            if let Some(value) = value {
                fields.extend(der::write(context(number), &der::write(OCTETS, value)));
            }
        }
        if let Some(error) = self.error {
            fields.extend(der::write(context(4), &status(error)));
        }
        if let Some(nonce) = &self.nonce {
            fields.extend(der::write(context(5), &der::write(OCTETS, nonce)));
        }
        der::write(SEQUENCE, &fields)
    }
}

/// An NTSTATUS is a signed number: four bytes with the highest bit set.
fn status(error: u32) -> Vec<u8> {
    der::write(INTEGER, &error.to_be_bytes())
}

/// What binds a session to the key of TLS since version 5, 3.1.5: a digest over a phrase for each
/// direction, the client's nonce and the key.
pub(super) fn binding(from_server: bool, nonce: &[u8], key: &[u8]) -> Vec<u8> {
    let phrase: &[u8] = match from_server {
        true => b"CredSSP Server-To-Client Binding Hash\0",
        false => b"CredSSP Client-To-Server Binding Hash\0",
    };
    let mut hash = Sha256::new();
    hash.update(phrase);
    hash.update(nonce);
    hash.update(key);
    hash.finalize().to_vec()
}

/// What binds it before: the key, its first byte one higher in the server's answer.
pub(super) fn key_answer(key: &[u8]) -> Vec<u8> {
    let mut answer = key.to_vec();
    if let Some(first) = answer.first_mut() {
        *first = first.wrapping_add(1);
    }
    answer
}

/// Credentials that a client hands over, 2.2.1.2.1.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Credentials {
    /// The account's domain.
    pub domain: String,
    /// The account.
    pub user: String,
    /// Its password, in clear.
    pub password: String,
}

impl Credentials {
    /// Reads TSCredentials; `None` when they hold no password.
    pub fn parse(message: &[u8]) -> Option<Self> {
        const PASSWORD: u32 = 1;
        let fields = der::only(message, SEQUENCE)?;
        let kind = der::within(fields, context(0)).and_then(|inner| der::only(inner, INTEGER))?;
        if der::number(kind) != PASSWORD {
            return None;
        }
        let inner = der::within(fields, context(1)).and_then(|inner| der::only(inner, OCTETS))?;
        let parts = der::only(inner, SEQUENCE)?;
        let part = |number| {
            let value = der::within(parts, context(number)).and_then(|inner| der::only(inner, OCTETS));
            value.map(text).unwrap_or_default()
        };
        Some(Credentials { domain: part(0), user: part(1), password: part(2) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nmap_sends_is_read() {
        let message = hex::decode(
            "3037a003020160a130302e302ca02a04284e544c4d535350000100000\
             0b78208e2000000000000000000000000000000000a0063450000000f",
        );
        let read = TsRequest::parse(&message.unwrap()).unwrap();
        assert_eq!(read.version, 0x60);
        assert!(read.token.unwrap().starts_with(b"NTLMSSP\0\x01"));
    }

    #[test]
    fn what_is_written_is_read() {
        let message = TsRequest {
            version: 6,
            token: Some(vec![1; 300]),
            credentials: Some(vec![2; 5]),
            public_key: Some(vec![3; 48]),
            error: Some(0xc000_006d),
            nonce: Some(vec![4; 32]),
        };
        assert_eq!(TsRequest::parse(&message.write()), Some(message));
        let refused = TsRequest { version: 6, error: Some(0xc000_006d), ..TsRequest::default() };
        assert_eq!(hex::encode(refused.write()), "300da003020106a4060204c000006d");
    }

    #[test]
    fn credentials_are_read() {
        let wide = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<_>>();
        let part = |number, text| der::write(context(number), &der::write(OCTETS, &wide(text)));
        let parts = der::write(SEQUENCE, &[part(0, "CLZX"), part(1, "admin"), part(2, "密码1")].concat());
        let inner = der::write(context(1), &der::write(OCTETS, &parts));
        let whole = der::write(SEQUENCE, &[der::write(context(0), &der::integer(1)), inner].concat());
        let read = Credentials::parse(&whole).unwrap();
        assert_eq!((read.user.as_str(), read.password.as_str()), ("admin", "密码1"));
        assert_eq!(Credentials::parse(b"\x30\x00"), None);
    }
}
