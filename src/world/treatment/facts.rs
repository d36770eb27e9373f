//! Registrations, diagnoses, vital signs, and what else is known of a visit.

use std::borrow::Cow;

use super::therapy::feverish;
use crate::world::cases::Case;
use crate::world::dice::Purpose;
use crate::world::tables::diagnoses::{Dx, Effect};
use crate::world::tables::treatment::{PRICES, price_of};
use crate::world::time::{DAY, Day, HOUR, MINUTE, Moment};
use crate::world::{
    Diagnosis, DiagnosisKind, OrderClass, PatientNo, Registration, Stay, VisitClass, VisitDiagnosis,
    VitalSigns, World, convert,
};

impl World {
    /// The registration of a visit that is no stay.
    pub(super) fn registration_of(&self, case: &Case, now: Moment) -> Registration {
        let visit = &case.visit;
        let physician = self.physician_of(case);
        let mut dice = self.dice_item(Purpose::Vital, visit.key, 1);
        Registration {
            encounter: convert::visit_number(visit.key),
            patient: PatientNo(visit.person.no),
            department: self.department_of(case).row().code.to_owned(),
            physician: physician.number.clone(),
            kind: match (visit.key.class, physician.title.as_str()) {
                (VisitClass::Emergency, _) => "急诊号",
                (_, "主任医师" | "副主任医师") => "专家号",
                _ => "普通号",
            },
            channel: match dice.below(100) {
                _ if visit.key.class == VisitClass::Emergency => "窗口",
                0..=43 => "微信公众号",
                44..=69 => "自助机",
                70..=89 => "窗口",
                _ => "诊间预约",
            },
            queue: visit.key.slot % 60 + 1,
            registered: self.timestamp(visit.started),
            fee: price_of(self.consultation(case))
                .map_or_else(Default::default, |p| PRICES[usize::from(p)].price),
            state: match now.0 - visit.started.0 {
                _ if visit.ended <= now => "已就诊",
                waited if waited < 12 * MINUTE => "候诊",
                _ => "就诊中",
            },
        }
    }

    /// The diagnoses of a visit as they are known at a moment.
    pub(super) fn diagnoses_at(&self, case: &Case, now: Moment) -> Vec<VisitDiagnosis> {
        let visit = &case.visit;
        let beside = case.condition.filter(|c| c.icd10 != case.dx.icd10);
        let all: Vec<&Dx> = std::iter::once(case.dx).chain(beside).collect();
        let row = |kind, place, dx: &Dx, made: Moment, outcome| VisitDiagnosis {
            kind,
            place,
            diagnosis: Diagnosis { icd10: dx.icd10.to_owned(), name: dx.name.to_owned() },
            made: self.timestamp(made),
            outcome,
        };
        let first = if visit.key.class == VisitClass::Inpatient {
            DiagnosisKind::Admission
        } else {
            DiagnosisKind::Outpatient
        };
        let made = visit.started.plus(12 * MINUTE);
        let mut rows: Vec<VisitDiagnosis> = Vec::new();
        if made <= now {
            rows.extend((1..).zip(&all).map(|(place, dx)| row(first, place, dx, made, "")));
        }
        if visit.key.class == VisitClass::Inpatient && visit.ended <= now {
            rows.push(row(DiagnosisKind::DischargeMain, 1, case.dx, visit.ended, self.outcome(case)));
            let others = (1..).zip(all.iter().skip(1));
            rows.extend(
                others.map(|(place, dx)| row(DiagnosisKind::DischargeOther, place, dx, visit.ended, "好转")),
            );
        }
        rows
    }

