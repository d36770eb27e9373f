//! How rows are found: all of them, day by day, or by a key that clients use.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::civil::Date;

use super::record::Base;
use super::{Record, Rows, treated};
use crate::world::{
    Encounter, LabOrder, Order, OrderKind, Patient, PatientFilter, PatientNo, View, VisitClass,
};

/// Most patients that one name finds: a family name in full has some 20,000 of 200,000.
const MAX_NAMED: usize = 40_000;

/// Row numbers of results: so many lines of one order.
const LINES: i64 = 64;

/// Whether rows are found day by day.
pub(super) fn is_dated(rows: Rows) -> bool {
    match rows {
        Rows::Outpatients | Rows::Emergencies | Rows::Stays => true,
        Rows::Orders | Rows::ExamOrders | Rows::LabOrders | Rows::LabResults => true,
        Rows::Studies | Rows::Reports => true,
        Rows::Prescriptions
        | Rows::PrescriptionLines
        | Rows::OutpatientCharges
        | Rows::OutpatientBills
        | Rows::OutpatientDiagnoses
        | Rows::StayCharges
        | Rows::Settlements
        | Rows::Deposits
        | Rows::StayDiagnoses
        | Rows::WardOrders => true,
        Rows::Patients | Rows::Inpatients | Rows::Staff | Rows::Departments | Rows::Devices => false,
        Rows::Diagnoses | Rows::Exams | Rows::Panels | Rows::Items => false,
        Rows::Drugs | Rows::Stock | Rows::Prices => false,
    }
}

/// The field by whose day rows are found.
pub(super) fn day_field(rows: Rows) -> Option<&'static str> {
    match rows {
        Rows::Outpatients | Rows::Emergencies | Rows::Stays => Some("encounter.started"),
        Rows::Orders | Rows::ExamOrders | Rows::LabOrders | Rows::LabResults => Some("order.ordered"),
        Rows::Studies | Rows::Reports => Some("study.started"),
        Rows::Prescriptions | Rows::PrescriptionLines => Some("prescription.written"),
        Rows::OutpatientCharges | Rows::StayCharges => Some("charge.charged"),
        Rows::OutpatientBills | Rows::Settlements => Some("bill.settled"),
        Rows::Deposits => Some("deposit.paid"),
        Rows::OutpatientDiagnoses | Rows::StayDiagnoses => Some("finding.made"),
        Rows::WardOrders => Some("wardorder.started"),
        Rows::Drugs | Rows::Stock | Rows::Prices => None,
        Rows::Patients | Rows::Inpatients | Rows::Staff | Rows::Departments | Rows::Devices => None,
        Rows::Diagnoses | Rows::Exams | Rows::Panels | Rows::Items => None,
    }
}

/// How many rows a key of this field finds, roughly; `None` when it is no key of these rows.
pub(super) fn key_rows(rows: Rows, field: &str) -> Option<i64> {
    let of_patient = match field {
        "patient.no" | "patient.mrn" | "patient.resident_id" => Some(1),
        "patient.name" => Some(12),
        _ => None,
    };
    match rows {
        Rows::Patients => of_patient.or((field == "patient.born").then_some(8)),
        Rows::Outpatients | Rows::Emergencies | Rows::Stays | Rows::Inpatients => match field {
            "encounter.number" | "encounter.serial" => Some(1),
            _ => of_patient.map(|n| n * 4),
        },
        Rows::Orders
        | Rows::ExamOrders
        | Rows::LabOrders
        | Rows::LabResults
        | Rows::Studies
        | Rows::Reports => match field {
            "order.placer" | "order.serial" | "order.filler" | "order.accession" | "order.specimen" => {
                Some(1)
            }
            "lab.specimen" | "lab.serial" | "study.accession" => Some(1),
            "encounter.number" | "encounter.serial" | "order.encounter" | "order.encounter_serial" => Some(4),
            _ => of_patient.map(|n| n * 8),
        },
        Rows::Staff | Rows::Departments | Rows::Devices => None,
        Rows::Diagnoses | Rows::Exams | Rows::Panels | Rows::Items => None,
        Rows::Drugs | Rows::Stock | Rows::Prices => None,
        Rows::Prescriptions
        | Rows::PrescriptionLines
        | Rows::OutpatientCharges
        | Rows::OutpatientBills
        | Rows::OutpatientDiagnoses
        | Rows::StayCharges
        | Rows::Settlements
        | Rows::Deposits
        | Rows::StayDiagnoses
        | Rows::WardOrders => match field {
            "encounter.number" | "encounter.serial" => Some(20),
            _ if item_visit(field).is_some() => Some(20),
            _ => of_patient.map(|n| n * 80),
        },
    }
}

