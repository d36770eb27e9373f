//! Operations of stays.

use super::{ItemKey, ItemKind, at, minutes};
use crate::world::cases::Case;
use crate::world::dice::Purpose;
use crate::world::tables::treatment::{Operation, operation_of};
use crate::world::time::{HOUR, MINUTE, Moment};
use crate::world::{PatientNo, Surgery, VisitClass, World, convert};

/// Shortest stay, in days, of somebody who is operated on.
const SHORTEST_STAY: i32 = 3;

/// Operating rooms.
const ROOMS: u32 = 14;

/// An operation with its times.
#[derive(Debug, Clone, Copy)]
pub(super) struct Planned {
    pub operation: &'static Operation,
    pub ordered: Moment,
    pub scheduled: Moment,
    pub started: Moment,
    pub ended: Moment,
}

impl World {
    /// The operation of a stay, if there is one.
    pub(super) fn planned(&self, case: &Case) -> Option<Planned> {
        let visit = &case.visit;
        if visit.key.class != VisitClass::Inpatient || visit.ended.day().0 - visit.key.day.0 < SHORTEST_STAY {
            return None;
        }
        let operation = operation_of(case.dx.icd10)?;
        let mut dice = self.dice_item(Purpose::Surgery, visit.key, 0);
        if !dice.permille(operation.share) || visit.age < 3 {
            return None;
        }
        let day = visit.key.day.plus(1 + i32::from(dice.permille(300)));
        let scheduled = at(day, 8, 30).plus(dice.between(0, 7) * HOUR);
        let started = scheduled.plus(minutes(&mut dice, 0, 35));
        let ended = started.plus(operation.minutes * dice.between(75, 140) / 100 * MINUTE);
        let ordered =
            at(day.plus(-1), 16, 0).plus(minutes(&mut dice, 0, 90)).max(visit.started.plus(90 * MINUTE));
        Some(Planned { operation, ordered, scheduled, started, ended }).filter(|p| p.ordered < p.scheduled)
    }

    /// An operation as others see it at a moment; `None` before it is ordered.
    pub(super) fn surgery_at(&self, case: &Case, planned: &Planned, now: Moment) -> Option<Surgery> {
        if now < planned.ordered {
            return None;
        }
        let draw = self.hash_visit(Purpose::Surgery, case.visit.key) >> 8;
        let department = self.department_of(case);
        let surgeon = self.roster.senior(department, draw);
        let mut helpers = (1..6).map(|i| self.roster.physician(department, draw + i));
        let assistant = helpers.find(|h| h.number != surgeon.number).unwrap_or(surgeon);
        let operation = planned.operation;
        Some(Surgery {
            number: ItemKey { visit: case.visit.key, kind: ItemKind::Surgery, place: 1 }.number(),
            patient: PatientNo(case.visit.person.no),
            encounter: convert::visit_number(case.visit.key),
            code: operation.code,
            name: operation.name,
            grade: operation.grade,
            incision: operation.incision,
            anaesthesia: operation.anaesthesia,
            surgeon: surgeon.number.clone(),
            assistant: assistant.number.clone(),
            scheduled: self.timestamp(planned.scheduled),
            started: (planned.started <= now).then(|| self.timestamp(planned.started)),
            ended: (planned.ended <= now).then(|| self.timestamp(planned.ended)),
            room: (draw % u64::from(ROOMS)) as u8 + 1,
        })
    }
}
