//! DICOM files as devices and archives export them: a folder per day, in it one per study, in it the
//! images of all its series.

use std::sync::Arc;

use jiff::civil::Date;

use super::Eyes;
use super::node::{Body, Node, Times};
use crate::wire::dicom::dataset::{Charset, FileMeta, TransferSyntax, part10, tags};
use crate::world::{Content, Instance, Modality, Series, Study, StudyFilter};

/// How exported files are encoded.
const SYNTAX: TransferSyntax = TransferSyntax::ExplicitLittle;
/// Bytes of the element that pixels stand in, before them.
const PIXEL_ELEMENT: u64 = 12;

/// A path below: day, study, image.
pub(super) fn find(eyes: &Eyes<'_>, modalities: &[Modality], days: u32, below: &[String]) -> Option<Node> {
    match below {
        [] => Some(root(eyes)),
        [day] => {
            let date = day_of(eyes, day, days)?;
            Some(Node::folder(&folder_of(date), day_times(eyes, date)))
        }
        [day, study] => {
            let study = study_of(eyes, modalities, days, day, study)?;
            Some(study_node(eyes, &study))
        }
        [day, study, image] => {
            let study = study_of(eyes, modalities, days, day, study)?;
            let wanted: u32 =
                image.to_ascii_uppercase().strip_prefix("IM")?.strip_suffix(".DCM")?.parse().ok()?;
            image_at(eyes, &study, wanted).filter(|node| node.name.eq_ignore_ascii_case(image))
        }
        _ => None,
    }
}

/// What lies in a folder.
pub(super) fn list(
    eyes: &Eyes<'_>,
    modalities: &[Modality],
    days: u32,
    below: &[String],
) -> Option<Vec<Node>> {
    match below {
        [] => {
            let today = eyes.view.local(eyes.view.now()).date();
            let dates =
                (0..days).filter_map(|ago| today.checked_sub(jiff::Span::new().days(i64::from(ago))).ok());
            let filled = dates.filter(|date| *date != today || !studies(eyes, modalities, today).is_empty());
            Some(filled.map(|date| Node::folder(&folder_of(date), day_times(eyes, date))).collect())
        }
        [day] => {
            let date = day_of(eyes, day, days)?;
            Some(studies(eyes, modalities, date).iter().map(|study| study_node(eyes, study)).collect())
        }
        [day, study] => {
            let study = study_of(eyes, modalities, days, day, study)?;
            Some(images(eyes, &study))
        }
        _ => None,
    }
}

fn root(eyes: &Eyes<'_>) -> Node {
    let today = eyes.view.local(eyes.view.now()).date();
    Node::folder("", day_times(eyes, today))
}

fn folder_of(date: Date) -> String {
    date.strftime("%Y%m%d").to_string()
}

/// A folder of a day is made by its first study.
pub(super) fn day_times(eyes: &Eyes<'_>, date: Date) -> Times {
    let offset = eyes.view.hospital().utc_offset_minutes * 60;
    let zone = jiff::tz::Offset::from_seconds(offset).unwrap_or(jiff::tz::Offset::UTC);
    let morning = zone.to_timestamp(date.at(7, 40, 0, 0)).unwrap_or_default();
    eyes.times_of(&folder_of(date), morning.min(eyes.view.now()))
}

/// The day of a folder's name, where it is kept.
fn day_of(eyes: &Eyes<'_>, name: &str, days: u32) -> Option<Date> {
    let date = Date::strptime("%Y%m%d", name).ok().filter(|date| folder_of(*date) == name)?;
    is_kept(eyes, date, days).then_some(date)
}

/// Whether a day is one of the last so many.
pub(super) fn is_kept(eyes: &Eyes<'_>, date: Date, days: u32) -> bool {
    let today = eyes.view.local(eyes.view.now()).date();
    let ago = (today - date).get_days();
    (0..i32::try_from(days).unwrap_or(i32::MAX)).contains(&ago)
}

fn studies(eyes: &Eyes<'_>, modalities: &[Modality], date: Date) -> Vec<Study> {
    let filter = StudyFilter {
        from: Some(date),
        to: Some(date),
        modalities: modalities.to_vec(),
        ..StudyFilter::default()
    };
    let mut studies = eyes.view.studies(&filter);
    studies.retain(|study| eyes.view.acquired(study).is_some());
    studies
}

