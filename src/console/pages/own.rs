//! A user's own account: password and second factor.

use hyper::StatusCode;
use minijinja::value::Serde;
use minijinja::{Value, context};

use crate::console::answer::Answer;
use crate::console::router::{Refusal, Visit};
use crate::console::{qr, totp};

pub(in crate::console) fn page(visit: &Visit<'_>) -> Result<Answer, Refusal> {
    Ok(shown(visit, None, None))
}

fn shown(visit: &Visit<'_>, key: Option<&str>, secret: Option<String>) -> Answer {
    let second = visit.console.accounts.has_second_factor(&visit.login.account);
    let link = secret.as_ref().map(|secret| link(&visit.login.account, secret));
    let code = link.as_deref().and_then(qr::draw).map(|code| Value::from(Serde(code)));
    visit.show("own.html", context! { second, key, secret, link, code })
}

/// What authenticator apps read (the key URI format); names of accounts are plain ASCII.
fn link(account: &str, secret: &str) -> String {
    let account = account.replace('@', "%40");
    format!("otpauth://totp/Honeyward:{account}?secret={secret}&issuer=Honeyward")
}

/// Changes the password, or turns the second factor on or off. Each needs the password again.
pub(in crate::console) fn change(visit: &Visit<'_>) -> Result<Answer, Refusal> {
    let (request, accounts, name) = (visit.request, &visit.console.accounts, visit.login.account.as_str());
    let wrong = |key: &str, secret: Option<String>| {
        Ok(shown(visit, Some(key), secret).with_status(StatusCode::UNPROCESSABLE_ENTITY))
    };
    if visit.login.given.is_some() {
        // The provider has his password.
        return Err(Refusal::NotAllowed);
    }
    let logins = &visit.console.logins;
    if !logins.may_try(name, request.from) {
        return wrong("locked_out", None);
    }
    let known = accounts.check(name, request.field("password")).is_some();
    logins.tried(name, request.from, known);
    if !known {
        visit.tell("was refused", name);
        return wrong("wrong_login", None);
    }
    match request.field("act") {
        "password" => match accounts.change_password(name, request.field("fresh")) {
            Ok(()) => {
                // Whoever else had this login is out.
                logins.end_all(name, request.cookies.get(crate::console::request::LOGIN_COOKIE));
                visit.tell("changed password", name);
                Ok(Answer::to("/own"))
            }
            Err(key) => wrong(key, None),
        },
        "begin" => {
            let secret: [u8; totp::SECRET] = rand::random();
            logins.offer(name, secret);
            Ok(shown(visit, None, Some(totp::base32(&secret))))
        }
        "confirm" => {
            let Some(secret) = logins.offered(name) else { return wrong("old_form", None) };
            match accounts.set_second_factor(name, &secret, request.field("code")) {
                Ok(()) => {
                    visit.tell("turned second factor on", name);
                    Ok(Answer::to("/own"))
                }
                Err(key) => wrong(key, Some(totp::base32(&secret))),
            }
        }
        "off" => {
            accounts.drop_second_factor(name).map_err(|_| Refusal::Failed("accounts.json".into()))?;
            visit.tell("turned second factor off", name);
            Ok(Answer::to("/own"))
        }
        _ => Err(Refusal::NotFound),
    }
}
