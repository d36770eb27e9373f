//! What an analyst takes out of a session: packets, bytes, terminals.

use std::path::PathBuf;

use minijinja::{Value, context};
use serde_json::json;

use super::{local, reader, row, session};
use crate::console::accounts::Role;
use crate::console::answer::Answer;
use crate::console::plain;
use crate::console::router::{Refusal, Visit};
use crate::event::{Event, Observation};
use crate::record::packets::{Plan, Wanted};
use crate::record::{SessionFiles, cast, transcript};
use crate::store::{Entry, Record, SessionRow};

/// Most bytes of packets that a browser gets; larger cuts are the command line's.
const PACKETS: usize = 256 << 20;

/// The same of a bundle.
pub(super) const LARGEST: u64 = PACKETS as u64;

/// Most bytes of a conversation on a page.
const SHOWN: usize = 512 << 10;

/// Most bytes of one entry on a page.
const ENTRY: usize = 16 << 10;

/// Most output of a terminal that the player gets.
const TERMINAL: usize = 8 << 20;

/// Most commands beside the player.
const COMMANDS: usize = 500;

pub(in crate::console) fn packets(visit: &Visit<'_>, id: &str) -> Result<Answer, Refusal> {
    visit.needs(Role::takes_evidence)?;
    let found = session(&reader(visit)?, id)?;
    let plan = plan(visit, &found)?;
    if plan.cut().is_none() {
        return Ok(visit.show("nothing.html", context! { key => "no_packets", id }));
    }
    let mut body = Bounded { bytes: Vec::new() };
    plan.write(&mut body)?;
    visit.tell("took packets", id);
    Ok(Answer::file("application/x-pcapng", &format!("session-{id}.pcapng"), body.bytes))
}

/// Where the packets of a session are.
pub(super) fn plan(visit: &Visit<'_>, found: &SessionRow) -> Result<Plan, Refusal> {
    let carrier = (visit.console.given.carrier)(&found.service);
    let places = &visit.console.given.places;
    let wanted = Wanted::of(&found.origin(carrier), found.opened, found.closed)
        .with_secrets(&places.sessions, found.id);
    Ok(Plan::make(&places.packets, &wanted)?)
}

/// Memory that does not grow without end.
pub(super) struct Bounded {
    pub(super) bytes: Vec<u8>,
}

impl std::io::Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        if self.bytes.len() + bytes.len() > PACKETS {
            return Err(std::io::Error::other("more packets than a page hands out: use `honeyward pcap`"));
        }
        self.bytes.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

pub(in crate::console) fn transcript(visit: &Visit<'_>, id: &str) -> Result<Answer, Refusal> {
    visit.needs(Role::takes_evidence)?;
    let found = session(&reader(visit)?, id)?;
    let path = SessionFiles::new(&visit.console.given.places.sessions, found.id).transcript();
    let (mut left, mut entries, mut shortened) = (SHOWN, Vec::new(), false);
    for entry in transcript::read(&path)? {
        let Some(rest) = left.checked_sub(length(&entry.what)) else {
            shortened = true;
            break;
        };
        left = rest;
        entries.push(shown(&entry));
    }
    visit.tell("took transcript", id);
    Ok(visit.show("transcript.html", context! { session => row(&found), entries, shortened }))
}

fn length(what: &transcript::What) -> usize {
    match what {
        transcript::What::Bytes { bytes, .. } => bytes.len().min(ENTRY) + 64,
        transcript::What::Reference { .. } | transcript::What::Dropped { .. } => 64,
    }
}

fn shown(entry: &transcript::Entry) -> Value {
    let at = local(entry.at);
    match &entry.what {
        transcript::What::Bytes { to_peer, bytes } => {
            let part = bytes.get(..ENTRY).unwrap_or(bytes);
            let text = plain::as_text(part).map(plain::shown);
            let count = bytes.len();
            context! { at, to_peer, count, text, dump => plain::dump(part), cut => count > ENTRY }
        }
        transcript::What::Reference { to_peer, name, length } => {
            context! { at, to_peer, count => length, text => plain::shown(name) }
        }
        transcript::What::Dropped { bytes } => context! { at, dropped => bytes },
    }
}

