//! The first page: who attacked, how sure we are, whether everything runs.

use jiff::{SignedDuration, Timestamp};
use minijinja::value::Serde;
use minijinja::{Value, context};
use serde_json::Value as Json;

use super::incidents::shown;
use super::reader;
use crate::console::Process;
use crate::console::accounts::Role;
use crate::console::answer::Answer;
use crate::console::charts::by_hour;
use crate::console::router::{Refusal, Visit};
use crate::store::CaseFilter;

/// Incidents on the first page.
const FEW: usize = 12;

/// Hours of the chart.
const HOURS: i64 = 24;

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
    let hours = reader.sessions_by_hour(now - SignedDuration::from_hours(HOURS))?;
    let bars = by_hour(&hours, now.as_second().div_euclid(3600), HOURS);
    let incidents: Vec<Value> =
        reader.incidents(&filter, FEW)?.iter().map(|i| shown(i, visit.request.language())).collect();
    Ok(visit.show(
        "overview.html",
        context! {
            incidents,
            counts => [("high", high), ("medium", medium), ("low", low)],
            bars => Value::from(Serde(&bars)),
            total => hours.iter().map(|(_, count)| count).sum::<u64>(),
            health => health(&(visit.console.given.processes)()),
            head => context! { seq => reader.head()?.seq },
        },
    ))
}

/// What may be wrong with the appliance itself.
fn health(processes: &[Process]) -> Value {
    let lines: Vec<Value> =
        processes.iter().map(|process| context! { name => process.name.clone(), up => process.up }).collect();
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
    context! { processes => lines, capturing, dropped, note, destinations }
}
