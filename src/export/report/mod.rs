//! The report: the same content in Chinese and English, as HTML and as PDF.

mod content;
mod html;
mod pdf;

use std::io;

use self::content::Language;
use super::bag::{About, Bag};
use super::chain::Summary;
use super::{Case, Custody};

/// A report, without a form.
pub(super) struct Document {
    language: Language,
    title: String,
    blocks: Vec<Block>,
}

/// A part of it.
enum Block {
    /// A heading.
    Heading(&'static str),
    /// Text.
    Text(String),
    /// Names and what they are.
    Facts(Vec<(&'static str, String)>),
    /// Rows under a head, with the share of the width that each column takes, in percent.
    Table { head: Vec<(&'static str, u8)>, rows: Vec<Vec<String>> },
}

/// Adds all four.
pub(super) fn add(
    bag: &mut Bag,
    case: &Case,
    custody: &Custody,
    chain: &Summary,
    absent: &[String],
) -> io::Result<()> {
    let about = |zh, en| About { zh, en, category: "文书", source: "chain".into() };
    for language in [Language::Chinese, Language::English] {
        let document = content::of(language, case, custody, chain, absent);
        let tag = language.tag();
        let html = html::write(&document).map_err(io::Error::other)?;
        bag.bytes(&format!("report.{tag}.html"), about("取证报告", "report"), html.as_bytes())?;
        let pdf = pdf::write(&document, custody);
        bag.bytes(&format!("report.{tag}.pdf"), about("取证报告（PDF）", "report, PDF"), &pdf)?;
    }
    Ok(())
}
