//! A ZIP archive of objects (APPNOTE 6.3), one file at a time.

use std::collections::HashMap;
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

/// The archive's comment.
const COMMENT: &[u8] = b"Created by Orthanc";

/// Paths in the archive: patient, study, series, file.
pub(super) fn names(holdings: &Seen, hits: &[Hit]) -> Vec<String> {
    let mut folders = Folders::default();
    let named = hits.iter().map(|hit| {
        let record = Record::of(holdings, hit);
        let text = |tag| record.text(tag);
        let modality = text(tags::MODALITY);
        let series = hit.series.as_ref().map_or("", |series| series.uid());
        folders.open(0, hit.entry.patient_id(), || {
            named("Patient", &text(tags::PATIENT_ID), &text(tags::PATIENT_NAME))
        });
        folders.open(1, hit.entry.uid(), || {
            named("Study", &text(tags::ACCESSION_NUMBER), &text(tags::STUDY_DESCRIPTION))
        });
        folders.open(2, series, || named("Series", &modality, &text(tags::SERIES_DESCRIPTION)));
        folders.file(&modality)
    });
    named.collect()
}

/// What a level is called: two fields of it in ASCII, and where both have none, that it is unknown.
fn named(level: &str, id: &str, name: &str) -> String {
    let ascii =
        |text: &str| text.chars().filter(|c| c.is_ascii() && !c.is_ascii_control()).collect::<String>();
    match format!("{} {}", ascii(id), ascii(name)).trim() {
        "" => format!("Unknown {level}"),
        known => plain(known),
    }
}

/// Letters, digits, dots and underscores; carets and runs of blanks as one blank.
fn plain(text: &str) -> String {
    let kept = text.chars().filter_map(|c| match c {
        '^' => Some(' '),
        c if c.is_ascii_alphanumeric() || matches!(c, ' ' | '_' | '.') => Some(c),
        _ => None,
    });
    kept.collect::<String>().split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The folders that are open, outermost first.
#[derive(Default)]
struct Folders {
    open: Vec<Folder>,
    /// How often a name was given in the archive's root.
    root: HashMap<String, u32>,
}

struct Folder {
    uid: String,
    name: String,
    /// How often a name was given in it.
    within: HashMap<String, u32>,
    files: u32,
}

impl Folders {
    /// Goes into the folder of this patient, study or series, a new one if it is not the open one.
    fn open(&mut self, depth: usize, uid: &str, name: impl FnOnce() -> String) {
        if self.open.get(depth).is_some_and(|folder| folder.uid == uid) {
            return;
        }
        self.open.truncate(depth);
        let given = self.open.last_mut().map_or(&mut self.root, |above| &mut above.within);
        let mut name = name();
        let times = given.entry(name.clone()).or_default();
        *times += 1;
        if *times > 1 {
            name = format!("{name}-{times}");
        }
        self.open.push(Folder { uid: uid.to_owned(), name, within: HashMap::new(), files: 0 });
    }

    /// Path of the next file in the innermost folder.
    fn file(&mut self, modality: &str) -> String {
        let path = self.open.iter().map(|folder| folder.name.as_str()).collect::<Vec<_>>().join("/");
        let number = self.open.last_mut().map_or(0, |folder| {
            folder.files += 1;
            folder.files - 1
        });
        let prefix: String = modality.chars().take(2).map(|c| c.to_ascii_uppercase()).collect();
        let digits = 8 - prefix.chars().count();
        format!("{path}/{prefix}{number:0digits$}.dcm")
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    /// As Orthanc 1.10.1 names the folders of such values.
    #[test]
    fn a_folder_has_letters_digits_dots_and_underscores() {
        assert_eq!(named("Series", "DX", "L-Spine AP/LAT"), "DX LSpine APLAT");
        assert_eq!(named("Patient", "0000113627", "Zhang^Yan  jie=张^燕杰"), "0000113627 Zhang Yan jie");
        assert_eq!(named("Study", "CT_26.1", "胸部平扫"), "CT_26.1");
        assert_eq!(named("Study", "", "胸部"), "Unknown Study");
    }

    #[test]
    fn a_name_that_was_given_gets_a_number_within_its_folder() {
        let mut folders = Folders::default();
        let mut path = |uids: [&str; 3], series: &str| {
            for (depth, uid) in uids.iter().enumerate() {
                folders.open(depth, uid, || if depth == 2 { series.to_owned() } else { "P".to_owned() });
            }
            folders.file("CT")
        };
        assert_eq!(path(["1", "2", "3"], "CT Thorax"), "P/P/CT Thorax/CT000000.dcm");
        assert_eq!(path(["1", "2", "3"], "CT Thorax"), "P/P/CT Thorax/CT000001.dcm");
        assert_eq!(path(["1", "2", "4"], "CT Thorax"), "P/P/CT Thorax-2/CT000000.dcm");
        assert_eq!(path(["1", "5", "6"], "CT Thorax"), "P/P-2/CT Thorax/CT000000.dcm");
        assert_eq!(path(["7", "8", "9"], "CT Thorax"), "P-2/P/CT Thorax/CT000000.dcm");
    }

    #[test]
    fn a_file_is_called_by_its_modality_and_its_number() {
        let mut folders = Folders::default();
        assert_eq!(folders.file(""), "/00000000.dcm");
        assert_eq!(folders.file("x"), "/X0000000.dcm");
        assert_eq!(folders.file("doc"), "/DO000000.dcm");
    }
}
