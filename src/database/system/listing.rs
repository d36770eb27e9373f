//! What several products list in the same way.

use crate::database::catalog::ColumnSpec;
use crate::database::facts::{Facts, Object};
use crate::database::system::{Late, n, none};

pub(super) fn yes(on: bool) -> &'static str {
    if on { "YES" } else { "NO" }
}

pub(super) fn all_objects(facts: &Facts) -> Vec<(String, Object)> {
    let databases = facts.databases().into_iter();
    databases
        .flat_map(|(db, _)| facts.objects(&db).into_iter().map(move |object| (db.clone(), object)))
        .collect()
}

pub(super) fn digits(column: &ColumnSpec) -> Late {
    if column.ty.precision > 0 && !column.ty.is_time() { n(i64::from(column.ty.precision)) } else { none() }
}

pub(super) fn scale(column: &ColumnSpec) -> Late {
    if column.ty.precision > 0 && !column.ty.is_time() { n(i64::from(column.ty.scale)) } else { none() }
}

/// A digest of no password, of this installation.
pub(super) fn hash(facts: &Facts, login: &str) -> String {
    use sha1::{Digest, Sha1};
    let of = facts.state().view.patient(crate::world::PatientNo(0)).map(|p| p.mrn).unwrap_or_default();
    hex::encode_upper(Sha1::digest(format!("{of}/{login}")))
}
