//! What the product makes of pixels: pictures, clamped or stretched, and numbers for programs.

use std::fmt::Write as _;
use std::io::Write as _;

use bytes::Bytes;
use flate2::{Compression, GzBuilder};

use crate::decoys::http::dicomweb::objects::{frame, frames};
use crate::imaging::codec::{Picture, png16, shade};
use crate::wire::dicom::dataset::{Coding, DataSet, TransferSyntax, Value, tags};

/// Operating system of a gzip header (RFC 1952 2.3.1): Unix.
const UNIX: u8 = 3;
/// A NumPy header is filled up to a multiple of this (format 1.0).
const NUMPY_ALIGNMENT: usize = 64;

/// How grey becomes a picture.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Shading {
    /// `preview`: from the darkest to the brightest value.
    Stretched,
    /// `rendered`: through the window of the image, or this centre and width.
    Windowed(Option<(f32, f32)>),
    /// `image-uint8`: what does not fit is cut off.
    Bytes,
    /// `image-uint16`.
    Words,
    /// `image-int16`.
    Signed,
}

/// A picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Drawn {
    /// 8 bits a sample.
    Eight(Picture),
    /// Grey in 16 bits: columns, rows, samples.
    Sixteen(u32, u32, Vec<u16>),
}

/// Why there is nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Nothing {
    /// Such pixels are not drawn so.
    Unsupported,
    /// There is no such frame.
    OutOfRange,
}

/// A frame as a picture.
pub(super) fn draw(set: &DataSet, number: usize, shading: Shading) -> Result<Drawn, Nothing> {
    let Some(grey) = Grey::of(set, number)? else {
        let shown = matches!(shading, Shading::Stretched | Shading::Windowed(_));
        let picture = Picture::of(set, number, None).filter(|_| shown);
        return picture.map(Drawn::Eight).ok_or(Nothing::Unsupported);
    };
    let eight = |tone: &dyn Fn(i32) -> u8| {
        let pixels = grey.samples.iter().map(|sample| tone(*sample)).collect();
        Drawn::Eight(Picture { width: grey.columns, height: grey.rows, coloured: false, pixels })
    };
    let sixteen = |word: &dyn Fn(i32) -> u16| {
        Drawn::Sixteen(grey.columns, grey.rows, grey.samples.iter().map(|sample| word(*sample)).collect())
    };
    let dark = set.text(tags::PHOTOMETRIC_INTERPRETATION).is_some_and(|text| text == "MONOCHROME1");
    let turned = |tone: u8| if dark { u8::MAX - tone } else { tone };
    Ok(match shading {
        Shading::Stretched => {
            let stretch = grey.stretch();
            eight(&|sample| turned(stretch(sample)))
        }
        Shading::Windowed(asked) => {
            let window = window(set, asked);
            eight(&|sample| turned(window(sample)))
        }
        Shading::Bytes => eight(&|sample| u8::try_from(sample.max(0)).unwrap_or(u8::MAX)),
        Shading::Words => sixteen(&|sample| u16::try_from(sample.max(0)).unwrap_or(u16::MAX)),
        Shading::Signed => sixteen(&|sample| {
            let clamped = sample.clamp(i16::MIN.into(), i16::MAX.into());
            i16::try_from(clamped).unwrap_or(0).cast_unsigned()
        }),
    })
}

impl Drawn {
    /// As PNG.
    pub(super) fn png(&self) -> Vec<u8> {
        match self {
            Drawn::Eight(picture) => picture.png(),
            Drawn::Sixteen(width, height, samples) => png16(*width, *height, samples),
        }
    }

    /// As JPEG, which has 8 bits only.
    pub(super) fn jpeg(&self, quality: u16) -> Option<Vec<u8>> {
        match self {
            Drawn::Eight(picture) => Some(picture.jpeg(quality)),
            Drawn::Sixteen(..) => None,
        }
    }

