//! Every byte of a conversation, with time and direction.
//!
//! File layout, big endian. Head: magic `HWT1`, session id (16 bytes). Then entries: kind (1 byte),
//! time in ns since 1970 (i64), length of what follows (u32), and
//!
//! | kind | what follows |
//! |---|---|
//! | `<` | bytes from the peer |
//! | `>` | bytes to the peer |
//! | `{` `}` | bulk from / to the peer that can be made again: its length (u64), its name (UTF-8) |
//! | `!` | bytes that were not kept (u64): a cap or the disk was full |
//!
//! No kind is 0, so neither a file cut at any byte nor one that ends in zeroes after a power loss
//! can show an entry that was never written: the reader stops at the last whole one.

use std::fs::{self, File};
use std::io::{self, BufReader, Read};
use std::path::Path;

use jiff::Timestamp;

use super::SessionFiles;
use super::appender::{Appender, to_u64};
use crate::event::SessionId;

/// Largest transcript of one session: a day of typing is below 1 MB, images go by reference, so
/// only a flood is longer.
pub const TRANSCRIPT_CAP: u64 = 64 << 20;

/// Longest payload of one entry: reads are far smaller; a reader need not hold more.
pub const ENTRY_CAP: usize = 1 << 20;

/// Extension of a transcript that takes the place of another.
const FRESH: &str = "fresh";

const MAGIC: [u8; 4] = *b"HWT1";
const ENTRY_HEAD: usize = 13;

/// A transcript being written. Its file appears with the first byte.
pub struct Transcript {
    file: Appender,
}

/// What a finished transcript holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TranscriptSummary {
    /// SHA-256 of the whole file, lower-case hex; empty when there was nothing to keep.
    pub sha256: String,
    /// Bytes in the file, 0 when there is none.
    pub length: u64,
    /// Bytes of the conversation that were not kept.
    pub dropped: u64,
}

impl Transcript {
    /// The transcript of a session below the `sessions` folder, at most [`TRANSCRIPT_CAP`] long.
    pub fn create(sessions: &Path, session: SessionId) -> Self {
        Transcript::with_cap(sessions, session, TRANSCRIPT_CAP)
    }

    /// The same with another cap, in bytes of the file.
    pub fn with_cap(sessions: &Path, session: SessionId, cap: u64) -> Self {
        let mut head = MAGIC.to_vec();
        head.extend_from_slice(session.0.as_bytes());
        Transcript { file: Appender::new(SessionFiles::new(sessions, session).transcript(), head, cap) }
    }

    /// Adds bytes of the conversation.
    pub fn append(&mut self, at: Timestamp, to_peer: bool, bytes: &[u8]) {
        let kind = if to_peer { b'>' } else { b'<' };
        for chunk in bytes.chunks(ENTRY_CAP) {
            self.entry(kind, at, &[chunk], to_u64(chunk.len()));
        }
    }

    /// Adds bulk by its name in place of its `length` bytes.
    pub fn reference(&mut self, at: Timestamp, to_peer: bool, name: &str, length: u64) {
        let kind = if to_peer { b'}' } else { b'{' };
        self.entry(kind, at, &[&length.to_be_bytes(), name.as_bytes()], length);
    }

    /// Replaces everything that the peer sent in a finished transcript by its length, under this name.
    ///
    /// # Errors
    /// The transcript can't be read or written; it is removed then.
    pub fn withhold(sessions: &Path, session: SessionId, name: &str) -> io::Result<TranscriptSummary> {
        let path = SessionFiles::new(sessions, session).transcript();
        let withheld = Transcript::without_peer(&path, session, name);
        match &withheld {
            Ok(_) => fs::rename(path.with_extension(FRESH), &path)?,
            Err(_) => fs::remove_file(&path)?,
        }
        withheld
    }

    fn without_peer(path: &Path, session: SessionId, name: &str) -> io::Result<TranscriptSummary> {
        let mut head = MAGIC.to_vec();
        head.extend_from_slice(session.0.as_bytes());
        let mut fresh = Transcript { file: Appender::new(path.with_extension(FRESH), head, u64::MAX) };
        let mut last = Timestamp::UNIX_EPOCH;
        for Entry { at, what } in read(path)? {
            last = at;
            match what {
                What::Bytes { to_peer: true, bytes } => fresh.append(at, true, &bytes),
                What::Bytes { to_peer: false, bytes } => {
                    fresh.reference(at, false, name, to_u64(bytes.len()))
                }
                What::Reference { to_peer, name, length } => fresh.reference(at, to_peer, &name, length),
                What::Dropped { bytes } => fresh.entry(b'!', at, &[&bytes.to_be_bytes()], 0),
            }
        }
        Ok(fresh.finish(last))
    }

