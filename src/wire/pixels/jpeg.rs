//! JPEG (ITU-T T.81): sequential and progressive DCT of 8 bits, and lossless of up to 16.

use std::panic::{AssertUnwindSafe, catch_unwind};

use jpeg_decoder::{Decoder, PixelFormat};

use super::Shape;

/// A frame. What the library can't read, or reads as something else than was said, is nothing.
pub(super) fn decode(stream: &[u8], shape: Shape) -> Option<Vec<u8>> {
    // A panic in the library must not end what else this process does.
    catch_unwind(AssertUnwindSafe(|| decoded(stream, shape))).ok()?
}

fn decoded(stream: &[u8], shape: Shape) -> Option<Vec<u8>> {
    let mut decoder = Decoder::new(stream);
    decoder.set_max_decoding_buffer_size(shape.bytes());
    decoder.read_info().ok()?;
    let info = decoder.info()?;
    if (info.width, info.height) != (shape.columns, shape.rows) {
        return None;
    }
    let pixels = decoder.decode().ok()?;
    match (info.pixel_format, shape.components, shape.allocated) {
        (PixelFormat::L8, 1, 8) | (PixelFormat::RGB24, 3, 8) => Some(pixels),
        (PixelFormat::L8, 1, 16) => Some(pixels.iter().flat_map(|sample| [*sample, 0]).collect()),
        (PixelFormat::L16, 1, 16) => {
            let samples = pixels.as_chunks::<2>().0.iter();
            Some(samples.flat_map(|raw| u16::from_ne_bytes(*raw).to_le_bytes()).collect())
        }
        _ => None,
    }
}