/// How the number of a thing of a visit leads to the visit.
fn item_visit(field: &str) -> Option<fn(&View, &str) -> Option<String>> {
    match field {
        "prescription.number" => Some(|view, number| Some(view.prescription(number)?.encounter)),
        "charge.number" => Some(|view, number| Some(view.charge(number)?.encounter)),
        "bill.number" | "charge.bill" => Some(|view, number| Some(view.bill(number)?.encounter)),
        "deposit.number" => Some(|view, number| Some(view.deposit(number)?.encounter)),
        "wardorder.number" => Some(|view, number| Some(view.medical_order(number)?.encounter)),
        _ => None,
    }
}

/// How many days before a row's own day its visit may have begun.
pub(super) fn days_before(rows: Rows) -> i32 {
    treated::settled_days(rows).unwrap_or(0)
}

/// All rows of a kind that is not dated and has no order of its own.
pub(super) fn whole(rows: Rows, view: &View) -> Vec<Record> {
    let bases: Vec<Base> = match rows {
        Rows::Inpatients => return visits_as_rows(view.inpatients(), view),
        Rows::Staff => view.staff().into_iter().map(Base::Staff).collect(),
        Rows::Departments => view.departments().into_iter().map(Base::Department).collect(),
        Rows::Devices => view.devices().into_iter().map(Base::Device).collect(),
        Rows::Diagnoses => {
            let entries = view.diagnosis_entries().into_iter();
            entries.map(|(diagnosis, department)| Base::Diagnosis(diagnosis, department.to_owned())).collect()
        }
        Rows::Exams => view.exam_entries().into_iter().map(Base::Exam).collect(),
        Rows::Items => {
            let mut seen = BTreeSet::new();
            let items = view.panel_entries().into_iter().flat_map(|panel| panel.items);
            items.filter(|item| seen.insert(item.code)).map(Base::Item).collect()
        }
        Rows::Panels => view.panel_entries().into_iter().map(Base::Panel).collect(),
        Rows::Patients | Rows::Outpatients | Rows::Emergencies | Rows::Stays => Vec::new(),
        Rows::Orders | Rows::ExamOrders | Rows::LabOrders | Rows::LabResults => Vec::new(),
        Rows::Studies | Rows::Reports => Vec::new(),
        Rows::Drugs => view.drugs().iter().cloned().map(Base::Drug).collect(),
        Rows::Stock => view.drug_stock().into_iter().map(Base::Stock).collect(),
        Rows::Prices => view.charge_items().iter().map(Base::Price).collect(),
        Rows::Prescriptions
        | Rows::PrescriptionLines
        | Rows::OutpatientCharges
        | Rows::OutpatientBills
        | Rows::OutpatientDiagnoses
        | Rows::StayCharges
        | Rows::Settlements
        | Rows::Deposits
        | Rows::StayDiagnoses
        | Rows::WardOrders => Vec::new(),
    };
    (1..).zip(bases).map(|(number, base)| Record::new(view.clone(), number, base)).collect()
}

/// The records of a day's entry.
pub(super) fn dated(rows: Rows, date: Date, number: u64, view: &View) -> Vec<Record> {
    let visit = |class| {
        let encounter = u32::try_from(number).ok().and_then(|slot| view.encounter_on(class, date, slot));
        visits_as_rows(encounter.into_iter().collect(), view)
    };
    match rows {
        Rows::Outpatients => visit(VisitClass::Outpatient),
        Rows::Emergencies => visit(VisitClass::Emergency),
        Rows::Stays => visit(VisitClass::Inpatient),
        _ if !treated::classes(rows).is_empty() => {
            let visit = treated::visit_of(date, number, view);
            visit.map_or_else(Vec::new, |visit| treated::records(rows, visit, view))
        }
        _ => {
            let order = view.order(&format!("{number:013}"));
            order.map_or_else(Vec::new, |order| of_order(rows, order, view))
        }
    }
}

/// The row number of a day's entry: the one that [`dated`] gives its record.
pub(super) fn number(rows: Rows, date: Date, number: u64, line: u32) -> i64 {
    let whole = i64::try_from(number).unwrap_or(0);
    match rows {
        Rows::Outpatients | Rows::Emergencies | Rows::Stays => {
            format!("{}{number:04}", date.strftime("%Y%m%d")).parse().unwrap_or(0)
        }
        Rows::LabResults => whole.saturating_mul(LINES).saturating_add(i64::from(line)),
        _ if !treated::classes(rows).is_empty() => treated::number(date, number, line),
        _ => whole,
    }
}

/// One patient by place in the master index.
pub(super) fn patient(no: u32, view: &View) -> Option<Record> {
    let patient = view.patient(PatientNo(no))?;
    Some(Record::new(view.clone(), i64::from(no) + 1, Base::Patient(patient)))
}

