//! One hospital over all faces: a thousand patients, at several hours of the day, equal in every field
//! that two faces share.

mod facts;
mod fhir;
mod hl7;
mod laboratory;
mod pacs;
mod people;
mod soap;
mod sql;
mod stage;
mod web;

use std::collections::BTreeSet;
use std::thread;

use facts::{Facts, Kind, none};
use jiff::Timestamp;
use people::Person;
use stage::Stage;

/// Moments: a morning's rush, noon, an afternoon, an evening, a night.
const MOMENTS: [&str; 5] = [
    "2026-03-02T08:20:00+08:00",
    "2026-03-02T11:45:00+08:00",
    "2026-03-02T16:05:00+08:00",
    "2026-03-02T21:30:00+08:00",
    "2026-03-03T03:10:00+08:00",
];

/// Patients at each.
const EACH: usize = 200;

type Telling = fn(&Stage, &[Person], &mut Facts);

/// Every face.
const FACES: [Telling; 12] = [
    sql::sql_server,
    sql::mysql,
    web::portal,
    web::phis,
    fhir::of,
    |stage, people, facts| hl7::of(stage, "his", hl7::HIS, people, facts),
    |stage, people, facts| hl7::of(stage, "lis", hl7::LIS, people, facts),
    laboratory::pages,
    laboratory::astm,
    soap::of,
    pacs::dimse,
    pacs::qido,
];

#[test]
fn a_thousand_patients_are_the_same_over_every_face() {
    let stage = Stage::new(11);
    let mut known = BTreeSet::new();
    for moment in MOMENTS {
        stage.set(moment.parse::<Timestamp>().unwrap());
        let people = people::choose(&stage.view(), EACH, &mut known);
        assert_eq!(people.len(), EACH, "{moment}");
        let facts = told(&stage, &people);
        none(&format!("disagreements at {moment}"), &facts.disagreements());
        none(&format!("gaps at {moment}"), &gaps(&facts, &people));
    }
    assert_eq!(known.len(), EACH * MOMENTS.len());
}

/// What all faces tell; they are asked side by side.
fn told(stage: &Stage, people: &[Person]) -> Facts {
    let mut all = Facts::default();
    thread::scope(|scope| {
        let faces = FACES.map(|face| {
            scope.spawn(move || {
                let mut facts = Facts::default();
                face(stage, people, &mut facts);
                facts
            })
        });
        faces.into_iter().for_each(|face| all.absorb(face.join().unwrap()));
    });
    all
}

/// What a face should have told and did not.
fn gaps(facts: &Facts, people: &[Person]) -> Vec<String> {
    let mrns: Vec<String> = people.iter().map(|person| person.mrn.clone()).collect();
    let every = |of: fn(&Person) -> &Vec<String>| people.iter().flat_map(of);
    let some =
        |of: fn(&Person) -> &Vec<String>, most| people.iter().flat_map(move |p| of(p).iter().take(most));
    let systems = [sql::SQL_SERVER, web::PORTAL, fhir::FHIR, soap::SOAP];
    let engines = [hl7::HIS, hl7::LIS];
    let with = |more: &[&'static str]| [&systems[..], more].concat();
    let who = ["name", "sex", "born", "resident id", "phone", "address", "ethnicity"];
    let archives = [pacs::DIMSE, pacs::QIDO];
    let visit =
        ["patient", "started", "ended", "physician's name", "department's name", "ICD-10", "diagnosis"];
    let result = ["value", "range", "flag"];
    let mut gaps = facts.gaps(Kind::Patient, mrns.iter(), &who, &with(&[sql::MYSQL, hl7::HIS, hl7::LIS]));
    gaps.extend(facts.gaps(
        Kind::Visit,
        every(|p| &p.visits),
        &visit,
        &[web::PORTAL, fhir::FHIR, soap::SOAP],
    ));
    gaps.extend(facts.gaps(
        Kind::Visit,
        every(|p| &p.visits),
        &["started", "diagnosis"],
        &with(&[sql::MYSQL]),
    ));
    gaps.extend(facts.gaps(Kind::Visit, every(|p| &p.emergencies), &["started", "diagnosis"], &systems));
    gaps.extend(facts.gaps(Kind::Order, every(|p| &p.orders), &["ordered", "name"], &systems));
    gaps.extend(facts.gaps(
        Kind::Order,
        every(|p| &p.orders),
        &["physician"],
        &[sql::MYSQL, fhir::FHIR, soap::SOAP],
    ));
    let held = [&engines[..], &[sql::SQL_SERVER, sql::MYSQL, fhir::FHIR, soap::SOAP]].concat();
    gaps.extend(facts.gaps(Kind::Result, every(|p| &p.results), &result, &held));
    gaps.extend(facts.gaps(Kind::Specimen, every(|p| &p.specimens), &["order", "verified"], &held));
    gaps.extend(facts.gaps(
        Kind::Specimen,
        some(|p| &p.specimens, laboratory::OPENED),
        &["patient"],
        &[laboratory::PAGES, laboratory::ASTM],
    ));
    let study = ["UID", "name", "started"];
    // The product behind C-FIND does not count.
    gaps.extend(facts.gaps(
        Kind::Study,
        every(|p| &p.studies),
        &["series", "images"],
        &[pacs::QIDO, fhir::FHIR],
    ));
    gaps.extend(facts.gaps(
        Kind::Study,
        every(|p| &p.studies),
        &study,
        &[&archives[..], &[fhir::FHIR]].concat(),
    ));
    let report = ["findings", "impression"];
    gaps.extend(facts.gaps(
        Kind::Study,
        every(|p| &p.reports),
        &report,
        &[sql::SQL_SERVER, sql::MYSQL, fhir::FHIR, hl7::HIS],
    ));
    let charge = ["name", "price", "quantity", "amount", "charged", "bill", "category"];
    gaps.extend(facts.gaps(
        Kind::Charge,
        every(|p| &p.charges),
        &charge,
        &[sql::SQL_SERVER, web::PORTAL, web::PHIS],
    ));
    gaps
}
