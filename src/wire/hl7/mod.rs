//! HL7 version 2 in its "vertical bar" encoding, and the minimal lower layer protocol that carries it.
//!
//! A message is never changed by reading it: [`Message`] is a view over the bytes as they came, cut
//! by the delimiters that its own header names. Nothing here knows a hospital, a session or an
//! engine's habits. Sources: HL7 v2.5.1 chapter 2 (encoding, delimiters, escapes, batches), table
//! 0211 (character sets), and the Minimal Lower Layer Protocol, release 1.

mod batch;
mod charset;
mod delimiters;
mod message;
mod mllp;
mod writer;

pub use batch::split;
pub use charset::{Charset, Text};
pub use delimiters::Delimiters;
pub use message::{Field, Malformed, Message, Segment};
pub use mllp::{BeforeStart, Deframer, Framing, Heard, LoneEnd, frame};
pub use writer::Writer;

/// Longest message taken, in bytes. The largest that hospitals send are results with an embedded
/// PDF of two or three MB in base64; a peer that sends more wants our memory.
pub const MAX_MESSAGE: usize = 4 << 20;

/// Most messages taken from one batch: nightly charge batches hold a few thousand.
pub const MAX_BATCH: usize = 10_000;
