//! The first page: who attacked, how sure we are, whether everything runs.

use jiff::{SignedDuration, Timestamp};
use minijinja::value::Serde;
use minijinja::{Value, context};
use serde_json::Value as Json;

use super::incidents::shown;
use super::{local, reader};
use crate::console::Process;
use crate::console::accounts::Role;
use crate::console::answer::Answer;
use crate::console::charts::bars;
use crate::console::router::{Refusal, Visit};
use crate::store::CaseFilter;

/// Incidents on the first page.
const FEW: usize = 12;

/// Hours of the chart.
const HOURS: i64 = 24;

/// Days of the other one.
const DAYS: i64 = 30;

pub(in crate::console) fn page(visit: &Visit<'_>) -> Result<Answer, Refusal> {
    if !visit.role.reads_sessions() {
        visit.needs(Role::audits)?;
        return Ok(Answer::to("/audit"));
    }
    let (reader, now) = (reader(visit)?, Timestamp::now());
    let filter = CaseFilter {
        since: Some(now - SignedDuration::from_hours(24 * 30)),
        open: true,
        ..CaseFilter::default()
    };
    let [_, low, medium, high] = reader.count_incidents(&filter)?;
    let hours = reader.sessions_by_hour(now - SignedDuration::from_hours(24 * DAYS))?;
    let this_hour = now.as_second().div_euclid(3600);
    let recent: Vec<(i64, u64)> =
        hours.iter().copied().filter(|(hour, _)| *hour > this_hour - HOURS).collect();
    let day = chart(&recent, this_hour, HOURS, "h");
    let days: Vec<(i64, u64)> = hours.iter().map(|(hour, count)| ((this_hour - hour) / 24, *count)).collect();
    // Days are counted back from now; the last bar is the last 24 hours.
    let mut by_day = std::collections::BTreeMap::new();
    days.into_iter().for_each(|(back, count)| *by_day.entry(DAYS - back).or_insert(0) += count);
    let month = chart(&by_day.into_iter().collect::<Vec<_>>(), DAYS, DAYS, "d");
    let incidents: Vec<Value> =
        reader.incidents(&filter, FEW)?.iter().map(|i| shown(i, visit.request.language())).collect();
    Ok(visit.show(
        "overview.html",
        context! {
            incidents,
            counts => [("high", high), ("medium", medium), ("low", low)],
            day,
            month,
            health => health(&(visit.console.given.processes)()),
            head => context! { seq => reader.head()?.seq },
        },
    ))
}

/// A chart with its sum.
fn chart(counts: &[(i64, u64)], last: i64, length: i64, unit: &str) -> Value {
    let bars = bars(counts, last, length, unit);
    context! { bars => Value::from(Serde(&bars)), total => counts.iter().map(|(_, count)| count).sum::<u64>() }
}

/// What may be wrong with the appliance itself.
fn health(processes: &[Process]) -> Value {
    // What capd has to say stands with the capture.
    let note = |process: &Process| match process.name.as_str() {
        "capd" => String::new(),
        _ => process.detail["note"].as_str().unwrap_or_default().to_owned(),
    };
    let lines: Vec<Value> = processes
        .iter()
        .map(|process| context! { name => process.name.clone(), up => process.up, note => note(process) })
        .collect();
    let detail = |name: &str| processes.iter().find(|p| p.name == name && p.up).map(|p| &p.detail);
    let capd = detail("capd");
    let capturing = capd.is_some_and(|state| state["capturing"] == Json::Bool(true));
    let dropped: u64 = capd
        .and_then(|state| state["interfaces"].as_array())
        .into_iter()
        .flatten()
        .filter_map(|interface| interface["dropped"].as_u64())
        .sum();
    let note = capd.and_then(|state| state["note"].as_str()).unwrap_or_default();
    let destinations: Vec<Value> = detail("core")
        .and_then(|state| state["destinations"].as_array())
        .into_iter()
        .flatten()
        .map(|to| {
            context! {
                name => to["name"].as_str().unwrap_or_default(),
                state => to["state"].as_str().unwrap_or_default(),
                reason => to["reason"].as_str().unwrap_or_default(),
                sent => to["sent"].as_u64().unwrap_or(0),
            }
        })
        .collect();
    let failing: Vec<Value> = detail("core")
        .and_then(|state| state["health"]["failing"].as_array())
        .into_iter()
        .flatten()
        .map(|one| {
            let text = |key: &str| one[key].as_str().unwrap_or_default().to_owned();
            let since = text("since").parse().map(local).unwrap_or_default();
            context! { check => text("check"), object => text("object"), reason => text("reason"), since }
        })
        .collect();
    context! { processes => lines, capturing, dropped, note, destinations, failing }
}
