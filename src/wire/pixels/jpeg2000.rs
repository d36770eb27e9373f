//! JPEG 2000 (ITU-T T.800), raw codestreams as DICOM has them (PS3.5 A.4.4).

use std::panic::{AssertUnwindSafe, catch_unwind};

use hayro_jpeg2000::{DecodeSettings, DecoderContext, Image};

use super::{Shape, packed};

/// Most tiles: files in the field have one, or some dozens.
const MAX_TILES: u32 = 4096;

/// A frame. Size and components stand at fixed places, so they are compared before anything is made
/// room for.
pub(super) fn decode(stream: &[u8], shape: Shape) -> Option<Vec<u8>> {
    announced(stream, shape).then_some(())?;
    // A panic in the library must not end what else this process does.
    catch_unwind(AssertUnwindSafe(|| decoded(stream, shape))).ok()?
}

/// Whether the stream is of this size (SIZ, A.5.1).
fn announced(stream: &[u8], shape: Shape) -> bool {
    let read = || {
        let number = |at: usize| Some(u32::from_be_bytes(*stream.get(at..)?.first_chunk()?));
        let components = u16::from_be_bytes(*stream.get(40..)?.first_chunk()?);
        let side = |end: usize, start: usize| number(end)?.checked_sub(number(start)?);
        let (columns, rows) = (side(8, 16)?, side(12, 20)?);
        let tiles = |whole: u32, at: usize| Some(whole.div_ceil(number(at)?.max(1)));
        let count = tiles(columns, 24)?.checked_mul(tiles(rows, 28)?)?;
        Some((columns, rows, components, count <= MAX_TILES))
    };
    let said = (u32::from(shape.columns), u32::from(shape.rows), shape.components, true);
    stream.starts_with(&[0xFF, 0x4F, 0xFF, 0x51]) && read() == Some(said)
}

fn decoded(stream: &[u8], shape: Shape) -> Option<Vec<u8>> {
    let image = Image::new(stream, &DecodeSettings::default()).ok()?;
    let mut context = DecoderContext::default();
    let image = image.decode(&mut context).ok()?;
    let planes: Vec<&[f32]> = image.components().iter().map(|plane| plane.samples()).collect();
    let whole = planes.len() == usize::from(shape.components)
        && planes.iter().all(|plane| plane.len() == shape.pixels());
    let samples = (0..shape.pixels()).flat_map(|at| planes.iter().filter_map(move |plane| plane.get(at)));
    let raised = raised(*stream.get(42)?);
    whole.then(|| packed(samples.map(|sample| rounded(*sample - raised)), shape))
}

/// What the library adds to signed samples (Ssiz, A.5.1): it takes all for unsigned.
fn raised(depth: u8) -> f32 {
    if depth & 0x80 == 0 { 0.0 } else { f32::from(depth & 0x7F).exp2() }
}

/// The lower 16 bits of a sample, which may be negative: added to one and a half times 2^23 it stands
/// in the lowest bits of the sum, rounded.
fn rounded(sample: f32) -> u16 {
    const ALIGNED: f32 = 12_582_912.0;
    let [a, b, ..] = (sample.clamp(-65_536.0, 65_536.0) + ALIGNED).to_bits().to_le_bytes();
    u16::from_le_bytes([a, b])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_become_their_lower_bits() {
        let rounded = [0.0, 4095.4, 65535.0, -1.0, -32768.0, 0.6].map(rounded);
        assert_eq!(rounded, [0, 4095, 65535, 0xFFFF, 0x8000, 1]);
    }
}
