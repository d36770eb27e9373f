//! The minimal lower layer protocol: `0B` message `1C 0D`.

use bytes::{Buf, BytesMut};
use serde::Deserialize;

use super::MAX_MESSAGE;

/// Start block.
const START: u8 = 0x0b;
/// End block.
const END: u8 = 0x1c;
/// What follows the end block.
const LAST: u8 = b'\r';

/// Most bytes of noise that are kept as a sample.
const MAX_NOISE: usize = 256;

/// What an engine does with bytes before the start block.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BeforeStart {
    /// Reads on until a start block comes.
    Skip,
    /// Closes the connection.
    Close,
}

/// What an engine does with an end block that no CR follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LoneEnd {
    /// Takes the message as ended.
    Ends,
    /// Takes the byte as part of the message.
    Content,
    /// Closes the connection.
    Close,
}

/// How strict an engine reads frames.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Framing {
    /// Bytes before the start block.
    pub before_start: BeforeStart,
    /// End block without CR.
    pub lone_end: LoneEnd,
}

/// What was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Heard {
    /// A message, without its frame.
    Message(BytesMut),
    /// Bytes outside any frame, told once the next frame begins: a sample and how many there were.
    Noise(Vec<u8>, usize),
    /// The engine gives the connection up: which rule was broken and a sample.
    Broken(&'static str, Vec<u8>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Outside,
    /// A message has just ended by a lone end block: one CR belongs to it.
    Ended,
    Inside,
    /// An end block was read inside a message.
    AfterEnd,
}

/// Finds messages in a stream, at whatever points it is split.
#[derive(Debug)]
pub struct Deframer {
    framing: Framing,
    state: State,
    message: BytesMut,
    noise: Vec<u8>,
    noise_length: usize,
}

impl Deframer {
    /// Starts outside a frame.
    pub fn new(framing: Framing) -> Self {
        Deframer {
            framing,
            state: State::Outside,
            message: BytesMut::new(),
            noise: Vec::new(),
            noise_length: 0,
        }
    }

    /// Takes from `input` up to and with the next thing heard; `None` when more input is needed.
    /// After [`Heard::Broken`] the stream can't be read on.
    pub fn next(&mut self, input: &mut BytesMut) -> Option<Heard> {
        while !input.is_empty() {
            let heard = match self.state {
                State::Outside => self.outside(input),
                State::Ended => self.ended(input),
                State::Inside => self.inside(input),
                State::AfterEnd => self.after_end(input),
            };
            if heard.is_some() {
                return heard;
            }
        }
        None
    }

    /// Whether bytes outside a frame have come that were not told yet.
    pub fn hears_noise(&self) -> bool {
        self.noise_length > 0
    }

    /// What is left when the stream ends: noise, or a message without its end.
    pub fn close(&mut self) -> Option<Heard> {
        match self.state {
            State::Outside | State::Ended => self.take_noise(),
            State::Inside | State::AfterEnd => {
                let sample = self.message.iter().take(MAX_NOISE).copied().collect();
                self.message.clear();
                self.state = State::Outside;
                Some(Heard::Broken("stream ends inside a frame", sample))
            }
        }
    }

    fn outside(&mut self, input: &mut BytesMut) -> Option<Heard> {
        let start = input.iter().position(|b| *b == START);
        let before = input.split_to(start.unwrap_or(input.len()));
        if !before.is_empty() && self.framing.before_start == BeforeStart::Close {
            let sample = before.iter().take(MAX_NOISE).copied().collect();
            return Some(Heard::Broken("bytes before the start block", sample));
        }
        self.note(&before);
        if start.is_some() {
            input.advance(1);
            self.state = State::Inside;
            return self.take_noise();
        }
        None
    }

    fn ended(&mut self, input: &mut BytesMut) -> Option<Heard> {
        if input.first() == Some(&LAST) {
            input.advance(1);
        }
        self.state = State::Outside;
        None
    }

    fn inside(&mut self, input: &mut BytesMut) -> Option<Heard> {
        let end = input.iter().position(|b| *b == END);
        let body = input.split_to(end.unwrap_or(input.len()));
        if self.message.len() + body.len() > MAX_MESSAGE {
            let sample = self.message.iter().chain(body.iter()).take(MAX_NOISE).copied().collect();
            return Some(Heard::Broken("message longer than this engine holds", sample));
        }
        self.append(body);
        if end.is_some() {
            input.advance(1);
            if self.framing.lone_end == LoneEnd::Ends {
                self.state = State::Ended;
                return self.take_message();
            }
            self.state = State::AfterEnd;
        }
        None
    }

    fn after_end(&mut self, input: &mut BytesMut) -> Option<Heard> {
        if input.first() == Some(&LAST) {
            input.advance(1);
            self.state = State::Outside;
            return self.take_message();
        }
        if self.framing.lone_end == LoneEnd::Close {
            let sample = self.message.iter().take(MAX_NOISE).copied().collect();
            return Some(Heard::Broken("end block without carriage return", sample));
        }
        self.message.extend_from_slice(&[END]);
        self.state = State::Inside;
        None
    }