    /// Hands what is buffered to the kernel; for when the session falls idle.
    pub fn flush(&mut self) {
        self.file.flush();
    }

    /// Bytes not kept so far.
    pub fn dropped(&self) -> u64 {
        self.file.dropped()
    }

    /// Ends the transcript at this time.
    pub fn finish(mut self, at: Timestamp) -> TranscriptSummary {
        self.file.flush();
        let dropped = self.file.dropped();
        if dropped > 0 {
            self.file.raise_cap(ENTRY_HEAD + 8);
            self.entry(b'!', at, &[&dropped.to_be_bytes()], 0);
        }
        let sealed = self.file.seal();
        let sha256 = if sealed.length == 0 { String::new() } else { sealed.sha256 };
        TranscriptSummary { sha256, length: sealed.length, dropped }
    }

    fn entry(&mut self, kind: u8, at: Timestamp, body: &[&[u8]], payload: u64) {
        let length: usize = body.iter().map(|part| part.len()).sum();
        let mut head = [0; ENTRY_HEAD];
        head[0] = kind;
        head[1..9].copy_from_slice(&nanoseconds(at).to_be_bytes());
        head[9..].copy_from_slice(&u32::try_from(length).unwrap_or(u32::MAX).to_be_bytes());
        let mut parts = vec![head.as_slice()];
        parts.extend_from_slice(body);
        self.file.entry(&parts, payload);
    }
}

fn nanoseconds(at: Timestamp) -> i64 {
    i64::try_from(at.as_nanosecond()).unwrap_or(i64::MAX)
}

/// One entry of a transcript.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// When, UTC.
    pub at: Timestamp,
    /// What.
    pub what: What,
}

/// What an entry says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// Bytes of the conversation.
    Bytes {
        /// Whether the decoy sent them.
        to_peer: bool,
        /// The bytes.
        bytes: Vec<u8>,
    },
    /// Bulk that can be made again.
    Reference {
        /// Whether the decoy sent it.
        to_peer: bool,
        /// What it was.
        name: String,
        /// How many bytes it was.
        length: u64,
    },
    /// Bytes that were not kept.
    Dropped {
        /// How many.
        bytes: u64,
    },
}

/// Reads a transcript; ends at the last whole entry.
///
/// # Errors
/// The file can't be opened, or is no transcript.
pub fn read(path: &Path) -> io::Result<Reader> {
    entries(File::open(path)?)
}

/// The same from any input.
///
/// # Errors
/// The input can't be read, or is no transcript.
pub fn entries<R: Read>(input: R) -> io::Result<Reader<R>> {
    let mut input = BufReader::new(input);
    let mut head = [0; 20];
    input.read_exact(&mut head)?;
    if head[..4] != MAGIC {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "not a transcript (magic is not HWT1)"));
    }
    let session = uuid::Uuid::from_slice(&head[4..]).map_err(io::Error::other)?;
    Ok(Reader { input, session: SessionId(session) })
}

/// The entries of a transcript, in order.
pub struct Reader<R = File> {
    input: BufReader<R>,
    session: SessionId,
}

impl<R> Reader<R> {
    /// The session that the file names.
    pub fn session(&self) -> SessionId {
        self.session
    }
}

impl<R: Read> Iterator for Reader<R> {
    type Item = Entry;

    fn next(&mut self) -> Option<Entry> {
        let mut head = [0; ENTRY_HEAD];
        self.input.read_exact(&mut head).ok()?;
        let at = i64::from_be_bytes(head[1..9].try_into().ok()?);
        let length = usize::try_from(u32::from_be_bytes(head[9..].try_into().ok()?)).ok()?;
        if length > ENTRY_CAP {
            return None;
        }
        let mut body = vec![0; length];
        self.input.read_exact(&mut body).ok()?;
        Some(Entry { at: Timestamp::from_nanosecond(at.into()).ok()?, what: what(head[0], body)? })
    }
}