/// Rows by the value of a key, those that began before the table's days left out.
pub(super) fn by_key(rows: Rows, field: &str, value: &str, days: u32, view: &View) -> Vec<Record> {
    let value = value.trim();
    match field {
        "encounter.number" => of_visits(rows, view.encounter(value).into_iter().collect(), days, view),
        "encounter.serial" | "order.encounter" | "order.encounter_serial" => {
            of_visits(rows, visits_of_serial(value, view), days, view)
        }
        "order.placer" | "order.serial" | "order.filler" | "order.accession" | "order.specimen"
        | "lab.specimen" | "lab.serial" | "study.accession" => {
            let orders = view.order(&padded(field, value)).into_iter();
            within(orders.flat_map(|order| of_order(rows, order, view)).collect(), days, view)
        }
        _ if let Some(visit_of) = item_visit(field) => {
            let visit = visit_of(view, value).and_then(|visit| view.encounter(&visit));
            of_visits(rows, visit.into_iter().collect(), days, view)
        }
        _ => {
            let patients = patients_by(field, value, view);
            patients.into_iter().flat_map(|patient| of_patient(rows, patient, days, view)).collect()
        }
    }
}

/// Numbers that lost their leading zeros in a numeric column.
fn padded(field: &str, value: &str) -> String {
    match field {
        "order.serial" => format!("{value:0>13}"),
        "lab.serial" => format!("{value:0>12}"),
        _ => value.to_owned(),
    }
}

/// `2603010023` is a visit of each class; so is `ZY202603010023` itself.
fn visits_of_serial(value: &str, view: &View) -> Vec<Encounter> {
    if value.starts_with(|c: char| c.is_ascii_alphabetic()) {
        return view.encounter(value).into_iter().collect();
    }
    ["MZ", "JZ", "ZY"].iter().filter_map(|class| view.encounter(&format!("{class}20{value}"))).collect()
}

fn patients_by(field: &str, value: &str, view: &View) -> Vec<Patient> {
    match field {
        "patient.no" => {
            let no = value.parse::<u32>().ok().and_then(|no| no.checked_sub(1));
            no.and_then(|no| view.patient(PatientNo(no))).into_iter().collect()
        }
        "patient.mrn" => view.patient_by_mrn(value).into_iter().collect(),
        "patient.resident_id" => view.patient_by_resident_id(value).into_iter().collect(),
        "patient.born" => match value.get(..10).unwrap_or(value).replace('/', "-").parse::<Date>() {
            Ok(born) => view.patients(&PatientFilter { born: Some(born), ..PatientFilter::default() }),
            Err(_) => Vec::new(),
        },
        _ => {
            let wild = value.is_empty() || value.contains(['*', '?']);
            let name = (!wild).then(|| value.to_owned());
            let filter = PatientFilter { name, limit: Some(MAX_NAMED), ..PatientFilter::default() };
            if wild { Vec::new() } else { view.patients(&filter) }
        }
    }
}

fn of_patient(rows: Rows, patient: Patient, days: u32, view: &View) -> Vec<Record> {
    match rows {
        Rows::Patients => {
            vec![Record::new(view.clone(), i64::from(patient.no.0) + 1, Base::Patient(patient))]
        }
        _ if !treated::classes(rows).is_empty() => {
            of_visits(rows, view.encounters_of(patient.no, days), days, view)
        }
        Rows::Outpatients | Rows::Emergencies | Rows::Stays | Rows::Inpatients => {
            of_visits(rows, view.encounters_of(patient.no, days), days, view)
        }
        _ => {
            let mut orders = view.orders_of(patient.no, days);
            orders.reverse();
            within(orders.into_iter().flat_map(|order| of_order(rows, order, view)).collect(), days, view)
        }
    }
}

fn of_visits(rows: Rows, visits: Vec<Encounter>, days: u32, view: &View) -> Vec<Record> {
    let class = match rows {
        Rows::Outpatients => Some(VisitClass::Outpatient),
        Rows::Emergencies => Some(VisitClass::Emergency),
        Rows::Stays | Rows::Inpatients => Some(VisitClass::Inpatient),
        _ => None,
    };
    if let Some(class) = class {
        let open = |visit: &Encounter| rows != Rows::Inpatients || visit.ended.is_none();
        let mut visits: Vec<Encounter> = visits.into_iter().filter(|v| v.class == class && open(v)).collect();
        visits.reverse();
        return within(visits_as_rows(visits, view), days, view);
    }
    let classes = treated::classes(rows);
    if !classes.is_empty() {
        let visits = visits.into_iter().rev().filter(|visit| classes.contains(&visit.class));
        return within(visits.flat_map(|visit| treated::records(rows, visit, view)).collect(), days, view);
    }
    let mut found = Vec::new();
    for visit in visits {
        let mut orders = view.orders_of(visit.patient, days);
        orders.retain(|order| order.encounter == visit.number);
        orders.reverse();
        found.extend(orders.into_iter().flat_map(|order| of_order(rows, order, view)));
    }
    within(found, days, view)
}

