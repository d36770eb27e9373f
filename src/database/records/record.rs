//! One record with all that leads from it to others, looked up when first asked for.

use std::cell::OnceCell;
use std::sync::Arc;

use super::treated::Treated;
use crate::world::{
    Bill, Charge, ChargeItem, Department, Deposit, Device, Diagnosis, Drug, DrugStock, Encounter, ExamEntry,
    ImagingReport, LabItem, LabOrder, LabResult, MedicalOrder, Order, PanelEntry, Patient, PatientNo,
    Prescription, PrescriptionLine, Staff, Stay, Study, View, VisitDiagnosis,
};

/// What a row is.
#[derive(Debug, Clone)]
pub(in crate::database) enum Base {
    Patient(Patient),
    Encounter(Encounter),
    Order(Order),
    Lab(Arc<LabOrder>),
    Result(Arc<LabOrder>, usize),
    Study(Study),
    Report(ImagingReport, Study),
    Staff(Staff),
    Department(Department),
    Device(Device),
    /// With its department's code.
    Diagnosis(Diagnosis, String),
    Exam(ExamEntry),
    Panel(PanelEntry),
    Item(&'static LabItem),
    Drug(Drug),
    Stock(DrugStock),
    Price(&'static ChargeItem),
    /// A thing of a visit.
    Treated(Treated, Arc<Encounter>),
}

/// One record, from which others are reached.
pub struct Record {
    view: View,
    /// Its number among the rows of its kind.
    number: i64,
    base: Base,
    patient: OnceCell<Option<Patient>>,
    encounter: OnceCell<Option<Encounter>>,
    order: OnceCell<Option<Order>>,
    physician: OnceCell<Option<Staff>>,
    department: OnceCell<Option<Department>>,
    stay: OnceCell<Option<Stay>>,
}

impl Record {
    pub(in crate::database) fn new(view: View, number: i64, base: Base) -> Record {
        Record {
            view,
            number,
            base,
            patient: OnceCell::new(),
            encounter: OnceCell::new(),
            order: OnceCell::new(),
            physician: OnceCell::new(),
            department: OnceCell::new(),
            stay: OnceCell::new(),
        }
    }

    /// The hospital at the moment of the statement.
    pub fn view(&self) -> &View {
        &self.view
    }

    /// Its number among the rows of its kind: the same at any time.
    pub fn number(&self) -> i64 {
        self.number
    }

    /// The local day by which a table reaches back, for records that have one.
    pub(super) fn day(&self) -> Option<jiff::civil::Date> {
        let at = match &self.base {
            Base::Encounter(encounter) => encounter.started,
            Base::Treated(_, visit) => visit.started,
            Base::Order(order) => order.ordered,
            Base::Lab(lab) | Base::Result(lab, _) => lab.ordered,
            Base::Study(study) | Base::Report(_, study) => study.started,
            Base::Patient(_) | Base::Staff(_) | Base::Department(_) | Base::Device(_) => return None,
            Base::Diagnosis(..) | Base::Exam(_) | Base::Panel(_) | Base::Item(_) => return None,
            Base::Drug(_) | Base::Stock(_) | Base::Price(_) => return None,
        };
        Some(self.view.local(at).date())
    }

    /// The world's id of the record, as events give it.
    pub fn world_id(&self) -> String {
        match &self.base {
            Base::Patient(patient) => patient.mrn.clone(),
            Base::Encounter(encounter) => encounter.number.clone(),
            Base::Order(order) => order.placer.clone(),
            Base::Lab(lab) => lab.specimen.clone(),
            Base::Result(lab, _) => lab.order.clone(),
            Base::Study(study) => study.uid.clone(),
            Base::Report(report, _) => report.accession.clone(),
            Base::Staff(staff) => staff.number.clone(),
            Base::Department(department) => department.code.clone(),
            Base::Device(device) => device.ae_title.clone(),
            Base::Diagnosis(diagnosis, _) => diagnosis.icd10.clone(),
            Base::Exam(exam) => exam.code.to_owned(),
            Base::Panel(panel) => panel.code.to_owned(),
            Base::Item(item) => item.code.to_owned(),
            Base::Drug(drug) => drug.code.clone(),
            Base::Stock(stock) => stock.drug.clone(),
            Base::Price(price) => price.code.to_owned(),
            Base::Treated(thing, visit) => thing.number(visit).to_owned(),
        }
    }

    pub(super) fn patient(&self) -> Option<&Patient> {
        if let Base::Patient(patient) = &self.base {
            return Some(patient);
        }
        self.patient.get_or_init(|| self.view.patient(self.patient_no()?)).as_ref()
    }

    fn patient_no(&self) -> Option<PatientNo> {
        match &self.base {
            Base::Patient(patient) => Some(patient.no),
            Base::Encounter(encounter) => Some(encounter.patient),
            Base::Treated(_, visit) => Some(visit.patient),
            Base::Order(order) => Some(order.patient),
            Base::Lab(lab) | Base::Result(lab, _) => Some(lab.patient),
            Base::Study(study) | Base::Report(_, study) => Some(study.patient),
            Base::Staff(_) | Base::Department(_) | Base::Device(_) | Base::Diagnosis(..) => None,
            Base::Exam(_) | Base::Panel(_) | Base::Item(_) => None,
            Base::Drug(_) | Base::Stock(_) | Base::Price(_) => None,
        }
    }

    pub(super) fn encounter(&self) -> Option<&Encounter> {
        match &self.base {
            Base::Encounter(encounter) => return Some(encounter),
            Base::Treated(_, visit) => return Some(visit),
            _ => {}
        }
        self.encounter.get_or_init(|| self.view.encounter(&self.order()?.encounter)).as_ref()
    }

    pub(super) fn order(&self) -> Option<&Order> {
        let number = match &self.base {
            Base::Order(order) => return Some(order),
            Base::Lab(lab) | Base::Result(lab, _) => &lab.order,
            Base::Study(study) | Base::Report(_, study) => &study.order,
            Base::Patient(_) | Base::Encounter(_) | Base::Staff(_) | Base::Department(_) => return None,
            Base::Device(_) | Base::Diagnosis(..) | Base::Exam(_) | Base::Panel(_) | Base::Item(_) => {
                return None;
            }
            Base::Drug(_) | Base::Stock(_) | Base::Price(_) | Base::Treated(..) => return None,
        };
        self.order.get_or_init(|| self.view.order(number)).as_ref()
    }

    pub(super) fn lab(&self) -> Option<&LabOrder> {
        match &self.base {
            Base::Lab(lab) | Base::Result(lab, _) => Some(lab),
            _ => None,
        }
    }

    pub(super) fn result(&self) -> Option<&LabResult> {
        match &self.base {
            Base::Result(lab, index) => lab.results.get(*index),
            _ => None,
        }
    }

    pub(super) fn result_number(&self) -> Option<usize> {
        match &self.base {
            Base::Result(_, index) => Some(index + 1),
            _ => None,
        }
    }

    pub(super) fn study(&self) -> Option<&Study> {
        match &self.base {
            Base::Study(study) | Base::Report(_, study) => Some(study),
            _ => None,
        }
    }

    pub(super) fn report(&self) -> Option<&ImagingReport> {
        match &self.base {
            Base::Report(report, _) => Some(report),
            _ => None,
        }
    }

    pub(super) fn staff(&self) -> Option<&Staff> {
        match &self.base {
            Base::Staff(staff) => Some(staff),
            _ => None,
        }
    }

    pub(super) fn device(&self) -> Option<&Device> {
        match &self.base {
            Base::Device(device) => Some(device),
            _ => self.study().map(|study| &study.device),
        }
    }

    pub(super) fn diagnosis(&self) -> Option<&Diagnosis> {
        match &self.base {
            Base::Diagnosis(diagnosis, _) => Some(diagnosis),
            _ => None,
        }
    }

    pub(super) fn exam(&self) -> Option<&ExamEntry> {
        match &self.base {
            Base::Exam(exam) => Some(exam),
            _ => None,
        }
    }

    pub(super) fn panel(&self) -> Option<&PanelEntry> {
        match &self.base {
            Base::Panel(panel) => Some(panel),
            _ => None,
        }
    }

    pub(super) fn item(&self) -> Option<&'static LabItem> {
        match &self.base {
            Base::Item(item) => Some(item),
            _ => None,
        }
    }

    fn thing(&self) -> Option<&Treated> {
        match &self.base {
            Base::Treated(thing, _) => Some(thing),
            _ => None,
        }
    }

    pub(super) fn stay(&self) -> Option<&Stay> {
        self.stay.get_or_init(|| self.view.stay(&self.encounter()?.number)).as_ref()
    }

    pub(super) fn drug(&self) -> Option<&Drug> {
        match &self.base {
            Base::Drug(drug) => Some(drug),
            Base::Stock(stock) => self.view.drug(&stock.drug),
            Base::Treated(thing, _) => self.view.drug(thing.drug()?),
            _ => None,
        }
    }

    pub(super) fn stock(&self) -> Option<&DrugStock> {
        match &self.base {
            Base::Stock(stock) => Some(stock),
            _ => None,
        }
    }

    pub(super) fn price(&self) -> Option<&'static ChargeItem> {
        match &self.base {
            Base::Price(price) => Some(price),
            _ => None,
        }
    }

