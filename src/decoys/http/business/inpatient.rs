//! Stays, their orders, what was done for them, and operations.

use super::{
    Ask, Found, Lookup, Sheet, department, is_asked, number, paged, person_of, staff, staff_or_none, text,
    time, time_or_none, with_patient,
};
use crate::event::observation::RecordKind;
use crate::world::{Encounter, MedicalOrder, Surgery, VitalSigns};

pub(super) static SHEETS: &[Sheet] = &[
    Sheet {
        path: "inp/patients",
        method: "queryInpatientList",
        title: "在院患者",
        ask: Ask::Now,
        kind: RecordKind::Encounter,
        columns: with_patient![
            text("住院号", "inpatientNo", "ZYHM"),
            text("床号", "bedNo", "BRCH"),
            text("科室", "deptName", "BRKS"),
            text("主管医生", "doctorName", "ZZYS"),
            text("入院时间", "admitTime", "RYRQ"),
            text("诊断", "diagnosis", "RYZD"),
            text("护理级别", "nursing", "HLJB"),
            text("费别", "insurance", "BRXZ"),
            number("住院天数", "days", "ZYTS"),
            number("预交金", "deposit", "JKJE"),
            number("费用合计", "charged", "ZJJE"),
        ],
        run: patients,
    },
    Sheet {
        path: "inp/orders",
        method: "queryAdviceList",
        title: "医嘱查询",
        ask: Ask::Visit,
        kind: RecordKind::Order,
        columns: &[
            text("医嘱号", "orderNo", "JLXH"),
            text("类型", "term", "LSYZ"),
            text("类别", "orderClass", "YZLB"),
            number("组号", "group", "YZZH"),
            text("开始时间", "startTime", "KSSJ"),
            text("医嘱内容", "content", "YZMC"),
            text("规格", "spec", "YFGG"),
            number("剂量", "dose", "YCJL"),
            text("单位", "doseUnit", "JLDW"),
            text("频次", "frequency", "SYPC"),
            text("途径", "route", "YPYF"),
            text("开嘱医生", "doctorName", "YSGH"),
            text("校对护士", "nurseName", "FHGH"),
            text("执行时间", "execTime", "QRSJ"),
            text("停止时间", "stopTime", "TZSJ"),
            text("状态", "state", "YZZT"),
        ],
        run: orders,
    },
    Sheet {
        path: "inp/dayorders",
        method: "queryAdviceOfDay",
        title: "当日医嘱",
        ask: Ask::Day,
        kind: RecordKind::Order,
        columns: with_patient![
            text("住院号", "inpatientNo", "ZYHM"),
            text("医嘱号", "orderNo", "JLXH"),
            text("类型", "term", "LSYZ"),
            text("科室", "deptName", "KSMC"),
            text("开始时间", "startTime", "KSSJ"),
            text("医嘱内容", "content", "YZMC"),
            text("频次", "frequency", "SYPC"),
            text("途径", "route", "YPYF"),
            text("状态", "state", "YZZT"),
        ],
        run: day_orders,
    },
    Sheet {
        path: "inp/vitals",
        method: "queryVitalSigns",
        title: "体温单数据",
        ask: Ask::Visit,
        kind: RecordKind::Encounter,
        columns: &[
            text("测量时间", "measureTime", "CJSJ"),
            number("体温(℃)", "temperature", "TW"),
            number("脉搏(次/分)", "pulse", "MB"),
            number("呼吸(次/分)", "respiration", "HX"),
            text("血压(mmHg)", "pressure", "XY"),
            number("血氧(%)", "saturation", "XYBHD"),
            text("测量护士", "nurseName", "JLGH"),
        ],
        run: vitals,
    },
    Sheet {
        path: "inp/surgeries",
        method: "queryOperationList",
        title: "手术安排",
        ask: Ask::Day,
        kind: RecordKind::Order,
        columns: with_patient![
            text("手术号", "operationNo", "SSBH"),
            text("住院号", "inpatientNo", "ZYHM"),
            text("安排时间", "scheduleTime", "SSAP"),
            number("手术间", "room", "SSJ"),
            text("手术名称", "operationName", "SSMC"),
            text("级别", "grade", "SSJB"),
            text("麻醉方式", "anaesthesia", "MZFS"),
            text("主刀", "surgeon", "SSYS"),
            text("一助", "assistant", "SSYZ"),
            text("开始时间", "startTime", "KSSJ"),
            text("结束时间", "endTime", "JSSJ"),
        ],
        run: surgeries,
    },
];

