//! A request to the FHIR endpoint: path, parameters, and the form of the answer.

use super::answers::Fault;
use super::node::{Object, json, xml};
use crate::decoys::http::coyote::reason;
use crate::decoys::http::engine::{Ask, Reply};
use crate::decoys::http::uri::{percent_decode, split_target};

/// Most parameters of one request.
const MAX_PAIRS: usize = 200;

/// One request.
pub(crate) struct Request {
    /// The path below the endpoint, cut at its slashes.
    pub(crate) path: Vec<String>,
    /// Parameters of the target and of a form, decoded, in order.
    pub(crate) pairs: Vec<(String, String)>,
    /// `http://cdr:8080/fhir`.
    pub(crate) base: String,
    /// The target as sent, for links to itself.
    pub(crate) raw_query: String,
    /// The method.
    pub(crate) method: String,
}

impl Request {
    /// Reads it; `None` when its path is not below the endpoint.
    pub(crate) fn read(ask: &Ask<'_>, context: &str, secure: bool) -> Option<Request> {
        let (path, query) = split_target(ask.head.target());
        let path = String::from_utf8_lossy(&percent_decode(path)?).into_owned();
        let below = path.strip_prefix(context).filter(|rest| rest.is_empty() || rest.starts_with('/'))?;
        let mut pairs = decoded(query);
        if ask.head.method() == b"POST" && is_form(ask) {
            pairs.extend(decoded(ask.body));
        }
        pairs.truncate(MAX_PAIRS);
        let scheme = if secure { "https" } else { "http" };
        let host = ask.head.host.clone();
        Some(Request {
            path: below.split('/').filter(|part| !part.is_empty()).map(str::to_owned).collect(),
            pairs,
            base: format!("{scheme}://{host}{context}"),
            raw_query: String::from_utf8_lossy(query).into_owned(),
            method: String::from_utf8_lossy(ask.head.method()).into_owned(),
        })
    }

    /// The first value of a parameter.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.pairs.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str())
    }

    /// Names of all parameters, each once.
    pub(crate) fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = Vec::new();
        for (name, _) in &self.pairs {
            if !names.contains(name) {
                names.push(name.clone());
            }
        }
        names
    }

    /// Its own URL.
    pub(crate) fn own_url(&self) -> String {
        let path = self.path.iter().map(|part| format!("/{part}")).collect::<String>();
        let query = if self.raw_query.is_empty() { String::new() } else { format!("?{}", self.raw_query) };
        format!("{}{path}{query}", self.base)
    }
}

/// Parameters of a query or a form.
fn decoded(text: &[u8]) -> Vec<(String, String)> {
    let pairs = text.split(|b| *b == b'&').filter(|pair| !pair.is_empty()).take(MAX_PAIRS);
    pairs
        .map(|pair| {
            let at = pair.iter().position(|b| *b == b'=').unwrap_or(pair.len());
            let (name, value) = (pair.get(..at).unwrap_or_default(), pair.get(at + 1..).unwrap_or_default());
            (plain(name), plain(value))
        })
        .collect()
}

fn plain(text: &[u8]) -> String {
    let blanks: Vec<u8> = text.iter().map(|b| if *b == b'+' { b' ' } else { *b }).collect();
    let decoded = percent_decode(&blanks).unwrap_or(blanks);
    String::from_utf8_lossy(&decoded).into_owned()
}

/// Whether the body is a form.
pub(crate) fn is_form(ask: &Ask<'_>) -> bool {
    let kind = ask.head.header("Content-Type").unwrap_or_default();
    kind.to_ascii_lowercase().starts_with(b"application/x-www-form-urlencoded")
}

/// In which form an answer goes out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Form {
    /// XML instead of JSON.
    pub(crate) xml: bool,
    /// With line breaks.
    pub(crate) pretty: bool,
    /// As a page for people.
    pub(crate) page: bool,
    /// Whether the client named the old media types, which then come back.
    pub(crate) legacy: bool,
}

impl Form {
    /// As `_format`, `_pretty` and `Accept` ask for it: JSON in lines where nothing is said.
    pub(crate) fn of(request: &Request, ask: &Ask<'_>) -> Form {
        let accept = String::from_utf8_lossy(ask.head.header("Accept").unwrap_or_default()).to_lowercase();
        let format = request.get("_format").map(str::to_lowercase);
        let wanted = format.as_deref().unwrap_or(&accept);
        let pretty = request.get("_pretty").is_none_or(|value| value == "true");
        let named = |kind: &str| wanted.contains(kind);
        let page = match &format {
            Some(format) => format.starts_with("html"),
            None => accept.split(',').next().is_some_and(|first| first.trim().starts_with("text/html")),
        };
        let first_xml = wanted.find("xml").unwrap_or(usize::MAX);
        let first_json = wanted.find("json").unwrap_or(usize::MAX);
        let xml = !(page && format.is_none()) && first_xml < first_json;
        let legacy = named("application/xml+fhir") || named("application/json+fhir");
        Form { xml, pretty, page, legacy }
    }

    /// The text of a resource.
    pub(crate) fn text(self, object: &Object) -> String {
        if self.xml { xml(object, self.pretty) } else { json(object, self.pretty) }
    }

    /// Its media type.
    pub(crate) fn media(self) -> &'static str {
        match (self.xml, self.legacy) {
            (true, false) => "application/fhir+xml;charset=UTF-8",
            (false, false) => "application/fhir+json;charset=UTF-8",
            (true, true) => "application/xml+fhir;charset=UTF-8",
            (false, true) => "application/json+fhir;charset=UTF-8",
        }
    }
}

/// Spring Boot's error for a path outside the application.
pub(crate) fn no_such_path(ask: &Ask<'_>, code: u16, moment: &str) -> Reply {
    let accept = ask.head.header("Accept").unwrap_or_default();
    let (path, _) = split_target(ask.head.target());
    if accept.starts_with(b"text/html") {
        let body = format!(
            "<html><body><h1>Whitelabel Error Page</h1><p>This application has no explicit mapping for /error, so you are seeing this as a fallback.</p><div id='created'>{moment}</div><div>There was an unexpected error (type={}, status={code}).</div></body></html>",
            reason(code)
        );
        return Reply::new(code)
            .typed("text/html;charset=UTF-8")
            .with("Content-Language", "zh-CN")
            .with_body(body);
    }
    let path: String = String::from_utf8_lossy(path).chars().filter(|c| !matches!(c, '"' | '\\')).collect();
    let body = format!(
        "{{\"timestamp\":\"{moment}\",\"status\":{code},\"error\":\"{}\",\"path\":\"{path}\"}}",
        reason(code)
    );
    Reply::new(code).typed("application/json").with_pieces(Box::new(one(body)), None)
}

/// A streamed body: the server does not know its length when it begins.
pub(crate) fn one(body: impl Into<bytes::Bytes>) -> impl Iterator<Item = crate::decoys::http::engine::Piece> {
    std::iter::once(crate::decoys::http::engine::Piece { bytes: body.into(), reference: None })
}

/// The outcome of a request: a resource to show, or why not.
pub(crate) type Outcome<T> = Result<T, Fault>;
