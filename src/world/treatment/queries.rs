//! Treatment and money as a view shows them.

use std::collections::HashMap;
use std::ops::Range;

use jiff::civil::Date;

use super::{ItemKey, ItemKind};
use crate::world::cases::Case;
use crate::world::convert::{parse_visit_number, visit_number};
use crate::world::tables::treatment::{PRICES, price_of};
use crate::world::time::{Day, MINUTE};
use crate::world::view::back;
use crate::world::{
    Allergy, Bill, Charge, ChargeItem, Deposit, Drug, DrugStock, Execution, Insurance, InsuranceKind,
    MedicalOrder, PatientNo, Prescription, Registration, Stay, Surgery, View, VisitClass, VisitDiagnosis,
    VitalSigns,
};

/// What an allergy did, by its draw.
const REACTIONS: [&str; 6] = ["皮疹", "荨麻疹", "皮肤瘙痒", "皮试阳性", "面部水肿", "胸闷、气促"];

impl View {
    /// The formulary, by code.
    pub fn drugs(&self) -> &[Drug] {
        self.world.formulary.all()
    }

    /// A drug by code.
    pub fn drug(&self, code: &str) -> Option<&Drug> {
        self.world.formulary.by_code(code)
    }

    /// What the pharmacies hold of every drug now.
    pub fn drug_stock(&self) -> Vec<DrugStock> {
        self.world.stock_on(self.moment().day())
    }

