//! Records of the world as values for templates: local times, Chinese words, masked ids.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use minijinja::{Value, context};

use crate::world::{
    Encounter, Flag, LabOrder, LabResult, Order, OrderKind, OrderState, Patient, Sex, Study, View, VisitClass,
};

/// `2026-03-02 08:15`.
pub(crate) fn time(view: &View, at: Timestamp) -> String {
    local(view.local(at))
}

/// The same, or a dash for what has not happened.
pub(crate) fn time_or_dash(view: &View, at: Option<Timestamp>) -> String {
    at.map_or_else(|| "—".to_owned(), |at| time(view, at))
}

fn local(t: DateTime) -> String {
    format!("{} {:02}:{:02}", t.date(), t.hour(), t.minute())
}

/// A patient.
pub(crate) fn patient(view: &View, patient: &Patient) -> Value {
    let today = view.local(view.now()).date();
    context! {
        mrn => patient.mrn.clone(),
        name => patient.name.chinese(),
        sex => sex(patient.sex),
        born => patient.born.to_string(),
        age => age(patient.born, today),
        resident_id => patient.resident_id_masked.clone(),
        phone => patient.phone.clone(),
        address => patient.address.clone(),
        ethnicity => patient.ethnicity.clone(),
        registered => time(view, patient.registered),
    }
}

/// A visit.
pub(crate) fn encounter(view: &View, encounter: &Encounter) -> Value {
    context! {
        number => encounter.number.clone(),
        class => class(encounter.class),
        department => department(view, &encounter.department),
        physician => staff(view, &encounter.physician),
        started => time(view, encounter.started),
        ended => time_or_dash(view, encounter.ended),
        open => encounter.ended.is_none(),
        bed => encounter.bed.clone(),
        icd10 => encounter.diagnosis.icd10.clone(),
        diagnosis => encounter.diagnosis.name.clone(),
    }
}

/// An order, with the patient's name where a list mixes patients.
pub(crate) fn order(view: &View, order: &Order) -> Value {
    let patient = view.patient(order.patient);
    context! {
        placer => order.placer.clone(),
        filler => order.filler.clone(),
        imaging => order.kind == OrderKind::Imaging,
        kind => kind(order.kind),
        name => order.name.clone(),
        state => state(order.state),
        tone => tone(order.state),
        ordered => time(view, order.ordered),
        department => department(view, &order.department),
        physician => staff(view, &order.physician),
        encounter => order.encounter.clone(),
        accession => order.accession.clone(),
        specimen => order.specimen.clone(),
        resulted => matches!(order.state, OrderState::Performed | OrderState::Verified),
        patient => patient.as_ref().map(|p| p.name.chinese()),
        sex => patient.as_ref().map(|p| sex(p.sex)),
        mrn => patient.as_ref().map(|p| p.mrn.clone()),
    }
}

/// An imaging study.
pub(crate) fn study(view: &View, study: &Study) -> Value {
    let report = view.report(study);
    context! {
        accession => study.accession.clone(),
        id => study.id.clone(),
        uid => study.uid.clone(),
        modality => study.modality.as_str(),
        description => study.description.clone(),
        started => time(view, study.started),
        device => format!("{} {}", study.device.manufacturer, study.device.model),
        station => study.device.ae_title.clone(),
        operator => staff(view, &study.operator),
        referring => staff(view, &study.referring),
        reported => report.as_ref().is_some_and(|r| r.verified.is_some()),
        impression => report.map(|r| r.impression),
    }
}

/// A laboratory order with its results.
pub(crate) fn lab(view: &View, lab: &LabOrder) -> Value {
    let abnormal = lab.results.iter().filter(|r| r.flag != Flag::N).count();
    context! {
        order => lab.order.clone(),
        filler => lab.filler.clone(),
        specimen => lab.specimen.clone(),
        specimen_type => lab.specimen_type.clone(),
        panel => lab.panel_name.clone(),
        ordered => time(view, lab.ordered),
        collected => time_or_dash(view, lab.collected),
        analysed => time_or_dash(view, lab.analysed),
        verified => time_or_dash(view, lab.verified),
        is_verified => lab.verified.is_some(),
        verifier => lab.verifier.as_ref().map(|v| staff(view, v)),
        abnormal,
        results => lab.results.iter().map(result).collect::<Vec<_>>(),
    }
}

fn result(result: &LabResult) -> Value {
    let (mark, tone) = match result.flag {
        Flag::N => ("", ""),
        Flag::H => ("↑", "high"),
        Flag::L => ("↓", "low"),
        Flag::A => ("*", "high"),
    };
    context! {
        code => result.item.code,
        name => result.item.name,
        value => result.value.clone(),
        unit => result.item.unit,
        range => result.range.clone(),
        mark,
        tone,
    }
}

/// Name of a department; its code where it is unknown.
pub(crate) fn department(view: &View, code: &str) -> String {
    view.department(code).map_or_else(|| code.to_owned(), |d| d.name)
}

/// Name of a member of staff; the number where it is unknown.
pub(crate) fn staff(view: &View, number: &str) -> String {
    view.staff_member(number).map_or_else(|| number.to_owned(), |s| s.name.chinese())
}

/// `男` or `女`.
pub(crate) fn sex(sex: Sex) -> &'static str {
    match sex {
        Sex::M => "男",
        Sex::F => "女",
    }
}

/// Kind of a visit in Chinese.
pub(crate) fn class(class: VisitClass) -> &'static str {
    match class {
        VisitClass::Outpatient => "门诊",
        VisitClass::Emergency => "急诊",
        VisitClass::Inpatient => "住院",
    }
}

fn kind(kind: OrderKind) -> &'static str {
    match kind {
        OrderKind::Imaging => "检查",
        OrderKind::Laboratory => "检验",
    }
}

fn state(state: OrderState) -> &'static str {
    match state {
        OrderState::Ordered => "已开立",
        OrderState::InProgress => "执行中",
        OrderState::Performed => "已完成",
        OrderState::Verified => "已审核",
        OrderState::Cancelled => "已作废",
    }
}

fn tone(state: OrderState) -> &'static str {
    match state {
        OrderState::Ordered => "wait",
        OrderState::InProgress => "work",
        OrderState::Performed => "done",
        OrderState::Verified => "good",
        OrderState::Cancelled => "void",
    }
}

/// Age as Chinese records print it: years, months below two years, days below one month.
pub(crate) fn age(born: Date, today: Date) -> String {
    let months = (i32::from(today.year()) - i32::from(born.year())) * 12 + i32::from(today.month())
        - i32::from(born.month())
        - i32::from(today.day() < born.day());
    if months >= 24 {
        format!("{}岁", months / 12)
    } else if months >= 1 {
        format!("{months}月")
    } else {
        let days = today.since(born).map(|s| s.get_days()).unwrap_or(0);
        format!("{}天", days.max(0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages() {
        let age = |born: &str| age(born.parse().unwrap(), "2026-03-02".parse().unwrap());
        assert_eq!(age("1960-03-03"), "65岁");
        assert_eq!(age("1960-03-02"), "66岁");
        assert_eq!(age("2025-01-15"), "13月");
        assert_eq!(age("2026-02-20"), "10天");
    }
}
