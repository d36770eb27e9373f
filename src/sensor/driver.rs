//! Drives a machine over a socket: the only place where its wishes become I/O.

use std::future::pending;
use std::io::{self, IoSlice};
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures_util::FutureExt;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::oneshot;

use super::recorder::SessionRecorder;
use super::relay::Directory;
use super::side_doors::Expecting;
use super::tap::Passed;
use super::wired::Wired;
use crate::event::observation::CloseReason;
use crate::runtime::Shutdown;
use crate::session::{Clock, Destination, Machine, Next, Outbox, Recorder, RelayEvent, Wake, Write};

/// Read at once: as much as a kernel buffer gives in one go.
const READ: usize = 64 << 10;

/// Input that a machine may leave untaken; a machine caps its own units far below, so more means
/// that it stopped taking, and the connection is ended.
const MAX_UNTAKEN: usize = 64 << 20;

/// Writes of bulk that go out by one call: more would not fit the socket's buffer anyway.
const MAX_JOINED: usize = 64;

/// What a connection needs beside its machine.
pub(super) struct Line {
    pub(super) stream: Wired,
    pub(super) own_address: IpAddr,
    /// Where its bytes go; an errand has none, since the service that it calls records it.
    pub(super) recorder: Option<Arc<SessionRecorder>>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) passed: Arc<Passed>,
    pub(super) directory: Arc<Directory>,
    /// Where the peer may connect a second time; nowhere for errands and led peers.
    pub(super) expecting: Option<Expecting>,
    pub(super) shutdown: Shutdown,
}

/// Runs a machine to its end.
pub(super) async fn drive(line: Line, mut machine: Box<dyn Machine>) -> CloseReason {
    let joins = line.stream.socket().is_some_and(|socket| !socket.nodelay().unwrap_or(true));
    let mut wire = Wire {
        line,
        input: BytesMut::new(),
        relay: None,
        awaited: None,
        peer_gone: false,
        sealed_input: false,
        joins,
    };
    let mut out = Outbox::default();
    let mut next = machine.open(wire.now(), &mut out);
    loop {
        if let Err(error) = wire.flush(&mut out).await {
            wire.line.passed.note_error(&error);
            return CloseReason::PeerReset;
        }
        let step = match next {
            // Nothing can come any more.
            Next::Read(None) if wire.peer_gone && wire.relay.is_none() => return wire.close().await,
            Next::Read(deadline) => wire.read(deadline).await,
            Next::Think(delay) => wire.think(delay).await,
            Next::More => wire.more(),
            Next::Connect(ref to) => wire.connect(to).await,
            Next::Close => return wire.close().await,
            Next::Reset => return wire.reset(),
        };
        wire.flush_record();
        let now = wire.now();
        next = match step {
            Step::Input => machine.receive(now, &mut wire.input, &mut out),
            Step::Wake(cause) => machine.wake(now, cause, &mut out),
            Step::End(reason) => return reason,
        };
        if wire.input.len() > MAX_UNTAKEN {
            return CloseReason::Limit;
        }
    }
}

enum Step {
    Input,
    Wake(Wake),
    End(CloseReason),
}

struct Wire {
    line: Line,
    input: BytesMut,
    relay: Option<TcpStream>,
    /// The peer's second connection, once it comes.
    awaited: Option<oneshot::Receiver<TcpStream>>,
    /// The peer closed its side; there is nothing more to read.
    peer_gone: bool,
    /// What comes is ciphertext; the machine adds the plain text to the transcript.
    sealed_input: bool,
    /// Nagle's algorithm is on: it joins what is written while bulk is on its way.
    joins: bool,
}

impl Wire {
    fn now(&self) -> jiff::Timestamp {
        self.line.clock.now()
    }

    fn flush_record(&self) {
        if let Some(recorder) = &self.line.recorder {
            recorder.flush();
        }
    }

    async fn flush(&mut self, out: &mut Outbox) -> io::Result<()> {
        let writes = std::mem::take(&mut out.writes);
        let mut rest = writes.as_slice();
        let mut in_bulk = false;
        while !rest.is_empty() {
            let (together, later) = rest.split_at(if in_bulk { rest.len().min(MAX_JOINED) } else { 1 });
            write_joined(&mut self.line.stream, together).await?;
            together.iter().for_each(|write| self.record(write));
            in_bulk = self.joins && together.last().is_some_and(|write| write.reference.is_some());
            rest = later;
        }
        self.sealed_input = out.sealed_input;
        if let Some(port) = out.expect.take() {
            self.relay = None;
            self.awaited = self.line.expecting.as_ref().map(|expecting| expecting.at(port));
        }
        self.line.stream.flush().await?;
        if let Some(relay) = &mut self.relay {
            for bytes in out.relay.drain(..) {
                // A relayed service that went away tells so by its end, which is read next.
                let _ = relay.write_all(&bytes).await;
            }
            if std::mem::take(&mut out.relay_close) {
                self.relay = None;
            }
        }
        out.relay.clear();
        Ok(())
    }

    fn record(&self, write: &Write) {
        let now = self.line.clock.now();
        if !self.line.stream.counts_itself() {
            self.line.passed.bytes_out.fetch_add(write.bytes.len() as u64, Ordering::Relaxed);
        }
        match (&self.line.recorder, &write.reference) {
            (Some(recorder), Some(name)) => recorder.reference(now, name, write.bytes.len()),
            (Some(recorder), None) if !write.sealed => recorder.transcript(now, true, &write.bytes),
            (Some(_), None) | (None, _) => {}
        }
    }

