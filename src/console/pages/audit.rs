//! What the users of the console did, from the chain.

use minijinja::{Value, context};

use super::{local, reader};
use crate::console::accounts::Role;
use crate::console::answer::Answer;
use crate::console::router::{Refusal, Visit};
use crate::event::{CaseChange, Event, SystemEvent, Tainted};
use crate::store::{Entry, Record};

/// Kinds of records that say what users did.
pub(in crate::console) const ACTS: [&str; 5] =
    ["system/console", "system/case", "system/asked", "system/decided", "system/done"];

/// Acts on one page.
const PAGE: usize = 200;

pub(in crate::console) fn page(visit: &Visit<'_>) -> Result<Answer, Refusal> {
    visit.needs(Role::audits)?;
    let before = visit.request.asked("before").and_then(|text| text.parse().ok());
    let records = reader(visit)?.newest_beside(&ACTS, before, PAGE)?;
    let older = records.last().filter(|_| records.len() == PAGE).map(|record| record.seq);
    let acts: Vec<Value> = records.iter().filter_map(act).collect();
    visit.tell("looked at audit", "");
    Ok(visit.show("audit.html", context! { acts, older }))
}

fn act(record: &Record) -> Option<Value> {
    let Entry::Event(Event::System(system)) = &record.entry else { return None };
    let (account, from, act, object) = match &system.event {
        SystemEvent::Console { account, from, act, object } => {
            (account.as_str(), Some(from), act.clone(), object.for_terminal())
        }
        SystemEvent::Case { incident, account, from, change } => {
            (account.as_str(), Some(from), changed(change), incident.clone())
        }
        SystemEvent::Asked { id, account, from, wish, .. } => {
            let object = format!("{} ({id})", Tainted::from(wish.object().as_str()).for_terminal());
            (account.as_str(), Some(from), format!("asked for {}", word(wish.name())), object)
        }
        SystemEvent::Decided { id, account, from, decision, .. } => {
            (account.as_str(), from.as_ref(), decision.name().to_owned(), id.clone())
        }
        SystemEvent::Done { id, done, reason, .. } => {
            let act = if *done { "did" } else { "could not do" };
            ("", None, act.to_owned(), format!("{id} {reason}"))
        }
        _ => return None,
    };
    Some(context! {
        seq => record.seq,
        at => local(record.at),
        account,
        from => from.map(ToString::to_string).unwrap_or_default(),
        act,
        object,
    })
}

fn word(name: &str) -> String {
    name.replace('_', " ")
}

fn changed(change: &CaseChange) -> String {
    match change {
        CaseChange::State { to } => format!("set state {}", to.name()),
        CaseChange::Assigned { to } if to.is_empty() => "assigned to nobody".to_owned(),
        CaseChange::Assigned { to } => format!("assigned to {to}"),
        CaseChange::Note { .. } => "wrote note".to_owned(),
    }
}
