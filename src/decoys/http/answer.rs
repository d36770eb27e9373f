//! An answer, and its bytes in the order and case that nginx writes.

use std::borrow::Cow;
use std::fmt::Write as _;

use bytes::{BufMut, Bytes, BytesMut};
use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::head::Version;

/// First proxied piece of a chunked answer: two buffers of a page, less the head that came in them.
const FIRST_CHUNK: usize = 8002;
/// Later pieces: as nginx passes on what its upstream buffers held.
const CHUNK: usize = 8192;
/// Answers up to this size leave in one write with their head.
const ONE_WRITE: usize = 32 << 10;

/// Status code and reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Status {
    /// The code.
    pub code: u16,
    /// The reason phrase: empty for answers of the application, since Tomcat sends none.
    pub reason: &'static str,
}

impl Status {
    /// A status of nginx itself.
    pub const fn nginx(code: u16, reason: &'static str) -> Self {
        Status { code, reason }
    }

    /// A status that the application set.
    pub const fn proxied(code: u16) -> Self {
        Status { code, reason: "" }
    }
}

/// How the body's length is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Length {
    /// By `Content-Length`.
    Told,
    /// By chunks, to clients that know them: what the application sent without a length.
    Chunked,
    /// Not at all: the answer has no body by its status.
    Untold,
}

/// One answer.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The status.
    pub status: Status,
    /// `Content-Type`.
    pub content_type: Option<Cow<'static, str>>,
    /// `Last-Modified`.
    pub last_modified: Option<Timestamp>,
    /// `Location`, absolute.
    pub location: Option<String>,
    /// All other headers, in order.
    pub extra: Vec<(&'static str, Cow<'static, str>)>,
    /// The body, also for HEAD: its length is told.
    pub body: Bytes,
    /// How the length is told.
    pub length: Length,
    /// Whether a HEAD request leaves the length untold: Tomcat does not count what it never writes.
    pub head_untold: bool,
}

impl Answer {
    /// An answer without a body.
    pub fn new(status: Status) -> Self {
        Answer {
            status,
            content_type: None,
            last_modified: None,
            location: None,
            extra: Vec::new(),
            body: Bytes::new(),
            length: Length::Told,
            head_untold: status.reason.is_empty(),
        }
    }

    /// Whether a client of this version learns where the answer ends.
    pub fn ends_by_itself(&self, version: Version) -> bool {
        self.length != Length::Chunked || version >= Version::HTTP_11
    }

    /// With a content type.
    pub fn typed(mut self, content_type: impl Into<Cow<'static, str>>) -> Self {
        self.content_type = Some(content_type.into());
        self
    }

    /// With a body.
    pub fn with_body(mut self, body: impl Into<Bytes>) -> Self {
        self.body = body.into();
        self
    }

    /// With an absolute location.
    pub fn with_location(mut self, location: String) -> Self {
        self.location = Some(location);
        self
    }

    /// With one more header.
    pub fn with(mut self, name: &'static str, value: impl Into<Cow<'static, str>>) -> Self {
        self.extra.push((name, value.into()));
        self
    }
}

/// What the request says about the form of its answer.
#[derive(Debug, Clone, Copy)]
pub struct Form {
    /// Version of the request.
    pub version: Version,
    /// Whether only the head is wanted.
    pub head_only: bool,
    /// Whether the connection lives on.
    pub keep_alive: bool,
}

/// The answer's bytes: one entry for each write.
pub fn encode(answer: &Answer, form: Form, server: &str, now: Timestamp) -> Vec<Bytes> {
    let chunked = answer.length == Length::Chunked && form.version >= Version::HTTP_11;
    let body = if form.head_only { Bytes::new() } else { answer.body.clone() };
    if form.version < Version::HTTP_10 {
        return vec![body];
    }
    let mut out = BytesMut::with_capacity(512 + body.len().min(ONE_WRITE));
    let mut head = String::with_capacity(512);
    // Writing to a String can't fail.
    let _ = write_head(&mut head, answer, form, chunked, server, now);
    out.put_slice(head.as_bytes());
    if chunked && !form.head_only {
        put_chunks(&mut out, &body);
        return vec![out.freeze()];
    }
    if body.len() > ONE_WRITE {
        return vec![out.freeze(), body];
    }
    out.put_slice(&body);
    vec![out.freeze()]
}

