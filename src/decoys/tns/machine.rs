//! The connection: a connect packet for the listener, then a session with a server process.

use std::time::Duration;

use bytes::BytesMut;
use jiff::Timestamp;
use rand::RngExt;
use rand::rngs::StdRng;

use super::Station;
use super::listener::{self, Answer, Asked};
use super::logon::{Logon, Message, Outcome};
use super::negotiation;
use super::packet::{self, Connect, Packet, kind};
use super::ttc::{Marshal, end_of_call};
use crate::event::{Observation, Tainted};
use crate::session::{Machine, Next, Outbox, Session, Wake};
use crate::wire::probe;

/// How long a client may take from one packet of the logon to the next
/// (`INBOUND_CONNECT_TIMEOUT`).
const PATIENCE: Duration = Duration::from_secs(60);

/// Longest connect data that the listener takes, bytes.
const MAX_CONNECT: usize = 4096;

/// A break and a reset, as markers say them.
const BREAK: [u8; 3] = [1, 0, 1];
const RESET: [u8; 3] = [1, 0, 2];

/// One connection.
pub struct TnsMachine {
    station: Station,
    session: Session,
    input: BytesMut,
    phase: Phase,
    marshal: Marshal,
    sdu: usize,
    held: Vec<Vec<u8>>,
    pace: StdRng,
}

enum Phase {
    /// The listener waits for a connect packet.
    Listening,
    /// Its data comes in a packet of its own.
    Incomplete(Connect),
    /// The server process has asked for the connect packet again.
    Resent,
    /// The session is being agreed on.
    Agreeing,
    /// The session key is out.
    Proving(Logon),
    /// An error waits for the client to acknowledge the break.
    Breaking(u16, String),
    /// Nothing more will be said.
    Over,
}

impl TnsMachine {
    /// A connection that was just accepted.
    pub fn new(station: Station, session: Session) -> Self {
        TnsMachine {
            input: BytesMut::new(),
            phase: Phase::Listening,
            marshal: Marshal::Universal,
            sdu: usize::from(station.behaviour().sdu),
            held: Vec::new(),
            pace: session.rng("tns/pace"),
            station,
            session,
        }
    }

    fn proceed(&mut self, out: &mut Outbox) -> Next {
        loop {
            let packet = match packet::take(&mut self.input) {
                None => return Next::Read(Some(PATIENCE)),
                Some(Err(noise)) => {
                    self.tell_noise(&noise);
                    return Next::Close;
                }
                Some(Ok(packet)) => packet,
            };
            match self.packet(&packet) {
                Step::Wait => {}
                Step::End => {
                    self.release(out);
                    return Next::Close;
                }
                Step::After(times) => {
                    let [shortest, longest] = times;
                    let delay = Duration::from_millis(self.pace.random_range(shortest..=longest));
                    let delay = self.session.pace(delay);
                    if !delay.is_zero() {
                        return Next::Think(delay);
                    }
                    self.release(out);
                }
            }
            if matches!(self.phase, Phase::Over) {
                self.release(out);
                return Next::Close;
            }
        }
    }

    fn release(&mut self, out: &mut Outbox) {
        self.held.drain(..).for_each(|write| out.send(write));
    }

    fn packet(&mut self, packet: &Packet) -> Step {
        match (std::mem::replace(&mut self.phase, Phase::Over), packet.kind) {
            (Phase::Listening | Phase::Resent, kind::CONNECT) if packet.body.len() < 20 => {
                self.session.malformed("connect packet that is too short", &packet.body);
                Step::End
            }
            (Phase::Listening, kind::CONNECT) => self.connect(packet),
            (Phase::Incomplete(connect), kind::DATA) => {
                let text = packet.body.get(2..).unwrap_or_default().to_vec();
                self.judge(&Connect { data: text, ..connect })
            }
            (Phase::Resent, kind::CONNECT) => self.accept(packet),
            // The data of a long connect packet comes again too.
            (Phase::Agreeing, kind::DATA) if is_connect_data(&packet.body) => {
                self.phase = Phase::Agreeing;
                Step::Wait
            }
            (Phase::Agreeing, kind::DATA) => self.agree(&packet.body),
            (Phase::Proving(logon), kind::DATA) => self.prove(logon, &packet.body),
            (Phase::Breaking(number, text), kind::MARKER) => {
                self.data(&end_of_call(self.marshal, number, &text));
                self.call_time()
            }
            (phase @ Phase::Agreeing, kind::MARKER) => {
                self.held.push(packet::write(kind::MARKER, &RESET));
                self.phase = phase;
                self.call_time()
            }
            (_, kind::ABORT) => Step::End,
            (_, other) => {
                self.session
                    .malformed("packet that has no place here", &[&[other], packet.body.as_slice()].concat());
                Step::End
            }
        }
    }

