//! Encapsulated PDF Storage (PS3.3 A.45.1): the verified report, as the hospital's information system
//! prints it and puts it beside the images.

use bytes::Bytes;
use jiff::Timestamp;

use super::{Subject, age, local_text, object};
use crate::imaging::anatomy::Build;
use crate::imaging::pdf::{PRINTER, Page, Pdf};
use crate::wire::dicom::dataset::{DataSet, Vr, tags};
use crate::world::{Modality, Sex};

/// The whole object.
pub(crate) fn document(s: &Subject<'_>, build: Build) -> DataSet {
    let pdf = report_pdf(s);
    let mut set = object(s, build);
    set.put_str(tags::CONVERSION_TYPE, "WSD");
    set.put_empty(tags::ACQUISITION_DATE_TIME);
    set.put_str(tags::BURNED_IN_ANNOTATION, "YES");
    local_text(&mut set, tags::DOCUMENT_TITLE, kind(s.study.modality), s.charset);
    set.put_items(tags::CONCEPT_NAME_CODE_SEQUENCE, Vec::new());
    set.put_str(tags::VERIFICATION_FLAG, "VERIFIED");
    set.put_str(tags::MIME_TYPE_OF_ENCAPSULATED_DOCUMENT, "application/pdf");
    set.put_u32(tags::ENCAPSULATED_DOCUMENT_LENGTH, u32::try_from(pdf.len()).unwrap_or(u32::MAX));
    set.put_bytes(tags::ENCAPSULATED_DOCUMENT, Vr::OB, Bytes::from(pdf));
    set
}

/// The information system that makes it.
pub(super) fn equipment(set: &mut DataSet) {
    set.put_str(tags::MANUFACTURER, "Lanhai");
    set.put_str(tags::MANUFACTURER_MODEL_NAME, "LH-RIS");
    set.put_str(tags::SOFTWARE_VERSIONS, "V5.2.1.0");
}

/// What the sheet is called.
fn kind(modality: Modality) -> &'static str {
    match modality {
        Modality::CT => "CT检查报告单",
        Modality::DX | Modality::CR => "数字X线摄影报告单",
        Modality::MR => "磁共振检查报告单",
        Modality::US => "超声检查报告单",
        Modality::MG => "乳腺X线摄影报告单",
        Modality::ECG => "心电图检查报告单",
    }
}

/// Left edge and right edge of the sheet's text, points.
const LEFT: f32 = 56.0;
const RIGHT: f32 = 540.0;

/// The report as a PDF of one page.
pub(crate) fn report_pdf(s: &Subject<'_>) -> Vec<u8> {
    let hospital = s.view.hospital();
    let mut page = Page::new();
    page.centred(hospital.name.as_str(), 298.0, 790.0, 18.0);
    page.centred(kind(s.study.modality), 298.0, 764.0, 15.0);
    page.rule(LEFT, RIGHT, 752.0);
    let mut low = 734.0;
    for row in facts(s) {
        for ((label, value), at) in row.iter().zip([LEFT, 222.0, 388.0]) {
            page.text(&format!("{label}：{value}"), at, low, 10.5);
        }
        low -= 18.0;
    }
    page.rule(LEFT, RIGHT, low + 8.0);
    let report = s.view.report(s.study);
    let (findings, impression) =
        report.as_ref().map_or(("", ""), |report| (report.findings.as_str(), report.impression.as_str()));
    low = section(&mut page, "检查所见", findings, low - 14.0);
    low = section(&mut page, "诊断意见", impression, low.min(470.0) - 24.0);
    let name = |number: &str| s.view.staff_member(number).map(|m| m.name.chinese()).unwrap_or_default();
    let written = report.as_ref().map(|r| moment(s, r.written)).unwrap_or_default();
    let verified = report.as_ref().and_then(|r| r.verified).map(|at| moment(s, at)).unwrap_or_default();
    let (author, verifier) =
        report.as_ref().map_or_else(Default::default, |r| (name(&r.author), name(&r.verifier)));
    let foot = low.min(170.0) - 30.0;
    page.rule(LEFT, RIGHT, foot + 20.0);
    page.text(&format!("报告医师：{author}"), LEFT, foot, 10.5);
    page.text(&format!("审核医师：{verifier}"), 222.0, foot, 10.5);
    page.text(&format!("报告时间：{written}"), LEFT, foot - 18.0, 10.5);
    page.text(&format!("审核时间：{verified}"), 300.0, foot - 18.0, 10.5);
    page.text("本报告仅供临床医师参考，医师签字后生效。", LEFT, foot - 38.0, 9.0);
    let made = s.view.local(s.series.started);
    Pdf { made, offset_minutes: hospital.utc_offset_minutes, seed: s.study.seed, producer: PRINTER }
        .write(&page)
}

