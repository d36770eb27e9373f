//! TLS of the decoys that speak it, with the persona's own certificate.

use std::io;

use tokio_rustls::TlsAcceptor;

use super::carrier::Carrier;
use crate::persona::{self, Host, Pack};
use crate::session::{TlsRules, tls_config};

/// Makes the acceptor of one host: TLS 1.2 and 1.3 with forward secrecy, which is also what the BCP 195
/// profile asks for (PS3.15 B.9). With `mutual` a peer must show a certificate of the hospital's
/// authority. `alpn` are the protocols to choose from; none of them is needed.
///
/// # Errors
/// When the certificate can't be made, in words.
pub(super) fn acceptor(
    pack: &Pack,
    host: &Host,
    alpn: &[&[u8]],
    mutual: bool,
) -> Result<TlsAcceptor, String> {
    let made = persona::certificate(pack, host)?;
    let authority = made.chain.last().cloned();
    let clients_of = authority.as_deref().filter(|_| mutual);
    tls_config(made, TlsRules { newest: true, alpn, clients_of, ..TlsRules::default() })
        .map(TlsAcceptor::from)
}

/// Bytes of a peer's first words that tell what it speaks.
pub(super) const PEEK: usize = 8;

/// What a peer on a TLS port began with.
pub(super) enum FirstWords {
    /// Nothing: it closed.
    None,
    /// A TLS record.
    Tls,
    /// Something else.
    Plain,
}

/// Looks at the first bytes of a peer without taking them.
///
/// # Errors
/// When the connection fails before the first byte.
pub(super) async fn first_words(stream: &mut Carrier) -> io::Result<FirstWords> {
    const HANDSHAKE: u8 = 0x16;
    // An SSL 2 hello starts with its length, the highest bit set.
    const OLD_HELLO: u8 = 0x80;
    let mut first = [0; PEEK];
    let seen = stream.peek(&mut first).await?;
    Ok(match first.first() {
        _ if seen == 0 => FirstWords::None,
        Some(byte) if *byte == HANDSHAKE || *byte & OLD_HELLO != 0 => FirstWords::Tls,
        _ => FirstWords::Plain,
    })
}
