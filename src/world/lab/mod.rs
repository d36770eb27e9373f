//! The laboratory: which visit leads to which tubes, and when they are measured.
//!
//! As in imaging, each desk has its own run of barcodes; a desk takes a sample of visits, and each
//! visit takes as many tubes in a row as a fixed pattern says, so that barcodes have no holes and
//! yet lead back to their visit.

mod controls;
mod critical;
pub(super) mod instruments;
mod shown;
mod values;

use super::cases::Case;
use super::dice::{Dice, Purpose};
use super::permute::Strata;
use super::tables::panels::{self as p, Panel};
use super::time::{Day, HOUR, MINUTE, Moment};
use super::visits::{Visit, VisitKey};
use super::{Sex, VisitClass, World};

/// A tube's identity: the day of its barcode and its number of that day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct LabKey {
    pub day: Day,
    pub number: u32,
}

/// When blood is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Draw {
    Outpatient,
    Emergency,
    /// At admission.
    Admission,
    /// On the morning of this day of a stay.
    Morning(i32),
}

/// Every draw with the first number it gives; each has room for up to the next one's.
const DRAWS: [(Draw, u32); 9] = [
    (Draw::Outpatient, 1),
    (Draw::Emergency, 200_001),
    (Draw::Admission, 300_001),
    (Draw::Morning(1), 400_001),
    (Draw::Morning(3), 500_001),
    (Draw::Morning(5), 600_001),
    (Draw::Morning(8), 700_001),
    (Draw::Morning(12), 800_001),
    (Draw::Morning(18), 900_001),
];

/// Numbers of one draw on one day.
const ROOM: u64 = 99_999;

/// Orders in a thousand that are cancelled.
const CANCELLED: u32 = 12;

/// A tube's course in time, without its reason.
#[derive(Debug, Clone, Copy)]
pub(super) struct TubeCourse {
    pub key: LabKey,
    pub visit: Visit,
    draw: Draw,
    /// Place among the tubes of its draw.
    place: usize,
    pub ordered: Moment,
    pub collected: Moment,
    pub cancelled: Option<Moment>,
}

/// A tube with its reason.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tube {
    pub course: TubeCourse,
    pub case: Case,
    pub panel: &'static Panel,
    pub analysed: Moment,
    pub verified: Moment,
}

impl Draw {
    fn class(self) -> VisitClass {
        match self {
            Draw::Outpatient => VisitClass::Outpatient,
            Draw::Emergency => VisitClass::Emergency,
            Draw::Admission | Draw::Morning(_) => VisitClass::Inpatient,
        }
    }

    /// Visits in a thousand that have it.
    fn rate(self) -> u64 {
        match self {
            Draw::Outpatient => 330,
            Draw::Emergency => 640,
            Draw::Admission | Draw::Morning(1) => 1000,
            Draw::Morning(_) => 800,
        }
    }

    /// Tubes of eight visits in a row.
    fn pattern(self) -> [u64; 8] {
        match self {
            Draw::Outpatient => [1, 2, 1, 3, 2, 1, 2, 2],
            Draw::Emergency => [3, 4, 2, 5, 3, 4, 3, 2],
            Draw::Admission => [2, 3, 2, 3, 2, 2, 3, 2],
            Draw::Morning(1) => [5, 4, 6, 5, 5, 4, 6, 5],
            Draw::Morning(_) => [2, 1, 2, 3, 1, 2, 2, 1],
        }
    }

    fn day_of_stay(self) -> i32 {
        match self {
            Draw::Morning(day) => day,
            Draw::Outpatient | Draw::Emergency | Draw::Admission => 0,
        }
    }

    fn place(self) -> usize {
        DRAWS.iter().position(|(d, _)| *d == self).unwrap_or(0)
    }
}

impl LabKey {
    fn draw(self) -> Option<(Draw, u64)> {
        let (draw, first) = DRAWS.iter().rev().find(|(_, first)| *first <= self.number)?;
        Some((*draw, u64::from(self.number - first)))
    }

    /// Whether the tube is ordered on the day before its barcode's.
    pub(super) fn ordered_before(self) -> bool {
        matches!(self.draw(), Some((Draw::Morning(_), _)))
    }

    fn salt(self) -> u64 {
        (self.day.0 as u64) << 32 | u64::from(self.number)
    }
}

