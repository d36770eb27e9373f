//! A capped, buffered, hashed append-only file; made when its first byte is written.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;

use sha2::{Digest, Sha256};

/// Bytes held before they go to the file: one page-cache write for a short session.
const BUFFER: usize = 8 * 1024;

/// Readable by the group that core and console share with the sensor, by nobody else.
const MODE: u32 = 0o640;

/// What a closed file holds.
pub(super) struct Sealed {
    /// SHA-256 of the whole file, lower-case hex; of nothing when no file was made.
    pub sha256: String,
    /// Bytes in the file.
    pub length: u64,
}

/// Appends whole entries or nothing of them.
pub(super) struct Appender {
    path: PathBuf,
    file: Option<File>,
    head: Vec<u8>,
    buffer: Vec<u8>,
    hash: Sha256,
    written: u64,
    cap: u64,
    broken: bool,
    /// Attacker bytes in `buffer`, counted as lost should the write fail.
    payload: u64,
    dropped: u64,
}

impl Appender {
    /// A file at `path` of at most `cap` bytes that begins with `head`. Nothing is made yet.
    pub(super) fn new(path: PathBuf, head: Vec<u8>, cap: u64) -> Self {
        Appender {
            path,
            file: None,
            head,
            buffer: Vec::new(),
            hash: Sha256::new(),
            written: 0,
            cap,
            broken: false,
            payload: 0,
            dropped: 0,
        }
    }

    /// Adds one entry, given in parts, that carries `payload` bytes of the conversation. An entry
    /// over the cap is counted as dropped.
    pub(super) fn entry(&mut self, parts: &[&[u8]], payload: u64) {
        let length: usize = parts.iter().map(|part| part.len()).sum();
        let total = self.written + to_u64(self.head.len() + self.buffer.len() + length);
        if self.broken || total > self.cap {
            self.dropped += payload;
            return;
        }
        self.buffer.append(&mut self.head);
        for part in parts {
            self.buffer.extend_from_slice(part);
        }
        self.payload += payload;
        if self.buffer.len() >= BUFFER {
            self.write_buffer();
            self.buffer.clear();
        }
    }

    /// Hands what is buffered to the kernel and gives the buffer's memory back.
    pub(super) fn flush(&mut self) {
        self.write_buffer();
        self.buffer = Vec::new();
    }

    /// Bytes of the conversation that were not kept.
    pub(super) fn dropped(&self) -> u64 {
        self.dropped
    }

    /// Lets one more entry in although the cap is reached.
    pub(super) fn raise_cap(&mut self, by: usize) {
        self.cap += to_u64(by);
    }

    /// Flushes and closes.
    pub(super) fn seal(mut self) -> Sealed {
        self.flush();
        Sealed { sha256: hex::encode(std::mem::take(&mut self.hash).finalize()), length: self.written }
    }

    fn write_buffer(&mut self) {
        if self.buffer.is_empty() {
            return;
        }
        match self.try_write() {
            Ok(()) => {
                self.hash.update(&self.buffer);
                self.written += to_u64(self.buffer.len());
            }
            Err(error) => self.give_up_buffer(&error),
        }
        self.payload = 0;
    }

    fn try_write(&mut self) -> io::Result<()> {
        let mut file = match self.file.take() {
            Some(file) => file,
            None => create(&self.path)?,
        };
        let result = file.write_all(&self.buffer);
        self.file = Some(file);
        result
    }

    /// A full disk may take bytes again later: cut back to the last whole entry and go on.
    fn give_up_buffer(&mut self, error: &io::Error) {
        tracing::warn!(path = %self.path.display(), %error, bytes = self.payload, "session bytes not kept");
        self.dropped += self.payload;
        self.broken = match &self.file {
            Some(file) => self.written == 0 || file.set_len(self.written).is_err(),
            None => true,
        };
    }
}

impl Drop for Appender {
    fn drop(&mut self) {
        self.write_buffer();
    }
}

/// Makes the file, and its folder when it is the first one there.
fn create(path: &PathBuf) -> io::Result<File> {
    let open = || OpenOptions::new().append(true).create_new(true).mode(MODE).open(path);
    match open() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            fs::create_dir_all(path.parent().unwrap_or(path))?;
            open()
        }
        result => result,
    }
}

pub(super) fn to_u64(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_made_before_the_first_byte() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a/b");
        let file = Appender::new(path.clone(), b"head".to_vec(), 100);
        assert_eq!(file.seal().length, 0);
        assert!(!path.exists());
    }

    #[test]
    fn the_cap_drops_whole_entries_and_counts() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a/b");
        let mut file = Appender::new(path.clone(), b"head".to_vec(), 8);
        file.entry(&[b"1", b"23"], 2);
        file.entry(&[b"456"], 3);
        file.entry(&[b"7"], 1);
        assert_eq!(file.dropped(), 3);
        let sealed = file.seal();
        assert_eq!(fs::read(&path).unwrap(), b"head1237");
        assert_eq!((sealed.length, sealed.sha256), (8, hex::encode(Sha256::digest(b"head1237"))));
    }

    #[test]
    fn a_file_that_cannot_be_made_counts_all_as_dropped() {
        let dir = tempfile::tempdir().unwrap();
        let blocked = dir.path().join("file");
        fs::write(&blocked, b"").unwrap();
        let mut file = Appender::new(blocked.join("x"), Vec::new(), 100);
        file.entry(&[b"abc"], 3);
        file.flush();
        file.entry(&[b"de"], 2);
        assert_eq!(file.dropped(), 5);
    }
}
