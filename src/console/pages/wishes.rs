//! What users want changed or taken out: asking, the second pair of eyes, what came of it.

use std::time::{Duration, Instant};

use hyper::StatusCode;
use jiff::{SignedDuration, Timestamp};
use minijinja::{Value, context};
use serde::Serialize;
use uuid::Uuid;

use super::{local, reader};
use crate::console::accounts::Role;
use crate::console::answer::Answer;
use crate::console::router::{Refusal, Visit};
use crate::event::wish::{Decision, Wish};
use crate::event::{Event, SystemEvent};
use crate::store::{Entry, Reader};

/// How long a wish waits for a second person: over a weekend.
const WAITS: SignedDuration = SignedDuration::from_hours(72);

/// How long a page waits until core has kept a step, or done it.
const PATIENCE: Duration = Duration::from_secs(5);

/// Between two looks.
const PAUSE: Duration = Duration::from_millis(20);

/// Steps that the page looks back on.
const STEPS: usize = 1_000;

/// Longest reason, in bytes.
const REASON: usize = 1_000;

/// A wish with all that became of it.
#[derive(Debug, Clone, Serialize)]
pub(in crate::console) struct Told {
    pub id: String,
    pub by: String,
    pub at: Timestamp,
    pub ends: Timestamp,
    pub second: bool,
    pub wish: Wish,
    /// `waits`, `approved`, `refused`, `withdrawn`, `expired`, `done`, `failed`.
    pub state: &'static str,
    /// Who decided, and why.
    pub decided_by: String,
    pub reason: String,
    /// When it came to that state.
    pub since: Timestamp,
}

/// Asks for it, unless something is wrong with it; gives its id once core has kept it or done it.
pub(in crate::console) fn ask(
    visit: &Visit<'_>,
    wish: Wish,
) -> Result<Result<String, Vec<(String, String)>>, Refusal> {
    let checked = (visit.console.given.desk.check)(&wish, &visit.login.account);
    if !checked.problems.is_empty() {
        return Ok(Err(checked.problems));
    }
    let second = checked.weighty && visit.needs_second();
    let (id, now) = (Uuid::now_v7().to_string(), Timestamp::now());
    (visit.console.given.tell)(SystemEvent::Asked {
        id: id.clone(),
        account: visit.login.account.clone(),
        from: visit.request.from,
        wish,
        second,
        ends: now + WAITS,
    });
    let reader = reader(visit)?;
    wait(|| {
        Ok(find(&reader, &id)?.is_some_and(|told| second || told.state == "done" || told.state == "failed"))
    })?;
    Ok(Ok(id))
}

fn wait(mut is_over: impl FnMut() -> Result<bool, Refusal>) -> Result<(), Refusal> {
    let began = Instant::now();
    while !is_over()? && began.elapsed() < PATIENCE {
        std::thread::sleep(PAUSE);
    }
    Ok(())
}

/// All wishes that are remembered, newest first.
pub(in crate::console) fn all(reader: &Reader) -> Result<Vec<Told>, Refusal> {
    let mut records =
        reader.newest_beside(&["system/asked", "system/decided", "system/done"], None, STEPS)?;
    records.reverse();
    let mut all: Vec<Told> = Vec::new();
    for record in records {
        let Entry::Event(Event::System(system)) = record.entry else { continue };
        let known = |all: &mut Vec<Told>, id: &str| all.iter().position(|told| told.id == id);
        match (system.event, record.process.as_str()) {
            (SystemEvent::Asked { id, account, wish, second, ends, .. }, "console") => all.push(Told {
                id,
                by: account,
                at: system.at,
                ends,
                second,
                wish,
                state: "waits",
                decided_by: String::new(),
                reason: String::new(),
                since: system.at,
            }),
            (SystemEvent::Decided { id, account, decision, reason, .. }, _) => {
                if let Some(told) = known(&mut all, &id).and_then(|at| all.get_mut(at)) {
                    told.decide(account, decision, reason, system.at);
                }
            }
            (SystemEvent::Done { id, done, reason, .. }, "core") => {
                if let Some(told) = known(&mut all, &id).and_then(|at| all.get_mut(at)) {
                    told.state = if done { "done" } else { "failed" };
                    if !done {
                        told.reason = reason;
                    }
                    told.since = system.at;
                }
            }
            _ => {}
        }
    }
    all.reverse();
    Ok(all)
}

