//! What a stay costs: by the day, by what was carried out, and by operation.

use super::ledger::{Item, Ledger, Paid, Plan, Source, route_fees};
use super::surgery::Planned;
use super::ward::WardOrder;
use super::{at, minutes};
use crate::world::cases::Case;
use crate::world::convert::OrderKey;
use crate::world::dice::Purpose;
use crate::world::tables::departments::Dept;
use crate::world::tables::treatment::{anaesthesia_code, performer};
use crate::world::time::{Day, HOUR, MINUTE};
use crate::world::{BillKind, InsuranceKind, Money, OrderClass, OrderTerm, World};

impl World {
    /// All that a stay will cost.
    pub(super) fn ward_ledger(&self, case: &Case) -> Ledger {
        let mut ledger = Ledger::default();
        let orders = self.ward_orders(case);
        let department = self.department_of(case);
        self.by_the_day(&mut ledger, case, &orders, department);
        let planned = self.planned(case);
        for order in &orders {
            match (order.class, order.term) {
                (OrderClass::Drug, _) => self.drug_lines(&mut ledger, case, order, department),
                (OrderClass::Treatment, OrderTerm::Long) => monitored(&mut ledger, case, order, department),
                (OrderClass::Treatment, OrderTerm::Short) => treated(&mut ledger, order, department),
                (OrderClass::Exam | OrderClass::Laboratory, _) => self.requested(&mut ledger, case, order),
                (OrderClass::TakeHome, _) => taken_home(&mut ledger, order),
                (OrderClass::Surgery, _) => operated(&mut ledger, order, planned.as_ref(), department),
                (OrderClass::Nursing | OrderClass::Diet | OrderClass::Other, _) => {}
            }
        }
        ledger.lines.sort_by_key(|line| line.at);
        let settled = case.visit.ended.plus(self.wait(case, 1, 15, 80));
        ledger.bills.push(Plan { at: settled, kind: BillKind::Settlement });
        ledger.deposits = self.deposits(case, &ledger, department);
        ledger
    }

    /// Bed, consultation and nursing: every day but that of the discharge, posted in the evening.
    fn by_the_day(&self, ledger: &mut Ledger, case: &Case, orders: &[WardOrder], department: Dept) {
        let visit = &case.visit;
        let beds = ["110900001a", "110900001a", "110900001b", "110900001a", "110900001b", "110900001c"];
        let bed = beds[(self.hash_visit(Purpose::Money, visit.key) % beds.len() as u64) as usize];
        for day in (visit.key.day.0..visit.ended.day().0).map(Day) {
            let posted = at(day, 22, 5).max(visit.started.plus(65 * MINUTE));
            ledger.service(posted, bed, 1, Source::Visit, department);
            ledger.service(posted, "110200005", 1, Source::Visit, department);
            let level = orders.iter().rfind(|o| {
                nursing_code(&o.text).is_some()
                    && o.started <= posted
                    && o.stopped.is_none_or(|at| posted < at)
            });
            if let Some((order, code)) = level.and_then(|o| Some((o, nursing_code(&o.text)?))) {
                ledger.service(posted, code, 1, Source::WardOrder(order.place), department);
            }
        }
    }

    /// Drugs are charged by the unit, for a day at its last round.
    fn drug_lines(&self, ledger: &mut Ledger, case: &Case, order: &WardOrder, department: Dept) {
        let Some(dosed) = order.drug else { return };
        let source = Source::WardOrder(order.place);
        let mut rounds = self.rounds_of(case, order).peekable();
        while let Some((due, mut last)) = rounds.next() {
            let mut times = 1;
            while let Some((_, done)) = rounds.next_if(|(next, _)| next.day() == due.day()) {
                (times, last) = (times + 1, done);
            }
            ledger.line(last, Item::Unit(dosed.drug), times * dosed.units() as i32, source, Dept::Pharmacy);
            if !dosed.bag {
                for code in route_fees(dosed.route, case.visit.age) {
                    ledger.service(last, code, times, source, department);
                }
            }
        }
    }

    /// Exams and tubes are charged when they are done.
    fn requested(&self, ledger: &mut Ledger, case: &Case, order: &WardOrder) {
        let (Some(key), Some(done)) = (order.request, order.done) else { return };
        // What is done after the discharge is paid before it.
        let done = done.min(case.visit.ended.plus(-10 * MINUTE)).max(order.started);
        match key {
            OrderKey::Imaging(imaging) => {
                let code = self.exam_of(case, imaging.modality).0.code;
                ledger.service(done, code, 1, Source::Request(key), performer(imaging.modality));
            }
            OrderKey::Lab(tube) => {
                let Some(course) = self.tube_course(tube) else { return };
                let code = self.explain_tube(course).panel.code;
                ledger.service(done, code, 1, Source::Request(key), Dept::Laboratory);
            }
        }
    }

