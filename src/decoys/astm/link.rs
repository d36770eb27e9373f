//! The link: E1381 6.2 to 6.5, both directions of one line. Who speaks is settled by ENQ; frames are
//! acknowledged one by one; EOT ends.

use std::collections::VecDeque;
use std::time::Duration;

use bytes::{Buf, BytesMut};
use jiff::{SignedDuration, Timestamp};

use super::answers::Download;
use super::behaviour::MissingChecksum;
use super::frame::{self, MAX_FRAME, STX};
use crate::event::Observation;
use crate::session::Outbox;

const EOT: u8 = 0x04;
const ENQ: u8 = 0x05;
const ACK: u8 = 0x06;
const NAK: u8 = 0x15;

/// A sender waits this long for a reply, E1381 6.5.2.
const REPLY: SignedDuration = SignedDuration::from_secs(15);
/// A receiver waits this long for the next frame, 6.5.2.
const FRAME: SignedDuration = SignedDuration::from_secs(30);
/// A host that met the analyser's own ENQ waits this long before it calls again, 6.2.7.
const CONTENTION_HOST: SignedDuration = SignedDuration::from_secs(20);
/// The analyser, which has priority, waits so long.
const CONTENTION_ANALYSER: SignedDuration = SignedDuration::from_secs(1);
/// After a NAK to its ENQ a sender waits this long, 6.2.6.
const BUSY: SignedDuration = SignedDuration::from_secs(10);
/// After the receiver interrupted, the sender stays silent this long, 6.5.1.
const INTERRUPTED: SignedDuration = SignedDuration::from_secs(15);
/// A frame is sent at most this often, 6.5.1; so is an ENQ that is refused.
const TRIES: u8 = 6;
/// Silence after which bytes outside the protocol are told.
const NOISE_ENDS: SignedDuration = SignedDuration::from_secs(2);

/// Longest message taken, bytes: a day's results of one analyser.
const MAX_MESSAGE: usize = 1 << 20;
/// Most bytes of noise that are kept as a sample.
const MAX_NOISE: usize = 256;
/// Most messages that wait to be sent; more queries than that are answered by none.
const MAX_WAITING: usize = 32;

/// Which end of the line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// The laboratory's system.
    Host,
    /// The analyser.
    Analyser,
}

/// What happened on the line.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Heard {
    /// A transmission came in whole: the text of its frames.
    Message(Vec<u8>),
    /// A frame was not acknowledged, or bytes broke the protocol: the rule, a sample, their number.
    Broken(&'static str, Vec<u8>, usize),
    /// The peer took the call: what is to be told of the message that goes out now.
    Delivering(Vec<Observation>),
}

#[derive(Debug)]
enum State {
    Neutral,
    Receiving {
        /// Number of the next new frame.
        expected: u8,
        /// Text so far.
        text: Vec<u8>,
        /// The frame taken last, as it came.
        before: Vec<u8>,
        /// Bytes of the frame that is coming in, after its STX.
        frame: Option<Vec<u8>>,
    },
    /// ENQ was sent.
    Calling,
    /// Frame `at` was sent, `tries` times.
    Sending {
        at: usize,
        tries: u8,
    },
}

/// One end of the line.
#[derive(Debug)]
pub(super) struct Link {
    end: End,
    missing_checksum: MissingChecksum,
    state: State,
    /// When the state's patience ends.
    deadline: Option<Timestamp>,
    /// Messages to send.
    waiting: VecDeque<Download>,
    /// When to call, if something waits.
    call_at: Option<Timestamp>,
    /// ENQ that were refused in a row.
    refused: u8,
    noise: Vec<u8>,
    noise_length: usize,
}

impl Link {
    pub(super) fn new(end: End, missing_checksum: MissingChecksum) -> Self {
        Link {
            end,
            missing_checksum,
            state: State::Neutral,
            deadline: None,
            waiting: VecDeque::new(),
            call_at: None,
            refused: 0,
            noise: Vec::new(),
            noise_length: 0,
        }
    }

    /// Queues a message. The call goes out once the line is neutral and `at` has come.
    pub(super) fn send(&mut self, download: Download, at: Timestamp) {
        if self.waiting.len() < MAX_WAITING {
            self.waiting.push_back(download);
            self.call_at = Some(self.call_at.map_or(at, |earlier| earlier.max(at)));
        }
    }

    /// Whether nothing is under way and nothing waits.
    pub(super) fn is_idle(&self) -> bool {
        matches!(self.state, State::Neutral) && self.waiting.is_empty()
    }

