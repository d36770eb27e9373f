//! The list of sessions: search, saved searches, and the list as a file.

use jiff::Timestamp;
use jiff::civil;
use jiff::tz::TimeZone;
use minijinja::{Value, context};

use super::{reader, row};
use crate::console::accounts::Role;
use crate::console::answer::Answer;
use crate::console::request::Request;
use crate::console::router::{Refusal, Visit};
use crate::event::line::word;
use crate::event::{Severity, Tainted};
use crate::store::{SessionFilter, SessionRow};

/// Sessions of one page.
const PAGE: usize = 50;

/// Most sessions in a file; `honeyward sessions` has no such limit.
const FILE: usize = 10_000;

/// What may be asked for, in the order of the form; `before` is the page.
pub(in crate::console) const ASKED: [&str; 12] = [
    "source",
    "decoy",
    "host",
    "service",
    "account",
    "technique",
    "hash",
    "text",
    "severity",
    "from",
    "until",
    "before",
];

pub(in crate::console) fn list(visit: &Visit<'_>) -> Result<Answer, Refusal> {
    visit.needs(Role::reads_sessions)?;
    let found = search(visit, PAGE)?;
    let older = found.last().filter(|_| found.len() == PAGE).map(|last| last.id.to_string());
    let sessions: Vec<Value> = found.iter().map(row).collect();
    let decoys = &visit.console.given.decoys;
    let mut protocols: Vec<String> =
        decoys.iter().flat_map(|host| host.services.iter()).map(|s| s.protocol.clone()).collect();
    protocols.sort_unstable();
    protocols.dedup();
    Ok(visit.show(
        "sessions.html",
        context! {
            sessions, older, protocols,
            hosts => decoys.iter().map(|host| host.name.clone()).collect::<Vec<_>>(),
            asked => visit.request.query.clone(),
            query => query(visit.request),
            saved => visit.console.saved.of(&visit.login.account),
        },
    ))
}

/// What was asked, as the end of an address; without the page.
fn query(request: &Request) -> String {
    let pairs =
        ASKED.iter().filter(|name| **name != "before").filter_map(|name| Some((name, request.asked(name)?)));
    pairs.map(|(name, value)| format!("{name}={}", encoded(value))).collect::<Vec<_>>().join("&")
}

/// Percent-encoded but for what needs it in no place (RFC 3986 2.3).
fn encoded(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    text.bytes().map(|b| if plain(b) { char::from(b).to_string() } else { format!("%{b:02X}") }).collect()
}

/// Sessions that the address asks for; what can't be read matches nothing, rather than everything.
pub(in crate::console) fn search(visit: &Visit<'_>, limit: usize) -> Result<Vec<SessionRow>, Refusal> {
    match filter(visit.request, limit) {
        Some(filter) => Ok(reader(visit)?.sessions(&filter)?),
        None => Ok(Vec::new()),
    }
}

fn filter(request: &Request, limit: usize) -> Option<SessionFilter> {
    let text = |name: &str| request.asked(name).map(str::to_owned);
    let mut filter = SessionFilter {
        decoy: text("decoy"),
        host: text("host"),
        service: text("service"),
        account: text("account"),
        technique: text("technique"),
        sha256: text("hash"),
        text: text("text"),
        limit: Some(limit),
        ..SessionFilter::default()
    };
    if let Some(source) = request.asked("source") {
        filter.source = Some(source.parse().ok()?);
    }
    if let Some(before) = request.asked("before") {
        filter.before = Some(before.parse().ok()?);
    }
    if let Some(from) = request.asked("from") {
        filter.from = Some(moment(from)?);
    }
    if let Some(until) = request.asked("until") {
        filter.until = Some(moment(until)?);
    }
    if let Some(severity) = request.asked("severity") {
        let known = [Severity::Low, Severity::Medium, Severity::High];
        filter.min_severity = Some(known.into_iter().find(|known| word(known) == severity)?);
    }
    Some(filter)
}

/// A time as browsers send it (in this machine's zone), a day, or RFC 3339.
fn moment(text: &str) -> Option<Timestamp> {
    if let Ok(at) = text.parse::<Timestamp>() {
        return Some(at);
    }
    let day = || text.parse::<civil::Date>().ok().map(|day| day.to_datetime(civil::Time::midnight()));
    let local = text.parse::<civil::DateTime>().ok().or_else(day)?;
    local.to_zoned(TimeZone::system()).ok().map(|zoned| zoned.timestamp())
}

