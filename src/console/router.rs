//! From a request to its page: who asks, whether he may, which page.

use std::net::IpAddr;

use hyper::body::Incoming;
use hyper::{Request as HttpRequest, StatusCode};
use minijinja::{Environment, Value, context};

use super::accounts::{Accounts, Role};
use super::answer::Answer;
use super::logins::{Login, Logins};
use super::oidc::{Oidc, Provider};
use super::request::{LANGUAGE_COOKIE, LOGIN_COOKIE, Request};
use super::saved::Saved;
use super::tokens::Tokens;
use super::{Given, api, pages, site};
use crate::event::{SystemEvent, Tainted};
use crate::store::StoreError;

/// The console whole.
pub(super) struct Console {
    pub(super) given: Given,
    pub(super) accounts: Accounts,
    pub(super) logins: Logins,
    pub(super) saved: Saved,
    pub(super) tokens: Tokens,
    pub(super) provider: Option<Provider>,
    templates: Environment<'static>,
}

/// A user who is logged in, and what he asks.
pub(super) struct Visit<'a> {
    pub(super) console: &'a Console,
    pub(super) request: &'a Request,
    pub(super) login: Login,
    pub(super) role: Role,
}

/// Why there is no page.
pub(super) enum Refusal {
    /// There is no such thing.
    NotFound,
    /// The role may not.
    NotAllowed,
    /// The form did not come from a page of this login.
    OldForm,
    /// A text is longer than it may be.
    TooLong,
    /// The database server that has the store can't be reached now.
    StoreAway(String),
    /// The store or a file failed.
    Failed(String),
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unreachable { .. } => Refusal::StoreAway(error.to_string()),
            _ => Refusal::Failed(error.to_string()),
        }
    }
}

impl From<std::io::Error> for Refusal {
    fn from(error: std::io::Error) -> Self {
        Refusal::Failed(error.to_string())
    }
}

impl Console {
    /// Reads accounts and templates.
    pub(super) fn new(mut given: Given) -> Result<Self, String> {
        let own = &given.places.own;
        let accounts = Accounts::open(own).map_err(|e| format!("{}: {e}", own.display()))?;
        let logins = Logins::new(given.settings.idle_minutes);
        let saved = Saved::open(own).map_err(|e| format!("{}: {e}", own.display()))?;
        let tokens = Tokens::open(own).map_err(|e| format!("{}: {e}", own.display()))?;
        let ask = std::mem::replace(&mut given.ask, Box::new(|_| Err("there is no provider".into())));
        let provider = given.settings.oidc.clone().map(|settings| Provider::new(settings, ask));
        Ok(Console { accounts, logins, saved, tokens, provider, templates: site::templates()?, given })
    }

    /// Answers one request.
    pub(super) async fn answer(&self, request: HttpRequest<Incoming>, from: IpAddr) -> Answer {
        match Request::read(request, from).await {
            // The store is read and passwords are hashed here: that takes its time.
            Some(request) => tokio::task::block_in_place(|| self.routed(&request)),
            None => Answer::page(String::new()).with_status(StatusCode::BAD_REQUEST),
        }
    }

    fn routed(&self, request: &Request) -> Answer {
        if let Some(("assets", name)) = request.path.trim_start_matches('/').split_once('/') {
            return match site::asset(name) {
                Some((kind, body)) => Answer::asset(kind, body),
                None => self.refused(request, None, &Refusal::NotFound),
            };
        }
        if request.path.starts_with("/api/v1/") {
            return api::answer(self, request);
        }
        let answer = match self.login_of(request) {
            Some((login, role)) => {
                let visit = Visit { console: self, request, login, role };
                visit.page().unwrap_or_else(|refusal| self.refused(request, Some(&visit), &refusal))
            }
            None => pages::entrance::page(self, request),
        };
        match request.query.get("lang") {
            Some(_) => answer.with_cookie(format!(
                "{LANGUAGE_COOKIE}={}; Path=/; Max-Age=31536000; Secure; SameSite=Lax",
                request.language().tag()
            )),
            None => answer,
        }
    }

    fn login_of(&self, request: &Request) -> Option<(Login, Role)> {
        let login = self.logins.find(request.cookies.get(LOGIN_COOKIE)?, !request.by_itself)?;
        let role = login.given.or_else(|| self.accounts.role(&login.account))?;
        Some((login, role))
    }

    /// A page without a user.
    pub(super) fn bare_page(&self, request: &Request, name: &str, more: Value) -> Answer {
        self.rendered(request, None, name, more)
    }

    fn rendered(&self, request: &Request, visit: Option<&Visit<'_>>, name: &str, more: Value) -> Answer {
        let language = request.language();
        let user = visit.map(|visit| {
            context! {
                name => visit.login.account.clone(),
                csrf => visit.login.csrf.clone(),
                reads => visit.role.reads_sessions(),
                takes => visit.role.takes_evidence(),
                audits => visit.role.audits(),
                manages => visit.role.manages_accounts(),
                asks => visit.role.asks(),
                local => visit.login.given.is_none(),
            }
        });
        let about = context! {
            lang => language.tag(),
            other => language.other(),
            // With one slash at its head: two would name another host in a link.
            path => format!("/{}", request.path.trim_start_matches('/')),
            section => request.segments.first().cloned().unwrap_or_default(),
            user,
        };
        Answer::page(site::render(&self.templates, name, context! { ..more, ..about }))
    }