/// Who lies in the wards now, by bed.
pub(super) fn now(lookup: &Lookup<'_>) -> Vec<Encounter> {
    let mut found = lookup.view.inpatients();
    found.retain(|e| {
        (lookup.department.is_empty() || e.department == lookup.department)
            && (e.number == lookup.word || is_asked(lookup.view, e.patient, lookup.word))
    });
    found.sort_by(|a, b| a.bed.cmp(&b.bed));
    found
}

fn patients(lookup: &Lookup<'_>) -> Found {
    let view = lookup.view;
    let cells = |e: &Encounter| {
        let mut cells = person_of(view, e.patient).to_vec();
        let stay = view.stay(&e.number);
        let of = |get: fn(&crate::world::Stay) -> String| stay.as_ref().map_or_else(String::new, get);
        cells.extend([
            e.number.clone(),
            e.bed.clone().unwrap_or_default(),
            department(view, &e.department),
            staff(view, &e.physician),
            time(view, e.started),
            e.diagnosis.name.clone(),
            of(|s| s.nursing.to_owned()),
            of(|s| s.insurance.chinese().to_owned()),
            of(|s| s.days.to_string()),
            of(|s| s.deposits.to_string()),
            of(|s| s.charged.to_string()),
        ]);
        cells
    };
    paged(lookup, &now(lookup), cells, |e| e.number.clone())
}

fn orders(lookup: &Lookup<'_>) -> Found {
    let view = lookup.view;
    let mut found = view.medical_orders_in(lookup.visit);
    found.retain(|o| {
        lookup.word.is_empty() || o.name.contains(lookup.word) || o.term.chinese() == lookup.word
    });
    let cells = |o: &MedicalOrder| {
        vec![
            o.number.clone(),
            o.term.chinese().to_owned(),
            o.class.chinese().to_owned(),
            o.group.to_string(),
            time(view, o.started),
            o.name.clone(),
            o.specification.to_owned(),
            o.dose.clone(),
            o.dose_unit.to_owned(),
            o.frequency.code().to_owned(),
            o.route.to_owned(),
            staff(view, &o.physician),
            staff_or_none(view, o.checked_by.as_ref()),
            time_or_none(view, o.done.or(o.checked)),
            time_or_none(view, o.stopped),
            o.state.chinese().to_owned(),
        ]
    };
    paged(lookup, &found, cells, |o| o.number.clone())
}

fn day_orders(lookup: &Lookup<'_>) -> Found {
    let view = lookup.view;
    let mut found = view.medical_orders_on(lookup.date, 0..usize::MAX);
    found.retain(|o| {
        (lookup.department.is_empty() || o.department == lookup.department)
            && (o.name.contains(lookup.word) || is_asked(view, o.patient, lookup.word))
    });
    found.reverse();
    let cells = |o: &MedicalOrder| {
        let mut cells = person_of(view, o.patient).to_vec();
        cells.extend([
            o.encounter.clone(),
            o.number.clone(),
            o.term.chinese().to_owned(),
            department(view, &o.department),
            time(view, o.started),
            o.name.clone(),
            o.frequency.code().to_owned(),
            o.route.to_owned(),
            o.state.chinese().to_owned(),
        ]);
        cells
    };
    paged(lookup, &found, cells, |o| o.number.clone())
}

fn vitals(lookup: &Lookup<'_>) -> Found {
    let view = lookup.view;
    let cells = |v: &VitalSigns| {
        vec![
            time(view, v.measured),
            format!("{}.{}", v.temperature / 10, v.temperature % 10),
            v.pulse.to_string(),
            v.respiration.to_string(),
            format!("{}/{}", v.systolic, v.diastolic),
            v.saturation.to_string(),
            staff(view, &v.nurse),
        ]
    };
    paged(lookup, &view.vitals_in(lookup.visit), cells, |v| v.encounter.clone())
}

fn surgeries(lookup: &Lookup<'_>) -> Found {
    let view = lookup.view;
    let mut found = view.surgeries_on(lookup.date);
    found.retain(|s| s.name.contains(lookup.word) || is_asked(view, s.patient, lookup.word));
    let cells = |s: &Surgery| {
        let mut cells = person_of(view, s.patient).to_vec();
        cells.extend([
            s.number.clone(),
            s.encounter.clone(),
            time(view, s.scheduled),
            s.room.to_string(),
            s.name.to_owned(),
            s.grade.to_owned(),
            s.anaesthesia.to_owned(),
            staff(view, &s.surgeon),
            staff(view, &s.assistant),
            time_or_none(view, s.started),
            time_or_none(view, s.ended),
        ]);
        cells
    };
    paged(lookup, &found, cells, |s| s.number.clone())
}
