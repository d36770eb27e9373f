//! The connection: startup, login, then one message after another.

use std::time::Duration;

use bytes::BytesMut;
use jiff::Timestamp;
use rand::RngExt;
use rand::rngs::StdRng;

use super::Station;
use super::backend::Backend;
use super::failure::Failure;
use super::frontend::{self, Heard, MAX_MESSAGE, MAX_TOKEN, Startup};
use super::login::{Login, Outcome};
use super::talk::Talk;
use crate::event::Observation;
use crate::session::{Early, Machine, Next, Outbox, Secured, Session, Wake};
use crate::wire::probe;

/// How long a login may take (`authentication_timeout`).
const LOGIN_TIME: Duration = Duration::from_secs(60);

/// Most bytes that may wait unread beside a message while an answer goes out.
const MAX_AHEAD: usize = 65_536;

/// The server's buffer: it writes when this much waits, and when it reads again.
const BUFFER: usize = 8192;

/// One connection.
pub struct PostgresMachine {
    station: Station,
    session: Session,
    line: Secured,
    phase: Phase,
    out: Backend,
    /// Whether the connection ends once what waits is sent.
    ends: bool,
    pace: StdRng,
}

enum Phase {
    Startup,
    /// GSSAPI was granted; no client here has credentials for it.
    Gss,
    Login(Box<Login>),
    Talk(Box<Talk>),
    Over,
}

impl PostgresMachine {
    /// A connection that was just accepted.
    pub fn new(station: Station, session: Session) -> Self {
        PostgresMachine {
            line: Secured::new(session.clone()),
            phase: Phase::Startup,
            out: Backend::default(),
            ends: false,
            pace: session.rng("postgres/pace"),
            station,
            session,
        }
    }

    /// Takes what can be taken; pauses where the product would.
    fn proceed(&mut self, now: Timestamp, out: &mut Outbox) -> Next {
        loop {
            let pause = match std::mem::replace(&mut self.phase, Phase::Over) {
                Phase::Startup => self.startup(out),
                Phase::Gss => self.gss(),
                Phase::Login(login) => self.login(now, *login),
                Phase::Talk(talk) => self.talk(now, talk, out),
                Phase::Over => return Next::Close,
            };
            match pause {
                Step::Wait => return self.wait(out),
                Step::Go => {}
                Step::End => return Next::Close,
                Step::More => return Next::More,
                Step::Pause(delay) if delay.is_zero() => {}
                Step::Pause(delay) => return Next::Think(delay),
            }
            if self.ends {
                self.flush(out);
                self.line.close(out);
                return Next::Close;
            }
        }
    }

    fn wait(&mut self, out: &mut Outbox) -> Next {
        self.flush(out);
        match &self.phase {
            Phase::Startup | Phase::Gss | Phase::Login(_) => Next::Read(Some(LOGIN_TIME)),
            Phase::Talk(talk) => Next::Read(talk.idle_time()),
            Phase::Over => Next::Close,
        }
    }

    fn flush(&mut self, out: &mut Outbox) {
        let waiting = self.out.take();
        for part in waiting.chunks(BUFFER) {
            self.line.send(part.to_vec(), out);
        }
    }

    fn startup(&mut self, out: &mut Outbox) -> Step {
        let first: Vec<u8> = self.line.input.iter().take(256).copied().collect();
        let Some(packet) = frontend::startup(&mut self.line.input) else {
            self.phase = Phase::Startup;
            return Step::Wait;
        };
        match packet {
            Startup::BadLength => self.noise(&first),
            Startup::Gss => {
                self.out.raw(b"G");
                self.phase = Phase::Gss;
                Step::Go
            }
            Startup::Ssl if self.line.is_sealed() => self.refuse(&Failure::unsupported_version(1234, 5679)),
            Startup::Ssl => self.encrypt(out),
            Startup::Cancel(process, key) => {
                let found = self.station.cancel(process, key);
                self.session.emit(Observation::Request {
                    verb: "cancel".into(),
                    target: process.to_string().into(),
                    status: u32::from(!found),
                    detail: None,
                });
                Step::End
            }
            Startup::Version(major, minor, _) | Startup::BadLayout(major, minor) if major != 3 => {
                self.wrong_version(major, minor, &first)
            }
            Startup::BadLayout(..) => {
                self.session.malformed("startup packet without its end", &first);
                self.refuse(&Failure::bad_layout())
            }
            Startup::Version(_, minor, options) => {
                self.negotiate(minor, &options);
                let sealed = self.line.is_sealed();
                match Login::begin(&self.station, &self.session, &options, sealed, &mut self.out) {
                    Ok(login) => self.phase = Phase::Login(Box::new(login)),
                    Err(failure) => return self.refuse(&failure),
                }
                Step::Go
            }
        }
    }