    /// A frame that came whole is handed on without a copy.
    fn append(&mut self, body: BytesMut) {
        if self.message.is_empty() {
            self.message = body;
        } else {
            self.message.extend_from_slice(&body);
        }
    }

    fn note(&mut self, noise: &[u8]) {
        let room = MAX_NOISE.saturating_sub(self.noise.len());
        self.noise.extend(noise.iter().take(room));
        self.noise_length = self.noise_length.saturating_add(noise.len());
    }

    fn take_message(&mut self) -> Option<Heard> {
        Some(Heard::Message(std::mem::take(&mut self.message)))
    }

    /// Line ends between frames are a habit of many senders and no noise.
    fn take_noise(&mut self) -> Option<Heard> {
        let (sample, length) = (std::mem::take(&mut self.noise), std::mem::take(&mut self.noise_length));
        let only_line_ends = length <= sample.len() && sample.iter().all(|b| matches!(b, b'\r' | b'\n'));
        (!only_line_ends).then_some(Heard::Noise(sample, length))
    }
}

/// Puts a message into its frame.
pub fn frame(message: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(message.len() + 3);
    out.push(START);
    out.extend_from_slice(message);
    out.extend_from_slice(&[END, LAST]);
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const TOLERANT: Framing = Framing { before_start: BeforeStart::Skip, lone_end: LoneEnd::Ends };
    const STRICT: Framing = Framing { before_start: BeforeStart::Close, lone_end: LoneEnd::Close };
    const LITERAL: Framing = Framing { before_start: BeforeStart::Skip, lone_end: LoneEnd::Content };

    fn hear(framing: Framing, chunks: &[&[u8]]) -> Vec<Heard> {
        let mut deframer = Deframer::new(framing);
        let mut heard = Vec::new();
        for chunk in chunks {
            let mut input = BytesMut::from(*chunk);
            while let Some(one) = deframer.next(&mut input) {
                let broken = matches!(one, Heard::Broken(..));
                heard.push(one);
                if broken {
                    return heard;
                }
            }
        }
        heard.extend(deframer.close());
        heard
    }

    fn message(text: &[u8]) -> Heard {
        Heard::Message(BytesMut::from(text))
    }

    #[test]
    fn every_split_hears_the_same() {
        let stream = b"noise\x0bMSH|one\r\x1c\r\r\n\x0bMSH|two\x1c\x0bMSH|three\x1c\r";
        let whole = hear(TOLERANT, &[stream]);
        assert_eq!(
            whole,
            [
                Heard::Noise(b"noise".to_vec(), 5),
                message(b"MSH|one\r"),
                message(b"MSH|two"),
                message(b"MSH|three")
            ]
        );
        for at in 0..stream.len() {
            let (a, b) = stream.split_at(at);
            assert_eq!(hear(TOLERANT, &[a, b]), whole, "split at {at}");
        }
        let bytes: Vec<&[u8]> = stream.chunks(1).collect();
        assert_eq!(hear(TOLERANT, &bytes), whole);
    }

    #[test]
    fn a_strict_engine_gives_up() {
        assert!(matches!(hear(STRICT, &[b"GET /"])[..], [Heard::Broken("bytes before the start block", _)]));
        assert!(matches!(hear(STRICT, &[b"\x0bMSH\x1cX"])[..], [Heard::Broken(..)]));
        assert_eq!(hear(STRICT, &[b"\x0bMSH\x1c\r"]), [message(b"MSH")]);
    }

    #[test]
    fn a_literal_engine_waits_for_both_end_bytes() {
        assert_eq!(hear(LITERAL, &[b"\x0bMSH\x1cX\x1c\r"]), [message(b"MSH\x1cX")]);
    }

    #[test]
    fn length_is_capped_and_an_open_frame_is_told() {
        let long = vec![b'A'; MAX_MESSAGE];
        assert!(matches!(hear(TOLERANT, &[b"\x0bM", &long])[..], [Heard::Broken(..)]));
        assert!(matches!(
            hear(TOLERANT, &[b"\x0bMSH"])[..],
            [Heard::Broken("stream ends inside a frame", _)]
        ));
    }

    proptest! {
        #[test]
        fn frames_are_read_back(bodies in proptest::collection::vec(proptest::collection::vec(0x20u8..0xff, 0..40), 1..5), cut in 1usize..9) {
            let stream: Vec<u8> = bodies.iter().flat_map(|b| frame(b)).collect();
            let chunks: Vec<&[u8]> = stream.chunks(cut).collect();
            let expected: Vec<Heard> = bodies.iter().map(|b| message(b)).collect();
            for framing in [TOLERANT, STRICT, LITERAL] {
                prop_assert_eq!(hear(framing, &chunks), expected.clone());
            }
        }
    }
}
