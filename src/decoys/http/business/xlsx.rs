//! A workbook of one sheet (ECMA-376 part 1, 18.2 and 18.3), in a ZIP archive (APPNOTE 6.3).

use super::{Found, Sheet};
use crate::wire::zip::Zip;

const TYPES: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/><Override PartName="/xl/worksheets/sheet1.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/><Override PartName="/xl/styles.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.styles+xml"/></Types>"#;

const ROOT: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>"#;

const PARTS: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/><Relationship Id="rId2" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/styles" Target="styles.xml"/></Relationships>"#;

const STYLES: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><fonts count="2"><font><sz val="11"/><name val="宋体"/><charset val="134"/></font><font><b/><sz val="11"/><name val="宋体"/><charset val="134"/></font></fonts><fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill></fills><borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders><cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs><cellXfs count="2"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/><xf numFmtId="0" fontId="1" fillId="0" borderId="0" xfId="0" applyFont="1"/></cellXfs><cellStyles count="1"><cellStyle name="常规" xfId="0" builtinId="0"/></cellStyles></styleSheet>"#;

/// The workbook of a sheet's rows.
pub(super) fn workbook(sheet: &Sheet, found: &Found) -> Vec<u8> {
    let book = format!(
        r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="{}" sheetId="1" r:id="rId1"/></sheets></workbook>"#,
        escaped(sheet.title)
    );
    let mut zip = Zip::default();
    zip.add("[Content_Types].xml", TYPES.as_bytes());
    zip.add("_rels/.rels", ROOT.as_bytes());
    zip.add("xl/workbook.xml", book.as_bytes());
    zip.add("xl/_rels/workbook.xml.rels", PARTS.as_bytes());
    zip.add("xl/styles.xml", STYLES.as_bytes());
    zip.add("xl/worksheets/sheet1.xml", cells(sheet, found).as_bytes());
    zip.end()
}

fn cells(sheet: &Sheet, found: &Found) -> String {
    let mut out = String::from(
        r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetFormatPr defaultRowHeight="15"/><sheetData><row r="1">"#,
    );
    for (at, column) in sheet.columns.iter().enumerate() {
        put(&mut out, &place(at, 1), column.title, false, 1);
    }
    out.push_str("</row>");
    for (number, row) in (2..).zip(&found.rows) {
        out.push_str(&format!("<row r=\"{number}\">"));
        for (at, (cell, column)) in row.iter().zip(sheet.columns).enumerate() {
            let is_number = column.number && cell.parse::<f64>().is_ok_and(f64::is_finite);
            put(&mut out, &place(at, number), cell, is_number, 0);
        }
        out.push_str("</row>");
    }
    out.push_str("</sheetData></worksheet>");
    out
}

fn put(out: &mut String, place: &str, cell: &str, is_number: bool, style: u8) {
    let cell = escaped(cell);
    if is_number {
        out.push_str(&format!("<c r=\"{place}\" s=\"{style}\"><v>{cell}</v></c>"));
    } else {
        out.push_str(&format!("<c r=\"{place}\" s=\"{style}\" t=\"inlineStr\"><is><t>{cell}</t></is></c>"));
    }
}

/// A cell's name; no sheet has more columns than letters.
fn place(column: usize, row: usize) -> String {
    let letter = u8::try_from(column).map_or('Z', |at| char::from(b'A'.saturating_add(at.min(25))));
    format!("{letter}{row}")
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
