//! `Patient/[id]/$everything`: all that belongs to one patient.

use super::node::{Node, Object};
use super::request::Outcome;
use super::resources::Held;
use super::route::{Answer, Call};
use super::serve::{existing, new_id, shaped};
use super::store::Kind;
use super::tell;

/// Most resources in one answer.
const MOST: usize = 2000;

/// All of one patient.
pub(super) fn of_patient(call: &Call<'_>, id: &str) -> Outcome<Answer> {
    let patient = existing(call, "Patient", id)?;
    let mrn = id.strip_prefix("pat-").unwrap_or(id).to_owned();
    let own = call.own();
    let mut all: Vec<Held> = vec![patient];
    let kinds = [
        Kind::Encounter,
        Kind::ServiceRequest,
        Kind::ImagingStudy,
        Kind::Observation,
        Kind::DiagnosticReport,
    ];
    for kind in kinds {
        let wanted = format!("Patient/{id}");
        let refers = |held: &Held| {
            let subject = held.object.get("subject").and_then(Node::members);
            subject.is_some_and(|subject| subject.str("reference") == wanted)
        };
        all.extend(own.all(kind.name()).into_iter().filter(refers));
        let stored = call.store.of_patient(kind, &mrn).into_iter();
        all.extend(stored.filter(|held| !own.replaces(kind.name(), held.object.str("id"))));
    }
    all.truncate(MOST);
    tell::query(call.ask.session, "Patient", call.ask.head.target(), all.len(), false);
    tell::read(call.ask.session, &all);
    let total = all.len();
    let entries = all.into_iter().map(|held| {
        Object::new()
            .text("fullUrl", format!("{}/{}", call.request.base, held.place()))
            .object("resource", shaped(call, held.object))
            .object("search", Object::new().text("mode", "match"))
    });
    let meta = Object::new().text("lastUpdated", call.maker().moment(call.ask.now));
    Ok(Answer::ok(
        Object::resource("Bundle")
            .text("id", new_id(call))
            .object("meta", meta)
            .text("type", "searchset")
            .number("total", total)
            .list("link", [Object::new().text("relation", "self").text("url", call.request.own_url())])
            .list("entry", entries),
    ))
}