impl World {
    fn draw_sample(&self, draw: Draw, day: Day) -> (Strata, u64) {
        let visit_day = day.plus(-draw.day_of_stay());
        let visits =
            if visit_day.in_world() { u64::from(self.calendar.visits(draw.class(), visit_day)) } else { 0 };
        let first = match draw {
            Draw::Morning(days) => self.first_longer_than(days, visits),
            Draw::Outpatient | Draw::Emergency | Draw::Admission => 0,
        };
        let of = visits - first;
        let per_eight: u64 = draw.pattern().iter().sum();
        let take = (of * draw.rate() / 1000).min(ROOM * 8 / per_eight - 8);
        let salt = (day.0 as u64) << 16 | 0x8000 | draw.place() as u64;
        (Strata::new(self.key, salt, take, of), first)
    }

    /// How far the pattern of a draw is turned in a block of eight visits.
    fn turn(&self, draw: Draw, day: Day, block: u64) -> u64 {
        self.key.hash(Purpose::Pattern, (day.0 as u64) << 8 | draw.place() as u64, block)
    }

    /// Tubes of the `index`-th visit of a draw.
    fn tubes(&self, draw: Draw, day: Day, index: u64) -> u64 {
        let turn = self.turn(draw, day, index / 8);
        draw.pattern()[((index + turn) % 8) as usize]
    }

    /// Tubes of a draw before its `index`-th visit.
    fn tubes_before(&self, draw: Draw, day: Day, index: u64) -> u64 {
        let whole: u64 = draw.pattern().iter().sum::<u64>() * (index / 8);
        whole + (index / 8 * 8..index).map(|i| self.tubes(draw, day, i)).sum::<u64>()
    }

    /// The visit of a draw that the `tube`-th tube belongs to, and the tube's place there.
    fn visit_of_tube(&self, draw: Draw, day: Day, tube: u64) -> (u64, u64) {
        let per_eight: u64 = draw.pattern().iter().sum();
        let mut index = tube / per_eight * 8;
        let mut left = tube % per_eight;
        loop {
            let here = self.tubes(draw, day, index);
            if left < here {
                return (index, left);
            }
            left -= here;
            index += 1;
        }
    }

    fn visit_of_lab(&self, key: LabKey) -> Option<(Draw, VisitKey, u64)> {
        let (draw, tube) = key.draw()?;
        let (index, place) = self.visit_of_tube(draw, key.day, tube);
        let (sample, first) = self.draw_sample(draw, key.day);
        let member = sample.member(index)?;
        let day = key.day.plus(-draw.day_of_stay());
        let visit = match draw {
            Draw::Morning(_) => self.stay_of_rank(day, first + member)?,
            Draw::Outpatient | Draw::Emergency | Draw::Admission => {
                VisitKey { class: draw.class(), day, slot: member as u32 }
            }
        };
        Some((draw, visit, place))
    }

    /// The tubes that a visit leads to.
    pub(super) fn tubes_of(&self, visit: &VisitKey) -> Vec<LabKey> {
        let draws = DRAWS.into_iter().filter(|(draw, _)| draw.class() == visit.class);
        let keys = draws.flat_map(|(draw, low)| {
            let day = visit.day.plus(draw.day_of_stay());
            let (sample, first) = self.draw_sample(draw, day);
            let member = match draw {
                Draw::Morning(_) => self.stay_rank(*visit).0.checked_sub(first),
                Draw::Outpatient | Draw::Emergency | Draw::Admission => Some(u64::from(visit.slot)),
            };
            let range = member.and_then(|m| sample.index(m)).map_or(0..0, |index| {
                let before = self.tubes_before(draw, day, index);
                before..before + self.tubes(draw, day, index)
            });
            range.map(move |tube| LabKey { day, number: low + tube as u32 })
        });
        keys.collect()
    }

    /// Whether blood is drawn at a visit.
    pub(super) fn draws_blood(&self, visit: &VisitKey) -> bool {
        let sampled = |draw| self.draw_sample(draw, visit.day).0.index(u64::from(visit.slot)).is_some();
        match visit.class {
            VisitClass::Outpatient => sampled(Draw::Outpatient),
            VisitClass::Emergency => sampled(Draw::Emergency),
            VisitClass::Inpatient => true,
        }
    }

    /// All tubes with a barcode of a day.
    pub(super) fn tubes_on(&self, day: Day) -> Vec<LabKey> {
        let draws = DRAWS.into_iter().flat_map(|(draw, low)| {
            let take = self.draw_sample(draw, day).0.take;
            let tubes = self.tubes_before(draw, day, take) as u32;
            (low..low + tubes).map(move |number| LabKey { day, number })
        });
        draws.collect()
    }

