//! What a browser gets. Every answer forbids what the console has no need of: foreign scripts, frames,
//! requests to anywhere else.

use bytes::Bytes;
use http_body_util::Full;
use hyper::header::{
    CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderValue, LOCATION,
    REFERRER_POLICY, SET_COOKIE, STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use hyper::{Response, StatusCode};

const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
     connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

/// An answer.
pub(super) struct Answer {
    status: StatusCode,
    kind: &'static str,
    body: Vec<u8>,
    headers: Vec<(hyper::header::HeaderName, String)>,
}

impl Answer {
    /// A page.
    pub(super) fn page(body: String) -> Self {
        Answer {
            status: StatusCode::OK,
            kind: "text/html; charset=utf-8",
            body: body.into_bytes(),
            headers: Vec::new(),
        }
    }

    /// A file to be kept, under a name of ours.
    pub(super) fn file(kind: &'static str, name: &str, body: Vec<u8>) -> Self {
        let disposition = format!("attachment; filename=\"{name}\"");
        let headers = vec![(CONTENT_DISPOSITION, disposition)];
        Answer { status: StatusCode::OK, kind, body, headers }
    }

    /// Data for a script of ours.
    pub(super) fn json(value: &serde_json::Value) -> Self {
        let body = value.to_string().into_bytes();
        Answer { status: StatusCode::OK, kind: "application/json", body, headers: Vec::new() }
    }

    /// A part of the site that never changes while this process lives.
    pub(super) fn asset(kind: &'static str, body: Vec<u8>) -> Self {
        let headers = vec![(CACHE_CONTROL, "private, max-age=300".to_owned())];
        Answer { status: StatusCode::OK, kind, body, headers }
    }

    /// Go there.
    pub(super) fn to(path: &str) -> Self {
        let headers = vec![(LOCATION, path.to_owned())];
        Answer { status: StatusCode::SEE_OTHER, kind: "text/plain", body: Vec::new(), headers }
    }

    /// Text that is no page.
    pub(super) fn text(kind: &'static str, body: String) -> Self {
        Answer { status: StatusCode::OK, kind, body: body.into_bytes(), headers: Vec::new() }
    }

    /// Where it sends the browser, if anywhere.
    pub(super) fn place(&self) -> Option<&str> {
        self.headers.iter().find(|(name, _)| *name == LOCATION).map(|(_, place)| place.as_str())
    }

    /// The same page, which may run WebAssembly of ours: the terminal's emulator.
    pub(super) fn with_machine_code(mut self) -> Self {
        self.headers
            .push((CONTENT_SECURITY_POLICY, POLICY.replacen("'self'", "'self' 'wasm-unsafe-eval'", 1)));
        self
    }

    /// The same with another status.
    pub(super) fn with_status(mut self, status: StatusCode) -> Self {
        self.status = status;
        self
    }

    /// The same with a cookie.
    pub(super) fn with_cookie(mut self, cookie: String) -> Self {
        self.headers.push((SET_COOKIE, cookie));
        self
    }

    /// As HTTP.
    pub(super) fn into_response(self) -> Response<Full<Bytes>> {
        let mut response = Response::new(Full::new(Bytes::from(self.body)));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(self.kind));
        headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
        headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        headers.insert(X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
        headers.insert(REFERRER_POLICY, HeaderValue::from_static("same-origin"));
        headers.insert(STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000"));
        headers.insert("cross-origin-opener-policy", HeaderValue::from_static("same-origin"));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        for (name, value) in self.headers {
            if let Ok(value) = HeaderValue::from_str(&value) {
                if name == SET_COOKIE {
                    headers.append(name, value);
                } else {
                    headers.insert(name, value);
                }
            }
        }
        response
    }
}
