//! HTTP/1.1 as a client: URLs, requests, answers.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::session::BoxStream;

/// Largest body that is taken: what a file of the shell may hold.
const MAX_BODY: usize = 8 << 20;

/// Largest head of an answer: curl's own limit is 300 KiB for all headers.
const MAX_HEAD: usize = 300 << 10;

/// A server that says nothing for so long is left: no program waits longer by default.
const SILENCE: Duration = Duration::from_secs(900);

/// A URL in its parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Url {
    /// Lower case.
    pub scheme: String,
    /// Name or address.
    pub host: String,
    /// Port, the scheme's own where none was given.
    pub port: u16,
    /// Path and query, with the slash.
    pub path: String,
    /// What stood before `@`.
    pub user: Option<String>,
}

impl Url {
    /// Reads one as curl and wget do, without a scheme too; `None` for a bad port.
    pub(super) fn read(text: &str) -> Option<Self> {
        let (scheme, rest) = text.split_once("://").unwrap_or(("http", text));
        let scheme = scheme.to_ascii_lowercase();
        let rest = rest.split('#').next().unwrap_or_default();
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at_checked(end)?;
        let path = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
        let (user, place) = match authority.rsplit_once('@') {
            Some((user, place)) => (Some(user.to_owned()), place),
            None => (None, authority),
        };
        let standard = standard_port(&scheme);
        let (host, port) = match place.rsplit_once(':') {
            Some((host, "")) => (host, standard),
            Some((host, port)) => (host, port.parse().ok()?),
            None => (place, standard),
        };
        Some(Url { scheme, host: host.to_owned(), port, path, user })
    }

    /// The `Host` header.
    pub(super) fn authority(&self) -> String {
        if self.port == standard_port(&self.scheme) {
            self.host.clone()
        } else {
            format!("{}:{}", self.host, self.port)
        }
    }

    /// The whole, as `Location` is resolved to.
    pub(super) fn text(&self) -> String {
        format!("{}://{}{}", self.scheme, self.authority(), self.path)
    }

    /// Where a `Location` leads from here.
    pub(super) fn follow(&self, location: &str) -> Option<Self> {
        if location.contains("://") {
            return Url::read(location);
        }
        let mut next = self.clone();
        next.path = if location.starts_with('/') {
            location.to_owned()
        } else {
            let folder = self.path.split('?').next().unwrap_or_default();
            let folder = folder.rsplit_once('/').map_or("", |(folder, _)| folder);
            format!("{folder}/{location}")
        };
        Some(next)
    }

    /// The last part of the path: the name a file gets.
    pub(super) fn file(&self) -> String {
        let path = self.path.rsplit_once('/').map_or("", |(_, file)| file);
        path.to_owned()
    }
}

fn standard_port(scheme: &str) -> u16 {
    match scheme {
        "https" => 443,
        "ftp" => 21,
        "tftp" => 69,
        _ => 80,
    }
}

/// What a server answered.
#[derive(Debug, Default)]
pub(super) struct Answer {
    /// The head as it came, status line and all, without the empty line.
    pub head: String,
    /// Status code; 0 where the head is none.
    pub status: u16,
    /// The body.
    pub body: Vec<u8>,
    /// Whether the whole body came.
    pub whole: bool,
    /// Whether the connection stays.
    pub stays: bool,
}

/// Why there is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Trouble {
    /// It ended without a word.
    Empty,
    /// It was reset.
    Reset,
    /// It speaks something else.
    NotHttp,
    /// It came too late.
    Late,
}

impl Answer {
    /// A header's value.
    pub(super) fn header(&self, wanted: &str) -> Option<&str> {
        let lines = self.head.lines().skip(1).filter_map(|line| line.split_once(':'));
        lines.filter(|(name, _)| name.trim().eq_ignore_ascii_case(wanted)).map(|(_, v)| v.trim()).last()
    }

    /// What stands behind the version in the status line.
    pub(super) fn reason(&self) -> &str {
        self.head.lines().next().and_then(|line| line.split_once(' ')).map_or("", |(_, rest)| rest)
    }
}

