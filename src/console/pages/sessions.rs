//! The list of sessions.

use std::net::IpAddr;

use minijinja::{Value, context};

use super::{reader, row};
use crate::console::accounts::Role;
use crate::console::answer::Answer;
use crate::console::router::{Refusal, Visit};
use crate::event::SessionId;
use crate::store::SessionFilter;

/// Sessions of one page.
const PAGE: usize = 50;

pub(in crate::console) fn list(visit: &Visit<'_>) -> Result<Answer, Refusal> {
    visit.needs(Role::reads_sessions)?;
    let request = visit.request;
    let (source, decoy) = (request.asked("source"), request.asked("decoy"));
    let address: Option<IpAddr> = source.and_then(|text| text.parse().ok());
    let before: Option<SessionId> = request.asked("before").and_then(|text| text.parse().ok());
    let filter = SessionFilter {
        source: address,
        decoy: decoy.map(str::to_owned),
        before,
        limit: Some(PAGE),
        ..SessionFilter::default()
    };
    // An address that is none matches nothing, rather than everything.
    let found = match (source, address) {
        (Some(_), None) => Vec::new(),
        _ => reader(visit)?.sessions(&filter)?,
    };
    let older = found.last().filter(|_| found.len() == PAGE).map(|last| last.id.to_string());
    let sessions: Vec<Value> = found.iter().map(row).collect();
    Ok(visit.show("sessions.html", context! { sessions, older, source, decoy }))
}
