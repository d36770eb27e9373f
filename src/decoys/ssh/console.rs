//! The channel as a running command sees it, with the line mode of a terminal driver.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::future::BoxFuture;
use russh::ChannelId;
use russh::server::Handle;
use tokio::sync::mpsc;

use crate::session::{Session, TerminalSink};

use super::shell::port::{Came, Port};

/// Bytes sent at once; the library cuts them to packets.
const PIECE: usize = 32 << 10;

/// What comes from the peer.
#[derive(Debug)]
pub(super) enum Event {
    /// Bytes.
    Bytes(Vec<u8>),
    /// A new window size.
    Resize(u16, u16),
    /// No more bytes.
    End,
}

/// The channel as a running command sees it.
pub(super) struct Console {
    pub(super) handle: Handle,
    pub(super) id: ChannelId,
    pub(super) session: Session,
    pub(super) events: mpsc::Receiver<Event>,
    pub(super) waiting: VecDeque<u8>,
    pub(super) typed: Vec<u8>,
    pub(super) recorder: Option<Box<dyn TerminalSink>>,
    pub(super) echo: bool,
    /// The driver's line mode is off; shared with the channel, which then leaves Ctrl-C alone.
    pub(super) raw: Arc<AtomicBool>,
    pub(super) over: bool,
    pub(super) input_over: bool,
    pub(super) size: Option<(u16, u16)>,
}

impl Console {
    pub(super) async fn send(&mut self, error: bool, bytes: Vec<u8>) {
        self.session.transcript(true, &bytes);
        if let Some(recorder) = &self.recorder {
            recorder.output(self.session.now(), &bytes);
        }
        for piece in bytes.chunks(PIECE) {
            let sent = if error && self.recorder.is_none() {
                self.handle.extended_data(self.id, 1, piece.to_vec()).await
            } else {
                self.handle.data(self.id, piece.to_vec()).await
            };
            self.over |= sent.is_err();
        }
    }

    /// Waits for the next event; `false` at the end of input.
    pub(super) async fn next(&mut self) -> bool {
        if self.input_over {
            return false;
        }
        match self.events.recv().await {
            Some(Event::Bytes(bytes)) => {
                self.session.transcript(false, &bytes);
                if let Some(recorder) = &self.recorder {
                    recorder.input(self.session.now(), &bytes);
                }
                self.waiting.extend(bytes);
                true
            }
            Some(Event::Resize(columns, rows)) => {
                if let Some(recorder) = &self.recorder {
                    recorder.resize(self.session.now(), columns, rows);
                }
                self.size = Some((columns, rows));
                true
            }
            Some(Event::End) | None => {
                self.input_over = true;
                false
            }
        }
    }

    fn is_raw(&self) -> bool {
        self.raw.load(Ordering::Acquire)
    }

    /// Forgets what was typed up to a Ctrl-C.
    pub(super) fn discard(&mut self) {
        while let Ok(event) = self.events.try_recv() {
            match event {
                Event::Bytes(bytes) => self.waiting.extend(bytes),
                Event::Resize(columns, rows) => self.size = Some((columns, rows)),
                Event::End => self.input_over = true,
            }
        }
        match self.waiting.iter().rposition(|b| *b == 3) {
            Some(at) => {
                self.waiting.drain(..=at);
            }
            None => self.waiting.clear(),
        }
        self.typed.clear();
        self.cook();
    }

    /// Puts the terminal driver back as it stands at a prompt.
    pub(super) fn cook(&mut self) {
        self.echo = true;
        self.raw.store(false, Ordering::Release);
    }

    /// The terminal driver's line mode: echo, erase, kill, end; `None` at the end of input.
    pub(super) async fn line(&mut self) -> Option<Vec<u8>> {
        loop {
            let mut shown = Vec::new();
            let mut done = None;
            while let Some(byte) = self.waiting.pop_front() {
                match byte {
                    b'\r' | b'\n' => {
                        shown.extend_from_slice(b"\r\n");
                        self.typed.push(b'\n');
                        done = Some(true);
                    }
                    4 => done = Some(!self.typed.is_empty()),
                    3 => {}
                    8 | 127 => {
                        if self.typed.pop().is_some() {
                            shown.extend_from_slice(b"\x08 \x08");
                        }
                    }
                    21 => {
                        shown.extend(b"\x08 \x08".repeat(self.typed.len()));
                        self.typed.clear();
                    }
                    byte => {
                        shown.push(byte);
                        self.typed.push(byte);
                    }
                }
                if done.is_some() || self.typed.len() > PIECE {
                    break;
                }
            }
            if self.echo && !shown.is_empty() {
                self.send(false, shown).await;
            }
            match done {
                Some(true) => return Some(std::mem::take(&mut self.typed)),
                Some(false) => return None,
                None => {}
            }
            if !self.next().await {
                return None;
            }
        }
    }
}

impl Port for Console {
    fn write(&mut self, error: bool, bytes: Vec<u8>) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            let cooked = self.recorder.is_some() && !self.is_raw();
            let bytes = if cooked { with_returns(&bytes) } else { bytes };
            self.send(error, bytes).await;
        })
    }

    fn read(&mut self) -> BoxFuture<'_, Option<Vec<u8>>> {
        Box::pin(async move {
            if self.recorder.is_some() && !self.is_raw() {
                return self.line().await;
            }
            if self.waiting.is_empty() && !self.next().await {
                return None;
            }
            Some(self.waiting.drain(..).collect())
        })
    }

    fn read_within(&mut self, duration: Duration) -> BoxFuture<'_, Came> {
        Box::pin(async move {
            match tokio::time::timeout(duration, self.read()).await {
                Ok(Some(bytes)) => Came::Bytes(bytes),
                Ok(None) => Came::End,
                Err(_) => Came::Nothing,
            }
        })
    }

    fn pause(&mut self, duration: Duration) -> BoxFuture<'_, ()> {
        Box::pin(tokio::time::sleep(duration))
    }

    fn echo(&mut self, on: bool) {
        self.echo = on;
    }

    fn raw(&mut self, on: bool) {
        self.raw.store(on, Ordering::Release);
    }
}

/// `\n` to `\r\n`, as the terminal driver (ONLCR) does.
pub(super) fn with_returns(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len() + bytes.len() / 16);
    for byte in bytes {
        if *byte == b'\n' {
            out.push(b'\r');
        }
        out.push(*byte);
    }
    out
}
