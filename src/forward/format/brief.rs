//! A few lines of Markdown for a chat robot. They leave the hospital, so they hold nothing but the
//! rule, the decoy, the time and the number of the incident: no address, no account, no patient.

use jiff::tz::TimeZone;

use crate::event::{Alert, Severity};
use crate::forward::Destination;

/// The headline, zh and en.
pub(super) fn headline(alert: &Alert) -> String {
    format!("【{}】{} / {}", level(alert.severity), alert.title_zh, alert.title)
}

pub(super) fn render(alert: &Alert, destination: &Destination) -> String {
    let zone = TimeZone::get(&destination.timezone).unwrap_or(TimeZone::UTC);
    let at = alert.at.to_zoned(zone).strftime("%Y-%m-%d %H:%M:%S %:z");
    let mut out = format!(
        "- 时间 Time: {at}\n- 诱饵 Decoy: {} ({})\n- 置信度 Confidence: {} %\n- 事件 Incident: {} #{}",
        alert.host, alert.service, alert.confidence, alert.id, alert.revision,
    );
    if alert.test {
        out.push_str("\n- 测试 Test");
    }
    if let Some(console) = &destination.console {
        let console = console.trim_end_matches('/');
        out.push_str(&format!("\n- [{console}/incidents/{id}]({console}/incidents/{id})", id = alert.id));
    }
    out
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::High => "高 High",
        Severity::Medium => "中 Medium",
        Severity::Low => "低 Low",
        Severity::Info => "提示 Info",
    }
}
