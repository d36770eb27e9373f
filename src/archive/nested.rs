//! Keys inside a sequence (PS3.4 C.2.2.2.6): an item matches when all keys of the key's item do, a
//! sequence when any of its items does.

use super::manner::Comparison;
use crate::wire::dicom::dataset::{Charset, DataSet, Tag};

/// The keys of an item.
#[derive(Debug, Clone, Default)]
pub struct Nested {
    keys: Vec<(Tag, Part)>,
}

#[derive(Debug, Clone)]
enum Part {
    Value(Comparison),
    Item(Nested),
}

impl Nested {
    /// Adds a key for a value.
    pub fn value(&mut self, tag: Tag, comparison: Comparison) {
        self.keys.push((tag, Part::Value(comparison)));
    }

    /// Adds the keys of an item of a sequence within.
    pub fn item(&mut self, tag: Tag, keys: Nested) {
        self.keys.push((tag, Part::Item(keys)));
    }

    /// Whether it asks for nothing in particular.
    pub fn is_any(&self) -> bool {
        self.keys.iter().all(|(_, part)| match part {
            Part::Value(comparison) => comparison.is_unbounded(),
            Part::Item(keys) => keys.is_any(),
        })
    }

    /// Whether any item of a sequence matches; their text is in UTF-8.
    pub fn matches(&self, items: &[DataSet]) -> bool {
        self.is_any() || items.iter().any(|item| self.matches_item(item))
    }

    fn matches_item(&self, item: &DataSet) -> bool {
        self.keys.iter().all(|(tag, part)| match part {
            Part::Value(comparison) => {
                let text = || item.text_in(*tag, Charset::Utf8).unwrap_or_default();
                comparison.is_any() || comparison.matches(text().as_bytes())
            }
            Part::Item(keys) => keys.matches(item.items(*tag)),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::archive::Manner;
    use crate::wire::dicom::dataset::{Vr, tags};

    fn key(tag: Tag, vr: Vr, value: &str) -> Nested {
        let mut keys = Nested::default();
        keys.value(tag, Comparison::of(vr, value.as_bytes(), Manner::default()));
        keys
    }

    #[test]
    fn any_item_is_enough_and_it_needs_all_keys() {
        let item = |id: &str, step: &str| {
            let mut item = DataSet::new();
            item.put_str(tags::REQUESTED_PROCEDURE_ID, id);
            item.put_str(tags::SCHEDULED_PROCEDURE_STEP_ID, step);
            item
        };
        let items = [item("R1", "S1"), item("R2", "S2")];
        let mut both = key(tags::REQUESTED_PROCEDURE_ID, Vr::SH, "R2");
        assert!(both.matches(&items) && !both.matches(&[]));
        both.value(tags::SCHEDULED_PROCEDURE_STEP_ID, Comparison::of(Vr::SH, b"S1", Manner::default()));
        assert!(!both.matches(&items));
        assert!(key(tags::REQUESTED_PROCEDURE_ID, Vr::SH, "").matches(&[]));
        assert!(key(tags::REQUESTED_PROCEDURE_ID, Vr::SH, "R?").matches(&items));
    }

    #[test]
    fn sequences_within_count_too() {
        let mut code = DataSet::new();
        code.put_str(tags::CODE_VALUE, "CT01");
        let mut item = DataSet::new();
        item.put_items(tags::REQUESTED_PROCEDURE_CODE_SEQUENCE, vec![code]);
        let mut keys = Nested::default();
        keys.item(tags::REQUESTED_PROCEDURE_CODE_SEQUENCE, key(tags::CODE_VALUE, Vr::SH, "CT*"));
        assert!(keys.matches(&[item]) && !keys.matches(&[DataSet::new()]));
    }
}
