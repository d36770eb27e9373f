//! One message in, its answers out.

use jiff::Timestamp;

use super::acknowledge::{By, Level, Outcome, Reply, levels};
use super::behaviour::{Batches, NotHl7, Refusal};
use super::{Station, accept, query, values};
use crate::event::detail::{Detail, Hl7};
use crate::event::observation::Mark;
use crate::event::{Observation, Tainted};
use crate::session::Session;
use crate::wire::hl7::{Delimiters, Message, Segment, Text, Writer, frame, split};
use crate::world::View;

/// Shortest text that an engine cuts at all; below it there is no room for a header's delimiters.
const SHORTEST_HEADER: usize = 9;

/// One connection's side of the conversation.
pub(super) struct Exchange {
    station: Station,
    session: Session,
    /// MSH-3 and MSH-4 of the message before.
    sender: Vec<u8>,
}

impl Exchange {
    pub(super) fn new(station: Station, session: Session) -> Self {
        Exchange { station, session, sender: Vec::new() }
    }

    /// Answers what one frame held: a message, a batch of them, or neither. Gives whole frames.
    pub(super) fn answer(&mut self, now: Timestamp, raw: &[u8]) -> Vec<Vec<u8>> {
        let text = Text::decode(raw, self.station.behaviour().charset);
        let answers = if Message::is_batch(&text.bytes) {
            self.batch(now, &text.bytes)
        } else {
            self.message(now, &text.bytes)
        };
        answers.into_iter().map(|answer| frame(&text.charset.encode(answer))).collect()
    }

    /// Answers a batch as the engine does; what is in it is taken message by message in any case.
    fn batch(&mut self, now: Timestamp, raw: &[u8]) -> Vec<Vec<u8>> {
        let messages = split(raw);
        if messages.is_empty() {
            self.session.malformed("batch without messages", raw);
        } else if trailer_count(raw).is_some_and(|count| count != messages.len()) {
            self.session.malformed("batch trailer counts otherwise", raw);
        }
        let mode = self.station.behaviour().acknowledgement.batches;
        let answers: Vec<Vec<u8>> = messages.into_iter().flat_map(|one| self.message(now, one)).collect();
        match mode {
            Batches::Each => answers,
            Batches::Silence => Vec::new(),
            Batches::Batch => vec![self.joined(now, raw, &answers)],
        }
    }

    /// A batch of acknowledgements, 2.10.3.2: header and trailer name the batch that they answer.
    fn joined(&self, now: Timestamp, raw: &[u8], answers: &[Vec<u8>]) -> Vec<u8> {
        let view = self.session.world().at(now);
        let at = raw.windows(3).position(|three| three == b"BHS").unwrap_or(0);
        let head = raw.get(at..).unwrap_or_default();
        let Some(delimiters) = Delimiters::of_header(head) else { return answers.concat() };
        let end = head.iter().position(|b| matches!(b, b'\r' | b'\n')).unwrap_or(head.len());
        let asked = Segment::new(head.get(..end).unwrap_or_default(), delimiters);
        let time = super::acknowledge::stamp(view.local(now));
        let mut w = Writer::new(delimiters);
        w.header("BHS")
            .verbatim(3, asked.field(5).raw())
            .verbatim(4, asked.field(6).raw())
            .verbatim(5, asked.field(3).raw())
            .verbatim(6, asked.field(4).raw())
            .put(7, &time)
            .put(11, &time)
            .verbatim(12, asked.field(11).raw());
        let mut out = w.finish();
        out.extend(answers.iter().flatten());
        let mut w = Writer::new(delimiters);
        w.segment("BTS").put(1, &answers.len().to_string());
        out.extend(w.finish());
        out
    }

    /// Answers one message, in UTF-8 and without frames.
    fn message(&mut self, now: Timestamp, raw: &[u8]) -> Vec<Vec<u8>> {
        let view = self.session.world().at(now);
        let station = self.station.clone();
        let message = match Message::parse(raw) {
            Ok(message) => message,
            Err(error) => {
                self.session.malformed(&error.to_string(), raw);
                return self.not_a_message(&view, raw).into_iter().collect();
            }
        };
        if !message.delimiters().sound() {
            self.session.malformed("delimiters of MSH are not five different signs", raw);
        }
        self.note_sender(&message);
        let reply = reply(&station, &message, &view);
        let (answers, codes) = self.dispatch(&reply, &view);
        self.session.emit(observed(&message, &codes));
        answers
    }

    /// Answers in UTF-8 and their codes.
    fn dispatch(&self, reply: &Reply<'_>, view: &View) -> (Vec<Vec<u8>>, Vec<&'static str>) {
        let outcome = match triage(reply) {
            Err(outcome) => outcome,
            Ok(()) if query::is_query(reply.message) => match query::answer(reply, view, &self.session) {
                Ok(answer) => return with_accept(reply, answer),
                Err(outcome) => outcome,
            },
            Ok(()) => accept::take(reply, &self.session),
        };
        let conditions = self.station.behaviour().acknowledgement.conditions;
        let levels = levels(reply.message, &outcome, conditions);
        let answers = levels.iter().map(|level| reply.acknowledge(*level, &outcome)).collect();
        (answers, levels.iter().map(|level| outcome.code(*level)).collect())
    }

