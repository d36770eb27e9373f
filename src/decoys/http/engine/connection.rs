//! A connection as a machine: heads, bodies, answers, and how long each may take.

use std::sync::Arc;
use std::time::Duration;

use bytes::{Buf, Bytes, BytesMut};
use jiff::Timestamp;

use super::{Application, Ask, BadBody, Body, Form, Pieces, Product, Reading, Refused, Reply};
use crate::decoys::http::body::{self, BodyReader, Progress};
use crate::decoys::http::events;
use crate::decoys::http::head::{Framing, Head, Version};
use crate::session::{Machine, Next, Outbox, Session, Wake};

/// A body of an answer that was given before it came is read and dropped for this long at most.
const DROP: Duration = Duration::from_secs(5);
/// Answers up to this size leave in one write with their head.
const ONE_WRITE: usize = 16 << 10;

/// A connection.
pub(crate) struct Connection {
    application: Arc<dyn Application>,
    product: &'static Product,
    session: Session,
    state: State,
    deadline: Timestamp,
    reading: bool,
    requests: u32,
    pending: BytesMut,
    marks: events::Marks,
}

enum State {
    Head,
    Body(Box<Upload>),
    Thinking(Box<Thinking>),
    Sending(Box<Sending>),
    Dropping(BodyReader),
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
    reply: Reply,
    received: u64,
    dropped: Option<BodyReader>,
}

/// A body that goes out in pieces.
struct Sending {
    head: Head,
    code: u16,
    pieces: Pieces,
    chunked: bool,
    keep_alive: bool,
    received: u64,
    sent: u64,
}

impl Connection {
    /// A connection just accepted.
    pub(crate) fn new(application: Arc<dyn Application>, session: Session) -> Self {
        let product = application.product();
        let deadline = session.now();
        Connection {
            application,
            product,
            session,
            state: State::Head,
            deadline,
            reading: false,
            requests: 0,
            pending: BytesMut::new(),
            marks: events::Marks::default(),
        }
    }

    fn wait(&mut self, now: Timestamp, duration: Duration) {
        self.deadline = now.saturating_add(duration).unwrap_or(Timestamp::MAX);
    }

