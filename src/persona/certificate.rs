//! Certificates of the hospital's own authority, the same at every start of one installation.
//!
//! Keys are derived, and signatures are made with a derived nonce (RFC 6979), so that the bytes of a
//! certificate never change and no two installations share one.

use std::time::Duration;

use p256::ecdsa::signature::Signer;
use p256::ecdsa::{DerSignature, SigningKey};
use p256::pkcs8::EncodePrivateKey;
use rcgen::string::PrintableString;
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, DnValue, ExtendedKeyUsagePurpose, IsCa,
    Issuer, KeyUsagePurpose, PKCS_ECDSA_P256_SHA256, SanType, SerialNumber, SignatureAlgorithm,
};

use super::{Hospital, Host, Pack};

/// A day.
const DAY: Duration = Duration::from_secs(86_400);
/// The authority was set up within this many days of its first one.
const AUTHORITY_SPREAD: u64 = 200;
/// A host got its certificate within this many days of the first one.
const HOST_SPREAD: u64 = 300;
/// Validity of the authority and of a host, days: internal authorities give long ones.
const AUTHORITY_DAYS: u32 = 7300;
const HOST_DAYS: u32 = 3650;

/// A certificate chain and the key of its first certificate.
#[derive(Clone)]
pub struct CertifiedHost {
    /// DER of the host's certificate, then of the authority's.
    pub chain: Vec<Vec<u8>>,
    /// DER of the host's private key, PKCS#8.
    pub key: Vec<u8>,
}

/// The certificate of a host, issued by the hospital's own authority years ago.
///
/// # Errors
/// In words, when a name of the pack can't stand in a certificate.
pub fn certificate(pack: &Pack, host: &Host) -> Result<CertifiedHost, String> {
    let authority_key = Key::derive(pack, "tls/authority")?;
    let authority = authority_params(pack)?;
    let issuer = Issuer::from_params(&authority, &authority_key);
    let key = Key::derive(pack, &format!("tls/host/{}", host.name))?;
    let leaf = host_params(pack, host)?.signed_by(&key, &issuer).map_err(|e| e.to_string())?;
    let root = authority.self_signed(&authority_key).map_err(|e| e.to_string())?;
    let pkcs8 = key.signing.to_pkcs8_der().map_err(|e| e.to_string())?;
    Ok(CertifiedHost {
        chain: vec![leaf.der().to_vec(), root.der().to_vec()],
        key: pkcs8.as_bytes().to_vec(),
    })
}

fn authority_params(pack: &Pack) -> Result<CertificateParams, String> {
    let mut params = CertificateParams::new(Vec::new()).map_err(|e| e.to_string())?;
    params.distinguished_name = name(&pack.hospital, &format!("{} Root CA", pack.hospital.code));
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    dated(&mut params, pack, "tls/authority", 2019, AUTHORITY_SPREAD, AUTHORITY_DAYS);
    Ok(params)
}

fn host_params(pack: &Pack, host: &Host) -> Result<CertificateParams, String> {
    let fqdn = host.fqdn(&pack.hospital);
    let names = vec![fqdn.clone(), host.hostname.clone()];
    let mut params = CertificateParams::new(names).map_err(|e| e.to_string())?;
    // A loopback address stands for an appliance that has none yet.
    if !host.address.is_loopback() {
        params.subject_alt_names.push(SanType::IpAddress(host.address));
    }
    params.distinguished_name = name(&pack.hospital, &fqdn);
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature, KeyUsagePurpose::KeyEncipherment];
    // A node of DICOM calls and is called (PS3.15 B.9).
    params.extended_key_usages =
        vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
    params.use_authority_key_identifier_extension = true;
    dated(&mut params, pack, &format!("tls/host/{}", host.name), 2023, HOST_SPREAD, HOST_DAYS);
    Ok(params)
}

fn name(hospital: &Hospital, common: &str) -> DistinguishedName {
    let mut name = DistinguishedName::new();
    // X.520 6.3.1 has no other kind of string for it; who decodes strictly sees.
    if let Ok(country) = PrintableString::try_from("CN") {
        name.push(DnType::CountryName, DnValue::PrintableString(country));
    }
    name.push(DnType::StateOrProvinceName, hospital.province.as_str());
    name.push(DnType::LocalityName, hospital.city.as_str());
    name.push(DnType::OrganizationName, hospital.name.as_str());
    name.push(DnType::CommonName, common);
    name
}

