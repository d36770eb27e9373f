//! Jetty 9.4 as Mirth Connect embeds it: no `Server` header, error pages that name the servlet. Heads,
//! refusals and pages were compared with a Jetty 9.4.53 of that product.

use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;

use super::answer::http_date;
use super::engine::{Ask, BadBody, Form, Product, Reading, Refused, Reply, lines};
use super::head::{Framing, Head, Version, one_word};
use super::uri::{percent_decode, split_target};

/// `requestHeaderSize`.
const MAX_HEAD: usize = 8 << 10;

/// The product. The connector's idle timeout is 30 s; that of the secure one, 24 hours, is more than
/// a decoy holds a silent connection for.
pub static JETTY: Product = Product {
    read,
    head,
    keeps: |head| head.lives_on(one_word),
    head_wait: Duration::from_secs(30),
    idle_wait: Duration::from_secs(30),
    body_wait: Duration::from_secs(30),
    chunks: true,
    continues: true,
    bad_body: |fault| match fault {
        BadBody::Chunk => Reply::new(400),
        BadBody::TooLarge => Reply::new(413),
    },
};

/// Jetty's error page, in the form that the client accepts.
pub(crate) fn error(ask: &Ask<'_>, code: u16, message: &str, servlet: &str) -> Reply {
    let (path, _) = split_target(ask.head.target());
    let path = String::from_utf8_lossy(path).into_owned();
    let reply = Reply::new(code);
    if !matches!(ask.head.method(), b"GET" | b"HEAD" | b"POST") {
        return reply;
    }
    let reply = reply.with("Cache-Control", "must-revalidate,no-cache,no-store");
    let accept = String::from_utf8_lossy(ask.head.header("Accept").unwrap_or_default()).to_lowercase();
    if accept.contains("json") && !accept.contains("html") {
        let body = format!(
            "{{\n\"message\":\"{}\",\n\"url\":\"{}\",\n\"status\":\"{code}\"\n}}",
            quoted(message),
            quoted(&path)
        );
        return reply.typed("application/json").with_body(body);
    }
    let message = escaped(message);
    let title = reason(code);
    let title = if message.is_empty() { title } else { message.as_str() };
    let body = format!(
        "<html>\n<head>\n<meta http-equiv=\"Content-Type\" content=\"text/html;charset=ISO-8859-1\"/>\n<title>Error {code} {title}</title>\n</head>\n<body><h2>HTTP ERROR {code} {title}</h2>\n<table>\n<tr><th>URI:</th><td>{}</td></tr>\n<tr><th>STATUS:</th><td>{code}</td></tr>\n<tr><th>MESSAGE:</th><td>{title}</td></tr>\n<tr><th>SERVLET:</th><td>{servlet}</td></tr>\n</table>\n\n</body>\n</html>\n",
        escaped(&path)
    );
    reply.typed("text/html;charset=iso-8859-1").with_body(body)
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '\'' => out.push_str("&apos;"),
            '"' => out.push_str("&quot;"),
            c if u32::from(c) > 0xff => out.push('?'),
            other => out.push(other),
        }
    }
    out
}

fn quoted(text: &str) -> String {
    text.chars()
        .filter(|c| !c.is_control())
        .flat_map(|c| match c {
            '"' | '\\' => vec!['\\', c],
            c => vec![c],
        })
        .collect()
}

fn reason(code: u16) -> &'static str {
    match code {
        200 => "OK",
        204 => "No Content",
        302 => "Found",
        304 => "Not Modified",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        413 => "Payload Too Large",
        415 => "Unsupported Media Type",
        500 => "Server Error",
        _ => "Internal Server Error",
    }
}

