//! The list of incidents, to be worked through.

use jiff::{SignedDuration, Timestamp};
use minijinja::{Value, context};

use super::{local, reader};
use crate::console::accounts::Role;
use crate::console::answer::Answer;
use crate::console::router::{Refusal, Visit};
use crate::console::words::Language;
use crate::event::line::word;
use crate::event::{CaseState, Severity};
use crate::store::{CaseFilter, Incident};

/// How far back the list goes.
pub(in crate::console) const DAYS: i64 = 400;

/// Incidents in the list; older ones are found by the command line.
const MOST: usize = 500;

/// An incident as a row of a table.
pub(in crate::console) fn shown(incident: &Incident, language: Language) -> Value {
    let (alert, case) = (&incident.alert, &incident.case);
    let title = match language {
        Language::Chinese => &alert.title_zh,
        Language::English => &alert.title,
    };
    context! {
        id => alert.id.clone(),
        severity => word(&alert.severity),
        confidence => alert.confidence,
        title,
        source => alert.source.to_string(),
        hosts => alert.hosts.clone(),
        first => local(alert.first_seen),
        last => local(alert.last_seen),
        revision => alert.revision,
        test => alert.test,
        state => case.state.name(),
        closed => case.state.is_closed(),
        assignee => case.assignee.clone(),
        notes => case.notes,
    }
}

/// What the list was asked for, by its address.
pub(in crate::console) fn filter(visit: &Visit<'_>) -> CaseFilter {
    let request = visit.request;
    let severity = match request.asked("severity") {
        Some("high") => Some(Severity::High),
        Some("medium") => Some(Severity::Medium),
        Some("low") => Some(Severity::Low),
        _ => None,
    };
    let assignee = match request.asked("assignee") {
        Some("me") => Some(visit.login.account.clone()),
        Some("nobody") => Some(String::new()),
        other => other.map(str::to_owned),
    };
    let state = request.asked("state").and_then(CaseState::named);
    CaseFilter {
        since: Some(Timestamp::now() - SignedDuration::from_hours(24 * DAYS)),
        severity,
        state,
        open: state.is_none() && request.asked("all").is_none(),
        assignee,
        source: request.asked("source").and_then(|text| text.parse().ok()),
    }
}

pub(in crate::console) fn list(visit: &Visit<'_>) -> Result<Answer, Refusal> {
    visit.needs(Role::reads_sessions)?;
    let filter = filter(visit);
    let found = reader(visit)?.incidents(&filter, MOST)?;
    let incidents: Vec<Value> =
        found.iter().map(|incident| shown(incident, visit.request.language())).collect();
    Ok(visit.show(
        "incidents.html",
        context! {
            incidents,
            asked => visit.request.query.clone(),
            here => visit.request.here(),
            states => CaseState::ALL.map(CaseState::name),
            workers => workers(visit),
            works => visit.role.works_on_cases(),
        },
    ))
}

/// Accounts that can be given an incident.
pub(in crate::console) fn workers(visit: &Visit<'_>) -> Vec<String> {
    let all = visit.console.accounts.list();
    all.into_iter()
        .filter(|(_, role, closed)| !closed && role.works_on_cases())
        .map(|(name, _, _)| name)
        .collect()
}
