//! Incidents: the list, and one with its reasons.

use std::collections::HashSet;

use jiff::{SignedDuration, Timestamp};
use minijinja::{Value, context};

use super::{local, reader, row};
use crate::console::accounts::Role;
use crate::console::answer::Answer;
use crate::console::router::{Refusal, Visit};
use crate::console::words::Language;
use crate::event::line::word;
use crate::event::{Alert, attack};
use crate::store::{AlertFilter, Reader};

/// How far back the list goes.
const DAYS: i64 = 400;

/// Incidents in the list; older ones are found by the command line.
const MOST: usize = 500;

/// The newest revision of each incident that was decided since then, newest first.
pub(super) fn latest(reader: &Reader, since: Timestamp) -> Result<Vec<Alert>, Refusal> {
    let mut seen = HashSet::new();
    let alerts = reader.alerts(&AlertFilter { since: Some(since), min_severity: None })?;
    Ok(alerts.into_iter().map(|(_, alert)| alert).filter(|alert| seen.insert(alert.id.clone())).collect())
}

/// An incident as a row of a table.
pub(super) fn shown(alert: &Alert, language: Language) -> Value {
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
    }
}

pub(in crate::console) fn list(visit: &Visit<'_>) -> Result<Answer, Refusal> {
    visit.needs(Role::reads_sessions)?;
    let wanted = visit.request.asked("severity").filter(|word| ["high", "medium", "low"].contains(word));
    let all = latest(&reader(visit)?, Timestamp::now() - SignedDuration::from_hours(24 * DAYS))?;
    let chosen = all.iter().filter(|alert| wanted.is_none_or(|w| word(&alert.severity) == w));
    let incidents: Vec<Value> =
        chosen.take(MOST).map(|alert| shown(alert, visit.request.language())).collect();
    Ok(visit.show("incidents.html", context! { incidents, wanted }))
}

pub(in crate::console) fn one(visit: &Visit<'_>, id: &str) -> Result<Answer, Refusal> {
    visit.needs(Role::reads_sessions)?;
    let reader = reader(visit)?;
    let mut revisions: Vec<Alert> = reader.incident(id)?.into_iter().map(|(_, alert)| alert).collect();
    let alert = revisions.pop().ok_or(Refusal::NotFound)?;
    let language = visit.request.language();
    let history: Vec<Value> = revisions
        .iter()
        .chain([&alert])
        .map(|alert| context! { at => local(alert.at), host => alert.host.clone(), service => alert.service.clone(), ..shown(alert, language) })
        .collect();
    let mut sessions = Vec::new();
    for session in &alert.sessions {
        sessions.extend(reader.sessions_starting(&session.to_string(), 1)?);
    }
    let techniques: Vec<(String, &str)> =
        alert.techniques.iter().map(|id| (id.clone(), attack::technique(id).unwrap_or_default())).collect();
    let accounts: Vec<String> = alert.accounts.iter().map(|account| account.for_terminal()).collect();
    visit.tell("looked at incident", id);
    Ok(visit.show(
        "incident.html",
        context! {
            incident => shown(&alert, language),
            reasons => reasons(&alert, language),
            history,
            sessions => sessions.iter().map(row).collect::<Vec<_>>(),
            techniques,
            accounts,
            chain => context! { seq => alert.chain_sequence, head => alert.chain_head },
        },
    ))
}

/// Reasons may quote an intruder: what could hide in them is shown.
fn reasons(alert: &Alert, language: Language) -> Vec<Value> {
    let reason = |reason: &crate::event::alert::Reason| {
        let text = match language {
            Language::Chinese => &reason.zh,
            Language::English => &reason.en,
        };
        let text = crate::event::Tainted::from(text.as_str()).for_terminal();
        context! { class => reason.class.clone(), probability => reason.probability, text, record => reason.record }
    };
    alert.reasons.iter().map(reason).collect()
}
