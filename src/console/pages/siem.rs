//! Destinations of alerts: how delivery stands, a test, adding and changing.

use jiff::{SignedDuration, Timestamp};
use minijinja::value::Serde;
use minijinja::{Value, context};
use serde_json::{Map, Value as Json, json};

use super::settings::{self, Wrong};
use super::{local, reader, wishes};
use crate::console::accounts::{Role, private_file};
use crate::console::answer::Answer;
use crate::console::desk::{From, Shown, Tried};
use crate::console::router::{Refusal, Visit};
use crate::event::Severity;
use crate::event::wish::Wish;

/// Keys of the form that are text.
const TEXTS: [&str; 17] = [
    "name",
    "format",
    "transport",
    "address",
    "url",
    "api",
    "min_severity",
    "timezone",
    "index",
    "server_name",
    "hostname",
    "console",
    "from",
    "to",
    "account",
    "topic",
    "sasl",
];

/// Files of the form: the key, and the end of its name.
const FILES: [(&str, &str); 6] = [
    ("ca", "ca.pem"),
    ("certificate", "cert.pem"),
    ("key", "key.pem"),
    ("token_file", "token"),
    ("secret_file", "secret"),
    ("password_file", "password"),
];

/// What a program gives.
pub(in crate::console) const TAKES: [&str; 27] = [
    "act",
    "name",
    "format",
    "transport",
    "address",
    "url",
    "api",
    "min_severity",
    "timezone",
    "index",
    "server_name",
    "hostname",
    "console",
    "from",
    "to",
    "account",
    "topic",
    "sasl",
    "health",
    "acknowledge",
    "bom",
    "ca",
    "certificate",
    "key",
    "token_file",
    "secret_file",
    "password_file",
];

/// Longest of them: a chain of certificates.
const FILE: usize = 48 << 10;

/// Alerts that are counted as waiting.
const WAITING: usize = 1_000;

pub(in crate::console) fn page(visit: &Visit<'_>) -> Result<Answer, Refusal> {
    visit.needs(Role::asks)?;
    shown(visit, &Form::default())
}

/// What the page says beside what there is.
#[derive(Default)]
struct Form {
    wrong: Wrong,
    tried: Option<(String, Tried)>,
    again: bool,
}

fn shown(visit: &Visit<'_>, form: &Form) -> Result<Answer, Refusal> {
    let all = settings::all(visit)?;
    let destinations = destinations(visit, &all)?;
    let chosen = visit.request.asked("change").unwrap_or_default();
    let changed = all.destinations.iter().find(|to| to.from == From::Console && to.name == chosen);
    // What was typed stays where it was wrong.
    let typed: Map<String, Json> =
        visit.request.form.iter().map(|(key, value)| (key.clone(), json!(value))).collect();
    let values =
        if form.again { Json::Object(typed) } else { changed.map_or(json!({}), |to| to.settings.clone()) };
    Ok(visit.show(
        "siem.html",
        context! {
            destinations, tab => "siem", wrong => form.wrong.clone(), changing => changed.map(|to| to.name.clone()),
            values => Value::from(Serde(values)),
            tried => form.tried.as_ref().map(|(name, tried)| context! { name, at => Value::from(Serde(tried.clone())) }),
            outcome => wishes::outcome(visit)?, manages => visit.role.manages_settings(),
        },
    ))
}

/// Each with how delivery stands.
pub(in crate::console) fn destinations(visit: &Visit<'_>, all: &Shown) -> Result<Vec<Value>, Refusal> {
    let processes = (visit.console.given.processes)();
    let core = processes.iter().find(|process| process.name == "core" && process.up);
    let states = core.and_then(|core| core.detail["destinations"].as_array()).cloned().unwrap_or_default();
    let reader = reader(visit)?;
    let mut shown = Vec::new();
    for to in &all.destinations {
        let state = states.iter().find(|state| state["name"] == to.name.as_str() && to.from != From::Hidden);
        let least = serde_json::from_value(to.settings["min_severity"].clone()).unwrap_or(Severity::High);
        let settled = state.and_then(|state| state["settled"].as_u64());
        let waiting = settled.map(|settled| reader.alerts_after(settled, least, WAITING)).transpose()?;
        let text = |key: &str| state.and_then(|state| state[key].as_str()).unwrap_or_default().to_owned();
        let time = |key: &str| text(key).parse::<Timestamp>().ok();
        shown.push(context! {
            name => to.name.clone(), place => to.place.clone(), from => Value::from(Serde(to.from)),
            settings => Value::from(Serde(to.settings.clone())),
            state => text("state"),
            since => time("since").map(local),
            reason => text("reason"),
            last_error => text("last_error"),
            last_error_at => time("last_error_at").map(local),
            sent => state.and_then(|state| state["sent"].as_u64()),
            set_aside => state.and_then(|state| state["set_aside"].as_u64()).unwrap_or(0),
            waiting => waiting.as_ref().map(Vec::len),
            lag => waiting.as_ref().and_then(|list| list.first()).map(|(_, alert)| lag(alert.at)),
        });
    }
    Ok(shown)
}

