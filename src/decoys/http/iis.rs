//! IIS 10 on http.sys: the kernel's own refusals, and IIS's order of headers.

use std::time::Duration;

use jiff::Timestamp;

use super::answer::http_date;
use super::engine::{BadBody, Form, Product, Reading, Refused, Reply, lines};
use super::head::{Framing, Head, Version};

/// `MaxRequestBytes` of http.sys.
const MAX_HEAD: usize = 16 << 10;
/// `MaxFieldLength` of http.sys: also the longest request line's target.
const MAX_FIELD: usize = 16 << 10;

/// The product. `headerWaitTimeout` and `connectionTimeout` of a site are 120 s.
pub static IIS: Product = Product {
    read,
    head,
    keeps,
    head_wait: Duration::from_secs(120),
    idle_wait: Duration::from_secs(120),
    body_wait: Duration::from_secs(120),
    chunks: true,
    continues: true,
    bad_body: |fault| match fault {
        BadBody::Chunk => Reply::new(400),
        BadBody::TooLarge => Reply::new(413),
    },
};

pub(super) fn read(input: &[u8], now: Timestamp) -> Reading {
    let blank = input.iter().take_while(|b| matches!(b, b'\r' | b'\n')).count();
    let rest = input.get(blank..).unwrap_or_default();
    let first = rest.split(|b| matches!(b, b' ' | b'\r' | b'\n')).next().unwrap_or_default();
    if first.iter().any(|b| !lines::is_token(*b)) {
        return refused(
            "verb",
            400,
            "Bad Request",
            "Bad Request - Invalid Verb",
            "The request verb is invalid.",
            now,
        );
    }
    let length = rest.windows(4).position(|w| w == b"\r\n\r\n").map(|at| at + 4);
    if lone_line_feed(rest.get(..length.unwrap_or(rest.len())).unwrap_or_default()) {
        return badly_formed(now);
    }
    let Some(length) = length else {
        return if rest.len() > MAX_HEAD {
            refused(
                "head size",
                400,
                "Bad Request",
                "Bad Request - Request Too Long",
                "The size of the request headers is too long.",
                now,
            )
        } else {
            Reading::More
        };
    };
    let raw = rest.get(..length).unwrap_or_default();
    let Some(parts) = lines::request_line(raw) else { return badly_formed(now) };
    let version = lines::version(raw.get(parts.version.clone()).unwrap_or_default());
    let Some(version) = version else { return badly_formed(now) };
    if version != Version::HTTP_10 && version != Version::HTTP_11 {
        return refused(
            "version",
            505,
            "HTTP Version Not Supported",
            "HTTP Version Not Supported",
            "The HTTP version of the request is not supported.",
            now,
        );
    }
    let Some(headers) = lines::headers(raw, parts.headers, false, lines::is_token) else {
        return refused(
            "header",
            400,
            "Bad Request",
            "Bad Request - Invalid Header",
            "The request has an invalid header name.",
            now,
        );
    };
    let mut head = lines::joined(raw, parts, version, headers);
    if let Err((rule, title, text)) = checked(&head) {
        return refused(rule, 400, "Bad Request", title, text, now);
    }
    head.framing = match framing(&head) {
        Ok(framing) => framing,
        Err(411) => {
            return refused(
                "length",
                411,
                "Length Required",
                "Length Required",
                "The request must be chunked or have a content length.",
                now,
            );
        }
        Err(501) => {
            return refused(
                "coding",
                501,
                "Not Implemented",
                "Not Implemented",
                "The request transfer encoding type is not supported.",
                now,
            );
        }
        Err(_) => return badly_formed(now),
    };
    Reading::Head(Box::new(head), blank + length)
}

/// Whether a line ends without a carriage return: refused as soon as it is seen.
fn lone_line_feed(head: &[u8]) -> bool {
    let before = |at: usize| at.checked_sub(1).and_then(|at| head.get(at));
    head.iter().enumerate().any(|(at, byte)| *byte == b'\n' && before(at) != Some(&b'\r'))
}

