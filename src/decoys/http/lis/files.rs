//! What is downloaded: a report as PDF, a work list as CSV.

use encoding_rs::GBK;

use super::Visit;
use super::pages::{age, long_time, patient_of, sex, stage};
use crate::decoys::http::engine::Reply;
use crate::event::observation::RecordKind;
use crate::imaging::pdf::{PRINTER, Page, Pdf};
use crate::world::{Flag, LabOrder};

/// Most rows of one export.
const MAX_ROWS: usize = 5000;

/// The report of a specimen as PDF.
pub(super) fn report(visit: &Visit<'_>) -> Option<Reply> {
    let order = visit.ask.session.lab_order(&visit.view, visit.query.text("bc"))?;
    visit.read(RecordKind::LabResult, vec![order.specimen.clone()]);
    let made = visit.view.local(order.verified.or(order.analysed).unwrap_or(order.ordered));
    let seed = order.specimen.bytes().fold(0xcbf2u64, |h, b| h.wrapping_mul(0x0100_0000_01b3) ^ u64::from(b));
    let offset_minutes = visit.view.hospital().utc_offset_minutes;
    let file = Pdf { made, offset_minutes, seed, producer: PRINTER }.write(&sheet(visit, &order));
    let name = format!("inline; filename={}.pdf", order.specimen);
    Some(download("application/pdf", name, file))
}

fn sheet(visit: &Visit<'_>, order: &LabOrder) -> Page {
    let view = &visit.view;
    let mut page = Page::new();
    page.centred(&visit.app.hospital, 297.0, 790.0, 16.0);
    page.centred(&format!("{}检验报告单", order.panel_name), 297.0, 766.0, 14.0);
    if let Some(patient) = patient_of(visit, order) {
        let today = view.local(view.now()).date();
        let line = format!(
            "姓名：{}    性别：{}    年龄：{}    病历号：{}",
            patient.name.chinese(),
            sex(patient.sex),
            age(patient.born, today),
            patient.mrn
        );
        page.text(&line, 48.0, 738.0, 10.0);
    }
    page.text(&format!("条码号：{}    标本：{}", order.specimen, order.specimen_type), 48.0, 722.0, 10.0);
    page.rule(44.0, 551.0, 714.0);
    let mut y = 698.0;
    for (x, head) in [
        (48.0, "代码"),
        (110.0, "项目"),
        (300.0, "结果"),
        (370.0, "提示"),
        (410.0, "单位"),
        (480.0, "参考范围"),
    ] {
        page.text(head, x, y, 10.0);
    }
    page.rule(44.0, 551.0, 692.0);
    for result in &order.results {
        y -= 18.0;
        let mark = match result.flag {
            Flag::N => "",
            Flag::H => "↑",
            Flag::L => "↓",
            Flag::A => "*",
        };
        let item = result.item;
        for (x, text) in [
            (48.0, item.code),
            (110.0, item.name),
            (300.0, &result.value),
            (370.0, mark),
            (410.0, item.unit),
            (480.0, &result.range),
        ] {
            page.text(text, x, y - 4.0, 10.0);
        }
    }
    page.rule(44.0, 551.0, 92.0);
    let verifier =
        order.verifier.as_ref().map(|number| super::pages::staff(view, number)).unwrap_or_default();
    let times = format!(
        "采集：{}    检验：{}    报告：{}",
        long_time(view, order.collected),
        long_time(view, order.analysed),
        long_time(view, order.verified)
    );
    page.text(&times, 48.0, 76.0, 9.0);
    page.text(&format!("审核者：{verifier}    本报告仅对所检测的标本负责"), 48.0, 60.0, 9.0);
    page
}

/// The work list of a day as CSV in the code page of Windows, as spreadsheets there open it.
pub(super) fn export(visit: &Visit<'_>) -> Reply {
    let (date, instrument) = (visit.date(), visit.query.text("instr"));
    let mut orders = visit.specimens_on(date);
    orders.retain(|order| {
        let run = order.run.as_ref().map(|run| run.instrument.as_str());
        order.collected.is_some() && (instrument.is_empty() || run == Some(instrument))
    });
    orders.truncate(MAX_ROWS);
    let ids = orders.iter().map(|order| order.specimen.clone()).collect();
    visit.tell(RecordKind::Specimen, &format!("export date={date} instrument={instrument}"), true, ids);
    let mut text =
        "条码号,姓名,性别,病历号,检验项目,标本类型,采集时间,检验时间,审核时间,仪器,状态\r\n".to_owned();
    for order in &orders {
        text.push_str(&line(visit, order));
    }
    let name = format!("attachment; filename=worklist_{}.csv", date.strftime("%Y%m%d"));
    download("application/vnd.ms-excel", name, GBK.encode(&text).0.into_owned())
}

fn line(visit: &Visit<'_>, order: &LabOrder) -> String {
    let view = &visit.view;
    let patient = patient_of(visit, order);
    let (name, sex, mrn) =
        patient.map_or_else(Default::default, |p| (p.name.chinese(), sex(p.sex).to_owned(), p.mrn));
    let run = order.run.as_ref().map(|run| run.instrument.clone()).unwrap_or_default();
    let cells = [
        // A leading apostrophe keeps spreadsheets from making a number of it.
        format!("'{}", order.specimen),
        name,
        sex,
        format!("'{mrn}"),
        order.panel_name.clone(),
        order.specimen_type.clone(),
        long_time(view, order.collected),
        long_time(view, order.analysed),
        long_time(view, order.verified),
        run,
        stage(order).to_owned(),
    ];
    format!("{}\r\n", cells.join(","))
}

fn download(media: &'static str, disposition: String, body: Vec<u8>) -> Reply {
    Reply::new(200)
        .with("Cache-Control", "private")
        .typed(media)
        .with("Content-Disposition", disposition)
        .with("X-AspNet-Version", "4.0.30319")
        .with_body(body)
}
