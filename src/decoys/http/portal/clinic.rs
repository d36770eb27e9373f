//! The physician's work at an outpatient's visit, and receipts.

use minijinja::{Value, context};

use super::super::answer::Answer;
use super::wards::{by_category, charge};
use super::{Visit, read, rows};
use crate::event::observation::RecordKind;
use crate::world::{Prescription, View, VisitClass};

/// How far back a visit's orders are looked for, days.
const DAYS: u32 = 400;

/// One visit: who, why, what was prescribed and ordered.
pub(crate) fn page(visit: &Visit<'_>, number: &str) -> Option<Answer> {
    let view = visit.view();
    let encounter = view.encounter(number).filter(|e| e.class != VisitClass::Inpatient)?;
    let patient = visit.session.with_written_patient(view.patient(encounter.patient)?);
    let (registration, scripts) = (view.registration(number)?, view.prescriptions_in(number));
    let mut orders = view.orders_of(encounter.patient, DAYS);
    orders.retain(|order| order.encounter == number);
    read(visit.session, RecordKind::Patient, vec![patient.mrn.clone()]);
    read(visit.session, RecordKind::Encounter, vec![encounter.number.clone()]);
    read(visit.session, RecordKind::Prescription, scripts.iter().map(|p| p.number.clone()).collect());
    read(visit.session, RecordKind::Order, orders.iter().map(|o| o.placer.clone()).collect());
    let charges = view.charges_in(number);
    let values = context! {
        active => "outp/registers",
        patient => rows::patient(&view, &patient),
        registration => context! {
            kind => registration.kind,
            queue => registration.queue,
            channel => registration.channel,
            state => registration.state,
            fee => registration.fee.to_string(),
        },
        insurance => view.insurance_of(patient.no).kind.chinese(),
        allergies => view.allergies_of(patient.no).iter().map(|a| format!("{}（{}）", a.allergen.chinese(), a.reaction)).collect::<Vec<_>>(),
        vitals => view.vitals_in(number).first().map(|v| context! {
            temperature => format!("{}.{}", v.temperature / 10, v.temperature % 10),
            pulse => v.pulse,
            respiration => v.respiration,
            pressure => format!("{}/{}", v.systolic, v.diastolic),
        }),
        diagnoses => view.diagnoses_in(number).iter().map(|d| context! { icd10 => d.diagnosis.icd10.clone(), name => d.diagnosis.name.clone() }).collect::<Vec<_>>(),
        prescriptions => scripts.iter().map(|p| prescription(&view, p)).collect::<Vec<_>>(),
        orders => orders.iter().map(|o| rows::order(&view, o)).collect::<Vec<_>>(),
        costs => by_category(&charges),
        ..rows::encounter(&view, &encounter)
    };
    Some(visit.render("visit.html", values))
}

fn prescription(view: &View, p: &Prescription) -> Value {
    context! {
        number => p.number.clone(),
        form => p.form,
        written => rows::time(view, p.written),
        physician => rows::staff(view, &p.physician),
        state => p.state.chinese(),
        total => p.total.to_string(),
        lines => p.lines.iter().map(|l| context! {
            group => l.group,
            name => l.name,
            specification => l.specification,
            dose => format!("{}{}", l.dose, l.dose_unit),
            frequency => l.frequency.code(),
            route => l.route,
            days => l.days,
            quantity => format!("{}{}", l.quantity, l.unit),
            amount => l.amount.to_string(),
        }).collect::<Vec<_>>(),
    }
}

/// A receipt or settlement with its lines.
pub(crate) fn receipt(visit: &Visit<'_>, number: &str) -> Option<Answer> {
    let view = visit.view();
    let bill = view.bill(number)?;
    let patient = visit.session.with_written_patient(view.patient(bill.patient)?);
    let charges = view.charges_of_bill(&bill);
    read(visit.session, RecordKind::Charge, vec![bill.number.clone()]);
    let values = context! {
        active => "fee/bills",
        number => bill.number.clone(),
        kind => bill.kind.chinese(),
        visit_no => bill.encounter.clone(),
        settled => rows::time(&view, bill.settled),
        cashier => rows::staff(&view, &bill.cashier),
        insurance => bill.insurance.chinese(),
        total => bill.total.to_string(),
        deposits => bill.deposits.to_string(),
        returned => bill.returned.to_string(),
        payments => bill.payments.iter().map(|p| context! { kind => p.kind.chinese(), amount => p.amount.to_string() }).collect::<Vec<_>>(),
        patient => rows::patient(&view, &patient),
        rows => charges.iter().map(|c| charge(&view, c)).collect::<Vec<_>>(),
        costs => by_category(&charges),
    };
    Some(visit.render("receipt.html", values))
}
