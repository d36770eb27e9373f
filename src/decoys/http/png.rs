//! Grey pictures as PNG (ISO/IEC 15948), 8 bits a pixel.

use std::io::Write;

use flate2::write::ZlibEncoder;
use flate2::{Compression, Crc};

use crate::imaging::GrayImage;

const SIGNATURE: [u8; 8] = [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n'];
/// 8 bits a sample, grey, deflate, adaptive filters, not interlaced (clause 11.2.2).
const FORMAT: [u8; 5] = [8, 0, 0, 0, 0];
/// Filter type 1, Sub (clause 9.2): neighbours in a picture are alike.
const SUB: u8 = 1;

/// The file of a picture.
pub(crate) fn encode(image: &GrayImage) -> Vec<u8> {
    let mut header = Vec::with_capacity(13);
    header.extend(image.width.to_be_bytes());
    header.extend(image.height.to_be_bytes());
    header.extend(FORMAT);
    let mut out = SIGNATURE.to_vec();
    chunk(&mut out, *b"IHDR", &header);
    chunk(&mut out, *b"IDAT", &deflated(image));
    chunk(&mut out, *b"IEND", &[]);
    out
}

fn deflated(image: &GrayImage) -> Vec<u8> {
    let width = usize::try_from(image.width).unwrap_or(0).max(1);
    let mut rows = Vec::with_capacity(image.pixels.len() + image.pixels.len() / width);
    for row in image.pixels.chunks(width) {
        rows.push(SUB);
        let mut left = 0u8;
        for pixel in row {
            rows.push(pixel.wrapping_sub(left));
            left = *pixel;
        }
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
    use super::*;
    use std::io::Read;

    #[test]
    fn a_picture_can_be_read_back() {
        let image = GrayImage { width: 3, height: 2, pixels: vec![0, 10, 255, 7, 7, 1] };
        let file = encode(&image);
        assert_eq!(file[..8], SIGNATURE);
        assert_eq!(file[16..24], [0, 0, 0, 3, 0, 0, 0, 2]);
        // The empty end chunk's CRC is a constant of the standard.
        assert!(file.ends_with(b"\0\0\0\0IEND\xae\x42\x60\x82"));
        let start = 8 + 25 + 8;
        let mut rows = Vec::new();
        flate2::read::ZlibDecoder::new(&file[start..]).read_to_end(&mut rows).unwrap();
        assert_eq!(rows, [1, 0, 10, 245, 1, 7, 0, 250]);
    }
}
