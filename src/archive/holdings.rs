//! What one peer sees of an archive at one moment.

use std::borrow::Cow;
use std::sync::Arc;

use jiff::civil::Date;

use super::computed;
use super::entry::{Entry, InstanceEntry, SeriesEntry};
use super::level::Level;
use super::search::Hit;
use super::shelf::{Archive, Day};
use crate::wire::dicom::dataset::Tag;
use crate::world::{Study, View};

/// An archive as one peer sees it at one moment. Cheap to clone.
#[derive(Clone)]
pub struct Holdings {
    archive: Arc<Archive>,
    view: View,
}

impl Holdings {
    pub(super) fn new(archive: Arc<Archive>, view: View) -> Self {
        Holdings { archive, view }
    }

    /// The hospital at that moment.
    pub fn view(&self) -> &View {
        &self.view
    }

    /// First and last local date that there may be studies of.
    pub fn dates(&self) -> (Date, Date) {
        self.archive.dates(&self.view)
    }

    /// The studies of a local date, oldest first.
    pub fn day(&self, date: Date) -> Day {
        self.archive.day(&self.view, date)
    }

    /// A study by Study Instance UID.
    pub fn study(&self, uid: &str) -> Option<Arc<Entry>> {
        self.entry(self.view.study(uid)?)
    }

    /// A study by accession number.
    pub fn by_accession(&self, accession: &str) -> Option<Arc<Entry>> {
        self.entry(self.view.study_by_accession(accession)?)
    }

    /// The studies of a patient, by Patient ID, oldest first.
    pub fn of_patient(&self, patient_id: &str) -> Vec<Arc<Entry>> {
        let patient = self.view.patient_by_mrn(patient_id).filter(|patient| patient.mrn == patient_id);
        patient.map(|patient| self.archive.of_patient(&self.view, patient.no)).unwrap_or_default()
    }

    /// The complete series of a study, by number.
    pub fn series(&self, entry: &Entry) -> Vec<SeriesEntry> {
        let Some((study, _)) = entry.world() else { return Vec::new() };
        self.view.series(study).into_iter().map(|series| SeriesEntry::of(study, series)).collect()
    }

    /// The instances of a series, by number.
    pub fn instances(&self, entry: &Entry, series: &SeriesEntry) -> Vec<InstanceEntry> {
        let Some(((study, _), series)) = entry.world().zip(series.world()) else { return Vec::new() };
        self.view.instances(study, series).into_iter().map(InstanceEntry::of).collect()
    }

    /// How many instances a series has.
    pub fn instance_count(&self, series: &SeriesEntry) -> u32 {
        series.world().map_or(0, |series| series.instances)
    }

    /// The series with this UID, with its study.
    pub fn find_series(&self, uid: &str) -> Option<Hit> {
        let (study, series) = self.view.find_series(uid)?;
        let series = SeriesEntry::of(&study, series);
        Some(Hit { entry: self.entry(study)?, series: Some(series), instance: None })
    }

    /// The instance with this UID, with its series and study.
    pub fn find_instance(&self, uid: &str) -> Option<Hit> {
        let (study, series, instance) = self.view.find_instance(uid)?;
        let series = SeriesEntry::of(&study, series);
        let instance = InstanceEntry::of(instance);
        Some(Hit { entry: self.entry(study)?, series: Some(series), instance: Some(instance) })
    }

    pub(super) fn entry(&self, study: Study) -> Option<Arc<Entry>> {
        self.archive.entry(&self.view, study)
    }
}

/// One record of the index: an instance, of which only the parts down to a level are needed.
#[derive(Clone, Copy)]
pub struct Record<'a> {
    /// What it is part of.
    pub holdings: &'a Holdings,
    /// Study and patient.
    pub entry: &'a Entry,
    /// Series.
    pub series: Option<&'a SeriesEntry>,
    /// Instance.
    pub instance: Option<&'a InstanceEntry>,
}

impl<'a> Record<'a> {
    /// The record of a match.
    pub fn of(holdings: &'a Holdings, hit: &'a Hit) -> Self {
        let (series, instance) = (hit.series.as_ref(), hit.instance.as_ref());
        Record { holdings, entry: &hit.entry, series, instance }
    }

    /// An attribute as text, several values with backslashes between; empty when the index has no
    /// value. Counts and summaries (`NumberOfStudyRelatedInstances`, `ModalitiesInStudy`) are
    /// computed.
    pub fn text(&self, tag: Tag) -> Cow<'a, str> {
        if let Some(text) = computed::text(self, tag) {
            return text.into();
        }
        if self.entry.has(tag) {
            return self.entry.text(tag).into();
        }
        let Some(series) = self.series else { return "".into() };
        let view = self.holdings.view();
        let text = series.text(view, self.entry, tag);
        match self.instance {
            Some(instance) if text.is_empty() => instance.text(view, self.entry, series, tag),
            Some(_) | None => text,
        }
    }

    /// The id of what a record tells at a level: Patient ID or UID.
    pub fn id(&self, level: Level) -> &'a str {
        let study = self.entry.uid();
        match level {
            Level::Patient => self.entry.patient_id(),
            Level::Study => study,
            Level::Series => self.series.map_or(study, SeriesEntry::uid),
            Level::Image => self.instance.map_or(study, InstanceEntry::uid),
        }
    }
}
