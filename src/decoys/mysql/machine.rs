//! The connection: greeting and login.

use std::time::Duration;

use bytes::BytesMut;
use jiff::Timestamp;
use rand::RngExt;
use rand::rngs::StdRng;

use super::Station;
use super::failure::Failure;
use super::handshake::{self, Answer, CHALLENGE, NATIVE, OFFERED, Response, capability};
use super::packet::{Heard, Packets};
use super::{login, native};
use crate::event::{Observation, Tainted};
use crate::session::{Early, Machine, Next, Outbox, Secured, Session, Wake};
use crate::wire::probe;

/// How long a handshake may take (`connect_timeout`).
const HANDSHAKE_TIME: Duration = Duration::from_secs(10);

/// The server's network buffer (`net_buffer_length`): it writes when this much waits.
const BUFFER: usize = 16_384;

/// One connection.
pub struct MysqlMachine {
    station: Station,
    session: Session,
    line: Secured,
    packets: Packets,
    phase: Phase,
    challenge: [u8; CHALLENGE],
    thread: u32,
    /// Framed packets that wait to be written.
    out: Vec<u8>,
    /// Whether the connection ends once they are.
    ends: bool,
    pace: StdRng,
}

enum Phase {
    Greeted,
    /// The client was asked for another proof.
    Switching(Answer),
    Over,
}

impl MysqlMachine {
    /// A connection that was just accepted.
    pub fn new(station: Station, session: Session) -> Self {
        let challenge = native::challenge(&mut session.rng("mysql/challenge"));
        MysqlMachine {
            line: Secured::new(session.clone()),
            packets: Packets::new(station.behaviour().max_allowed_packet),
            phase: Phase::Greeted,
            challenge,
            thread: 0,
            out: Vec::new(),
            ends: false,
            pace: session.rng("mysql/pace"),
            station,
            session,
        }
    }

    fn put(&mut self, payload: &[u8]) {
        self.packets.frame(payload, &mut self.out);
    }

    fn flush(&mut self, out: &mut Outbox) {
        let waiting = std::mem::take(&mut self.out);
        for part in waiting.chunks(BUFFER) {
            self.line.send(part.to_vec(), out);
        }
    }

    fn finish(&mut self, out: &mut Outbox) -> Next {
        self.flush(out);
        self.line.close(out);
        self.phase = Phase::Over;
        Next::Close
    }

    fn proceed(&mut self, out: &mut Outbox) -> Next {
        loop {
            if self.ends {
                return self.finish(out);
            }
            let pause = match std::mem::replace(&mut self.phase, Phase::Over) {
                Phase::Over => return self.finish(out),
                phase => match self.packets.next(&mut self.line.input) {
                    None => {
                        self.phase = phase;
                        return self.wait(out);
                    }
                    Some(Heard::Payload(payload)) => self.payload(phase, &payload, out),
                    Some(Heard::OutOfOrder) => self.broken(&Failure::out_of_order()),
                    Some(Heard::TooLarge) => self.broken(&Failure::too_large()),
                },
            };
            if !pause.is_zero() {
                return Next::Think(pause);
            }
        }
    }

    fn wait(&mut self, out: &mut Outbox) -> Next {
        self.flush(out);
        Next::Read(Some(HANDSHAKE_TIME))
    }

    fn payload(&mut self, phase: Phase, payload: &[u8], out: &mut Outbox) -> Duration {
        match phase {
            Phase::Greeted => self.answer(payload, out),
            Phase::Switching(answer) => self.enter(&Answer { proof: payload.to_vec(), ..answer }),
            Phase::Over => Duration::ZERO,
        }
    }

    /// What is no packet of the protocol here.
    fn broken(&mut self, failure: &Failure) -> Duration {
        let first: Vec<u8> = self.line.input.iter().take(256).copied().collect();
        match probe::means(&first) {
            Some(means) => self.session.emit(Observation::Probe { means: means.to_owned() }),
            None => self.session.malformed("packet out of order or too large", &first),
        }
        self.station.blocked(|blocked| blocked.failed(self.session.source()));
        self.refuse(failure)
    }

    fn refuse(&mut self, failure: &Failure) -> Duration {
        self.put(&failure.packet(true));
        self.ends = true;
        Duration::ZERO
    }

