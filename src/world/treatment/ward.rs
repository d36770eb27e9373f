//! The orders of a ward: what goes on until it is stopped, and what is done once.

use std::borrow::Cow;

use super::surgery::Planned;
use super::therapy::{Dosed, antibiotic, dose_text};
use super::{ItemKey, ItemKind, at, minutes};
use crate::world::cases::Case;
use crate::world::convert::{self, OrderKey};
use crate::world::dice::{Dice, Purpose};
use crate::world::tables::diagnoses::Effect;
use crate::world::tables::treatment::{DRUGS, regimen_of};
use crate::world::time::{MINUTE, Moment};
use crate::world::{
    Frequency, MedicalOrder, MedicalOrderState, OrderClass, OrderTerm, PatientNo, VisitClass, World,
};

/// Most drugs of a stay's long orders.
const MOST_DRUGS: usize = 7;

/// Most drugs taken home.
const MOST_TAKEN_HOME: usize = 3;

/// Days after which nursing of the first level becomes that of the second.
const FIRST_LEVEL_DAYS: i32 = 3;

/// An order of a ward with all its times, whether they have come or not.
#[derive(Debug, Clone)]
pub(super) struct WardOrder {
    /// Place among the stay's, from 1.
    pub place: u32,
    pub term: OrderTerm,
    pub class: OrderClass,
    pub group: u32,
    pub text: Cow<'static, str>,
    pub drug: Option<Dosed>,
    pub frequency: Frequency,
    pub route: &'static str,
    pub packs: u32,
    pub started: Moment,
    pub checked: Moment,
    /// Short ones: when it was carried out.
    pub done: Option<Moment>,
    /// Long ones: when it was stopped.
    pub stopped: Option<Moment>,
    pub cancelled: Option<Moment>,
    pub request: Option<OrderKey>,
}

/// The orders of a stay while they are written.
struct Sheet<'a> {
    case: &'a Case,
    orders: Vec<WardOrder>,
    dice: Dice,
    /// When the first ones were written.
    first: Moment,
    /// When all long ones are stopped.
    last: Moment,
}

impl World {
    /// The orders of a stay in order of writing; none for other visits.
    pub(super) fn ward_orders(&self, case: &Case) -> Vec<WardOrder> {
        let visit = &case.visit;
        if visit.key.class != VisitClass::Inpatient {
            return Vec::new();
        }
        let mut dice = self.dice_item(Purpose::WardOrder, visit.key, 0);
        let first = visit.started.plus(minutes(&mut dice, 22, 55));
        let last = visit.ended.plus(-minutes(&mut dice, 25, 55));
        let mut sheet = Sheet { case, orders: Vec::new(), dice, first, last };
        let department = self.department_of(case).row().name;
        sheet.care(department);
        let regimen = regimen_of(case.dx.icd10);
        let drugs = self.dosed(case, &regimen.ward, MOST_DRUGS, &mut sheet.dice);
        sheet.drugs(&drugs);
        let planned = self.planned(case);
        if let Some(planned) = &planned {
            sheet.operation(planned);
        }
        if case.dx.icd10.starts_with("O80") {
            sheet.birth();
        }
        self.requests(&mut sheet);
        let home = self.dosed(case, &regimen.outpatient, MOST_TAKEN_HOME, &mut sheet.dice);
        sheet.discharge(&home);
        number(sheet.orders)
    }

    /// Exams and laboratory orders are short orders of the ward too.
    fn requests(&self, sheet: &mut Sheet<'_>) {
        let visit = sheet.case.visit.key;
        let imaging = self.imaging_of(&visit).into_iter().filter_map(|key| self.course(key));
        for course in imaging {
            let (exam, _) = self.exam_of(sheet.case, course.key.modality);
            let times = (course.ordered, course.started, course.cancelled);
            sheet.request(OrderClass::Exam, exam.name, OrderKey::Imaging(course.key), times);
        }
        let tubes = self.tubes_of(&visit).into_iter().filter_map(|key| self.tube_course(key));
        for course in tubes {
            let name = self.explain_tube(course).panel.name;
            let times = (course.ordered, course.collected, course.cancelled);
            sheet.request(OrderClass::Laboratory, name, OrderKey::Lab(course.key), times);
        }
    }

