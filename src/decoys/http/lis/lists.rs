//! Lists of specimens: receipt, work lists of instruments, search.

use jiff::civil::Date;

use super::Visit;
use super::pages::{grid, page, paged, patient_cells, stage, time};
use crate::decoys::http::aspnet::escaped;
use crate::decoys::http::engine::Reply;
use crate::event::observation::RecordKind;
use crate::world::{LabOrder, PatientFilter};

/// Days back that a search by patient reaches.
const SEARCH_DAYS: u32 = 365;

/// Most patients of one search by name.
const MAX_PATIENTS: usize = 50;

/// Most orders of one search.
const MAX_ORDERS: usize = 500;

/// Specimens that came today, the latest first.
pub(super) fn receipt(visit: &Visit<'_>) -> Reply {
    let (date, wanted) = (visit.date(), visit.query.text("bc").to_owned());
    let mut orders = visit.specimens_on(date);
    orders.retain(|order| order.collected.is_some() && order.specimen.contains(&wanted));
    orders.reverse();
    let link = format!("/Specimen/Receive.aspx?date={date}&bc={wanted}");
    let (shown, pager) = paged(visit, orders, &link);
    told(visit, &format!("received={date} barcode={wanted}"), wanted.is_empty(), &shown);
    let rows: Vec<Vec<String>> = shown.iter().map(|order| row(visit, order)).collect();
    let find = format!(
        "<div class=\"find\"><form method=\"get\">接收日期 <input name=\"date\" value=\"{date}\" size=\"11\" />　条码号 <input name=\"bc\" value=\"{}\" size=\"16\" maxlength=\"20\" /> <input type=\"submit\" value=\"查 询\" /></form></div>",
        escaped(&wanted)
    );
    page(visit, "/Specimen/Receive.aspx", &format!("{find}{}{pager}", grid(&HEADS, &rows)))
}

const HEADS: [&str; 11] = [
    "条码号",
    "姓名",
    "性别",
    "年龄",
    "科室",
    "检验项目",
    "标本类型",
    "采集时间",
    "检验时间",
    "仪器",
    "状态",
];

fn row(visit: &Visit<'_>, order: &LabOrder) -> Vec<String> {
    let view = &visit.view;
    let run = order.run.as_ref().map_or_else(String::new, |run| run.instrument.clone());
    let specimen = escaped(&order.specimen);
    let mut cells = vec![format!("<a href=\"/Analysis/Result.aspx?bc={specimen}\">{specimen}</a>")];
    cells.extend(patient_cells(visit, order));
    cells.extend([
        escaped(&order.panel_name),
        escaped(&order.specimen_type),
        time(view, order.collected),
        time(view, order.analysed),
        run,
        stage(order).to_owned(),
    ]);
    cells
}

/// The work list of an instrument, or of all: what waits, what waits for its audit, what is done.
pub(super) fn worklist(visit: &Visit<'_>) -> Reply {
    let (date, instrument) = (visit.date(), visit.query.text("instr").to_owned());
    let state = visit.query.text("state").to_owned();
    let mut orders = visit.specimens_on(date);
    let known = visit.view.instrument(&instrument);
    orders.retain(|order| {
        let runs = known.as_ref().is_none_or(|known| match &order.run {
            Some(run) => run.instrument == known.code,
            None => known.panels.contains(&order.panel.as_str()),
        });
        let wanted = match state.as_str() {
            "1" => order.analysed.is_none(),
            "2" => order.analysed.is_some() && order.verified.is_none(),
            "3" => order.verified.is_some(),
            _ => true,
        };
        order.collected.is_some() && runs && wanted
    });
    let link = format!("/Analysis/Worklist.aspx?date={date}&instr={instrument}&state={state}");
    let (shown, pager) = paged(visit, orders, &link);
    told(visit, &format!("date={date} instrument={instrument} state={state}"), false, &shown);
    let rows: Vec<Vec<String>> = shown.iter().map(|order| row(visit, order)).collect();
    let find = find_work(visit, date, &instrument, &state);
    page(visit, "/Analysis/Worklist.aspx", &format!("{find}{}{pager}", grid(&HEADS, &rows)))
}

