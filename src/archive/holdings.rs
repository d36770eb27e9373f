//! What one peer sees of an archive at one moment.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::civil::Date;

use super::computed;
use super::entry::{Entry, InstanceEntry, SeriesEntry};
use super::level::Level;
use super::own::Stored;
use super::search::Hit;
use super::shelf::{Archive, Day};
use crate::imaging::request_attributes;
use crate::wire::dicom::dataset::{DataSet, Tag, tags};
use crate::world::{Content, Instance, Series, Study, View};

/// An archive as one peer sees it at one moment: the world's studies, and what he stored himself.
/// Cheap to clone.
#[derive(Clone)]
pub struct Holdings {
    archive: Arc<Archive>,
    view: View,
    own: Arc<[Arc<Stored>]>,
}

impl Holdings {
    pub(super) fn new(archive: Arc<Archive>, view: View, own: Vec<Stored>) -> Self {
        Holdings { archive, view, own: own.into_iter().map(Arc::new).collect() }
    }

    /// The hospital at that moment.
    pub fn view(&self) -> &View {
        &self.view
    }

    /// First and last local date that there may be studies of.
    pub fn dates(&self) -> (Date, Date) {
        self.archive.dates(&self.view)
    }

    /// The world's studies of a local date, oldest first.
    pub fn day(&self, date: Date) -> Day {
        self.archive.day(&self.view, date)
    }

    /// A study by Study Instance UID.
    pub fn study(&self, uid: &str) -> Option<Arc<Entry>> {
        let own = || self.own.iter().find(|object| object.study() == uid);
        self.world_study(uid).or_else(|| Some(Arc::new(Entry::stored(own()?, self.view.now()))))
    }

    /// A study of the world by Study Instance UID.
    pub fn world_study(&self, uid: &str) -> Option<Arc<Entry>> {
        self.entry(self.view.study(uid)?)
    }

    /// A study of the world by accession number.
    pub fn by_accession(&self, accession: &str) -> Option<Arc<Entry>> {
        self.entry(self.view.study_by_accession(accession)?)
    }

    /// The studies of a patient, by Patient ID, oldest first.
    pub fn of_patient(&self, patient_id: &str) -> Vec<Arc<Entry>> {
        let own = self.own_studies().into_iter().filter(|entry| entry.patient_id() == patient_id);
        self.world_of_patient(patient_id).into_iter().chain(own).collect()
    }

    /// The world's studies of a patient, by Patient ID, oldest first.
    pub fn world_of_patient(&self, patient_id: &str) -> Vec<Arc<Entry>> {
        let patient = self.view.patient_by_mrn(patient_id).filter(|patient| patient.mrn == patient_id);
        patient.map(|patient| self.archive.of_patient(&self.view, patient.no)).unwrap_or_default()
    }

    /// The studies that the peer made up: those of his objects whose UID the world does not have.
    pub fn own_studies(&self) -> Vec<Arc<Entry>> {
        let mut seen = BTreeSet::new();
        let firsts = self.own.iter().filter(|object| seen.insert(object.study()));
        let made_up = firsts.filter(|object| self.world_study(object.study()).is_none());
        made_up.map(|object| Arc::new(Entry::stored(object, self.view.now()))).collect()
    }

    /// What the peer stored himself, in the order in which it came.
    pub fn own(&self) -> &[Arc<Stored>] {
        &self.own
    }

    /// The complete series of a study, by number; then those that the peer added.
    pub fn series(&self, entry: &Entry) -> Vec<SeriesEntry> {
        let mut found: Vec<SeriesEntry> = match entry.world() {
            Some((study, _)) => self.view.series(study).into_iter().map(SeriesEntry::of).collect(),
            None => Vec::new(),
        };
        for object in self.own.iter().filter(|object| object.study() == entry.uid()) {
            if found.iter().all(|series| series.uid() != object.series()) {
                found.push(SeriesEntry::stored(Arc::clone(object)));
            }
        }
        found
    }

