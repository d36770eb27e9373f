//! Objects that claim to be one that the hospital holds, and what they would change of it.

use bytes::Bytes;

use super::Received;
use crate::event::observation::{Change, MAX_CHANGES, RecordKind};
use crate::event::{Observation, Tainted};
use crate::imaging::{Imaging, instance_attributes, series_attributes, study_attributes};
use crate::session::Session;
use crate::wire::dicom::dataset::{Charset, DataSet, Tag, TransferSyntax, tags};
use crate::wire::dicom::elements::Elements;
use crate::world::{Instance, Series, Study, View};

/// Largest object whose pixels are compared: above every single frame that the hospital's devices make.
const MAX_COMPARED: usize = 32 << 20;

/// Longest value told.
const MAX_VALUE: usize = 128;

/// What is compared, with its keyword.
const COMPARED: [(&str, Tag); 16] = [
    ("PatientID", tags::PATIENT_ID),
    ("PatientName", tags::PATIENT_NAME),
    ("PatientBirthDate", tags::PATIENT_BIRTH_DATE),
    ("PatientSex", tags::PATIENT_SEX),
    ("AccessionNumber", tags::ACCESSION_NUMBER),
    ("StudyInstanceUID", tags::STUDY_INSTANCE_UID),
    ("StudyID", tags::STUDY_ID),
    ("StudyDate", tags::STUDY_DATE),
    ("StudyTime", tags::STUDY_TIME),
    ("StudyDescription", tags::STUDY_DESCRIPTION),
    ("SeriesInstanceUID", tags::SERIES_INSTANCE_UID),
    ("Modality", tags::MODALITY),
    ("SeriesDescription", tags::SERIES_DESCRIPTION),
    ("InstitutionName", tags::INSTITUTION_NAME),
    ("InstanceNumber", tags::INSTANCE_NUMBER),
    ("SOPClassUID", tags::SOP_CLASS_UID),
];

/// A record of the hospital that an object claims to be or to belong to.
struct Original {
    subject: RecordKind,
    id: String,
    study: Study,
    series: Option<Series>,
    instance: Option<Instance>,
}

/// Tells when an object has the UID of an instance, series or study of the hospital; whether it has.
pub(super) fn look(session: &Session, imaging: &Imaging, object: &Received<'_>) -> bool {
    let view = session.world().at(session.now());
    let sent = Sent::read(object.head, object.syntax);
    let Some(original) = original(&view, &sent) else { return false };
    let mut changes = attributes(&view, &original, &sent);
    changes.extend(session.heavy(|| pixels(session, imaging, &view, &original, object)));
    changes.truncate(MAX_CHANGES);
    session.emit(Observation::Tampering { subject: original.subject, id: original.id, changes });
    true
}

/// The values of an object that matter here, as sent.
struct Sent {
    values: Vec<(Tag, Bytes)>,
    charset: Charset,
}

impl Sent {
    fn read(head: &Bytes, syntax: TransferSyntax) -> Self {
        let wanted = |tag: Tag| {
            COMPARED.iter().any(|(_, compared)| *compared == tag)
                || matches!(tag, tags::SOP_INSTANCE_UID | tags::SPECIFIC_CHARACTER_SET)
        };
        let elements = Elements::of(head.clone(), syntax).map_while(Result::ok);
        let values: Vec<_> =
            elements.filter(|e| wanted(e.tag)).map(|element| (element.tag, element.value)).collect();
        let mut sent = Sent { values, charset: Charset::default() };
        let term = sent.text(tags::SPECIFIC_CHARACTER_SET).unwrap_or_default();
        sent.charset = term.rsplit('\\').find_map(|term| Charset::from_term(term.trim())).unwrap_or_default();
        sent
    }

    fn text(&self, tag: Tag) -> Option<String> {
        let (_, value) = self.values.iter().find(|(sent, _)| *sent == tag)?;
        Some(self.charset.decode(value).trim_matches([' ', '\0']).to_owned())
    }
}

