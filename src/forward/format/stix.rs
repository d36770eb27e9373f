//! STIX 2.1 (OASIS, 10 June 2021) in the envelope of TAXII 2.1: the source as an indicator, what was observed,
//! and the techniques. Addresses are the hospital's own, so everything is marked TLP:AMBER+STRICT. Every
//! revision has the same ids; `modified` tells which holds.

use jiff::Timestamp;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Extent, cut, in_one_line};
use crate::event::stix::{TLP, joined, marking, named, observable, time};
use crate::event::{Alert, Tainted, attack};
use crate::forward::Destination;

/// The namespace of our other ids.
const OWN: Uuid = Uuid::from_u128(0x0d1c_60f4_7c0e_5b13_8d6a_2f50_97b1_44ce);

pub(super) fn render(alert: &Alert, destination: &Destination, extent: Extent) -> String {
    let maker = Maker { alert, host: &destination.hostname };
    let identity = maker.identity();
    let observables = observables(alert, extent);
    let observed = maker.observed(&observables);
    let sign = maker.indicator(extent);
    let mut objects = vec![identity, marking(), maker.sighting(&sign, &observed), sign.clone(), observed];
    objects.extend(observables);
    for id in &alert.techniques {
        let technique = maker.technique(id);
        objects.push(maker.indicates(&sign, &technique));
        objects.push(technique);
    }
    json!({ "objects": objects }).to_string()
}

struct Maker<'a> {
    alert: &'a Alert,
    host: &'a str,
}

impl Maker<'_> {
    /// What all domain objects of this incident have.
    fn object(&self, kind: &str, what: &str, more: Value) -> Value {
        let id = format!("{kind}--{}", named(OWN, &format!("{}\n{kind}\n{what}", self.alert.id)));
        self.lasting(&id, kind, self.alert.at, more)
    }

    fn lasting(&self, id: &str, kind: &str, modified: Timestamp, more: Value) -> Value {
        // What is made anew with each revision was made with the incident.
        let created = opened(self.alert).min(modified);
        let object = json!({
            "type": kind,
            "spec_version": "2.1",
            "id": id,
            "created_by_ref": self.identity_id(),
            "created": time(created),
            "modified": time(modified),
            "object_marking_refs": [TLP],
        });
        joined([object, more])
    }

    fn identity_id(&self) -> String {
        format!("identity--{}", named(OWN, &format!("identity\n{}", self.host)))
    }

    /// The appliance. It never changes, so its times are fixed.
    fn identity(&self) -> Value {
        json!({
            "type": "identity",
            "spec_version": "2.1",
            "id": self.identity_id(),
            "created": time(Timestamp::UNIX_EPOCH),
            "modified": time(Timestamp::UNIX_EPOCH),
            "name": format!("Honeyward {}", self.host),
            "identity_class": "system",
        })
    }

    fn observed(&self, observables: &[Value]) -> Value {
        let refs: Vec<&Value> = observables.iter().filter_map(|object| object.get("id")).collect();
        let more = json!({
            "first_observed": time(self.alert.first_seen),
            "last_observed": time(self.alert.last_seen),
            "number_observed": 1,
            "object_refs": refs,
        });
        self.object("observed-data", "", more)
    }

    fn indicator(&self, extent: Extent) -> Value {
        let alert = self.alert;
        let more = json!({
            "name": alert.title,
            "description": cut(&in_one_line(alert, extent), extent.text),
            "pattern": format!("[{}:value = '{}']", kind(alert.source), alert.source),
            "pattern_type": "stix",
            "valid_from": time(alert.first_seen),
            "indicator_types": ["compromised", "malicious-activity"],
            "confidence": alert.confidence,
            "labels": [alert.rule, if alert.test { "test" } else { "deception" }],
            "external_references": [
                { "source_name": "honeyward", "external_id": format!("{}:{}", alert.id, alert.revision) },
            ],
        });
        self.object("indicator", "", more)
    }

    fn sighting(&self, sign: &Value, observed: &Value) -> Value {
        let more = json!({
            "first_seen": time(self.alert.first_seen),
            "last_seen": time(self.alert.last_seen),
            "count": self.alert.revision,
            "sighting_of_ref": sign["id"],
            "observed_data_refs": [observed["id"]],
            "where_sighted_refs": [self.identity_id()],
        });
        self.object("sighting", "", more)
    }

    /// The same for all incidents: one object of a technique for one appliance.
    fn technique(&self, id: &str) -> Value {
        let url = format!("https://attack.mitre.org/techniques/{}/", id.replace('.', "/"));
        let object = format!("attack-pattern--{}", named(OWN, &format!("{}\n{id}", self.host)));
        let epoch = Timestamp::UNIX_EPOCH;
        let more = json!({
            "name": attack::technique(id).unwrap_or(id),
            "external_references": [{ "source_name": "mitre-attack", "external_id": id, "url": url }],
        });
        self.lasting(&object, "attack-pattern", epoch, more)
    }

    fn indicates(&self, sign: &Value, technique: &Value) -> Value {
        let more = json!({
            "relationship_type": "indicates",
            "source_ref": sign["id"],
            "target_ref": technique["id"],
        });
        self.object("relationship", &technique["id"].to_string(), more)
    }
}

/// Both addresses, what passed between them, the accounts.
fn observables(alert: &Alert, extent: Extent) -> Vec<Value> {
    let address = |at: std::net::IpAddr| observable(kind(at), json!({ "value": at.to_string() }), json!({}));
    let (source, target) = (address(alert.source), address(alert.target));
    let traffic = observable(
        "network-traffic",
        json!({
            "src_ref": source["id"],
            "src_port": alert.source_port,
            "dst_ref": target["id"],
            "dst_port": alert.target_port,
            "protocols": [alert.transport.name(), alert.service],
            "start": time(alert.first_seen),
        }),
        json!({}),
    );
    let login = |account: &Tainted| {
        let login = cut(account.as_untrusted(), extent.text);
        observable("user-account", json!({ "account_login": login }), json!({}))
    };
    let mut objects = vec![source, target, traffic];
    objects.extend(alert.accounts.iter().take(extent.accounts).filter(|a| !a.is_empty()).map(login));
    objects.dedup();
    objects
}

fn kind(address: std::net::IpAddr) -> &'static str {
    if address.is_ipv4() { "ipv4-addr" } else { "ipv6-addr" }
}

/// When the incident was opened, which its id (UUIDv7) tells.
fn opened(alert: &Alert) -> Timestamp {
    let id = Uuid::parse_str(&alert.id).ok();
    let at = id.and_then(|id| id.get_timestamp()).map(|at| at.to_unix());
    at.and_then(|(seconds, nanoseconds)| {
        Timestamp::new(i64::try_from(seconds).ok()?, i32::try_from(nanoseconds).ok()?).ok()
    })
    .unwrap_or(alert.first_seen)
}
