//! What lies between the socket and TDS: nothing, TLS records inside PRELOGIN packets while they
//! are agreed on, TLS after that (MS-TDS 3.3.5.2).

use bytes::{Bytes, BytesMut};

use super::packet::{Assembler, Broken, Framer, MAX_PACKET, Message, kind};
use crate::session::{Outbox, Session, Tls};

/// Most bytes of a handshake: a hello and a key exchange take some hundred.
const MAX_HANDSHAKE: usize = 64 << 10;

/// How bytes become messages.
pub(super) struct Channel {
    session: Session,
    state: State,
    assembler: Assembler,
    /// Plain text that came out of TLS.
    plain: BytesMut,
    handshake: usize,
    /// Largest packet taken.
    pub(super) largest: usize,
}

enum State {
    Plain,
    Handshake(Box<Tls>),
    Sealed(Box<Tls>),
}

/// What came.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Came {
    Nothing,
    Message(Message),
    /// It is no TDS, or TLS failed: a rule in a few words.
    Broken(String),
}

impl Channel {
    pub(super) fn new(session: Session) -> Self {
        Channel {
            session,
            state: State::Plain,
            assembler: Assembler::default(),
            plain: BytesMut::new(),
            handshake: 0,
            largest: MAX_PACKET,
        }
    }

    /// Begins TLS: what comes next is a handshake.
    pub(super) fn start_tls(&mut self, tls: Tls) {
        self.state = State::Handshake(Box::new(tls));
    }

    /// Ends TLS, as where only the login was to be encrypted.
    pub(super) fn end_tls(&mut self, out: &mut Outbox) {
        self.state = State::Plain;
        out.sealed_input = false;
    }

    /// Takes the next message.
    pub(super) fn next(&mut self, input: &mut BytesMut, framer: &mut Framer, out: &mut Outbox) -> Came {
        while let State::Handshake(tls) = &mut self.state {
            let message = match self.assembler.next(input, self.largest) {
                Ok(Some(message)) if message.kind == kind::PRELOGIN => message,
                Ok(None) => return Came::Nothing,
                Ok(Some(_)) => return Came::Broken("TDS inside a TLS handshake".into()),
                Err(broken) => return Came::Broken(broken.rule().into()),
            };
            self.handshake += message.body.len();
            if self.handshake > MAX_HANDSHAKE {
                return Came::Broken("TLS handshake too long".into());
            }
            let taken = tls.receive(&mut BytesMut::from(&message.body[..]), &mut self.plain);
            tls.fingerprint().into_iter().for_each(|mark| self.session.emit(mark));
            let records = tls.records();
            if !records.is_empty() {
                framer.whole(kind::PRELOGIN, &records, |packet| out.send(packet));
            }
            if let Err(error) = taken {
                return Came::Broken(format!("TLS handshake: {error}"));
            }
            if tls.is_up() {
                out.sealed_input = true;
                let state = std::mem::replace(&mut self.state, State::Plain);
                if let State::Handshake(tls) = state {
                    self.state = State::Sealed(tls);
                }
            }
        }
        self.next_message(input)
    }

    fn next_message(&mut self, input: &mut BytesMut) -> Came {
        let found = match &mut self.state {
            State::Sealed(tls) => {
                let before = self.plain.len();
                let taken = tls.receive(input, &mut self.plain);
                self.session.transcript(false, self.plain.get(before..).unwrap_or_default());
                if let Err(error) = taken {
                    return Came::Broken(format!("TLS: {error}"));
                }
                self.assembler.next(&mut self.plain, self.largest)
            }
            State::Plain | State::Handshake(_) => self.assembler.next(input, self.largest),
        };
        match found {
            Ok(Some(message)) => Came::Message(message),
            Ok(None) => Came::Nothing,
            Err(broken @ (Broken::Kind | Broken::Length | Broken::Mixed | Broken::TooLong)) => {
                Came::Broken(broken.rule().into())
            }
        }
    }

    /// Sends packets.
    pub(super) fn send(&mut self, packets: impl IntoIterator<Item = Bytes>, out: &mut Outbox) {
        for packet in packets {
            match &mut self.state {
                State::Plain | State::Handshake(_) => out.send(packet),
                State::Sealed(tls) => {
                    self.session.transcript(true, &packet);
                    tls.send(&packet);
                    out.send_sealed(tls.records());
                }
            }
        }
    }

    /// Says that nothing more will come.
    pub(super) fn close(&mut self, out: &mut Outbox) {
        if let State::Sealed(tls) = &mut self.state {
            tls.close();
            out.send_sealed(tls.records());
        }
    }
}
