//! What the archive's index says of a study, series or instance: attributes as text.

use std::borrow::Cow;

use crate::imaging::study_attributes;
use crate::wire::dicom::dataset::{Charset, Tag, tags};
use crate::world::{Instance, Patient, Series, Study, View};

/// A study with its patient, and what their objects say of both.
pub(crate) struct Entry {
    /// The study.
    pub(crate) study: Study,
    /// Its patient.
    pub(crate) patient: Patient,
    /// Sorted by tag.
    attributes: Vec<(Tag, Box<str>)>,
}

impl Entry {
    /// The entry of a study; `None` when its patient is not known.
    pub(crate) fn of(view: &View, study: Study) -> Option<Self> {
        let patient = view.patient(study.patient)?;
        let said = study_attributes(view, &study, &patient);
        let text = |tag| said.text_in(tag, Charset::Utf8).unwrap_or_default().into_boxed_str();
        let attributes = said.iter().map(|(tag, _)| (tag, text(tag))).collect();
        Some(Entry { study, patient, attributes })
    }

    fn text(&self, tag: Tag) -> &str {
        let at = self.attributes.binary_search_by_key(&tag, |(tag, _)| *tag).ok();
        at.and_then(|at| self.attributes.get(at)).map_or("", |(_, text)| text)
    }
}

/// One record of the index: an instance, of which only the parts down to a level are needed.
#[derive(Clone, Copy)]
pub(crate) struct Record<'a> {
    /// Study and patient.
    pub(crate) entry: &'a Entry,
    /// Series.
    pub(crate) series: Option<&'a Series>,
    /// Instance.
    pub(crate) instance: Option<&'a Instance>,
}

impl<'a> Record<'a> {
    /// An attribute as text; empty when the index has no value.
    pub(crate) fn text(&self, tag: Tag) -> Cow<'a, str> {
        match tag {
            tags::MODALITY | tags::MODALITIES_IN_STUDY => self.entry.study.modality.as_str().into(),
            tags::SERIES_INSTANCE_UID => self.series.map_or("", |series| &series.uid).into(),
            tags::SERIES_NUMBER => number(self.series.map(|series| series.number)),
            tags::SERIES_DESCRIPTION => self.series.map_or("", |series| &series.description).into(),
            tags::PROTOCOL_NAME => self.series.map_or("", |series| &series.protocol).into(),
            tags::NUMBER_OF_SERIES_RELATED_INSTANCES => number(self.series.map(|series| series.instances)),
            tags::SOP_INSTANCE_UID => self.instance.map_or("", |instance| &instance.uid).into(),
            tags::SOP_CLASS_UID => self.instance.map_or("", |instance| &instance.sop_class).into(),
            tags::INSTANCE_NUMBER => number(self.instance.map(|instance| instance.number)),
            _ => self.entry.text(tag).into(),
        }
    }
}

fn number(number: Option<u32>) -> Cow<'static, str> {
    number.map(|number| number.to_string()).unwrap_or_default().into()
}
