//! TLS of the programs that fetch: every certificate is taken, and what was wrong with it is theirs to say.

use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, Error, SignatureScheme};
use tokio_rustls::TlsConnector;

use super::certificate::{Certificate, fault};
use crate::session::BoxStream;

/// A TLS connection that stands.
pub(super) struct Secured {
    /// Plain bytes.
    pub stream: BoxStream,
    /// `TLSv1.3`.
    pub version: &'static str,
    /// The cipher suite as OpenSSL names it.
    pub cipher: String,
    /// What the server chose of ALPN.
    pub alpn: Option<String>,
    /// The server's certificate and those behind it.
    pub chain: Vec<Certificate>,
    /// Lengths of what the server's certificate message holds.
    pub chain_bytes: usize,
}

impl Secured {
    /// What OpenSSL says of the chain.
    pub(super) fn fault(&self) -> (&'static str, u8) {
        fault(&self.chain)
    }
}

/// Speaks TLS to a server; `None` when it does not.
pub(super) async fn secure(stream: BoxStream, host: &str, alpn: &[&[u8]]) -> Option<Secured> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .ok()?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Any(provider)))
        .with_no_client_auth();
    config.alpn_protocols = alpn.iter().map(|name| name.to_vec()).collect();
    let name = ServerName::try_from(host.to_owned()).ok()?;
    let stream = TlsConnector::from(Arc::new(config)).connect(name, stream).await.ok()?;
    let (_, connection) = stream.get_ref();
    let ders = connection.peer_certificates().unwrap_or_default();
    let (version, cipher) = suite(connection.negotiated_cipher_suite());
    Some(Secured {
        version,
        cipher,
        alpn: connection.alpn_protocol().map(|name| String::from_utf8_lossy(name).into_owned()),
        chain: ders.iter().filter_map(|der| Certificate::read(der)).collect(),
        chain_bytes: ders.iter().map(|der| der.len() + 5).sum::<usize>() + 8,
        stream: Box::new(stream),
    })
}

fn suite(suite: Option<rustls::SupportedCipherSuite>) -> (&'static str, String) {
    let Some(suite) = suite else { return ("TLSv1.3", String::new()) };
    let name = format!("{:?}", suite.suite());
    match name.strip_prefix("TLS13_") {
        Some(rest) => ("TLSv1.3", format!("TLS_{rest}")),
        // OpenSSL's own names: ECDHE-RSA-AES256-GCM-SHA384.
        None => {
            let name = name.trim_start_matches("TLS_").replace("_WITH_", "-").replace('_', "-");
            ("TLSv1.2", name.replace("AES-", "AES").replace("-POLY1305-SHA256", "-POLY1305"))
        }
    }
}

/// Takes every certificate.
#[derive(Debug)]
struct Any(Arc<CryptoProvider>);

impl ServerCertVerifier for Any {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, cert, signed, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, cert, signed, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
