//! The frames of an uncompressed image (PS3.3 C.7.6.3).

use bytes::Bytes;

use super::{NotCoded, Raster};
use crate::wire::dicom::dataset::{DataSet, tags};

/// What an image says of its pixels, and the pixels.
pub(super) struct Frames {
    shape: Raster,
    /// Bytes of a frame.
    length: usize,
    count: usize,
    pixels: Bytes,
}

impl Frames {
    /// Reads a data set, which may be anybody's.
    pub(super) fn of(set: &DataSet) -> Result<Self, NotCoded> {
        let pixels = set.bytes(tags::PIXEL_DATA).ok_or(NotCoded)?.clone();
        let number = |tag| set.u16(tag).ok_or(NotCoded);
        let shape = Raster {
            columns: number(tags::COLUMNS)?.into(),
            rows: number(tags::ROWS)?.into(),
            components: number(tags::SAMPLES_PER_PIXEL)?.into(),
            bits: number(tags::BITS_STORED)?.into(),
            allocated: number(tags::BITS_ALLOCATED)?.into(),
            signed: set.u16(tags::PIXEL_REPRESENTATION) == Some(1),
            samples: Vec::new(),
        };
        let by_plane = set.u16(tags::PLANAR_CONFIGURATION).unwrap_or(0) != 0;
        let known = matches!(shape.components, 1 | 3)
            && matches!(shape.allocated, 8 | 16)
            && (1..=shape.allocated).contains(&shape.bits)
            && !(by_plane && shape.components > 1);
        let bytes = usize::from(shape.allocated == 16) + 1;
        let length = shape.columns * shape.rows * shape.components * bytes;
        let count = set.integer(tags::NUMBER_OF_FRAMES).and_then(|n| usize::try_from(n).ok()).unwrap_or(1);
        let all = length.checked_mul(count).filter(|all| (1..=pixels.len()).contains(all));
        if known && all.is_some() { Ok(Frames { shape, length, count, pixels }) } else { Err(NotCoded) }
    }

    /// A frame, counted from 0.
    pub(super) fn frame(&self, number: usize) -> Option<Raster> {
        let start = self.length.checked_mul(number).filter(|_| number < self.count)?;
        let frame = self.pixels.get(start..start + self.length)?;
        let samples = if self.shape.allocated == 8 {
            frame.iter().map(|byte| u16::from(*byte)).collect()
        } else {
            frame.as_chunks::<2>().0.iter().map(|word| u16::from_le_bytes(*word)).collect()
        };
        Some(Raster { samples, ..self.shape.clone() })
    }

    /// All frames.
    pub(super) fn all(&self) -> impl Iterator<Item = Raster> {
        (0..self.count).filter_map(|number| self.frame(number))
    }
}
