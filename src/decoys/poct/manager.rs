//! The observation reviewer: greets back, asks for results, takes them, ends.

use std::sync::Arc;
use std::time::Duration;

use bytes::BytesMut;
use jiff::Timestamp;

use super::Port;
use super::messages;
use super::xml::{Document, Reading, next_document};
use crate::event::{Observation, Tainted};
use crate::session::{Machine, Next, Outbox, Session, Wake, WrittenResult};
use crate::wire::probe;

/// Messages of one conversation: more is a peer that never ends.
const MAX_MESSAGES: u32 = 5000;

/// Most results taken of one message.
const MAX_RESULTS: usize = 200;

/// One conversation.
pub(super) struct Manager {
    port: Arc<Port>,
    session: Session,
    greeted: bool,
    /// What the device calls itself.
    device: String,
    control_id: u64,
    messages: u32,
}

impl Manager {
    pub(super) fn new(port: Arc<Port>, session: Session) -> Self {
        Manager { port, session, greeted: false, device: String::new(), control_id: 0, messages: 0 }
    }

    fn next_id(&mut self) -> u64 {
        self.control_id += 1;
        self.control_id
    }

    fn listen(&self) -> Next {
        Next::Read(Some(Duration::from_secs(self.port.behaviour.timeout_seconds)))
    }

    /// Answers one message; `true` when the conversation is over.
    fn take(&mut self, now: Timestamp, document: &Document, out: &mut Outbox) -> bool {
        let view = self.port.world.at(now);
        let (kind, of) = (document.root.as_str(), document.value("HDR.control_id").to_owned());
        let fault = match kind {
            "HEL.R01" => None,
            _ if !self.greeted => Some("Unexpected message: HEL.R01 expected"),
            "DST.R01" | "OBS.R01" | "EOT.R01" | "END.R01" | "KPA.R01" | "EVS.R01" => None,
            "ACK.R01" | "ESC.R01" => None,
            _ => Some("Message type not supported"),
        };
        let answer = match (kind, fault) {
            ("ACK.R01" | "ESC.R01", None) => "",
            (_, None) => "AA",
            (_, Some(_)) => "AE",
        };
        self.session.emit(Observation::Message {
            message_type: Tainted::new(kind),
            control_id: Tainted::new(of.as_str()),
            answer: answer.to_owned(),
            detail: None,
        });
        if !answer.is_empty() {
            let id = self.next_id();
            out.send(messages::acknowledgement(&view, id, &of, fault));
        }
        if fault.is_some() {
            return false;
        }
        let mut say = |manager: &mut Self, kind: &str, body: &str| {
            let id = manager.next_id();
            out.send(messages::message(&view, kind, id, body));
        };
        match kind {
            "HEL.R01" => {
                self.greeted = true;
                self.device = device_of(document);
            }
            "DST.R01" if document.value("DST.new_observations_qty") != "0" => {
                say(self, "REQ.R01", &messages::request("ROBS"));
            }
            "DST.R01" | "EOT.R01" => say(self, "END.R01", &messages::conversation_ends()),
            "OBS.R01" => self.results(now, document),
            "END.R01" | "ESC.R01" => return true,
            _ => {}
        }
        false
    }

    /// Takes the results of one message under their order.
    fn results(&self, now: Timestamp, document: &Document) {
        let number = document.value("ORD.order_id");
        let known = self.port.world.at(now).lab_order(number);
        let specimen = known.as_ref().map_or(number, |order| &order.specimen);
        let items = known.as_ref().map(|order| order.items.as_slice()).unwrap_or_default();
        let results = document.groups("OBS").take(MAX_RESULTS).map(|group| {
            let id = group.value("OBS.observation_id");
            WrittenResult {
                code: items.iter().find(|item| item.loinc == id).map_or(id, |item| item.code).to_owned(),
                value: group.value("OBS.value").to_owned(),
                unit: group.unit("OBS.value").to_owned(),
                range: String::new(),
                flag: group.value("OBS.interpretation_cd").to_owned(),
                by: self.device.clone(),
                at: now,
            }
        });
        self.session.write_results(specimen, results.filter(|result| !result.value.is_empty()).collect());
    }
}

/// What a device calls itself: its name, else its model.
fn device_of(document: &Document) -> String {
    let named = ["DEV.device_name", "DEV.model_id", "DEV.device_id"];
    named.iter().map(|name| document.value(name)).find(|v| !v.is_empty()).unwrap_or_default().to_owned()
}

/// Tells of what is no message, or of the scanner that it shows.
pub(super) fn tell_broken(session: &Session, rule: &str, input: &[u8]) {
    match probe::means(input) {
        Some(means) => session.emit(Observation::Probe { means: means.to_owned() }),
        None => session.malformed(rule, input),
    }
}

impl Machine for Manager {
    fn open(&mut self, _: Timestamp, _: &mut Outbox) -> Next {
        self.listen()
    }

    fn receive(&mut self, now: Timestamp, input: &mut BytesMut, out: &mut Outbox) -> Next {
        loop {
            match next_document(input) {
                Reading::More => return self.listen(),
                Reading::Broken(rule) => {
                    tell_broken(&self.session, rule, input);
                    return Next::Close;
                }
                Reading::Document(document) => {
                    self.messages += 1;
                    if self.take(now, &document, out) || self.messages >= MAX_MESSAGES {
                        return Next::Close;
                    }
                }
            }
        }
    }

    fn wake(&mut self, _: Timestamp, cause: Wake, _: &mut Outbox) -> Next {
        match cause {
            Wake::PeerClosed | Wake::Deadline => Next::Close,
            Wake::Thought | Wake::More | Wake::Relay(_) => self.listen(),
        }
    }
}
