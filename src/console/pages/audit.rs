//! What the users of the console did, from the chain.

use minijinja::{Value, context};

use super::{local, reader};
use crate::console::accounts::Role;
use crate::console::answer::Answer;
use crate::console::router::{Refusal, Visit};
use crate::event::{CaseChange, Event, SystemEvent};
use crate::store::{Entry, Record};

/// Acts on one page.
const PAGE: usize = 200;

pub(in crate::console) fn page(visit: &Visit<'_>) -> Result<Answer, Refusal> {
    visit.needs(Role::audits)?;
    let before = visit.request.asked("before").and_then(|text| text.parse().ok());
    let records = reader(visit)?.newest_beside(&["system/console", "system/case"], before, PAGE)?;
    let older = records.last().filter(|_| records.len() == PAGE).map(|record| record.seq);
    let acts: Vec<Value> = records.iter().filter_map(act).collect();
    visit.tell("looked at audit", "");
    Ok(visit.show("audit.html", context! { acts, older }))
}

fn act(record: &Record) -> Option<Value> {
    let Entry::Event(Event::System(system)) = &record.entry else { return None };
    let (account, from, act, object) = match &system.event {
        SystemEvent::Console { account, from, act, object } => {
            (account, from, act.clone(), object.for_terminal())
        }
        SystemEvent::Case { incident, account, from, change } => {
            (account, from, changed(change), incident.clone())
        }
        _ => return None,
    };
    Some(context! {
        seq => record.seq,
        at => local(record.at),
        account => account.clone(),
        from => from.to_string(),
        act,
        object,
    })
}

fn changed(change: &CaseChange) -> String {
    match change {
        CaseChange::State { to } => format!("set state {}", to.name()),
        CaseChange::Assigned { to } if to.is_empty() => "assigned to nobody".to_owned(),
        CaseChange::Assigned { to } => format!("assigned to {to}"),
        CaseChange::Note { .. } => "wrote note".to_owned(),
    }
}
