//! One request to the application, with who makes it.

use std::borrow::Cow;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};

use super::super::answer::{Answer, Length, cookie_date};
use super::super::cookie;
use super::super::form::Fields;
use super::super::head::Head;
use super::super::server::Server;
use super::super::tomcat::{self, TomcatError};
use super::super::uri::split_target;
use super::{Portal, Work, between, found, prefers_chinese};
use crate::event::observation::Direction;
use crate::event::{Observation, Tainted};
use crate::imaging::Imaging;
use crate::persona::{Account, Protocol};
use crate::session::Session;
use crate::world::View;

/// Pages beyond this leave Tomcat's buffer before they are done, so without a length.
const TOMCAT_BUFFER: usize = 8192;

/// One request and its context.
pub(crate) struct Visit<'a> {
    portal: &'a Portal,
    server: &'a Server,
    /// The connection's session.
    pub(crate) session: &'a Session,
    head: &'a Head,
    /// The body.
    pub(crate) body: &'a [u8],
    turn: u32,
    /// Path below the application's context.
    pub(crate) path: String,
    /// The query.
    pub(crate) query: Fields,
    /// The form in the body.
    pub(crate) form: Fields,
    /// Now.
    pub(crate) now: Timestamp,
    id: Option<String>,
    account: Option<&'a Account>,
}

impl<'a> Visit<'a> {
    /// Reads who comes and what he asks.
    pub(crate) fn new(
        portal: &'a Portal,
        server: &'a Server,
        session: &'a Session,
        head: &'a Head,
        body: &'a [u8],
        turn: u32,
        path: String,
    ) -> Self {
        let now = session.now();
        let sent = head.header("Cookie").and_then(|c| cookie::find(c, "JSESSIONID"));
        let visit = sent.and_then(|id| portal.ids.read(id, now, server.behaviour.login_minutes));
        let ended = |id: &str| session.overlay().get(&ended_key(id)).is_some();
        let live = visit.filter(|v| v.account == 0 || !sent.is_some_and(ended));
        let account = live.and_then(|v| {
            let index = usize::from(v.account).checked_sub(1)?;
            session.host().accounts.get(index)
        });
        let (_, query) = split_target(head.target());
        Visit {
            portal,
            server,
            session,
            head,
            body,
            turn,
            path,
            query: Fields::parse(query),
            form: Fields::parse(body),
            now,
            id: sent.filter(|_| live.is_some()).map(str::to_owned),
            account,
        }
    }

