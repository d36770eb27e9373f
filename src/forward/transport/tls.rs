//! TLS to a SIEM, as RFC 5425 has it: with the hospital's own authorities and, where asked, our certificate.

use std::fs;
use std::io;
use std::path::Path;
use std::sync::Arc;

use rustls::crypto::ring;
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::forward::Destination;

/// By what both sides are proven.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Proof<'a> {
    /// Authorities that may sign the receiver.
    pub(super) ca: Option<&'a Path>,
    pub(super) certificate: Option<&'a Path>,
    pub(super) key: Option<&'a Path>,
    /// The receiver's name, where it is not the one that is connected to.
    pub(super) server_name: Option<&'a str>,
}

impl<'a> From<&'a Destination> for Proof<'a> {
    fn from(destination: &'a Destination) -> Self {
        Proof {
            ca: destination.ca.as_deref(),
            certificate: destination.certificate.as_deref(),
            key: destination.key.as_deref(),
            server_name: destination.server_name.as_deref(),
        }
    }
}

/// Proves both sides to each other. `host` is the name that was connected to.
pub(super) async fn handshake(
    proof: &Proof<'_>,
    host: &str,
    stream: TcpStream,
) -> io::Result<TlsStream<TcpStream>> {
    let name = proof.server_name.unwrap_or(host).trim_matches(['[', ']']).to_owned();
    let name = ServerName::try_from(name).map_err(|e| invalid(&e.to_string()))?;
    TlsConnector::from(Arc::new(config(proof)?)).connect(name, stream).await
}

/// What both sides must prove.
pub(super) fn config(proof: &Proof<'_>) -> io::Result<ClientConfig> {
    let mut roots = RootCertStore::empty();
    let authorities = proof.ca.ok_or_else(|| invalid("no authority is configured"))?;
    for certificate in certificates(authorities)? {
        roots.add(certificate).map_err(|e| invalid(&format!("{}: {e}", authorities.display())))?;
    }
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|e| invalid(&e.to_string()))?
        .with_root_certificates(roots);
    match (proof.certificate, proof.key) {
        (Some(certificate), Some(key)) => builder
            .with_client_auth_cert(certificates(certificate)?, private_key(key)?)
            .map_err(|e| invalid(&e.to_string())),
        _ => Ok(builder.with_no_client_auth()),
    }
}

fn certificates(file: &Path) -> io::Result<Vec<CertificateDer<'static>>> {
    let pem = read(file)?;
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
    match found {
        Ok(found) if !found.is_empty() => Ok(found),
        Ok(_) => Err(invalid(&format!("{}: expected at least one PEM certificate", file.display()))),
        Err(error) => Err(invalid(&format!("{}: {error}", file.display()))),
    }
}

fn private_key(file: &Path) -> io::Result<PrivateKeyDer<'static>> {
    PrivateKeyDer::from_pem_slice(&read(file)?)
        .map_err(|e| invalid(&format!("{}: expected a PEM private key: {e}", file.display())))
}

fn read(file: &Path) -> io::Result<Vec<u8>> {
    fs::read(file).map_err(|e| io::Error::new(e.kind(), format!("{}: {e}", file.display())))
}

fn invalid(problem: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, problem.to_owned())
}
