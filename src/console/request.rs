//! What a browser asked, taken apart.

use std::collections::BTreeMap;
use std::net::IpAddr;

use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, COOKIE};
use hyper::{Method, Request as HttpRequest};

use super::words::Language;

/// Longest body of a form.
const FORM: usize = 64 << 10;

/// Name of the login's cookie; the prefix binds it to this host, to `/` and to TLS.
pub(super) const LOGIN_COOKIE: &str = "__Host-login";

/// Name of the language's cookie.
pub(super) const LANGUAGE_COOKIE: &str = "language";

/// A request.
pub(super) struct Request {
    /// `POST` or not.
    pub posts: bool,
    /// The path as it was sent.
    pub path: String,
    /// Path without its first slash, cut at slashes.
    pub segments: Vec<String>,
    /// Query, first value of each name.
    pub query: BTreeMap<String, String>,
    /// The query as it was sent.
    pub asked_as: String,
    /// All fields of the form, in order.
    pub fields: Vec<(String, String)>,
    /// Form, first value of each name.
    pub form: BTreeMap<String, String>,
    /// Cookies.
    pub cookies: BTreeMap<String, String>,
    /// The token of a program (`Authorization: Bearer`).
    pub bearer: Option<String>,
    /// A page that keeps itself up to date asks, not somebody who clicks.
    pub by_itself: bool,
    /// Who asks.
    pub from: IpAddr,
}

impl Request {
    /// Reads it whole; none when it is too long or of no use.
    pub(super) async fn read(request: HttpRequest<Incoming>, from: IpAddr) -> Option<Self> {
        let (head, body) = request.into_parts();
        let posts = match head.method {
            Method::GET | Method::HEAD => false,
            Method::POST => true,
            _ => return None,
        };
        let path = head.uri.path().to_owned();
        let segments = path.trim_start_matches('/').split('/').map(str::to_owned).collect();
        let asked_as = head.uri.query().unwrap_or_default().to_owned();
        let query = first_of(pairs(&asked_as));
        let cookies = head.headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
        let cookies = cookies.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
        let cookies = cookies.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        let bearer = head.headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
        let bearer = bearer.and_then(|value| value.strip_prefix("Bearer ")).map(str::to_owned);
        let by_itself = head.headers.contains_key("x-live");
        let is_json = head.headers.get(CONTENT_TYPE).is_some_and(|kind| kind == "application/json");
        let fields = match posts {
            false => Vec::new(),
            true => {
                let bytes = Limited::new(body, FORM).collect().await.ok()?.to_bytes();
                if is_json { members(&bytes)? } else { pairs(std::str::from_utf8(&bytes).ok()?) }
            }
        };
        let form = first_of(fields.clone());
        Some(Request {
            posts,
            path,
            segments,
            query,
            asked_as,
            fields,
            form,
            cookies,
            bearer,
            by_itself,
            from,
        })
    }

    /// A value of the form, empty when it is not there.
    pub(super) fn field(&self, name: &str) -> &str {
        self.form.get(name).map_or("", String::as_str)
    }

    /// All values of a field of the form.
    pub(super) fn all(&self, name: &str) -> Vec<String> {
        self.fields.iter().filter(|(known, _)| known == name).map(|(_, value)| value.clone()).collect()
    }

    /// Where this page is, with its query.
    pub(super) fn here(&self) -> String {
        let path = format!("/{}", self.path.trim_start_matches('/'));
        if self.asked_as.is_empty() { path } else { format!("{path}?{}", self.asked_as) }
    }

    /// A value of the query that says something.
    pub(super) fn asked(&self, name: &str) -> Option<&str> {
        self.query.get(name).map(|value| value.trim()).filter(|value| !value.is_empty())
    }

    /// The language that was chosen.
    pub(super) fn language(&self) -> Language {
        let chosen = self.query.get("lang").or_else(|| self.cookies.get(LANGUAGE_COOKIE));
        chosen.and_then(|name| Language::named(name)).unwrap_or_default()
    }
}

/// The members of a JSON object of texts.
fn members(bytes: &[u8]) -> Option<Vec<(String, String)>> {
    let whole: BTreeMap<String, String> = serde_json::from_slice(bytes).ok()?;
    Some(whole.into_iter().collect())
}

/// `application/x-www-form-urlencoded`.
fn pairs(text: &str) -> Vec<(String, String)> {
    let whole = text.split('&').filter(|pair| !pair.is_empty());
    whole
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(n, v)| (decoded(n), decoded(v)))
        .collect()
}

fn first_of(pairs: Vec<(String, String)>) -> BTreeMap<String, String> {
    let mut first = BTreeMap::new();
    for (name, value) in pairs {
        first.entry(name).or_insert(value);
    }
    first
}

fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        let hexadecimal = |rest: &std::str::Bytes<'_>| {
            let two: Vec<u8> = rest.clone().take(2).collect();
            u8::from_str_radix(std::str::from_utf8(&two).ok()?, 16).ok().filter(|_| two.len() == 2)
        };
        match byte {
            b'+' => bytes.push(b' '),
            b'%' => match hexadecimal(&rest) {
                Some(value) => {
                    rest.nth(1);
                    bytes.push(value);
                }
                None => bytes.push(b'%'),
            },
            byte => bytes.push(byte),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_are_decoded_and_the_first_value_counts() {
        let form = first_of(pairs("a=1&b=%E5%BC%A0+x&a=2&c&d=%zz%4"));
        assert_eq!(form["a"], "1");
        assert_eq!(form["b"], "张 x");
        assert_eq!((form["c"].as_str(), form["d"].as_str()), ("", "%zz%4"));
    }
}
