//! One specimen: its results, where they are entered and audited, and its report.

use super::Visit;
use super::handlers::look_at_state;
use super::pages::{age, form, grid, long_time, page, patient_of, sex, staff, stage};
use crate::decoys::http::aspnet::{escaped, redirect};
use crate::decoys::http::engine::Reply;
use crate::event::observation::RecordKind;
use crate::session::WrittenResult;
use crate::world::{Flag, LabOrder};

/// The page of a specimen; by POST its values are changed.
pub(super) fn page_of(visit: &Visit<'_>) -> Option<Reply> {
    let session = visit.ask.session;
    let order = session.lab_order(&visit.view, visit.query.text("bc"))?;
    if visit.ask.head.method() == b"POST" {
        look_at_state(visit.ask, &visit.form);
        change(visit, &order);
        let done = if visit.form.text("btnAudit").is_empty() { Done::Saved } else { audit(visit, &order) };
        let place = format!("/Analysis/Result.aspx?bc={}&done={}", order.specimen, done.number());
        return Some(redirect(&place));
    }
    visit.read(RecordKind::LabResult, vec![order.specimen.clone()]);
    let done = DONE.into_iter().find(|done| done.number() == visit.query.text("done"));
    let message = done.map(|done| format!("<p class=\"err\">{}</p>", done.words())).unwrap_or_default();
    let fields = format!("{}{message}{}", entry(&order), buttons(&order));
    let action = format!("/Analysis/Result.aspx?bc={}", order.specimen);
    let body = format!(
        "{}{}{}{}",
        card(visit, &order),
        form(visit, &action, &fields),
        trail(visit, &order),
        criticals(visit, &order)
    );
    Some(page(visit, "/Analysis/Worklist.aspx", &body))
}

/// What a button did.
#[derive(Clone, Copy)]
enum Done {
    Saved,
    Audited,
    AlreadyAudited,
    NothingToAudit,
}

const DONE: [Done; 4] = [Done::Saved, Done::Audited, Done::AlreadyAudited, Done::NothingToAudit];

impl Done {
    fn number(self) -> &'static str {
        match self {
            Done::Saved => "1",
            Done::Audited => "2",
            Done::AlreadyAudited => "3",
            Done::NothingToAudit => "4",
        }
    }

    fn words(self) -> &'static str {
        match self {
            Done::Saved => "保存成功！",
            Done::Audited => "审核成功！",
            Done::AlreadyAudited => "该标本已审核！",
            Done::NothingToAudit => "没有检验结果，不能审核！",
        }
    }
}

/// Releases what is there now, the values just saved with it.
fn audit(visit: &Visit<'_>, order: &LabOrder) -> Done {
    let session = visit.ask.session;
    let order = session.with_written(order.clone());
    match (order.verified, order.results.is_empty()) {
        (Some(_), _) => Done::AlreadyAudited,
        (None, true) => Done::NothingToAudit,
        (None, false) => {
            session.audit_results(&order, &visit.user.full_name);
            Done::Audited
        }
    }
}

/// Takes the values of a form that differ from those shown.
fn change(visit: &Visit<'_>, order: &LabOrder) {
    let changed = order.items.iter().enumerate().filter_map(|(at, item)| {
        let value = visit.form.text(&format!("r{at}"));
        let held = order.results.iter().find(|result| result.item.code == item.code);
        let same = held.is_some_and(|held| held.value == value);
        (!value.is_empty() && !same).then(|| WrittenResult {
            code: item.code.to_owned(),
            value: value.to_owned(),
            unit: item.unit.to_owned(),
            range: held.map(|held| held.range.clone()).unwrap_or_default(),
            flag: String::new(),
            by: visit.user.full_name.clone(),
            at: visit.ask.now,
        })
    });
    visit.ask.session.write_results(&order.specimen, changed.collect());
}

fn card(visit: &Visit<'_>, order: &LabOrder) -> String {
    let view = &visit.view;
    let patient = patient_of(visit, order);
    let (name, sex, age, mrn) = patient.map_or_else(Default::default, |p| {
        let today = view.local(view.now()).date();
        (p.name.chinese(), sex(p.sex), age(p.born, today), p.mrn)
    });
    let run = order.run.as_ref().map_or_else(String::new, |run| {
        format!("{}　架号/位置：{}-{}", run.instrument, run.rack, run.position)
    });
    let asked = view.order(&order.order);
    let department = asked.as_ref().and_then(|asked| view.department(&asked.department)).map(|d| d.name);
    let physician = asked.map(|asked| staff(view, &asked.physician)).unwrap_or_default();
    format!(
        "<div class=\"card\">条码号：<b>{specimen}</b>　姓名：{name}　性别：{sex}　年龄：{age}　病历号：{mrn}　科室：{department}　申请医生：{physician}<br />检验项目：{panel}　标本：{kind}　申请单号：{number}　状态：<b>{stage}</b>　仪器：{run}<br />申请时间：{ordered}　采集时间：{collected}　检验时间：{analysed}　审核时间：{verified}　审核者：{verifier}</div>",
        specimen = escaped(&order.specimen),
        name = escaped(&name),
        mrn = escaped(&mrn),
        department = escaped(&department.unwrap_or_default()),
        panel = escaped(&order.panel_name),
        kind = escaped(&order.specimen_type),
        number = escaped(&order.order),
        stage = stage(order),
        ordered = long_time(view, Some(order.ordered)),
        collected = long_time(view, order.collected),
        analysed = long_time(view, order.analysed),
        verified = long_time(view, order.verified),
        verifier = order.verifier.as_ref().map(|number| staff(view, number)).unwrap_or_default(),
    )
}

