//! A frame as a viewer shows it, for pages and for DICOMweb's rendered resources (PS3.18 8.7,
//! PS3.4 N.2): 8 bits, through the modality's rescale and a window.

use super::frames::Frames;
use super::{Raster, jpeg_baseline, png};
use crate::imaging::GrayImage;
use crate::wire::dicom::dataset::{DataSet, Tag, tags};

/// A picture of 8 bits a sample, rows from the top.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    /// Columns.
    pub width: u32,
    /// Rows.
    pub height: u32,
    /// Whether a pixel is red, green and blue, or one grey value.
    pub coloured: bool,
    /// The samples.
    pub pixels: Vec<u8>,
}

/// Which values become grey, in what the modality measures (PS3.3 C.11.2.1.2): linear.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Window {
    /// The value that becomes middle grey.
    pub centre: f64,
    /// The range from black to white, at least 1.
    pub width: f64,
}

impl Picture {
    /// A frame, counted from 0, of an uncompressed image. Without a window that of the image is used,
    /// and without that all of its values. `None` when there is no such frame, or its pixels are laid
    /// out in a way that nothing here draws.
    pub fn of(set: &DataSet, frame: usize, window: Option<Window>) -> Option<Picture> {
        let raster = Frames::of(set).ok()?.frame(frame)?;
        let side = |side: usize| u32::try_from(side).ok();
        let coloured = raster.components == 3;
        Some(Picture {
            width: side(raster.columns)?,
            height: side(raster.rows)?,
            coloured,
            pixels: if coloured {
                raster
                    .samples
                    .iter()
                    .map(|sample| (sample >> (raster.bits - 8.min(raster.bits))) as u8)
                    .collect()
            } else {
                grey(set, &raster, window)
            },
        })
    }

    /// As a baseline JPEG file at a quality of 1 to 100.
    pub fn jpeg(&self, quality: u16) -> Vec<u8> {
        let side = |side: u32| usize::try_from(side).unwrap_or(0);
        let raster = Raster {
            columns: side(self.width),
            rows: side(self.height),
            components: if self.coloured { 3 } else { 1 },
            bits: 8,
            allocated: 8,
            signed: false,
            samples: self.pixels.iter().map(|sample| u16::from(*sample)).collect(),
        };
        jpeg_baseline::encode(&raster, quality).map(|lossy| lossy.stream).unwrap_or_default()
    }

    /// As a PNG file.
    pub fn png(&self) -> Vec<u8> {
        png::encode(self)
    }
}

impl From<GrayImage> for Picture {
    fn from(image: GrayImage) -> Self {
        Picture { width: image.width, height: image.height, coloured: false, pixels: image.pixels }
    }
}

fn grey(set: &DataSet, raster: &Raster, window: Option<Window>) -> Vec<u8> {
    let decimal = |tag| first_decimal(set, tag);
    let slope = decimal(tags::RESCALE_SLOPE).unwrap_or(1.0);
    let intercept = decimal(tags::RESCALE_INTERCEPT).unwrap_or(0.0);
    let measured = |sample: u16| f64::from(raster.value(sample)) * slope + intercept;
    let own = decimal(tags::WINDOW_CENTER).zip(decimal(tags::WINDOW_WIDTH));
    let own = own.map(|(centre, width)| Window { centre, width });
    let window = window.or(own).unwrap_or_else(|| all_of(raster.samples.iter().map(|s| measured(*s))));
    let inverted = set.text(tags::PHOTOMETRIC_INTERPRETATION).is_some_and(|text| text == "MONOCHROME1");
    let shown = |sample: &u16| {
        let grey = window.apply(measured(*sample));
        if inverted { 255 - grey } else { grey }
    };
    raster.samples.iter().map(shown).collect()
}

impl Window {
    /// PS3.3 C.11.2.1.2.1.
    fn apply(self, value: f64) -> u8 {
        let (centre, width) = (self.centre - 0.5, (self.width - 1.0).max(f64::MIN_POSITIVE));
        (((value - centre) / width + 0.5) * 255.0).round().clamp(0.0, 255.0) as u8
    }
}

/// A value as a shade: what is darker than black is black, and what lies between two shades is the
/// darker one.
pub fn shade(value: f32) -> u8 {
    value.clamp(0.0, 255.0) as u8
}

fn all_of(values: impl Iterator<Item = f64>) -> Window {
    let (low, high) =
        values.fold((f64::MAX, f64::MIN), |(low, high), value| (low.min(value), high.max(value)));
    Window { centre: (low + high + 1.0) / 2.0, width: high - low + 1.0 }
}

/// The first of several decimal strings.
fn first_decimal(set: &DataSet, tag: Tag) -> Option<f64> {
    set.texts(tag).first()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::dicom::dataset::Vr;

    fn slice() -> DataSet {
        let mut set = DataSet::new();
        set.put_u16(tags::SAMPLES_PER_PIXEL, 1);
        set.put_str(tags::PHOTOMETRIC_INTERPRETATION, "MONOCHROME2");
        set.put_u16(tags::ROWS, 1);
        set.put_u16(tags::COLUMNS, 4);
        set.put_u16(tags::BITS_ALLOCATED, 16);
        set.put_u16(tags::BITS_STORED, 12);
        set.put_u16(tags::PIXEL_REPRESENTATION, 0);
        set.put_decimals(tags::RESCALE_INTERCEPT, &[-1024.0]);
        set.put_decimals(tags::RESCALE_SLOPE, &[1.0]);
        set.put_decimals(tags::WINDOW_CENTER, &[40.0, 600.0]);
        set.put_decimals(tags::WINDOW_WIDTH, &[400.0, 1600.0]);
        let words = [0u16, 1024 + 40, 4095, 1024 - 160].map(u16::to_le_bytes).concat();
        set.put_bytes(tags::PIXEL_DATA, Vr::OW, words.into());
        set
    }

    #[test]
    fn an_image_is_shown_in_its_own_window_or_in_another() {
        let picture = Picture::of(&slice(), 0, None).unwrap();
        assert_eq!((picture.width, picture.height, &picture.pixels[..]), (4, 1, &[0, 128, 255, 0][..]));
        let lung = Window { centre: -600.0, width: 1600.0 };
        assert_eq!(Picture::of(&slice(), 0, Some(lung)).unwrap().pixels, [60, 230, 255, 198]);
        let odd = Window { centre: f64::NAN, width: f64::INFINITY };
        assert!(Picture::of(&slice(), 0, Some(odd)).is_some());
        assert_eq!(Picture::of(&slice(), 1, None), None);
    }

    #[test]
    fn without_a_window_all_values_are_shown() {
        let mut set = slice();
        set.remove(tags::WINDOW_CENTER);
        set.put_str(tags::PHOTOMETRIC_INTERPRETATION, "MONOCHROME1");
        let picture = Picture::of(&set, 0, None).unwrap();
        assert_eq!((picture.pixels[0], picture.pixels[2]), (255, 0));
    }

    #[test]
    fn pixels_that_are_not_there_are_not_shown() {
        let mut set = slice();
        set.put_u16(tags::ROWS, u16::MAX);
        assert_eq!(Picture::of(&set, 0, None), None);
        let mut set = slice();
        set.put_integers(tags::NUMBER_OF_FRAMES, &[i64::MAX]);
        assert_eq!(Picture::of(&set, 0, None), None);
    }
}
