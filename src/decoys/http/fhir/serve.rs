//! Reads, searches and their pages.

use std::sync::Arc;

use rand::RngExt;

use super::answers::Fault;
use super::headers::Facts;
use super::includes::{are_known, included, wanted_includes};
use super::node::{Node, Object};
use super::paging::Begun;
use super::request::Outcome;
use super::resources::Held;
use super::route::{Answer, Call};
use super::search::{MAX_FOUND, Scope, Search};
use super::store::{Kind, Store};
use super::tell;

/// Matches that a search looks for at first: the product's first pre-fetch.
const FIRST_FETCH: usize = 503;

/// `GET [type]/[id]`.
pub(super) fn read(call: &Call<'_>, name: &str, id: &str) -> Outcome<Answer> {
    let held = existing(call, name, id)?;
    shown(call, held)
}

/// The newest version, or why there is none.
pub(super) fn existing(call: &Call<'_>, name: &str, id: &str) -> Outcome<Held> {
    if let Some((at, version)) = call.own().deleted(name, id) {
        let mut fault = Fault::new(410, format!("Resource was deleted at {}", call.maker().moment(at)));
        fault.location = Some(format!("{}/{name}/{id}/_history/{version}", call.request.base));
        return Err(fault);
    }
    call.newest(name, id).ok_or_else(|| Fault::unknown(name, id))
}

/// `GET [type]/[id]/_history/[version]`.
pub(super) fn version(call: &Call<'_>, name: &str, id: &str, version: &str) -> Outcome<Answer> {
    let missing = || Fault::unknown_version(version, name, id);
    let number = version.parse().map_err(|_| missing())?;
    let own = call.own().version(name, id, number);
    let held = own.or_else(|| call.store.version(Kind::named(name)?, id, number));
    match held {
        Some(held) => shown(call, held),
        None if call.newest(name, id).is_some() => Err(missing()),
        None => Err(Fault::unknown(name, id)),
    }
}

fn shown(call: &Call<'_>, held: Held) -> Outcome<Answer> {
    let facts = Facts {
        version: Some(held.version),
        modified: Some(held.updated),
        content_location: Some(format!("{}/{}/_history/{}", call.request.base, held.place(), held.version)),
        location: None,
    };
    let known = call.ask.head.header("If-None-Match").unwrap_or_default();
    if known == format!("W/\"{}\"", held.version).as_bytes() {
        return Ok(Answer { code: 304, object: None, facts });
    }
    tell::read(call.ask.session, [&held]);
    Ok(Answer { code: 200, object: Some(shaped(call, held.object)), facts })
}

/// `GET [type]?…` and `POST [type]/_search`.
pub(super) fn search(call: &Call<'_>, name: &str) -> Outcome<Answer> {
    let own = call.own();
    let scope = Scope { store: &call.store, own: &own };
    let search = Search::read(name, &call.request.pairs, &scope)?;
    are_known(call, name)?;
    let target = call.ask.head.target();
    let accurate = call.request.get("_total") == Some("accurate");
    if call.request.get("_summary") == Some("count") || call.request.get("_count") == Some("0") {
        let total = total_of(call, &search, &scope);
        tell::query(call.ask.session, name, target, total, search.is_unbounded());
        return Ok(Answer::ok(counted(call, total)));
    }
    let (offset, count) = (number(call, "_offset").unwrap_or(0).min(MAX_FOUND), page_size(call));
    let found = search.run(&scope, FIRST_FETCH.max(offset.saturating_add(count).saturating_add(1)));
    let sure = if found.whole { Some(found.ids.len()) } else { None };
    let total = sure.or_else(|| accurate.then(|| total_of(call, &search, &scope)));
    tell::query(call.ask.session, name, target, found.ids.len().min(count), search.is_unbounded());
    let id = new_id(call);
    let begun = Begun {
        peer: call.ask.session.source(),
        at: call.ask.now,
        search: Arc::new(search),
        found: Arc::new(found),
        includes: wanted_includes(call),
    };
    let turn = Turn { id: &id, begun: &begun, offset, count, total, first: true };
    let bundle = bundle(call, &scope, &turn);
    call.app.searches.keep(id.clone(), begun.clone());
    let facts = Facts { modified: Some(call.ask.now), ..Facts::default() };
    Ok(Answer { code: 200, object: Some(bundle), facts })
}

