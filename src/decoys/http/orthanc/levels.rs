//! What a level tells of itself: metadata, the tags of its module, tags that all below it share.

use std::collections::BTreeMap;

use super::Orthanc;
use super::answers::{Fault, fault, json, missing, revised, text};
use super::index::{Id, Place};
use super::instance::full;
use super::route::parameters;
use crate::archive::{Hit, Level};
use crate::decoys::http::dicomweb::Seen;
use crate::decoys::http::dicomweb::jsoncpp::Json;
use crate::decoys::http::engine::{Ask, Reply};
use crate::wire::dicom::dataset::{DataSet, Tag};

/// Most objects that are read for their tags in one answer: more would hold a thread for minutes.
const MAX_READ: usize = 1000;

/// Patient module (PS3.3 table C.7-1).
const PATIENT: [(u16, &[u16]); 2] = [
    (0x0008, &[0x1120]),
    (0x0010, &[0x10, 0x20, 0x21, 0x24, 0x30, 0x32, 0x40, 0x1000, 0x1001, 0x1002, 0x2160, 0x2297, 0x4000]),
];
/// General Study module (table C.7-3).
const STUDY: [(u16, &[u16]); 4] = [
    (0x0008, &[0x20, 0x30, 0x50, 0x51, 0x90, 0x96, 0x1030, 0x1032, 0x1048, 0x1049, 0x1060, 0x1062, 0x1110]),
    (0x0020, &[0x0d, 0x10]),
    (0x0032, &[0x1034]),
    (0x0040, &[0x1012]),
];
/// General Series module (table C.7-5) and the summary of the performed procedure step (table 10-16).
const SERIES: [(u16, &[u16]); 5] = [
    (0x0008, &[0x21, 0x31, 0x60, 0x103e, 0x103f, 0x1050, 0x1052, 0x1070, 0x1072, 0x1111, 0x1250]),
    (0x0018, &[0x15, 0x1030, 0x5100]),
    (0x0020, &[0x0e, 0x11, 0x60]),
    (0x0028, &[0x108]),
    (0x0040, &[0x244, 0x245, 0x253, 0x254, 0x260, 0x275, 0x280]),
];
/// SOP Common module (table C.12-1).
const INSTANCE: [(u16, &[u16]); 5] = [
    (0x0008, &[0x05, 0x12, 0x13, 0x14, 0x16, 0x18, 0x1a, 0x1b, 0x110, 0x201]),
    (0x0018, &[0xa001]),
    (0x0020, &[0x13]),
    (0x0040, &[0xa390]),
    (0x0100, &[0x410, 0x420, 0x424, 0x426]),
];

/// Names of metadata, or with `expand` their values too.
pub(super) fn values(ask: &Ask<'_>, known: Vec<(&'static str, String)>) -> Reply {
    if parameters(ask).get("expand").is_none() {
        return json(&Json::texts(known.into_iter().map(|(name, _)| name)));
    }
    json(&Json::Object(known.into_iter().map(|(name, value)| (name.to_owned(), Json::Text(value))).collect()))
}

/// Names of metadata that the product knows, whatever an item has of them.
const NAMES: [&str; 14] = [
    "IndexInSeries",
    "ReceptionDate",
    "RemoteAET",
    "ExpectedNumberOfInstances",
    "ModifiedFrom",
    "AnonymizedFrom",
    "LastUpdate",
    "Origin",
    "TransferSyntax",
    "SopClassUid",
    "RemoteIP",
    "CalledAET",
    "HttpUsername",
    "PixelDataOffset",
];

/// One of them. A name that the product knows and this item lacks is a 404 without a word.
pub(super) fn value(ask: &Ask<'_>, known: Vec<(&'static str, String)>, wanted: &str) -> Reply {
    match known.into_iter().find(|(name, _)| *name == wanted) {
        Some((_, value)) => revised(text(value.clone()), value.as_bytes()),
        None if NAMES.contains(&wanted) => missing(),
        None => fault(ask, Fault::Inexistent, None),
    }
}

