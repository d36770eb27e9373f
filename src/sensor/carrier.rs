//! What carries the bytes of a session: a socket, or a pipe from another decoy of the honeynet.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use bytes::{Buf, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, DuplexStream, ReadBuf};
use tokio::net::TcpStream;

/// Bytes on their way in each direction of a pipe: what a socket of the kernel holds before it grows.
const PIPE: usize = 64 << 10;

/// Carries a session.
pub(super) enum Carrier {
    /// A connection of the kernel's.
    Socket(TcpStream),
    /// From another decoy.
    Led(LedEnd),
}

/// The end of a pipe that a decoy serves.
pub(super) struct LedEnd {
    pipe: DuplexStream,
    /// Looked at, and not taken yet.
    seen: BytesMut,
    reset: Arc<AtomicBool>,
}

/// The end of a pipe that an intruder's program holds.
pub(super) struct CallingEnd {
    pipe: DuplexStream,
    reset: Arc<AtomicBool>,
}

/// A pipe between two decoys.
pub(super) fn pipe() -> (CallingEnd, LedEnd) {
    let (calling, serving) = tokio::io::duplex(PIPE);
    let reset = Arc::<AtomicBool>::default();
    let led = LedEnd { pipe: serving, seen: BytesMut::new(), reset: Arc::clone(&reset) };
    (CallingEnd { pipe: calling, reset }, led)
}

impl Carrier {
    /// The socket, when it is one.
    pub(super) fn socket(&self) -> Option<&TcpStream> {
        match self {
            Carrier::Socket(stream) => Some(stream),
            Carrier::Led(_) => None,
        }
    }

    /// Looks at the first bytes without taking them; 0 at the end.
    ///
    /// # Errors
    /// When the connection fails before.
    pub(super) async fn peek(&mut self, first: &mut [u8]) -> io::Result<usize> {
        match self {
            Carrier::Socket(stream) => stream.peek(first).await,
            Carrier::Led(led) => {
                if led.seen.is_empty() {
                    led.pipe.read_buf(&mut led.seen).await?;
                }
                let seen = led.seen.len().min(first.len());
                first.iter_mut().zip(&led.seen).for_each(|(to, byte)| *to = *byte);
                Ok(seen)
            }
        }
    }

    /// Makes the close that follows a reset.
    pub(super) fn reset(&self) {
        match self {
            Carrier::Socket(stream) => {
                let _ = socket2::SockRef::from(stream).set_linger(Some(std::time::Duration::ZERO));
            }
            Carrier::Led(led) => led.reset.store(true, Ordering::Release),
        }
    }
}

impl AsyncRead for Carrier {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Carrier::Socket(stream) => Pin::new(stream).poll_read(cx, buf),
            Carrier::Led(led) if led.seen.is_empty() => Pin::new(&mut led.pipe).poll_read(cx, buf),
            Carrier::Led(led) => {
                let length = led.seen.len().min(buf.remaining());
                buf.put_slice(led.seen.get(..length).unwrap_or_default());
                led.seen.advance(length);
                Poll::Ready(Ok(()))
            }
        }
    }
}

impl AsyncWrite for Carrier {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Carrier::Socket(stream) => Pin::new(stream).poll_write(cx, buf),
            Carrier::Led(led) => Pin::new(&mut led.pipe).poll_write(cx, buf),
        }
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Carrier::Socket(stream) => Pin::new(stream).poll_write_vectored(cx, bufs),
            Carrier::Led(led) => Pin::new(&mut led.pipe).poll_write_vectored(cx, bufs),
        }
    }

    fn is_write_vectored(&self) -> bool {
        match self {
            Carrier::Socket(stream) => stream.is_write_vectored(),
            Carrier::Led(led) => led.pipe.is_write_vectored(),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Carrier::Socket(stream) => Pin::new(stream).poll_flush(cx),
            Carrier::Led(led) => Pin::new(&mut led.pipe).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Carrier::Socket(stream) => Pin::new(stream).poll_shutdown(cx),
            Carrier::Led(led) => Pin::new(&mut led.pipe).poll_shutdown(cx),
        }
    }
}

impl AsyncRead for CallingEnd {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let polled = Pin::new(&mut self.pipe).poll_read(cx, buf);
        let ended = matches!(polled, Poll::Ready(Ok(()))) && buf.filled().len() == before;
        if ended && buf.remaining() > 0 && self.reset.load(Ordering::Acquire) {
            return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
        }
        polled
    }
}

impl AsyncWrite for CallingEnd {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.pipe).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.pipe).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.pipe).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncWriteExt;

    use super::*;

    #[tokio::test]
    async fn what_is_looked_at_is_read_again_and_a_reset_is_seen() {
        let (mut calling, led) = pipe();
        let mut carrier = Carrier::Led(led);
        calling.write_all(b"hello").await.unwrap();
        let mut first = [0; 3];
        assert_eq!(carrier.peek(&mut first).await.unwrap(), 3);
        assert_eq!(&first, b"hel");
        let mut all = [0; 5];
        carrier.read_exact(&mut all).await.unwrap();
        assert_eq!(&all, b"hello");
        carrier.write_all(b"x").await.unwrap();
        carrier.reset();
        drop(carrier);
        let mut rest = Vec::new();
        let error = calling.read_to_end(&mut rest).await.unwrap_err();
        assert_eq!((rest.as_slice(), error.kind()), (&b"x"[..], io::ErrorKind::ConnectionReset));
    }
}