/// The table of results, each in a field of its own.
fn entry(order: &LabOrder) -> String {
    let rows: Vec<Vec<String>> = order
        .items
        .iter()
        .enumerate()
        .map(|(at, item)| {
            let held = order.results.iter().find(|result| result.item.code == item.code);
            let value = held.map(|held| escaped(&held.value)).unwrap_or_default();
            vec![
                (at + 1).to_string(),
                escaped(item.code),
                escaped(item.name),
                format!(
                    "<input type=\"text\" name=\"r{at}\" value=\"{value}\" size=\"10\" maxlength=\"20\" />"
                ),
                held.map(|held| arrow(held.flag)).unwrap_or_default(),
                escaped(item.unit),
                held.map(|held| escaped(&held.range)).unwrap_or_default(),
            ]
        })
        .collect();
    grid(&["序号", "代码", "项目名称", "结果", "提示", "单位", "参考范围"], &rows)
}

fn buttons(order: &LabOrder) -> String {
    let specimen = escaped(&order.specimen);
    format!(
        "<div class=\"find\"><input type=\"submit\" name=\"btnSave\" value=\"保存结果\" />　<input type=\"submit\" name=\"btnAudit\" value=\"审 核\" />　<a href=\"/Report/View.aspx?bc={specimen}\">查看报告</a>　<a href=\"/Report/Print.ashx?bc={specimen}\">打印PDF</a></div>"
    )
}

/// Who did what with the specimen; the visitor's own changes last.
fn trail(visit: &Visit<'_>, order: &LabOrder) -> String {
    let view = &visit.view;
    let instrument = order.run.as_ref().map(|run| run.instrument.clone()).unwrap_or_default();
    let verifier = order.verifier.as_ref().map(|number| staff(view, number)).unwrap_or_default();
    let steps = [
        (order.collected, "标本采集", String::new(), String::new()),
        (order.analysed, "仪器结果接收", instrument, format!("{} 项", order.results.len())),
        (order.verified, "结果审核", verifier, String::new()),
    ];
    let mut rows: Vec<Vec<String>> = steps
        .into_iter()
        .filter(|(at, ..)| at.is_some())
        .map(|(at, what, who, note)| vec![long_time(view, at), what.to_owned(), escaped(&who), note])
        .collect();
    for one in visit.ask.session.written_results(&order.specimen) {
        let note = format!("{} 修改为 {}", escaped(&one.code), escaped(&one.value));
        rows.push(vec![long_time(view, Some(one.at)), "结果修改".to_owned(), escaped(&one.by), note]);
    }
    format!("<div class=\"card\">操作记录</div>{}", grid(&["时间", "操作", "操作者", "内容"], &rows))
}

fn criticals(visit: &Visit<'_>, order: &LabOrder) -> String {
    let found = visit.view.criticals(&order.specimen);
    if found.is_empty() {
        return String::new();
    }
    let rows: Vec<Vec<String>> = found.iter().map(|one| super::critical::row(visit, one)).collect();
    format!("<div class=\"card err\">危急值</div>{}", grid(&super::critical::HEADS, &rows))
}

/// The mark of a result.
pub(super) fn arrow(flag: Flag) -> String {
    match flag {
        Flag::N => String::new(),
        Flag::H => "<span class=\"hi\">↑</span>".to_owned(),
        Flag::L => "<span class=\"lo\">↓</span>".to_owned(),
        Flag::A => "<span class=\"hi\">*</span>".to_owned(),
    }
}

/// The report as the ward sees it.
pub(super) fn report(visit: &Visit<'_>) -> Option<Reply> {
    let order = visit.ask.session.lab_order(&visit.view, visit.query.text("bc"))?;
    visit.read(RecordKind::LabResult, vec![order.specimen.clone()]);
    let rows: Vec<Vec<String>> = order
        .results
        .iter()
        .map(|result| {
            vec![
                escaped(result.item.code),
                escaped(result.item.name),
                escaped(&result.value),
                arrow(result.flag),
                escaped(result.item.unit),
                escaped(&result.range),
            ]
        })
        .collect();
    let table = grid(&["代码", "项目", "结果", "", "单位", "参考范围"], &rows);
    let body = format!(
        "<div class=\"sheet\"><h2>{}</h2><h2>检验报告单</h2>{}{table}<p>本报告仅对所检测的标本负责。<a href=\"/Report/Print.ashx?bc={}\">打印PDF</a></p></div>",
        escaped(&visit.app.hospital),
        card(visit, &order),
        escaped(&order.specimen)
    );
    Some(page(visit, "", &body))
}
