//! What every service of one Windows host says of it: names, build, clock and certificate are the
//! host's, not a service's.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use rand::SeedableRng;
use rand::rngs::StdRng;
use rsa::pkcs1::EncodeRsaPublicKey;
use rsa::pkcs8::EncodePrivateKey;
use rsa::traits::SignatureScheme;
use rsa::{Pkcs1v15Sign, RsaPrivateKey};
use sha1::Sha1;
use sha2::{Digest, Sha256};

use super::Session;
use crate::persona::{CertifiedHost, Hospital, Host, Pack};
use crate::wire::der::{self, BITS, NULL, OCTETS, OID, SEQUENCE, SET};
use crate::wire::ntlm::{Challenge, Names};

/// The names by which a Windows host is known, as a member of its domain or alone.
pub fn windows_names(host: &Host, hospital: &Hospital) -> Names {
    match host.os.domain.as_str() {
        "" => Names::alone(&host.hostname),
        domain => Names::member(&host.hostname, domain, &hospital.domain),
    }
}

/// A Windows build as NTLM has it: `6.3.9600` is (6, 3, 9600).
pub fn windows_version(kernel: &str) -> (u8, u8, u16) {
    let mut parts = kernel.split('.').map(|part| part.parse::<u16>().unwrap_or(0));
    let mut next = || parts.next().unwrap_or(0);
    let (major, minor, build) = (next(), next(), next());
    (u8::try_from(major).unwrap_or(0), u8::try_from(minor).unwrap_or(0), build)
}

/// A time as Windows counts it (FILETIME): 100 ns since 1601.
pub fn filetime(at: Timestamp) -> u64 {
    const SINCE_1601: i128 = 11_644_473_600_000_000_000;
    let nanoseconds = at.as_nanosecond().saturating_add(SINCE_1601);
    u64::try_from(nanoseconds / 100).unwrap_or(0)
}

impl Session {
    /// The host's NTLM challenge with this nonce.
    pub fn ntlm_challenge(&self, nonce: [u8; 8]) -> Challenge {
        let version = windows_version(&self.host().os.kernel);
        Challenge { nonce, version, time: filetime(self.now()) }
    }
}

/// Days for which Windows makes the certificate of Remote Desktop; it makes another when they are over.
const VALID: Duration = Duration::from_secs(183 * 86_400);
const RSA_BITS: usize = 2048;

/// The certificate that a Windows host made for itself when Remote Desktop first needed one.
pub struct WindowsCertificate {
    /// Certificate and key.
    pub host: CertifiedHost,
    /// The public key as CredSSP binds to it: RSAPublicKey, DER.
    pub public_key: Vec<u8>,
    /// When it ends and the host has another.
    pub ends: Timestamp,
}

/// Makes the certificate that the host has at `now`: the same until it ends. `sha1` as builds before
/// Windows 10 sign. The key takes some hundred milliseconds.
///
/// # Errors
/// In words, when key or certificate can't be made.
pub fn windows_certificate(
    pack: &Pack,
    host: &Host,
    sha1: bool,
    now: Timestamp,
) -> Result<WindowsCertificate, String> {
    let label = format!("windows/{}/certificate", host.name);
    let valid = i64::try_from(VALID.as_secs()).unwrap_or(i64::MAX);
    let offset = pack.installation.number(&label, VALID.as_secs());
    let offset = i64::try_from(offset).unwrap_or(0);
    let period = now.as_second().saturating_sub(offset).div_euclid(valid);
    let begins = Timestamp::from_second(period.saturating_mul(valid).saturating_add(offset))
        .map_err(|e| e.to_string())?;
    let ends = begins.checked_add(SignedDuration::from_secs(valid)).map_err(|e| e.to_string())?;
    let derive = |what: &str| pack.installation.derive(&format!("{label}/{period}/{what}"));
    let key =
        RsaPrivateKey::new(&mut StdRng::from_seed(derive("key")), RSA_BITS).map_err(|e| e.to_string())?;
    let public_key = key.to_public_key().to_pkcs1_der().map_err(|e| e.to_string())?.as_bytes().to_vec();
    let name = windows_names(host, &pack.hospital).dns_computer;
    let body = Body { serial: derive("serial"), name: &name, begins, ends, public_key: &public_key, sha1 };
    let certificate = body.signed(&key)?;
    let pkcs8 = key.to_pkcs8_der().map_err(|e| e.to_string())?.as_bytes().to_vec();
    Ok(WindowsCertificate { host: CertifiedHost { chain: vec![certificate], key: pkcs8 }, public_key, ends })
}

/// What such a certificate says (RFC 5280 4.1), in the order in which Windows writes it.
struct Body<'a> {
    serial: [u8; 32],
    name: &'a str,
    begins: Timestamp,
    ends: Timestamp,
    public_key: &'a [u8],
    sha1: bool,
}

/// Object identifiers.
mod oid {
    pub(super) const RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1];
    pub(super) const RSA_SHA1: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 5];
    pub(super) const RSA_SHA256: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 11];
    pub(super) const COMMON_NAME: &[u8] = &[0x55, 4, 3];
    pub(super) const KEY_USAGE: &[u8] = &[0x55, 0x1d, 15];
    pub(super) const EXTENDED_USAGE: &[u8] = &[0x55, 0x1d, 37];
    pub(super) const SERVER: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 3, 1];
}

