//! Patient search.

use minijinja::{Value, context};

use super::super::answer::Answer;
use super::{Visit, read, rows, searched};
use crate::event::observation::RecordKind;
use crate::world::{Patient, PatientFilter, View};

/// Rows of one page.
pub(crate) const PAGE: usize = 20;
/// The product shows no page beyond this.
pub(crate) const LAST_PAGE: usize = 200;
/// Longest text that a search takes.
const MAX_TEXT: usize = 64;

/// What a search found.
struct Found {
    patients: Vec<Patient>,
    total: usize,
    unbounded: bool,
}

/// The search page. Without a `q` in the query it waits for one.
pub(crate) fn page(visit: &Visit<'_>) -> Option<Answer> {
    let view = visit.view();
    let text: String = visit.query.text("q").chars().take(MAX_TEXT).collect();
    let by = match visit.query.text("by") {
        by @ ("mrn" | "visit" | "idcard") => by,
        _ => "name",
    };
    if visit.query.text("search").is_empty() && text.is_empty() {
        let values = context! { active => "patients", q => "", by, fresh => true };
        return Some(visit.render("patients.html", values));
    }
    let number = page_number(visit.query.text("page"));
    let found = find(&view, by, &text, number);
    searched(
        visit.session,
        RecordKind::Patient,
        &format!("{by}={text}"),
        found.patients.len(),
        found.unbounded,
    );
    read(visit.session, RecordKind::Patient, found.patients.iter().map(|p| p.mrn.clone()).collect());
    let values = context! {
        active => "patients",
        q => text,
        by,
        rows => found.patients.iter().map(|p| rows::patient(&view, p)).collect::<Vec<_>>(),
        ..paging(number, found.total)
    };
    Some(visit.render("patients.html", values))
}

fn find(view: &View, by: &str, text: &str, page: usize) -> Found {
    let one = |patient: Option<Patient>| Found {
        total: usize::from(patient.is_some()),
        patients: patient.into_iter().collect(),
        unbounded: false,
    };
    let bare = text.trim_matches(['%', '*', '_', '?']);
    match by {
        _ if bare.is_empty() => all(view, page),
        "mrn" => one(view.patient_by_mrn(text)),
        "visit" => one(view.encounter(text).and_then(|e| view.patient(e.patient))),
        "idcard" => one(view.patient_by_resident_id(text)),
        _ => by_name(view, bare, page),
    }
}

fn all(view: &View, page: usize) -> Found {
    let filter = PatientFilter { limit: Some(page * PAGE), ..PatientFilter::default() };
    let total = usize::try_from(view.patient_count()).unwrap_or(usize::MAX);
    Found { patients: cut(view.patients(&filter), page), total, unbounded: true }
}

fn by_name(view: &View, name: &str, page: usize) -> Found {
    let filter = PatientFilter {
        name: Some(format!("{name}*")),
        limit: Some(LAST_PAGE * PAGE),
        ..PatientFilter::default()
    };
    let patients = view.patients(&filter);
    Found { total: patients.len(), patients: cut(patients, page), unbounded: false }
}

fn cut<T>(rows: Vec<T>, page: usize) -> Vec<T> {
    rows.into_iter().skip((page - 1) * PAGE).take(PAGE).collect()
}

/// Reads a page number, from 1.
pub(crate) fn page_number(text: &str) -> usize {
    text.parse().unwrap_or(1).clamp(1, LAST_PAGE)
}

/// One page of a list and its paging values.
pub(crate) fn page_of<T>(rows: Vec<T>, number: usize) -> (Vec<T>, Value) {
    let total = rows.len();
    (cut(rows, number), paging(number, total))
}

/// Values of a pager.
fn paging(page: usize, total: usize) -> Value {
    let pages = total.div_ceil(PAGE).clamp(1, LAST_PAGE);
    context! { page, pages, total }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_bounded() {
        assert_eq!(page_number(""), 1);
        assert_eq!(page_number("-1"), 1);
        assert_eq!(page_number("99999"), LAST_PAGE);
        let (rows, _) = page_of((0..45).collect(), 3);
        assert_eq!(rows, (40..45).collect::<Vec<_>>());
    }
}
