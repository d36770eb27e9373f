//! Orthanc 1.10.1 with its DICOMweb plugin, as its REST API and its explorer page answer.

mod access;
mod answers;
mod index;
mod instance;
mod levels;
mod modalities;
mod pixels;
mod resources;
mod route;
mod site;
mod stored;
mod tools;
mod upload;
mod wado;
mod web;
mod zip;

use std::sync::Arc;

use serde::Deserialize;

use super::civetweb::CIVETWEB;
use super::dicomweb::{Seen, Shelf};
use super::engine::{Application, Ask, Product, Reply};
use super::head::Head;
use crate::decoys::Making;
use crate::persona::{Fault, Installation, Service};
use crate::session::Session;
use index::{Catalogue, Index};
use site::Files;

/// Largest body: a whole study in one STOW-RS request; more is refused as a full disk would.
const BODY: usize = 64 << 20;

/// `http.toml` of an Orthanc host.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Behaviour {
    /// Names this face.
    #[serde(rename = "face")]
    _face: super::Face,
    /// `Name` of the configuration.
    name: String,
    /// Folder of the pack with the explorer's files.
    site: String,
    /// `AuthenticationEnabled`.
    authentication: bool,
    /// Users beside the host's lure accounts: those that a guide names.
    #[serde(default)]
    user: Vec<User>,
    /// `DicomModalities`.
    #[serde(default)]
    modality: Vec<Modality>,
    /// Shortest and longest time that a look into its database takes, milliseconds.
    answer_ms: [u64; 2],
}

/// A registered user.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct User {
    name: String,
    password: String,
}

/// A remote modality.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Modality {
    name: String,
    ae_title: String,
    address: String,
    port: u16,
}

/// The application.
pub(crate) struct Orthanc {
    behaviour: Behaviour,
    shelf: Arc<Shelf>,
    index: Index,
    files: Files,
    installation: Installation,
    port: u16,
}

/// Makes it.
///
/// # Errors
/// A located [`Fault`] of the behaviour file, or of a missing archive.
pub(crate) fn application(making: &Making, service: &Service) -> Result<Arc<dyn Application>, Fault> {
    let behaviour: Behaviour = service.behaviour.parse()?;
    let files = Files::new(making, &behaviour.site)?;
    Ok(Arc::new(Orthanc {
        shelf: Arc::new(Shelf::new(making)?),
        index: Index::default(),
        files,
        installation: making.pack.installation.clone(),
        port: service.port,
        behaviour,
    }))
}

impl Orthanc {
    /// All that the peer sees, with its identifiers.
    fn catalogue(&self, seen: &Seen) -> Arc<Catalogue> {
        self.index.now(&self.shelf.common(seen.session()), seen)
    }
}

impl Application for Orthanc {
    fn product(&self) -> &'static Product {
        &CIVETWEB
    }

    fn body_limit(&self) -> usize {
        BODY
    }

    fn admits(&self, head: &Head, session: &Session) -> Result<(), Reply> {
        if self.behaviour.authentication && !access::allowed(&self.behaviour, head, session) {
            return Err(Reply::new(401).with("WWW-Authenticate", "Basic realm=\"Orthanc Secure Area\""));
        }
        Ok(())
    }

    fn answer(&self, ask: &Ask<'_>) -> Reply {
        route::answer(self, ask)
    }
}