    fn encrypt(&mut self, out: &mut Outbox) -> Step {
        self.phase = Phase::Startup;
        let Some(config) = self.station.tls() else {
            self.out.raw(b"N");
            return Step::Go;
        };
        self.out.raw(b"S");
        self.flush(out);
        match self.line.start(&config, Early::Dropped, out) {
            Ok(()) => Step::Wait,
            Err(_) => Step::End,
        }
    }

    /// What is no startup packet at all: the server logs it and closes.
    fn noise(&mut self, first: &[u8]) -> Step {
        match probe::means(first) {
            Some(means) => self.session.emit(Observation::Probe { means: means.to_owned() }),
            None => self.session.malformed("no startup packet", first),
        }
        Step::End
    }

    fn wrong_version(&mut self, major: u16, minor: u16, first: &[u8]) -> Step {
        self.session.malformed("startup packet of another protocol", first);
        let failure = Failure::unsupported_version(major, minor);
        if major < 3 {
            self.out.raw(format!("EFATAL:  {}\n\0", failure.message).as_bytes());
            self.ends = true;
            return Step::Go;
        }
        self.refuse(&failure)
    }

    /// Tells a newer client which version it gets, and which of its options nobody knows.
    fn negotiate(&mut self, minor: u16, options: &frontend::Options) {
        const NEWEST: u32 = 3 << 16;
        let unknown: Vec<&[u8]> = options.0.iter().map(|(name, _)| name.as_slice()).collect();
        let unknown: Vec<&[u8]> = unknown.into_iter().filter(|name| name.starts_with(b"_pq_.")).collect();
        if minor == 0 && unknown.is_empty() {
            return;
        }
        let mut body = NEWEST.to_be_bytes().to_vec();
        body.extend_from_slice(&u32::try_from(unknown.len()).unwrap_or_default().to_be_bytes());
        for name in unknown {
            body.extend_from_slice(name);
            body.push(0);
        }
        self.out.message(b'v', &body);
    }

    /// Whatever token comes, no credentials fit it: the server logs that and closes.
    fn gss(&mut self) -> Step {
        let length = self.line.input.get(..4).and_then(|bytes| <[u8; 4]>::try_from(bytes).ok());
        let length = length.map(|bytes| usize::try_from(u32::from_be_bytes(bytes)).unwrap_or(usize::MAX));
        match length {
            Some(length) if length > MAX_TOKEN || self.line.input.len() >= 4 + length => Step::End,
            Some(_) | None => {
                self.phase = Phase::Gss;
                Step::Wait
            }
        }
    }

    fn login(&mut self, now: Timestamp, login: Login) -> Step {
        let (kind, body) = match frontend::message(&mut self.line.input, MAX_TOKEN) {
            None => {
                self.phase = Phase::Login(Box::new(login));
                return Step::Wait;
            }
            Some(Heard::BadLength) => {
                self.session.malformed("message of no valid length", &self.line.input);
                return Step::End;
            }
            Some(Heard::Message(kind, body)) => (kind, body),
        };
        let mut next = None;
        match login.step(&self.station, &self.session, (kind, &body), &mut self.out, &mut next) {
            Outcome::Goes => {
                if let Some(login) = next {
                    self.phase = Phase::Login(Box::new(login));
                }
                Step::Go
            }
            Outcome::Refused(failure) => {
                self.refuse(&failure);
                self.after_login()
            }
            Outcome::In(login) => {
                match Talk::begin(&self.station, &self.session, &login, now, &mut self.out) {
                    Ok(talk) => self.phase = Phase::Talk(Box::new(talk)),
                    Err(failure) => drop(self.refuse(&failure)),
                }
                self.after_login()
            }
        }
    }

