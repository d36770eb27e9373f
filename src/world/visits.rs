//! Who comes when, and when does who come.
//!
//! A day has numbered slots per class of visit; an epoch of 28 days has tickets, of which every
//! patient holds a fixed few. A keyed permutation joins slots and tickets, so both questions cost
//! one evaluation. Slots that nobody can fill (a patient who lies on a ward, or is too old) stay
//! empty: they are the gaps in the numbering.

use super::calendar::{CLASSES, Calendar, EPOCH, class_index, slot_time};
use super::dice::{Dice, Key, Purpose};
use super::people::{CHRONIC_EVERY, Person};
use super::permute::Permutation;
use super::tables::calendar::STAYS;
use super::time::{DAYS, Day, HOUR, MINUTE, Moment};
use super::{VisitClass, World};

/// Nobody comes at a greater age: whoever would is taken to have died.
const OLDEST: i32 = 97;

/// A visit's identity: its class, its day, and its place in that day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct VisitKey {
    pub class: VisitClass,
    pub day: Day,
    pub slot: u32,
}

/// A visit that takes place.
#[derive(Debug, Clone, Copy)]
pub(super) struct Visit {
    pub key: VisitKey,
    pub person: Person,
    pub age: i32,
    pub started: Moment,
    pub ended: Moment,
}

/// A stay as its slot says, whoever else's it collides with.
struct Stay {
    key: VisitKey,
    started: Moment,
    ended: Moment,
}

/// The tickets of one class in one epoch.
#[derive(Debug)]
struct Round {
    start: Day,
    /// Running number of the epoch's first slot.
    first: u32,
    slots: u64,
    patients: u64,
    /// Tickets of one copy: one a patient, and more for those who are often ill.
    base: u64,
    copies: u64,
    shuffle: Permutation,
}

impl Round {
    fn holder(&self, ticket: u64) -> u32 {
        let ticket = ticket % self.base;
        let no = match ticket.checked_sub(self.patients) {
            None => ticket,
            Some(more) => more % often_ill(self.patients) * u64::from(CHRONIC_EVERY) + 3,
        };
        no as u32
    }

    fn tickets(&self, no: u32) -> impl Iterator<Item = u64> + '_ {
        let no = u64::from(no);
        let every = u64::from(CHRONIC_EVERY);
        let often = often_ill(self.patients);
        let more = if no % every == 3 { (self.base - self.patients) / often.max(1) } else { 0 };
        let one_copy =
            std::iter::once(no).chain((0..more).map(move |i| self.patients + i * often + no / every));
        let copies = if no < self.patients { self.copies } else { 0 };
        let base = self.base;
        one_copy.flat_map(move |ticket| (0..copies).map(move |c| c * base + ticket))
    }
}

/// The tickets of all classes in all epochs: some 160 KB, made once because every lookup needs
/// several.
#[derive(Debug)]
pub(super) struct Rounds(Vec<Round>);

impl Rounds {
    /// Makes them.
    pub(super) fn new(key: Key, calendar: &Calendar) -> Rounds {
        let epochs = 0..=DAYS / EPOCH;
        Rounds(epochs.flat_map(|epoch| CLASSES.map(|class| round(key, calendar, class, epoch))).collect())
    }

    fn of(&self, class: VisitClass, epoch: i32) -> Option<&Round> {
        self.0.get(usize::try_from(epoch).ok()? * CLASSES.len() + class_index(class))
    }
}

fn round(key: Key, calendar: &Calendar, class: VisitClass, epoch: i32) -> Round {
    let start = Day(epoch * EPOCH);
    let first = calendar.visits_before(class, start);
    let slots = u64::from(calendar.visits_before(class, start.plus(EPOCH)) - first);
    let patients = u64::from(calendar.registered_before(start).max(1));
    let more = match class {
        VisitClass::Outpatient => 3,
        VisitClass::Emergency => 1,
        VisitClass::Inpatient => 2,
    };
    let base = patients + more * often_ill(patients);
    let copies = slots.div_ceil(base).max(1);
    let salt = class_index(class) as u64;
    let shuffle = Permutation::new(key, Purpose::Ticket, epoch as u64, salt, base * copies);
    Round { start, first, slots, patients, base, copies, shuffle }
}

