//! Secondary Capture Image Storage (PS3.3 A.8): the page on which a scanner lists its doses.

use super::{Subject, object, performed, side};
use crate::imaging::anatomy::Build;
use crate::imaging::render::sheet::{HEIGHT, WIDTH};
use crate::wire::dicom::dataset::{DataSet, tags};

/// The header of the page, without its pixels.
pub(crate) fn sheet(s: &Subject<'_>, build: Build) -> DataSet {
    let mut set = object(s, build);
    performed(&mut set, s);
    set.put_empty(tags::LATERALITY);
    side(&mut set, s);
    set.put_str(tags::IMAGE_TYPE, "DERIVED\\SECONDARY\\OTHER");
    set.put_str(tags::CONVERSION_TYPE, "WSD");
    set.put_empty(tags::PATIENT_ORIENTATION);
    let count = |n: usize| u16::try_from(n).unwrap_or(u16::MAX);
    set.put_u16(tags::SAMPLES_PER_PIXEL, 1);
    set.put_str(tags::PHOTOMETRIC_INTERPRETATION, "MONOCHROME2");
    set.put_u16(tags::ROWS, count(HEIGHT));
    set.put_u16(tags::COLUMNS, count(WIDTH));
    set.put_u16(tags::BITS_ALLOCATED, 8);
    set.put_u16(tags::BITS_STORED, 8);
    set.put_u16(tags::HIGH_BIT, 7);
    set.put_u16(tags::PIXEL_REPRESENTATION, 0);
    set.put_str(tags::BURNED_IN_ANNOTATION, "YES");
    set.put_decimals(tags::WINDOW_CENTER, &[128.0]);
    set.put_decimals(tags::WINDOW_WIDTH, &[256.0]);
    set
}