fn visits_as_rows(visits: Vec<Encounter>, view: &View) -> Vec<Record> {
    let row = |visit: Encounter| {
        let digits: String = visit.number.chars().filter(char::is_ascii_digit).collect();
        Record::new(view.clone(), digits.parse().unwrap_or(0), Base::Encounter(visit))
    };
    visits.into_iter().map(row).collect()
}

/// Rows that an order makes.
fn of_order(rows: Rows, order: Order, view: &View) -> Vec<Record> {
    let number: i64 = order.placer.parse().unwrap_or(0);
    let one = |base| vec![Record::new(view.clone(), number, base)];
    match (rows, order.kind) {
        (Rows::Orders, _) | (Rows::ExamOrders, OrderKind::Imaging) => one(Base::Order(order)),
        (Rows::LabOrders, OrderKind::Laboratory) => match view.lab_order(&order.placer) {
            Some(lab) => one(Base::Lab(Arc::new(lab))),
            None => Vec::new(),
        },
        (Rows::LabResults, OrderKind::Laboratory) => match view.lab_order(&order.placer) {
            Some(lab) => results(&Arc::new(lab), number, view),
            None => Vec::new(),
        },
        (Rows::Studies | Rows::Reports, OrderKind::Imaging) => {
            let accession = order.accession.as_deref().unwrap_or_default();
            let Some(study) = view.study_by_accession(accession) else { return Vec::new() };
            match (rows, view.report(&study)) {
                (Rows::Studies, _) => one(Base::Study(study)),
                (_, Some(report)) => one(Base::Report(report, study)),
                (_, None) => Vec::new(),
            }
        }
        _ => Vec::new(),
    }
}

fn results(lab: &Arc<LabOrder>, number: i64, view: &View) -> Vec<Record> {
    let lines = (0..lab.results.len()).zip(number.saturating_mul(LINES)..);
    lines
        .map(|(index, number)| Record::new(view.clone(), number, Base::Result(Arc::clone(lab), index)))
        .collect()
}

/// Leaves out what began before the table's first day.
fn within(mut records: Vec<Record>, days: u32, view: &View) -> Vec<Record> {
    let first = first_day(days, view);
    records.retain(|record| record.day().is_none_or(|day| day >= first));
    records
}

/// The first day of a table that reaches so many days back.
pub(super) fn first_day(days: u32, view: &View) -> Date {
    let today = view.local(view.now()).date();
    today.checked_sub(jiff::Span::new().days(i64::from(days))).unwrap_or(Date::MIN)
}

/// Whether [`count`] is exact.
pub(in crate::database) fn is_counted(rows: Rows) -> bool {
    treated::classes(rows).is_empty()
}

/// Days of a week by which a server's statistics guess at a whole table, before those that may change.
const SAMPLED_DAYS: i64 = 7;

/// Days before today that a sample leaves out.
const UNSETTLED_DAYS: i64 = 3;

/// About how many rows a table has, as a server's statistics say: counting those of each day would work
/// out every order of some years.
pub(in crate::database) fn estimate(rows: Rows, days: u32, view: &View, lists: &super::Days) -> i64 {
    let sampled = SAMPLED_DAYS + UNSETTLED_DAYS;
    if !is_dated(rows) || !treated::classes(rows).is_empty() || i64::from(days) < sampled {
        return count(rows, days, view, lists);
    }
    let today = view.local(view.now()).date();
    let dates = (UNSETTLED_DAYS..sampled).map(|back| today.saturating_sub(jiff::Span::new().days(back)));
    let week = dates.map(|date| lists.of(rows, date, view));
    let lines: i64 = week.map(|day| day.iter().map(|(_, lines)| i64::from(*lines)).sum::<i64>()).sum();
    lines.saturating_mul(i64::from(days)) / SAMPLED_DAYS
}

/// How many rows a table has.
pub(in crate::database) fn count(rows: Rows, days: u32, view: &View, lists: &super::Days) -> i64 {
    let size = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
    if rows == Rows::Patients {
        return i64::from(view.patient_count());
    }
    if !is_dated(rows) {
        return size(whole(rows, view).len());
    }
    if !treated::classes(rows).is_empty() {
        return treated::estimate(rows, first_day(days, view), view, lists);
    }
    let today = view.local(view.now()).date();
    let dates = std::iter::successors(Some(first_day(days, view)), |date| date.tomorrow().ok());
    let lists = dates.take_while(|date| *date <= today).map(|date| lists.of(rows, date, view));
    lists.map(|day| day.iter().map(|(_, lines)| i64::from(*lines)).sum::<i64>()).sum()
}
