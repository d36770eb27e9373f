//! The day at a glance, and what was done by whom.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::Visit;
use super::pages::{grid, page};
use crate::decoys::http::aspnet::escaped;
use crate::decoys::http::engine::Reply;
use crate::world::LabOrder;

/// Today's figures and the instruments.
pub(super) fn home(visit: &Visit<'_>) -> Reply {
    let date = visit.view.local(visit.view.now()).date();
    let orders = visit.specimens_on(date);
    let count = |wanted: fn(&LabOrder) -> bool| orders.iter().filter(|order| wanted(order)).count();
    let criticals = visit.view.criticals_on(date).len();
    let tiles: String = [
        ("今日申请", orders.len()),
        ("已采集", count(|o| o.collected.is_some())),
        ("检验中", count(|o| o.collected.is_some() && o.analysed.is_none())),
        ("待审核", count(|o| o.analysed.is_some() && o.verified.is_none())),
        ("已审核", count(|o| o.verified.is_some())),
        ("危急值", criticals),
    ]
    .iter()
    .map(|(name, count)| format!("<div class=\"tile\"><b>{count}</b>{name}</div>"))
    .collect();
    let rows: Vec<Vec<String>> = visit
        .view
        .instruments()
        .iter()
        .map(|one| {
            let own =
                || orders.iter().filter(|o| o.run.as_ref().is_some_and(|run| run.instrument == one.code));
            let last = own().filter_map(|order| order.analysed).max();
            vec![
                escaped(&one.code),
                escaped(&one.model),
                one.discipline.chinese().to_owned(),
                own().count().to_string(),
                super::pages::time(&visit.view, last),
                "在线".to_owned(),
            ]
        })
        .collect();
    let table = grid(&["仪器", "型号", "专业组", "今日标本数", "最近结果", "通讯状态"], &rows);
    page(visit, "/Main.aspx", &format!("<div>{tiles}</div>{table}"))
}

/// Specimens of a day by panel, with the time that they took.
pub(super) fn workload(visit: &Visit<'_>) -> Reply {
    let date = visit.date();
    let mut panels: BTreeMap<String, Vec<LabOrder>> = BTreeMap::new();
    for order in visit.specimens_on(date) {
        panels.entry(order.panel.clone()).or_default().push(order);
    }
    let rows: Vec<Vec<String>> = panels
        .iter()
        .map(|(code, orders)| {
            let done = orders.iter().filter(|order| order.verified.is_some()).count();
            vec![
                escaped(code),
                orders.first().map(|order| escaped(&order.panel_name)).unwrap_or_default(),
                orders.len().to_string(),
                done.to_string(),
                orders.iter().map(|order| order.items.len()).sum::<usize>().to_string(),
                median(orders, |order| order.collected, |order| order.analysed),
                median(orders, |order| order.collected, |order| order.verified),
            ]
        })
        .collect();
    let heads = ["项目代码", "项目名称", "标本数", "已审核", "测试数", "检验前中位数(分)", "TAT中位数(分)"];
    let find = format!(
        "<div class=\"find\"><form method=\"get\">日期 <input name=\"date\" value=\"{date}\" size=\"11\" /> <input type=\"submit\" value=\"统 计\" /></form></div>"
    );
    page(visit, "/Stat/Workload.aspx", &format!("{find}{}", grid(&heads, &rows)))
}

/// The median of the minutes between two moments of each order.
fn median(
    orders: &[LabOrder],
    from: fn(&LabOrder) -> Option<Timestamp>,
    to: fn(&LabOrder) -> Option<Timestamp>,
) -> String {
    let between = |order: &LabOrder| Some(to(order)?.duration_since(from(order)?).as_mins());
    let mut minutes: Vec<i64> = orders.iter().filter_map(between).collect();
    minutes.sort_unstable();
    minutes.get(minutes.len() / 2).map(i64::to_string).unwrap_or_default()
}
