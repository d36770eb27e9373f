//! Segment files: their names, and the one that grows.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use sha2::{Digest, Sha256};

use super::index::{self, Index, Sample};
use super::{Interface, pcapng};
use crate::record::appender::to_u64;

/// Readable by the group that core and console share with capd, by nobody else.
const MODE: u32 = 0o640;

/// Bytes of one write. The kernel takes page-cache memory for a whole write at once; for more than eight
/// pages together it moves others about first, which costs more than the copy where memory is in use.
const WRITE: usize = 32 << 10;

/// Most flows in one segment: bounds the memory of its index (some 15 MB) under a flood of ports.
const FLOWS: usize = 100_000;

/// A segment on disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Segment {
    /// The pcapng file.
    pub path: PathBuf,
    /// When it was begun, in ns since 1970, as its name says.
    pub begun: u64,
}

impl Segment {
    /// Its index.
    pub fn index(&self) -> PathBuf {
        self.path.with_extension("flows")
    }

    /// Its file name.
    pub fn name(&self) -> String {
        self.path.file_name().unwrap_or_default().to_string_lossy().into_owned()
    }

    /// Bytes on disk, with the index.
    pub fn bytes(&self) -> u64 {
        [&self.path, &self.index()].iter().filter_map(|path| fs::metadata(path).ok()).map(|m| m.len()).sum()
    }
}

/// All segments of a folder, oldest first; none when there is no such folder.
///
/// # Errors
/// The folder can't be read.
pub fn list(packets: &Path) -> io::Result<Vec<Segment>> {
    let entries = match fs::read_dir(packets) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let mut segments = Vec::new();
    for entry in entries {
        let path = entry?.path();
        if let Some(begun) = begun(&path) {
            segments.push(Segment { path, begun });
        }
    }
    segments.sort_unstable_by_key(|segment| segment.begun);
    Ok(segments)
}

/// `packets-<ns since 1970, 20 digits>.pcapng`
fn begun(path: &Path) -> Option<u64> {
    path.file_name()?.to_str()?.strip_prefix("packets-")?.strip_suffix(".pcapng")?.parse().ok()
}

/// When a segment gives way to the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rotation {
    /// At this size in bytes.
    pub bytes: u64,
    /// At this age.
    pub age: Duration,
}

/// The segment that grows.
pub(super) struct Growing {
    pub segment: Segment,
    pub file: File,
    pub index: Index,
    /// Of all that was written.
    pub hash: Sha256,
    pub length: u64,
    since: Instant,
}

impl Growing {
    /// Begins a segment that names these interfaces and their counters so far.
    pub(super) fn begin(
        packets: &Path,
        interfaces: &[Interface],
        started: u64,
        samples: &[Sample],
    ) -> io::Result<Self> {
        let begun = now();
        let path = packets.join(format!("packets-{begun:020}.pcapng"));
        let file = OpenOptions::new().append(true).create_new(true).mode(MODE).open(&path)?;
        let mut growing = Growing {
            segment: Segment { path, begun },
            file,
            index: Index::default(),
            hash: Sha256::new(),
            length: 0,
            since: Instant::now(),
        };
        let mut head = Vec::new();
        pcapng::section(&mut head, None);
        interfaces.iter().for_each(|interface| pcapng::interface(&mut head, interface));
        let mut headed = growing.append(&head);
        for sample in samples {
            headed = headed.and_then(|()| growing.sample(started, *sample));
        }
        match headed {
            Ok(()) => Ok(growing),
            Err(error) => {
                fs::remove_file(&growing.segment.path)?;
                Err(error)
            }
        }
    }

    /// Appends whole packet blocks of one interface.
    pub(super) fn packets(&mut self, link: u16, batch: &[u8]) -> io::Result<()> {
        let offset = self.length;
        self.append(batch)?;
        index::note_batch(&mut self.index, link, offset, batch);
        Ok(())
    }

    /// Appends the counters of an interface; `started` is the capture's start.
    pub(super) fn sample(&mut self, started: u64, sample: Sample) -> io::Result<()> {
        let mut bytes = Vec::new();
        pcapng::statistics(&mut bytes, sample.interface, (started, sample.at), &sample.counters);
        self.append(&bytes)?;
        self.index.samples.push(sample);
        Ok(())
    }

    /// Whether it is time for the next one.
    pub(super) fn is_full(&self, rotation: &Rotation) -> bool {
        self.length >= rotation.bytes
            || self.index.flows.len() >= FLOWS
            || (self.index.packets > 0 && self.since.elapsed() >= rotation.age)
    }

    /// All of `bytes` or, with an error, none: a torn write is cut off again.
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        if let Err(error) = bytes.chunks(WRITE).try_for_each(|part| self.file.write_all(part)) {
            self.file.set_len(self.length)?;
            return Err(error);
        }
        self.hash.update(bytes);
        self.length += to_u64(bytes.len());
        Ok(())
    }
}

/// Now, in ns since 1970.
pub(super) fn now() -> u64 {
    nanoseconds(Timestamp::now())
}

/// A time in ns since 1970; what lies before counts as 0.
pub(super) fn nanoseconds(at: Timestamp) -> u64 {
    u64::try_from(at.as_nanosecond()).unwrap_or(0)
}
