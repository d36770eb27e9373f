//! The server's own headers, in the order in which it writes them.

use rand::RngExt;

use crate::decoys::http::answer::http_date;
use crate::decoys::http::engine::{Ask, Reply};

/// Letters of a request id.
const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
/// Length of a request id.
const REQUEST_ID: usize = 16;
/// Longest request id of a client that is given back.
const LONGEST_ID: usize = 64;

/// What an answer says of the resource in it.
#[derive(Debug, Default)]
pub(super) struct Facts {
    /// `ETag`'s version.
    pub(super) version: Option<u32>,
    /// `Last-Modified`.
    pub(super) modified: Option<jiff::Timestamp>,
    /// `Content-Location`.
    pub(super) content_location: Option<String>,
    /// `Location`.
    pub(super) location: Option<String>,
}

/// An answer with the server's headers.
pub(super) fn reply(ask: &Ask<'_>, code: u16, version: &str, facts: Facts) -> Reply {
    let mut reply = Reply::new(code)
        .with("Vary", "Origin")
        .with("Vary", "Access-Control-Request-Method")
        .with("Vary", "Access-Control-Request-Headers");
    if ask.head.header("Origin").is_some() {
        reply = reply
            .with("Access-Control-Allow-Origin", "*")
            .with("Access-Control-Expose-Headers", "Location, Content-Location");
    }
    reply =
        reply.with("X-Powered-By", format!("HAPI FHIR {version} REST Server (FHIR Server; FHIR 4.0.1/R4)"));
    let mut rest: Vec<(&'static str, String)> = vec![("X-Request-ID", request_id(ask))];
    rest.extend(facts.version.map(|version| ("ETag", format!("W/\"{version}\""))));
    rest.extend(facts.modified.map(|at| ("Last-Modified", http_date(at))));
    rest.extend(facts.content_location.map(|place| ("Content-Location", place)));
    rest.extend(facts.location.map(|place| ("Location", place)));
    rest.sort_by_key(|(name, _)| bucket(name, 16));
    rest.into_iter().fold(reply, |reply, (name, value)| reply.with(name, value))
}

/// A client's own id where it is one, else a new one.
fn request_id(ask: &Ask<'_>) -> String {
    let given = ask.head.header("X-Request-ID").unwrap_or_default();
    let sound = (1..=LONGEST_ID).contains(&given.len())
        && given.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
    if sound {
        return String::from_utf8_lossy(given).into_owned();
    }
    let mut rng = ask.session.rng(&format!("fhir/request/{}", ask.turn));
    let letter = |_| LETTERS.get(rng.random_range(0..LETTERS.len())).map_or('0', |b| char::from(*b));
    (0..REQUEST_ID).map(letter).collect()
}

/// Where Java's `HashMap` of so many buckets puts a text: its headers and lists come out in this
/// order.
pub(super) fn bucket(text: &str, buckets: u32) -> u32 {
    let hash =
        text.encode_utf16().fold(0u32, |hash, unit| hash.wrapping_mul(31).wrapping_add(u32::from(unit)));
    (hash ^ (hash >> 16)) & (buckets - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn java_hashes() {
        // "Patient".hashCode() is 873235173.
        let hash: u32 = 873_235_173;
        assert_eq!(bucket("Patient", 256), (hash ^ (hash >> 16)) & 255);
    }
}