type Fault = (&'static str, &'static str, &'static str);

/// Target and host as the kernel wants them.
fn checked(head: &Head) -> Result<(), Fault> {
    let target = head.target();
    let path = target.split(|b| *b == b'?').next().unwrap_or_default();
    let absolute = target.starts_with(b"http://") || target.starts_with(b"https://");
    let control = target.iter().any(|b| *b < 0x20 || *b == 0x7f);
    let broken = super::uri::percent_decode(path).is_none_or(|p| p.contains(&0));
    if (!target.starts_with(b"/") && !absolute && target != b"*")
        || control
        || broken
        || target.len() > MAX_FIELD
    {
        return Err(("url", "Bad Request - Invalid URL", "The request URL is invalid."));
    }
    let hosts = head.headers().filter(|(n, _)| n.eq_ignore_ascii_case(b"Host")).count();
    let odd = |host: &[u8]| host.iter().any(|b| matches!(b, b'/' | b'@' | b' ' | b'\\' | b'<' | b'>' | b'"'));
    let missing = hosts == 0 && head.version() == Version::HTTP_11;
    if missing || hosts > 1 || head.header("Host").is_some_and(|h| odd(h) || h.is_empty()) {
        return Err(("host", "Bad Request - Invalid Hostname", "The request hostname is invalid."));
    }
    Ok(())
}

fn framing(head: &Head) -> Result<Framing, u16> {
    match (head.header("Transfer-Encoding"), head.header("Content-Length")) {
        (Some(coding), _) if coding.eq_ignore_ascii_case(b"chunked") => Ok(Framing::Chunked),
        (Some(_), _) => Err(501),
        (None, Some(text)) => match lines::decimal(text) {
            Some(0) => Ok(Framing::None),
            Some(length) => Ok(Framing::Length(length)),
            None => Err(400),
        },
        (None, None) if matches!(head.method(), b"POST" | b"PUT") => Err(411),
        (None, None) => Ok(Framing::None),
    }
}

fn badly_formed(now: Timestamp) -> Reading {
    refused("request line", 400, "Bad Request", "Bad Request", "The request is badly formed.", now)
}

fn refused(
    rule: &'static str,
    code: u16,
    reason: &str,
    heading: &str,
    text: &str,
    now: Timestamp,
) -> Reading {
    let body = kernel_page(code, reason, heading, text);
    let answer = format!(
        "HTTP/1.1 {code} {reason}\r\nContent-Type: text/html; charset=us-ascii\r\nServer: Microsoft-HTTPAPI/2.0\r\nDate: {}\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
        http_date(now),
        body.len()
    );
    Reading::Refused(Refused { rule, answer: answer.into(), reset: false })
}

/// The kernel's page.
pub(super) fn kernel_page(code: u16, title: &str, heading: &str, text: &str) -> String {
    format!(
        "<!DOCTYPE HTML PUBLIC \"-//W3C//DTD HTML 4.01//EN\"\"http://www.w3.org/TR/html4/strict.dtd\">\r\n<HTML><HEAD><TITLE>{title}</TITLE>\r\n<META HTTP-EQUIV=\"Content-Type\" Content=\"text/html; charset=us-ascii\"></HEAD>\r\n<BODY><h2>{heading}</h2>\r\n<hr><p>HTTP Error {code}. {text}</p>\r\n</BODY></HTML>\r\n"
    )
}

pub(super) fn keeps(head: &Head) -> bool {
    let asked = head.header("Connection").unwrap_or_default().to_ascii_lowercase();
    let holds = |word: &[u8]| super::uri::holds(&asked, word);
    if head.version() == Version::HTTP_11 { !holds(b"close") } else { holds(b"keep-alive") }
}

/// Headers that IIS writes in this order before any other.
const ORDER: [&str; 10] = [
    "Cache-Control",
    "Pragma",
    "Transfer-Encoding",
    "Content-Type",
    "Expires",
    "Last-Modified",
    "Accept-Ranges",
    "ETag",
    "Location",
    "Server",
];

fn head(reply: &Reply, form: &Form<'_>) -> String {
    let mut all: Vec<(&str, String)> =
        reply.headers.iter().map(|(name, value)| (*name, value.to_string())).collect();
    if form.chunked {
        all.push(("Transfer-Encoding", "chunked".to_owned()));
    }
    all.push(("Server", "Microsoft-IIS/10.0".to_owned()));
    let place = |name: &str| {
        let known = ORDER.iter().position(|known| *known == name);
        known.unwrap_or(match name {
            "X-AspNet-Version" => ORDER.len(),
            "X-Powered-By" => ORDER.len() + 2,
            _ => ORDER.len() + 1,
        })
    };
    all.push(("X-Powered-By", "ASP.NET".to_owned()));
    all.sort_by_key(|(name, _)| place(name));
    all.push(("Date", http_date(form.now)));
    if !form.keep_alive {
        all.push(("Connection", "close".to_owned()));
    } else if form.asked.version() == Version::HTTP_10 {
        all.push(("Connection", "keep-alive".to_owned()));
    }
    if let Some(length) = form.length.filter(|_| !matches!(reply.code, 204 | 304)) {
        all.push(("Content-Length", length.to_string()));
    }
    let mut out = format!("HTTP/1.1 {} {}\r\n", reply.code, reason(reply.code));
    for (name, value) in all {
        out.push_str(&format!("{name}: {value}\r\n"));
    }
    out.push_str("\r\n");
    out
}

fn reason(code: u16) -> &'static str {
    match code {
        200 => "OK",
        301 => "Moved Permanently",
        302 => "Found",
        304 => "Not Modified",
        400 => "Bad Request",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        411 => "Length Required",
        413 => "Request Entity Too Large",
        415 => "Unsupported Media Type",
        501 => "Not Implemented",
        _ => "Internal Server Error",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Lengths that servers on the public internet show for these pages.
    #[test]
    fn pages_are_as_long_as_the_kernels() {
        let page = |code, title, heading, text| kernel_page(code, title, heading, text).len();
        assert_eq!(
            page(400, "Bad Request", "Bad Request - Invalid Hostname", "The request hostname is invalid."),
            334
        );
        assert_eq!(page(400, "Bad Request", "Bad Request", "The request is badly formed."), 311);
        assert_eq!(page(400, "Bad Request", "Bad Request - Invalid URL", "The request URL is invalid."), 324);
        assert_eq!(
            page(400, "Bad Request", "Bad Request - Invalid Verb", "The request verb is invalid."),
            326
        );
    }
}
