//! Allowances of the config: their faults by line, and the past judged with them.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::detect::{Allowance, Detector, Regulars, Settings};
use crate::event::{Alert, Severity};
use crate::persona::Fault;
use crate::store::{Entry, Reader, StoreError};

/// Events read at once.
const CHUNK: usize = 4_096;

/// Every fault of the allowances in a file, with its line.
pub(crate) fn faults(allowances: &[Allowance], file: &str, text: &str) -> Vec<Fault> {
    let today = Timestamp::now().to_zoned(TimeZone::system()).date();
    let mut faults = Vec::new();
    for (i, allowance) in allowances.iter().enumerate() {
        let table = text.match_indices("[[detection.allowance]]").nth(i).map_or(0, |(place, _)| place);
        for (key, problem) in allowance.faults(today) {
            faults.push(Fault::at(file, text, place_of(key, text, table), problem));
        }
        if allowances.iter().take(i).any(|other| other.name == allowance.name) {
            let problem = format!("{}: expected a name that no other allowance has", allowance.name);
            faults.push(Fault::at(file, text, place_of("name", text, table), problem));
        }
    }
    faults
}

/// Where a key of a table stands: at the start of a line after the table's head.
fn place_of(key: &str, text: &str, table: usize) -> usize {
    let mut place = table;
    for line in text.get(table..).unwrap_or_default().split_inclusive('\n') {
        if line.trim_start().strip_prefix(key).is_some_and(|rest| rest.trim_start().starts_with('=')) {
            return place;
        }
        place += line.len();
    }
    table
}

/// What detection would have made of the past.
#[derive(Debug, Default)]
pub(crate) struct Past {
    /// What each allowance covered.
    pub(crate) covered: BTreeMap<String, Covered>,
    /// Sources of High incidents, with the first alert that was High.
    pub(crate) high: BTreeMap<IpAddr, Alert>,
    /// Alerts that would have been told, by severity.
    pub(crate) told: BTreeMap<Severity, u64>,
    /// Events judged.
    pub(crate) events: u64,
    /// Sources that come back.
    pub(crate) regulars: Regulars,
}

/// What one allowance covered.
#[derive(Debug, Default, Clone)]
pub(crate) struct Covered {
    /// Events.
    pub(crate) events: u64,
    /// Addresses.
    pub(crate) sources: BTreeSet<IpAddr>,
    /// The last of them.
    pub(crate) last: Option<Timestamp>,
}

/// Judges what was kept since then, with these settings.
///
/// # Errors
/// The store can't be read.
pub(crate) fn judge(reader: &Reader, settings: Settings, since: Timestamp) -> Result<Past, StoreError> {
    let mut detector = Detector::new(settings);
    let (mut past, mut after) = (Past::default(), 0);
    loop {
        let records = reader.session_events(since, after, CHUNK)?;
        let Some(last) = records.last() else { return Ok(past) };
        after = last.seq;
        for record in &records {
            let Entry::Event(event) = &record.entry else { continue };
            past.events += 1;
            let verdict = detector.observe(record.seq, event);
            if let crate::event::Event::Session(event) = event {
                past.regulars.note(event, verdict.class);
            }
            if let (Some(name), crate::event::Event::Session(event)) = (verdict.allowed, event) {
                let covered = past.covered.entry(name).or_default();
                covered.events += 1;
                covered.sources.insert(event.origin.source.ip());
                covered.last = Some(event.at);
            }
            if let Some(alert) = verdict.alert {
                *past.told.entry(alert.severity).or_default() += 1;
                if alert.severity == Severity::High {
                    past.high.entry(alert.source).or_insert(*alert);
                }
            }
        }
    }
}
