//! RLE Lossless (PS3.5 annex G).

use super::Shape;

/// Length of the header: 16 numbers of four bytes (G.5).
const HEADER: usize = 64;

/// A frame: planes of bytes, the upper byte's of each sample first.
pub(super) fn decode(stream: &[u8], shape: Shape) -> Option<Vec<u8>> {
    let header = stream.get(..HEADER)?.as_chunks::<4>().0;
    let number = |at: usize| usize::try_from(u32::from_le_bytes(*header.get(at)?)).ok();
    let (samples, bytes) = (usize::from(shape.components), shape.sample());
    let count = number(0).filter(|count| *count == samples * bytes)?;
    let mut out = vec![0; shape.bytes()];
    for segment in 0..count {
        let start = number(segment + 1)?;
        let end = if segment + 1 < count { number(segment + 2)? } else { stream.len() };
        let plane = unpacked(stream.get(start..end)?, shape.pixels())?;
        // Of a sample the upper byte's segment comes first; plain samples are little endian.
        let (sample, byte) = (segment / bytes, bytes - 1 - segment % bytes);
        let slots = out.iter_mut().skip(sample * bytes + byte).step_by(samples * bytes);
        slots.zip(plane).for_each(|(slot, value)| *slot = value);
    }
    Some(out)
}

/// PackBits (G.3.2), exactly so many bytes.
fn unpacked(mut packed: &[u8], length: usize) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(length);
    while out.len() < length {
        let (control, rest) = packed.split_first()?;
        packed = rest;
        match *control {
            literals @ 0..=127 => {
                let (bytes, rest) = packed.split_at_checked(usize::from(literals) + 1)?;
                out.extend_from_slice(bytes);
                packed = rest;
            }
            128 => {}
            run => {
                let (byte, rest) = packed.split_first()?;
                out.resize(out.len() + 257 - usize::from(run), *byte);
                packed = rest;
            }
        }
    }
    (out.len() == length).then_some(out)
}
