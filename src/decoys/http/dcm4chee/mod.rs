//! dcm4chee-arc 5 on WildFly: its RESTful services below `/dcm4chee-arc`, without a login, as its
//! unsecured deployment is.

mod accepted;
mod answers;
mod outputs;
mod pages;
mod query;
mod retrieve;
mod store;
mod worklist;

use std::sync::Arc;

use serde::Deserialize;

use super::dicomweb::Shelf;
use super::engine::{Application, Ask, Product, Reply};
use super::undertow::UNDERTOW;
use super::uri::{percent_decode, split_target};
use crate::decoys::Making;
use crate::persona::{Fault, Installation, Service};
use answers::{error, not_found, wrong_method};

/// Largest body: a whole study in one STOW-RS request; WildFly's own limit is lifted by the archive.
const BODY: usize = 64 << 20;

/// `http.toml` of a dcm4chee host.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Behaviour {
    /// Names this face.
    #[serde(rename = "face")]
    _face: super::Face,
    /// Version that pages and status show.
    version: String,
    /// Application entities, as `/aets` lists them.
    aet: Vec<Aet>,
    /// `dcmQIDOMaxNumberOfResults`.
    max_results: u64,
    /// Shortest and longest time that a query of its database takes, milliseconds.
    answer_ms: [u64; 2],
}

/// An application entity.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Aet {
    title: String,
    description: String,
    /// Its services; the first kind of each web application.
    services: Vec<ServiceClass>,
    /// Whether it shows what the archive holds; a view of what was rejected shows nothing.
    #[serde(default = "yes")]
    holds: bool,
}

fn yes() -> bool {
    true
}

/// Classes of service, as the product names them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum ServiceClass {
    WadoRs,
    StowRs,
    QidoRs,
    QidoCount,
    MppsRs,
    MwlRs,
    UpsRs,
}

impl ServiceClass {
    fn name(self) -> &'static str {
        match self {
            ServiceClass::WadoRs => "WADO_RS",
            ServiceClass::StowRs => "STOW_RS",
            ServiceClass::QidoRs => "QIDO_RS",
            ServiceClass::QidoCount => "QIDO_COUNT",
            ServiceClass::MppsRs => "MPPS_RS",
            ServiceClass::MwlRs => "MWL_RS",
            ServiceClass::UpsRs => "UPS_RS",
        }
    }

    /// The class that a request needs.
    fn of(method: &[u8], path: &[&str]) -> Self {
        match path {
            ["mwlitems", ..] => ServiceClass::MwlRs,
            ["mpps", ..] => ServiceClass::MppsRs,
            ["workitems", ..] => ServiceClass::UpsRs,
            [.., "count"] => ServiceClass::QidoCount,
            ["patients" | "studies" | "series" | "instances"] | [.., "series" | "instances"] => {
                match method {
                    b"POST" => ServiceClass::StowRs,
                    _ => ServiceClass::QidoRs,
                }
            }
            _ if method == b"POST" => ServiceClass::StowRs,
            _ => ServiceClass::WadoRs,
        }
    }
}

/// The application.
pub(crate) struct Dcm4chee {
    behaviour: Behaviour,
    shelf: Arc<Shelf>,
    installation: Installation,
    secure: bool,
    device: String,
}

/// Makes it.
///
/// # Errors
/// A located [`Fault`] of the behaviour file, or of a missing archive.
pub(crate) fn application(making: &Making, service: &Service) -> Result<Arc<dyn Application>, Fault> {
    Ok(Arc::new(Dcm4chee {
        behaviour: service.behaviour.parse()?,
        shelf: Arc::new(Shelf::new(making)?),
        installation: making.pack.installation.clone(),
        secure: service.protocol == crate::persona::Protocol::Https,
        device: "dcm4chee-arc".to_owned(),
    }))
}

impl Application for Dcm4chee {
    fn product(&self) -> &'static Product {
        &UNDERTOW
    }

    fn body_limit(&self) -> usize {
        BODY
    }

    fn answer(&self, ask: &Ask<'_>) -> Reply {
        let reply = self.route(ask);
        let [least, most] = self.behaviour.answer_ms;
        let mut rng = ask.session.rng(&format!("http/pace/{}", ask.turn));
        let chosen = rand::RngExt::random_range(&mut rng, least..=most.max(least));
        reply.after(std::time::Duration::from_millis(chosen))
    }
}