    /// The price list without drugs.
    pub fn charge_items(&self) -> &'static [ChargeItem] {
        &PRICES
    }

    /// An item of the price list by code.
    pub fn charge_item(&self, code: &str) -> Option<&'static ChargeItem> {
        PRICES.get(usize::from(price_of(code)?))
    }

    /// A patient's allergies on record.
    pub fn allergies_of(&self, patient: PatientNo) -> Vec<Allergy> {
        let Some(person) = self.world.person(patient.0) else { return Vec::new() };
        let recorded = person.registered.plus(10 * MINUTE);
        if recorded > self.moment() {
            return Vec::new();
        }
        let all = self.world.allergens(patient.0).into_iter();
        all.map(|(allergen, draw)| Allergy {
            allergen,
            reaction: REACTIONS[(draw % REACTIONS.len() as u64) as usize],
            recorded: self.world.timestamp(recorded),
        })
        .collect()
    }

    /// A patient's insurance.
    pub fn insurance_of(&self, patient: PatientNo) -> Insurance {
        let kind = self.world.insurance(patient.0);
        let card_masked = match kind {
            InsuranceKind::SelfPay => String::new(),
            InsuranceKind::Employee
            | InsuranceKind::Resident
            | InsuranceKind::Remote
            | InsuranceKind::Veteran => {
                let draw =
                    self.world.key.hash(crate::world::dice::Purpose::Insurance, u64::from(patient.0), 1);
                format!("{}{:02}****{:04}", &self.hospital().code, draw % 100, (draw >> 8) % 10_000)
            }
        };
        Insurance { kind, card_masked }
    }

    /// The registration of an outpatient's visit.
    pub fn registration(&self, visit: &str) -> Option<Registration> {
        let case = self.case_of(visit).filter(|case| case.visit.key.class != VisitClass::Inpatient)?;
        Some(self.world.registration_of(&case, self.moment()))
    }

    /// Prescriptions of a visit, by number.
    pub fn prescriptions_in(&self, visit: &str) -> Vec<Prescription> {
        self.case_of(visit).map_or_else(Vec::new, |case| self.prescriptions(&case))
    }

    /// A patient's prescriptions, newest first, over the last `days` days.
    pub fn prescriptions_of(&self, patient: PatientNo, days: u32) -> Vec<Prescription> {
        let cases = self.cases_of(patient, days);
        cases.iter().flat_map(|case| self.prescriptions(case)).collect()
    }

    /// A prescription by number.
    pub fn prescription(&self, number: &str) -> Option<Prescription> {
        self.prescription_by(ItemKey::parse(number)?)
    }

    /// How many prescriptions were written on a local date.
    pub fn prescription_count_on(&self, date: Date) -> usize {
        self.count(ItemKind::Prescription, date)
    }

    /// The prescriptions of a local date at these places, oldest first.
    pub fn prescriptions_on(&self, date: Date, places: Range<usize>) -> Vec<Prescription> {
        self.page(ItemKind::Prescription, date, places, View::prescription_by)
    }

    /// The orders of a stay in order of writing.
    pub fn medical_orders_in(&self, visit: &str) -> Vec<MedicalOrder> {
        let Some(case) = self.case_of(visit) else { return Vec::new() };
        let orders = self.world.ward_orders(&case);
        orders.iter().filter_map(|order| self.world.medical_order_at(&case, order, self.moment())).collect()
    }

    /// An order of a ward by number.
    pub fn medical_order(&self, number: &str) -> Option<MedicalOrder> {
        self.medical_order_by(ItemKey::parse(number)?)
    }

    /// How many orders the wards wrote on a local date.
    pub fn medical_order_count_on(&self, date: Date) -> usize {
        self.count(ItemKind::WardOrder, date)
    }

    /// The orders that wards wrote on a local date at these places, oldest first.
    pub fn medical_orders_on(&self, date: Date, places: Range<usize>) -> Vec<MedicalOrder> {
        let keys = self.keys(ItemKind::WardOrder, date, places);
        let (mut sheets, now) = (HashMap::new(), self.moment());
        let row = |key: ItemKey| {
            let known = sheets.entry(key.visit).or_insert_with(|| {
                let case = self.case_by(key)?;
                Some((case, self.world.ward_orders(&case)))
            });
            let (case, orders) = known.as_ref()?;
            self.world.medical_order_at(case, orders.get(key.place.checked_sub(1)? as usize)?, now)
        };
        keys.into_iter().filter_map(row).collect()
    }

    /// The times an order of a ward was carried out, oldest first.
    pub fn executions_of(&self, order: &MedicalOrder) -> Vec<Execution> {
        let found = ItemKey::parse(&order.number).and_then(|key| Some((key, self.case_by(key)?)));
        let Some((key, case)) = found else { return Vec::new() };
        let orders = self.world.ward_orders(&case);
        let found = orders.iter().find(|order| order.place == key.place);
        found.map_or_else(Vec::new, |order| self.world.executions_at(&case, order, self.moment()))
    }

    /// The charges of a visit, oldest first.
    pub fn charges_in(&self, visit: &str) -> Vec<Charge> {
        let Some(case) = self.case_of(visit) else { return Vec::new() };
        let (ledger, now) = (self.world.ledger(&case), self.moment());
        (0..ledger.lines.len())
            .filter_map(|place| self.world.charge_row(&case, &ledger, place, now))
            .collect()
    }

    /// A charge by number.
    pub fn charge(&self, number: &str) -> Option<Charge> {
        self.charge_by(ItemKey::parse(number)?)
    }

    /// How many charges were made on a local date.
    pub fn charge_count_on(&self, date: Date) -> usize {
        self.count(ItemKind::Charge, date)
    }

    /// The charges of a local date at these places, oldest first.
    pub fn charges_on(&self, date: Date, places: Range<usize>) -> Vec<Charge> {
        let keys = self.keys(ItemKind::Charge, date, places);
        let (mut ledgers, now) = (HashMap::new(), self.moment());
        let row = |key: ItemKey| {
            // Many charges of a day belong to one stay.
            let known = ledgers.entry(key.visit).or_insert_with(|| {
                let case = self.case_by(key)?;
                Some((case, self.world.ledger(&case)))
            });
            let (case, ledger) = known.as_ref()?;
            self.world.charge_row(case, ledger, key.place.checked_sub(1)? as usize, now)
        };
        keys.into_iter().filter_map(row).collect()
    }

    /// The charges that stand on a bill, oldest first.
    pub fn charges_of_bill(&self, bill: &Bill) -> Vec<Charge> {
        let mut charges = self.charges_in(&bill.encounter);
        charges.retain(|charge| charge.bill.as_deref() == Some(bill.number.as_str()));
        charges
    }

    /// The bills of a visit, oldest first.
    pub fn bills_in(&self, visit: &str) -> Vec<Bill> {
        self.case_of(visit).map_or_else(Vec::new, |case| self.bills(&case))
    }

    /// A patient's bills, newest visit first, over the last `days` days.
    pub fn bills_of(&self, patient: PatientNo, days: u32) -> Vec<Bill> {
        self.cases_of(patient, days).iter().flat_map(|case| self.bills(case)).collect()
    }

    /// A bill by number.
    pub fn bill(&self, number: &str) -> Option<Bill> {
        self.bill_by(ItemKey::parse(number)?)
    }

    /// How many bills were made on a local date.
    pub fn bill_count_on(&self, date: Date) -> usize {
        self.count(ItemKind::Bill, date)
    }

    /// The bills of a local date at these places, oldest first.
    pub fn bills_on(&self, date: Date, places: Range<usize>) -> Vec<Bill> {
        self.page(ItemKind::Bill, date, places, View::bill_by)
    }

    /// The deposits of a stay, oldest first.
    pub fn deposits_in(&self, visit: &str) -> Vec<Deposit> {
        let Some(case) = self.case_of(visit) else { return Vec::new() };
        let (ledger, now) = (self.world.ledger(&case), self.moment());
        (0..ledger.deposits.len())
            .filter_map(|place| self.world.deposit_at(&case, &ledger, place, now))
            .collect()
    }

    /// A deposit by number.
    pub fn deposit(&self, number: &str) -> Option<Deposit> {
        self.deposit_by(ItemKey::parse(number)?)
    }

    /// How many deposits were paid on a local date.
    pub fn deposit_count_on(&self, date: Date) -> usize {
        self.count(ItemKind::Deposit, date)
    }

    /// The deposits of a local date at these places, oldest first.
    pub fn deposits_on(&self, date: Date, places: Range<usize>) -> Vec<Deposit> {
        self.page(ItemKind::Deposit, date, places, View::deposit_by)
    }

    /// What is known of a stay.
    pub fn stay(&self, visit: &str) -> Option<Stay> {
        let case = self.case_of(visit).filter(|case| case.visit.key.class == VisitClass::Inpatient)?;
        Some(self.world.stay_at(&case, self.moment()))
    }

    /// The diagnoses of a visit.
    pub fn diagnoses_in(&self, visit: &str) -> Vec<VisitDiagnosis> {
        self.case_of(visit).map_or_else(Vec::new, |case| self.world.diagnoses_at(&case, self.moment()))
    }

    /// The vital signs of a visit, oldest first.
    pub fn vitals_in(&self, visit: &str) -> Vec<VitalSigns> {
        self.case_of(visit).map_or_else(Vec::new, |case| self.world.vitals_at(&case, self.moment()))
    }

    /// The operations of a stay.
    pub fn surgeries_in(&self, visit: &str) -> Vec<Surgery> {
        self.case_of(visit).and_then(|case| self.operation_in(&case)).into_iter().collect()
    }

    /// An operation by number.
    pub fn surgery(&self, number: &str) -> Option<Surgery> {
        self.surgery_by(ItemKey::parse(number)?)
    }

    /// The operations that are scheduled for a local date, by time, as far as they are ordered.
    pub fn surgeries_on(&self, date: Date) -> Vec<Surgery> {
        let day = Day::of(date);
        if !day.in_world() {
            return Vec::new();
        }
        let book = self.world.book(day);
        book.keys(ItemKind::Surgery, day, 0, usize::MAX).filter_map(|key| self.surgery_by(key)).collect()
    }

    /// About how many visits of a class began on the local dates from one to another, both
    /// included, until now: some two in a hundred of them stayed empty. Costs nothing for any range.
    pub fn visit_volume(&self, class: VisitClass, from: Date, to: Date) -> u64 {
        let (from, to) = (Day::of(from).max(Day(0)), Day::of(to).min(self.moment().day()));
        let calendar = &self.world.calendar;
        let until = calendar.visits_before(class, to.plus(1));
        u64::from(until.saturating_sub(calendar.visits_before(class, from)))
    }

    /// The case of a visit that has begun.
    fn case_of(&self, visit: &str) -> Option<Case> {
        let visit = self.world.visit(parse_visit_number(visit)?)?;
        (visit.started <= self.moment()).then(|| self.world.case(visit))
    }

    fn case_by(&self, key: ItemKey) -> Option<Case> {
        self.case_of(&visit_number(key.visit))
    }

    fn cases_of(&self, patient: PatientNo, days: u32) -> Vec<Case> {
        let now = self.moment();
        let visits = self.world.visits_of(patient.0, back(now.day(), days), now.day());
        let begun = visits.into_iter().filter(|visit| visit.started <= now);
        begun.map(|visit| self.world.case(visit)).collect()
    }

    fn prescriptions(&self, case: &Case) -> Vec<Prescription> {
        let scripts = self.world.scripts(case);
        scripts.iter().filter_map(|script| self.world.prescription_at(case, script, self.moment())).collect()
    }

    fn bills(&self, case: &Case) -> Vec<Bill> {
        let (ledger, now) = (self.world.ledger(case), self.moment());
        (0..ledger.bills.len()).filter_map(|place| self.world.bill_at(case, &ledger, place, now)).collect()
    }

    fn prescription_by(&self, key: ItemKey) -> Option<Prescription> {
        let case = self.of_kind(key, ItemKind::Prescription)?;
        let scripts = self.world.scripts(&case);
        let script = scripts.iter().find(|script| script.place == key.place)?;
        self.world.prescription_at(&case, script, self.moment())
    }

    fn medical_order_by(&self, key: ItemKey) -> Option<MedicalOrder> {
        let case = self.of_kind(key, ItemKind::WardOrder)?;
        let orders = self.world.ward_orders(&case);
        let order = orders.iter().find(|order| order.place == key.place)?;
        self.world.medical_order_at(&case, order, self.moment())
    }

    fn charge_by(&self, key: ItemKey) -> Option<Charge> {
        let case = self.of_kind(key, ItemKind::Charge)?;
        let place = key.place.checked_sub(1)? as usize;
        self.world.charge_row(&case, &self.world.ledger(&case), place, self.moment())
    }

    fn bill_by(&self, key: ItemKey) -> Option<Bill> {
        let case = self.of_kind(key, ItemKind::Bill)?;
        let place = key.place.checked_sub(1)? as usize;
        self.world.bill_at(&case, &self.world.ledger(&case), place, self.moment())
    }

    fn deposit_by(&self, key: ItemKey) -> Option<Deposit> {
        let case = self.of_kind(key, ItemKind::Deposit)?;
        let place = key.place.checked_sub(1)? as usize;
        self.world.deposit_at(&case, &self.world.ledger(&case), place, self.moment())
    }

    fn surgery_by(&self, key: ItemKey) -> Option<Surgery> {
        let case = self.of_kind(key, ItemKind::Surgery).filter(|_| key.place == 1)?;
        self.operation_in(&case)
    }

    fn operation_in(&self, case: &Case) -> Option<Surgery> {
        self.world.surgery_at(case, &self.world.planned(case)?, self.moment())
    }

    fn of_kind(&self, key: ItemKey, kind: ItemKind) -> Option<Case> {
        (key.kind == kind).then(|| self.case_by(key))?
    }

    fn count(&self, kind: ItemKind, date: Date) -> usize {
        let day = Day::of(date);
        if !day.in_world() || day > self.moment().day() {
            return 0;
        }
        self.world.book(day).count(kind, day, self.moment())
    }

    fn page<T>(
        &self,
        kind: ItemKind,
        date: Date,
        places: Range<usize>,
        by: fn(&View, ItemKey) -> Option<T>,
    ) -> Vec<T> {
        self.keys(kind, date, places).into_iter().filter_map(|key| by(self, key)).collect()
    }

    fn keys(&self, kind: ItemKind, date: Date, places: Range<usize>) -> Vec<ItemKey> {
        let day = Day::of(date);
        let until = places.end.min(self.count(kind, date));
        if until == 0 {
            return Vec::new();
        }
        self.world.book(day).keys(kind, day, places.start, until).collect()
    }
}
