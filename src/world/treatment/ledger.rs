//! What a visit costs, line by line, and the bills it stands on.

use super::prescriptions::Script;
use super::{ItemKey, ItemKind, minutes};
use crate::world::cases::Case;
use crate::world::convert::{self, OrderKey};
use crate::world::dice::Purpose;
use crate::world::imaging::Course;
use crate::world::lab::TubeCourse;
use crate::world::tables::departments::Dept;
use crate::world::tables::treatment::{DRUGS, PRICES, performer, price_of};
use crate::world::time::{MINUTE, Moment};
use crate::world::{
    BillKind, Charge, ChargeCategory, DrugKind, InsuranceClass, Money, PatientNo, PaymentKind, VisitClass,
    World,
};

/// What a line is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Item {
    /// A place in the price list.
    Price(u16),
    /// A pack of a drug.
    Pack(u16),
    /// A unit of a drug, as wards give it.
    Unit(u16),
}

/// What a line comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Source {
    Visit,
    Prescription(u32),
    WardOrder(u32),
    Request(OrderKey),
}

/// A line.
#[derive(Debug, Clone, Copy)]
pub(super) struct Line {
    pub at: Moment,
    pub item: Item,
    pub quantity: i32,
    pub source: Source,
    pub performed: Dept,
    /// Place of its bill in the ledger's bills.
    pub bill: usize,
}

/// A bill that will be made.
#[derive(Debug, Clone, Copy)]
pub(super) struct Plan {
    pub at: Moment,
    pub kind: BillKind,
}

/// A deposit that will be made.
#[derive(Debug, Clone, Copy)]
pub(super) struct Paid {
    pub at: Moment,
    pub amount: Money,
    pub kind: PaymentKind,
}

/// All that a visit will cost, in order of time.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    pub lines: Vec<Line>,
    pub bills: Vec<Plan>,
    pub deposits: Vec<Paid>,
}

impl Item {
    /// Price of one.
    pub(super) fn price(self) -> Money {
        match self {
            Item::Price(place) => PRICES[usize::from(place)].price,
            Item::Pack(drug) => DRUGS[usize::from(drug)].price,
            Item::Unit(drug) => {
                let row = &DRUGS[usize::from(drug)];
                let units = i64::from(row.units.max(1));
                Money((row.price.0 + units / 2).div_euclid(units).max(1))
            }
        }
    }

    /// Category, and how much of it the insurance counts.
    pub(super) fn class(self) -> (ChargeCategory, InsuranceClass) {
        match self {
            Item::Price(place) => (PRICES[usize::from(place)].category, PRICES[usize::from(place)].insurance),
            Item::Pack(drug) | Item::Unit(drug) => {
                let row = &DRUGS[usize::from(drug)];
                let category = match row.kind {
                    DrugKind::Western | DrugKind::Psychotropic => ChargeCategory::Drug,
                    DrugKind::Patent => ChargeCategory::PatentMedicine,
                };
                (category, row.insurance)
            }
        }
    }
}

impl Line {
    /// Price times quantity.
    pub(super) fn amount(&self) -> Money {
        self.item.price() * self.quantity
    }
}

impl Ledger {
    /// A bill with its lines, all of one moment.
    fn bill(
        &mut self,
        at: Moment,
        kind: BillKind,
        lines: impl IntoIterator<Item = (Item, i32, Source, Dept)>,
    ) {
        let bill = self.bills.len();
        let lines = lines.into_iter().map(|(item, quantity, source, performed)| Line {
            at,
            item,
            quantity,
            source,
            performed,
            bill,
        });
        let before = self.lines.len();
        self.lines.extend(lines);
        if self.lines.len() > before {
            self.bills.push(Plan { at, kind });
        }
    }

    /// A line of a stay, for its one settlement.
    pub(super) fn line(&mut self, at: Moment, item: Item, quantity: i32, source: Source, performed: Dept) {
        self.lines.push(Line { at, item, quantity, source, performed, bill: 0 });
    }

    /// A service by its code.
    pub(super) fn service(&mut self, at: Moment, code: &str, quantity: i32, source: Source, performed: Dept) {
        if let Some(place) = price_of(code) {
            self.line(at, Item::Price(place), quantity, source, performed);
        }
    }