/// How many of the first `patients` are often ill.
fn often_ill(patients: u64) -> u64 {
    (patients + u64::from(CHRONIC_EVERY) - 4) / u64::from(CHRONIC_EVERY)
}

impl World {
    /// First registrations among the outpatients of a day: how many, of how many slots.
    fn newcomers(&self, day: Day) -> (u64, u64) {
        let calendar = &self.calendar;
        let new = calendar.registered_before(day.plus(1)) - calendar.registered_before(day);
        (u64::from(new), u64::from(calendar.visits(VisitClass::Outpatient, day)))
    }

    /// The patient who is registered with this slot, if the slot is a first registration.
    fn newcomer(&self, key: VisitKey) -> Option<u32> {
        if key.class != VisitClass::Outpatient {
            return None;
        }
        let (new, slots) = self.newcomers(key.day);
        let before = u64::from(key.slot) * new / slots.max(1);
        let after = (u64::from(key.slot) + 1) * new / slots.max(1);
        (after > before).then(|| self.calendar.registered_before(key.day) + before as u32)
    }

    /// The visit that a patient was registered with, if it lies in the world's days.
    pub(super) fn registration_visit(&self, no: u32) -> Option<VisitKey> {
        let day = self.calendar.day_of_registration(no)?;
        let index = u64::from(no - self.calendar.registered_before(day));
        let (new, slots) = self.newcomers(day);
        let slot = ((index + 1) * slots).div_ceil(new) - 1;
        Some(VisitKey { class: VisitClass::Outpatient, day, slot: slot as u32 })
    }

    fn patient_of(&self, key: VisitKey) -> Option<u32> {
        if let Some(no) = self.newcomer(key) {
            return Some(no);
        }
        let round = self.rounds.of(key.class, key.day.0 / EPOCH)?;
        let slot = self.calendar.visits_before(key.class, key.day) + key.slot - round.first;
        Some(round.holder(round.shuffle.forward(u64::from(slot))))
    }

    /// A patient's slots of one class in one epoch, his registration left out.
    fn slots_of(&self, no: u32, class: VisitClass, epoch: i32) -> Vec<VisitKey> {
        let Some(round) = self.rounds.of(class, epoch) else { return Vec::new() };
        let slots = round.tickets(no).map(|t| round.shuffle.backward(t)).filter(|s| *s < round.slots);
        slots
            .map(|s| {
                let (day, slot) = self.calendar.place_of_visit(class, round.start, round.first + s as u32);
                VisitKey { class, day, slot }
            })
            .filter(|key| self.newcomer(*key).is_none())
            .collect()
    }

    /// When a slot begins.
    pub(super) fn slot_start(&self, key: VisitKey) -> Moment {
        let slots = self.calendar.visits(key.class, key.day);
        let jitter = self.hash_visit(Purpose::Slot, key);
        slot_time(key.class, key.day, key.slot, slots, jitter)
    }

    /// A hash of a visit for one purpose.
    pub(super) fn hash_visit(&self, purpose: Purpose, key: VisitKey) -> u64 {
        let class = class_index(key.class) as u64;
        self.key.hash(purpose, key.day.0 as u64, class << 32 | u64::from(key.slot))
    }

    /// Dice of a visit for one purpose.
    pub(super) fn dice_visit(&self, purpose: Purpose, key: VisitKey) -> Dice {
        Dice::of(self.hash_visit(purpose, key))
    }

    /// The rank of an admission by length of stay among those of its day, and the day's count.
    pub(super) fn stay_rank(&self, key: VisitKey) -> (u64, u64) {
        let admitted = u64::from(self.calendar.visits(VisitClass::Inpatient, key.day));
        (self.stay_shuffle(key.day, admitted).forward(u64::from(key.slot)), admitted)
    }

    /// The admission of a day with this rank by length of stay.
    pub(super) fn stay_of_rank(&self, day: Day, rank: u64) -> Option<VisitKey> {
        let admitted = u64::from(self.calendar.visits(VisitClass::Inpatient, day));
        let slot = (rank < admitted).then(|| self.stay_shuffle(day, admitted).backward(rank))?;
        Some(VisitKey { class: VisitClass::Inpatient, day, slot: slot as u32 })
    }

    /// The first rank, among a day's admissions, of those who stay longer than `days`.
    pub(super) fn first_longer_than(&self, days: i32, admitted: u64) -> u64 {
        let share = STAYS.iter().rev().find(|(length, _)| *length <= days).map_or(0, |(_, until)| *until);
        (admitted * u64::from(share)).div_ceil(1000)
    }

