//! One session: who, what, when, and what there is to take out.

use minijinja::{Value, context};

use super::{local, reader, row, session};
use crate::console::accounts::Role;
use crate::console::answer::Answer;
use crate::console::router::{Refusal, Visit};
use crate::console::told;
use crate::event::observation::Direction;
use crate::event::{Event, Observation, SessionEvent};
use crate::record::{SessionFiles, artefacts};
use crate::store::{Entry, Reader, Record, SessionFilter, SessionRow};

/// Events on the page; a flood has more, which the command line lists.
const MOST: usize = 2000;

pub(in crate::console) fn page(visit: &Visit<'_>, id: &str) -> Result<Answer, Refusal> {
    visit.needs(Role::reads_sessions)?;
    let reader = reader(visit)?;
    let found = session(&reader, id)?;
    let records = reader.session_records(found.id)?;
    let mut events: Vec<(u64, &SessionEvent)> = records.iter().filter_map(event).collect();
    events.sort_by_key(|(_, event)| event.index);
    let timeline: Vec<Value> =
        events.iter().take(MOST).map(|(seq, event)| step(visit, &found, *seq, event)).collect();
    let places = &visit.console.given.places;
    let files = SessionFiles::new(&places.sessions, found.id);
    let uploads: Vec<Value> = events.iter().filter_map(|(_, event)| upload(visit, event)).collect();
    visit.tell("looked at session", id);
    Ok(visit.show(
        "session.html",
        context! {
            session => row(&found),
            timeline,
            shortened => events.len() > MOST,
            decoded => crate::console::views::knows(&found.service),
            transcript => files.transcript().is_file(),
            terminals => (1..=files.terminals().len()).collect::<Vec<_>>(),
            uploads,
            led_on => led_on(&reader, &found)?,
        },
    ))
}

/// Sessions on other decoys to which he was led from this one, newest first.
fn led_on(reader: &Reader, session: &SessionRow) -> Result<Vec<Value>, Refusal> {
    let filter = SessionFilter {
        source: Some(session.source),
        from: Some(session.opened),
        until: session.closed,
        limit: Some(MOST),
        ..SessionFilter::default()
    };
    let found = reader.sessions(&filter)?;
    let led = |other: &&SessionRow| other.led.as_ref().is_some_and(|led| led.by == session.id);
    Ok(found.iter().filter(led).map(row).collect())
}

fn event(record: &Record) -> Option<(u64, &SessionEvent)> {
    match &record.entry {
        Entry::Event(Event::Session(event)) => Some((record.seq, event)),
        Entry::Event(Event::System(_)) | Entry::Alert(_) => None,
    }
}

fn step(visit: &Visit<'_>, session: &SessionRow, seq: u64, event: &SessionEvent) -> Value {
    let after = event.at.duration_since(session.opened);
    let kind = match &event.observation {
        Observation::ExploitAttempt { .. } | Observation::Tampering { .. } => "attack",
        Observation::LureTouched { .. } | Observation::AuthAttempt { accepted: true, .. } => "entry",
        Observation::Malformed { .. } => "odd",
        _ => "plain",
    };
    context! {
        seq,
        at => local(event.at),
        after => format!("+{}.{:03} s", after.as_secs(), after.subsec_millis().unsigned_abs()),
        text => told::of(&event.observation, visit.request.language()),
        kind,
    }
}

fn upload(visit: &Visit<'_>, event: &SessionEvent) -> Option<Value> {
    let Observation::Transfer { direction: Direction::Upload, name, size, sha256 } = &event.observation
    else {
        return None;
    };
    let kept =
        artefacts::path(&visit.console.given.places.artefacts, sha256).is_some_and(|path| path.is_file());
    let entropy = super::files::entropy(visit, sha256);
    Some(context! { name => name.for_terminal(), size, sha256, kept, entropy })
}
