//! Answers in the API's own form.

use md5::{Digest, Md5};

use crate::decoys::http::dicomweb::jsoncpp::Json;
use crate::decoys::http::engine::{Ask, Reply};
use crate::decoys::http::uri::percent_decode;

/// Errors of the toolbox that the API shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// 1.
    Plugin,
    /// 2.
    NotImplemented,
    /// 3.
    OutOfRange,
    /// 7.
    Inexistent,
    /// 8.
    BadRequest,
    /// 9.
    Network,
    /// 13.
    Full,
    /// 15.
    BadFile,
    /// 17.
    Unknown,
    /// 21.
    CannotWrite,
    /// 3000.
    MediaType,
}

impl Fault {
    fn parts(self) -> (u16, &'static str, u16, &'static str) {
        match self {
            Fault::Plugin => (500, "Internal Server Error", 1, "Error encountered within the plugin engine"),
            Fault::NotImplemented => (500, "Internal Server Error", 2, "Not implemented yet"),
            Fault::OutOfRange => (400, "Bad Request", 3, "Parameter out of range"),
            Fault::Inexistent => (404, "Not Found", 7, "Accessing an inexistent item"),
            Fault::BadRequest => (400, "Bad Request", 8, "Bad request"),
            Fault::Network => (500, "Internal Server Error", 9, "Error in the network protocol"),
            Fault::Full => (507, "Insufficient Storage", 13, "The file storage is full"),
            Fault::BadFile => (400, "Bad Request", 15, "Bad file format"),
            Fault::Unknown => (404, "Not Found", 17, "Unknown resource"),
            Fault::CannotWrite => (500, "Internal Server Error", 21, "Cannot write to file"),
            Fault::MediaType => (415, "Unsupported Media Type", 3000, "Unsupported media type"),
        }
    }
}

/// An error with its description (`HttpDescribeErrors`).
pub(super) fn fault(ask: &Ask<'_>, fault: Fault, details: Option<&str>) -> Reply {
    let (code, http, number, message) = fault.parts();
    let mut members = vec![
        ("HttpError", Json::text(http)),
        ("HttpStatus", Json::number(code)),
        ("Message", Json::text(message)),
        ("Method", Json::text(String::from_utf8_lossy(ask.head.method()))),
        ("OrthancError", Json::text(message)),
        ("OrthancStatus", Json::number(number)),
        ("Uri", Json::text(uri(ask))),
    ];
    if let Some(details) = details {
        members.push(("Details", Json::text(details)));
    }
    let object = Json::Object(members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect());
    Reply::new(code).with_body(format!("{}\n", object.tabbed()))
}

/// JSON.
pub(super) fn json(value: &Json) -> Reply {
    Reply::new(200).typed("application/json; charset=utf-8").with_body(value.styled())
}

/// Plain text.
pub(super) fn text(text: impl Into<String>) -> Reply {
    Reply::new(200).typed("text/plain").with_body(text.into())
}

/// A value that has revisions: its tag is the number of the revision and the MD5 of the value.
pub(super) fn revised(reply: Reply, value: &[u8]) -> Reply {
    let digest = Md5::digest(value).iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    reply.with("ETag", format!("\"0-{digest}\""))
}

/// An id that nobody has.
pub(super) fn missing() -> Reply {
    Reply::new(404)
}

/// A method that this path does not have.
pub(super) fn not_allowed(allowed: &'static str) -> Reply {
    Reply::new(405).with("Allow", allowed)
}

/// The path as sent; a fragment is part of it.
fn path<'a>(ask: &Ask<'a>) -> &'a [u8] {
    ask.head.target().split(|b| *b == b'?').next().unwrap_or_default()
}

/// The path's components: decoded, dots resolved, empty ones dropped.
pub(super) fn components(ask: &Ask<'_>) -> Vec<String> {
    let path = path(ask);
    let decoded = percent_decode(path).unwrap_or_else(|| path.to_vec());
    let text = String::from_utf8_lossy(&decoded).into_owned();
    let mut kept: Vec<String> = Vec::new();
    for part in text.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(kept.pop()),
            part => kept.push(part.to_owned()),
        }
    }
    kept
}

/// The path as errors show it: a slash at its end stays.
fn uri(ask: &Ask<'_>) -> String {
    let parts = components(ask);
    let slash = path(ask).ends_with(b"/") && !parts.is_empty();
    format!("/{}{}", parts.join("/"), if slash { "/" } else { "" })
}
