//! Looks after closed segments: on the disk for good, hashed, indexed, and removed when it is time.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::sync::PoisonError;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};

use super::index::Index;
use super::retention::{Removed, forget, make_room};
use super::segment::{Growing, Segment, list};
use super::writer::{Shared, limit};
use crate::event::SystemEvent;
use crate::record::appender::to_u64;

/// The growing segment is synced this often: a power loss costs no more packets than that. A
/// quota that is full while nothing may be removed is looked at again as often.
const PERIOD: Duration = Duration::from_secs(30);

/// Works until the writer is gone.
pub(super) fn run(shared: &Shared, closed: &Receiver<Growing>) {
    loop {
        match closed.recv_timeout(PERIOD) {
            Ok(growing) => {
                let Growing { segment, file, index, hash, length, .. } = growing;
                let digest = (hex::encode(hash.finalize()), length);
                warn_of("closing a segment", close(shared, &segment, &file, digest, &index));
                warn_of("making room", room(shared));
                warn_of("removing what is old", age(shared));
            }
            Err(RecvTimeoutError::Timeout) => {
                warn_of("syncing packets", sync(shared));
                warn_of("removing what is old", age(shared));
                if shared.full.load(Relaxed) {
                    warn_of("making room", room(shared));
                }
            }
            Err(RecvTimeoutError::Disconnected) => return,
        }
    }
}

/// Closes segments that have no index: a crash left them.
pub(super) fn close_leftovers(shared: &Shared) -> io::Result<()> {
    for segment in list(&shared.settings.packets)? {
        if Index::load(&segment.index()).is_none() {
            let index = Index::build(&segment.path)?;
            let digest = digest(&segment.path)?;
            close(shared, &segment, &File::open(&segment.path)?, digest, &index)?;
        }
    }
    room(shared)
}

/// The index comes last: it says that all the rest was done.
fn close(
    shared: &Shared,
    segment: &Segment,
    file: &File,
    (sha256, bytes): (String, u64),
    index: &Index,
) -> io::Result<()> {
    file.sync_data()?;
    let packets = index.packets;
    (shared.report)(SystemEvent::SegmentClosed { segment: segment.name(), bytes, packets, sha256 });
    index.save(&segment.index())
}

fn digest(path: &Path) -> io::Result<(String, u64)> {
    let (mut file, mut hash, mut length) = (File::open(path)?, Sha256::new(), 0);
    let mut chunk = vec![0; 256 << 10];
    loop {
        match file.read(&mut chunk)? {
            0 => return Ok((hex::encode(hash.finalize()), length)),
            read => {
                hash.update(&chunk[..read]);
                length += to_u64(read);
            }
        }
    }
}

fn room(shared: &Shared) -> io::Result<()> {
    let room = make_room(&shared.settings.packets, limit(&shared.settings))?;
    for Removed { segment, bytes, incidents } in room.removed {
        (shared.report)(SystemEvent::SegmentRemoved { segment, bytes, incidents, old: false });
    }
    if shared.full.swap(!room.enough, Relaxed) == room.enough {
        tracing::warn!(full = !room.enough, "quota of packets while none may be removed");
    }
    Ok(())
}

/// Removes what is older than it is kept.
fn age(shared: &Shared) -> io::Result<()> {
    let Some(age) = shared.settings.age.and_then(|age| SignedDuration::try_from(age).ok()) else {
        return Ok(());
    };
    for Removed { segment, bytes, incidents } in forget(&shared.settings.packets, Timestamp::now() - age)? {
        (shared.report)(SystemEvent::SegmentRemoved { segment, bytes, incidents, old: true });
    }
    Ok(())
}

fn sync(shared: &Shared) -> io::Result<()> {
    let growing = shared.growing.lock().unwrap_or_else(PoisonError::into_inner);
    let file = growing.as_ref().map(File::try_clone).transpose()?;
    drop(growing);
    file.map_or(Ok(()), |file| file.sync_data())
}

fn warn_of(what: &str, result: io::Result<()>) {
    if let Err(error) = result {
        tracing::warn!(%error, "{what} failed");
    }
}
