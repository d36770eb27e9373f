//! Objects of matches as DICOM files, frames and pictures.

use std::sync::Arc;

use bytes::Bytes;

use super::{Seen, Shelf};
use crate::archive::{Entry, Hit, Holdings};
use crate::imaging::Form;
use crate::imaging::codec::Picture;
use crate::wire::dicom::dataset::{DataSet, FileMeta, TransferSyntax, part10, tags};

/// All instances of a study, or of one series, or one instance.
pub(crate) fn instances(
    holdings: &Holdings,
    study: &str,
    series: Option<&str>,
    instance: Option<&str>,
) -> Vec<Hit> {
    let Some(entry) = holdings.study(study) else { return Vec::new() };
    of_study(holdings, &entry, series, instance)
}

/// The instances of a study that match.
pub(crate) fn of_study(
    holdings: &Holdings,
    entry: &Arc<Entry>,
    series: Option<&str>,
    instance: Option<&str>,
) -> Vec<Hit> {
    let mut hits = Vec::new();
    for found in holdings.series(entry) {
        if series.is_some_and(|uid| uid != found.uid()) {
            continue;
        }
        for one in holdings.instances(entry, &found) {
            if instance.is_none_or(|uid| uid == one.uid()) {
                let series = Some(found.clone());
                hits.push(Hit { entry: Arc::clone(entry), series, instance: Some(one) });
            }
        }
    }
    hits
}

impl Shelf {
    /// The transfer syntax in which the archive keeps an instance.
    pub(crate) fn kept(&self, hit: &Hit) -> TransferSyntax {
        let kept = |instance| self.sending.kept_form(&hit.entry, instance);
        hit.instance.as_ref().map_or(TransferSyntax::ExplicitLittle, kept)
    }

    /// The object of an instance as a file (PS3.10), as it is kept.
    pub(crate) fn file(&self, seen: &Seen, hit: &Hit) -> Option<Bytes> {
        self.file_in(seen, hit, self.kept(hit))
    }

    /// The same in a transfer syntax; `None` where the object can't be had in it.
    pub(crate) fn file_in(&self, seen: &Seen, hit: &Hit, syntax: TransferSyntax) -> Option<Bytes> {
        let instance = hit.instance.as_ref()?;
        let meta = FileMeta {
            sop_class: instance.sop_class(),
            sop_instance: instance.uid(),
            transfer_syntax: syntax.uid(),
            implementation: &self.implementation,
            version: &self.version,
            source: "",
        };
        Some(part10(&meta, &self.object(seen, hit, syntax)?).into())
    }

    /// The object's data set, uncompressed where that is known.
    pub(crate) fn data_set(&self, seen: &Seen, hit: &Hit) -> Option<DataSet> {
        let plain = TransferSyntax::ExplicitLittle;
        if let Some(bytes) = self.object(seen, hit, plain) {
            return DataSet::decode(&bytes, plain).ok();
        }
        let kept = self.kept(hit);
        DataSet::decode(&self.object(seen, hit, kept)?, kept).ok()
    }

    /// The object's data set as it is kept: what a peer stored compressed stays so.
    pub(crate) fn kept_set(&self, seen: &Seen, hit: &Hit) -> Option<DataSet> {
        let Some(own) = hit.instance.as_ref()?.own() else { return self.data_set(seen, hit) };
        DataSet::decode(&own.data_set(&seen.session)?, TransferSyntax::from_uid(&own.syntax)?).ok()
    }

    /// The bytes of an object in a transfer syntax: the same that DIMSE sends.
    fn object(&self, seen: &Seen, hit: &Hit, sent: TransferSyntax) -> Option<Bytes> {
        let instance = hit.instance.as_ref()?;
        if let Some(own) = instance.own() {
            return own.object(&seen.session, sent);
        }
        let (study, _) = hit.entry.world()?;
        let (series, instance) = (hit.series.as_ref()?.world()?, instance.world()?);
        let form = Form { kept: self.kept(hit), sent };
        let object = self.imaging.coded(seen.view(), study, series, instance, form, self.charset)?;
        Some(object.bytes.clone())
    }

    /// A frame as a viewer shows it, counted from 0.
    pub(crate) fn picture(&self, seen: &Seen, hit: &Hit, frame: usize) -> Option<Picture> {
        Picture::of(&self.data_set(seen, hit)?, frame, None)
    }
}

/// A picture whose longer side is at most so many pixels: whole blocks are averaged.
pub(crate) fn smaller(picture: Picture, side: u32) -> Picture {
    let block = picture.width.max(picture.height).div_ceil(side.max(1));
    let (width, height) = (picture.width / block.max(1), picture.height / block.max(1));
    if block <= 1 || width == 0 || height == 0 {
        return picture;
    }
    let size = |number: u32| usize::try_from(number).unwrap_or(0);
    let (samples, block) = (if picture.coloured { 3 } else { 1 }, size(block));
    let row = size(picture.width) * samples;
    let mut pixels = Vec::with_capacity(size(width) * size(height) * samples);
    for y in 0..size(height) {
        for x in 0..size(width) {
            for sample in 0..samples {
                let at = |dy: usize, dx: usize| (y * block + dy) * row + (x * block + dx) * samples + sample;
                let values = (0..block * block).map(|i| picture.pixels.get(at(i / block, i % block)));
                let sum: usize = values.map(|value| value.copied().map_or(0, usize::from)).sum();
                pixels.push(u8::try_from(sum / (block * block)).unwrap_or(u8::MAX));
            }
        }
    }
    Picture { width, height, coloured: picture.coloured, pixels }
}

/// The bytes of one frame, counted from 0, and how many frames there are.
pub(crate) fn frame(set: &DataSet, number: usize) -> (Option<Bytes>, usize) {
    let frames = frames(set);
    let Some(pixels) = set.bytes(tags::PIXEL_DATA) else { return (None, 0) };
    let length = set_length(set).unwrap_or(pixels.len());
    let start = number.saturating_mul(length);
    let end = start.saturating_add(length);
    let held = number < frames && end <= pixels.len();
    (held.then(|| pixels.slice(start..end)), frames)
}

/// How many frames an object has.
pub(crate) fn frames(set: &DataSet) -> usize {
    if !set.contains(tags::PIXEL_DATA) {
        return 0;
    }
    set.integer(tags::NUMBER_OF_FRAMES).and_then(|n| usize::try_from(n).ok()).unwrap_or(1)
}

fn set_length(set: &DataSet) -> Option<usize> {
    let number = |tag| set.u16(tag).map(usize::from);
    let samples = number(tags::SAMPLES_PER_PIXEL).unwrap_or(1);
    let bytes = number(tags::BITS_ALLOCATED)?.div_ceil(8);
    Some(number(tags::ROWS)? * number(tags::COLUMNS)? * samples * bytes)
}
