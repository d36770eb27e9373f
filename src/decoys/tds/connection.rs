//! One connection: PRELOGIN, TLS, login, requests.

use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use jiff::{SignedDuration, Timestamp};
use rand::RngExt;
use rand::rngs::StdRng;

use super::channel::{Came, Channel};
use super::established::Established;
use super::login::{Admitted, Judge, Outcome, welcome};
use super::login7::{Login, MAX_LOGIN};
use super::packet::{Framer, HEADER, MAX_PACKET, Message, kind};
use super::prelogin::{Agreed, Prelogin};
use super::server::Server;
use crate::session::{Machine, Next, Outbox, Session, Tls, Wake};
use crate::wire::probe;

/// Smallest packet that may be agreed on, MS-TDS 2.2.6.4.
const MIN_PACKET: usize = 512;

/// One client.
pub struct TdsMachine {
    server: Arc<Server>,
    session: Session,
    channel: Channel,
    framer: Framer,
    phase: Phase,
    /// What encryption was agreed on.
    agreed: Agreed,
    /// The login must be done by then.
    login_by: Option<Timestamp>,
    pace: StdRng,
}

enum Phase {
    /// A PRELOGIN or a LOGIN7 is due.
    Begin,
    /// A LOGIN7 is due.
    Login,
    /// The client's proof is due, for this challenge.
    Proof(Box<Login>, [u8; 8]),
    /// The product takes its time; then this is said.
    Thinking(Bytes, After),
    /// He is in.
    In(Box<Established>),
    /// It ends.
    Over,
}

enum After {
    In(Box<Established>),
    End,
}

impl TdsMachine {
    /// A connection that was just accepted.
    pub(super) fn new(server: Arc<Server>, session: Session) -> Self {
        let framer = Framer::new(server.behaviour.login.packet_size, 0);
        TdsMachine {
            channel: Channel::new(session.clone()),
            framer,
            phase: Phase::Begin,
            agreed: Agreed::Plain,
            login_by: None,
            pace: session.rng("tds/pace"),
            server,
            session,
        }
    }

    fn message(&mut self, now: Timestamp, message: &Message, out: &mut Outbox) -> Next {
        match (std::mem::replace(&mut self.phase, Phase::Over), message.kind) {
            (Phase::Begin, kind::PRELOGIN) => self.prelogin(&message.body, out),
            (Phase::Begin | Phase::Login, kind::LOGIN) => self.login(&message.body, now, out),
            (Phase::Proof(login, nonce), kind::SSPI) => {
                let judge = Judge { server: &self.server, session: &self.session };
                let outcome = judge.proof(&login, &message.body, &nonce);
                self.settle(outcome, Some(login), now, out)
            }
            (Phase::In(mut established), _) => {
                let next = established.message(now, message, &mut self.framer);
                self.phase = Phase::In(established);
                self.go_on(now, next, out)
            }
            (Phase::Begin | Phase::Login | Phase::Proof(..) | Phase::Over | Phase::Thinking(..), _) => {
                self.end("TDS message out of turn", &message.body, out)
            }
        }
    }

    fn prelogin(&mut self, body: &[u8], out: &mut Outbox) -> Next {
        let Some(prelogin) = Prelogin::parse(body) else { return self.end("PRELOGIN", body, out) };
        let (answer, agreed) = prelogin.answer(&self.server.behaviour);
        self.agreed = agreed;
        self.say(&answer, out);
        self.phase = Phase::Login;
        match agreed {
            Agreed::Plain => Next::Read(self.patience()),
            Agreed::Nothing => self.close(out),
            Agreed::Login | Agreed::All => {
                let tls = self.server.tls().and_then(|config| Tls::new(self.session.keyed(&config)).ok());
                let Some(tls) = tls else { return self.close(out) };
                self.channel.start_tls(tls);
                Next::Read(self.patience())
            }
        }
    }

    fn login(&mut self, body: &[u8], now: Timestamp, out: &mut Outbox) -> Next {
        if self.agreed == Agreed::Login {
            self.channel.end_tls(out);
        }
        let Some(login) = Login::parse(body) else { return self.end("LOGIN7", body, out) };
        let encryption = match self.agreed {
            Agreed::Plain | Agreed::Nothing => "nothing",
            Agreed::Login => "login",
            Agreed::All => "all",
        };
        let judge = Judge { server: &self.server, session: &self.session };
        let kept = login.is_integrated().then(|| Box::new(login.clone()));
        let outcome = judge.login(login, encryption);
        self.settle(outcome, kept, now, out)
    }

    fn settle(
        &mut self,
        outcome: Outcome,
        login: Option<Box<Login>>,
        now: Timestamp,
        out: &mut Outbox,
    ) -> Next {
        match (outcome, login) {
            (Outcome::In(admitted), _) => self.admit(&admitted, now),
            (Outcome::Challenge(tokens, nonce), Some(login)) => {
                self.say(&tokens, out);
                self.phase = Phase::Proof(login, nonce);
                Next::Read(self.patience())
            }
            (Outcome::Challenge(tokens, _), None) | (Outcome::Out(tokens), _) => {
                let times = self.server.behaviour.login.refuse_ms;
                self.think(times, tokens, After::End)
            }
        }
    }

