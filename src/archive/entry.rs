//! Studies, series and instances as an archive's index has them: attributes as text.

use std::borrow::Cow;
use std::sync::OnceLock;

use jiff::Timestamp;

use crate::imaging::{instance_attributes, series_attributes, study_attributes};
use crate::wire::dicom::dataset::{Charset, DataSet, Tag, tags};
use crate::world::{Instance, Patient, Series, Study, View};

/// Attributes as text in Unicode, sorted by tag.
#[derive(Debug, Clone, Default)]
pub(super) struct Attributes(Box<[(Tag, Box<str>)]>);

impl Attributes {
    /// Those of a data set whose text is in this character set.
    pub(super) fn of(set: &DataSet, charset: Charset) -> Self {
        let text = |tag| set.text_in(tag, charset).map(String::into_boxed_str);
        Attributes(set.iter().filter_map(|(tag, _)| Some((tag, text(tag)?))).collect())
    }

    /// The text of an attribute; `None` when it is not there.
    pub(super) fn get(&self, tag: Tag) -> Option<&str> {
        let at = self.0.binary_search_by_key(&tag, |(tag, _)| *tag).ok()?;
        self.0.get(at).map(|(_, text)| &**text)
    }
}

/// A study with its patient.
#[derive(Debug)]
pub struct Entry {
    uid: Box<str>,
    attributes: Attributes,
    started: Timestamp,
    world: (Study, Patient),
}

impl Entry {
    /// The entry of a study of the world; `None` when its patient is not known.
    pub(super) fn of(view: &View, study: Study) -> Option<Self> {
        let patient = view.patient(study.patient)?;
        let attributes = Attributes::of(&study_attributes(view, &study, &patient), Charset::Utf8);
        Some(Entry {
            uid: study.uid.as_str().into(),
            attributes,
            started: study.started,
            world: (study, patient),
        })
    }

    /// Study Instance UID.
    pub fn uid(&self) -> &str {
        &self.uid
    }

    /// Patient ID.
    pub fn patient_id(&self) -> &str {
        self.text(tags::PATIENT_ID)
    }

    /// When it began.
    pub fn started(&self) -> Timestamp {
        self.started
    }

    /// Study and patient, when they are the world's.
    pub fn world(&self) -> Option<(&Study, &Patient)> {
        Some((&self.world.0, &self.world.1))
    }

    /// An attribute of patient or study; empty when there is none.
    pub fn text(&self, tag: Tag) -> &str {
        self.attributes.get(tag).unwrap_or_default()
    }

    /// Whether patient or study have this attribute.
    pub fn has(&self, tag: Tag) -> bool {
        self.attributes.get(tag).is_some()
    }
}

/// A series.
#[derive(Debug, Clone)]
pub struct SeriesEntry {
    modality: &'static str,
    world: Series,
    rest: OnceLock<Attributes>,
}

impl SeriesEntry {
    pub(super) fn of(study: &Study, series: Series) -> Self {
        SeriesEntry { modality: study.modality.as_str(), world: series, rest: OnceLock::new() }
    }

    /// Series Instance UID.
    pub fn uid(&self) -> &str {
        &self.world.uid
    }

    /// The series, when it is the world's.
    pub fn world(&self) -> Option<&Series> {
        Some(&self.world)
    }

    pub(super) fn modality(&self) -> &str {
        self.modality
    }

    pub(super) fn text(&self, view: &View, entry: &Entry, tag: Tag) -> Cow<'_, str> {
        match tag {
            tags::MODALITY => self.modality().into(),
            tags::SERIES_INSTANCE_UID => self.uid().into(),
            tags::SERIES_NUMBER => self.world.number.to_string().into(),
            tags::SERIES_DESCRIPTION => self.world.description.as_str().into(),
            tags::PROTOCOL_NAME => self.world.protocol.as_str().into(),
            _ => self.rest(view, entry).get(tag).unwrap_or_default().into(),
        }
    }

    /// What is asked for seldom: made once.
    fn rest(&self, view: &View, entry: &Entry) -> &Attributes {
        self.rest.get_or_init(|| {
            let said = entry.world().map(|(study, _)| series_attributes(view, study, &self.world));
            said.map(|said| Attributes::of(&said, Charset::Utf8)).unwrap_or_default()
        })
    }
}

/// An instance.
#[derive(Debug, Clone)]
pub struct InstanceEntry {
    world: Instance,
    rest: OnceLock<Attributes>,
}

impl InstanceEntry {
    pub(super) fn of(instance: Instance) -> Self {
        InstanceEntry { world: instance, rest: OnceLock::new() }
    }

    /// SOP Instance UID.
    pub fn uid(&self) -> &str {
        &self.world.uid
    }

    /// SOP Class UID.
    pub fn sop_class(&self) -> &str {
        &self.world.sop_class
    }

    /// The instance, when it is the world's.
    pub fn world(&self) -> Option<&Instance> {
        Some(&self.world)
    }

    pub(super) fn text(&self, view: &View, entry: &Entry, series: &SeriesEntry, tag: Tag) -> Cow<'_, str> {
        match tag {
            tags::SOP_INSTANCE_UID => self.uid().into(),
            tags::SOP_CLASS_UID => self.sop_class().into(),
            tags::INSTANCE_NUMBER => self.world.number.to_string().into(),
            _ => self.rest(view, entry, series).get(tag).unwrap_or_default().into(),
        }
    }

    fn rest(&self, view: &View, entry: &Entry, series: &SeriesEntry) -> &Attributes {
        self.rest.get_or_init(|| {
            let said = entry
                .world()
                .zip(series.world())
                .map(|((study, _), series)| instance_attributes(view, study, series, &self.world));
            said.map(|said| Attributes::of(&said, Charset::Utf8)).unwrap_or_default()
        })
    }
}
