//! The small HTTP server of the JDK (`com.sun.net.httpserver`), on which Mirth's web service
//! listeners stand. Heads and refusals were compared with that of JDK 17.

use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;

use super::answer::http_date;
use super::engine::{BadBody, Form, Product, Reading, Refused, Reply, lines};
use super::head::{Framing, Head, Version, one_word};

/// Longest head that is read: the server's own limit is 380 KB of headers; nobody honest comes near.
const MAX_HEAD: usize = 64 << 10;
/// `sun.net.httpserver.maxReqHeaders`.
const MAX_HEADERS: usize = 200;

/// The product, with the times that Mirth sets.
pub static JDK: Product = Product {
    read,
    head,
    keeps: |head| head.lives_on(one_word),
    head_wait: Duration::from_secs(60),
    idle_wait: Duration::from_secs(30),
    body_wait: Duration::from_secs(60),
    chunks: true,
    continues: true,
    bad_body: |fault| match fault {
        BadBody::Chunk => Reply::new(400),
        BadBody::TooLarge => Reply::new(413),
    },
};

/// Its page for a path without a context; the connection ends with it.
pub(crate) fn no_context() -> Reply {
    Reply::new(404)
        .typed("text/html")
        .with_body("<h1>404 Not Found</h1>No context found for request")
        .closing()
}

fn read(input: &[u8], _now: Timestamp) -> Reading {
    let blank = input.iter().take_while(|b| matches!(b, b'\r' | b'\n')).count();
    let rest = input.get(blank..).unwrap_or_default();
    if rest.first().is_some_and(|b| !b.is_ascii_graphic()) && rest.contains(&b'\n') {
        return refused("request line", "Bad request line");
    }
    let Some(length) = head_length(rest) else {
        return if rest.len() > MAX_HEAD { refused("head size", "Bad request line") } else { Reading::More };
    };
    let raw = rest.get(..length).unwrap_or_default();
    let Some(parts) = lines::request_line(raw) else { return refused("request line", "Bad request line") };
    // It reads no version: what is not 1.0 is answered as 1.1.
    let version = match raw.get(parts.version.clone()) {
        Some(b"HTTP/1.0") => Version::HTTP_10,
        Some(_) | None => Version::HTTP_11,
    };
    let Some(headers) = lines::headers(raw, parts.headers, false, lines::is_token) else {
        return refused("header", "Header key contains illegal characters");
    };
    if headers.len() > MAX_HEADERS {
        return refused("header", "Maximum number of request headers exceeded");
    }
    let mut head = lines::joined(raw, parts, version, headers);
    match framing(&head) {
        Some(framing) => head.framing = framing,
        None => return refused("framing", "Bad Content-Length"),
    }
    Reading::Head(Box::new(head), blank + length)
}

fn head_length(input: &[u8]) -> Option<usize> {
    let mut at = 0;
    loop {
        let end = at + input.get(at..)?.iter().position(|b| *b == b'\n')?;
        if matches!(input.get(at..end), Some(b"" | b"\r")) && at > 0 {
            return Some(end + 1);
        }
        at = end + 1;
    }
}

fn framing(head: &Head) -> Option<Framing> {
    match (head.header("Transfer-Encoding"), head.header("Content-Length")) {
        (Some(coding), _) if coding.eq_ignore_ascii_case(b"chunked") => Some(Framing::Chunked),
        (Some(_), _) => None,
        (None, None) => Some(Framing::None),
        (None, Some(text)) => match lines::decimal(text)? {
            0 => Some(Framing::None),
            length => Some(Framing::Length(length)),
        },
    }
}

fn refused(rule: &'static str, words: &str) -> Reading {
    let body = format!("<h1>400 Bad Request</h1>{words}");
    let answer = format!(
        "HTTP/1.1 400 Bad Request\r\nContent-Length: {}\r\nContent-Type: text/html\r\nConnection: close\r\n\r\n{body}",
        body.len()
    );
    Reading::Refused(Refused { rule, answer: Bytes::from(answer), reset: false })
}

/// Its own refusals name the length first; what a handler answers begins with the date.
fn head(reply: &Reply, form: &Form<'_>) -> String {
    let mut out = format!("HTTP/1.1 {} {}\r\n", reply.code, reason(reply.code));
    let length = |name: &str| form.length.map(|length| format!("{name}: {length}\r\n")).unwrap_or_default();
    if reply.closes {
        out.push_str(&length("Content-Length"));
        for (name, value) in &reply.headers {
            out.push_str(&format!("{name}: {value}\r\n"));
        }
        out.push_str("Connection: close\r\n\r\n");
        return out;
    }
    if !form.keep_alive {
        out.push_str("Connection: close\r\n");
    }
    out.push_str(&format!("Date: {}\r\n", http_date(form.now)));
    if form.chunked && form.asked.method() != b"HEAD" {
        out.push_str("Transfer-encoding: chunked\r\n");
    }
    for (name, value) in &reply.headers {
        let name = if *name == "Content-Type" { "Content-type" } else { name };
        out.push_str(&format!("{name}: {value}\r\n"));
    }
    out.push_str(&length("Content-length"));
    out.push_str("\r\n");
    out
}

fn reason(code: u16) -> &'static str {
    match code {
        200 => "OK",
        202 => "Accepted",
        400 => "Bad Request",
        404 => "Not Found",
        405 => "Method Not Allowed",
        413 => "Request Entity Too Large",
        415 => "Unsupported Media Type",
        _ => "Internal Server Error",
    }
}
