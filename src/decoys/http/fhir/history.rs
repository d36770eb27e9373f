//! `_history`: the versions of a resource, and the newest of a type.

use super::node::{Node, Object};
use super::request::Outcome;
use super::resources::Held;
use super::route::{Answer, Call};
use super::search::{Scope, Search};
use super::serve::{existing, new_id};
use super::store::Kind;
use super::tell;

/// Versions in one answer of a type or of the server.
const NEWEST: usize = 20;

/// `GET [type]/[id]/_history`.
pub(super) fn of_resource(call: &Call<'_>, name: &str, id: &str) -> Outcome<Answer> {
    let mut versions = call.own().history(name, id);
    if let Some(kind) = Kind::named(name)
        && let Some(newest) = call.store.read(kind, id)
    {
        let older = (1..newest.version).rev().filter_map(|number| call.store.version(kind, id, number));
        versions.extend(std::iter::once(newest.clone()).chain(older));
    }
    if versions.is_empty() {
        existing(call, name, id)?;
    }
    Ok(answered(call, versions))
}

/// `GET [type]/_history`.
pub(super) fn of_type(call: &Call<'_>, name: &str) -> Outcome<Answer> {
    let own = call.own();
    let scope = Scope { store: &call.store, own: &own };
    let found = Search::read(name, &[], &scope)?.run(&scope, NEWEST);
    let held = found.ids.iter().filter_map(|id| scope.read(name, id)).collect();
    Ok(answered(call, held))
}

/// `GET _history`.
pub(super) fn of_server(call: &Call<'_>) -> Outcome<Answer> {
    let own = call.own();
    let scope = Scope { store: &call.store, own: &own };
    let mut newest: Vec<Held> = Vec::new();
    for kind in [Kind::Observation, Kind::DiagnosticReport, Kind::ServiceRequest, Kind::Encounter] {
        let found = Search::read(kind.name(), &[], &scope)?.run(&scope, NEWEST);
        newest.extend(found.ids.iter().filter_map(|id| scope.read(kind.name(), id)));
    }
    newest.sort_by_key(|held| std::cmp::Reverse(held.updated));
    newest.truncate(NEWEST);
    Ok(answered(call, newest))
}

fn answered(call: &Call<'_>, versions: Vec<Held>) -> Answer {
    tell::read(call.ask.session, &versions);
    let total = versions.len();
    let entries = versions.into_iter().map(|held| {
        let place = held.place();
        let method = if held.version == 1 { "POST" } else { "PUT" };
        let status = if held.version == 1 { "201 Created" } else { "200 OK" };
        let response = Object::new().text("status", status).text("etag", format!("W/\"{}\"", held.version));
        Object::new()
            .text("fullUrl", format!("{}/{place}", call.request.base))
            .with("resource", Node::Object(held.object))
            .object(
                "request",
                Object::new()
                    .text("method", method)
                    .text("url", format!("{place}/_history/{}", held.version)),
            )
            .object("response", response)
    });
    let meta = Object::new().text("lastUpdated", call.maker().moment(call.ask.now));
    Answer::ok(
        Object::resource("Bundle")
            .text("id", new_id(call))
            .object("meta", meta)
            .text("type", "history")
            .number("total", total)
            .list("link", [Object::new().text("relation", "self").text("url", call.request.own_url())])
            .list("entry", entries),
    )
}
