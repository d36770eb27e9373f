//! Mirth Connect 4.x as an administrator's browser and tools meet it: the launch page, the web start
//! descriptor, and the client API on its secure port.
//!
//! Nothing that a peer sends is unmarshalled: a payload for the API's XML reader is told and answered
//! with the error that its caller of the vulnerable version sees.

mod api;
mod channels;
mod launch;
mod sessions;

use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;

use super::engine::{Application, Ask, Product, Reply};
use super::jetty::{JETTY, error};
use super::uri::split_target;
use crate::decoys::Making;
use crate::persona::{Fault, Installation, Protocol, Service};
use sessions::Sessions;

/// Largest body: a channel's export has some MB.
const BODY: usize = 4 << 20;

/// `http.toml` of the engine's own web server.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Behaviour {
    /// Names this face.
    #[serde(rename = "face")]
    _face: super::Face,
    /// Version.
    version: String,
    /// When it was built, as its API says it.
    built: String,
    /// Java version, as its API says it.
    java: String,
    /// Port of the secure connector, for the web start descriptor.
    secure_port: u16,
    /// When the engine was last started before this installation's records.
    installed: jiff::Timestamp,
    /// Channels.
    channel: Vec<Channel>,
    /// Shortest and longest time that an answer takes, milliseconds.
    answer_ms: [u64; 2],
    /// Shortest and longest time that a password check takes, milliseconds.
    login_ms: [u64; 2],
}

/// A channel.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Channel {
    /// Name.
    name: String,
    /// Class of its source (`TCP Listener`).
    transport: String,
    /// Its port.
    port: u16,
    /// Revision.
    revision: u32,
    /// Messages it takes on an average day.
    daily: u64,
}

/// The application.
pub(crate) struct Mirth {
    behaviour: Behaviour,
    installation: Installation,
    sessions: Sessions,
    secure: bool,
    favicon: Vec<u8>,
}

/// Makes it.
///
/// # Errors
/// A located [`Fault`] of the behaviour file.
pub(crate) fn application(making: &Making, service: &Service) -> Result<Arc<dyn Application>, Fault> {
    let installation = making.pack.installation.clone();
    Ok(Arc::new(Mirth {
        behaviour: service.behaviour.parse()?,
        favicon: super::favicon::ico(&installation, "#0a5c8f"),
        installation,
        sessions: Sessions::default(),
        secure: service.protocol == Protocol::Https,
    }))
}

impl Application for Mirth {
    fn product(&self) -> &'static Product {
        &JETTY
    }

    fn body_limit(&self) -> usize {
        BODY
    }

    fn answer(&self, ask: &Ask<'_>) -> Reply {
        let (path, _) = split_target(ask.head.target());
        let path = String::from_utf8_lossy(path).into_owned();
        let (reply, [least, most]) = self.route(ask, &path);
        let mut rng = ask.session.rng(&format!("http/pace/{}", ask.turn));
        let chosen = rand::RngExt::random_range(&mut rng, least..=most.max(least));
        reply.after(Duration::from_millis(chosen))
    }
}

impl Mirth {
    fn route(&self, ask: &Ask<'_>, path: &str) -> (Reply, [u64; 2]) {
        let pace = self.behaviour.answer_ms;
        let reads = matches!(ask.head.method(), b"GET" | b"HEAD");
        let reply = match path {
            "/api" if self.secure => {
                Reply::new(302).with("Location", format!("https://{}/api/", ask.head.host))
            }
            // The API has no context on the plain connector.
            api if self.secure && api.starts_with("/api/") => {
                let login = api.ends_with("/users/_login");
                return (api::answer(self, ask, api), if login { self.behaviour.login_ms } else { pace });
            }
            "/" | "/index.html" if reads => launch::page(self),
            "/css/main.css" if reads => launch::style(self),
            "/favicon.ico" | "/images/NG_MC_Icon_16x16.png" if reads => {
                self.file("image/x-icon", &self.favicon)
            }
            "/webstart.jnlp" | "/webstart" if reads => launch::descriptor(self, ask),
            _ => error(ask, 404, "", "-"),
        };
        (reply, pace)
    }

    fn file(&self, kind: &'static str, body: &[u8]) -> Reply {
        Reply::new(200)
            .with("Last-Modified", super::answer::http_date(self.behaviour.installed))
            .typed(kind)
            .with("Accept-Ranges", "bytes")
            .with_body(body.to_vec())
    }
}