    fn stay_shuffle(&self, day: Day, admitted: u64) -> Permutation {
        Permutation::new(self.key, Purpose::Stay, day.0 as u64, 0, admitted)
    }

    fn stay(&self, key: VisitKey) -> Stay {
        let (rank, admitted) = self.stay_rank(key);
        let longest = STAYS[STAYS.len() - 1].0;
        let days = STAYS
            .iter()
            .find(|(_, until)| rank < (admitted * u64::from(*until)).div_ceil(1000))
            .map_or(longest, |(length, _)| *length);
        let minute = self.hash_visit(Purpose::Stay, key) % 150;
        let ended = key.day.plus(days).start().plus(9 * HOUR + minute as i64 * MINUTE);
        Stay { key, started: self.slot_start(key), ended }
    }

    /// Whether another stay of the patient, as its slot says, covers a moment. Whether that one in
    /// turn gives way to a third doesn't matter, so this never looks further.
    fn lies_on_a_ward(&self, no: u32, at: Moment, except: VisitKey) -> bool {
        let epoch = at.day().0.div_euclid(EPOCH);
        (epoch - 1..=epoch)
            .filter(|e| *e >= 0)
            .flat_map(|e| self.slots_of(no, VisitClass::Inpatient, e))
            .filter(|key| *key != except && key.day <= at.day())
            .map(|key| self.stay(key))
            .any(|s| s.started <= at && at < s.ended && s.key != except)
    }

    /// The visit of a slot; `None` when the slot does not exist or stays empty.
    pub(super) fn visit(&self, key: VisitKey) -> Option<Visit> {
        if !key.day.in_world() || key.slot >= self.calendar.visits(key.class, key.day) {
            return None;
        }
        let person = self.person(self.patient_of(key)?)?;
        let age = person.age(key.day);
        let started = self.slot_start(key);
        if age > OLDEST || self.lies_on_a_ward(person.no, started, key) {
            return None;
        }
        Some(Visit { key, person, age, started, ended: self.visit_end(key, started) })
    }

    fn visit_end(&self, key: VisitKey, started: Moment) -> Moment {
        let mut dice = self.dice_visit(Purpose::Visit, key);
        match key.class {
            VisitClass::Outpatient => started.plus(dice.between(50, 320) * MINUTE),
            VisitClass::Emergency => started.plus(dice.between(120, 600) * MINUTE),
            VisitClass::Inpatient => self.stay(key).ended,
        }
    }

    /// A patient's visits that began in a range of days, newest first.
    pub(super) fn visits_of(&self, no: u32, from: Day, to: Day) -> Vec<Visit> {
        let (from, to) = (Day(from.0.max(0)), Day(to.0.min(DAYS - 1)));
        let mut keys: Vec<VisitKey> = (from.0 / EPOCH..=to.0.max(0) / EPOCH)
            .flat_map(|epoch| CLASSES.into_iter().flat_map(move |class| self.slots_of(no, class, epoch)))
            .chain(self.registration_visit(no))
            .filter(|key| (from..=to).contains(&key.day))
            .collect();
        keys.sort_by_key(|key| (key.day, class_index(key.class), key.slot));
        keys.dedup();
        let mut visits: Vec<Visit> = keys.into_iter().filter_map(|key| self.visit(key)).collect();
        visits.sort_by_key(|visit| std::cmp::Reverse(visit.started));
        visits
    }

    /// The visits of a class that began on a day, oldest first.
    pub(super) fn visits_on(&self, class: VisitClass, day: Day) -> impl Iterator<Item = Visit> + '_ {
        let slots = if day.in_world() { self.calendar.visits(class, day) } else { 0 };
        (0..slots).filter_map(move |slot| self.visit(VisitKey { class, day, slot }))
    }

    /// Stays that may last at a moment: those of the last four weeks that do.
    pub(super) fn stays_at(&self, at: Moment) -> Vec<Visit> {
        let today = at.day();
        let longest = STAYS[STAYS.len() - 1].0;
        (today.0 - longest..=today.0)
            .flat_map(|day| self.visits_on(VisitClass::Inpatient, Day(day)))
            .filter(|visit| visit.started <= at && at < visit.ended)
            .collect()
    }
}
