//! MR Image Storage (PS3.3 A.4).

use super::{Subject, common};
use crate::imaging::anatomy::Build;
use crate::imaging::render::mr::{Acquisition, Weighting};
use crate::wire::dicom::dataset::{DataSet, tags};
use crate::world::Region;

/// The header of a slice, without its pixels.
pub(crate) fn mr(s: &Subject<'_>, how: &Acquisition, build: Build) -> DataSet {
    let mut set = common(s, image_type(how.weighting), build);
    sequence(&mut set, s, how);
    geometry(&mut set, s, how);
    let side = u16::try_from(how.matrix).unwrap_or(u16::MAX);
    set.put_u16(tags::SAMPLES_PER_PIXEL, 1);
    set.put_str(tags::PHOTOMETRIC_INTERPRETATION, "MONOCHROME2");
    set.put_u16(tags::ROWS, side);
    set.put_u16(tags::COLUMNS, side);
    set.put_u16(tags::BITS_ALLOCATED, 16);
    set.put_u16(tags::BITS_STORED, 12);
    set.put_u16(tags::HIGH_BIT, 11);
    set.put_u16(tags::PIXEL_REPRESENTATION, 0);
    let (centre, width) = window(how.weighting);
    set.put_decimals(tags::WINDOW_CENTER, &[centre.into()]);
    set.put_decimals(tags::WINDOW_WIDTH, &[width.into()]);
    set
}

/// Window centre and width for reading.
pub(crate) fn window(weighting: Weighting) -> (f32, f32) {
    match weighting {
        Weighting::T1 => (430.0, 860.0),
        Weighting::T2 => (480.0, 1000.0),
        Weighting::Flair => (400.0, 820.0),
        Weighting::Diffusion => (420.0, 900.0),
        Weighting::Density => (400.0, 820.0),
    }
}

fn image_type(weighting: Weighting) -> &'static str {
    match weighting {
        Weighting::Diffusion => "ORIGINAL\\PRIMARY\\DIFFUSION\\NONE",
        Weighting::T1 | Weighting::T2 | Weighting::Flair | Weighting::Density => "ORIGINAL\\PRIMARY\\M\\ND",
    }
}

fn sequence(set: &mut DataSet, s: &Subject<'_>, how: &Acquisition) {
    // Sequence, variant, repetition, echo, inversion, train.
    let (kind, variant, repetition, echo, inversion, train) = match how.weighting {
        Weighting::T1 => ("SE", "SK\\SP", 560.0, 9.4, None, 3),
        Weighting::T2 => ("SE", "SK\\SP\\OSP", 3800.0, 98.0, None, 17),
        Weighting::Flair => ("SE\\IR", "SK\\SP\\MP", 8000.0, 86.0, Some(2370.0), 16),
        Weighting::Density => ("SE", "SK\\SP", 3200.0, 34.0, None, 7),
        Weighting::Diffusion => ("EP", "SK\\SP", 4600.0, 92.0, None, 1),
    };
    let (part, coil) = match s.study.region {
        Region::Head => ("HEAD", "Head_20"),
        Region::LumbarSpine => ("LSPINE", "Spine_32"),
        Region::Chest => ("CHEST", "Body_18"),
        Region::Abdomen => ("ABDOMEN", "Body_18"),
        Region::Limb => ("KNEE", "TxRx_15Ch_Knee"),
    };
    set.put_str(tags::BODY_PART_EXAMINED, part);
    set.put_str(tags::SCANNING_SEQUENCE, kind);
    set.put_str(tags::SEQUENCE_VARIANT, variant);
    set.put_empty(tags::SCAN_OPTIONS);
    set.put_str(tags::MR_ACQUISITION_TYPE, "2D");
    set.put_decimals(tags::REPETITION_TIME, &[repetition]);
    set.put_decimals(tags::ECHO_TIME, &[echo]);
    if let Some(inversion) = inversion {
        set.put_decimals(tags::INVERSION_TIME, &[inversion]);
    }
    set.put_integers(tags::ECHO_TRAIN_LENGTH, &[train]);
    set.put_decimals(tags::NUMBER_OF_AVERAGES, &[2.0]);
    set.put_decimals(tags::IMAGING_FREQUENCY, &[123.25]);
    set.put_str(tags::IMAGED_NUCLEUS, "1H");
    set.put_integers(tags::ECHO_NUMBERS, &[1]);
    set.put_decimals(tags::MAGNETIC_FIELD_STRENGTH, &[3.0]);
    set.put_decimals(tags::PERCENT_SAMPLING, &[80.0]);
    set.put_decimals(tags::PERCENT_PHASE_FIELD_OF_VIEW, &[100.0]);
    set.put_decimals(tags::PIXEL_BANDWIDTH, &[220.0]);
    set.put_decimals(tags::FLIP_ANGLE, &[if kind == "EP" { 90.0 } else { 150.0 }]);
    set.put_str(tags::IN_PLANE_PHASE_ENCODING_DIRECTION, "ROW");
    set.put_decimals(tags::SAR, &[0.62]);
    set.put_str(tags::RECEIVE_COIL_NAME, coil);
}

fn geometry(set: &mut DataSet, s: &Subject<'_>, how: &Acquisition) {
    let (origin, along) = how.origin(s.instance.number, how.matrix);
    let (rows, columns) = how.directions();
    let rounded = |v: f32| (f64::from(v) * 10_000.0).round() / 10_000.0;
    let spacing = f64::from(how.field) / how.matrix as f64;
    let cosines: Vec<f64> = rows.into_iter().chain(columns).map(f64::from).collect();
    set.put_str(tags::PATIENT_POSITION, "HFS");
    set.put_integers(tags::ACQUISITION_NUMBER, &[1]);
    set.put_decimals(tags::SLICE_THICKNESS, &[rounded(how.thickness)]);
    set.put_decimals(tags::SPACING_BETWEEN_SLICES, &[rounded(how.spacing)]);
    set.put_decimals(tags::IMAGE_POSITION_PATIENT, &origin.map(rounded));
    set.put_decimals(tags::IMAGE_ORIENTATION_PATIENT, &cosines);
    set.put_str(tags::FRAME_OF_REFERENCE_UID, &s.series.frame_of_reference);
    set.put_empty(tags::POSITION_REFERENCE_INDICATOR);
    set.put_decimals(tags::SLICE_LOCATION, &[rounded(along)]);
    set.put_decimals(tags::PIXEL_SPACING, &[spacing, spacing]);
}
