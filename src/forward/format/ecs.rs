//! Elastic Common Schema: one JSON object. `event.kind` is `alert`; what ECS has no field for is
//! under `honeyward`. What stands for what is in `docs/operator/siem.md`.

use serde_json::{Map, Value, json};

use super::{Extent, cut, in_one_line, reason};
use crate::event::{Alert, Severity, Tainted, attack};

pub(super) const ECS_VERSION: &str = "8.17.0";

pub(super) fn render(alert: &Alert, extent: Extent) -> String {
    let accounts: Vec<&str> = alert
        .accounts
        .iter()
        .take(extent.accounts)
        .map(Tainted::as_untrusted)
        .map(|a| cut(a, extent.text))
        .collect();
    let mut event = json!({
        "@timestamp": alert.at.to_string(),
        "ecs": { "version": ECS_VERSION },
        "event": {
            "kind": "alert",
            "category": ["intrusion_detection"],
            "type": ["info"],
            "module": "honeyward",
            "dataset": "honeyward.alert",
            "provider": "honeyward",
            "id": alert.id,
            "code": alert.rule,
            "severity": severity(alert.severity),
            "risk_score": alert.confidence,
            "reason": cut(&in_one_line(alert, extent), extent.text),
            "start": alert.first_seen.to_string(),
            "end": alert.last_seen.to_string(),
            "sequence": alert.revision,
        },
        "rule": { "id": alert.rule, "name": alert.title },
        "source": { "ip": alert.source.to_string(), "port": alert.source_port },
        "destination": {
            "ip": alert.target.to_string(),
            "port": alert.target_port,
            "domain": alert.host,
        },
        "network": { "transport": alert.transport.name(), "protocol": alert.service },
        "observer": {
            "type": "honeypot",
            "vendor": "Honeyward",
            "product": "Honeyward",
            "version": env!("CARGO_PKG_VERSION"),
        },
        "related": { "ip": [alert.source.to_string(), alert.target.to_string()], "hosts": alert.hosts },
        "message": alert.title,
        "honeyward": own(alert, extent),
    });
    if let Some(object) = event.as_object_mut() {
        add_accounts(object, &accounts);
        add_techniques(object, alert, extent);
    }
    event.to_string()
}

fn own(alert: &Alert, extent: Extent) -> Value {
    let reasons: Vec<Value> = alert.reasons.iter().take(extent.reasons).map(|r| reason(r, extent)).collect();
    let sessions: Vec<String> =
        alert.sessions.iter().rev().take(extent.sessions).map(ToString::to_string).collect();
    let mut own = json!({
        "revision": alert.revision,
        "confidence": alert.confidence,
        "severity": alert.severity,
        "title_zh": alert.title_zh,
        "service": alert.service,
        "sessions": sessions,
        "reasons": reasons,
        "chain": { "sequence": alert.chain_sequence, "head": alert.chain_head },
        "test": alert.test,
    });
    super::add_campaign(&mut own, alert);
    own
}

fn add_accounts(event: &mut Map<String, Value>, accounts: &[&str]) {
    if let Some(first) = accounts.first() {
        event.insert("user".into(), json!({ "name": first }));
        if let Some(related) = event.get_mut("related").and_then(Value::as_object_mut) {
            related.insert("user".into(), json!(accounts));
        }
    }
}

fn add_techniques(event: &mut Map<String, Value>, alert: &Alert, extent: Extent) {
    if alert.techniques.is_empty() {
        return;
    }
    let whole = alert.techniques.iter().map(|t| t.split('.').next().unwrap_or(t));
    let mut technique = named(whole, extent);
    let mut subs = alert.techniques.iter().map(String::as_str).filter(|t| t.contains('.')).peekable();
    if subs.peek().is_some()
        && let Some(object) = technique.as_object_mut()
    {
        object.insert("subtechnique".into(), named(subs, extent));
    }
    event.insert("threat".into(), json!({ "framework": "MITRE ATT&CK", "technique": technique }));
}

/// Ids and, where there is room, their names in the same order.
fn named<'a>(ids: impl Iterator<Item = &'a str>, extent: Extent) -> Value {
    let (ids, names): (Vec<&str>, Vec<&str>) =
        ids.map(|id| (id, attack::technique(id).unwrap_or(id))).unzip();
    if extent.reasons == 0 { json!({ "id": ids }) } else { json!({ "id": ids, "name": names }) }
}

fn severity(severity: Severity) -> u8 {
    match severity {
        Severity::High => 90,
        Severity::Medium => 60,
        Severity::Low => 30,
        Severity::Info => 10,
    }
}
