//! The DICOM decoy: an archive that verifies, finds, sends, moves and takes, or a mere store.
//!
//! It answers as the product of its behaviour table, byte for byte and second for second, from the
//! one hospital that all decoys tell of. It never opens a connection (a C-MOVE is asked of the
//! sensor, to a host of the honeynet), never holds a whole answer or object set in memory, and never
//! trusts a length. The specs are PS3.4 (annexes A, B, C), PS3.7 and PS3.8; what the products do
//! beyond them is in `docs/decoys/dicom.md`.

mod acceptor;
mod assembler;
mod behaviour;
mod commitment;
mod console;
mod courier;
mod dispatch;
mod established;
mod find;
mod negotiate;
mod performed;
mod profile;
mod report;
mod retrieve;
mod store;
mod task;
mod tool;
mod traps;
mod worklist;

use std::sync::Arc;

use self::acceptor::Acceptor;
use self::console::Console;
use self::profile::Profile;
use self::task::{Desk, Places, Shared};
use crate::archive::Archive;
use crate::decoys::Making;
use crate::persona::{Fault, Service};
use crate::session::{Conversation, Decoy, Habit, Session};

/// A DICOM service of one host.
struct Dicom {
    shared: Arc<Shared>,
    console: Option<Arc<Console>>,
}

/// Makes the decoy from its behaviour table.
///
/// # Errors
/// A located fault of the table.
pub fn build(making: &Making, service: &Service) -> Result<Arc<dyn Decoy>, Fault> {
    let profile = Profile::read(&service.behaviour)?;
    let called = profile.table.console.iter().flat_map(|console| console.peers());
    for peer in profile.table.retrieve.iter().flat_map(|retrieve| &retrieve.peer).chain(called) {
        if peer.destination(&making.pack).is_none() {
            let at = service.behaviour.text.find(&peer.ae_title).unwrap_or(0);
            let problem = format!("host \"{}\": expected a host of the pack with a dicom service", peer.host);
            return Err(Fault::at(&service.behaviour.file, &service.behaviour.text, at, problem));
        }
    }
    tracing::debug!(host = making.host.name, product = profile.table.product, "a DICOM service");
    let (days, one_in) =
        profile.table.query.as_ref().map_or((0, 1), |query| (query.online_days, query.one_in));
    let archive = Archive::new(&making.host.name, days).sampled(one_in);
    let archive = Arc::new(archive.with_headers(Arc::clone(&making.imaging), profile.told_of_headers()));
    let world = Arc::clone(&making.world);
    let (imaging, places) = (Arc::clone(&making.imaging), Places::default());
    let shared = Arc::new(Shared { profile, archive, imaging, world, places });
    let console = Console::new(&shared, &making.pack).map(Arc::new);
    Ok(Arc::new(Dicom { shared, console }))
}

impl Decoy for Dicom {
    fn converse(&self, session: Session) -> Conversation {
        let desk = Desk { session, shared: Arc::clone(&self.shared) };
        Conversation::Machine(Box::new(Acceptor::new(desk)))
    }

    fn nagle(&self) -> bool {
        self.shared.profile.table.network.nagle
    }

    fn habit(&self) -> Option<Arc<dyn Habit>> {
        let console: Arc<dyn Habit> = self.console.clone()?;
        Some(console)
    }
}

#[cfg(test)]
mod tests;
