//! What carries a session.

use serde::{Deserialize, Serialize};

/// What carries a protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Transport {
    /// TCP: connections.
    #[default]
    Tcp,
    /// UDP: datagrams with one peer.
    Udp,
}

impl Transport {
    /// Its IP protocol number (IANA).
    pub fn number(self) -> u8 {
        match self {
            Transport::Tcp => 6,
            Transport::Udp => 17,
        }
    }

    /// Its name, lower-case.
    pub fn name(self) -> &'static str {
        match self {
            Transport::Tcp => "tcp",
            Transport::Udp => "udp",
        }
    }

    /// Leaves it out of records where it is the usual one.
    pub(crate) fn is_tcp(&self) -> bool {
        *self == Transport::Tcp
    }
}
