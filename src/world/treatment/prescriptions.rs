//! Outpatients' prescriptions.

use super::therapy::{Dosed, dose_text, times_in};
use super::{ItemKey, ItemKind, minutes};
use crate::world::cases::Case;
use crate::world::dice::Purpose;
use crate::world::tables::departments::Dept;
use crate::world::tables::treatment::regimen_of;
use crate::world::time::Moment;
use crate::world::{
    Diagnosis, DrugKind, Money, PatientNo, Prescription, PrescriptionLine, PrescriptionState, VisitClass,
    World, convert,
};

/// Visits in a thousand that end with a prescription, where there is something to give.
const PRESCRIBED: u32 = 780;

/// Prescriptions in a thousand that are never paid.
const UNPAID: u32 = 35;

/// Most drugs on one visit's prescriptions.
const MOST_DRUGS: usize = 5;

/// A prescription with its times.
#[derive(Debug, Clone)]
pub(super) struct Script {
    /// Place among the visit's, from 1.
    pub place: u32,
    pub kind: DrugKind,
    pub written: Moment,
    /// `None` when it is never paid.
    pub paid: Option<Moment>,
    pub dispensed: Moment,
    pub drugs: Vec<Dosed>,
    pub days: u32,
}

impl Script {
    /// Packs of one of its drugs.
    pub(super) fn packs(&self, dosed: &Dosed) -> u32 {
        let days = if dosed.row().route == "静脉滴注" { self.days.min(3) } else { self.days };
        (dosed.units() * times_in(dosed.frequency, days)).div_ceil(dosed.row().units).max(1)
    }
}

impl World {
    /// The prescriptions of a visit; a stay's drugs are in its orders.
    pub(super) fn scripts(&self, case: &Case) -> Vec<Script> {
        let visit = &case.visit;
        let regimen = regimen_of(case.dx.icd10);
        let (list, days) = match visit.key.class {
            VisitClass::Outpatient => (&regimen.outpatient, if case.dx.chronic.is_some() { 14 } else { 5 }),
            VisitClass::Emergency => (&regimen.emergency, 3),
            VisitClass::Inpatient => return Vec::new(),
        };
        let mut dice = self.dice_item(Purpose::Therapy, visit.key, 0);
        if list.is_empty() || !dice.permille(PRESCRIBED) {
            return Vec::new();
        }
        let drugs = self.dosed(case, list, MOST_DRUGS, &mut dice);
        let days = if days == 14 && dice.permille(420) { 28 } else { days + dice.below(3) };
        let written = visit.ended.plus(-minutes(&mut dice, 16, 26));
        let mut scripts = Vec::new();
        for kind in [DrugKind::Western, DrugKind::Patent, DrugKind::Psychotropic] {
            let drugs: Vec<Dosed> = drugs.iter().copied().filter(|d| d.row().kind == kind).collect();
            if drugs.is_empty() {
                continue;
            }
            let place = scripts.len() as u32 + 1;
            let paid = written.plus(minutes(&mut dice, 2, 7));
            let days = if kind == DrugKind::Psychotropic { days.min(7) } else { days };
            let dispensed = paid.plus(minutes(&mut dice, 3, 9));
            let paid = (!dice.permille(UNPAID)).then_some(paid);
            scripts.push(Script { place, kind, written, paid, dispensed, drugs, days });
        }
        scripts
    }

    /// A prescription as others see it at a moment; `None` before it is written.
    pub(super) fn prescription_at(&self, case: &Case, script: &Script, now: Moment) -> Option<Prescription> {
        if now < script.written {
            return None;
        }
        let paid = script.paid.filter(|at| *at <= now);
        let dispensed = paid.map(|_| script.dispensed).filter(|at| *at <= now);
        let key = ItemKey { visit: case.visit.key, kind: ItemKind::Prescription, place: script.place };
        let lines = self.lines(script);
        let draw = self.hash_visit(Purpose::Therapy, case.visit.key) >> 8;
        let pharmacist = |draw| self.roster.technician(Dept::Pharmacy, draw).number.clone();
        Some(Prescription {
            number: key.number(),
            patient: PatientNo(case.visit.person.no),
            encounter: convert::visit_number(case.visit.key),
            kind: script.kind,
            form: form(case, script.kind),
            physician: self.physician_of(case).number.clone(),
            department: self.department_of(case).row().code.to_owned(),
            diagnosis: Diagnosis { icd10: case.dx.icd10.to_owned(), name: case.dx.name.to_owned() },
            written: self.timestamp(script.written),
            paid: paid.map(|at| self.timestamp(at)),
            dispensed: dispensed.map(|at| self.timestamp(at)),
            checked_by: dispensed.map(|_| pharmacist(draw)),
            dispensed_by: dispensed.map(|_| pharmacist(draw + 1)),
            window: (draw % 6) as u8 + 1,
            state: match (paid, dispensed) {
                (_, Some(_)) => PrescriptionState::Dispensed,
                (Some(_), None) => PrescriptionState::Paid,
                (None, None) => PrescriptionState::Written,
            },
            total: lines.iter().map(|line| line.amount).sum(),
            lines,
        })
    }

    fn lines(&self, script: &Script) -> Vec<PrescriptionLine> {
        let line = |(line, dosed): (u32, &Dosed)| {
            let (drug, quantity) = (self.formulary.at(dosed.drug), script.packs(dosed));
            PrescriptionLine {
                line,
                group: dosed.group,
                drug: drug.code.clone(),
                name: drug.name,
                specification: drug.specification,
                dose: dose_text(dosed.dose),
                dose_unit: drug.dose_unit,
                frequency: dosed.frequency,
                route: dosed.route,
                days: script.days,
                quantity,
                unit: drug.pack,
                price: drug.price,
                amount: Money(drug.price.0 * i64::from(quantity)),
            }
        };
        (1..).zip(&script.drugs).map(line).collect()
    }
}

fn form(case: &Case, kind: DrugKind) -> &'static str {
    match (kind, case.visit.key.class) {
        (DrugKind::Psychotropic, _) => "精二",
        (_, VisitClass::Emergency) => "急诊",
        _ if case.visit.age < 14 => "儿科",
        _ => "普通",
    }
}
