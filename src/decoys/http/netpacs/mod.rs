//! A small vendor's web PACS on ASP.NET WebForms: a Chinese login, a list of studies, a viewer, and
//! the services that are known to be open in such products. What is tried on them is answered as
//! the product does, recorded, and never run.

mod pages;
mod records;
mod services;

use std::sync::Arc;

use serde::Deserialize;

use super::aspnet::{always_true, not_found, paced, redirect, view_state};
use super::cookie::{self, SessionIds};
use super::dicomweb::Shelf;
use super::engine::{Application, Ask, Product, Reply};
use super::form::Fields;
use super::iis::IIS;
use super::uri::{percent_decode, split_target};
use crate::decoys::Making;
use crate::event::observation::AuthMethod;
use crate::event::{Observation, Tainted};
use crate::persona::{Account, Fault, Protocol, Service};

/// `maxRequestLength` of ASP.NET.
const BODY: usize = 4 << 20;
/// The cookie of a login.
const COOKIE: &str = ".ASPXAUTH";

/// `http.toml` of such a host.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Behaviour {
    /// Names this face.
    #[serde(rename = "face")]
    _face: super::Face,
    /// Title of its pages.
    title: String,
    /// Vendor, as the foot of its pages says it.
    vendor: String,
    /// Version, as the foot of its pages says it.
    version: String,
    /// How long a login lasts, minutes.
    login_minutes: u32,
    /// Shortest and longest time of a page from its database, milliseconds.
    page_ms: [u64; 2],
}

/// The application.
pub(crate) struct NetPacs {
    behaviour: Behaviour,
    shelf: Shelf,
    ids: SessionIds,
    hospital: String,
    /// State of a form, the same for every visitor of an installation.
    view_state: String,
}

/// Makes it.
///
/// # Errors
/// A located [`Fault`] of the behaviour file, or of a missing archive.
pub(crate) fn application(making: &Making, service: &Service) -> Result<Arc<dyn Application>, Fault> {
    let installation = &making.pack.installation;
    let key = installation.derive(&format!("http/session/{}", making.host.name));
    Ok(Arc::new(NetPacs {
        behaviour: service.behaviour.parse()?,
        shelf: Shelf::new(making)?,
        ids: SessionIds::new(key),
        hospital: making.pack.hospital.name.clone(),
        view_state: view_state(installation, "netpacs"),
    }))
}

impl Application for NetPacs {
    fn product(&self) -> &'static Product {
        &IIS
    }

    fn body_limit(&self) -> usize {
        BODY
    }

    fn answer(&self, ask: &Ask<'_>) -> Reply {
        paced(ask, self.route(ask), self.behaviour.page_ms)
    }
}

impl NetPacs {
    fn route(&self, ask: &Ask<'_>) -> Reply {
        let (path, query) = split_target(ask.head.target());
        let decoded = percent_decode(path).unwrap_or_default();
        let path = String::from_utf8_lossy(&decoded).to_ascii_lowercase();
        let query = Fields::parse(query);
        if path.contains("..") {
            return not_found();
        }
        match (ask.head.method(), path.as_str()) {
            (b"GET" | b"HEAD", "/" | "/default.aspx" | "/login.aspx") => pages::login(self, "", ""),
            (b"POST", "/" | "/default.aspx" | "/login.aspx") => self.attempt(ask),
            (b"OPTIONS", _) => Reply::new(200)
                .with("Allow", "OPTIONS, TRACE, GET, HEAD, POST")
                .with("Public", "OPTIONS, TRACE, GET, HEAD, POST"),
            (b"GET" | b"HEAD", "/style.css") => Reply::new(200).typed("text/css").with_body(pages::STYLE),
            (_, path) if path.starts_with("/webservices/") => services::answer(self, ask, path, &query),
            (_, path) if path.starts_with("/xtwebpacsasp/") => services::report(self, ask, path, &query),
            (
                b"GET" | b"HEAD" | b"POST",
                "/cliniclist.aspx" | "/viewer.aspx" | "/image.ashx" | "/logout.aspx",
            ) => self.inside(ask, &path, &query),
            (b"GET" | b"HEAD" | b"POST", path) if path.ends_with(".aspx") || path.ends_with(".ashx") => {
                super::aspnet::no_resource(path)
            }
            (b"GET" | b"HEAD" | b"POST", _) => not_found(),
            _ => Reply::new(405).with("Allow", "GET, HEAD, OPTIONS, TRACE").typed("text/html"),
        }
    }

    fn inside(&self, ask: &Ask<'_>, path: &str, query: &Fields) -> Reply {
        if self.user(ask).is_none() {
            let back = path.replace('/', "%2f");
            return redirect(&format!("/Default.aspx?ReturnUrl={back}"));
        }
        match path {
            "/cliniclist.aspx" => records::list(self, ask, query),
            "/viewer.aspx" => records::viewer(self, ask, query),
            "/image.ashx" => records::image(self, ask, query),
            _ => {
                let gone = format!("{COOKIE}=; expires=Mon, 11-Oct-1999 16:00:00 GMT; path=/; HttpOnly");
                redirect("/Default.aspx").with("Set-Cookie", gone)
            }
        }
    }

    /// The account that is logged in.
    fn user<'a>(&self, ask: &'a Ask<'_>) -> Option<&'a Account> {
        let id = ask.head.header("Cookie").and_then(|header| cookie::find(header, COOKIE))?;
        let visit = self.ids.read(id, ask.now, self.behaviour.login_minutes)?;
        let index = usize::from(visit.account).checked_sub(1)?;
        ask.session.host().accounts.get(index)
    }

    /// One attempt to log in. The product joins the name into its query: a condition that is always
    /// true lets in as the first account.
    fn attempt(&self, ask: &Ask<'_>) -> Reply {
        let form = Fields::parse(ask.body);
        let (name, password) = (form.text("TextName"), form.raw("TextPwd"));
        if name.is_empty() {
            return pages::login(self, "", "请输入用户名！");
        }
        let accounts = &ask.session.host().accounts;
        let known =
            ask.session.host().account(Protocol::Http, name).filter(|known| known.password == password);
        let bypassed = always_true(name).then(|| accounts.first()).flatten();
        ask.session.emit(Observation::AuthAttempt {
            method: AuthMethod::Form,
            account: Tainted::new(name),
            secret: Some(Tainted::new(password)),
            accepted: known.or(bypassed).is_some(),
        });
        if let Some(account) = known {
            ask.session.emit(Observation::LureTouched {
                lure: account.lure.clone(),
                how: "login to the web archive".to_owned(),
            });
        }
        let Some(account) = known.or(bypassed) else {
            return pages::login(self, name, "用户名或密码错误！");
        };
        let index = accounts.iter().position(|a| a.lure == account.lure).unwrap_or(0);
        let mut rng = ask.session.rng(&format!("http/id/{}", ask.turn));
        let id = self.ids.make(ask.now, u8::try_from(index + 1).unwrap_or(0), &mut rng);
        redirect("/ClinicList.aspx").with("Set-Cookie", format!("{COOKIE}={id}; path=/; HttpOnly"))
    }
}
