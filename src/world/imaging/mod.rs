//! Imaging: which visit leads to which study, and when.
//!
//! A modality's day has three desks, each with its own run of accession numbers. A desk takes a
//! stratified sample of the visits it serves, so that number and visit find each other in either
//! direction.

pub(super) mod devices;
mod report;
mod series;
pub(super) mod uid;

pub(super) use series::SeriesPlan;

use super::cases::{Case, MODALITIES, modality_index};
use super::dice::{Dice, Purpose};
use super::permute::Strata;
use super::tables::exams::{self, Exam};
use super::time::{Day, HOUR, MINUTE, Moment};
use super::visits::{Visit, VisitKey};
use super::{Finding, Modality, VisitClass, World};

/// A study's identity: modality, day of registration, and its number of that day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct ImagingKey {
    pub modality: Modality,
    pub day: Day,
    pub number: u32,
}

/// Where a study is registered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Desk {
    Outpatient,
    /// On the day of admission.
    Admission,
    /// Again, some days into a long stay.
    Control,
    Emergency,
}

/// Every desk with the first and last accession number it gives.
const DESKS: [(Desk, u32, u32); 4] = [
    (Desk::Outpatient, 1, 4_999),
    (Desk::Admission, 5_001, 6_999),
    (Desk::Control, 7_001, 7_999),
    (Desk::Emergency, 8_001, 9_999),
];

/// The day of a stay on which control exams are ordered.
const CONTROL_DAY: i32 = 5;

/// Orders in a thousand that are cancelled.
const CANCELLED: u32 = 16;

/// The longest a study waits after the day it was registered.
pub(super) const LONGEST_DELAY: i32 = 4;

/// A study's course in time, without its reason.
#[derive(Debug, Clone, Copy)]
pub(super) struct Course {
    pub key: ImagingKey,
    pub visit: Visit,
    pub ordered: Moment,
    /// When the patient is put on the table, or would have been.
    pub started: Moment,
    /// When the first series is complete.
    pub visible: Moment,
    /// When the last one is.
    pub ended: Moment,
    pub cancelled: Option<Moment>,
}

/// A study with its reason.
#[derive(Debug, Clone, Copy)]
pub(super) struct Imaging {
    pub course: Course,
    pub case: Case,
    pub exam: &'static Exam,
    pub finding: Finding,
}

impl Desk {
    fn class(self) -> VisitClass {
        match self {
            Desk::Outpatient => VisitClass::Outpatient,
            Desk::Emergency => VisitClass::Emergency,
            Desk::Admission | Desk::Control => VisitClass::Inpatient,
        }
    }

    /// Studies per thousand visits, by modality.
    fn rate(self, modality: Modality) -> u64 {
        let rates = match self {
            Desk::Outpatient => [68, 126, 24, 190, 24, 0, 20],
            Desk::Admission => [370, 260, 190, 700, 0, 0, 350],
            Desk::Control => [130, 90, 30, 120, 0, 130, 40],
            Desk::Emergency => [300, 220, 16, 140, 0, 50, 150],
        };
        rates[modality_index(modality)]
    }

    /// Days after the visit began that the exam is ordered.
    fn day_of_stay(self) -> i32 {
        if self == Desk::Control { CONTROL_DAY } else { 0 }
    }
}

impl ImagingKey {
    fn desk(self) -> Option<(Desk, u32)> {
        let (desk, first, _) = DESKS.into_iter().find(|(_, f, l)| (*f..=*l).contains(&self.number))?;
        Some((desk, self.number - first))
    }

    fn salt(self) -> u64 {
        (self.day.0 as u64) << 32 | (modality_index(self.modality) as u64) << 16 | u64::from(self.number)
    }
}

impl World {
    /// The sample that a desk takes for a modality on a day: of slots, or for controls of ranks of
    /// those who stay long enough; with the first such rank.
    fn desk_sample(&self, desk: Desk, modality: Modality, day: Day) -> (Strata, u64) {
        let visit_day = day.plus(-desk.day_of_stay());
        let visits = u64::from(self.calendar.visits(desk.class(), visit_day));
        let first = if desk == Desk::Control { self.first_longer_than(CONTROL_DAY + 1, visits) } else { 0 };
        let of = visits - first;
        let (_, low, high) = DESKS[desk as usize];
        let take = (of * desk.rate(modality) / 1000).min(u64::from(high - low) + 1);
        let salt = (day.0 as u64) << 8 | (desk as u64) << 4 | modality_index(modality) as u64;
        (Strata::new(self.key, salt, take, of), first)
    }

    fn visit_of_imaging(&self, key: ImagingKey) -> Option<(Desk, VisitKey)> {
        let (desk, index) = key.desk()?;
        let day = key.day.plus(-desk.day_of_stay());
        if !day.in_world() {
            return None;
        }
        let (sample, first) = self.desk_sample(desk, key.modality, key.day);
        let member = sample.member(u64::from(index))?;
        let visit = match desk {
            Desk::Control => self.stay_of_rank(day, first + member)?,
            Desk::Outpatient | Desk::Admission | Desk::Emergency => {
                VisitKey { class: desk.class(), day, slot: member as u32 }
            }
        };
        Some((desk, visit))
    }

    /// The studies that a visit leads to.
    pub(super) fn imaging_of(&self, visit: &VisitKey) -> Vec<ImagingKey> {
        let desks = DESKS.into_iter().filter(|(desk, _, _)| desk.class() == visit.class);
        let keys = desks.flat_map(|(desk, low, _)| {
            let day = visit.day.plus(desk.day_of_stay());
            MODALITIES.into_iter().filter_map(move |modality| {
                let (sample, first) = self.desk_sample(desk, modality, day);
                let member = match desk {
                    Desk::Control => self.stay_rank(*visit).0.checked_sub(first)?,
                    Desk::Outpatient | Desk::Admission | Desk::Emergency => u64::from(visit.slot),
                };
                let number = low + sample.index(member)? as u32;
                Some(ImagingKey { modality, day, number })
            })
        });
        keys.collect()
    }

