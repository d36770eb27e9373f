//! One patient: visits, orders, results, studies.

use minijinja::context;

use super::super::answer::Answer;
use super::{Visit, files, read, rows};
use crate::event::observation::RecordKind;
use crate::world::{PatientNo, StudyFilter, View};

/// How far back the page looks.
const DAYS: u32 = 365;
/// Most rows of each table.
const MOST: usize = 50;

/// The patient's page.
pub(crate) fn page(visit: &Visit<'_>, mrn: &str) -> Option<Answer> {
    let view = visit.view();
    let patient = visit.session.patient(&view, mrn)?;
    let no = patient.no;
    let values = context! {
        active => "patients",
        patient => rows::patient(&view, &patient),
        encounters => encounters(visit, &view, no),
        orders => orders(visit, &view, no),
        labs => labs(visit, &view, no),
        studies => studies(visit, &view, no),
        attachments => files::list(visit, &patient.mrn),
    };
    read(visit.session, RecordKind::Patient, vec![patient.mrn]);
    Some(visit.render("patient.html", values))
}

fn encounters(visit: &Visit<'_>, view: &View, no: PatientNo) -> Vec<minijinja::Value> {
    let found = view.encounters_of(no, DAYS);
    read(visit.session, RecordKind::Encounter, found.iter().take(MOST).map(|e| e.number.clone()).collect());
    found.iter().take(MOST).map(|e| rows::encounter(view, e)).collect()
}

fn orders(visit: &Visit<'_>, view: &View, no: PatientNo) -> Vec<minijinja::Value> {
    let found = view.orders_of(no, DAYS);
    read(visit.session, RecordKind::Order, found.iter().take(MOST).map(|o| o.placer.clone()).collect());
    found.iter().take(MOST).map(|o| rows::order(view, o)).collect()
}

fn labs(visit: &Visit<'_>, view: &View, no: PatientNo) -> Vec<minijinja::Value> {
    let found = view.lab_orders_of(no, DAYS).into_iter().map(|order| visit.session.with_written(order));
    let resulted: Vec<_> = found.filter(|l| !l.results.is_empty()).take(MOST).collect();
    read(visit.session, RecordKind::LabResult, resulted.iter().map(|l| l.filler.clone()).collect());
    resulted.iter().map(|l| rows::lab(view, l)).collect()
}

fn studies(visit: &Visit<'_>, view: &View, no: PatientNo) -> Vec<minijinja::Value> {
    let today = view.local(view.now()).date();
    let from = today.checked_sub(jiff::Span::new().days(i64::from(DAYS))).ok();
    let filter =
        StudyFilter { patient: Some(no), from, to: Some(today), limit: Some(MOST), ..StudyFilter::default() };
    let found = view.studies(&filter);
    read(visit.session, RecordKind::Study, found.iter().map(|s| s.accession.clone()).collect());
    found.iter().map(|s| rows::study(view, s)).collect()
}

/// One laboratory report, by placer or filler number or specimen barcode.
pub(crate) fn lab(visit: &Visit<'_>, number: &str) -> Option<Answer> {
    let view = visit.view();
    let order = visit.session.lab_order(&view, number)?;
    let patient = visit.session.with_written_patient(view.patient(order.patient)?);
    read(visit.session, RecordKind::LabResult, vec![order.filler.clone()]);
    let values = context! {
        active => "patients",
        patient => rows::patient(&view, &patient),
        lab => rows::lab(&view, &order),
    };
    Some(visit.render("lab.html", values))
}
