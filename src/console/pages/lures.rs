//! Baits for the hospital's own machines: where each is, whether it was used, its file.

use minijinja::value::Serde;
use minijinja::{Value, context};

use super::settings::{self, Wrong};
use super::{local, reader, wishes};
use crate::console::accounts::Role;
use crate::console::answer::Answer;
use crate::console::desk::ShownLure;
use crate::console::router::{Refusal, Visit};
use crate::event::wish::Wish;
use crate::event::{Event, Observation};
use crate::store::{Entry, Reader, SessionFilter};

/// Sessions in which the use of a bait is looked for, newest first.
const SESSIONS: usize = 200;

/// Longest text of a place or note, in bytes.
const PLACE: usize = 500;

pub(in crate::console) fn page(visit: &Visit<'_>) -> Result<Answer, Refusal> {
    visit.needs(Role::asks)?;
    shown(visit, Wrong::new())
}

fn shown(visit: &Visit<'_>, wrong: Wrong) -> Result<Answer, Refusal> {
    let all = settings::all(visit)?;
    let reader = reader(visit)?;
    let lures: Result<Vec<Value>, Refusal> = all.lures.iter().rev().map(|lure| one(&reader, lure)).collect();
    let hosts: Vec<String> = visit.console.given.decoys.iter().map(|host| host.name.clone()).collect();
    let typed =
        if wrong.is_empty() { serde_json::Value::Null } else { serde_json::json!(visit.request.form) };
    Ok(visit.show(
        "lures.html",
        context! {
            lures => lures?, kinds => all.kinds, hosts, wrong, tab => "lures",
            values => Value::from(Serde(typed)), outcome => wishes::outcome(visit)?,
            decoys => Value::from(Serde(&visit.console.given.decoys)),
        },
    ))
}

fn one(reader: &Reader, lure: &ShownLure) -> Result<Value, Refusal> {
    let used = used(reader, &lure.id)?;
    Ok(context! {
        id => lure.id.clone(), kind => lure.kind, endpoint => lure.endpoint.clone(), path => lure.path.clone(), host => lure.host.clone(),
        note => lure.note.clone(), minted => local(lure.minted), revoked => lure.revoked.map(local), file => lure.file,
        uses => used.len(), last => used.first().cloned(),
    })
}

/// Sessions that used a bait, newest first.
fn used(reader: &Reader, lure: &str) -> Result<Vec<Value>, Refusal> {
    let text = Some(lure.to_owned());
    let filter = SessionFilter { text, limit: Some(SESSIONS), ..SessionFilter::default() };
    let mut used = Vec::new();
    for row in reader.sessions(&filter)? {
        let touched = reader.session_records_of(row.id, &["session/lure_touched"], SESSIONS)?;
        let is_used = touched.iter().any(|record| match &record.entry {
            Entry::Event(Event::Session(event)) => {
                matches!(&event.observation, Observation::LureTouched { lure: known, .. } if known == lure)
            }
            Entry::Event(Event::System(_)) | Entry::Alert(_) => false,
        });
        if is_used {
            used.push(context! { session => row.id.to_string(), source => row.source.to_string(), at => local(row.last) });
        }
    }
    Ok(used)
}

/// Makes a bait, or withdraws one.
pub(in crate::console) fn change(visit: &Visit<'_>) -> Result<Answer, Refusal> {
    visit.needs(Role::asks)?;
    let field = |name: &str| visit.request.field(name).trim().to_owned();
    if ["endpoint", "path", "note", "lure"].iter().any(|name| field(name).len() > PLACE) {
        return Err(Refusal::TooLong);
    }
    let wish = match visit.request.field("act") {
        "mint" => Wish::LureMinted {
            kind: field("kind"),
            endpoint: field("endpoint"),
            path: field("path"),
            host: field("host"),
            note: field("note"),
        },
        "revoke" => Wish::LureRevoked { lure: field("lure") },
        _ => return Err(Refusal::NotFound),
    };
    settings::ask(visit, wish, "/settings/lures", |wrong| shown(visit, wrong))
}

/// The file of a bait, to be put where it belongs.
pub(in crate::console) fn file(visit: &Visit<'_>, id: &str) -> Result<Answer, Refusal> {
    visit.needs(Role::asks)?;
    let known = settings::all(visit)?.lures.iter().any(|lure| lure.id == id && lure.file);
    if !known {
        return Err(Refusal::NotFound);
    }
    let folder = visit.console.given.desk.lure_files.join(id);
    let entry = std::fs::read_dir(folder)?.next().ok_or(Refusal::NotFound)??;
    let plain = |c: char| if c.is_ascii_alphanumeric() || "-_.".contains(c) { c } else { '_' };
    let name: String = entry.file_name().to_string_lossy().chars().map(plain).collect();
    let bytes = std::fs::read(entry.path())?;
    visit.tell("took bait", id);
    Ok(Answer::file("application/octet-stream", &name, bytes))
}
