//! What each face told of each thing, in one form, and where two of them disagree.

use std::collections::{BTreeMap, BTreeSet};

/// A thing of the hospital that has a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    /// By medical record number.
    Patient,
    /// By visit number.
    Visit,
    /// By placer number.
    Order,
    /// By barcode.
    Specimen,
    /// By barcode and item code.
    Result,
    /// By accession number.
    Study,
    /// By its own number.
    Charge,
}

/// Most disagreements and gaps that are printed of each field.
const SHOWN: usize = 4;

type Key = (Kind, String, &'static str);

/// All that was told.
#[derive(Default)]
pub(super) struct Facts {
    told: BTreeMap<Key, BTreeMap<String, BTreeSet<&'static str>>>,
}

impl Facts {
    /// A face that tells.
    pub(super) fn face(&mut self, face: &'static str) -> Face<'_> {
        Face { facts: self, face }
    }

    /// Everything of another collection too.
    pub(super) fn absorb(&mut self, other: Facts) {
        for (key, values) in other.told {
            let own = self.told.entry(key).or_default();
            for (value, faces) in values {
                own.entry(value).or_default().extend(faces);
            }
        }
    }

    /// Values that differ between faces, a line each.
    pub(super) fn disagreements(&self) -> Vec<String> {
        let apart = self.told.iter().filter(|(_, values)| values.len() > 1);
        apart.map(|((kind, id, field), values)| format!("{kind:?} {id} {field}: {values:?}")).collect()
    }

    /// Things of which one of these faces did not tell a field, a line each.
    pub(super) fn gaps<'a>(
        &self,
        kind: Kind,
        ids: impl Iterator<Item = &'a String>,
        fields: &[&'static str],
        faces: &[&'static str],
    ) -> Vec<String> {
        let mut gaps = Vec::new();
        for id in ids {
            for field in fields {
                let told = self.told.get(&(kind, id.clone(), *field));
                let heard: BTreeSet<&str> =
                    told.into_iter().flat_map(BTreeMap::values).flatten().copied().collect();
                let silent: Vec<&str> = faces.iter().copied().filter(|face| !heard.contains(face)).collect();
                if !silent.is_empty() {
                    gaps.push(format!("{kind:?} {id} {field}: nothing from {silent:?}"));
                }
            }
        }
        gaps
    }
}

/// Fails with the first lines of each kind and field.
pub(super) fn none(what: &str, lines: &[String]) {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let shown = lines.iter().filter(|line| {
        let words: Vec<&str> = line.split(':').next().unwrap().split(' ').collect();
        let count = seen.entry(format!("{} {}", words[0], words[words.len() - 1])).or_default();
        *count += 1;
        *count <= SHOWN
    });
    let shown = shown.cloned().collect::<Vec<_>>().join("\n");
    assert!(lines.is_empty(), "{} {what}:\n{shown}", lines.len());
}

/// One face, telling.
pub(super) struct Face<'a> {
    facts: &'a mut Facts,
    face: &'static str,
}

impl Face<'_> {
    /// A field of a thing.
    pub(super) fn tell(&mut self, kind: Kind, id: &str, field: &'static str, value: impl Into<String>) {
        assert!(!id.is_empty(), "{} tells of a {kind:?} without a number", self.face);
        let values = self.facts.told.entry((kind, id.to_owned(), field)).or_default();
        values.entry(value.into()).or_default().insert(self.face);
    }

    /// Several texts of a thing.
    pub(super) fn texts<T: AsRef<str>>(&mut self, kind: Kind, id: &str, fields: &[(&'static str, T)]) {
        for (field, value) in fields {
            self.tell(kind, id, field, blank(value.as_ref()));
        }
    }

    /// A moment, to the minute, and to the second where a face shows it.
    pub(super) fn time(&mut self, kind: Kind, id: &str, field: Times, value: &str) {
        let digits: String =
            value.chars().take_while(|c| *c != '+' && *c != '.').filter(char::is_ascii_digit).collect();
        let (minute, second) = field;
        self.tell(kind, id, minute, digits.get(..12).unwrap_or_default());
        if digits.is_empty() || digits.len() >= 14 {
            self.tell(kind, id, second, digits.get(..14).unwrap_or_default());
        }
    }
}

/// Names of a moment's two fields.
pub(super) type Times = (&'static str, &'static str);

pub(super) const STARTED: Times = ("started", "started to the second");
pub(super) const ENDED: Times = ("ended", "ended to the second");
pub(super) const ORDERED: Times = ("ordered", "ordered to the second");
pub(super) const COLLECTED: Times = ("collected", "collected to the second");
pub(super) const ANALYSED: Times = ("analysed", "analysed to the second");
pub(super) const VERIFIED: Times = ("verified", "verified to the second");
pub(super) const WRITTEN: Times = ("written", "written to the second");
pub(super) const CHARGED: Times = ("charged", "charged to the second");

/// A dash stands for nothing.
fn blank(text: &str) -> &str {
    if matches!(text.trim(), "—" | "-" | "NULL") { "" } else { text.trim() }
}

/// `M` or `F`.
pub(super) fn sex(text: &str) -> &'static str {
    match text.trim() {
        "M" | "男" | "1" | "male" => "M",
        "F" | "女" | "2" | "female" => "F",
        other => panic!("a sex: {other}"),
    }
}

/// `2026-03-02`.
pub(super) fn date(text: &str) -> String {
    let digits: String = text.chars().filter(char::is_ascii_digit).take(8).collect();
    let part = |from, to| digits.get(from..to).unwrap_or_else(|| panic!("a date: {text}"));
    format!("{}-{}-{}", part(0, 4), part(4, 6), part(6, 8))
}

/// `N`, `H`, `L` or `A`.
pub(super) fn flag(text: &str) -> &'static str {
    match text.trim() {
        "" | "N" => "N",
        "H" | "↑" => "H",
        "L" | "↓" => "L",
        "A" | "*" => "A",
        other => panic!("a flag: {other}"),
    }
}

/// Money and amounts without zeros at their end.
pub(super) fn number(text: &str) -> String {
    let text = text.trim();
    if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        text.to_owned()
    }
}