    /// The instances of a series, by number; then those that the peer added. One that he stored
    /// under the UID of another takes its place.
    pub fn instances(&self, entry: &Entry, series: &SeriesEntry) -> Vec<InstanceEntry> {
        let own = || self.own_of(entry, series);
        let mut found: Vec<InstanceEntry> = match entry.world().zip(series.world()) {
            Some(((study, _), series)) => {
                self.view.instances(study, series).into_iter().map(InstanceEntry::of).collect()
            }
            None => Vec::new(),
        };
        found.retain(|instance| own().all(|object| object.sop_instance != instance.uid()));
        found.extend(own().map(|object| InstanceEntry::stored(Arc::clone(object))));
        found
    }

    /// How many instances a series has.
    pub fn instance_count(&self, entry: &Entry, series: &SeriesEntry) -> u32 {
        match series.world() {
            Some(series) if self.own.is_empty() => series.instances,
            Some(_) | None => u32::try_from(self.instances(entry, series).len()).unwrap_or(u32::MAX),
        }
    }

    /// The series with this UID, with its study.
    pub fn find_series(&self, uid: &str) -> Option<Hit> {
        let entry = match self.view.find_series(uid) {
            Some((study, _)) => self.entry(study)?,
            None => self.study(self.own.iter().find(|object| object.series() == uid)?.study())?,
        };
        let series = self.series(&entry).into_iter().find(|series| series.uid() == uid)?;
        Some(Hit { entry, series: Some(series), instance: None })
    }

    /// The instance with this UID, with its series and study.
    pub fn find_instance(&self, uid: &str) -> Option<Hit> {
        let (entry, series) = match self.own.iter().find(|object| object.sop_instance == uid) {
            Some(object) => (self.study(object.study())?, object.series().to_owned()),
            None => {
                let (study, series, _) = self.view.find_instance(uid)?;
                (self.entry(study)?, series.uid)
            }
        };
        let series = self.series(&entry).into_iter().find(|found| found.uid() == series)?;
        let instance = self.instances(&entry, &series).into_iter().find(|found| found.uid() == uid)?;
        Some(Hit { entry, series: Some(series), instance: Some(instance) })
    }

    /// The header of an instance of the world, when the index says this attribute of it.
    pub(super) fn header(&self, tag: Tag, of: (&Study, &Series, &Instance)) -> Option<DataSet> {
        self.archive.header(tag, &self.view, of)
    }

    pub(super) fn entry(&self, study: Study) -> Option<Arc<Entry>> {
        self.archive.entry(&self.view, study)
    }

    fn own_of<'a>(
        &'a self,
        entry: &'a Entry,
        series: &'a SeriesEntry,
    ) -> impl Iterator<Item = &'a Arc<Stored>> {
        let same = |object: &&Arc<Stored>| object.study() == entry.uid() && object.series() == series.uid();
        self.own.iter().filter(same)
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
        let Some(series) = self.series.filter(|_| !self.entry.has(tag)) else {
            return self.entry.text(tag).into();
        };
        let view = self.holdings.view();
        let of_series = || series.text(view, self.entry, tag);
        let of_instance = |instance: &'a InstanceEntry| instance.text(self.holdings, self.entry, series, tag);
        match self.instance {
            Some(instance) if instance.own().is_some() => of_instance(instance),
            Some(instance) => {
                Some(of_series()).filter(|t| !t.is_empty()).unwrap_or_else(|| of_instance(instance))
            }
            None => of_series(),
        }
    }

    /// The items of a sequence, their text in UTF-8; `None` when there is no such sequence.
    pub fn items(&self, tag: Tag) -> Option<Vec<DataSet>> {
        let image = self.series.and_then(SeriesEntry::world).is_none_or(|s| s.content == Content::Image);
        let ordered =
            tag == tags::PROCEDURE_CODE_SEQUENCE || image && tag == tags::REQUEST_ATTRIBUTES_SEQUENCE;
        match (self.entry.world(), self.series, self.instance) {
            (Some((study, _)), ..) if ordered => {
                let said = request_attributes(self.holdings.view(), study);
                Some(said.items(tag).to_vec()).filter(|items| !items.is_empty())
            }
            (_, Some(series), Some(instance)) => instance.items(self.holdings, self.entry, series, tag),
            (None, ..) => self.holdings.own().iter().find(|o| o.study() == self.entry.uid())?.items(tag),
            (Some(_), ..) => None,
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
