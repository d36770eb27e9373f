//! RLE Lossless (PS3.5 annex G): planes of bytes, packed row by row as TIFF's PackBits does.

use super::Raster;

/// Segments that the header has room for (G.5).
const MAX_SEGMENTS: usize = 15;

/// Length of the header: 16 numbers of four bytes (G.5).
const HEADER: usize = 64;

/// Longest run and longest stretch of literal bytes (G.3.1).
const LONGEST: usize = 128;

/// A frame as one fragment: for each sample the upper byte's plane first, then the lower one's.
pub(super) fn encode(raster: &Raster) -> Vec<u8> {
    let bytes = if raster.allocated > 8 { 2 } else { 1 };
    let planes = (0..raster.components).flat_map(|component| (0..bytes).map(move |byte| (component, byte)));
    let mut header = vec![0u32];
    let mut segments = Vec::new();
    for (component, byte) in planes.take(MAX_SEGMENTS) {
        header.push(u32::try_from(HEADER + segments.len()).unwrap_or(u32::MAX));
        segment(&plane(raster, component, 8 * (bytes - 1 - byte)), raster.columns, &mut segments);
    }
    header[0] = u32::try_from(header.len() - 1).unwrap_or(0);
    header.resize(HEADER / 4, 0);
    let mut out: Vec<u8> = header.iter().flat_map(|number| number.to_le_bytes()).collect();
    out.append(&mut segments);
    out
}

fn plane(raster: &Raster, component: usize, shift: u32) -> Vec<u8> {
    let samples = raster.samples.iter().skip(component).step_by(raster.components);
    samples.map(|sample| (sample >> shift) as u8).collect()
}

fn segment(plane: &[u8], columns: usize, out: &mut Vec<u8>) {
    let start = out.len();
    plane.chunks(columns.max(1)).for_each(|row| pack(row, out));
    if (out.len() - start) % 2 == 1 {
        out.push(0);
    }
}

/// One row; runs of two bytes pay only between runs, so that literals are not broken for them.
fn pack(row: &[u8], out: &mut Vec<u8>) {
    let mut at = 0;
    let mut literal = 0;
    while at < row.len() {
        let run = row[at..].iter().take(LONGEST).take_while(|byte| **byte == row[at]).count();
        if run > 2 || (run == 2 && literal == at) {
            literals(&row[literal..at], out);
            out.extend([(257 - run) as u8, row[at]]);
            literal = at + run;
        }
        at += run;
    }
    literals(&row[literal..], out);
}

fn literals(bytes: &[u8], out: &mut Vec<u8>) {
    for piece in bytes.chunks(LONGEST) {
        out.push((piece.len() - 1) as u8);
        out.extend_from_slice(piece);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::tests::raster;
    use super::*;

    /// G.3.2, for the test's own output.
    fn unpack(bytes: &[u8], length: usize) -> Vec<u8> {
        let (mut out, mut at) = (Vec::new(), 0);
        while out.len() < length {
            let head = bytes[at] as i8;
            match head {
                0.. => {
                    let end = at + 2 + head as usize;
                    out.extend_from_slice(&bytes[at + 1..end]);
                    at = end;
                }
                -127..0 => {
                    out.extend(std::iter::repeat_n(bytes[at + 1], 1 + usize::from(head.unsigned_abs())));
                    at += 2;
                }
                -128 => at += 1,
            }
        }
        assert_eq!(out.len(), length);
        out
    }

    fn decode(bytes: &[u8], like: &Raster) -> Vec<u16> {
        let number = |at: usize| u32::from_le_bytes(bytes[4 * at..4 * at + 4].try_into().unwrap()) as usize;
        let pixels = like.columns * like.rows;
        let width = if like.allocated > 8 { 2 } else { 1 };
        assert_eq!(number(0), like.components * width);
        let mut samples = vec![0u16; pixels * like.components];
        for segment in 0..number(0) {
            let plane = unpack(&bytes[number(1 + segment)..], pixels);
            let shift = 8 * (width - 1 - segment % width);
            for (pixel, byte) in plane.into_iter().enumerate() {
                samples[pixel * like.components + segment / width] |= u16::from(byte) << shift;
            }
        }
        samples
    }

    #[test]
    fn the_standard_s_packing() {
        let mut out = Vec::new();
        pack(&[7, 7, 7, 1, 2, 2, 3, 3, 3, 3], &mut out);
        assert_eq!(out, [254, 7, 2, 1, 2, 2, 253, 3]);
    }

    proptest! {
        #[test]
        fn what_was_packed_comes_back(raster in raster()) {
            let bytes = encode(&raster);
            prop_assert_eq!(bytes.len() % 2, 0);
            prop_assert_eq!(decode(&bytes, &raster), raster.samples);
        }
    }
}
