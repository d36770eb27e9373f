//! The laboratory's instruments, how they are controlled, and values that are told at once.

use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;

use super::{LabItem, PatientNo};

/// Part of the laboratory that an instrument belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Discipline {
    /// Blood counts.
    Haematology,
    /// Clinical chemistry.
    Chemistry,
    /// Immunoassays.
    Immunology,
    /// Coagulation.
    Coagulation,
    /// Urine.
    Urinalysis,
    /// Blood gas.
    BloodGas,
}

impl Discipline {
    /// Name of the section in Chinese.
    pub fn chinese(self) -> &'static str {
        match self {
            Discipline::Haematology => "临检组",
            Discipline::Chemistry => "生化组",
            Discipline::Immunology => "免疫组",
            Discipline::Coagulation => "凝血组",
            Discipline::Urinalysis => "体液组",
            Discipline::BloodGas => "急诊组",
        }
    }
}

/// An instrument of the laboratory.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Instrument {
    /// Code in the laboratory's system (`HEME01`).
    pub code: String,
    /// Its part of the laboratory.
    pub discipline: Discipline,
    /// Maker.
    pub manufacturer: String,
    /// Model.
    pub model: String,
    /// Serial number, of this installation.
    pub serial: String,
    /// Software version.
    pub software: String,
    /// Where it stands, in Chinese.
    pub place: String,
    /// When it was put to use.
    pub installed: Date,
    /// Codes of the panels that it runs.
    pub panels: Vec<&'static str>,
    /// Items that it measures, in the order of its panels.
    pub items: Vec<&'static LabItem>,
}

/// One specimen's run on an instrument.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Run {
    /// Code of the instrument.
    pub instrument: String,
    /// Number of the rack, from 1.
    pub rack: u32,
    /// Place in the rack, from 1 to 10.
    pub position: u32,
}

/// What became of a control run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ControlState {
    /// Within two standard deviations, no rule broken.
    InControl,
    /// A warning: rule 1-2s.
    Warning,
    /// A rule that rejects was broken; the control was run again.
    OutOfControl,
}

/// One level of one lot of a control material on one instrument: what Levey-Jennings charts are
/// drawn of.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ControlRun {
    /// Code of the instrument.
    pub instrument: String,
    /// What was measured.
    pub item: &'static LabItem,
    /// Name of the material.
    pub material: &'static str,
    /// Level, from 1.
    pub level: u8,
    /// Lot number.
    pub lot: String,
    /// Last day on which the lot may be used.
    pub expires: Date,
    /// When.
    pub at: Timestamp,
    /// The lot's mean on this instrument.
    pub mean: f64,
    /// The lot's standard deviation on this instrument.
    pub deviation: f64,
    /// Value as printed.
    pub value: String,
    /// Distance from the mean in standard deviations.
    pub z: f64,
    /// Judged by Westgard's rules.
    pub state: ControlState,
    /// The rule that was broken (`1-3s`), if one was.
    pub rule: Option<&'static str>,
    /// Who ran it, staff number.
    pub operator: String,
}

/// The calibration that an item's results rest on.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Calibration {
    /// Code of the instrument.
    pub instrument: String,
    /// What was calibrated.
    pub item: &'static LabItem,
    /// When.
    pub at: Timestamp,
    /// Lot number of the calibrator.
    pub lot: String,
    /// Factor found.
    pub factor: f64,
    /// Who did it, staff number.
    pub operator: String,
}

/// A value that was told to the ward at once.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CriticalValue {
    /// Placer number of the order.
    pub order: String,
    /// Specimen barcode.
    pub specimen: String,
    /// Who.
    pub patient: PatientNo,
    /// What was measured.
    pub item: &'static LabItem,
    /// Value as printed.
    pub value: String,
    /// The limit that it passed (`<2.8`).
    pub limit: String,
    /// When it was measured.
    pub found: Timestamp,
    /// When the laboratory called, once it has.
    pub called: Option<Timestamp>,
    /// Who called, staff number, once called.
    pub caller: Option<String>,
    /// Who took the call and read it back, staff number, once called.
    pub receiver: Option<String>,
    /// Department code of the ward or consulting room.
    pub department: String,
    /// When the physician dealt with it, once done.
    pub handled: Option<Timestamp>,
    /// That physician, staff number, once done.
    pub physician: Option<String>,
}
