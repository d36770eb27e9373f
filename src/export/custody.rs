//! Who took the evidence out, when and why; and the list of electronic data that Chinese procedure
//! asks for (法发〔2016〕22号, articles 12 and 14: category, format, integrity value).

use std::io;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::bag::{About, Bag, Filed};
use super::chain::Summary;
use super::{Case, table};

/// The circumstances of an export.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Custody {
    /// Who takes it out.
    pub by: String,
    /// Who looks on; empty when nobody does.
    pub witness: String,
    /// Why.
    pub reason: String,
    /// Whose evidence it is; empty when it is not said.
    pub organisation: String,
    /// When.
    pub at: Timestamp,
    /// The machine it was taken from.
    pub machine: String,
}

impl Custody {
    /// The program that took it out.
    pub(super) fn tool(&self) -> String {
        concat!("honeyward ", env!("CARGO_PKG_VERSION")).to_owned()
    }
}

const LIST: &str = "电子数据清单.csv";

/// Adds the record of custody and the list, which has every file but itself.
pub(super) fn add(bag: &mut Bag, case: &Case, custody: &Custody, chain: &Summary) -> io::Result<()> {
    let about = |zh, en| About { zh, en, category: "文书", source: "export".into() };
    bag.bytes("custody.csv", about("保管记录", "chain of custody"), record(case, custody, chain).as_bytes())?;
    let list = list(bag.files(), custody);
    bag.bytes(LIST, about("电子数据清单", "list of electronic data"), list.as_bytes())
}

fn record(case: &Case, custody: &Custody, chain: &Summary) -> String {
    let head = [
        "time_utc",
        "act",
        "who",
        "witness",
        "why",
        "machine",
        "tool",
        "subject",
        "chain_sequence",
        "chain_head",
        "key",
    ];
    let (at, tool) = (custody.at.to_string(), custody.tool());
    let (seq, hash) = (chain.head.seq.to_string(), hex::encode(chain.head.hash));
    let kept = case.sessions.iter().map(|taken| {
        table::row(&[
            &taken.row.opened.to_string(),
            "recorded",
            "honeyward sensor",
            "",
            "",
            &custody.machine,
            "",
            &format!("session {}", taken.row.id),
            "",
            "",
            "",
        ])
    });
    let exported = table::row(&[
        &at,
        "exported",
        &custody.by,
        &custody.witness,
        &custody.reason,
        &custody.machine,
        &tool,
        &case.subject,
        &seq,
        &hash,
        &chain.key,
    ]);
    // Those who receive it go on here, on paper or in a copy.
    format!("{}{}{}{exported}", table::MARK, table::row(&head), kept.collect::<String>())
}

fn list(files: &[Filed], custody: &Custody) -> String {
    let head = [
        "序号",
        "名称",
        "类别",
        "文件格式",
        "文件",
        "大小（字节）",
        "SHA-256",
        "SM3",
        "来源",
        "提取时间（北京时间）",
        "提取人",
        "见证人",
        "签名",
    ];
    let mut text = format!("{}{}", table::MARK, table::row(&head));
    let zone = TimeZone::fixed(jiff::tz::offset(8));
    let at = custody.at.to_zoned(zone).strftime("%Y-%m-%d %H:%M:%S").to_string();
    for (file, number) in files.iter().zip(1_usize..) {
        text.push_str(&table::row(&[
            &number.to_string(),
            &format!("{} / {}", file.about.zh, file.about.en),
            file.about.category,
            &format(&file.path),
            &format!("data/{}", file.path),
            &file.size.to_string(),
            &file.sha256,
            &file.sm3,
            &file.about.source,
            &at,
            &custody.by,
            &custody.witness,
            "",
        ]));
    }
    text
}

/// The format, by the end of the name.
fn format(path: &str) -> String {
    let extension = path.rsplit('.').next().unwrap_or_default();
    match extension {
        "hwt" => "Honeyward transcript (HWT1)".into(),
        "cast" => "asciicast v2".into(),
        "md" => "Markdown".into(),
        other => other.to_ascii_uppercase(),
    }
}
