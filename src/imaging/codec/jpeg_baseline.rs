//! JPEG baseline (ITU-T T.81 annex F, process 1): 8 bits, lossy. Gives beside the stream what a
//! decoder makes of it, so that an archive which keeps the stream can send it decoded too.

use super::bits::{BitWriter, Stuffing};
use super::dct::{Quantized, blocks, pixels};
use super::huffman::{Codes, Table, category};
use super::jpeg::{end, frame_header, scan_header, segment, start};
use super::{Raster, colour};

const SOF0: u8 = 0xC0;
const DHT: u8 = 0xC4;
const DQT: u8 = 0xDB;
const APP0: u8 = 0xE0;

/// JFIF 1.01, no unit, square pixels, no thumbnail: says that colours are YCbCr.
const JFIF: &[u8] = b"JFIF\0\x01\x01\x00\x00\x01\x00\x01\x00\x00";

/// Coarseness of coefficients in zigzag order, at quality 50 (table K.1 and K.2).
const LUMINANCE: [u16; 64] = [
    16, 11, 12, 14, 12, 10, 16, 14, 13, 14, 18, 17, 16, 19, 24, 40, 26, 24, 22, 22, 24, 49, 35, 37, 29, 40,
    58, 51, 61, 60, 57, 51, 56, 55, 64, 72, 92, 78, 64, 68, 87, 69, 55, 56, 80, 109, 81, 87, 95, 98, 103,
    104, 103, 62, 77, 113, 121, 112, 100, 120, 92, 101, 103, 99,
];
const CHROMINANCE: [u16; 64] = [
    17, 18, 18, 24, 21, 24, 47, 26, 26, 47, 99, 66, 56, 66, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99,
    99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99,
    99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99,
];

/// A symbol for sixteen zero coefficients, and for no more coefficients (F.1.2.2.1).
const SIXTEEN_ZEROS: u8 = 0xF0;
const END_OF_BLOCK: u8 = 0;

/// A stream and what it shows.
pub(super) struct Lossy {
    pub(super) stream: Vec<u8>,
    /// The frame as it comes out of the stream.
    pub(super) shown: Raster,
}

/// Codes a frame at a quality of 1 to 100; colours have half the resolution across. `None` when its
/// samples are not 8 bits without a sign.
pub(super) fn encode(raster: &Raster, quality: u16) -> Option<Lossy> {
    if raster.allocated != 8 || raster.bits != 8 || raster.signed {
        return None;
    }
    let tables = [scaled(&LUMINANCE, quality), scaled(&CHROMINANCE, quality)];
    let planes = colour::split(raster);
    let coloured = planes.len() > 1;
    let table = |component: usize| &tables[usize::from(component > 0)];
    let coded: Vec<Quantized> = planes
        .iter()
        .enumerate()
        .map(|(component, plane)| {
            blocks(plane, table(component), if coloured && component == 0 { 2 } else { 1 })
        })
        .collect();
    let decoded: Vec<_> = coded
        .iter()
        .zip(&planes)
        .enumerate()
        .map(|(component, (coded, plane))| pixels(coded, table(component), plane))
        .collect();
    let shown = colour::join(&decoded, raster);
    Some(Lossy { stream: stream(raster, &coded, &tables), shown })
}

/// As the Independent JPEG Group's library scales tables.
fn scaled(table: &[u16; 64], quality: u16) -> [u16; 64] {
    let quality = quality.clamp(1, 100);
    let percent = if quality < 50 { 5000 / quality } else { 200 - 2 * quality };
    table.map(|step| ((u32::from(step) * u32::from(percent) + 50) / 100).clamp(1, 255) as u16)
}

