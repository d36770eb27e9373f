//! Orders of a ward.

use super::{Frequency, PatientNo};
use jiff::Timestamp;
use serde::Serialize;

/// Whether an order of a ward goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderTerm {
    /// 长期医嘱: until it is stopped.
    Long,
    /// 临时医嘱: once.
    Short,
}

impl OrderTerm {
    /// Its name in Chinese.
    pub fn chinese(self) -> &'static str {
        match self {
            OrderTerm::Long => "长期医嘱",
            OrderTerm::Short => "临时医嘱",
        }
    }
}

/// What an order of a ward is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderClass {
    /// 药品.
    Drug,
    /// 护理.
    Nursing,
    /// 膳食.
    Diet,
    /// 检查.
    Exam,
    /// 检验.
    Laboratory,
    /// 治疗.
    Treatment,
    /// 手术.
    Surgery,
    /// 出院带药.
    TakeHome,
    /// 其他.
    Other,
}

impl OrderClass {
    /// Its name in Chinese.
    pub fn chinese(self) -> &'static str {
        match self {
            OrderClass::Drug => "药品",
            OrderClass::Nursing => "护理",
            OrderClass::Diet => "膳食",
            OrderClass::Exam => "检查",
            OrderClass::Laboratory => "检验",
            OrderClass::Treatment => "治疗",
            OrderClass::Surgery => "手术",
            OrderClass::TakeHome => "出院带药",
            OrderClass::Other => "其他",
        }
    }
}

/// How far an order of a ward has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum MedicalOrderState {
    /// 已开立: a nurse has not checked it yet.
    Written,
    /// 已校对: checked, goes on or waits.
    Checked,
    /// 已执行: a short one that was carried out.
    Done,
    /// 已停止: a long one that was stopped.
    Stopped,
    /// 已作废: cancelled.
    Cancelled,
}

impl MedicalOrderState {
    /// Its name in Chinese.
    pub fn chinese(self) -> &'static str {
        match self {
            MedicalOrderState::Written => "已开立",
            MedicalOrderState::Checked => "已校对",
            MedicalOrderState::Done => "已执行",
            MedicalOrderState::Stopped => "已停止",
            MedicalOrderState::Cancelled => "已作废",
        }
    }
}

/// An order of a ward.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MedicalOrder {
    /// Number.
    pub number: String,
    /// Who.
    pub patient: PatientNo,
    /// Visit number.
    pub encounter: String,
    /// Whether it goes on.
    pub term: OrderTerm,
    /// What it is about.
    pub class: OrderClass,
    /// Orders of one group go into one bag; else its own.
    pub group: u32,
    /// Text in Chinese.
    pub name: String,
    /// Drug code.
    pub drug: Option<String>,
    /// Specification of the drug; else empty.
    pub specification: &'static str,
    /// One dose without its unit; empty where there is none.
    pub dose: String,
    /// Unit of the dose.
    pub dose_unit: &'static str,
    /// How often.
    pub frequency: Frequency,
    /// Route in Chinese; empty where there is none.
    pub route: &'static str,
    /// Packs taken home; else 0.
    pub packs: u32,
    /// Department code.
    pub department: String,
    /// Physician, staff number.
    pub physician: String,
    /// When it was written and begins.
    pub started: Timestamp,
    /// When a nurse checked it.
    pub checked: Option<Timestamp>,
    /// That nurse, staff number.
    pub checked_by: Option<String>,
    /// When a short one was carried out.
    pub done: Option<Timestamp>,
    /// When a long one was stopped, or any was cancelled.
    pub stopped: Option<Timestamp>,
    /// Who stopped it, staff number.
    pub stopped_by: Option<String>,
    /// State.
    pub state: MedicalOrderState,
    /// Placer number of the exam or laboratory order that it is.
    pub request: Option<String>,
}

/// One time that an order was carried out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Execution {
    /// Number of the medical order.
    pub order: String,
    /// When it was due.
    pub due: Timestamp,
    /// When it was done.
    pub done: Timestamp,
    /// Nurse, staff number.
    pub nurse: String,
}
