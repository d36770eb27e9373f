//! A clinical data repository on HAPI FHIR's JPA server: FHIR R4 over the world's records.
//!
//! It answers what the server answers, in its words; it never lets one peer see what another wrote,
//! and evaluates nothing that a peer sends. FHIR R4 (4.0.1) chapters 2.21 (REST API), 3.1.1 (search)
//! and 2.6 (JSON, XML); the server's own habits are those of HAPI FHIR 6.8 in Spring Boot.

mod answers;
mod changes;
mod counts;
mod everything;
mod headers;
mod history;
mod includes;
mod known;
pub mod matching;
mod metadata;
pub mod node;
mod own;
mod page;
mod paging;
mod params;
mod people;
mod request;
mod resources;
mod route;
mod search;
mod serve;
mod store;
mod tell;
mod write;
pub mod xml;

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde::Deserialize;

use super::coyote::SPRING_BOOT;
use super::engine::{Application, Ask, Product, Reply};
use crate::decoys::Making;
use crate::persona::{Fault, Service};
use paging::Searches;
pub(crate) use request::one as piece;

/// Largest body: what the server's connector lets through is more, but no resource comes near.
const BODY: usize = 4 << 20;

/// `http.toml` of a FHIR host.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Behaviour {
    /// Names this face.
    #[serde(rename = "face")]
    _face: super::Face,
    /// Version of HAPI FHIR.
    version: String,
    /// Path of the endpoint, without a slash at its end.
    context: String,
    /// Name of the server on its page.
    name: String,
    /// When staff and departments were loaded.
    loaded: Timestamp,
    /// Days back that visits, orders and results reach.
    days: u32,
    /// `default_page_size`.
    page: usize,
    /// `max_page_size`.
    largest_page: usize,
    /// Shortest and longest time that an answer takes, milliseconds.
    answer_ms: [u64; 2],
}

/// The application.
pub(crate) struct Fhir {
    behaviour: Behaviour,
    searches: Searches,
    counts: counts::Counts,
    secure: bool,
}

/// Makes it.
///
/// # Errors
/// A located [`Fault`] of the behaviour file.
pub(crate) fn application(_making: &Making, service: &Service) -> Result<Arc<dyn Application>, Fault> {
    let behaviour: Behaviour = service.behaviour.parse()?;
    let secure = service.protocol == crate::persona::Protocol::Https;
    Ok(Arc::new(Fhir { behaviour, searches: Searches::default(), counts: counts::Counts::default(), secure }))
}

impl Application for Fhir {
    fn product(&self) -> &'static Product {
        &SPRING_BOOT
    }

    fn body_limit(&self) -> usize {
        BODY
    }

    fn answer(&self, ask: &Ask<'_>) -> Reply {
        let reply = ask.session.heavy(|| route::answer(self, ask));
        let [least, most] = self.behaviour.answer_ms;
        let mut rng = ask.session.rng(&format!("http/pace/{}", ask.turn));
        let chosen = rand::RngExt::random_range(&mut rng, least..=most.max(least));
        reply.after(Duration::from_millis(chosen))
    }
}
