//! Joins a session's recorder to the files of the record room.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;

use crate::event::SessionId;
use crate::event::observation::FileDigest;
use crate::record::{
    ArtefactWriter, Artefacts, Cast, Recipient, SessionFiles, Transcript, TranscriptSummary,
};
use crate::session::{Artefact, ArtefactSink, Recorder, TerminalSink};

/// The bytes of one session on disk.
pub(super) struct SessionRecorder {
    session: SessionId,
    sessions: PathBuf,
    artefacts: Artefacts,
    transcript: Mutex<Option<Transcript>>,
    terminals: AtomicU32,
    recipient: Option<Recipient>,
    withheld: AtomicBool,
    /// Lines of a key log that are not on the disk yet.
    secrets: Mutex<Vec<u8>>,
}

/// Most bytes of TLS secrets of one session: a connection has six lines of at most 200 bytes.
const SECRETS_CAP: usize = 16 << 10;

/// What a withheld transcript says in place of the peer's bytes.
const WITHHELD: &str = "withheld: real data";

impl SessionRecorder {
    pub(super) fn new(
        sessions: PathBuf,
        session: SessionId,
        artefacts: Artefacts,
        cap: u64,
        recipient: Option<Recipient>,
    ) -> Arc<Self> {
        let transcript = Mutex::new(Some(Transcript::with_cap(&sessions, session, cap)));
        Arc::new(SessionRecorder {
            session,
            sessions,
            artefacts,
            transcript,
            terminals: AtomicU32::new(0),
            recipient,
            withheld: AtomicBool::new(false),
            secrets: Mutex::default(),
        })
    }

    /// Notes bulk by its name.
    pub(super) fn reference(&self, at: Timestamp, name: &str, length: usize) {
        if let Some(transcript) = self.transcript().as_mut() {
            transcript.reference(at, true, name, length as u64);
        }
    }

    /// Hands what is buffered to the kernel, where a kill can't lose it.
    pub(super) fn flush(&self) {
        if let Some(transcript) = self.transcript().as_mut() {
            transcript.flush();
        }
        self.keep_secrets();
    }

    fn keep_secrets(&self) {
        let lines = std::mem::take(&mut *self.secrets.lock().unwrap_or_else(PoisonError::into_inner));
        if lines.is_empty() {
            return;
        }
        let path = SessionFiles::new(&self.sessions, self.session).secrets();
        let written = path.parent().map_or(Ok(()), fs::create_dir_all).and_then(|()| {
            OpenOptions::new().append(true).create(true).mode(0o640).open(&path)?.write_all(&lines)
        });
        if let Err(error) = written {
            tracing::warn!(%error, session = %self.session, "its packets will stay encrypted");
        }
    }

    /// Ends the transcript; tells what it holds and how many bytes were not kept.
    pub(super) fn finish(&self, at: Timestamp) -> (Option<FileDigest>, u64) {
        self.keep_secrets();
        let Some(transcript) = self.transcript().take() else { return (None, 0) };
        let mut summary = transcript.finish(at);
        if self.withheld.load(Ordering::Relaxed) && summary.length > 0 {
            match Transcript::withhold(&self.sessions, self.session, WITHHELD) {
                Ok(withheld) => summary = TranscriptSummary { dropped: summary.dropped, ..withheld },
                Err(error) => {
                    tracing::error!(%error, "a transcript with real data could not be reduced and is removed");
                    return (None, summary.length);
                }
            }
        }
        let digest =
            (summary.length > 0).then_some(FileDigest { sha256: summary.sha256, size: summary.length });
        (digest, summary.dropped)
    }

    fn transcript(&self) -> MutexGuard<'_, Option<Transcript>> {
        self.transcript.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Recorder for SessionRecorder {
    fn transcript(&self, at: Timestamp, to_peer: bool, bytes: &[u8]) {
        if let Some(transcript) = self.transcript().as_mut() {
            if !to_peer && self.withheld.load(Ordering::Relaxed) {
                return transcript.reference(at, false, WITHHELD, bytes.len() as u64);
            }
            transcript.append(at, to_peer, bytes);
        }
    }

    fn seal(&self, sha256: &str) -> Option<Artefact> {
        let Some(recipient) = &self.recipient else {
            self.artefacts.discard(sha256);
            return None;
        };
        match self.artefacts.seal(sha256, recipient) {
            Ok(summary) => Some(Artefact { sha256: summary.sha256, size: summary.size }),
            Err(error) => {
                tracing::error!(%error, "a real object could not be sealed and is removed");
                None
            }
        }
    }

    fn discard(&self, sha256: &str) {
        self.artefacts.discard(sha256);
    }

    fn withhold(&self) {
        self.withheld.store(true, Ordering::Relaxed);
    }

    fn tls_secret(&self, label: &str, client_random: &[u8], secret: &[u8]) {
        let line = format!("{label} {} {}\n", hex::encode(client_random), hex::encode(secret));
        let mut lines = self.secrets.lock().unwrap_or_else(PoisonError::into_inner);
        if lines.len() + line.len() <= SECRETS_CAP {
            lines.extend_from_slice(line.as_bytes());
        }
    }

    fn artefact(&self) -> Box<dyn ArtefactSink> {
        Box::new(File(self.artefacts.begin()))
    }

    fn read_artefact(&self, sha256: &str, cap: usize) -> Option<Vec<u8>> {
        self.artefacts.read(sha256, cap)
    }

    fn terminal(&self, at: Timestamp, columns: u16, rows: u16, title: &str) -> Box<dyn TerminalSink> {
        let number = self.terminals.fetch_add(1, Ordering::Relaxed) + 1;
        let cast = Cast::create(&self.sessions, self.session, number, at, (columns, rows), title);
        Box::new(Terminal(Mutex::new(cast)))
    }
}

struct File(ArtefactWriter);

impl ArtefactSink for File {
    fn write(&mut self, bytes: &[u8]) {
        self.0.write(bytes);
    }

    fn finish(self: Box<Self>) -> Artefact {
        let summary = self.0.finish();
        Artefact { sha256: summary.sha256, size: summary.size }
    }
}

struct Terminal(Mutex<Cast>);

impl Terminal {
    fn with(&self, write: impl FnOnce(&mut Cast)) {
        let mut cast = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        write(&mut cast);
        cast.flush();
    }
}

impl TerminalSink for Terminal {
    fn output(&self, at: Timestamp, bytes: &[u8]) {
        self.with(|cast| cast.output(at, bytes));
    }

    fn input(&self, at: Timestamp, bytes: &[u8]) {
        self.with(|cast| cast.input(at, bytes));
    }

    fn resize(&self, at: Timestamp, columns: u16, rows: u16) {
        self.with(|cast| cast.resize(at, columns, rows));
    }
}
