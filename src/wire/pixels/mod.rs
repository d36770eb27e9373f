//! Compressed pixels of a peer made plain (PS3.5 8.2 and annex A.4): only what a peer sent is decoded
//! here, a frame at a time, and what is decoded is never larger than its data set says.
//!
//! JPEG is read by `jpeg-decoder`, JPEG 2000 by `hayro-jpeg2000`, both without `unsafe`; RLE and
//! JPEG-LS are read here. Nothing is decoded whose size, components or depth differ from the data set.

mod bits;
mod jpeg;
mod jpeg2000;
pub mod jpeg_ls;
mod rle;

use bytes::Bytes;

use crate::wire::dicom::dataset::{Coding, DataSet, Element, Value, Vr, tags};

/// Most bytes of all decoded frames of an object, as the largest object that is read back.
pub const MAX_DECODED: usize = 96 << 20;

/// Most frames of an object: a minute of a clip.
const MAX_FRAMES: usize = 4096;

/// Pixels that can't be made plain: broken, larger than said, or of a coding that is not read here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the pixels can't be decoded")]
pub struct Undecodable;

/// What a data set says of each frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    /// Columns.
    pub columns: u16,
    /// Rows.
    pub rows: u16,
    /// Samples of a pixel: 1 or 3.
    pub components: u16,
    /// Bits that a sample occupies once it is plain: 8 or 16.
    pub allocated: u16,
    /// Bits of a sample that mean something.
    pub stored: u16,
}

impl Shape {
    /// Of a data set, which may be anybody's.
    fn of(set: &DataSet) -> Option<Self> {
        let shape = Shape {
            columns: set.u16(tags::COLUMNS)?,
            rows: set.u16(tags::ROWS)?,
            components: set.u16(tags::SAMPLES_PER_PIXEL)?,
            allocated: set.u16(tags::BITS_ALLOCATED)?,
            stored: set.u16(tags::BITS_STORED)?,
        };
        let known = matches!(shape.components, 1 | 3)
            && matches!(shape.allocated, 8 | 16)
            && (1..=shape.allocated).contains(&shape.stored)
            && shape.columns > 0
            && shape.rows > 0;
        known.then_some(shape)
    }

    /// Pixels of a frame.
    fn pixels(&self) -> usize {
        usize::from(self.columns) * usize::from(self.rows)
    }

    /// Bytes of a sample.
    fn sample(&self) -> usize {
        usize::from(self.allocated / 8)
    }

    /// Bytes of a plain frame.
    fn bytes(&self) -> usize {
        self.pixels() * usize::from(self.components) * self.sample()
    }
}

/// A data set whose pixels are plain, samples of a pixel together, colours as red, green and blue.
///
/// # Errors
/// [`Undecodable`].
pub fn plain(mut set: DataSet, coding: Coding) -> Result<DataSet, Undecodable> {
    let shape = Shape::of(&set).ok_or(Undecodable)?;
    let count = set.integer(tags::NUMBER_OF_FRAMES).map_or(Some(1), |count| usize::try_from(count).ok());
    let count = count.filter(|count| (1..=MAX_FRAMES).contains(count)).ok_or(Undecodable)?;
    if shape.bytes().checked_mul(count).is_none_or(|all| all > MAX_DECODED) {
        return Err(Undecodable);
    }
    let Some(Value::Fragments(fragments)) = set.get(tags::PIXEL_DATA).map(|element| &element.value) else {
        return Err(Undecodable);
    };
    let mut pixels = Vec::with_capacity(shape.bytes() * count);
    for stream in streams(fragments, count).ok_or(Undecodable)? {
        pixels.extend(frame(coding, &stream, shape)?);
    }
    if pixels.len() % 2 == 1 {
        pixels.push(0);
    }
    let vr = if shape.allocated == 8 { Vr::OB } else { Vr::OW };
    set.put(tags::PIXEL_DATA, Element { vr, value: Value::Bytes(pixels.into()) });
    if shape.components == 3 {
        set.put_u16(tags::PLANAR_CONFIGURATION, 0);
        if coding != Coding::Rle {
            set.put_str(tags::PHOTOMETRIC_INTERPRETATION, "RGB");
        }
    }
    Ok(set)
}

/// One frame as plain little endian bytes.
///
/// # Errors
/// [`Undecodable`].
pub fn frame(coding: Coding, stream: &[u8], shape: Shape) -> Result<Vec<u8>, Undecodable> {
    if shape.bytes() > MAX_DECODED {
        return Err(Undecodable);
    }
    let decoded = match coding {
        Coding::Rle => rle::decode(stream, shape),
        Coding::JpegBaseline | Coding::JpegExtended => jpeg::decode(stream, shape),
        Coding::JpegLossless | Coding::JpegLosslessFirstOrder => jpeg::decode(stream, shape),
        Coding::JpegLsLossless | Coding::JpegLsNearLossless => jpeg_ls::decode(stream, shape),
        Coding::Jpeg2000Lossless | Coding::Jpeg2000 => jpeg2000::decode(stream, shape),
        Coding::Jpeg2000MultiLossless
        | Coding::Jpeg2000Multi
        | Coding::Mpeg2Main
        | Coding::Mpeg2High
        | Coding::Mpeg4High41
        | Coding::Mpeg4BluRay41
        | Coding::Mpeg4High42Flat
        | Coding::Mpeg4High42Deep
        | Coding::Mpeg4Stereo42
        | Coding::HevcMain51
        | Coding::HevcMain10
        | Coding::HtJpeg2000Lossless
        | Coding::HtJpeg2000LosslessRpcl
        | Coding::HtJpeg2000 => None,
    };
    decoded.filter(|bytes| bytes.len() == shape.bytes()).ok_or(Undecodable)
}

/// Samples of 16 bits at most as plain bytes.
fn packed(samples: impl Iterator<Item = u16>, shape: Shape) -> Vec<u8> {
    if shape.allocated == 8 {
        samples.map(|sample| sample.to_le_bytes()[0]).collect()
    } else {
        samples.flat_map(u16::to_le_bytes).collect()
    }
}

/// The stream of each frame: a fragment each, or as the basic offset table cuts them (PS3.5 A.4).
fn streams(fragments: &[Bytes], frames: usize) -> Option<Vec<Bytes>> {
    let (table, parts) = fragments.split_first()?;
    if parts.len() == frames {
        return Some(parts.to_vec());
    }
    if frames == 1 {
        return Some(vec![parts.concat().into()]);
    }
    let starts: Vec<usize> = table
        .as_chunks::<4>()
        .0
        .iter()
        .filter_map(|raw| usize::try_from(u32::from_le_bytes(*raw)).ok())
        .collect();
    let mut found: Vec<Vec<u8>> = Vec::new();
    let mut at = 0;
    for part in parts {
        if starts.contains(&at) || found.is_empty() {
            found.push(Vec::new());
        }
        found.last_mut()?.extend_from_slice(part);
        at += 8 + part.len();
    }
    (found.len() == frames).then(|| found.into_iter().map(Bytes::from).collect())
}

#[cfg(test)]
mod tests;