    fn outcome(&self, case: &Case) -> &'static str {
        let mut dice = self.dice_item(Purpose::Vital, case.visit.key, 2);
        let heals = case.dx.chronic.is_none() && case.dx.effect != Effect::Tumour;
        match dice.below(100) {
            0..=2 => "未愈",
            3..=62 if heals => "治愈",
            _ => "好转",
        }
    }

    /// What is known of a stay at a moment.
    pub(super) fn stay_at(&self, case: &Case, now: Moment) -> Stay {
        let visit = &case.visit;
        let ledger = self.ledger(case);
        let orders = self.ward_orders(case);
        let seen = now.max(visit.started.plus(2 * HOUR));
        let standing = |class, last: bool| {
            // The department's own routine is no level of nursing: its text is made, not fixed.
            let mut named = orders.iter().filter_map(|order| match &order.text {
                Cow::Borrowed(text) if order.class == class && order.started <= seen => Some(*text),
                Cow::Borrowed(_) | Cow::Owned(_) => None,
            });
            if last { named.next_back().unwrap_or("") } else { named.next().unwrap_or("") }
        };
        let mut dice = self.dice_item(Purpose::Vital, visit.key, 3);
        let emergency = dice.permille(320);
        let earlier = self.visits_of(visit.person.no, Day(0), visit.key.day);
        let times = earlier.iter().filter(|v| v.key.class == VisitClass::Inpatient).count();
        Stay {
            encounter: convert::visit_number(visit.key),
            patient: PatientNo(visit.person.no),
            times: times.max(1) as u32,
            admitted_by: if emergency { "急诊" } else { "门诊" },
            condition: match (emergency, standing(OrderClass::Nursing, false)) {
                (_, "特级护理") => "危",
                (true, _) => "急",
                (false, _) => "一般",
            },
            nursing: standing(OrderClass::Nursing, true),
            diet: standing(OrderClass::Diet, true),
            physician: self.physician_of(case).number.clone(),
            nurse: self.nurse_at(case, visit.started).number.clone(),
            insurance: self.insurance(visit.person.no),
            days: ((now.min(visit.ended).day().0 - visit.key.day.0).max(1)) as u32,
            discharged_by: (visit.ended <= now).then_some("医嘱离院"),
            charged: ledger.lines.iter().filter(|line| line.at <= now).map(super::ledger::Line::amount).sum(),
            deposits: ledger.deposits.iter().filter(|paid| paid.at <= now).map(|paid| paid.amount).sum(),
        }
    }

    /// The vital signs of a visit until a moment: twice a day on a ward, once at a desk.
    pub(super) fn vitals_at(&self, case: &Case, now: Moment) -> Vec<VitalSigns> {
        let visit = &case.visit;
        let first = visit.started.plus(8 * MINUTE);
        let rounds = match visit.key.class {
            VisitClass::Inpatient => visit.ended.0 / DAY - visit.started.0 / DAY + 1,
            VisitClass::Emergency => 0,
            VisitClass::Outpatient if visit.key.slot.is_multiple_of(3) => 0,
            VisitClass::Outpatient => return Vec::new(),
        };
        let later = (0..rounds).flat_map(|day| {
            [6, 14].map(|hour| visit.key.day.plus(day as i32).start().plus(hour * HOUR + 5 * MINUTE))
        });
        let later = later.filter(|at| first.plus(HOUR) < *at && *at < visit.ended);
        let times = std::iter::once(first).chain(later).take_while(|at| *at <= now);
        times.enumerate().map(|(place, at)| self.vital(case, place, at)).collect()
    }

    fn vital(&self, case: &Case, place: usize, at: Moment) -> VitalSigns {
        let visit = &case.visit;
        // Who somebody is stays the same over all measurements; the rest is the moment's.
        let mut own = self.key.dice(Purpose::Vital, u64::from(visit.person.no), 1 << 40);
        let mut dice = self.dice_item(Purpose::Vital, visit.key, 1_000 + place as u64);
        let fever = if feverish(case.dx.effect) { (22 - place as i64 * 4).max(0) } else { 0 };
        let temperature = 365 + dice.between(-3, 4) + fever;
        let (pulse, breaths) = rates(visit.age);
        let high = if case.dx.icd10.starts_with("I10")
            || case.condition.is_some_and(|c| c.icd10.starts_with("I10"))
        {
            24
        } else {
            0
        };
        let systolic = pressure(visit.age) + own.between(-10, 12) + dice.between(-8, 8) + high;
        let short = matches!(case.dx.icd10.get(..3), Some("J18" | "J44" | "I50"));
        let height = height(visit.age) + own.between(-9, 9);
        let weight = height * height * (175 + own.between(0, 90) + i64::from(visit.age.min(50))) / 100_000;
        VitalSigns {
            encounter: convert::visit_number(visit.key),
            measured: self.timestamp(at),
            temperature: temperature as u32,
            pulse: (pulse + dice.between(-8, 10) + fever) as u32,
            respiration: (breaths + dice.between(-2, 2)) as u32,
            systolic: systolic as u32,
            diastolic: (systolic * 62 / 100 + dice.between(-5, 5)) as u32,
            saturation: (if short { 93 } else { 97 } + dice.between(0, 2)) as u32,
            weight: (place == 0).then_some(weight as u32),
            height: (place == 0).then_some(height as u32),
            nurse: self.nurse_at(case, at).number.clone(),
        }
    }
}

/// Pulse and breaths a minute at an age.
fn rates(age: i32) -> (i64, i64) {
    match age {
        0 => (128, 34),
        1..=3 => (112, 27),
        4..=7 => (98, 23),
        8..=13 => (86, 20),
        _ => (76, 18),
    }
}

fn pressure(age: i32) -> i64 {
    match age {
        0..=3 => 88,
        4..=13 => 92 + i64::from(age),
        14..=39 => 116,
        40..=64 => 126,
        _ => 134,
    }
}

/// Height in centimetres.
fn height(age: i32) -> i64 {
    match age {
        0 => 66,
        1..=15 => 74 + i64::from(age) * 6,
        _ => 165,
    }
}
