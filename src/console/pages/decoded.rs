//! A conversation as the experts of its protocol read it, beside its bytes.

use minijinja::value::Serde;
use minijinja::{Value, context};

use super::{local, reader, row, session};
use crate::console::accounts::Role;
use crate::console::answer::Answer;
use crate::console::router::{Refusal, Visit};
use crate::console::views;
use crate::event::{Event, SessionEvent};
use crate::record::transcript::{self, What};
use crate::record::{SessionFiles, transcript::Entry};
use crate::store::Entry as Kept;

/// Most bytes of a conversation that are decoded for a page.
const READ: usize = 4 << 20;

/// Most events that are looked at.
const EVENTS: usize = 5_000;

pub(in crate::console) fn page(visit: &Visit<'_>, id: &str) -> Result<Answer, Refusal> {
    visit.needs(Role::takes_evidence)?;
    let reader = reader(visit)?;
    let found = session(&reader, id)?;
    if !views::knows(&found.service) {
        return Err(Refusal::NotFound);
    }
    let (entries, mut shortened) =
        if views::reads_bytes(&found.service) { entries(visit, &found)? } else { (Vec::new(), false) };
    let records = reader.session_records(found.id)?;
    let mut events: Vec<&SessionEvent> = records
        .iter()
        .filter_map(|record| match &record.entry {
            Kept::Event(Event::Session(event)) => Some(event),
            Kept::Event(Event::System(_)) | Kept::Alert(_) => None,
        })
        .collect();
    events.sort_by_key(|event| event.index);
    shortened |= events.len() > EVENTS;
    events.truncate(EVENTS);
    let (blocks, more) = views::decode(&found.service, &entries, &events);
    let blocks: Vec<Value> = blocks
        .iter()
        .map(|block| {
            let at = block.at.map(local);
            context! { at, ..Value::from(Serde(block)) }
        })
        .collect();
    visit.tell("took transcript", id);
    let shown = context! { session => row(&found), blocks, shortened => shortened || more };
    Ok(visit.show("decoded.html", shown))
}

fn entries(visit: &Visit<'_>, found: &crate::store::SessionRow) -> Result<(Vec<Entry>, bool), Refusal> {
    let path = SessionFiles::new(&visit.console.given.places.sessions, found.id).transcript();
    if !path.is_file() {
        return Ok((Vec::new(), false));
    }
    let (mut left, mut entries) = (READ, Vec::new());
    for entry in transcript::read(&path)? {
        let length = match &entry.what {
            What::Bytes { bytes, .. } => bytes.len() + 64,
            What::Reference { .. } | What::Dropped { .. } => 64,
        };
        let Some(rest) = left.checked_sub(length) else { return Ok((entries, true)) };
        left = rest;
        entries.push(entry);
    }
    Ok((entries, false))
}
