//! An operation that takes more than one step, and what it works with.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

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
    /// Its open associations.
    pub(crate) places: Places,
}

/// The associations that a product serves at a time, as far as it limits them.
#[derive(Default)]
pub(crate) struct Places(Arc<AtomicUsize>);

/// One of them; given back when it is dropped.
pub(crate) struct Place(Arc<AtomicUsize>);

impl Places {
    /// A place, when fewer than `limit` are taken.
    pub(crate) fn take(&self, limit: usize) -> Option<Place> {
        let more = |taken: usize| (taken < limit).then_some(taken + 1);
        self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more).ok()?;
        Some(Place(Arc::clone(&self.0)))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
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
    /// Implementation class UID of the peer.
    pub(crate) implementation: Bytes,
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