impl Body<'_> {
    fn signed(&self, key: &RsaPrivateKey) -> Result<Vec<u8>, String> {
        let body = self.write();
        // DigestInfo of PKCS #1 up to the digest.
        let (prefix, digest): (&[u8], Vec<u8>) = match self.sha1 {
            true => {
                (b"\x30\x21\x30\x09\x06\x05\x2b\x0e\x03\x02\x1a\x05\0\x04\x14", Sha1::digest(&body).to_vec())
            }
            false => (
                b"\x30\x31\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\0\x04\x20",
                Sha256::digest(&body).to_vec(),
            ),
        };
        let padding = Pkcs1v15Sign { hash_len: Some(digest.len()), prefix: prefix.into() };
        let none: Option<&mut StdRng> = None;
        let signature = padding.sign(none, key, &digest).map_err(|e| e.to_string())?;
        let bits = der::write(BITS, &[&[0], &signature[..]].concat());
        Ok(der::write(SEQUENCE, &[body, self.algorithm(), bits].concat()))
    }

    fn write(&self) -> Vec<u8> {
        let name = distinguished(self.name);
        // Sixteen bytes, little-endian in CryptoAPI, never negative.
        let mut serial: Vec<u8> = self.serial.iter().copied().take(16).collect();
        if let Some(first) = serial.first_mut() {
            *first = *first & 0x7f | 0x10;
        }
        let parts = [
            der::write(der::context(0), &der::integer(2)),
            der::unsigned(&serial),
            self.algorithm(),
            name.clone(),
            der::write(SEQUENCE, &[time(self.begins), time(self.ends)].concat()),
            name,
            self.key(),
            der::write(der::context(3), &extensions()),
        ];
        der::write(SEQUENCE, &parts.concat())
    }

    fn algorithm(&self) -> Vec<u8> {
        algorithm(if self.sha1 { oid::RSA_SHA1 } else { oid::RSA_SHA256 })
    }

    fn key(&self) -> Vec<u8> {
        let bits = der::write(BITS, &[&[0], self.public_key].concat());
        der::write(SEQUENCE, &[algorithm(oid::RSA), bits].concat())
    }
}

fn algorithm(identifier: &[u8]) -> Vec<u8> {
    der::write(SEQUENCE, &[der::write(OID, identifier), der::write(NULL, &[])].concat())
}

fn distinguished(common: &str) -> Vec<u8> {
    const PRINTABLE: u8 = 0x13;
    let pair = [der::write(OID, oid::COMMON_NAME), der::write(PRINTABLE, common.as_bytes())].concat();
    der::write(SEQUENCE, &der::write(SET, &der::write(SEQUENCE, &pair)))
}

fn time(at: Timestamp) -> Vec<u8> {
    const UTC_TIME: u8 = 0x17;
    der::write(UTC_TIME, at.strftime("%y%m%d%H%M%SZ").to_string().as_bytes())
}

/// Server authentication; the key encrypts keys and data.
fn extensions() -> Vec<u8> {
    // Bits 2 and 3 of KeyUsage: keyEncipherment, dataEncipherment.
    const USAGE: [u8; 4] = [BITS, 2, 4, 0x30];
    let server = der::write(SEQUENCE, &der::write(OID, oid::SERVER));
    let one = |identifier: &[u8], value: &[u8]| {
        let pair = [der::write(OID, identifier), der::write(OCTETS, value)].concat();
        der::write(SEQUENCE, &pair)
    };
    let both = [one(oid::EXTENDED_USAGE, &server), one(oid::KEY_USAGE, &USAGE)].concat();
    der::write(SEQUENCE, &both)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::bench::{Bench, NOW};
    use crate::session::{Tls, TlsRules, tls_config};

    #[test]
    fn a_certificate_stays_until_it_ends() {
        let bench = Bench::new();
        let host = bench.pack.host("hisdb").unwrap();
        let made = |at, sha1| windows_certificate(&bench.pack, host, sha1, at).unwrap();
        let now: Timestamp = NOW.parse().unwrap();
        let first = made(now, false);
        assert_eq!(made(first.ends - SignedDuration::from_secs(1), false).host.chain, first.host.chain);
        assert_ne!(made(first.ends, false).public_key, first.public_key);
        let config = tls_config(first.host, TlsRules::default()).unwrap();
        assert!(Tls::new(config).is_ok());
        assert!(tls_config(made(now, true).host, TlsRules::default()).is_ok());
    }

    #[test]
    fn times_and_builds_are_windows_own() {
        assert_eq!(filetime("1601-01-01T00:00:00Z".parse().unwrap()), 0);
        assert_eq!(filetime("2026-03-02T02:00:00Z".parse().unwrap()), 134_168_904_000_000_000);
        assert_eq!(windows_version("6.3.9600"), (6, 3, 9600));
        assert_eq!(windows_version("?"), (0, 0, 0));
    }
}