    /// An order of a ward as others see it at a moment; `None` before it is written.
    pub(super) fn medical_order_at(
        &self,
        case: &Case,
        order: &WardOrder,
        now: Moment,
    ) -> Option<MedicalOrder> {
        if now < order.started {
            return None;
        }
        let seen = |at: Option<Moment>| at.filter(|at| *at <= now);
        let (done, stopped, cancelled) = (seen(order.done), seen(order.stopped), seen(order.cancelled));
        let checked = seen(Some(order.checked));
        let state = match (cancelled, stopped, done, checked) {
            (Some(_), ..) => MedicalOrderState::Cancelled,
            (_, Some(_), ..) => MedicalOrderState::Stopped,
            (_, _, Some(_), _) => MedicalOrderState::Done,
            (.., Some(_)) => MedicalOrderState::Checked,
            (.., None) => MedicalOrderState::Written,
        };
        let drug = order.drug.map(|dosed| (self.formulary.at(dosed.drug), dosed));
        let ended = cancelled.or(stopped);
        let physician = self.physician_of(case).number.clone();
        Some(MedicalOrder {
            number: ItemKey { visit: case.visit.key, kind: ItemKind::WardOrder, place: order.place }.number(),
            patient: PatientNo(case.visit.person.no),
            encounter: convert::visit_number(case.visit.key),
            term: order.term,
            class: order.class,
            group: order.group,
            name: order.text.clone().into_owned(),
            drug: drug.map(|(drug, _)| drug.code.clone()),
            specification: drug.map_or("", |(drug, _)| drug.specification),
            dose: drug.map_or_else(String::new, |(_, dosed)| dose_text(dosed.dose)),
            dose_unit: drug.map_or("", |(drug, _)| drug.dose_unit),
            frequency: order.frequency,
            route: order.route,
            packs: order.packs,
            department: self.department_of(case).row().code.to_owned(),
            stopped_by: ended.map(|_| physician.clone()),
            physician,
            started: self.timestamp(order.started),
            checked: checked.map(|at| self.timestamp(at)),
            checked_by: checked.map(|at| self.nurse_at(case, at).number.clone()),
            done: done.map(|at| self.timestamp(at)),
            stopped: ended.map(|at| self.timestamp(at)),
            state,
            request: order.request.map(convert::placer),
        })
    }
}

