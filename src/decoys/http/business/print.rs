//! Reports as they are printed: PDF files of one page.

use super::results::{mark, ordered_by};
use super::{person, staff, staff_or_none, time, time_or_none};
use crate::imaging::pdf::{PRINTER, Page, Pdf};
use crate::world::{LabOrder, Patient, Study, View};

/// Left and right edge of the text, in points.
const EDGES: (f32, f32) = (48.0, 547.0);
/// Characters of a full line.
const WIDE: usize = 40;
/// Most result lines on a page.
const MOST_LINES: usize = 34;

/// The printed report of the laboratory.
pub(crate) fn lab_report(view: &View, lab: &LabOrder, patient: &Patient) -> Vec<u8> {
    let mut page = Page::new();
    let mut y = head(&mut page, view, "检验报告单", patient);
    let facts =
        format!("条码号：{}　　标本：{}　　检验项目：{}", lab.specimen, lab.specimen_type, lab.panel_name);
    page.text(&facts, EDGES.0, y, 10.5);
    y -= 16.0;
    page.rule(EDGES.0, EDGES.1, y);
    y -= 15.0;
    let places = [EDGES.0, 118.0, 270.0, 346.0, 372.0, 450.0];
    for (title, x) in ["代码", "项目名称", "结果", "", "单位", "参考范围"].into_iter().zip(places)
    {
        page.text(title, x, y, 10.5);
    }
    y -= 6.0;
    page.rule(EDGES.0, EDGES.1, y);
    for result in lab.results.iter().take(MOST_LINES) {
        y -= 15.0;
        let item = result.item;
        let cells = [item.code, item.name, &result.value, mark(result.flag), item.unit, &result.range];
        for (cell, x) in cells.into_iter().zip(places) {
            page.text(cell, x, y, 10.0);
        }
    }
    foot(
        &mut page,
        &format!(
            "采样时间：{}　　审核时间：{}　　审核者：{}",
            time_or_none(view, lab.collected),
            time_or_none(view, lab.verified),
            staff_or_none(view, lab.verifier.as_ref())
        ),
    );
    written(view, &page, lab.specimen.bytes())
}

/// The printed report of a study; `None` before it is written.
pub(crate) fn study_report(view: &View, study: &Study, patient: &Patient) -> Option<Vec<u8>> {
    let report = view.report(study)?;
    let mut page = Page::new();
    let mut y = head(&mut page, view, "影像检查报告单", patient);
    let facts = format!(
        "检查号：{}　　检查项目：{}　　申请科室：{}",
        study.accession,
        study.description,
        ordered_by(view, &study.order)
    );
    page.text(&facts, EDGES.0, y, 10.5);
    y -= 16.0;
    page.rule(EDGES.0, EDGES.1, y);
    for (title, text) in [("影像所见：", &report.findings), ("诊断意见：", &report.impression)] {
        y -= 24.0;
        page.text(title, EDGES.0, y, 12.0);
        for line in lines(text) {
            y -= 18.0;
            page.text(&line, EDGES.0 + 10.0, y, 11.5);
        }
    }
    foot(
        &mut page,
        &format!(
            "检查时间：{}　　报告医生：{}　　审核医生：{}",
            time(view, study.started),
            staff(view, &report.author),
            staff_or_none(view, report.verified.map(|_| &report.verifier))
        ),
    );
    Some(written(view, &page, study.accession.bytes()))
}

/// The head of every report; gives the height below it.
fn head(page: &mut Page, view: &View, title: &str, patient: &Patient) -> f32 {
    page.centred(&view.hospital().name, 297.5, 790.0, 18.0);
    page.centred(title, 297.5, 764.0, 15.0);
    let [mrn, name, sex, age] = person(view, patient);
    page.rule(EDGES.0, EDGES.1, 750.0);
    page.text(&format!("姓名：{name}　　性别：{sex}　　年龄：{age}　　患者ID：{mrn}"), EDGES.0, 732.0, 10.5);
    714.0
}

fn foot(page: &mut Page, facts: &str) {
    page.rule(EDGES.0, EDGES.1, 86.0);
    page.text(facts, EDGES.0, 70.0, 10.0);
    page.text("本报告仅供临床医师参考，结果仅对本次检查（标本）负责。", EDGES.0, 52.0, 9.0);
}

/// Lines that fit the page.
fn lines(text: &str) -> Vec<String> {
    let characters = |line: &str| line.chars().collect::<Vec<_>>();
    let paragraphs = text.lines().map(characters);
    paragraphs.flat_map(|p| p.chunks(WIDE).map(|c| c.iter().collect()).collect::<Vec<String>>()).collect()
}

fn written(view: &View, page: &Page, seed: impl Iterator<Item = u8>) -> Vec<u8> {
    let seed = seed.fold(7u64, |seed, byte| seed.wrapping_mul(131).wrapping_add(u64::from(byte)));
    Pdf {
        made: view.local(view.now()),
        offset_minutes: view.hospital().utc_offset_minutes,
        seed,
        producer: PRINTER,
    }
    .write(page)
}
