//! What a file is and what it carries, by its own bytes: for whatever takes files from a peer.
//!
//! It finds what a clinical file has no need of (a program, an archive, a document that acts by
//! itself) and never unpacks or runs any of it. It reads each byte a bounded number of times and
//! allocates only for what it finds.

mod dicom;
mod magic;
mod pdf;
mod text;

pub use magic::{Kind, Nature};
pub use text::injection;

use std::ops::Range;

use bytes::Bytes;

/// Most findings of one file: more tell nothing new.
pub const MAX_FOUND: usize = 16;

/// What a file is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// Its kind.
    pub kind: Kind,
    /// What it carries, at most [`MAX_FOUND`].
    pub found: Vec<Finding>,
}

/// One thing that a file carries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What and where, in a few words: `application/zip in (0009,1010)`.
    pub what: String,
    /// The weakness it is made for, a CVE id or a short name; `None` when it may be harmless.
    pub weakness: Option<&'static str>,
    /// Where its bytes lie in the file.
    pub at: Range<usize>,
}

/// Looks at a file: whole, or its beginning.
pub fn inspect(file: &Bytes) -> Report {
    let kind = Kind::of(file);
    let mut found = match kind {
        Kind::Dicom => dicom::inspect(file),
        Kind::Pdf => pdf::inspect(file, 0),
        _ => Vec::new(),
    };
    found.truncate(MAX_FOUND);
    Report { kind, found }
}

#[cfg(test)]
mod tests;
