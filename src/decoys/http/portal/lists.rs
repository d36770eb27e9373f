//! The home page and the lists of a day.

use std::collections::BTreeMap;

use jiff::civil::Date;
use minijinja::{Value, context};

use super::super::answer::Answer;
use super::search::{page_number, page_of};
use super::{Visit, read, rows, searched};
use crate::event::observation::RecordKind;
use crate::world::{Encounter, OrderKind, OrderState, StudyFilter, View, VisitClass};

/// Departments shown on the home page.
const BUSIEST: usize = 12;
/// Latest visits shown on the home page.
const LATEST: usize = 8;

/// Today at a glance.
pub(crate) fn home(visit: &Visit<'_>) -> Option<Answer> {
    let view = visit.view();
    let now = view.local(view.now());
    let today = now.date();
    let visits = view.encounters_on(today);
    let inpatients = view.inpatients();
    let orders = view.orders_on(today);
    let count = |class| visits.iter().filter(|e| e.class == class).count();
    let ordered = |kind| orders.iter().filter(|o| o.kind == kind).count();
    let filter = StudyFilter { from: Some(today), to: Some(today), ..StudyFilter::default() };
    let beds = usize::try_from(view.hospital().beds).unwrap_or(0).max(1);
    let values = context! {
        active => "home",
        today => today.to_string(),
        clock => format!("{:02}:{:02}", now.hour(), now.minute()),
        outpatients => count(VisitClass::Outpatient),
        emergencies => count(VisitClass::Emergency),
        admissions => count(VisitClass::Inpatient),
        inpatients => inpatients.len(),
        beds,
        occupancy => format!("{:.1}", percent(inpatients.len(), beds)),
        imaging => ordered(OrderKind::Imaging),
        laboratory => ordered(OrderKind::Laboratory),
        verified => orders.iter().filter(|o| o.state == OrderState::Verified).count(),
        studies => view.studies(&filter).len(),
        departments => departments(&view, &visits, &inpatients),
        latest => latest(&view, &visits),
        user_name => visit.user().map(|a| a.full_name.clone()),
    };
    Some(visit.render("home.html", values))
}

fn percent(part: usize, whole: usize) -> f64 {
    let number = |n: usize| f64::from(u32::try_from(n).unwrap_or(u32::MAX));
    number(part) * 100.0 / number(whole)
}

fn departments(view: &View, visits: &[Encounter], inpatients: &[Encounter]) -> Vec<Value> {
    let mut counts: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for visit in visits.iter().filter(|v| v.class != VisitClass::Inpatient) {
        counts.entry(&visit.department).or_default().0 += 1;
    }
    for stay in inpatients {
        counts.entry(&stay.department).or_default().1 += 1;
    }
    let mut counts: Vec<_> = counts.into_iter().collect();
    counts.sort_by_key(|(code, (out, inn))| (std::cmp::Reverse(out + inn), *code));
    let most = counts.first().map_or(1, |(_, (out, inn))| (out + inn).max(1));
    counts
        .into_iter()
        .take(BUSIEST)
        .map(|(code, (outpatients, inpatients))| {
            let share = percent(outpatients + inpatients, most);
            context! { code, name => rows::department(view, code), outpatients, inpatients, share => format!("{share:.0}") }
        })
        .collect()
}

fn latest(view: &View, visits: &[Encounter]) -> Vec<Value> {
    visits.iter().rev().take(LATEST).map(|e| with_patient(view, e)).collect()
}

/// A visit with its patient.
fn with_patient(view: &View, encounter: &Encounter) -> Value {
    let patient = view.patient(encounter.patient).map(|p| rows::patient(view, &p));
    context! { patient, ..rows::encounter(view, encounter) }
}

/// The orders of a day.
pub(crate) fn orders(visit: &Visit<'_>) -> Option<Answer> {
    let view = visit.view();
    let date = date(visit, &view);
    let kind = visit.query.text("kind");
    let wanted = match kind {
        "imaging" => Some(OrderKind::Imaging),
        "laboratory" => Some(OrderKind::Laboratory),
        _ => None,
    };
    let mut found = view.orders_on(date);
    found.retain(|o| wanted.is_none_or(|w| o.kind == w));
    found.reverse();
    let (page, paging) = page_of(found, page_number(visit.query.text("page")));
    searched(visit.session, RecordKind::Order, &format!("date={date} kind={kind}"), page.len(), false);
    read(visit.session, RecordKind::Order, page.iter().map(|o| o.placer.clone()).collect());
    let values = context! {
        active => "orders",
        date => date.to_string(),
        kind,
        rows => page.iter().map(|o| rows::order(&view, o)).collect::<Vec<_>>(),
        ..paging
    };
    Some(visit.render("orders.html", values))
}

/// The imaging that is scheduled for a day.
pub(crate) fn worklist(visit: &Visit<'_>) -> Option<Answer> {
    let view = visit.view();
    let date = date(visit, &view);
    let (page, paging) = page_of(view.worklist(date), page_number(visit.query.text("page")));
    searched(visit.session, RecordKind::Worklist, &format!("date={date}"), page.len(), false);
    let ids = page.iter().filter_map(|e| e.order.accession.clone()).collect();
    read(visit.session, RecordKind::Worklist, ids);
    let rows: Vec<Value> = page
        .iter()
        .map(|e| {
            context! {
                scheduled => rows::time(&view, e.scheduled),
                modality => e.modality.as_str(),
                station => e.device.ae_title.clone(),
                device => format!("{} {}", e.device.manufacturer, e.device.model),
                ..rows::order(&view, &e.order)
            }
        })
        .collect();
    let values = context! { active => "worklist", date => date.to_string(), rows, ..paging };
    Some(visit.render("worklist.html", values))
}

/// Who lies in the wards now.
pub(crate) fn inpatients(visit: &Visit<'_>) -> Option<Answer> {
    let view = visit.view();
    let wanted = visit.query.text("dept");
    let all = view.inpatients();
    let wards = departments(&view, &[], &all);
    let mut found = all;
    found.retain(|e| wanted.is_empty() || e.department == wanted);
    found.sort_by(|a, b| a.bed.cmp(&b.bed));
    let (page, paging) = page_of(found, page_number(visit.query.text("page")));
    searched(visit.session, RecordKind::Encounter, &format!("dept={wanted}"), page.len(), wanted.is_empty());
    read(visit.session, RecordKind::Encounter, page.iter().map(|e| e.number.clone()).collect());
    let values = context! {
        active => "inpatients",
        dept => wanted,
        wards,
        rows => page.iter().map(|e| with_patient(&view, e)).collect::<Vec<_>>(),
        ..paging
    };
    Some(visit.render("inpatients.html", values))
}

/// The day asked for; today when none or a wrong one was.
fn date(visit: &Visit<'_>, view: &View) -> Date {
    visit.query.text("date").parse().unwrap_or_else(|_| view.local(view.now()).date())
}
