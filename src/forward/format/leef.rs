//! QRadar Log Event Extended Format 2.0: a header of five fields and the delimiter, then
//! `key=value` pairs. The delimiter is a caret: relays write a tab as `#011`. What stands for what is in
//! `docs/operator/siem.md`.

use super::{Extent, category, cut, in_one_line};
use crate::event::tainted::is_invisible;
use crate::event::{Alert, Severity};

const HEAD: &str = concat!("LEEF:2.0|Honeyward|Honeyward|", env!("CARGO_PKG_VERSION"), "|");

/// Longest value of a key that QRadar knows itself, such as `usrName`.
const NORMALISED: usize = 255;

pub(super) fn render(alert: &Alert, extent: Extent) -> String {
    let mut out = head(&alert.rule);
    let mut first = true;
    let mut put = |key: &str, text: &str, limit: usize| {
        if !text.is_empty() {
            let gap = if std::mem::take(&mut first) { "" } else { "^" };
            out.push_str(&format!("{gap}{key}={}", value(text, limit)));
        }
    };
    put("devTime", &alert.at.as_millisecond().to_string(), NORMALISED);
    put("cat", &category(alert), NORMALISED);
    put("sev", &severity(alert.severity).to_string(), NORMALISED);
    put("proto", &alert.transport.name().to_ascii_uppercase(), NORMALISED);
    put("src", &alert.source.to_string(), NORMALISED);
    put("srcPort", &alert.source_port.to_string(), NORMALISED);
    put("dst", &alert.target.to_string(), NORMALISED);
    put("dstPort", &alert.target_port.to_string(), NORMALISED);
    if let Some(account) = alert.accounts.first().filter(|_| extent.accounts > 0) {
        put("usrName", account.as_untrusted(), NORMALISED);
    }
    put("alertId", &alert.id, NORMALISED);
    put("revision", &alert.revision.to_string(), NORMALISED);
    put("ruleName", &alert.title, NORMALISED);
    put("ruleNameZh", &alert.title_zh, NORMALISED);
    put("confidence", &alert.confidence.to_string(), NORMALISED);
    put("decoy", &alert.host, NORMALISED);
    put("service", &alert.service, NORMALISED);
    put("attack", &alert.techniques.join(","), extent.text);
    put("hosts", &alert.hosts.join(","), extent.text);
    let sessions: Vec<String> =
        alert.sessions.iter().rev().take(extent.sessions).map(ToString::to_string).collect();
    put("sessions", &sessions.join(","), usize::MAX);
    put("firstSeen", &alert.first_seen.as_millisecond().to_string(), NORMALISED);
    put("lastSeen", &alert.last_seen.as_millisecond().to_string(), NORMALISED);
    put("chainHead", &format!("{}:{}", alert.chain_sequence, alert.chain_head), NORMALISED);
    put("campaign", alert.parent.as_deref().unwrap_or_default(), NORMALISED);
    put("reason", &in_one_line(alert, extent), extent.text);
    out
}

/// The five fields of the header and the delimiter.
pub(super) fn head(id: &str) -> String {
    format!("{HEAD}{}|^|", value(id, NORMALISED))
}

/// 1 to 10.
fn severity(severity: Severity) -> u8 {
    match severity {
        Severity::High => 9,
        Severity::Medium => 6,
        Severity::Low => 3,
        Severity::Info => 1,
    }
}

/// The format has no escapes, so what it can't hold is shown: the delimiter, `|`, `^`, line breaks,
/// and what could hide or break something.
pub(super) fn value(text: &str, limit: usize) -> String {
    let mut out = String::new();
    for c in cut(text, limit).chars() {
        if c.is_control() || is_invisible(c) || matches!(c, '|' | '^') {
            out.push_str(&format!("\\u{{{:x}}}", u32::from(c)));
        } else {
            out.push(c);
        }
    }
    out
}
