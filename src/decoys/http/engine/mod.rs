//! One connection to any embedded web server: what differs between products is data and a few
//! functions in a [`Product`]; what an application answers comes from an `Application`.

mod connection;
pub(crate) mod lines;
mod reply;

use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;

pub(crate) use connection::Connection;
pub(crate) use reply::{Body, Piece, Pieces, Reply};

use super::head::Head;
use crate::session::Session;

/// A server product: how it reads heads, writes heads, and waits.
pub struct Product {
    /// Reads the head at the start of the input; the moment is for refusals that carry a date.
    pub(crate) read: fn(&[u8], Timestamp) -> Reading,
    /// The bytes of an answer's head.
    pub(crate) head: fn(&Reply, &Form<'_>) -> String,
    /// Whether a connection lives on after this request, as far as the request decides.
    pub(crate) keeps: fn(&Head) -> bool,
    /// How long it waits for a head.
    pub(crate) head_wait: Duration,
    /// How long it waits for the next request.
    pub(crate) idle_wait: Duration,
    /// How long it waits for more of a body.
    pub(crate) body_wait: Duration,
    /// Whether an answer without a length goes out in chunks to clients that know them, else until
    /// the connection ends.
    pub(crate) chunks: bool,
    /// Whether the product knows the expectation `100-continue`.
    pub(crate) continues: bool,
    /// Its answer to a body that is larger than it takes, or whose chunks are broken.
    pub(crate) bad_body: fn(BadBody) -> Reply,
}

impl Product {
    /// Reads the head at the start of the input, as this product does.
    pub fn read_head(&self, input: &[u8], now: Timestamp) -> Reading {
        (self.read)(input, now)
    }
}

/// What a reading came to.
#[derive(Debug)]
pub enum Reading {
    /// More input is needed.
    More,
    /// A head, and how many bytes it took.
    Head(Box<Head>, usize),
    /// Refused; the connection ends after the answer, which may be empty.
    Refused(Refused),
}

/// A refused head.
#[derive(Debug)]
pub struct Refused {
    /// Our name for the rule that was broken.
    pub rule: &'static str,
    /// All bytes of the answer.
    pub answer: Bytes,
    /// Whether the connection is reset instead of closed.
    pub reset: bool,
}

/// What is wrong with a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BadBody {
    /// Not chunks.
    Chunk,
    /// Larger than taken.
    TooLarge,
}

/// What the head of an answer depends on beside the answer.
pub(crate) struct Form<'a> {
    /// The request's head.
    pub(crate) asked: &'a Head,
    /// Length of the body; `None` when it goes out in pieces.
    pub(crate) length: Option<u64>,
    /// Whether the body goes out in chunks.
    pub(crate) chunked: bool,
    /// Whether the connection lives on.
    pub(crate) keep_alive: bool,
    /// Now.
    pub(crate) now: Timestamp,
}

/// A request with its body.
pub(crate) struct Ask<'a> {
    /// The head.
    pub(crate) head: &'a Head,
    /// The body.
    pub(crate) body: &'a Bytes,
    /// The connection's session.
    pub(crate) session: &'a Session,
    /// Counts the requests of the connection from 1.
    pub(crate) turn: u32,
    /// Now.
    pub(crate) now: Timestamp,
}

/// What a server runs.
pub(crate) trait Application: Send + Sync {
    /// The server it runs in.
    fn product(&self) -> &'static Product;

    /// Most bytes of a request's body.
    fn body_limit(&self) -> usize;

    /// Whether this request may go on to its body; else the answer that it gets at once.
    fn admits(&self, head: &Head, session: &Session) -> Result<(), Reply> {
        let _ = (head, session);
        Ok(())
    }

    /// Answers one request.
    fn answer(&self, ask: &Ask<'_>) -> Reply;
}
