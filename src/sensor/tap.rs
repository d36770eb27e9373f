//! A stream that records and counts what passes.

use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::event::observation::CloseReason;
use crate::session::{Clock, Recorder};
use crate::wire::hello::Listener;

/// What passed, shared between a tap and the one who closes the session.
#[derive(Debug, Default)]
pub(super) struct Passed {
    pub(super) bytes_in: AtomicU64,
    pub(super) bytes_out: AtomicU64,
    /// The peer closed its side.
    pub(super) peer_closed: AtomicBool,
    /// The peer reset the connection.
    pub(super) peer_reset: AtomicBool,
    /// Fingerprint of the TLS that the peer speaks (JA4), where a tap lay below it.
    pub(super) ja4: OnceLock<String>,
}

impl Passed {
    /// Who ended a conversation that a library held.
    pub(super) fn close_reason(&self) -> CloseReason {
        if self.peer_reset.load(Ordering::Relaxed) {
            CloseReason::PeerReset
        } else if self.peer_closed.load(Ordering::Relaxed) {
            CloseReason::Peer
        } else {
            CloseReason::Decoy
        }
    }

    /// Notes a socket error: an attacker can cause every one of them, so none is ours.
    pub(super) fn note_error(&self, error: &io::Error) {
        if matches!(error.kind(), io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe) {
            self.peer_reset.store(true, Ordering::Relaxed);
        }
    }
}

/// Counts, and records where a recorder is given.
pub(super) struct Tap<S> {
    inner: S,
    passed: Arc<Passed>,
    record: Option<(Arc<dyn Recorder>, Arc<dyn Clock>)>,
    hello: Option<Listener>,
}

impl<S> Tap<S> {
    /// Counts only.
    pub(super) fn counting(inner: S, passed: Arc<Passed>) -> Self {
        Tap { inner, passed, record: None, hello: None }
    }

    /// Counts, and listens for a ClientHello.
    pub(super) fn below_tls(inner: S, passed: Arc<Passed>) -> Self {
        Tap { inner, passed, record: None, hello: Some(Listener::default()) }
    }

    /// Records only: what passes was counted below.
    pub(super) fn recording(inner: S, recorder: Arc<dyn Recorder>, clock: Arc<dyn Clock>) -> Self {
        Tap { inner, passed: Arc::default(), record: Some((recorder, clock)), hello: None }
    }

    /// What is tapped.
    pub(super) fn inner(&self) -> &S {
        &self.inner
    }

    fn record(&self, to_peer: bool, bytes: &[u8]) {
        if let Some((recorder, clock)) = &self.record
            && !bytes.is_empty()
        {
            recorder.transcript(clock.now(), to_peer, bytes);
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Tap<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let room = buf.remaining();
        let result = ready!(Pin::new(&mut self.inner).poll_read(cx, buf));
        match &result {
            Ok(()) => {
                let new = buf.filled().get(before..).unwrap_or_default();
                if new.is_empty() && room > 0 {
                    self.passed.peer_closed.store(true, Ordering::Relaxed);
                }
                self.passed.bytes_in.fetch_add(new.len() as u64, Ordering::Relaxed);
                self.record(false, new);
                if let Some(ja4) = self.hello.as_mut().and_then(|hello| hello.hear(new)) {
                    let _ = self.passed.ja4.set(ja4);
                }
            }
            Err(error) => self.passed.note_error(error),
        }
        Poll::Ready(result)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Tap<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let result = ready!(Pin::new(&mut self.inner).poll_write(cx, buf));
        match &result {
            Ok(written) => {
                self.passed.bytes_out.fetch_add(*written as u64, Ordering::Relaxed);
                self.record(true, buf.get(..*written).unwrap_or_default());
            }
            Err(error) => self.passed.note_error(error),
        }
        Poll::Ready(result)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}
