//! The laboratory as its own people see it: instruments, runs, controls, critical values.

use jiff::Timestamp;
use jiff::civil::Date;

use super::{LabKey, Tube};
use crate::world::time::{Day, HOUR};
use crate::world::{Calibration, ControlRun, CriticalValue, Instrument, LabOrder, View};

/// From the midnight that began the day of a barcode, no specimen is measured later on the next day.
const LONGEST: i64 = 9 * HOUR;

/// Most days of one control chart.
const MAX_CHART_DAYS: i32 = 92;

impl View {
    /// The laboratory's instruments.
    pub fn instruments(&self) -> Vec<Instrument> {
        self.world.instruments.all().to_vec()
    }

    /// An instrument by its code.
    pub fn instrument(&self, code: &str) -> Option<Instrument> {
        let place = self.world.instruments.place(code)?;
        self.world.instruments.all().get(place).cloned()
    }

    /// Orders whose specimens an instrument measured in a span, oldest measurement first. The end is
    /// not included.
    pub fn measured(&self, instrument: &str, from: Timestamp, until: Timestamp) -> Vec<LabOrder> {
        let Some(place) = self.world.instruments.place(instrument) else { return Vec::new() };
        let (from, until) = (self.world.moment(from), self.world.moment(until).min(self.moment().plus(1)));
        let mut tubes: Vec<Tube> = self.tubes_between(from.plus(-LONGEST).day(), until.day());
        tubes
            .retain(|tube| (from..until).contains(&tube.analysed) && self.world.instrument_of(tube) == place);
        tubes.sort_by_key(|tube| (tube.analysed, tube.course.key.number));
        tubes.iter().map(|tube| self.world.lab_order_at(tube, self.moment())).collect()
    }

    /// Laboratory orders with a barcode of a local date, cancelled ones aside, without their results:
    /// what worklists show. Oldest collection first.
    pub fn lab_list_on(&self, date: Date) -> Vec<LabOrder> {
        let (day, now) = (Day::of(date), self.moment());
        let mut tubes = self.tubes_between(day, day);
        tubes.retain(|tube| tube.course.ordered <= now);
        tubes.sort_by_key(|tube| (tube.course.collected, tube.course.key.number));
        tubes.iter().map(|tube| self.world.lab_order_brief(tube, now)).collect()
    }

    /// Control runs of an instrument on a local date, oldest first.
    pub fn controls_on(&self, instrument: &str, date: Date) -> Vec<ControlRun> {
        let day = Day::of(date);
        let Some(place) = self.world.instruments.place(instrument).filter(|_| day.in_world()) else {
            return Vec::new();
        };
        let runs = self.world.controls_of(place, day).into_iter();
        runs.filter(|run| run.at <= self.now()).collect()
    }

    /// The control runs of one item and level of an instrument over the last days up to a local
    /// date, oldest first: a Levey-Jennings chart.
    pub fn control_chart(
        &self,
        instrument: &str,
        item: &str,
        level: u8,
        to: Date,
        days: u32,
    ) -> Vec<ControlRun> {
        let Some(place) = self.world.instruments.place(instrument) else { return Vec::new() };
        let to = Day::of(to).min(self.moment().day());
        let from = to.plus(1 - i32::try_from(days).unwrap_or(MAX_CHART_DAYS).clamp(1, MAX_CHART_DAYS));
        let runs = self.world.chart(place, item, level, (from, to)).into_iter();
        runs.filter(|run| run.at <= self.now()).collect()
    }

    /// The calibrations that an instrument's results rest on now.
    pub fn calibrations(&self, instrument: &str) -> Vec<Calibration> {
        let place = self.world.instruments.place(instrument);
        place.map(|place| self.world.calibrations_of(place, self.moment())).unwrap_or_default()
    }

    /// Critical values measured on a local date, oldest first.
    pub fn criticals_on(&self, date: Date) -> Vec<CriticalValue> {
        let (day, now) = (Day::of(date), self.moment());
        let mut tubes = self.tubes_between(day.plus(-1), day);
        tubes.retain(|tube| tube.analysed.day() == day && tube.analysed <= now);
        let mut found: Vec<CriticalValue> =
            tubes.iter().flat_map(|tube| self.criticals_of_tube(tube)).collect();
        found.sort_by(|a, b| (a.found, &a.specimen).cmp(&(b.found, &b.specimen)));
        found
    }

    /// Critical values of one order, by placer or filler number or specimen barcode.
    pub fn criticals(&self, number: &str) -> Vec<CriticalValue> {
        let course = self.world.lab_course(number);
        let tube = course.map(|course| self.world.explain_tube(course));
        tube.map(|tube| self.criticals_of_tube(&tube)).unwrap_or_default()
    }

    fn criticals_of_tube(&self, tube: &Tube) -> Vec<CriticalValue> {
        let order = self.world.lab_order_at(tube, self.moment());
        self.world.criticals_of(tube, &order, self.moment())
    }

    /// Tubes with barcodes of these days, cancelled ones aside.
    fn tubes_between(&self, from: Day, to: Day) -> Vec<Tube> {
        let days = (from.0..=to.0).map(Day).filter(|day| day.in_world());
        let keys = days.flat_map(|day| self.world.tubes_on(day));
        let courses = keys.filter_map(|key: LabKey| self.world.tube_course(key));
        courses.filter(|c| c.cancelled.is_none()).map(|c| self.world.explain_tube(c)).collect()
    }
}
