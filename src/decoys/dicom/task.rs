//! An operation that takes more than one step, and what it works with.

use std::sync::Arc;

use bytes::Bytes;
use jiff::Timestamp;

use super::courier::Courier;
use super::negotiate::Agreed;
use super::profile::Profile;
use crate::archive::{Archive, Holdings};
use crate::imaging::Imaging;
use crate::session::{Destination, Outbox, Session};
use crate::world::World;

/// What all associations of a host share.
pub(crate) struct Shared {
    /// The product.
    pub(crate) profile: Profile,
    /// What it holds.
    pub(crate) archive: Arc<Archive>,
    /// Its images.
    pub(crate) imaging: Arc<Imaging>,
    /// The hospital.
    pub(crate) world: Arc<World>,
}

/// What one connection works with.
#[derive(Clone)]
pub(crate) struct Desk {
    /// Its session.
    pub(crate) session: Session,
    /// What it shares.
    pub(crate) shared: Arc<Shared>,
}

impl Desk {
    /// What this peer sees of the archive at a moment.
    pub(crate) fn holdings(&self, now: Timestamp) -> Holdings {
        self.shared.archive.seen(self.shared.world.at(now), self.session.overlay())
    }
}

/// An open association.
pub(crate) struct Link {
    /// What was negotiated.
    pub(crate) agreed: Agreed,
    /// How messages are cut.
    pub(crate) courier: Courier,
    /// Calling AE title.
    pub(crate) calling: Bytes,
    /// Called AE title.
    pub(crate) called: Bytes,
}

/// One call of the machine.
pub(crate) struct Turn<'a> {
    /// The connection's.
    pub(crate) desk: &'a Desk,
    /// The association's.
    pub(crate) link: &'a Link,
    /// Now.
    pub(crate) now: Timestamp,
    /// Where to write.
    pub(crate) out: &'a mut Outbox,
}

/// How far a step came.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Progress {
    /// There is more to do at once.
    Again,
    /// It waits for the peer, or for the relayed connection.
    Wait,
    /// It needs a connection.
    Connect(Destination),
    /// It is over.
    Done,
}
