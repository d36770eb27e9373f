//! Settings that the console makes: how much of the disk packets may fill, and every earlier version.

use hyper::StatusCode;
use minijinja::{Value, context};

use super::{local, wishes};
use crate::console::accounts::Role;
use crate::console::answer::Answer;
use crate::console::desk::Shown;
use crate::console::router::{Refusal, Visit};
use crate::event::wish::Wish;

/// What was wrong with a form, and what stood in it.
pub(in crate::console) type Wrong = Vec<(String, String)>;

/// All settings as they are.
pub(in crate::console) fn all(visit: &Visit<'_>) -> Result<Shown, Refusal> {
    (visit.console.given.desk.show)().map_err(Refusal::Failed)
}

/// Asks for a change and goes back to its page; or shows the page again with what is wrong.
pub(in crate::console) fn ask(
    visit: &Visit<'_>,
    wish: Wish,
    back: &str,
    again: impl FnOnce(Wrong) -> Result<Answer, Refusal>,
) -> Result<Answer, Refusal> {
    match wishes::ask(visit, wish)? {
        Ok(id) => Ok(Answer::to(&format!("{back}?asked={id}"))),
        Err(wrong) => Ok(again(wrong)?.with_status(StatusCode::UNPROCESSABLE_ENTITY)),
    }
}

pub(in crate::console) fn page(visit: &Visit<'_>) -> Result<Answer, Refusal> {
    visit.needs(Role::asks)?;
    shown(visit, Wrong::new())
}

fn shown(visit: &Visit<'_>, wrong: Wrong) -> Result<Answer, Refusal> {
    let all = all(visit)?;
    let present = all.versions.first().map_or(0, |version| version.version);
    let versions: Vec<Value> = all
        .versions
        .iter()
        .map(|version| {
            context! {
                version => version.version, at => version.at.map(local), by => version.by.clone(),
                change => version.change.clone(), present => version.version == present,
            }
        })
        .collect();
    Ok(visit.show(
        "settings.html",
        context! {
            versions, wrong, quota => all.quota_mib, quota_now => all.quota_mib_now, tab => "versions",
            outcome => wishes::outcome(visit)?, manages => visit.role.manages_settings(),
        },
    ))
}

/// Restores a version, or changes how much of the disk packets may fill.
pub(in crate::console) fn change(visit: &Visit<'_>) -> Result<Answer, Refusal> {
    visit.needs(Role::manages_settings)?;
    let number = |name: &str| visit.request.field(name).trim().parse::<u64>();
    let wish = match visit.request.field("act") {
        "restore" => Wish::Restored { version: number("version").map_err(|_| Refusal::NotFound)? },
        "retention" => Wish::Retention { quota_mib: number("quota_mib").unwrap_or(0) },
        _ => return Err(Refusal::NotFound),
    };
    ask(visit, wish, "/settings", |wrong| shown(visit, wrong))
}