fn original(view: &View, sent: &Sent) -> Option<Original> {
    let uid = |tag| sent.text(tag).filter(|uid| !uid.is_empty());
    if let Some((study, series, instance)) =
        uid(tags::SOP_INSTANCE_UID).and_then(|uid| view.find_instance(&uid))
    {
        let id = instance.uid.clone();
        let (subject, series, instance) = (RecordKind::Instance, Some(series), Some(instance));
        return Some(Original { subject, id, study, series, instance });
    }
    if let Some((study, series)) = uid(tags::SERIES_INSTANCE_UID).and_then(|uid| view.find_series(&uid)) {
        let id = series.uid.clone();
        return Some(Original {
            subject: RecordKind::Series,
            id,
            study,
            series: Some(series),
            instance: None,
        });
    }
    let study = uid(tags::STUDY_INSTANCE_UID).and_then(|uid| view.study(&uid))?;
    Some(Original { subject: RecordKind::Study, id: study.uid.clone(), study, series: None, instance: None })
}

/// Values that differ from the hospital's. A value that was left out changes nothing.
fn attributes(view: &View, original: &Original, sent: &Sent) -> Vec<Change> {
    let patient = view.patient(original.study.patient);
    let mut held = Vec::new();
    held.extend(patient.map(|patient| study_attributes(view, &original.study, &patient)));
    held.extend(original.series.as_ref().map(|series| series_attributes(view, &original.study, series)));
    if let (Some(series), Some(instance)) = (&original.series, &original.instance) {
        held.push(instance_attributes(view, &original.study, series, instance));
    }
    let ours = |tag| held.iter().find_map(|set| set.text_in(tag, Charset::Utf8));
    COMPARED
        .iter()
        .filter_map(|(keyword, tag)| {
            let (from, to) = (ours(*tag)?, sent.text(*tag)?);
            let differs = from.trim_matches([' ', '\0']) != to;
            differs.then(|| change(keyword, &from, &to))
        })
        .collect()
}

/// Whether the picture is another, and where.
fn pixels(
    session: &Session,
    imaging: &Imaging,
    view: &View,
    original: &Original,
    object: &Received<'_>,
) -> Option<Change> {
    let (Some(series), Some(instance)) = (&original.series, &original.instance) else { return None };
    if !object.syntax.is_plain() {
        return None;
    }
    let file = Bytes::from(session.read_artefact(&object.kept.sha256, MAX_COMPARED)?);
    let sent =
        DataSet::decode(&file.get(object.offset..).map(|_| file.slice(object.offset..))?, object.syntax);
    let sent = sent.ok()?;
    let syntax = TransferSyntax::ExplicitLittle;
    let drawn = imaging.object(view, &original.study, series, instance, syntax, Charset::Utf8);
    let held = DataSet::decode(&drawn.bytes, syntax).ok()?;
    let (from, to) = (held.bytes(tags::PIXEL_DATA)?, sent.bytes(tags::PIXEL_DATA)?);
    if from.len() != to.len() {
        return Some(change("pixels", &format!("{} bytes", from.len()), &format!("{} bytes", to.len())));
    }
    let width = usize::from(held.u16(tags::BITS_ALLOCATED).unwrap_or(16)).div_ceil(8);
    let samples = width.max(1) * usize::from(held.u16(tags::SAMPLES_PER_PIXEL).unwrap_or(1)).max(1);
    let columns = usize::from(held.u16(tags::COLUMNS).unwrap_or(1)).max(1);
    let changed = || {
        let pairs = from.chunks(samples).zip(to.chunks(samples)).enumerate();
        pairs.filter(|(_, (from, to))| from != to).map(|(at, _)| (at / columns, at % columns))
    };
    let count = changed().count();
    let (top, bottom) = bounds(changed().map(|(row, _)| row))?;
    let (left, right) = bounds(changed().map(|(_, column)| column))?;
    let to = format!("{count} changed, rows {top} to {bottom}, columns {left} to {right}");
    Some(change("pixels", &format!("{} pixels", from.len() / samples), &to))
}

fn bounds(numbers: impl Iterator<Item = usize>) -> Option<(usize, usize)> {
    numbers.fold(None, |bounds, number| match bounds {
        None => Some((number, number)),
        Some((low, high)) => Some((number.min(low), number.max(high))),
    })
}

fn change(field: &str, from: &str, to: &str) -> Change {
    let cut = |text: &str| text.chars().take(MAX_VALUE).collect::<String>();
    Change { field: field.to_owned(), from: cut(from), to: Tainted::from(cut(to)) }
}
