//! The API: everything that the pages show and change, for programs. One table is the router and the
//! document of it.

mod settings;

use jiff::Timestamp;
use serde_json::{Value as Json, json};

use super::accounts::Role;
use super::answer::Answer;
use super::logins::Login;
use super::pages;
use super::request::Request;
use super::router::{Console, Refusal, Visit};
use super::tokens::Scope;
use crate::event::line::word;
use crate::store::{Incident, Reader};

/// Most incidents of one answer.
const INCIDENTS: usize = 500;

/// Most sessions of one answer.
const SESSIONS: usize = 500;

/// Most acts of one answer.
const ACTS: usize = 500;

/// One thing that the API does.
pub(super) struct Route {
    /// `get` or `post`.
    pub method: &'static str,
    /// Its path below `/api/v1`; what stands in braces is a part of its own.
    pub path: &'static str,
    /// What a token needs.
    pub scope: Scope,
    /// What it does, Chinese and English.
    pub about: [&'static str; 2],
    /// Names of its query parameters or, of a `post`, of its fields.
    pub takes: &'static [&'static str],
    /// The media type of its answer.
    pub gives: &'static str,
    run: fn(&Visit<'_>, &[&str]) -> Result<Answer, Refusal>,
}

/// All there is.
pub(super) fn routes() -> impl Iterator<Item = &'static Route> {
    ROUTES.iter().chain(settings::ROUTES)
}

const ROUTES: &[Route] = &[
    Route {
        method: "get",
        path: "/incidents",
        scope: Scope::Read,
        about: ["事件列表，最新在前", "Incidents, newest first"],
        takes: &["severity", "state", "assignee", "source", "all"],
        gives: "application/json",
        run: |visit, _| incidents(visit),
    },
    Route {
        method: "get",
        path: "/incidents/{id}",
        scope: Scope::Read,
        about: ["一个事件的全部修订和处理记录", "All revisions of an incident and what the team did"],
        takes: &[],
        gives: "application/json",
        run: |visit, parts| incident(visit, part(parts, 1)),
    },
    Route {
        method: "post",
        path: "/incidents/{id}",
        scope: Scope::Triage,
        about: ["改变状态、处理人，或加备注", "Changes the state or assignee, or adds a note"],
        takes: &["state", "assignee", "note"],
        gives: "application/json",
        run: |visit, parts| {
            pages::cases::change(visit, part(parts, 1))?;
            incident(visit, part(parts, 1))
        },
    },
    Route {
        method: "get",
        path: "/sessions",
        scope: Scope::Read,
        about: ["查询会话，最新在前", "Sessions that match, newest first"],
        takes: &pages::sessions::ASKED,
        gives: "application/json",
        run: |visit, _| {
            visit.needs(Role::reads_sessions)?;
            to_json(&pages::sessions::search(visit, SESSIONS)?)
        },
    },
    Route {
        method: "get",
        path: "/sessions/{id}",
        scope: Scope::Read,
        about: ["一个会话及其全部记录", "A session with all its records"],
        takes: &[],
        gives: "application/json",
        run: |visit, parts| session(visit, part(parts, 1)),
    },
    Route {
        method: "get",
        path: "/sessions/{id}/packets",
        scope: Scope::Evidence,
        about: ["数据包，pcapng", "Its packets, pcapng"],
        takes: &[],
        gives: "application/x-pcapng",
        run: |visit, parts| pages::evidence::packets(visit, part(parts, 1)),
    },
    Route {
        method: "get",
        path: "/sessions/{id}/terminal/{number}",
        scope: Scope::Read,
        about: ["终端录像，asciicast v2", "A terminal recording, asciicast v2"],
        takes: &[],
        gives: "application/x-asciicast",
        run: |visit, parts| pages::evidence::terminal_cast(visit, part(parts, 1), part(parts, 3)),
    },
    Route {
        method: "get",
        path: "/sessions.csv",
        scope: Scope::Evidence,
        about: ["会话列表，CSV", "Sessions that match, as CSV"],
        takes: &[
            "source",
            "host",
            "service",
            "account",
            "technique",
            "hash",
            "text",
            "severity",
            "from",
            "until",
        ],
        gives: "text/csv",
        run: |visit, _| pages::sessions::as_csv(visit),
    },
    Route {
        method: "get",
        path: "/files/{sha256}",
        scope: Scope::Evidence,
        about: ["入侵者留下的文件，加密 ZIP", "A file that an intruder left, in an encrypted ZIP"],
        takes: &[],
        gives: "application/zip",
        run: |visit, parts| pages::files::download(visit, part(parts, 1)),
    },
    Route {
        method: "get",
        path: "/decoys",
        scope: Scope::Read,
        about: ["诱饵主机和服务", "Decoys and their services"],
        takes: &[],
        gives: "application/json",
        run: |visit, _| {
            visit.needs(Role::reads_sessions)?;
            to_json(&visit.console.given.decoys)
        },
    },
    Route {
        method: "get",
        path: "/map",
        scope: Scope::Read,
        about: ["网段、诱饵和近 30 天的来源", "Segments, their decoys, and who touched them in 30 days"],
        takes: &[],
        gives: "application/json",
        run: |visit, _| to_json(&pages::decoys::map(visit)?),
    },
    Route {
        method: "get",
        path: "/health",
        scope: Scope::Read,
        about: ["进程、抓包、SIEM 的状态", "How processes, capture and SIEM stand"],
        takes: &[],
        gives: "application/json",
        run: |visit, _| {
            visit.needs(Role::reads_sessions)?;
            to_json(&(visit.console.given.processes)())
        },
    },
    Route {
        method: "get",
        path: "/audit",
        scope: Scope::Audit,
        about: ["谁做了什么，最新在前", "Who did what, newest first"],
        takes: &["before"],
        gives: "application/json",
        run: |visit, _| audit(visit),
    },
];

