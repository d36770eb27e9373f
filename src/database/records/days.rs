//! Which dated records there are, day by day, by numbers alone.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::civil::Date;

use super::{Rows, treated};
use crate::world::{OrderKind, View, VisitClass};

/// Most numbers kept between statements: 8 bytes each, so 24 MiB for all tables of a server.
const MAX_KEPT: usize = 3 << 20;

/// Days after which what there is on a day never changes: the slowest results take hours.
const SETTLED_DAYS: i32 = 2;

/// One entry of a day: the record's number, and how many rows it makes.
pub(super) type Day = Arc<[(u64, u32)]>;

/// What there is on each day, kept for the days that no longer change. Shared by all connections of a
/// server.
#[derive(Default)]
pub(in crate::database) struct Days(Mutex<Kept>);

#[derive(Default)]
struct Kept {
    days: BTreeMap<(Rows, Date), Day>,
    numbers: usize,
}

impl std::fmt::Debug for Days {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Days")
    }
}

impl Days {
    /// The numbers of a day's records, oldest first.
    pub(super) fn of(&self, rows: Rows, date: Date, view: &View) -> Day {
        if let Some(day) = self.lock().days.get(&(rows, date)) {
            return Arc::clone(day);
        }
        let made: Day = list(rows, date, view).into();
        let today = view.local(view.now()).date();
        let settled = i64::from((today - date).get_days())
            >= i64::from(treated::settled_days(rows).unwrap_or(SETTLED_DAYS));
        let mut kept = self.lock();
        if settled && kept.numbers + made.len() <= MAX_KEPT {
            kept.numbers += made.len();
            kept.days.insert((rows, date), Arc::clone(&made));
        }
        made
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn list(rows: Rows, date: Date, view: &View) -> Vec<(u64, u32)> {
    let ones = |numbers: Vec<u64>| numbers.into_iter().map(|number| (number, 1)).collect();
    let visits =
        |class| view.encounter_slots(class, date).into_iter().map(|slot| (u64::from(slot), 1)).collect();
    match rows {
        Rows::Outpatients => visits(VisitClass::Outpatient),
        Rows::Emergencies => visits(VisitClass::Emergency),
        Rows::Stays => visits(VisitClass::Inpatient),
        Rows::ExamOrders => ones(view.order_numbers(OrderKind::Imaging, date)),
        Rows::LabOrders => ones(view.order_numbers(OrderKind::Laboratory, date)),
        Rows::Orders => {
            let mut all = view.order_numbers(OrderKind::Imaging, date);
            all.extend(view.order_numbers(OrderKind::Laboratory, date));
            ones(all)
        }
        Rows::LabResults => view.result_counts(date),
        Rows::Studies => ones(view.study_numbers(date, false)),
        Rows::Reports => ones(view.study_numbers(date, true)),
        Rows::Patients | Rows::Inpatients | Rows::Staff | Rows::Departments | Rows::Devices => Vec::new(),
        Rows::Diagnoses | Rows::Exams | Rows::Panels | Rows::Items => Vec::new(),
        Rows::Drugs | Rows::Stock | Rows::Prices => Vec::new(),
        Rows::Prescriptions
        | Rows::PrescriptionLines
        | Rows::OutpatientCharges
        | Rows::OutpatientBills
        | Rows::OutpatientDiagnoses
        | Rows::StayCharges
        | Rows::Settlements
        | Rows::Deposits
        | Rows::StayDiagnoses
        | Rows::WardOrders => treated::list(rows, date, view),
    }
}
