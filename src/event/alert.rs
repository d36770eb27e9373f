//! What the SIEM is told.

use std::net::IpAddr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{SessionId, Tainted, Transport};

/// How much an alert asks of its reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Kept, never sent by default.
    Info,
    /// A first sign.
    Low,
    /// Worth a look in a digest.
    Medium,
    /// Surely an intruder.
    High,
}

/// One revision of an incident, as it leaves the house.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Alert {
    /// The incident: UUIDv7, stable over its revisions and retries (36 characters).
    pub id: String,
    /// Grows by one with each revision of the incident that is told.
    pub revision: u32,
    /// When this revision was decided, UTC.
    pub at: Timestamp,
    /// First and last event behind it, UTC.
    pub first_seen: Timestamp,
    /// Last event behind it.
    pub last_seen: Timestamp,
    /// The source.
    pub source: IpAddr,
    /// The source's port in the session that raised this revision.
    pub source_port: u16,
    /// The decoy that raised this revision.
    pub target: IpAddr,
    /// Its port.
    pub target_port: u16,
    /// Its host name in the persona pack.
    pub host: String,
    /// Its service.
    pub service: String,
    /// What carries that service.
    #[serde(default, skip_serializing_if = "Transport::is_tcp")]
    pub transport: Transport,
    /// How much it asks.
    pub severity: Severity,
    /// Probability in percent that the actor is hostile, 0 to 99.
    pub confidence: u8,
    /// The rule that raised this revision: an ASCII constant that no translation changes.
    pub rule: String,
    /// The rule's name, English, without variable data.
    pub title: String,
    /// The rule's name, Chinese.
    pub title_zh: String,
    /// Evidence behind the confidence, in plain words.
    pub reasons: Vec<Reason>,
    /// ATT&CK technique ids, sorted.
    pub techniques: Vec<String>,
    /// Account names tried or used, at most 8.
    pub accounts: Vec<Tainted>,
    /// Sessions behind it, at most 32, oldest first.
    pub sessions: Vec<SessionId>,
    /// Hosts touched.
    pub hosts: Vec<String>,
    /// The incident that this one is part of: many sources came at once, or its source turned out to be that of
    /// another one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<String>,
    /// The chain's head when this revision was decided, lower-case hex: an anchor outside the box.
    pub chain_head: String,
    /// Sequence number of that head.
    pub chain_sequence: u64,
    /// True for `honeyward siem test`.
    #[serde(default)]
    pub test: bool,
}

/// Why an incident has its confidence.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reason {
    /// Evidence class (`E4b`).
    pub class: String,
    /// Base probability of the class, percent.
    pub probability: u8,
    /// What was seen, English.
    pub en: String,
    /// What was seen, Chinese.
    pub zh: String,
    /// Record sequence number of the event that proves it.
    pub record: u64,
}
