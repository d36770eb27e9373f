//! Computed Radiography Image Storage (PS3.3 A.2): phosphor plates that are carried to the bedside.

use super::dx::plate_pixels;
use super::{Subject, common};
use crate::imaging::anatomy::Build;
use crate::imaging::render::dx::PIXEL;
use crate::wire::dicom::dataset::{DataSet, tags};

/// The header of a plate's image, without its pixels.
pub(crate) fn cr(s: &Subject<'_>, matrix: [usize; 2], build: Build) -> DataSet {
    let mut set = common(s, "DERIVED\\PRIMARY", build);
    let charge = (2.2 + 1.6 * f64::from(build.fat()) * 10.0).round() / 10.0;
    set.put_str(tags::BODY_PART_EXAMINED, "CHEST");
    set.put_str(tags::VIEW_POSITION, "AP");
    set.put_str(tags::PATIENT_ORIENTATION, "L\\F");
    set.put_decimals(tags::KVP, &[85.0]);
    set.put_integers(tags::EXPOSURE, &[(charge.round() as i64).max(1)]);
    set.put_decimals(tags::DISTANCE_SOURCE_TO_DETECTOR, &[1000.0]);
    set.put_str(tags::PLATE_ID, &plate(s.study.seed));
    set.put_str(tags::CASSETTE_ORIENTATION, "PORTRAIT");
    set.put_str(tags::CASSETTE_SIZE, "35CMX43CM");
    set.put_integers(tags::RELATIVE_X_RAY_EXPOSURE, &[(310.0 + charge * 40.0) as i64]);
    set.put_integers(tags::SENSITIVITY, &[400]);
    set.put_str(tags::ACQUISITION_DEVICE_PROCESSING_DESCRIPTION, "CHEST AP BEDSIDE");
    set.put_str(tags::ACQUISITION_DEVICE_PROCESSING_CODE, "200");
    let pixel = (f64::from(PIXEL) * 1000.0).round() / 1000.0;
    set.put_decimals(tags::IMAGER_PIXEL_SPACING, &[pixel, pixel]);
    plate_pixels(&mut set, matrix);
    set
}

/// The number that is printed on a plate; a department has some dozens of them.
fn plate(seed: u64) -> String {
    format!("M0{:05}", 31_070 + seed % 24)
}
