//! What the team does with incidents: states, who works on it, notes; one or many at once.

use std::time::{Duration, Instant};

use super::reader;
use crate::console::accounts::Role;
use crate::console::answer::Answer;
use crate::console::router::{Refusal, Visit};
use crate::event::case::MAX_NOTE;
use crate::event::{CaseChange, CaseState, SystemEvent};

/// Incidents that one form changes.
const MOST: usize = 500;

/// How long a page waits until core has kept a change; it then shows what there is.
const PATIENCE: Duration = Duration::from_secs(5);

/// Between two looks.
const PAUSE: Duration = Duration::from_millis(20);

/// Changes one incident, from its page.
pub(in crate::console) fn change(visit: &Visit<'_>, id: &str) -> Result<Answer, Refusal> {
    apply(visit, &[id.to_owned()])?;
    Ok(Answer::to(&format!("/incidents/{id}")))
}

/// Changes all incidents that were marked in the list.
pub(in crate::console) fn change_many(visit: &Visit<'_>) -> Result<Answer, Refusal> {
    let marked: Vec<String> = visit.request.all("incident").into_iter().take(MOST).collect();
    apply(visit, &marked)?;
    let back = visit.request.field("back");
    // Only ever back to the list.
    Ok(Answer::to(if back.starts_with("/incidents") { back } else { "/incidents" }))
}

fn apply(visit: &Visit<'_>, incidents: &[String]) -> Result<(), Refusal> {
    visit.needs(Role::works_on_cases)?;
    let changes = changes(visit)?;
    keep(visit, incidents, &changes)
}

/// Tells core and waits until the last change is kept.
pub(in crate::console) fn keep(
    visit: &Visit<'_>,
    incidents: &[String],
    changes: &[CaseChange],
) -> Result<(), Refusal> {
    let reader = reader(visit)?;
    let mut last = None;
    for incident in incidents {
        if reader.incident(incident)?.is_empty() {
            return Err(Refusal::NotFound);
        }
    }
    for incident in incidents {
        let before = reader.case(incident)?.seq;
        for change in changes {
            (visit.console.given.tell)(SystemEvent::Case {
                incident: incident.clone(),
                account: visit.login.account.clone(),
                from: visit.request.from,
                change: change.clone(),
            });
            last = Some((incident, before));
        }
    }
    let began = Instant::now();
    while let Some((incident, before)) = last
        && reader.case_records(incident)?.iter().filter(|record| record.seq > before).count() < changes.len()
        && began.elapsed() < PATIENCE
    {
        std::thread::sleep(PAUSE);
    }
    Ok(())
}

/// What the form asks for; an account must be there, a note must say something.
fn changes(visit: &Visit<'_>) -> Result<Vec<CaseChange>, Refusal> {
    let request = visit.request;
    let mut changes = Vec::new();
    match request.field("state") {
        "" => {}
        name => changes.push(CaseChange::State { to: CaseState::named(name).ok_or(Refusal::NotFound)? }),
    }
    match request.field("assignee") {
        "" => {}
        "nobody" => changes.push(CaseChange::Assigned { to: String::new() }),
        "me" => changes.push(CaseChange::Assigned { to: visit.login.account.clone() }),
        name if visit.console.accounts.role(name).is_some_and(Role::works_on_cases) => {
            changes.push(CaseChange::Assigned { to: name.to_owned() });
        }
        _ => return Err(Refusal::NotFound),
    }
    match request.field("note").trim() {
        "" => {}
        text if text.len() > MAX_NOTE => return Err(Refusal::TooLong),
        text => changes.push(CaseChange::Note { text: text.replace("\r\n", "\n") }),
    }
    Ok(changes)
}
