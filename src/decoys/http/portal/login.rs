//! Login and logout.

use minijinja::context;

use super::super::answer::Answer;
use super::Visit;
use crate::event::observation::AuthMethod;
use crate::event::{Observation, Tainted};
use crate::persona::Account;
use crate::session::Session;

/// Longest account name that the page shows again.
const MAX_SHOWN: usize = 64;

/// The login page, with the message of a failed attempt.
pub(crate) fn page(visit: &Visit<'_>, message: Option<&str>) -> Answer {
    let Some(message) = message else { return visit.login_page() };
    let username: String = visit.form.text("username").chars().take(MAX_SHOWN).collect();
    visit.render("login.html", context! { message, username })
}

/// One attempt to log in.
pub(crate) fn attempt(visit: &Visit<'_>) -> Answer {
    let (name, password) = (visit.form.text("username"), visit.form.raw("password"));
    if name.is_empty() || password.is_empty() {
        return page(visit, Some("请输入用户名和密码"));
    }
    let session = visit.session;
    let accepted = session
        .host()
        .account(visit.protocol(), name)
        .filter(|account| password_of(session, account) == password);
    session.emit(Observation::AuthAttempt {
        method: AuthMethod::Form,
        account: Tainted::new(name),
        secret: Some(Tainted::new(password)),
        accepted: accepted.is_some(),
    });
    match accepted {
        Some(account) => enter(visit, account),
        None => page(visit, Some("用户名或密码错误")).with("Set-Cookie", visit.forget_me()),
    }
}

fn enter(visit: &Visit<'_>, account: &Account) -> Answer {
    visit.session.emit(Observation::LureTouched {
        lure: account.lure.clone(),
        how: format!("login to the web portal over {}", visit.protocol().as_str()),
    });
    let index = visit.session.host().accounts.iter().position(|a| a.lure == account.lure);
    visit
        .redirect("/home")
        .with("Set-Cookie", visit.forget_me())
        .with("Set-Cookie", visit.session_cookie(&visit.new_id(index)))
}

/// Ends a login.
pub(crate) fn end(visit: &Visit<'_>) -> Answer {
    visit.end_login();
    visit
        .redirect("/login")
        .with("Set-Cookie", visit.forget_me())
        .with("Set-Cookie", visit.session_cookie(&visit.new_id(None)))
}

/// The password that lets an account in for this intruder: the installation's, or the one that he
/// set himself.
pub(crate) fn password_of(session: &Session, account: &Account) -> String {
    let changed = session.overlay().get(&password_key(account));
    changed.and_then(|p| String::from_utf8(p).ok()).unwrap_or_else(|| account.password.clone())
}

/// Where a changed password is kept.
pub(crate) fn password_key(account: &Account) -> String {
    format!("http:password:{}", account.lure)
}
