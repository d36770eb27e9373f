//! A ZIP archive of objects (APPNOTE 6.3), one file at a time.

use std::io::Write;
use std::sync::Arc;

use bytes::Bytes;
use flate2::write::DeflateEncoder;
use flate2::{Compression, Crc};
use jiff::Timestamp;

use crate::archive::{Hit, Record};
use crate::decoys::http::dicomweb::Seen;
use crate::decoys::http::dicomweb::Shelf;
use crate::decoys::http::engine::{Piece, Pieces};
use crate::wire::dicom::dataset::tags;

/// Longest part of a path: the product cuts there too.
const MAX_NAME: usize = 64;
/// The archive's comment.
const COMMENT: &[u8] = b"Created by Orthanc";

/// Paths in the archive: patient, study, series, file.
pub(super) fn names(holdings: &Seen, hits: &[Hit]) -> Vec<String> {
    let mut last = String::new();
    let mut number = 0;
    let named = hits.iter().map(|hit| {
        let record = Record::of(holdings, hit);
        let text = |tag| plain(&record.text(tag));
        let patient = format!("{} {}", text(tags::PATIENT_ID), text(tags::PATIENT_NAME));
        let study = format!("{} {}", text(tags::ACCESSION_NUMBER), text(tags::STUDY_DESCRIPTION));
        let modality = text(tags::MODALITY);
        let series = format!("{modality} {}", text(tags::SERIES_DESCRIPTION));
        let named = [("Patient", patient), ("Study", study), ("Series", series)];
        let folder = named.map(|(level, name)| folder(level, name.trim())).join("/");
        let uid = hit.series.as_ref().map_or("", |series| series.uid());
        number = if uid == last { number + 1 } else { 0 };
        last = uid.to_owned();
        format!("{folder}/{}{number:06}.dcm", modality.chars().take(2).collect::<String>())
    });
    named.collect()
}

/// ASCII only, carets as blanks, nothing that a file system minds.
fn plain(text: &str) -> String {
    let kept = text.split('=').next().unwrap_or_default().chars().filter_map(|c| match c {
        '^' => Some(' '),
        c if c.is_ascii_alphanumeric() || matches!(c, ' ' | '-' | '_' | '.') => Some(c),
        _ => None,
    });
    kept.collect::<String>().split_whitespace().collect::<Vec<_>>().join(" ")
}

fn folder(level: &str, name: &str) -> String {
    if name.is_empty() {
        return format!("Unknown {level}");
    }
    name.chars().take(MAX_NAME).collect()
}

/// The archive in pieces.
pub(super) fn pieces(
    shelf: Arc<Shelf>,
    holdings: Seen,
    hits: Vec<Hit>,
    names: Vec<String>,
    now: Timestamp,
) -> Pieces {
    let mut directory = Directory { entries: Vec::new(), count: 0, at: 0, stamp: dos_time(&holdings, now) };
    let mut rest = hits.into_iter().zip(names);
    let mut ended = false;
    Box::new(std::iter::from_fn(move || {
        if let Some((hit, name)) = rest.next() {
            let uid = hit.instance.as_ref().map_or("", |instance| instance.uid()).to_owned();
            let file = shelf.file(&holdings, &hit).unwrap_or_default();
            return Some(Piece {
                bytes: directory.add(&name, &file),
                reference: Some(format!("dicom file {uid}")),
            });
        }
        (!std::mem::replace(&mut ended, true)).then(|| Piece { bytes: directory.end(), reference: None })
    }))
}

/// Date and time of MS-DOS, local.
fn dos_time(holdings: &Seen, now: Timestamp) -> [u8; 4] {
    let at = holdings.view().local(now);
    let part = |value: i32| u16::try_from(value).unwrap_or(0);
    let time = part(i32::from(at.hour())) << 11
        | part(i32::from(at.minute())) << 5
        | part(i32::from(at.second()) / 2);
    let date =
        part(i32::from(at.year()) - 1980) << 9 | part(i32::from(at.month())) << 5 | part(i32::from(at.day()));
    let ([a, b], [c, d]) = (time.to_le_bytes(), date.to_le_bytes());
    [a, b, c, d]
}

struct Directory {
    entries: Vec<u8>,
    count: u16,
    at: u32,
    stamp: [u8; 4],
}

impl Directory {
    fn add(&mut self, name: &str, file: &[u8]) -> Bytes {
        let mut crc = Crc::new();
        crc.update(file);
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
        // Writing to a Vec can't fail.
        let _ = encoder.write_all(file);
        let packed = encoder.finish().unwrap_or_default();
        // Version 2.0, no flags, deflate.
        let mut common = vec![20, 0, 0, 0, 8, 0];
        common.extend(self.stamp);
        common.extend(crc.sum().to_le_bytes());
        common.extend(length(packed.len()).to_le_bytes());
        common.extend(length(file.len()).to_le_bytes());
        common.extend(u16::try_from(name.len()).unwrap_or(0).to_le_bytes());
        common.extend([0, 0]);
        let mut out = b"PK\x03\x04".to_vec();
        out.extend(&common);
        out.extend(name.as_bytes());
        out.extend(packed);
        // Made by version 0.0 on MS-DOS: the product leaves it empty.
        self.entries.extend(b"PK\x01\x02\0\0");
        self.entries.extend(&common);
        // No comment, disk 0, no attributes.
        self.entries.extend([0; 10]);
        self.entries.extend(self.at.to_le_bytes());
        self.entries.extend(name.as_bytes());
        self.count = self.count.saturating_add(1);
        self.at = self.at.saturating_add(length(out.len()));
        out.into()
    }

    fn end(&mut self) -> Bytes {
        let mut out = std::mem::take(&mut self.entries);
        let size = length(out.len());
        out.extend(b"PK\x05\x06\0\0\0\0");
        out.extend(self.count.to_le_bytes());
        out.extend(self.count.to_le_bytes());
        out.extend(size.to_le_bytes());
        out.extend(self.at.to_le_bytes());
        out.extend(u16::try_from(COMMENT.len()).unwrap_or(0).to_le_bytes());
        out.extend(COMMENT);
        out.into()
    }
}

fn length(bytes: usize) -> u32 {
    u32::try_from(bytes).unwrap_or(u32::MAX)
}