    /// Takes input up to and with the next thing heard; `None` when more is needed.
    pub(super) fn next(&mut self, now: Timestamp, input: &mut BytesMut, out: &mut Outbox) -> Option<Heard> {
        while input.has_remaining() {
            let byte = input.get_u8();
            let heard = match self.state {
                State::Neutral => self.neutral(now, byte, out),
                State::Receiving { .. } => self.receiving(now, byte, out),
                State::Calling => self.calling(now, byte, out),
                State::Sending { at, tries } => self.sending(now, byte, at, tries, out),
            };
            // A call that is due goes out before the next byte is read, however the input was split.
            let heard = heard.or_else(|| self.tick(now, out));
            if heard.is_some() {
                return heard;
            }
        }
        None
    }

    /// Deals with time: patience that ended, a call that is due.
    pub(super) fn tick(&mut self, now: Timestamp, out: &mut Outbox) -> Option<Heard> {
        if self.deadline.is_some_and(|deadline| now >= deadline) {
            return self.out_of_patience(now, out);
        }
        if matches!(self.state, State::Neutral) && self.call_at.is_some_and(|at| now >= at) {
            self.call(now, out);
        }
        None
    }

    /// How long until [`Link::tick`] has something to do.
    pub(super) fn patience(&self, now: Timestamp) -> Option<Duration> {
        let call = if matches!(self.state, State::Neutral) { self.call_at } else { None };
        let next = [self.deadline, call].into_iter().flatten().min()?;
        Some(Duration::try_from(next.duration_since(now)).unwrap_or(Duration::ZERO))
    }

    /// What is left when the peer goes.
    pub(super) fn close(&mut self) -> Option<Heard> {
        match std::mem::replace(&mut self.state, State::Neutral) {
            State::Receiving { text, frame, .. } if !text.is_empty() || frame.is_some() => {
                let sample = [text, frame.unwrap_or_default()].concat();
                Some(broken("line ends inside a transmission", &sample))
            }
            State::Neutral | State::Receiving { .. } | State::Calling | State::Sending { .. } => {
                self.take_noise()
            }
        }
    }

    fn neutral(&mut self, now: Timestamp, byte: u8, out: &mut Outbox) -> Option<Heard> {
        if byte == ENQ {
            let noise = self.take_noise();
            self.listen(now, out);
            return noise;
        }
        // Line ends and a late EOT or acknowledgement are no noise.
        if !matches!(byte, EOT | ACK | NAK | b'\r' | b'\n') || self.noise_length > 0 {
            if self.noise.len() < MAX_NOISE {
                self.noise.push(byte);
            }
            self.noise_length = self.noise_length.saturating_add(1);
            self.deadline = now.checked_add(NOISE_ENDS).ok();
        }
        None
    }

    fn listen(&mut self, now: Timestamp, out: &mut Outbox) {
        out.send(vec![ACK]);
        self.state = State::Receiving { expected: 1, text: Vec::new(), before: Vec::new(), frame: None };
        self.deadline = now.checked_add(FRAME).ok();
    }

    fn receiving(&mut self, now: Timestamp, byte: u8, out: &mut Outbox) -> Option<Heard> {
        let State::Receiving { frame, text, .. } = &mut self.state else { return None };
        match (byte, frame.as_mut()) {
            (EOT, _) => {
                let message = std::mem::take(text);
                self.rest(now);
                (!message.is_empty()).then_some(Heard::Message(message))
            }
            (STX, None) => {
                *frame = Some(Vec::new());
                None
            }
            // A sender that lost its place begins anew.
            (ENQ, None) => {
                self.listen(now, out);
                None
            }
            (_, None) => None,
            (byte, Some(part)) if frame_ends(part, byte) => {
                let mut raw = std::mem::take(part);
                raw.extend((byte != b'\r').then_some(byte));
                *frame = None;
                self.deadline = now.checked_add(FRAME).ok();
                self.judge(&raw, out)
            }
            (_, Some(part)) if part.len() >= MAX_FRAME => {
                let raw = std::mem::take(part);
                *frame = None;
                out.send(vec![NAK]);
                Some(broken("frame longer than this host holds", &raw))
            }
            (byte, Some(part)) => {
                part.push(byte);
                None
            }
        }
    }

    /// Acknowledges a frame or not, E1381 6.4: the expected number is new text, the same frame again
    /// is a repetition of what was taken. Some analysers count from 1 anew after each ETX.
    fn judge(&mut self, raw: &[u8], out: &mut Outbox) -> Option<Heard> {
        let State::Receiving { expected, text, before, .. } = &mut self.state else { return None };
        let anew = before.is_empty() || before.contains(&frame::ETX);
        let fault = match frame::parse(raw) {
            Err(rule) => rule,
            Ok(one) if !one.checked && self.missing_checksum == MissingChecksum::Refuse => {
                "frame without checksum"
            }
            Ok(_) if raw == before.as_slice() => {
                out.send(vec![ACK]);
                return None;
            }
            Ok(one) if one.number != *expected && !(one.number == 1 && anew) => "frame number out of order",
            Ok(one) if text.len() + one.text.len() > MAX_MESSAGE => "message longer than this host holds",
            Ok(one) => {
                *expected = (one.number + 1) % 8;
                text.extend_from_slice(one.text);
                if one.last && !one.text.ends_with(b"\r") {
                    text.push(b'\r');
                }
                *before = raw.to_vec();
                out.send(vec![ACK]);
                return None;
            }
        };
        out.send(vec![NAK]);
        Some(broken(fault, raw))
    }