    fn bad_handshake(&mut self, payload: &[u8]) -> Duration {
        self.session.malformed("handshake response that can't be read", payload);
        self.station.blocked(|blocked| blocked.failed(self.session.source()));
        self.refuse(&Failure::bad_handshake())
    }

    fn answer(&mut self, payload: &[u8], out: &mut Outbox) -> Duration {
        match Response::read(payload) {
            None => self.bad_handshake(payload),
            Some(Response::Old(user)) => {
                self.session.emit(Observation::Request {
                    verb: "login by the protocol of before 4.1".into(),
                    target: Tainted::from_bytes(&user),
                    status: 1251,
                    detail: None,
                });
                self.refuse(&Failure::old_client())
            }
            Some(Response::Tls(_)) => {
                let config = self.station.tls().filter(|_| !self.line.is_sealed());
                match config.map(|config| self.line.start(config, Early::Handshake, out)) {
                    Some(Ok(())) => {
                        self.phase = Phase::Greeted;
                        Duration::ZERO
                    }
                    Some(Err(_)) | None => self.bad_handshake(payload),
                }
            }
            Some(Response::Answer(answer)) => {
                login::tell_client(&self.session, &answer);
                if !answer.plugin.is_empty() && answer.plugin != NATIVE {
                    let ask = handshake::switch_to_native(&self.challenge);
                    self.put(&ask);
                    self.phase = Phase::Switching(answer);
                    return Duration::ZERO;
                }
                self.enter(&answer)
            }
        }
    }

    fn enter(&mut self, answer: &Answer) -> Duration {
        let behaviour = self.station.behaviour();
        let failure = match login::check(&self.station, &self.session, answer, &self.challenge) {
            Ok(account) => Failure::too_many_connections(&account.name, behaviour.max_user_connections),
            Err(failure) => failure,
        };
        let times = behaviour.login_ms;
        self.refuse(&failure);
        self.pause(times)
    }

    fn pause(&mut self, [shortest, longest]: [u64; 2]) -> Duration {
        self.session.pace(Duration::from_millis(self.pace.random_range(shortest..=longest)))
    }
}

impl Machine for MysqlMachine {
    fn open(&mut self, now: Timestamp, out: &mut Outbox) -> Next {
        let (behaviour, source) = (self.station.behaviour(), self.session.source());
        let most = behaviour.max_connect_errors;
        if self.station.blocked(|blocked| blocked.is(source, most)) {
            let failure = Failure::blocked(&source.to_string());
            self.put(&failure.packet(false));
            return self.finish(out);
        }
        self.thread = self.station.next_thread(now);
        let offered = if behaviour.tls { OFFERED } else { OFFERED & !capability::SSL };
        let greeting = handshake::greeting(
            &behaviour.version,
            self.thread,
            &self.challenge,
            offered,
            behaviour.collation,
        );
        self.put(&greeting);
        self.wait(out)
    }

    fn receive(&mut self, _now: Timestamp, input: &mut BytesMut, out: &mut Outbox) -> Next {
        if self.line.receive(input, out).is_err() {
            self.session.malformed("TLS handshake that fails", &self.line.input);
            self.station.blocked(|blocked| blocked.failed(self.session.source()));
            return Next::Close;
        }
        self.proceed(out)
    }

    fn wake(&mut self, _now: Timestamp, cause: Wake, out: &mut Outbox) -> Next {
        match cause {
            Wake::Thought | Wake::More => {
                self.flush(out);
                self.proceed(out)
            }
            Wake::PeerClosed => {
                // Who closes before he has said who he is counts as an error of his host.
                if matches!(self.phase, Phase::Greeted | Phase::Switching(_)) && !self.ends {
                    self.station.blocked(|blocked| blocked.failed(self.session.source()));
                    if !self.line.input.is_empty() {
                        self.broken(&Failure::out_of_order());
                    }
                }
                Next::Close
            }
            Wake::Deadline => {
                if matches!(self.phase, Phase::Greeted | Phase::Switching(_)) {
                    self.station.blocked(|blocked| blocked.failed(self.session.source()));
                }
                Next::Close
            }
            Wake::Relay(_) => Next::Close,
        }
    }
}
