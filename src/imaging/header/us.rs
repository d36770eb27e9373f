//! Ultrasound Image Storage (PS3.3 A.6) and Ultrasound Multi-frame Image Storage (PS3.3 A.7).

use super::{Subject, common};
use crate::imaging::anatomy::Build;
use crate::imaging::render::us::{FRAME_TIME, HEIGHT, WIDTH, pixel, sector, transducer};
use crate::wire::dicom::dataset::{DataSet, Vr, tags};
use crate::world::Region;

/// The header of a clip, without its pixels: the Cine module (PS3.3 C.7.6.5).
pub(crate) fn cine(s: &Subject<'_>, frames: usize, build: Build) -> DataSet {
    let mut set = still(s, build);
    set.put_integers(tags::NUMBER_OF_FRAMES, &[frames as i64]);
    let pointer: Vec<u8> = [0x0018u16, 0x1063].into_iter().flat_map(u16::to_le_bytes).collect();
    set.put_bytes(tags::FRAME_INCREMENT_POINTER, Vr::AT, pointer.into());
    set.put_decimals(tags::FRAME_TIME, &[FRAME_TIME]);
    set.put_integers(tags::CINE_RATE, &[(1000.0 / FRAME_TIME) as i64]);
    set.put_integers(tags::RECOMMENDED_DISPLAY_FRAME_RATE, &[(1000.0 / FRAME_TIME) as i64]);
    set.put_integers(tags::START_TRIM, &[1]);
    set.put_integers(tags::STOP_TRIM, &[frames as i64]);
    set.put_decimals(tags::EFFECTIVE_DURATION, &[frames as f64 * FRAME_TIME / 1000.0]);
    if s.study.region == Region::Chest {
        set.put_integers(tags::HEART_RATE, &[60]);
    }
    set
}

/// The header of a still image, without its pixels.
pub(crate) fn still(s: &Subject<'_>, build: Build) -> DataSet {
    let (image_type, part) = match s.study.region {
        Region::Abdomen | Region::LumbarSpine => ("ORIGINAL\\PRIMARY\\ABDOMINAL\\0001", "ABDOMEN"),
        Region::Chest => ("ORIGINAL\\PRIMARY\\TTE\\0001", "HEART"),
        Region::Head => ("ORIGINAL\\PRIMARY\\SMALL PARTS\\0001", "HEAD"),
        Region::Limb => ("ORIGINAL\\PRIMARY\\VASCULAR\\0001", "EXTREMITY"),
    };
    let mut set = common(s, image_type, build);
    set.put_str(tags::BODY_PART_EXAMINED, part);
    set.put_empty(tags::PATIENT_ORIENTATION);
    if s.study.region == Region::Limb {
        set.put_empty(tags::LATERALITY);
    }
    set.put_items(tags::SEQUENCE_OF_ULTRASOUND_REGIONS, vec![region()]);
    set.put_str(tags::TRANSDUCER_DATA, transducer(s.maker()));
    set.put_str(tags::BURNED_IN_ANNOTATION, "YES");
    set.put_str(tags::TRANSDUCER_TYPE, "CURVED LINEAR");
    let count = |n: usize| u16::try_from(n).unwrap_or(u16::MAX);
    set.put_u16(tags::SAMPLES_PER_PIXEL, 3);
    set.put_str(tags::PHOTOMETRIC_INTERPRETATION, "RGB");
    set.put_u16(tags::PLANAR_CONFIGURATION, 0);
    set.put_u16(tags::ROWS, count(HEIGHT));
    set.put_u16(tags::COLUMNS, count(WIDTH));
    set.put_u16(tags::BITS_ALLOCATED, 8);
    set.put_u16(tags::BITS_STORED, 8);
    set.put_u16(tags::HIGH_BIT, 7);
    set.put_u16(tags::PIXEL_REPRESENTATION, 0);
    set.put_u16(tags::ULTRASOUND_COLOR_DATA_PRESENT, 0);
    set.put_str(tags::LOSSY_IMAGE_COMPRESSION, "00");
    set
}

/// US Region Calibration (PS3.3 C.8.5.5): a two-dimensional region of tissue in centimetres.
fn region() -> DataSet {
    const TWO_DIMENSIONAL: u16 = 1;
    const TISSUE: u16 = 1;
    const CENTIMETRES: u16 = 3;
    let [left, top, right, bottom] = sector();
    let mut set = DataSet::new();
    set.put_u16(tags::REGION_SPATIAL_FORMAT, TWO_DIMENSIONAL);
    set.put_u16(tags::REGION_DATA_TYPE, TISSUE);
    set.put_u32(tags::REGION_FLAGS, 2);
    set.put_u32(tags::REGION_LOCATION_MIN_X0, left);
    set.put_u32(tags::REGION_LOCATION_MIN_Y0, top);
    set.put_u32(tags::REGION_LOCATION_MAX_X1, right);
    set.put_u32(tags::REGION_LOCATION_MAX_Y1, bottom);
    set.put_i32(tags::REFERENCE_PIXEL_X0, i32::try_from((right - left) / 2).unwrap_or(0));
    set.put_i32(tags::REFERENCE_PIXEL_Y0, 0);
    set.put_u16(tags::PHYSICAL_UNITS_X_DIRECTION, CENTIMETRES);
    set.put_u16(tags::PHYSICAL_UNITS_Y_DIRECTION, CENTIMETRES);
    set.put_f64s(tags::REFERENCE_PIXEL_PHYSICAL_VALUE_X, &[0.0]);
    set.put_f64s(tags::REFERENCE_PIXEL_PHYSICAL_VALUE_Y, &[0.0]);
    let centimetres = f64::from(pixel()) / 10.0;
    set.put_f64s(tags::PHYSICAL_DELTA_X, &[centimetres]);
    set.put_f64s(tags::PHYSICAL_DELTA_Y, &[centimetres]);
    set
}
