//! The identifier of a query or retrieval (PS3.4 C.4.1.1.3): level and keys, checked for its model.

use std::fmt::Write;
use std::sync::LazyLock;

use bytes::Bytes;
use dicom_core::dictionary::{DataDictionary, DataDictionaryEntry};
use dicom_dictionary_std::StandardDataDictionary;

use super::rules::{Combined, Reason, Rules, Sequences, Text, Unlisted};
use crate::archive::{Compared, Comparison, Key, Level, Nested, Query, is_number, number_text};
use crate::decoys::dicom::negotiate::Agreement;
use crate::decoys::dicom::profile::{Profile, Root};
use crate::event::Tainted;
use crate::wire::dicom::dataset::{Charset, DataSet, Tag, TransferSyntax, Value, Vr, tags, vr_of};
use crate::wire::dicom::elements::Elements;

/// Longest filter told in an event.
const MAX_FILTER: usize = 1024;

/// Why an identifier can't be worked on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Fault {
    /// It is no data set: the product breaks off.
    Unreadable,
    /// Query/Retrieve Level is missing or empty.
    NoLevel,
    /// Query/Retrieve Level is none.
    BadLevel(String),
}

impl Fault {
    /// The element that is wrong; `None` when the identifier can't be read at all.
    pub(crate) fn reason(&self) -> Option<Reason> {
        let tag = tags::QUERY_RETRIEVE_LEVEL;
        match self {
            Fault::Unreadable => None,
            Fault::NoLevel => Some(Reason { tag, value: None }),
            Fault::BadLevel(value) => Some(Reason { tag, value: Some(value.clone()) }),
        }
    }
}

/// A query as its identifier asks it.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    /// What is looked for.
    pub(crate) query: Query,
    /// Tags that are answered empty.
    pub(crate) empty: Vec<(Tag, Vr)>,
    /// Sequences that are answered, and what was asked for of their items; all when nothing was.
    pub(crate) sequences: Vec<(Tag, DataSet)>,
    /// Unique keys above the level may be missing, as was negotiated.
    relational: bool,
    /// The value of (0008,0005).
    pub(crate) charset: String,
    /// The filter as asked.
    pub(crate) filter: Tainted,
}

/// What becomes of one element of an identifier.
enum Use {
    Key(Key),
    Sequence(Tag, DataSet),
    Empty(Tag, Vr),
    Nothing,
}

impl Asked {
    /// Reads an identifier.
    ///
    /// # Errors
    /// [`Fault`].
    pub(crate) fn read(
        bytes: &Bytes,
        context: &Agreement,
        root: Root,
        profile: &Profile,
    ) -> Result<Asked, Fault> {
        let syntax = context.syntax;
        let elements = elements(bytes, syntax)?;
        let value = |tag: Tag| elements.iter().find(|(t, ..)| *t == tag).map(|(_, _, value)| value);
        let charset = value(tags::SPECIFIC_CHARACTER_SET).cloned().unwrap_or_default();
        let charset = String::from_utf8_lossy(&charset).trim().to_owned();
        let level = level(value(tags::QUERY_RETRIEVE_LEVEL))?;
        let rules = rules(profile);
        let compared = match rules.text {
            Text::Bytes if charset == profile.charset.term() => Compared::Kept(profile.charset),
            Text::Bytes | Text::Characters => Compared::Unicode,
        };
        let reading = rules.reading(&charset, profile.charset);
        let (mut keys, mut empty, mut sequences) = (Vec::new(), Vec::new(), Vec::new());
        for (tag, vr, value) in &elements {
            let used = match *vr {
                Vr::SQ => nested(*tag, value, syntax, profile),
                vr => usage(*tag, vr, value, &charset, compared, level, profile),
            };
            match used {
                Use::Key(key) => keys.push(key),
                Use::Sequence(tag, item) => sequences.push((tag, item)),
                Use::Empty(tag, vr) => empty.push((tag, vr)),
                Use::Nothing => {}
            }
        }
        let filter = filter(level, &elements, &sequences, reading);
        let compares = |(tag, item): &(Tag, DataSet)| {
            let level = *profile.keys.get(tag).filter(|_| rules.sequences == Sequences::Compared)?;
            if profile.answered_only.contains(tag) {
                return None;
            }
            Some((*tag, level, keys_within(item, reading, rules)))
        };
        let query = Query {
            top: root.top(),
            level,
            relational: rules.all_levels,
            first_instance: rules.first_instance_matches,
            compared,
            keys,
            sequences: sequences.iter().filter_map(compares).collect(),
            combined: rules.combined == Combined::Negotiated && context.combined,
        };
        Ok(Asked { query, empty, sequences, relational: context.relational, charset, filter })
    }