/// Sends a request and reads its answer.
///
/// # Errors
/// [`Trouble`] when there is none.
pub(super) async fn exchange(
    stream: &mut BoxStream,
    request: &[u8],
    bodiless: bool,
) -> Result<Answer, Trouble> {
    let sent = stream.write_all(request).await.is_ok() && stream.flush().await.is_ok();
    let mut bytes = Vec::new();
    loop {
        let mut answer = head(stream, &mut bytes, sent).await?;
        if (100..200).contains(&answer.status) && answer.status != 101 {
            continue;
        }
        let none = bodiless || matches!(answer.status, 101 | 204 | 304);
        body(stream, bytes, &mut answer, none).await;
        return Ok(answer);
    }
}

async fn more(stream: &mut BoxStream, bytes: &mut Vec<u8>) -> std::io::Result<usize> {
    match tokio::time::timeout(SILENCE, stream.read_buf(bytes)).await {
        Ok(read) => read,
        Err(_) => Ok(0),
    }
}

async fn head(stream: &mut BoxStream, bytes: &mut Vec<u8>, sent: bool) -> Result<Answer, Trouble> {
    loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(bytes.get(..end).unwrap_or_default()).into_owned();
            bytes.drain(..end + 4);
            let mut words = head.split(' ');
            let http = words.next().is_some_and(|version| version.starts_with("HTTP/1."));
            let status = words.next().and_then(|code| code.get(..3)?.parse().ok());
            let stays = head.starts_with("HTTP/1.1");
            return match status.filter(|_| http) {
                Some(status) => Ok(Answer { head, status, stays, ..Answer::default() }),
                None => Err(Trouble::NotHttp),
            };
        }
        let known = b"HTTP/1.";
        let length = known.len().min(bytes.len());
        if bytes.get(..length) != known.get(..length) || bytes.len() > MAX_HEAD {
            return Err(Trouble::NotHttp);
        }
        match more(stream, bytes).await {
            Ok(0) if bytes.is_empty() && sent => return Err(Trouble::Empty),
            Ok(0) | Err(_) if bytes.is_empty() => return Err(Trouble::Reset),
            Ok(0) | Err(_) => return Err(Trouble::NotHttp),
            Ok(_) => {}
        }
    }
}

async fn body(stream: &mut BoxStream, mut bytes: Vec<u8>, answer: &mut Answer, none: bool) {
    let says = |answer: &Answer, name: &str, what: &str| {
        answer.header(name).is_some_and(|value| value.eq_ignore_ascii_case(what))
    };
    answer.stays = answer.stays && !says(answer, "connection", "close");
    if none {
        answer.whole = true;
        return;
    }
    let chunked = says(answer, "transfer-encoding", "chunked");
    let length = answer.header("content-length").and_then(|text| text.parse::<usize>().ok());
    loop {
        let done = match (chunked, length) {
            (true, _) => unchunk(&bytes).is_some(),
            (false, Some(length)) => bytes.len() >= length,
            (false, None) => false,
        };
        if done || bytes.len() > MAX_BODY {
            break;
        }
        if !matches!(more(stream, &mut bytes).await, Ok(1..)) {
            answer.stays = false;
            answer.whole = !chunked && length.is_none();
            answer.body = bytes;
            return;
        }
    }
    answer.whole = bytes.len() <= MAX_BODY;
    answer.body = match (chunked, length) {
        (true, _) => unchunk(&bytes).unwrap_or(bytes),
        (false, Some(length)) => {
            bytes.truncate(length);
            bytes
        }
        (false, None) => bytes,
    };
}

/// The content of a chunked body that is whole (RFC 9112, section 7.1).
fn unchunk(mut bytes: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    loop {
        let end = bytes.windows(2).position(|two| two == b"\r\n")?;
        let size = std::str::from_utf8(bytes.get(..end)?).ok()?;
        let size = usize::from_str_radix(size.split(';').next()?.trim(), 16).ok()?;
        let rest = bytes.get(end + 2..)?;
        if size == 0 {
            return rest.windows(2).position(|two| two == b"\r\n").map(|_| out);
        }
        out.extend_from_slice(rest.get(..size)?);
        bytes = rest.get(size.checked_add(2)?..)?;
    }
}
