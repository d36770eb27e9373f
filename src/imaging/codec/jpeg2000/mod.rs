//! JPEG 2000 lossless (ITU-T T.800): one tile, one layer, five levels of the reversible wavelet,
//! code-blocks of 64 by 64, resolution after resolution.

mod block;
mod mq;
mod packet;
mod wavelet;

use super::Raster;
use block::Orientation;
use packet::{Band, packet};
use wavelet::{Plane, planes};

/// Wavelet levels.
const LEVELS: u32 = 5;

/// Side of a code-block, as a power of two.
const BLOCK_EXPONENT: u32 = 6;

/// Bit planes beyond those that samples have: filters may overshoot (E.1).
const GUARD_BITS: u32 = 2;

/// Largest side: above, a resolution has more than one precinct (B.6).
pub(super) const LARGEST_SIDE: usize = 1 << 15;

// Markers (table A.2).
const SOC: u8 = 0x4F;
const SIZ: u8 = 0x51;
const COD: u8 = 0x52;
const QCD: u8 = 0x5C;
const SOT: u8 = 0x90;
const SOD: u8 = 0x93;
const EOC: u8 = 0xD9;

/// A frame as a codestream.
pub(super) fn encode(raster: &Raster) -> Vec<u8> {
    let mut planes = planes(raster);
    planes.iter_mut().for_each(|plane| plane.transform(LEVELS));
    let mut packets = Vec::new();
    for resolution in 0..=LEVELS {
        for plane in &planes {
            packet(&bands(plane, resolution, raster), &mut packets);
        }
    }
    let mut out = vec![0xFF, SOC];
    segment(SIZ, &size(raster), &mut out);
    segment(COD, &style(raster), &mut out);
    segment(QCD, &quantization(raster), &mut out);
    const TILE_HEAD: usize = 14;
    let length = u32::try_from(TILE_HEAD + packets.len()).unwrap_or(0);
    // Tile 0, its length with this header, part 0 of 1 (A.4.2).
    segment(SOT, &[&[0; 2], &length.to_be_bytes()[..], &[0, 1]].concat(), &mut out);
    out.extend([0xFF, SOD]);
    out.append(&mut packets);
    out.extend([0xFF, EOC]);
    out
}

/// The subbands that a resolution adds (B.5), coded.
fn bands(plane: &Plane, resolution: u32, raster: &Raster) -> Vec<Band> {
    let halved = |side: usize, times: u32| (0..times).fold(side, |side, _| side.div_ceil(2));
    let level = LEVELS - resolution;
    let (columns, rows) = (halved(plane.columns, level), halved(plane.rows, level));
    let band = |[left, top]: [usize; 2], [right, bottom]: [usize; 2], orientation| {
        let area = Area { left, top, columns: right - left, rows: bottom - top };
        area.band(plane, orientation, planes_of(raster, gain(resolution, orientation)))
    };
    if resolution == 0 {
        return vec![band([0, 0], [columns, rows], Orientation::Vertical)];
    }
    let (low_columns, low_rows) = (columns.div_ceil(2), rows.div_ceil(2));
    vec![
        band([low_columns, 0], [columns, low_rows], Orientation::Horizontal),
        band([0, low_rows], [low_columns, rows], Orientation::Vertical),
        band([low_columns, low_rows], [columns, rows], Orientation::Diagonal),
    ]
}

/// A part of a transformed plane.
struct Area {
    left: usize,
    top: usize,
    columns: usize,
    rows: usize,
}

impl Area {
    fn band(&self, plane: &Plane, orientation: Orientation, planes: u32) -> Band {
        const SIDE: usize = 1 << BLOCK_EXPONENT;
        let mut blocks = Vec::new();
        for top in (0..self.rows).step_by(SIDE) {
            for left in (0..self.columns).step_by(SIDE) {
                let columns = SIDE.min(self.columns - left);
                let rows = top..self.rows.min(top + SIDE);
                let values: Vec<i32> = rows.flat_map(|row| self.row(plane, row, left, columns)).collect();
                blocks.push(block::code(&values, columns, orientation));
            }
        }
        Band { across: self.columns.div_ceil(SIDE), blocks, planes }
    }

    fn row<'a>(
        &self,
        plane: &'a Plane,
        row: usize,
        left: usize,
        columns: usize,
    ) -> impl Iterator<Item = i32> + use<'a> {
        let start = (self.top + row) * plane.columns + self.left + left;
        plane.values[start..start + columns].iter().copied()
    }
}

/// How many more bits a subband's coefficients have than samples (table E.1).
fn gain(resolution: u32, orientation: Orientation) -> u32 {
    match orientation {
        Orientation::Vertical if resolution == 0 => 0,
        Orientation::Vertical | Orientation::Horizontal => 1,
        Orientation::Diagonal => 2,
    }
}

/// Exponent of a subband's range (E.1); differences between colours have a bit more.
fn exponent(raster: &Raster, gain: u32) -> u32 {
    raster.bits + gain + u32::from(raster.components == 3)
}

fn planes_of(raster: &Raster, gain: u32) -> u32 {
    GUARD_BITS + exponent(raster, gain) - 1
}

/// Image and tile size (A.5.1).
fn size(raster: &Raster) -> Vec<u8> {
    let side = |side: usize| u32::try_from(side).unwrap_or(u32::MAX);
    let (columns, rows) = (side(raster.columns), side(raster.rows));
    let mut out = vec![0, 0];
    for number in [columns, rows, 0, 0, columns, rows, 0, 0] {
        out.extend(number.to_be_bytes());
    }
    out.extend([0, raster.components as u8]);
    let depth = (raster.bits - 1) as u8 | u8::from(raster.signed) << 7;
    (0..raster.components).for_each(|_| out.extend([depth, 1, 1]));
    out
}

/// Coding style (A.6.1): layer, resolution, component, position; one layer.
fn style(raster: &Raster) -> Vec<u8> {
    const REVERSIBLE: u8 = 1;
    let block = (BLOCK_EXPONENT - 2) as u8;
    vec![0, 0, 0, 1, u8::from(raster.components == 3), LEVELS as u8, block, block, 0, REVERSIBLE]
}

/// Quantization (A.6.4): none, only the ranges.
fn quantization(raster: &Raster) -> Vec<u8> {
    let range = |gain| (exponent(raster, gain) << 3) as u8;
    let mut out = vec![(GUARD_BITS << 5) as u8, range(0)];
    (0..LEVELS).for_each(|_| out.extend([range(1), range(1), range(2)]));
    out
}

fn segment(marker: u8, content: &[u8], out: &mut Vec<u8>) {
    super::jpeg::segment(marker, content, out);
}
