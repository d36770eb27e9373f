//! How much happens on which day, and at what hour: volumes by weekday, season and holiday.

use super::VisitClass;
use super::dice::{Key, Purpose};
use super::tables::calendar as table;
use super::time::{DAY, DAYS, Day, HOUR, Moment};
use crate::persona::Hospital;

/// Days of one epoch: within it a patient holds a fixed number of tickets (see `visits`).
pub(super) const EPOCH: i32 = 28;

/// Share of the master index, in per mille, that was registered before the world's first day; the
/// rest comes evenly until 2026, and growth goes on at that pace.
const REGISTERED_BEFORE: u64 = 400;

/// Days from the world's first one until the master index has the size the hospital claims: by
/// 2026-01-01.
const DAYS_TO_SIZE: usize = 2_192;

/// Counts before a day begins.
#[derive(Debug, Clone, Copy, Default)]
struct Totals {
    visits: [u32; 3],
    registered: u32,
}

/// Counts of every day of the world, as running totals: 16 bytes a day.
#[derive(Debug)]
pub(super) struct Calendar {
    totals: Vec<Totals>,
}

impl Calendar {
    /// Plans all days.
    pub(super) fn new(hospital: &Hospital, key: Key) -> Self {
        let mut totals = Vec::with_capacity(DAYS as usize + 1);
        let mut sum = Totals::default();
        for d in 0..=DAYS {
            totals.push(sum);
            for (class, total) in CLASSES.into_iter().zip(&mut sum.visits) {
                *total += volume(hospital.beds, class, Day(d), key);
            }
        }
        let before = u64::from(hospital.patients) * REGISTERED_BEFORE / 1000;
        let pace = growth(hospital, &totals);
        for day in &mut totals {
            day.registered = before as u32 + (f64::from(day.visits[0]) * pace) as u32;
        }
        Calendar { totals }
    }

    fn totals(&self, day: Day) -> Totals {
        let last = self.totals.len() - 1;
        self.totals[(day.0.max(0) as usize).min(last)]
    }

    /// Visit slots of a class on a day.
    pub(super) fn visits(&self, class: VisitClass, day: Day) -> u32 {
        self.visits_before(class, day.plus(1)) - self.visits_before(class, day)
    }

    /// Visit slots of a class since the world's first day, before a day.
    pub(super) fn visits_before(&self, class: VisitClass, day: Day) -> u32 {
        self.totals(day).visits[class_index(class)]
    }

    /// Day and place in the day of the slot with this running number, which lies in the epoch that
    /// begins at `start`.
    pub(super) fn place_of_visit(&self, class: VisitClass, start: Day, number: u32) -> (Day, u32) {
        let c = class_index(class);
        let from = (start.0.max(0) as usize).min(self.totals.len());
        let epoch = &self.totals[from..(from + EPOCH as usize + 1).min(self.totals.len())];
        let day = start.plus(epoch.partition_point(|t| t.visits[c] <= number) as i32 - 1);
        (day, number - self.visits_before(class, day))
    }

    /// Patients registered before a day.
    pub(super) fn registered_before(&self, day: Day) -> u32 {
        self.totals(day).registered
    }

    /// The day on which a patient was registered, if it lies in the world's days.
    pub(super) fn day_of_registration(&self, patient: u32) -> Option<Day> {
        let index = self.totals.partition_point(|t| t.registered <= patient);
        (index > 0 && index < self.totals.len()).then(|| Day(index as i32 - 1))
    }

    /// How many patients will ever be registered.
    pub(super) fn ever_registered(&self) -> u32 {
        self.totals(Day(DAYS)).registered
    }
}

/// All classes in the order of the running totals.
pub(super) const CLASSES: [VisitClass; 3] =
    [VisitClass::Outpatient, VisitClass::Emergency, VisitClass::Inpatient];

/// Place of a class in running totals.
pub(super) fn class_index(class: VisitClass) -> usize {
    match class {
        VisitClass::Outpatient => 0,
        VisitClass::Emergency => 1,
        VisitClass::Inpatient => 2,
    }
}

/// First registrations as a share of outpatient visits, so that the index has its claimed size
/// when it should.
fn growth(hospital: &Hospital, totals: &[Totals]) -> f64 {
    let new = f64::from(hospital.patients) * (1000 - REGISTERED_BEFORE) as f64 / 1000.0;
    let visits = totals.get(DAYS_TO_SIZE).map_or(0, |day| day.visits[0]);
    (new / f64::from(visits.max(1))).min(0.5)
}

fn volume(beds: u32, class: VisitClass, day: Day, key: Key) -> u32 {
    let (_, month, _) = day.ymd();
    let (month, weekday) = (month as usize - 1, day.weekday());
    let holiday = holiday(day);
    let (base, percent) = match class {
        VisitClass::Outpatient => {
            (1_690, table::OUTPATIENT_WEEK[weekday].min(holiday) * table::OUTPATIENT_MONTH[month])
        }
        VisitClass::Emergency => (250, table::EMERGENCY_WEEK[weekday] * table::EMERGENCY_MONTH[month]),
        VisitClass::Inpatient => (122, table::ADMISSION_WEEK[weekday].min(holiday + 15) * 100),
    };
    let noise = 970 + key.hash(Purpose::Volume, day.0 as u64, class_index(class) as u64) % 61;
    (u64::from(beds) * base * u64::from(percent) * noise / 1000 / 10_000 / 1000) as u32
}

/// Outpatients that come at most, in per cent of an ordinary weekday.
fn holiday(day: Day) -> u32 {
    let (year, month, of_month) = day.ymd();
    let lunar = usize::try_from(year - 2020).ok().and_then(|i| table::LUNAR_NEW_YEAR.get(i));
    if let Some(&(m, d)) = lunar {
        let since = day.0 - Day::parse_yyyymmdd(&format!("{year}{m:02}{d:02}")).map_or(0, |x| x.0);
        match since {
            -1..=2 => return 14,
            3..=6 => return 24,
            -5..=-2 => return 62,
            7..=12 => return 84,
            _ => {}
        }
    }
    match (month, of_month) {
        (1, 1) | (4, 4..=6) => 46,
        (5, 1..=5) => 40,
        (10, 1..=3) => 28,
        (10, 4..=7) => 38,
        _ => 1000,
    }
}

/// The moment of slot `slot` of `slots` on a day: slots are in time order and follow the hours of
/// their class; `jitter` places the slot within its share.
pub(super) fn slot_time(class: VisitClass, day: Day, slot: u32, slots: u32, jitter: u64) -> Moment {
    let hours = match class {
        VisitClass::Outpatient => &table::OUTPATIENT_HOURS,
        VisitClass::Emergency => &table::EMERGENCY_HOURS,
        VisitClass::Inpatient => &table::ADMISSION_HOURS,
    };
    let total: u32 = hours.iter().sum();
    let place = (f64::from(slot) + (jitter % 1024) as f64 / 1024.0) / f64::from(slots.max(1));
    let mut left = place * f64::from(total);
    for (hour, weight) in hours.iter().enumerate() {
        let weight = f64::from(*weight);
        if left < weight {
            return day.start().plus(hour as i64 * HOUR + (left / weight * HOUR as f64) as i64);
        }
        left -= weight;
    }
    day.start().plus(DAY - 1)
}
