//! Pictures as PNG (ISO/IEC 15948), 8 bits a sample.

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
    let mut header = Vec::with_capacity(13);
    header.extend(picture.width.to_be_bytes());
    header.extend(picture.height.to_be_bytes());
    // 8 bits a sample; deflate, adaptive filters, not interlaced (clause 11.2.2).
    header.extend([8, if picture.coloured { COLOUR } else { GREY }, 0, 0, 0]);
    let mut out = SIGNATURE.to_vec();
    chunk(&mut out, *b"IHDR", &header);
    chunk(&mut out, *b"IDAT", &deflated(picture));
    chunk(&mut out, *b"IEND", &[]);
    out
}

fn deflated(picture: &Picture) -> Vec<u8> {
    let step = if picture.coloured { 3 } else { 1 };
    let width = usize::try_from(picture.width).unwrap_or(0).max(1) * step;
    let mut rows = Vec::with_capacity(picture.pixels.len() + picture.pixels.len() / width);
    for row in picture.pixels.chunks(width) {
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
}
