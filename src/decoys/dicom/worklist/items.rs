//! Keys inside sequences (PS3.4 C.2.2.2.6): comparing and selecting nested attributes.

use crate::archive::Comparison;
use crate::decoys::dicom::find::rules::Rules;
use crate::wire::dicom::dataset::{Charset, DataSet, Element, Tag, Value, Vr, tags};

/// Elements that are no keys.
const NO_KEYS: [Tag; 2] = [tags::SPECIFIC_CHARACTER_SET, tags::QUERY_RETRIEVE_LEVEL];

/// Whether an entry, in UTF-8, matches all keys, in the set that they are read in. A key that the
/// entry lacks matches when it is empty.
pub(super) fn matches(keys: &DataSet, reading: Charset, entry: &DataSet, rules: &Rules) -> bool {
    let mut keyed = keys.iter().filter(|(tag, _)| !NO_KEYS.contains(tag));
    keyed.all(|(tag, key)| match &key.value {
        Value::Items(items) => items.first().is_none_or(|item| {
            let entries = entry.items(tag);
            is_open(item) || entries.iter().any(|entry| matches(item, reading, entry, rules))
        }),
        Value::Bytes(_) => {
            let asked = keys.text_in(tag, reading).unwrap_or_default();
            let comparison = Comparison::of(key.vr, asked.as_bytes(), rules.manner(key.vr));
            comparison.is_any()
                || comparison.matches(entry.text_in(tag, Charset::Utf8).unwrap_or_default().as_bytes())
        }
        Value::Fragments(_) => true,
    })
}

/// Whether an item asks for nothing in particular.
pub(super) fn is_open(item: &DataSet) -> bool {
    item.iter().all(|(_, key)| match &key.value {
        Value::Bytes(bytes) => bytes.is_empty(),
        Value::Items(items) => items.iter().all(is_open),
        Value::Fragments(_) => true,
    })
}

/// The requested attributes of an entry, in another character set; those that it lacks are empty, or
/// left out.
pub(super) fn select(keys: &DataSet, entry: &DataSet, charset: Charset, leaves_out: bool) -> DataSet {
    let mut selected = DataSet::new();
    for (tag, key) in keys.iter().filter(|(tag, _)| !NO_KEYS.contains(tag)) {
        match (&key.value, entry.get(tag)) {
            (Value::Items(items), Some(Element { value: Value::Items(entries), .. })) => {
                let whole = DataSet::new();
                let wanted = items.first().unwrap_or(&whole);
                let entries = entries.iter().map(|entry| {
                    let wanted = if wanted.is_empty() { entry } else { wanted };
                    select(wanted, entry, charset, leaves_out)
                });
                selected.put_items(tag, entries.collect());
            }
            (_, Some(Element { value: Value::Bytes(_), vr })) => {
                let text = entry.text_in(tag, Charset::Utf8).unwrap_or_default();
                put(&mut selected, tag, *vr, &text, charset);
            }
            (_, Some(_)) => selected.put_empty(tag),
            (_, None) if leaves_out => {}
            (_, None) => {
                let empty = if key.vr == Vr::SQ {
                    Value::Items(Vec::new())
                } else {
                    Value::Bytes(Default::default())
                };
                selected.put(tag, Element { vr: key.vr, value: empty });
            }
        }
    }
    selected
}

fn put(set: &mut DataSet, tag: Tag, vr: Vr, text: &str, charset: Charset) {
    match vr {
        Vr::US => set.put_u16(tag, text.parse().unwrap_or_default()),
        _ => set.put_text(tag, text, charset),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(modality: &str, name: &str) -> DataSet {
        let mut step = DataSet::new();
        step.put_str(tags::MODALITY, modality);
        step.put_str(tags::SCHEDULED_PROCEDURE_STEP_START_DATE, "20260302");
        let mut entry = DataSet::new();
        entry.put_text(tags::PATIENT_NAME, name, Charset::Utf8);
        entry.put_items(tags::SCHEDULED_PROCEDURE_STEP_SEQUENCE, vec![step]);
        entry
    }

    fn keys(modality: &str, date: &str) -> DataSet {
        let mut step = DataSet::new();
        step.put_str(tags::MODALITY, modality);
        step.put_str(tags::SCHEDULED_PROCEDURE_STEP_START_DATE, date);
        let mut keys = DataSet::new();
        keys.put_empty(tags::PATIENT_NAME);
        keys.put_empty(tags::PATIENT_ADDRESS);
        keys.put_items(tags::SCHEDULED_PROCEDURE_STEP_SEQUENCE, vec![step]);
        keys
    }

    #[test]
    fn keys_inside_the_step_count() {
        let (entry, rules) = (entry("CT", "Li^Si=李^四"), Rules::default());
        for (modality, date, expected) in [
            ("CT", "20260302", true),
            ("MR", "", false),
            ("", "20260301-20260303", true),
            ("CT", "20260303-", false),
            ("", "", true),
        ] {
            assert_eq!(matches(&keys(modality, date), Charset::Gb18030, &entry, &rules), expected, "{date}");
        }
    }

    #[test]
    fn answers_hold_what_was_asked_for_in_their_character_set() {
        let entry = entry("CT", "Li^Si=李^四");
        let answer = select(&keys("", ""), &entry, Charset::Gb18030, false);
        assert_eq!(answer.text_in(tags::PATIENT_NAME, Charset::Gb18030).as_deref(), Some("Li^Si=李^四"));
        assert_eq!(answer.text(tags::PATIENT_ADDRESS).as_deref(), Some(""));
        let step = &answer.items(tags::SCHEDULED_PROCEDURE_STEP_SEQUENCE)[0];
        assert_eq!(step.text(tags::MODALITY).as_deref(), Some("CT"));
        assert!(!select(&keys("", ""), &entry, Charset::Gb18030, true).contains(tags::PATIENT_ADDRESS));
    }
}
