//! The application: login, patients, orders, results and images, from the world.

mod account;
mod clinic;
mod files;
mod lists;
mod login;
mod pages;
mod patient;
pub(crate) mod rows;
mod search;
mod sheets;
mod study;
mod visit;
mod wards;

use std::time::Duration;

use rand::RngExt;

use super::answer::{Answer, Status};
use super::behaviour::Behaviour;
use super::cookie::SessionIds;
use super::head::Head;
use super::server::Server;
use super::tomcat::{self, TomcatError};
use super::uri::{self, TomcatPath, split_target};
use std::sync::Arc;

use crate::decoys::Making;
use crate::event::{Observation, Tainted};
use crate::imaging::Imaging;
use crate::persona::{Fault, Protocol};
use crate::session::Session;
use pages::Pages;
pub(super) use rows::age;
use visit::Visit;

/// The application of one port.
pub(crate) struct Portal {
    pages: Pages,
    ids: SessionIds,
    protocol: Protocol,
    imaging: Arc<Imaging>,
}

/// An answer and how long the application takes for it.
pub(crate) struct Reply {
    /// The answer.
    pub(crate) answer: Answer,
    /// The time.
    pub(crate) delay: Duration,
}

/// How much work an answer is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Work {
    /// None to speak of.
    None,
    /// A password is checked.
    Login,
    /// The database is asked.
    Page,
}

impl Portal {
    /// Compiles the templates.
    ///
    /// # Errors
    /// A located [`Fault`] of a template.
    pub(crate) fn new(making: &Making, behaviour: &Behaviour, protocol: Protocol) -> Result<Self, Fault> {
        let key = making.pack.installation.derive(&format!("http/session/{}", making.host.name));
        Ok(Portal {
            pages: Pages::new(making, behaviour)?,
            ids: SessionIds::new(key),
            protocol,
            imaging: Arc::clone(&making.imaging),
        })
    }

    /// Answers one request. `turn` counts the requests of the connection.
    pub(crate) fn answer(
        &self,
        server: &Server,
        session: &Session,
        head: &Head,
        body: &[u8],
        turn: u32,
    ) -> Reply {
        let (path, query) = split_target(head.target());
        let product = &server.behaviour.application_server;
        let chinese = prefers_chinese(head);
        let below = match uri::tomcat_path(path, query) {
            TomcatPath::BadCharacter => {
                let in_query = uri::tomcat_path(path, b"") != TomcatPath::BadCharacter;
                return Reply::now(tomcat::bad_target(head.target(), in_query, product));
            }
            TomcatPath::Refused(message) => {
                let error = TomcatError::BadRequest;
                return Reply::now(tomcat::report(error, Some(message), product, chinese));
            }
            TomcatPath::Path(path) => match path.strip_prefix(&server.behaviour.context) {
                Some(below) if below.starts_with('/') => below.to_owned(),
                _ => return Reply::now(tomcat::report(TomcatError::NotFound, None, product, chinese)),
            },
        };
        let visit = Visit::new(self, server, session, head, body, turn, below);
        let (answer, work) = if path.contains(&b';') {
            // The security filter of the application takes no path parameters.
            (visit.error(TomcatError::BadRequest, Some("Invalid request")), Work::None)
        } else {
            dispatch(&visit)
        };
        Reply { answer: visit.with_cookies(answer), delay: visit.delay(work) }
    }
}

fn dispatch(visit: &Visit<'_>) -> (Answer, Work) {
    match visit.path.as_str() {
        "/login" => match visit.method() {
            b"GET" | b"HEAD" => (login::page(visit, None), Work::None),
            b"POST" => (login::attempt(visit), Work::Login),
            _ => (visit.wrong_method("GET,HEAD,POST"), Work::None),
        },
        _ if visit.user().is_none() => (visit.redirect("/login"), Work::None),
        "/" => (visit.redirect("/home"), Work::None),
        "/logout" => (login::end(visit), Work::None),
        "/password" => match visit.method() {
            b"GET" | b"HEAD" => (account::page(visit, None), Work::None),
            b"POST" => (account::change(visit), Work::Login),
            _ => (visit.wrong_method("GET,HEAD,POST"), Work::None),
        },
        path => dispatch_records(visit, path),
    }
}

fn dispatch_records(visit: &Visit<'_>, path: &str) -> (Answer, Work) {
    if let Some(mrn) = path.strip_prefix("/patient/").and_then(|p| p.strip_suffix("/attachments")) {
        return match visit.method() {
            b"POST" => (files::upload(visit, mrn), Work::Page),
            _ => (visit.wrong_method("POST"), Work::None),
        };
    }
    let sheet = path.strip_prefix('/').unwrap_or(path);
    let posted = visit.method() == b"POST" && sheets::takes_forms(sheet);
    if !posted && !matches!(visit.method(), b"GET" | b"HEAD") {
        return (visit.wrong_method("GET,HEAD"), Work::None);
    }
    let parts: Vec<&str> = path.split('/').skip(1).collect();
    let answer = match parts.as_slice() {
        ["home"] => lists::home(visit),
        ["patients"] => search::page(visit),
        ["patient", mrn] => patient::page(visit, mrn),
        ["lab", number] => patient::lab(visit, number),
        ["study", accession] => study::page(visit, accession),
        ["image", name] => study::image(visit, name),
        ["orders"] => lists::orders(visit),
        ["worklist"] => lists::worklist(visit),
        ["inpatients"] => lists::inpatients(visit),
        ["attachment", mrn, number] => files::download(visit, mrn, number),
        ["inp", "beds"] => wards::beds(visit),
        ["inp", "record", number] => wards::record(visit, number),
        ["inp", "daily", number] => wards::daily(visit, number),
        ["outp", "visit", number] => clinic::page(visit, number),
        ["fee", "receipt", number] => clinic::receipt(visit, number),
        ["print", kind, number] => sheets::pdf(visit, kind, number),
        _ => sheets::answer(visit, sheet),
    };
    match answer {
        Some(answer) => (answer, Work::Page),
        None => (visit.not_found(), Work::None),
    }
}

impl Reply {
    fn now(answer: Answer) -> Self {
        Reply { answer, delay: Duration::ZERO }
    }
}

/// Tomcat speaks Chinese to clients that ask for it first.
fn prefers_chinese(head: &Head) -> bool {
    head.header("Accept-Language").is_some_and(|v| v.get(..2).is_some_and(|l| l.eq_ignore_ascii_case(b"zh")))
}

/// A delay within a range of milliseconds.
fn between(range: [u64; 2], session: &Session, purpose: &str) -> Duration {
    let [least, most] = range;
    let chosen = session.rng(purpose).random_range(least..=most.max(least));
    session.pace(Duration::from_millis(chosen))
}

fn found(code: u16) -> Answer {
    Answer::new(Status::proxied(code))
}

/// Tells that records went out.
fn read(session: &Session, subject: crate::event::observation::RecordKind, ids: Vec<String>) {
    if ids.is_empty() {
        return;
    }
    let count = u32::try_from(ids.len()).unwrap_or(u32::MAX);
    let ids = ids.into_iter().take(crate::event::observation::MAX_IDS).collect();
    session.emit(Observation::RecordRead { subject, count, ids });
}

/// Tells of a search.
fn searched(
    session: &Session,
    subject: crate::event::observation::RecordKind,
    filter: &str,
    answers: usize,
    unbounded: bool,
) {
    session.emit(Observation::Query {
        subject,
        filter: Tainted::new(filter),
        answers: u32::try_from(answers).unwrap_or(u32::MAX),
        unbounded,
        detail: None,
    });
}
