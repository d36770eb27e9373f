//! Transmissions in, downloads out: results are kept for their sender, queries are answered.

use std::sync::Arc;

use jiff::Timestamp;

use super::Behaviour;
use super::download::{self, Subject};
use super::record::{Message, Record, Writer};
use crate::event::detail::{Astm, Detail};
use crate::event::observation::{MAX_IDS, Mark, RecordKind};
use crate::event::{Observation, Tainted};
use crate::session::Session;
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
        let written = self.keep_results(message);
        self.session.emit(observed(message));
        if !written.is_empty() {
            self.session.emit(Observation::RecordWrite {
                subject: RecordKind::LabResult,
                count: u32::try_from(written.len()).unwrap_or(u32::MAX),
                ids: written.into_iter().take(MAX_IDS).collect(),
            });
        }
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

    /// Keeps each result under its specimen, in standard delimiters; gives the specimens, one per
    /// result.
    fn keep_results(&self, message: &Message<'_>) -> Vec<Tainted> {
        let mut specimen = String::new();
        let mut written = Vec::new();
        let mut kept = String::new();
        for record in message.records() {
            match record.kind() {
                b'O' => {
                    self.keep(&specimen, std::mem::take(&mut kept));
                    specimen =
                        specimen_of(&record, 3).or_else(|| specimen_of(&record, 4)).unwrap_or_default();
                }
                b'R' => {
                    copy_result(&mut kept, &record);
                    written.push(Tainted::new(specimen.as_str()));
                }
                _ => {}
            }
        }
        self.keep(&specimen, kept);
        written
    }

    /// A full overlay loses the result, as a full table would; the analyser was acknowledged frame
    /// by frame and learns nothing of it.
    fn keep(&self, specimen: &str, results: String) {
        if !results.is_empty() {
            self.session.overlay().put(results_key(specimen), results.into_bytes());
        }
    }

    fn query(&self, now: Timestamp, message: &Message<'_>, query: &Record<'_>) -> Option<Download> {
        let subject = Subject::of(query);
        let view = self.session.world().at(now);
        let (download, answers) =
            download::answer(&self.behaviour, &self.session, &view, &subject, message.header().field(5))?;
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

/// Where this peer's own results of a specimen are kept.
pub(super) fn results_key(specimen: &str) -> String {
    format!("astm:results:{specimen}")
}

/// The specimen id in a field: the component that looks like a barcode, else the first that is not
/// empty. Analysers put rack and position before or after it.
pub(super) fn specimen_of(record: &Record<'_>, field: usize) -> Option<String> {
    let components = record.components(record.repetitions(field).next()?);
    let barcode = components.iter().find(|c| c.len() >= 8 && c.bytes().all(|b| b.is_ascii_digit()));
    barcode.or_else(|| components.iter().find(|c| !c.is_empty())).cloned()
}

/// with the standard delimiters; type and number are given when it is read back.
fn copy_result(out: &mut String, record: &Record<'_>) {
    let mut w = Writer::default();
    w.record("");
    for n in 3..=13 {
        let first = record.repetitions(n).next().map(|part| record.components(part)).unwrap_or_default();
        w.put(n - 2, &first.iter().map(String::as_str).collect::<Vec<_>>());
    }
    out.push_str(&w.finish());
}

fn observed(message: &Message<'_>) -> Observation {
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
