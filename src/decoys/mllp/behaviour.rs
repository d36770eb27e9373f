//! The persona's table: how one engine frames, acknowledges, refuses and answers.

use serde::Deserialize;

use super::sender::Sender;
use crate::wire::hl7::{Charset, Framing};

/// `mllp.toml` of a host.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Behaviour {
    /// The product that the table was taken from, for people.
    pub product: String,
    /// The character set where MSH-18 is empty.
    pub charset: Charset,
    /// Shortest and longest time from a message to its answer, milliseconds.
    pub think_ms: [u64; 2],
    /// Seconds without input after which the engine closes; 0: never.
    pub idle_seconds: u64,
    /// Assigning authority of medical record numbers (PID-3.4).
    pub authority: String,
    /// Most patients or orders in one answer.
    pub answer_limit: usize,
    /// Which results it gives out.
    pub results: Vec<ResultKind>,
    /// How strict frames are read.
    pub framing: Framing,
    /// The shape of acknowledgements.
    pub acknowledgement: Acknowledgement,
    /// What is taken.
    pub accepts: Accepts,
    /// How the rest is refused.
    pub refuses: Refuses,
    /// What it sends of its own accord.
    #[serde(default)]
    pub sender: Vec<Sender>,
}

/// Which results an engine gives out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ResultKind {
    /// Of the laboratory.
    Laboratory,
    /// Reports of imaging.
    Imaging,
}

/// The shape of acknowledgements, HL7 v2.5.1 2.9.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Acknowledgement {
    /// Form of MSH-7.
    pub timestamp: TimestampForm,
    /// Where MSH-10 comes from.
    pub control_id: ControlId,
    /// First minor version of HL7 2 whose MSH-9 is `ACK^A01^ACK`.
    pub structure_from: u32,
    /// Whether MSH-9 before that is `ACK^A01` (else `ACK`).
    pub event_before: bool,
    /// MSH-3 where the message names no receiver.
    pub blank_application: String,
    /// MSA-2 where the message has no control id.
    pub blank_control_id: String,
    /// MSH-11 where the message has none.
    pub blank_processing: String,
    /// MSH-12 where the message has none.
    pub blank_version: String,
    /// Where the text of a refusal stands.
    pub errors: ErrorPlace,
    /// What is answered to a frame that holds no message.
    pub not_hl7: NotHl7,
    /// What MSH-15 and MSH-16 decide.
    #[serde(default)]
    pub conditions: Conditions,
    /// How a batch is answered.
    #[serde(default)]
    pub batches: Batches,
    /// Whether a message that the parser gives up is answered with an empty header.
    #[serde(default)]
    pub bare_failures: bool,
    /// Whether values are checked against their data types before anything else.
    #[serde(default)]
    pub validates: bool,
}

/// What MSH-15 and MSH-16 decide (table 0155).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Conditions {
    /// Nothing: each message gets its acknowledgement of the original mode.
    #[default]
    Ignored,
    /// MSH-15 decides whether the acknowledgement of the original mode goes out.
    Accept,
    /// Both, as the enhanced mode has it (2.9.3).
    Enhanced,
}

/// How a batch is answered.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Batches {
    /// One frame for each message in it.
    #[default]
    Each,
    /// One frame with a batch of acknowledgements (2.10.3.2).
    Batch,
    /// Not at all: the parser knows no batches.
    Silence,
}

/// Form of a time stamp, local time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TimestampForm {
    /// `20260301081500`.
    Seconds,
    /// `20260301081500.123`.
    Milliseconds,
    /// `20260301081500.123+0800`, without zeros at the fraction's end.
    MillisecondsOffset,
}

/// Where an engine's own control ids come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ControlId {
    /// The time stamp of MSH-7.
    Timestamp,
    /// A counter.
    Counter,
}

/// Where the text of a refusal stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorPlace {
    /// In MSA-3, and there is no ERR segment.
    Msa,
    /// In an ERR segment with its code of table 0357; MSA-3 names the code before version 2.5.
    Err,
}

/// What is answered to a frame that holds no message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NotHl7 {
    /// The refusal of wrong content, cut by whatever stands where delimiters should.
    Refuse,
    /// Nothing.
    Silence,
}

/// What an engine takes.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Accepts {
    /// MSH-12; an empty one counts as [`Acknowledgement::blank_version`].
    pub versions: Vec<String>,
    /// MSH-11.1; an empty one is always taken, and any where the list is empty.
    pub processing_ids: Vec<String>,
    /// MSH-9 as `ADT^A01`.
    pub messages: Vec<String>,
}

/// How the rest is refused.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Refuses {
    /// A message type or event that is not taken.
    pub message_type: Refusal,
    /// A processing id that is not taken.
    pub processing_id: Refusal,
    /// A version that is not taken.
    pub version: Refusal,
    /// A segment or field that is missing.
    pub content: Refusal,
    /// MSH-9 that names no event; as a type that is not taken where it is left out.
    #[serde(default)]
    pub structure: Option<Refusal>,
    /// A value that is not of its data type. `{value}`, `{place}`. As wrong content where left out.
    #[serde(default)]
    pub value: Option<Refusal>,
}

/// One refusal. `{value}` in the text becomes what was refused.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Refusal {
    /// MSA-1 of the original mode.
    pub code: RefusalCode,
    /// Code of table 0357.
    pub condition: u16,
    /// The engine's words.
    pub text: String,
}

/// MSA-1 of a refusal, table 0008.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub enum RefusalCode {
    /// Application error.
    #[serde(rename = "AE")]
    Error,
    /// Application reject.
    #[serde(rename = "AR")]
    Reject,
}

impl Behaviour {
    /// Checks what types can't say.
    ///
    /// # Errors
    /// What is wrong and what was expected.
    pub fn check(&self) -> Result<(), String> {
        let [shortest, longest] = self.think_ms;
        if shortest > longest {
            return Err(format!("think_ms = [{shortest}, {longest}]: expected the shorter time first"));
        }
        if !(1..=1000).contains(&self.answer_limit) {
            return Err(format!("answer_limit = {}: expected 1 to 1000", self.answer_limit));
        }
        let refuses = &self.refuses;
        let all = [&refuses.message_type, &refuses.processing_id, &refuses.version, &refuses.content];
        for refusal in all.into_iter().chain(&refuses.structure).chain(&refuses.value) {
            if condition_name(refusal.condition).is_none() {
                return Err(format!("condition = {}: expected a code of table 0357", refusal.condition));
            }
        }
        Ok(())
    }
}

/// Names of HL7 table 0357, message error conditions.
pub(super) fn condition_name(condition: u16) -> Option<&'static str> {
    Some(match condition {
        100 => "Segment sequence error",
        101 => "Required field missing",
        102 => "Data type error",
        103 => "Table value not found",
        200 => "Unsupported message type",
        201 => "Unsupported event code",
        202 => "Unsupported processing id",
        203 => "Unsupported version id",
        204 => "Unknown key identifier",
        205 => "Duplicate key identifier",
        206 => "Application record locked",
        207 => "Application internal error",
        _ => return None,
    })
}