impl Told {
    /// As core sees it: the first decision in time counts, and nobody's of his own.
    fn decide(&mut self, account: String, decision: Decision, reason: String, at: Timestamp) {
        let own = decision == Decision::Approved && account == self.by;
        if self.state != "waits" || own {
            return;
        }
        (self.state, self.decided_by, self.reason, self.since) = (decision.name(), account, reason, at);
    }

    /// Whether somebody may still decide.
    fn waits(&self, now: Timestamp) -> bool {
        self.state == "waits" && self.second && now < self.ends
    }
}

pub(in crate::console) fn find(reader: &Reader, id: &str) -> Result<Option<Told>, Refusal> {
    Ok(all(reader)?.into_iter().find(|told| told.id == id))
}

/// One as a page shows it.
pub(in crate::console) fn shown(visit: &Visit<'_>, told: &Told) -> Value {
    let now = Timestamp::now();
    let state = if told.state == "waits" && now >= told.ends { "expired" } else { told.state };
    let own = told.by == visit.login.account;
    let is_bundle = matches!(told.wish, Wish::Export { .. });
    let details: Vec<(String, String)> = details(&told.wish);
    context! {
        id => told.id.clone(), by => told.by.clone(), at => local(told.at), ends => local(told.ends), second => told.second,
        wish => told.wish.name(), object => told.wish.object(), details, state,
        decided_by => told.decided_by.clone(), reason => told.reason.clone(), since => local(told.since),
        decides => told.waits(now) && !own && visit.role.approves(),
        withdraws => told.waits(now) && own,
        own,
        bundle => is_bundle && told.state == "done" && may_take(visit, told) && bundle(visit, &told.id).is_file(),
    }
}

/// What exactly is wanted, key by key: who approves must see it all.
fn details(wish: &Wish) -> Vec<(String, String)> {
    let plain = |value: &serde_json::Value| match value {
        serde_json::Value::String(text) => text.clone(),
        serde_json::Value::Array(list) => list
            .iter()
            .map(|item| item.as_str().map_or_else(|| item.to_string(), str::to_owned))
            .collect::<Vec<_>>()
            .join(", "),
        other => other.to_string(),
    };
    let mut details = Vec::new();
    if let Ok(serde_json::Value::Object(fields)) = serde_json::to_value(wish) {
        let has_table = fields.contains_key("settings");
        for (key, value) in fields.into_iter().filter(|(key, _)| key != "wish") {
            if has_table && key == "name" {
                continue;
            }
            match serde_json::from_str(value.as_str().unwrap_or_default()) {
                Ok(serde_json::Value::Object(table)) if key == "settings" => {
                    details.extend(table.iter().map(|(key, value)| (key.clone(), plain(value))));
                }
                _ => details.push((key, plain(&value))),
            }
        }
    }
    details.retain(|(_, value)| !value.is_empty() && value != "null");
    details
}

/// What came of a wish that this page asked for a moment ago.
pub(in crate::console) fn outcome(visit: &Visit<'_>) -> Result<Option<Value>, Refusal> {
    let Some(id) = visit.request.asked("asked") else { return Ok(None) };
    Ok(find(&reader(visit)?, id)?.map(|told| shown(visit, &told)))
}

pub(in crate::console) fn page(visit: &Visit<'_>) -> Result<Answer, Refusal> {
    visit.needs(Role::asks)?;
    page_with(visit, None)
}

fn page_with(visit: &Visit<'_>, key: Option<&str>) -> Result<Answer, Refusal> {
    let (all, now) = (all(&reader(visit)?)?, Timestamp::now());
    let (open, past): (Vec<&Told>, Vec<&Told>) = all.iter().partition(|told| told.waits(now));
    let open: Vec<Value> = open.into_iter().map(|told| shown(visit, told)).collect();
    let past: Vec<Value> = past.into_iter().take(200).map(|told| shown(visit, told)).collect();
    Ok(visit.show("requests.html", context! { open, past, key, rule => visit.four_eyes() }))
}

