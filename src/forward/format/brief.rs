//! A few lines for a chat robot or a mailbox. They leave the hospital, so they hold nothing but the
//! rule, the decoy, the time and the number of the incident: no address, no account, no patient.

use jiff::tz::TimeZone;

use crate::event::{Alert, Severity};
use crate::forward::{Carriage, Destination};

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
    if let Some(link) = link(alert, destination) {
        // A robot shows Markdown, a mail reader finds links by itself.
        out.push_str(&match destination.transport.carriage() {
            Carriage::Mail => format!("\n- {link}"),
            Carriage::Syslog | Carriage::Post | Carriage::Record => format!("\n- [{link}]({link})"),
        });
    }
    out
}

/// Where the incident is shown.
pub(super) fn link(alert: &Alert, destination: &Destination) -> Option<String> {
    let console = destination.console.as_deref()?.trim_end_matches('/');
    Some(format!("{console}/incidents/{}", alert.id))
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::High => "高 High",
        Severity::Medium => "中 Medium",
        Severity::Low => "低 Low",
        Severity::Info => "提示 Info",
    }
}