    /// The element without which, or with whose value, the product does not search.
    pub(crate) fn lacks(&self, profile: &Profile) -> Option<Reason> {
        if rules(profile).lenient {
            return None;
        }
        if self.query.level < self.query.top {
            let value = Some(self.query.level.as_str().to_owned());
            return Some(Reason { tag: tags::QUERY_RETRIEVE_LEVEL, value });
        }
        let missing = self.query.missing_key().filter(|_| !self.relational);
        missing.map(|tag| Reason { tag, value: None })
    }

    /// Whether nothing says what is to be retrieved: a lenient product takes a key of its level or
    /// below for those above (PS3.4 C.4.2.2.1 asks for all).
    pub(crate) fn lacks_a_key_to_retrieve(&self, profile: &Profile) -> bool {
        let lenient = rules(profile).lenient || self.relational;
        self.lacks(profile).is_some() || (lenient && self.query.unbounded())
    }
}

/// Rules of a product without queries are never looked at.
pub(crate) fn rules(profile: &Profile) -> &Rules {
    static NONE: LazyLock<Rules> = LazyLock::new(Rules::default);
    profile.table.query.as_ref().map_or(&NONE, |query| &query.rules)
}

/// The elements by tag; of equal tags the first counts.
fn elements(bytes: &Bytes, syntax: TransferSyntax) -> Result<Vec<(Tag, Vr, Bytes)>, Fault> {
    let mut elements = Vec::new();
    for element in Elements::of(bytes.clone(), syntax) {
        let element = element.map_err(|_| Fault::Unreadable)?;
        let value = match element.vr {
            // Read where it is asked for.
            Vr::SQ => bytes.slice(element.header.start..element.end),
            vr if is_number(vr) => {
                let big = syntax == TransferSyntax::ExplicitBig;
                number_text(vr, &element.value, big).unwrap_or_default().into()
            }
            _ => unpadded(&element.value),
        };
        elements.push((element.tag, element.vr, value));
    }
    elements.sort_by_key(|(tag, ..)| *tag);
    elements.dedup_by_key(|(tag, ..)| *tag);
    Ok(elements)
}

/// What becomes of a sequence, of which the first item holds keys.
fn nested(tag: Tag, element: &Bytes, syntax: TransferSyntax, profile: &Profile) -> Use {
    let rules = rules(profile);
    let item = || {
        let set = DataSet::decode(element, syntax).unwrap_or_default();
        set.items(tag).first().cloned().unwrap_or_default()
    };
    match (rules.sequences, profile.keys.contains_key(&tag)) {
        (Sequences::LeftOut, _) => Use::Nothing,
        (Sequences::FirstInstance, _) => Use::Sequence(tag, DataSet::new()),
        (Sequences::Compared, true) => Use::Sequence(tag, item()),
        (Sequences::Compared, false) => Use::Empty(tag, Vr::SQ),
    }
}

/// The keys of an item, read in this character set.
fn keys_within(item: &DataSet, reading: Charset, rules: &Rules) -> Nested {
    let mut keys = Nested::default();
    for (tag, element) in item.iter() {
        match &element.value {
            Value::Items(items) => {
                let within = items.first().map(|item| keys_within(item, reading, rules));
                keys.item(tag, within.unwrap_or_default());
            }
            Value::Bytes(_) => {
                let text = item.text_in(tag, reading).unwrap_or_default();
                keys.value(tag, Comparison::of(element.vr, text.as_bytes(), rules.manner(element.vr)));
            }
            Value::Fragments(_) => {}
        }
    }
    keys
}

