//! Coded concepts (PS3.3 8.8).

use crate::wire::dicom::dataset::{DataSet, tags};

/// A coded concept: value, scheme, meaning.
pub(super) type Code = (&'static str, &'static str, &'static str);

/// The item of a code sequence.
pub(super) fn code((value, scheme, meaning): Code) -> DataSet {
    let mut set = DataSet::new();
    set.put_str(tags::CODE_VALUE, value);
    set.put_str(tags::CODING_SCHEME_DESIGNATOR, scheme);
    set.put_str(tags::CODE_MEANING, meaning);
    set
}

/// The same with (0008,0103), which schemes need that change their codes from version to version.
pub(super) fn code_of_version(of: Code, version: &str) -> DataSet {
    let mut set = code(of);
    set.put_str(tags::CODING_SCHEME_VERSION, version);
    set
}
