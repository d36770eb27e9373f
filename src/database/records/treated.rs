//! What a visit was given and what it cost, as rows: all of a visit's at once, in the world's order.

use std::sync::Arc;

use jiff::civil::Date;

use super::record::Base;
use super::{Record, Rows};
use crate::world::{
    Bill, Charge, Deposit, Encounter, MedicalOrder, Prescription, View, VisitClass, VisitDiagnosis,
};

/// Most rows of one visit: a stay of four weeks has some two thousand charges.
const MAX_LINES: i64 = 100_000;

/// Days after which an outpatient's visit has no more news: an MR study may wait for four of them.
const OUTPATIENT_DAYS: i32 = 8;

/// The same for a stay: the longest lasts 29 days, its settlement included.
const STAY_DAYS: i32 = 35;

/// One thing of a visit.
#[derive(Debug, Clone)]
pub(in crate::database) enum Treated {
    Prescription(Arc<Prescription>),
    /// A line of it, from 0.
    Line(Arc<Prescription>, usize),
    Charge(Charge),
    Bill(Bill),
    Deposit(Deposit),
    WardOrder(MedicalOrder),
    Finding(VisitDiagnosis),
}

impl Treated {
    /// The world's number of it; a diagnosis has none and goes by its visit's.
    pub(super) fn number<'a>(&'a self, visit: &'a Encounter) -> &'a str {
        match self {
            Treated::Prescription(prescription) | Treated::Line(prescription, _) => &prescription.number,
            Treated::Charge(charge) => &charge.number,
            Treated::Bill(bill) => &bill.number,
            Treated::Deposit(deposit) => &deposit.number,
            Treated::WardOrder(order) => &order.number,
            Treated::Finding(_) => &visit.number,
        }
    }

    /// Number of the physician who answers for it, where it is not the visit's own.
    pub(super) fn physician(&self) -> Option<&str> {
        match self {
            Treated::Prescription(prescription) | Treated::Line(prescription, _) => {
                Some(&prescription.physician)
            }
            Treated::WardOrder(order) => Some(&order.physician),
            Treated::Charge(_) | Treated::Bill(_) | Treated::Deposit(_) | Treated::Finding(_) => None,
        }
    }

    /// Code of the department that ordered it, where it is not the visit's own.
    pub(super) fn department(&self) -> Option<&str> {
        match self {
            Treated::Prescription(prescription) | Treated::Line(prescription, _) => {
                Some(&prescription.department)
            }
            Treated::Charge(charge) => Some(&charge.department),
            Treated::WardOrder(order) => Some(&order.department),
            Treated::Bill(_) | Treated::Deposit(_) | Treated::Finding(_) => None,
        }
    }

    /// Code of the drug that it is about.
    pub(super) fn drug(&self) -> Option<&str> {
        match self {
            Treated::Line(prescription, line) => prescription.lines.get(*line).map(|line| line.drug.as_str()),
            Treated::Charge(charge) => Some(&charge.code),
            Treated::WardOrder(order) => order.drug.as_deref(),
            Treated::Prescription(_) | Treated::Bill(_) | Treated::Deposit(_) | Treated::Finding(_) => None,
        }
    }
}

/// Classes of the visits whose things these rows are; none for rows of another kind.
pub(super) fn classes(rows: Rows) -> &'static [VisitClass] {
    match rows {
        Rows::Prescriptions
        | Rows::PrescriptionLines
        | Rows::OutpatientCharges
        | Rows::OutpatientBills
        | Rows::OutpatientDiagnoses => &[VisitClass::Outpatient, VisitClass::Emergency],
        Rows::StayCharges | Rows::Settlements | Rows::Deposits | Rows::WardOrders | Rows::StayDiagnoses => {
            &[VisitClass::Inpatient]
        }
        _ => &[],
    }
}

/// Days after which what a visit of these rows has never changes.
pub(super) fn settled_days(rows: Rows) -> Option<i32> {
    match classes(rows) {
        [] => None,
        [VisitClass::Inpatient] => Some(STAY_DAYS),
        _ => Some(OUTPATIENT_DAYS),
    }
}

/// The visits of a local date, each with the number of its rows.
pub(super) fn list(rows: Rows, date: Date, view: &View) -> Vec<(u64, u32)> {
    let mut all = Vec::new();
    for class in classes(rows) {
        for slot in view.encounter_slots(*class, date) {
            let entry = u64::from(digit(*class)) << 32 | u64::from(slot);
            let lines = visit_of(date, entry, view).map_or(0, |visit| of_visit(rows, &visit, view).len());
            if lines > 0 {
                all.push((entry, u32::try_from(lines).unwrap_or(u32::MAX)));
            }
        }
    }
    all
}

