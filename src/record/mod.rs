//! The bytes of a session: transcript, terminal recordings, files handed over, packets.
//!
//! It keeps what was sent, exactly and in order, in append-only files that survive a cut at any
//! byte. It never judges and never interprets: to it every byte is evidence. Layouts and their
//! reasons are in `docs/design/evidence.md`.

pub mod artefacts;
pub mod cast;
pub mod packets;
pub mod seal;
pub mod transcript;

mod appender;

pub use artefacts::{ArtefactSummary, ArtefactWriter, Artefacts};
pub use cast::Cast;
pub use seal::Recipient;
pub use transcript::{Transcript, TranscriptSummary};

use std::path::{Path, PathBuf};

use crate::event::SessionId;

/// Where the files of one session are: `<sessions>/<last two hex digits of the id>/<id>.…`.
///
/// The last byte of a UUIDv7 is random, so 256 folders share the sessions evenly; a session has no
/// folder of its own because making one would cost as much as its transcript.
#[derive(Debug, Clone)]
pub struct SessionFiles {
    folder: PathBuf,
    id: String,
}

impl SessionFiles {
    /// The places of one session; nothing is made.
    pub fn new(sessions: &Path, session: SessionId) -> Self {
        let id = session.to_string();
        let fan = id.get(id.len().saturating_sub(2)..).unwrap_or_default().to_owned();
        SessionFiles { folder: sessions.join(fan), id }
    }

    /// The transcript.
    pub fn transcript(&self) -> PathBuf {
        self.folder.join(format!("{}.hwt", self.id))
    }

    /// Secrets of the session's TLS, as a key log (RFC 9850): with them its packets can be read.
    pub fn secrets(&self) -> PathBuf {
        self.folder.join(format!("{}.keys", self.id))
    }

    /// The terminal recording of this number, counted from 1.
    pub fn terminal(&self, number: u32) -> PathBuf {
        self.folder.join(format!("{}.terminal-{number}.cast", self.id))
    }

    /// All terminal recordings there are, in order.
    pub fn terminals(&self) -> Vec<PathBuf> {
        (1..).map(|n| self.terminal(n)).take_while(|path| path.is_file()).collect()
    }
}
