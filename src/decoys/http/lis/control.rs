//! Quality control: Levey-Jennings charts, runs by Westgard's rules, calibrations.

use super::Visit;
use super::lists::option;
use super::pages::{grid, long_time, page, paged, staff, time};
use crate::decoys::http::aspnet::escaped;
use crate::decoys::http::engine::Reply;
use crate::world::{ControlRun, ControlState, Instrument};

/// Days of a chart.
const DAYS: u32 = 30;

/// Width and height of a chart, and of a standard deviation in it.
const WIDTH: f64 = 880.0;
const HEIGHT: f64 = 280.0;
const STEP: f64 = 36.0;

/// The chart of one item and level of an instrument, with the runs that it is drawn of.
pub(super) fn chart(visit: &Visit<'_>) -> Reply {
    let instruments = visit.view.instruments();
    let wanted = visit.query.text("instr");
    let chosen = instruments.iter().find(|one| one.code == wanted).or(instruments.first());
    let Some(instrument) = chosen else { return page(visit, "/QC/Chart.aspx", "") };
    let item = visit.query.text("item");
    let item = instrument.items.iter().find(|one| one.code == item).or(instrument.items.first());
    let item = item.map_or("", |item| item.code);
    let level = visit.query.text("level").parse::<u8>().unwrap_or(1);
    let runs = visit.view.control_chart(&instrument.code, item, level, visit.date(), DAYS);
    let find = find(visit, &instruments, instrument, item, level);
    let body = format!("{find}{}{}", drawn(visit, item, &runs), table(visit, runs));
    page(visit, "/QC/Chart.aspx", &body)
}

fn find(visit: &Visit<'_>, all: &[Instrument], instrument: &Instrument, item: &str, level: u8) -> String {
    let instruments: String = all
        .iter()
        .map(|one| option(&one.code, &format!("{} {}", one.code, one.model), &instrument.code))
        .collect();
    let items: String = instrument.items.iter().map(|one| option(one.code, one.name, item)).collect();
    let levels: String = ["1", "2", "3"].iter().map(|one| option(one, one, &level.to_string())).collect();
    format!(
        "<div class=\"find\"><form method=\"get\">仪器 <select name=\"instr\">{instruments}</select>　项目 <select name=\"item\">{items}</select>　水平 <select name=\"level\">{levels}</select>　截止日期 <input name=\"date\" value=\"{}\" size=\"11\" /> <input type=\"submit\" value=\"查 询\" /></form></div>",
        visit.date()
    )
}

/// The chart as SVG: lines at the mean and at one to three deviations, a dot for each run.
fn drawn(visit: &Visit<'_>, item: &str, runs: &[ControlRun]) -> String {
    let (Some(first), Some(last)) = (runs.first(), runs.last()) else {
        return "<div class=\"card\">该项目无室内质控数据</div>".to_owned();
    };
    let middle = HEIGHT / 2.0;
    let lines: String = (-3i32..=3)
        .map(|n| {
            let y = middle - f64::from(n) * STEP;
            let colour = match n.abs() {
                0 => "#090",
                3 => "#c00",
                2 => "#d90",
                _ => "#bbb",
            };
            let name = if n == 0 { "X".to_owned() } else { format!("{n:+}SD") };
            format!("<line x1=\"50\" y1=\"{y:.1}\" x2=\"{WIDTH:.0}\" y2=\"{y:.1}\" stroke=\"{colour}\"/><text x=\"8\" y=\"{:.1}\" font-size=\"11\">{name}</text>", y + 4.0)
        })
        .collect();
    let count = f64::from(u32::try_from(runs.len()).unwrap_or(u32::MAX));
    let space = (WIDTH - 70.0) / count.max(1.0);
    let places: Vec<(f64, f64, &ControlRun)> = runs
        .iter()
        .zip(0u32..)
        .map(|(run, at)| (60.0 + f64::from(at) * space, middle - run.z.clamp(-3.7, 3.7) * STEP, run))
        .collect();
    let path: String = places.iter().map(|(x, y, _)| format!("{x:.1},{y:.1} ")).collect();
    let dots: String = places
        .iter()
        .map(|(x, y, run)| {
            let colour = match run.state {
                ControlState::InControl => "#039",
                ControlState::Warning => "#d90",
                ControlState::OutOfControl => "#c00",
            };
            let when = visit.view.local(run.at).strftime("%m-%d %H:%M");
            format!("<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"3\" fill=\"{colour}\"><title>{when} {}</title></circle>", escaped(&run.value))
        })
        .collect();
    format!(
        "<div class=\"card\">Levey-Jennings 质控图　项目：{}　质控品：{}　批号：{}　有效期：{}　均值：{}　SD：{}　CV：{:.2}%　起止：{} ~ {}<br /><svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{WIDTH:.0}\" height=\"{HEIGHT:.0}\">{lines}<polyline points=\"{path}\" fill=\"none\" stroke=\"#69c\"/>{dots}</svg></div>",
        escaped(item),
        escaped(last.material),
        escaped(&last.lot),
        last.expires,
        last.mean,
        last.deviation,
        last.deviation / last.mean * 100.0,
        time(&visit.view, Some(first.at)),
        time(&visit.view, Some(last.at)),
    )
}

