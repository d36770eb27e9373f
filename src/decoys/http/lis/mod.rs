//! The pages of a laboratory information system: specimens, results and their audit, critical values,
//! quality control, statistics, printing. ASP.NET WebForms on IIS.
//!
//! What they show is the world's; what somebody changes is told, kept in his overlay and shown to him.

mod control;
mod critical;
mod files;
mod handlers;
mod lists;
mod pages;
mod result;
mod statistics;

use std::sync::Arc;

use serde::Deserialize;

use super::aspnet::{always_true, no_resource, not_found, paced, redirect, view_state};
use super::cookie::{self, SessionIds};
use super::engine::{Application, Ask, Product, Reply};
use super::form::Fields;
use super::iis::IIS;
use super::uri::{percent_decode, split_target};
use crate::decoys::Making;
use crate::event::observation::{AuthMethod, RecordKind};
use crate::event::{Observation, Tainted};
use crate::persona::{Account, Fault, Protocol, Service};
use crate::world::{LabOrder, View};

/// `maxRequestLength` of ASP.NET.
const BODY: usize = 4 << 20;
/// The cookie of a login.
const COOKIE: &str = ".LISAUTH";

/// `http.toml` of such a host.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Behaviour {
    /// Names this face.
    #[serde(rename = "face")]
    _face: super::Face,
    /// Title of its pages.
    title: String,
    /// Short name.
    short: String,
    /// Vendor, as the foot of its pages says it.
    vendor: String,
    /// Version, as the foot of its pages says it.
    version: String,
    /// How long a login lasts, minutes.
    login_minutes: u32,
    /// Shortest and longest time of a page from its database, milliseconds.
    page_ms: [u64; 2],
    /// Host of the pack that its database stands on, for its connection string.
    database: String,
    /// The database there that the connection string names.
    catalog: String,
}

/// The application.
pub(crate) struct Lis {
    behaviour: Behaviour,
    ids: SessionIds,
    hospital: String,
    /// State of a form, the same for every visitor of an installation.
    view_state: String,
    /// Its `web.config`, which careless handlers hand out.
    configuration: String,
}

/// One page's making: the request and who is logged in.
struct Visit<'a> {
    app: &'a Lis,
    ask: &'a Ask<'a>,
    query: Fields,
    form: Fields,
    user: &'a Account,
    view: View,
}

/// Makes it.
///
/// # Errors
/// A located [`Fault`] of the behaviour file.
pub(crate) fn application(making: &Making, service: &Service) -> Result<Arc<dyn Application>, Fault> {
    let installation = &making.pack.installation;
    let behaviour: Behaviour = service.behaviour.parse()?;
    let key = installation.derive(&format!("http/session/{}", making.host.name));
    Ok(Arc::new(Lis {
        configuration: handlers::configuration(making, &behaviour),
        behaviour,
        ids: SessionIds::new(key),
        hospital: making.pack.hospital.name.clone(),
        view_state: view_state(installation, "lis"),
    }))
}

impl Application for Lis {
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

impl Lis {
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
            (b"GET" | b"HEAD", "/css/lis.css") => Reply::new(200).typed("text/css").with_body(pages::STYLE),
            (_, path) if handlers::serves(path) => handlers::answer(self, ask, path, &query),
            (b"GET" | b"HEAD" | b"POST", path) if path.ends_with(".aspx") || path.ends_with(".ashx") => {
                self.inside(ask, path, query)
            }
            (b"GET" | b"HEAD" | b"POST", _) => not_found(),
            _ => Reply::new(405).with("Allow", "GET, HEAD, OPTIONS, TRACE").typed("text/html"),
        }
    }

    fn inside(&self, ask: &Ask<'_>, path: &str, query: Fields) -> Reply {
        let Some(user) = self.user(ask) else {
            return redirect(&format!("/Login.aspx?ReturnUrl={}", path.replace('/', "%2f")));
        };
        let view = ask.session.world().at(ask.now);
        let visit = Visit { app: self, ask, query, form: Fields::parse(ask.body), user, view };
        let made = ask.session.heavy(|| match path {
            "/main.aspx" => Some(statistics::home(&visit)),
            "/specimen/receive.aspx" => Some(lists::receipt(&visit)),
            "/specimen/query.aspx" => Some(lists::search(&visit)),
            "/analysis/worklist.aspx" => Some(lists::worklist(&visit)),
            "/analysis/result.aspx" => result::page_of(&visit),
            "/report/view.aspx" => result::report(&visit),
            "/report/print.ashx" => files::report(&visit),
            "/report/export.ashx" => Some(files::export(&visit)),
            "/critical/list.aspx" => Some(critical::list(&visit)),
            "/qc/chart.aspx" => Some(control::chart(&visit)),
            "/qc/calibration.aspx" => Some(control::calibrations(&visit)),
            "/stat/workload.aspx" => Some(statistics::workload(&visit)),
            "/logout.aspx" => Some(logout()),
            _ => None,
        });
        made.unwrap_or_else(|| no_resource(path))
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
        handlers::look_at_state(ask, &form);
        let (name, password) = (form.text("txtUser"), form.raw("txtPwd"));
        if name.is_empty() {
            return pages::login(self, "", "请输入工号！");
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
            let how = "login to the laboratory's pages".to_owned();
            ask.session.emit(Observation::LureTouched { lure: account.lure.clone(), how });
        }
        let Some(account) = known.or(bypassed) else {
            return pages::login(self, name, "工号或密码错误！");
        };
        let index = accounts.iter().position(|a| a.lure == account.lure).unwrap_or(0);
        let mut rng = ask.session.rng(&format!("http/id/{}", ask.turn));
        let id = self.ids.make(ask.now, u8::try_from(index + 1).unwrap_or(0), &mut rng);
        redirect("/Main.aspx").with("Set-Cookie", format!("{COOKIE}={id}; path=/; HttpOnly"))
    }
}

fn logout() -> Reply {
    let gone = format!("{COOKIE}=; expires=Mon, 11-Oct-1999 16:00:00 GMT; path=/; HttpOnly");
    redirect("/Login.aspx").with("Set-Cookie", gone)
}

impl Visit<'_> {
    /// Tells of a search and of what it gave.
    fn tell(&self, subject: RecordKind, filter: &str, unbounded: bool, ids: Vec<String>) {
        self.ask.session.emit(Observation::Query {
            subject,
            filter: Tainted::new(filter),
            answers: u32::try_from(ids.len()).unwrap_or(u32::MAX),
            unbounded,
            detail: None,
        });
        self.read(subject, ids);
    }

    /// Tells that records went out.
    fn read(&self, subject: RecordKind, ids: Vec<String>) {
        super::dicomweb::tell::read(self.ask.session, subject, ids.len(), ids);
    }

    /// Specimens of a day as the laboratory works through them, with what the visitor wrote.
    fn specimens_on(&self, date: jiff::civil::Date) -> Vec<LabOrder> {
        let orders = self.view.lab_list_on(date).into_iter();
        orders.map(|order| self.ask.session.with_written(order)).collect()
    }

    /// The local date asked for; today where none is.
    fn date(&self) -> jiff::civil::Date {
        let today = self.view.local(self.view.now()).date();
        self.query.text("date").parse().map_or(today, |date: jiff::civil::Date| date.min(today))
    }
}
