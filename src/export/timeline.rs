//! What happened, in order of time: for people as CSV, for programs as JSON lines.

use std::io::{self, Write};

use serde::Serialize;

use super::bag::{About, Bag};
use super::{Case, table};
use crate::event::{SessionEvent, line};

/// One line of the timeline, for programs.
#[derive(Serialize)]
struct Moment<'e> {
    record: u64,
    what: &'static str,
    text: String,
    event: &'e SessionEvent,
}

/// Adds both.
pub(super) fn add(bag: &mut Bag, case: &Case) -> io::Result<()> {
    let about = |zh, en| About { zh, en, category: "电子数据", source: "chain".into() };
    let events = case.events();
    bag.fill("timeline.csv", about("时间线", "timeline"), |out| {
        write!(out, "{}", table::MARK)?;
        let head = ["record", "time_utc", "session", "source", "decoy", "service", "what", "text"];
        out.write_all(table::row(&head).as_bytes())?;
        events.iter().try_for_each(|(seq, event)| out.write_all(csv(*seq, event).as_bytes()))
    })?;
    bag.fill("timeline.jsonl", about("时间线（JSON）", "timeline, JSON lines"), |out| {
        for (record, event) in &events {
            let text = line::of(&event.observation);
            let what = line::what(&event.observation);
            serde_json::to_writer(&mut *out, &Moment { record: *record, what, text, event })?;
            out.write_all(b"\n")?;
        }
        Ok(())
    })
}

fn csv(seq: u64, event: &SessionEvent) -> String {
    let origin = &event.origin;
    table::row(&[
        &seq.to_string(),
        &event.at.to_string(),
        &origin.session.to_string(),
        &origin.source.to_string(),
        &format!("{} ({})", origin.host, origin.target),
        &origin.service,
        line::what(&event.observation),
        &line::of(&event.observation),
    ])
}
