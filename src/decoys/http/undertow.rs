//! Undertow 2.2 as WildFly has it: the server under dcm4chee-arc.

use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;

use super::answer::http_date;
use super::engine::{BadBody, Form, Product, Reading, Refused, Reply, lines};
use super::head::{Framing, Head, Version};

/// `MAX_HEADER_SIZE` is 1 MiB; ours is lower, since nobody honest comes near.
const MAX_HEAD: usize = 64 << 10;
/// `MAX_HEADERS`.
const MAX_HEADERS: usize = 200;
/// What it sends before it closes on a head that it can't read.
const BAD_REQUEST: &[u8] = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

/// The product. WildFly's `no-request-timeout` is 60 s.
pub static UNDERTOW: Product = Product {
    read,
    head,
    keeps,
    head_wait: Duration::from_secs(60),
    idle_wait: Duration::from_secs(60),
    body_wait: Duration::from_secs(90),
    chunks: true,
    continues: true,
    bad_body: |fault| match fault {
        BadBody::Chunk => Reply::new(400),
        BadBody::TooLarge => Reply::new(413),
    },
};

fn read(input: &[u8], _now: Timestamp) -> Reading {
    let blank = input.iter().take_while(|b| matches!(b, b'\r' | b'\n')).count();
    let rest = input.get(blank..).unwrap_or_default();
    if refuses_early(rest) {
        return refused("request line");
    }
    let Some(length) = head_length(rest) else {
        return if input.len() > MAX_HEAD { refused("head size") } else { Reading::More };
    };
    let raw = rest.get(..length).unwrap_or_default();
    let Some(parts) = lines::request_line(raw) else { return refused("request line") };
    let version = lines::version(raw.get(parts.version.clone()).unwrap_or_default());
    let Some(version @ (Version::HTTP_10 | Version::HTTP_11)) = version else { return refused("version") };
    let headers = lines::headers(raw, parts.headers, false, lines::is_token);
    let Some(headers) = headers.filter(|h| h.len() <= MAX_HEADERS) else { return refused("header") };
    let mut head = lines::joined(raw, parts, version, headers);
    let target = head.target();
    if !target.starts_with(b"/") && !target.starts_with(b"http") && target != b"*" {
        return refused("target");
    }
    match framing(&head) {
        Some(framing) => head.framing = framing,
        None => return refused("framing"),
    }
    Reading::Head(Box::new(head), blank + length)
}

/// What can't become a request line is refused before its end: bytes of other protocols.
fn refuses_early(input: &[u8]) -> bool {
    let line = input.split(|b| *b == b'\n').next().unwrap_or_default();
    let method = line.split(|b| *b == b' ').next().unwrap_or_default();
    let whole = method.len() < line.len();
    let odd = |b: &u8| !lines::is_token(*b) && !matches!(b, b'\r');
    let target = line.splitn(3, |b| *b == b' ').nth(1).unwrap_or_default();
    method.iter().any(odd)
        || (whole && method.is_empty())
        || target.iter().any(|b| {
            matches!(b, b'"' | b'<' | b'>' | b'\\' | b'^' | b'`' | b'{' | b'|' | b'}')
                || *b >= 0x7f
                || *b < 0x20 && *b != b'\r'
        })
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

/// `None` where lengths contradict each other.
fn framing(head: &Head) -> Option<Framing> {
    let count = |name: &str| head.headers().filter(|(n, _)| n.eq_ignore_ascii_case(name.as_bytes())).count();
    if count("Content-Length") > 1 || count("Transfer-Encoding") > 1 {
        return None;
    }
    match (head.header("Transfer-Encoding"), head.header("Content-Length")) {
        (Some(_), Some(_)) => None,
        (Some(coding), None) if coding.eq_ignore_ascii_case(b"chunked") => Some(Framing::Chunked),
        (Some(_), None) => None,
        (None, None) => Some(Framing::None),
        (None, Some(text)) => match lines::decimal(text)? {
            0 => Some(Framing::None),
            length => Some(Framing::Length(length)),
        },
    }
}

fn refused(rule: &'static str) -> Reading {
    Reading::Refused(Refused { rule, answer: Bytes::from_static(BAD_REQUEST), reset: false })
}

fn keeps(head: &Head) -> bool {
    let asked = head.header("Connection").unwrap_or_default();
    if head.version() == Version::HTTP_11 {
        !asked.eq_ignore_ascii_case(b"close")
    } else {
        asked.eq_ignore_ascii_case(b"keep-alive")
    }
}

fn head(reply: &Reply, form: &Form<'_>) -> String {
    let mut all: Vec<(&str, String)> =
        reply.headers.iter().map(|(name, value)| (*name, value.to_string())).collect();
    all.push(("Connection", if form.keep_alive { "keep-alive" } else { "close" }.to_owned()));
    let bodiless = matches!(reply.code, 204 | 304);
    match form.length {
        Some(length) if !bodiless => all.push(("Content-Length", length.to_string())),
        None if form.chunked && !bodiless => all.push(("Transfer-Encoding", "chunked".to_owned())),
        Some(_) | None => {}
    }
    all.push(("Date", http_date(form.now)));
    // Its header map is a table of 16 rows; a walk goes over the rows.
    all.sort_by_key(|(name, _)| row(name));
    let version = form.asked.version();
    let mut out =
        format!("HTTP/{}.{} {} {}\r\n", version.major, version.minor, reply.code, reason(reply.code));
    for (name, value) in all {
        out.push_str(&format!("{name}: {value}\r\n"));
    }
    out.push_str("\r\n");
    out
}

/// The row of a header's name.
fn row(name: &str) -> u32 {
    let hash = name.bytes().fold(17u32, |hash, byte| {
        (hash << 4).wrapping_add(hash).wrapping_add(u32::from(byte.to_ascii_uppercase()))
    });
    hash & 15
}

fn reason(code: u16) -> &'static str {
    match code {
        200 => "OK",
        202 => "Accepted",
        204 => "No Content",
        206 => "Partial Content",
        302 => "Found",
        304 => "Not Modified",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        406 => "Not Acceptable",
        409 => "Conflict",
        410 => "Gone",
        413 => "Request Entity Too Large",
        415 => "Unsupported Media Type",
        416 => "Requested Range Not Satisfiable",
        501 => "Not Implemented",
        _ => "Internal Server Error",
    }
}
