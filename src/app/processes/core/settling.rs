//! Brings a session's files to the disk before the chain speaks of them: a record that names a file's hash
//! must not outlive the file's bytes when the power goes.

use std::collections::BTreeSet;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use crate::app::Layout;
use crate::event::observation::Direction;
use crate::event::{Event, Observation};
use crate::link::Batch;
use crate::record::{SessionFiles, artefacts};
use crate::sys::disk::sync_file_system;

/// Up to so many files are synced one by one (a millisecond each on a solid-state disk); more cost less with
/// all else that waits for their disk.
const ONE_BY_ONE: usize = 4;

/// Where sessions' files are.
pub(super) struct Settling {
    sessions: PathBuf,
    artefacts: PathBuf,
}

impl Settling {
    /// For the files of an installation.
    pub(super) fn new(layout: &Layout) -> Self {
        Settling { sessions: layout.sessions(), artefacts: layout.artefacts() }
    }

    /// Makes the files durable that these batches name. A disk that can't is no reason to keep the events
    /// waiting: it is told, and the check of the evidence will tell which file suffered.
    pub(super) fn settle(&self, group: &[Batch]) {
        let events = group.iter().flat_map(|batch| &batch.items);
        let files: BTreeSet<PathBuf> = events.flat_map(|item| self.files(&item.event)).collect();
        let settled = if files.len() > ONE_BY_ONE {
            [&self.sessions, &self.artefacts].into_iter().try_for_each(|folder| sync_all_around(folder))
        } else {
            files.iter().try_for_each(|file| sync(file))
        };
        if let Err(error) = settled {
            tracing::error!(%error, "files of sessions may not outlive a power cut");
        }
    }

    fn files(&self, event: &Event) -> Vec<PathBuf> {
        let Event::Session(event) = event else { return Vec::new() };
        match &event.observation {
            Observation::Closed { transcript: Some(_), .. } => {
                let own = SessionFiles::new(&self.sessions, event.origin.session);
                [own.terminals(), vec![own.transcript(), own.secrets()]].concat()
            }
            Observation::Transfer { direction: Direction::Upload, sha256, .. }
            | Observation::RealData { sha256, .. } => {
                artefacts::path(&self.artefacts, sha256).into_iter().collect()
            }
            _ => Vec::new(),
        }
    }
}

fn sync(file: &Path) -> io::Result<()> {
    unless_missing(File::open(file).and_then(|file| file.sync_data()))
}

fn sync_all_around(folder: &Path) -> io::Result<()> {
    unless_missing(File::open(folder).and_then(|folder| sync_file_system(&folder)))
}

/// What was not kept, or is withheld by now, needs no disk.
fn unless_missing(done: io::Result<()>) -> io::Result<()> {
    match done {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        done => done,
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::oneshot;
    use uuid::Uuid;

    use super::*;
    use crate::event::observation::{CloseReason, FileDigest};
    use crate::event::{Origin, SessionEvent, SessionId};
    use crate::link::Item;

    fn event(observation: Observation) -> Event {
        let origin = Origin {
            session: SessionId(Uuid::from_u128(0xaa)),
            source: "10.0.0.1:4000".parse().unwrap(),
            target: "127.0.10.11:22".parse().unwrap(),
            host: "his".into(),
            service: "ssh".into(),
            transport: crate::event::Transport::Tcp,
            own: false,
            led: None,
        };
        Event::Session(SessionEvent { origin, index: 0, at: jiff::Timestamp::UNIX_EPOCH, observation })
    }

    fn closed(transcript: Option<FileDigest>) -> Event {
        let reason = CloseReason::Peer;
        event(Observation::Closed { reason, bytes_in: 0, bytes_out: 0, duration_ms: 0, transcript })
    }

    #[test]
    fn the_end_of_a_session_names_its_files_and_an_upload_its_own() {
        let dir = tempfile::tempdir().unwrap();
        let layout = Layout::new(dir.path());
        let settling = Settling::new(&layout);
        let files = SessionFiles::new(&layout.sessions(), SessionId(Uuid::from_u128(0xaa)));
        std::fs::create_dir_all(files.transcript().parent().unwrap()).unwrap();
        std::fs::write(files.terminal(1), "{}").unwrap();
        let digest = FileDigest { sha256: "ab".repeat(32), size: 3 };
        assert_eq!(
            settling.files(&closed(Some(digest))),
            [files.terminal(1), files.transcript(), files.secrets()]
        );
        assert_eq!(settling.files(&closed(None)), [] as [PathBuf; 0]);
        let upload = |direction| Observation::Transfer {
            direction,
            name: "x".into(),
            size: 3,
            sha256: "cd".repeat(32),
        };
        let kept = artefacts::path(&layout.artefacts(), &"cd".repeat(32)).unwrap();
        assert_eq!(settling.files(&event(upload(Direction::Upload))), [kept]);
        assert_eq!(settling.files(&event(upload(Direction::Download))), [] as [PathBuf; 0]);
    }

    #[test]
    fn files_that_are_not_there_are_no_failure() {
        let dir = tempfile::tempdir().unwrap();
        assert!(sync(&dir.path().join("none")).is_ok());
        assert!(sync_all_around(&dir.path().join("none")).is_ok());
        assert!(sync_all_around(dir.path()).is_ok());
        let (done, _) = oneshot::channel();
        let items = vec![Item { position: 0, event: closed(None) }];
        Settling::new(&Layout::new(dir.path())).settle(&[Batch {
            stream: Uuid::nil(),
            process: "sensor".into(),
            items,
            done,
        }]);
    }
}
