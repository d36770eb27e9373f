//! Searches over days and over the master index, with bounded caches.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::cases::MODALITIES;
use super::imaging::{Course, ImagingKey, LONGEST_DELAY};
use super::names::{NameKey, NamePattern};
use super::time::{Day, Moment};
use super::view::{PatientFilter, StudyFilter};
use super::{Modality, World};

/// Days back that a search of studies reaches without dates.
const DEFAULT_DAYS: i32 = 180;

/// Days back that a search of studies reaches at most: what a hospital of this size keeps online.
/// Older studies are still found by their ids.
const ONLINE_DAYS: i32 = 400;

/// Up to so many patients are looked up one by one (some 12 µs each); for more, days are read.
const FEW_PATIENTS: usize = 600;

/// Days of studies kept in memory: all that a search can reach. At 1,500 beds a day is about 1,400
/// rows of 16 bytes, so this is about 9 MB.
const MAX_SHARDS: usize = ONLINE_DAYS as usize + 2;

/// Patients per block of names: 6 bytes each, so all of 200,000 take 1.2 MB.
const BLOCK: u32 = 4096;

/// A study in sixteen bytes.
#[derive(Debug, Clone, Copy)]
struct Row {
    /// Second of the day at which it began.
    second: u32,
    patient: u32,
    number: u16,
    /// Seconds until its first series is complete.
    first: u16,
    modality: Modality,
    /// Days since it was registered.
    delay: u8,
}

impl Row {
    fn key(self, day: Day) -> ImagingKey {
        let day = day.plus(-i32::from(self.delay));
        ImagingKey { modality: self.modality, day, number: u32::from(self.number) }
    }
}

/// What is kept between searches; all of it can be built again from the seed.
#[derive(Default)]
pub(super) struct Caches {
    shards: Mutex<Shards>,
    names: Mutex<BTreeMap<u32, Arc<[NameKey]>>>,
    /// Beds by epoch, see `wards`.
    pub(super) beds: Mutex<BTreeMap<i32, Arc<[u16]>>>,
}

#[derive(Default)]
struct Shards {
    clock: u64,
    days: BTreeMap<Day, (u64, Arc<[Row]>)>,
}

impl Shards {
    fn get(&mut self, day: Day) -> Option<Arc<[Row]>> {
        self.clock += 1;
        let (used, rows) = self.days.get_mut(&day)?;
        *used = self.clock;
        Some(Arc::clone(rows))
    }

    fn put(&mut self, day: Day, rows: Arc<[Row]>) {
        while self.days.len() >= MAX_SHARDS {
            let oldest = self.days.iter().min_by_key(|(_, (used, _))| *used).map(|(day, _)| *day);
            let Some(oldest) = oldest else { break };
            self.days.remove(&oldest);
        }
        self.clock += 1;
        self.days.insert(day, (self.clock, rows));
    }
}

