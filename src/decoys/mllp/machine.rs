//! The connection: frames in, one message after another, answers out.

use std::collections::VecDeque;
use std::time::Duration;

use bytes::BytesMut;
use jiff::Timestamp;
use rand::RngExt;
use rand::rngs::StdRng;

use super::Station;
use super::exchange::Exchange;
use crate::event::Observation;
use crate::session::{Machine, Next, Outbox, Session, Wake};
use crate::wire::hl7::{Deframer, Heard};
use crate::wire::probe;

/// Silence after which bytes outside a frame are told: no frame is coming to end them.
const NOISE_ENDS: Duration = Duration::from_secs(2);

/// One connection to an engine. It stays open until the peer ends it.
pub struct MllpMachine {
    station: Station,
    session: Session,
    exchange: Exchange,
    deframer: Deframer,
    /// Input that waits while the engine thinks: it takes one message at a time.
    waiting: BytesMut,
    /// Answers to the message that is being thought about.
    held: VecDeque<Vec<u8>>,
    pace: StdRng,
}

impl MllpMachine {
    /// A connection that was just accepted.
    pub fn new(station: Station, session: Session) -> Self {
        let deframer = Deframer::new(station.behaviour().framing);
        let pace = session.rng("mllp/pace");
        let exchange = Exchange::new(station.clone(), session.clone());
        MllpMachine {
            station,
            session,
            exchange,
            deframer,
            waiting: BytesMut::new(),
            held: VecDeque::new(),
            pace,
        }
    }

    fn proceed(&mut self, now: Timestamp, out: &mut Outbox) -> Next {
        loop {
            match self.deframer.next(&mut self.waiting) {
                None => return self.listen(),
                Some(Heard::Noise(sample, length)) => self.tell_noise(&sample, length),
                Some(Heard::Broken(rule, sample)) => {
                    self.tell_broken(rule, &sample);
                    return Next::Close;
                }
                Some(Heard::Message(raw)) => {
                    self.held.extend(self.exchange.answer(now, &raw));
                    let delay = self.delay();
                    if !delay.is_zero() {
                        return Next::Think(delay);
                    }
                    self.release(out);
                }
            }
        }
    }

    fn release(&mut self, out: &mut Outbox) {
        for answer in self.held.drain(..) {
            out.send(answer);
        }
    }

    fn listen(&self) -> Next {
        if self.deframer.hears_noise() {
            return Next::Read(Some(NOISE_ENDS));
        }
        let idle = self.station.behaviour().idle_seconds;
        Next::Read((idle > 0).then(|| Duration::from_secs(idle)))
    }

    fn delay(&mut self) -> Duration {
        let [shortest, longest] = self.station.behaviour().think_ms;
        let delay = Duration::from_millis(self.pace.random_range(shortest..=longest));
        self.session.pace(delay)
    }

    fn tell_rest(&mut self) {
        match self.deframer.close() {
            Some(Heard::Noise(sample, length)) => self.tell_noise(&sample, length),
            Some(Heard::Broken(rule, sample)) => self.tell_broken(rule, &sample),
            Some(Heard::Message(_)) | None => {}
        }
    }

    fn tell_noise(&self, sample: &[u8], length: usize) {
        match probe::means(sample) {
            Some(means) => self.session.emit(Observation::Probe { means: means.to_owned() }),
            None if sample.starts_with(b"MSH") => self.session.malformed("message without a frame", sample),
            None => self.session.emit(Observation::Malformed {
                rule: "bytes before the start block".to_owned(),
                sample: hex::encode(sample),
                length: u64::try_from(length).unwrap_or(u64::MAX),
            }),
        }
    }

    fn tell_broken(&self, rule: &str, sample: &[u8]) {
        match probe::means(sample) {
            Some(means) => self.session.emit(Observation::Probe { means: means.to_owned() }),
            None => self.session.malformed(rule, sample),
        }
    }
}

impl Machine for MllpMachine {
    fn open(&mut self, _now: Timestamp, _out: &mut Outbox) -> Next {
        self.listen()
    }

    fn receive(&mut self, now: Timestamp, input: &mut BytesMut, out: &mut Outbox) -> Next {
        self.waiting.unsplit(input.split());
        self.proceed(now, out)
    }

    fn wake(&mut self, now: Timestamp, cause: Wake, out: &mut Outbox) -> Next {
        match cause {
            Wake::Thought => {
                self.release(out);
                self.proceed(now, out)
            }
            Wake::PeerClosed => {
                self.release(out);
                self.tell_rest();
                Next::Close
            }
            Wake::Deadline if self.deframer.hears_noise() => {
                self.tell_rest();
                self.listen()
            }
            Wake::Deadline => Next::Close,
            Wake::More | Wake::Relay(_) => self.listen(),
        }
    }
}