fn usage(
    tag: Tag,
    sent: Vr,
    value: &Bytes,
    charset: &str,
    compared: Compared,
    asked: Level,
    profile: &Profile,
) -> Use {
    let rules = rules(profile);
    if [tags::SPECIFIC_CHARACTER_SET, tags::QUERY_RETRIEVE_LEVEL].contains(&tag) || tag.element() == 0 {
        return Use::Nothing;
    }
    let level = match (profile.keys.get(&tag), rules.unlisted) {
        (Some(level), _) if *level <= asked || rules.first_instance => *level,
        (Some(_), _) | (None, Unlisted::Empty) => return Use::Empty(tag, sent),
        (None, Unlisted::LeftOut) => return Use::Nothing,
        (None, Unlisted::FirstInstance) => Level::Image,
    };
    let vr = vr_of(tag);
    let text = match (compared, rules.text) {
        (Compared::Unicode, Text::Bytes) if affected(vr) => to_unicode(value, charset),
        (_, Text::Characters) if affected(vr) => {
            rules.reading(charset, profile.charset).decode(value).into_owned().into_bytes()
        }
        _ => value.to_vec(),
    };
    let text = if profile.answered_only.contains(&tag) { Vec::new() } else { text };
    Use::Key(Key { tag, level, comparison: Comparison::of(vr, &text, rules.manner(vr)) })
}

/// Toolkits compare the start of the level, without case.
fn level(value: Option<&Bytes>) -> Result<Level, Fault> {
    let value = value.filter(|value| !value.is_empty()).ok_or(Fault::NoLevel)?;
    let value = value.to_ascii_uppercase();
    [Level::Patient, Level::Study, Level::Series, Level::Image]
        .into_iter()
        .find(|level| value.starts_with(level.as_str().as_bytes()))
        .ok_or_else(|| Fault::BadLevel(String::from_utf8_lossy(&value).into_owned()))
}

/// Up to its NUL, without spaces around.
fn unpadded(value: &Bytes) -> Bytes {
    let end = value.iter().position(|byte| *byte == 0).unwrap_or(value.len());
    let text = value.slice(..end);
    text.slice_ref(text.trim_ascii())
}

/// Whether (0008,0005) applies to it (PS3.5 6.1.2.3).
pub(crate) fn affected(vr: Vr) -> bool {
    matches!(vr, Vr::SH | Vr::LO | Vr::ST | Vr::PN | Vr::LT | Vr::UC | Vr::UT)
}

/// A key in UTF-8; as it is when its character set is not known.
fn to_unicode(value: &[u8], charset: &str) -> Vec<u8> {
    match Charset::from_term(charset) {
        Some(Charset::Latin1 | Charset::Gb18030 | Charset::Gbk) => {
            Charset::from_term(charset).unwrap_or_default().decode(value).into_owned().into_bytes()
        }
        Some(Charset::Default | Charset::Utf8 | Charset::Iso2022Gb2312) | None => value.to_vec(),
    }
}

fn filter(
    level: Level,
    elements: &[(Tag, Vr, Bytes)],
    sequences: &[(Tag, DataSet)],
    charset: Charset,
) -> Tainted {
    let mut text = level.as_str().to_owned();
    let word = |tag: Tag| match StandardDataDictionary.by_tag(tag) {
        Some(entry) => entry.alias().to_owned(),
        None => tag.to_string(),
    };
    for (tag, _, value) in elements.iter().filter(|(_, vr, _)| *vr != Vr::SQ) {
        let special = [tags::SPECIFIC_CHARACTER_SET, tags::QUERY_RETRIEVE_LEVEL].contains(tag);
        if special || value.is_empty() || text.len() > MAX_FILTER {
            continue;
        }
        let _ = write!(text, " {}={}", word(*tag), charset.decode(value));
    }
    for (sequence, item) in sequences {
        let values = item.iter().filter_map(|(tag, _)| Some((tag, item.text_in(tag, charset)?)));
        for (tag, value) in values.filter(|(_, value)| !value.is_empty()) {
            if text.len() > MAX_FILTER {
                break;
            }
            let _ = write!(text, " {}.{}={value}", word(*sequence), word(tag));
        }
    }
    Tainted::new(text)
}
