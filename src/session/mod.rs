//! The contract between the sensor and a decoy.
//!
//! A decoy is made once per deception host and port ([`Decoy`]); for each connection it starts a
//! [`Conversation`]: either a [`Machine`] (bytes and time in; bytes and a next step out) or, where
//! a library must own the stream, a future over a tapped stream. All that it may know and touch is
//! the [`Session`] it is handed. A decoy opens no socket, reads no clock, no file and no
//! environment, and draws no unseeded randomness.

#[cfg(test)]
pub(crate) mod bench;
mod context;
mod datagrams;
mod examine;
mod habit;
mod laboratory;
mod lead;
mod machine;
mod privacy;
mod registry;
mod secured;
mod tls;
mod windows;

pub use context::{
    Artefact, ArtefactSink, Clock, Emit, Kept, Line, Recorder, Session, SessionParts, TerminalSink, heavy,
};
pub use datagrams::{Datagrams, MAX_ANSWERS};
pub use habit::{Errand, Habit, Span};
pub use laboratory::WrittenResult;
pub use lead::Lead;
pub use machine::{Destination, Machine, Next, Outbox, RelayEvent, Wake, Write};
pub use privacy::{Privacy, Real, RealObjects};
pub use registry::WrittenPatient;
pub use secured::{Early, Secured};
pub use tls::{Tls, TlsRules, tls_config};
pub use windows::{WindowsCertificate, filetime, windows_certificate, windows_names, windows_version};

use std::pin::Pin;
use std::sync::Arc;

use tokio::io::{AsyncRead, AsyncWrite};

/// A stream as a decoy sees it: plain bytes, already recorded on the way.
pub trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// A boxed [`Stream`].
pub type BoxStream = Box<dyn Stream>;

/// The future that serves one stream to its end.
pub type Serving = Pin<Box<dyn Future<Output = ()> + Send>>;

/// One service of one deception host, ready to answer.
pub trait Decoy: Send + Sync {
    /// Starts a conversation on a connection that was just accepted.
    fn converse(&self, session: Session) -> Conversation;

    /// Starts a conversation with a peer that speaks plain text to a port of TLS. `None`: the
    /// product's TLS refuses it.
    fn converse_plain(&self, session: Session) -> Option<Conversation> {
        let _ = session;
        None
    }

    /// Whether the product leaves Nagle's algorithm on (no `TCP_NODELAY`), which shows in how its
    /// writes become segments.
    fn nagle(&self) -> bool {
        false
    }

    /// Whether its port is no service of its own: who connects there belongs to a machine of the same
    /// host that expects him ([`Outbox::expect`]).
    fn is_side_door(&self) -> bool {
        false
    }

    /// What the product does of its own accord, when it does something.
    fn habit(&self) -> Option<Arc<dyn Habit>> {
        None
    }
}

/// How a decoy holds one connection.
pub enum Conversation {
    /// A machine without I/O: preferred, since it can be split, fuzzed and replayed.
    Machine(Box<dyn Machine>),
    /// A library owns the stream.
    Stream(Box<dyn FnOnce(BoxStream) -> Serving + Send>),
    /// A library owns the stream and its bytes are encrypted by the protocol itself (SSH): the
    /// decoy records the plain bytes by [`Session::transcript`], the tap only counts.
    Opaque(Box<dyn FnOnce(BoxStream) -> Serving + Send>),
    /// Datagrams with one peer: only for protocols over UDP.
    Datagrams(Box<dyn Datagrams>),
}
