//! TLS inside a machine: for protocols that start it in the middle of a conversation, or wrap its
//! records in packets of their own.
//!
//! The machine hands in what came and takes what is to be sent; nothing here touches a socket. It
//! sends by [`super::Outbox::send_sealed`], sets [`super::Outbox::sealed_input`] while its peer
//! encrypts, and adds the plain bytes to the transcript itself.

use std::io::{Read, Write};
use std::sync::Arc;

use bytes::{Buf, Bytes, BytesMut};
use rustls::crypto::{CryptoProvider, ring};
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::ClientCertVerifier;
use rustls::{RootCertStore, ServerConfig, ServerConnection};

use crate::event::Observation;
use crate::event::observation::Mark;
use crate::persona::CertifiedHost;
use crate::wire::hello::Listener;

/// Plain text is handed over in pieces of this size: one record's (RFC 8446 5.1).
const PIECE: usize = 16 << 10;

/// What a product's TLS offers beside its certificate.
#[derive(Debug, Clone, Copy, Default)]
pub struct TlsRules<'a> {
    /// Whether TLS 1.3 is offered beside 1.2.
    pub newest: bool,
    /// Whether it is the TLS of Windows, which has no ChaCha20 and goes by its own order of ciphers.
    pub schannel: bool,
    /// Application protocols (ALPN) to choose from; none of them is needed.
    pub alpn: &'a [&'a [u8]],
    /// The authority, DER, one of whose certificates a client must show; `None`: none is asked for.
    pub clients_of: Option<&'a [u8]>,
}

/// Makes the settings of a server: forward secrecy, and a client certificate where one is asked for.
///
/// # Errors
/// When key and certificate can't be used, in words.
pub fn tls_config(made: CertifiedHost, rules: TlsRules<'_>) -> Result<Arc<ServerConfig>, String> {
    let chain = made.chain.into_iter().map(Into::into).collect();
    let key = rustls_pki_types::PrivatePkcs8KeyDer::from(made.key).into();
    let versions: &[_] = if rules.newest { rustls::ALL_VERSIONS } else { &[&rustls::version::TLS12] };
    let verifier = verifier(rules.clients_of)?;
    let mut config = ServerConfig::builder_with_provider(Arc::new(provider(rules.schannel)))
        .with_protocol_versions(versions)
        .and_then(|builder| builder.with_client_cert_verifier(verifier).with_single_cert(chain, key))
        .map_err(|e| e.to_string())?;
    // Windows goes by its own order.
    config.ignore_client_order = rules.schannel;
    config.alpn_protocols = rules.alpn.iter().map(|name| name.to_vec()).collect();
    Ok(Arc::new(config))
}

fn provider(schannel: bool) -> CryptoProvider {
    let mut provider = ring::default_provider();
    if schannel {
        provider.cipher_suites.retain(|suite| !format!("{:?}", suite.suite()).contains("CHACHA20"));
    }
    provider
}

/// Who may connect: anybody, or who shows a certificate of an authority.
fn verifier(clients_of: Option<&[u8]>) -> Result<Arc<dyn ClientCertVerifier>, String> {
    let Some(authority) = clients_of else { return Ok(WebPkiClientVerifier::no_client_auth()) };
    let mut roots = RootCertStore::empty();
    roots.add(authority.to_vec().into()).map_err(|e| e.to_string())?;
    let builder =
        WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::new(ring::default_provider()));
    builder.build().map_err(|e| e.to_string())
}

/// The server's end of one TLS connection.
pub struct Tls {
    connection: ServerConnection,
    listener: Listener,
    ja4: Option<String>,
}

impl Tls {
    /// Waits for a ClientHello.
    ///
    /// # Errors
    /// When the settings can't be used, in words.
    pub fn new(config: Arc<ServerConfig>) -> Result<Self, String> {
        let mut connection = ServerConnection::new(config).map_err(|e| e.to_string())?;
        // Everything that is written is taken at once.
        connection.set_buffer_limit(None);
        Ok(Tls { connection, listener: Listener::default(), ja4: None })
    }

    /// Takes all of `wire` and adds what it held in plain text to `plain`.
    ///
    /// # Errors
    /// When the peer breaks TLS, in words; [`Tls::records`] then has the alert, if one is due.
    pub fn receive(&mut self, wire: &mut BytesMut, plain: &mut BytesMut) -> Result<(), String> {
        if let Some(ja4) = self.listener.hear(wire) {
            self.ja4 = Some(ja4);
        }
        while wire.has_remaining() {
            let mut unread: &[u8] = wire;
            let taken = self.connection.read_tls(&mut unread).map_err(|e| e.to_string())?;
            wire.advance(taken);
            self.connection.process_new_packets().map_err(|e| e.to_string())?;
            self.read_plain(plain);
            if taken == 0 {
                break;
            }
        }
        Ok(())
    }

    fn read_plain(&mut self, plain: &mut BytesMut) {
        let mut piece = [0; PIECE];
        // Its errors say that nothing is there yet, or that the peer has closed.
        while let Ok(count @ 1..) = self.connection.reader().read(&mut piece) {
            plain.extend_from_slice(piece.get(..count).unwrap_or_default());
        }
    }