/// Takes a lock; a panic elsewhere leaves these caches whole.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl World {
    /// Studies by filter, newest first.
    pub(super) fn find_studies(&self, filter: &StudyFilter, now: Moment) -> Vec<Course> {
        let limit = filter.limit.unwrap_or(usize::MAX);
        let (from, to) = self.range(filter, now);
        let named = filter.name.as_ref().map(|pattern| match filter.patient {
            Some(no) => self.names_match(pattern, no.0, now).then_some(no.0).into_iter().collect(),
            None => self.scan_names(pattern, self.registered_at(now)).collect::<Vec<u32>>(),
        });
        let patients = named.or(filter.patient.map(|no| vec![no.0]));
        let mut found = match &patients {
            Some(few) if few.len() <= FEW_PATIENTS => self.studies_of_patients(filter, few, (from, to), now),
            Some(many) => self.studies_of_days(filter, Some(&Bits::of(many)), (from, to), now),
            None => self.studies_of_days(filter, None, (from, to), now),
        };
        found.truncate(limit);
        found
    }

    /// By patient: what was done at each one's visits.
    fn studies_of_patients(
        &self,
        filter: &StudyFilter,
        patients: &[u32],
        (from, to): (Day, Day),
        now: Moment,
    ) -> Vec<Course> {
        let mut found: Vec<Course> = patients.iter().flat_map(|no| self.courses_of(*no, from, to)).collect();
        found.retain(|c| matches(filter, c.key.modality) && self.shown(c, now));
        found.sort_by_key(|c| std::cmp::Reverse((c.started, c.key.modality, c.key.day, c.key.number)));
        found
    }

    /// By day: the rows of every day, from the newest on, until there are enough.
    fn studies_of_days(
        &self,
        filter: &StudyFilter,
        wanted: Option<&Bits>,
        (from, to): (Day, Day),
        now: Moment,
    ) -> Vec<Course> {
        let limit = filter.limit.unwrap_or(usize::MAX);
        let mut found = Vec::new();
        for day in (from.0..=to.0).rev().map(Day) {
            for row in self.shard(day).iter().rev() {
                if found.len() >= limit {
                    return found;
                }
                let visible = day.start().plus(i64::from(row.second) + i64::from(row.first));
                let named = wanted.is_none_or(|set| set.holds(row.patient));
                if visible <= now && named && matches(filter, row.modality) {
                    found.extend(self.course(row.key(day)));
                }
            }
        }
        found
    }

    /// First and last day a search covers.
    fn range(&self, filter: &StudyFilter, now: Moment) -> (Day, Day) {
        let today = now.day();
        let to = filter.to.map_or(today, Day::of).min(today);
        let default = match filter.to {
            Some(_) => to.plus(-DEFAULT_DAYS),
            None => today.plus(-DEFAULT_DAYS),
        };
        let from = filter.from.map_or(default, Day::of);
        (from.max(today.plus(-ONLINE_DAYS)).max(Day(0)), to)
    }

    /// Whether a study's first images are there.
    pub(super) fn shown(&self, course: &Course, now: Moment) -> bool {
        course.cancelled.is_none() && course.visible <= now
    }

    /// A patient's studies that began in a range of days.
    fn courses_of(&self, no: u32, from: Day, to: Day) -> Vec<Course> {
        // A stay may have begun four weeks before its last study.
        let visits = self.visits_of(no, from.plus(-40), to);
        let keys = visits.iter().flat_map(|visit| self.imaging_of(&visit.key));
        let courses = keys.filter_map(|key| self.course(key));
        courses.filter(|course| (from..=to).contains(&course.started.day())).collect()
    }

    /// All studies of a day that were not cancelled, by time.
    fn shard(&self, day: Day) -> Arc<[Row]> {
        if let Some(rows) = lock(&self.caches.shards).get(day) {
            return rows;
        }
        // Built outside the lock: two tasks may build the same day, none waits for another's.
        let mut rows: Vec<Row> =
            self.courses_on(day).filter(|c| c.cancelled.is_none()).map(|c| row(&c)).collect();
        rows.sort_by_key(|row| (row.second, row.modality, std::cmp::Reverse(row.delay), row.number));
        let rows: Arc<[Row]> = rows.into();
        lock(&self.caches.shards).put(day, Arc::clone(&rows));
        rows
    }

    /// All courses, also cancelled ones, that begin on a day.
    pub(super) fn courses_on(&self, day: Day) -> impl Iterator<Item = Course> + '_ {
        let keys = (0..=LONGEST_DELAY).flat_map(move |delay| {
            let registered = day.plus(-delay);
            let modalities = MODALITIES.into_iter().filter(move |m| delay <= 1 || *m == Modality::MR);
            modalities.flat_map(move |m| self.imaging_registered_for(m, registered, delay))
        });
        keys.filter_map(|key| self.course(key)).filter(move |course| course.started.day() == day)
    }

    /// What was registered on a day and may be done `delay` days later.
    fn imaging_registered_for(&self, modality: Modality, day: Day, delay: i32) -> Vec<ImagingKey> {
        if !day.in_world() {
            return Vec::new();
        }
        let mut keys = self.imaging_registered(modality, day);
        if delay > 0 && modality != Modality::MR {
            keys.retain(|key| self.may_wait(*key));
        }
        keys
    }

    /// Patients by filter, by medical record number.
    pub(super) fn find_patients(&self, filter: &PatientFilter, now: Moment) -> Vec<u32> {
        let limit = filter.limit.unwrap_or(usize::MAX);
        let count = self.registered_at(now);
        if let Some(born) = filter.born {
            let day = Day::of(born);
            let mut found: Vec<u32> = self.index.candidates(day).filter(|no| *no < count).collect();
            found.sort_unstable();
            found.retain(|no| self.person(*no).is_some_and(|p| p.born == day));
            if let Some(name) = &filter.name {
                found.retain(|no| self.names_match(name, *no, now));
            }
            found.truncate(limit);
            return found;
        }
        match &filter.name {
            None => (0..count).take(limit).collect(),
            Some(name) => self.scan_names(name, count).take(limit).collect(),
        }
    }

    fn names_match(&self, pattern: &str, no: u32, now: Moment) -> bool {
        let person = self.person(no).filter(|p| p.registered <= now);
        person.is_some_and(|p| NamePattern::new(pattern).matches(self.name_key(&p), &mut Vec::new()))
    }

    fn scan_names(&self, pattern: &str, count: u32) -> impl Iterator<Item = u32> + '_ {
        let pattern = NamePattern::new(pattern);
        let mut buffer = Vec::new();
        (0..count.div_ceil(BLOCK)).flat_map(move |block| {
            let names = self.names(block);
            let first = block * BLOCK;
            let found = (first..count.min(first + BLOCK)).zip(names.iter());
            found
                .filter(|(_, name)| pattern.matches(**name, &mut buffer))
                .map(|(no, _)| no)
                .collect::<Vec<_>>()
        })
    }

    fn names(&self, block: u32) -> Arc<[NameKey]> {
        if let Some(names) = lock(&self.caches.names).get(&block) {
            return Arc::clone(names);
        }
        let people = (block * BLOCK..(block + 1) * BLOCK).map_while(|no| self.person(no));
        let names: Arc<[NameKey]> = people.map(|person| self.name_key(&person)).collect();
        lock(&self.caches.names).insert(block, Arc::clone(&names));
        names
    }
}

fn row(course: &Course) -> Row {
    let started = course.started;
    Row {
        second: started.second() as u32,
        patient: course.visit.person.no,
        number: course.key.number as u16,
        first: (course.visible.0 - started.0) as u16,
        modality: course.key.modality,
        delay: (started.day().0 - course.key.day.0) as u8,
    }
}

fn matches(filter: &StudyFilter, modality: Modality) -> bool {
    filter.modalities.is_empty() || filter.modalities.contains(&modality)
}

/// A set of patients, one bit each.
struct Bits(Vec<u64>);

impl Bits {
    /// The set of sorted numbers.
    fn of(numbers: &[u32]) -> Bits {
        let mut words = vec![0; numbers.last().map_or(0, |last| *last as usize / 64 + 1)];
        for no in numbers {
            words[*no as usize / 64] |= 1 << (no % 64);
        }
        Bits(words)
    }

    fn holds(&self, no: u32) -> bool {
        self.0.get(no as usize / 64).is_some_and(|word| word >> (no % 64) & 1 == 1)
    }
}
