//! What the report says.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::super::chain::Summary;
use super::super::iocs::{self, Kind};
use super::super::{Case, Custody, PASSWORD};
use super::{Block, Document};
use crate::event::{Severity, attack, line};

/// Most moments in the report; the timeline has all.
const MOMENTS: usize = 400;

/// A language of the report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::export) enum Language {
    Chinese,
    English,
}

impl Language {
    /// Its tag.
    pub(super) fn tag(self) -> &'static str {
        self.of("zh", "en")
    }

    /// The one of two that is in this language.
    fn of<T>(self, zh: T, en: T) -> T {
        match self {
            Language::Chinese => zh,
            Language::English => en,
        }
    }
}

/// The report of a case.
pub(super) fn of(
    language: Language,
    case: &Case,
    custody: &Custody,
    chain: &Summary,
    absent: &[String],
) -> Document {
    let mut blocks = vec![Block::Facts(subject(language, case, custody))];
    if let Some(alert) = case.latest() {
        blocks.push(Block::Heading(language.of("判断依据", "Why this is taken for an attack")));
        let (probability, evidence) = language.of(("概率", "依据"), ("Probability", "Evidence"));
        let record = language.of("证据链记录", "Record");
        blocks.push(Block::Table {
            head: vec![(language.of("类别", "Class"), 10), (probability, 14), (evidence, 60), (record, 16)],
            rows: alert
                .reasons
                .iter()
                .map(|reason| {
                    let text = language.of(&reason.zh, &reason.en);
                    let percent = format!("{}%", reason.probability);
                    vec![reason.class.clone(), percent, text.clone(), reason.record.to_string()]
                })
                .collect(),
        });
        blocks.extend(techniques(language, &alert.techniques));
    }
    blocks.extend(sessions(language, case));
    blocks.extend(moments(language, case));
    blocks.extend(indicators(language, case));
    blocks.extend(uploads(language, case));
    blocks.extend(integrity(language, chain, absent));
    let title = language.of("网络入侵取证报告", "Report on an intrusion").to_owned();
    Document { language, title, blocks }
}

fn subject(language: Language, case: &Case, custody: &Custody) -> Vec<(&'static str, String)> {
    let mut facts = Vec::new();
    let mut fact = |zh, en, value: String| {
        if !value.is_empty() {
            facts.push((language.of(zh, en), value));
        }
    };
    fact("编号", "Subject", case.subject.clone());
    if let Some(alert) = case.latest() {
        fact("结论", "Finding", language.of(&alert.title_zh, &alert.title).clone());
        fact("级别", "Severity", severity(language, alert.severity).into());
        fact("可信度", "Confidence", format!("{}%", alert.confidence));
        fact("攻击来源", "Source", alert.source.to_string());
        fact("首次", "First seen", time(alert.first_seen));
        fact("末次", "Last seen", time(alert.last_seen));
    } else if let Some(taken) = case.sessions.first() {
        fact("来源", "Source", taken.row.source.to_string());
        fact("首次", "First seen", time(taken.row.opened));
        fact("末次", "Last seen", time(taken.row.last));
    }
    fact("单位", "Organisation", custody.organisation.clone());
    fact("提取人", "Taken out by", custody.by.clone());
    fact("见证人", "Witness", custody.witness.clone());
    fact("提取原因", "Reason", custody.reason.clone());
    fact("提取时间", "Taken out at", time(custody.at));
    fact("设备", "Machine", custody.machine.clone());
    fact("工具", "Program", custody.tool());
    facts
}

fn techniques(language: Language, ids: &[String]) -> Vec<Block> {
    if ids.is_empty() {
        return Vec::new();
    }
    let rows = ids.iter().map(|id| vec![id.clone(), attack::technique(id).unwrap_or_default().to_owned()]);
    vec![
        Block::Heading("MITRE ATT&CK"),
        Block::Table {
            head: vec![(language.of("编号", "Id"), 20), (language.of("技术", "Technique"), 80)],
            rows: rows.collect(),
        },
    ]
}

fn sessions(language: Language, case: &Case) -> [Block; 2] {
    let rows = case.sessions.iter().map(|taken| {
        let row = &taken.row;
        vec![
            row.id.to_string(),
            time(row.opened),
            format!("{}:{}", row.source, row.source_port),
            format!("{} {} {}:{}", row.host, row.service, row.target, row.target_port),
            row.class.clone(),
            row.events.to_string(),
        ]
    });
    let head = vec![
        (language.of("会话", "Session"), 27),
        (language.of("开始", "Opened"), 22),
        (language.of("来源", "From"), 17),
        (language.of("诱饵", "Decoy"), 20),
        (language.of("类别", "Class"), 7),
        (language.of("记录", "Events"), 7),
    ];
    [Block::Heading(language.of("会话", "Sessions")), Block::Table { head, rows: rows.collect() }]
}

fn moments(language: Language, case: &Case) -> Vec<Block> {
    let events = case.events();
    let rows = events.iter().take(MOMENTS).map(|(seq, event)| {
        vec![
            seq.to_string(),
            time(event.at),
            kind(language, line::what(&event.observation)).into(),
            line::of(&event.observation),
        ]
    });
    let head = vec![
        (language.of("记录", "Record"), 9),
        (language.of("时间", "Time"), 24),
        (language.of("类型", "Kind"), 14),
        (language.of("内容（原始记录）", "What was seen"), 53),
    ];
    let rows = rows.collect();
    let mut blocks = vec![Block::Heading(language.of("经过", "What happened")), Block::Table { head, rows }];
    if events.len() > MOMENTS {
        let all = events.len();
        let zh = format!("此处列出前 {MOMENTS} 条，共 {all} 条，全部内容见 timeline.csv。");
        let en = format!("The first {MOMENTS} of {all}; timeline.csv has all.");
        blocks.push(Block::Text(language.of(zh, en)));
    }
    blocks
}