fn table(visit: &Visit<'_>, mut runs: Vec<ControlRun>) -> String {
    runs.reverse();
    let link = format!(
        "/QC/Chart.aspx?instr={}&item={}&level={}&date={}",
        visit.query.text("instr"),
        visit.query.text("item"),
        visit.query.text("level"),
        visit.date()
    );
    let (shown, pager) = paged(visit, runs, &link);
    let rows: Vec<Vec<String>> = shown
        .iter()
        .map(|run| {
            let state = match run.state {
                ControlState::InControl => "在控",
                ControlState::Warning => "警告",
                ControlState::OutOfControl => "失控",
            };
            vec![
                long_time(&visit.view, Some(run.at)),
                escaped(&run.lot),
                run.level.to_string(),
                escaped(&run.value),
                run.mean.to_string(),
                run.deviation.to_string(),
                format!("{:.2}", run.z),
                state.to_owned(),
                run.rule.unwrap_or_default().to_owned(),
                staff(&visit.view, &run.operator),
            ]
        })
        .collect();
    let heads = ["时间", "批号", "水平", "测定值", "靶值", "SD", "Z值", "判断", "规则", "操作者"];
    format!("{}{pager}", grid(&heads, &rows))
}

/// The instruments, and the calibrations of one.
pub(super) fn calibrations(visit: &Visit<'_>) -> Reply {
    let instruments = visit.view.instruments();
    let rows: Vec<Vec<String>> = instruments
        .iter()
        .map(|one| {
            vec![
                format!("<a href=\"/QC/Calibration.aspx?instr={0}\">{0}</a>", escaped(&one.code)),
                one.discipline.chinese().to_owned(),
                escaped(&format!("{} {}", one.manufacturer, one.model)),
                escaped(&one.serial),
                escaped(&one.software),
                escaped(&one.place),
                one.installed.to_string(),
            ]
        })
        .collect();
    let table = grid(&["仪器代码", "专业组", "型号", "序列号", "软件版本", "位置", "启用日期"], &rows);
    let wanted = visit.query.text("instr");
    let found: Vec<Vec<String>> = visit
        .view
        .calibrations(wanted)
        .iter()
        .map(|one| {
            vec![
                escaped(one.item.name),
                long_time(&visit.view, Some(one.at)),
                escaped(&one.lot),
                format!("{:.3}", one.factor),
                "通过".to_owned(),
                staff(&visit.view, &one.operator),
            ]
        })
        .collect();
    let below = if wanted.is_empty() {
        String::new()
    } else {
        let heads = ["项目", "校准时间", "校准品批号", "校准系数", "结果", "操作者"];
        format!("<div class=\"card\">校准记录：{}</div>{}", escaped(wanted), grid(&heads, &found))
    };
    page(visit, "/QC/Calibration.aspx", &format!("{table}{below}"))
}
