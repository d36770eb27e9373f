//! Who may use the console.

use hyper::StatusCode;
use minijinja::{Value, context};

use crate::console::accounts::Role;
use crate::console::answer::Answer;
use crate::console::router::{Refusal, Visit};
use crate::event::line::word;

pub(in crate::console) fn page(visit: &Visit<'_>) -> Result<Answer, Refusal> {
    visit.needs(Role::manages_accounts)?;
    Ok(shown(visit, None))
}

fn shown(visit: &Visit<'_>, key: Option<&str>) -> Answer {
    let accounts: Vec<Value> = visit
        .console
        .accounts
        .list()
        .into_iter()
        .map(|(name, role, closed)| context! { name, role => word(&role), closed })
        .collect();
    visit.show("accounts.html", context! { accounts, key })
}

/// Makes an account, closes one, or opens it again.
pub(in crate::console) fn change(visit: &Visit<'_>) -> Result<Answer, Refusal> {
    visit.needs(Role::manages_accounts)?;
    let (request, accounts) = (visit.request, &visit.console.accounts);
    let name = request.field("name");
    let (act, done) = match request.field("act") {
        "add" => {
            let role = Role::named(request.field("role")).ok_or(Refusal::NotFound)?;
            ("made account", accounts.add(name, request.field("password"), role))
        }
        "close" => ("closed account", accounts.close(name, true)),
        "open" => ("opened account", accounts.close(name, false)),
        _ => return Err(Refusal::NotFound),
    };
    match done {
        Ok(()) => {
            visit.tell(act, name);
            Ok(Answer::to("/accounts"))
        }
        Err(key) => Ok(shown(visit, Some(key)).with_status(StatusCode::UNPROCESSABLE_ENTITY)),
    }
}
