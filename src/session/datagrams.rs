//! A service over UDP.

use bytes::Bytes;
use jiff::Timestamp;

/// Most answers that go out for one datagram; services answer with one, few with some.
pub const MAX_ANSWERS: usize = 8;

/// What one peer (address and port) says to a service over datagrams, as long as he keeps talking.
///
/// A source address is easily forged: what is sent back must never be more than the product's own.
/// The sensor also answers one address only so often.
pub trait Datagrams: Send {
    /// A datagram has come. Gives what goes back, at most [`MAX_ANSWERS`].
    fn receive(&mut self, now: Timestamp, datagram: &[u8]) -> Vec<Bytes>;
}
