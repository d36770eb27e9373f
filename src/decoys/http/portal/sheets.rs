//! The sheets as the portal shows them: a page with a grid, the list that the grid loads, and files.

use jiff::civil::Date;
use minijinja::{Value, context};
use serde_json::{Map, Value as Json};

use super::super::answer::Answer;
use super::super::business::{self, Ask, Format, Found, Lookup, MOST_PAGE, MOST_ROWS, Sheet};
use super::super::tomcat::TomcatError;
use super::{Visit, found};
use crate::world::View;

/// Rows of a page when the grid does not say.
const PAGE: usize = 30;
/// Longest text that a search takes.
const MAX_TEXT: usize = 64;

/// A sheet's page, its list (`…/list`) or its file (`…/export`).
pub(crate) fn answer(visit: &Visit<'_>, path: &str) -> Option<Answer> {
    if let Some(sheet) = path.strip_suffix("/list").and_then(business::sheet) {
        return Some(list(visit, sheet));
    }
    if let Some(sheet) = path.strip_suffix("/export").and_then(business::sheet) {
        return Some(export(visit, sheet));
    }
    business::sheet(path).map(|sheet| page(visit, sheet))
}

/// Whether a path takes posted forms: grids post what they look for.
pub(crate) fn takes_forms(path: &str) -> bool {
    path.strip_suffix("/list").or(path.strip_suffix("/export")).is_some_and(|p| business::sheet(p).is_some())
}

fn page(visit: &Visit<'_>, sheet: &Sheet) -> Answer {
    let view = visit.view();
    let columns: Vec<Value> = sheet
        .columns
        .iter()
        .map(|c| context! { title => c.title, key => c.key, number => c.number })
        .collect();
    let values = context! {
        active => sheet.path,
        path => sheet.path,
        title => sheet.title,
        columns,
        dated => sheet.ask == Ask::Day,
        by_visit => sheet.ask == Ask::Visit,
        date => date(visit, &view).to_string(),
        visit_no => field(visit, "visitNo"),
        word => field(visit, "keyword"),
        dept => field(visit, "deptCode"),
        departments => departments(&view),
    };
    visit.render("grid.html", values)
}

/// Departments for a choice.
pub(crate) fn departments(view: &View) -> Vec<Value> {
    view.departments().iter().map(|d| context! { code => d.code.clone(), name => d.name.clone() }).collect()
}

fn list(visit: &Visit<'_>, sheet: &Sheet) -> Answer {
    let number = |name, usual| field(visit, name).parse::<usize>().unwrap_or(usual);
    let rows = number("rows", PAGE).clamp(1, MOST_PAGE);
    let from = number("page", 1).clamp(1, MOST_ROWS).saturating_sub(1) * rows;
    let found = find(visit, sheet, from, rows);
    let shaped: Vec<Json> = found.rows.iter().map(|row| object(sheet, row)).collect();
    let body = serde_json::json!({ "total": found.total, "rows": shaped }).to_string();
    super::found(200)
        .typed("application/json;charset=UTF-8")
        .with("Cache-Control", "no-store")
        .with_body(body)
}

fn object(sheet: &Sheet, row: &[String]) -> Json {
    let cells = row.iter().zip(sheet.columns).map(|(cell, column)| {
        let number =
            cell.parse::<f64>().ok().filter(|_| column.number).and_then(serde_json::Number::from_f64);
        let value = number.map_or_else(|| Json::from(cell.as_str()), Json::Number);
        (column.key.to_owned(), value)
    });
    Json::Object(cells.collect::<Map<_, _>>())
}

fn export(visit: &Visit<'_>, sheet: &Sheet) -> Answer {
    let asked = field(visit, "format");
    let Some(format) = Format::of(if asked.is_empty() { "xlsx" } else { &asked }) else {
        return visit.error(TomcatError::Internal, Some("不支持的导出格式"));
    };
    let found = find(visit, sheet, 0, MOST_ROWS);
    let file = visit.session.heavy(|| business::file(sheet, &found, format));
    let day = visit.view().local(visit.now).strftime("%Y%m%d%H%M%S");
    visit.tell_download(&format!("{}_{day}.{}", sheet.title, format.ending()), &file);
    super::found(200)
        .typed(format.media())
        .with("Content-Disposition", disposition(&format!("{}_{day}.{}", sheet.title, format.ending())))
        .with_body(file)
}

/// A file's name as the product writes it: percent-encoded in plain quotes.
pub(crate) fn disposition(name: &str) -> String {
    let encoded: String = name
        .bytes()
        .map(|b| match b {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'.' | b'-' | b'_' => char::from(b).to_string(),
            other => format!("%{other:02X}"),
        })
        .collect();
    format!("attachment;filename={encoded}")
}

fn find(visit: &Visit<'_>, sheet: &Sheet, from: usize, most: usize) -> Found {
    let view = visit.view();
    let (department, word, number) =
        (field(visit, "deptCode"), field(visit, "keyword"), field(visit, "visitNo"));
    let sort = sheet.place(&field(visit, "sort")).map(|place| (place, field(visit, "order") == "desc"));
    let date = date(visit, &view);
    let lookup = Lookup {
        session: visit.session,
        view: &view,
        date,
        department: &department,
        word: &word,
        visit: &number,
        from,
        most,
        sort,
    };
    sheet.find(&lookup)
}

/// A field of the form or the query.
fn field(visit: &Visit<'_>, name: &str) -> String {
    let form = visit.form.text(name);
    let text = if form.is_empty() { visit.query.text(name) } else { form };
    text.chars().take(MAX_TEXT).collect()
}

/// The day asked for; today when none or a wrong one was.
fn date(visit: &Visit<'_>, view: &View) -> Date {
    field(visit, "date").parse().unwrap_or_else(|_| view.local(view.now()).date())
}

/// A PDF for printing.
pub(crate) fn pdf(visit: &Visit<'_>, kind: &str, number: &str) -> Option<Answer> {
    let view = visit.view();
    let (file, subject, id) = match kind {
        "lab" => {
            let lab = visit.session.lab_order(&view, number).filter(|lab| lab.analysed.is_some())?;
            let patient = visit.session.with_written_patient(view.patient(lab.patient)?);
            let file = business::lab_report(&view, &lab, &patient);
            (file, crate::event::observation::RecordKind::LabResult, lab.filler)
        }
        "exam" => {
            let study = view.study_by_accession(number)?;
            let patient = visit.session.with_written_patient(view.patient(study.patient)?);
            let file = business::study_report(&view, &study, &patient)?;
            (file, crate::event::observation::RecordKind::Report, study.accession)
        }
        _ => return None,
    };
    super::read(visit.session, subject, vec![id]);
    visit.tell_download(&format!("{number}.pdf"), &file);
    Some(
        found(200)
            .typed("application/pdf")
            .with("Content-Disposition", format!("inline;filename={number}.pdf"))
            .with_body(file),
    )
}
