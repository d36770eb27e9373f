//! Registrations, diagnoses, stays, vital signs and operations.

use super::{Diagnosis, InsuranceKind, Money, PatientNo};
use jiff::Timestamp;
use serde::Serialize;

/// A registration for a visit of an outpatient.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Registration {
    /// Visit number.
    pub encounter: String,
    /// Who.
    pub patient: PatientNo,
    /// Department code.
    pub department: String,
    /// Physician, staff number.
    pub physician: String,
    /// Kind in Chinese (`普通号`, `专家号`, `急诊号`).
    pub kind: &'static str,
    /// Where it was made, in Chinese (`微信公众号`).
    pub channel: &'static str,
    /// Place in the department's queue of its half day.
    pub queue: u32,
    /// When.
    pub registered: Timestamp,
    /// What was paid.
    pub fee: Money,
    /// State in Chinese (`候诊`, `就诊中`, `已就诊`).
    pub state: &'static str,
}

/// Kind of a diagnosis of a visit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DiagnosisKind {
    /// 门诊诊断, of outpatients.
    Outpatient,
    /// 入院诊断.
    Admission,
    /// 出院主要诊断.
    DischargeMain,
    /// 出院其他诊断.
    DischargeOther,
}

impl DiagnosisKind {
    /// Its name in Chinese.
    pub fn chinese(self) -> &'static str {
        match self {
            DiagnosisKind::Outpatient => "门诊诊断",
            DiagnosisKind::Admission => "入院诊断",
            DiagnosisKind::DischargeMain => "出院主要诊断",
            DiagnosisKind::DischargeOther => "出院其他诊断",
        }
    }
}

/// A diagnosis of a visit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct VisitDiagnosis {
    /// Kind.
    pub kind: DiagnosisKind,
    /// Place among those of its kind, from 1.
    pub place: u32,
    /// Diagnosis.
    pub diagnosis: Diagnosis,
    /// When it was made.
    pub made: Timestamp,
    /// Outcome in Chinese at discharge (`治愈`, `好转`, `未愈`); else empty.
    pub outcome: &'static str,
}

/// What is known of a stay beside its encounter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Stay {
    /// Visit number.
    pub encounter: String,
    /// Who.
    pub patient: PatientNo,
    /// How many stays this hospital knows of, with this one.
    pub times: u32,
    /// Way of admission in Chinese (`门诊`, `急诊`).
    pub admitted_by: &'static str,
    /// Condition at admission in Chinese (`一般`, `急`, `危`).
    pub condition: &'static str,
    /// Level of nursing in Chinese (`二级护理`).
    pub nursing: &'static str,
    /// Diet in Chinese.
    pub diet: &'static str,
    /// Physician in charge, staff number.
    pub physician: String,
    /// Nurse in charge, staff number.
    pub nurse: String,
    /// Who pays.
    pub insurance: InsuranceKind,
    /// Days of stay so far, at least 1.
    pub days: u32,
    /// Way of discharge in Chinese (`医嘱离院`), once discharged.
    pub discharged_by: Option<&'static str>,
    /// Sum of the charges so far.
    pub charged: Money,
    /// Sum of the deposits so far.
    pub deposits: Money,
}

/// Vital signs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct VitalSigns {
    /// Visit number.
    pub encounter: String,
    /// When measured.
    pub measured: Timestamp,
    /// Temperature in tenths of a degree Celsius.
    pub temperature: u32,
    /// Pulse a minute.
    pub pulse: u32,
    /// Breaths a minute.
    pub respiration: u32,
    /// Systolic pressure in mmHg.
    pub systolic: u32,
    /// Diastolic pressure in mmHg.
    pub diastolic: u32,
    /// Oxygen saturation in per cent.
    pub saturation: u32,
    /// Weight in tenths of a kilogram, at the first measurement.
    pub weight: Option<u32>,
    /// Height in centimetres, at the first measurement.
    pub height: Option<u32>,
    /// Nurse, staff number.
    pub nurse: String,
}

/// An operation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Surgery {
    /// Number.
    pub number: String,
    /// Who.
    pub patient: PatientNo,
    /// Visit number.
    pub encounter: String,
    /// ICD-9-CM-3, Chinese clinical version.
    pub code: &'static str,
    /// Name in Chinese.
    pub name: &'static str,
    /// Grade in Chinese (`三级`).
    pub grade: &'static str,
    /// Class of the incision (`Ⅰ`).
    pub incision: &'static str,
    /// Anaesthesia in Chinese.
    pub anaesthesia: &'static str,
    /// Surgeon, staff number.
    pub surgeon: String,
    /// First assistant, staff number.
    pub assistant: String,
    /// Scheduled beginning.
    pub scheduled: Timestamp,
    /// Beginning, once begun.
    pub started: Option<Timestamp>,
    /// End, once ended.
    pub ended: Option<Timestamp>,
    /// Operating room.
    pub room: u8,
}
