//! Time stamps (RFC 3161) of signed roots: what is asked, and whether an answer holds. Pure: no clock, no
//! network.

mod der;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use rustls_pki_types::{CertificateDer, SignatureVerificationAlgorithm, UnixTime};
use sha2::{Digest, Sha256, Sha384, Sha512};
use webpki::{EndEntityCert, KeyUsage, anchor_from_trusted_cert, ring as algorithms};

use self::der::{BOOLEAN, INTEGER, NULL, OCTETS, OID, Reader, SEQUENCE, SET, TIME, Value, write};
use crate::event::{Root, Stamp};

/// Longest answer: a token with a chain of certificates has some kilobytes.
pub const LONGEST: usize = 64 << 10;

/// Media type of a query, RFC 3161 3.4.
pub const QUERY: &str = "application/timestamp-query";

const SHA256: &[u8] = &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01];
const SHA384: &[u8] = &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x02];
const SHA512: &[u8] = &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x03];
const SIGNED_DATA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x02];
const TST_INFO: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x10, 0x01, 0x04];
const CONTENT_TYPE: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x03];
const MESSAGE_DIGEST: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x04];
/// id-kp-timeStamping, RFC 3161 2.3: what the signer's certificate must be for.
const TIME_STAMPING: &[u8] = &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x08];

/// Context tags of CMS.
const FIRST: u8 = 0xa0;

/// What a root is stamped by: SHA-256 of its statement and signature.
pub fn digest(root: &Root) -> [u8; 32] {
    Sha256::digest(root.stamped()).into()
}

/// A TimeStampReq for a digest; the answer must repeat the nonce and bring the signer's certificate.
pub fn query(digest: &[u8; 32], nonce: u64) -> Vec<u8> {
    let algorithm = write(SEQUENCE, &[write(OID, SHA256), write(NULL, &[])].concat());
    let imprint = write(SEQUENCE, &[algorithm, write(OCTETS, digest)].concat());
    let parts = [write(INTEGER, &[1]), imprint, write(INTEGER, &number(nonce)), write(BOOLEAN, &[0xff])];
    write(SEQUENCE, &parts.concat())
}

/// An unsigned number as DER writes it: shortest, positive.
fn number(value: u64) -> Vec<u8> {
    let bytes = value.to_be_bytes();
    let digits = bytes.iter().position(|byte| *byte != 0).and_then(|at| bytes.get(at..)).unwrap_or(&[0]);
    let sign: &[u8] = if digits.first().is_some_and(|first| first & 0x80 != 0) { &[0] } else { &[] };
    [sign, digits].concat()
}

/// What a token says, once its signature holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// What was stamped, with SHA-256.
    pub digest: Vec<u8>,
    /// The authority's time.
    pub at: Timestamp,
    /// The nonce as it was sent.
    nonce: Vec<u8>,
    /// Certificates that came with it; the signer's first.
    certificates: Vec<Vec<u8>>,
}

impl Token {
    /// Reads an answer and checks the signature by the certificate that came with it.
    ///
    /// # Errors
    /// Why it is no time stamp, in plain words.
    pub fn read(response: &[u8]) -> Result<Self, String> {
        let mut parts = Reader(response).expect(SEQUENCE).ok_or("it is no answer of RFC 3161")?.reader();
        let status = parts.expect(SEQUENCE).and_then(|status| status.reader().expect(INTEGER));
        match status.map(|status| status.inside) {
            // granted, grantedWithMods
            Some([0 | 1]) => {}
            Some(status) => return Err(format!("the authority refuses: status {}", hex::encode(status))),
            None => return Err("it is no answer of RFC 3161".to_owned()),
        }
        parts.next().and_then(signed).ok_or("its token can't be read".to_owned())?
    }

    /// Whether it repeats the nonce of the query.
    pub fn answers(&self, nonce: u64) -> bool {
        self.nonce == number(nonce)
    }

