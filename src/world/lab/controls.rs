//! Quality control: what the instruments measured of materials that are known, every morning, and
//! the calibrations beneath it.

use crate::world::dice::{Dice, Purpose};
use crate::world::tables::analysers::{ANALYSERS, Material, Row, calibration_days, material};
use crate::world::tables::departments::Dept;
use crate::world::tables::lab::{Item, Shape};
use crate::world::time::{Day, HOUR, MINUTE, Moment};
use crate::world::{Calibration, ControlRun, ControlState, Discipline, World};

/// A control is out of its limits by chance so often, in a thousand.
const OUTLIERS: u32 = 5;

/// Runs of the same level that Westgard's rules look at: 10x needs ten.
const WINDOW: i32 = 10;

/// Minutes from a rejected control to the next try.
const AGAIN: i64 = 14;

/// One level of one item on one instrument.
#[derive(Clone, Copy)]
struct Chart {
    place: usize,
    item: &'static Item,
    level: u8,
}

impl Chart {
    fn row(&self) -> &'static Row {
        &ANALYSERS[self.place]
    }

    fn salt(&self) -> u64 {
        let item =
            self.item.item.code.bytes().fold(7u64, |h, b| h.wrapping_mul(0x0100_0000_01b3) ^ u64::from(b));
        item ^ (self.place as u64) << 56 ^ u64::from(self.level) << 48
    }
}

impl World {
    /// All control runs of an instrument on a day, in order of time.
    pub(in crate::world) fn controls_of(&self, place: usize, day: Day) -> Vec<ControlRun> {
        let material = material(ANALYSERS[place].discipline);
        let charts = quantitative(&ANALYSERS[place])
            .flat_map(|item| (1..=material.levels).map(move |level| Chart { place, item, level }));
        let mut runs: Vec<ControlRun> = charts.flat_map(|chart| self.control(chart, day)).collect();
        runs.sort_by_key(|run| run.at);
        runs
    }

    /// The runs of one chart from one day to another, both included, oldest first.
    pub(in crate::world) fn chart(
        &self,
        place: usize,
        code: &str,
        level: u8,
        (from, to): (Day, Day),
    ) -> Vec<ControlRun> {
        let item = quantitative(&ANALYSERS[place]).find(|item| item.item.code == code);
        let levels = material(ANALYSERS[place].discipline).levels;
        let Some(item) = item.filter(|_| (1..=levels).contains(&level)) else { return Vec::new() };
        let chart = Chart { place, item, level };
        (from.0..=to.0).flat_map(|day| self.control(chart, Day(day))).collect()
    }

    /// The last calibration of each item of an instrument before a moment.
    pub(in crate::world) fn calibrations_of(&self, place: usize, now: Moment) -> Vec<Calibration> {
        let row = &ANALYSERS[place];
        let Some(days) = calibration_days(row.discipline) else { return Vec::new() };
        let items = quantitative(row).enumerate();
        items.map(|(index, item)| self.calibration(place, index, item, days, now)).collect()
    }

    fn calibration(
        &self,
        place: usize,
        index: usize,
        item: &'static Item,
        days: i32,
        now: Moment,
    ) -> Calibration {
        let offset = self.key.hash(Purpose::Control, place as u64, index as u64 | 1 << 32) % days as u64;
        let at = |day: Day| day.start().plus(6 * HOUR + 5 * MINUTE + index as i64 * 47);
        let due = |day: Day| Day(day.0 - (day.0 + offset as i32).rem_euclid(days));
        let today = due(now.day());
        let day = if at(today) <= now { today } else { due(today.plus(-1)) };
        let mut dice =
            self.key.dice(Purpose::Control, (day.0 as u64) << 8 | place as u64, index as u64 | 1 << 33);
        Calibration {
            instrument: ANALYSERS[place].code.to_owned(),
            item: &item.item,
            at: self.timestamp(at(day)),
            lot: format!("{:06}", 100_000 + dice.below(899_999)),
            factor: ((1.0 + dice.normal() * 0.012) * 1000.0).round() / 1000.0,
            operator: self.operator(place, day),
        }
    }

    /// The morning's run, and the next one after it when it was rejected.
    fn control(&self, chart: Chart, day: Day) -> Vec<ControlRun> {
        let z = self.deviation(chart, day);
        let before: Vec<f64> = (1..WINDOW).map(|back| self.deviation(chart, day.plus(-back))).collect();
        let (state, rule) = judged(z, &before);
        let index =
            quantitative(chart.row()).position(|item| item.item.code == chart.item.item.code).unwrap_or(0);
        let start = self.key.hash(Purpose::Control, (day.0 as u64) << 8 | chart.place as u64, 1) % 40;
        let at = day.start().plus(
            6 * HOUR + 30 * MINUTE + start as i64 * MINUTE + i64::from(chart.level) * 95 + index as i64 * 9,
        );
        let first = self.control_run(chart, day, at, z, (state, rule));
        match state {
            ControlState::InControl | ControlState::Warning => vec![first],
            ControlState::OutOfControl => {
                let z = self.noise(chart, day, 1).normal() * 0.5;
                let again = at.plus(AGAIN * MINUTE);
                vec![first, self.control_run(chart, day, again, z, (ControlState::InControl, None))]
            }
        }
    }

