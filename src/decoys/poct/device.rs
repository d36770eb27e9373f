//! A device: greets, tells its status, gives its results when asked, ends.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use bytes::BytesMut;
use jiff::{SignedDuration, Timestamp};

use super::manager::tell_broken;
use super::xml::{Document, Reading, next_document};
use super::{Port, messages};
use crate::event::observation::RecordKind;
use crate::event::{Observation, Tainted};
use crate::session::{Machine, Next, Outbox, Session, Wake};
use crate::world::LabOrder;

/// How far back its results are kept.
const KEPT: SignedDuration = SignedDuration::from_hours(24);

/// Where the conversation stands: what was sent and is not acknowledged, or what is awaited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Greeted,
    Told,
    /// Its status is acknowledged; the reviewer asks or ends.
    Idle,
    Observing,
    TopicEnded,
    Ended,
}

/// One conversation.
pub(super) struct Device {
    port: Arc<Port>,
    /// Of who called; the device's own calls have none.
    session: Option<Session>,
    stage: Stage,
    /// Specimens whose results are to be told.
    waiting: VecDeque<String>,
    control_id: u64,
}

impl Device {
    /// A conversation with somebody who called.
    pub(super) fn asked(port: Arc<Port>, session: Session) -> Self {
        Device {
            port,
            session: Some(session),
            stage: Stage::Greeted,
            waiting: VecDeque::new(),
            control_id: 0,
        }
    }

    /// A call of its own about one specimen.
    pub(super) fn calling(port: Arc<Port>, specimen: String) -> Self {
        let waiting = VecDeque::from([specimen]);
        Device { port, session: None, stage: Stage::Greeted, waiting, control_id: 0 }
    }

    fn say(&mut self, now: Timestamp, kind: &str, body: &str, out: &mut Outbox) {
        self.control_id += 1;
        out.send(messages::message(&self.port.world.at(now), kind, self.control_id, body));
    }

    fn listen(&self) -> Next {
        Next::Read(Some(Duration::from_secs(self.port.behaviour.timeout_seconds)))
    }

    /// Its last results, for who calls.
    fn kept(&self, now: Timestamp) -> VecDeque<String> {
        let view = self.port.world.at(now);
        let measured = || view.measured(&self.port.behaviour.instrument, now - KEPT, now);
        let measured: Vec<LabOrder> = self.session.as_ref().map(|s| s.heavy(measured)).unwrap_or_default();
        let skipped = measured.len().saturating_sub(self.port.behaviour.keeps);
        measured.into_iter().skip(skipped).map(|order| order.specimen).collect()
    }

    /// The next of its results, or the end of the topic.
    fn observe(&mut self, now: Timestamp, out: &mut Outbox) {
        let view = self.port.world.at(now);
        while let Some(specimen) = self.waiting.pop_front() {
            let Some(order) = view.lab_order(&specimen).filter(|order| !order.results.is_empty()) else {
                continue;
            };
            if let Some(session) = &self.session {
                let (subject, ids) = (RecordKind::LabResult, vec![specimen]);
                session.emit(Observation::RecordRead { subject, count: 1, ids });
            }
            self.stage = Stage::Observing;
            self.say(now, "OBS.R01", &messages::observations(&view, &order), out);
            return;
        }
        self.stage = Stage::TopicEnded;
        self.say(now, "EOT.R01", &messages::topic_ends(), out);
    }

    fn acknowledge(&mut self, now: Timestamp, document: &Document, fault: Option<&str>, out: &mut Outbox) {
        self.control_id += 1;
        let of = document.value("HDR.control_id");
        out.send(messages::acknowledgement(&self.port.world.at(now), self.control_id, of, fault));
    }

    /// Goes on after an acknowledgement.
    fn acknowledged(&mut self, now: Timestamp, out: &mut Outbox) {
        match self.stage {
            Stage::Greeted => {
                let view = self.port.world.at(now);
                let body =
                    self.port.instrument.as_ref().map(|i| messages::status(i, &view, self.waiting.len()));
                self.stage = Stage::Told;
                self.say(now, "DST.R01", &body.unwrap_or_default(), out);
            }
            Stage::Told | Stage::TopicEnded => self.stage = Stage::Idle,
            Stage::Observing => self.observe(now, out),
            Stage::Idle | Stage::Ended => {}
        }
    }

    /// Answers one message; `true` when the conversation is over.
    fn take(&mut self, now: Timestamp, document: &Document, out: &mut Outbox) -> bool {
        if let Some(session) = &self.session {
            session.emit(Observation::Message {
                message_type: Tainted::new(document.root.as_str()),
                control_id: Tainted::new(document.value("HDR.control_id")),
                answer: if document.root == "ACK.R01" { String::new() } else { "AA".to_owned() },
                detail: None,
            });
        }
        match document.root.as_str() {
            "ACK.R01" => {
                let refused = document.value("ACK.type_cd") == "AE";
                if refused || self.stage == Stage::Ended {
                    return true;
                }
                self.acknowledged(now, out);
            }
            "REQ.R01" if document.value("REQ.request_cd") == "ROBS" && self.stage != Stage::Greeted => {
                self.acknowledge(now, document, None, out);
                self.asked_for_results(document);
                self.observe(now, out);
            }
            "REQ.R01" | "DTV.R01" | "OPL.R01" | "PTL.R01" => {
                self.acknowledge(now, document, Some("Not supported"), out);
            }
            "END.R01" | "ESC.R01" => {
                self.acknowledge(now, document, None, out);
                return true;
            }
            _ => self.acknowledge(now, document, Some("Unexpected message"), out),
        }
        false
    }

    fn asked_for_results(&self, document: &Document) {
        if let Some(session) = &self.session {
            session.emit(Observation::Query {
                subject: RecordKind::LabResult,
                filter: Tainted::new(document.value("REQ.request_cd")),
                answers: u32::try_from(self.waiting.len()).unwrap_or(u32::MAX),
                unbounded: true,
                detail: None,
            });
        }
    }
}

impl Machine for Device {
    fn open(&mut self, now: Timestamp, out: &mut Outbox) -> Next {
        if self.session.is_some() {
            self.waiting = self.kept(now);
        }
        let Some(instrument) = self.port.instrument.clone() else { return Next::Close };
        let body = messages::greeting(&instrument, self.port.behaviour.timeout_seconds);
        self.say(now, "HEL.R01", &body, out);
        self.listen()
    }

    fn receive(&mut self, now: Timestamp, input: &mut BytesMut, out: &mut Outbox) -> Next {
        loop {
            match next_document(input) {
                Reading::More => return self.listen(),
                Reading::Broken(rule) => {
                    if let Some(session) = &self.session {
                        tell_broken(session, rule, input);
                    }
                    return Next::Close;
                }
                Reading::Document(document) if self.take(now, &document, out) => return Next::Close,
                Reading::Document(_) => {}
            }
        }
    }

    fn wake(&mut self, now: Timestamp, cause: Wake, out: &mut Outbox) -> Next {
        match cause {
            Wake::PeerClosed => Next::Close,
            // Nobody answers: the conversation is ended.
            Wake::Deadline if self.stage == Stage::Ended => Next::Close,
            Wake::Deadline => {
                self.stage = Stage::Ended;
                self.say(now, "END.R01", &messages::conversation_ends(), out);
                self.listen()
            }
            Wake::Thought | Wake::More | Wake::Relay(_) => self.listen(),
        }
    }
}