/// How long the oldest of what waits has waited.
fn lag(at: Timestamp) -> String {
    let waited = Timestamp::now().duration_since(at).max(SignedDuration::ZERO);
    match waited.as_secs() {
        seconds @ 0..120 => format!("{seconds} s"),
        seconds @ 120..7200 => format!("{} min", seconds / 60),
        seconds => format!("{} h", seconds / 3600),
    }
}

/// Saves, removes or tests a destination.
pub(in crate::console) fn change(visit: &Visit<'_>) -> Result<Answer, Refusal> {
    visit.needs(Role::manages_settings)?;
    let name = visit.request.field("name").trim().to_owned();
    match visit.request.field("act") {
        "save" => {
            let settings = match table(visit) {
                Ok(table) => table.to_string(),
                Err(Problem::Wrong(wrong)) => {
                    let again = shown(visit, &Form { wrong, again: true, ..Form::default() })?;
                    return Ok(again.with_status(hyper::StatusCode::UNPROCESSABLE_ENTITY));
                }
                Err(Problem::Refused(refusal)) => return Err(refusal),
            };
            settings::ask(visit, Wish::Destination { name, settings }, "/settings/siem", |wrong| {
                shown(visit, &Form { wrong, again: true, ..Form::default() })
            })
        }
        "remove" => settings::ask(visit, Wish::DestinationRemoved { name }, "/settings/siem", |wrong| {
            shown(visit, &Form { wrong, ..Form::default() })
        }),
        "test" => {
            let tried = test(visit, &name)?;
            shown(visit, &Form { tried: Some((name, tried)), ..Form::default() })
        }
        _ => Err(Refusal::NotFound),
    }
}

/// Sends a test alert and waits for what comes of it.
pub(in crate::console) fn test(visit: &Visit<'_>, name: &str) -> Result<Tried, Refusal> {
    visit.needs(Role::manages_settings)?;
    let known =
        settings::all(visit)?.destinations.iter().any(|to| to.name == name && to.from != From::Hidden);
    if !known {
        return Err(Refusal::NotFound);
    }
    visit.tell("tested destination", name);
    (visit.console.given.desk.try_destination)(name).map_err(Refusal::Failed)
}

enum Problem {
    Wrong(Wrong),
    Refused(Refusal),
}

impl std::convert::From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        Problem::Refused(refusal)
    }
}

/// The form as the config's table would be. A file that is given is put where core finds it; without a new
/// one the known one stays.
fn table(visit: &Visit<'_>) -> Result<Json, Problem> {
    let request = visit.request;
    let name = request.field("name").trim();
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    if name.is_empty() || name.len() > 64 || name.starts_with('.') || !name.chars().all(plain) {
        let problem = "expected letters, digits, '-', '_' or '.'".to_owned();
        return Err(Problem::Wrong(vec![("name".to_owned(), problem)]));
    }
    let all = settings::all(visit)?;
    let known = all.destinations.iter().find(|to| to.from != From::File && to.name == name);
    let mut table = Map::new();
    for key in TEXTS {
        let text = request.field(key).trim();
        if !text.is_empty() {
            table.insert(key.to_owned(), json!(text));
        }
    }
    for key in ["health", "acknowledge", "bom"] {
        if matches!(request.field(key), "on" | "true") {
            table.insert(key.to_owned(), json!(true));
        }
    }
    for (key, end) in FILES {
        let text = request.field(key).trim();
        if text.len() > FILE {
            return Err(Problem::Refused(Refusal::TooLong));
        }
        let is_pem = end.ends_with(".pem");
        if is_pem && !text.is_empty() && !text.starts_with("-----BEGIN ") {
            let problem = format!("{key}: expected PEM: -----BEGIN …");
            return Err(Problem::Wrong(vec![(key.to_owned(), problem)]));
        }
        let file = match text {
            "" => known.and_then(|to| to.settings[key].as_str()).map(str::to_owned),
            text => Some(put(visit, &format!("{name}-{end}"), text).map_err(Refusal::from)?),
        };
        if let Some(file) = file.filter(|_| request.field(&format!("drop_{key}")).is_empty()) {
            table.insert(key.to_owned(), json!(file));
        }
    }
    Ok(Json::Object(table))
}

/// Puts a file where core finds it, under a name that no other has: earlier versions of the settings go
/// on to name theirs.
fn put(visit: &Visit<'_>, name: &str, text: &str) -> std::io::Result<String> {
    let folder = &visit.console.given.desk.files;
    std::fs::create_dir_all(folder)?;
    let name = format!("{}-{name}", hex::encode(rand::random::<[u8; 8]>()));
    private_file(&folder.join(&name), format!("{text}\n").as_bytes())?;
    Ok(name)
}
