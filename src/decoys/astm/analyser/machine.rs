//! An analyser's own port: who is connected hears what it measures, as the serial line behind it
//! would say it, and may send it orders.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use bytes::BytesMut;
use jiff::{SignedDuration, Timestamp};

use super::super::answers::{Download, observed, specimen_of};
use super::super::link::{End, Heard, Link};
use super::super::machine::tell_broken;
use super::super::record::Message;
use super::{Analyser, records};
use crate::event::observation::{MAX_IDS, Mark, RecordKind};
use crate::event::{Observation, Tainted};
use crate::session::{Machine, Next, Outbox, Session, Wake};
use crate::wire::hl7::Text;

/// Results of the last minutes that nobody took are sent first.
const UNSENT: SignedDuration = SignedDuration::from_mins(3);

/// How far ahead is planned at a time.
const AHEAD: SignedDuration = SignedDuration::from_mins(20);

/// A connection is quiet this long before the first call.
const QUIET: SignedDuration = SignedDuration::from_millis(1800);

/// One connection.
pub(super) struct Line {
    analyser: Arc<Analyser>,
    session: Session,
    link: Link,
    /// Whether it counts among those that stand.
    counted: bool,
    /// What was or will be measured, and when.
    due: VecDeque<(Timestamp, String)>,
    /// Until when `due` is known.
    planned: Timestamp,
    sender: Vec<u8>,
}

impl Line {
    pub(super) fn new(analyser: Arc<Analyser>, session: Session) -> Self {
        let link = Link::new(End::Analyser, analyser.behaviour.missing_checksum);
        Line {
            analyser,
            session,
            link,
            counted: false,
            due: VecDeque::new(),
            planned: Timestamp::MIN,
            sender: Vec::new(),
        }
    }

    /// Finds what is measured until some time ahead.
    fn plan(&mut self, from: Timestamp, now: Timestamp) {
        let until = now.checked_add(AHEAD).unwrap_or(Timestamp::MAX);
        let (analyser, session) = (&self.analyser, &self.session);
        let measured =
            session.heavy(|| analyser.world.at(until).measured(&analyser.instrument.code, from, until));
        let due = measured.into_iter().filter_map(|order| Some((order.analysed?, order.specimen)));
        self.due.extend(due);
        self.planned = until;
    }

    fn call(&mut self, now: Timestamp, specimen: &str) {
        let view = self.analyser.world.at(now);
        let Some(order) = view.lab_order(specimen).filter(|order| !order.results.is_empty()) else { return };
        let frames = records::results(&self.analyser, &view, &order);
        let told = vec![Observation::RecordRead {
            subject: RecordKind::LabResult,
            count: 1,
            ids: vec![order.specimen],
        }];
        self.link.send(Download { frames, told }, now);
    }

    fn handle(&mut self, heard: Heard) {
        match heard {
            Heard::Message(raw) => self.message(&raw),
            Heard::Delivering(told) => told.into_iter().for_each(|one| self.session.emit(one)),
            Heard::Broken(rule, sample, length) => tell_broken(&self.session, rule, &sample, length),
        }
    }

    /// Orders for the analyser are taken and told; it answers no questions.
    fn message(&mut self, raw: &[u8]) {
        let text = Text::unnamed(raw, self.analyser.behaviour.charset);
        let messages = Message::split(&text.bytes);
        if messages.is_empty() {
            self.session.malformed("transmission without a header record", raw);
        }
        for message in &messages {
            let sender = message.header().field(5);
            if sender != self.sender {
                let value = Tainted::from_bytes(sender);
                self.session.emit(Observation::Fingerprint { mark: Mark::AstmSender, value });
                self.sender = sender.to_vec();
            }
            self.session.emit(observed(message));
            let orders = message.records().filter(|record| record.kind() == b'O');
            let ids: Vec<Tainted> = orders
                .map(|o| specimen_of(&o, 3).or_else(|| specimen_of(&o, 4)).unwrap_or_default().into())
                .collect();
            if !ids.is_empty() {
                let count = u32::try_from(ids.len()).unwrap_or(u32::MAX);
                let ids = ids.into_iter().take(MAX_IDS).collect();
                self.session.emit(Observation::RecordWrite { subject: RecordKind::Order, count, ids });
            }
        }
    }

    fn settle(&mut self, now: Timestamp, out: &mut Outbox) -> Next {
        if now >= self.planned {
            self.plan(self.planned, now);
        }
        while self.due.front().is_some_and(|(at, _)| *at <= now) {
            if let Some((_, specimen)) = self.due.pop_front() {
                self.call(now, &specimen);
            }
        }
        while let Some(heard) = self.link.tick(now, out) {
            self.handle(heard);
        }
        let next = self.due.front().map_or(self.planned, |(at, _)| *at);
        let left = Duration::try_from(next.duration_since(now)).unwrap_or_default();
        Next::Read(Some(self.link.patience(now).map_or(left, |patience| patience.min(left))))
    }
}

impl Machine for Line {
    fn open(&mut self, now: Timestamp, out: &mut Outbox) -> Next {
        let lines = self.analyser.lines.fetch_add(1, Ordering::Relaxed);
        self.counted = true;
        let most = self.analyser.behaviour.lines;
        if most > 0 && lines >= most {
            return Next::Reset;
        }
        self.plan(now.checked_sub(UNSENT).unwrap_or(now), now);
        let unsent = self.due.iter().take_while(|(at, _)| *at <= now).count();
        // Only the last one is still being offered.
        self.due.drain(..unsent.saturating_sub(1));
        if let Some((at, _)) = self.due.front_mut() {
            *at = (*at).max(now.checked_add(QUIET).unwrap_or(now));
        }
        self.settle(now, out)
    }

    fn receive(&mut self, now: Timestamp, input: &mut BytesMut, out: &mut Outbox) -> Next {
        while let Some(heard) = self.link.next(now, input, out) {
            self.handle(heard);
        }
        self.settle(now, out)
    }

    fn wake(&mut self, now: Timestamp, cause: Wake, out: &mut Outbox) -> Next {
        match cause {
            Wake::PeerClosed => {
                if let Some(heard) = self.link.close() {
                    self.handle(heard);
                }
                Next::Close
            }
            Wake::Deadline | Wake::Thought | Wake::More | Wake::Relay(_) => self.settle(now, out),
        }
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        if self.counted {
            self.analyser.lines.fetch_sub(1, Ordering::Relaxed);
        }
    }
}