    /// A first deposit, and another whenever four fifths of it all are used up.
    fn deposits(&self, case: &Case, ledger: &Ledger, department: Dept) -> Vec<Paid> {
        let visit = &case.visit;
        let mut dice = self.dice_item(Purpose::Money, visit.key, 2);
        let insured = self.insurance(visit.person.no) != InsuranceKind::SelfPay;
        let surgical = matches!(department.row().code.get(..2), Some("02" | "03" | "05"));
        let thousands = dice.between(2, 4) + if surgical { 3 } else { 0 } + if insured { 0 } else { 3 };
        let mut held = Money(thousands * 100_000);
        let first = Paid {
            at: visit.started.plus(minutes(&mut dice, 4, 15)),
            amount: held,
            kind: self.purse(case, 3),
        };
        let mut paid = vec![first];
        let mut used = Money(0);
        let mut lines = ledger.lines.iter().peekable();
        for day in (visit.key.day.0 + 1..visit.ended.day().0).map(Day) {
            let morning = at(day, 9, 30).plus(minutes(&mut dice, 0, 300));
            while let Some(line) = lines.next_if(|line| line.at <= morning) {
                used += line.amount();
            }
            if used.0 * 5 > held.0 * 4 {
                let amount = Money(dice.between(2, 5) * 100_000);
                held += amount;
                paid.push(Paid { at: morning, amount, kind: self.purse(case, 4 + day.0 as u64) });
            }
        }
        paid
    }
}

/// The price list's code of a level of nursing.
fn nursing_code(text: &str) -> Option<&'static str> {
    match text {
        "特级护理" => Some("120100002"),
        "一级护理" => Some("120100003"),
        "二级护理" => Some("120100004"),
        "三级护理" => Some("120100005"),
        _ => None,
    }
}

/// Treatments that go on: by the hour, posted every evening; blood sugar by its rounds.
fn monitored(ledger: &mut Ledger, case: &Case, order: &WardOrder, department: Dept) {
    let codes: &[&str] = match order.text.as_ref() {
        "末梢血糖测定" => &["250306000"],
        "低流量吸氧(2L/min)" => &["120300001"],
        _ => &["310701022", "310701028"],
    };
    let until = order.stopped.unwrap_or(case.visit.ended);
    for day in (order.started.day().0..=until.day().0).map(Day) {
        let (from, to) = (order.checked.max(day.start()), until.min(at(day, 22, 10)));
        let hours = (to.0 - from.0) / HOUR;
        let times = if codes[0] == "250306000" { (hours / 5).min(4) } else { hours };
        if times < 1 {
            continue;
        }
        for code in codes {
            ledger.service(to, code, times as i32, Source::WardOrder(order.place), department);
        }
    }
}

fn treated(ledger: &mut Ledger, order: &WardOrder, department: Dept) {
    let Some(done) = order.done else { return };
    let codes: &[&str] = match order.text.as_ref() {
        "留置导尿" => &["121600001", "CL0005"],
        text if text.contains("皮试") => &["120400099", "CL0003"],
        _ => &[],
    };
    for code in codes {
        ledger.service(done, code, 1, Source::WardOrder(order.place), department);
    }
}

fn taken_home(ledger: &mut Ledger, order: &WardOrder) {
    let (Some(dosed), Some(done)) = (order.drug, order.done) else { return };
    let source = Source::WardOrder(order.place);
    ledger.line(done, Item::Pack(dosed.drug), order.packs as i32, source, Dept::Pharmacy);
}

fn operated(ledger: &mut Ledger, order: &WardOrder, planned: Option<&Planned>, department: Dept) {
    let Some(done) = order.done else { return };
    let source = Source::WardOrder(order.place);
    let Some(planned) = planned else {
        ledger.service(done, "331400001", 1, source, department);
        ledger.service(done, "CL0010", 1, source, department);
        return;
    };
    let operation = planned.operation;
    ledger.service(done, operation.code, 1, source, department);
    ledger.service(done, anaesthesia_code(operation.anaesthesia), 1, source, department);
    for (item, count) in &operation.materials {
        ledger.line(done, Item::Price(*item), *count, source, department);
    }
}