fn study_of(eyes: &Eyes<'_>, modalities: &[Modality], days: u32, day: &str, name: &str) -> Option<Study> {
    let date = day_of(eyes, day, days)?;
    let (accession, _) = name.split_once('_')?;
    let study = eyes.view.study_by_accession(&accession.to_uppercase())?;
    let fits = modalities.contains(&study.modality)
        && eyes.view.local(study.started).date() == date
        && eyes.view.acquired(&study).is_some()
        && study_name(eyes, &study).eq_ignore_ascii_case(name);
    fits.then_some(study)
}

fn study_name(eyes: &Eyes<'_>, study: &Study) -> String {
    let patient = eyes.view.patient(study.patient);
    let name =
        patient.map(|p| format!("{}{}", p.name.family_pinyin, p.name.given_pinyin)).unwrap_or_default();
    format!("{}_{}", study.accession, name.to_uppercase())
}

fn study_node(eyes: &Eyes<'_>, study: &Study) -> Node {
    let acquired = eyes.view.acquired(study).unwrap_or(study.started);
    Node::folder(&study_name(eyes, study), eyes.times_of(&study.accession, acquired.min(eyes.view.now())))
}

/// Series whose objects are images: what a device sends out by itself stays out.
fn series_of(eyes: &Eyes<'_>, study: &Study) -> Vec<Series> {
    let series = eyes.view.series(study).into_iter();
    series.filter(|series| matches!(series.content, Content::Image | Content::DoseSheet)).collect()
}

fn images(eyes: &Eyes<'_>, study: &Study) -> Vec<Node> {
    let mut nodes = Vec::new();
    for series in series_of(eyes, study) {
        let shared = Arc::new((study.clone(), series));
        for instance in eyes.view.instances(study, &shared.1) {
            if is_still(&instance) {
                nodes.push(node(eyes, &shared, instance, nodes.len() + 1));
            }
        }
    }
    nodes
}

fn image_at(eyes: &Eyes<'_>, study: &Study, wanted: u32) -> Option<Node> {
    let wanted = usize::try_from(wanted).ok()?.checked_sub(1)?;
    let mut before = 0;
    for series in series_of(eyes, study) {
        let mut stills = eyes.view.instances(study, &series).into_iter().filter(is_still);
        let count = usize::try_from(series.instances).ok()?;
        if let Some(instance) = stills.nth(wanted.checked_sub(before)?) {
            return Some(node(eyes, &Arc::new((study.clone(), series)), instance, wanted + 1));
        }
        before += count;
    }
    None
}

fn is_still(instance: &Instance) -> bool {
    matches!(instance.content, Content::Image | Content::DoseSheet)
}

fn node(eyes: &Eyes<'_>, of: &Arc<(Study, Series)>, instance: Instance, number: usize) -> Node {
    let name = format!("IM{number:05}.dcm");
    let acquired = eyes.view.acquired(&of.0).unwrap_or(of.1.started).min(eyes.view.now());
    let times = eyes.times_of(&of.0.accession, acquired);
    let size = size(eyes, &of.0, &of.1, &instance);
    Node::file(&name, size, times, Body::Image(Arc::clone(of), instance))
}

/// The size of a file whose pixels are not drawn: what its header says of them.
fn size(eyes: &Eyes<'_>, study: &Study, series: &Series, instance: &Instance) -> u64 {
    let header = eyes.disk.imaging().header(eyes.view, study, series, instance);
    let length = |bytes: usize| u64::try_from(bytes).unwrap_or(0);
    let number = |tag| header.u16(tag).map_or(0, u64::from);
    let samples = number(tags::ROWS) * number(tags::COLUMNS) * number(tags::SAMPLES_PER_PIXEL).max(1);
    let pixels = (samples * number(tags::BITS_ALLOCATED) / 8).next_multiple_of(2);
    let head = length(part10(&meta(instance), &[]).len()) + length(header.encoded_len(SYNTAX));
    head + PIXEL_ELEMENT + pixels
}

/// The file's bytes.
pub(super) fn bytes(eyes: &Eyes<'_>, study: &Study, series: &Series, instance: &Instance) -> Vec<u8> {
    let object = eyes.disk.imaging().object(eyes.view, study, series, instance, SYNTAX, Charset::Utf8);
    part10(&meta(instance), &object.bytes)
}

fn meta(instance: &Instance) -> FileMeta<'_> {
    FileMeta {
        sop_class: &instance.sop_class,
        sop_instance: &instance.uid,
        transfer_syntax: SYNTAX.uid(),
        // The toolkit that most export programs are built with.
        implementation: "1.2.276.0.7230010.3.0.3.6.2",
        version: "OFFIS_DCMTK_362",
        source: "",
    }
}