    /// As a portable arbitrary map.
    pub(super) fn pam(&self) -> Vec<u8> {
        let (size, depth, most, pixels) = match self {
            Drawn::Eight(picture) => {
                let depth = if picture.coloured { (3, "RGB") } else { (1, "GRAYSCALE") };
                ((picture.width, picture.height), depth, 255, picture.pixels.clone())
            }
            Drawn::Sixteen(width, height, samples) => {
                let pixels = samples.iter().flat_map(|sample| sample.to_be_bytes()).collect();
                ((*width, *height), (1, "GRAYSCALE"), 65_535, pixels)
            }
        };
        let ((width, height), (depth, kind)) = (size, depth);
        let head = format!(
            "P7\nWIDTH {width}\nHEIGHT {height}\nDEPTH {depth}\nMAXVAL {most}\nTUPLTYPE {kind}\nENDHDR\n"
        );
        [head.into_bytes(), pixels].concat()
    }
}

/// Values of a grey frame.
struct Grey {
    columns: u32,
    rows: u32,
    samples: Vec<i32>,
}

impl Grey {
    /// `None` when it has colours.
    fn of(set: &DataSet, number: usize) -> Result<Option<Grey>, Nothing> {
        if frames(set) == 0 {
            return Err(Nothing::Unsupported);
        }
        let bytes = frame(set, number).0.ok_or(Nothing::OutOfRange)?;
        if set.u16(tags::SAMPLES_PER_PIXEL).unwrap_or(1) != 1 {
            return Ok(None);
        }
        let side = |tag| set.u16(tag).map(u32::from).ok_or(Nothing::Unsupported);
        let samples = match set.u16(tags::BITS_ALLOCATED) {
            Some(8) => bytes.iter().map(|byte| i32::from(*byte)).collect(),
            Some(16) if signed(set) => {
                bytes.as_chunks::<2>().0.iter().map(|pair| i16::from_le_bytes(*pair).into()).collect()
            }
            Some(16) => {
                bytes.as_chunks::<2>().0.iter().map(|pair| u16::from_le_bytes(*pair).into()).collect()
            }
            Some(_) | None => return Err(Nothing::Unsupported),
        };
        Ok(Some(Grey { columns: side(tags::COLUMNS)?, rows: side(tags::ROWS)?, samples }))
    }

    /// From the least value to the greatest, rounded.
    fn stretch(&self) -> impl Fn(i32) -> u8 + use<> {
        let least = self.samples.iter().min().copied().unwrap_or(0);
        let range = self.samples.iter().max().map_or(0, |most| most - least);
        let scale = if range == 0 { 0.0 } else { 255.0 / single(range) };
        move |sample| shade(single(sample - least) * scale + 0.5)
    }
}

fn signed(set: &DataSet) -> bool {
    set.u16(tags::PIXEL_REPRESENTATION) == Some(1)
}

/// A value of at most 16 bits, or a distance between two: single precision holds it whole.
fn single(number: i32) -> f32 {
    u16::try_from(number).map(f32::from).or(i16::try_from(number).map(f32::from)).unwrap_or(0.0)
}

/// Slope and intercept.
fn rescale(set: &DataSet) -> (f32, f32) {
    (decimal(set, tags::RESCALE_SLOPE).unwrap_or(1.0), decimal(set, tags::RESCALE_INTERCEPT).unwrap_or(0.0))
}

/// Through a window, cut off to whole numbers; an image without one is shown over all of its bits.
fn window(set: &DataSet, asked: Option<(f32, f32)>) -> impl Fn(i32) -> u8 + use<> {
    let all = f32::from(2_u16.saturating_pow(set.u16(tags::BITS_STORED).unwrap_or(8).into()));
    let own = decimal(set, tags::WINDOW_CENTER).zip(decimal(set, tags::WINDOW_WIDTH));
    let (centre, width) = asked.or(own).unwrap_or((all / 2.0, all));
    let width = if width == 0.0 { 1.0 } else { width };
    let (slope, intercept) = rescale(set);
    let (scale, offset) = (255.0 * slope / width, (intercept - centre + width / 2.0) * 255.0 / width);
    move |sample| shade(single(sample) * scale + offset)
}

fn decimal(set: &DataSet, tag: crate::wire::dicom::dataset::Tag) -> Option<f32> {
    set.texts(tag).first()?.trim().parse().ok()
}

/// A frame as it lies in the file, and what it is.
pub(super) fn raw(set: &DataSet, syntax: TransferSyntax, number: usize) -> Option<(Bytes, &'static str)> {
    let Value::Fragments(parts) = &set.get(tags::PIXEL_DATA)?.value else {
        return Some((frame(set, number).0?, "application/octet-stream"));
    };
    // The offset table is first. A frame in several fragments stands alone in its object.
    let streams = parts.get(1..)?;
    let stream =
        if streams.len() == frames(set) { streams.get(number)?.clone() } else { streams.concat().into() };
    let kind = match syntax.coding() {
        Some(Coding::JpegBaseline) => "image/jpeg",
        Some(coding) if is_jpeg2000(coding) => "image/jp2",
        Some(_) | None => "application/octet-stream",
    };
    (number < frames(set)).then_some((stream, kind))
}

