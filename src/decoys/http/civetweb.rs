//! CivetWeb 1.15 as Orthanc 1.10.1 embeds it: lax heads, its own plain-text refusals, and no
//! `Server` or `Date` in what the application answers.

use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;

use super::answer::http_date;
use super::engine::{BadBody, Form, Product, Reading, Refused, Reply, lines};
use super::head::{Framing, Head, Version};

/// `MAX_REQUEST_SIZE`: the buffer of a head.
const BUFFER: usize = 16 << 10;
/// `MG_MAX_HEADERS`.
const MAX_HEADERS: usize = 64;

/// Methods that it knows; others are a bad request.
const METHODS: [&[u8]; 16] = [
    b"GET",
    b"POST",
    b"PUT",
    b"DELETE",
    b"HEAD",
    b"OPTIONS",
    b"CONNECT",
    b"PATCH",
    b"PROPFIND",
    b"MKCOL",
    b"COPY",
    b"MOVE",
    b"PROPPATCH",
    b"LOCK",
    b"UNLOCK",
    b"REPORT",
];

/// The product. Orthanc sets a request timeout of 30 s and a keep-alive timeout of 1 s.
pub static CIVETWEB: Product = Product {
    read,
    head,
    keeps,
    head_wait: Duration::from_secs(30),
    idle_wait: Duration::from_secs(1),
    body_wait: Duration::from_secs(30),
    chunks: false,
    continues: false,
    bad_body: |fault| match fault {
        BadBody::Chunk => Reply::new(400),
        BadBody::TooLarge => Reply::new(413),
    },
};

fn read(input: &[u8], now: Timestamp) -> Reading {
    let blank = input.iter().take_while(|b| matches!(b, b'\r' | b'\n' | b' ')).count();
    let rest = input.get(blank..).unwrap_or_default();
    let length = match head_length(rest) {
        Ok(Some(length)) if length <= BUFFER => length,
        Ok(None) if rest.len() < BUFFER => return Reading::More,
        Ok(_) | Err(()) => return refused("head", "1.0", 400, "Malformed message", now),
    };
    let raw = rest.get(..length).unwrap_or_default();
    let Some(parts) = request_line(raw) else {
        return refused("request line", "1.0", 400, "Bad request", now);
    };
    let word = raw.get(parts.version.clone()).unwrap_or_default();
    let shown = String::from_utf8_lossy(word.strip_prefix(b"HTTP/").unwrap_or(word)).into_owned();
    let bad = |rule, code, text: &str| refused(rule, &shown, code, text, now);
    if !word.starts_with(b"HTTP/") || !METHODS.contains(&raw.get(parts.method.clone()).unwrap_or_default()) {
        return bad("method", 400, "Bad request");
    }
    let name = |b: u8| (33..=126).contains(&b) && b != b':';
    let Some(headers) = lines::headers(raw, parts.headers, true, name) else {
        return bad("header", 400, "Bad request");
    };
    let Some(version @ (Version::HTTP_10 | Version::HTTP_11)) = lines::version(word) else {
        return bad("version", 505, &format!("Bad HTTP version: [{shown}]"));
    };
    let headers = headers.into_iter().take(MAX_HEADERS).collect();
    let mut head = lines::joined(raw, parts, version, headers);
    match head.target() {
        [b'/', ..] => {}
        target if target == b"*" || target.starts_with(b"http://") || target.starts_with(b"https://") => {
            // For another host, or for none: it hangs up.
            return Reading::Refused(Refused { rule: "absolute form", answer: Bytes::new(), reset: false });
        }
        _ => return bad("target", 400, "Invalid URI"),
    }
    match framing(&head) {
        Ok(framing) => head.framing = framing,
        Err(code) => return bad("framing", code, "Bad request"),
    }
    Reading::Head(Box::new(head), blank + length)
}

