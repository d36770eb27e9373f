//! Content items of structured reports (PS3.3 C.17.3).

use super::code::{Code, code};
use crate::wire::dicom::dataset::{Charset, DataSet, tags};

const CONTAINS: &str = "CONTAINS";

/// A content item that its parent contains.
fn item(kind: &str, concept: Code) -> DataSet {
    let mut set = DataSet::new();
    set.put_str(tags::RELATIONSHIP_TYPE, CONTAINS);
    set.put_str(tags::VALUE_TYPE, kind);
    set.put_items(tags::CONCEPT_NAME_CODE_SEQUENCE, vec![code(concept)]);
    set
}

/// Another relationship to the parent.
pub(super) fn related(how: &str, mut set: DataSet) -> DataSet {
    set.put_str(tags::RELATIONSHIP_TYPE, how);
    set
}

/// An item with items of its own.
pub(super) fn with(mut set: DataSet, children: Vec<DataSet>) -> DataSet {
    set.put_items(tags::CONTENT_SEQUENCE, children);
    set
}

pub(super) fn container(concept: Code, children: Vec<DataSet>) -> DataSet {
    let mut set = item("CONTAINER", concept);
    set.put_str(tags::CONTINUITY_OF_CONTENT, "SEPARATE");
    with(set, children)
}

pub(super) fn coded(concept: Code, value: Code) -> DataSet {
    let mut set = item("CODE", concept);
    set.put_items(tags::CONCEPT_CODE_SEQUENCE, vec![code(value)]);
    set
}

pub(super) fn number(concept: Code, value: f64, unit: Code) -> DataSet {
    let mut measured = DataSet::new();
    measured.put_items(tags::MEASUREMENT_UNITS_CODE_SEQUENCE, vec![code(unit)]);
    measured.put_decimals(tags::NUMERIC_VALUE, &[(value * 1e6).round() / 1e6]);
    let mut set = item("NUM", concept);
    set.put_items(tags::MEASURED_VALUE_SEQUENCE, vec![measured]);
    set
}

pub(super) fn text(concept: Code, value: &str, charset: Charset) -> DataSet {
    let mut set = item("TEXT", concept);
    set.put_text(tags::TEXT_VALUE, value, charset);
    set
}

pub(super) fn uid(concept: Code, value: &str) -> DataSet {
    let mut set = item("UIDREF", concept);
    set.put_str(tags::UID, value);
    set
}

pub(super) fn moment(concept: Code, value: &str) -> DataSet {
    let mut set = item("DATETIME", concept);
    set.put_str(tags::DATE_TIME, value);
    set
}
