//! The connection below a machine: bare, or inside TLS.

use std::io::{self, IoSlice};
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::task::{Context, Poll};

use socket2::{SockRef, Socket};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::server::TlsStream;

use super::carrier::Carrier;
use super::tap::Tap;
use crate::session::Line;

/// A connection that a machine is driven over.
pub(super) enum Wired {
    /// As it came.
    Plain(Carrier),
    /// Decrypted; what passes is counted below the encryption.
    Tls(Box<TlsStream<Tap<Carrier>>>),
}

impl Wired {
    /// What carries it.
    pub(super) fn carrier(&self) -> &Carrier {
        match self {
            Wired::Plain(carrier) => carrier,
            Wired::Tls(stream) => stream.get_ref().0.inner(),
        }
    }

    /// The socket, when one carries it.
    pub(super) fn socket(&self) -> Option<&TcpStream> {
        self.carrier().socket()
    }

    /// A second hold on the socket, by which work of seconds sees the peer's end.
    pub(super) fn watch(&self) -> Option<Box<dyn Line>> {
        let socket = SockRef::from(self.socket()?).try_clone().ok()?;
        Some(Box::new(Watched(socket)))
    }

    /// Whether bytes are counted below, so that the driver must not.
    pub(super) fn counts_itself(&self) -> bool {
        match self {
            Wired::Plain(_) => false,
            Wired::Tls(_) => true,
        }
    }
}

struct Watched(Socket);

impl Line for Watched {
    fn is_gone(&self) -> bool {
        match self.0.peek(&mut [MaybeUninit::uninit()]) {
            Ok(read) => read == 0,
            Err(error) => error.kind() != io::ErrorKind::WouldBlock,
        }
    }
}

impl AsyncRead for Wired {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Wired::Plain(stream) => Pin::new(stream).poll_read(cx, buf),
            Wired::Tls(stream) => Pin::new(stream).poll_read(cx, buf),
        }
    }
}

impl AsyncWrite for Wired {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Wired::Plain(stream) => Pin::new(stream).poll_write(cx, buf),
            Wired::Tls(stream) => Pin::new(stream).poll_write(cx, buf),
        }
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Wired::Plain(stream) => Pin::new(stream).poll_write_vectored(cx, bufs),
            Wired::Tls(stream) => Pin::new(stream).poll_write_vectored(cx, bufs),
        }
    }

    fn is_write_vectored(&self) -> bool {
        match self {
            Wired::Plain(stream) => stream.is_write_vectored(),
            Wired::Tls(stream) => stream.is_write_vectored(),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Wired::Plain(stream) => Pin::new(stream).poll_flush(cx),
            Wired::Tls(stream) => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Wired::Plain(stream) => Pin::new(stream).poll_shutdown(cx),
            Wired::Tls(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }
}
