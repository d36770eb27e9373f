//! The bed map, the home page of a stay's record, and its list of charges by day.

use std::collections::BTreeMap;

use jiff::civil::Date;
use minijinja::{Value, context};

use super::super::answer::Answer;
use super::{Visit, read, rows, searched, sheets};
use crate::event::observation::RecordKind;
use crate::world::{Charge, ChargeCategory, Encounter, Money, View, VisitClass};

/// The department whose beds are shown first.
const FIRST: &str = "0101";

/// The beds of a department.
pub(crate) fn beds(visit: &Visit<'_>) -> Option<Answer> {
    let view = visit.view();
    let wanted = match visit.query.text("deptCode") {
        "" => FIRST,
        code => code,
    };
    let mut stays = visit.session.heavy(|| view.inpatients());
    stays.retain(|stay| stay.department == wanted);
    stays.sort_by(|a, b| a.bed.cmp(&b.bed));
    searched(visit.session, RecordKind::Encounter, &format!("beds dept={wanted}"), stays.len(), false);
    read(visit.session, RecordKind::Encounter, stays.iter().map(|e| e.number.clone()).collect());
    let levels = ["特级护理", "一级护理", "二级护理", "三级护理"];
    let cards: Vec<Value> = stays.iter().map(|stay| bed(&view, stay)).collect();
    let values = context! {
        active => "inp/beds",
        dept => wanted,
        dept_name => rows::department(&view, wanted),
        departments => sheets::departments(&view),
        total => cards.len(),
        levels,
        cards,
    };
    Some(visit.render("beds.html", values))
}

fn bed(view: &View, encounter: &Encounter) -> Value {
    let stay = view.stay(&encounter.number);
    let number =
        encounter.bed.as_deref().and_then(|bed| bed.split_once('-')).map_or("", |(_, n)| n).to_owned();
    context! {
        bed => number,
        nursing => stay.as_ref().map(|s| s.nursing),
        condition => stay.as_ref().map(|s| s.condition),
        days => stay.as_ref().map(|s| s.days),
        insurance => stay.as_ref().map(|s| s.insurance.chinese()),
        owing => stay.as_ref().is_some_and(|s| s.charged > s.deposits),
        balance => stay.as_ref().map(|s| (s.deposits - s.charged).to_string()),
        allergic => !view.allergies_of(encounter.patient).is_empty(),
        patient => view.patient(encounter.patient).map(|p| rows::patient(view, &p)),
        ..rows::encounter(view, encounter)
    }
}

/// The home page of a stay's record.
pub(crate) fn record(visit: &Visit<'_>, number: &str) -> Option<Answer> {
    let view = visit.view();
    let encounter = view.encounter(number).filter(|e| e.class == VisitClass::Inpatient)?;
    let (patient, stay) = (view.patient(encounter.patient)?, view.stay(number)?);
    let patient = visit.session.with_written_patient(patient);
    read(visit.session, RecordKind::Patient, vec![patient.mrn.clone()]);
    read(visit.session, RecordKind::Encounter, vec![encounter.number.clone()]);
    let charges = view.charges_in(number);
    let values = context! {
        active => "inp/patients",
        number,
        patient => rows::patient(&view, &patient),
        stay => context! {
            times => stay.times,
            days => stay.days,
            admitted_by => stay.admitted_by,
            condition => stay.condition,
            nursing => stay.nursing,
            diet => stay.diet,
            nurse => rows::staff(&view, &stay.nurse),
            insurance => stay.insurance.chinese(),
            discharged_by => stay.discharged_by,
            charged => stay.charged.to_string(),
            deposits => stay.deposits.to_string(),
            balance => (stay.deposits - stay.charged).to_string(),
        },
        card => view.insurance_of(encounter.patient).card_masked,
        allergies => view.allergies_of(encounter.patient).iter().map(|a| format!("{}（{}）", a.allergen.chinese(), a.reaction)).collect::<Vec<_>>(),
        diagnoses => view.diagnoses_in(number).iter().map(|d| context! {
            kind => d.kind.chinese(),
            place => d.place,
            icd10 => d.diagnosis.icd10.clone(),
            name => d.diagnosis.name.clone(),
            outcome => d.outcome,
        }).collect::<Vec<_>>(),
        surgeries => view.surgeries_in(number).iter().map(|s| context! {
            code => s.code,
            name => s.name,
            date => rows::time_or_dash(&view, s.started),
            grade => s.grade,
            incision => s.incision,
            anaesthesia => s.anaesthesia,
            surgeon => rows::staff(&view, &s.surgeon),
            assistant => rows::staff(&view, &s.assistant),
        }).collect::<Vec<_>>(),
        vitals => view.vitals_in(number).last().map(|v| context! {
            temperature => format!("{}.{}", v.temperature / 10, v.temperature % 10),
            pulse => v.pulse,
            respiration => v.respiration,
            pressure => format!("{}/{}", v.systolic, v.diastolic),
            saturation => v.saturation,
        }),
        costs => by_category(&charges),
        ..rows::encounter(&view, &encounter)
    };
    Some(visit.render("record.html", values))
}

