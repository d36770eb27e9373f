//! Transmissions in, downloads out: results are kept for their sender, queries are answered.

use std::sync::Arc;

use jiff::Timestamp;

use super::Behaviour;
use super::behaviour::Driver;
use super::download::{self, Subject};
use super::record::{Message, Record};
use crate::event::detail::{Astm, Detail};
use crate::event::observation::{Mark, RecordKind};
use crate::event::{Observation, Tainted};
use crate::session::{Session, WrittenResult};
use crate::wire::hl7::Text;

/// A message on its way to the analyser.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Download {
    /// Its frames.
    pub(super) frames: Vec<Vec<u8>>,
    /// What is told once it goes out.
    pub(super) told: Vec<Observation>,
}

/// One line's side of the conversation.
pub(super) struct Answers {
    behaviour: Arc<Behaviour>,
    session: Session,
    /// H-5 of the message before.
    sender: Vec<u8>,
}

impl Answers {
    pub(super) fn new(behaviour: Arc<Behaviour>, session: Session) -> Self {
        Answers { behaviour, session, sender: Vec::new() }
    }

    /// Takes a transmission; gives what has to be sent for it.
    pub(super) fn take(&mut self, now: Timestamp, raw: &[u8]) -> Vec<Download> {
        let text = Text::unnamed(raw, self.behaviour.charset);
        let messages = Message::split(&text.bytes);
        if messages.is_empty() {
            self.session.malformed("transmission without a header record", raw);
        }
        messages.iter().flat_map(|message| self.message(now, message)).collect()
    }

    fn message(&mut self, now: Timestamp, message: &Message<'_>) -> Vec<Download> {
        self.note_sender(message);
        self.session.emit(observed(message));
        self.take_results(now, message);
        let queries = message.records().filter(|record| record.kind() == b'Q');
        queries.filter_map(|query| self.query(now, message, &query)).collect()
    }

    fn note_sender(&mut self, message: &Message<'_>) {
        let sender = message.header().field(5);
        if sender != self.sender {
            let value = Tainted::from_bytes(sender);
            self.session.emit(Observation::Fingerprint { mark: Mark::AstmSender, value });
            self.sender = sender.to_vec();
        }
    }

    /// Takes each result under the specimen of its order.
    fn take_results(&self, now: Timestamp, message: &Message<'_>) {
        let sender = message.header().field(5);
        let driver = self.behaviour.driver_of(sender);
        let (mut specimen, mut results) = (String::new(), Vec::new());
        for record in message.records() {
            match record.kind() {
                b'O' => {
                    self.session.write_results(&specimen, std::mem::take(&mut results));
                    specimen =
                        specimen_of(&record, 3).or_else(|| specimen_of(&record, 4)).unwrap_or_default();
                }
                b'R' => results.push(result(&record, driver, sender, now)),
                _ => {}
            }
        }
        self.session.write_results(&specimen, results);
    }

    fn query(&self, now: Timestamp, message: &Message<'_>, query: &Record<'_>) -> Option<Download> {
        let subject = Subject::of(query);
        let view = self.session.world().at(now);
        let (download, answers) =
            download::answer(&self.behaviour, &self.session, &view, &subject, &message.header())?;
        self.session.emit(Observation::Query {
            subject: RecordKind::Order,
            filter: Tainted::from_bytes(query.raw()),
            answers,
            unbounded: subject.unbounded(),
            detail: None,
        });
        Some(download)
    }
}

/// The specimen id in a field: the component that looks like a barcode, else the first that is not
/// empty. Analysers put rack and position before or after it.
pub(super) fn specimen_of(record: &Record<'_>, field: usize) -> Option<String> {
    let components = record.components(record.repetitions(field).next()?);
    let barcode = components.iter().find(|c| c.len() >= 8 && c.bytes().all(|b| b.is_ascii_digit()));
    barcode.or_else(|| components.iter().find(|c| !c.is_empty())).cloned()
}

/// A result as it was sent, under the laboratory's own code where a driver knows it.
fn result(record: &Record<'_>, driver: Option<&Driver>, sender: &[u8], at: Timestamp) -> WrittenResult {
    let first =
        |n: usize| record.repetitions(n).next().map(|part| record.components(part)).unwrap_or_default();
    let text = |n: usize| first(n).join("^");
    let code = test_code(&first(3));
    WrittenResult {
        code: driver.map_or(code.as_str(), |driver| driver.own_code(&code)).to_owned(),
        value: text(4),
        unit: text(5),
        range: text(6),
        flag: text(7),
        by: String::from_utf8_lossy(sender.split(|b| *b == b'^').next().unwrap_or_default()).into_owned(),
        at,
    }
}

/// The test's code in a universal test id: the fourth component (E1394 6.6.1), or the fifth where
/// haematology lines put it; without what cobas adds behind a slash.
fn test_code(components: &[String]) -> String {
    let code = components.get(3..).unwrap_or(components).iter().find(|c| !c.is_empty());
    code.and_then(|code| code.split('/').next()).unwrap_or_default().to_owned()
}

pub(super) fn observed(message: &Message<'_>) -> Observation {
    let kinds: Vec<u8> = message.records().map(|record| record.kind()).collect();
    // The record that says what the message is for.
    let purpose = [b"Q", b"R", b"O", b"M", b"P"].into_iter().find(|kind| kinds.contains(&kind[0]));
    Observation::Message {
        message_type: Tainted::from_bytes(purpose.map_or(b"H", |kind| kind)),
        control_id: Tainted::from_bytes(message.header().field(3)),
        answer: "ACK".to_owned(),
        detail: Some(Detail::Astm(Astm {
            sender: Tainted::from_bytes(message.header().field(5)),
            records: Tainted::from_bytes(&kinds),
        })),
    }
}