/// The product has no codec for it.
pub(super) fn is_jpeg2000(coding: Coding) -> bool {
    matches!(coding, Coding::Jpeg2000Lossless | Coding::Jpeg2000)
}

/// A frame packed as gzip does.
pub(super) fn gzipped(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzBuilder::new().operating_system(UNIX).write(Vec::new(), Compression::default());
    // Writing to a Vec can't fail.
    let _ = encoder.write_all(bytes);
    encoder.finish().unwrap_or_default()
}

/// A frame as an expression for MATLAB and Octave.
pub(super) fn matlab(set: &DataSet, number: usize) -> Result<String, Nothing> {
    let mut text = String::new();
    let listed = |text: &mut String, values: &mut dyn Iterator<Item = i32>| {
        // Writing to a String can't fail.
        values.for_each(|value| _ = write!(text, "{value} "));
    };
    if let Some(grey) = Grey::of(set, number)? {
        text.push_str("double([ ");
        let columns = usize::try_from(grey.columns).unwrap_or(0).max(1);
        for (at, row) in grey.samples.chunks(columns).enumerate() {
            text.push_str(if at == 0 { "" } else { "; " });
            listed(&mut text, &mut row.iter().copied());
        }
        text.push_str("])");
        return Ok(text);
    }
    let picture = Picture::of(set, number, None).ok_or(Nothing::Unsupported)?;
    text.push_str("double(permute(reshape([ ");
    listed(&mut text, &mut picture.pixels.iter().map(|sample| i32::from(*sample)));
    text.push_str(&format!("], [ 3 {} {} ]), [ 3 2 1 ]))", picture.height, picture.width));
    Ok(text)
}

/// A frame, or all of an object's, as a file of NumPy.
pub(super) fn numpy(set: &DataSet, number: Option<usize>, rescaled: bool) -> Result<Vec<u8>, Nothing> {
    let first = numbers(set, number.unwrap_or(0), rescaled)?;
    let [rows, columns, samples] = first.shape;
    let rest = if number.is_some() { 1..1 } else { 1..frames(set) };
    let shape = match number {
        Some(_) => format!("({rows},{columns},{samples})"),
        None => format!("({}, {rows},{columns},{samples})", frames(set)),
    };
    let mut file = numpy_head(first.kind, &shape);
    file.extend(first.values);
    for number in rest {
        file.extend(numbers(set, number, rescaled)?.values);
    }
    Ok(file)
}

/// Values of a frame as they lie in memory.
struct Numbers {
    kind: &'static str,
    /// Rows, columns, samples.
    shape: [u32; 3],
    values: Vec<u8>,
}

/// Grey in what the modality measures, colours as they are.
fn numbers(set: &DataSet, number: usize, rescaled: bool) -> Result<Numbers, Nothing> {
    let Some(grey) = Grey::of(set, number)? else {
        let picture = Picture::of(set, number, None).ok_or(Nothing::Unsupported)?;
        let shape = [picture.height, picture.width, 3];
        return Ok(Numbers { kind: "<u1", shape, values: picture.pixels });
    };
    let narrow = set.u16(tags::BITS_ALLOCATED) == Some(8);
    let (kind, values): (&'static str, Vec<u8>) = if rescaled {
        let (slope, intercept) = rescale(set);
        let measured = grey.samples.iter().map(|sample| single(*sample) * slope + intercept);
        ("<f4", measured.flat_map(f32::to_le_bytes).collect())
    } else if narrow {
        ("<u1", grey.samples.iter().map(|sample| u8::try_from(*sample).unwrap_or(0)).collect())
    } else {
        // The lower half of the number is the sample as it lies in the file.
        let words = grey.samples.iter().flat_map(|sample| {
            let [low, high, ..] = sample.to_le_bytes();
            [low, high]
        });
        (if signed(set) { "<i2" } else { "<u2" }, words.collect())
    };
    Ok(Numbers { kind, shape: [grey.rows, grey.columns, 1], values })
}