    fn read(&self, now: Timestamp) -> Next {
        let left = self.deadline.duration_since(now);
        Next::Read(Some(Duration::try_from(left).unwrap_or(Duration::ZERO)))
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
            State::Head => self.head(now, input, out),
            State::Body(upload) => self.body(upload, now, input, out),
            State::Thinking(thinking) => {
                // Input that comes meanwhile waits.
                self.state = State::Thinking(thinking);
                Some(Next::Read(None))
            }
            State::Sending(sending) => self.send_piece(sending, now, out),
            State::Dropping(reader) => self.drop_body(reader, now, input),
            State::Ended => Some(Next::Close),
        }
    }

    fn head(&mut self, now: Timestamp, input: &mut BytesMut, out: &mut Outbox) -> Option<Next> {
        match (self.product.read)(input, now) {
            Reading::More => {
                if !self.reading && !input.is_empty() {
                    self.reading = true;
                    self.wait(now, self.product.head_wait);
                }
                self.state = State::Head;
                Some(self.read(now))
            }
            Reading::Refused(refused) => Some(self.refuse(&refused, input, out)),
            Reading::Head(head, taken) => {
                input.advance(taken.min(input.len()));
                self.reading = false;
                self.requests += 1;
                self.marks.agent(&self.session, &head);
                self.begin(*head, now, out)
            }
        }
    }

    fn refuse(&mut self, refused: &Refused, input: &mut BytesMut, out: &mut Outbox) -> Next {
        self.session.malformed(refused.rule, input);
        input.clear();
        if !refused.answer.is_empty() {
            out.send(refused.answer.clone());
        }
        if refused.reset { Next::Reset } else { Next::Close }
    }

    fn begin(&mut self, head: Head, now: Timestamp, out: &mut Outbox) -> Option<Next> {
        let reader = BodyReader::of(head.framing);
        if let Err(reply) = self.application.admits(&head, &self.session) {
            events::attacks(&self.session, &head, &[]);
            let dropped = (head.framing != Framing::None).then_some(reader);
            let thinking = Thinking { head, reply, received: 0, dropped };
            return self.think(thinking, now, out);
        }
        if head.framing != Framing::None && self.product.continues {
            body::go_on(&head, out);
        }
        self.wait(now, self.product.body_wait);
        self.state = State::Body(Box::new(Upload { head, reader, body: Vec::new() }));
        None
    }

    fn body(
        &mut self,
        mut upload: Box<Upload>,
        now: Timestamp,
        input: &mut BytesMut,
        out: &mut Outbox,
    ) -> Option<Next> {
        let limit = self.application.body_limit();
        let told = match upload.head.framing {
            Framing::Length(length) => length,
            Framing::None | Framing::Chunked => 0,
        };
        let fault = if usize::try_from(told).map_or(true, |told| told > limit) {
            BadBody::TooLarge
        } else {
            match upload.reader.advance(input, &mut upload.body, limit) {
                Progress::Ended => return self.apply(*upload, now, out),
                Progress::More => {
                    self.wait(now, self.product.body_wait);
                    self.state = State::Body(upload);
                    return Some(self.read(now));
                }
                Progress::Bad => BadBody::Chunk,
                Progress::TooLarge => BadBody::TooLarge,
            }
        };
        let rule = match fault {
            BadBody::Chunk => "chunk",
            BadBody::TooLarge => "body size",
        };
        self.session.malformed(rule, input);
        let reply = (self.product.bad_body)(fault).closing();
        let thinking = Thinking { head: upload.head, reply, received: count(&upload.body), dropped: None };
        self.deliver(thinking, now, out)
    }

    /// Lets the application answer.
    fn apply(&mut self, upload: Upload, now: Timestamp, out: &mut Outbox) -> Option<Next> {
        let body = Bytes::from(upload.body);
        events::attacks(&self.session, &upload.head, &body);
        let ask = Ask { head: &upload.head, body: &body, session: &self.session, turn: self.requests, now };
        let reply = self.application.answer(&ask);
        let received = count(&body);
        self.think(Thinking { head: upload.head, reply, received, dropped: None }, now, out)
    }

    fn think(&mut self, thinking: Thinking, now: Timestamp, out: &mut Outbox) -> Option<Next> {
        let delay = self.session.pace(thinking.reply.delay);
        if delay.is_zero() {
            return self.deliver(thinking, now, out);
        }
        self.state = State::Thinking(Box::new(thinking));
        Some(Next::Think(delay))
    }

    fn deliver(&mut self, thinking: Thinking, now: Timestamp, out: &mut Outbox) -> Option<Next> {
        let Thinking { head, reply, received, dropped } = thinking;
        let length = reply.length();
        let chunked = length.is_none() && self.product.chunks && head.version() >= Version::HTTP_11;
        let ends = chunked || length.is_some();
        let keep_alive = ends && !reply.closes && (self.product.keeps)(&head);
        let form = Form { asked: &head, length, chunked, keep_alive, now };
        let written = (self.product.head)(&reply, &form);
        let empty = head.method() == b"HEAD" || matches!(reply.code, 204 | 304);
        match reply.body {
            Body::Pieces(pieces, _) if !empty => {
                out.send(written);
                let code = reply.code;
                let sending = Sending { head, code, pieces, chunked, keep_alive, received, sent: 0 };
                self.state = State::Sending(Box::new(sending));
                Some(Next::More)
            }
            body => {
                let sent = if empty { 0 } else { send_whole(written.clone(), &body, out) };
                if empty {
                    out.send(written);
                }
                events::request(&self.session, &head, reply.code, received, sent);
                self.after(keep_alive, dropped, now)
            }
        }
    }

    fn send_piece(&mut self, mut sending: Box<Sending>, now: Timestamp, out: &mut Outbox) -> Option<Next> {
        let Some(piece) = self.session.heavy(|| sending.pieces.next()) else {
            if sending.chunked {
                out.send(Bytes::from_static(b"0\r\n\r\n"));
            }
            events::request(&self.session, &sending.head, sending.code, sending.received, sending.sent);
            return self.after(sending.keep_alive, None, now);
        };
        sending.sent = sending.sent.saturating_add(count(&piece.bytes));
        if sending.chunked && !piece.bytes.is_empty() {
            out.send(format!("{:x}\r\n", piece.bytes.len()));
        }
        let ends = sending.chunked && !piece.bytes.is_empty();
        write(piece.bytes, piece.reference, out);
        if ends {
            out.send(Bytes::from_static(b"\r\n"));
        }
        self.state = State::Sending(sending);
        Some(Next::More)
    }

    fn after(&mut self, keep_alive: bool, dropped: Option<BodyReader>, now: Timestamp) -> Option<Next> {
        if !keep_alive {
            self.state = State::Ended;
            return Some(Next::Close);
        }
        if let Some(reader) = dropped {
            self.wait(now, DROP);
            self.state = State::Dropping(reader);
            return None;
        }
        self.wait(now, self.product.idle_wait);
        self.state = State::Head;
        None
    }

    fn drop_body(&mut self, mut reader: BodyReader, now: Timestamp, input: &mut BytesMut) -> Option<Next> {
        match reader.advance(input, &mut Vec::new(), 0) {
            Progress::Ended => self.after(true, None, now),
            Progress::More => {
                self.state = State::Dropping(reader);
                Some(self.read(now))
            }
            Progress::Bad | Progress::TooLarge => Some(Next::Close),
        }
    }
}

impl Machine for Connection {
    fn open(&mut self, now: Timestamp, _out: &mut Outbox) -> Next {
        self.reading = true;
        self.wait(now, self.product.head_wait);
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
            Wake::Thought => match std::mem::replace(&mut self.state, State::Ended) {
                State::Thinking(thinking) => {
                    self.deliver(*thinking, now, out).unwrap_or_else(|| self.run(now, out))
                }
                State::Head | State::Body(_) | State::Sending(_) | State::Dropping(_) | State::Ended => {
                    Next::Close
                }
            },
            Wake::More => self.run(now, out),
            Wake::Deadline | Wake::PeerClosed | Wake::Relay(_) => Next::Close,
        }
    }
}

/// Writes head and body; how many bytes of body went out.
fn send_whole(head: String, body: &Body, out: &mut Outbox) -> u64 {
    let Body::Whole(bytes, reference) = body else { return 0 };
    if reference.is_none() && bytes.len() <= ONE_WRITE {
        let mut all = BytesMut::from(head.as_bytes());
        all.extend_from_slice(bytes);
        out.send(all.freeze());
    } else {
        out.send(head);
        write(bytes.clone(), reference.clone(), out);
    }
    count(bytes)
}

fn write(bytes: Bytes, reference: Option<String>, out: &mut Outbox) {
    match reference {
        Some(reference) => out.send_bulk(bytes, reference),
        None if bytes.is_empty() => {}
        None => out.send(bytes),
    }
}

fn count(body: &[u8]) -> u64 {
    u64::try_from(body.len()).unwrap_or(u64::MAX)
}
