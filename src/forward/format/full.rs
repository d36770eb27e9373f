//! An alert in words for people inside the hospital, zh and en: who, where, why, and how to look further.
//! Text of the intruder is shown escaped.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::{Extent, brief, cut};
use crate::event::{Alert, Tainted, attack};
use crate::forward::Destination;

pub(super) fn render(alert: &Alert, destination: &Destination, extent: Extent) -> String {
    let zone = TimeZone::get(&destination.timezone).unwrap_or(TimeZone::UTC);
    let local = |at: Timestamp| at.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M:%S %:z").to_string();
    let shown = |account: &Tainted| cut(&account.for_terminal(), extent.text).to_owned();
    let accounts: Vec<String> = alert.accounts.iter().take(extent.accounts).map(shown).collect();
    let mut lines = vec![
        format!("来源 Source: {}", alert.source),
        format!(
            "目标 Target: {} {}:{}/{} ({})",
            alert.host,
            alert.target,
            alert.target_port,
            alert.transport.name(),
            alert.service
        ),
        format!("时间 Time: {} – {}", local(alert.first_seen), local(alert.last_seen)),
        format!("置信度 Confidence: {} %", alert.confidence),
        format!("规则 Rule: {}", alert.rule),
    ];
    let lists = [("账号 Accounts", accounts), ("诱饵主机 Decoys", alert.hosts.clone())];
    lines.extend(
        lists.iter().filter(|(_, all)| !all.is_empty()).map(|(k, all)| format!("{k}: {}", all.join(", "))),
    );
    lines.push(String::new());
    for reason in alert.reasons.iter().take(extent.reasons) {
        let (zh, en) = (harmless(&reason.zh), harmless(&reason.en));
        let (zh, en) = (cut(&zh, extent.text), cut(&en, extent.text));
        lines.push(format!("- [{} {} %] {zh} / {en}", reason.class, reason.probability));
    }
    if !alert.techniques.is_empty() {
        lines.push(String::new());
        let named = |id: &String| format!("- ATT&CK {id} {}", attack::technique(id).unwrap_or_default());
        lines.extend(alert.techniques.iter().map(named));
    }
    lines.push(String::new());
    lines.push(format!("事件 Incident: {} #{}", alert.id, alert.revision));
    lines.push(format!("证据链 Chain: {}:{}", alert.chain_sequence, alert.chain_head));
    if alert.test {
        lines.push("测试 Test".to_owned());
    }
    lines.extend(brief::link(alert, destination));
    lines.join("\n")
}

/// The reasons hold what the intruder sent.
fn harmless(text: &str) -> String {
    Tainted::from(text).for_terminal()
}
