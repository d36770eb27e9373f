//! What people see: the server's own page, and resources rendered for a browser.

use super::Fhir;
use super::headers;
use super::node::escaped;
use super::request::{Request, one};
use super::store::Kind;
use crate::decoys::http::coyote::reason;
use crate::decoys::http::engine::{Ask, Reply};

const STYLE: &str = "body{font-family:Helvetica,Arial,sans-serif;margin:0;color:#333}nav{background:#222;color:#ddd;padding:12px 24px}nav b{color:#fff;margin-right:16px}.side{float:left;width:250px;padding:18px;background:#f7f7f7;min-height:560px}.side a{display:block;color:#337ab7;text-decoration:none;padding:3px 0}.main{margin-left:310px;padding:24px}table{border-collapse:collapse}td,th{border:1px solid #ddd;padding:8px 12px;text-align:left}.badge{background:#777;color:#fff;border-radius:8px;padding:1px 7px;font-size:12px;float:right}";

/// The tester's first page.
pub(super) fn home(app: &Fhir, ask: &Ask<'_>) -> Reply {
    let behaviour = &app.behaviour;
    let scheme = if app.secure { "https" } else { "http" };
    let base = format!("{scheme}://{}{}", escaped(&ask.head.host), behaviour.context);
    let links: String =
        Kind::ALL.iter().map(|kind| format!("<a href=\"{base}/{0}\">{0}</a>", kind.name())).collect();
    let name = escaped(&behaviour.name);
    let body = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"UTF-8\">\n<title>{name}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<nav><b>{name}</b>Home</nav>\n<div class=\"side\"><h4>Server</h4><a href=\"{base}/metadata\">Conformance</a><a href=\"{base}/_history\">History</a><h4>Resources</h4>{links}</div>\n<div class=\"main\"><h3>Welcome to {name}</h3>\n<table><tr><th>Server</th><td>{name}</td></tr><tr><th>Software</th><td>HAPI FHIR Server - {version}</td></tr><tr><th>FHIR Base</th><td><a href=\"{base}\">{base}</a></td></tr></table></div>\n</body>\n</html>\n",
        version = escaped(&behaviour.version),
    );
    headers::reply(ask, 200, &behaviour.version, headers::Facts::default())
        .typed("text/html;charset=UTF-8")
        .with("Content-Language", "zh-CN")
        .with_pieces(Box::new(one(body)), None)
}

/// A resource for a browser: the raw text with its names and values marked.
pub(super) fn highlighted(request: &Request, text: &str, code: u16) -> String {
    let own = escaped(&request.own_url());
    let other = |format: &str| {
        let joint = if own.contains('?') { "&amp;" } else { "?" };
        format!("{own}{joint}_format={format}")
    };
    let lines: String = text
        .lines()
        .enumerate()
        .map(|(at, line)| {
            format!("<div id=\"L{0}\"><a href=\"#L{0}\">{0}</a>{1}</div>", at + 1, marked(line))
        })
        .collect();
    format!(
        "<html lang=\"en\">\n\t<head>\n\t\t<meta charset=\"utf-8\" />\n\t\t<style>\n.hlTagName{{color:#88C;}}.hlQuot{{color:#090;}}.httpStatusDiv{{margin:6px 0 12px}}pre div a{{color:#aaa;display:inline-block;width:44px;text-decoration:none}}\n\t\t</style>\n\t</head>\n\n\t<body><p>This result is being rendered in HTML for easy viewing. You may access this content as <a href=\"{}\">Raw JSON</a> or <a href=\"{}\">Raw XML</a>, or view this content in <a href=\"{}\">HTML JSON</a> or <a href=\"{}\">HTML XML</a>.</p>\n<div class=\"httpStatusDiv\">HTTP {code} {}</div>\n<h1>Response Body</h1><pre>{lines}</pre></body>\n</html>\n",
        other("json"),
        other("xml"),
        other("html/json"),
        other("html/xml"),
        if code < 300 { "OK" } else { reason(code) },
    )
}

/// A line of JSON with its name marked.
fn marked(line: &str) -> String {
    let trimmed = line.trim_start();
    let indent = line.len() - trimmed.len();
    let blanks = line.get(..indent).unwrap_or_default();
    match trimmed.split_once("\": ") {
        Some((name, rest)) if name.starts_with('"') => format!(
            "{blanks}<span class='hlTagName'>{}</span>: <span class='hlQuot'>{}</span>",
            escaped(&format!("{name}\"")),
            escaped(rest)
        ),
        Some(_) | None => format!("{blanks}{}", escaped(trimmed)),
    }
}
