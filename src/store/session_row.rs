//! What is known of a session at a glance, folded from its events.

use std::net::{IpAddr, SocketAddr};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::event::observation::{CloseReason, Direction};
use crate::event::origin::is_false;
use crate::event::{Led, Observation, Origin, SessionEvent, SessionId, Severity, Tainted, Transport};

/// Most accounts and software marks that one row lists; the events have all.
const MAX_LISTED: usize = 8;

/// One session at a glance. Derived from its records; `honeyward verify` compares.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SessionRow {
    /// The session.
    pub id: SessionId,
    /// The peer's address.
    pub source: IpAddr,
    /// The peer's port.
    pub source_port: u16,
    /// The decoy's address.
    pub target: IpAddr,
    /// The decoy's port.
    pub target_port: u16,
    /// Deception host.
    pub host: String,
    /// Its service.
    pub service: String,
    /// The honeynet itself made the connection.
    #[serde(default, skip_serializing_if = "is_false")]
    pub own: bool,
    /// How he was led here from another decoy, if he was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub led: Option<Led>,
    /// Time of its first event.
    pub opened: Timestamp,
    /// Time of its last event so far.
    pub last: Timestamp,
    /// When it ended, once it did.
    pub closed: Option<Timestamp>,
    /// Who ended it.
    pub close_reason: Option<CloseReason>,
    /// Bytes received from the peer; 0 until it ended.
    pub bytes_in: u64,
    /// Bytes sent to the peer; 0 until it ended.
    pub bytes_out: u64,
    /// Events kept.
    pub events: u64,
    /// Events that the sensor made: more than `events` means that some were lost.
    pub events_made: u64,
    /// How much its strongest evidence asks, by itself.
    pub severity: Severity,
    /// Its strongest evidence class (`E4b`); empty when it gave none.
    pub class: String,
    /// Who tried to get in, and whether he did.
    pub access: Access,
    /// How often it did what.
    pub counts: Counts,
    /// Software that the peer shows: client banners, user agents, AE titles; at most 8.
    pub software: Vec<Tainted>,
}

/// Attempts to get in.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Access {
    /// Attempts.
    pub tried: u64,
    /// Whether one was accepted.
    pub accepted: bool,
    /// Accounts named, at most 8.
    pub accounts: Vec<Tainted>,
}

/// Counts by kind.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Counts {
    /// Protocol requests without a more special kind.
    pub requests: u64,
    /// Shell commands.
    pub commands: u64,
    /// Searches in records.
    pub queries: u64,
    /// Records handed out.
    pub records_read: u64,
    /// Records written, changed or deleted.
    pub records_written: u64,
    /// Messages of HL7 or ASTM.
    pub messages: u64,
    /// Files in.
    pub uploads: u64,
    /// Files out.
    pub downloads: u64,
    /// Inputs that were not the protocol.
    pub malformed: u64,
}

impl SessionRow {
    /// Who, where, which session: as its events carry it. What carries its service is the caller's to know.
    pub fn origin(&self, transport: Transport) -> Origin {
        Origin {
            session: self.id,
            source: SocketAddr::new(self.source, self.source_port),
            target: SocketAddr::new(self.target, self.target_port),
            host: self.host.clone(),
            service: self.service.clone(),
            transport,
            own: self.own,
            led: self.led.clone(),
        }
    }

    /// The row of a session whose first kept event is at this time.
    pub(super) fn new(origin: &Origin, opened: Timestamp) -> Self {
        SessionRow {
            id: origin.session,
            source: origin.source.ip(),
            source_port: origin.source.port(),
            target: origin.target.ip(),
            target_port: origin.target.port(),
            host: origin.host.clone(),
            service: origin.service.clone(),
            own: origin.own,
            led: origin.led.clone(),
            opened,
            last: opened,
            closed: None,
            close_reason: None,
            bytes_in: 0,
            bytes_out: 0,
            events: 0,
            events_made: 0,
            severity: Severity::Info,
            class: String::new(),
            access: Access::default(),
            counts: Counts::default(),
            software: Vec::new(),
        }
    }

    /// Whether some of its events never came.
    pub fn is_incomplete(&self) -> bool {
        self.events < self.events_made
    }

    /// Adds one event.
    pub(super) fn fold(&mut self, event: &SessionEvent) {
        self.events += 1;
        self.events_made = self.events_made.max(u64::from(event.index) + 1);
        self.last = self.last.max(event.at);
        self.opened = self.opened.min(event.at);
        self.count(event);
    }

    fn count(&mut self, event: &SessionEvent) {
        let counts = &mut self.counts;
        match &event.observation {
            Observation::Closed { reason, bytes_in, bytes_out, .. } => {
                self.closed = Some(event.at);
                self.close_reason = Some(*reason);
                self.bytes_in = *bytes_in;
                self.bytes_out = *bytes_out;
            }
            Observation::Fingerprint { value, .. } => list(&mut self.software, value),
            Observation::AuthAttempt { account, accepted, .. } => {
                self.access.tried += 1;
                self.access.accepted |= *accepted;
                list(&mut self.access.accounts, account);
            }
            Observation::Request { .. } => counts.requests += 1,
            Observation::Command { .. } => counts.commands += 1,
            Observation::Query { .. } => counts.queries += 1,
            Observation::RecordRead { count, .. } => counts.records_read += u64::from(*count),
            Observation::RecordWrite { count, .. } => counts.records_written += u64::from(*count),
            Observation::Message { .. } => counts.messages += 1,
            Observation::Transfer { direction: Direction::Upload, .. } => counts.uploads += 1,
            Observation::Transfer { direction: Direction::Download, .. } => counts.downloads += 1,
            Observation::Malformed { .. } => counts.malformed += 1,
            Observation::Opened { .. }
            | Observation::Tunnel { .. }
            | Observation::ExploitAttempt { .. }
            | Observation::Content { .. }
            | Observation::Tampering { .. }
            | Observation::RealData { .. }
            | Observation::LureTouched { .. }
            | Observation::Probe { .. } => {}
        }
    }
}

fn list(listed: &mut Vec<Tainted>, value: &Tainted) {
    if listed.len() < MAX_LISTED && !value.is_empty() && !listed.contains(value) {
        listed.push(value.clone());
    }
}
