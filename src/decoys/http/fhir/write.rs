//! Create, update and delete: taken into the peer's own overlay, and told as what they are.

use super::answers::Fault;
use super::changes;
use super::headers::Facts;
use super::node::{Node, Object, read_json};
use super::request::Outcome;
use super::route::{Answer, Call, informed};
use super::serve::existing;
use super::store::Kind;
use super::tell;
use crate::event::observation::Change;
use crate::event::{Observation, Tainted};

/// Longest logical id, FHIR R4 2.24.0.1.
const LONGEST_ID: usize = 64;
/// Where the server's numbers stood when the appliance's records begin; they rise by the clock.
const FIRST_ID: i64 = 1_000;
/// Seconds between two numbers of the server, on the average.
const SECONDS_PER_ID: i64 = 3;
/// 2024-01-01T00:00:00Z.
const FIRST_AT: i64 = 1_704_067_200;

/// `POST [type]`.
pub(super) fn create(call: &Call<'_>, name: &str) -> Outcome<Answer> {
    let mut object = body(call, name)?;
    let mut number = FIRST_ID + (call.ask.now.as_second() - FIRST_AT) / SECONDS_PER_ID;
    while call.own().replaces(name, &number.to_string()) {
        number += 1;
    }
    let id = number.to_string();
    place_id(&mut object, &id);
    tell::written(call.ask.session, name, &id);
    stored(call, name, &id, &object, 0, 201)
}

/// `PUT [type]/[id]`.
pub(super) fn update(call: &Call<'_>, name: &str, id: &str) -> Outcome<Answer> {
    let mut object = body(call, name)?;
    let inside = object.str("id").to_owned();
    if inside.is_empty() {
        return Err(Fault::new(
            400,
            "HAPI-0419: Can not update resource, resource body must contain an ID element for update (PUT) operation",
        ));
    }
    if inside != id {
        return Err(Fault::new(
            400,
            format!(
                "HAPI-0420: Can not update resource, resource body must contain an ID element which matches the request URL for update (PUT) operation - Resource body ID of \"{inside}\" does not match URL ID of \"{id}\""
            ),
        ));
    }
    is_sound(id)?;
    place_id(&mut object, id);
    let stored_before = Kind::named(name).and_then(|kind| call.store.read(kind, id));
    let known = call.newest(name, id).is_some();
    if !known && id.bytes().all(|b| b.is_ascii_digit()) {
        return Err(Fault::new(
            400,
            format!(
                "HAPI-0960: Can not create resource with ID[{id}], no resource with this ID exists and clients may only assign IDs which contain at least one non-numeric character"
            ),
        ));
    }
    match &stored_before {
        Some(held) => {
            let changes = changes::between(&held.object, &object);
            tampered(call, name, id, changes);
        }
        None => tell::written(call.ask.session, name, id),
    }
    let before = stored_before.map_or(0, |held| held.version);
    stored(call, name, id, &object, before, if known { 200 } else { 201 })
}

/// `DELETE [type]/[id]`.
pub(super) fn delete(call: &Call<'_>, name: &str, id: &str) -> Outcome<Answer> {
    let held = existing(call, name, id)?;
    let hospitals = Kind::named(name).and_then(|kind| call.store.read(kind, id));
    match hospitals {
        Some(_) => {
            let gone = Change {
                field: "resource".into(),
                from: "present".into(),
                to: Tainted::new("deleted".to_owned()),
            };
            tampered(call, name, id, vec![gone]);
        }
        None => tell::written(call.ask.session, name, id),
    }
    let number = call.own().write(name, id, None, held.version, call.ask.now).ok_or_else(full)?;
    let facts = Facts { version: Some(number), ..Facts::default() };
    let text = "Successfully deleted 1 resource(s). Took 9ms.";
    Ok(Answer { code: 200, object: Some(informed(text)), facts })
}

/// `POST [type]/$validate`: what the server's own parser says.
pub(super) fn validate(call: &Call<'_>) -> Outcome<Answer> {
    let name = call.request.path.first().map(String::as_str).unwrap_or_default();
    body(call, name)?;
    Ok(Answer::ok(informed("No issues detected during validation")))
}

fn stored(call: &Call<'_>, name: &str, id: &str, object: &Object, before: u32, code: u16) -> Outcome<Answer> {
    let number = call.own().write(name, id, Some(object), before, call.ask.now).ok_or_else(full)?;
    let held = call.own().version(name, id, number).ok_or_else(full)?;
    let place = format!("{}/{name}/{id}/_history/{number}", call.request.base);
    let facts = Facts {
        version: Some(number),
        modified: Some(call.ask.now),
        content_location: Some(place.clone()),
        location: (code == 201).then_some(place),
    };
    let minimal = call.ask.head.header("Prefer").is_some_and(|value| value == b"return=minimal");
    Ok(Answer { code, object: (!minimal).then_some(held.object), facts })
}

