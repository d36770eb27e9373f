//! Digital Mammography X-Ray Image Storage - For Presentation (PS3.3 A.27).

use super::code::{Code, code};
use super::{Subject, common, dx};
use crate::imaging::anatomy::Build;
use crate::imaging::render::mg::View;
use crate::imaging::render::mg::{Breast, PIXEL};
use crate::wire::dicom::dataset::{DataSet, tags};

/// The header of a view, without its pixels.
pub(crate) fn mg(s: &Subject<'_>, breast: &Breast, matrix: [usize; 2], build: Build) -> DataSet {
    let mut set = common(s, "DERIVED\\PRIMARY\\", build);
    let side = if breast.left { "L" } else { "R" };
    let (position, view): (&str, Code) = match breast.view {
        View::Cc => ("CC", ("R-10242", "SRT", "cranio-caudal")),
        View::Mlo => ("MLO", ("R-10226", "SRT", "medio-lateral oblique")),
    };
    set.put_str(tags::PRESENTATION_INTENT_TYPE, "FOR PRESENTATION");
    set.put_str(tags::BODY_PART_EXAMINED, "BREAST");
    set.put_str(tags::ORGAN_EXPOSED, "BREAST");
    set.put_items(tags::ANATOMIC_REGION_SEQUENCE, vec![code(("T-04000", "SRT", "Breast"))]);
    set.put_items(tags::VIEW_CODE_SEQUENCE, vec![dx::view_item(view)]);
    set.put_str(tags::VIEW_POSITION, position);
    set.put_str(tags::IMAGE_LATERALITY, side);
    set.put_str(tags::PATIENT_ORIENTATION, orientation(breast));
    exposure(&mut set, breast);
    detector(&mut set);
    dx::pixels(&mut set, matrix);
    set.put_items(tags::ACQUISITION_CONTEXT_SEQUENCE, Vec::new());
    set
}

/// Rows and columns: the chest wall is at the right edge for the right breast, at the left edge for
/// the left one, so that both hang back to back.
fn orientation(breast: &Breast) -> &'static str {
    match (breast.left, breast.view) {
        (false, View::Cc) => "P\\L",
        (true, View::Cc) => "A\\R",
        (false, View::Mlo) => "P\\FL",
        (true, View::Mlo) => "A\\FR",
    }
}

fn exposure(set: &mut DataSet, breast: &Breast) {
    let thick = f64::from(breast.thickness);
    let charge = (thick * 1.32).round();
    set.put_decimals(tags::KVP, &[if thick > 55.0 { 31.0 } else { 29.0 }]);
    set.put_integers(tags::EXPOSURE, &[charge as i64]);
    set.put_integers(tags::EXPOSURE_INU_AS, &[(charge * 1000.0) as i64]);
    set.put_integers(tags::EXPOSURE_TIME, &[(charge * 11.0) as i64]);
    set.put_integers(tags::X_RAY_TUBE_CURRENT, &[91]);
    set.put_decimals(tags::DISTANCE_SOURCE_TO_DETECTOR, &[660.0]);
    set.put_decimals(tags::DISTANCE_SOURCE_TO_PATIENT, &[660.0]);
    set.put_decimals(tags::ESTIMATED_RADIOGRAPHIC_MAGNIFICATION_FACTOR, &[1.0]);
    set.put_str(tags::ANODE_TARGET_MATERIAL, "RHODIUM");
    set.put_str(tags::FILTER_MATERIAL, "RHODIUM");
    set.put_decimals(tags::FOCAL_SPOTS, &[0.3]);
    set.put_str(tags::GRID, "RECIPROCATING\\FOCUSED");
    set.put_decimals(tags::BODY_PART_THICKNESS, &[thick]);
    set.put_decimals(tags::COMPRESSION_FORCE, &[f64::from(breast.force)]);
    set.put_str(tags::POSITIONER_TYPE, "MAMMOGRAPHIC");
    let angle = match (breast.view, breast.left) {
        (View::Cc, _) => 0.0,
        (View::Mlo, true) => 45.0,
        (View::Mlo, false) => -45.0,
    };
    set.put_decimals(tags::POSITIONER_PRIMARY_ANGLE, &[angle]);
    set.put_decimals(tags::ORGAN_DOSE, &[((thick * 0.0027 + 0.02) * 1000.0).round() / 100_000.0]);
    set.put_str(tags::BREAST_IMPLANT_PRESENT, "NO");
}

fn detector(set: &mut DataSet) {
    let pixel = f64::from((PIXEL * 1000.0).round()) / 1000.0;
    set.put_str(tags::DETECTOR_TYPE, "SCINTILLATOR");
    set.put_str(tags::DETECTOR_CONFIGURATION, "AREA");
    set.put_str(tags::DETECTOR_ACTIVE_SHAPE, "RECTANGLE");
    set.put_decimals(tags::DETECTOR_ELEMENT_SPACING, &[pixel, pixel]);
    set.put_decimals(tags::IMAGER_PIXEL_SPACING, &[pixel, pixel]);
}
