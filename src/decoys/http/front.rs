//! One connection to nginx: heads, bodies, answers, and how long each may take.

use std::sync::Arc;
use std::time::Duration;

use bytes::BytesMut;
use jiff::Timestamp;

use super::answer::{self, Answer, Form};
use super::body::{self, BodyReader, Progress};
use super::events;
use super::head::{Framing, Head};
use super::parser::{HeadParser, Step};
use super::refusal::Refusal;
use super::server::{Route, Server};
use crate::session::{Machine, Next, Outbox, Session, Wake};

/// nginx `keepalive_requests`: the answer to the last one closes the connection.
const KEEPALIVE_REQUESTS: u32 = 1000;
/// nginx `lingering_timeout`: how long it waits for the rest of a body that it drops.
const LINGERING: Duration = Duration::from_secs(5);
/// nginx `lingering_time`: how long it drops a body in all.
const LINGERING_TIME: Duration = Duration::from_secs(30);

/// A connection.
pub(crate) struct Front {
    server: Arc<Server>,
    session: Session,
    state: State,
    /// When nginx gives up waiting.
    deadline: Timestamp,
    /// Whether a head has begun, so that its own time runs.
    reading: bool,
    requests: u32,
    /// Whether this is plain HTTP on the TLS port.
    plain: bool,
    /// Input that is not used yet.
    pending: BytesMut,
    marks: events::Marks,
}

enum State {
    Head(HeadParser),
    Body(Box<Upload>),
    Thinking(Box<Thinking>),
    Dropping { reader: BodyReader, keep_alive: bool, until: Timestamp },
    Ended,
}

/// A body that the application waits for.
struct Upload {
    head: Head,
    reader: BodyReader,
    body: Vec<u8>,
}

/// An answer that the application still works on.
struct Thinking {
    head: Head,
    answer: Answer,
    received: u64,
}

impl Front {
    /// A connection just accepted.
    pub(crate) fn new(server: Arc<Server>, session: Session) -> Self {
        let deadline = session.now();
        Front {
            server,
            session,
            state: State::Head(HeadParser::default()),
            deadline,
            reading: false,
            requests: 0,
            plain: false,
            pending: BytesMut::new(),
            marks: events::Marks::default(),
        }
    }

    /// The same for a peer that does not speak the TLS that it should: every request is refused.
    pub(crate) fn plain(mut self) -> Self {
        self.plain = true;
        self
    }

    fn wait(&mut self, now: Timestamp, duration: Duration) {
        self.deadline = now.saturating_add(duration).unwrap_or(Timestamp::MAX);
    }

    fn read(&self, now: Timestamp) -> Next {
        let left = self.deadline.duration_since(now);
        Next::Read(Some(Duration::try_from(left).unwrap_or(Duration::ZERO)))
    }

    fn read_time(&self) -> Duration {
        Duration::from_secs(u64::from(self.server.behaviour.read_seconds))
    }

    fn run(&mut self, now: Timestamp, out: &mut Outbox) -> Next {
        let mut input = std::mem::take(&mut self.pending);
        loop {
            if let Some(next) = self.step(now, &mut input, out) {
                self.pending = input;
                return next;
            }
        }
    }

    /// Does one thing; `None` when there may be more to do at once.
    fn step(&mut self, now: Timestamp, input: &mut BytesMut, out: &mut Outbox) -> Option<Next> {
        match std::mem::replace(&mut self.state, State::Ended) {
            State::Head(parser) => self.head(parser, now, input, out),
            State::Body(upload) => self.body(upload, now, input, out),
            State::Thinking(thinking) => {
                // Input that comes meanwhile waits.
                self.state = State::Thinking(thinking);
                Some(Next::Read(None))
            }
            State::Dropping { reader, keep_alive, until } => {
                self.drop_body(reader, keep_alive, until, now, input)
            }
            State::Ended => Some(Next::Close),
        }
    }

    fn head(
        &mut self,
        mut parser: HeadParser,
        now: Timestamp,
        input: &mut BytesMut,
        out: &mut Outbox,
    ) -> Option<Next> {
        match parser.advance(input) {
            Step::More => {
                if !self.reading && !input.is_empty() {
                    self.reading = true;
                    self.wait(now, self.read_time());
                }
                self.state = State::Head(parser);
                Some(self.read(now))
            }
            Step::Refused { refusal, version, sample } => {
                self.session.malformed(refusal.rule(), &sample);
                let answer = self.server.page(refusal, None);
                self.write(&answer, Form { version, head_only: false, keep_alive: false }, now, out);
                Some(Next::Close)
            }
            Step::Head(head) => {
                self.reading = false;
                self.requests += 1;
                self.marks.head(&self.session, &head);
                self.route(*head, now, out)
            }
        }
    }

    fn route(&mut self, head: Head, now: Timestamp, out: &mut Outbox) -> Option<Next> {
        let route = if self.plain {
            Route::Refuse(Refusal::PlainToTls)
        } else {
            self.server.route(&head, &self.session)
        };
        match route {
            Route::Refuse(refusal) => {
                let answer = self.server.page(refusal, Some(&head));
                self.answer_early(&head, &answer, refusal.closes(), now, out)
            }
            Route::Answer(answer) => self.answer_early(&head, &answer, false, now, out),
            Route::Proxy => {
                if head.framing != Framing::None {
                    body::go_on(&head, out);
                }
                let reader = BodyReader::of(head.framing);
                self.wait(now, self.read_time());
                self.state = State::Body(Box::new(Upload { head, reader, body: Vec::new() }));
                None
            }
        }
    }

