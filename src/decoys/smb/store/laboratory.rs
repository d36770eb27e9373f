//! Reports of the laboratory, as its system puts them by.

use jiff::Timestamp;
use jiff::civil::Date;

use super::Eyes;
use super::node::{Node, number};
use super::papers::{self, Paper, Reports};
use crate::imaging::pdf::{PRINTER, Page, Pdf};
use crate::world::{Flag, LabOrder, Sex, View};

/// Left and right edge of a sheet, points.
const LEFT: f32 = 44.0;
const RIGHT: f32 = 551.0;
/// Columns of results, points.
const COLUMNS: [f32; 6] = [48.0, 116.0, 296.0, 366.0, 404.0, 476.0];

struct Laboratory;

pub(super) fn find(eyes: &Eyes<'_>, days: u32, below: &[String]) -> Option<Node> {
    papers::find(eyes, &Laboratory, days, below)
}

pub(super) fn list(eyes: &Eyes<'_>, days: u32, below: &[String]) -> Option<Vec<Node>> {
    papers::list(eyes, &Laboratory, days, below)
}

impl Reports for Laboratory {
    fn on(&self, eyes: &Eyes<'_>, date: Date) -> Vec<Node> {
        eyes.view.lab_orders_on(date).iter().filter_map(|order| node(eyes, order)).collect()
    }

    fn named(&self, eyes: &Eyes<'_>, name: &str) -> Option<(Date, Node)> {
        let (specimen, _) = name.split_once('_')?;
        let order = eyes.view.lab_order(specimen)?;
        let node = node(eyes, &order).filter(|node| node.name.to_lowercase() == name.to_lowercase())?;
        let date = Date::strptime("%y%m%d", specimen.get(..6)?).ok()?;
        Some((date, node))
    }
}

fn node(eyes: &Eyes<'_>, order: &LabOrder) -> Option<Node> {
    let patient = eyes.view.patient(order.patient)?;
    let name = format!("{}_{}.pdf", order.specimen, patient.name.chinese());
    papers::node(eyes, &name, order.verified?, Paper::Laboratory(order.specimen.clone()))
}

/// A verified report as PDF.
pub(super) fn pdf(view: &View, order: &LabOrder) -> Option<Vec<u8>> {
    let made = view.local(order.verified?);
    let offset_minutes = view.hospital().utc_offset_minutes;
    Some(
        Pdf { made, offset_minutes, seed: number(&order.specimen), producer: PRINTER }
            .write(&sheet(view, order)),
    )
}

fn sheet(view: &View, order: &LabOrder) -> Page {
    let mut page = Page::new();
    page.centred(view.hospital().name.as_str(), 297.0, 792.0, 16.0);
    page.centred(&format!("检验报告单（{}）", order.panel_name), 297.0, 768.0, 13.0);
    page.text(&of_whom(view, order), LEFT, 742.0, 10.0);
    let line = format!("条码：{}  标本类型：{}", order.specimen, order.specimen_type);
    page.text(&line, LEFT, 726.0, 10.0);
    page.rule(LEFT, RIGHT, 718.0);
    let heads = ["代号", "检验项目", "结果", "提示", "单位", "参考区间"];
    row(&mut page, heads, 702.0);
    page.rule(LEFT, RIGHT, 696.0);
    let mut low = 682.0;
    for result in &order.results {
        let mark = match result.flag {
            Flag::N => "",
            Flag::H => "↑",
            Flag::L => "↓",
            Flag::A => "异常",
        };
        let item = result.item;
        row(&mut page, [item.code, item.name, &result.value, mark, item.unit, &result.range], low);
        low -= 16.0;
    }
    page.rule(LEFT, RIGHT, 96.0);
    let at = |moment: Option<Timestamp>| {
        moment.map(|at| view.local(at).strftime("%Y-%m-%d %H:%M").to_string()).unwrap_or_default()
    };
    let line =
        format!("采样：{}  检测：{}  审核：{}", at(order.collected), at(order.analysed), at(order.verified));
    page.text(&line, LEFT, 80.0, 9.0);
    let verifier = order.verifier.as_ref().and_then(|number| view.staff_member(number));
    let name = verifier.map(|member| member.name.chinese()).unwrap_or_default();
    page.text(&format!("审核者：{name}"), LEFT, 64.0, 9.0);
    page
}

fn row(page: &mut Page, cells: [&str; 6], low: f32) {
    for (x, text) in COLUMNS.into_iter().zip(cells) {
        page.text(text, x, low, 10.0);
    }
}

fn of_whom(view: &View, order: &LabOrder) -> String {
    let Some(patient) = view.patient(order.patient) else { return String::new() };
    let sex = match patient.sex {
        Sex::M => "男",
        Sex::F => "女",
    };
    let born = patient.born.strftime("%Y-%m-%d");
    format!("姓名：{}  性别：{sex}  出生日期：{born}  病历号：{}", patient.name.chinese(), patient.mrn)
}