    /// Whether one of these authorities stands behind the signer, for time stamps, at the token's time.
    ///
    /// # Errors
    /// Why none does, in plain words.
    pub fn vouched_by(&self, authorities: &[CertificateDer<'_>]) -> Result<(), String> {
        let said = |error: webpki::Error| format!("the signer's certificate does not hold: {error}");
        let anchors: Result<Vec<_>, _> = authorities.iter().map(anchor_from_trusted_cert).collect();
        let anchors =
            anchors.map_err(|error| format!("an authority's certificate can't be read: {error}"))?;
        let mut all = self.certificates.iter().map(|der| CertificateDer::from(der.as_slice()));
        let signer = all.next().ok_or("no certificate came with it")?;
        let between: Vec<_> = all.collect();
        let signer = EndEntityCert::try_from(&signer).map_err(said)?;
        let seconds = u64::try_from(self.at.as_second()).unwrap_or(0);
        let at = UnixTime::since_unix_epoch(std::time::Duration::from_secs(seconds));
        let usage = KeyUsage::required(TIME_STAMPING);
        signer
            .verify_for_usage(ALGORITHMS, &anchors, &between, at, usage, None, None)
            .map(|_| ())
            .map_err(said)
    }
}

/// Whether a kept stamp is one of this root, and signed by whoever signed it.
///
/// # Errors
/// Why not, in plain words.
pub fn check(stamp: &Stamp, root: &Root) -> Result<Token, String> {
    let response = STANDARD.decode(&stamp.response).map_err(|error| error.to_string())?;
    let token = Token::read(&response)?;
    let digest = digest(root);
    if token.digest != digest || stamp.digest != hex::encode(digest) {
        return Err("it is a stamp of something else".to_owned());
    }
    if token.at != stamp.at {
        return Err("its time was changed beside it".to_owned());
    }
    Ok(token)
}

/// SignedData (RFC 5652 5.1) around TSTInfo.
fn signed(token: Value<'_>) -> Option<Result<Token, String>> {
    let mut outer = token.reader();
    let is_signed_data = outer.expect(OID)?.inside == SIGNED_DATA;
    let mut data = outer.expect(FIRST)?.reader().expect(SEQUENCE)?.reader();
    data.expect(INTEGER)?;
    data.expect(SET)?;
    let mut content = data.expect(SEQUENCE)?.reader();
    let is_stamp = content.expect(OID)?.inside == TST_INFO;
    let info = content.expect(FIRST)?.reader().expect(OCTETS)?.inside;
    let certificates = data.maybe(FIRST).map(certificates).unwrap_or_default();
    data.maybe(FIRST + 1);
    let signer = data.expect(SET)?.reader().expect(SEQUENCE)?;
    if !is_signed_data || !is_stamp {
        return None;
    }
    let said = stated(info)?;
    Some(signed_by(signer, info, certificates).map(|certificates| Token { certificates, ..said }))
}

fn certificates(set: Value<'_>) -> Vec<Vec<u8>> {
    let mut reader = set.reader();
    std::iter::from_fn(|| reader.next()).filter(|v| v.tag == SEQUENCE).map(|v| v.whole.to_vec()).collect()
}

/// TSTInfo, RFC 3161 2.4.2.
fn stated(info: &[u8]) -> Option<Token> {
    let mut parts = Reader(info).expect(SEQUENCE)?.reader();
    parts.expect(INTEGER)?;
    parts.expect(OID)?;
    let mut imprint = parts.expect(SEQUENCE)?.reader();
    let algorithm = imprint.expect(SEQUENCE)?.reader().expect(OID)?.inside;
    let digest = imprint.expect(OCTETS)?.inside;
    parts.expect(INTEGER)?;
    let at = time(parts.expect(TIME)?.inside)?;
    // Accuracy and ordering are the authority's.
    parts.maybe(SEQUENCE);
    parts.maybe(BOOLEAN);
    let nonce = parts.maybe(INTEGER).map(|nonce| nonce.inside.to_vec()).unwrap_or_default();
    let token = Token { digest: digest.to_vec(), at, nonce, certificates: Vec::new() };
    (algorithm == SHA256).then_some(token)
}

/// GeneralizedTime: `yyyyMMddHHmmss[.f]Z`.
fn time(text: &[u8]) -> Option<Timestamp> {
    let text = std::str::from_utf8(text).ok()?.strip_suffix('Z')?;
    let at = DateTime::strptime("%Y%m%d%H%M%S%.f", text).ok()?;
    at.to_zoned(TimeZone::UTC).ok().map(|at| at.timestamp())
}

/// SignerInfo (RFC 5652 5.3): the certificate that made the signature comes first in what is given back.
fn signed_by(signer: Value<'_>, info: &[u8], mut certificates: Vec<Vec<u8>>) -> Result<Vec<Vec<u8>>, String> {
    let facts = facts(signer).ok_or("its signer can't be read")?;
    let attribute = |oid: &[u8]| {
        let mut reader = facts.attributes.reader();
        let mut all = std::iter::from_fn(|| reader.next()).map(Value::reader);
        all.find_map(|mut one| {
            (one.expect(OID)?.inside == oid).then(|| one.expect(SET)?.reader().next()).flatten()
        })
    };
    let digest = hash(facts.digest, info).ok_or("its digest is none that is known")?;
    if attribute(MESSAGE_DIGEST).map(|value| value.inside) != Some(digest.as_slice())
        || attribute(CONTENT_TYPE).map(|value| value.inside) != Some(TST_INFO)
    {
        return Err("what it says was changed".to_owned());
    }
    // RFC 5652 5.4: signed is the SET itself, not its implicit tag.
    let bytes = write(SET, facts.attributes.inside);
    let made = |der: &Vec<u8>| {
        let der = CertificateDer::from(der.as_slice());
        EndEntityCert::try_from(&der).is_ok_and(|certificate| {
            let fits = |one: &&&dyn SignatureVerificationAlgorithm| {
                certificate.verify_signature(**one, &bytes, facts.signature).is_ok()
            };
            ALGORITHMS.iter().find(fits).is_some()
        })
    };
    let place =
        certificates.iter().position(made).ok_or("no certificate that came with it made its signature")?;
    certificates.swap(0, place);
    Ok(certificates)
}

struct Facts<'a> {
    digest: &'a [u8],
    attributes: Value<'a>,
    signature: &'a [u8],
}

