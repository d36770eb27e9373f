//! An answer on its way out, alone or in a chain.

use super::packet::{HEADER, Header, long};

/// The body of an error without data, 2.2.2.
pub(super) const ERROR: [u8; 9] = [9, 0, 0, 0, 0, 0, 0, 0, 0];

/// An answer before it is put into its chain.
pub(super) struct Reply {
    pub(super) header: Header,
    pub(super) body: Vec<u8>,
    pub(super) keys: Option<super::crypto::Keys>,
}

impl Reply {
    /// The message as it stands alone.
    pub(super) fn message(&self) -> Vec<u8> {
        let mut message = [&self.header.write()[..], &self.body].concat();
        if let Some(keys) = &self.keys {
            keys.sign(&mut message);
        }
        message
    }

    pub(super) fn status(&self) -> u32 {
        self.header.status
    }
}

/// Puts answers into one chain: each begins on eight bytes, and is signed with what fills it up.
pub(super) fn join(replies: Vec<Reply>) -> Vec<u8> {
    let count = replies.len();
    let mut out = Vec::new();
    for (mut reply, number) in replies.into_iter().zip(1..) {
        if number < count {
            let length = (HEADER + reply.body.len()).next_multiple_of(8);
            reply.body.resize(length - HEADER, 0);
            reply.header.next = long(length);
        }
        out.extend(reply.message());
    }
    out
}
