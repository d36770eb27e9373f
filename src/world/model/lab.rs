//! The laboratory: what was ordered, taken and measured.

use jiff::Timestamp;
use serde::Serialize;

use super::{PatientNo, Run};

/// An item the laboratory measures.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LabItem {
    /// Short code (`WBC`).
    pub code: &'static str,
    /// Name in Chinese.
    pub name: &'static str,
    /// LOINC.
    pub loinc: &'static str,
    /// Unit, UCUM-like as Chinese reports print it.
    pub unit: &'static str,
    /// Decimals reported.
    pub decimals: u8,
}

/// A laboratory order with its specimen, as far as it has come at the moment of the view.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LabOrder {
    /// Placer number of its order.
    pub order: String,
    /// Filler number.
    pub filler: String,
    /// Specimen barcode: twelve digits, `YYMMDD` and six more.
    pub specimen: String,
    /// Who.
    pub patient: PatientNo,
    /// Panel code.
    pub panel: String,
    /// Panel name in Chinese (`血常规`).
    pub panel_name: String,
    /// Specimen type in Chinese (`全血`).
    pub specimen_type: String,
    /// When ordered.
    pub ordered: Timestamp,
    /// When collected.
    pub collected: Option<Timestamp>,
    /// When analysed.
    pub analysed: Option<Timestamp>,
    /// Which instrument measured it and where it stood there, once analysed.
    pub run: Option<Run>,
    /// When verified.
    pub verified: Option<Timestamp>,
    /// Verifier, staff number, once verified.
    pub verifier: Option<String>,
    /// Results, once analysed.
    pub results: Vec<LabResult>,
    /// Items ordered, in report order: what an analyser is told to measure.
    pub items: Vec<&'static LabItem>,
}

/// Abnormal flag.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
pub enum Flag {
    /// Within the reference range.
    N,
    /// Above.
    H,
    /// Below.
    L,
    /// Abnormal, for items without order.
    A,
}

/// One result.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LabResult {
    /// What was measured.
    pub item: &'static LabItem,
    /// Value as printed (`8.13`, `阴性(-)`).
    pub value: String,
    /// Reference range as printed for this patient (`3.5-9.5`).
    pub range: String,
    /// Flag.
    pub flag: Flag,
}
