//! A MISP event (core format, draft-dulaunoy-misp-core-format): one for each incident, with the ids of its
//! parts the same in every revision. It is for the own organisation only (distribution 0).

use jiff::Timestamp;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use uuid::{Builder, Uuid};

use super::{Extent, cut, in_one_line};
use crate::event::{Alert, Severity, Tainted, attack};

pub(super) fn render(alert: &Alert, extent: Extent) -> String {
    // An edit must be newer than what is there, in whole seconds: revisions may share one.
    let stamp = alert.at.as_second() + i64::from(alert.revision);
    json!({ "Event": {
        "uuid": event_id(alert),
        "info": format!("Honeyward: {}", alert.title),
        "date": alert.first_seen.strftime("%Y-%m-%d").to_string(),
        "timestamp": stamp.to_string(),
        "threat_level_id": threat(alert.severity),
        "analysis": "1",
        "distribution": "0",
        "published": false,
        "Tag": tags(alert),
        "Attribute": attributes(alert, extent, stamp),
    }})
    .to_string()
}

/// The incident's own id, or one made of it.
fn event_id(alert: &Alert) -> Uuid {
    Uuid::parse_str(&alert.id).unwrap_or_else(|_| own(&alert.id))
}

fn threat(severity: Severity) -> &'static str {
    match severity {
        Severity::High => "1",
        Severity::Medium => "2",
        Severity::Low => "3",
        Severity::Info => "4",
    }
}

fn tags(alert: &Alert) -> Vec<Value> {
    let mut tags = vec![
        json!({ "name": "tlp:amber+strict" }),
        json!({ "name": "honeypot-basic:interaction-level=\"medium\"" }),
        json!({ "name": "honeypot-basic:data-capture=\"network-capture\"" }),
    ];
    let pattern = |id: &String| {
        let name = attack::technique(id)?;
        Some(json!({ "name": format!("misp-galaxy:mitre-attack-pattern=\"{name} - {id}\"") }))
    };
    tags.extend(alert.techniques.iter().filter_map(pattern));
    tags
}

fn attributes(alert: &Alert, extent: Extent, stamp: i64) -> Vec<Value> {
    let words = in_one_line(alert, extent);
    let mut found = vec![
        ("ip-src", "Network activity", alert.source.to_string(), "intruder"),
        ("ip-dst|port", "Network activity", format!("{}|{}", alert.target, alert.target_port), "decoy"),
        ("text", "Internal reference", format!("{}:{}", alert.id, alert.revision), "incident and revision"),
        ("comment", "Other", cut(&words, extent.text).to_owned(), "reasons"),
    ];
    let account = |account: &Tainted| {
        let account = cut(account.as_untrusted(), extent.text).to_owned();
        ("target-user", "Targeting data", account, "tried or used")
    };
    found.extend(alert.accounts.iter().take(extent.accounts).filter(|a| !a.is_empty()).map(account));
    let span = (alert.first_seen, alert.last_seen);
    // What says how far the incident is changes with it; the others are what they are.
    let id = |kind: &str, value: &str| match kind {
        "text" | "comment" => own(&format!("{}\n{kind}", alert.id)),
        _ => own(&format!("{}\n{kind}\n{value}", alert.id)),
    };
    found
        .into_iter()
        .map(|(kind, category, value, comment)| {
            attribute((kind, category), id(kind, &value), &value, comment, span, stamp)
        })
        .collect()
}

fn attribute(
    (kind, category): (&str, &str),
    id: Uuid,
    value: &str,
    comment: &str,
    (first, last): (Timestamp, Timestamp),
    stamp: i64,
) -> Value {
    json!({
        "uuid": id,
        "type": kind,
        "category": category,
        "value": value,
        "comment": comment,
        // Addresses inside a hospital would mark its own machines on every sensor that reads this.
        "to_ids": false,
        "timestamp": stamp.to_string(),
        "first_seen": first.to_string(),
        "last_seen": last.to_string(),
        "distribution": "5",
    })
}

fn own(what: &str) -> Uuid {
    let digest: [u8; 32] = Sha256::digest(what).into();
    let mut bytes = [0; 16];
    bytes.iter_mut().zip(digest).for_each(|(byte, of)| *byte = of);
    Builder::from_custom_bytes(bytes).into_uuid()
}