    pub(super) fn prescription(&self) -> Option<&Prescription> {
        match self.thing()? {
            Treated::Prescription(prescription) | Treated::Line(prescription, _) => Some(prescription),
            _ => None,
        }
    }

    pub(super) fn line(&self) -> Option<&PrescriptionLine> {
        match self.thing()? {
            Treated::Line(prescription, line) => prescription.lines.get(*line),
            _ => None,
        }
    }

    pub(super) fn charge(&self) -> Option<&Charge> {
        match self.thing()? {
            Treated::Charge(charge) => Some(charge),
            _ => None,
        }
    }

    pub(super) fn bill(&self) -> Option<&Bill> {
        match self.thing()? {
            Treated::Bill(bill) => Some(bill),
            _ => None,
        }
    }

    pub(super) fn deposit(&self) -> Option<&Deposit> {
        match self.thing()? {
            Treated::Deposit(deposit) => Some(deposit),
            _ => None,
        }
    }

    pub(super) fn ward_order(&self) -> Option<&MedicalOrder> {
        match self.thing()? {
            Treated::WardOrder(order) => Some(order),
            _ => None,
        }
    }

    pub(super) fn finding(&self) -> Option<&VisitDiagnosis> {
        match self.thing()? {
            Treated::Finding(finding) => Some(finding),
            _ => None,
        }
    }

    pub(super) fn physician(&self) -> Option<&Staff> {
        let number = || match (&self.base, self.order()) {
            (Base::Encounter(encounter), _) => Some(encounter.physician.clone()),
            (Base::Treated(thing, visit), _) => {
                Some(thing.physician().unwrap_or(&visit.physician).to_owned())
            }
            (_, Some(order)) => Some(order.physician.clone()),
            (_, None) => None,
        };
        self.physician.get_or_init(|| self.view.staff_member(&number()?)).as_ref()
    }

    pub(super) fn department(&self) -> Option<&Department> {
        if let Base::Department(department) = &self.base {
            return Some(department);
        }
        let code = || match (&self.base, self.order()) {
            (Base::Encounter(encounter), _) => Some(encounter.department.clone()),
            (Base::Treated(thing, visit), _) => {
                Some(thing.department().unwrap_or(&visit.department).to_owned())
            }
            (Base::Staff(staff), _) => Some(staff.department.clone()),
            (Base::Diagnosis(_, department), _) => Some(department.clone()),
            (_, Some(order)) => Some(order.department.clone()),
            (_, None) => None,
        };
        self.department.get_or_init(|| self.view.department(&code()?)).as_ref()
    }
}
