//! One file or folder.

use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::own::Content;
use super::papers::Paper;
use crate::world::{Instance, Series, Study};

/// File attributes, MS-FSCC 2.6.
pub(crate) mod attribute {
    /// May not be written.
    pub(crate) const READ_ONLY: u32 = 0x01;
    /// Hidden.
    pub(crate) const HIDDEN: u32 = 0x02;
    /// Of the system.
    pub(crate) const SYSTEM: u32 = 0x04;
    /// A folder.
    pub(crate) const FOLDER: u32 = 0x10;
    /// To be archived.
    pub(crate) const ARCHIVE: u32 = 0x20;
    /// None of the others.
    pub(crate) const NORMAL: u32 = 0x80;
}

/// A moment as a FILETIME: 100 ns since 1601.
pub(crate) fn filetime(at: Timestamp) -> u64 {
    const SINCE_1601: i128 = 11_644_473_600_000_000_000;
    u64::try_from(at.as_nanosecond().saturating_add(SINCE_1601) / 100).unwrap_or(0)
}

/// The four times of a file, as FILETIMEs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct Times {
    pub(crate) created: u64,
    pub(crate) accessed: u64,
    pub(crate) written: u64,
    pub(crate) changed: u64,
}

impl Times {
    /// All at once.
    pub(crate) fn at(moment: Timestamp) -> Self {
        let time = filetime(moment);
        Times { created: time, accessed: time, written: time, changed: time }
    }
}

/// What a file holds.
#[derive(Debug, Clone)]
pub(crate) enum Body {
    /// It is a folder.
    Folder,
    /// These bytes.
    Bytes(Arc<[u8]>),
    /// An image of the world.
    Image(Arc<(Study, Series)>, Instance),
    /// A report of the world.
    Paper(Paper),
    /// A database's backup, by what it is made from.
    Backup(u64),
    /// Nothing that is given out: the system has it open.
    Held,
    /// What an intruder wrote, over what was there before.
    Own(Arc<[Content]>, Option<Box<Node>>),
}

/// One file or folder.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    pub(crate) name: String,
    pub(crate) attributes: u32,
    pub(crate) size: u64,
    pub(crate) times: Times,
    /// Its number on the volume.
    pub(crate) id: u64,
    pub(crate) body: Body,
}

impl Node {
    /// A folder.
    pub(crate) fn folder(name: &str, times: Times) -> Self {
        Node {
            name: name.to_owned(),
            attributes: attribute::FOLDER,
            size: 0,
            times,
            id: 0,
            body: Body::Folder,
        }
    }

    /// A file.
    pub(crate) fn file(name: &str, size: u64, times: Times, body: Body) -> Self {
        Node { name: name.to_owned(), attributes: attribute::ARCHIVE, size, times, id: 0, body }
    }

    /// The same, found under this path.
    pub(crate) fn numbered(mut self, key: &str) -> Self {
        self.id = number(key);
        self
    }

    pub(crate) fn is_folder(&self) -> bool {
        self.attributes & attribute::FOLDER != 0
    }

    /// Bytes that it takes on the volume.
    pub(crate) fn allocation(&self) -> u64 {
        const CLUSTER: u64 = 4096;
        // What fits into the file's own record takes none; one record has some 700 bytes to spare.
        if self.is_folder() || self.size <= 680 {
            self.size.next_multiple_of(8)
        } else {
            self.size.next_multiple_of(CLUSTER)
        }
    }
}

/// The number of a file, as NTFS makes them: a record, and how often that was used.
pub(crate) fn number(key: &str) -> u64 {
    let digest: [u8; 32] = Sha256::digest(key.as_bytes()).into();
    let [a, b, c, d, ..] = digest;
    let record = u64::from(u32::from_le_bytes([a, b, c, 0])) + 64;
    record | (u64::from(d % 30) + 1) << 48
}
