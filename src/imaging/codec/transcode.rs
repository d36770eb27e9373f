//! A data set with drawn pixels becomes one with coded pixels: the same attributes but those that
//! speak of the coding (PS3.5 8.2, PS3.3 C.7.6.3).

use bytes::Bytes;

use super::frames::Frames;
use super::jpeg_baseline::{self, Lossy};
use super::{Raster, encode};
use crate::imaging::Form;
use crate::wire::dicom::dataset::{Coding, DataSet, Element, TransferSyntax, Value, Vr, deflate, tags};

/// Quality of what devices keep as baseline JPEG: some twelve to one for ultrasound.
const QUALITY: u16 = 90;

/// The object has no pixels, or none that this coding is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the object's pixels can't be coded so")]
pub struct NotCoded;

/// A drawn object, in [`TransferSyntax::ExplicitLittle`], as it is sent. What can't be kept in a lossy
/// syntax, having more than 8 bits, was kept as it was drawn.
///
/// # Errors
/// [`NotCoded`].
pub fn in_form(drawn: &Bytes, form: Form) -> Result<Bytes, NotCoded> {
    if form.sent == TransferSyntax::Deflated && !form.loses() {
        return Ok(deflate(drawn));
    }
    let set = DataSet::decode(drawn, TransferSyntax::ExplicitLittle).map_err(|_| NotCoded)?;
    let lossy = if form.loses() { degraded(set.clone()).ok() } else { None };
    let (set, streams) = lossy.unwrap_or_else(|| (set, Vec::new()));
    let set = match form.sent.coding() {
        Some(Coding::JpegBaseline) if !streams.is_empty() => with_streams(set, streams, Coding::JpegBaseline),
        Some(coding) => transcode(set, coding)?,
        None => set,
    };
    let bytes = set.encode(form.sent);
    Ok(if form.sent == TransferSyntax::Deflated { deflate(&bytes) } else { bytes })
}

/// What is left of an image that was kept as baseline JPEG, and its streams. It says of itself that
/// it lost (PS3.3 C.7.6.1.1.5); its UID stays, as with a device that compresses what it acquires.
fn degraded(mut set: DataSet) -> Result<(DataSet, Vec<Vec<u8>>), NotCoded> {
    let frames: Vec<Raster> = Frames::of(&set)?.all().collect();
    let lossy: Option<Vec<Lossy>> =
        frames.iter().map(|frame| jpeg_baseline::encode(frame, QUALITY)).collect();
    let lossy = lossy.ok_or(NotCoded)?;
    let before: usize = frames.iter().map(|frame| frame.samples.len()).sum();
    let after: usize = lossy.iter().map(|frame| frame.stream.len()).sum();
    let ratio = (before as f64 / after.max(1) as f64 * 100.0).round() / 100.0;
    let mut shown: Vec<u8> = lossy.iter().flat_map(|frame| &frame.shown.samples).map(|s| *s as u8).collect();
    if shown.len() % 2 == 1 {
        shown.push(0);
    }
    set.put_bytes(tags::PIXEL_DATA, Vr::OB, shown.into());
    set.put_str(tags::LOSSY_IMAGE_COMPRESSION, "01");
    set.put_decimals(tags::LOSSY_IMAGE_COMPRESSION_RATIO, &[ratio]);
    set.put_str(tags::LOSSY_IMAGE_COMPRESSION_METHOD, "ISO_10918_1");
    Ok((set, lossy.into_iter().map(|frame| frame.stream).collect()))
}

/// Codes the pixels of a data set, each frame as one fragment.
///
/// # Errors
/// [`NotCoded`]; a data set without pixels has nothing to code, and belongs in a plain syntax.
pub fn transcode(set: DataSet, coding: Coding) -> Result<DataSet, NotCoded> {
    let frames = Frames::of(&set)?;
    let coded: Option<Vec<Vec<u8>>> = frames.all().map(|frame| encode(&frame, coding)).collect();
    Ok(with_streams(set, coded.ok_or(NotCoded)?, coding))
}