/// Sets serial and validity: from a working hour of a day within `spread` days of `year`'s start.
fn dated(params: &mut CertificateParams, pack: &Pack, label: &str, year: i32, spread: u64, days: u32) {
    let secret = &pack.installation;
    let day = u32::try_from(secret.number(&format!("{label}/day"), spread)).unwrap_or(0);
    let second = secret.number(&format!("{label}/second"), 8 * 3600);
    let start = rcgen::date_time_ymd(year, 1, 1) + DAY * day + Duration::from_secs(second);
    params.not_before = start;
    params.not_after = start + DAY * days;
    // As `openssl x509` draws them: 20 bytes, positive.
    let mut serial: Vec<u8> = secret.derive(&format!("{label}/serial")).into_iter().take(20).collect();
    if let Some(first) = serial.first_mut() {
        *first = *first & 0x7f | 0x40;
    }
    params.serial_number = Some(SerialNumber::from(serial));
}

/// An ECDSA P-256 key.
struct Key {
    signing: SigningKey,
    public: Vec<u8>,
}

impl Key {
    fn derive(pack: &Pack, label: &str) -> Result<Self, String> {
        // Nearly every 32 bytes are a valid scalar; the next label is tried for the rest.
        let found = (0..8).find_map(|i| {
            let scalar = pack.installation.derive(&format!("{label}/key/{i}"));
            SigningKey::from_slice(&scalar).ok()
        });
        let signing = found.ok_or("no valid key could be derived")?;
        let public = signing.verifying_key().to_sec1_point(false).as_bytes().to_vec();
        Ok(Key { signing, public })
    }
}

impl rcgen::PublicKeyData for Key {
    fn der_bytes(&self) -> &[u8] {
        &self.public
    }

    fn algorithm(&self) -> &'static SignatureAlgorithm {
        &PKCS_ECDSA_P256_SHA256
    }
}

impl rcgen::SigningKey for Key {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, rcgen::Error> {
        let signature: DerSignature = self.signing.sign(message);
        Ok(signature.as_bytes().to_vec())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::persona::{Installation, OperatingSystem, PackFiles};
    use std::sync::Arc;

    fn pack(secret: u8) -> Pack {
        let files = PackFiles::embedded("chenglan").unwrap();
        let hospital = Arc::new(toml::from_str(files.text("hospital.toml").unwrap()).unwrap());
        let installation = Installation::new([secret; 32]);
        Pack { name: "chenglan".into(), hospital, hosts: Vec::new(), absent: Vec::new(), files, installation }
    }

    fn host(address: &str) -> Host {
        let os = OperatingSystem {
            family: "linux".into(),
            name: "Debian".into(),
            kernel: "6.1".into(),
            timezone: "Asia/Shanghai".into(),
            domain: String::new(),
            installed: None,
            restart_days: 0,
        };
        Host {
            name: "his".into(),
            folder: "his".into(),
            mac: [0, 0x50, 0x56, 0, 0, 1],
            mac_pattern: String::new(),
            title: "HIS".into(),
            address: address.parse().unwrap(),
            hostname: "clzx-his01".into(),
            os,
            services: Vec::new(),
            accounts: Vec::new(),
        }
    }

    #[test]
    fn the_same_at_every_start_and_different_elsewhere() {
        let host = host("127.0.10.11");
        let first = certificate(&pack(1), &host).unwrap();
        let again = certificate(&pack(1), &host).unwrap();
        let other = certificate(&pack(2), &host).unwrap();
        assert_eq!((&first.chain, &first.key), (&again.chain, &again.key));
        assert_ne!(first.chain, other.chain);
        assert_ne!(first.key, other.key);
    }

    #[test]
    fn a_server_takes_chain_and_key() {
        let made = certificate(&pack(1), &host("127.0.10.11")).unwrap();
        let chain = made.chain.into_iter().map(Into::into).collect();
        let key = rustls_pki_types::PrivatePkcs8KeyDer::from(made.key).into();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(chain, key);
        assert!(config.is_ok(), "{:?}", config.err());
    }

    #[test]
    fn only_real_addresses_are_named() {
        let named = |a: &str| {
            let params = host_params(&pack(1), &host(a)).unwrap();
            params.subject_alt_names.contains(&SanType::IpAddress(a.parse().unwrap()))
        };
        assert!(named("10.20.30.40"));
        assert!(!named("127.0.10.11"));
    }
}
