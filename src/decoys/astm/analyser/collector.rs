//! The laboratory's system calls an analyser that doesn't call by itself, and takes what it sends.

use std::time::Duration;

use bytes::BytesMut;
use jiff::{SignedDuration, Timestamp};

use super::super::behaviour::MissingChecksum;
use super::super::link::{End, Heard, Link};
use crate::session::{Machine, Next, Outbox, Wake};

/// How long it stays on the line for a message.
const STAYS: SignedDuration = SignedDuration::from_secs(75);

/// It goes this long after a message.
const LINGERS: SignedDuration = SignedDuration::from_secs(2);

/// The calling end of a connection.
pub(super) struct Collector {
    link: Link,
    until: Option<Timestamp>,
}

impl Collector {
    pub(super) fn new() -> Self {
        Collector { link: Link::new(End::Host, MissingChecksum::Accept), until: None }
    }

    fn settle(&mut self, now: Timestamp, out: &mut Outbox) -> Next {
        while let Some(heard) = self.link.tick(now, out) {
            self.note(now, &heard);
        }
        let left = self.until.map(|until| until.duration_since(now)).unwrap_or_default();
        if left <= SignedDuration::ZERO && self.link.is_idle() {
            return Next::Close;
        }
        let left = Duration::try_from(left).unwrap_or_default().max(Duration::from_millis(50));
        Next::Read(Some(self.link.patience(now).map_or(left, |patience| patience.min(left))))
    }

    fn note(&mut self, now: Timestamp, heard: &Heard) {
        match heard {
            Heard::Message(_) => self.until = now.checked_add(LINGERS).ok(),
            Heard::Broken(..) | Heard::Delivering(_) => {}
        }
    }
}

impl Machine for Collector {
    fn open(&mut self, now: Timestamp, out: &mut Outbox) -> Next {
        self.until = now.checked_add(STAYS).ok();
        self.settle(now, out)
    }

    fn receive(&mut self, now: Timestamp, input: &mut BytesMut, out: &mut Outbox) -> Next {
        while let Some(heard) = self.link.next(now, input, out) {
            self.note(now, &heard);
        }
        self.settle(now, out)
    }

    fn wake(&mut self, now: Timestamp, cause: Wake, out: &mut Outbox) -> Next {
        match cause {
            Wake::PeerClosed => Next::Close,
            Wake::Deadline | Wake::Thought | Wake::More | Wake::Relay(_) => self.settle(now, out),
        }
    }
}
