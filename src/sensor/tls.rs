//! TLS of the decoys that speak it, with the persona's own certificate.

use std::io;
use std::sync::Arc;

use rustls::ServerConfig;
use rustls::crypto::ring;
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;

use crate::persona::{Host, Pack};

/// Makes the acceptor of one host.
///
/// # Errors
/// When the certificate can't be made, in words.
pub(super) fn acceptor(pack: &Pack, host: &Host) -> Result<TlsAcceptor, String> {
    let name = host.fqdn(&pack.hospital);
    let made = rcgen::generate_simple_self_signed(vec![name]).map_err(|e| e.to_string())?;
    let chain = vec![made.cert.der().clone()];
    let key = rustls_pki_types::PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()).into();
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .and_then(|builder| builder.with_no_client_auth().with_single_cert(chain, key))
        .map_err(|e| e.to_string())?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}

/// Bytes of a peer's first words that tell what it speaks.
pub(super) const PEEK: usize = 8;

/// Whether a peer on a TLS port began with something other than a TLS record.
///
/// # Errors
/// When the connection fails before the first byte.
pub(super) async fn speaks_plain(stream: &TcpStream) -> io::Result<bool> {
    const HANDSHAKE: u8 = 0x16;
    let mut first = [0; PEEK];
    let seen = stream.peek(&mut first).await?;
    Ok(seen > 0 && first.first() != Some(&HANDSHAKE))
}