fn full() -> Fault {
    Fault::new(
        500,
        "HAPI-0389: Failed to call access method: org.springframework.dao.DataAccessResourceFailureException: could not execute batch; SQL [n/a]; nested exception is org.hibernate.exception.GenericJDBCException: could not execute batch",
    )
}

fn tampered(call: &Call<'_>, name: &str, id: &str, changes: Vec<Change>) {
    let id = tell::world_id(&Object::new().text("resourceType", name).text("id", id));
    call.ask.session.emit(Observation::Tampering { subject: tell::subject(name), id, changes });
}

/// The resource in the body.
fn body(call: &Call<'_>, name: &str) -> Outcome<Object> {
    let kind =
        String::from_utf8_lossy(call.ask.head.header("Content-Type").unwrap_or_default()).to_lowercase();
    let verb = if call.request.method == "PUT" { "UPDATE" } else { "CREATE" };
    if kind.is_empty() {
        return Err(Fault::new(
            400,
            format!(
                "HAPI-0448: No Content-Type header was provided in the request. This is required for \"{verb}\" operation"
            ),
        ));
    }
    let (encoding, object) = if kind.contains("xml") {
        ("XML", super::xml::read(call.ask))
    } else if kind.contains("json") {
        ("JSON", read_json(call.ask.body).map_err(|_| jackson(call.ask.body)))
    } else {
        return Err(Fault::new(
            400,
            format!(
                "HAPI-0449: Incorrect Content-Type header value of \"{kind}\" was provided in the request. A FHIR Content-Type is required for \"{verb}\" operation"
            ),
        ));
    };
    let object = object.map_err(|words| {
        call.ask.session.malformed("resource", call.ask.body);
        Fault::new(
            400,
            format!("HAPI-0450: Failed to parse request body as {encoding} resource. Error was: {words}"),
        )
    })?;
    match object.kind() {
        "" => Err(Fault::new(
            400,
            format!(
                "HAPI-0450: Failed to parse request body as {encoding} resource. Error was: HAPI-1838: Invalid JSON content detected, missing required element: 'resourceType'"
            ),
        )),
        own if own != name => Err(Fault::new(
            400,
            format!(
                "HAPI-0450: Failed to parse request body as {encoding} resource. Error was: HAPI-1814: Incorrect resource type found, expected \"{name}\" but found \"{own}\""
            ),
        )),
        _ => Ok(object),
    }
}

/// What Jackson says of broken JSON: where it broke, and at which character.
fn jackson(body: &[u8]) -> String {
    let first = body.iter().copied().find(|b| !b.is_ascii_whitespace());
    if let Some(other) = first.filter(|b| *b != b'{') {
        return format!(
            "HAPI-1861: Failed to parse JSON encoded FHIR content: HAPI-1859: Content does not appear to be FHIR JSON, first non-whitespace character was: '{}' (must be '{{')",
            char::from(other)
        );
    }
    let words = match serde_json::from_slice::<Node>(body) {
        Ok(_) => "HAPI-1860: nested resources exceed the limit".to_owned(),
        Err(error) if error.is_eof() => format!(
            "Unexpected end-of-input within/between Object entries at [line: {}, column: {}]",
            error.line(),
            error.column() + 1
        ),
        Err(error) => {
            let line = body.split(|b| *b == b'\n').nth(error.line().saturating_sub(1)).unwrap_or_default();
            let at = line.get(error.column().saturating_sub(1)).copied().unwrap_or(b' ');
            format!(
                "Unexpected character ('{}' (code {at})): was expecting comma to separate Object entries at [line: {}, column: {}]",
                char::from(at),
                error.line(),
                error.column() + 1
            )
        }
    };
    format!("HAPI-1861: Failed to parse JSON encoded FHIR content: {words}")
}

fn is_sound(id: &str) -> Outcome<()> {
    let sound = (1..=LONGEST_ID).contains(&id.len())
        && id.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.'));
    if sound {
        return Ok(());
    }
    Err(Fault::new(
        400,
        format!("HAPI-0521: Can not process entity with ID[{id}], this is not a valid FHIR ID"),
    ))
}

/// The id stands behind the type.
fn place_id(object: &mut Object, id: &str) {
    object.0.retain(|(name, _)| name != "id");
    let at = object.0.iter().position(|(name, _)| name == "resourceType").map_or(0, |at| at + 1);
    object.0.insert(at.min(object.0.len()), ("id".into(), Node::Text(id.to_owned())));
}