    /// The fingerprint of the peer's ClientHello (JA4), once, when that has come.
    pub fn fingerprint(&mut self) -> Option<Observation> {
        self.ja4.take().map(|ja4| Observation::Fingerprint { mark: Mark::Ja4, value: ja4.into() })
    }

    /// Encrypts.
    pub fn send(&mut self, plain: &[u8]) {
        // Writing into memory without a limit can't fail.
        let _ = self.connection.writer().write_all(plain);
    }

    /// Says that nothing more will be sent.
    pub fn close(&mut self) {
        self.connection.send_close_notify();
    }

    /// Takes the records that are to be sent; empty when there are none.
    pub fn records(&mut self) -> Bytes {
        let mut records = Vec::new();
        while self.connection.wants_write() {
            if self.connection.write_tls(&mut records).is_err() {
                break;
            }
        }
        records.into()
    }

    /// Whether the handshake is done.
    pub fn is_up(&self) -> bool {
        !self.connection.is_handshaking()
    }

    /// The name that the peer asked for (SNI).
    pub fn server_name(&self) -> Option<&str> {
        self.connection.server_name()
    }
}

#[cfg(test)]
mod tests {
    use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
    use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
    use rustls::{ClientConfig, ClientConnection, DigitallySignedStruct, Error, SignatureScheme};

    use super::*;
    use crate::persona::{self, SelfSigned};
    use crate::session::bench::Bench;

    #[derive(Debug)]
    struct Anyone;

    impl ServerCertVerifier for Anyone {
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
            _: &[u8],
            _: &CertificateDer<'_>,
            _: &DigitallySignedStruct,
        ) -> Result<HandshakeSignatureValid, Error> {
            Ok(HandshakeSignatureValid::assertion())
        }
        fn verify_tls13_signature(
            &self,
            _: &[u8],
            _: &CertificateDer<'_>,
            _: &DigitallySignedStruct,
        ) -> Result<HandshakeSignatureValid, Error> {
            Ok(HandshakeSignatureValid::assertion())
        }
        fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
            vec![SignatureScheme::RSA_PKCS1_SHA256, SignatureScheme::ECDSA_NISTP256_SHA256]
        }
    }

    fn client() -> ClientConnection {
        let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(Anyone))
            .with_no_client_auth();
        ClientConnection::new(Arc::new(config), "clzx-hisdb01".try_into().unwrap()).unwrap()
    }

    /// Speaks with the server in pieces of `size` bytes until both are quiet.
    fn talk(client: &mut ClientConnection, server: &mut Tls, size: usize) -> BytesMut {
        let mut plain = BytesMut::new();
        loop {
            let mut said = Vec::new();
            while client.wants_write() {
                client.write_tls(&mut said).unwrap();
            }
            for piece in said.chunks(size) {
                server.receive(&mut BytesMut::from(piece), &mut plain).unwrap();
            }
            let answer = server.records();
            if said.is_empty() && answer.is_empty() {
                return plain;
            }
            let mut answer: &[u8] = &answer;
            while !answer.is_empty() {
                client.read_tls(&mut answer).unwrap();
                client.process_new_packets().unwrap();
            }
        }
    }

    fn speaks(made: CertifiedHost, newest: bool, size: usize) {
        let rules = TlsRules { newest, ..TlsRules::default() };
        let mut server = Tls::new(tls_config(made, rules).unwrap()).unwrap();
        let mut client = client();
        talk(&mut client, &mut server, size);
        assert!(server.is_up());
        let sent: Vec<u8> = (0..100_000u32).flat_map(u32::to_le_bytes).collect();
        // The client's own buffer has a limit.
        let mut heard = BytesMut::new();
        for part in sent.chunks(20_000) {
            client.writer().write_all(part).unwrap();
            heard.extend_from_slice(&talk(&mut client, &mut server, size));
        }
        assert_eq!(&heard[..], &sent[..]);
        server.send(b"answer");
        talk(&mut client, &mut server, size);
        let mut answer = [0; 6];
        client.reader().read_exact(&mut answer).unwrap();
        assert_eq!(&answer, b"answer");
        assert_eq!(server.server_name(), Some("clzx-hisdb01"));
    }

    #[test]
    fn both_certificates_work_however_the_bytes_come() {
        let bench = Bench::new();
        let host = bench.pack.host("his").unwrap();
        let own = persona::certificate(&bench.pack, host).unwrap();
        let rules =
            SelfSigned { common_name: "SSL_Self_Signed_Fallback", days: 10_950, installed: (2019, 300) };
        let fallback = persona::self_signed(&bench.pack.installation, "his/tds", &rules).unwrap();
        for size in [1, 7, 5000] {
            speaks(own.clone(), true, size);
            speaks(fallback.clone(), false, size);
        }
    }

    #[test]
    fn noise_ends_it() {
        let bench = Bench::new();
        let made = persona::certificate(&bench.pack, bench.pack.host("his").unwrap()).unwrap();
        let mut server = Tls::new(tls_config(made, TlsRules::default()).unwrap()).unwrap();
        let mut noise = BytesMut::from(&b"\x16\x03\x01\x00\x05hello"[..]);
        assert!(server.receive(&mut noise, &mut BytesMut::new()).is_err());
        assert!(!server.is_up());
    }
}
