//! Data sets (PS3.5): what a DICOM message or file carries, as values, and their encodings.
//!
//! For whoever composes or reads DICOM objects, queries and command sets. It never trusts a length,
//! never recurses deeper than [`decode::MAX_DEPTH`] and never keeps more elements than
//! [`decode::MAX_ELEMENTS`]; a value that was read is a slice of what came in. Values are kept in
//! little-endian order whatever their encoding was. The spec is PS3.5 sections 6 and 7, the
//! attribute names are those of PS3.6.

mod charset;
pub mod decode;
mod deflated;
mod encode;
mod part10;
mod text;
mod transfer;
mod vr;

pub use charset::Charset;
pub use decode::DecodeError;
pub use deflated::{deflate, inflate};
pub use dicom_core::{Tag, VR as Vr};
pub use dicom_dictionary_std::{tags, uids};
pub use encode::element_header;
pub use part10::{FileMeta, part10};
pub use text::decimal;
pub use transfer::{Coding, TransferSyntax};
pub use vr::vr_of;

use bytes::Bytes;

/// A value as it was or will be on the wire.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// The value field: text in its character set, or numbers in little-endian order. Padding is
    /// kept when it was read, and added when it is written.
    Bytes(Bytes),
    /// A sequence of items (PS3.5 7.5).
    Items(Vec<DataSet>),
    /// Encapsulated pixel data: the offset table first, then the fragments (PS3.5 A.4).
    Fragments(Vec<Bytes>),
}

/// One data element without its tag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Element {
    /// Value representation.
    pub vr: Vr,
    /// Value.
    pub value: Value,
}

/// Elements by ascending tag.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DataSet {
    elements: Vec<(Tag, Element)>,
}

impl DataSet {
    /// A data set without elements.
    pub fn new() -> Self {
        DataSet::default()
    }

    /// Sets an element; one with the same tag is replaced.
    pub fn put(&mut self, tag: Tag, element: Element) {
        if self.elements.last().is_none_or(|(last, _)| *last < tag) {
            self.elements.push((tag, element));
            return;
        }
        match self.find(tag) {
            Ok(at) => {
                if let Some(slot) = self.elements.get_mut(at) {
                    slot.1 = element;
                }
            }
            Err(at) => self.elements.insert(at, (tag, element)),
        }
    }

    /// An element.
    pub fn get(&self, tag: Tag) -> Option<&Element> {
        self.find(tag).ok().and_then(|at| self.elements.get(at)).map(|(_, element)| element)
    }

    /// Takes an element out.
    pub fn remove(&mut self, tag: Tag) -> Option<Element> {
        self.find(tag).ok().map(|at| self.elements.remove(at).1)
    }

    /// Whether there is such an element, empty or not.
    pub fn contains(&self, tag: Tag) -> bool {
        self.find(tag).is_ok()
    }

    /// Elements by ascending tag.
    pub fn iter(&self) -> impl Iterator<Item = (Tag, &Element)> {
        self.elements.iter().map(|(tag, element)| (*tag, element))
    }

    /// How many elements, without those in items.
    pub fn len(&self) -> usize {
        self.elements.len()
    }

    /// Whether there are no elements.
    pub fn is_empty(&self) -> bool {
        self.elements.is_empty()
    }

    /// The items of a sequence; empty when it is missing or no sequence.
    pub fn items(&self, tag: Tag) -> &[DataSet] {
        match self.get(tag).map(|element| &element.value) {
            Some(Value::Items(items)) => items,
            Some(Value::Bytes(_) | Value::Fragments(_)) | None => &[],
        }
    }

    /// The value field of an element that is no sequence.
    pub fn bytes(&self, tag: Tag) -> Option<&Bytes> {
        match &self.get(tag)?.value {
            Value::Bytes(bytes) => Some(bytes),
            Value::Items(_) | Value::Fragments(_) => None,
        }
    }

    fn find(&self, tag: Tag) -> Result<usize, usize> {
        self.elements.binary_search_by_key(&tag, |(key, _)| *key)
    }
}

impl FromIterator<(Tag, Element)> for DataSet {
    /// Sorts what comes; of equal tags the last stays.
    fn from_iter<I: IntoIterator<Item = (Tag, Element)>>(elements: I) -> Self {
        let mut elements: Vec<_> = elements.into_iter().collect();
        if !elements.is_sorted_by(|a, b| a.0 < b.0) {
            elements.reverse();
            elements.sort_by_key(|(tag, _)| *tag);
            elements.dedup_by_key(|(tag, _)| *tag);
        }
        DataSet { elements }
    }
}

#[cfg(test)]
mod tests;
