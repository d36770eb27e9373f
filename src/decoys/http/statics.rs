//! Static files as nginx serves them: types, ETag, conditions, ranges.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use jiff::Timestamp;

use super::answer::{Answer, Length, Status, http_date};
use super::head::Head;
use super::range::{self, Ranges};
use super::refusal::Refusal;

/// One file.
#[derive(Debug, Clone)]
pub(crate) struct StaticFile {
    body: Bytes,
    content_type: &'static str,
    modified: Timestamp,
    /// `"<mtime in hex>-<size in hex>"`.
    etag: String,
    /// `Last-Modified` as text.
    date: String,
}

/// All files by path, and the folders that hold them.
#[derive(Debug, Default)]
pub(crate) struct Statics {
    files: BTreeMap<String, StaticFile>,
    folders: BTreeSet<String>,
    boundaries: AtomicU64,
}

/// What a path came to.
pub(crate) enum Found {
    /// An answer.
    Answer(Answer),
    /// nginx's own page.
    Refused(Refusal),
    /// 416 for a file of so many bytes.
    Unsatisfiable(usize),
    /// A folder without its slash.
    Folder,
}

impl Statics {
    /// Adds a file under an absolute path.
    pub(crate) fn add(&mut self, path: &str, body: impl Into<Bytes>, modified: Timestamp) {
        let body = body.into();
        let etag = format!("\"{:x}-{:x}\"", modified.as_second(), body.len());
        let file =
            StaticFile { content_type: content_type(path), etag, date: http_date(modified), body, modified };
        for (at, _) in path.match_indices('/') {
            self.folders.extend(path.get(..=at).map(str::to_owned));
        }
        self.files.insert(path.to_owned(), file);
    }

    /// Answers a request for a decoded path.
    pub(crate) fn serve(&self, path: &[u8], head: &Head) -> Found {
        if !matches!(head.method(), b"GET" | b"HEAD" | b"POST") {
            return Found::Refused(Refusal::NotAllowed);
        }
        let Ok(path) = std::str::from_utf8(path) else { return Found::Refused(Refusal::NotFound) };
        if path.ends_with('/') {
            let known = self.folders.contains(path);
            return Found::Refused(if known { Refusal::Forbidden } else { Refusal::NotFound });
        }
        let Some(file) = self.files.get(path) else {
            let folder = self.folders.contains(&format!("{path}/"));
            return if folder { Found::Folder } else { Found::Refused(Refusal::NotFound) };
        };
        if head.method() == b"POST" {
            return Found::Refused(Refusal::NotAllowed);
        }
        self.send(file, head)
    }

    fn send(&self, file: &StaticFile, head: &Head) -> Found {
        if let Some(since) = head.header("If-Unmodified-Since")
            && parse_date(since).is_none_or(|since| file.modified > since)
        {
            return Found::Refused(Refusal::Precondition);
        }
        if let Some(wanted) = head.header("If-Match")
            && !etag_listed(wanted, &file.etag, false)
        {
            return Found::Refused(Refusal::Precondition);
        }
        if not_modified(file, head) {
            let mut answer = file.answer(Status::nginx(304, "Not Modified"));
            (answer.length, answer.content_type) = (Length::Untold, None);
            return Found::Answer(answer);
        }
        let ranged = head.header("Range").filter(|_| if_range(file, head));
        match ranged.map_or(Ranges::Whole, |r| range::parse(r, file.body.len())) {
            Ranges::Whole => {
                let answer = file.answer(Status::nginx(200, "OK")).with("Accept-Ranges", "bytes");
                Found::Answer(answer.with_body(file.body.clone()))
            }
            Ranges::Unsatisfiable => Found::Unsatisfiable(file.body.len()),
            Ranges::Parts(parts) => Found::Answer(self.partial(file, &parts)),
        }
    }

    fn partial(&self, file: &StaticFile, parts: &[std::ops::Range<usize>]) -> Answer {
        let status = Status::nginx(206, "Partial Content");
        let whole = file.body.len();
        let told = |part: &std::ops::Range<usize>| {
            format!("bytes {}-{}/{whole}", part.start, part.end.saturating_sub(1))
        };
        let piece = |part: &std::ops::Range<usize>| file.body.get(part.clone()).unwrap_or_default();
        if let [part] = parts {
            let body = Bytes::copy_from_slice(piece(part));
            return file.answer(status).with("Content-Range", told(part)).with_body(body);
        }
        let number = self.boundaries.fetch_add(1, Ordering::Relaxed) + 1;
        let boundary = format!("{number:020}");
        let mut body = Vec::new();
        for part in parts {
            let head = format!(
                "\r\n--{boundary}\r\nContent-Type: {}\r\nContent-Range: {}\r\n\r\n",
                file.content_type,
                told(part)
            );
            body.extend_from_slice(head.as_bytes());
            body.extend_from_slice(piece(part));
        }
        body.extend_from_slice(format!("\r\n--{boundary}--\r\n").as_bytes());
        let mut answer = file.answer(status).with_body(body);
        answer.content_type = Some(Cow::Owned(format!("multipart/byteranges; boundary={boundary}")));
        answer
    }
}

impl StaticFile {
    fn answer(&self, status: Status) -> Answer {
        let mut answer = Answer::new(status).typed(self.content_type);
        answer.last_modified = Some(self.modified);
        answer.with("ETag", self.etag.clone())
    }
}

/// nginx's default is an exact match of the date; both conditions must hold.
fn not_modified(file: &StaticFile, head: &Head) -> bool {
    let since = head.header("If-Modified-Since").map(|date| date == file.date.as_bytes());
    let tagged = head.header("If-None-Match").map(|tags| etag_listed(tags, &file.etag, true));
    match (since, tagged) {
        (None, None) => false,
        (since, tagged) => since.unwrap_or(true) && tagged.unwrap_or(true),
    }
}

fn if_range(file: &StaticFile, head: &Head) -> bool {
    match head.header("If-Range") {
        None => true,
        Some(value) if value.ends_with(b"\"") => value == file.etag.as_bytes(),
        Some(value) => value == file.date.as_bytes(),
    }
}

fn etag_listed(list: &[u8], etag: &str, weak: bool) -> bool {
    list == b"*"
        || list.split(|b| *b == b',').any(|tag| {
            let tag = tag.trim_ascii();
            let tag = if weak { tag.strip_prefix(b"W/").unwrap_or(tag) } else { tag };
            tag == etag.as_bytes()
        })
}

fn parse_date(text: &[u8]) -> Option<Timestamp> {
    let text = std::str::from_utf8(text).ok()?;
    jiff::fmt::rfc2822::parse(text).ok().map(|zoned| zoned.timestamp())
}

/// From nginx's `mime.types`, as far as a portal has such files.
fn content_type(path: &str) -> &'static str {
    let name = path.rsplit('/').next().unwrap_or_default();
    match name.rsplit_once('.').map(|(_, extension)| extension) {
        Some("html" | "htm") => "text/html",
        Some("css") => "text/css",
        Some("js") => "application/javascript",
        Some("json") => "application/json",
        Some("png") => "image/png",
        Some("svg") => "image/svg+xml",
        Some("ico") => "image/x-icon",
        Some("txt") => "text/plain",
        Some("woff2") => "font/woff2",
        _ => "application/octet-stream",
    }
}
