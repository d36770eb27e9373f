//! What a request tells about its sender.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use super::attacks;
use super::head::Head;
use crate::event::detail::{Detail, Http};
use crate::event::observation::{AuthMethod, Mark};
use crate::event::{Observation, Tainted};
use crate::session::Session;

/// Tells of every attack that a request shows.
pub(crate) fn attacks(session: &Session, head: &Head, body: &[u8]) {
    for attack in attacks::recognise(head, body) {
        session.emit(Observation::ExploitAttempt {
            weakness: attack.weakness.to_owned(),
            payload: Tainted::from_bytes(&attack.payload),
        });
    }
}

/// Marks that are told once per connection.
#[derive(Debug, Default)]
pub(crate) struct Marks {
    agent: Option<Vec<u8>>,
}

impl Marks {
    /// Tells the `User-Agent` of a head when it is a new one.
    pub(crate) fn agent(&mut self, session: &Session, head: &Head) {
        if let Some(agent) = head.header("User-Agent")
            && self.agent.as_deref() != Some(agent)
        {
            let value = Tainted::from_bytes(agent);
            session.emit(Observation::Fingerprint { mark: Mark::UserAgent, value });
            self.agent = Some(agent.to_vec());
        }
    }

    /// Tells the marks of a head: its `User-Agent`, and credentials that nobody asked for.
    pub(crate) fn head(&mut self, session: &Session, head: &Head) {
        self.agent(session, head);
        if let Some((account, secret)) = head.header("Authorization").and_then(basic) {
            session.emit(Observation::AuthAttempt {
                method: AuthMethod::Basic,
                account,
                secret: Some(secret),
                accepted: false,
            });
        }
    }
}

/// Account and password of `Basic` credentials, RFC 7617.
pub(crate) fn basic(value: &[u8]) -> Option<(Tainted, Tainted)> {
    let (scheme, token) = value.split_at_checked(6)?;
    if !scheme.eq_ignore_ascii_case(b"Basic ") {
        return None;
    }
    let decoded = BASE64_STANDARD.decode(token.trim_ascii()).ok()?;
    let at = decoded.iter().position(|b| *b == b':')?;
    let (account, secret) = decoded.split_at(at);
    Some((Tainted::from_bytes(account), Tainted::from_bytes(secret.get(1..)?)))
}

/// Tells of one answered request.
pub(crate) fn request(session: &Session, head: &Head, status: u16, received: u64, sent: u64) {
    let text = |name: &str| Tainted::from_bytes(head.header(name).unwrap_or_default());
    session.emit(Observation::Request {
        verb: Tainted::from_bytes(head.method()),
        target: Tainted::from_bytes(head.target()),
        status: u32::from(status),
        detail: Some(Detail::Http(Http {
            host: text("Host"),
            user_agent: text("User-Agent"),
            request_bytes: received,
            response_bytes: sent,
        })),
    });
}
