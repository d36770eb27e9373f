//! What there is on a day, by numbers alone, and the hospital's dictionaries: for those who count and
//! page through many records and look at few.

use jiff::civil::Date;

use super::convert::{self, OrderKey};
use super::tables::departments::DEPARTMENTS;
use super::tables::diagnoses::DIAGNOSES;
use super::tables::exams::EXAMS;
use super::tables::lab::Item;
use super::tables::panels::PANELS;
use super::time::{Day, Moment};
use super::*;

/// An imaging exam of the dictionary.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExamEntry {
    /// Catalogue code.
    pub code: &'static str,
    /// Name in Chinese.
    pub name: &'static str,
    /// Modality.
    pub modality: Modality,
}

/// A laboratory panel of the dictionary.
#[derive(Debug, Clone, PartialEq)]
pub struct PanelEntry {
    /// Catalogue code.
    pub code: &'static str,
    /// Name in Chinese.
    pub name: &'static str,
    /// Specimen type in Chinese.
    pub specimen: &'static str,
    /// What it measures, in report order.
    pub items: Vec<&'static LabItem>,
}

impl View {
    /// Visits of a class that began on a local date, oldest first: the last digits of their numbers,
    /// for [`View::encounter_on`].
    pub fn encounter_slots(&self, class: VisitClass, date: Date) -> Vec<u32> {
        let now = self.moment();
        let visits = self.world.visits_on(class, Day::of(date)).filter(|visit| visit.started <= now);
        visits.map(|visit| visit.key.slot + 1).collect()
    }

    /// The visit of a class and local date with these last digits.
    pub fn encounter_on(&self, class: VisitClass, date: Date, number: u32) -> Option<Encounter> {
        let key = visits::VisitKey { class, day: Day::of(date), slot: number.checked_sub(1)? };
        self.encounter(&convert::visit_number(key))
    }

    /// Orders of a kind of a local date, oldest first, by placer number: thirteen digits.
    pub fn order_numbers(&self, kind: OrderKind, date: Date) -> Vec<u64> {
        let mut found = match kind {
            OrderKind::Imaging => self.imaging_due(Day::of(date)),
            OrderKind::Laboratory => self.tubes_due(Day::of(date)),
        };
        found.sort_unstable();
        found.into_iter().map(|(_, number)| number).collect()
    }

    /// Laboratory orders of a local date that are analysed, by placer number, each with how many
    /// results it has.
    pub fn result_counts(&self, date: Date) -> Vec<(u64, u32)> {
        let now = self.moment();
        let world = &self.world;
        let mut found: Vec<(Moment, u64, u32)> = self
            .tube_courses(Day::of(date))
            .filter(|course| course.cancelled.is_none())
            .map(|course| world.explain_tube(course))
            .filter(|tube| tube.analysed <= now)
            .map(|tube| {
                (tube.course.ordered, placer(OrderKey::Lab(tube.course.key)), tube.panel.items.len() as u32)
            })
            .collect();
        found.sort_unstable();
        found.into_iter().map(|(_, number, count)| (number, count)).collect()
    }

    /// Studies that began on a local date and are there, oldest first, by the placer numbers of their
    /// orders; with `reported`, only those whose report is written.
    pub fn study_numbers(&self, date: Date, reported: bool) -> Vec<u64> {
        let now = self.moment();
        let world = &self.world;
        let mut found: Vec<(Moment, u64)> = world
            .courses_on(Day::of(date))
            .filter(|course| world.shown(course, now))
            .filter(|course| !reported || world.report_times(course).0 <= now)
            .map(|course| (course.started, placer(OrderKey::Imaging(course.key))))
            .collect();
        found.sort_unstable();
        found.into_iter().map(|(_, number)| number).collect()
    }

    /// The dictionary of diagnoses, each with the code of its department.
    pub fn diagnosis_entries(&self) -> Vec<(Diagnosis, &'static str)> {
        let entry = |dx: &&'static tables::diagnoses::Dx| {
            let diagnosis = Diagnosis { icd10: dx.icd10.to_owned(), name: dx.name.to_owned() };
            (diagnosis, dx.dept.row().code)
        };
        DIAGNOSES.iter().map(entry).collect()
    }

    /// The dictionary of imaging exams.
    pub fn exam_entries(&self) -> Vec<ExamEntry> {
        EXAMS
            .iter()
            .map(|exam| ExamEntry { code: exam.code, name: exam.name, modality: exam.modality })
            .collect()
    }

    /// The dictionary of laboratory panels.
    pub fn panel_entries(&self) -> Vec<PanelEntry> {
        let items = |items: &'static [&'static Item]| items.iter().map(|item| &item.item).collect();
        PANELS
            .iter()
            .map(|panel| PanelEntry {
                code: panel.code,
                name: panel.name,
                specimen: panel.specimen,
                items: items(panel.items),
            })
            .collect()
    }

    /// How many departments there are.
    pub fn department_count(&self) -> usize {
        DEPARTMENTS.len()
    }

    fn imaging_due(&self, day: Day) -> Vec<(Moment, u64)> {
        let (world, now) = (&self.world, self.moment());
        let days = [day.plus(-1), day].into_iter().filter(|d| d.in_world());
        let keys = days
            .flat_map(|d| cases::MODALITIES.into_iter().flat_map(move |m| world.imaging_registered(m, d)));
        keys.filter_map(|key| world.course(key))
            .filter(|course| course.ordered.day() == day && course.ordered <= now)
            .map(|course| (course.ordered, placer(OrderKey::Imaging(course.key))))
            .collect()
    }

    fn tubes_due(&self, day: Day) -> Vec<(Moment, u64)> {
        let courses = self.tube_courses(day);
        courses.map(|course| (course.ordered, placer(OrderKey::Lab(course.key)))).collect()
    }

    fn tube_courses(&self, day: Day) -> impl Iterator<Item = lab::TubeCourse> + '_ {
        let (world, now) = (&self.world, self.moment());
        let days = [day.plus(-1), day, day.plus(1)].into_iter().filter(|d| d.in_world());
        days.flat_map(|d| world.tubes_on(d))
            .filter_map(|key| world.tube_course(key))
            .filter(move |course| course.ordered.day() == day && course.ordered <= now)
    }
}

/// A placer number as a number.
fn placer(key: OrderKey) -> u64 {
    convert::placer(key).parse().unwrap_or(0)
}
