//! When a ward carried out its orders, and which nurse did.

use super::ward::WardOrder;
use super::{ItemKey, ItemKind};
use crate::world::cases::Case;
use crate::world::dice::Purpose;
use crate::world::time::{Day, HOUR, MINUTE, Moment};
use crate::world::{Execution, OrderTerm, Staff, World};

/// The latest that a round is, after its hour.
const LATEST: i64 = 25 * MINUTE;

impl World {
    /// The times a long order is due, with the times it is done. A short one has one.
    pub(super) fn rounds_of<'a>(
        &'a self,
        case: &'a Case,
        order: &'a WardOrder,
    ) -> impl Iterator<Item = (Moment, Moment)> + 'a {
        let long = order.term == OrderTerm::Long;
        let until = order.stopped.unwrap_or(order.started);
        let days = order.started.day().0..=until.day().0;
        let every = order.frequency.days();
        let days = days.filter(move |d| long && (d - order.started.day().0) % every == 0);
        let due = days.flat_map(|d| {
            order.frequency.hours().iter().map(move |h| Day(d).start().plus(i64::from(*h) * HOUR))
        });
        let due = due.filter(move |due| order.checked < *due && due.plus(LATEST) <= until);
        let rounds = due.map(move |due| (due, due.plus(self.late(case, due))));
        rounds.chain(order.done.filter(|_| !long).map(|done| (order.checked, done)))
    }

    fn late(&self, case: &Case, due: Moment) -> i64 {
        (self.key.hash(Purpose::WardOrder, self.hash_visit(Purpose::WardOrder, case.visit.key), due.0 as u64)
            % LATEST as u64) as i64
    }

    /// The nurse of a case's ward who is on duty: three shifts a day.
    pub(super) fn nurse_at(&self, case: &Case, at: Moment) -> &Staff {
        let department = self.department_of(case);
        let shift = (at.second() / (8 * HOUR)) as u64;
        self.roster.technician(
            department,
            self.key.hash(Purpose::WardOrder, (at.day().0 as u64) << 2 | shift, department as u64) >> 8,
        )
    }

    /// The times an order was carried out until a moment.
    pub(super) fn executions_at(&self, case: &Case, order: &WardOrder, now: Moment) -> Vec<Execution> {
        let number =
            ItemKey { visit: case.visit.key, kind: ItemKind::WardOrder, place: order.place }.number();
        let done = self.rounds_of(case, order).filter(|(_, done)| *done <= now);
        done.map(|(due, done)| Execution {
            order: number.clone(),
            due: self.timestamp(due),
            done: self.timestamp(done),
            nurse: self.nurse_at(case, done).number.clone(),
        })
        .collect()
    }
}