fn what(kind: u8, body: Vec<u8>) -> Option<What> {
    match kind {
        b'<' | b'>' => Some(What::Bytes { to_peer: kind == b'>', bytes: body }),
        b'{' | b'}' => {
            let (length, name) = body.split_first_chunk::<8>()?;
            Some(What::Reference {
                to_peer: kind == b'}',
                name: String::from_utf8_lossy(name).into_owned(),
                length: u64::from_be_bytes(*length),
            })
        }
        b'!' => Some(What::Dropped { bytes: u64::from_be_bytes(body.as_slice().try_into().ok()?) }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::new(second, 7).unwrap()
    }

    fn session() -> SessionId {
        SessionId(uuid::Uuid::now_v7())
    }

    fn entries(path: &Path) -> Vec<Entry> {
        read(path).map(Iterator::collect).unwrap_or_default()
    }

    #[test]
    fn round_trip() {
        let (dir, id) = (tempfile::tempdir().unwrap(), session());
        let mut transcript = Transcript::create(dir.path(), id);
        transcript.append(at(1), false, b"GET / HTTP/1.1\r\n");
        transcript.append(at(2), true, b"\0\xff");
        transcript.reference(at(3), true, "instance 1.2.3", 525_000);
        let summary = transcript.finish(at(4));
        let path = SessionFiles::new(dir.path(), id).transcript();
        assert_eq!(read(&path).unwrap().session(), id);
        assert_eq!(
            entries(&path),
            [
                Entry {
                    at: at(1),
                    what: What::Bytes { to_peer: false, bytes: b"GET / HTTP/1.1\r\n".to_vec() }
                },
                Entry { at: at(2), what: What::Bytes { to_peer: true, bytes: vec![0, 255] } },
                Entry {
                    at: at(3),
                    what: What::Reference { to_peer: true, name: "instance 1.2.3".into(), length: 525_000 },
                },
            ]
        );
        assert_eq!(summary.length, fs::metadata(path).unwrap().len());
        assert_eq!(summary.dropped, 0);
    }

    #[test]
    fn a_cut_at_any_byte_keeps_all_whole_entries() {
        let (dir, id) = (tempfile::tempdir().unwrap(), session());
        let mut transcript = Transcript::create(dir.path(), id);
        for n in 0..4 {
            transcript.append(at(n), n % 2 == 0, b"some bytes");
        }
        transcript.finish(at(9));
        let path = SessionFiles::new(dir.path(), id).transcript();
        let (whole, all) = (fs::read(&path).unwrap(), entries(&path));
        for cut in 0..whole.len() {
            fs::write(&path, &whole[..cut]).unwrap();
            let expected = cut.saturating_sub(20) / (ENTRY_HEAD + 10);
            assert_eq!(entries(&path), all[..expected], "cut at {cut}");
        }
        fs::write(&path, [whole.as_slice(), &[0; 64]].concat()).unwrap();
        assert_eq!(entries(&path), all, "zeroes after a power loss");
    }

    #[test]
    fn bytes_over_the_cap_are_counted_and_said() {
        let (dir, id) = (tempfile::tempdir().unwrap(), session());
        let mut transcript = Transcript::with_cap(dir.path(), id, 60);
        transcript.append(at(1), false, b"fits");
        transcript.append(at(2), false, &[b'x'; 100]);
        assert_eq!(transcript.dropped(), 100);
        assert_eq!(transcript.finish(at(3)).dropped, 100);
        let read = entries(&SessionFiles::new(dir.path(), id).transcript());
        assert_eq!(read.last().unwrap().what, What::Dropped { bytes: 100 });
        assert_eq!(read.len(), 2);
    }

    #[test]
    fn a_session_without_bytes_has_no_file() {
        let (dir, id) = (tempfile::tempdir().unwrap(), session());
        let summary = Transcript::create(dir.path(), id).finish(at(1));
        assert_eq!(summary, TranscriptSummary { sha256: String::new(), length: 0, dropped: 0 });
        assert!(!SessionFiles::new(dir.path(), id).transcript().exists());
    }

    #[test]
    fn what_is_flushed_can_be_read_at_once() {
        let (dir, id) = (tempfile::tempdir().unwrap(), session());
        let mut transcript = Transcript::create(dir.path(), id);
        transcript.append(at(1), false, b"typed");
        transcript.flush();
        assert_eq!(entries(&SessionFiles::new(dir.path(), id).transcript()).len(), 1);
    }
}
