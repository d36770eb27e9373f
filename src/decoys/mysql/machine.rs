//! The connection: greeting, login, then one command after another.

use std::time::Duration;

use bytes::BytesMut;
use jiff::Timestamp;
use rand::RngExt;
use rand::rngs::StdRng;

use super::Station;
use super::failure::Failure;
use super::handshake::{self, Answer, CHALLENGE, NATIVE, OFFERED, Response, capability};
use super::packet::{Heard, Packets};
use super::talk::{Reply, Talk};
use super::{login, native};
use crate::event::{Observation, Tainted};
use crate::session::{Early, Machine, Next, Outbox, Secured, Session, Wake};
use crate::wire::probe;

/// How long a handshake may take (`connect_timeout`).
const HANDSHAKE_TIME: Duration = Duration::from_secs(10);

/// How long a session may say nothing (`wait_timeout`).
const IDLE_TIME: Duration = Duration::from_secs(28_800);

/// Most bytes that may wait unread beside a packet while an answer goes out.
const MAX_AHEAD: usize = 65_536;

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
    Talk(Box<Talk>),
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

    fn proceed(&mut self, now: Timestamp, out: &mut Outbox) -> Next {
        loop {
            if self.ends {
                return self.finish(out);
            }
            let pause = match std::mem::replace(&mut self.phase, Phase::Over) {
                Phase::Over => return self.finish(out),
                Phase::Talk(talk) if talk.left(now).is_some() => {
                    let left = talk.left(now);
                    self.phase = Phase::Talk(talk);
                    self.flush(out);
                    return Next::Read(left);
                }
                Phase::Talk(talk) if talk.has_work() => match self.work(talk, out) {
                    Some(next) => return next,
                    None => Duration::ZERO,
                },
                phase => match self.packets.next(&mut self.line.input) {
                    None => {
                        self.phase = phase;
                        return self.wait(out);
                    }
                    Some(Heard::Payload(payload)) => self.payload(now, phase, &payload, out),
                    Some(Heard::OutOfOrder) => self.broken(&phase, &Failure::out_of_order()),
                    Some(Heard::TooLarge) => self.broken(&phase, &Failure::too_large()),
                },
            };
            if !pause.is_zero() {
                return Next::Think(pause);
            }
        }
    }

    fn wait(&mut self, out: &mut Outbox) -> Next {
        self.flush(out);
        Next::Read(Some(if matches!(self.phase, Phase::Talk(_)) { IDLE_TIME } else { HANDSHAKE_TIME }))
    }

    fn payload(&mut self, now: Timestamp, phase: Phase, payload: &[u8], out: &mut Outbox) -> Duration {
        match phase {
            Phase::Greeted => self.answer(now, payload, out),
            Phase::Switching(answer) => self.enter(now, &Answer { proof: payload.to_vec(), ..answer }),
            Phase::Talk(talk) => self.command(now, talk, payload),
            Phase::Over => Duration::ZERO,
        }
    }

    /// What is no packet of the protocol here.
    fn broken(&mut self, phase: &Phase, failure: &Failure) -> Duration {
        let first: Vec<u8> = self.line.input.iter().take(256).copied().collect();
        match probe::means(&first) {
            Some(means) => self.session.emit(Observation::Probe { means: means.to_owned() }),
            None => self.session.malformed("packet out of order or too large", &first),
        }
        if !matches!(phase, Phase::Talk(_)) {
            self.station.blocked(|blocked| blocked.failed(self.session.source()));
        }
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

    fn answer(&mut self, now: Timestamp, payload: &[u8], out: &mut Outbox) -> Duration {
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
                match config.map(|config| self.line.start(&config, Early::Handshake, out)) {
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
                self.enter(now, &answer)
            }
        }
    }

    fn enter(&mut self, now: Timestamp, answer: &Answer) -> Duration {
        let outcome = login::check(&self.station, &self.session, answer, &self.challenge)
            .map(|account| account.name.clone())
            .and_then(|user| Talk::begin(&self.station, &self.session, answer, &user, self.thread, now));
        match outcome {
            Ok((talk, greeting)) => {
                self.put(&greeting);
                self.packets.begin();
                self.phase = Phase::Talk(Box::new(talk));
            }
            Err(failure) => {
                self.refuse(&failure);
            }
        }
        self.pause(self.station.behaviour().login_ms)
    }

    fn command(&mut self, now: Timestamp, mut talk: Box<Talk>, payload: &[u8]) -> Duration {
        const QUIT: u8 = 1;
        const CHANGE_USER: u8 = 17;
        match payload.split_first() {
            Some((&QUIT, _)) => {
                self.ends = true;
                Duration::ZERO
            }
            Some((&CHANGE_USER, rest)) => self.change_user(now, &talk, rest),
            _ => {
                let reply = talk.command(now, payload);
                self.reply(talk, reply);
                self.pause(self.station.behaviour().statement_ms)
            }
        }
    }

    /// `COM_CHANGE_USER`: a login on a connection that stands.
    fn change_user(&mut self, now: Timestamp, talk: &Talk, rest: &[u8]) -> Duration {
        let Some(answer) = handshake::change_user(rest, talk.capabilities) else {
            self.session.malformed("change of user that can't be read", rest);
            return self.refuse(&Failure::unknown_command());
        };
        login::tell_client(&self.session, &answer);
        if !answer.plugin.is_empty() && answer.plugin != NATIVE {
            self.put(&handshake::switch_to_native(&self.challenge));
            self.phase = Phase::Switching(answer);
            return Duration::ZERO;
        }
        self.enter(now, &answer)
    }

    fn reply(&mut self, talk: Box<Talk>, reply: Reply) {
        for payload in reply.payloads {
            self.put(&payload);
        }
        if !talk.has_work() {
            self.packets.begin();
        }
        self.phase = Phase::Talk(talk);
    }

    /// The next part of an answer; `None` when it was the last one.
    fn work(&mut self, mut talk: Box<Talk>, out: &mut Outbox) -> Option<Next> {
        let reply = talk.work();
        let (rows, more) = (reply.rows, talk.has_work());
        self.ends |= talk.connection.is_ended();
        self.reply(talk, reply);
        self.flush(out);
        let millis = rows / self.station.behaviour().rows_per_ms;
        let pause = self.session.pace(Duration::from_millis(u64::from(millis)));
        match (pause.is_zero(), more) {
            (false, _) => Some(Next::Think(pause)),
            (true, true) => Some(Next::More),
            (true, false) => None,
        }
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

    fn receive(&mut self, now: Timestamp, input: &mut BytesMut, out: &mut Outbox) -> Next {
        if self.line.receive(input, out).is_err() {
            self.session.malformed("TLS handshake that fails", &self.line.input);
            self.station.blocked(|blocked| blocked.failed(self.session.source()));
            return Next::Close;
        }
        let most = self.station.behaviour().max_allowed_packet + MAX_AHEAD;
        if matches!(self.phase, Phase::Talk(_)) && self.line.input.len() > most {
            self.session.malformed("more commands than are answered", &[]);
            return Next::Reset;
        }
        self.proceed(now, out)
    }

    fn wake(&mut self, now: Timestamp, cause: Wake, out: &mut Outbox) -> Next {
        match cause {
            Wake::Thought | Wake::More => {
                self.flush(out);
                self.proceed(now, out)
            }
            Wake::PeerClosed => {
                // Who closes before he has said who he is counts as an error of his host.
                if matches!(self.phase, Phase::Greeted | Phase::Switching(_)) && !self.ends {
                    self.station.blocked(|blocked| blocked.failed(self.session.source()));
                    if !self.line.input.is_empty() {
                        self.broken(&Phase::Greeted, &Failure::out_of_order());
                    }
                }
                Next::Close
            }
            Wake::Deadline if matches!(&self.phase, Phase::Talk(talk) if talk.has_work()) => {
                self.proceed(now, out)
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
