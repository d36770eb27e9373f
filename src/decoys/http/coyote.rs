//! Tomcat 9 as Spring Boot embeds it: Coyote's reading of heads, its order of headers, and error
//! pages that name no server.

use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;

use super::answer::http_date;
use super::engine::{BadBody, Form, Product, Reading, Refused, Reply, lines};
use super::head::{Framing, Head, Version, listed};
use super::tomcat::STYLE;

/// `maxHttpHeaderSize`.
const MAX_HEAD: usize = 8 << 10;
/// `maxHeaderCount`.
const MAX_HEADERS: usize = 100;
/// `keepAliveTimeout`, told to clients that ask for it.
const KEEP_ALIVE_SECONDS: u64 = 60;

/// The product, with the connector's defaults.
pub static SPRING_BOOT: Product = Product {
    read,
    head,
    keeps,
    head_wait: Duration::from_secs(60),
    idle_wait: Duration::from_secs(KEEP_ALIVE_SECONDS),
    body_wait: Duration::from_secs(60),
    chunks: true,
    continues: true,
    bad_body: |fault| match fault {
        BadBody::Chunk => plain_error(400),
        BadBody::TooLarge => plain_error(413),
    },
};

/// The error valve's page where it may show neither report nor server.
pub(crate) fn plain_error(code: u16) -> Reply {
    Reply::new(code).typed("text/html;charset=utf-8").with("Content-Language", "en").with_body(page(code))
}

fn page(code: u16) -> String {
    let title = format!("HTTP Status {code} – {}", reason(code));
    format!(
        "<!doctype html><html lang=\"en\"><head><title>{title}</title><style type=\"text/css\">{STYLE}</style></head><body><h1>{title}</h1></body></html>"
    )
}

/// RFC 9110's reason phrases, as Tomcat's pages and Spring's errors name a status.
pub(crate) fn reason(code: u16) -> &'static str {
    match code {
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        406 => "Not Acceptable",
        413 => "Request Entity Too Large",
        415 => "Unsupported Media Type",
        501 => "Not Implemented",
        505 => "HTTP Version Not Supported",
        _ => "Internal Server Error",
    }
}

fn read(input: &[u8], now: Timestamp) -> Reading {
    read_with(input, now, refused)
}