/// Sums of charges by category, in the order of a bill.
pub(crate) fn by_category(charges: &[Charge]) -> Vec<Value> {
    let mut sums: BTreeMap<ChargeCategory, Money> = BTreeMap::new();
    for charge in charges {
        *sums.entry(charge.category).or_default() += charge.amount;
    }
    sums.iter().map(|(kind, sum)| context! { name => kind.chinese(), amount => sum.to_string() }).collect()
}

/// What a day of a stay cost.
pub(crate) fn daily(visit: &Visit<'_>, number: &str) -> Option<Answer> {
    let view = visit.view();
    let encounter = view.encounter(number).filter(|e| e.class == VisitClass::Inpatient)?;
    let patient = visit.session.with_written_patient(view.patient(encounter.patient)?);
    let all = view.charges_in(number);
    let days: Vec<Date> = {
        let mut days: Vec<Date> = all.iter().map(|c| view.local(c.charged).date()).collect();
        days.dedup();
        days
    };
    let asked = visit.query.text("date").parse::<Date>().ok();
    let date = asked.or(days.last().copied()).unwrap_or_else(|| view.local(view.now()).date());
    let of_day: Vec<Charge> = all.iter().filter(|c| view.local(c.charged).date() == date).cloned().collect();
    let until: Money = all.iter().filter(|c| view.local(c.charged).date() <= date).map(|c| c.amount).sum();
    searched(
        visit.session,
        RecordKind::Charge,
        &format!("daily visit={number} date={date}"),
        of_day.len(),
        false,
    );
    read(visit.session, RecordKind::Charge, of_day.iter().map(|c| c.number.clone()).collect());
    let values = context! {
        active => "inp/patients",
        number,
        date => date.to_string(),
        days => days.iter().map(Date::to_string).collect::<Vec<_>>(),
        patient => rows::patient(&view, &patient),
        rows => of_day.iter().map(|c| charge(&view, c)).collect::<Vec<_>>(),
        sum => of_day.iter().map(|c| c.amount).sum::<Money>().to_string(),
        until => until.to_string(),
        costs => by_category(&of_day),
        ..rows::encounter(&view, &encounter)
    };
    Some(visit.render("daily.html", values))
}

/// A charge.
pub(crate) fn charge(view: &View, charge: &Charge) -> Value {
    context! {
        at => rows::time(view, charge.charged),
        category => charge.category.chinese(),
        code => charge.code.clone(),
        name => charge.name.clone(),
        specification => charge.specification.clone(),
        unit => charge.unit.clone(),
        price => charge.price.to_string(),
        quantity => charge.quantity,
        amount => charge.amount.to_string(),
        insurance => charge.insurance.chinese(),
        performer => rows::department(view, &charge.performed_by),
    }
}