    fn connect(&mut self, packet: &Packet) -> Step {
        let Some(connect) = Connect::read(&packet.body) else {
            self.session.malformed("connect packet that can't be read", &packet.body);
            return Step::End;
        };
        if connect.data.is_empty() && (1..=MAX_CONNECT).contains(&connect.length) {
            self.phase = Phase::Incomplete(connect);
            return Step::Wait;
        }
        self.judge(&connect)
    }

    fn judge(&mut self, connect: &Connect) -> Step {
        let text = String::from_utf8_lossy(&connect.data).into_owned();
        let (asked, answer) = listener::judge(self.station.behaviour(), &text);
        self.tell_asked(&asked, &answer, &text);
        match answer {
            Answer::Session(_) => {
                self.held.push(packet::write(kind::RESEND, &[]));
                self.phase = Phase::Resent;
                Step::After(self.station.behaviour().spawn_ms)
            }
            Answer::Text(data, text) => {
                self.held.push(connect.accept(
                    self.station.behaviour().tns_version(),
                    self.unit(connect),
                    &data,
                ));
                self.held.push(packet::data(text.as_bytes(), usize::from(self.unit(connect)), false));
                self.held.push(packet::data(&[], usize::from(self.unit(connect)), true));
                Step::End
            }
            Answer::Refused(text, _) => {
                self.held.push(packet::refuse(&text));
                Step::End
            }
        }
    }

    /// The smaller of both sides' session data units.
    fn unit(&self, connect: &Connect) -> u16 {
        connect.sdu.clamp(512, self.station.behaviour().sdu)
    }

    fn accept(&mut self, packet: &Packet) -> Step {
        let Some(connect) = Connect::read(&packet.body) else { return Step::End };
        let unit = self.unit(&connect);
        self.sdu = usize::from(unit);
        self.held.push(connect.accept(self.station.behaviour().tns_version(), unit, ""));
        self.phase = Phase::Agreeing;
        self.call_time()
    }

    fn agree(&mut self, body: &[u8]) -> Step {
        let (flags, payload) = body.split_at_checked(2).unwrap_or((body, &[]));
        if payload.is_empty() && flags == [0, 0x40] {
            return Step::End;
        }
        self.phase = Phase::Agreeing;
        match payload {
            [0xde, 0xad, 0xbe, 0xef, ..] => self.data(&negotiation::services()),
            [1, ..] => {
                let client = negotiation::client_name(payload);
                self.marshal = negotiation::marshal_of(client);
                self.session.emit(Observation::Fingerprint {
                    mark: crate::event::observation::Mark::Tool,
                    value: Tainted::from_bytes(client),
                });
                self.data(&negotiation::protocol(self.station.behaviour()));
            }
            [2, ..] => self.data(&negotiation::types(negotiation::wants_zone(payload))),
            // The second half of a long list of types.
            [0, ..] => return Step::Wait,
            [3, ..] => return self.logon(payload),
            _ => {
                self.session.malformed("message that has no place before the logon", payload);
                self.phase = Phase::Over;
                return Step::End;
            }
        }
        self.call_time()
    }