/// `GET ?_getpages=…`.
pub(super) fn page(call: &Call<'_>) -> Outcome<Answer> {
    let id = call.request.get("_getpages").unwrap_or_default().to_owned();
    let kept = call.app.searches.get(&id, call.ask.session.source(), call.ask.now);
    let Some(mut begun) = kept else {
        return Err(Fault::new(
            410,
            format!("HAPI-0417: Search ID \"{id}\" does not exist and may have expired"),
        ));
    };
    let behaviour = &call.app.behaviour;
    let store = Store::new(call.ask.session, begun.at, behaviour.days, behaviour.loaded);
    let own = call.own();
    let scope = Scope { store: &store, own: &own };
    let (offset, count) = (number(call, "_getpagesoffset").unwrap_or(0).min(MAX_FOUND), page_size(call));
    let end = offset.saturating_add(count).saturating_add(1);
    if !begun.found.whole && begun.found.ids.len() < end {
        let found = Arc::new(begun.search.run(&scope, end.saturating_mul(4).min(MAX_FOUND)));
        call.app.searches.extend(&id, Arc::clone(&found));
        begun.found = found;
    }
    let total = begun.found.whole.then_some(begun.found.ids.len());
    let turn = Turn { id: &id, begun: &begun, offset, count, total, first: false };
    let bundle = bundle(call, &scope, &turn);
    let facts = Facts { modified: Some(begun.at), ..Facts::default() };
    Ok(Answer { code: 200, object: Some(bundle), facts })
}

fn number(call: &Call<'_>, name: &str) -> Option<usize> {
    call.request.get(name).and_then(|value| value.parse().ok())
}

fn page_size(call: &Call<'_>) -> usize {
    let behaviour = &call.app.behaviour;
    number(call, "_count").filter(|count| *count > 0).unwrap_or(behaviour.page).min(behaviour.largest_page)
}

/// How many match, without making what need not be made.
fn total_of(call: &Call<'_>, search: &Search, scope: &Scope<'_>) -> usize {
    let own = scope.own.all(&search.name).len();
    match search.kind.filter(|_| search.is_unbounded()) {
        None => search.run(scope, MAX_FOUND).ids.len(),
        Some(Kind::Patient) => usize::try_from(scope.store.patients()).unwrap_or(usize::MAX) + own,
        Some(kind @ (Kind::Practitioner | Kind::Organization)) => scope.store.registry(kind).len() + own,
        Some(
            kind @ (Kind::Encounter
            | Kind::ServiceRequest
            | Kind::ImagingStudy
            | Kind::Observation
            | Kind::DiagnosticReport),
        ) => {
            let first = scope.store.first_day();
            let days = std::iter::successors(Some(scope.store.today()), |day| day.yesterday().ok());
            let counts =
                days.take_while(|day| *day >= first).map(|day| call.app.counts.of(scope.store, kind, day));
            counts.sum::<usize>() + own
        }
    }
}

/// One page of a search.
struct Turn<'a> {
    id: &'a str,
    begun: &'a Begun,
    offset: usize,
    count: usize,
    total: Option<usize>,
    first: bool,
}

fn counted(call: &Call<'_>, total: usize) -> Object {
    let meta = Object::new().text("lastUpdated", stamp(call, call.ask.now)).list("tag", [subsetted()]);
    Object::resource("Bundle")
        .text("id", new_id(call))
        .object("meta", meta)
        .text("type", "searchset")
        .number("total", total)
        .list("link", [link("self", &call.request.own_url())])
}

fn stamp(call: &Call<'_>, at: jiff::Timestamp) -> String {
    let view = call.store.view();
    let minutes = view.hospital().utc_offset_minutes;
    let offset = format!("{:+03}:{:02}", minutes / 60, minutes.abs() % 60);
    format!("{}{offset}", view.local(at).strftime("%Y-%m-%dT%H:%M:%S.%3f"))
}

