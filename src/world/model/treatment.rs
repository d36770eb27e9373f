//! Drugs, prescriptions, the orders of a ward, and what is known of a stay.

use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;

use super::{Diagnosis, InsuranceClass, InsuranceKind, Money, PatientNo};

/// A drug of the hospital's formulary.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Drug {
    /// The hospital's code (`Y004127`), different in every installation.
    pub code: String,
    /// First letters of its name's pinyin, by which it is typed in (`AMXL`); unique.
    pub input_code: &'static str,
    /// Generic name in Chinese.
    pub name: &'static str,
    /// Specification (`0.25g×24粒`).
    pub specification: &'static str,
    /// Dose form (`胶囊剂`).
    pub form: &'static str,
    /// What it is sold in (`盒`).
    pub pack: &'static str,
    /// Units in a pack.
    pub units: u32,
    /// The unit (`粒`).
    pub unit: &'static str,
    /// Unit of doses (`g`).
    pub dose_unit: &'static str,
    /// What a unit holds, in thousandths of the dose unit.
    pub strength: u32,
    /// Price of a pack.
    pub price: Money,
    /// Maker, an invented name.
    pub maker: String,
    /// Kind.
    pub kind: DrugKind,
    /// How much of it the insurance counts.
    pub insurance: InsuranceClass,
    /// What an allergy to it would be called.
    pub allergen: Option<Allergen>,
    /// Ages in years to which it is given, both included.
    pub ages: (i32, i32),
}

/// Kind of a drug.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DrugKind {
    /// 西药.
    Western,
    /// 中成药.
    Patent,
    /// 第二类精神药品.
    Psychotropic,
}

impl DrugKind {
    /// Its name in Chinese.
    pub fn chinese(self) -> &'static str {
        match self {
            DrugKind::Western => "西药",
            DrugKind::Patent => "中成药",
            DrugKind::Psychotropic => "精神二类",
        }
    }
}

/// What somebody is allergic to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Allergen {
    /// 青霉素类.
    Penicillins,
    /// 头孢菌素类.
    Cephalosporins,
    /// 喹诺酮类.
    Quinolones,
    /// 磺胺类.
    Sulfonamides,
    /// 解热镇痛类.
    Analgesics,
    /// 碘剂.
    Iodine,
    /// 破伤风抗毒素.
    Antitoxin,
}

impl Allergen {
    /// All of them.
    pub const ALL: [Allergen; 7] = [
        Allergen::Penicillins,
        Allergen::Cephalosporins,
        Allergen::Quinolones,
        Allergen::Sulfonamides,
        Allergen::Analgesics,
        Allergen::Iodine,
        Allergen::Antitoxin,
    ];

    /// Its name in Chinese.
    pub fn chinese(self) -> &'static str {
        match self {
            Allergen::Penicillins => "青霉素类",
            Allergen::Cephalosporins => "头孢菌素类",
            Allergen::Quinolones => "喹诺酮类",
            Allergen::Sulfonamides => "磺胺类",
            Allergen::Analgesics => "解热镇痛类",
            Allergen::Iodine => "碘剂",
            Allergen::Antitoxin => "破伤风抗毒素",
        }
    }
}

/// An allergy on a patient's record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Allergy {
    /// To what.
    pub allergen: Allergen,
    /// What happened, in Chinese (`皮疹`).
    pub reaction: &'static str,
    /// When it was put on record.
    pub recorded: Timestamp,
}

/// Stock of a drug in a store on a day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DrugStock {
    /// Drug code.
    pub drug: String,
    /// Store in Chinese (`门诊药房`).
    pub store: &'static str,
    /// Packs.
    pub packs: u32,
    /// Batch number.
    pub batch: String,
    /// Last day of use.
    pub expires: Date,
    /// Shelf (`A-03-12`).
    pub shelf: String,
}

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