/// Answers a call; only a token opens the API, never a cookie, so no other site can use a login.
pub(super) fn answer(console: &Console, request: &Request) -> Answer {
    let now = Timestamp::now();
    if !console.logins.may_try("", request.from) {
        return refused(429, "too many wrong tokens");
    }
    let token = request.bearer.as_deref().and_then(|whole| console.tokens.find(whole, now));
    let role = token.as_ref().and_then(|token| console.accounts.role(&token.account));
    let (Some(token), Some(role)) = (token, role) else {
        if request.bearer.is_some() {
            console.logins.tried("", request.from, false);
            console.tell("", request.from, "was refused", "api token");
        }
        return refused(401, "a token is needed: Authorization: Bearer hwt_…");
    };
    let parts: Vec<&str> = request.segments.iter().skip(2).map(String::as_str).collect();
    let method = if request.posts { "post" } else { "get" };
    let Some(route) = routes().find(|route| route.method == method && fits(route.path, &parts)) else {
        return refused(404, "there is no such thing");
    };
    if !token.scopes.contains(&route.scope) {
        console.tell(
            &token.account,
            request.from,
            "was refused",
            &format!("api scope {}", route.scope.name()),
        );
        return refused(403, "the token has no such scope");
    }
    let visit = Visit { console, request, login: Login::of_token(&token.account), role };
    match (route.run)(&visit, &parts) {
        Ok(answer) => answer,
        Err(Refusal::NotFound) => refused(404, "there is no such thing"),
        Err(Refusal::NotAllowed | Refusal::OldForm) => refused(403, "the account's role may not"),
        Err(Refusal::TooLong) => refused(413, "too long"),
        Err(Refusal::StoreAway(reason)) => {
            tracing::warn!(reason, "the API has no store to read");
            refused(503, "the database server with the store can't be reached")
        }
        Err(Refusal::Failed(reason)) => {
            tracing::warn!(reason, path = request.path, "a call of the API failed");
            refused(500, "it could not be read")
        }
    }
}

fn refused(status: u16, why: &str) -> Answer {
    let status = hyper::StatusCode::from_u16(status).unwrap_or(hyper::StatusCode::BAD_REQUEST);
    Answer::json(&json!({ "error": why })).with_status(status)
}

fn fits(path: &str, parts: &[&str]) -> bool {
    let wanted: Vec<&str> = path.trim_start_matches('/').split('/').collect();
    wanted.len() == parts.len()
        && wanted.iter().zip(parts).all(|(wanted, part)| wanted.starts_with('{') || wanted == part)
}

fn part<'p>(parts: &[&'p str], at: usize) -> &'p str {
    parts.get(at).copied().unwrap_or_default()
}

fn to_json(value: &impl serde::Serialize) -> Result<Answer, Refusal> {
    let value = serde_json::to_value(value).map_err(|error| Refusal::Failed(error.to_string()))?;
    Ok(Answer::json(&value))
}

