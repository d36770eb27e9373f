//! Records of the world as rows: which there are, and which fields they have.

mod days;
mod fields;
mod reading;
mod record;
mod source;
mod table;
mod tally;
mod treated;

pub(super) use days::Days;
pub use fields::Field;
pub(super) use reading::Reading;
pub use record::Record;
pub(super) use source::{count, estimate, is_counted};
pub(super) use table::{Shown, WORLD_ID};
pub(super) use tally::Tally;

use crate::event::observation::RecordKind;

/// What a field belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Entity {
    /// The row itself: its number.
    Row,
    /// A patient.
    Patient,
    /// A visit or stay.
    Encounter,
    /// The attending or ordering physician.
    Physician,
    /// The department of the visit, order or person.
    Department,
    /// An order.
    Order,
    /// A laboratory order with its specimen.
    Lab,
    /// One result of a laboratory order.
    Result,
    /// An imaging study.
    Study,
    /// An imaging report.
    Report,
    /// A member of staff.
    Staff,
    /// An imaging device.
    Device,
    /// A diagnosis of the dictionary.
    Diagnosis,
    /// An imaging exam of the dictionary.
    Exam,
    /// A laboratory panel of the dictionary.
    Panel,
    /// A laboratory item of the dictionary.
    Item,
    /// What is known of a stay beside its encounter.
    Stay,
    /// A drug of the formulary.
    Drug,
    /// Stock of a drug in a store.
    Stock,
    /// An item of the price list that is no drug.
    Price,
    /// An outpatient's prescription.
    Prescription,
    /// A line of a prescription.
    Line,
    /// An order of a ward.
    WardOrder,
    /// One line of a bill.
    Charge,
    /// A receipt or settlement.
    Bill,
    /// Money that a stay is paid from.
    Deposit,
    /// A diagnosis of a visit.
    Finding,
}

/// Which records a table's rows are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Rows {
    /// The master index.
    Patients,
    /// Outpatient visits.
    Outpatients,
    /// Emergency visits.
    Emergencies,
    /// Stays, those that ended too.
    Stays,
    /// Stays that last now.
    Inpatients,
    /// All orders.
    Orders,
    /// Imaging orders.
    ExamOrders,
    /// Laboratory orders.
    LabOrders,
    /// Results of laboratory orders, one row each.
    LabResults,
    /// Imaging studies that were performed.
    Studies,
    /// Imaging reports that were written.
    Reports,
    /// Members of staff.
    Staff,
    /// Departments.
    Departments,
    /// Imaging devices.
    Devices,
    /// The dictionary of diagnoses.
    Diagnoses,
    /// The dictionary of imaging exams.
    Exams,
    /// The dictionary of laboratory panels.
    Panels,
    /// The dictionary of laboratory items.
    Items,
    /// The formulary.
    Drugs,
    /// What the stores hold of every drug.
    Stock,
    /// The price list without drugs.
    Prices,
    /// Prescriptions of outpatients and emergencies.
    Prescriptions,
    /// Their lines.
    PrescriptionLines,
    /// Charges of outpatients and emergencies.
    OutpatientCharges,
    /// Their receipts.
    OutpatientBills,
    /// Their diagnoses.
    OutpatientDiagnoses,
    /// Charges of stays.
    StayCharges,
    /// Settlements of stays.
    Settlements,
    /// Deposits of stays.
    Deposits,
    /// Diagnoses of stays.
    StayDiagnoses,
    /// Orders of wards.
    WardOrders,
}

/// All rows with their names in schema files.
const NAMES: &[(&str, Rows)] = &[
    ("patients", Rows::Patients),
    ("outpatients", Rows::Outpatients),
    ("emergencies", Rows::Emergencies),
    ("stays", Rows::Stays),
    ("inpatients", Rows::Inpatients),
    ("orders", Rows::Orders),
    ("exam_orders", Rows::ExamOrders),
    ("lab_orders", Rows::LabOrders),
    ("lab_results", Rows::LabResults),
    ("studies", Rows::Studies),
    ("reports", Rows::Reports),
    ("staff", Rows::Staff),
    ("departments", Rows::Departments),
    ("devices", Rows::Devices),
    ("diagnoses", Rows::Diagnoses),
    ("exams", Rows::Exams),
    ("panels", Rows::Panels),
    ("items", Rows::Items),
    ("drugs", Rows::Drugs),
    ("stock", Rows::Stock),
    ("prices", Rows::Prices),
    ("prescriptions", Rows::Prescriptions),
    ("prescription_lines", Rows::PrescriptionLines),
    ("outpatient_charges", Rows::OutpatientCharges),
    ("outpatient_bills", Rows::OutpatientBills),
    ("outpatient_diagnoses", Rows::OutpatientDiagnoses),
    ("stay_charges", Rows::StayCharges),
    ("settlements", Rows::Settlements),
    ("deposits", Rows::Deposits),
    ("stay_diagnoses", Rows::StayDiagnoses),
    ("ward_orders", Rows::WardOrders),
];