impl Dcm4chee {
    fn route(&self, ask: &Ask<'_>) -> Reply {
        let (path, _) = split_target(ask.head.target());
        let plain: Vec<u8> = strip_parameters(path);
        let Some(decoded) = percent_decode(&plain) else { return Reply::new(400) };
        let Some(path) = canonical(&String::from_utf8_lossy(&decoded)) else { return Reply::new(400) };
        let parts: Vec<&str> = path.split('/').skip(1).collect();
        match parts.as_slice() {
            ["dcm4chee-arc"] => {
                let place = format!("{}/dcm4chee-arc/", self.origin(ask));
                Reply::new(302).with("Location", place)
            }
            ["dcm4chee-arc", rest @ ..] => self.archive(ask, rest),
            [""] => pages::welcome(),
            _ => not_found(),
        }
    }

    fn archive(&self, ask: &Ask<'_>, path: &[&str]) -> Reply {
        let get = |reply: &dyn Fn() -> Reply| match ask.head.method() {
            b"GET" | b"HEAD" => reply(),
            _ => wrong_method(ask, "HEAD, GET, OPTIONS"),
        };
        match path {
            ["ui2"] => Reply::new(302).with("Location", format!("{}/dcm4chee-arc/ui2/", self.origin(ask))),
            ["" | "ui2", ""] | [""] => get(&|| pages::index(self, ask)),
            ["ui2", name] => get(&|| pages::file(self, name)),
            ["aets"] => get(&|| self.aets()),
            ["aets", title, "rs", rest @ ..] => self.services(ask, title, rest),
            ["aets", title, "wado"] => match self.known(title) {
                Some(_) => get(&|| retrieve::uri(self, ask)),
                None => no_such_entity(title),
            },
            ["ctrl", "status"] => get(&|| json("{\"status\":\"STARTED\"}")),
            ["devicename"] => get(&|| self.device_name(ask)),
            ["monitor", "serverTime"] => get(&|| self.server_time(ask)),
            ["monitor", "associations"] => get(&|| json("[]")),
            ["devices"] => get(&|| self.devices()),
            ["webapps"] => get(&|| self.webapps(ask)),
            ["modality" | "storage" | "exporters" | "queue"] => get(&|| json("[]")),
            _ => not_found(),
        }
    }

    fn services(&self, ask: &Ask<'_>, title: &str, path: &[&str]) -> Reply {
        let Some(aet) = self.known(title) else { return no_such_entity(title) };
        let class = ServiceClass::of(ask.head.method(), path);
        if !aet.services.contains(&class) {
            return answers::plain(
                404,
                &format!(
                    "No Web Application with {}service class found for Application Entity: {title}",
                    class.name()
                ),
            );
        }
        match (ask.head.method(), path) {
            (b"GET" | b"HEAD", ["mwlitems"]) => worklist::search(self, ask, false),
            (b"GET" | b"HEAD", ["mwlitems", "count"]) => worklist::search(self, ask, true),
            // Consoles perform their steps at the broker, and nobody makes work items here.
            (b"GET" | b"HEAD", ["mpps" | "workitems"]) => Reply::new(204),
            (b"GET" | b"HEAD", ["mpps" | "workitems", "count"]) => query::counted(0),
            (b"GET" | b"HEAD", [.., "count"]) if !aet.holds => query::counted(0),
            (b"GET" | b"HEAD", _) if !aet.holds && class == ServiceClass::QidoRs => Reply::new(204),
            (b"GET" | b"HEAD", _) if !aet.holds => answers::plain(404, "No matches found."),
            (b"POST", ["studies"]) => store::instances(self, ask, None),
            (b"POST", ["studies", study]) => store::instances(self, ask, Some(study)),
            (b"GET" | b"HEAD", path) => query::answer(self, ask, path)
                .or_else(|| retrieve::answer(self, ask, path))
                .unwrap_or_else(not_found),
            (b"OPTIONS", _) => Reply::new(200).with("Allow", "HEAD, POST, GET, OPTIONS"),
            (b"DELETE", ["studies", ..]) => store::delete(self, ask, path),
            _ => wrong_method(ask, "HEAD, POST, GET, OPTIONS"),
        }
    }

    fn known(&self, title: &str) -> Option<&Aet> {
        self.behaviour.aet.iter().find(|aet| aet.title == title)
    }

    /// Scheme, host and port as the client named them.
    fn origin(&self, ask: &Ask<'_>) -> String {
        let scheme = if self.secure { "https" } else { "http" };
        let host = ask.head.host.as_str();
        if host.is_empty() {
            return format!("{scheme}://{}", ask.session.origin().target);
        }
        format!("{scheme}://{host}")
    }