    /// A tube's course; `None` when there is no such number or nobody came.
    pub(super) fn tube_course(&self, key: LabKey) -> Option<TubeCourse> {
        let (draw, visit_key, place) = self.visit_of_lab(key)?;
        let visit = self.visit(visit_key)?;
        // One order and one needle for all tubes of a draw.
        let mut dice =
            self.key.dice(Purpose::Lab, self.hash_visit(Purpose::Lab, visit_key), draw.place() as u64);
        let (ordered, collected) = draw_times(draw, key.day, &visit, &mut dice);
        let mut own = self.key.dice(Purpose::Lab, key.salt(), 1);
        let cancelled = own
            .permille(CANCELLED)
            .then(|| ordered.plus((collected.0 - ordered.0) * own.between(10, 80) / 100));
        let collected = collected.plus(place as i64 * 9);
        Some(TubeCourse { key, visit, draw, place: place as usize, ordered, collected, cancelled })
    }

    /// The course of the tube with this placer, filler or barcode number.
    fn lab_course(&self, number: &str) -> Option<TubeCourse> {
        match super::convert::parse_order(number)? {
            super::convert::OrderKey::Lab(key) => self.tube_course(key),
            super::convert::OrderKey::Imaging(_) => None,
        }
    }

    /// The reason of a tube.
    pub(super) fn explain_tube(&self, course: TubeCourse) -> Tube {
        let case = self.case(course.visit);
        let panel = panel(&case, course.draw, course.place);
        let mut own = self.key.dice(Purpose::Lab, course.key.salt(), 2);
        let queue = match course.draw {
            Draw::Morning(_) => own.between(40, 130),
            Draw::Emergency => own.between(0, 12),
            Draw::Outpatient | Draw::Admission => own.between(4, 45),
        };
        let analysed = course.collected.plus((panel.minutes + queue) * MINUTE + own.between(0, 59));
        let verified = analysed.plus(own.between(3, 38) * MINUTE + own.between(0, 59));
        Tube { course, case, panel, analysed, verified }
    }
}

fn draw_times(draw: Draw, day: Day, visit: &Visit, dice: &mut Dice) -> (Moment, Moment) {
    let after = |at: Moment, low, high, dice: &mut Dice| at.plus(dice.between(low * MINUTE, high * MINUTE));
    match draw {
        Draw::Outpatient => {
            let ordered = after(visit.started, 12, 50, dice);
            (ordered, after(ordered, 8, 40, dice))
        }
        Draw::Emergency => {
            let ordered = after(visit.started, 5, 18, dice);
            (ordered, after(ordered, 3, 14, dice))
        }
        Draw::Admission => {
            let ordered = after(visit.started, 20, 55, dice);
            (ordered, after(ordered, 15, 50, dice))
        }
        Draw::Morning(_) => {
            let rounds = day.plus(-1).start().plus(dice.between(15 * HOUR, 17 * HOUR + 40 * MINUTE));
            let ordered = rounds.max(after(visit.started, 25, 60, dice));
            let round = day.start().plus(dice.between(5 * HOUR + 30 * MINUTE, 7 * HOUR));
            (ordered, round.max(ordered.plus(20 * MINUTE)))
        }
    }
}

/// What every ward and consulting room orders when the diagnosis asks for nothing more.
static USUAL: [&Panel; 9] = [
    &p::CBC,
    &p::LIVER,
    &p::RENAL,
    &p::ELECTROLYTES,
    &p::GLUCOSE,
    &p::COAGULATION,
    &p::CRP,
    &p::URINE,
    &p::LIPIDS,
];

/// The panel at one place of a draw: what the diagnosis asks for first, then the usual.
fn panel(case: &Case, draw: Draw, place: usize) -> &'static Panel {
    let wanted = case.dx.panels.iter().copied().filter(|panel| fits(panel, case));
    let condition = case.condition.filter(|c| c.icd10 != case.dx.icd10);
    let known = condition.into_iter().flat_map(|c| c.panels.iter().copied().take(1));
    let all = wanted.chain(known).chain(USUAL);
    // At admission the urgent ones; what can wait is drawn in the morning.
    let skip = if matches!(draw, Draw::Morning(1)) { 1 } else { 0 };
    let mut chosen: Vec<&'static Panel> = Vec::new();
    for panel in all {
        if !chosen.iter().any(|c| c.code == panel.code) {
            chosen.push(panel);
        }
    }
    chosen.get(place + skip).or(chosen.last()).copied().unwrap_or(&p::CBC)
}

fn fits(panel: &Panel, case: &Case) -> bool {
    let (age, sex) = (case.visit.age, case.visit.person.sex);
    match panel.code {
        code if code == p::HCG.code => sex == Sex::F && (14..=52).contains(&age),
        code if code == p::BLOOD_GAS.code => case.visit.key.class != VisitClass::Outpatient,
        code if code == p::TUMOUR.code => age >= 30,
        code if code == p::GLYCATED.code || code == p::LIPIDS.code => age >= 16,
        _ => true,
    }
}
