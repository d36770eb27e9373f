//! `honeyward show`: all there is of one session.

use std::path::PathBuf;

use jiff::Timestamp;
use serde::Serialize;

use crate::app::cli::ShowArgs;
use crate::app::exit::Exit;
use crate::app::output::{say, say_json};
use crate::app::table::pad;
use crate::app::{Layout, find, when};
use crate::event::observation::Direction;
use crate::event::{Alert, Event, Observation, SessionEvent, line};
use crate::record::{SessionFiles, artefacts};
use crate::store::{AlertFilter, Entry, Reader, Record, SessionRow};

/// One session whole, as `--json` gives it.
#[derive(Serialize)]
struct Shown {
    /// The session at a glance.
    session: SessionRow,
    /// Its records, in the order they were kept.
    records: Vec<Record>,
    /// Its files.
    files: Files,
    /// Alerts that name it, newest first.
    alerts: Vec<Alert>,
}

/// Files of a session; only those that are there.
#[derive(Serialize)]
struct Files {
    /// Its bytes, in order.
    transcript: Option<PathBuf>,
    /// Terminal recordings, asciicast v2.
    terminals: Vec<PathBuf>,
    /// What the peer handed over.
    artefacts: Vec<Artefact>,
}

/// One file that the peer handed over.
#[derive(Serialize)]
struct Artefact {
    /// Name as the peer gave it.
    name: crate::event::Tainted,
    /// Size in bytes.
    size: u64,
    /// SHA-256, lower-case hex.
    sha256: String,
    /// Where it is; null when it was over the quota.
    path: Option<PathBuf>,
}

/// Shows.
pub(crate) fn run(args: &ShowArgs, layout: &Layout) -> Exit {
    let shown = match find::store(layout).and_then(|reader| gather(&reader, &args.session, layout)) {
        Ok(shown) => shown,
        Err(exit) => return exit,
    };
    if args.json.json {
        say_json(&shown);
    } else {
        print(&shown);
    }
    Exit::Done
}

fn gather(reader: &Reader, start: &str, layout: &Layout) -> Result<Shown, Exit> {
    let session = find::session(reader, start)?;
    let records = reader.session_records(session.id)?;
    let since = Some(session.opened);
    let mut alerts = reader.alerts(&AlertFilter { since, min_severity: None })?;
    alerts.retain(|(_, alert)| alert.sessions.contains(&session.id));
    let files = SessionFiles::new(&layout.sessions(), session.id);
    let files = Files {
        transcript: Some(files.transcript()).filter(|path| path.is_file()),
        terminals: files.terminals(),
        artefacts: events(&records).filter_map(|event| artefact(event, layout)).collect(),
    };
    Ok(Shown { session, records, files, alerts: alerts.into_iter().map(|(_, alert)| alert).collect() })
}

fn events(records: &[Record]) -> impl Iterator<Item = &SessionEvent> {
    records.iter().filter_map(|record| match &record.entry {
        Entry::Event(Event::Session(event)) => Some(event),
        Entry::Event(Event::System(_)) | Entry::Alert(_) => None,
    })
}

fn artefact(event: &SessionEvent, layout: &Layout) -> Option<Artefact> {
    let Observation::Transfer { direction: Direction::Upload, name, size, sha256 } = &event.observation
    else {
        return None;
    };
    let path = artefacts::path(&layout.artefacts(), sha256).filter(|path| path.is_file());
    Some(Artefact { name: name.clone(), size: *size, sha256: sha256.clone(), path })
}

fn print(shown: &Shown) {
    let row = &shown.session;
    say(&format!("Session {}", row.id));
    print_origin(row);
    say("");
    say("What happened");
    let mut events: Vec<_> = events(&shown.records).collect();
    events.sort_by_key(|event| event.index);
    for event in events {
        let offset = format!("+{}", when::length(event.at.duration_since(row.opened)));
        say(&format!("  {} {}", pad(&offset, 9), line::of(&event.observation)));
    }
    print_files(&shown.files, row);
    if !shown.alerts.is_empty() {
        say("");
        say("Alerts");
        shown.alerts.iter().for_each(print_alert);
    }
}

fn print_origin(row: &SessionRow) {
    let fact = |name: &str, value: String| say(&format!("  {} {value}", pad(name, 9)));
    fact("from", format!("{} port {}", row.source, row.source_port));
    if let Some(led) = &row.led {
        fact("led by", format!("session {}, so {} sees {}", led.by, row.host, led.from));
    }
    fact("to", format!("{}/{} at {} port {}", row.host, row.service, row.target, row.target_port));
    fact("opened", moment(row.opened));
    match (row.closed, row.close_reason) {
        (Some(closed), Some(reason)) => {
            let length = when::length(closed.duration_since(row.opened));
            let bytes = format!("{} bytes in, {} out", row.bytes_in, row.bytes_out);
            fact(
                "closed",
                format!("{} by {}, after {length}; {bytes}", moment(closed), super::word(&reason)),
            );
        }
        _ => fact("closed", "not yet".into()),
    }
    if !row.class.is_empty() {
        fact("evidence", format!("{}, {}", row.class, super::word(&row.severity)));
    }
    if row.is_incomplete() {
        fact("lost", format!("{} of {} events", row.events_made - row.events, row.events_made));
    }
}

fn print_files(files: &Files, row: &SessionRow) {
    say("");
    say("Files");
    if let Some(path) = &files.transcript {
        say(&format!("  transcript  {}", path.display()));
    }
    for path in &files.terminals {
        say(&format!("  terminal    {}", path.display()));
    }
    for artefact in &files.artefacts {
        let place =
            artefact.path.as_ref().map_or("not kept (quota)".into(), |path| path.display().to_string());
        say(&format!("  upload      {} ({} bytes)  {place}", artefact.name.for_terminal(), artefact.size));
    }
    if !files.terminals.is_empty() {
        say(&format!("  `honeyward replay {}` plays the terminal.", row.id));
    }
    say("");
    say("Packets");
    say(&format!("  `honeyward pcap {} -o session.pcapng` cuts them out.", row.id));
}

fn print_alert(alert: &Alert) {
    let severity = super::word(&alert.severity);
    say(&format!("  {severity} {}%  {} ({})", alert.confidence, alert.title, alert.rule));
    for reason in &alert.reasons {
        say(&format!("    {} {}", pad(&reason.class, 4), reason.en));
    }
}

fn moment(at: Timestamp) -> String {
    format!("{} ({})", when::local(at), when::zone())
}
