//! The decoys: where they stand, what each pretends to be, and who met them.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use minijinja::value::Serde;
use minijinja::{Value, context};

use super::reader;
use crate::console::Process;
use crate::console::accounts::Role;
use crate::console::answer::Answer;
use crate::console::map::{Map, draw};
use crate::console::router::{Refusal, Visit};

/// How far back the map looks, days: as the first page does.
const DAYS: i64 = 30;

pub(in crate::console) fn page(visit: &Visit<'_>) -> Result<Answer, Refusal> {
    let map = map(visit)?;
    let decoys = Value::from(Serde(&visit.console.given.decoys));
    Ok(visit.show("decoys.html", context! { decoys, map => Value::from(Serde(&map)), days => DAYS }))
}

/// The map of the last days.
pub(in crate::console) fn map(visit: &Visit<'_>) -> Result<Map, Refusal> {
    visit.needs(Role::reads_sessions)?;
    let given = &visit.console.given;
    let touched = reader(visit)?.touched(Timestamp::now() - SignedDuration::from_hours(24 * DAYS))?;
    Ok(draw(&given.decoys, &given.segments, &touched, &states(&(given.processes)())))
}

/// How the hosts stand on the wire, as the process says that puts them there.
fn states(processes: &[Process]) -> BTreeMap<String, String> {
    let netd = processes.iter().find(|process| process.name == "netd" && process.up);
    let told = netd.and_then(|process| process.detail["hosts"].as_object());
    let state =
        |(host, state): (&String, &serde_json::Value)| Some((host.clone(), state.as_str()?.to_owned()));
    told.into_iter().flatten().filter_map(state).collect()
}