    fn control_run(
        &self,
        chart: Chart,
        day: Day,
        at: Moment,
        z: f64,
        (state, rule): (ControlState, Option<&'static str>),
    ) -> ControlRun {
        let material = material(chart.row().discipline);
        let (lot, expires) = self.lot(chart, &material, day);
        let (mean, deviation) = self.target(chart, &material, &lot);
        let decimals = usize::from(chart.item.item.decimals);
        let value = format!("{:.decimals$}", mean + z * deviation);
        // As printed, so that chart and figure never disagree.
        let printed: f64 = value.parse().unwrap_or(mean);
        ControlRun {
            instrument: chart.row().code.to_owned(),
            item: &chart.item.item,
            material: material.name,
            level: chart.level,
            lot,
            expires: expires.date(),
            at: self.timestamp(at),
            mean,
            deviation,
            z: ((printed - mean) / deviation * 100.0).round() / 100.0,
            value,
            state,
            rule,
            operator: self.operator(chart.place, day),
        }
    }

    /// Lot number and its last day. The levels of a material have lots of their own that change on
    /// the same day.
    fn lot(&self, chart: Chart, material: &Material, day: Day) -> (String, Day) {
        let offset = self.key.hash(Purpose::Control, chart.place as u64, 2) % material.days as u64;
        let epoch = (day.0 + offset as i32).div_euclid(material.days);
        let salt = (chart.place as u64) << 32 | epoch as u32 as u64;
        let number = self.key.hash(Purpose::Control, salt, 3) % 80_000 + 10_000 + u64::from(chart.level);
        let ends = epoch * material.days + material.days - offset as i32;
        (number.to_string(), Day(ends + 45))
    }

    /// Mean and standard deviation of a lot.
    fn target(&self, chart: Chart, material: &Material, lot: &str) -> (f64, f64) {
        let lot: u64 = lot.parse().unwrap_or(0);
        let mut dice = self.key.dice(Purpose::Control, chart.salt(), lot);
        let mean = level_of(chart.item, chart.level) * (1.0 + dice.normal() * 0.02);
        let scale = 10f64.powi(i32::from(chart.item.item.decimals) + 1);
        let mean = (mean * scale).round() / scale;
        let spread = if chart.item.item.code == "pH" { 0.8 } else { material.spread };
        let least = 0.35 / (scale / 10.0);
        let deviation = (mean.abs() * spread / 1000.0 * (0.8 + 0.5 * dice.unit())).max(least);
        (mean, (deviation * scale * 10.0).round() / scale / 10.0)
    }

    /// Distance from the mean, in standard deviations: the lot's bias and the day's noise.
    fn deviation(&self, chart: Chart, day: Day) -> f64 {
        let epoch = day.0.div_euclid(21) as u32;
        let bias = self.key.dice(Purpose::Control, chart.salt(), u64::from(epoch) << 3 | 4).normal() * 0.33;
        let mut noise = self.noise(chart, day, 0);
        if noise.permille(OUTLIERS) {
            let side = if noise.permille(500) { 1.0 } else { -1.0 };
            return side * (3.05 + noise.unit() * 0.6);
        }
        (bias + noise.normal() * 0.82).clamp(-2.9, 2.9)
    }

    fn noise(&self, chart: Chart, day: Day, turn: u64) -> Dice {
        self.key.dice(Purpose::Control, chart.salt() ^ 5 << 40, (day.0 as u64) << 2 | turn)
    }

    fn operator(&self, place: usize, day: Day) -> String {
        let draw = self.key.hash(Purpose::Staff, 11, (day.0 as u64) << 8 | place as u64) >> 8;
        self.roster.technician(Dept::Laboratory, draw).number.clone()
    }
}

/// Items of an instrument that have a figure, in its order.
fn quantitative(row: &'static Row) -> impl Iterator<Item = &'static Item> {
    let items = row.panels.iter().flat_map(|panel| panel.items.iter().copied());
    let discipline = row.discipline;
    items.filter(move |item| match item.shape {
        Shape::Even | Shape::Skewed | Shape::Below(..) => {
            // What the analyser computes has no control of its own.
            discipline != Discipline::Urinalysis && !matches!(item.item.code, "BE" | "HCO3-" | "GLB" | "INR")
        }
        Shape::Negative(_) | Shape::Either(_) => false,
    })
}

/// The usual mean of a level: level 1 low or normal, the next ones further up.
fn level_of(item: &Item, level: u8) -> f64 {
    let (low, high) = item.male;
    let middle = match item.shape {
        Shape::Below(..) => high * 0.55,
        Shape::Even | Shape::Skewed | Shape::Negative(_) | Shape::Either(_) => (low + high) / 2.0,
    };
    if item.item.code == "pH" {
        return 7.16 + f64::from(level - 1) * 0.21;
    }
    let mean = match level {
        1 => middle * 0.82,
        2 => middle.mul_add(0.4, high * 0.85),
        _ => high * 1.7,
    };
    if item.item.unit == "%" { mean.min(97.0) } else { mean }
}

/// Westgard's rules over a run and those before it, the latest first.
fn judged(z: f64, before: &[f64]) -> (ControlState, Option<&'static str>) {
    let beyond = |count: usize, limit: f64| {
        let all = || std::iter::once(&z).chain(before).take(count);
        all().all(|one| *one > limit) || all().all(|one| *one < -limit)
    };
    if z.abs() > 3.0 {
        (ControlState::OutOfControl, Some("1-3s"))
    } else if beyond(2, 2.0) {
        (ControlState::OutOfControl, Some("2-2s"))
    } else if beyond(4, 1.0) {
        (ControlState::Warning, Some("4-1s"))
    } else if beyond(10, 0.0) {
        (ControlState::Warning, Some("10x"))
    } else if z.abs() > 2.0 {
        (ControlState::Warning, Some("1-2s"))
    } else {
        (ControlState::InControl, None)
    }
}
