//! Studies, series and instances as an archive's index has them: attributes as text.

use std::borrow::Cow;
use std::sync::{Arc, OnceLock};

use jiff::Timestamp;

use super::holdings::Holdings;
use super::numbers;
use super::own::Stored;
use crate::imaging::{instance_attributes, series_attributes, study_texts};
use crate::wire::dicom::dataset::{Charset, DataSet, Element, Tag, Value, Vr, tags};
use crate::world::{Instance, Patient, Series, Study, View};

/// Attributes as text in Unicode, sorted by tag.
#[derive(Debug, Clone, Default)]
pub(super) struct Attributes(Box<[(Tag, Box<str>)]>);

impl Attributes {
    /// Those of a data set whose text is in this character set, numbers in digits.
    pub(super) fn of(set: &DataSet, charset: Charset) -> Self {
        let text = |tag, element: &Element| match element.vr {
            vr if numbers::is_number(vr) => numbers::text(vr, set.bytes(tag)?, false),
            vr if is_text(vr) => set.text_in(tag, charset),
            _ => None,
        };
        let texts = set.iter().filter_map(|(tag, element)| Some((tag, text(tag, element)?)));
        Attributes(texts.map(|(tag, text)| (tag, text.into_boxed_str())).collect())
    }

    /// The text of an attribute; `None` when it is not there.
    pub(super) fn get(&self, tag: Tag) -> Option<&str> {
        let at = self.0.binary_search_by_key(&tag, |(tag, _)| *tag).ok()?;
        self.0.get(at).map(|(_, text)| &**text)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (Tag, &str)> {
        self.0.iter().map(|(tag, text)| (*tag, &**text))
    }
}

impl<'a> FromIterator<(Tag, &'a str)> for Attributes {
    /// Of sorted tags.
    fn from_iter<I: IntoIterator<Item = (Tag, &'a str)>>(texts: I) -> Self {
        Attributes(texts.into_iter().map(|(tag, text)| (tag, text.into())).collect())
    }
}

impl From<Vec<(Tag, String)>> for Attributes {
    /// Of sorted tags.
    fn from(texts: Vec<(Tag, String)>) -> Self {
        Attributes(texts.into_iter().map(|(tag, text)| (tag, text.into_boxed_str())).collect())
    }
}

fn is_text(vr: Vr) -> bool {
    matches!(vr, Vr::AE | Vr::AS | Vr::CS | Vr::DA | Vr::DS | Vr::DT | Vr::IS | Vr::LO | Vr::LT | Vr::PN)
        || matches!(vr, Vr::SH | Vr::ST | Vr::TM | Vr::UC | Vr::UI | Vr::UR | Vr::UT)
}

/// A study with its patient.
#[derive(Debug)]
pub struct Entry {
    uid: Box<str>,
    attributes: Attributes,
    started: Timestamp,
    /// None for what an intruder stored.
    world: Option<(Study, Patient)>,
}

impl Entry {
    /// The entry of a study of the world; `None` when its patient is not known.
    pub(super) fn of(view: &View, study: Study) -> Option<Self> {
        let patient = view.patient(study.patient)?;
        let attributes = Attributes::from(study_texts(view, &study, &patient));
        let (uid, started) = (study.uid.as_str().into(), study.started);
        Some(Entry { uid, attributes, started, world: Some((study, patient)) })
    }

    /// The entry of a study that the intruder made up; `first` is its first object.
    pub(super) fn stored(first: &Stored, now: Timestamp) -> Self {
        Entry { uid: first.study().into(), attributes: first.attributes(), started: now, world: None }
    }

    /// Study Instance UID.
    pub fn uid(&self) -> &str {
        &self.uid
    }

    /// Patient ID.
    pub fn patient_id(&self) -> &str {
        self.text(tags::PATIENT_ID)
    }

    /// When it began; when it was looked up, for what an intruder stored.
    pub fn started(&self) -> Timestamp {
        self.started
    }

    /// Study and patient, when they are the world's.
    pub fn world(&self) -> Option<(&Study, &Patient)> {
        self.world.as_ref().map(|(study, patient)| (study, patient))
    }

    /// An attribute of patient or study; empty when there is none.
    pub fn text(&self, tag: Tag) -> &str {
        self.attributes.get(tag).unwrap_or_default()
    }

    /// Whether patient or study have this attribute.
    pub(super) fn has(&self, tag: Tag) -> bool {
        self.world.is_some() && self.attributes.get(tag).is_some()
    }
}

/// A series.
#[derive(Debug, Clone)]
pub struct SeriesEntry {
    origin: SeriesOrigin,
    rest: OnceLock<Attributes>,
}

#[derive(Debug, Clone)]
enum SeriesOrigin {
    World(&'static str, Box<Series>),
    /// Its first object.
    Stored(Arc<Stored>),
}

impl SeriesEntry {
    pub(super) fn of(series: Series) -> Self {
        let origin = SeriesOrigin::World(series.modality, Box::new(series));
        SeriesEntry { origin, rest: OnceLock::new() }
    }

    pub(super) fn stored(first: Arc<Stored>) -> Self {
        SeriesEntry { rest: OnceLock::from(first.attributes()), origin: SeriesOrigin::Stored(first) }
    }

    /// Series Instance UID.
    pub fn uid(&self) -> &str {
        match &self.origin {
            SeriesOrigin::World(_, series) => &series.uid,
            SeriesOrigin::Stored(first) => first.series(),
        }
    }

    /// The series, when it is the world's.
    pub fn world(&self) -> Option<&Series> {
        match &self.origin {
            SeriesOrigin::World(_, series) => Some(series),
            SeriesOrigin::Stored(_) => None,
        }
    }

