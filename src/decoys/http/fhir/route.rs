//! Which request asks for what.

use super::answers::{Fault, outcome};
use super::headers::{self, Facts};
use super::node::Object;
use super::own::Own;
use super::request::{Form, Outcome, Request, no_such_path, one};
use super::resources::{Held, Maker};
use super::search::Scope;
use super::store::Store;
use super::{Fhir, everything, history, known, metadata, page, serve, write};
use crate::decoys::http::engine::{Ask, Reply};
use crate::decoys::http::uri::split_target;

/// One request with all that answering it needs.
pub(super) struct Call<'a> {
    pub(super) app: &'a Fhir,
    pub(super) ask: &'a Ask<'a>,
    pub(super) request: Request,
    pub(super) form: Form,
    pub(super) store: Store,
}

/// What goes out.
pub(super) struct Answer {
    pub(super) code: u16,
    pub(super) object: Option<Object>,
    pub(super) facts: Facts,
}

impl Answer {
    /// A resource.
    pub(super) fn ok(object: Object) -> Answer {
        Answer { code: 200, object: Some(object), facts: Facts::default() }
    }
}

impl Call<'_> {
    /// Makes resources at the moment of the request.
    pub(super) fn maker(&self) -> Maker<'_> {
        Maker { view: self.store.view() }
    }

    /// What the peer wrote.
    pub(super) fn own(&self) -> Own<'_> {
        Own::new(self.ask.session, self.maker())
    }

    /// The newest version of a resource as this peer sees it.
    pub(super) fn newest(&self, name: &str, id: &str) -> Option<Held> {
        let own = self.own();
        Scope { store: &self.store, own: &own }.read(name, id)
    }
}

/// Answers any request to the server.
pub(super) fn answer(app: &Fhir, ask: &Ask<'_>) -> Reply {
    let behaviour = &app.behaviour;
    let Some(request) = Request::read(ask, &behaviour.context, app.secure) else {
        return elsewhere(app, ask);
    };
    let form = Form::of(&request, ask);
    let store = Store::new(ask.session, ask.now, behaviour.days, behaviour.loaded);
    let call = Call { app, ask, request, form, store };
    match dispatch(&call) {
        Ok(answer) => finished(&call, answer),
        Err(fault) => {
            let facts = Facts { location: fault.location.clone(), ..Facts::default() };
            finished(&call, Answer { code: fault.status, object: Some(fault.outcome()), facts })
        }
    }
}

fn finished(call: &Call<'_>, answer: Answer) -> Reply {
    let reply = headers::reply(call.ask, answer.code, &call.app.behaviour.version, answer.facts);
    let Some(object) = answer.object else { return reply };
    let text = call.form.text(&object);
    if call.form.page {
        return reply
            .typed("text/html;charset=UTF-8")
            .with_pieces(Box::new(one(page::highlighted(&call.request, &text, answer.code))), None);
    }
    reply.typed(call.form.media()).with_pieces(Box::new(one(text)), None)
}

fn dispatch(call: &Call<'_>) -> Outcome<Answer> {
    let parts: Vec<&str> = call.request.path.iter().map(String::as_str).collect();
    let method = match call.request.method.as_str() {
        "HEAD" => "GET",
        method => method,
    };
    match (method, parts.as_slice()) {
        ("GET", []) if call.request.get("_getpages").is_some() => serve::page(call),
        (_, []) => Err(Fault::root()),
        ("GET" | "OPTIONS", ["metadata"]) => Ok(Answer::ok(metadata::statement(call))),
        ("GET", ["_history"]) => history::of_server(call),
        (_, [name, ..]) if known::named(name).is_none() => {
            if name.starts_with(['_', '$']) {
                return Err(unknown(call, method));
            }
            Err(Fault::unknown_type(name, &known::listed()))
        }
        ("GET", [name]) => serve::search(call, name),
        ("POST", [name, "_search"]) => serve::search(call, name),
        ("GET", [name, "_history"]) => history::of_type(call, name),
        ("GET", [_, last]) if last.starts_with('$') => Err(unknown(call, method)),
        ("GET", [name, id]) => serve::read(call, name, id),
        ("GET", [name, id, "_history"]) => history::of_resource(call, name, id),
        ("GET", [name, id, "_history", version]) => serve::version(call, name, id, version),
        ("GET" | "POST", ["Patient", id, "$everything"]) => everything::of_patient(call, id),
        ("POST", [_, "$validate"]) => write::validate(call),
        ("POST", [name]) => write::create(call, name),
        ("PUT", [name, id]) => write::update(call, name, id),
        ("DELETE", [name, id]) => write::delete(call, name, id),
        _ => Err(unknown(call, method)),
    }
}

fn unknown(call: &Call<'_>, method: &str) -> Fault {
    Fault::unknown_method(method, &call.request.path.join("/"), &call.request.names())
}

/// An OperationOutcome that tells of success.
pub(super) fn informed(text: &str) -> Object {
    outcome("information", "informational", text)
}

/// Paths beside the endpoint.
fn elsewhere(app: &Fhir, ask: &Ask<'_>) -> Reply {
    let (path, _) = split_target(ask.head.target());
    let reads = matches!(ask.head.method(), b"GET" | b"HEAD");
    match path {
        b"/" | b"/home" if reads => page::home(app, ask),
        b"/actuator/health" if reads => {
            let body = "{\"status\":\"UP\",\"groups\":[\"liveness\",\"readiness\"]}";
            Reply::new(200)
                .typed("application/vnd.spring-boot.actuator.v3+json")
                .with_pieces(Box::new(one(body)), None)
        }
        _ => {
            let view = ask.session.world().at(ask.now);
            let moment = ask.now.strftime("%Y-%m-%dT%H:%M:%S.%3f+00:00").to_string();
            let code = if path == b"/" || path == b"/home" { 405 } else { 404 };
            let local = view.local(ask.now).strftime("%a %b %d %H:%M:%S CST %Y").to_string();
            let page = ask.head.header("Accept").unwrap_or_default().starts_with(b"text/html");
            no_such_path(ask, code, if page { &local } else { &moment })
        }
    }
}