fn write_head(
    out: &mut String,
    answer: &Answer,
    form: Form,
    chunked: bool,
    server: &str,
    now: Timestamp,
) -> std::fmt::Result {
    write!(out, "HTTP/1.1 {} {}\r\nServer: {server}\r\nDate: ", answer.status.code, answer.status.reason)?;
    write_date(out, now)?;
    out.push_str("\r\n");
    if let Some(content_type) = &answer.content_type {
        write!(out, "Content-Type: {content_type}\r\n")?;
    }
    let untold = form.head_only && answer.head_untold;
    if answer.length == Length::Told && !untold {
        write!(out, "Content-Length: {}\r\n", answer.body.len())?;
    }
    if let Some(modified) = answer.last_modified {
        out.push_str("Last-Modified: ");
        write_date(out, modified)?;
        out.push_str("\r\n");
    }
    if let Some(location) = &answer.location {
        write!(out, "Location: {location}\r\n")?;
    }
    if chunked && !untold {
        out.push_str("Transfer-Encoding: chunked\r\n");
    }
    out.push_str(if form.keep_alive { "Connection: keep-alive\r\n" } else { "Connection: close\r\n" });
    for (name, value) in &answer.extra {
        write!(out, "{name}: {value}\r\n")?;
    }
    out.push_str("\r\n");
    Ok(())
}

fn put_chunks(out: &mut BytesMut, body: &[u8]) {
    let (first, rest) = body.split_at(FIRST_CHUNK.min(body.len()));
    for chunk in std::iter::once(first).chain(rest.chunks(CHUNK)).filter(|c| !c.is_empty()) {
        out.put_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
        out.put_slice(chunk);
        out.put_slice(b"\r\n");
    }
    out.put_slice(b"0\r\n\r\n");
}

const DAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// IMF-fixdate, RFC 9110 section 5.6.7.
fn write_date(out: &mut String, at: Timestamp) -> std::fmt::Result {
    let (day, month, t) = date_parts(at);
    let (date, time) = (t.date(), t.time());
    write!(
        out,
        "{day}, {:02} {month} {:04} {:02}:{:02}:{:02} GMT",
        date.day(),
        date.year(),
        time.hour(),
        time.minute(),
        time.second()
    )
}

/// IMF-fixdate as text.
pub fn http_date(at: Timestamp) -> String {
    let mut out = String::with_capacity(29);
    let _ = write_date(&mut out, at);
    out
}

/// The older form with hyphens that Java's cookie libraries write.
pub fn cookie_date(at: Timestamp) -> String {
    let (day, month, t) = date_parts(at);
    let (date, time) = (t.date(), t.time());
    format!(
        "{day}, {:02}-{month}-{:04} {:02}:{:02}:{:02} GMT",
        date.day(),
        date.year(),
        time.hour(),
        time.minute(),
        time.second()
    )
}

fn date_parts(at: Timestamp) -> (&'static str, &'static str, jiff::civil::DateTime) {
    let t = at.to_zoned(TimeZone::UTC).datetime();
    let pick = |names: &[&'static str], index: i8| {
        usize::try_from(index).ok().and_then(|i| names.get(i).copied()).unwrap_or_default()
    };
    (pick(&DAYS, t.weekday().to_monday_zero_offset()), pick(&MONTHS, t.month() - 1), t)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_in_the_fixed_form() {
        let at: Timestamp = "2024-03-12T01:41:07Z".parse().unwrap();
        assert_eq!(http_date(at), "Tue, 12 Mar 2024 01:41:07 GMT");
        assert_eq!(cookie_date(at), "Tue, 12-Mar-2024 01:41:07 GMT");
    }

    #[test]
    fn chunks_end_with_the_empty_one() {
        let mut out = BytesMut::new();
        put_chunks(&mut out, &vec![b'x'; 8002 + 8192 + 1]);
        assert!(out.starts_with(b"1f42\r\nx"));
        assert!(out.ends_with(b"\r\n1\r\nx\r\n0\r\n\r\n"));
    }
}
