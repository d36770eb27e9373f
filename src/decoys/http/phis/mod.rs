//! A second hospital information system: a Java product on Tomcat whose pages call services by name
//! over JSON. What is tried on its weak places is answered as the product does, recorded, kept, and
//! never run.

mod logon;
mod rpc;
mod shells;
mod weak;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;
use minijinja::{AutoEscape, Environment, context};
use serde::Deserialize;

use super::catalina::{self, CATALINA};
use super::cookie::{self, SessionIds};
use super::engine::{Application, Ask, Product, Reply};
use super::form::Fields;
use super::tomcat::TomcatError;
use super::uri::{TomcatPath, split_target, tomcat_path};
use super::{favicon, site};
use crate::decoys::Making;
use crate::persona::{Account, Fault, Service};

/// `maxPostSize` of the connector.
const BODY: usize = 2 << 20;

/// `http.toml` of such a host.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Behaviour {
    /// Names this face.
    #[serde(rename = "face")]
    _face: super::Face,
    /// Folder of the pack with its pages.
    site: String,
    /// Path of the application, without a slash at its end.
    context: String,
    /// Name of the product.
    product: String,
    /// Vendor.
    vendor: String,
    /// Version.
    version: String,
    /// When its files were made.
    released: Timestamp,
    /// The database's version, as its errors show it.
    database: String,
    /// How long a login lasts, minutes.
    login_minutes: u32,
    /// Shortest and longest time of an answer from its database, milliseconds.
    page_ms: [u64; 2],
    /// What it is weak to.
    #[serde(default)]
    weak: Vec<Weakness>,
}

/// Weak places that a product may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Weakness {
    /// A template's name leads out of its folder.
    TemplateRead,
    /// Search words are joined into a statement.
    SqlInjection,
    /// FCKeditor's connector takes any file.
    Fckeditor,
    /// The name of a Java class in JSON is loaded.
    Fastjson,
    /// The connection pool's statistics are open.
    Druid,
    /// Tomcat's manager answers.
    Manager,
}

/// The application.
pub(crate) struct Phis {
    behaviour: Behaviour,
    ids: SessionIds,
    /// Pages and files by path below the context, with their type.
    files: BTreeMap<String, (Bytes, &'static str)>,
    icon: Bytes,
}

/// Makes it.
///
/// # Errors
/// A located [`Fault`] of the behaviour file or of a page.
pub(crate) fn application(making: &Making, service: &Service) -> Result<Arc<dyn Application>, Fault> {
    let behaviour: Behaviour = service.behaviour.parse()?;
    let installation = &making.pack.installation;
    let key = installation.derive(&format!("http/session/{}", making.host.name));
    Ok(Arc::new(Phis {
        files: files(making, &behaviour)?,
        ids: SessionIds::new(key),
        icon: favicon::ico(installation, site::accent(installation)).into(),
        behaviour,
    }))
}

fn files(making: &Making, behaviour: &Behaviour) -> Result<BTreeMap<String, (Bytes, &'static str)>, Fault> {
    let pack = &making.pack.files;
    let folder = format!("{}/{}/", making.host.folder, behaviour.site);
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    let values = context! {
        hospital => making.pack.hospital.name.clone(),
        product => behaviour.product.clone(),
        vendor => behaviour.vendor.clone(),
        version => behaviour.version.clone(),
        context => behaviour.context.clone(),
        accent => site::accent(&making.pack.installation),
        build => site::build(&making.pack.installation),
        menu => menu(),
    };
    let mut files = BTreeMap::new();
    for path in pack.below(&folder) {
        let Some(name) = path.strip_prefix(&folder) else { continue };
        let fault =
            |e: minijinja::Error| Fault { file: pack.display(path), line: e.line(), problem: e.to_string() };
        let body = environment.render_str(pack.text(path)?, &values).map_err(fault)?;
        files.insert(format!("/{name}"), (Bytes::from(body), media(name)));
    }
    for needed in ["/index.html", "/main.html"] {
        if !files.contains_key(needed) {
            return Err(Fault::of_file(
                pack.display(&format!("{folder}{}", &needed[1..])),
                "file is missing",
            ));
        }
    }
    Ok(files)
}

/// The product's menu: every sheet with the service that fills it.
fn menu() -> Vec<minijinja::Value> {
    let entry = |sheet: &super::business::Sheet| {
        let columns: Vec<_> =
            sheet.columns.iter().map(|c| context! { field => c.field, title => c.title }).collect();
        context! {
            module => rpc::module(sheet),
            service => rpc::service(sheet),
            method => sheet.method,
            title => sheet.title,
            dated => sheet.ask == super::business::Ask::Day,
            by_visit => sheet.ask == super::business::Ask::Visit,
            columns,
        }
    };
    super::business::sheets().map(entry).collect()
}

fn media(name: &str) -> &'static str {
    match name.rsplit('.').next() {
        Some("html") => "text/html;charset=UTF-8",
        Some("css") => "text/css",
        Some("js") => "application/javascript",
        _ => "application/octet-stream",
    }
}

impl Application for Phis {
    fn product(&self) -> &'static Product {
        &CATALINA
    }

    fn body_limit(&self) -> usize {
        BODY
    }

    fn answer(&self, ask: &Ask<'_>) -> Reply {
        let (path, query) = split_target(ask.head.target());
        let chinese = catalina::chinese(ask.head);
        let path = match tomcat_path(path, query) {
            TomcatPath::BadCharacter => {
                let page = super::tomcat::bad_target(ask.head.target(), false, catalina::VERSION);
                return Reply::new(400)
                    .typed("text/html;charset=utf-8")
                    .with("Content-Language", "en")
                    .with_body(page.body)
                    .closing();
            }
            TomcatPath::Refused(message) => {
                return catalina::page(TomcatError::BadRequest, Some(message), chinese);
            }
            TomcatPath::Path(path) => path,
        };
        let reply = Call { app: self, ask, query: Fields::parse(query), chinese }.route(&path);
        if forgotten(ask) {
            reply.with("Set-Cookie", "rememberMe=deleteMe; Path=/phis; Max-Age=0")
        } else {
            reply
        }
    }
}

