//! CT Image Storage (PS3.3 A.3).

use super::code::code;
use super::{Subject, common, dose};
use crate::imaging::anatomy::Build;
use crate::imaging::render::ct::{MATRIX, Scan};
use crate::imaging::render::dx::Exposure;
use crate::imaging::render::protocol::Phase;
use crate::imaging::render::scout;
use crate::wire::dicom::dataset::{DataSet, tags};
use crate::world::Region;

/// The header of an axial slice, without its pixels.
pub(crate) fn ct(s: &Subject<'_>, scan: &Scan, build: Build) -> DataSet {
    let mut set = common(s, s.maker().axial(), build);
    exposure(&mut set, s, scan, build);
    axial_exposure(&mut set, s, scan, build);
    contrast(&mut set, scan.phase);
    geometry(&mut set, s, scan);
    pixels(&mut set, [MATRIX, MATRIX], scan.window);
    set
}

/// The header of a localizer, without its pixels.
pub(crate) fn scout(
    s: &Subject<'_>,
    scan: &Scan,
    extent: &Exposure,
    matrix: [usize; 2],
    build: Build,
) -> DataSet {
    let mut set = common(s, s.maker().localizer(), build);
    exposure(&mut set, s, scan, build);
    set.put_str(tags::SCAN_OPTIONS, "SCOUT MODE");
    set.put_decimals(tags::SLICE_THICKNESS, &[0.6]);
    set.put_empty(tags::POSITION_REFERENCE_INDICATOR);
    let rounded = |v: f32| (f64::from(v) * 1000.0).round() / 1000.0;
    let pixel = rounded(scout::PIXEL);
    set.put_decimals(tags::IMAGE_POSITION_PATIENT, &scout::origin(extent).map(rounded));
    set.put_decimals(tags::IMAGE_ORIENTATION_PATIENT, &[1.0, 0.0, 0.0, 0.0, 0.0, -1.0]);
    set.put_decimals(tags::PIXEL_SPACING, &[pixel, pixel]);
    pixels(&mut set, matrix, scout::WINDOW);
    // What a projection measures is no Hounsfield unit.
    set.remove(tags::RESCALE_TYPE);
    set
}

fn exposure(set: &mut DataSet, s: &Subject<'_>, scan: &Scan, build: Build) {
    let maker = s.maker();
    let head = s.study.region == Region::Head;
    let [to_detector, to_patient] = maker.geometry();
    // The generator follows the patient's thickness along the body.
    let wave = if head { 0.0 } else { (f64::from(scan.z(s.instance.number)) / 55.0).sin() };
    let current = (dose::current(head, build) * (1.0 + 0.12 * wave)).round();
    let time = dose::turn(head) * 1000.0;
    set.put_str(tags::BODY_PART_EXAMINED, body_part(s.study.region));
    set.put_str(tags::PATIENT_POSITION, "HFS");
    set.put_integers(tags::ACQUISITION_NUMBER, &[1]);
    set.put_str(tags::FRAME_OF_REFERENCE_UID, &s.series.frame_of_reference);
    set.put_decimals(tags::KVP, &[120.0]);
    set.put_decimals(tags::DATA_COLLECTION_DIAMETER, &[if head { 250.0 } else { 500.0 }]);
    set.put_decimals(tags::DISTANCE_SOURCE_TO_DETECTOR, &[to_detector]);
    set.put_decimals(tags::DISTANCE_SOURCE_TO_PATIENT, &[to_patient]);
    set.put_decimals(tags::GANTRY_DETECTOR_TILT, &[0.0]);
    set.put_decimals(tags::TABLE_HEIGHT, &[if head { 142.0 } else { 158.0 }]);
    set.put_str(tags::ROTATION_DIRECTION, "CW");
    set.put_integers(tags::EXPOSURE_TIME, &[time as i64]);
    set.put_integers(tags::X_RAY_TUBE_CURRENT, &[current as i64]);
    set.put_integers(tags::EXPOSURE, &[(current * time / 1000.0).round() as i64]);
    set.put_str(tags::FILTER_TYPE, maker.filter(s.study.region));
    set.put_integers(tags::GENERATOR_POWER, &[(current * 0.12).round() as i64]);
    set.put_decimals(tags::FOCAL_SPOTS, &[1.2]);
    let kernel = scan.kernel.as_deref().unwrap_or_else(|| maker.kernel(s.study.region, scan.hard));
    set.put_str(tags::CONVOLUTION_KERNEL, kernel);
    set.put_f64s(tags::REVOLUTION_TIME, &[time / 1000.0]);
    set.put_str(tags::EXPOSURE_MODULATION_TYPE, if head { "NONE" } else { "XYZ_EC" });
}