/// Makes a refusal of a rule, with a status.
pub(super) type Refuse = fn(&'static str, u16, Timestamp) -> Reading;

/// Reads a head as the connector does; what it refuses, `refuse` answers.
pub(super) fn read_with(input: &[u8], now: Timestamp, refuse: Refuse) -> Reading {
    let blank = input.iter().take_while(|b| matches!(b, b'\r' | b'\n')).count();
    let rest = input.get(blank..).unwrap_or_default();
    if refuses_early(rest) {
        return refuse("request line", 400, now);
    }
    let Some(length) = head_length(rest) else {
        return if rest.len() > MAX_HEAD { refuse("head size", 400, now) } else { Reading::More };
    };
    if length > MAX_HEAD {
        return refuse("head size", 400, now);
    }
    let raw = rest.get(..length).unwrap_or_default();
    let Some(parts) = lines::request_line(raw) else { return refuse("request line", 400, now) };
    let version = match lines::version(raw.get(parts.version.clone()).unwrap_or_default()) {
        Some(version @ (Version::HTTP_10 | Version::HTTP_11)) => version,
        Some(_) => return refuse("version", 505, now),
        None => return refuse("version", 400, now),
    };
    let headers = lines::headers(raw, parts.headers, false, lines::is_token);
    let Some(headers) = headers.filter(|h| h.len() <= MAX_HEADERS) else {
        return refuse("header", 400, now);
    };
    let mut head = lines::joined(raw, parts, version, headers);
    let hosts = head.headers().filter(|(name, _)| name.eq_ignore_ascii_case(b"Host")).count();
    if hosts > 1 || (hosts == 0 && version == Version::HTTP_11) {
        return refuse("host", 400, now);
    }
    match framing(&head) {
        Ok(framing) => head.framing = framing,
        Err(code) => return refuse("framing", code, now),
    }
    Reading::Head(Box::new(head), blank + length)
}

/// What can't become a request line is refused before its end.
fn refuses_early(input: &[u8]) -> bool {
    let line = input.split(|b| *b == b'\n').next().unwrap_or_default();
    let mut words = line.splitn(3, |b| *b == b' ');
    let method = words.next().unwrap_or_default();
    let whole = method.len() < line.len();
    let target = words.next().unwrap_or_default();
    method.iter().any(|b| !lines::is_token(*b) && *b != b'\r')
        || (whole && method.is_empty())
        || target.iter().any(|b| {
            // `relaxedQueryChars` lets the bar through, which search parameters are full of.
            matches!(b, b'"' | b'<' | b'>' | b'\\' | b'^' | b'`' | b'{' | b'}')
                || *b >= 0x7f
                || (*b < 0x20 && *b != b'\r')
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

/// How the body ends, or the status of the refusal.
fn framing(head: &Head) -> Result<Framing, u16> {
    let lengths: Vec<&[u8]> = head
        .headers()
        .filter(|(name, _)| name.eq_ignore_ascii_case(b"Content-Length"))
        .map(|(_, value)| value)
        .collect();
    match (head.header("Transfer-Encoding"), lengths.as_slice()) {
        (Some(coding), _) if coding.eq_ignore_ascii_case(b"chunked") => Ok(Framing::Chunked),
        (Some(_), _) => Err(501),
        (None, []) => Ok(Framing::None),
        (None, [length]) => match lines::decimal(length) {
            Some(0) => Ok(Framing::None),
            Some(length) => Ok(Framing::Length(length)),
            None => Err(400),
        },
        (None, _) => Err(400),
    }
}

fn refused(rule: &'static str, code: u16, now: Timestamp) -> Reading {
    let body = page(code);
    let answer = format!(
        "HTTP/1.1 {code} \r\nContent-Type: text/html;charset=utf-8\r\nContent-Language: en\r\nContent-Length: {}\r\nDate: {}\r\nConnection: close\r\n\r\n{body}",
        body.len(),
        http_date(now)
    );
    Reading::Refused(Refused { rule, answer: Bytes::from(answer), reset: false })
}

pub(super) fn keeps(head: &Head) -> bool {
    head.lives_on(listed)
}

fn head(reply: &Reply, form: &Form<'_>) -> String {
    head_with(reply, form, KEEP_ALIVE_SECONDS)
}

/// Status and headers: type and language are kept apart from the application's other headers and
/// come after them. `seconds` is the `keepAliveTimeout` that is told.
pub(super) fn head_with(reply: &Reply, form: &Form<'_>, seconds: u64) -> String {
    let mut out = format!("HTTP/1.1 {} \r\n", reply.code);
    let apart = |name: &str| name == "Content-Type" || name == "Content-Language";
    for (name, value) in reply.headers.iter().filter(|(name, _)| !apart(name)) {
        out.push_str(&format!("{name}: {value}\r\n"));
    }
    for (name, value) in reply.headers.iter().filter(|(name, _)| apart(name)) {
        out.push_str(&format!("{name}: {value}\r\n"));
    }
    if !matches!(reply.code, 204 | 304) {
        match form.length {
            Some(length) => out.push_str(&format!("Content-Length: {length}\r\n")),
            None if form.chunked => out.push_str("Transfer-Encoding: chunked\r\n"),
            None => {}
        }
    }
    out.push_str(&format!("Date: {}\r\n", http_date(form.now)));
    if !form.keep_alive {
        out.push_str("Connection: close\r\n");
    } else if listed(form.asked.header("Connection").unwrap_or_default(), b"keep-alive") {
        out.push_str(&format!("Keep-Alive: timeout={seconds}\r\nConnection: keep-alive\r\n"));
    }
    out.push_str("\r\n");
    out
}
