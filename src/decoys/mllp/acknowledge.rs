//! Acknowledgements: HL7 v2.5.1 2.9, in the shape of the persona's engine.

use jiff::Timestamp;
use jiff::civil::DateTime;

use super::Station;
use super::behaviour::{
    Conditions, ControlId, ErrorPlace, Refusal, RefusalCode, TimestampForm, condition_name,
};
use crate::wire::hl7::{Message, Writer};

/// What became of a message.
#[derive(Debug, Clone)]
pub(super) enum Outcome {
    /// It was taken.
    Accepted,
    /// It was refused.
    Refused {
        /// The persona's refusal.
        refusal: Refusal,
        /// What was refused, for the text.
        value: String,
        /// Segment and field, where one is to blame.
        place: Option<(&'static str, usize)>,
        /// Who refused it.
        by: By,
    },
}

/// Who refused a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum By {
    /// The parser, before the message was one.
    Parser,
    /// The application behind it.
    Application,
}

impl Outcome {
    /// MSA-1, table 0008: the original mode's codes, or the accept level's of the enhanced mode.
    pub(super) fn code(&self, level: Level) -> &'static str {
        let refused = match self {
            Outcome::Accepted => None,
            Outcome::Refused { refusal, .. } => Some(refusal.code),
        };
        match (level, refused) {
            (Level::Application, None) => "AA",
            (Level::Application, Some(RefusalCode::Error)) => "AE",
            (Level::Application, Some(RefusalCode::Reject)) => "AR",
            (Level::Accept, None) => "CA",
            (Level::Accept, Some(RefusalCode::Error)) => "CE",
            (Level::Accept, Some(RefusalCode::Reject)) => "CR",
        }
    }

    fn is_of_parser(&self) -> bool {
        match self {
            Outcome::Accepted => false,
            Outcome::Refused { by, .. } => *by == By::Parser,
        }
    }

    fn accepted(&self) -> bool {
        match self {
            Outcome::Accepted => true,
            Outcome::Refused { .. } => false,
        }
    }
}

/// Which acknowledgement of the enhanced mode, 2.9.3.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Level {
    /// The message arrived and is kept.
    Accept,
    /// The application dealt with it: also the only one of the original mode.
    Application,
}

/// Which acknowledgements go out, in their order. In the enhanced mode MSH-15 asks for the first,
/// MSH-16 for the second (table 0155); both empty is the original mode. A refused message gets one
/// answer.
pub(super) fn levels(message: &Message<'_>, outcome: &Outcome, conditions: Conditions) -> Vec<Level> {
    let (accept, application) = (message.msh(15), message.msh(16));
    let original = vec![Level::Application];
    match conditions {
        Conditions::Ignored => return original,
        Conditions::Accept => {
            let condition = accept.component(1);
            let asked = condition.raw().to_ascii_uppercase();
            let known = matches!(asked.as_slice(), b"NE" | b"ER" | b"SU");
            return if known && !wanted(condition.raw(), outcome) { Vec::new() } else { original };
        }
        Conditions::Enhanced if accept.is_empty() && application.is_empty() => return original,
        Conditions::Enhanced => {}
    }
    let mut levels = Vec::with_capacity(2);
    if wanted(accept.component(1).raw(), outcome) {
        levels.push(Level::Accept);
    }
    if wanted(application.component(1).raw(), outcome) && (outcome.accepted() || levels.is_empty()) {
        levels.push(Level::Application);
    }
    levels
}

fn wanted(condition: &[u8], outcome: &Outcome) -> bool {
    match condition.to_ascii_uppercase().as_slice() {
        b"AL" => true,
        b"ER" => !outcome.accepted(),
        b"SU" => outcome.accepted(),
        _ => false,
    }
}

/// What an answer is made with.
pub(super) struct Reply<'a> {
    pub(super) station: &'a Station,
    pub(super) message: &'a Message<'a>,
    pub(super) now: Timestamp,
    /// Local time of `now`.
    pub(super) local: DateTime,
    pub(super) offset_minutes: i32,
}

