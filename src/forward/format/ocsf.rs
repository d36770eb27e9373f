//! Open Cybersecurity Schema Framework: class Detection Finding (2004) with the profile Security
//! Control. The schema takes no keys of its makers, so ours stand under `unmapped`.

use serde_json::{Value, json};

use super::{Extent, cut, in_one_line, reason};
use crate::event::{Alert, Severity, Tainted, attack};
use crate::forward::settings::OcsfVersion;

/// Category Findings, class Detection Finding.
const CATEGORY: u32 = 2;
const CLASS: u32 = 2004;

pub(super) fn render(alert: &Alert, version: OcsfVersion, extent: Extent) -> String {
    // 1 is Create, 2 is Update.
    let activity: u32 = if alert.revision == 1 { 1 } else { 2 };
    let words = in_one_line(alert, extent);
    json!({
        "category_uid": CATEGORY,
        "class_uid": CLASS,
        "activity_id": activity,
        "type_uid": CLASS * 100 + activity,
        "time": alert.at.as_millisecond(),
        "severity_id": severity(alert.severity),
        // New.
        "status_id": 1,
        "is_alert": true,
        "confidence_id": confidence(alert.confidence),
        "confidence_score": alert.confidence,
        // Observed; Detected.
        "action_id": 3,
        "disposition_id": 15,
        "message": cut(&words, extent.text),
        "metadata": {
            "version": version.name(),
            "uid": format!("{}:{}", alert.id, alert.revision),
            "sequence": alert.revision,
            "profiles": ["security_control"],
            "product": {
                "name": "Honeyward",
                "vendor_name": "Honeyward",
                "version": env!("CARGO_PKG_VERSION"),
            },
        },
        "finding_info": {
            "uid": alert.id,
            "title": alert.title,
            "first_seen_time": alert.first_seen.as_millisecond(),
            "last_seen_time": alert.last_seen.as_millisecond(),
            "analytic": analytic(alert, extent),
            "attacks": attacks(alert, extent),
        },
        "evidences": [evidence(alert, extent)],
        "resources": resources(alert),
        "unmapped": own(alert, extent),
    })
    .to_string()
}

/// A rule; its name, which the title has too, where there is room.
fn analytic(alert: &Alert, extent: Extent) -> Value {
    match extent.reasons {
        0 => json!({ "type_id": 1, "uid": alert.rule }),
        _ => json!({ "type_id": 1, "uid": alert.rule, "name": alert.title }),
    }
}

fn attacks(alert: &Alert, extent: Extent) -> Vec<Value> {
    let named = |id: &str| match extent.reasons {
        // A frame has no room for names.
        0 => json!({ "uid": id }),
        _ => json!({ "uid": id, "name": attack::technique(id).unwrap_or(id) }),
    };
    let attack = |technique: &String| match technique.split_once('.') {
        Some((whole, _)) => json!({ "technique": named(whole), "sub_technique": named(technique) }),
        None => json!({ "technique": named(technique) }),
    };
    alert.techniques.iter().map(attack).collect()
}

fn evidence(alert: &Alert, extent: Extent) -> Value {
    let mut evidence = json!({
        "src_endpoint": { "ip": alert.source.to_string(), "port": alert.source_port },
        "dst_endpoint": {
            "ip": alert.target.to_string(),
            "port": alert.target_port,
            "hostname": alert.host,
            "svc_name": alert.service,
        },
        // Inbound: the decoy was asked.
        "connection_info": { "direction_id": 1, "protocol_num": alert.transport.number() },
    });
    let account = alert.accounts.first().filter(|_| extent.accounts > 0).map(Tainted::as_untrusted);
    if let (Some(account), Some(evidence)) = (account, evidence.as_object_mut()) {
        evidence.insert("actor".into(), json!({ "user": { "name": cut(account, extent.text) } }));
    }
    evidence
}

fn resources(alert: &Alert) -> Vec<Value> {
    alert.hosts.iter().map(|host| json!({ "name": host, "type": "decoy" })).collect()
}

fn own(alert: &Alert, extent: Extent) -> Value {
    let reasons: Vec<Value> = alert.reasons.iter().take(extent.reasons).map(|r| reason(r, extent)).collect();
    let sessions: Vec<String> =
        alert.sessions.iter().rev().take(extent.sessions).map(ToString::to_string).collect();
    let mut own = json!({
        "title_zh": alert.title_zh,
        "sessions": sessions,
        "reasons": reasons,
        "chain": { "sequence": alert.chain_sequence, "head": alert.chain_head },
        "test": alert.test,
    });
    super::add_campaign(&mut own, alert);
    own
}

fn severity(severity: Severity) -> u8 {
    match severity {
        Severity::High => 4,
        Severity::Medium => 3,
        Severity::Low => 2,
        Severity::Info => 1,
    }
}

/// 1 Low, 2 Medium, 3 High.
fn confidence(percent: u8) -> u8 {
    match percent {
        0..40 => 1,
        40..80 => 2,
        _ => 3,
    }
}
