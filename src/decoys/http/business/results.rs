//! Reports of imaging and the laboratory.

use super::{
    Ask, Found, Lookup, Sheet, department, is_asked, number, paged, person_of, staff, staff_or_none, text,
    time, time_or_none, with_patient,
};
use crate::event::observation::RecordKind;
use crate::world::{Flag, LabOrder, LabResult, Study, StudyFilter};

pub(super) static SHEETS: &[Sheet] = &[
    Sheet {
        path: "report/exams",
        method: "queryExamReports",
        title: "检查报告",
        ask: Ask::Day,
        kind: RecordKind::Report,
        columns: with_patient![
            text("检查号", "accessionNo", "JCH"),
            text("申请单号", "orderNo", "SQDH"),
            text("类型", "modality", "JCLX"),
            text("检查项目", "examName", "JCMC"),
            text("检查时间", "examTime", "JCSJ"),
            text("申请医生", "doctorName", "SQYS"),
            text("报告医生", "author", "BGYS"),
            text("审核医生", "verifier", "SHYS"),
            text("审核时间", "verifyTime", "SHSJ"),
            text("诊断意见", "impression", "ZDYJ"),
        ],
        run: exams,
    },
    Sheet {
        path: "report/labs",
        method: "queryLabReports",
        title: "检验报告",
        ask: Ask::Day,
        kind: RecordKind::LabResult,
        columns: with_patient![
            text("条码号", "barcode", "TMH"),
            text("申请单号", "orderNo", "SQDH"),
            text("检验项目", "panelName", "JYMC"),
            text("标本", "specimen", "BBLX"),
            text("采样时间", "collectTime", "CYSJ"),
            text("审核时间", "verifyTime", "SHSJ"),
            text("审核者", "verifier", "SHGH"),
            number("异常项", "abnormal", "YCXS"),
        ],
        run: labs,
    },
    Sheet {
        path: "report/items",
        method: "queryLabItems",
        title: "检验结果明细",
        ask: Ask::Visit,
        kind: RecordKind::LabResult,
        columns: &[
            text("条码号", "barcode", "TMH"),
            text("检验项目", "panelName", "JYMC"),
            text("代码", "itemCode", "XMDM"),
            text("项目名称", "itemName", "XMMC"),
            text("结果", "value", "JYJG"),
            text("单位", "unit", "JYDW"),
            text("参考范围", "range", "CKFW"),
            text("提示", "flag", "YCTS"),
        ],
        run: items,
    },
];

fn exams(lookup: &Lookup<'_>) -> Found {
    let view = lookup.view;
    let filter = StudyFilter { from: Some(lookup.date), to: Some(lookup.date), ..StudyFilter::default() };
    let mut found = view.studies(&filter);
    found.retain(|s| s.accession == lookup.word || is_asked(view, s.patient, lookup.word));
    let cells = |s: &Study| {
        let report = view.report(s);
        let mut cells = person_of(view, s.patient).to_vec();
        cells.extend([
            s.accession.clone(),
            s.order.clone(),
            s.modality.as_str().to_owned(),
            s.description.clone(),
            time(view, s.started),
            staff(view, &s.referring),
            staff_or_none(view, report.as_ref().map(|r| &r.author)),
            staff_or_none(view, report.as_ref().filter(|r| r.verified.is_some()).map(|r| &r.verifier)),
            time_or_none(view, report.as_ref().and_then(|r| r.verified)),
            report.map_or_else(String::new, |r| r.impression.replace('\n', " ")),
        ]);
        cells
    };
    paged(lookup, &found, cells, |s| s.accession.clone())
}

fn labs(lookup: &Lookup<'_>) -> Found {
    let view = lookup.view;
    let read = |order| lookup.session.with_written(order);
    let mut found: Vec<LabOrder> = view.lab_orders_on(lookup.date).into_iter().map(read).collect();
    found.retain(|l| {
        l.analysed.is_some() && (l.specimen == lookup.word || is_asked(view, l.patient, lookup.word))
    });
    found.reverse();
    let cells = |l: &LabOrder| {
        let mut cells = person_of(view, l.patient).to_vec();
        cells.extend([
            l.specimen.clone(),
            l.order.clone(),
            l.panel_name.clone(),
            l.specimen_type.clone(),
            time_or_none(view, l.collected),
            time_or_none(view, l.verified),
            staff_or_none(view, l.verifier.as_ref()),
            l.results.iter().filter(|r| r.flag != Flag::N).count().to_string(),
        ]);
        cells
    };
    paged(lookup, &found, cells, |l| l.filler.clone())
}

fn items(lookup: &Lookup<'_>) -> Found {
    let view = lookup.view;
    let Some(visit) = view.encounter(lookup.visit) else { return Found::default() };
    // A stay is at most four weeks long, and may lie as far back as anybody looks.
    let days =
        view.local(view.now()).date().since(view.local(visit.started).date()).map_or(0, |s| s.get_days());
    let orders = view.lab_orders_of(visit.patient, u32::try_from(days).unwrap_or(0) + 1).into_iter();
    let orders: Vec<LabOrder> = orders.map(|order| lookup.session.with_written(order)).collect();
    let of_visit = |l: &&LabOrder| view.order(&l.order).is_some_and(|o| o.encounter == visit.number);
    let mine: Vec<&LabOrder> = orders.iter().filter(of_visit).collect();
    let rows: Vec<(&LabOrder, &LabResult)> =
        mine.iter().flat_map(|l| l.results.iter().map(move |r| (*l, r))).collect();
    let cells = |(l, r): &(&LabOrder, &LabResult)| {
        vec![
            l.specimen.clone(),
            l.panel_name.clone(),
            r.item.code.to_owned(),
            r.item.name.to_owned(),
            r.value.clone(),
            r.item.unit.to_owned(),
            r.range.clone(),
            mark(r.flag).to_owned(),
        ]
    };
    paged(lookup, &rows, cells, |(l, _)| l.filler.clone())
}

/// The arrow beside a result.
pub(super) fn mark(flag: Flag) -> &'static str {
    match flag {
        Flag::N => "",
        Flag::H => "↑",
        Flag::L => "↓",
        Flag::A => "*",
    }
}

/// Name of the department that ordered a study.
pub(super) fn ordered_by(view: &crate::world::View, placer: &str) -> String {
    view.order(placer).map_or_else(String::new, |order| department(view, &order.department))
}
