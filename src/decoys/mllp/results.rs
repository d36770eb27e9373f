//! Queries for results: QRY^R02 → ORF^R04, HL7 v2.5.1 7.3.4.

use jiff::civil::Date;

use super::acknowledge::{Outcome, Reply};
use super::behaviour::ResultKind;
use super::query::{by_subject, date, known, quantity, required, start};
use super::render::Render;
use super::written::{self, Kept};
use crate::event::observation::{MAX_IDS, RecordKind};
use crate::event::{Observation, Tainted};
use crate::session::Session;
use crate::wire::hl7::Segment;
use crate::world::{ImagingReport, LabOrder, Patient, Study, StudyFilter, View};

/// Days back that are searched where QRF names no time.
const DEFAULT_DAYS: u32 = 90;

/// Most days back that are searched.
const MOST_DAYS: u32 = 400;

/// What one answer holds.
#[derive(Default)]
struct Found {
    patient: Option<Patient>,
    laboratory: Vec<LabOrder>,
    imaging: Vec<(Study, ImagingReport)>,
    written: Vec<Kept>,
}

/// Answers with the results of one patient, visit, order or specimen, newest first.
///
/// # Errors
/// The refusal, when QRD or its subject is missing.
pub(super) fn answer(reply: &Reply<'_>, view: &View, session: &Session) -> Result<Vec<u8>, Outcome> {
    let qrd = required(reply, "QRD", 8)?;
    let qrf = reply.message.first("QRF");
    let behaviour = reply.station.behaviour();
    let wanted = by_subject(&qrd);
    let mut found = Found::default();
    for id in &wanted.ids {
        collect(&mut found, view, session, id, &behaviour.results, &Period::of(view, qrf.as_ref()));
    }
    let limit = quantity(&qrd.field(7)).min(behaviour.answer_limit);
    found.laboratory.truncate(limit);
    found.laboratory = found.laboratory.into_iter().map(|order| session.with_written(order)).collect();
    found.imaging.truncate(limit.saturating_sub(found.laboratory.len()));
    told(session, &qrd, wanted.ids.is_empty(), &found);
    let mut w = start(reply, &["ORF", "R04", "ORF_R04"]);
    if reply.structured(4) {
        let status = if found.is_empty() { "NF" } else { "OK" };
        w.segment("QAK").verbatim(1, qrd.field(4).raw()).put(2, status);
    }
    w.transcribe(&qrd);
    if let Some(qrf) = &qrf {
        w.transcribe(qrf);
    }
    let render = Render { view, authority: &behaviour.authority };
    if let Some(patient) = &found.patient {
        render.patient(&mut w, 1, patient);
    }
    for (at, order) in found.laboratory.iter().enumerate() {
        render.laboratory(&mut w, at + 1, order);
    }
    for (at, (study, report)) in found.imaging.iter().enumerate() {
        render.imaging(&mut w, found.laboratory.len() + at + 1, study, report);
    }
    for segment in found.written.iter().flat_map(Kept::segments) {
        w.transcribe(&segment);
    }
    Ok(w.finish())
}

impl Found {
    fn is_empty(&self) -> bool {
        self.laboratory.is_empty() && self.imaging.is_empty() && self.written.is_empty()
    }
}

/// QRF-2 and QRF-3: local dates, inclusive.
struct Period {
    from: Date,
    to: Date,
    days: u32,
}

impl Period {
    fn of(view: &View, qrf: Option<&Segment<'_>>) -> Self {
        let today = view.local(view.now()).date();
        let given = |n: usize| qrf.and_then(|qrf| date(&qrf.field(n).text()));
        let to = given(3).unwrap_or(today).min(today);
        let back = |days: u32| today.checked_sub(jiff::Span::new().days(i64::from(days))).unwrap_or(today);
        let from = given(2).unwrap_or_else(|| back(DEFAULT_DAYS)).max(back(MOST_DAYS));
        let days = today.since(from).ok().and_then(|span| u32::try_from(span.get_days()).ok());
        Period { from, to, days: days.unwrap_or(0).saturating_add(1) }
    }

    fn holds(&self, day: Date) -> bool {
        self.from <= day && day <= self.to
    }
}

fn collect(
    found: &mut Found,
    view: &View,
    session: &Session,
    id: &str,
    kinds: &[ResultKind],
    period: &Period,
) {
    found.written.extend(written::results(session, id));
    let laboratory = kinds.contains(&ResultKind::Laboratory);
    let imaging = kinds.contains(&ResultKind::Imaging);
    if let Some(patient) = known(view, id) {
        if laboratory {
            let orders = view.lab_orders_of(patient.no, period.days).into_iter();
            found.laboratory.extend(
                orders.filter(|o| !o.results.is_empty() && period.holds(view.local(o.ordered).date())),
            );
        }
        if imaging {
            let filter = StudyFilter {
                from: Some(period.from),
                to: Some(period.to),
                patient: Some(patient.no),
                ..StudyFilter::default()
            };
            found
                .imaging
                .extend(view.studies(&filter).into_iter().filter_map(|s| view.report(&s).map(|r| (s, r))));
        }
        found.patient = Some(session.with_written_patient(patient));
    } else if let Some(order) = session.lab_order(view, id).filter(|o| laboratory && !o.results.is_empty()) {
        found.patient = view.patient(order.patient);
        found.laboratory.push(order);
    } else if let Some(study) = view.study_by_accession(id).filter(|_| imaging) {
        found.patient = view.patient(study.patient);
        found.imaging.extend(view.report(&study).map(|report| (study, report)));
    }
}

fn told(session: &Session, qrd: &Segment<'_>, unbounded: bool, found: &Found) {
    let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    session.emit(Observation::Query {
        subject: RecordKind::LabResult,
        filter: Tainted::from_bytes(qrd.raw()),
        answers: count(found.laboratory.len() + found.imaging.len() + found.written.len()),
        unbounded,
        detail: None,
    });
    let read = |subject, ids: Vec<String>| {
        if !ids.is_empty() {
            let count = count(ids.len());
            session.emit(Observation::RecordRead {
                subject,
                count,
                ids: ids.into_iter().take(MAX_IDS).collect(),
            });
        }
    };
    read(RecordKind::LabResult, found.laboratory.iter().map(|o| o.specimen.clone()).collect());
    read(RecordKind::Report, found.imaging.iter().map(|(s, _)| s.accession.clone()).collect());
}
