//! nginx's configuration: which request is answered from where.

use super::answer::Answer;
use super::behaviour::Behaviour;
use super::head::{Framing, Head};
use super::portal::Portal;
use super::refusal::{self, Refusal};
use super::statics::{Found, Statics};
use super::uri::{nginx_path, split_target};
use crate::session::Session;

/// One web server of one host, shared by all its connections.
pub(crate) struct Server {
    /// How it behaves.
    pub(crate) behaviour: Behaviour,
    /// Whether it speaks TLS, so that its links do.
    pub(crate) secure: bool,
    /// Files.
    pub(crate) statics: Statics,
    /// The application behind it.
    pub(crate) portal: Portal,
}

/// What nginx does with a request once its head is there.
pub(crate) enum Route {
    /// Its own page.
    Refuse(Refusal),
    /// Its own answer; a body is read and dropped.
    Answer(Answer),
    /// The application answers once the body is there.
    Proxy,
}

impl Server {
    /// Finds the location of a request.
    pub(crate) fn route(&self, head: &Head, session: &Session) -> Route {
        let (path, query) = split_target(head.target());
        let Some(path) = nginx_path(path) else { return Route::Refuse(Refusal::Bad) };
        if let Framing::Length(length) = head.framing
            && usize::try_from(length).map_or(true, |l| l > self.behaviour.body_bytes)
        {
            return Route::Refuse(Refusal::BodyTooLarge);
        }
        let context = self.behaviour.context.as_bytes();
        let below = path.strip_prefix(context);
        match below {
            _ if path == b"/" => {
                Route::Answer(self.redirect(302, &format!("{}/", self.behaviour.context), head, session))
            }
            Some(b"") => Route::Answer(self.slash(&path, query, head, session)),
            Some(rest) if rest.starts_with(b"/static/") => self.file(&path, query, head, session),
            Some(rest) if rest.starts_with(b"/") => Route::Proxy,
            _ => self.file(&path, query, head, session),
        }
    }

    fn file(&self, path: &[u8], query: &[u8], head: &Head, session: &Session) -> Route {
        match self.statics.serve(path, head) {
            Found::Answer(answer) => Route::Answer(answer),
            Found::Refused(refusal) => Route::Refuse(refusal),
            Found::Folder => Route::Answer(self.slash(path, query, head, session)),
            Found::Unsatisfiable(size) => {
                let answer = self.page(Refusal::Range, Some(head));
                Route::Answer(answer.with("Content-Range", format!("bytes */{size}")))
            }
        }
    }

    fn slash(&self, path: &[u8], query: &[u8], head: &Head, session: &Session) -> Answer {
        let mut target = format!("{}/", String::from_utf8_lossy(path));
        if !query.is_empty() {
            target.push('?');
            target.push_str(&String::from_utf8_lossy(query));
        }
        self.redirect(301, &target, head, session)
    }

    fn redirect(&self, code: u16, target: &str, head: &Head, session: &Session) -> Answer {
        let location = self.absolute(target, head, session);
        refusal::redirect(code, location, &self.behaviour.server)
    }

    /// A link as nginx writes it: scheme, the host asked for, and a port that is not the scheme's.
    pub(crate) fn absolute(&self, target: &str, head: &Head, session: &Session) -> String {
        let local = session.origin().target;
        let host = if head.host.is_empty() { local.ip().to_string() } else { head.host.clone() };
        let (scheme, usual) = if self.secure { ("https", 443) } else { ("http", 80) };
        if local.port() == usual {
            format!("{scheme}://{host}{target}")
        } else {
            format!("{scheme}://{host}:{}{target}", local.port())
        }
    }

    /// nginx's page for a refusal.
    pub(crate) fn page(&self, refusal: Refusal, head: Option<&Head>) -> Answer {
        let agent = head.and_then(|h| h.header("User-Agent")).unwrap_or_default();
        refusal.answer(&self.behaviour.server, hides_short_pages(agent))
    }
}

/// Clients for which nginx pads its error pages.
fn hides_short_pages(agent: &[u8]) -> bool {
    let holds = |word: &[u8]| super::uri::holds(agent, word);
    let explorer = holds(b"MSIE ") && !holds(b"Opera");
    explorer || holds(b"Chrome/")
}