    fn logon(&mut self, payload: &[u8]) -> Step {
        match Message::read(payload, self.marshal) {
            Some(message) if !message.proves => {
                let (logon, answer) = Logon::begin(&self.session, &message, self.marshal);
                self.data(&answer);
                self.phase = Phase::Proving(logon);
                self.call_time()
            }
            Some(_) | None => {
                self.session.malformed("call that has no place before the logon", payload);
                self.fail(3113, "ORA-03113: end-of-file on communication channel\n")
            }
        }
    }

    fn prove(&mut self, logon: Logon, body: &[u8]) -> Step {
        let payload = body.get(2..).unwrap_or_default();
        match Message::read(payload, self.marshal) {
            Some(message) if message.proves => {
                let (Outcome::Refused(number, text) | Outcome::Locked(number, text)) =
                    logon.finish(&self.station, &self.session, &message);
                self.fail(number, &text)
            }
            Some(_) | None => {
                self.session.malformed("logon without its proof", payload);
                Step::End
            }
        }
    }

    /// An error comes behind a break, which the client acknowledges.
    fn fail(&mut self, number: u16, text: &str) -> Step {
        let markers = [BREAK, RESET].map(|marker| packet::write(kind::MARKER, &marker));
        self.held.push(markers.concat());
        self.phase = Phase::Breaking(number, text.to_owned());
        self.call_time()
    }

    fn data(&mut self, payload: &[u8]) {
        self.held.push(packet::data(payload, self.sdu, false));
    }

    fn call_time(&self) -> Step {
        Step::After(self.station.behaviour().call_ms)
    }

    fn tell_asked(&self, asked: &Asked, answer: &Answer, text: &str) {
        let (verb, target) = match asked {
            Asked::Sid(sid) => ("sid", sid.as_str()),
            Asked::Service(service) => ("service", service.as_str()),
            Asked::Command(command) => ("command", command.as_str()),
            Asked::Nothing => {
                self.session.malformed("connect descriptor that can't be read", text.as_bytes());
                return;
            }
        };
        let status = match answer {
            Answer::Refused(_, code) => *code,
            Answer::Session(_) | Answer::Text(..) => 0,
        };
        if status == 1194 {
            self.session.emit(Observation::ExploitAttempt {
                weakness: "CVE-2012-1675".to_owned(),
                payload: text.into(),
            });
        }
        self.session.emit(Observation::Request {
            verb: verb.into(),
            target: target.into(),
            status,
            detail: None,
        });
    }

    fn tell_noise(&self, noise: &[u8]) {
        match probe::means(noise) {
            Some(means) => self.session.emit(Observation::Probe { means: means.to_owned() }),
            None => self.session.malformed("bytes that are no TNS packet", noise),
        }
    }
}

/// Connect data that came in a packet of its own, sent once more.
fn is_connect_data(body: &[u8]) -> bool {
    body.get(2..).is_some_and(|data| data.trim_ascii_start().starts_with(b"("))
}

/// What comes after a packet.
enum Step {
    /// More packets are needed.
    Wait,
    /// What is held goes out after a time between these, milliseconds.
    After([u64; 2]),
    /// What is held goes out, and the connection ends.
    End,
}

impl Machine for TnsMachine {
    fn open(&mut self, _now: Timestamp, _out: &mut Outbox) -> Next {
        Next::Read(Some(PATIENCE))
    }

    fn receive(&mut self, _now: Timestamp, input: &mut BytesMut, out: &mut Outbox) -> Next {
        self.input.unsplit(input.split());
        self.proceed(out)
    }

    fn wake(&mut self, _now: Timestamp, cause: Wake, out: &mut Outbox) -> Next {
        match cause {
            Wake::Thought | Wake::More => {
                self.release(out);
                if matches!(self.phase, Phase::Over) { Next::Close } else { self.proceed(out) }
            }
            Wake::PeerClosed => {
                if matches!(self.phase, Phase::Listening) && !self.input.is_empty() {
                    self.tell_noise(&self.input);
                }
                Next::Close
            }
            Wake::Deadline | Wake::Relay(_) => Next::Close,
        }
    }
}