impl Reply<'_> {
    /// A whole acknowledgement, in UTF-8, not framed.
    pub(super) fn acknowledge(&self, level: Level, outcome: &Outcome) -> Vec<u8> {
        let shape = &self.station.behaviour().acknowledgement;
        if shape.bare_failures && outcome.is_of_parser() {
            return self.bare(outcome);
        }
        let event = String::from_utf8_lossy(self.message.msh(9).component(2).raw()).into_owned();
        let kind: &[&str] = if self.structured(shape.structure_from) {
            &["ACK", &event, "ACK"]
        } else if shape.event_before {
            &["ACK", &event]
        } else {
            &["ACK"]
        };
        let mut w = self.header(kind, b"");
        self.msa(&mut w, level, outcome);
        w.finish()
    }

    /// What goes out when the parser gave the message up: nothing of its header but delimiters,
    /// version, processing and control id.
    fn bare(&self, outcome: &Outcome) -> Vec<u8> {
        let shape = &self.station.behaviour().acknowledgement;
        let kind: &[&str] =
            if self.structured(shape.structure_from) { &["ACK", "", "ACK"] } else { &["ACK"] };
        let version = self.message.msh(12).component(1).raw();
        let version = if version.is_empty() { shape.blank_version.as_bytes() } else { version };
        let mut w = Writer::new(self.message.delimiters());
        w.header("MSH")
            .put(7, &self.timestamp(shape.timestamp))
            .parts(9, kind)
            .put(10, &self.station.failure_id(self.now).to_string())
            .verbatim(11, self.message.msh(11).raw())
            .verbatim(12, version);
        self.msa(&mut w, Level::Application, outcome);
        w.finish()
    }

    /// Starts an answer with its MSH: sender and receiver swapped, the peer's delimiters and version.
    pub(super) fn header(&self, kind: &[&str], charset: &[u8]) -> Writer {
        let shape = &self.station.behaviour().acknowledgement;
        let time = self.timestamp(shape.timestamp);
        let id = match shape.control_id {
            ControlId::Timestamp => time.clone(),
            ControlId::Counter => self.station.next_id(self.now).to_string(),
        };
        let first = |n: usize| self.message.msh(n).component(1).raw();
        let or = |given: &'_ [u8], blank: &str| {
            if given.is_empty() { blank.as_bytes().to_vec() } else { given.to_vec() }
        };
        let processing = match self.message.msh(11).raw() {
            b"" => shape.blank_processing.as_bytes(),
            given => given,
        };
        let mut w = Writer::new(self.message.delimiters());
        w.header("MSH")
            .verbatim(3, &or(first(5), &shape.blank_application))
            .verbatim(4, first(6))
            .verbatim(5, first(3))
            .verbatim(6, first(4))
            .put(7, &time)
            .parts(9, kind)
            .put(10, &id)
            .verbatim(11, processing)
            .verbatim(12, &or(first(12), &shape.blank_version))
            .verbatim(18, charset);
        w
    }

    /// Adds MSA, and ERR where the engine sends one.
    pub(super) fn msa(&self, w: &mut Writer, level: Level, outcome: &Outcome) {
        let shape = &self.station.behaviour().acknowledgement;
        let id = self.message.msh(10).component(1).raw();
        let id = if id.is_empty() { shape.blank_control_id.as_bytes() } else { id };
        w.segment("MSA").put(1, outcome.code(level)).verbatim(2, id);
        let Outcome::Refused { refusal, value, place, .. } = outcome else { return };
        let named = place.map(|(segment, field)| format!("{segment}-{field}")).unwrap_or_default();
        let text = refusal.text.replace("{place}", &named).replace("{value}", value);
        match shape.errors {
            ErrorPlace::Msa => {
                w.put(3, &text);
            }
            ErrorPlace::Err if self.minor_version() < Some(5) => error_before_25(w, refusal, &text, *place),
            ErrorPlace::Err => error_as_of_25(w, refusal, &text, *place),
        }
    }

    /// Whether the answer's MSH-9 names its structure. An engine that can't read the version's
    /// digits takes a recent one.
    pub(super) fn structured(&self, from: u32) -> bool {
        let given = self.message.msh(12).component(1).raw();
        if given.is_empty() {
            let blank = &self.station.behaviour().acknowledgement.blank_version;
            return minor(blank.as_bytes()).is_some_and(|minor| minor >= from);
        }
        match minor(given) {
            Some(minor) => given.starts_with(b"2.") && minor >= from,
            None => given.starts_with(b"2."),
        }
    }

    fn minor_version(&self) -> Option<u32> {
        minor(self.message.msh(12).component(1).raw())
    }

    fn timestamp(&self, form: TimestampForm) -> String {
        let seconds = stamp(self.local);
        let milliseconds = self.local.subsec_nanosecond() / 1_000_000;
        match form {
            TimestampForm::Seconds => seconds,
            TimestampForm::Milliseconds => format!("{seconds}.{milliseconds:03}"),
            TimestampForm::MillisecondsOffset => {
                let (sign, minutes) =
                    (if self.offset_minutes < 0 { '-' } else { '+' }, self.offset_minutes.abs());
                let fraction = format!(".{milliseconds:03}");
                let fraction = fraction.trim_end_matches('0').trim_end_matches('.');
                format!("{seconds}{fraction}{sign}{:02}{:02}", minutes / 60, minutes % 60)
            }
        }
    }
}

/// ERR before version 2.5: one field whose fourth component says what was wrong.
fn error_before_25(w: &mut Writer, refusal: &Refusal, text: &str, place: Option<(&'static str, usize)>) {
    let name = condition_name(refusal.condition).unwrap_or_default();
    w.put(3, name);
    let (segment, field) = placed(place);
    w.segment("ERR").nested(
        1,
        &[&[&segment], &[], &[&field], &[&refusal.condition.to_string(), name, "HL70357", "", text]],
    );
}

/// ERR from version 2.5 on: ERR-2 place, ERR-3 code with the text as its original, ERR-4 severity.
fn error_as_of_25(w: &mut Writer, refusal: &Refusal, text: &str, place: Option<(&'static str, usize)>) {
    let name = condition_name(refusal.condition).unwrap_or_default();
    let (segment, field) = placed(place);
    w.segment("ERR")
        .parts(2, &[&segment, "", &field])
        .parts(3, &[&refusal.condition.to_string(), name, "HL70357", "", "", "", "", "", text])
        .put(4, "E");
}

fn placed(place: Option<(&'static str, usize)>) -> (String, String) {
    match place {
        Some((segment, 0)) => (segment.to_owned(), String::new()),
        Some((segment, field)) => (segment.to_owned(), field.to_string()),
        None => (String::new(), String::new()),
    }
}

/// The second number of a version: 3 of `2.3.1`.
fn minor(version: &[u8]) -> Option<u32> {
    std::str::from_utf8(version).ok()?.split('.').nth(1)?.parse().ok()
}

/// A time as HL7 writes it, to the second: `20260301081500`.
pub(super) fn stamp(at: DateTime) -> String {
    format!(
        "{:04}{:02}{:02}{:02}{:02}{:02}",
        at.year(),
        at.month(),
        at.day(),
        at.hour(),
        at.minute(),
        at.second()
    )
}