    /// Answers before the body has come, and drops that.
    fn answer_early(
        &mut self,
        head: &Head,
        answer: &Answer,
        closes: bool,
        now: Timestamp,
        out: &mut Outbox,
    ) -> Option<Next> {
        let keep_alive = head.keep_alive && !closes && self.requests < KEEPALIVE_REQUESTS;
        events::attacks(&self.session, head, &[]);
        self.finish(head, answer, 0, keep_alive, now, out);
        if head.framing == Framing::None {
            return self.after(keep_alive, now);
        }
        let until = now.saturating_add(LINGERING_TIME).unwrap_or(Timestamp::MAX);
        self.wait(now, LINGERING);
        self.state = State::Dropping { reader: BodyReader::of(head.framing), keep_alive, until };
        None
    }

    fn after(&mut self, keep_alive: bool, now: Timestamp) -> Option<Next> {
        if !keep_alive {
            self.state = State::Ended;
            return Some(Next::Close);
        }
        let seconds = u64::from(self.server.behaviour.keepalive_seconds);
        self.wait(now, Duration::from_secs(seconds));
        self.state = State::Head(HeadParser::default());
        None
    }

    fn drop_body(
        &mut self,
        mut reader: BodyReader,
        keep_alive: bool,
        until: Timestamp,
        now: Timestamp,
        input: &mut BytesMut,
    ) -> Option<Next> {
        match reader.advance(input, &mut Vec::new(), 0) {
            Progress::Ended => self.after(keep_alive, now),
            Progress::More if now < until => {
                self.wait(now, LINGERING);
                self.state = State::Dropping { reader, keep_alive, until };
                Some(self.read(now))
            }
            Progress::More | Progress::Bad | Progress::TooLarge => Some(Next::Close),
        }
    }

    fn body(
        &mut self,
        mut upload: Box<Upload>,
        now: Timestamp,
        input: &mut BytesMut,
        out: &mut Outbox,
    ) -> Option<Next> {
        let limit = self.server.behaviour.body_bytes;
        let refusal = match upload.reader.advance(input, &mut upload.body, limit) {
            Progress::Ended => return self.apply(*upload, now, out),
            Progress::More => {
                self.wait(now, self.read_time());
                self.state = State::Body(upload);
                return Some(self.read(now));
            }
            Progress::Bad => Refusal::Bad,
            Progress::TooLarge => Refusal::BodyTooLarge,
        };
        self.session.malformed(refusal.rule(), input);
        let answer = self.server.page(refusal, Some(&upload.head));
        self.finish(&upload.head, &answer, count(&upload.body), false, now, out);
        Some(Next::Close)
    }

    /// Lets the application answer.
    fn apply(&mut self, upload: Upload, now: Timestamp, out: &mut Outbox) -> Option<Next> {
        let Upload { head, body, .. } = upload;
        events::attacks(&self.session, &head, &body);
        let turn = self.requests;
        let reply = self.server.portal.answer(&self.server, &self.session, &head, &body, turn);
        let done = Thinking { head, answer: reply.answer, received: count(&body) };
        if reply.delay.is_zero() {
            return self.deliver(&done, now, out);
        }
        self.state = State::Thinking(Box::new(done));
        Some(Next::Think(reply.delay))
    }

    fn deliver(&mut self, done: &Thinking, now: Timestamp, out: &mut Outbox) -> Option<Next> {
        let ends = done.answer.ends_by_itself(done.head.version());
        let keep_alive = done.head.keep_alive && ends && self.requests < KEEPALIVE_REQUESTS;
        self.finish(&done.head, &done.answer, done.received, keep_alive, now, out);
        self.after(keep_alive, now)
    }

    fn finish(
        &self,
        head: &Head,
        answer: &Answer,
        received: u64,
        keep_alive: bool,
        now: Timestamp,
        out: &mut Outbox,
    ) {
        let head_only = head.method() == b"HEAD";
        let sent = self.write(answer, Form { version: head.version(), head_only, keep_alive }, now, out);
        events::request(&self.session, head, answer.status.code, received, sent);
    }

    /// Writes an answer; how many bytes of body went out.
    fn write(&self, answer: &Answer, form: Form, now: Timestamp, out: &mut Outbox) -> u64 {
        for bytes in answer::encode(answer, form, &self.server.behaviour.server, now) {
            if !bytes.is_empty() {
                out.send(bytes);
            }
        }
        let sent = if form.head_only { 0 } else { answer.body.len() };
        u64::try_from(sent).unwrap_or(u64::MAX)
    }

    fn thought(&mut self, now: Timestamp, out: &mut Outbox) -> Next {
        let State::Thinking(thinking) = std::mem::replace(&mut self.state, State::Ended) else {
            return Next::Close;
        };
        self.deliver(&thinking, now, out).unwrap_or_else(|| self.run(now, out))
    }
}

impl Machine for Front {
    fn open(&mut self, now: Timestamp, _out: &mut Outbox) -> Next {
        self.reading = true;
        self.wait(now, self.read_time());
        self.read(now)
    }

    fn receive(&mut self, now: Timestamp, input: &mut BytesMut, out: &mut Outbox) -> Next {
        if self.pending.is_empty() {
            self.pending = input.split();
        } else {
            self.pending.unsplit(input.split());
        }
        self.run(now, out)
    }

    fn wake(&mut self, now: Timestamp, cause: Wake, out: &mut Outbox) -> Next {
        match cause {
            Wake::Thought => self.thought(now, out),
            Wake::More => self.run(now, out),
            Wake::Deadline | Wake::PeerClosed | Wake::Relay(_) => Next::Close,
        }
    }
}

fn count(body: &[u8]) -> u64 {
    u64::try_from(body.len()).unwrap_or(u64::MAX)
}