fn read(input: &[u8], _now: Timestamp) -> Reading {
    let blank = input.iter().take_while(|b| matches!(b, b'\r' | b'\n')).count();
    let rest = input.get(blank..).unwrap_or_default();
    if let Some(early) = early(rest) {
        return early;
    }
    let Some(length) = head_length(rest) else {
        let full = rest.len() > MAX_HEAD;
        return if full { bad("head size", 431, "Request Header Fields Too Large") } else { Reading::More };
    };
    let raw = rest.get(..length).unwrap_or_default();
    let Some(parts) = lines::request_line(raw) else {
        let line = raw.split(|b| *b == b'\n').next().unwrap_or_default().trim_ascii();
        let words = line.split(|b| *b == b' ').filter(|word| !word.is_empty()).count();
        return if words < 2 {
            bad("request line", 400, "No URI")
        } else {
            bad("version", 505, "HTTP/0.9 not supported")
        };
    };
    let version = lines::version(raw.get(parts.version.clone()).unwrap_or_default());
    let Some(version @ (Version::HTTP_10 | Version::HTTP_11)) = version else {
        return bad("version", 505, "Unknown Version");
    };
    let Some(headers) = lines::headers(raw, parts.headers, false, lines::is_token) else {
        return bad("header", 400, "Illegal character SPACE=' '");
    };
    let mut head = lines::joined(raw, parts, version, headers);
    if version == Version::HTTP_11 && head.header("Host").is_none() {
        return bad("host", 400, "No Host");
    }
    if !sound_target(head.target()) {
        return bad("target", 400, "Bad Request");
    }
    match framing(&head) {
        Ok(framing) => head.framing = framing,
        Err(words) => return bad("framing", 400, words),
    }
    Reading::Head(Box::new(head), blank + length)
}

/// A first byte that no method begins with.
fn early(input: &[u8]) -> Option<Reading> {
    let method = input.iter().take_while(|b| **b != b' ' && **b != b'\r' && **b != b'\n');
    let odd = method.copied().find(|b| !lines::is_token(*b))?;
    let words = match odd {
        0x00..=0x1f | 0x7f => format!("Illegal character CNTL=0x{odd:x}"),
        0x80.. => format!("Illegal character OTEXT=0x{odd:X}"),
        odd => format!("Illegal character '{}'", char::from(odd)),
    };
    Some(bad("request line", 400, &words))
}

/// A path with broken percent signs, or one that is read in two ways, is refused.
fn sound_target(target: &[u8]) -> bool {
    let (path, _) = split_target(target);
    let ambiguous = path.windows(3).any(|three| three == b"..;")
        || path.windows(2).any(|two| two == b"//" && path.len() == 2);
    (path.starts_with(b"/") || path.starts_with(b"http")) && percent_decode(path).is_some() && !ambiguous
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

fn framing(head: &Head) -> Result<Framing, &'static str> {
    let lengths = head.headers().filter(|(name, _)| name.eq_ignore_ascii_case(b"Content-Length")).count();
    match (head.header("Transfer-Encoding"), head.header("Content-Length")) {
        (Some(_), Some(_)) => Err("Transfer-Encoding and Content-Length"),
        (Some(coding), None) if coding.eq_ignore_ascii_case(b"chunked") => Ok(Framing::Chunked),
        (Some(_), None) => Err("Bad Transfer-Encoding, chunked not last"),
        (None, None) => Ok(Framing::None),
        (None, Some(_)) if lengths > 1 => Err("Multiple Content-Lengths"),
        (None, Some(text)) => match lines::decimal(text) {
            Some(0) => Ok(Framing::None),
            Some(length) => Ok(Framing::Length(length)),
            None => Err("Invalid Content-Length Value"),
        },
    }
}

fn bad(rule: &'static str, code: u16, words: &str) -> Reading {
    let shown = words.replace('<', "&lt;");
    let body = format!("<h1>Bad Message {code}</h1><pre>reason: {shown}</pre>");
    let answer = format!(
        "HTTP/1.1 {code} {words}\r\nContent-Type: text/html;charset=iso-8859-1\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    );
    Reading::Refused(Refused { rule, answer: Bytes::from(answer), reset: false })
}

/// Errors carry no date, since their page resets the answer; the type and length come last.
fn head(reply: &Reply, form: &Form<'_>) -> String {
    let mut out = format!("HTTP/1.1 {} {}\r\n", reply.code, reason(reply.code));
    if form.asked.version() == Version::HTTP_10 && form.keep_alive {
        out.push_str("Connection: keep-alive\r\n");
    }
    if reply.code < 400 {
        out.push_str(&format!("Date: {}\r\n", http_date(form.now)));
    }
    for (name, value) in &reply.headers {
        out.push_str(&format!("{name}: {value}\r\n"));
    }
    if !matches!(reply.code, 204 | 304) {
        match form.length {
            Some(length) => out.push_str(&format!("Content-Length: {length}\r\n")),
            None if form.chunked => out.push_str("Transfer-Encoding: chunked\r\n"),
            None => {}
        }
    }
    if !form.keep_alive && form.asked.version() == Version::HTTP_11 {
        out.push_str("Connection: close\r\n");
    }
    out.push_str("\r\n");
    out
}
