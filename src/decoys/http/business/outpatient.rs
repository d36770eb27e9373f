//! Registrations, visits and prescriptions of outpatients.

use super::{
    Ask, Found, Lookup, Sheet, department, is_asked, number, paged, person_of, staff, text, time,
    with_patient,
};
use crate::event::observation::RecordKind;
use crate::world::{Encounter, Prescription, VisitClass};

pub(super) static SHEETS: &[Sheet] = &[
    Sheet {
        path: "outp/registers",
        method: "queryRegisterList",
        title: "挂号查询",
        ask: Ask::Day,
        kind: RecordKind::Encounter,
        columns: with_patient![
            text("就诊号", "visitNo", "SBXH"),
            text("挂号时间", "registerTime", "GHSJ"),
            text("科室", "deptName", "KSMC"),
            text("医生", "doctorName", "YSXM"),
            text("号别", "registerType", "GHLB"),
            number("号序", "queueNo", "JZXH"),
            text("来源", "channel", "GHLY"),
            number("费用", "fee", "GHJE"),
            text("状态", "state", "JZZT"),
        ],
        run: registers,
    },
    Sheet {
        path: "outp/visits",
        method: "queryClinicList",
        title: "门诊日志",
        ask: Ask::Day,
        kind: RecordKind::Encounter,
        columns: with_patient![
            text("就诊号", "visitNo", "JZXH"),
            text("就诊时间", "visitTime", "KSSJ"),
            text("科室", "deptName", "KSMC"),
            text("医生", "doctorName", "YSXM"),
            text("ICD-10", "icd10", "ICD10"),
            text("诊断", "diagnosis", "ZDMC"),
            text("家庭住址", "address", "LXDZ"),
            text("联系电话", "phone", "LXDH"),
        ],
        run: visits,
    },
    Sheet {
        path: "outp/prescriptions",
        method: "queryPrescriptionList",
        title: "处方查询",
        ask: Ask::Day,
        kind: RecordKind::Prescription,
        columns: with_patient![
            text("处方号", "prescNo", "CFHM"),
            text("开方时间", "prescTime", "KFRQ"),
            text("处方类型", "prescType", "CFLX"),
            text("科室", "deptName", "KSMC"),
            text("医生", "doctorName", "YSXM"),
            text("诊断", "diagnosis", "ZDMC"),
            number("药品数", "items", "YPSL"),
            number("金额", "amount", "HJJE"),
            text("状态", "state", "FYBZ"),
        ],
        run: prescriptions,
    },
    Sheet {
        path: "outp/prescription",
        method: "queryPrescriptionDetail",
        title: "就诊处方明细",
        ask: Ask::Visit,
        kind: RecordKind::Prescription,
        columns: &[
            text("处方号", "prescNo", "CFHM"),
            number("组号", "group", "YPZH"),
            text("药品代码", "drugCode", "YPXH"),
            text("药品名称", "drugName", "YPMC"),
            text("规格", "spec", "YFGG"),
            number("剂量", "dose", "YCJL"),
            text("单位", "doseUnit", "JLDW"),
            text("频次", "frequency", "YPYF"),
            text("用法", "route", "GYTJ"),
            number("天数", "days", "YYTS"),
            number("数量", "quantity", "YPSL"),
            text("包装", "unit", "YFDW"),
            number("单价", "price", "YPDJ"),
            number("金额", "amount", "HJJE"),
        ],
        run: prescription_lines,
    },
];

/// Visits of the day that are no stays, newest first.
pub(super) fn of_day(lookup: &Lookup<'_>) -> Vec<Encounter> {
    let mut found = lookup.view.encounters_on(lookup.date);
    found.retain(|e| {
        e.class != VisitClass::Inpatient
            && (lookup.department.is_empty() || e.department == lookup.department)
            && (e.number == lookup.word || is_asked(lookup.view, e.patient, lookup.word))
    });
    found.reverse();
    found
}

fn registers(lookup: &Lookup<'_>) -> Found {
    let view = lookup.view;
    let cells = |e: &Encounter| {
        let Some(r) = view.registration(&e.number) else { return Vec::new() };
        let mut cells = person_of(view, r.patient).to_vec();
        cells.extend([
            r.encounter.clone(),
            time(view, r.registered),
            department(view, &r.department),
            staff(view, &r.physician),
            r.kind.to_owned(),
            r.queue.to_string(),
            r.channel.to_owned(),
            r.fee.to_string(),
            r.state.to_owned(),
        ]);
        cells
    };
    paged(lookup, &of_day(lookup), cells, |e| e.number.clone())
}

fn visits(lookup: &Lookup<'_>) -> Found {
    let view = lookup.view;
    let cells = |e: &Encounter| {
        let patient = view.patient(e.patient);
        let mut cells = person_of(view, e.patient).to_vec();
        cells.extend([
            e.number.clone(),
            time(view, e.started),
            department(view, &e.department),
            staff(view, &e.physician),
            e.diagnosis.icd10.clone(),
            e.diagnosis.name.clone(),
            patient.as_ref().map_or_else(String::new, |p| p.address.clone()),
            patient.as_ref().map_or_else(String::new, |p| p.phone.clone()),
        ]);
        cells
    };
    paged(lookup, &of_day(lookup), cells, |e| e.number.clone())
}

fn prescriptions(lookup: &Lookup<'_>) -> Found {
    let view = lookup.view;
    let cells = |p: &Prescription| {
        let mut cells = person_of(view, p.patient).to_vec();
        cells.extend([
            p.number.clone(),
            time(view, p.written),
            p.form.to_owned(),
            department(view, &p.department),
            staff(view, &p.physician),
            p.diagnosis.name.clone(),
            p.lines.len().to_string(),
            p.total.to_string(),
            p.state.chinese().to_owned(),
        ]);
        cells
    };
    paged(lookup, &prescriptions_of_day(lookup), cells, |p| p.number.clone())
}

/// Prescriptions of the day, newest first.
pub(super) fn prescriptions_of_day(lookup: &Lookup<'_>) -> Vec<Prescription> {
    let mut found = lookup.view.prescriptions_on(lookup.date, 0..usize::MAX);
    found.retain(|p| {
        (lookup.department.is_empty() || p.department == lookup.department)
            && (p.number == lookup.word || is_asked(lookup.view, p.patient, lookup.word))
    });
    found.reverse();
    found
}

fn prescription_lines(lookup: &Lookup<'_>) -> Found {
    let scripts = lookup.view.prescriptions_in(lookup.visit);
    let lines: Vec<_> = scripts.iter().flat_map(|p| p.lines.iter().map(move |line| (p, line))).collect();
    let cells = |(p, line): &(&Prescription, &crate::world::PrescriptionLine)| {
        vec![
            p.number.clone(),
            line.group.to_string(),
            line.drug.clone(),
            line.name.to_owned(),
            line.specification.to_owned(),
            line.dose.clone(),
            line.dose_unit.to_owned(),
            line.frequency.code().to_owned(),
            line.route.to_owned(),
            line.days.to_string(),
            line.quantity.to_string(),
            line.unit.to_owned(),
            line.price.to_string(),
            line.amount.to_string(),
        ]
    };
    paged(lookup, &lines, cells, |(p, _)| p.number.clone())
}