fn indicators(language: Language, case: &Case) -> Vec<Block> {
    let rows: Vec<_> = iocs::gather(case)
        .into_iter()
        .map(|indicator| {
            let (name, value) = match indicator.kind {
                Kind::Source(address) => (language.of("来源地址", "source"), address.to_string()),
                Kind::File { sha256, name, .. } => ("SHA-256", format!("{sha256} {name}")),
                Kind::Url(url) => ("URL", url.escape_debug().to_string()),
                Kind::Account(account) => (language.of("账号", "account"), account),
                Kind::Software(mark, value) => (mark, value),
            };
            vec![name.to_owned(), value, indicator.count.to_string()]
        })
        .collect();
    let head = vec![
        (language.of("类型", "Type"), 20),
        (language.of("值", "Value"), 68),
        (language.of("次数", "Count"), 12),
    ];
    vec![Block::Heading(language.of("失陷指标", "Indicators")), Block::Table { head, rows }]
}

fn uploads(language: Language, case: &Case) -> Vec<Block> {
    let uploads = case.sessions.iter().flat_map(|taken| taken.uploads());
    let rows: Vec<_> =
        uploads.map(|(name, size, sha256)| vec![name, size.to_string(), sha256.to_owned()]).collect();
    if rows.is_empty() {
        return Vec::new();
    }
    let warning = language.of(
        format!(
            "以下文件可能为恶意程序，存放于 artefacts.zip（AES-256，口令 {PASSWORD}），勿在办公电脑上打开。"
        ),
        format!("Treat these as malware. They are in artefacts.zip (AES-256, password {PASSWORD})."),
    );
    let head = vec![(language.of("名称", "Name"), 34), (language.of("字节", "Bytes"), 12), ("SHA-256", 54)];
    vec![
        Block::Heading(language.of("留存文件", "Files left behind")),
        Block::Text(warning),
        Block::Table { head, rows },
    ]
}

fn integrity(language: Language, chain: &Summary, absent: &[String]) -> Vec<Block> {
    let text = language.of(
        "本证据包内的记录取自防篡改的哈希链（SHA-256），每条记录均附有归属证明，\
         可由签名根（Ed25519）验证。验证方法见 VERIFY.md。\
         诱饵系统所展示的患者数据均为合成数据，不对应任何真实个人。",
        "The records in this bundle stand in a chain of hashes (SHA-256); each comes with a proof that leads to a \
         signed root (Ed25519). VERIFY.md says how to check it. All patients that the decoys show are synthetic.",
    );
    let facts = vec![
        (language.of("记录数", "Records"), chain.records.to_string()),
        (language.of("签名根", "Signed roots"), chain.roots.to_string()),
        (
            language.of("链首", "Head of the chain"),
            format!("{} {}", chain.head.seq, hex::encode(chain.head.hash)),
        ),
        (language.of("验证公钥", "Public key"), chain.key.clone()),
    ];
    let mut blocks = vec![
        Block::Heading(language.of("完整性", "Integrity")),
        Block::Text(text.into()),
        Block::Facts(facts),
    ];
    if !absent.is_empty() {
        blocks.push(Block::Heading(language.of("未包含的内容", "What is not in it")));
        blocks.extend(absent.iter().cloned().map(Block::Text));
    }
    blocks
}

fn severity(language: Language, severity: Severity) -> &'static str {
    match severity {
        Severity::High => language.of("高", "high"),
        Severity::Medium => language.of("中", "medium"),
        Severity::Low => language.of("低", "low"),
        Severity::Info => language.of("提示", "info"),
    }
}

/// Beijing time, to the millisecond, with its offset.
fn time(at: Timestamp) -> String {
    at.to_zoned(TimeZone::fixed(jiff::tz::offset(8))).strftime("%Y-%m-%d %H:%M:%S.%3f %:z").to_string()
}

/// Names of the kinds of events, by the name that records give them.
fn kind(language: Language, what: &'static str) -> &'static str {
    const KINDS: [(&str, &str); 19] = [
        ("opened", "连接"),
        ("closed", "断开"),
        ("fingerprint", "客户端特征"),
        ("auth_attempt", "登录"),
        ("request", "请求"),
        ("command", "命令"),
        ("query", "查询"),
        ("record_read", "读取病历数据"),
        ("record_write", "写入病历数据"),
        ("message", "消息"),
        ("transfer", "文件传输"),
        ("tunnel", "外联请求"),
        ("malformed", "异常数据"),
        ("exploit_attempt", "漏洞利用"),
        ("content", "文件内容"),
        ("tampering", "篡改"),
        ("real_data", "疑似真实数据"),
        ("lure_touched", "使用诱饵凭据"),
        ("probe", "探测"),
    ];
    let zh = KINDS.iter().find(|(known, _)| *known == what).map_or(what, |(_, zh)| zh);
    language.of(zh, what)
}
