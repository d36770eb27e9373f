//! `honeyward world`: what the hospital holds at a moment, newest first.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};
use serde::Serialize;

use crate::app::cli::{WorldArgs, WorldSubject};
use crate::app::config::Config;
use crate::app::exit::Exit;
use crate::app::output::{say, say_json};
use crate::app::table::Table;
use crate::app::{Layout, installation};
use crate::world::{LabOrder, Order, Patient, PatientNo, Study, StudyFilter, View, World};

/// Days that are looked through for enough rows; a quiet holiday is never this long.
const DAYS_BACK: i32 = 30;

/// A row as `--json` gives it: the record, and whose it is.
#[derive(Serialize)]
struct Row<'a, T: Serialize> {
    #[serde(flatten)]
    record: &'a T,
    /// Medical record number.
    mrn: &'a str,
    /// Patient's name in Chinese.
    patient_name: &'a str,
}

/// Loads the hospital and lists.
pub(crate) fn run(args: &WorldArgs, layout: &Layout) -> Exit {
    let now = match moment(args.at.as_deref()) {
        Ok(now) => now,
        Err(problem) => return Exit::Usage(problem),
    };
    let config = match Config::load(args.config.config.as_deref()) {
        Ok(config) => config,
        Err(faults) => return Exit::Usage(faults.to_string()),
    };
    let installation = match installation::decoys(layout) {
        Ok(installation) => installation,
        Err(error) => return Exit::Could(format!("{}: {error}", layout.secret().display())),
    };
    match config.load_pack(installation) {
        Ok(pack) => {
            let world = Arc::new(World::new(Arc::clone(&pack.hospital), &pack.installation));
            list(&world.at(now), args);
            Exit::Done
        }
        Err(faults) => Exit::Usage(faults.to_string()),
    }
}

fn moment(at: Option<&str>) -> Result<Timestamp, String> {
    let Some(text) = at else { return Ok(Timestamp::now()) };
    text.parse().map_err(|_| format!("--at {text}: expected RFC 3339 (2026-05-09T08:00:00+08:00)"))
}

fn list(view: &View, args: &WorldArgs) {
    match args.subject {
        WorldSubject::Patients => patients(view, args),
        WorldSubject::Studies => studies(view, args),
        WorldSubject::Orders => orders(view, args),
        WorldSubject::Results => results(view, args),
    }
}

fn patients(view: &View, args: &WorldArgs) {
    let mut seen = BTreeSet::new();
    let visits = days(view).flat_map(|date| view.encounters_on(date).into_iter().rev());
    let fresh = visits.map(|visit| visit.patient).filter(|no| seen.insert(*no));
    let patients: Vec<Patient> = fresh.filter_map(|no| view.patient(no)).take(args.limit).collect();
    if args.json.json {
        return patients.iter().for_each(say_json);
    }
    let mut table = Table::new(&["MRN", "NAME", "SEX", "BORN", "RESIDENT ID", "PHONE", "ADDRESS"]);
    for patient in patients {
        table.row(vec![
            patient.mrn,
            patient.name.chinese(),
            format!("{:?}", patient.sex),
            patient.born.to_string(),
            patient.resident_id_masked,
            patient.phone,
            patient.address,
        ]);
    }
    table.print();
}

fn studies(view: &View, args: &WorldArgs) {
    let rows = view.studies(&StudyFilter { limit: Some(args.limit), ..StudyFilter::default() });
    let head = ["BEGAN", "ACCESSION", "PATIENT", "STUDY", "DEVICE", "UID"];
    print(
        view,
        args,
        &head,
        &rows,
        |study: &Study| study.patient,
        |study, patient| {
            vec![
                local(view, study.started),
                study.accession.clone(),
                who(patient),
                study.description.clone(),
                study.device.ae_title.clone(),
                study.uid.clone(),
            ]
        },
    );
}

fn orders(view: &View, args: &WorldArgs) {
    let rows = days(view)
        .flat_map(|date| view.orders_on(date).into_iter().rev())
        .take(args.limit)
        .collect::<Vec<_>>();
    let head = ["ORDERED", "PLACER", "FILLER", "PATIENT", "ORDER", "STATE"];
    print(
        view,
        args,
        &head,
        &rows,
        |order: &Order| order.patient,
        |order, patient| {
            vec![
                local(view, order.ordered),
                order.placer.clone(),
                order.filler.clone(),
                who(patient),
                order.name.clone(),
                super::word(&order.state),
            ]
        },
    );
}

fn results(view: &View, args: &WorldArgs) {
    let analysed = |date| {
        let mut rows = view.lab_orders_on(date);
        rows.retain(|lab| lab.analysed.is_some());
        rows.sort_by_key(|lab| std::cmp::Reverse(lab.analysed));
        rows
    };
    let rows = days(view).flat_map(analysed).take(args.limit).collect::<Vec<_>>();
    let head = ["ANALYSED", "SPECIMEN", "PATIENT", "PANEL", "RESULTS"];
    print(
        view,
        args,
        &head,
        &rows,
        |lab: &LabOrder| lab.patient,
        |lab, patient| {
            let values = lab.results.iter().map(|r| format!("{} {}", r.item.code, r.value));
            vec![
                lab.analysed.map(|at| local(view, at)).unwrap_or_default(),
                lab.specimen.clone(),
                who(patient),
                lab.panel_name.clone(),
                values.collect::<Vec<_>>().join(", "),
            ]
        },
    );
}

/// Prints rows with their patients, as a table or as JSON.
fn print<T: Serialize>(
    view: &View,
    args: &WorldArgs,
    head: &[&str],
    rows: &[T],
    of: impl Fn(&T) -> PatientNo,
    cells: impl Fn(&T, &Patient) -> Vec<String>,
) {
    let mut table = Table::new(head);
    let mut any = false;
    for (record, patient) in rows.iter().filter_map(|row| Some((row, view.patient(of(row))?))) {
        any = true;
        if args.json.json {
            say_json(&Row { record, mrn: &patient.mrn, patient_name: &patient.name.chinese() });
        } else {
            table.row(cells(record, &patient));
        }
    }
    if !args.json.json && any {
        table.print();
    } else if !any && !args.json.json {
        say("Nothing by then.");
    }
}

/// Local dates from today backwards.
fn days(view: &View) -> impl Iterator<Item = Date> {
    let today = view.local(view.now()).date();
    (0..DAYS_BACK).filter_map(move |back| today.checked_sub(back.days()).ok())
}

fn local(view: &View, at: Timestamp) -> String {
    view.local(at).strftime("%Y-%m-%d %H:%M:%S").to_string()
}

fn who(patient: &Patient) -> String {
    format!("{} {}", patient.mrn, patient.name.chinese())
}
