//! Web service listeners of the integration engine: JAX-WS RI on the JDK's HTTP server, as Mirth
//! starts them. Documents are the ones that Chinese interoperability platforms exchange.
//!
//! Compared with JAX-WS RI 2.3.0.2 and the HTTP server of JDK 17, message for message.

pub mod envelope;
mod hl7;
mod messages;
mod people;
mod wsdl;

use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;

use super::engine::{Application, Ask, Product, Reply};
use super::head::Version;
use super::jdk::{self, JDK};
use super::uri::split_target;
use super::xml;
use crate::decoys::Making;
use crate::event::{Observation, Tainted};
use crate::persona::Fault;

/// Largest envelope: documents with an embedded PDF have some MB.
const BODY: usize = 8 << 20;

/// `http.toml` of a listener.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Behaviour {
    /// Names this face.
    #[serde(rename = "face")]
    _face: super::Face,
    /// Shortest and longest time that a channel takes, milliseconds.
    answer_ms: [u64; 2],
    /// Its contexts.
    service: Vec<Service>,
}

/// One web service.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Service {
    /// Path of its context.
    path: String,
    /// Target namespace.
    space: String,
    /// Name of the service.
    name: String,
    /// Name of the port.
    port: String,
    /// Name of the port type.
    kind: String,
    /// Its only operation.
    operation: String,
    /// The operation's parameters.
    parameters: Vec<String>,
    /// Name of the result.
    result: String,
    /// Java class.
    class: String,
}

/// The listener.
struct Listener {
    behaviour: Behaviour,
}

/// Makes it.
///
/// # Errors
/// A located [`Fault`] of the behaviour file.
pub(crate) fn application(
    _making: &Making,
    service: &crate::persona::Service,
) -> Result<Arc<dyn Application>, Fault> {
    Ok(Arc::new(Listener { behaviour: service.behaviour.parse()? }))
}

impl Application for Listener {
    fn product(&self) -> &'static Product {
        &JDK
    }

    fn body_limit(&self) -> usize {
        BODY
    }

    fn answer(&self, ask: &Ask<'_>) -> Reply {
        let (path, query) = split_target(ask.head.target());
        let path = String::from_utf8_lossy(path).into_owned();
        let found = self.behaviour.service.iter().find(|service| path.starts_with(&service.path));
        let Some(service) = found else { return jdk::no_context() };
        let address = format!("http://{}{}", ask.head.host, service.path);
        match ask.head.method() {
            b"GET" | b"HEAD" => described(ask, service, query, &address),
            _ => self.called(ask, service),
        }
    }
}

fn described(ask: &Ask<'_>, service: &Service, query: &[u8], address: &str) -> Reply {
    let asked = String::from_utf8_lossy(query).to_lowercase();
    let (kind, body) = if asked == "wsdl" || asked.starts_with("wsdl=") {
        ("text/xml;charset=utf-8", wsdl::wsdl(service, address))
    } else if asked == "xsd=1" {
        ("text/xml;charset=utf-8", wsdl::schema(service))
    } else {
        ("text/html; charset=utf-8", wsdl::page(service, address))
    };
    if ask.head.method() == b"HEAD" {
        return Reply::new(200).with_pieces(Box::new(std::iter::empty()), None);
    }
    streamed(ask, Reply::new(200).typed(kind), body)
}

/// In chunks; to an old client with its length.
fn streamed(ask: &Ask<'_>, reply: Reply, body: String) -> Reply {
    if ask.head.version() >= Version::HTTP_11 {
        reply.with_pieces(Box::new(super::fhir::piece(body)), None)
    } else {
        reply.with_body(body)
    }
}

impl Listener {
    fn called(&self, ask: &Ask<'_>, service: &Service) -> Reply {
        let kind = ask.head.header("Content-Type").unwrap_or_default().to_ascii_lowercase();
        if !kind.is_empty() && !kind.starts_with(b"text/xml") {
            return Reply::new(415).with_pieces(Box::new(std::iter::empty()), None);
        }
        if xml::declares_entities(ask.body) {
            let sample = ask.body.get(..ask.body.len().min(512)).unwrap_or_default();
            ask.session.emit(Observation::ExploitAttempt {
                weakness: "xml-external-entity".to_owned(),
                payload: Tainted::from_bytes(sample),
            });
        }
        let read = ask.session.heavy(|| envelope::read(ask.body));
        let (code, body) = match read.and_then(|operation| envelope::call(service, &operation)) {
            Ok(values) => {
                let result = ask.session.heavy(|| messages::answer(ask, &values));
                (200, envelope::answer(service, result.as_deref()))
            }
            Err(fault) => {
                ask.session.malformed("soap envelope", ask.body);
                (500, envelope::fault(&fault))
            }
        };
        let [least, most] = self.behaviour.answer_ms;
        let mut rng = ask.session.rng(&format!("http/pace/{}", ask.turn));
        let chosen = rand::RngExt::random_range(&mut rng, least..=most.max(least));
        streamed(ask, Reply::new(code).typed("text/xml; charset=utf-8"), body)
            .after(Duration::from_millis(chosen))
    }
}
