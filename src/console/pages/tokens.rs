//! Tokens of the API, and its document.

use hyper::StatusCode;
use jiff::Timestamp;
use minijinja::{Value, context};

use super::local;
use crate::console::accounts::Role;
use crate::console::answer::Answer;
use crate::console::api;
use crate::console::router::{Refusal, Visit};
use crate::console::tokens::{LONGEST, Scope};

pub(in crate::console) fn page(visit: &Visit<'_>) -> Result<Answer, Refusal> {
    visit.needs(Role::manages_accounts)?;
    Ok(shown(visit, None, None))
}

fn shown(visit: &Visit<'_>, key: Option<&str>, made: Option<&str>) -> Answer {
    let now = Timestamp::now();
    let tokens: Vec<Value> = visit
        .console
        .tokens
        .list()
        .into_iter()
        .map(|token| {
            context! {
                id => token.id, name => token.name, account => token.account,
                scopes => token.scopes.iter().map(|scope| scope.name()).collect::<Vec<_>>(),
                ends => local(token.ends), ended => token.ends <= now, used => token.used.map(local),
            }
        })
        .collect();
    let accounts: Vec<String> = visit
        .console
        .accounts
        .list()
        .into_iter()
        .filter(|(_, _, closed)| !closed)
        .map(|(name, ..)| name)
        .collect();
    let scopes = Scope::ALL.map(Scope::name);
    visit.show("tokens.html", context! { tokens, accounts, scopes, key, made, longest => LONGEST })
}

/// Makes a token or ends one.
pub(in crate::console) fn change(visit: &Visit<'_>) -> Result<Answer, Refusal> {
    visit.needs(Role::manages_accounts)?;
    let (request, tokens) = (visit.request, &visit.console.tokens);
    match request.field("act") {
        "make" => {
            let scopes = request.all("scope").iter().filter_map(|name| Scope::named(name)).collect();
            let account = request.field("account");
            if visit.console.accounts.role(account).is_none() {
                return Err(Refusal::NotFound);
            }
            let days = request.field("days").parse().unwrap_or(0);
            match tokens.make(request.field("name").trim(), account, scopes, days, Timestamp::now()) {
                Ok(whole) => {
                    visit.tell("made token", request.field("name"));
                    Ok(shown(visit, None, Some(&whole)))
                }
                Err(key) => Ok(shown(visit, Some(key), None).with_status(StatusCode::UNPROCESSABLE_ENTITY)),
            }
        }
        "revoke" => {
            tokens.revoke(request.field("id"))?;
            visit.tell("revoked token", request.field("id"));
            Ok(Answer::to("/tokens"))
        }
        _ => Err(Refusal::NotFound),
    }
}

/// The API as a page.
pub(in crate::console) fn documentation(visit: &Visit<'_>) -> Result<Answer, Refusal> {
    let at = usize::from(visit.request.language() == crate::console::words::Language::English);
    let routes: Vec<Value> = api::routes()
        .map(|route| {
            context! {
                method => route.method.to_uppercase(), path => route.path, scope => route.scope.name(),
                about => route.about[at], takes => route.takes.to_vec(), gives => route.gives,
            }
        })
        .collect();
    Ok(visit.show("api.html", context! { routes }))
}

/// The API as OpenAPI.
pub(in crate::console) fn document() -> Answer {
    Answer::json(&api::document())
}