fn find_work(visit: &Visit<'_>, date: Date, instrument: &str, state: &str) -> String {
    let instruments = visit.view.instruments();
    let options: String = instruments
        .iter()
        .map(|one| option(&one.code, &format!("{} {}", one.code, one.model), instrument))
        .collect();
    let states: String = [("", "全部"), ("1", "检验中"), ("2", "待审核"), ("3", "已审核")]
        .iter()
        .map(|(value, name)| option(value, name, state))
        .collect();
    format!(
        "<div class=\"find\"><form method=\"get\">日期 <input name=\"date\" value=\"{date}\" size=\"11\" />　仪器 <select name=\"instr\"><option value=\"\">全部</option>{options}</select>　状态 <select name=\"state\">{states}</select> <input type=\"submit\" value=\"查 询\" />　<a href=\"/Report/Export.ashx?date={date}&amp;instr={}\">导出CSV</a></form></div>",
        escaped(instrument)
    )
}

/// A choice of a list.
pub(super) fn option(value: &str, name: &str, chosen: &str) -> String {
    let selected = if value == chosen { " selected=\"selected\"" } else { "" };
    format!("<option value=\"{}\"{selected}>{}</option>", escaped(value), escaped(name))
}

/// Orders by barcode, record number or name.
pub(super) fn search(visit: &Visit<'_>) -> Reply {
    let (by, wanted) = (visit.query.text("by").to_owned(), visit.query.text("q").to_owned());
    let found = if wanted.is_empty() { Vec::new() } else { found(visit, &by, &wanted) };
    let link = format!("/Specimen/Query.aspx?by={by}&q={wanted}");
    let (shown, pager) = paged(visit, found, &link);
    if !wanted.is_empty() {
        told(visit, &format!("{by}={wanted}"), wanted.chars().all(|c| matches!(c, '*' | '%' | '?')), &shown);
    }
    let rows: Vec<Vec<String>> = shown.iter().map(|order| row(visit, order)).collect();
    let kinds: String = [("name", "姓名"), ("mrn", "病历号"), ("bc", "条码号")]
        .iter()
        .map(|(value, name)| option(value, name, &by))
        .collect();
    let find = format!(
        "<div class=\"find\"><form method=\"get\"><select name=\"by\">{kinds}</select> <input name=\"q\" value=\"{}\" size=\"24\" maxlength=\"40\" /> <input type=\"submit\" value=\"查 询\" /></form></div>",
        escaped(&wanted)
    );
    page(visit, "/Specimen/Query.aspx", &format!("{find}{}{pager}", grid(&HEADS, &rows)))
}

fn found(visit: &Visit<'_>, by: &str, wanted: &str) -> Vec<LabOrder> {
    let view = &visit.view;
    let of = |patient| view.lab_orders_of(patient, SEARCH_DAYS);
    let found: Vec<LabOrder> = match by {
        "bc" => view.lab_order(wanted).into_iter().collect(),
        "mrn" => view.patient_by_mrn(wanted).map(|patient| of(patient.no)).unwrap_or_default(),
        _ => {
            let name = format!("{}*", wanted.replace('%', "*"));
            let filter = PatientFilter { name: Some(name), limit: Some(MAX_PATIENTS), born: None };
            view.patients(&filter).into_iter().flat_map(|patient| of(patient.no)).collect()
        }
    };
    found.into_iter().take(MAX_ORDERS).map(|order| visit.ask.session.with_written(order)).collect()
}

fn told(visit: &Visit<'_>, filter: &str, unbounded: bool, shown: &[LabOrder]) {
    let ids = shown.iter().map(|order| order.specimen.clone()).collect();
    visit.tell(RecordKind::Specimen, filter, unbounded, ids);
}
