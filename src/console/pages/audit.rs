//! What the users of the console did, from the chain.

use minijinja::{Value, context};

use super::{local, reader};
use crate::console::accounts::Role;
use crate::console::answer::Answer;
use crate::console::router::{Refusal, Visit};
use crate::event::{Event, SystemEvent};
use crate::store::{Entry, Record};

/// Newest acts that are listed.
const MOST: usize = 1000;

pub(in crate::console) fn page(visit: &Visit<'_>) -> Result<Answer, Refusal> {
    visit.needs(Role::audits)?;
    let records = reader(visit)?.records_after(0, "system/console")?;
    let acts: Vec<Value> = records.iter().rev().filter_map(act).take(MOST).collect();
    visit.tell("looked at audit", "");
    Ok(visit.show("audit.html", context! { acts }))
}

fn act(record: &Record) -> Option<Value> {
    let Entry::Event(Event::System(system)) = &record.entry else { return None };
    let SystemEvent::Console { account, from, act, object } = &system.event else { return None };
    Some(context! {
        seq => record.seq,
        at => local(record.at),
        account => account.clone(),
        from => from.to_string(),
        act => act.clone(),
        object => object.for_terminal(),
    })
}
