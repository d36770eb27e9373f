//! Sheets as files: comma-separated as Excel on a Chinese Windows opens it, and a workbook.

use encoding_rs::GB18030;

use super::{Found, Sheet, xlsx};

/// Kind of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    /// Comma-separated, GB18030 without a mark, as the product writes it.
    Csv,
    /// Office Open XML.
    Xlsx,
}

impl Format {
    /// By the name in a request.
    pub(crate) fn of(name: &str) -> Option<Format> {
        match name {
            "csv" => Some(Format::Csv),
            "xlsx" | "xls" | "excel" => Some(Format::Xlsx),
            _ => None,
        }
    }

    /// Ending of its files' names.
    pub(crate) fn ending(self) -> &'static str {
        match self {
            Format::Csv => "csv",
            Format::Xlsx => "xlsx",
        }
    }

    /// Its media type.
    pub(crate) fn media(self) -> &'static str {
        match self {
            Format::Csv => "application/vnd.ms-excel;charset=GB18030",
            Format::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        }
    }
}

/// A sheet's rows as a file.
pub(crate) fn file(sheet: &Sheet, found: &Found, format: Format) -> Vec<u8> {
    match format {
        Format::Csv => csv(sheet, found),
        Format::Xlsx => xlsx::workbook(sheet, found),
    }
}

fn csv(sheet: &Sheet, found: &Found) -> Vec<u8> {
    let mut out = sheet.columns.iter().map(|c| quoted(c.title)).collect::<Vec<_>>().join(",");
    out.push_str("\r\n");
    for row in &found.rows {
        let cells = row.iter().zip(sheet.columns).map(|(cell, column)| {
            // A tab keeps a spreadsheet from reading a long number as a quantity.
            let long = !column.number && cell.len() > 9 && cell.bytes().all(|b| b.is_ascii_digit());
            if long { format!("{cell}\t") } else { quoted(cell) }
        });
        out.push_str(&cells.collect::<Vec<_>>().join(","));
        out.push_str("\r\n");
    }
    GB18030.encode(&out).0.into_owned()
}

fn quoted(cell: &str) -> String {
    if cell.contains(['"', ',', '\n', '\r']) {
        format!("\"{}\"", cell.replace('"', "\"\""))
    } else {
        cell.to_owned()
    }
}