/// About how many rows there are since a day, as a server's own statistics say it: from two days and
/// the number of visits. Counting them all would work out every visit.
pub(super) fn estimate(rows: Rows, first: Date, view: &View, lists: &super::Days) -> i64 {
    let visits =
        |from, to| classes(rows).iter().map(|class| view.visit_volume(*class, from, to)).sum::<u64>();
    let sample = [first, first.saturating_add(jiff::Span::new().days(3))];
    let lines = sample.iter().flat_map(|date| lists.of(rows, *date, view).to_vec());
    let lines: u64 = lines.map(|(_, lines)| u64::from(lines)).sum();
    let sampled: u64 = sample.iter().map(|date| visits(*date, *date)).sum();
    let today = view.local(view.now()).date();
    let all = lines.saturating_mul(visits(first, today)).checked_div(sampled).unwrap_or(0);
    i64::try_from(all).unwrap_or(i64::MAX)
}

/// All rows of a visit.
pub(super) fn records(rows: Rows, visit: Encounter, view: &View) -> Vec<Record> {
    let visit = Arc::new(visit);
    let digits: String = visit.number.chars().filter(char::is_ascii_digit).collect();
    let first = row_number(&digits, visit.class);
    let things = of_visit(rows, &visit, view).into_iter();
    things
        .zip(first..)
        .map(|(thing, number)| Record::new(view.clone(), number, Base::Treated(thing, Arc::clone(&visit))))
        .collect()
}

/// The visit of an entry of a day.
pub(super) fn visit_of(date: Date, entry: u64, view: &View) -> Option<Encounter> {
    let (class, slot) = parts(entry)?;
    view.encounter_on(class, date, slot)
}

/// The row number of a line of an entry: the one that [`records`] gives.
pub(super) fn number(date: Date, entry: u64, line: u32) -> i64 {
    let Some((class, slot)) = parts(entry) else { return 0 };
    row_number(&format!("{}{slot:04}", date.strftime("%Y%m%d")), class).saturating_add(i64::from(line))
}

fn row_number(digits: &str, class: VisitClass) -> i64 {
    let visit: i64 = digits.parse().unwrap_or(0);
    visit.saturating_mul(10).saturating_add(i64::from(digit(class))).saturating_mul(MAX_LINES)
}

fn digit(class: VisitClass) -> u8 {
    match class {
        VisitClass::Outpatient => 1,
        VisitClass::Emergency => 2,
        VisitClass::Inpatient => 3,
    }
}

fn parts(entry: u64) -> Option<(VisitClass, u32)> {
    let class = match entry >> 32 {
        1 => VisitClass::Outpatient,
        2 => VisitClass::Emergency,
        3 => VisitClass::Inpatient,
        _ => return None,
    };
    Some((class, u32::try_from(entry & u64::from(u32::MAX)).ok()?))
}

fn of_visit(rows: Rows, visit: &Encounter, view: &View) -> Vec<Treated> {
    let number = visit.number.as_str();
    match rows {
        Rows::Prescriptions => view
            .prescriptions_in(number)
            .into_iter()
            .map(|one| Treated::Prescription(Arc::new(one)))
            .collect(),
        Rows::PrescriptionLines => {
            let all = view.prescriptions_in(number).into_iter().map(Arc::new);
            all.flat_map(|one| (0..one.lines.len()).map(move |line| Treated::Line(Arc::clone(&one), line)))
                .collect()
        }
        Rows::OutpatientCharges | Rows::StayCharges => {
            view.charges_in(number).into_iter().map(Treated::Charge).collect()
        }
        Rows::OutpatientBills | Rows::Settlements => {
            view.bills_in(number).into_iter().map(Treated::Bill).collect()
        }
        Rows::Deposits => view.deposits_in(number).into_iter().map(Treated::Deposit).collect(),
        Rows::WardOrders => view.medical_orders_in(number).into_iter().map(Treated::WardOrder).collect(),
        Rows::OutpatientDiagnoses | Rows::StayDiagnoses => {
            view.diagnoses_in(number).into_iter().map(Treated::Finding).collect()
        }
        _ => Vec::new(),
    }
}
