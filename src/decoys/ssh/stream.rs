//! The stream between the socket and the library: it replays the client's line, swallows the
//! library's own identification line (ours went out before), and looks at the client's KEXINIT.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use futures_util::task::AtomicWaker;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::event::Observation;
use crate::event::observation::Mark;
use crate::session::{BoxStream, Session};

use super::preamble;

/// Bytes read from the socket at once: sshd empties the socket too, and so leaves nothing unread.
const CHUNK: usize = 8 << 10;

/// Ends the stream from outside: the library runs in a task of its own.
#[derive(Default)]
pub(super) struct Stopper {
    stopped: AtomicBool,
    waker: AtomicWaker,
}

/// Stops the stream when dropped.
pub(super) struct Guard(pub Arc<Stopper>);

impl Drop for Guard {
    fn drop(&mut self) {
        self.0.stopped.store(true, Ordering::Release);
        self.0.waker.wake();
    }
}

/// The stream as the library sees it.
pub(super) struct Tapped {
    inner: BoxStream,
    /// Bytes that the library has still to take, the client's line first.
    waiting: Vec<u8>,
    taken: usize,
    swallow: usize,
    tap: Option<Vec<u8>>,
    session: Session,
    stopper: Arc<Stopper>,
}

impl Tapped {
    /// Wraps a stream whose identification lines are exchanged.
    pub(super) fn new(
        inner: BoxStream,
        session: Session,
        line: &str,
        swallow: usize,
        stopper: Arc<Stopper>,
    ) -> Self {
        let waiting = format!("{line}\r\n").into_bytes();
        Tapped { inner, waiting, taken: 0, swallow, tap: Some(Vec::new()), session, stopper }
    }

    fn look(&mut self, bytes: &[u8]) {
        let Some(tap) = &mut self.tap else { return };
        tap.extend_from_slice(bytes.get(..bytes.len().min(preamble::MAX_KEXINIT)).unwrap_or_default());
        match preamble::kexinit(tap) {
            Ok(None) if tap.len() <= preamble::MAX_KEXINIT + 4 => return,
            Ok(None) => self.session.malformed("KEXINIT is too long", tap),
            // Who was led here calls with our own client.
            Ok(Some(_)) if self.session.origin().led.is_some() => {}
            Ok(Some(kexinit)) => {
                self.session
                    .emit(Observation::Fingerprint { mark: Mark::Hassh, value: kexinit.hassh().into() });
            }
            Err(rule) => self.session.malformed(rule, tap),
        }
        self.tap = None;
    }
}

impl AsyncRead for Tapped {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        let this = &mut *self;
        this.stopper.waker.register(cx.waker());
        if this.stopper.stopped.load(Ordering::Acquire) {
            return Poll::Ready(Ok(()));
        }
        if this.waiting.is_empty() {
            let mut chunk = [0; CHUNK];
            let mut fresh = ReadBuf::new(&mut chunk);
            match Pin::new(&mut this.inner).poll_read(cx, &mut fresh) {
                Poll::Ready(Ok(())) => {}
                other => return other,
            }
            if this.tap.is_some() {
                this.look(fresh.filled());
            }
            let (now, later) = fresh.filled().split_at(fresh.filled().len().min(buf.remaining()));
            buf.put_slice(now);
            this.waiting = later.to_vec();
            this.taken = 0;
            return Poll::Ready(Ok(()));
        }
        let rest = this.waiting.get(this.taken..).unwrap_or_default();
        let (now, later) = rest.split_at(rest.len().min(buf.remaining()));
        buf.put_slice(now);
        if later.is_empty() {
            this.waiting = Vec::new();
        } else {
            this.taken += now.len();
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Tapped {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<std::io::Result<usize>> {
        let this = &mut *self;
        if this.stopper.stopped.load(Ordering::Acquire) {
            return Poll::Ready(Err(std::io::ErrorKind::BrokenPipe.into()));
        }
        if this.swallow > 0 {
            let taken = this.swallow.min(bytes.len());
            this.swallow -= taken;
            return Poll::Ready(Ok(taken));
        }
        Pin::new(&mut this.inner).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}
