//! JPEG lossless (ITU-T T.81 annex H, process 14): each sample is told as its difference from a
//! neighbour, by a Huffman code that fits the frame.

use super::Raster;
use super::bits::{BitWriter, Stuffing};
use super::huffman::{Table, category};
use super::jpeg::{end, frame_header, scan_header, segment, start};

/// SOF3: lossless, sequential, Huffman.
const SOF3: u8 = 0xC3;
const DHT: u8 = 0xC4;

/// From which neighbours a sample is predicted (table H.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Predictor {
    /// Selection value 1: the sample to the left.
    Left,
    /// Selection value 6: the sample above, moved by half of what the left one moved.
    AboveAndHalf,
}

/// A frame as a JPEG stream. All components share one table.
pub(super) fn encode(raster: &Raster, predictor: Predictor) -> Vec<u8> {
    let differences = differences(raster, predictor);
    let mut frequencies = [0u64; 17];
    differences.iter().for_each(|difference| frequencies[usize::from(category(*difference).0)] += 1);
    let table = Table::best(&frequencies);
    let mut out = start();
    frame_header(raster, SOF3, raster.unsigned_bits(), &vec![(1, 1, 0); raster.components], &mut out);
    segment(DHT, &table.segment(0), &mut out);
    let selection = match predictor {
        Predictor::Left => 1,
        Predictor::AboveAndHalf => 6,
    };
    scan_header(&vec![0; raster.components], [selection, 0, 0], &mut out);
    let codes = table.codes();
    let mut bits = BitWriter::new(out, Stuffing::Byte);
    for difference in differences {
        let (size, extra) = category(difference);
        // 32768 is the only one of its size and needs no bits (H.1.2.2).
        codes.put(size, extra, if size == 16 { 0 } else { size.into() }, &mut bits);
    }
    end(bits.finish(true))
}

/// Differences modulo 65536 between samples and what their neighbours foretell (H.1.2.1).
fn differences(raster: &Raster, predictor: Predictor) -> Vec<i32> {
    let width = raster.columns * raster.components;
    let step = raster.components;
    let bits = raster.unsigned_bits();
    let mask = ((1u32 << bits) - 1) as u16;
    let at = |index: usize| i32::from(raster.samples[index] & mask);
    (0..raster.samples.len())
        .map(|index| {
            let (first_row, first_column) = (index < width, index % width < step);
            let expected = match (first_row, first_column, predictor) {
                (true, true, _) => 1 << (bits - 1),
                (true, false, _) | (false, false, Predictor::Left) => at(index - step),
                (false, true, _) => at(index - width),
                (false, false, Predictor::AboveAndHalf) => {
                    at(index - width) + ((at(index - step) - at(index - width - step)) >> 1)
                }
            };
            wrapped(at(index) - expected)
        })
        .collect()
}

/// Into -32767 to 32768.
fn wrapped(difference: i32) -> i32 {
    let low = difference & 0xFFFF;
    if low > 0x8000 { low - 0x1_0000 } else { low }
}