    /// Bills and lines in order of time, bills numbered anew.
    fn in_order(mut self) -> Ledger {
        let mut order: Vec<usize> = (0..self.bills.len()).collect();
        order.sort_by_key(|bill| self.bills[*bill].at);
        let mut place = vec![0; order.len()];
        for (new, old) in order.iter().enumerate() {
            place[*old] = new;
        }
        self.bills.sort_by_key(|bill| bill.at);
        for line in &mut self.lines {
            line.bill = place[line.bill];
        }
        self.lines.sort_by_key(|line| (line.at, line.bill));
        self
    }
}

impl World {
    /// All that a visit will cost.
    pub(super) fn ledger(&self, case: &Case) -> Ledger {
        match case.visit.key.class {
            VisitClass::Inpatient => self.ward_ledger(case),
            VisitClass::Outpatient | VisitClass::Emergency => self.visit_ledger(case),
        }
    }

    fn visit_ledger(&self, case: &Case) -> Ledger {
        let visit = &case.visit;
        let mut ledger = Ledger::default();
        let department = self.department_of(case);
        let fee = price_of(self.consultation(case)).map(|p| (Item::Price(p), 1, Source::Visit, department));
        ledger.bill(visit.started, BillKind::Registration, fee);
        for course in self.imaging_of(&visit.key).into_iter().filter_map(|key| self.course(key)) {
            self.bill_exam(&mut ledger, case, &course);
        }
        let tubes: Vec<TubeCourse> =
            self.tubes_of(&visit.key).into_iter().filter_map(|key| self.tube_course(key)).collect();
        self.bill_tubes(&mut ledger, &tubes);
        for script in self.scripts(case) {
            bill_script(&mut ledger, case, &script, department);
        }
        ledger.in_order()
    }

