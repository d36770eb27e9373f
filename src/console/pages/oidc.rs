//! Login by the hospital's own provider: the way there and back.

use hyper::StatusCode;
use minijinja::context;

use super::entrance;
use crate::console::answer::Answer;
use crate::console::oidc::{Brought, Provider, Refused};
use crate::console::request::Request;
use crate::console::router::Console;

/// Cookie of the browser that began. It comes back from another site, which a strict one would not.
const COOKIE: &str = "__Host-oidc";

/// To the provider.
pub(in crate::console) fn start(console: &Console, request: &Request, provider: &Provider) -> Answer {
    if !may_try(console, request) {
        return again(console, request, "locked_out", StatusCode::TOO_MANY_REQUESTS);
    }
    match provider.begin() {
        Ok(begun) => Answer::to(&begun.location).with_cookie(format!(
            "{COOKIE}={}; Path=/; Max-Age=600; Secure; HttpOnly; SameSite=Lax",
            begun.cookie
        )),
        Err(refused) => refuse(console, request, &refused),
    }
}

/// And back from it.
pub(in crate::console) fn finish(console: &Console, request: &Request, provider: &Provider) -> Answer {
    if !may_try(console, request) {
        return again(console, request, "locked_out", StatusCode::TOO_MANY_REQUESTS);
    }
    let value = |name: &str| request.query.get(name).map(String::as_str);
    let brought = Brought {
        state: value("state").unwrap_or_default(),
        code: value("code").unwrap_or_default(),
        issuer: value("iss"),
        failed: value("error").is_some(),
        cookie: request.cookies.get(COOKIE).map(String::as_str).unwrap_or_default(),
    };
    match provider.end(&brought, jiff::Timestamp::now().as_second()) {
        Ok(admitted) => {
            console.tell(&admitted.account, request.from, "logged in", "OpenID Connect");
            let token = console.logins.begin_as(&admitted.account, Some(admitted.role));
            // The browser comes from another site: it would not show a strict cookie at once.
            console
                .bare_page(request, "admitted.html", context! { account => admitted.account })
                .with_cookie(entrance::login_cookie(&token))
                .with_cookie(gone())
        }
        // A state that was made up ends nobody's login that is under way.
        Err(Refused::NotBegun) => refuse(console, request, &Refused::NotBegun),
        Err(refused) => refuse(console, request, &refused).with_cookie(gone()),
    }
}

/// Nobody has a name yet: what fails counts against the address alone.
fn may_try(console: &Console, request: &Request) -> bool {
    console.logins.may_try(&place(request), request.from)
}

fn place(request: &Request) -> String {
    format!("OpenID Connect from {}", request.from)
}

fn refuse(console: &Console, request: &Request, refused: &Refused) -> Answer {
    let status = match refused {
        Refused::Away(_) => StatusCode::BAD_GATEWAY,
        Refused::NotBegun | Refused::Denied | Refused::Unproven(_) | Refused::NoRole => {
            // An address that makes up logins waits like one that guesses passwords.
            console.logins.tried(&place(request), request.from, false);
            StatusCode::UNAUTHORIZED
        }
    };
    tracing::warn!(reason = refused.reason(), "a login by OpenID Connect was refused");
    console.tell("", request.from, "was refused", &format!("OpenID Connect: {}", refused.reason()));
    again(console, request, refused.key(), status)
}

fn again(console: &Console, request: &Request, key: &str, status: StatusCode) -> Answer {
    console.bare_page(request, "login.html", context! { key, oidc => true }).with_status(status)
}

fn gone() -> String {
    format!("{COOKIE}=; Path=/; Max-Age=0; Secure; HttpOnly; SameSite=Lax")
}