fn moment(s: &Subject<'_>, at: Timestamp) -> String {
    s.view.local(at).strftime("%Y-%m-%d %H:%M:%S").to_string()
}

/// Three facts in each row, with their labels.
fn facts(s: &Subject<'_>) -> Vec<[(&'static str, String); 3]> {
    let patient = s.patient;
    let on = s.view.local(s.study.started);
    let years = patient.map(|p| spoken_age(&age(p.born, on.date()))).unwrap_or_default();
    let sex = patient.map_or("", |p| match p.sex {
        Sex::M => "男",
        Sex::F => "女",
    });
    let order = s.view.order(&s.study.accession);
    let department = order.as_ref().and_then(|order| s.view.department(&order.department));
    let encounter = order.as_ref().and_then(|order| s.view.encounter(&order.encounter));
    let (visit, bed) =
        encounter.map(|e| (e.number.clone(), e.bed.clone().unwrap_or_default())).unwrap_or_default();
    vec![
        [
            ("姓名", patient.map(|p| p.name.chinese()).unwrap_or_default()),
            ("性别", sex.to_owned()),
            ("年龄", years),
        ],
        [("病历号", patient.map(|p| p.mrn.clone()).unwrap_or_default()), ("就诊号", visit), ("床号", bed)],
        [
            ("检查号", s.study.accession.clone()),
            ("申请科室", department.map(|d| d.name).unwrap_or_default()),
            ("检查日期", on.strftime("%Y-%m-%d").to_string()),
        ],
        [
            ("检查项目", s.study.description.clone()),
            ("设备", s.study.device.model.clone()),
            (
                "检查技师",
                s.view.staff_member(&s.study.operator).map(|m| m.name.chinese()).unwrap_or_default(),
            ),
        ],
    ]
}

/// An `AS` as people say it.
fn spoken_age(age: &str) -> String {
    let (digits, unit) = age.split_at(age.len().saturating_sub(1));
    let word = match unit {
        "Y" => "岁",
        "M" => "月",
        _ => "周",
    };
    format!("{}{word}", digits.trim_start_matches('0'))
}

/// A heading and its lines; gives the height where the next may begin.
fn section(page: &mut Page, heading: &str, text: &str, mut low: f32) -> f32 {
    page.text(&format!("{heading}："), LEFT, low, 12.0);
    for line in text.lines().flat_map(|line| wrapped(line, 42)) {
        low -= 20.0;
        page.text(&line, LEFT + 12.0, low, 11.0);
    }
    low
}

/// Cuts a text into lines of so many full-width characters.
fn wrapped(text: &str, most: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    let mut width = 0;
    for c in text.chars() {
        let wide = if c.is_ascii() { 1 } else { 2 };
        // Marks of punctuation hang over the edge rather than begin a line.
        if width + wide > most * 2 && !"，。；：、）".contains(c) {
            lines.push(String::new());
            width = 0;
        }
        width += wide;
        if let Some(line) = lines.last_mut() {
            line.push(c);
        }
    }
    lines
}
