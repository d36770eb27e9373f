//! Digital X-Ray Image Storage - For Presentation (PS3.3 A.26).

use super::code::{Code, code};
use super::{Subject, common};
use crate::imaging::anatomy::{Build, Joint};
use crate::imaging::render::dx::{BITS, PIXEL, View};
use crate::wire::dicom::dataset::{DataSet, tags};
use crate::world::Region;

/// The header of a radiograph, without its pixels.
pub(crate) fn dx(s: &Subject<'_>, joint: Joint, view: View, matrix: [usize; 2], build: Build) -> DataSet {
    let mut set = common(s, "ORIGINAL\\PRIMARY\\", build);
    let side = laterality(s);
    let shot = Shot::of(s.study.region, joint).seen(view, side);
    set.put_str(tags::PRESENTATION_INTENT_TYPE, "FOR PRESENTATION");
    set.put_str(tags::BODY_PART_EXAMINED, shot.part);
    set.put_items(tags::ANATOMIC_REGION_SEQUENCE, vec![code(shot.anatomy)]);
    set.put_items(tags::VIEW_CODE_SEQUENCE, vec![view_item(shot.view_code)]);
    set.put_str(tags::VIEW_POSITION, shot.view);
    set.put_str(tags::IMAGE_LATERALITY, side);
    set.put_str(tags::PATIENT_ORIENTATION, shot.orientation);
    exposure(&mut set, &shot, build);
    detector(&mut set);
    pixels(&mut set, matrix);
    set.put_items(tags::ACQUISITION_CONTEXT_SEQUENCE, Vec::new());
    set
}

pub(super) struct Shot {
    pub(super) part: &'static str,
    anatomy: Code,
    view: &'static str,
    view_code: Code,
    orientation: &'static str,
    pub(super) kilovolts: f64,
    exposure: f64,
    distance: f64,
}

const PA: (&str, Code) = ("PA", ("R-10214", "SRT", "postero-anterior"));
const AP: (&str, Code) = ("AP", ("R-10206", "SRT", "antero-posterior"));

const LEFT_LATERAL: Code = ("R-10236", "SRT", "left lateral");
const RIGHT_LATERAL: Code = ("R-10228", "SRT", "right lateral");

impl Shot {
    pub(super) fn of(region: Region, joint: Joint) -> Self {
        let shot = |part, anatomy, (view, view_code), kilovolts, exposure, distance| Shot {
            part,
            anatomy,
            view,
            view_code,
            orientation: "L\\F",
            kilovolts,
            exposure,
            distance,
        };
        match (region, joint) {
            (Region::Chest, _) => shot("CHEST", ("T-D3000", "SRT", "Chest"), PA, 120.0, 2.0, 1800.0),
            (Region::Abdomen, _) => shot("ABDOMEN", ("T-D4000", "SRT", "Abdomen"), AP, 80.0, 25.0, 1150.0),
            (Region::LumbarSpine, _) => {
                shot("LSPINE", ("T-11503", "SRT", "Lumbar spine"), AP, 80.0, 32.0, 1150.0)
            }
            (Region::Head, _) => shot("SKULL", ("T-11100", "SRT", "Skull"), PA, 75.0, 20.0, 1150.0),
            (Region::Limb, Joint::Hand) => shot("HAND", ("T-D8700", "SRT", "Hand"), PA, 52.0, 3.0, 1100.0),
            (Region::Limb, Joint::Wrist) => {
                shot("WRIST", ("T-15460", "SRT", "Wrist joint"), PA, 55.0, 4.0, 1100.0)
            }
            (Region::Limb, Joint::Knee) => shot("KNEE", ("T-D9200", "SRT", "Knee"), AP, 62.0, 6.0, 1100.0),
            (Region::Limb, Joint::Ankle) => {
                shot("ANKLE", ("T-15750", "SRT", "Ankle joint"), AP, 58.0, 5.0, 1100.0)
            }
        }
    }
}

impl Shot {
    /// mAs: more for a thicker patient.
    pub(super) fn charge(&self, build: Build) -> f64 {
        (self.exposure * (0.7 + 0.8 * f64::from(build.fat())) * 10.0).round() / 10.0
    }

    /// The same part from another side.
    pub(super) fn seen(self, view: View, side: &str) -> Self {
        let right = side == "R";
        match view {
            View::Frontal => self,
            View::Lateral => Shot {
                view: if right { "RL" } else { "LL" },
                view_code: if right { RIGHT_LATERAL } else { LEFT_LATERAL },
                orientation: "P\\F",
                exposure: self.exposure * 2.4,
                ..self
            },
            View::Oblique => Shot {
                view: if right { "RLO" } else { "LLO" },
                view_code: ("R-10216", "SRT", "postero-anterior oblique"),
                orientation: "LP\\F",
                ..self
            },
        }
    }
}

