//! Beds: no two patients lie in one at the same time.
//!
//! Who is admitted in an epoch is put into the first free bed of the department, in order. Epochs
//! take even and odd bed numbers in turn: a stay of 28 days reaches into the next epoch, which
//! uses the other half, and never into the one after, so an epoch can be worked out by itself.

use std::sync::Arc;

use super::calendar::EPOCH;
use super::search::lock;
use super::tables::departments::DEPARTMENTS;
use super::time::{Day, Moment};
use super::visits::VisitKey;
use super::{VisitClass, World};

/// Epochs of beds kept in memory: about 12 KB each at 1,500 beds.
const MAX_EPOCHS: usize = 24;

impl World {
    /// Ward and bed of a stay; none for other visits.
    pub(super) fn bed_of(&self, key: VisitKey) -> Option<String> {
        if key.class != VisitClass::Inpatient {
            return None;
        }
        let epoch = key.day.0 / EPOCH;
        let place = self.admission_place(epoch, key);
        let bed = *self.beds(epoch).get(place)?;
        let department = self.department_of(&self.case(self.visit(key)?)).row();
        Some(format!("{}-{bed:02}", department.code))
    }

    fn admission_place(&self, epoch: i32, key: VisitKey) -> usize {
        let before = |day| self.calendar.visits_before(VisitClass::Inpatient, day);
        (before(key.day) - before(Day(epoch * EPOCH)) + key.slot) as usize
    }

    /// Bed numbers of all admissions of an epoch; 0 where nobody came.
    fn beds(&self, epoch: i32) -> Arc<[u16]> {
        if let Some(beds) = lock(&self.caches.beds).get(&epoch) {
            return Arc::clone(beds);
        }
        let beds: Arc<[u16]> = self.assign_beds(epoch).into();
        let mut kept = lock(&self.caches.beds);
        while kept.len() >= MAX_EPOCHS {
            kept.pop_first();
        }
        kept.insert(epoch, Arc::clone(&beds));
        beds
    }

    fn assign_beds(&self, epoch: i32) -> Vec<u16> {
        let mut free_from: Vec<Vec<Moment>> = DEPARTMENTS.iter().map(|_| Vec::new()).collect();
        let slots =
            (epoch * EPOCH..(epoch + 1) * EPOCH).map(Day).filter(|day| day.in_world()).flat_map(|day| {
                let slots = self.calendar.visits(VisitClass::Inpatient, day);
                (0..slots).map(move |slot| VisitKey { class: VisitClass::Inpatient, day, slot })
            });
        let assign = |key: VisitKey| {
            let Some(visit) = self.visit(key) else { return 0 };
            let beds = &mut free_from[self.department_of(&self.case(visit)) as usize];
            let free = beds.iter().position(|from| *from <= visit.started);
            let bed = free.unwrap_or_else(|| {
                beds.push(visit.started);
                beds.len() - 1
            });
            beds[bed] = visit.ended;
            (bed * 2 + (epoch % 2) as usize + 1) as u16
        };
        slots.map(assign).collect()
    }
}