    fn talk(&mut self, now: Timestamp, mut talk: Box<Talk>, out: &mut Outbox) -> Step {
        if talk.has_work() {
            let worked = talk.work(now, &mut self.out);
            let more = talk.has_work();
            self.phase = Phase::Talk(talk);
            if worked.rows > 0 || !worked.wait.is_zero() || self.out.waiting() > BUFFER {
                self.flush(out);
            }
            let millis = worked.rows / self.station.behaviour().rows_per_ms;
            // What a statement waits for by itself is waited for in any case.
            let pause = self.session.pace(Duration::from_millis(u64::from(millis))) + worked.wait;
            return match (pause.is_zero(), more && worked.rows > 0) {
                (false, _) => Step::Pause(pause),
                (true, true) => Step::More,
                (true, false) => Step::Go,
            };
        }
        let (kind, body) = match frontend::message(&mut self.line.input, MAX_MESSAGE) {
            None => {
                self.phase = Phase::Talk(talk);
                return Step::Wait;
            }
            Some(Heard::BadLength) => {
                self.session.malformed("message of no valid length", &self.line.input);
                let place = ("pqcomm.c", 1240, "pq_getmessage");
                return self.refuse(&Failure::fatal("08P01", "invalid message length", place));
            }
            Some(Heard::Message(kind, body)) => (kind, body),
        };
        if kind == b'X' {
            return Step::End;
        }
        match talk.message(now, kind, &body, &mut self.out) {
            Ok(thinks) => {
                self.phase = Phase::Talk(talk);
                if thinks { self.before_statement() } else { Step::Go }
            }
            Err(failure) => self.refuse(&failure),
        }
    }

    fn before_statement(&mut self) -> Step {
        let [shortest, longest] = self.station.behaviour().statement_ms;
        let delay = Duration::from_millis(self.pace.random_range(shortest..=longest));
        Step::Pause(self.session.pace(delay))
    }

    fn after_login(&mut self) -> Step {
        let [shortest, longest] = self.station.behaviour().login_ms;
        let delay = Duration::from_millis(self.pace.random_range(shortest..=longest));
        Step::Pause(self.session.pace(delay))
    }

    fn refuse(&mut self, failure: &Failure) -> Step {
        failure.put(&mut self.out);
        self.ends = true;
        Step::Go
    }
}

/// What comes after a piece of work.
enum Step {
    /// More input is needed.
    Wait,
    /// There is more to do.
    Go,
    /// There is more to do, once what waits is written.
    More,
    /// The product takes this long.
    Pause(Duration),
    /// The connection ends at once, with nothing more to say.
    End,
}

impl Machine for PostgresMachine {
    fn open(&mut self, _now: Timestamp, _out: &mut Outbox) -> Next {
        Next::Read(Some(LOGIN_TIME))
    }

    fn receive(&mut self, now: Timestamp, input: &mut BytesMut, out: &mut Outbox) -> Next {
        if self.line.receive(input, out).is_err() {
            self.session.malformed("TLS handshake that fails", &self.line.input);
            return Next::Close;
        }
        if matches!(self.phase, Phase::Talk(_)) && self.line.input.len() > MAX_MESSAGE + MAX_AHEAD {
            self.session.malformed("more messages than are answered", &[]);
            return Next::Reset;
        }
        self.proceed(now, out)
    }

    fn wake(&mut self, now: Timestamp, cause: Wake, out: &mut Outbox) -> Next {
        match cause {
            Wake::Thought | Wake::More => {
                if self.ends {
                    self.flush(out);
                    self.line.close(out);
                    return Next::Close;
                }
                self.flush(out);
                self.proceed(now, out)
            }
            Wake::PeerClosed => {
                if matches!(self.phase, Phase::Startup) && !self.line.input.is_empty() {
                    let first: Vec<u8> = self.line.input.to_vec();
                    self.noise(&first);
                }
                self.flush(out);
                Next::Close
            }
            Wake::Deadline => {
                if let Phase::Talk(talk) = &self.phase {
                    let failure = talk.idle_failure();
                    self.refuse(&failure);
                    self.flush(out);
                    self.line.close(out);
                }
                Next::Close
            }
            Wake::Relay(_) => Next::Read(None),
        }
    }
}