/// Three words of printable ASCII, with any number of blanks between.
fn request_line(head: &[u8]) -> Option<lines::Parts> {
    let end = head.iter().position(|b| *b == b'\n')?;
    let line = head.get(..end)?;
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let mut words = Vec::new();
    let mut at = 0;
    while at < line.len() {
        let rest = line.get(at..)?;
        let length = rest.iter().position(|b| !b.is_ascii_graphic()).unwrap_or(rest.len());
        if length == 0 || words.len() == 3 {
            return None;
        }
        words.push(at..at + length);
        let blanks = rest.get(length..)?.iter().take_while(|b| **b == b' ').count();
        at += length + blanks;
    }
    let [method, target, version] = words.as_slice() else { return None };
    Some(lines::Parts {
        method: method.clone(),
        target: target.clone(),
        version: version.clone(),
        headers: end + 1,
    })
}

/// Where the head ends; `Err` at a byte that is not printable.
fn head_length(input: &[u8]) -> Result<Option<usize>, ()> {
    for (at, byte) in input.iter().enumerate() {
        if *byte < 0x80 && !matches!(byte, b'\r' | b'\n' | 0x20..=0x7e) {
            return Err(());
        }
        let rest = input.get(at..).unwrap_or_default();
        if rest.starts_with(b"\n\n") {
            return Ok(Some(at + 2));
        }
        if rest.starts_with(b"\r\n\r\n") {
            return Ok(Some(at + 4));
        }
    }
    Ok(None)
}

fn framing(head: &Head) -> Result<Framing, u16> {
    if let Some(coding) = head.header("Transfer-Encoding")
        && !coding.eq_ignore_ascii_case(b"identity")
    {
        return if coding.eq_ignore_ascii_case(b"chunked") { Ok(Framing::Chunked) } else { Err(400) };
    }
    match head.header("Content-Length") {
        None => Ok(Framing::None),
        Some(text) => match lines::decimal(text) {
            Some(0) => Ok(Framing::None),
            Some(length) => Ok(Framing::Length(length)),
            None => Err(411),
        },
    }
}

fn refused(rule: &'static str, version: &str, code: u16, text: &str, now: Timestamp) -> Reading {
    let reason = reason(code);
    let answer = format!(
        "HTTP/{version} {code} {reason}\r\nCache-Control: no-cache, no-store, must-revalidate, private, max-age=0\r\nExpires: 0\r\nPragma: no-cache\r\nContent-Type: text/plain; charset=utf-8\r\nDate: {}\r\nConnection: close\r\n\r\nError {code}: {reason}\n{text}",
        http_date(now)
    );
    Reading::Refused(Refused { rule, answer: answer.into(), reset: false })
}

fn keeps(head: &Head) -> bool {
    match head.header("Connection") {
        Some(value) => value.eq_ignore_ascii_case(b"keep-alive"),
        None => head.version() == Version::HTTP_11,
    }
}

fn head(reply: &Reply, form: &Form<'_>) -> String {
    let mut out = format!("HTTP/1.1 {} {}\r\n", reply.code, reason(reply.code));
    // Orthanc says so whatever CivetWeb does with the connection, but for answers without a length.
    match form.length {
        Some(_) => out.push_str("Connection: keep-alive\r\nKeep-Alive: timeout=1\r\n"),
        None => out.push_str("Connection: close\r\n"),
    }
    for (name, value) in &reply.headers {
        out.push_str(&format!("{name}: {value}\r\n"));
    }
    if let Some(length) = form.length {
        out.push_str(&format!("Content-Length: {length}\r\n"));
    }
    out.push_str("\r\n");
    out
}

fn reason(code: u16) -> &'static str {
    match code {
        200 => "OK",
        206 => "Partial Content",
        301 => "Moved Permanently",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        406 => "Not Acceptable",
        409 => "Conflict",
        411 => "Length Required",
        413 => "Request entity too large",
        415 => "Unsupported Media Type",
        500 => "Internal Server Error",
        507 => "Insufficient Storage",
        505 => "HTTP Version not supported",
        _ => "Unknown",
    }
}