fn bundle(call: &Call<'_>, scope: &Scope<'_>, turn: &Turn<'_>) -> Object {
    let name = &turn.begun.search.name;
    let page = turn.begun.found.ids.iter().skip(turn.offset).take(turn.count);
    let held: Vec<Held> = page.filter_map(|id| scope.read(name, id)).collect();
    let included = included(scope, &held, &turn.begun.includes);
    tell::read(call.ask.session, held.iter().chain(&included));
    let entry = |held: Held, mode: &'static str| {
        let place = format!("{}/{}", call.request.base, held.place());
        Object::new()
            .text("fullUrl", place)
            .object("resource", shaped(call, held.object))
            .object("search", Object::new().text("mode", mode))
    };
    let found = held.into_iter().map(|held| entry(held, "match")).collect::<Vec<_>>();
    let more = included.into_iter().map(|held| entry(held, "include"));
    let mut bundle = Object::resource("Bundle")
        .text("id", turn.id)
        .object("meta", Object::new().text("lastUpdated", stamp(call, turn.begun.at)))
        .text("type", "searchset");
    if let Some(total) = turn.total {
        bundle = bundle.number("total", total);
    }
    bundle.list("link", links(call, turn)).list("entry", found.into_iter().chain(more))
}

fn links(call: &Call<'_>, turn: &Turn<'_>) -> Vec<Object> {
    let mut links = vec![link("self", &call.request.own_url())];
    let end = turn.offset.saturating_add(turn.count);
    if turn.begun.found.ids.len() > end {
        links.push(link("next", &paged(call, turn, end)));
    }
    if turn.offset > 0 && !turn.first {
        links.push(link("previous", &paged(call, turn, turn.offset.saturating_sub(turn.count))));
    }
    links
}

fn paged(call: &Call<'_>, turn: &Turn<'_>, offset: usize) -> String {
    let mut url =
        format!("{}?_getpages={}&_getpagesoffset={offset}&_count={}", call.request.base, turn.id, turn.count);
    for name in ["_format", "_pretty"] {
        if let Some(value) = call.request.get(name).filter(|value| value.bytes().all(is_plain)) {
            url.push_str(&format!("&{name}={value}"));
        }
    }
    url.push_str("&_bundletype=searchset");
    url
}

fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_')
}

fn link(relation: &'static str, url: &str) -> Object {
    Object::new().text("relation", relation).text("url", url)
}

/// Elements of the types' summaries beside those that all have.
const SUMMARY: [&str; 33] = [
    "identifier",
    "active",
    "name",
    "telecom",
    "gender",
    "birthDate",
    "address",
    "managingOrganization",
    "type",
    "partOf",
    "status",
    "class",
    "subject",
    "participant",
    "period",
    "reasonCode",
    "serviceProvider",
    "basedOn",
    "intent",
    "category",
    "code",
    "encounter",
    "authoredOn",
    "requester",
    "modality",
    "started",
    "numberOfSeries",
    "numberOfInstances",
    "description",
    "effectiveDateTime",
    "issued",
    "valueQuantity",
    "valueString",
];

/// A resource as `_summary` and `_elements` want it.
pub(super) fn shaped(call: &Call<'_>, object: Object) -> Object {
    let elements: Vec<&str> = call
        .request
        .get("_elements")
        .map(|text| text.split(',').map(str::trim).collect())
        .unwrap_or_default();
    let kind = object.kind().to_owned();
    let always = |name: &str| matches!(name, "resourceType" | "id" | "meta");
    let keeps: Box<dyn Fn(&str) -> bool> = match call.request.get("_summary") {
        Some("true") => Box::new(move |name| always(name) || SUMMARY.contains(&name)),
        Some("text") => Box::new(move |name| always(name) || matches!(name, "text" | "status" | "code")),
        Some("data") => Box::new(move |name| name != "text"),
        _ if !elements.is_empty() => {
            let wanted: Vec<String> = elements
                .iter()
                .map(|name| name.strip_prefix(&format!("{kind}.")).unwrap_or(name).to_owned())
                .collect();
            Box::new(move |name| {
                always(name) || matches!(name, "status") || wanted.iter().any(|one| one == name)
            })
        }
        _ => return object,
    };
    let mut kept = Object(object.0.into_iter().filter(|(name, _)| keeps(name)).collect());
    if let Some(meta) = kept.get("meta").and_then(Node::members).cloned() {
        kept.set("meta", Node::Object(meta.list("tag", [subsetted()])));
    }
    kept
}

fn subsetted() -> Object {
    Object::new()
        .text("system", "http://terminology.hl7.org/CodeSystem/v3-ObservationValue")
        .text("code", "SUBSETTED")
        .text("display", "Resource encoded in summary mode")
}

/// A new id of a search.
pub(super) fn new_id(call: &Call<'_>) -> String {
    let mut rng = call.ask.session.rng(&format!("fhir/search/{}", call.ask.turn));
    let bytes: [u8; 16] = rng.random();
    uuid::Builder::from_random_bytes(bytes).into_uuid().to_string()
}