    fn not_a_message(&self, view: &View, raw: &[u8]) -> Option<Vec<u8>> {
        let behaviour = self.station.behaviour();
        match behaviour.acknowledgement.not_hl7 {
            NotHl7::Silence => None,
            NotHl7::Refuse if raw.len() < SHORTEST_HEADER => None,
            NotHl7::Refuse => {
                let message = Message::parse_unchecked(raw)?;
                let outcome = refused(&behaviour.refuses.content, "MSH", Some(("MSH", 0)));
                Some(reply(&self.station, &message, view).acknowledge(Level::Application, &outcome))
            }
        }
    }

    fn note_sender(&mut self, message: &Message<'_>) {
        let (application, facility) = (message.msh(3).raw(), message.msh(4).raw());
        let sender = [application, b"|", facility].concat();
        if sender != self.sender {
            let value = Tainted::from_bytes(&sender);
            self.session.emit(Observation::Fingerprint { mark: Mark::HlSender, value });
            self.sender = sender;
        }
    }
}

/// A query's response, after the accept acknowledgement where one was asked for.
fn with_accept(reply: &Reply<'_>, response: Vec<u8>) -> (Vec<Vec<u8>>, Vec<&'static str>) {
    let outcome = Outcome::Accepted;
    let conditions = reply.station.behaviour().acknowledgement.conditions;
    if levels(reply.message, &outcome, conditions).contains(&Level::Accept) {
        (vec![reply.acknowledge(Level::Accept, &outcome), response], vec!["CA", "AA"])
    } else {
        (vec![response], vec!["AA"])
    }
}

fn reply<'a>(station: &'a Station, message: &'a Message<'a>, view: &View) -> Reply<'a> {
    Reply {
        station,
        message,
        now: view.now(),
        local: view.local(view.now()),
        offset_minutes: view.hospital().utc_offset_minutes,
    }
}

/// MSH-12, MSH-9 and MSH-11, in the order in which parsers meet them, HL7 v2.5.1 2.9.2.
fn triage(reply: &Reply<'_>) -> Result<(), Outcome> {
    let behaviour = reply.station.behaviour();
    let (accepts, refuses) = (&behaviour.accepts, &behaviour.refuses);
    let listed = |list: &[String], value: &str| list.iter().any(|one| one == value);
    let version = reply.message.msh(12).component(1).text();
    if !version.is_empty() && !listed(&accepts.versions, &version) {
        return Err(given_up(&refuses.version, &version, None));
    }
    let kind = message_type(reply.message);
    if !kind.contains('^') {
        let refusal = refuses.structure.as_ref().unwrap_or(&refuses.message_type);
        return Err(given_up(refusal, if kind.is_empty() { "null" } else { &kind }, None));
    }
    if behaviour.acknowledgement.validates
        && let Some((value, place)) = values::wrong(reply.message)
    {
        let refusal = refuses.value.as_ref().unwrap_or(&refuses.content);
        return Err(given_up(refusal, &value, Some(place)));
    }
    if !listed(&accepts.messages, &kind) {
        return Err(refused(&refuses.message_type, &kind, None));
    }
    let processing = reply.message.msh(11).component(1).text();
    let any = accepts.processing_ids.is_empty() || processing.is_empty();
    if !any && !listed(&accepts.processing_ids, &processing) {
        return Err(refused(&refuses.processing_id, &processing, None));
    }
    Ok(())
}

/// BTS-1: how many messages the sender says there are.
fn trailer_count(raw: &[u8]) -> Option<usize> {
    let mut lines = raw.split(|b| matches!(b, b'\r' | b'\n'));
    let trailer = lines.find(|line| line.starts_with(b"BTS"))?;
    let digits: Vec<u8> = trailer.iter().skip(4).copied().take_while(u8::is_ascii_digit).collect();
    std::str::from_utf8(&digits).ok()?.parse().ok()
}

/// MSH-9 as `ADT^A01`, whatever the message's own component separator is.
pub(super) fn message_type(message: &Message<'_>) -> String {
    let kind = message.msh(9);
    let (code, event) = (kind.component(1).text(), kind.component(2).text());
    if event.is_empty() { code } else { format!("{code}^{event}") }
}

/// A refusal by a row of the persona.
pub(super) fn refused(refusal: &Refusal, value: &str, place: Option<(&'static str, usize)>) -> Outcome {
    Outcome::Refused { refusal: refusal.clone(), value: value.to_owned(), place, by: By::Application }
}

/// A refusal of the parser.
fn given_up(refusal: &Refusal, value: &str, place: Option<(&'static str, usize)>) -> Outcome {
    Outcome::Refused { refusal: refusal.clone(), value: value.to_owned(), place, by: By::Parser }
}

fn observed(message: &Message<'_>, codes: &[&'static str]) -> Observation {
    let text = |n: usize| Tainted::from_bytes(message.msh(n).raw());
    Observation::Message {
        message_type: Tainted::new(message_type(message)),
        control_id: text(10),
        answer: if codes.is_empty() { "none".to_owned() } else { codes.join(" ") },
        detail: Some(Detail::Hl7(Hl7 {
            sending_application: text(3),
            sending_facility: text(4),
            version: text(12),
            charset: text(18),
        })),
    }
}
