//! Certificates that a product makes for itself when it is installed or started, under an RSA key.

use std::time::Duration;

use rand::SeedableRng;
use rand::rngs::StdRng;
use rcgen::{CertificateParams, DistinguishedName, DnType, IsCa, KeyPair, PKCS_RSA_SHA256, SerialNumber};
use rsa::RsaPrivateKey;
use rsa::pkcs8::EncodePrivateKey;
use rustls_pki_types::PrivatePkcs8KeyDer;

use super::{CertifiedHost, Installation};

/// Shortest RSA key that TLS peers of today take.
const RSA_BITS: usize = 2048;

/// A day.
const DAY: Duration = Duration::from_secs(86_400);

/// What such a certificate says.
#[derive(Debug, Clone, Copy)]
pub struct SelfSigned<'a> {
    /// Subject and issuer.
    pub common_name: &'a str,
    /// How long it is valid, days.
    pub days: u32,
    /// Within so many days (at most 365) from the start of this year it was made.
    pub installed: (i32, u64),
}

/// Makes the certificate: the same at every start of one installation, another elsewhere. The key
/// takes some hundred milliseconds.
///
/// # Errors
/// In words, when key or certificate can't be made.
pub fn self_signed(
    installation: &Installation,
    label: &str,
    rules: &SelfSigned<'_>,
) -> Result<CertifiedHost, String> {
    let derive = |what: &str| installation.derive(&format!("self-signed/{label}/{what}"));
    let number = |what: &str, bound| installation.number(&format!("self-signed/{label}/{what}"), bound);
    let key =
        RsaPrivateKey::new(&mut StdRng::from_seed(derive("key")), RSA_BITS).map_err(|e| e.to_string())?;
    let pkcs8 = key.to_pkcs8_der().map_err(|e| e.to_string())?.as_bytes().to_vec();
    let pair =
        KeyPair::from_pkcs8_der_and_sign_algo(&PrivatePkcs8KeyDer::from(pkcs8.as_slice()), &PKCS_RSA_SHA256)
            .map_err(|e| e.to_string())?;
    let mut params = CertificateParams::new(Vec::new()).map_err(|e| e.to_string())?;
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, rules.common_name);
    params.is_ca = IsCa::NoCa;
    let (year, spread) = rules.installed;
    let day = u32::try_from(number("day", spread.clamp(1, 365))).unwrap_or(0);
    let second = Duration::from_secs(number("second", 86_400));
    params.not_before = rcgen::date_time_ymd(year, 1, 1) + DAY * day + second;
    params.not_after = params.not_before + DAY * rules.days;
    // 16 bytes, as CryptoAPI draws them; positive.
    let mut serial: Vec<u8> = derive("serial").into_iter().take(16).collect();
    if let Some(first) = serial.first_mut() {
        *first = *first & 0x7f | 0x10;
    }
    params.serial_number = Some(SerialNumber::from(serial));
    let made = params.self_signed(&pair).map_err(|e| e.to_string())?;
    Ok(CertifiedHost { chain: vec![made.der().to_vec()], key: pkcs8 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_at_every_start_and_different_elsewhere() {
        let rules =
            SelfSigned { common_name: "SSL_Self_Signed_Fallback", days: 10_950, installed: (2019, 300) };
        let made =
            |secret, label: &str| self_signed(&Installation::new([secret; 32]), label, &rules).unwrap();
        let (first, again) = (made(1, "a"), made(1, "a"));
        assert_eq!((&first.chain, &first.key), (&again.chain, &again.key));
        assert_ne!(first.key, made(2, "a").key);
        assert_ne!(first.key, made(1, "b").key);
    }
}