fn facts(signer: Value<'_>) -> Option<Facts<'_>> {
    let mut parts = signer.reader();
    parts.expect(INTEGER)?;
    // Who signed: found by the signature itself.
    parts.next()?;
    let digest = parts.expect(SEQUENCE)?.reader().expect(OID)?.inside;
    let attributes = parts.expect(FIRST)?;
    parts.expect(SEQUENCE)?;
    let signature = parts.expect(OCTETS)?.inside;
    Some(Facts { digest, attributes, signature })
}

fn hash(algorithm: &[u8], bytes: &[u8]) -> Option<Vec<u8>> {
    match algorithm {
        SHA256 => Some(Sha256::digest(bytes).to_vec()),
        SHA384 => Some(Sha384::digest(bytes).to_vec()),
        SHA512 => Some(Sha512::digest(bytes).to_vec()),
        _ => None,
    }
}

/// Signatures that authorities make.
static ALGORITHMS: &[&dyn SignatureVerificationAlgorithm] = &[
    algorithms::RSA_PKCS1_2048_8192_SHA256,
    algorithms::RSA_PKCS1_2048_8192_SHA384,
    algorithms::RSA_PKCS1_2048_8192_SHA512,
    algorithms::RSA_PSS_2048_8192_SHA256_LEGACY_KEY,
    algorithms::ECDSA_P256_SHA256,
    algorithms::ECDSA_P256_SHA384,
    algorithms::ECDSA_P384_SHA256,
    algorithms::ECDSA_P384_SHA384,
    algorithms::ED25519,
];
