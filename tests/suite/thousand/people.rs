//! Whom the faces are asked about, and what each of them must tell.

use std::collections::BTreeSet;

use honeyward::world::{PatientNo, View, VisitClass};

/// A patient with what he had of late, by number.
pub(super) struct Person {
    pub(super) mrn: String,
    /// Number in the databases' master index, from 1.
    pub(super) place: u32,
    /// Visits; those of an emergency apart, which the web product's database leaves out.
    pub(super) visits: Vec<String>,
    pub(super) emergencies: Vec<String>,
    pub(super) orders: Vec<String>,
    /// Specimens with results, and their results.
    pub(super) specimens: Vec<String>,
    pub(super) results: Vec<String>,
    /// Studies that are at hand, and those with a report.
    pub(super) studies: Vec<String>,
    pub(super) reports: Vec<String>,
    /// The visit whose charges are compared.
    pub(super) billed: String,
    pub(super) charges: Vec<String>,
}

/// Days that are looked back: the shortest table of a database reaches further.
pub(super) const DAYS: u32 = 14;

impl Person {
    fn of(view: &View, no: PatientNo, billed: &str) -> Self {
        let patient = view.patient(no).unwrap();
        let encounters = view.encounters_of(no, DAYS);
        let (emergencies, visits): (Vec<_>, Vec<_>) =
            encounters.into_iter().partition(|visit| visit.class == VisitClass::Emergency);
        let numbers =
            |visits: Vec<honeyward::world::Encounter>| visits.into_iter().map(|v| v.number).collect();
        let specimens: Vec<_> =
            view.lab_orders_of(no, DAYS).into_iter().filter(|order| !order.results.is_empty()).collect();
        let studies: Vec<_> = view
            .orders_of(no, DAYS)
            .iter()
            .filter_map(|order| view.study_by_accession(order.accession.as_deref()?))
            .collect();
        Person {
            mrn: patient.mrn,
            place: no.0 + 1,
            visits: numbers(visits),
            emergencies: numbers(emergencies),
            orders: view.orders_of(no, DAYS).into_iter().map(|order| order.placer).collect(),
            results: specimens
                .iter()
                .flat_map(|order| order.results.iter().map(|r| format!("{} {}", order.specimen, r.item.code)))
                .collect(),
            specimens: specimens.into_iter().map(|order| order.specimen).collect(),
            reports: studies
                .iter()
                .filter(|s| view.report(s).is_some())
                .map(|s| s.accession.clone())
                .collect(),
            studies: studies.into_iter().map(|study| study.accession).collect(),
            charges: view.charges_in(billed).into_iter().map(|charge| charge.number).collect(),
            billed: billed.to_owned(),
        }
    }
}

/// Patients who are treated at the moment or were today or the day before, of each kind of visit, none of
/// whom is `known` yet.
pub(super) fn choose(view: &View, count: usize, known: &mut BTreeSet<PatientNo>) -> Vec<Person> {
    let today = view.local(view.now()).date();
    let mut visits = view.encounters_on(today.yesterday().unwrap());
    visits.extend(view.encounters_on(today));
    visits.extend(view.inpatients().into_iter().step_by(7));
    let step = (visits.len() / (count * 2)).max(1);
    let chosen = visits.into_iter().step_by(step).filter(|visit| known.insert(visit.patient));
    chosen.take(count).map(|visit| Person::of(view, visit.patient, &visit.number)).collect()
}
