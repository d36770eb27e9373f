//! A machine's line to its peer that may turn to TLS in the middle of the conversation.

use bytes::{Buf, BytesMut};
use rustls::ServerConfig;

use super::{Outbox, Session, Tls};

/// What becomes of bytes that came behind the request for TLS and before its answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Early {
    /// They begin the handshake: the protocol has no answer to wait for.
    Handshake,
    /// They are lost: a peer waits for the answer, and somebody in the middle could have put them
    /// there (CVE-2021-23214).
    Dropped,
}

/// Plain text in and out, whatever the line carries.
pub struct Secured {
    session: Session,
    tls: Option<Tls>,
    /// What the peer said, in plain text, and nobody took yet.
    pub input: BytesMut,
}

impl Secured {
    /// A line in plain text.
    pub fn new(session: Session) -> Self {
        Secured { session, tls: None, input: BytesMut::new() }
    }

    /// Turns to TLS: what comes from now on is the peer's handshake.
    ///
    /// # Errors
    /// When the settings can't be used or the peer breaks TLS, in words.
    pub fn start(&mut self, config: &ServerConfig, early: Early, out: &mut Outbox) -> Result<(), String> {
        self.tls = Some(Tls::new(self.session.keyed(config))?);
        out.sealed_input = true;
        let mut came = self.input.split();
        match early {
            Early::Handshake => self.receive(&mut came, out),
            Early::Dropped => Ok(()),
        }
    }

    /// Whether the line carries TLS.
    pub fn is_sealed(&self) -> bool {
        self.tls.is_some()
    }

    /// Takes all that came.
    ///
    /// # Errors
    /// When the peer breaks TLS, in words; the alert for it is on its way.
    pub fn receive(&mut self, wire: &mut BytesMut, out: &mut Outbox) -> Result<(), String> {
        let Some(tls) = &mut self.tls else {
            self.input.extend_from_slice(wire);
            wire.advance(wire.len());
            return Ok(());
        };
        let before = self.input.len();
        let outcome = tls.receive(wire, &mut self.input);
        tls.fingerprint().into_iter().for_each(|mark| self.session.emit(mark));
        let records = tls.records();
        if !records.is_empty() {
            out.send_sealed(records);
        }
        let plain = self.input.get(before..).unwrap_or_default();
        if !plain.is_empty() {
            self.session.transcript(false, plain);
        }
        outcome
    }

    /// Sends plain text by one write.
    pub fn send(&mut self, plain: Vec<u8>, out: &mut Outbox) {
        if plain.is_empty() {
            return;
        }
        let Some(tls) = &mut self.tls else {
            out.send(plain);
            return;
        };
        self.session.transcript(true, &plain);
        tls.send(&plain);
        out.send_sealed(tls.records());
    }

    /// Says that nothing more will be sent, where the line has a word for it.
    pub fn close(&mut self, out: &mut Outbox) {
        if let Some(tls) = &mut self.tls {
            tls.close();
            out.send_sealed(tls.records());
        }
    }
}