    /// The method.
    pub(crate) fn method(&self) -> &'a [u8] {
        self.head.method()
    }

    /// A header.
    pub(crate) fn header(&self, name: &str) -> Option<&'a [u8]> {
        self.head.header(name)
    }

    /// The account that is logged in.
    pub(crate) fn user(&self) -> Option<&'a Account> {
        self.account
    }

    /// The protocol that the peer came over.
    pub(crate) fn protocol(&self) -> Protocol {
        self.portal.protocol
    }

    /// Who draws pictures.
    pub(crate) fn imaging(&self) -> &'a Imaging {
        &self.portal.imaging
    }

    /// The hospital now.
    pub(crate) fn view(&self) -> View {
        self.session.world().at(self.now)
    }

    /// A page made from a template. `None` when the template fails, which is told to our own log.
    pub(crate) fn render(&self, template: &str, values: minijinja::Value) -> Answer {
        match self.portal.pages.render(template, self.account, values) {
            Some(page) => html(page),
            None => self.error(TomcatError::Internal, None),
        }
    }

    /// The login page without a message, made once.
    pub(crate) fn login_page(&self) -> Answer {
        html(self.portal.pages.login())
    }

    /// A redirect below the context.
    pub(crate) fn redirect(&self, path: &str) -> Answer {
        let target = format!("{}{path}", self.server.behaviour.context);
        found(302).with_location(self.server.absolute(&target, self.head, self.session))
    }

    /// Tomcat's error page.
    pub(crate) fn error(&self, error: TomcatError, message: Option<&str>) -> Answer {
        let product = &self.server.behaviour.application_server;
        tomcat::report(error, message, product, prefers_chinese(self.head))
    }

    /// 404 for this path.
    pub(crate) fn not_found(&self) -> Answer {
        let path = format!("{}{}", self.server.behaviour.context, self.path);
        self.error(TomcatError::NotFound, Some(&format!("The requested resource [{path}] is not available")))
    }

    /// What the framework answers to a method that a page does not have.
    pub(crate) fn wrong_method(&self, allowed: &'static str) -> Answer {
        let method = String::from_utf8_lossy(self.method());
        match self.method() {
            b"OPTIONS" => found(200).with("Allow", format!("{allowed},OPTIONS")),
            b"GET" | b"HEAD" | b"POST" | b"PUT" | b"DELETE" | b"PATCH" => {
                let message = format!("Request method '{method}' not supported");
                let page = self.error(TomcatError::MethodNotAllowed, Some(&message));
                with_first(page, "Allow", allowed)
            }
            _ => {
                let message = format!("Method [{method}] is not implemented by this Servlet for this URI");
                self.error(TomcatError::NotImplemented, Some(&message))
            }
        }
    }

    /// An id for a login as the account with this index of the host's list.
    pub(crate) fn new_id(&self, account: Option<usize>) -> String {
        let number = account.and_then(|i| u8::try_from(i + 1).ok()).unwrap_or(0);
        let mut rng = self.session.rng(&format!("http/id/{}", self.turn));
        self.portal.ids.make(self.now, number, &mut rng)
    }

    /// Ends the login that came with this request.
    pub(crate) fn end_login(&self) {
        if let Some(id) = &self.id {
            // Past the room that one intruder has, the login lives on to its natural end.
            let _ = self.session.overlay().put(ended_key(id), vec![1]);
        }
    }

    /// Adds the cookies that every answer of the application may carry.
    pub(crate) fn with_cookies(&self, mut answer: Answer) -> Answer {
        let remembered = self.header("Cookie").and_then(|c| cookie::find(c, "rememberMe"));
        let set = |answer: &Answer, name: &str| {
            answer.extra.iter().any(|(n, v)| *n == "Set-Cookie" && v.starts_with(name))
        };
        let mut cookies: Vec<(&'static str, Cow<'static, str>)> = Vec::new();
        if remembered.is_some_and(|v| v != "deleteMe") && !set(&answer, "rememberMe") {
            cookies.push(("Set-Cookie", self.forget_me().into()));
        }
        if self.id.is_none() && !set(&answer, "JSESSIONID") {
            cookies.push(("Set-Cookie", self.session_cookie(&self.new_id(None)).into()));
        }
        answer.extra.splice(0..0, cookies);
        answer
    }

    /// The session cookie as Tomcat writes it.
    pub(crate) fn session_cookie(&self, id: &str) -> String {
        format!("JSESSIONID={id}; Path={}; HttpOnly", self.server.behaviour.context)
    }

    /// The cookie by which the application's security library forgets a visitor.
    pub(crate) fn forget_me(&self) -> String {
        let yesterday = self.now.saturating_sub(SignedDuration::from_hours(24)).unwrap_or(self.now);
        format!(
            "rememberMe=deleteMe; Path={}; Max-Age=0; Expires={}; SameSite=lax",
            self.server.behaviour.context,
            cookie_date(yesterday)
        )
    }

    /// Tells of a file that was made and goes out.
    pub(crate) fn tell_download(&self, name: &str, file: &[u8]) {
        self.session.emit(Observation::Transfer {
            name: Tainted::new(name),
            direction: Direction::Download,
            size: u64::try_from(file.len()).unwrap_or(u64::MAX),
            sha256: hex::encode(Sha256::digest(file)),
        });
    }

    /// How long a piece of work takes.
    pub(crate) fn delay(&self, work: Work) -> Duration {
        let behaviour = &self.server.behaviour;
        let purpose = format!("http/pace/{}", self.turn);
        match work {
            Work::None => Duration::ZERO,
            Work::Login => between(behaviour.login_ms, self.session, &purpose),
            Work::Page => between(behaviour.page_ms, self.session, &purpose),
        }
    }
}

fn html(page: bytes::Bytes) -> Answer {
    let mut answer = found(200).typed("text/html;charset=UTF-8");
    if page.len() > TOMCAT_BUFFER {
        answer.length = Length::Chunked;
    }
    let answer = answer.with("Cache-Control", "no-store").with("Content-Language", "zh-CN");
    answer.with_body(page)
}

fn with_first(mut answer: Answer, name: &'static str, value: &'static str) -> Answer {
    answer.extra.insert(0, (name, value.into()));
    answer
}

fn ended_key(id: &str) -> String {
    format!("http:ended:{id}")
}
