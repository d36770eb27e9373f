//! What a hospital keeps, as plain data. Times are UTC; local forms are made with [`super::View::local`].

mod drug;
mod imaging;
mod instrument;
mod lab;
mod money;
mod order;
mod prescription;
mod stay;

pub use drug::*;
pub use imaging::*;
pub use instrument::*;
pub use lab::*;
pub use money::*;
pub use order::*;
pub use prescription::*;
pub use stay::*;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;

/// Index of a patient in the master index, from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct PatientNo(pub u32);

/// Administrative sex.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
pub enum Sex {
    /// Male.
    M,
    /// Female.
    F,
}

/// A person's name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Name {
    /// Family name in Chinese.
    pub family: String,
    /// Given name in Chinese.
    pub given: String,
    /// Family name in pinyin, first letter upper-case (`Zhang`).
    pub family_pinyin: String,
    /// Given name in pinyin, first letter upper-case, syllables joined (`Jianguo`).
    pub given_pinyin: String,
}

impl Name {
    /// Chinese name as written: family and given without a space.
    pub fn chinese(&self) -> String {
        format!("{}{}", self.family, self.given)
    }
}

/// A patient's master record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Patient {
    /// Index in the master index.
    pub no: PatientNo,
    /// Medical record number: ten digits.
    pub mrn: String,
    /// Name.
    pub name: Name,
    /// Sex.
    pub sex: Sex,
    /// Birth date.
    pub born: Date,
    /// Resident id, 18 characters, in an area code that was never assigned.
    pub resident_id: String,
    /// The same with its middle masked, as screens show it.
    pub resident_id_masked: String,
    /// Phone number with its middle masked, or a landline that can't be dialled.
    pub phone: String,
    /// Address: province, city, street, number.
    pub address: String,
    /// Ethnic group (`汉族`).
    pub ethnicity: String,
    /// When the record was made: the patient is unknown before.
    pub registered: Timestamp,
}

/// A department.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Department {
    /// Code (`0101`).
    pub code: String,
    /// Name in Chinese.
    pub name: String,
    /// Name in English.
    pub name_en: String,
}

/// A member of staff.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Staff {
    /// Staff number, four digits.
    pub number: String,
    /// Name.
    pub name: Name,
    /// Title in Chinese (`主治医师`).
    pub title: String,
    /// Department code.
    pub department: String,
    /// Whether he or she may order and report.
    pub physician: bool,
}

/// A diagnosis.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Diagnosis {
    /// ICD-10, Chinese clinical version (`I63.900`).
    pub icd10: String,
    /// Name in Chinese.
    pub name: String,
}

/// Kind of a visit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum VisitClass {
    /// Outpatient.
    Outpatient,
    /// Emergency.
    Emergency,
    /// Inpatient.
    Inpatient,
}

/// A visit or stay.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Encounter {
    /// Visit number.
    pub number: String,
    /// Who.
    pub patient: PatientNo,
    /// Kind.
    pub class: VisitClass,
    /// Department code.
    pub department: String,
    /// Attending physician, staff number.
    pub physician: String,
    /// Registration or admission.
    pub started: Timestamp,
    /// End of the visit or discharge; `None` while it lasts.
    pub ended: Option<Timestamp>,
    /// Ward and bed of inpatients (`0203-15`).
    pub bed: Option<String>,
    /// Main diagnosis.
    pub diagnosis: Diagnosis,
}

/// What an order asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderKind {
    /// An imaging study.
    Imaging,
    /// A laboratory panel.
    Laboratory,
}

/// State of an order at the moment of the view.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderState {
    /// Ordered; nothing done yet.
    Ordered,
    /// Scheduled or collected.
    InProgress,
    /// Performed or analysed; not yet signed.
    Performed,
    /// Report or result is verified.
    Verified,
    /// Cancelled.
    Cancelled,
}

/// An order: the join of everything.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Order {
    /// Placer order number (HIS).
    pub placer: String,
    /// Filler order number (RIS or LIS).
    pub filler: String,
    /// What kind.
    pub kind: OrderKind,
    /// Who.
    pub patient: PatientNo,
    /// Visit number.
    pub encounter: String,
    /// Ordering physician, staff number.
    pub physician: String,
    /// Ordering department code.
    pub department: String,
    /// When ordered.
    pub ordered: Timestamp,
    /// Code of the exam or panel.
    pub code: String,
    /// Name of the exam or panel in Chinese (`胸部CT平扫`).
    pub name: String,
    /// State at the moment of the view.
    pub state: OrderState,
    /// Accession number, for imaging.
    pub accession: Option<String>,
    /// Specimen barcode, for laboratory, once collected.
    pub specimen: Option<String>,
}