    async fn read(&mut self, deadline: Option<Duration>) -> Step {
        self.input.reserve(READ);
        let before = self.input.len();
        let step = {
            let peer_gone = self.peer_gone;
            let (stream, input) = (&mut self.line.stream, &mut self.input);
            let from_peer = async { if peer_gone { pending().await } else { stream.read_buf(input).await } };
            tokio::select! {
                biased;
                read = from_peer => Ok(read),
                event = read_relay(&mut self.relay) => Err(Step::Wake(Wake::Relay(event))),
                came = arrival(&mut self.awaited) => {
                    self.awaited = None;
                    self.relay = came;
                    let event = if self.relay.is_some() { RelayEvent::Connected } else { RelayEvent::Refused };
                    return Step::Wake(Wake::Relay(event));
                }
                () = sleep(deadline) => Err(Step::Wake(Wake::Deadline)),
                () = self.line.shutdown.requested() => Err(Step::End(CloseReason::Shutdown)),
            }
        };
        match step {
            Ok(read) => self.note_read(&read, before),
            Err(other) => {
                if matches!(other, Step::Wake(Wake::Relay(RelayEvent::Closed))) {
                    self.relay = None;
                }
                other
            }
        }
    }

    fn note_read(&mut self, read: &io::Result<usize>, before: usize) -> Step {
        match read {
            Ok(0) => {
                self.peer_gone = true;
                self.line.passed.peer_closed.store(true, Ordering::Relaxed);
                Step::Wake(Wake::PeerClosed)
            }
            Ok(count) => {
                if !self.line.stream.counts_itself() {
                    self.line.passed.bytes_in.fetch_add(*count as u64, Ordering::Relaxed);
                }
                let new = self.input.get(before..).unwrap_or_default();
                if let Some(recorder) = &self.line.recorder
                    && !self.sealed_input
                {
                    recorder.transcript(self.line.clock.now(), false, new);
                }
                Step::Input
            }
            Err(_) => Step::End(CloseReason::PeerReset),
        }
    }

    async fn think(&mut self, delay: Duration) -> Step {
        if delay.is_zero() {
            return Step::Wake(Wake::Thought);
        }
        self.flush_record();
        tokio::select! {
            () = tokio::time::sleep(delay) => Step::Wake(Wake::Thought),
            () = self.line.shutdown.requested() => Step::End(CloseReason::Shutdown),
        }
    }

    /// Takes what has come meanwhile, without waiting.
    fn more(&mut self) -> Step {
        if self.line.shutdown.is_requested() {
            return Step::End(CloseReason::Shutdown);
        }
        if self.peer_gone {
            return Step::Wake(Wake::More);
        }
        let before = self.input.len();
        self.input.reserve(READ);
        match self.line.stream.read_buf(&mut self.input).now_or_never() {
            None => Step::Wake(Wake::More),
            Some(read) => self.note_read(&read, before),
        }
    }

    async fn connect(&mut self, to: &Destination) -> Step {
        let event = match self.line.directory.connect(self.line.own_address, to).await {
            Ok(stream) => {
                self.relay = Some(stream);
                RelayEvent::Connected
            }
            Err(_) => RelayEvent::Refused,
        };
        Step::Wake(Wake::Relay(event))
    }

    async fn close(&mut self) -> CloseReason {
        let _ = self.line.stream.shutdown().await;
        if self.peer_gone { CloseReason::Peer } else { CloseReason::Decoy }
    }

    fn reset(&mut self) -> CloseReason {
        self.line.stream.carrier().reset();
        CloseReason::DecoyReset
    }
}

/// Writes all of some writes, by as few calls as the kernel needs.
async fn write_joined(stream: &mut Wired, writes: &[Write]) -> io::Result<()> {
    if let [write] = writes {
        return stream.write_all(&write.bytes).await;
    }
    let mut slices: Vec<_> = writes.iter().map(|write| IoSlice::new(&write.bytes)).collect();
    let mut left = slices.as_mut_slice();
    while left.iter().any(|slice| !slice.is_empty()) {
        match stream.write_vectored(left).await? {
            0 => return Err(io::ErrorKind::WriteZero.into()),
            written => IoSlice::advance_slices(&mut left, written),
        }
    }
    Ok(())
}

async fn read_relay(relay: &mut Option<TcpStream>) -> RelayEvent {
    let Some(stream) = relay else { return pending().await };
    let mut buffer = BytesMut::with_capacity(READ);
    match stream.read_buf(&mut buffer).await {
        Ok(0) | Err(_) => RelayEvent::Closed,
        Ok(_) => RelayEvent::Data(Bytes::from(buffer)),
    }
}

/// The peer's second connection; `None` when somebody else took its place.
async fn arrival(awaited: &mut Option<oneshot::Receiver<TcpStream>>) -> Option<TcpStream> {
    match awaited {
        Some(receiver) => receiver.await.ok(),
        None => pending().await,
    }
}

async fn sleep(deadline: Option<Duration>) {
    match deadline {
        Some(deadline) => tokio::time::sleep(deadline).await,
        None => pending().await,
    }
}
