//! One question by HTTP, with its answer: time stamps, logins.

use std::io;
use std::path::Path;

use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HOST, USER_AGENT};
use hyper::{Method, Request, Uri};

use super::line::{Way, broken, dial, invalid};
use super::{AGENT, WRITE, within};
use crate::forward::transport::tls::Proof;

/// Whom to ask, and how.
#[derive(Debug, Clone, Copy)]
pub struct Asking<'a> {
    /// `http://…` or `https://…`.
    pub url: &'a str,
    /// PEM file of the authorities that may sign the server's certificate (HTTPS).
    pub ca: Option<&'a Path>,
    /// Proxy, asked for a tunnel.
    pub proxy: Option<&'a str>,
    /// Media type of the question.
    pub kind: &'a str,
    /// The value of `Authorization`.
    pub authorization: Option<&'a str>,
    /// Longest answer, in bytes.
    pub longest: usize,
}

/// Posts a question; gives the body of a 2xx answer. Redirects are not followed.
///
/// # Errors
/// It can't be asked, or does not answer so.
pub async fn ask(asking: &Asking<'_>, question: Vec<u8>) -> io::Result<Vec<u8>> {
    within(exchange(asking, Method::POST, question), WRITE, "gave no answer").await
}

/// Gets what is there; gives the body of a 2xx answer. Redirects are not followed.
///
/// # Errors
/// It can't be asked, or does not answer so.
pub async fn fetch(asking: &Asking<'_>) -> io::Result<Vec<u8>> {
    within(exchange(asking, Method::GET, Vec::new()), WRITE, "gave no answer").await
}

async fn exchange(asking: &Asking<'_>, method: Method, question: Vec<u8>) -> io::Result<Vec<u8>> {
    let target: Uri = asking.url.parse().map_err(|e| invalid(format!("{}: {e}", asking.url)))?;
    let proof = Proof { ca: asking.ca, ..Proof::default() };
    let secure = target.scheme_str() == Some("https");
    let mut line = dial(&Way { secure, proxy: asking.proxy, proof }, &target).await?;
    let mut request = Request::builder()
        .method(&method)
        .uri(target.path_and_query().map_or("/", |path| path.as_str()))
        .header(HOST, target.authority().map_or("", |authority| authority.as_str()))
        .header(USER_AGENT, AGENT)
        .header(ACCEPT, "*/*");
    if method == Method::POST {
        request = request.header(CONTENT_TYPE, asking.kind);
    }
    if let Some(authorization) = asking.authorization {
        request = request.header(AUTHORIZATION, authorization);
    }
    let request = request.body(Full::new(Bytes::from(question))).map_err(|e| invalid(e.to_string()))?;
    let answer = line.send_request(request).await.map_err(broken)?;
    let status = answer.status();
    if !status.is_success() {
        return Err(io::Error::other(format!("the server answered {status}")));
    }
    let body = Limited::new(answer.into_body(), asking.longest).collect().await;
    body.map(|whole| whole.to_bytes().to_vec()).map_err(|e| io::Error::other(e.to_string()))
}
