//! Critical values: what was told to the wards at once, and by whom.

use super::Visit;
use super::pages::{grid, page, paged, staff, time};
use crate::decoys::http::aspnet::escaped;
use crate::decoys::http::engine::Reply;
use crate::event::observation::RecordKind;
use crate::world::CriticalValue;

pub(super) const HEADS: [&str; 12] = [
    "条码号",
    "姓名",
    "科室",
    "项目",
    "结果",
    "界限",
    "检出时间",
    "报告时间",
    "报告人",
    "接收人",
    "处理时间",
    "状态",
];

/// The critical values of a day, the latest first.
pub(super) fn list(visit: &Visit<'_>) -> Reply {
    let date = visit.date();
    let mut found = visit.view.criticals_on(date);
    found.reverse();
    let open = found.iter().filter(|one| one.handled.is_none()).count();
    let total = found.len();
    let (shown, pager) = paged(visit, found, &format!("/Critical/List.aspx?date={date}"));
    let ids = shown.iter().map(|one| one.specimen.clone()).collect();
    visit.tell(RecordKind::LabResult, &format!("critical={date}"), false, ids);
    let rows: Vec<Vec<String>> = shown.iter().map(|one| row(visit, one)).collect();
    let find = format!(
        "<div class=\"find\"><form method=\"get\">日期 <input name=\"date\" value=\"{date}\" size=\"11\" /> <input type=\"submit\" value=\"查 询\" />　当日危急值 {total} 条，未处理 <b class=\"hi\">{open}</b> 条</form></div>"
    );
    page(visit, "/Critical/List.aspx", &format!("{find}{}{pager}", grid(&HEADS, &rows)))
}

/// One critical value.
pub(super) fn row(visit: &Visit<'_>, one: &CriticalValue) -> Vec<String> {
    let view = &visit.view;
    let name = view.patient(one.patient).map(|patient| patient.name.chinese()).unwrap_or_default();
    let department = view.department(&one.department).map(|d| d.name).unwrap_or_default();
    let who = |number: &Option<String>| number.as_ref().map(|n| staff(view, n)).unwrap_or_default();
    let specimen = escaped(&one.specimen);
    let state = match (one.called, one.handled) {
        (_, Some(_)) => "已处理",
        (Some(_), None) => "已报告",
        (None, None) => "<span class=\"hi\">待报告</span>",
    };
    vec![
        format!("<a href=\"/Analysis/Result.aspx?bc={specimen}\">{specimen}</a>"),
        escaped(&name),
        escaped(&department),
        escaped(one.item.name),
        format!("<span class=\"hi\">{}</span>", escaped(&one.value)),
        escaped(&one.limit),
        time(view, Some(one.found)),
        time(view, one.called),
        who(&one.caller),
        who(&one.receiver),
        time(view, one.handled),
        state.to_owned(),
    ]
}
