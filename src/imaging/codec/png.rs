//! Pictures as PNG (ISO/IEC 15948), 8 bits a sample, or 16 in grey.

use std::io::Write;

use flate2::write::ZlibEncoder;
use flate2::{Compression, Crc};

use super::Picture;

const SIGNATURE: [u8; 8] = [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n'];
/// Colour types (clause 11.2.2).
const GREY: u8 = 0;
const COLOUR: u8 = 2;
/// Filter type 1, Sub (clause 9.2): neighbours in a picture are alike.
const SUB: u8 = 1;

/// The file of a picture.
pub(super) fn encode(picture: &Picture) -> Vec<u8> {
    let (colour, step) = if picture.coloured { (COLOUR, 3) } else { (GREY, 1) };
    file((picture.width, picture.height), [8, colour], &picture.pixels, step)
}

/// The file of a grey picture with 16 bits a sample, rows from the top.
pub fn grey16(width: u32, height: u32, samples: &[u16]) -> Vec<u8> {
    let pixels: Vec<u8> = samples.iter().flat_map(|sample| sample.to_be_bytes()).collect();
    file((width, height), [16, GREY], &pixels, 2)
}

/// A file of bit depth and colour type, with pixels of `step` bytes.
fn file((width, height): (u32, u32), depth: [u8; 2], pixels: &[u8], step: usize) -> Vec<u8> {
    let mut header = Vec::with_capacity(13);
    header.extend(width.to_be_bytes());
    header.extend(height.to_be_bytes());
    header.extend(depth);
    // Deflate, adaptive filters, not interlaced (clause 11.2.2).
    header.extend([0, 0, 0]);
    let mut out = SIGNATURE.to_vec();
    chunk(&mut out, *b"IHDR", &header);
    chunk(&mut out, *b"IDAT", &deflated(usize::try_from(width).unwrap_or(0), pixels, step));
    chunk(&mut out, *b"IEND", &[]);
    out
}

fn deflated(width: usize, pixels: &[u8], step: usize) -> Vec<u8> {
    let width = width.max(1) * step;
    let mut rows = Vec::with_capacity(pixels.len() + pixels.len() / width);
    for row in pixels.chunks(width) {
        rows.push(SUB);
        let left = std::iter::repeat_n(&0, step).chain(row);
        rows.extend(row.iter().zip(left).map(|(sample, left)| sample.wrapping_sub(*left)));
    }
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::fast());
    // Writing to a Vec can't fail.
    let _ = encoder.write_all(&rows);
    encoder.finish().unwrap_or_default()
}

/// Clause 5.3: length, type, data, and a CRC over type and data.
fn chunk(out: &mut Vec<u8>, kind: [u8; 4], data: &[u8]) {
    let mut crc = Crc::new();
    crc.update(&kind);
    crc.update(data);
    out.extend(u32::try_from(data.len()).unwrap_or(u32::MAX).to_be_bytes());
    out.extend(kind);
    out.extend(data);
    out.extend(crc.sum().to_be_bytes());
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    fn rows(file: &[u8]) -> Vec<u8> {
        let start = 8 + 25 + 8;
        let mut rows = Vec::new();
        flate2::read::ZlibDecoder::new(&file[start..]).read_to_end(&mut rows).unwrap();
        rows
    }

    #[test]
    fn a_picture_can_be_read_back() {
        let pixels = vec![0, 10, 255, 7, 7, 1];
        let file = encode(&Picture { width: 3, height: 2, coloured: false, pixels });
        assert_eq!(file[..8], SIGNATURE);
        assert_eq!(file[16..24], [0, 0, 0, 3, 0, 0, 0, 2]);
        // The empty end chunk's CRC is a constant of the standard.
        assert!(file.ends_with(b"\0\0\0\0IEND\xae\x42\x60\x82"));
        assert_eq!(rows(&file), [1, 0, 10, 245, 1, 7, 0, 250]);
    }

    #[test]
    fn colours_are_told_by_their_neighbour_to_the_left() {
        let file = encode(&Picture { width: 2, height: 1, coloured: true, pixels: vec![9, 8, 7, 10, 8, 9] });
        assert_eq!(file[25], COLOUR);
        assert_eq!(rows(&file), [1, 9, 8, 7, 1, 0, 2]);
    }

    #[test]
    fn deep_grey_has_two_bytes_a_sample() {
        let file = grey16(2, 1, &[0x0102, 0x0403]);
        assert_eq!(file[24..26], [16, GREY]);
        assert_eq!(rows(&file), [1, 1, 2, 3, 1]);
    }
}