impl Rows {
    /// By the name that a schema file gives.
    pub fn by_name(name: &str) -> Option<Rows> {
        NAMES.iter().find(|(known, _)| *known == name).map(|(_, rows)| *rows)
    }

    /// All rows and their names in schema files.
    pub fn all() -> impl Iterator<Item = (&'static str, Rows)> {
        NAMES.iter().copied()
    }

    /// Whether rows have a field.
    pub fn has(self, field: Field) -> bool {
        field.entity() == Entity::Row || self.entities().contains(&field.entity())
    }

    fn entities(self) -> &'static [Entity] {
        use Entity::{
            Bill, Charge, Department, Deposit, Device, Diagnosis, Drug, Encounter, Exam, Finding, Item, Lab,
            Line, Order, Panel, Patient, Physician, Prescription, Price, Report, Result, Staff, Stay, Stock,
            Study, WardOrder,
        };
        match self {
            Rows::Patients => &[Patient],
            Rows::Outpatients | Rows::Emergencies => &[Encounter, Patient, Physician, Department],
            Rows::Stays | Rows::Inpatients => &[Stay, Encounter, Patient, Physician, Department],
            Rows::Orders | Rows::ExamOrders => &[Order, Encounter, Patient, Physician, Department],
            Rows::LabOrders => &[Lab, Order, Encounter, Patient, Physician, Department],
            Rows::LabResults => &[Result, Lab, Order, Encounter, Patient, Physician, Department],
            Rows::Studies => &[Study, Device, Order, Encounter, Patient, Physician, Department],
            Rows::Reports => &[Report, Study, Device, Order, Encounter, Patient, Physician, Department],
            Rows::Staff => &[Staff, Department],
            Rows::Departments => &[Department],
            Rows::Devices => &[Device],
            Rows::Diagnoses => &[Diagnosis, Department],
            Rows::Exams => &[Exam],
            Rows::Panels => &[Panel],
            Rows::Items => &[Item],
            Rows::Drugs => &[Drug],
            Rows::Stock => &[Stock, Drug],
            Rows::Prices => &[Price],
            Rows::Prescriptions => &[Prescription, Encounter, Patient, Physician, Department],
            Rows::PrescriptionLines => &[Line, Drug, Prescription, Encounter, Patient, Physician, Department],
            Rows::OutpatientCharges => &[Charge, Drug, Encounter, Patient, Physician, Department],
            Rows::OutpatientBills => &[Bill, Encounter, Patient, Physician, Department],
            Rows::OutpatientDiagnoses => &[Finding, Encounter, Patient, Physician, Department],
            Rows::StayCharges => &[Charge, Drug, Stay, Encounter, Patient, Physician, Department],
            Rows::Settlements => &[Bill, Stay, Encounter, Patient, Physician, Department],
            Rows::Deposits => &[Deposit, Stay, Encounter, Patient, Physician, Department],
            Rows::StayDiagnoses => &[Finding, Stay, Encounter, Patient, Physician, Department],
            Rows::WardOrders => &[WardOrder, Drug, Stay, Encounter, Patient, Physician, Department],
        }
    }

    /// What they are in events; `None` for dictionaries, which name nobody.
    pub fn kind(self) -> Option<RecordKind> {
        match self {
            Rows::Patients => Some(RecordKind::Patient),
            Rows::Outpatients | Rows::Emergencies | Rows::Stays | Rows::Inpatients => {
                Some(RecordKind::Encounter)
            }
            Rows::Orders | Rows::ExamOrders => Some(RecordKind::Order),
            Rows::LabOrders => Some(RecordKind::Specimen),
            Rows::LabResults => Some(RecordKind::LabResult),
            Rows::Studies => Some(RecordKind::Study),
            Rows::Reports => Some(RecordKind::Report),
            Rows::Staff => Some(RecordKind::Staff),
            Rows::Departments | Rows::Devices => None,
            Rows::Diagnoses | Rows::Exams | Rows::Panels | Rows::Items => None,
            Rows::Drugs | Rows::Stock | Rows::Prices => Some(RecordKind::Catalogue),
            Rows::Prescriptions | Rows::PrescriptionLines => Some(RecordKind::Prescription),
            Rows::OutpatientCharges | Rows::OutpatientBills | Rows::StayCharges => Some(RecordKind::Charge),
            Rows::Settlements | Rows::Deposits => Some(RecordKind::Charge),
            Rows::OutpatientDiagnoses | Rows::StayDiagnoses => Some(RecordKind::Encounter),
            Rows::WardOrders => Some(RecordKind::Order),
        }
    }
}