    fn call(&mut self, now: Timestamp, out: &mut Outbox) {
        out.send(vec![ENQ]);
        self.call_at = None;
        self.state = State::Calling;
        self.deadline = now.checked_add(REPLY).ok();
    }

    fn calling(&mut self, now: Timestamp, byte: u8, out: &mut Outbox) -> Option<Heard> {
        match byte {
            ACK => {
                self.refused = 0;
                let told = self.waiting.front_mut().map(|download| std::mem::take(&mut download.told));
                self.transmit(now, 0, 1, out);
                told.map(Heard::Delivering)
            }
            NAK => {
                self.refused += 1;
                if self.refused >= TRIES {
                    self.refused = 0;
                    self.waiting.pop_front();
                }
                self.pause(now, BUSY);
                None
            }
            // Contention: the analyser has priority and will ask again.
            ENQ => {
                self.pause(
                    now,
                    match self.end {
                        End::Host => CONTENTION_HOST,
                        End::Analyser => CONTENTION_ANALYSER,
                    },
                );
                None
            }
            _ => None,
        }
    }

    fn sending(&mut self, now: Timestamp, byte: u8, at: usize, tries: u8, out: &mut Outbox) -> Option<Heard> {
        match byte {
            ACK => self.transmit(now, at + 1, 1, out),
            EOT => {
                out.send(vec![EOT]);
                self.pause(now, INTERRUPTED);
            }
            b'\r' | b'\n' => {}
            _ if tries >= TRIES => {
                out.send(vec![EOT]);
                self.waiting.pop_front();
                self.rest(now);
            }
            _ => self.transmit(now, at, tries + 1, out),
        }
        None
    }

    /// Sends frame `at` of the first waiting message, or ends the message after its last.
    fn transmit(&mut self, now: Timestamp, at: usize, tries: u8, out: &mut Outbox) {
        match self.waiting.front().and_then(|download| download.frames.get(at)) {
            Some(frame) => {
                out.send(frame.clone());
                self.state = State::Sending { at, tries };
                self.deadline = now.checked_add(REPLY).ok();
            }
            None => {
                out.send(vec![EOT]);
                self.waiting.pop_front();
                self.rest(now);
            }
        }
    }

    /// Back to neutral; what waits is called for now.
    fn rest(&mut self, now: Timestamp) {
        self.state = State::Neutral;
        self.deadline = None;
        if self.waiting.is_empty() {
            self.call_at = None;
        } else if self.call_at.is_none() {
            self.call_at = Some(now);
        }
    }

    /// Back to neutral; what waits is called for later.
    fn pause(&mut self, now: Timestamp, delay: SignedDuration) {
        self.call_at = now.checked_add(delay).ok();
        self.rest(now);
    }

    fn out_of_patience(&mut self, now: Timestamp, out: &mut Outbox) -> Option<Heard> {
        self.deadline = None;
        match std::mem::replace(&mut self.state, State::Neutral) {
            State::Neutral => self.take_noise(),
            State::Receiving { text, frame, .. } => {
                self.rest(now);
                Some(broken("no frame within 30 s", &[text, frame.unwrap_or_default()].concat()))
            }
            State::Calling | State::Sending { .. } => {
                out.send(vec![EOT]);
                self.waiting.pop_front();
                self.rest(now);
                None
            }
        }
    }

    fn take_noise(&mut self) -> Option<Heard> {
        let (sample, length) = (std::mem::take(&mut self.noise), std::mem::take(&mut self.noise_length));
        self.deadline = None;
        (length > 0).then_some(Heard::Broken("bytes while no transmission is open", sample, length))
    }
}

/// Whether a byte is the last of its frame: the second digit of the checksum, or the CR of a frame
/// without one. Some senders leave out the CR LF behind the checksum, so it is not waited for.
fn frame_ends(part: &[u8], byte: u8) -> bool {
    let marked = |back: usize| {
        let at = part.len().checked_sub(back);
        at.and_then(|at| part.get(at)).is_some_and(|b| *b == frame::ETX || *b == frame::ETB)
    };
    marked(2) || (byte == b'\r' && marked(1))
}

fn broken(rule: &'static str, raw: &[u8]) -> Heard {
    Heard::Broken(rule, raw.iter().take(MAX_NOISE).copied().collect(), raw.len())
}