/// Whether a cookie came that the security library can't open.
fn forgotten(ask: &Ask<'_>) -> bool {
    let sent = ask.head.header("Cookie").and_then(|header| cookie::find(header, "rememberMe"));
    sent.is_some_and(|value| value != "deleteMe")
}

/// One request to the application.
struct Call<'a> {
    app: &'a Phis,
    ask: &'a Ask<'a>,
    query: Fields,
    chinese: bool,
}

impl Call<'_> {
    fn route(&self, path: &str) -> Reply {
        if path == "/" {
            return Reply::new(302).with("Location", format!("{}/", self.app.behaviour.context));
        }
        if path == "/favicon.ico" {
            return Reply::new(200).typed("image/x-icon").with_body(self.app.icon.clone());
        }
        if let Some(reply) = weak::outside(self, path) {
            return reply;
        }
        match path.strip_prefix(&self.app.behaviour.context) {
            Some("") => Reply::new(302).with("Location", format!("{}/", self.app.behaviour.context)),
            Some(below) if below.starts_with('/') => self.below(path, below),
            _ => self.not_found(path),
        }
    }

    fn below(&self, path: &str, below: &str) -> Reply {
        if let Some(reply) = weak::inside(self, below) {
            return reply;
        }
        if below.ends_with(".jsonRequest") {
            return rpc::answer(self);
        }
        match (self.ask.head.method(), below) {
            (b"GET" | b"HEAD" | b"POST", "/") => self.file("/index.html"),
            (b"GET" | b"HEAD", "/main.html") if self.user().is_none() => {
                Reply::new(302).with("Location", format!("{}/", self.app.behaviour.context))
            }
            (b"GET" | b"HEAD" | b"POST", "/exportExcel.do") => rpc::export(self),
            (b"GET" | b"HEAD" | b"POST", file) if self.app.files.contains_key(file) => self.file(file),
            (b"OPTIONS", _) => Reply::new(200).with("Allow", "GET, HEAD, POST, OPTIONS"),
            (b"GET" | b"HEAD" | b"POST", _) => self.not_found(path),
            (b"PUT" | b"DELETE", _) => self.error(
                TomcatError::MethodNotAllowed,
                Some("JSPs only permit GET, POST or HEAD. Jasper also permits OPTIONS"),
            ),
            _ => self.error(
                TomcatError::NotImplemented,
                Some("Method is not implemented by this Servlet for this URI"),
            ),
        }
    }

    /// A page or file, with a session for whoever has none.
    fn file(&self, name: &str) -> Reply {
        let Some((body, media)) = self.app.files.get(name) else { return self.not_found(name) };
        let reply = Reply::new(200).typed(*media).with_body(body.clone());
        if media.starts_with("text/html") {
            return self.with_session(reply);
        }
        let made = u64::try_from(self.app.behaviour.released.as_millisecond()).unwrap_or(0);
        reply
            .with("Accept-Ranges", "bytes")
            .with("ETag", format!("W/\"{}-{made}\"", body.len()))
            .with("Last-Modified", super::answer::http_date(self.app.behaviour.released))
    }

    fn with_session(&self, reply: Reply) -> Reply {
        if self.visitor().is_some() { reply } else { reply.with("Set-Cookie", self.new_session(0)) }
    }

    /// A cookie for the account with this number, from 1; 0 for a visitor.
    fn new_session(&self, account: u8) -> String {
        let mut rng = self.ask.session.rng(&format!("http/id/{}", self.ask.turn));
        let id = self.app.ids.make(self.ask.now, account, &mut rng);
        format!("JSESSIONID={id}; Path={}; HttpOnly", self.app.behaviour.context)
    }

    fn visitor(&self) -> Option<cookie::Visit> {
        let id = self.ask.head.header("Cookie").and_then(|header| cookie::find(header, "JSESSIONID"))?;
        self.app.ids.read(id, self.ask.now, self.app.behaviour.login_minutes)
    }

    /// The account that is logged in.
    fn user(&self) -> Option<&Account> {
        let index = usize::from(self.visitor()?.account).checked_sub(1)?;
        self.ask.session.host().accounts.get(index)
    }

    fn is_weak(&self, to: Weakness) -> bool {
        self.app.behaviour.weak.contains(&to)
    }

    fn error(&self, error: TomcatError, message: Option<&str>) -> Reply {
        catalina::page(error, message, self.chinese)
    }

    fn not_found(&self, path: &str) -> Reply {
        let message = if self.chinese {
            format!("请求的资源[{path}]不可用")
        } else {
            format!("The requested resource [{path}] is not available")
        };
        self.error(TomcatError::NotFound, Some(&message))
    }

    /// A time from the database.
    fn paced(&self, reply: Reply) -> Reply {
        let [least, most] = self.app.behaviour.page_ms;
        let mut rng = self.ask.session.rng(&format!("http/pace/{}", self.ask.turn));
        let chosen = rand::RngExt::random_range(&mut rng, least..=most.max(least));
        reply.after(self.ask.session.pace(Duration::from_millis(chosen)))
    }
}

#[cfg(test)]
pub(super) use rpc::service as service_of;
