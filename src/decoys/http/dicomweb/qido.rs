//! QIDO-RS (PS3.18 10.6): parameters to a query, and its walk.

use dicom_core::dictionary::{DataDictionary, DataDictionaryEntry};
use dicom_dictionary_std::StandardDataDictionary;

use crate::archive::{Compared, Comparison, Found, Hit, Holdings, Key, Level, Manner, Nested, Query, Search};
use crate::decoys::http::uri::form_decode;
use crate::wire::dicom::dataset::{Tag, Vr, tags, vr_of};

/// Most parameters of one request that are looked at.
pub const MAX_PARAMETERS: usize = 128;
/// Most steps of one walk, each of about a thousand studies: more than any archive holds.
const MAX_STEPS: usize = 4096;

/// Parameters of a request, decoded.
#[derive(Debug, Default, Clone)]
pub struct Parameters(pub Vec<(String, String)>);

impl Parameters {
    /// Reads a query string.
    pub fn read(query: &[u8]) -> Self {
        let text = |part: &[u8]| String::from_utf8_lossy(&form_decode(part)).into_owned();
        let pairs = query.split(|b| *b == b'&').filter(|p| !p.is_empty()).take(MAX_PARAMETERS);
        Parameters(
            pairs
                .map(|pair| {
                    let at = pair.iter().position(|b| *b == b'=').unwrap_or(pair.len());
                    let (name, value) = pair.split_at(at);
                    (text(name), text(value.get(1..).unwrap_or_default()))
                })
                .collect(),
        )
    }

    /// First value of a name.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    /// All values of a name, split at commas.
    pub fn list<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(n, _)| n == name).flat_map(|(_, value)| value.split(','))
    }

    /// Keys inside a sequence, by keywords or numbers with a dot between (PS3.18 8.3.4.1).
    pub(crate) fn nested(&self) -> Vec<(Tag, Tag, &str)> {
        let path = |name: &str| {
            let (sequence, within) = name.split_once('.')?;
            Some((attribute(sequence)?, attribute(within)?))
        };
        let all = self.0.iter().filter(|(_, value)| !value.is_empty());
        all.filter_map(|(name, value)| path(name).map(|(of, tag)| (of, tag, value.as_str()))).collect()
    }

    /// Keys: names that are attributes, by keyword or number.
    pub fn keys(&self) -> Vec<(Tag, &str)> {
        self.0.iter().filter_map(|(name, value)| Some((attribute(name)?, value.as_str()))).collect()
    }
}

/// The attribute that a keyword or a number of eight digits names.
pub fn attribute(name: &str) -> Option<Tag> {
    if name.len() == 8 && name.bytes().all(|b| b.is_ascii_hexdigit()) {
        let number = u32::from_str_radix(name, 16).ok()?;
        let (group, element) = (u16::try_from(number >> 16).ok()?, u16::try_from(number & 0xffff).ok()?);
        return Some(Tag(group, element));
    }
    let first = name.bytes().next()?;
    let entry = first.is_ascii_uppercase().then(|| StandardDataDictionary.by_name(name))??;
    Some(entry.tag())
}

/// The keyword of an attribute.
pub(crate) fn keyword(tag: Tag) -> Option<&'static str> {
    StandardDataDictionary.by_tag(tag).map(|entry| entry.alias())
}

/// The level that an attribute of the index belongs to.
pub(crate) fn level_of(tag: Tag) -> Level {
    match tag {
        tags::PATIENT_NAME
        | tags::PATIENT_ID
        | tags::PATIENT_BIRTH_DATE
        | tags::PATIENT_SEX
        | tags::ISSUER_OF_PATIENT_ID => Level::Patient,
        tags::SERIES_INSTANCE_UID
        | tags::MODALITY
        | tags::SERIES_NUMBER
        | tags::REQUEST_ATTRIBUTES_SEQUENCE
        | tags::SERIES_DESCRIPTION
        | tags::SERIES_DATE
        | tags::SERIES_TIME
        | tags::PROTOCOL_NAME
        | tags::BODY_PART_EXAMINED
        | tags::STATION_NAME
        | tags::MANUFACTURER
        | tags::PERFORMED_PROCEDURE_STEP_START_DATE
        | tags::PERFORMED_PROCEDURE_STEP_START_TIME
        | tags::PERFORMED_PROCEDURE_STEP_ID
        | tags::OPERATORS_NAME
        | tags::NUMBER_OF_SERIES_RELATED_INSTANCES => Level::Series,
        tags::SOP_INSTANCE_UID
        | tags::SOP_CLASS_UID
        | tags::INSTANCE_NUMBER
        | tags::ROWS
        | tags::COLUMNS
        | tags::BITS_ALLOCATED
        | tags::NUMBER_OF_FRAMES
        | tags::CONTENT_DATE
        | tags::CONTENT_TIME
        | tags::ACQUISITION_DATE
        | tags::ACQUISITION_TIME => Level::Image,
        _ => Level::Study,
    }
}

