//! 12-Lead ECG Waveform Storage (PS3.3 A.34.3).

use bytes::Bytes;

use super::code::{Code, code, code_of_version};
use super::{Subject, date, object};
use crate::imaging::anatomy::Build;
use crate::imaging::render::ecg::{LEADS, Recording, SAMPLING};
use crate::wire::dicom::dataset::{DataSet, Vr, tags};

/// Microvolts of one step of a sample.
pub(crate) const STEP: f64 = 4.88;

const NAMES: [(&str, &str); LEADS] = [
    ("5.6.3-9-1", "Lead I"),
    ("5.6.3-9-2", "Lead II"),
    ("5.6.3-9-61", "Lead III"),
    ("5.6.3-9-62", "Lead aVR"),
    ("5.6.3-9-63", "Lead aVL"),
    ("5.6.3-9-64", "Lead aVF"),
    ("5.6.3-9-3", "Lead V1"),
    ("5.6.3-9-4", "Lead V2"),
    ("5.6.3-9-5", "Lead V3"),
    ("5.6.3-9-6", "Lead V4"),
    ("5.6.3-9-7", "Lead V5"),
    ("5.6.3-9-8", "Lead V6"),
];

/// Of the codes of the SCP-ECG protocol.
const VERSION: &str = "1.3";

const MICROVOLT: Code = ("uV", "UCUM", "microvolt");

/// The whole object: header, waveform and what the device measured.
pub(crate) fn ecg(s: &Subject<'_>, recording: &Recording, build: Build) -> DataSet {
    let mut set = object(s, build);
    let at = s.acquired();
    set.put_str(tags::ACQUISITION_DATE_TIME, &format!("{}{}", date(at.date()), s.maker().time(at)));
    set.put_items(tags::ACQUISITION_CONTEXT_SEQUENCE, Vec::new());
    set.put_items(tags::WAVEFORM_SEQUENCE, vec![waveform(recording)]);
    set.put_items(tags::WAVEFORM_ANNOTATION_SEQUENCE, annotations(s, recording));
    set
}

fn waveform(recording: &Recording) -> DataSet {
    let mut set = DataSet::new();
    let samples = recording.samples.len() / LEADS;
    set.put_str(tags::WAVEFORM_ORIGINALITY, "ORIGINAL");
    set.put_u16(tags::NUMBER_OF_WAVEFORM_CHANNELS, LEADS as u16);
    set.put_u32(tags::NUMBER_OF_WAVEFORM_SAMPLES, u32::try_from(samples).unwrap_or(u32::MAX));
    set.put_decimals(tags::SAMPLING_FREQUENCY, &[f64::from(SAMPLING)]);
    set.put_str(tags::MULTIPLEX_GROUP_LABEL, "RHYTHM");
    set.put_items(tags::CHANNEL_DEFINITION_SEQUENCE, NAMES.iter().map(channel).collect());
    set.put_u16(tags::WAVEFORM_BITS_ALLOCATED, 16);
    set.put_str(tags::WAVEFORM_SAMPLE_INTERPRETATION, "SS");
    let bytes: Bytes = recording.samples.iter().flat_map(|sample| sample.to_le_bytes()).collect();
    set.put_bytes(tags::WAVEFORM_DATA, Vr::OW, bytes);
    set
}

fn channel((value, meaning): &(&'static str, &'static str)) -> DataSet {
    let mut set = DataSet::new();
    set.put_items(tags::CHANNEL_SOURCE_SEQUENCE, vec![code_of_version((value, "SCPECG", meaning), VERSION)]);
    set.put_decimals(tags::CHANNEL_SENSITIVITY, &[STEP]);
    set.put_items(tags::CHANNEL_SENSITIVITY_UNITS_SEQUENCE, vec![code(MICROVOLT)]);
    set.put_decimals(tags::CHANNEL_SENSITIVITY_CORRECTION_FACTOR, &[1.0]);
    set.put_decimals(tags::CHANNEL_BASELINE, &[0.0]);
    set.put_decimals(tags::CHANNEL_TIME_SKEW, &[0.0]);
    set.put_u16(tags::WAVEFORM_BITS_STORED, 16);
    set.put_decimals(tags::FILTER_LOW_FREQUENCY, &[0.05]);
    set.put_decimals(tags::FILTER_HIGH_FREQUENCY, &[150.0]);
    set.put_decimals(tags::NOTCH_FILTER_FREQUENCY, &[50.0]);
    set
}

/// What the device measured, and what it says of it.
fn annotations(s: &Subject<'_>, recording: &Recording) -> Vec<DataSet> {
    const MS: Code = ("ms", "UCUM", "millisecond");
    const PER_MINUTE: Code = ("{H.B.}/min", "UCUM", "Heart beat per minute");
    const DEGREES: Code = ("deg", "UCUM", "degree");
    let mut measured = vec![
        (("5.10.2.5-1", "SCPECG", "Ventricular Heart Rate"), recording.rate, PER_MINUTE),
        (("5.10.2.5-5", "SCPECG", "QRS Duration"), recording.qrs, MS),
        (("5.10.2.5-7", "SCPECG", "QT Interval"), recording.qt, MS),
        (("5.10.3-13", "SCPECG", "QRS Axis"), recording.axis, DEGREES),
    ];
    if let Some(pr) = recording.pr {
        measured.push((("5.13.5-7", "SCPECG", "PR Interval"), pr, MS));
    }
    let numbers = measured.into_iter().map(|(concept, value, unit)| {
        let mut set = annotation();
        set.put_items(tags::MEASUREMENT_UNITS_CODE_SEQUENCE, vec![code(unit)]);
        set.put_items(tags::CONCEPT_NAME_CODE_SEQUENCE, vec![code_of_version(concept, VERSION)]);
        set.put_decimals(tags::NUMERIC_VALUE, &[f64::from(value.round())]);
        set
    });
    let statements = recording.statements.iter().map(|statement| {
        let mut set = annotation();
        set.put_text(tags::UNFORMATTED_TEXT_VALUE, statement, s.charset);
        set
    });
    numbers.chain(statements).collect()
}

fn annotation() -> DataSet {
    let mut set = DataSet::new();
    let channel = |n: u16| [1u16, n].into_iter().flat_map(u16::to_le_bytes);
    let all: Bytes = (1..=LEADS as u16).flat_map(channel).collect();
    set.put_bytes(tags::REFERENCED_WAVEFORM_CHANNELS, Vr::US, all);
    set.put_u16(tags::ANNOTATION_GROUP_NUMBER, 0);
    set
}
