//! One flat JSON object for Chinese platforms: the keys that their parsers know, values that a rule
//! can match without looking inside, local time. What stands for what is in `docs/operator/siem.md`.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Map, Value, json};

use super::{Extent, cut};
use crate::event::{Alert, Severity, Tainted};

pub(super) fn render(alert: &Alert, timezone: &str, extent: Extent) -> String {
    let zone = TimeZone::get(timezone).unwrap_or(TimeZone::UTC);
    let local = |at: Timestamp| at.to_zoned(zone.clone()).strftime("%Y%m%d %H:%M:%S").to_string();
    let sessions: Vec<String> =
        alert.sessions.iter().rev().take(extent.sessions).map(ToString::to_string).collect();
    let account = alert.accounts.first().filter(|_| extent.accounts > 0).map(Tainted::as_untrusted);
    let (level, class) = (level(alert.severity), strongest(alert));
    let pairs = [
        ("alarmname", json!(alert.title_zh)),
        ("alarmlevel", json!(level)),
        ("reliability", json!(alert.confidence)),
        ("attackstage", json!(stage(class))),
        ("attacktype", json!(class)),
        ("successtag", json!(u8::from(succeeded(class)))),
        ("srcip", json!(alert.source.to_string())),
        ("srcport", json!(alert.source_port)),
        ("dstip", json!(alert.target.to_string())),
        ("dstport", json!(alert.target_port)),
        ("protocol", json!(alert.service)),
        ("username", json!(cut(account.unwrap_or_default(), extent.text))),
        ("ruleid", json!(alert.rule)),
        ("rulename", json!(alert.title)),
        ("alertcount", json!(alert.revision)),
        ("occurtime", json!(local(alert.first_seen))),
        ("updatetime", json!(local(alert.last_seen))),
        ("description", json!(cut(&description(alert, extent), extent.text))),
        ("alert_id", json!(alert.id)),
        ("revision", json!(alert.revision)),
        ("session_id", json!(sessions.join(","))),
        ("decoy", json!(alert.host)),
        ("decoys", json!(alert.hosts.join(","))),
        ("mitre", json!(alert.techniques.join(","))),
        ("chain_seq", json!(alert.chain_sequence)),
        ("chain_head", json!(alert.chain_head)),
        ("campaign_id", json!(alert.parent.as_deref().unwrap_or_default())),
        ("test", json!(u8::from(alert.test))),
    ];
    let object: Map<String, Value> = pairs.into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
    Value::Object(object).to_string()
}

/// 1 轻微, 2 低, 3 中, 4 高.
fn level(severity: Severity) -> u8 {
    match severity {
        Severity::Info => 1,
        Severity::Low => 2,
        Severity::Medium => 3,
        Severity::High => 4,
    }
}

fn strongest(alert: &Alert) -> &str {
    alert.reasons.iter().max_by_key(|reason| reason.probability).map_or("", |reason| &reason.class)
}

/// The step of an attack that a class of evidence belongs to.
fn stage(class: &str) -> &'static str {
    match class {
        "E4" | "E4b" => "credential_access",
        "E5" => "lateral_movement",
        "E6" => "collection",
        "E7" => "impact",
        _ => "reconnaissance",
    }
}

/// Whether he got in or got something: a probe or a refused password is no success.
fn succeeded(class: &str) -> bool {
    matches!(class, "E5" | "E6" | "E7")
}

fn description(alert: &Alert, extent: Extent) -> String {
    let reasons: Vec<&str> = alert.reasons.iter().take(extent.reasons).map(|r| r.zh.as_str()).collect();
    if reasons.is_empty() { alert.title_zh.clone() } else { reasons.join("；") }
}
