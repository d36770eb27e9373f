//! Sections of a PE file (Microsoft PE format, revision 11): a unified kernel image carries the kernel and
//! its memory file system as two of them, and BIOS's loader needs them as files.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};

/// More sections than any kernel image has.
const SECTIONS_MAX: u16 = 64;

/// A section of this name: where it lies and how long it is.
///
/// # Errors
/// When the file is no PE file or has none.
pub(super) fn find(file: &mut File, name: &str) -> io::Result<(u64, u64)> {
    let wrong = || io::Error::other(format!("the kernel image has no {name}"));
    let header = u64::from(number(&at(file, 0x3C, 4)?));
    if at(file, header, 4)? != b"PE\0\0" {
        return Err(wrong());
    }
    let coff = at(file, header + 4, 20)?;
    let count = u16::from_le_bytes([coff[2], coff[3]]).min(SECTIONS_MAX);
    let optional = u64::from(u16::from_le_bytes([coff[16], coff[17]]));
    for index in 0..u64::from(count) {
        let section = at(file, header + 24 + optional + index * 40, 40)?;
        let own = section[..8].split(|byte| *byte == 0).next().unwrap_or_default();
        if own == name.as_bytes() {
            let (length, padded, place) =
                (number(&section[8..12]), number(&section[16..20]), number(&section[20..24]));
            return Ok((place.into(), length.min(padded).into()));
        }
    }
    Err(wrong())
}

fn at(file: &mut File, place: u64, length: usize) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; length];
    file.seek(SeekFrom::Start(place))?;
    file.read_exact(&mut bytes)?;
    Ok(bytes)
}

fn number(bytes: &[u8]) -> u32 {
    bytes.iter().take(4).rev().fold(0, |sum, byte| (sum << 8) | u32::from(*byte))
}