/// The list as JSON, one array of rows.
pub(in crate::console) fn as_json(visit: &Visit<'_>) -> Result<Answer, Refusal> {
    visit.needs(Role::takes_evidence)?;
    let rows = search(visit, FILE)?;
    visit.tell("took list of sessions", &query(visit.request));
    let body = serde_json::to_vec(&rows).map_err(|error| Refusal::Failed(error.to_string()))?;
    Ok(Answer::file("application/json", "sessions.json", body))
}

/// The list as CSV (RFC 4180).
pub(in crate::console) fn as_csv(visit: &Visit<'_>) -> Result<Answer, Refusal> {
    visit.needs(Role::takes_evidence)?;
    let rows = search(visit, FILE)?;
    visit.tell("took list of sessions", &query(visit.request));
    // A mark at the head: spreadsheets take it for UTF-8 by that alone.
    let mut out = String::from("\u{feff}");
    line(&mut out, &HEADS.map(str::to_owned));
    for row in &rows {
        line(&mut out, &cells(row));
    }
    Ok(Answer::file("text/csv; charset=utf-8", "sessions.csv", out.into_bytes()))
}

const HEADS: [&str; 17] = [
    "id",
    "opened",
    "closed",
    "source",
    "source_port",
    "host",
    "service",
    "target",
    "target_port",
    "severity",
    "class",
    "accounts",
    "got_in",
    "software",
    "events",
    "bytes_in",
    "bytes_out",
];

fn cells(row: &SessionRow) -> [String; 17] {
    let joined = |all: &[Tainted]| all.iter().map(Tainted::for_terminal).collect::<Vec<_>>().join(" | ");
    [
        row.id.to_string(),
        row.opened.to_string(),
        row.closed.map(|at| at.to_string()).unwrap_or_default(),
        row.source.to_string(),
        row.source_port.to_string(),
        row.host.clone(),
        row.service.clone(),
        row.target.to_string(),
        row.target_port.to_string(),
        word(&row.severity),
        row.class.clone(),
        joined(&row.access.accounts),
        row.access.accepted.to_string(),
        joined(&row.software),
        row.events.to_string(),
        row.bytes_in.to_string(),
        row.bytes_out.to_string(),
    ]
}

fn line(out: &mut String, cells: &[String]) {
    let cells: Vec<String> = cells.iter().map(|cell| quoted(cell)).collect();
    out.push_str(&cells.join(","));
    out.push_str("\r\n");
}

/// A cell that a spreadsheet takes for text: one that would be a formula gets a quote before it.
fn quoted(cell: &str) -> String {
    let formula = cell.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let cell = if formula { format!("'{cell}") } else { cell.to_owned() };
    if cell.contains([',', '"', '\n', '\r', '\'']) {
        format!("\"{}\"", cell.replace('"', "\"\""))
    } else {
        cell
    }
}

/// Keeps a search under a name, or forgets it.
pub(in crate::console) fn save(visit: &Visit<'_>) -> Result<Answer, Refusal> {
    visit.needs(Role::reads_sessions)?;
    let request = visit.request;
    let (account, name) = (&visit.login.account, request.field("name").trim());
    if request.field("act") == "forget" {
        visit.console.saved.forget(account, name)?;
    } else if !name.is_empty() {
        visit.console.saved.keep(account, name, request.field("query"))?;
    }
    let query = request.field("query");
    Ok(Answer::to(&format!("/sessions?{}", query.replace(['\r', '\n'], ""))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_never_a_formula() {
        assert_eq!(quoted("=HYPERLINK(\"x\")"), "\"'=HYPERLINK(\"\"x\"\")\"");
        assert_eq!((quoted("plain").as_str(), quoted("a,b").as_str()), ("plain", "\"a,b\""));
    }

    #[test]
    fn times_are_read_in_three_forms() {
        for text in ["2026-01-02T03:04:05Z", "2026-01-02T03:04", "2026-01-02"] {
            assert!(moment(text).is_some(), "{text}");
        }
        assert_eq!(moment("yesterday"), None);
        assert_eq!(encoded("a b/张"), "a%20b%2F%E5%BC%A0");
    }
}
