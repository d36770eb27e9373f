//! A MISP event (core format, draft-dulaunoy-misp-core-format).

use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use uuid::{Builder, Uuid};

use super::{Case, Custody, Indicator, Kind};
use crate::event::Severity;

/// The event with its attributes.
pub(super) fn event(case: &Case, custody: &Custody, found: &[Indicator]) -> Value {
    let alert = case.latest();
    let threat = match alert.map(|alert| alert.severity) {
        Some(Severity::High) => "1",
        Some(Severity::Medium) => "2",
        Some(Severity::Low) => "3",
        Some(Severity::Info) | None => "4",
    };
    let date = case.sessions.first().map_or(custody.at, |taken| taken.row.opened).strftime("%Y-%m-%d");
    let title = alert.map_or("activity on a decoy", |alert| alert.title.as_str());
    let attributes: Vec<Value> = found.iter().map(|indicator| attribute(case, indicator)).collect();
    let mut tags = vec![json!({ "name": "tlp:amber+strict" })];
    tags.push(json!({ "name": "honeypot-basic:interaction-level=\"medium\"" }));
    tags.push(json!({ "name": "honeypot-basic:data-capture=\"network-capture\"" }));
    json!({ "Event": {
        "uuid": own(&case.subject),
        "info": format!("Honeyward: {title}"),
        "date": date.to_string(),
        "timestamp": custody.at.as_second().to_string(),
        "threat_level_id": threat,
        "analysis": "1",
        "distribution": "0",
        "published": false,
        "Tag": tags,
        "Attribute": attributes,
    }})
}

fn attribute(case: &Case, indicator: &Indicator) -> Value {
    let (kind, category, value) = match &indicator.kind {
        Kind::Source(address) => ("ip-src", "Network activity", address.to_string()),
        Kind::File { sha256, name, .. } => {
            // A bar separates the two parts.
            ("filename|sha256", "Payload delivery", format!("{}|{sha256}", name.replace('|', "_")))
        }
        Kind::Url(url) => ("url", "Network activity", url.clone()),
        Kind::Account(account) => ("target-user", "Targeting data", account.clone()),
        Kind::Software("user_agent", value) => ("user-agent", "Network activity", value.clone()),
        Kind::Software("hassh", value) => ("hassh-md5", "Network activity", value.clone()),
        Kind::Software(_, value) => ("other", "Network activity", value.clone()),
    };
    let comment = match &indicator.kind {
        Kind::Software(mark, _) => *mark,
        _ => "",
    };
    json!({
        "uuid": own(&format!("{}\n{kind}\n{value}", case.subject)),
        "type": kind,
        "category": category,
        "value": value,
        "comment": comment,
        "to_ids": matches!(indicator.kind, Kind::File { .. } | Kind::Url(_)),
        "first_seen": indicator.first.to_string(),
        "last_seen": indicator.last.to_string(),
        "distribution": "5",
    })
}

/// The same thing has the same id in every export.
fn own(what: &str) -> Uuid {
    let digest: [u8; 32] = Sha256::digest(what).into();
    let mut bytes = [0; 16];
    bytes.iter_mut().zip(digest).for_each(|(byte, of)| *byte = of);
    Builder::from_custom_bytes(bytes).into_uuid()
}
