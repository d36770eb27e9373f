//! TLS of the console: the hospital's own certificate, or one that it signs itself at the first start
//! and keeps.

use std::fs;
use std::io::Write;
use std::net::SocketAddr;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rcgen::{CertificateParams, DistinguishedName, DnType, KeyPair};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::TlsAcceptor;

use super::Settings;

/// What serves TLS.
pub(super) fn acceptor(
    settings: &Settings,
    own: &Path,
    address: Option<SocketAddr>,
) -> Result<TlsAcceptor, String> {
    let (certificate, key) = match given(settings) {
        Some(given) => given,
        None => self_signed(own, address)?,
    };
    load(&certificate, &key)
}

/// Whether a certificate that is configured can be used.
pub(super) fn check(settings: &Settings) -> Result<(), String> {
    given(settings).map_or(Ok(()), |(certificate, key)| load(&certificate, &key).map(drop))
}

fn given(settings: &Settings) -> Option<(PathBuf, PathBuf)> {
    settings.certificate.clone().zip(settings.key.clone())
}

fn load(certificate: &Path, key: &Path) -> Result<TlsAcceptor, String> {
    let chain: Result<Vec<_>, _> =
        CertificateDer::pem_file_iter(certificate).map_err(|e| said(certificate, e))?.collect();
    let chain = chain.map_err(|e| said(certificate, e))?;
    let key_der = PrivateKeyDer::from_pem_file(key).map_err(|e| said(key, e))?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|e| e.to_string())?
        .with_no_client_auth()
        .with_single_cert(chain, key_der)
        .map_err(|e| said(certificate, e))?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}

fn self_signed(own: &Path, address: Option<SocketAddr>) -> Result<(PathBuf, PathBuf), String> {
    let (certificate, key) = (own.join("certificate.pem"), own.join("key.pem"));
    if certificate.is_file() && key.is_file() {
        return Ok((certificate, key));
    }
    let mut names = vec!["localhost".to_owned(), "honeyward".to_owned()];
    names.extend(address.map(|address| address.ip().to_string()));
    let mut params = CertificateParams::new(names).map_err(|e| e.to_string())?;
    let mut subject = DistinguishedName::new();
    subject.push(DnType::CommonName, "Honeyward console");
    params.distinguished_name = subject;
    let pair = KeyPair::generate().map_err(|e| e.to_string())?;
    let made = params.self_signed(&pair).map_err(|e| e.to_string())?;
    write(&key, &pair.serialize_pem())?;
    write(&certificate, &made.pem())?;
    Ok((certificate, key))
}

/// For this user alone.
fn write(path: &Path, text: &str) -> Result<(), String> {
    let mut file = fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(path)
        .map_err(|e| said(path, e))?;
    file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(|e| said(path, e))
}

fn said(path: &Path, error: impl std::fmt::Display) -> String {
    format!("{}: {error}", path.display())
}
