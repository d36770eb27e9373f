//! The client API: version, login, and what a user may read. Jersey answers XML unless JSON is asked
//! for; every request must say `X-Requested-With`.

use super::{Mirth, channels};
use crate::decoys::http::engine::{Ask, Reply};
use crate::decoys::http::form::Fields;
use crate::decoys::http::jetty::error;
use crate::decoys::http::uri::holds;
use crate::event::observation::AuthMethod;
use crate::event::{Observation, Tainted};
use crate::persona::Protocol;

const SERVLET: &str = "org.glassfish.jersey.servlet.ServletContainer-";
/// What an XStream payload names: classes that no client of the API sends.
const GADGETS: [&[u8]; 8] = [
    b"<sorted-set",
    b"<tree-map",
    b"dynamic-proxy",
    b"java.beans.EventHandler",
    b"ProcessBuilder",
    b"java.lang.Runtime",
    b"commons.collections",
    b"<java.util.PriorityQueue",
];

/// Answers a request below `/api/`.
pub(super) fn answer(app: &Mirth, ask: &Ask<'_>, path: &str) -> Reply {
    let servlet = app.installation.fill("mirth/servlet", &format!("{SERVLET}{{8x}}"));
    let requested = ask.head.header("X-Requested-With").unwrap_or_default();
    if requested.trim_ascii().is_empty() {
        return guarded(error(ask, 400, "All requests must have 'X-Requested-With' header", &servlet), false);
    }
    if ask.head.method() == b"TRACE" {
        return guarded(error(ask, 405, "", &servlet), false);
    }
    if let Some(reply) = exploited(ask, &servlet) {
        return guarded(reply, true);
    }
    guarded(route(app, ask, path, &servlet), true)
}

/// The filters' headers, in the order of their chain.
fn guarded(mut reply: Reply, through: bool) -> Reply {
    let mut headers: Vec<_> = vec![
        ("Content-Security-Policy", "frame-ancestors 'none'".into()),
        ("X-Frame-Options", "DENY".into()),
    ];
    if through {
        headers.push(("Strict-Transport-Security", "max-age=31536000; includeSubDomains".into()));
    }
    headers.append(&mut reply.headers);
    reply.headers = headers;
    reply
}

/// CVE-2023-43208: XML of a body is unmarshalled before anyone is asked who he is.
fn exploited(ask: &Ask<'_>, servlet: &str) -> Option<Reply> {
    let kind = ask.head.header("Content-Type").unwrap_or_default().to_ascii_lowercase();
    let xml = holds(&kind, b"xml") || ask.body.trim_ascii_start().starts_with(b"<");
    let gadget = GADGETS.iter().any(|gadget| holds(ask.body, gadget));
    if !xml || !gadget {
        return None;
    }
    ask.session.emit(Observation::ExploitAttempt {
        weakness: "CVE-2023-43208".to_owned(),
        payload: Tainted::from_bytes(ask.body.get(..ask.body.len().min(2048)).unwrap_or_default()),
    });
    ask.session.keep(Tainted::new("payload of CVE-2023-43208"), ask.body);
    Some(error(ask, 500, "Request failed.", servlet))
}

fn route(app: &Mirth, ask: &Ask<'_>, path: &str, servlet: &str) -> Reply {
    let rest = path.strip_prefix("/api/").unwrap_or_default();
    let versioned = format!("{}/", app.behaviour.version);
    let rest = rest.strip_prefix(versioned.as_str()).unwrap_or(rest);
    let get = ask.head.method() == b"GET";
    match (get, rest) {
        (true, "server/version") => plain(&app.behaviour.version),
        (true, "server/buildDate") => plain(&app.behaviour.built),
        (false, "users/_login") if ask.head.method() == b"POST" => login(app, ask),
        (false, "users/_logout") if ask.head.method() == b"POST" => {
            app.sessions.end(ask);
            Reply::new(204)
        }
        _ => match app.sessions.user(ask) {
            Some(user) => {
                channels::answer(app, ask, rest, &user).unwrap_or_else(|| error(ask, 404, "", servlet))
            }
            None => error(ask, 401, "", servlet),
        },
    }
}

fn plain(text: &str) -> Reply {
    Reply::new(200).typed("text/plain").with_body(text.to_owned())
}

fn login(app: &Mirth, ask: &Ask<'_>) -> Reply {
    let fields = Fields::parse(ask.body);
    let (name, password) = (fields.raw("username"), fields.raw("password"));
    let lure = ask.session.host().account(Protocol::Https, name).filter(|known| known.password == password);
    if let Some(lure) = lure {
        ask.session.emit(Observation::LureTouched {
            lure: lure.lure.clone(),
            how: "login to the integration engine's API".to_owned(),
        });
    }
    ask.session.emit(Observation::AuthAttempt {
        method: AuthMethod::Form,
        account: Tainted::new(name),
        secret: Some(Tainted::new(password)),
        accepted: lure.is_some(),
    });
    let cookie = app.sessions.begin(ask, lure.map(|_| name));
    let (code, status, words) =
        if lure.is_some() { (200, "SUCCESS", "") } else { (401, "FAIL", "Incorrect username or password.") };
    let reply = Reply::new(code)
        .with("Set-Cookie", format!("JSESSIONID={cookie}; Path=/api; Secure"))
        .with("Expires", "Thu, 01 Jan 1970 00:00:00 GMT");
    let name = "com.mirth.connect.model.LoginStatus";
    if wants_json(ask) {
        let message = if words.is_empty() { "null".to_owned() } else { format!("\"{words}\"") };
        return reply.typed("application/json").with_body(format!(
            "{{\"{name}\":{{\"status\":\"{status}\",\"message\":{message},\"updatedUsername\":null}}}}"
        ));
    }
    let message = if words.is_empty() { String::new() } else { format!("  <message>{words}</message>\n") };
    reply
        .typed("application/xml")
        .with_body(format!("<{name}>\n  <status>{status}</status>\n{message}</{name}>"))
}

/// Whether JSON is asked for before XML.
pub(super) fn wants_json(ask: &Ask<'_>) -> bool {
    let accept = String::from_utf8_lossy(ask.head.header("Accept").unwrap_or_default()).to_lowercase();
    let (json, xml) = (accept.find("json"), accept.find("xml"));
    json.is_some_and(|json| xml.is_none_or(|xml| json < xml))
}
