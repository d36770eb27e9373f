//! What happened on a day, in order of time: made when first asked for, and kept for a while.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use super::{ItemKey, ItemKind};
use crate::world::calendar::{CLASSES, class_index};
use crate::world::search::lock;
use crate::world::time::{DAY, Day, HOUR, Moment};
use crate::world::visits::{Visit, VisitKey};
use crate::world::{Modality, VisitClass, World};

/// Days kept in memory. At 1,500 beds a day has some 60,000 rows of 16 bytes, most of them charges,
/// so this is about 8 MB.
const MAX_DAYS: usize = 8;

/// The longest stay, and the day of its settlement.
const LONGEST: i32 = 29;

/// An outpatient's day may reach into the next when it begins after this hour.
const LATE_HOUR: i64 = 15 * HOUR;

/// One thing of a day in sixteen bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Row {
    /// Second of the day.
    second: u32,
    slot: u32,
    /// Days since the visit began.
    since: u8,
    class: u8,
    place: u32,
}

impl Row {
    fn key(self, day: Day, kind: ItemKind) -> ItemKey {
        let class = CLASSES[usize::from(self.class)];
        ItemKey {
            visit: VisitKey { class, day: day.plus(-i32::from(self.since)), slot: self.slot },
            kind,
            place: self.place,
        }
    }
}

/// A day's things by kind, each in order of time.
#[derive(Debug, Default)]
pub(in crate::world) struct Book {
    rows: [Vec<Row>; 6],
}

impl Book {
    /// How many of a kind there are until a moment.
    pub(super) fn count(&self, kind: ItemKind, day: Day, now: Moment) -> usize {
        let until = now.0 - day.start().0;
        self.rows[kind as usize].partition_point(|row| i64::from(row.second) <= until)
    }

    /// Those of a kind at these places.
    pub(super) fn keys(
        &self,
        kind: ItemKind,
        day: Day,
        from: usize,
        to: usize,
    ) -> impl Iterator<Item = ItemKey> + '_ {
        let all = &self.rows[kind as usize];
        let (from, to) = (from.min(all.len()), to.min(all.len()));
        all[from..to.max(from)].iter().map(move |row| row.key(day, kind))
    }
}

/// Books by day with the clock of their last use, and that clock.
#[derive(Default)]
struct Shelf {
    clock: u64,
    days: BTreeMap<i32, (u64, Arc<Book>)>,
}

/// The books that are kept.
#[derive(Default)]
pub(in crate::world) struct Books {
    kept: Mutex<Shelf>,
}

impl World {
    /// The book of a day.
    pub(super) fn book(&self, day: Day) -> Arc<Book> {
        {
            let Shelf { clock, days } = &mut *lock(&self.books.kept);
            *clock += 1;
            if let Some((used, book)) = days.get_mut(&day.0) {
                *used = *clock;
                return Arc::clone(book);
            }
        }
        let book = Arc::new(self.written(day));
        let Shelf { clock, days } = &mut *lock(&self.books.kept);
        while days.len() >= MAX_DAYS {
            let oldest = days.iter().min_by_key(|(_, (used, _))| *used).map(|(day, _)| *day);
            let Some(oldest) = oldest else { break };
            days.remove(&oldest);
        }
        days.insert(day.0, (*clock, Arc::clone(&book)));
        book
    }

    fn written(&self, day: Day) -> Book {
        let mut book = Book::default();
        for visit in self.active_on(day) {
            self.write(&mut book, visit, day);
        }
        for rows in &mut book.rows {
            rows.sort_unstable();
        }
        book
    }

    /// Visits of which something may have happened on a day.
    fn active_on(&self, day: Day) -> Vec<Visit> {
        let outpatients = [VisitClass::Outpatient, VisitClass::Emergency];
        let mut visits: Vec<Visit> =
            outpatients.into_iter().flat_map(|class| self.visits_on(class, day)).collect();
        let late = |visit: &Visit| visit.started.second() > LATE_HOUR;
        let before = day.plus(-1);
        visits.extend(outpatients.into_iter().flat_map(|class| self.visits_on(class, before)).filter(late));
        // An MR study waits for days, and may be cancelled on any of them.
        for before in (1..=4).map(|back| day.plus(-back)).filter(|d| d.in_world()) {
            let courses =
                self.imaging_registered(Modality::MR, before).into_iter().filter_map(|key| self.course(key));
            let cancelled = courses.filter(|c| c.cancelled.is_some_and(|at| at.plus(HOUR).day() >= day));
            visits.extend(cancelled.map(|c| c.visit).filter(|v| v.key.class != VisitClass::Inpatient));
        }
        let stays = (day.0 - LONGEST..=day.0).flat_map(|d| self.visits_on(VisitClass::Inpatient, Day(d)));
        visits.extend(stays.filter(|visit| visit.ended.day() >= day));
        visits.sort_by_key(|visit| (visit.key.day, class_index(visit.key.class), visit.key.slot));
        visits.dedup_by_key(|visit| visit.key);
        visits
    }

    fn write(&self, book: &mut Book, visit: Visit, day: Day) {
        let case = self.case(visit);
        let mut put = |kind: ItemKind, at: Moment, place: usize| {
            if at.day() == day {
                book.rows[kind as usize].push(Row {
                    second: at.0.rem_euclid(DAY) as u32,
                    slot: visit.key.slot,
                    since: (day.0 - visit.key.day.0) as u8,
                    class: class_index(visit.key.class) as u8,
                    place: place as u32 + 1,
                });
            }
        };
        for script in self.scripts(&case) {
            put(ItemKind::Prescription, script.written, script.place as usize - 1);
        }
        for order in self.ward_orders(&case) {
            put(ItemKind::WardOrder, order.started, order.place as usize - 1);
        }
        let ledger = self.ledger(&case);
        for (place, line) in ledger.lines.iter().enumerate() {
            put(ItemKind::Charge, line.at, place);
        }
        for (place, bill) in ledger.bills.iter().enumerate() {
            put(ItemKind::Bill, bill.at, place);
        }
        for (place, paid) in ledger.deposits.iter().enumerate() {
            put(ItemKind::Deposit, paid.at, place);
        }
        if let Some(planned) = self.planned(&case) {
            put(ItemKind::Surgery, planned.scheduled, 0);
        }
    }
}