    /// Modality (0008,0060).
    pub fn modality(&self) -> &str {
        match &self.origin {
            SeriesOrigin::World(modality, _) => modality,
            SeriesOrigin::Stored(first) => first.text(tags::MODALITY),
        }
    }

    pub(super) fn text(&self, view: &View, entry: &Entry, tag: Tag) -> Cow<'_, str> {
        match (tag, self.world()) {
            (tags::MODALITY, _) => self.modality().into(),
            (tags::SERIES_INSTANCE_UID, _) => self.uid().into(),
            (tags::SERIES_NUMBER, Some(series)) => series.number.to_string().into(),
            (tags::SERIES_DESCRIPTION, Some(series)) => series.description.as_str().into(),
            (tags::PROTOCOL_NAME, Some(series)) => series.protocol.as_str().into(),
            _ => self.rest(view, entry).get(tag).unwrap_or_default().into(),
        }
    }

    /// What is asked for seldom: made once.
    fn rest(&self, view: &View, entry: &Entry) -> &Attributes {
        self.rest.get_or_init(|| {
            let said = entry.world().zip(self.world());
            let said = said.map(|((study, _), series)| series_attributes(view, study, series));
            said.map(|said| Attributes::of(&said, Charset::Utf8)).unwrap_or_default()
        })
    }
}

/// An instance.
#[derive(Debug, Clone)]
pub struct InstanceEntry {
    origin: InstanceOrigin,
    rest: OnceLock<Attributes>,
    whole: OnceLock<Whole>,
}

/// All that the header of an instance says.
#[derive(Debug, Clone)]
struct Whole {
    texts: Attributes,
    sequences: DataSet,
}

#[derive(Debug, Clone)]
enum InstanceOrigin {
    World(Instance),
    Stored(Arc<Stored>),
}

impl InstanceEntry {
    pub(super) fn of(instance: Instance) -> Self {
        InstanceEntry {
            origin: InstanceOrigin::World(instance),
            rest: OnceLock::new(),
            whole: OnceLock::new(),
        }
    }

    pub(super) fn stored(object: Arc<Stored>) -> Self {
        let rest = OnceLock::from(object.attributes());
        InstanceEntry { origin: InstanceOrigin::Stored(object), rest, whole: OnceLock::new() }
    }

    /// SOP Instance UID.
    pub fn uid(&self) -> &str {
        match &self.origin {
            InstanceOrigin::World(instance) => &instance.uid,
            InstanceOrigin::Stored(object) => &object.sop_instance,
        }
    }

    /// SOP Class UID.
    pub fn sop_class(&self) -> &str {
        match &self.origin {
            InstanceOrigin::World(instance) => &instance.sop_class,
            InstanceOrigin::Stored(object) => &object.sop_class,
        }
    }

    /// The instance, when it is the world's.
    pub fn world(&self) -> Option<&Instance> {
        match &self.origin {
            InstanceOrigin::World(instance) => Some(instance),
            InstanceOrigin::Stored(_) => None,
        }
    }

    /// The object, when the intruder stored it.
    pub fn own(&self) -> Option<&Stored> {
        match &self.origin {
            InstanceOrigin::World(_) => None,
            InstanceOrigin::Stored(object) => Some(object),
        }
    }

    /// A sequence of its header; `None` when there is none.
    pub(super) fn items(
        &self,
        holdings: &Holdings,
        entry: &Entry,
        series: &SeriesEntry,
        tag: Tag,
    ) -> Option<Vec<DataSet>> {
        if let Some(object) = self.own() {
            return object.items(tag);
        }
        let sequence = self.whole(holdings, entry, series, tag)?.sequences.get(tag)?;
        match &sequence.value {
            Value::Items(items) => Some(items.clone()),
            Value::Bytes(_) | Value::Fragments(_) => None,
        }
    }

    pub(super) fn text(
        &self,
        holdings: &Holdings,
        entry: &Entry,
        series: &SeriesEntry,
        tag: Tag,
    ) -> Cow<'_, str> {
        let view = holdings.view();
        match (tag, self.world()) {
            (tags::SOP_INSTANCE_UID, _) => self.uid().into(),
            (tags::SOP_CLASS_UID, _) => self.sop_class().into(),
            (tags::INSTANCE_NUMBER, Some(instance)) => instance.number.to_string().into(),
            _ => match self.rest(view, entry, series).get(tag) {
                Some(text) => text.into(),
                None => {
                    let whole = self.whole(holdings, entry, series, tag);
                    whole.and_then(|whole| whole.texts.get(tag)).unwrap_or_default().into()
                }
            },
        }
    }

    /// Made once, when an attribute is asked for that is told of headers.
    fn whole(&self, holdings: &Holdings, entry: &Entry, series: &SeriesEntry, tag: Tag) -> Option<&Whole> {
        let ((study, _), series) = entry.world().zip(series.world())?;
        if self.whole.get().is_none() {
            let set = holdings.header(tag, (study, series, self.world()?))?;
            let texts = Attributes::of(&set, Charset::Utf8);
            let sequences = set.iter().filter(|(_, element)| element.vr == Vr::SQ);
            let sequences = sequences.map(|(tag, element)| (tag, element.clone())).collect();
            let _ = self.whole.set(Whole { texts, sequences });
        }
        self.whole.get()
    }

    fn rest(&self, view: &View, entry: &Entry, series: &SeriesEntry) -> &Attributes {
        self.rest.get_or_init(|| {
            let said = entry.world().zip(series.world()).zip(self.world());
            let said = said.map(|(((study, _), series), own)| instance_attributes(view, study, series, own));
            said.map(|said| Attributes::of(&said, Charset::Utf8)).unwrap_or_default()
        })
    }
}
