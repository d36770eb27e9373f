//! Before a login: the first administrator, the login itself; and the way out.

use hyper::StatusCode;
use minijinja::context;

use super::oidc;
use crate::console::answer::Answer;
use crate::console::request::{LOGIN_COOKIE, Request};
use crate::console::router::{Console, Visit};

/// Whoever is not logged in sees this, wherever he wanted to go.
pub(in crate::console) fn page(console: &Console, request: &Request) -> Answer {
    match (console.accounts.is_empty(), request.posts, request.path.as_str(), &console.provider) {
        (true, true, "/setup", _) => set_up(console, request),
        (true, _, _, _) => console.bare_page(request, "setup.html", context! {}),
        (false, true, "/login", _) => log_in(console, request),
        (false, false, "/login", provider) => {
            console.bare_page(request, "login.html", context! { oidc => provider.is_some() })
        }
        (false, false, "/oidc/start", Some(provider)) => oidc::start(console, request, provider),
        (false, false, "/oidc/callback", Some(provider)) => oidc::finish(console, request, provider),
        (false, _, _, _) => Answer::to("/login"),
    }
}

fn set_up(console: &Console, request: &Request) -> Answer {
    let (name, password) = (request.field("name"), request.field("password"));
    let again = |key: &str| {
        console
            .bare_page(request, "setup.html", context! { key, name })
            .with_status(StatusCode::UNPROCESSABLE_ENTITY)
    };
    if !console.logins.may_try("", request.from) {
        return again("locked_out");
    }
    if !console.accounts.is_setup(request.field("secret")) {
        console.logins.tried("", request.from, false);
        console.tell("", request.from, "was refused", "setup");
        return again("bad_secret");
    }
    match console.accounts.set_up(name, password) {
        Ok(()) => {
            console.tell(name, request.from, "set up", name);
            admitted(console, name)
        }
        Err(key) => again(key),
    }
}

fn log_in(console: &Console, request: &Request) -> Answer {
    let (name, password) = (request.field("name"), request.field("password"));
    let again = |key: &str, status| {
        let oidc = console.provider.is_some();
        console.bare_page(request, "login.html", context! { key, name, oidc }).with_status(status)
    };
    if !console.logins.may_try(name, request.from) {
        return again("locked_out", StatusCode::TOO_MANY_REQUESTS);
    }
    let seconds = u64::try_from(jiff::Timestamp::now().as_second()).unwrap_or(0);
    // The code is looked at only when the password is right: a wrong one uses none up.
    let role = console
        .accounts
        .check(name, password)
        .filter(|_| console.accounts.check_code(name, request.field("code"), seconds));
    console.logins.tried(name, request.from, role.is_some());
    if role.is_none() {
        console.tell("", request.from, "was refused", name);
        return again("wrong_login", StatusCode::UNAUTHORIZED);
    }
    console.tell(name, request.from, "logged in", "");
    admitted(console, name)
}

/// A new token at each login: one that was there before is worth nothing.
fn admitted(console: &Console, name: &str) -> Answer {
    let token = console.logins.begin(name);
    Answer::to("/").with_cookie(login_cookie(&token))
}

/// The cookie of a login.
pub(super) fn login_cookie(token: &str) -> String {
    format!("{LOGIN_COOKIE}={token}; Path=/; Secure; HttpOnly; SameSite=Strict")
}

/// Logs out.
pub(in crate::console) fn leave(visit: &Visit<'_>) -> Answer {
    if let Some(token) = visit.request.cookies.get(LOGIN_COOKIE) {
        visit.console.logins.end(token);
    }
    visit.tell("logged out", "");
    Answer::to("/login")
        .with_cookie(format!("{LOGIN_COOKIE}=; Path=/; Max-Age=0; Secure; HttpOnly; SameSite=Strict"))
}
