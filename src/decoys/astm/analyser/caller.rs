//! An analyser's call to the laboratory's system: one message, and the answer when it was a question.

use std::sync::Arc;
use std::time::Duration;

use bytes::BytesMut;
use jiff::{SignedDuration, Timestamp};

use super::super::answers::Download;
use super::super::link::{End, Heard, Link};
use super::plan::{Kind, Planned};
use super::{Analyser, records};
use crate::session::{Machine, Next, Outbox, Wake};

/// An answer to a question that takes longer is not waited for.
const ANSWER: SignedDuration = SignedDuration::from_secs(20);

/// The calling end of a connection.
pub(super) struct Caller {
    analyser: Arc<Analyser>,
    planned: Planned,
    link: Link,
    /// Until when an answer is awaited; `None` when nothing was asked or it has come.
    awaited: Option<Timestamp>,
}

impl Caller {
    pub(super) fn new(analyser: Arc<Analyser>, planned: Planned) -> Self {
        let link = Link::new(End::Analyser, analyser.behaviour.missing_checksum);
        Caller { analyser, planned, link, awaited: None }
    }

    fn note(&mut self, heard: &Heard) {
        match heard {
            Heard::Message(_) => self.awaited = None,
            Heard::Broken(..) | Heard::Delivering(_) => {}
        }
    }

    fn settle(&mut self, now: Timestamp, out: &mut Outbox) -> Next {
        while let Some(heard) = self.link.tick(now, out) {
            self.note(&heard);
        }
        if !self.link.is_idle() {
            return Next::Read(self.link.patience(now));
        }
        match self.awaited {
            Some(until) if until > now => {
                Next::Read(Some(Duration::try_from(until.duration_since(now)).unwrap_or_default()))
            }
            Some(_) | None => Next::Close,
        }
    }
}

impl Machine for Caller {
    fn open(&mut self, now: Timestamp, out: &mut Outbox) -> Next {
        let view = self.analyser.world.at(now);
        let Some(order) = view.lab_order(&self.planned.specimen) else { return Next::Close };
        let frames = match self.planned.kind {
            Kind::Results if order.results.is_empty() => return Next::Close,
            Kind::Results => records::results(&self.analyser, &view, &order),
            Kind::Query => {
                self.awaited = now.checked_add(ANSWER).ok();
                records::query(&self.analyser, &view, &order)
            }
        };
        self.link.send(Download { frames, told: Vec::new() }, now);
        self.settle(now, out)
    }

    fn receive(&mut self, now: Timestamp, input: &mut BytesMut, out: &mut Outbox) -> Next {
        while let Some(heard) = self.link.next(now, input, out) {
            self.note(&heard);
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