fn reader(visit: &Visit<'_>) -> Result<Reader, Refusal> {
    Ok(Reader::open(&visit.console.given.places.store)?)
}

fn incidents(visit: &Visit<'_>) -> Result<Answer, Refusal> {
    visit.needs(Role::reads_sessions)?;
    let found = reader(visit)?.incidents(&pages::incidents::filter(visit), INCIDENTS)?;
    Ok(Answer::json(&Json::Array(found.iter().map(of_incident).collect())))
}

fn of_incident(incident: &Incident) -> Json {
    let case = &incident.case;
    json!({
        "alert": incident.alert,
        "state": case.state.name(),
        "assignee": case.assignee,
        "notes": case.notes,
    })
}

fn incident(visit: &Visit<'_>, id: &str) -> Result<Answer, Refusal> {
    visit.needs(Role::reads_sessions)?;
    let reader = reader(visit)?;
    let revisions: Vec<_> = reader.incident(id)?.into_iter().map(|(_, alert)| alert).collect();
    if revisions.is_empty() {
        return Err(Refusal::NotFound);
    }
    let case = reader.case(id)?;
    visit.tell("looked at incident", id);
    Ok(Answer::json(&json!({
        "revisions": revisions,
        "state": case.state.name(),
        "assignee": case.assignee,
        "journal": reader.case_records(id)?,
    })))
}

fn session(visit: &Visit<'_>, id: &str) -> Result<Answer, Refusal> {
    visit.needs(Role::reads_sessions)?;
    let reader = reader(visit)?;
    let found = pages::session(&reader, id)?;
    visit.tell("looked at session", id);
    Ok(Answer::json(&json!({ "session": found, "records": reader.session_records(found.id)? })))
}

fn audit(visit: &Visit<'_>) -> Result<Answer, Refusal> {
    visit.needs(Role::audits)?;
    let before = visit.request.asked("before").and_then(|text| text.parse().ok());
    let records = reader(visit)?.newest_beside(&pages::audit::ACTS, before, ACTS)?;
    visit.tell("looked at audit", "");
    to_json(&records)
}

/// The document of the API (OpenAPI 3.1), made from the table that answers it.
pub(super) fn document() -> Json {
    let mut paths = serde_json::Map::new();
    for route in routes() {
        let path = paths.entry(format!("/api/v1{}", route.path)).or_insert_with(|| json!({}));
        path[route.method] = operation(route);
    }
    json!({
        "openapi": "3.1.0",
        "info": { "title": "Honeyward", "version": env!("CARGO_PKG_VERSION") },
        "paths": paths,
        "components": { "securitySchemes": { "token": { "type": "http", "scheme": "bearer" } } },
        "security": [{ "token": [] }],
    })
}

fn operation(route: &Route) -> Json {
    let [zh, en] = route.about;
    let in_path = route.path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
    let mut parameters: Vec<Json> = in_path
        .map(|name| json!({ "name": name, "in": "path", "required": true, "schema": { "type": "string" } }))
        .collect();
    let mut operation = json!({
        "summary": en,
        "description": format!("{zh} · scope: {}", word(&route.scope)),
        "x-scope": route.scope.name(),
        "responses": {
            "200": { "description": "done", "content": { route.gives: {} } },
            "401": { "description": "no token, or it ended" },
            "403": { "description": "the token's scope or the account's role may not" },
            "404": { "description": "there is no such thing" },
        },
    });
    if route.method == "get" {
        parameters.extend(
            route
                .takes
                .iter()
                .map(|name| json!({ "name": name, "in": "query", "schema": { "type": "string" } })),
        );
    } else {
        let fields: serde_json::Map<String, Json> =
            route.takes.iter().map(|name| ((*name).to_owned(), json!({ "type": "string" }))).collect();
        operation["requestBody"] = json!({ "content": { "application/json": { "schema": { "type": "object", "properties": fields } } } });
    }
    operation["parameters"] = Json::Array(parameters);
    operation
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_document_has_every_route_once() {
        let document = document();
        let count: usize =
            document["paths"].as_object().unwrap().values().map(|p| p.as_object().unwrap().len()).sum();
        assert_eq!(count, routes().count());
        assert_eq!(document["paths"]["/api/v1/incidents/{id}"]["post"]["x-scope"], "triage");
        assert!(fits("/sessions/{id}/packets", &["sessions", "x", "packets"]));
        assert!(!fits("/sessions/{id}", &["sessions", "x", "packets"]));
    }
}