/// A relational query of a level; keys of no value are left out. `manner` says how a product compares
/// values of a representation.
pub fn query(level: Level, keys: impl IntoIterator<Item = (Tag, String)>, manner: fn(Vr) -> Manner) -> Query {
    let keys = keys.into_iter().filter(|(_, value)| !value.trim().is_empty());
    let mut keys: Vec<Key> = keys
        .map(|(tag, value)| {
            let vr = vr_of(tag);
            let comparison = Comparison::of(vr, value.trim().as_bytes(), manner(vr));
            Key { tag, level: level_of(tag), comparison }
        })
        .collect();
    keys.sort_by_key(|key| key.tag);
    let compared = Compared::Unicode;
    Query {
        top: Level::Patient,
        level,
        relational: true,
        first_instance: false,
        compared,
        keys,
        sequences: Vec::new(),
        combined: false,
    }
}

/// Keys inside sequences; those of one sequence are of one item.
pub(crate) fn sequences(keys: &[(Tag, Tag, &str)], manner: fn(Vr) -> Manner) -> Vec<(Tag, Level, Nested)> {
    let mut found: Vec<(Tag, Level, Nested)> = Vec::new();
    for (sequence, tag, value) in keys {
        let vr = vr_of(*tag);
        let comparison = Comparison::of(vr, value.trim().as_bytes(), manner(vr));
        match found.iter_mut().find(|(known, ..)| known == sequence) {
            Some((.., keys)) => keys.value(*tag, comparison),
            None => {
                let mut keys = Nested::default();
                keys.value(*tag, comparison);
                found.push((*sequence, level_of(*sequence), keys));
            }
        }
    }
    found
}

/// Matches after the first `offset`, at most `limit`.
pub(crate) fn walk(holdings: &Holdings, query: &Query, offset: u64, limit: u64) -> Vec<Hit> {
    let mut hits = Vec::new();
    let mut skipped = 0;
    each(holdings, query, |hit| {
        if skipped < offset {
            skipped += 1;
        } else {
            hits.push(hit);
        }
        u64::try_from(hits.len()).unwrap_or(u64::MAX) < limit
    });
    hits
}

/// How many match.
pub(crate) fn count(holdings: &Holdings, query: &Query) -> u64 {
    let mut count = 0;
    each(holdings, query, |_| {
        count += 1;
        true
    });
    count
}

fn each(holdings: &Holdings, query: &Query, mut take: impl FnMut(Hit) -> bool) {
    let mut search = Search::new(query, holdings);
    let mut steps = 0;
    while steps < MAX_STEPS {
        match search.next(query, holdings) {
            Found::Hit(hit) => {
                if !take(*hit) {
                    return;
                }
            }
            Found::Pause => steps += 1,
            Found::End => return,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_are_named_by_keyword_or_number() {
        assert_eq!(attribute("StudyDate"), Some(tags::STUDY_DATE));
        assert_eq!(attribute("0020000D"), Some(tags::STUDY_INSTANCE_UID));
        assert_eq!(attribute("limit"), None);
        assert_eq!(attribute("NoSuchThing"), None);
        let nested = Parameters::read(b"00400275.00400009=7&RequestAttributesSequence.NoSuch=1&limit=3");
        let expected = (tags::REQUEST_ATTRIBUTES_SEQUENCE, tags::SCHEDULED_PROCEDURE_STEP_ID, "7");
        assert_eq!(nested.nested(), [expected]);
        assert_eq!(keyword(tags::PATIENT_ID), Some("PatientID"));
    }
}
