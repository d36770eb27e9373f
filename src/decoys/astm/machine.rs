//! The connection: the link below, records above.

use std::sync::Arc;
use std::time::Duration;

use bytes::BytesMut;
use jiff::{SignedDuration, Timestamp};
use rand::RngExt;
use rand::rngs::StdRng;

use super::Behaviour;
use super::answers::Answers;
use super::link::{End, Heard, Link};
use crate::event::Observation;
use crate::session::{Machine, Next, Outbox, Session, Wake};
use crate::wire::probe;

/// One analyser's line. It stays open until the peer ends it.
pub struct AstmMachine {
    behaviour: Arc<Behaviour>,
    session: Session,
    link: Link,
    answers: Answers,
    pace: StdRng,
}

impl AstmMachine {
    /// A connection that was just accepted.
    pub fn new(behaviour: Arc<Behaviour>, session: Session) -> Self {
        let link = Link::new(End::Host, behaviour.missing_checksum);
        let answers = Answers::new(Arc::clone(&behaviour), session.clone());
        let pace = session.rng("astm/pace");
        AstmMachine { behaviour, session, link, answers, pace }
    }

    fn handle(&mut self, now: Timestamp, heard: Heard) {
        match heard {
            Heard::Message(text) => {
                for download in self.answers.take(now, &text) {
                    let [shortest, longest] = self.behaviour.answer_ms;
                    let delay = Duration::from_millis(self.pace.random_range(shortest..=longest));
                    let delay =
                        SignedDuration::try_from(self.session.pace(delay)).unwrap_or(SignedDuration::ZERO);
                    let at = now.checked_add(delay).unwrap_or(now);
                    self.link.send(download, at);
                }
            }
            Heard::Delivering(told) => told.into_iter().for_each(|one| self.session.emit(one)),
            Heard::Broken(rule, sample, length) => tell_broken(&self.session, rule, &sample, length),
        }
    }

    fn settle(&mut self, now: Timestamp, out: &mut Outbox) -> Next {
        while let Some(heard) = self.link.tick(now, out) {
            self.handle(now, heard);
        }
        Next::Read(self.link.patience(now))
    }
}

impl Machine for AstmMachine {
    fn open(&mut self, now: Timestamp, _out: &mut Outbox) -> Next {
        Next::Read(self.link.patience(now))
    }

    fn receive(&mut self, now: Timestamp, input: &mut BytesMut, out: &mut Outbox) -> Next {
        while let Some(heard) = self.link.next(now, input, out) {
            self.handle(now, heard);
            if let Some(heard) = self.link.tick(now, out) {
                self.handle(now, heard);
            }
        }
        self.settle(now, out)
    }

    fn wake(&mut self, now: Timestamp, cause: Wake, out: &mut Outbox) -> Next {
        match cause {
            Wake::PeerClosed => {
                if let Some(heard) = self.link.close() {
                    self.handle(now, heard);
                }
                Next::Close
            }
            Wake::Deadline | Wake::Thought | Wake::More | Wake::Relay(_) => self.settle(now, out),
        }
    }
}

/// Tells of what broke the protocol, or of the scanner that it shows.
pub(super) fn tell_broken(session: &Session, rule: &str, sample: &[u8], length: usize) {
    match probe::means(sample) {
        Some(means) => session.emit(Observation::Probe { means: means.to_owned() }),
        None => session.emit(Observation::Malformed {
            rule: rule.to_owned(),
            sample: hex::encode(sample),
            length: u64::try_from(length).unwrap_or(u64::MAX),
        }),
    }
}