    /// The consultation's place in the price list: by the class of visit and the physician's title.
    pub(super) fn consultation(&self, case: &Case) -> &'static str {
        match (case.visit.key.class, self.physician_of(case).title.as_str()) {
            (VisitClass::Emergency, _) => "110200003",
            (_, "主任医师") => "110200002b",
            (_, "副主任医师") => "110200002a",
            _ => "110200001",
        }
    }

    /// An exam is paid before it is done, and given back when it is cancelled.
    fn bill_exam(&self, ledger: &mut Ledger, case: &Case, course: &Course) {
        let (exam, _) = self.exam_of(case, course.key.modality);
        let Some(item) = price_of(exam.code).map(Item::Price) else { return };
        let (source, performed) =
            (Source::Request(OrderKey::Imaging(course.key)), performer(course.key.modality));
        let wait = (course.started.0 - course.ordered.0) * 3 / 10;
        let paid = course.ordered.plus(wait.min(25 * MINUTE));
        if course.cancelled.is_some_and(|at| at <= paid) {
            return;
        }
        ledger.bill(paid, BillKind::Outpatient, [(item, 1, source, performed)]);
        if let Some(at) = course.cancelled {
            ledger.bill(at.plus(6 * MINUTE), BillKind::Refund, [(item, -1, source, performed)]);
        }
    }

    /// The tubes of one draw stand on one bill.
    fn bill_tubes(&self, ledger: &mut Ledger, tubes: &[TubeCourse]) {
        let Some(first) = tubes.first() else { return };
        let paid = first.ordered.plus((first.collected.0 - first.ordered.0) * 2 / 5);
        let line = |tube: &TubeCourse, quantity| {
            let item = price_of(self.explain_tube(*tube).panel.code).map(Item::Price)?;
            Some((item, quantity, Source::Request(OrderKey::Lab(tube.key)), Dept::Laboratory))
        };
        let alive = tubes.iter().filter(|tube| tube.cancelled.is_none_or(|at| at > paid));
        ledger.bill(paid, BillKind::Outpatient, alive.filter_map(|tube| line(tube, 1)));
        for tube in tubes {
            if let Some(at) = tube.cancelled.filter(|at| *at > paid) {
                ledger.bill(at.plus(6 * MINUTE), BillKind::Refund, line(tube, -1));
            }
        }
    }

    /// A line as others see it.
    pub(super) fn charge_row(
        &self,
        case: &Case,
        ledger: &Ledger,
        place: usize,
        now: Moment,
    ) -> Option<Charge> {
        let line = ledger.lines.get(place).filter(|line| line.at <= now)?;
        let visit = case.visit.key;
        let key = |kind, place: usize| ItemKey { visit, kind, place: place as u32 }.number();
        let (category, insurance) = line.item.class();
        let (code, name, specification, unit) = match line.item {
            Item::Price(place) => {
                let item = &PRICES[usize::from(place)];
                (item.code, item.name, "", item.unit)
            }
            Item::Pack(place) => {
                let drug = self.formulary.at(place);
                (drug.code.as_str(), drug.name, drug.specification, drug.pack)
            }
            Item::Unit(place) => {
                let drug = self.formulary.at(place);
                (drug.code.as_str(), drug.name, drug.specification, drug.unit)
            }
        };
        Some(Charge {
            number: key(ItemKind::Charge, place + 1),
            patient: PatientNo(case.visit.person.no),
            encounter: convert::visit_number(visit),
            category,
            code: code.to_owned(),
            name: name.to_owned(),
            specification: specification.to_owned(),
            unit: unit.to_owned(),
            price: line.item.price(),
            quantity: line.quantity,
            amount: line.amount(),
            insurance,
            charged: self.timestamp(line.at),
            department: self.department_of(case).row().code.to_owned(),
            performed_by: line.performed.row().code.to_owned(),
            order: match line.source {
                Source::Visit => None,
                Source::Prescription(place) => {
                    Some(ItemKey { visit, kind: ItemKind::Prescription, place }.number())
                }
                Source::WardOrder(place) => {
                    Some(ItemKey { visit, kind: ItemKind::WardOrder, place }.number())
                }
                Source::Request(order) => Some(convert::placer(order)),
            },
            bill: ledger
                .bills
                .get(line.bill)
                .filter(|bill| bill.at <= now)
                .map(|_| key(ItemKind::Bill, line.bill + 1)),
        })
    }

    /// How somebody pays what nobody else does.
    pub(super) fn purse(&self, case: &Case, item: u64) -> PaymentKind {
        let mut dice = self.dice_item(Purpose::Money, case.visit.key, item);
        let cash = if case.visit.age > 65 { 300 } else { 50 };
        match dice.below(1000) {
            draw if draw < cash => PaymentKind::Cash,
            draw if draw < cash + 130 => PaymentKind::Card,
            draw if draw < cash + 380 => PaymentKind::Alipay,
            _ => PaymentKind::WeChat,
        }
    }

    /// A draw of minutes for something of a visit.
    pub(super) fn wait(&self, case: &Case, item: u64, low: i64, high: i64) -> i64 {
        minutes(&mut self.dice_item(Purpose::Money, case.visit.key, item), low, high)
    }
}

/// A prescription, and what is done with its infusions and injections.
fn bill_script(ledger: &mut Ledger, case: &Case, script: &Script, department: Dept) {
    let Some(paid) = script.paid else { return };
    let source = Source::Prescription(script.place);
    let drugs =
        script.drugs.iter().map(|d| (Item::Pack(d.drug), script.packs(d) as i32, source, Dept::Pharmacy));
    let given = script.drugs.iter().filter(|d| !d.bag).flat_map(|d| {
        route_fees(d.route, case.visit.age)
            .iter()
            .filter_map(move |code| Some((Item::Price(price_of(code)?), 1, source, department)))
    });
    ledger.bill(paid, BillKind::Outpatient, drugs.chain(given));
}

/// What is charged each time a drug is given by a route.
pub(super) fn route_fees(route: &str, age: i32) -> &'static [&'static str] {
    match route {
        "静脉滴注" if age < 7 => &["120400007", "CL0001"],
        "静脉滴注" => &["120400006", "CL0001"],
        "静脉注射" => &["120400002", "CL0003"],
        "肌内注射" => &["120400001", "CL0003"],
        "皮下注射" => &["120400005"],
        "雾化吸入" => &["120700001"],
        _ => &[],
    }
}