/// Approves, refuses or withdraws.
pub(in crate::console) fn decide(visit: &Visit<'_>, id: &str) -> Result<Answer, Refusal> {
    visit.needs(Role::asks)?;
    let request = visit.request;
    let decision = match request.field("act") {
        "approve" => Decision::Approved,
        "refuse" => Decision::Refused,
        "withdraw" => Decision::Withdrawn,
        _ => return Err(Refusal::NotFound),
    };
    if request.field("reason").len() > REASON {
        return Err(Refusal::TooLong);
    }
    let reader = reader(visit)?;
    let told = find(&reader, id)?.ok_or(Refusal::NotFound)?;
    let own = told.by == visit.login.account;
    let may = if decision == Decision::Withdrawn { own } else { !own && visit.role.approves() };
    if !may {
        visit.tell("was refused", &format!("{} {id}", request.field("act")));
        return Err(Refusal::NotAllowed);
    }
    if !told.waits(Timestamp::now()) {
        return Ok(page_with(visit, Some("decided_already"))?.with_status(StatusCode::CONFLICT));
    }
    (visit.console.given.tell)(SystemEvent::Decided {
        id: id.to_owned(),
        account: visit.login.account.clone(),
        from: Some(request.from),
        decision,
        reason: request.field("reason").trim().to_owned(),
    });
    let done = |state: &str| match decision {
        Decision::Approved => state == "done" || state == "failed",
        Decision::Refused | Decision::Withdrawn | Decision::Expired => state != "waits",
    };
    wait(|| Ok(find(&reader, id)?.is_some_and(|told| done(told.state))))?;
    Ok(Answer::to("/requests"))
}

/// Asks for an evidence bundle.
pub(in crate::console) fn export(visit: &Visit<'_>) -> Result<Answer, Refusal> {
    visit.needs(Role::asks)?;
    let (subject, reason) = (visit.request.field("subject").trim(), visit.request.field("reason").trim());
    if reason.is_empty() || subject.is_empty() {
        return Ok(page_with(visit, Some("needs_reason"))?.with_status(StatusCode::UNPROCESSABLE_ENTITY));
    }
    if reason.len() > REASON {
        return Err(Refusal::TooLong);
    }
    let wish = Wish::Export { subject: subject.to_owned(), reason: reason.to_owned() };
    match ask(visit, wish)? {
        Ok(id) => Ok(Answer::to(&format!("/requests?asked={id}"))),
        Err(_) => Err(Refusal::NotFound),
    }
}

/// Who asked for a bundle takes it, and who approved it.
fn may_take(visit: &Visit<'_>, told: &Told) -> bool {
    let account = &visit.login.account;
    visit.role.takes_evidence() && (told.by == *account || told.decided_by == *account)
}

fn bundle(visit: &Visit<'_>, id: &str) -> std::path::PathBuf {
    visit.console.given.desk.bundles.join(format!("{id}.zip"))
}

/// The bundle that was made for a wish.
pub(in crate::console) fn take(visit: &Visit<'_>, id: &str) -> Result<Answer, Refusal> {
    visit.needs(Role::takes_evidence)?;
    let told = find(&reader(visit)?, id)?.ok_or(Refusal::NotFound)?;
    if !matches!(told.wish, Wish::Export { .. }) || told.state != "done" || !may_take(visit, &told) {
        return Err(Refusal::NotAllowed);
    }
    let path = bundle(visit, &told.id);
    let size = std::fs::metadata(&path).map_err(|_| Refusal::NotFound)?.len();
    if size > super::evidence::LARGEST {
        return Err(Refusal::Failed(
            "the bundle is larger than a page hands out: use `honeyward export`".into(),
        ));
    }
    let bytes = std::fs::read(&path)?;
    visit.tell("took bundle", &told.wish.object());
    Ok(Answer::file("application/zip", &format!("honeyward-{}.zip", told.id), bytes))
}