fn numpy_head(kind: &str, shape: &str) -> Vec<u8> {
    let mut head = format!("{{'descr': '{kind}', 'fortran_order': False, 'shape': {shape}, }}");
    // Magic, version and length take ten bytes, the line's end one.
    let length = (head.len() + 11).next_multiple_of(NUMPY_ALIGNMENT) - 10;
    head.push_str(&" ".repeat(length - 1 - head.len()));
    head.push('\n');
    let length = u16::try_from(length).unwrap_or(u16::MAX).to_le_bytes();
    [&b"\x93NUMPY\x01\0"[..], &length, head.as_bytes()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::dicom::dataset::Vr;

    fn grey(words: &[u16]) -> DataSet {
        let mut set = DataSet::new();
        set.put_u16(tags::SAMPLES_PER_PIXEL, 1);
        set.put_str(tags::PHOTOMETRIC_INTERPRETATION, "MONOCHROME2");
        set.put_u16(tags::ROWS, 1);
        set.put_u16(tags::COLUMNS, u16::try_from(words.len()).unwrap());
        set.put_u16(tags::BITS_ALLOCATED, 16);
        set.put_u16(tags::BITS_STORED, 12);
        set.put_u16(tags::PIXEL_REPRESENTATION, 0);
        let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
        set.put_bytes(tags::PIXEL_DATA, Vr::OW, bytes.into());
        set
    }

    fn shades(set: &DataSet, shading: Shading) -> Vec<u8> {
        match draw(set, 0, shading) {
            Ok(Drawn::Eight(picture)) => picture.pixels,
            other => panic!("{other:?}"),
        }
    }

    /// As Orthanc 1.10.1 drew the same values.
    #[test]
    fn values_become_the_product_s_shades() {
        let mut scan = grey(&[330, 435, 645, 750, 1801, 1804]);
        assert_eq!(shades(&scan, Shading::Stretched), [0, 18, 54, 73, 254, 255]);
        scan.put_decimals(tags::RESCALE_INTERCEPT, &[-1024.0]);
        scan.put_decimals(tags::WINDOW_CENTER, &[50.0]);
        scan.put_decimals(tags::WINDOW_WIDTH, &[1300.0]);
        assert_eq!(shades(&scan, Shading::Windowed(None)), [0, 2, 43, 63, 255, 255]);
        assert_eq!(shades(&scan, Shading::Bytes), [255; 6]);
        let plain = grey(&[189, 972, 1173]);
        assert_eq!(shades(&plain, Shading::Windowed(None)), [11, 60, 73]);
        let mut dark = grey(&[0, 187, 1181]);
        dark.put_str(tags::PHOTOMETRIC_INTERPRETATION, "MONOCHROME1");
        assert_eq!(shades(&dark, Shading::Stretched), [255, 215, 0]);
        let window = Shading::Windowed(Some((480.0, 1000.0)));
        assert_eq!(shades(&dark, window), [250, 203, 0]);
        assert_eq!(draw(&dark, 0, Shading::Signed), Ok(Drawn::Sixteen(3, 1, vec![0, 187, 1181])));
        assert_eq!(draw(&dark, 1, Shading::Signed), Err(Nothing::OutOfRange));
        assert_eq!(draw(&DataSet::new(), 9, Shading::Bytes), Err(Nothing::Unsupported));
    }

    #[test]
    fn numbers_are_written_for_programs() {
        let set = grey(&[395, 396]);
        assert_eq!(matlab(&set, 0).unwrap(), "double([ 395 396 ])");
        let file = numpy(&set, None, false).unwrap();
        assert_eq!((file.len(), &file[..8], &file[8..10]), (132, &b"\x93NUMPY\x01\0"[..], &b"\x76\0"[..]));
        assert_eq!((file[127], &file[128..]), (b'\n', &[0x8b, 1, 0x8c, 1][..]));
        let frame = numpy(&set, Some(0), true).unwrap();
        assert_eq!(frame[128..132], 395_f32.to_le_bytes());
        assert!(file[10..].starts_with(b"{'descr': '<u2', 'fortran_order': False, 'shape': (1, 1,2,1), }  "));
        assert!(frame[10..].starts_with(b"{'descr': '<f4', 'fortran_order': False, 'shape': (1,2,1), }  "));
    }
}