    fn aets(&self) -> Reply {
        let mut all: Vec<&Aet> = self.behaviour.aet.iter().collect();
        all.sort_by(|a, b| a.title.cmp(&b.title));
        let texts: Vec<String> = all
            .iter()
            .map(|aet| {
                format!("{{\"dicomAETitle\":\"{}\",\"dicomDescription\":\"{}\"}}", aet.title, aet.description)
            })
            .collect();
        json(&format!("[{}]", texts.join(","))).with("Cache-Control", "no-cache")
    }

    fn device_name(&self, ask: &Ask<'_>) -> Reply {
        let body = format!(
            "{{\"dicomDeviceName\":\"{}\",\"xRoad\":false,\"UILanguageCode\":[\"en\",\"zh\"],\"archiveVersion\":\"{}\",\"hostname\":\"{}\"}}",
            self.device,
            self.behaviour.version,
            ask.session.host().hostname
        );
        json(&body).with("Cache-Control", "no-cache")
    }

    fn server_time(&self, ask: &Ask<'_>) -> Reply {
        let view = self.shelf.seen(ask.session);
        let at = view.view().local(ask.now);
        let minutes = view.view().hospital().utc_offset_minutes;
        let body = format!(
            "{{\"serverTimeWithTimezone\":\"{}{:+03}{:02}\"}}",
            at.strftime("%Y-%m-%dT%H:%M:%S.%3f"),
            minutes / 60,
            minutes.unsigned_abs() % 60
        );
        json(&body).with("Cache-Control", "no-cache")
    }

    fn devices(&self) -> Reply {
        let titles: Vec<String> = self.behaviour.aet.iter().map(|aet| format!("\"{}\"", aet.title)).collect();
        json(&format!(
            "[{{\"dicomDeviceName\":\"{}\",\"dicomManufacturer\":\"dcm4che.org\",\"dicomManufacturerModelName\":\"dcm4chee-arc\",\"dicomSoftwareVersion\":[\"{}\"],\"dicomPrimaryDeviceType\":[\"ARCHIVE\"],\"dicomInstalled\":true,\"dicomAETitle\":[{}]}}]",
            self.device,
            self.behaviour.version,
            titles.join(",")
        ))
    }

    fn webapps(&self, ask: &Ask<'_>) -> Reply {
        let base = self.origin(ask);
        let app = |aet: &Aet| {
            let classes: Vec<String> =
                aet.services.iter().map(|class| format!("\"{}\"", class.name())).collect();
            format!(
                "{{\"dcmWebAppName\":\"{0}\",\"dcmWebServicePath\":\"/dcm4chee-arc/aets/{0}/rs\",\"dcmWebServiceClass\":[{2},\"DCM4CHEE_ARC_AET\"],\"dicomAETitle\":\"{0}\",\"dicomDeviceName\":\"{1}\",\"dicomNetworkConnection\":[{{\"cn\":\"http\",\"url\":\"{base}\"}}]}}",
                aet.title,
                self.device,
                classes.join(",")
            )
        };
        let texts: Vec<String> = self.behaviour.aet.iter().map(app).collect();
        json(&format!("[{}]", texts.join(",")))
    }
}

fn json(body: &str) -> Reply {
    Reply::new(200).typed("application/json").with_body(body.to_owned())
}

fn no_such_entity(title: &str) -> Reply {
    error(404, &format!("No such Application Entity: {title}"))
}

/// Path parameters (`;jsessionid=`) are taken off before a path is mapped.
fn strip_parameters(path: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(path.len());
    let mut parameter = false;
    for byte in path {
        match byte {
            b';' => parameter = true,
            b'/' => {
                parameter = false;
                out.push(b'/');
            }
            byte if !parameter => out.push(*byte),
            _ => {}
        }
    }
    out
}

/// Dots resolved, slashes merged; `None` above the root.
fn canonical(path: &str) -> Option<String> {
    let mut kept: Vec<&str> = Vec::new();
    let mut open = true;
    for part in path.split('/').skip(1) {
        open = matches!(part, "" | "." | "..");
        match part {
            "" | "." => {}
            ".." => drop(kept.pop()?),
            part => kept.push(part),
        }
    }
    let slash = if open && !kept.is_empty() { "/" } else { "" };
    Some(format!("/{}{slash}", kept.join("/")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_resolved() {
        assert_eq!(canonical("/dcm4chee-arc//aets/./x/../").as_deref(), Some("/dcm4chee-arc/aets/"));
        assert_eq!(canonical("/../etc"), None);
        assert_eq!(strip_parameters(b"/a;x=1/..;/b"), b"/a/../b");
    }
}