fn with_streams(mut set: DataSet, streams: Vec<Vec<u8>>, coding: Coding) -> DataSet {
    let value = Value::Fragments(encapsulated(streams));
    set.put(tags::PIXEL_DATA, Element { vr: Vr::OB, value });
    if set.u16(tags::SAMPLES_PER_PIXEL) == Some(3)
        && let Some(colours) = colours(coding)
    {
        set.put_str(tags::PHOTOMETRIC_INTERPRETATION, colours);
    }
    set
}

/// How a coding tells colours; `None` where it leaves them red, green and blue (PS3.5 8.2).
fn colours(coding: Coding) -> Option<&'static str> {
    let known = [(Coding::JpegBaseline, "YBR_FULL_422"), (Coding::Jpeg2000Lossless, "YBR_RCT")];
    known.into_iter().find(|(known, _)| *known == coding).map(|(_, colours)| colours)
}

/// One fragment a frame, and the basic offset table before them (PS3.5 A.4).
fn encapsulated(streams: Vec<Vec<u8>>) -> Vec<Bytes> {
    const ITEM_HEADER: usize = 8;
    let mut offsets = Vec::with_capacity(4 * streams.len());
    let mut fragments = vec![Bytes::new()];
    let mut at = 0;
    for mut stream in streams {
        if stream.len() % 2 == 1 {
            stream.push(0);
        }
        offsets.extend(u32::try_from(at).unwrap_or(u32::MAX).to_le_bytes());
        at += ITEM_HEADER + stream.len();
        fragments.push(Bytes::from(stream));
    }
    fragments[0] = Bytes::from(offsets);
    fragments
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two frames of two pixels.
    fn cine() -> DataSet {
        let mut set = DataSet::new();
        set.put_u16(tags::SAMPLES_PER_PIXEL, 1);
        set.put_str(tags::PHOTOMETRIC_INTERPRETATION, "MONOCHROME2");
        set.put_integers(tags::NUMBER_OF_FRAMES, &[2]);
        set.put_u16(tags::ROWS, 1);
        set.put_u16(tags::COLUMNS, 2);
        set.put_u16(tags::BITS_ALLOCATED, 8);
        set.put_u16(tags::BITS_STORED, 8);
        set.put_u16(tags::PIXEL_REPRESENTATION, 0);
        set.put_bytes(tags::PIXEL_DATA, Vr::OB, vec![1, 1, 1, 2].into());
        set
    }

    #[test]
    fn each_frame_is_a_fragment_at_its_offset() {
        let set = transcode(cine(), Coding::Rle).unwrap();
        let ts = TransferSyntax::Encapsulated(Coding::Rle);
        let again = DataSet::decode(&set.encode(ts), ts).unwrap();
        let Some(Value::Fragments(fragments)) = again.get(tags::PIXEL_DATA).map(|e| &e.value) else {
            panic!("fragments")
        };
        assert_eq!(fragments.len(), 3);
        let second = u32::try_from(8 + fragments[1].len()).unwrap();
        assert_eq!(fragments[0], [[0; 4], second.to_le_bytes()].concat());
        assert_eq!(fragments[1][64..66], [255, 1]);
        assert_eq!(fragments[2][64..67], [1, 1, 2]);
    }

    #[test]
    fn what_has_no_whole_pixels_is_left_alone() {
        let mut set = cine();
        set.put_integers(tags::NUMBER_OF_FRAMES, &[3]);
        assert_eq!(transcode(set, Coding::Rle), Err(NotCoded));
        let mut set = cine();
        set.remove(tags::PIXEL_DATA);
        assert_eq!(transcode(set, Coding::Rle), Err(NotCoded));
        assert_eq!(transcode(cine(), Coding::Mpeg2Main), Err(NotCoded));
    }
}
