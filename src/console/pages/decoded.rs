//! A conversation as the experts of its protocol read it, beside its bytes.

use minijinja::value::Serde;
use minijinja::{Value, context};

use super::{local, reader, row, session};
use crate::console::accounts::Role;
use crate::console::answer::Answer;
use crate::console::router::{Refusal, Visit};
use crate::console::{gallery, views};
use crate::event::observation::RecordKind;
use crate::event::{Event, Observation, SessionEvent};
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
    let touched = blocks.iter().filter_map(|block| block.instance.as_deref());
    let (images, count) = visit.console.given.gallery.of(touched.chain(read_out(&events)));
    let images: Vec<Value> = images.iter().map(|image| Value::from(Serde(image))).collect();
    let blocks: Vec<Value> = blocks
        .iter()
        .map(|block| {
            let at = block.at.map(local);
            context! { at, ..Value::from(Serde(block)) }
        })
        .collect();
    visit.tell("took transcript", id);
    let shown = context! { session => row(&found), blocks, images, count, shortened => shortened || more };
    Ok(visit.show("decoded.html", shown))
}

/// Images that were given out, as their decoy told of them.
fn read_out<'e>(events: &'e [&SessionEvent]) -> impl Iterator<Item = &'e str> {
    events
        .iter()
        .flat_map(|event| match &event.observation {
            Observation::RecordRead { subject: RecordKind::Instance, ids, .. } => ids.as_slice(),
            _ => &[],
        })
        .map(String::as_str)
}

/// A picture of an image of the world.
pub(in crate::console) fn image(visit: &Visit<'_>, uid: &str) -> Result<Answer, Refusal> {
    visit.needs(Role::takes_evidence)?;
    let uid = uid.strip_suffix(".png").filter(|uid| gallery::is_uid(uid)).ok_or(Refusal::NotFound)?;
    let picture = (visit.console.given.gallery.draw)(uid).ok_or(Refusal::NotFound)?;
    Ok(Answer::asset("image/png", picture))
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
