//! Documents that name an address and an account: nothing in them runs or calls home.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::Way;
use crate::imaging::pdf::{PRINTER, Page, Pdf};
use crate::lure::token::Tokens;
use crate::wire::zip::Zip;

type Named = (&'static str, Vec<u8>);

/// What every document says.
fn lines(way: &Way<'_>, tokens: &Tokens) -> [(&'static str, String); 4] {
    [
        ("系统", way.host.title.clone()),
        ("地址", way.url(&format!("d/{}", tokens.path))),
        ("账号", tokens.account.clone()),
        ("口令", tokens.password.clone()),
    ]
}

const RELS: &str = "http://schemas.openxmlformats.org/package/2006/relationships";
const OFFICE: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";

fn relations(kind: &str, target: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n<Relationships xmlns=\"{RELS}\">\
         <Relationship Id=\"rId1\" Type=\"{OFFICE}/{kind}\" Target=\"{target}\"/></Relationships>"
    )
}

/// `[Content_Types].xml` for these parts.
fn types(parts: &[(&str, &str)]) -> String {
    let parts: String = parts
        .iter()
        .map(|(part, kind)| format!("<Override PartName=\"/{part}\" ContentType=\"{kind}\"/>"))
        .collect();
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n\
         <Types xmlns=\"http://schemas.openxmlformats.org/package/2006/content-types\">\
         <Default Extension=\"rels\" ContentType=\"application/vnd.openxmlformats-package.relationships+xml\"/>\
         <Default Extension=\"xml\" ContentType=\"application/xml\"/>{parts}</Types>"
    )
}

/// A document of Word (ECMA-376 part 1, 17).
pub(super) fn docx(way: &Way<'_>, tokens: &Tokens) -> Named {
    const KIND: &str = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml";
    let paragraph = |text: &str| format!("<w:p><w:r><w:t xml:space=\"preserve\">{text}</w:t></w:r></w:p>");
    let said: String =
        lines(way, tokens).iter().map(|(name, value)| paragraph(&format!("{name}：{value}"))).collect();
    let document = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n<w:document \
         xmlns:w=\"http://schemas.openxmlformats.org/wordprocessingml/2006/main\"><w:body>{}{said}</w:body>\
         </w:document>",
        paragraph("信息系统登录说明（内部资料）")
    );
    let part = types(&[("word/document.xml", KIND)]);
    let mut zip = Zip::default();
    zip.add("[Content_Types].xml", part.as_bytes());
    zip.add("_rels/.rels", relations("officeDocument", "word/document.xml").as_bytes());
    zip.add("word/document.xml", document.as_bytes());
    ("登录说明.docx", zip.end())
}

/// A workbook (ECMA-376 part 1, 18).
pub(super) fn xlsx(way: &Way<'_>, tokens: &Tokens) -> Named {
    const BOOK: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml";
    const SHEET: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml";
    const MAIN: &str = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
    let cell = |place: char, row: usize, text: &str| {
        format!("<c r=\"{place}{row}\" t=\"inlineStr\"><is><t>{text}</t></is></c>")
    };
    let rows: String = (1..)
        .zip(lines(way, tokens))
        .map(|(row, (name, value))| {
            format!("<row r=\"{row}\">{}{}</row>", cell('A', row, name), cell('B', row, &value))
        })
        .collect();
    let head = "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n";
    let sheet = format!("{head}<worksheet xmlns=\"{MAIN}\"><sheetData>{rows}</sheetData></worksheet>");
    let book = format!(
        "{head}<workbook xmlns=\"{MAIN}\" xmlns:r=\"{OFFICE}\"><sheets><sheet name=\"账号\" sheetId=\"1\" \
         r:id=\"rId1\"/></sheets></workbook>"
    );
    let part = types(&[("xl/workbook.xml", BOOK), ("xl/worksheets/sheet1.xml", SHEET)]);
    let mut zip = Zip::default();
    zip.add("[Content_Types].xml", part.as_bytes());
    zip.add("_rels/.rels", relations("officeDocument", "xl/workbook.xml").as_bytes());
    zip.add("xl/workbook.xml", book.as_bytes());
    zip.add("xl/_rels/workbook.xml.rels", relations("worksheet", "worksheets/sheet1.xml").as_bytes());
    zip.add("xl/worksheets/sheet1.xml", sheet.as_bytes());
    ("系统账号.xlsx", zip.end())
}

pub(super) fn pdf(way: &Way<'_>, tokens: &Tokens, minted: Timestamp) -> Named {
    const TOP: f32 = 720.0;
    let mut page = Page::new();
    page.centred("信息系统登录说明（内部资料）", 297.0, 770.0, 18.0);
    let mut y = TOP;
    for (name, value) in lines(way, tokens) {
        page.text(&format!("{name}：{value}"), 70.0, y, 12.0);
        y -= 24.0;
    }
    let made = minted.to_zoned(TimeZone::UTC).datetime();
    let seed = tokens.uid.bytes().fold(7_u64, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte.into()));
    ("登录说明.pdf", Pdf { made, offset_minutes: 0, seed, producer: PRINTER }.write(&page))
}
