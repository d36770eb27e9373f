//! The web portal of a hospital information system: nginx in front of a Tomcat application.
//!
//! It answers requests over HTTP or, behind the sensor's TLS, over HTTPS, from the one world that all
//! decoys share. It never runs, stores by name or forwards anything that a peer sends. The wire is
//! RFC 9112 as nginx 1.22 reads and writes it; the error pages are nginx's and Tomcat 9's own.

pub mod answer;
mod aspnet;
pub mod attacks;
mod behaviour;
pub mod body;
mod business;
pub mod catalina;
pub mod civetweb;
pub mod cookie;
pub mod coyote;
mod dcm4chee;
pub mod dicomweb;
pub mod engine;
mod events;
mod favicon;
pub mod fhir;
pub mod form;
mod front;
pub mod head;
pub mod iis;
pub mod jdk;
pub mod jetty;
pub mod line;
mod lis;
mod mirth;
mod multipart;
mod netpacs;
mod nport;
mod orthanc;
pub mod parser;
mod phis;
mod png;
mod portal;
pub mod range;
pub mod refusal;
mod server;
mod site;
pub mod soap;
mod statics;
mod tomcat;
pub mod undertow;
pub mod uri;
pub mod winrm;
pub mod xml;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use serde::Deserialize;

use self::engine::{Application, Connection};
use super::Making;
use crate::persona::{Behaviour, Fault, Protocol, Service};
use crate::session::{Conversation, Decoy, Session};

/// Which product's web face a host has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Face {
    /// The portal of a hospital information system behind nginx.
    #[default]
    Portal,
    /// Orthanc's REST API, explorer and DICOMweb plugin.
    Orthanc,
    /// dcm4chee-arc's web services and page.
    Dcm4chee,
    /// A small vendor's web archive on ASP.NET.
    NetPacs,
    /// HAPI FHIR's JPA server.
    Fhir,
    /// The pages of a laboratory information system on ASP.NET.
    Lis,
    /// Mirth Connect's own web server.
    Mirth,
    /// Web service listeners of Mirth Connect.
    Soap,
    /// A Java hospital information system on Tomcat.
    Phis,
    /// The console of a serial device server.
    Nport,
}

/// The part of every behaviour file that names its face.
#[derive(Deserialize)]
struct Faced {
    #[serde(default)]
    face: Face,
}

/// The decoy of a product that is its own web server.
struct Embedded {
    application: Arc<dyn Application>,
}

/// The decoy of one HTTP or HTTPS port behind nginx.
struct HttpDecoy {
    server: Arc<server::Server>,
}

/// Makes the decoy: templates are compiled and files read once.
///
/// # Errors
/// A located [`Fault`] of the behaviour file, a template or a missing file.
pub fn decoy(making: &Making, service: &Service) -> Result<Arc<dyn Decoy>, Fault> {
    let application = match face(service)? {
        Face::Portal => return portal(making, service),
        Face::Orthanc => orthanc::application(making, service)?,
        Face::Dcm4chee => dcm4chee::application(making, service)?,
        Face::NetPacs => netpacs::application(making, service)?,
        Face::Fhir => fhir::application(making, service)?,
        Face::Lis => lis::application(making, service)?,
        Face::Mirth => mirth::application(making, service)?,
        Face::Soap => soap::application(making, service)?,
        Face::Phis => phis::application(making, service)?,
        Face::Nport => nport::application(making, service)?,
    };
    Ok(Arc::new(Embedded { application }))
}

fn face(service: &Service) -> Result<Face, Fault> {
    let Behaviour { file, text, .. } = &service.behaviour;
    toml::from_str::<Faced>(text).map(|faced| faced.face).map_err(|error| {
        let at = error.span().map_or(0, |span| span.start);
        Fault::at(file, text, at, error.message().to_owned())
    })
}

fn portal(making: &Making, service: &Service) -> Result<Arc<dyn Decoy>, Fault> {
    let behaviour: behaviour::Behaviour = service.behaviour.parse()?;
    let secure = service.protocol == Protocol::Https;
    let statics = site::statics(making, &behaviour)?;
    let portal = portal::Portal::new(making, &behaviour, service.protocol)?;
    let server = server::Server { behaviour, secure, statics, portal };
    Ok(Arc::new(HttpDecoy { server: Arc::new(server) }))
}

impl Decoy for Embedded {
    fn converse(&self, session: Session) -> Conversation {
        Conversation::Machine(Box::new(Connection::new(Arc::clone(&self.application), session)))
    }
}

impl Decoy for HttpDecoy {
    fn converse(&self, session: Session) -> Conversation {
        Conversation::Machine(Box::new(front::Front::new(Arc::clone(&self.server), session)))
    }

    fn converse_plain(&self, session: Session) -> Option<Conversation> {
        let front = front::Front::new(Arc::clone(&self.server), session).plain();
        Some(Conversation::Machine(Box::new(front)))
    }
}