    fn admit(&mut self, admitted: &Admitted, now: Timestamp) -> Next {
        let login = &admitted.login;
        let asked = usize::try_from(login.packet_size).unwrap_or(0);
        let size = match asked {
            0 => self.server.behaviour.login.packet_size,
            asked => asked.clamp(MIN_PACKET, MAX_PACKET),
        };
        self.framer.spid = self.server.next_spid();
        let judge = Judge { server: &self.server, session: &self.session };
        let opened = Established::open(&self.server, &self.session, admitted, self.framer.spid, now);
        match opened {
            Ok(established) => {
                let tokens = welcome(&self.server, admitted, &established.database(), size);
                self.channel.largest = size.max(self.server.behaviour.login.packet_size);
                self.framer.size = size;
                let times = self.server.behaviour.login.accept_ms;
                self.think(times, tokens, After::In(Box::new(established)))
            }
            Err(refusal) => {
                let Outcome::Out(tokens) = judge.refuse(login, refusal.number, &[&refusal.word]) else {
                    return Next::Close;
                };
                let times = self.server.behaviour.login.refuse_ms;
                self.think(times, tokens, After::End)
            }
        }
    }

    fn think(&mut self, [shortest, longest]: [u64; 2], tokens: Vec<u8>, after: After) -> Next {
        self.phase = Phase::Thinking(tokens.into(), after);
        let delay = Duration::from_millis(self.pace.random_range(shortest..=longest));
        Next::Think(self.session.pace(delay))
    }

    /// Says what was thought about.
    fn thought(&mut self, now: Timestamp, out: &mut Outbox) -> Next {
        match std::mem::replace(&mut self.phase, Phase::Over) {
            Phase::Thinking(tokens, after) => {
                self.say(&tokens, out);
                match after {
                    After::In(established) => {
                        self.phase = Phase::In(established);
                        Next::Read(None)
                    }
                    After::End => self.close(out),
                }
            }
            Phase::In(mut established) => {
                let next = established.go_on(now, &mut self.framer);
                self.phase = Phase::In(established);
                self.go_on(now, next, out)
            }
            other @ (Phase::Begin | Phase::Login | Phase::Proof(..)) => {
                self.phase = other;
                Next::Read(self.patience())
            }
            Phase::Over => Next::Close,
        }
    }

    /// Sends what the requests gave.
    fn go_on(&mut self, _now: Timestamp, next: Next, out: &mut Outbox) -> Next {
        let Phase::In(established) = &mut self.phase else { return next };
        let packets = established.packets();
        self.channel.send(packets, out);
        match next {
            Next::Close => self.close(out),
            other => other,
        }
    }

    fn say(&mut self, tokens: &[u8], out: &mut Outbox) {
        let mut packets = Vec::new();
        // The login is answered in packets of the size that it was made in.
        let size = std::mem::replace(&mut self.framer.size, self.server.behaviour.login.packet_size);
        self.framer.push(tokens, |packet| packets.push(packet));
        self.framer.end(|packet| packets.push(packet));
        self.framer.size = size;
        self.channel.send(packets, out);
    }

    /// How long an unfinished login may still take.
    fn patience(&self) -> Option<Duration> {
        let left = self.login_by?.duration_since(self.session.now());
        Some(Duration::try_from(left).unwrap_or(Duration::ZERO))
    }

    /// Bytes that are no TDS: the product closes the connection and says nothing.
    fn end(&mut self, rule: &str, sample: &[u8], out: &mut Outbox) -> Next {
        match probe::means(sample) {
            Some(means) => {
                self.session.emit(crate::event::Observation::Probe { means: means.to_owned() });
            }
            None => self.session.malformed(rule, sample),
        }
        self.close(out)
    }

    fn close(&mut self, out: &mut Outbox) -> Next {
        self.phase = Phase::Over;
        self.channel.close(out);
        Next::Close
    }
}

impl Machine for TdsMachine {
    fn open(&mut self, now: Timestamp, _out: &mut Outbox) -> Next {
        let seconds = i64::try_from(self.server.behaviour.login.seconds).unwrap_or(i64::MAX);
        self.login_by = now.checked_add(SignedDuration::from_secs(seconds)).ok();
        Next::Read(self.patience())
    }

    fn receive(&mut self, now: Timestamp, input: &mut BytesMut, out: &mut Outbox) -> Next {
        loop {
            // What comes while the product thinks, or while more than one request waits, stays there.
            match &self.phase {
                Phase::Thinking(..) => return Next::Think(Duration::ZERO),
                Phase::In(established) if established.is_full() => return established.next(),
                Phase::Over => return Next::Close,
                Phase::Begin | Phase::Login | Phase::Proof(..) | Phase::In(_) => {}
            }
            self.channel.largest = self.largest();
            let next = match self.channel.next(input, &mut self.framer, out) {
                Came::Message(message) => self.message(now, &message, out),
                Came::Broken(rule) => {
                    let sample = input.split().freeze();
                    return self.end(&rule, &sample, out);
                }
                Came::Nothing => {
                    return match &self.phase {
                        Phase::In(established) => established.next(),
                        _ => Next::Read(self.patience()),
                    };
                }
            };
            if !matches!(next, Next::Read(_)) && !matches!(self.phase, Phase::In(_)) {
                return next;
            }
        }
    }

    fn wake(&mut self, now: Timestamp, cause: Wake, out: &mut Outbox) -> Next {
        match cause {
            Wake::Thought | Wake::More => self.thought(now, out),
            Wake::Deadline => match &self.phase {
                Phase::In(established) if established.is_waiting() => self.thought(now, out),
                _ => self.close(out),
            },
            Wake::PeerClosed => {
                self.phase = Phase::Over;
                Next::Close
            }
            Wake::Relay(_) => Next::Read(self.patience()),
        }
    }
}

impl TdsMachine {
    fn largest(&self) -> usize {
        match &self.phase {
            Phase::In(_) => self.channel.largest,
            // A LOGIN7 may come in one large packet.
            _ => (MAX_LOGIN + HEADER).min(MAX_PACKET),
        }
    }
}
