//! Windows' remote management (MS-WSMV) on TCP 5985, as a server has it on from its installation: the
//! kernel's HTTP server, NTLM inside it, and WS-Management as far as a shell that is not allowed.

mod logon;
mod messages;
pub mod sealed;
mod server;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use serde::Deserialize;

use self::logon::{Outcome, Stage};
use self::sealed::{BOUNDARY, Sealed};
use self::server::{HTTPAPI, not_found};
use super::engine::{Application, Ask, Connection, Product, Reply};
use super::{events, uri::split_target};
use crate::decoys::Making;
use crate::persona::{Fault, Service};
use crate::session::{Conversation, Decoy, Session};

/// `MaxEnvelopeSizekb` of the service: 500.
const BODY: usize = 500 << 10;

/// `winrm.toml` of a host.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Behaviour {
    /// Version of the protocol's stack: 3.0 since Windows Server 2012.
    stack: String,
}

/// Makes the decoy.
///
/// # Errors
/// A located [`Fault`] of the behaviour file, or of a host that is no Windows.
pub fn build(making: &Making, service: &Service) -> Result<Arc<dyn Decoy>, Fault> {
    let behaviour: Behaviour = service.behaviour.parse()?;
    if making.host.os.family != "windows" {
        let expected = "expected a host whose operating system is of the family windows".to_owned();
        return Err(Fault::of_file(&service.behaviour.file, expected));
    }
    Ok(Arc::new(Listener(Arc::new(behaviour))))
}

struct Listener(Arc<Behaviour>);

impl Decoy for Listener {
    fn converse(&self, session: Session) -> Conversation {
        let desk = Desk { behaviour: Arc::clone(&self.0), stage: Mutex::default() };
        Conversation::Machine(Box::new(Connection::new(Arc::new(desk), session)))
    }
}

/// One connection's service: NTLM proves who sits at a connection, not who sends a request.
struct Desk {
    behaviour: Arc<Behaviour>,
    stage: Mutex<Stage>,
}

/// A message of the protocol, and whether it came encrypted.
struct Envelope {
    text: Vec<u8>,
    encrypted: bool,
}

impl Application for Desk {
    fn product(&self) -> &'static Product {
        &HTTPAPI
    }

    fn body_limit(&self) -> usize {
        BODY
    }

    fn answer(&self, ask: &Ask<'_>) -> Reply {
        let (path, _) = split_target(ask.head.target());
        let path = path.to_ascii_lowercase();
        let anonymous = path.starts_with(b"/wsman-anon/identify");
        if !anonymous && path != b"/wsman" && !path.starts_with(b"/wsman/") {
            return not_found();
        }
        if ask.head.method() != b"POST" {
            return Reply::new(405).with("Allow", "POST").closing();
        }
        let unproven = ask.head.header("WSMANIDENTIFY").is_some_and(|how| how == b"unauthenticated");
        if (anonymous || unproven) && messages::is_identify(ask.body) {
            return self.plain(200, messages::identity("0.0.0", &self.behaviour.stack));
        }
        let mut stage = self.stage();
        match ask.head.header("Authorization") {
            Some(given) => match logon::take(&mut stage, ask.session, given) {
                Outcome::Challenge(token) => {
                    Reply::new(401).with("WWW-Authenticate", format!("Negotiate {token}"))
                }
                Outcome::In(token) => {
                    let reply = self.managed(&mut stage, ask);
                    match token {
                        Some(token) => reply.with("WWW-Authenticate", format!("Negotiate {token}")),
                        None => reply,
                    }
                }
                Outcome::Refused => unauthorized(),
            },
            None if matches!(*stage, Stage::In(_)) => self.managed(&mut stage, ask),
            None => unauthorized(),
        }
    }
}

fn unauthorized() -> Reply {
    Reply::new(401).with("WWW-Authenticate", "Negotiate").with("WWW-Authenticate", "Kerberos").closing()
}

impl Desk {
    fn stage(&self) -> MutexGuard<'_, Stage> {
        self.stage.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn plain(&self, code: u16, text: String) -> Reply {
        Reply::new(code).typed("application/soap+xml;charset=UTF-8").with_body(text)
    }

    /// Whoever is in has his message answered; without one he only proved himself.
    fn managed(&self, stage: &mut Stage, ask: &Ask<'_>) -> Reply {
        if ask.body.is_empty() {
            return Reply::new(200);
        }
        let Stage::In(inside) = stage else { return unauthorized() };
        let envelope = match opened(ask, inside) {
            Some(envelope) => envelope,
            None => return Reply::new(500).closing(),
        };
        // `AllowUnencrypted` is off.
        if !envelope.encrypted {
            return Reply::new(500);
        }
        let (code, text) = messages::answer(&envelope.text, ask.session, &self.behaviour.stack);
        let sealed = inside.sealed(text.as_bytes());
        let kind = format!("multipart/encrypted;protocol=\"{}\";boundary=\"{BOUNDARY}\"", inside.protocol());
        Reply::new(code).typed(kind).with_body(Bytes::from(sealed))
    }
}

/// The message in the clear; `None` when it is none.
fn opened(ask: &Ask<'_>, inside: &mut logon::Inside) -> Option<Envelope> {
    let kind = ask.head.header("Content-Type").unwrap_or_default().to_ascii_lowercase();
    if !kind.starts_with(b"multipart/encrypted") {
        events::attacks(ask.session, ask.head, ask.body);
        return Some(Envelope { text: ask.body.to_vec(), encrypted: false });
    }
    let text = Sealed::parse(ask.body).and_then(|sealed| inside.opened(&sealed));
    if text.is_none() {
        ask.session.malformed("encrypted message of WS-Management", ask.body);
    }
    text.map(|text| Envelope { text, encrypted: true })
}