/// The tags of an object that belong to a level.
pub(super) fn module(set: &DataSet, level: Level, ask: &Ask<'_>) -> Json {
    let groups: &[(u16, &[u16])] = match level {
        Level::Patient => &PATIENT,
        Level::Study => &STUDY,
        Level::Series => &SERIES,
        Level::Image => &INSTANCE,
    };
    let member = |tag: Tag| {
        groups.iter().any(|(group, elements)| *group == tag.group() && elements.contains(&tag.element()))
    };
    let own: DataSet =
        set.iter().filter(|(tag, _)| member(*tag)).map(|(tag, element)| (tag, element.clone())).collect();
    full(&own, set.charset(), ask)
}

impl Orthanc {
    /// `shared-tags`: texts that are the same in all objects below.
    pub(super) fn shared(&self, ask: &Ask<'_>, holdings: &Seen, hits: &[Hit]) -> Reply {
        let (sets, _) = self.sets(ask, holdings, hits);
        let Some((first, rest)) = sets.split_first() else { return json(&Json::Object(BTreeMap::new())) };
        let common: DataSet = first
            .iter()
            .filter(|(tag, element)| {
                let same = |set: &DataSet| set.get(*tag).is_some_and(|other| other.value == element.value);
                rest.iter().all(same) && is_text(first, *tag, ask)
            })
            .map(|(tag, element)| (tag, element.clone()))
            .collect();
        json(&full(&common, first.charset(), ask))
    }

    /// `instances-tags`: the tags of each object below.
    pub(super) fn tags_below(&self, ask: &Ask<'_>, holdings: &Seen, hits: &[Hit]) -> Reply {
        let (sets, ids) = self.sets(ask, holdings, hits);
        let told = sets.iter().zip(ids).map(|(set, id)| (id.to_string(), full(set, set.charset(), ask)));
        json(&Json::Object(told.collect()))
    }

    /// `module` of what is above the objects.
    pub(super) fn module_above(&self, ask: &Ask<'_>, holdings: &Seen, hits: &[Hit], level: Level) -> Reply {
        let (sets, _) = self.sets(ask, holdings, hits.get(..1).unwrap_or_default());
        match sets.first() {
            Some(set) => json(&module(set, level, ask)),
            None => missing(),
        }
    }

    fn sets(&self, ask: &Ask<'_>, holdings: &Seen, hits: &[Hit]) -> (Vec<DataSet>, Vec<Id>) {
        let read = |hit: &Hit| {
            let (series, instance) = (hit.series.as_ref()?, hit.instance.as_ref()?);
            let id = Id::of(&[hit.entry.patient_id(), hit.entry.uid(), series.uid(), instance.uid()]);
            Some((self.shelf.kept_set(holdings, hit)?, id))
        };
        ask.session.heavy(|| hits.iter().take(MAX_READ).filter_map(read).unzip())
    }

    /// What is kept beside a patient, a study or a series.
    pub(super) fn metadata_above(&self, place: Place, updated: String) -> Vec<(&'static str, String)> {
        let last = ("LastUpdate", updated);
        match place {
            Place::Series(..) => {
                let from = self.behaviour.modality.first().map(|from| from.ae_title.clone());
                vec![("RemoteAET", from.unwrap_or_default()), last]
            }
            Place::Patient | Place::Study(_) | Place::Instance(..) => vec![last],
        }
    }
}

/// Whether the product shows a value as text: no sequence, no bytes, not too long.
fn is_text(set: &DataSet, tag: Tag, ask: &Ask<'_>) -> bool {
    let one: DataSet = set.get(tag).map(|element| (tag, element.clone())).into_iter().collect();
    let Json::Object(told) = full(&one, set.charset(), ask) else { return false };
    told.values().any(|value| match value {
        Json::Object(members) => members.get("Type") == Some(&Json::text("String")),
        Json::Text(_) => true,
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::List(_) => false,
    })
}
