//! One imaging study with its report.

use minijinja::context;

use super::super::answer::Answer;
use super::{Visit, read, rows};
use crate::event::observation::RecordKind;
use crate::world::{Series, Study, View};

/// The study's page, by accession number.
pub(crate) fn page(visit: &Visit<'_>, accession: &str) -> Option<Answer> {
    let view = visit.view();
    let study = view.study_by_accession(accession)?;
    let patient = view.patient(study.patient)?;
    let report = view.report(&study);
    read(visit.session, RecordKind::Study, vec![study.accession.clone()]);
    if report.is_some() {
        read(visit.session, RecordKind::Report, vec![study.accession.clone()]);
    }
    let report = report.map(|r| {
        context! {
            findings => r.findings,
            impression => r.impression,
            author => rows::staff(&view, &r.author),
            verifier => rows::staff(&view, &r.verifier),
            written => rows::time(&view, r.written),
            verified => rows::time_or_dash(&view, r.verified),
            is_verified => r.verified.is_some(),
        }
    });
    let series: Vec<_> = view.series(&study).iter().map(|s| series(&view, &study, s)).collect();
    let values = context! {
        active => "patients",
        patient => rows::patient(&view, &patient),
        study => rows::study(&view, &study),
        report,
        series,
    };
    Some(visit.render("study.html", values))
}

fn series(view: &View, _study: &Study, series: &Series) -> minijinja::Value {
    context! {
        number => series.number,
        description => series.description.clone(),
        instances => series.instances,
        started => rows::time(view, series.started),
    }
}