fn axial_exposure(set: &mut DataSet, s: &Subject<'_>, scan: &Scan, build: Build) {
    let head = s.study.region == Region::Head;
    set.put_str(tags::SCAN_OPTIONS, if head { "AXIAL MODE" } else { "HELICAL MODE" });
    set.put_decimals(tags::SLICE_THICKNESS, &[scan.thickness.into()]);
    set.put_decimals(tags::RECONSTRUCTION_DIAMETER, &[scan.field.into()]);
    let phantom = if head { dose::HEAD_PHANTOM } else { dose::BODY_PHANTOM };
    set.put_items(tags::CTDI_PHANTOM_TYPE_CODE_SEQUENCE, vec![code(phantom)]);
    set.put_f64s(tags::CTD_IVOL, &[dose::index(head, build)]);
    if !head {
        set.put_f64s(tags::SPIRAL_PITCH_FACTOR, &[dose::PITCH]);
    }
}

/// Contrast/Bolus (PS3.3 C.7.6.4).
fn contrast(set: &mut DataSet, phase: Phase) {
    if phase != Phase::Plain {
        set.put_str(tags::CONTRAST_BOLUS_AGENT, "IOHEXOL 350");
        set.put_str(tags::CONTRAST_BOLUS_ROUTE, "IV");
    }
}

fn geometry(set: &mut DataSet, s: &Subject<'_>, scan: &Scan) {
    let origin = scan.origin(s.instance.number);
    let spacing = f64::from(scan.field) / MATRIX as f64;
    let half = (spacing - f64::from(scan.field)) / 2.0;
    let z = (f64::from(origin[2]) * 10.0).round() / 10.0;
    set.put_decimals(tags::IMAGE_POSITION_PATIENT, &[half, f64::from(scan.middle) + half, z]);
    set.put_decimals(tags::IMAGE_ORIENTATION_PATIENT, &[1.0, 0.0, 0.0, 0.0, 1.0, 0.0]);
    set.put_empty(tags::POSITION_REFERENCE_INDICATOR);
    set.put_decimals(tags::SLICE_LOCATION, &[z]);
    set.put_decimals(tags::PIXEL_SPACING, &[spacing, spacing]);
}

fn pixels(set: &mut DataSet, [rows, columns]: [usize; 2], (centre, width): (f32, f32)) {
    let count = |n: usize| u16::try_from(n).unwrap_or(u16::MAX);
    set.put_u16(tags::SAMPLES_PER_PIXEL, 1);
    set.put_str(tags::PHOTOMETRIC_INTERPRETATION, "MONOCHROME2");
    set.put_u16(tags::ROWS, count(rows));
    set.put_u16(tags::COLUMNS, count(columns));
    set.put_u16(tags::BITS_ALLOCATED, 16);
    set.put_u16(tags::BITS_STORED, 12);
    set.put_u16(tags::HIGH_BIT, 11);
    set.put_u16(tags::PIXEL_REPRESENTATION, 0);
    set.put_decimals(tags::RESCALE_INTERCEPT, &[-1024.0]);
    set.put_decimals(tags::RESCALE_SLOPE, &[1.0]);
    set.put_str(tags::RESCALE_TYPE, "HU");
    set.put_decimals(tags::WINDOW_CENTER, &[centre.into()]);
    set.put_decimals(tags::WINDOW_WIDTH, &[width.into()]);
}

fn body_part(region: Region) -> &'static str {
    match region {
        Region::Head => "HEAD",
        Region::Chest => "CHEST",
        Region::Abdomen => "ABDOMEN",
        Region::LumbarSpine => "LSPINE",
        Region::Limb => "EXTREMITY",
    }
}
