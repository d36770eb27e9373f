//! The identifier of a query or retrieval (PS3.4 C.4.1.1.3): level and keys, checked for its model.

use std::fmt::Write;

use bytes::Bytes;
use dicom_core::dictionary::{DataDictionary, DataDictionaryEntry};
use dicom_dictionary_std::StandardDataDictionary;

use crate::archive::{Compared, Key, Level, Matcher, Query};
use crate::decoys::dicom::profile::{Profile, Root};
use crate::event::Tainted;
use crate::wire::dicom::dataset::{Charset, Tag, TransferSyntax, Vr, tags, vr_of};
use crate::wire::dicom::elements::Elements;

/// Longest filter told in an event.
const MAX_FILTER: usize = 1024;

/// Why an identifier can't be worked on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// It is no data set: the product breaks off.
    Unreadable,
    /// Query/Retrieve Level is missing or empty.
    NoLevel,
    /// Query/Retrieve Level is none.
    BadLevel,
}

/// A query as its identifier asks it.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    /// What is looked for.
    pub(crate) query: Query,
    /// The value of (0008,0005).
    pub(crate) charset: String,
    /// The filter as asked.
    pub(crate) filter: Tainted,
}

impl Asked {
    /// Reads an identifier.
    ///
    /// # Errors
    /// [`Fault`].
    pub(crate) fn read(
        bytes: &Bytes,
        syntax: TransferSyntax,
        root: Root,
        profile: &Profile,
    ) -> Result<Asked, Fault> {
        let mut elements: Vec<(Tag, Bytes)> = Vec::new();
        for element in Elements::of(bytes.clone(), syntax) {
            let element = element.map_err(|_| Fault::Unreadable)?;
            elements.push((element.tag, unpadded(&element.value)));
        }
        // Of equal tags the first counts.
        elements.sort_by_key(|(tag, _)| *tag);
        elements.dedup_by_key(|(tag, _)| *tag);
        let value = |tag: Tag| elements.iter().find(|(t, _)| *t == tag).map(|(_, value)| value);
        let charset = value(tags::SPECIFIC_CHARACTER_SET).cloned().unwrap_or_default();
        let charset = String::from_utf8_lossy(&charset).trim().to_owned();
        let level = level(value(tags::QUERY_RETRIEVE_LEVEL))?;
        let unicode = charset != profile.charset.term();
        let keys = elements.iter().filter_map(|(tag, value)| {
            let vr = vr_of(*tag);
            let level = *profile.keys.get(tag)?;
            let key = if unicode && affected(vr) { to_unicode(value, &charset) } else { value.to_vec() };
            Some(Key { tag: *tag, level, matcher: Matcher::of(vr, &key) })
        });
        let keys = keys.collect();
        let compared = if unicode { Compared::Unicode } else { Compared::Kept(profile.charset) };
        let filter = filter(level, &elements, &charset);
        let query = Query { top: root.top(), level, relational: false, compared, keys };
        Ok(Asked { query, charset, filter })
    }
}

/// Toolkits compare the start of the level, without case.
fn level(value: Option<&Bytes>) -> Result<Level, Fault> {
    let value = value.filter(|value| !value.is_empty()).ok_or(Fault::NoLevel)?;
    let value = value.to_ascii_uppercase();
    [Level::Patient, Level::Study, Level::Series, Level::Image]
        .into_iter()
        .find(|level| value.starts_with(level.as_str().as_bytes()))
        .ok_or(Fault::BadLevel)
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

fn filter(level: Level, elements: &[(Tag, Bytes)], charset: &str) -> Tainted {
    let charset = Charset::from_term(charset).unwrap_or_default();
    let mut text = level.as_str().to_owned();
    for (tag, value) in elements {
        let special = [tags::SPECIFIC_CHARACTER_SET, tags::QUERY_RETRIEVE_LEVEL].contains(tag);
        if special || value.is_empty() || text.len() > MAX_FILTER {
            continue;
        }
        let name = StandardDataDictionary.by_tag(*tag).map(|entry| entry.alias());
        let _ = match name {
            Some(name) => write!(text, " {name}={}", charset.decode(value)),
            None => write!(text, " {tag}={}", charset.decode(value)),
        };
    }
    Tainted::new(text)
}