    /// The numbers a modality may give on a day, desk by desk.
    pub(super) fn imaging_registered(&self, modality: Modality, day: Day) -> Vec<ImagingKey> {
        let desks = DESKS.into_iter().flat_map(|(desk, low, _)| {
            let take = self.desk_sample(desk, modality, day).0.take as u32;
            (low..low + take).map(move |number| ImagingKey { modality, day, number })
        });
        desks.collect()
    }

    /// The course of a study; `None` when there is no such number or nobody came.
    pub(super) fn course(&self, key: ImagingKey) -> Option<Course> {
        let (desk, visit_key) = self.visit_of_imaging(key)?;
        let visit = self.visit(visit_key).filter(|visit| may_have(key.modality, visit))?;
        let mut dice = self.key.dice(Purpose::Imaging, key.salt(), 0);
        let ordered = order_time(desk, &visit, &mut dice);
        let started = start_time(desk, key.modality, ordered, &mut dice);
        let cancelled = dice
            .permille(CANCELLED)
            .then(|| ordered.plus((started.0 - ordered.0) * dice.between(20, 90) / 100));
        let (first, last) = match key.modality {
            Modality::CT => (35, dice.between(150, 420)),
            Modality::DX => (20, dice.between(50, 160)),
            Modality::MR => (170, dice.between(720, 1500)),
            Modality::US => (dice.between(240, 420), 0),
            Modality::MG => (dice.between(60, 110), dice.between(180, 320)),
            Modality::CR => (dice.between(40, 120), 0),
            Modality::ECG => (dice.between(30, 90), 0),
        };
        let visible = started.plus(first);
        Some(Course { key, visit, ordered, started, visible, ended: visible.plus(last), cancelled })
    }

    /// The reason of a study.
    pub(super) fn explain(&self, course: Course) -> Imaging {
        let case = self.case(course.visit);
        let (exam, finding) = self.exam_of(&case, course.key.modality);
        Imaging { course, case, exam, finding }
    }

    /// Whether a study that isn't MR may be done on the day after its registration: that of those
    /// who come late.
    pub(super) fn may_wait(&self, key: ImagingKey) -> bool {
        match self.visit_of_imaging(key) {
            Some((Desk::Emergency, visit)) => self.slot_start(visit).second() > 22 * HOUR,
            Some((Desk::Admission, visit)) => self.slot_start(visit).second() > 14 * HOUR,
            Some((Desk::Outpatient | Desk::Control, _)) | None => false,
        }
    }

    /// Set of modalities and blood that a visit will need.
    pub(super) fn demand(&self, visit: &Visit) -> super::cases::Demand {
        let keys = self.imaging_of(&visit.key).into_iter().filter(|key| may_have(key.modality, visit));
        let modalities = keys.fold(0, |set, key| set | 1 << modality_index(key.modality));
        super::cases::Demand { modalities, lab: self.draws_blood(&visit.key) }
    }

    /// Dice of a study for one purpose.
    pub(super) fn dice_imaging(&self, purpose: Purpose, key: ImagingKey) -> Dice {
        self.key.dice(purpose, key.salt(), 1)
    }
}

/// Whether somebody is sent to a modality: mammography is for women from thirty on, and those whom its
/// desk's sample names beside them leave a gap in its numbers.
fn may_have(modality: Modality, visit: &Visit) -> bool {
    modality != Modality::MG || exams::MG_BOTH.fits(visit.age, visit.person.sex)
}

fn order_time(desk: Desk, visit: &Visit, dice: &mut Dice) -> Moment {
    match desk {
        Desk::Outpatient => visit.started.plus(dice.between(14 * MINUTE, 55 * MINUTE)),
        Desk::Emergency => visit.started.plus(dice.between(6 * MINUTE, 24 * MINUTE)),
        Desk::Admission => visit.started.plus(dice.between(35 * MINUTE, 100 * MINUTE)),
        Desk::Control => {
            visit.key.day.plus(CONTROL_DAY).start().plus(8 * HOUR + dice.between(20, 150) * MINUTE)
        }
    }
}

fn start_time(desk: Desk, modality: Modality, ordered: Moment, dice: &mut Dice) -> Moment {
    let soon = |low: i64, high: i64, dice: &mut Dice| ordered.plus(dice.between(low * MINUTE, high * MINUTE));
    let by_day = |days: i32, dice: &mut Dice| {
        ordered.day().plus(days).start().plus(dice.between(7 * HOUR + 40 * MINUTE, 19 * HOUR))
    };
    let evening = ordered.second() > 16 * HOUR;
    match (desk, modality) {
        (Desk::Emergency, Modality::MR) => soon(50, 160, dice),
        (Desk::Emergency, _) => soon(8, 40, dice),
        (_, Modality::MR) => match dice.below(100) {
            0..=19 if !evening => soon(70, 240, dice),
            0..=54 => by_day(1, dice),
            55..=84 => by_day(2, dice),
            _ => by_day(3, dice),
        },
        (Desk::Outpatient, Modality::DX) => soon(10, 42, dice),
        (Desk::Outpatient, Modality::CT) => soon(22, 85, dice),
        (Desk::Outpatient, Modality::US | Modality::MG) => soon(18, 110, dice),
        (Desk::Outpatient, Modality::CR | Modality::ECG) => soon(6, 40, dice),
        (Desk::Admission | Desk::Control, _) if evening => by_day(1, dice),
        (Desk::Admission | Desk::Control, _) => soon(45, 260, dice),
    }
}
