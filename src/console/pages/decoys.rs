//! The decoys: what each pretends to be, and how often it was met.

use minijinja::value::Serde;
use minijinja::{Value, context};

use crate::console::accounts::Role;
use crate::console::answer::Answer;
use crate::console::router::{Refusal, Visit};

pub(in crate::console) fn page(visit: &Visit<'_>) -> Result<Answer, Refusal> {
    visit.needs(Role::reads_sessions)?;
    let decoys = Value::from(Serde(&visit.console.given.decoys));
    Ok(visit.show("decoys.html", context! { decoys }))
}
