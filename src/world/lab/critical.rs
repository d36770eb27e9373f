//! Critical values: what is told to the ward at once, by whom, to whom and when.

use super::Tube;
use crate::world::dice::Purpose;
use crate::world::tables::analysers::CRITICAL;
use crate::world::tables::departments::Dept;
use crate::world::time::{MINUTE, Moment};
use crate::world::{CriticalValue, LabOrder, LabResult, World};

/// Seconds from the measurement to the laboratory's call: the run is looked at, often repeated.
const CALL: (i64, i64) = (4 * MINUTE, 17 * MINUTE);

/// Seconds from the call to the physician's note.
const HANDLED: (i64, i64) = (3 * MINUTE, 28 * MINUTE);

impl World {
    /// The critical values among an order's results, as far as they have come.
    pub(in crate::world) fn criticals_of(
        &self,
        tube: &Tube,
        order: &LabOrder,
        now: Moment,
    ) -> Vec<CriticalValue> {
        let Some(found) = order.analysed else { return Vec::new() };
        let limits = order.results.iter().filter_map(|result| Some((result, limit_of(result)?)));
        limits.map(|(result, limit)| self.critical(tube, order, found, (result, limit), now)).collect()
    }

    fn critical(
        &self,
        tube: &Tube,
        order: &LabOrder,
        found: jiff::Timestamp,
        (result, limit): (&LabResult, String),
        now: Moment,
    ) -> CriticalValue {
        // One call for all critical values of a tube.
        let mut dice = self.key.dice(Purpose::Critical, tube.course.key.salt(), 0);
        let called = tube.analysed.plus(dice.between(CALL.0, CALL.1));
        let handled = called.plus(dice.between(HANDLED.0, HANDLED.1));
        let department = self.department_of(&tube.case);
        let (caller, receiver) = (dice.next() >> 8, dice.next() >> 8);
        let seen = |at: Moment| (at <= now).then(|| self.timestamp(at));
        let (called, handled) = (seen(called), seen(handled));
        let number = |staff: &crate::world::Staff| staff.number.clone();
        CriticalValue {
            order: order.order.clone(),
            specimen: order.specimen.clone(),
            patient: order.patient,
            item: result.item,
            value: result.value.clone(),
            limit,
            found,
            called,
            caller: called.map(|_| number(self.roster.technician(Dept::Laboratory, caller))),
            receiver: called.map(|_| number(self.roster.technician(department, receiver))),
            department: department.row().code.to_owned(),
            handled,
            physician: handled.map(|_| number(self.physician_of(&tube.case))),
        }
    }
}

/// The limit that a result passed.
fn limit_of(result: &LabResult) -> Option<String> {
    let (_, below, above) = CRITICAL.iter().find(|(code, ..)| *code == result.item.code)?;
    let value: f64 = result.value.parse().ok()?;
    let low = below.filter(|limit| value < *limit).map(|limit| format!("<{limit}"));
    low.or_else(|| above.filter(|limit| value > *limit).map(|limit| format!(">{limit}")))
}