    fn refused(&self, request: &Request, visit: Option<&Visit<'_>>, refusal: &Refusal) -> Answer {
        let (status, key) = match refusal {
            Refusal::NotFound => (StatusCode::NOT_FOUND, "not_found"),
            Refusal::NotAllowed => (StatusCode::FORBIDDEN, "not_allowed"),
            Refusal::OldForm => (StatusCode::FORBIDDEN, "old_form"),
            Refusal::TooLong => (StatusCode::PAYLOAD_TOO_LARGE, "too_long"),
            Refusal::StoreAway(reason) => {
                tracing::warn!(reason, "the console has no store to show");
                (StatusCode::SERVICE_UNAVAILABLE, "store_away")
            }
            Refusal::Failed(reason) => {
                tracing::warn!(reason, path = request.path, "a page of the console failed");
                (StatusCode::INTERNAL_SERVER_ERROR, "failed")
            }
        };
        self.rendered(request, visit, "refused.html", context! { key }).with_status(status)
    }

    /// Tells the chain what was done.
    pub(super) fn tell(&self, account: &str, from: IpAddr, act: &str, object: &str) {
        (self.given.tell)(SystemEvent::Console {
            account: account.to_owned(),
            from,
            act: act.to_owned(),
            object: Tainted::from(object),
        });
    }
}

impl Visit<'_> {
    /// A page of the site for this user.
    pub(super) fn show(&self, name: &str, more: Value) -> Answer {
        self.console.rendered(self.request, Some(self), name, more)
    }

    /// Tells the chain what this user does.
    pub(super) fn tell(&self, act: &str, object: &str) {
        self.console.tell(&self.login.account, self.request.from, act, object);
    }

    /// Whether a role has this right.
    pub(super) fn needs(&self, right: fn(Role) -> bool) -> Result<(), Refusal> {
        if right(self.role) { Ok(()) } else { Err(Refusal::NotAllowed) }
    }

    /// Whether a second person must agree to what is weighty.
    pub(super) fn needs_second(&self) -> bool {
        self.console.given.settings.four_eyes.unwrap_or_else(|| {
            let from_outside = self.console.given.settings.oidc.as_ref().is_some_and(Oidc::has_approvers);
            let others = self.console.accounts.list().into_iter();
            others
                .filter(|(name, _, closed)| !closed && *name != self.login.account)
                .any(|(_, r, _)| r.approves())
                || from_outside
        })
    }

    /// The rule of the second person: `always`, `never`, `others`.
    pub(super) fn four_eyes(&self) -> &'static str {
        match self.console.given.settings.four_eyes {
            Some(true) => "always",
            Some(false) => "never",
            None => "others",
        }
    }

    fn page(&self) -> Result<Answer, Refusal> {
        let segments: Vec<&str> = self.request.segments.iter().map(String::as_str).collect();
        if self.request.posts {
            if !self.login.owns(self.request.field("csrf")) {
                return Err(Refusal::OldForm);
            }
            return match segments[..] {
                ["logout"] => Ok(pages::entrance::leave(self)),
                ["incidents"] => pages::cases::change_many(self),
                ["incidents", id] => pages::cases::change(self, id),
                ["own"] => pages::own::change(self),
                ["tokens"] => pages::tokens::change(self),
                ["searches"] => pages::sessions::save(self),
                ["accounts"] => pages::accounts::change(self),
                ["settings"] => pages::settings::change(self),
                ["settings", "siem"] => pages::siem::change(self),
                ["settings", "allowances"] => pages::allowances::change(self),
                ["settings", "lures"] => pages::lures::change(self),
                ["requests", id] => pages::wishes::decide(self, id),
                ["export"] => pages::wishes::export(self),
                _ => Err(Refusal::NotFound),
            };
        }
        match segments[..] {
            [""] => pages::overview::page(self),
            ["login" | "setup"] | ["oidc", _] => Ok(Answer::to("/")),
            ["incidents"] => pages::incidents::list(self),
            ["incidents", id] => pages::incident::page(self, id),
            ["sessions"] => pages::sessions::list(self),
            ["sessions.csv"] => pages::sessions::as_csv(self),
            ["sessions.json"] => pages::sessions::as_json(self),
            ["sessions", id] => pages::session::page(self, id),
            ["sessions", id, "packets"] => pages::evidence::packets(self, id),
            ["sessions", id, "conversation"] => pages::conversation::page(self, id),
            ["sessions", id, "decoded"] => pages::decoded::page(self, id),
            ["sessions", _, "images", uid] => pages::decoded::image(self, uid),
            ["files", sha256] => pages::files::download(self, sha256),
            ["sessions", id, "transcript"] => pages::evidence::transcript(self, id),
            ["sessions", id, "terminal", number] => pages::evidence::terminal(self, id, number),
            ["sessions", id, "terminal", number, "events"] => {
                pages::evidence::terminal_events(self, id, number)
            }
            ["sessions", id, "terminal", number, "cast"] => pages::evidence::terminal_cast(self, id, number),
            ["decoys"] => pages::decoys::page(self),
            ["accounts"] => pages::accounts::page(self),
            ["settings"] => pages::settings::page(self),
            ["settings", "siem"] => pages::siem::page(self),
            ["settings", "allowances"] => pages::allowances::page(self),
            ["settings", "lures"] => pages::lures::page(self),
            ["settings", "lures", id, "file"] => pages::lures::file(self, id),
            ["requests"] => pages::wishes::page(self),
            ["requests", id, "bundle"] => pages::wishes::take(self, id),
            ["own"] => pages::own::page(self),
            ["tokens"] => pages::tokens::page(self),
            ["api"] => pages::tokens::documentation(self),
            ["api", "openapi.json"] => Ok(pages::tokens::document()),
            ["audit"] => pages::audit::page(self),
            _ => Err(Refusal::NotFound),
        }
    }
}
