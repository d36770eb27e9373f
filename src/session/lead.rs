//! Being led on: from a decoy that an intruder holds to other services of the honeynet.

use std::net::{IpAddr, SocketAddr};

use super::{BoxStream, Destination, Session};
use crate::event::{Led, Origin};

/// Connects decoys to each other inside the process: no packet leaves it.
pub trait Lead: Send + Sync {
    /// Starts a session with a service of the honeynet for the intruder of another session. The stream
    /// is the calling end. `None` where no such service is, or the honeynet is full.
    fn lead(&self, by: &Origin, from: IpAddr, to: &Destination) -> Option<BoxStream>;
}

impl Session {
    /// Connects from this host to a service of the honeynet, as the program of an intruder does. Its
    /// session is told as this intruder's, and sees this host as its peer.
    pub fn lead(&self, to: &Destination) -> Option<BoxStream> {
        self.leader()?.lead(self.origin(), self.host().address, to)
    }

    /// The peer as the decoy sees it: address and port.
    pub fn peer(&self) -> SocketAddr {
        let origin = self.origin();
        origin.led.as_ref().map_or(origin.source, |Led { from, .. }| *from)
    }
}