impl Sheet<'_> {
    fn push(&mut self, order: WardOrder) {
        self.orders.push(order);
    }

    /// A long order from a moment on, stopped with the stay.
    fn long(&mut self, class: OrderClass, text: impl Into<Cow<'static, str>>, frequency: Frequency) {
        let (from, until) = (self.first, self.last);
        self.long_from(class, text.into(), frequency, (from, until));
    }

    fn long_from(
        &mut self,
        class: OrderClass,
        text: Cow<'static, str>,
        frequency: Frequency,
        (from, until): (Moment, Moment),
    ) {
        let checked = from.plus(minutes(&mut self.dice, 6, 24));
        self.push(WardOrder {
            place: 0,
            term: OrderTerm::Long,
            class,
            group: 0,
            text,
            drug: None,
            frequency,
            route: "",
            packs: 0,
            started: from,
            checked,
            done: None,
            stopped: Some(until),
            cancelled: None,
            request: None,
        });
    }

    fn short(&mut self, class: OrderClass, text: impl Into<Cow<'static, str>>, at: Moment, wait: (i64, i64)) {
        let checked = at.plus(minutes(&mut self.dice, 3, 12));
        let done = checked.plus(minutes(&mut self.dice, wait.0, wait.1));
        self.push(WardOrder {
            place: 0,
            term: OrderTerm::Short,
            class,
            group: 0,
            text: text.into(),
            drug: None,
            frequency: Frequency::St,
            route: "",
            packs: 0,
            started: at,
            checked,
            done: Some(done),
            stopped: None,
            cancelled: None,
            request: None,
        });
    }

    fn care(&mut self, department: &str) {
        let regimen = regimen_of(self.case.dx.icd10);
        self.long(OrderClass::Nursing, format!("{department}护理常规"), Frequency::Qd);
        let second = at(self.first.day().plus(FIRST_LEVEL_DAYS), 9, 30);
        if matches!(regimen.nursing, "一级护理" | "特级护理") && second.plus(60 * MINUTE) < self.last
        {
            let (first, last) = (self.first, self.last);
            self.long_from(OrderClass::Nursing, regimen.nursing.into(), Frequency::Qd, (first, second));
            self.long_from(OrderClass::Nursing, "二级护理".into(), Frequency::Qd, (second, last));
            self.long_from(
                OrderClass::Treatment,
                "心电、血压、血氧饱和度监测".into(),
                Frequency::Qd,
                (first, second),
            );
        } else {
            self.long(OrderClass::Nursing, regimen.nursing, Frequency::Qd);
        }
        self.long(OrderClass::Diet, regimen.diet, Frequency::Qd);
        if matches!(self.case.dx.icd10.get(..3), Some("J18" | "J44" | "I50" | "I21" | "J45")) {
            self.long(OrderClass::Treatment, "低流量吸氧(2L/min)", Frequency::Qd);
        }
        if self.case.dx.effect == Effect::Diabetes {
            self.long(OrderClass::Treatment, "末梢血糖测定", Frequency::Qid);
        }
    }

    fn drugs(&mut self, drugs: &[Dosed]) {
        let skin = |d: &&Dosed| d.row().name.contains("青霉素") || d.row().name.contains("西林");
        if let Some(tested) = drugs.iter().find(skin) {
            let (name, at) = (tested.row().name, self.first);
            self.short(OrderClass::Treatment, format!("{name}皮试(  )"), at, (18, 26));
        }
        let mut from = self.first.plus(minutes(&mut self.dice, 4, 16));
        let mut group = 0;
        for dosed in drugs {
            if dosed.group != group {
                group = dosed.group;
                from = from.plus(minutes(&mut self.dice, 0, 2));
            }
            let main = drugs.iter().rfind(|d| d.group == group).unwrap_or(dosed);
            self.drug(dosed, from, antibiotic(main.row()));
        }
    }

    fn drug(&mut self, dosed: &Dosed, from: Moment, some_days: bool) {
        let name = dosed.row().name;
        if dosed.frequency == Frequency::St {
            self.short(OrderClass::Drug, name, from, (8, 40));
        } else {
            let week = at(from.day().plus(5 + (self.case.visit.key.slot % 4) as i32), 9, 40);
            let until = if some_days { week.min(self.last) } else { self.last };
            self.long_from(OrderClass::Drug, name.into(), dosed.frequency, (from, until));
        }
        if let Some(order) = self.orders.last_mut() {
            order.drug = Some(*dosed);
            order.route = dosed.route;
            order.group = dosed.group;
            order.frequency = dosed.frequency;
        }
    }

    fn operation(&mut self, planned: &Planned) {
        let operation = planned.operation;
        let day = planned.scheduled.day();
        let text = format!(
            "拟于{}月{}日在{}下行{}",
            day.ymd().1,
            day.ymd().2,
            operation.anaesthesia,
            operation.name
        );
        self.short(OrderClass::Other, "术前备皮", planned.ordered, (40, 90));
        if operation.anaesthesia != "局部浸润麻醉" {
            self.short(OrderClass::Treatment, "留置导尿", at(day, 7, 20), (10, 30));
        }
        self.short(OrderClass::Surgery, text, planned.ordered, (1, 2));
        if let Some(order) = self.orders.last_mut() {
            order.done = Some(planned.ended);
        }
    }

    fn birth(&mut self) {
        let at = self.first.plus(minutes(&mut self.dice, 60, 180));
        self.short(OrderClass::Surgery, "正常分娩接生", at, (90, 420));
    }

    fn request(
        &mut self,
        class: OrderClass,
        name: &'static str,
        key: OrderKey,
        (ordered, done, cancelled): (Moment, Moment, Option<Moment>),
    ) {
        self.short(class, name, ordered, (1, 1));
        if let Some(order) = self.orders.last_mut() {
            order.checked = order.checked.min(done).min(cancelled.unwrap_or(done));
            order.done = cancelled.is_none().then_some(done);
            order.cancelled = cancelled;
            order.request = Some(key);
        }
    }

    fn discharge(&mut self, home: &[Dosed]) {
        let written = self.last;
        self.short(OrderClass::Other, "今日出院", written, (2, 8));
        for dosed in home.iter().filter(|d| !matches!(d.row().route, "静脉滴注" | "静脉注射" | "静脉泵入"))
        {
            self.short(OrderClass::TakeHome, dosed.row().name, written, (2, 8));
            if let Some(order) = self.orders.last_mut() {
                order.drug = Some(*dosed);
                order.route = dosed.route;
                order.frequency = dosed.frequency;
                order.packs = (dosed.units() * super::therapy::times_in(dosed.frequency, 7))
                    .div_ceil(DRUGS[usize::from(dosed.drug)].units)
                    .max(1);
            }
        }
    }
}

/// Puts orders into the order of writing; those of one bag stay together and share a number.
fn number(mut orders: Vec<WardOrder>) -> Vec<WardOrder> {
    orders.sort_by_key(|order| order.started);
    let mut group = 0;
    let mut before = None;
    for (place, order) in (1..).zip(&mut orders) {
        let bag = (order.class, order.term, order.group);
        if order.group == 0 || before != Some(bag) {
            group += 1;
        }
        before = (order.group != 0).then_some(bag);
        (order.place, order.group) = (place, group);
    }
    orders
}
