//! Allowances: what the hospital's own machines may do, until when, and who answers for it.

use minijinja::value::Serde;
use minijinja::{Value, context};
use serde_json::{Map, Value as Json, json};

use super::settings::{self, Wrong};
use super::{local, wishes};
use crate::console::accounts::Role;
use crate::console::answer::Answer;
use crate::console::desk::From;
use crate::console::router::{Refusal, Visit};
use crate::event::wish::Wish;

/// Hours that are judged once more to count what an allowance downgraded.
const COUNTED: u16 = 24;

/// Days in which a source must have come back to be proposed.
const PROPOSED: u16 = 7;

/// Keys of the form that are text.
const TEXTS: [&str; 9] =
    ["name", "source", "covers", "from", "until", "timezone", "owner", "reason", "expires"];

/// Keys that are lists, written with commas between.
const LISTS: [&str; 5] = ["services", "hosts", "accounts", "checks", "days"];

/// What a program gives.
pub(in crate::console) const TAKES: [&str; 16] = [
    "act",
    "name",
    "source",
    "covers",
    "from",
    "until",
    "timezone",
    "owner",
    "reason",
    "expires",
    "services",
    "hosts",
    "accounts",
    "checks",
    "days",
    "sessions_per_day",
];

pub(in crate::console) fn page(visit: &Visit<'_>) -> Result<Answer, Refusal> {
    visit.needs(Role::asks)?;
    shown(visit, Wrong::new())
}

fn shown(visit: &Visit<'_>, wrong: Wrong) -> Result<Answer, Refusal> {
    let all = settings::all(visit)?;
    let counted = match visit.request.asked("count") {
        Some(_) => Some((visit.console.given.desk.count)(COUNTED).map_err(Refusal::Failed)?),
        None => None,
    };
    let allowances: Vec<Value> = all
        .allowances
        .iter()
        .map(|one| {
            let found = counted.iter().flatten().find(|counted| counted.name == one.name);
            context! {
                name => one.name.clone(), standing => one.standing.clone(), from => Value::from(Serde(one.from)),
                settings => Value::from(Serde(one.settings.clone())),
                ends_here => one.from == From::Console,
                events => counted.as_ref().map(|_| found.map_or(0, |found| found.events)),
                last => found.and_then(|found| found.last).map(local),
            }
        })
        .collect();
    let proposals = match visit.request.asked("propose") {
        Some(_) => Some((visit.console.given.desk.propose)(PROPOSED).map_err(Refusal::Failed)?),
        None => None,
    };
    let taken = taken(visit, proposals.as_deref().unwrap_or_default());
    let typed = if wrong.is_empty() { taken } else { json!(visit.request.form) };
    Ok(visit.show(
        "allowances.html",
        context! {
            allowances, wrong, tab => "allowances", values => Value::from(Serde(typed)), hours => COUNTED,
            counted => counted.is_some(), proposed => proposals.is_some(), days => PROPOSED,
            proposals => Value::from(Serde(proposals.map(|all| json!(all)).unwrap_or_default())), second => visit.needs_second(),
            outcome => wishes::outcome(visit)?, manages => visit.role.manages_settings(),
        },
    ))
}

/// What the form holds when a proposal was chosen: all but who answers for it, why and until when.
fn taken(visit: &Visit<'_>, proposals: &[Json]) -> Json {
    let chosen =
        visit.request.asked("take").and_then(|source| proposals.iter().find(|one| one["source"] == source));
    let Some(one) = chosen else { return Json::Null };
    let list = |key: &str| {
        let items = one[key].as_array().into_iter().flatten().filter_map(Json::as_str);
        items.collect::<Vec<_>>().join(", ")
    };
    json!({
        "name": format!("regular-{}", one["source"].as_str().unwrap_or_default()),
        "source": one["source"], "covers": one["covers"], "hosts": list("hosts"),
        "services": list("services"), "accounts": list("accounts"),
        "sessions_per_day": one["sessions_per_day"].to_string(),
    })
}

/// Asks for an allowance, or ends one.
pub(in crate::console) fn change(visit: &Visit<'_>) -> Result<Answer, Refusal> {
    visit.needs(Role::asks)?;
    let name = visit.request.field("name").trim().to_owned();
    let wish = match visit.request.field("act") {
        "add" => Wish::Allowance { name, settings: table(visit).to_string() },
        "end" => {
            visit.needs(Role::manages_settings)?;
            Wish::AllowanceEnded { name }
        }
        _ => return Err(Refusal::NotFound),
    };
    settings::ask(visit, wish, "/settings/allowances", |wrong| shown(visit, wrong))
}

/// The form as the config's table would be, without who approves it.
fn table(visit: &Visit<'_>) -> Json {
    let request = visit.request;
    let mut table = Map::new();
    for key in TEXTS {
        let text = request.field(key).trim();
        if !text.is_empty() {
            table.insert(key.to_owned(), json!(text));
        }
    }
    for key in LISTS {
        let items: Vec<&str> = request
            .field(key)
            .split([',', '，', ' '])
            .map(str::trim)
            .filter(|item| !item.is_empty())
            .collect();
        if !items.is_empty() {
            table.insert(key.to_owned(), json!(items));
        }
    }
    if let Ok(sessions) = request.field("sessions_per_day").trim().parse::<u32>() {
        table.insert("sessions_per_day".to_owned(), json!(sessions));
    }
    Json::Object(table)
}