fn stream(raster: &Raster, coded: &[Quantized], tables: &[[u16; 64]; 2]) -> Vec<u8> {
    let coloured = coded.len() > 1;
    let mut out = start();
    segment(APP0, JFIF, &mut out);
    let components: &[(u8, u8, u8)] =
        if coloured { &[(2, 1, 0), (1, 1, 1), (1, 1, 1)] } else { &[(1, 1, 0)] };
    let used = if coloured { 2 } else { 1 };
    for (number, table) in (0u8..).zip(&tables[..used]) {
        let steps = table.iter().map(|step| *step as u8);
        segment(DQT, &[number].into_iter().chain(steps).collect::<Vec<_>>(), &mut out);
    }
    frame_header(raster, SOF0, 8, components, &mut out);
    let symbols: Vec<Vec<Symbol>> = order(coded).map(|(plane, block)| symbols(plane, block, coded)).collect();
    let owners: Vec<usize> = order(coded).map(|(plane, _)| plane.min(1)).collect();
    let tables: Vec<[Table; 2]> = (0..used).map(|class| best(&symbols, &owners, class)).collect();
    for (number, [direct, alternating]) in (0u8..).zip(&tables) {
        segment(DHT, &direct.segment(number), &mut out);
        segment(DHT, &alternating.segment(0x10 | number), &mut out);
    }
    let chosen: Vec<u8> = (0..coded.len()).map(|plane| if plane == 0 { 0 } else { 0x11 }).collect();
    scan_header(&chosen, [0, 63, 0], &mut out);
    let codes: Vec<[Codes; 2]> = tables.iter().map(|[one, two]| [one.codes(), two.codes()]).collect();
    let mut bits = BitWriter::new(out, Stuffing::Byte);
    for (symbols, owner) in symbols.iter().zip(owners) {
        for (number, symbol) in symbols.iter().enumerate() {
            codes[owner][usize::from(number > 0)].put(symbol.code, symbol.extra, symbol.bits, &mut bits);
        }
    }
    end(bits.finish(true))
}

/// Planes and blocks in the order of the scan (A.2.3): two of luminance, then one of each colour.
fn order(coded: &[Quantized]) -> impl Iterator<Item = (usize, usize)> {
    let coloured = coded.len() > 1;
    let step = if coloured { 2 } else { 1 };
    (0..coded[0].blocks.len()).step_by(step).flat_map(move |first| {
        let luminance = (first..first + step).map(|block| (0, block));
        let colours = (1..if coloured { 3 } else { 1 }).map(move |plane| (plane, first / 2));
        luminance.chain(colours)
    })
}

/// A Huffman symbol and what follows it.
struct Symbol {
    code: u8,
    extra: u32,
    bits: u32,
}

/// One block (F.1.2): the difference to the block before, then runs of zeros and what ends them.
fn symbols(plane: usize, block: usize, coded: &[Quantized]) -> Vec<Symbol> {
    let blocks = &coded[plane].blocks;
    let before = block.checked_sub(1).map_or(0, |before| blocks[before][0]);
    let number = |zeros: u8, value: i32| {
        let (size, extra) = category(value);
        Symbol { code: zeros << 4 | size, extra, bits: size.into() }
    };
    let empty = |code| Symbol { code, extra: 0, bits: 0 };
    let mut out = vec![number(0, blocks[block][0] - before)];
    let mut zeros = 0;
    for value in &blocks[block][1..] {
        if *value == 0 {
            zeros += 1;
            continue;
        }
        while zeros > 15 {
            out.push(empty(SIXTEEN_ZEROS));
            zeros -= 16;
        }
        out.push(number(zeros, *value));
        zeros = 0;
    }
    if zeros > 0 {
        out.push(empty(END_OF_BLOCK));
    }
    out
}

/// The best tables for the first symbols of blocks and for the others.
fn best(symbols: &[Vec<Symbol>], owners: &[usize], class: usize) -> [Table; 2] {
    let mut frequencies = [[0u64; 256]; 2];
    let own = symbols.iter().zip(owners).filter(|(_, owner)| **owner == class);
    for (number, symbol) in own.flat_map(|(symbols, _)| symbols.iter().enumerate()) {
        frequencies[usize::from(number > 0)][usize::from(symbol.code)] += 1;
    }
    frequencies.map(|frequencies| Table::best(&frequencies))
}
