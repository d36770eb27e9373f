//! The pages, a file each.

pub(super) mod accounts;
pub(super) mod allowances;
pub(super) mod audit;
pub(super) mod cases;
pub(super) mod conversation;
pub(super) mod decoded;
pub(super) mod decoys;
pub(super) mod entrance;
pub(super) mod evidence;
pub(super) mod files;
pub(super) mod incident;
pub(super) mod incidents;
pub(super) mod lures;
pub(super) mod oidc;
pub(super) mod overview;
pub(super) mod own;
pub(super) mod session;
pub(super) mod sessions;
pub(super) mod settings;
pub(super) mod siem;
pub(super) mod tokens;
pub(super) mod wishes;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::router::{Refusal, Visit};
use crate::event::line::word;
use crate::store::{Reader, SessionRow};

/// A moment in the machine's zone.
pub(super) fn local(at: Timestamp) -> String {
    at.to_zoned(TimeZone::system()).strftime("%Y-%m-%d %H:%M:%S").to_string()
}

fn reader(visit: &Visit<'_>) -> Result<Reader, Refusal> {
    Ok(Reader::open(&visit.console.given.places.store)?)
}

/// One session by its whole id.
pub(super) fn session(reader: &Reader, id: &str) -> Result<SessionRow, Refusal> {
    let found = reader.sessions_starting(id, 2)?;
    match found.as_slice() {
        [row] if row.id.to_string() == id => Ok(row.clone()),
        _ => Err(Refusal::NotFound),
    }
}

/// A session as a row of a table.
fn row(row: &SessionRow) -> minijinja::Value {
    let counts = &row.counts;
    let did: Vec<(&str, u64)> = [
        ("commands", counts.commands),
        ("queries", counts.queries),
        ("records_read", counts.records_read),
        ("records_written", counts.records_written),
        ("messages", counts.messages),
        ("uploads", counts.uploads),
        ("downloads", counts.downloads),
        ("requests", counts.requests),
        ("malformed", counts.malformed),
    ]
    .into_iter()
    .filter(|(_, count)| *count > 0)
    .collect();
    let accounts: Vec<String> = row.access.accounts.iter().map(|a| a.for_terminal()).collect();
    let software: Vec<String> = row.software.iter().map(|s| s.for_terminal()).collect();
    minijinja::context! {
        id => row.id.to_string(),
        source => row.source.to_string(),
        source_port => row.source_port,
        led_by => row.led.as_ref().map(|led| led.by.to_string()),
        target => row.target.to_string(),
        target_port => row.target_port,
        host => row.host.clone(),
        service => row.service.clone(),
        opened => local(row.opened),
        closed => row.closed.map(local),
        close_reason => row.close_reason.map(|reason| word(&reason)),
        seconds => row.last.duration_since(row.opened).as_secs(),
        bytes_in => row.bytes_in,
        bytes_out => row.bytes_out,
        events => row.events,
        lost => row.events_made.saturating_sub(row.events),
        severity => word(&row.severity),
        class => row.class.clone(),
        accounts,
        got_in => row.access.accepted,
        software,
        did,
    }
}
