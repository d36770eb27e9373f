//! Prescriptions of outpatients, and how often a drug is given.

use super::{Diagnosis, DrugKind, Money, PatientNo};
use jiff::Timestamp;
use serde::Serialize;

/// How often.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Frequency {
    /// Once, at once.
    St,
    /// When needed.
    Prn,
    /// Once a day.
    Qd,
    /// Every evening.
    Qn,
    /// Twice a day.
    Bid,
    /// Three times a day.
    Tid,
    /// Four times a day.
    Qid,
    /// Every twelve hours.
    Q12h,
    /// Every eight hours.
    Q8h,
    /// Every other day.
    Qod,
    /// Once a week.
    Qw,
}

impl Frequency {
    /// Its code (`tid`).
    pub fn code(self) -> &'static str {
        match self {
            Frequency::St => "st",
            Frequency::Prn => "prn",
            Frequency::Qd => "qd",
            Frequency::Qn => "qn",
            Frequency::Bid => "bid",
            Frequency::Tid => "tid",
            Frequency::Qid => "qid",
            Frequency::Q12h => "q12h",
            Frequency::Q8h => "q8h",
            Frequency::Qod => "qod",
            Frequency::Qw => "qw",
        }
    }

    /// Its name in Chinese.
    pub fn chinese(self) -> &'static str {
        match self {
            Frequency::St => "立即",
            Frequency::Prn => "必要时",
            Frequency::Qd => "每日一次",
            Frequency::Qn => "每晚一次",
            Frequency::Bid => "每日两次",
            Frequency::Tid => "每日三次",
            Frequency::Qid => "每日四次",
            Frequency::Q12h => "每12小时一次",
            Frequency::Q8h => "每8小时一次",
            Frequency::Qod => "隔日一次",
            Frequency::Qw => "每周一次",
        }
    }

    /// Hours of the day at which a ward gives it.
    pub fn hours(self) -> &'static [u8] {
        match self {
            Frequency::St | Frequency::Prn => &[],
            Frequency::Qd | Frequency::Qod | Frequency::Qw => &[8],
            Frequency::Qn => &[21],
            Frequency::Bid => &[8, 16],
            Frequency::Tid => &[8, 12, 17],
            Frequency::Qid => &[8, 12, 16, 20],
            Frequency::Q12h => &[8, 20],
            Frequency::Q8h => &[0, 8, 16],
        }
    }

    /// Days from one day of it to the next.
    pub fn days(self) -> i32 {
        match self {
            Frequency::Qod => 2,
            Frequency::Qw => 7,
            Frequency::St
            | Frequency::Prn
            | Frequency::Qd
            | Frequency::Qn
            | Frequency::Bid
            | Frequency::Tid
            | Frequency::Qid
            | Frequency::Q12h
            | Frequency::Q8h => 1,
        }
    }
}

/// How far a prescription has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PrescriptionState {
    /// Written; not paid.
    Written,
    /// Paid; waits at the pharmacy.
    Paid,
    /// Given out.
    Dispensed,
}

impl PrescriptionState {
    /// Its name in Chinese.
    pub fn chinese(self) -> &'static str {
        match self {
            PrescriptionState::Written => "未收费",
            PrescriptionState::Paid => "待发药",
            PrescriptionState::Dispensed => "已发药",
        }
    }
}

/// An outpatient's prescription.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Prescription {
    /// Number.
    pub number: String,
    /// Who.
    pub patient: PatientNo,
    /// Visit number.
    pub encounter: String,
    /// Kind of its drugs.
    pub kind: DrugKind,
    /// Kind of form in Chinese (`普通`, `急诊`, `儿科`, `精二`).
    pub form: &'static str,
    /// Physician, staff number.
    pub physician: String,
    /// Department code.
    pub department: String,
    /// Diagnosis for which it is.
    pub diagnosis: Diagnosis,
    /// When written.
    pub written: Timestamp,
    /// When paid.
    pub paid: Option<Timestamp>,
    /// When given out.
    pub dispensed: Option<Timestamp>,
    /// Pharmacist who checked it, staff number, once given out.
    pub checked_by: Option<String>,
    /// Pharmacist who gave it out, staff number.
    pub dispensed_by: Option<String>,
    /// Window of the pharmacy.
    pub window: u8,
    /// State.
    pub state: PrescriptionState,
    /// Lines.
    pub lines: Vec<PrescriptionLine>,
    /// Sum of its lines.
    pub total: Money,
}

/// A line of a prescription.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PrescriptionLine {
    /// Place in the prescription, from 1.
    pub line: u32,
    /// Lines of one group go into one bag.
    pub group: u32,
    /// Drug code.
    pub drug: String,
    /// Drug name.
    pub name: &'static str,
    /// Specification.
    pub specification: &'static str,
    /// One dose, without its unit (`0.5`).
    pub dose: String,
    /// Unit of the dose.
    pub dose_unit: &'static str,
    /// How often.
    pub frequency: Frequency,
    /// Route in Chinese (`口服`).
    pub route: &'static str,
    /// For how many days.
    pub days: u32,
    /// Packs.
    pub quantity: u32,
    /// Unit of the quantity.
    pub unit: &'static str,
    /// Price of a pack.
    pub price: Money,
    /// Price times quantity.
    pub amount: Money,
}
