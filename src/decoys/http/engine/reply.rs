//! What an application answers.

use std::borrow::Cow;
use std::time::Duration;

use bytes::Bytes;

/// One part of a body that is made while it is sent.
pub(crate) struct Piece {
    /// The bytes.
    pub(crate) bytes: Bytes,
    /// For bulk that the world can make again: what it is.
    pub(crate) reference: Option<String>,
}

/// A body that is made while it is sent.
pub(crate) type Pieces = Box<dyn Iterator<Item = Piece> + Send>;

/// A body.
pub(crate) enum Body {
    /// All of it, with what it is when the world can make it again.
    Whole(Bytes, Option<String>),
    /// Pieces, and how many bytes they are in all when that is told.
    Pieces(Pieces, Option<u64>),
}

/// One answer. Headers are in the order in which the application sets them; the product decides
/// in which order they are written.
pub(crate) struct Reply {
    /// Status code.
    pub(crate) code: u16,
    /// Headers beside length, date and connection.
    pub(crate) headers: Vec<(&'static str, Cow<'static, str>)>,
    /// The body, also for HEAD.
    pub(crate) body: Body,
    /// How long the application takes for it.
    pub(crate) delay: Duration,
    /// Whether the connection ends after it.
    pub(crate) closes: bool,
}

impl Reply {
    /// An answer without a body.
    pub(crate) fn new(code: u16) -> Self {
        Reply {
            code,
            headers: Vec::new(),
            body: Body::Whole(Bytes::new(), None),
            delay: Duration::ZERO,
            closes: false,
        }
    }

    /// With one more header.
    pub(crate) fn with(mut self, name: &'static str, value: impl Into<Cow<'static, str>>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// With a content type.
    pub(crate) fn typed(self, content_type: impl Into<Cow<'static, str>>) -> Self {
        self.with("Content-Type", content_type)
    }

    /// With a body.
    pub(crate) fn with_body(mut self, body: impl Into<Bytes>) -> Self {
        self.body = Body::Whole(body.into(), None);
        self
    }

    /// With a body that the world can make again.
    pub(crate) fn with_bulk(mut self, body: impl Into<Bytes>, reference: impl Into<String>) -> Self {
        self.body = Body::Whole(body.into(), Some(reference.into()));
        self
    }

    /// With a body made while it is sent.
    pub(crate) fn with_pieces(mut self, pieces: Pieces, length: Option<u64>) -> Self {
        self.body = Body::Pieces(pieces, length);
        self
    }

    /// Taking this long.
    pub(crate) fn after(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }

    /// Ending the connection.
    pub(crate) fn closing(mut self) -> Self {
        self.closes = true;
        self
    }

    /// Bytes of the body, as far as told.
    pub(crate) fn length(&self) -> Option<u64> {
        match &self.body {
            Body::Whole(bytes, _) => u64::try_from(bytes.len()).ok(),
            Body::Pieces(_, length) => *length,
        }
    }
}
