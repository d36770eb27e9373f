//! One imaging study with its report.

use minijinja::context;

use super::super::answer::Answer;
use super::super::png;
use super::{Visit, found, read, rows};
use crate::event::observation::RecordKind;
use crate::world::{Series, Study, View};

/// Pictures shown of one series.
const SHOWN: usize = 6;
/// Longer side of a picture on the page, pixels.
const SMALL: u32 = 256;
/// Longer side of a picture alone, pixels.
const FULL: u32 = 768;

/// The study's page, by accession number.
pub(crate) fn page(visit: &Visit<'_>, accession: &str) -> Option<Answer> {
    let view = visit.view();
    let study = view.study_by_accession(accession)?;
    let patient = visit.session.with_written_patient(view.patient(study.patient)?);
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

/// One series with the pictures that the page shows.
fn series(view: &View, study: &Study, series: &Series) -> minijinja::Value {
    let instances = view.instances(study, series);
    let step = instances.len().div_ceil(SHOWN).max(1);
    // From the middle of each stretch: the first slices of a scan show little.
    let shown = instances.iter().skip(step / 2).step_by(step).take(SHOWN);
    let images: Vec<_> = shown.map(|i| context! { uid => i.uid.clone(), number => i.number }).collect();
    context! {
        number => series.number,
        description => series.description.clone(),
        instances => series.instances,
        started => rows::time(view, series.started),
        images,
    }
}

/// One picture of an instance, `<SOP Instance UID>.png`.
pub(crate) fn image(visit: &Visit<'_>, name: &str) -> Option<Answer> {
    let view = visit.view();
    let (study, series, instance) = view.find_instance(name.strip_suffix(".png")?)?;
    let side = if visit.query.text("size") == "full" { FULL } else { SMALL };
    let draw = || png::encode(&visit.imaging().preview(&view, &study, &series, &instance, side));
    let picture = visit.session.heavy(draw);
    read(visit.session, RecordKind::Instance, vec![instance.uid]);
    let answer = found(200).typed("image/png").with_body(picture);
    Some(answer.with("Cache-Control", "private, max-age=600"))
}