pub(in crate::console) fn terminal(visit: &Visit<'_>, id: &str, number: &str) -> Result<Answer, Refusal> {
    visit.needs(Role::reads_sessions)?;
    let found = session(&reader(visit)?, id)?;
    let number: u32 = number.parse().map_err(|_| Refusal::NotFound)?;
    let files = SessionFiles::new(&visit.console.given.places.sessions, found.id);
    let path = recording(&files, number)?;
    let (header, _) = cast::read(&path)?;
    let records = reader(visit)?.session_records_of(found.id, &["session/command"], COMMANDS)?;
    let commands: Vec<Value> =
        records.iter().filter_map(|record| command(record, header.timestamp)).collect();
    visit.tell("played terminal", id);
    let page = visit.show("terminal.html", context! { session => row(&found), number, commands });
    Ok(page.with_machine_code())
}

/// A command and how long after the start of the recording it was typed.
fn command(record: &Record, start: i64) -> Option<Value> {
    let Entry::Event(Event::Session(event)) = &record.entry else { return None };
    let Observation::Command { line, .. } = &event.observation else { return None };
    let after = event.at.as_millisecond() - start * 1000;
    Some(
        context! { at => format!("{}.{:03}", after.max(0) / 1000, after.max(0) % 1000), line => line.for_terminal() },
    )
}

/// A recording that is there.
fn recording(files: &SessionFiles, number: u32) -> Result<PathBuf, Refusal> {
    let is_one = number > 0 && usize::try_from(number).is_ok_and(|number| number <= files.terminals().len());
    if is_one { Ok(files.terminal(number)) } else { Err(Refusal::NotFound) }
}

/// The recording as the player reads it: asciicast v2, output and sizes.
pub(in crate::console) fn terminal_cast(
    visit: &Visit<'_>,
    id: &str,
    number: &str,
) -> Result<Answer, Refusal> {
    visit.needs(Role::reads_sessions)?;
    let found = session(&reader(visit)?, id)?;
    let number: u32 = number.parse().map_err(|_| Refusal::NotFound)?;
    let files = SessionFiles::new(&visit.console.given.places.sessions, found.id);
    let path = recording(&files, number)?;
    let (header, events) = cast::read(&path)?;
    let mut out = format!(
        "{}\n",
        json!({
            "version": 2, "width": header.width, "height": header.height, "timestamp": header.timestamp,
        })
    );
    for event in events.filter(|event| event.code == "o" || event.code == "r") {
        let line = json!([event.after.as_secs_f64(), event.code, event.text]).to_string();
        if out.len() + line.len() > TERMINAL {
            break;
        }
        out.push_str(&line);
        out.push('\n');
    }
    Ok(Answer::text("application/x-asciicast", out))
}

/// The output of a terminal: seconds since its start and text, for the player.
pub(in crate::console) fn terminal_events(
    visit: &Visit<'_>,
    id: &str,
    number: &str,
) -> Result<Answer, Refusal> {
    visit.needs(Role::reads_sessions)?;
    let found = session(&reader(visit)?, id)?;
    let number: u32 = number.parse().map_err(|_| Refusal::NotFound)?;
    let files = SessionFiles::new(&visit.console.given.places.sessions, found.id);
    let path = recording(&files, number)?;
    let (_, events) = cast::read(&path)?;
    let (mut left, mut out) = (TERMINAL, Vec::new());
    for event in events.filter(|event| event.code == "o") {
        let text = plain::without_escapes(&event.text);
        let Some(rest) = left.checked_sub(text.len() + 16) else { break };
        left = rest;
        out.push(json!([event.after.as_secs_f64(), text]));
    }
    Ok(Answer::json(&json!(out)))
}
