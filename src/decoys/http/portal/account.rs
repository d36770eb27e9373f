//! Change of one's password.

use minijinja::context;

use super::super::answer::Answer;
use super::Visit;
use super::login::{password_key, password_of};
use crate::event::observation::{AuthMethod, RecordKind};
use crate::event::{Observation, Tainted};
use crate::persona::Account;

/// Passwords must have this many characters.
const LEAST: usize = 8;
/// And at most this many.
const MOST: usize = 64;

/// The form, with a message.
pub(crate) fn page(visit: &Visit<'_>, message: Option<(&str, bool)>) -> Answer {
    let (text, good) = message.unwrap_or_default();
    visit.render("password.html", context! { active => "password", message => text, good })
}

/// Changes the password, for this intruder.
pub(crate) fn change(visit: &Visit<'_>) -> Answer {
    let Some(account) = visit.user() else { return visit.redirect("/login") };
    let (old, new) = (visit.form.raw("oldPassword"), visit.form.raw("newPassword"));
    let right = old == password_of(visit.session, account);
    visit.session.emit(Observation::AuthAttempt {
        method: AuthMethod::Form,
        account: Tainted::new(account.name.clone()),
        secret: Some(Tainted::new(old)),
        accepted: right,
    });
    let fault = if !right {
        Some("原密码不正确")
    } else if !(LEAST..=MOST).contains(&new.chars().count()) {
        Some("新密码长度应为8-64位")
    } else if new != visit.form.raw("confirmPassword") {
        Some("两次输入的新密码不一致")
    } else {
        None
    };
    match fault {
        Some(fault) => page(visit, Some((fault, false))),
        None => keep(visit, account, new),
    }
}

fn keep(visit: &Visit<'_>, account: &Account, new: &str) -> Answer {
    if !visit.session.overlay().put(password_key(account), new.as_bytes().to_vec()) {
        return page(visit, Some(("系统繁忙，请稍后再试", false)));
    }
    visit.session.emit(Observation::RecordWrite {
        subject: RecordKind::Staff,
        count: 1,
        ids: vec![Tainted::new(account.name.clone())],
    });
    page(visit, Some(("密码修改成功", true)))
}