pub(super) fn view_item(view: Code) -> DataSet {
    let mut item = code(view);
    item.put_items(tags::VIEW_MODIFIER_CODE_SEQUENCE, Vec::new());
    item
}

/// Limbs are of the side that the report or the description names, or else the study's seed chose.
pub(crate) fn laterality(s: &Subject<'_>) -> &'static str {
    if s.study.region != Region::Limb {
        return "U";
    }
    match s.wording.get("side") {
        Some("左") => return "L",
        Some("右") => return "R",
        _ => {}
    }
    if s.study.description.contains('左') {
        "L"
    } else if s.study.description.contains('右') || s.study.seed.is_multiple_of(2) {
        "R"
    } else {
        "L"
    }
}

fn exposure(set: &mut DataSet, shot: &Shot, build: Build) {
    let charge = shot.charge(build);
    set.put_decimals(tags::KVP, &[shot.kilovolts]);
    set.put_integers(tags::EXPOSURE, &[(charge.round() as i64).max(1)]);
    set.put_integers(tags::EXPOSURE_INU_AS, &[(charge * 1000.0) as i64]);
    set.put_integers(tags::EXPOSURE_TIME, &[((charge * 1000.0 / 320.0).round() as i64).max(1)]);
    set.put_integers(tags::X_RAY_TUBE_CURRENT, &[320]);
    set.put_decimals(tags::DISTANCE_SOURCE_TO_DETECTOR, &[shot.distance]);
    set.put_decimals(tags::DISTANCE_SOURCE_TO_PATIENT, &[shot.distance - 60.0]);
    set.put_str(tags::GRID, if shot.kilovolts > 70.0 { "FIXED" } else { "NONE" });
    set.put_decimals(tags::FOCAL_SPOTS, &[if shot.kilovolts > 70.0 { 1.2 } else { 0.6 }]);
    set.put_str(tags::POSITIONER_TYPE, "COLUMN");
    set.put_integers(tags::RELATIVE_X_RAY_EXPOSURE, &[(280.0 + charge * 12.0) as i64]);
}

fn detector(set: &mut DataSet) {
    let pixel = (f64::from(PIXEL) * 1000.0).round() / 1000.0;
    set.put_str(tags::DETECTOR_TYPE, "SCINTILLATOR");
    set.put_str(tags::DETECTOR_CONFIGURATION, "AREA");
    set.put_str(tags::DETECTOR_ACTIVE_SHAPE, "RECTANGLE");
    set.put_decimals(tags::DETECTOR_ELEMENT_SPACING, &[pixel, pixel]);
    set.put_decimals(tags::IMAGER_PIXEL_SPACING, &[pixel, pixel]);
}

/// Attributes of the pixels of a radiograph that is ready for reading.
pub(super) fn pixels(set: &mut DataSet, matrix: [usize; 2]) {
    plate_pixels(set, matrix);
    set.put_str(tags::PIXEL_INTENSITY_RELATIONSHIP, "LOG");
    set.put_i16(tags::PIXEL_INTENSITY_RELATIONSHIP_SIGN, -1);
    set.put_decimals(tags::RESCALE_INTERCEPT, &[0.0]);
    set.put_decimals(tags::RESCALE_SLOPE, &[1.0]);
    set.put_str(tags::RESCALE_TYPE, "US");
    set.put_str(tags::LOSSY_IMAGE_COMPRESSION, "00");
}

/// Those that a plate's image has as well.
pub(super) fn plate_pixels(set: &mut DataSet, [rows, columns]: [usize; 2]) {
    let count = |n: usize| u16::try_from(n).unwrap_or(u16::MAX);
    set.put_u16(tags::SAMPLES_PER_PIXEL, 1);
    set.put_str(tags::PHOTOMETRIC_INTERPRETATION, "MONOCHROME2");
    set.put_u16(tags::ROWS, count(rows));
    set.put_u16(tags::COLUMNS, count(columns));
    set.put_u16(tags::BITS_ALLOCATED, 16);
    set.put_u16(tags::BITS_STORED, BITS);
    set.put_u16(tags::HIGH_BIT, BITS - 1);
    set.put_u16(tags::PIXEL_REPRESENTATION, 0);
    set.put_str(tags::PRESENTATION_LUT_SHAPE, "IDENTITY");
    set.put_str(tags::BURNED_IN_ANNOTATION, "NO");
    let top = f64::from(1u32 << BITS);
    set.put_decimals(tags::WINDOW_CENTER, &[top / 2.0]);
    set.put_decimals(tags::WINDOW_WIDTH, &[top]);
}
