//! STIX 2.1 (OASIS, 10 June 2021).

use serde_json::{Value, json};
use uuid::Uuid;

use super::{Case, Custody, Indicator, Kind};
use crate::event::attack;
use crate::event::stix::{self, TLP, marking, named, time};

/// The namespace of our other ids: the same case gives the same ids.
const OWN: Uuid = Uuid::from_u128(0x6f3c_8f0a_52d5_5c0e_9a4b_1f67_20de_7a31);

/// The bundle of everything.
pub(super) fn bundle(case: &Case, custody: &Custody, found: &[Indicator]) -> Value {
    let maker = Maker { case: &case.subject, at: time(custody.at) };
    let identity = maker.identity(custody);
    let mut objects = vec![identity.clone(), marking()];
    let mut indicators = Vec::new();
    for indicator in found {
        let Some((observable, pattern)) = observable(&indicator.kind) else { continue };
        let observed = maker.observed(&identity, indicator, &observable);
        let sign = maker.indicator(&identity, indicator, &pattern, case);
        objects.push(maker.sighting(&identity, indicator, &sign, &observed));
        indicators.push(sign["id"].clone());
        objects.extend([observable, observed, sign]);
    }
    for id in case.latest().map(|alert| alert.techniques.as_slice()).unwrap_or_default() {
        let technique = maker.technique(&identity, id);
        objects.extend(indicators.iter().map(|sign| maker.indicates(&identity, sign, &technique["id"])));
        objects.push(technique);
    }
    json!({ "type": "bundle", "id": maker.id("bundle", ""), "objects": objects })
}

struct Maker<'c> {
    case: &'c str,
    at: String,
}

impl Maker<'_> {
    fn id(&self, kind: &str, what: &str) -> String {
        format!("{kind}--{}", named(OWN, &format!("{}\n{kind}\n{what}", self.case)))
    }

    /// What all domain objects have.
    fn object(&self, kind: &str, what: &str, identity: Option<&Value>, more: Value) -> Value {
        let mut object = json!({
            "type": kind,
            "spec_version": "2.1",
            "id": self.id(kind, what),
            "created": self.at,
            "modified": self.at,
            "object_marking_refs": [TLP],
        });
        if let (Some(object), Some(identity)) = (object.as_object_mut(), identity) {
            object.insert("created_by_ref".into(), identity["id"].clone());
        }
        if let (Some(object), Value::Object(more)) = (object.as_object_mut(), more) {
            object.extend(more);
        }
        object
    }

    fn identity(&self, custody: &Custody) -> Value {
        let name = if custody.organisation.is_empty() { "Honeyward" } else { &custody.organisation };
        self.object("identity", name, None, json!({ "name": name, "identity_class": "organization" }))
    }

    fn observed(&self, identity: &Value, indicator: &Indicator, observable: &Value) -> Value {
        let more = json!({
            "first_observed": time(indicator.first),
            "last_observed": time(indicator.last),
            "number_observed": indicator.count,
            "object_refs": [observable["id"]],
        });
        self.object("observed-data", observable["id"].as_str().unwrap_or_default(), Some(identity), more)
    }

    fn indicator(&self, identity: &Value, indicator: &Indicator, pattern: &str, case: &Case) -> Value {
        let confidence = case.latest().map(|alert| alert.confidence);
        let mut more = json!({
            "name": "Seen on a decoy",
            "pattern": pattern,
            "pattern_type": "stix",
            "valid_from": time(indicator.first),
            "indicator_types": ["malicious-activity"],
        });
        if let (Some(more), Some(confidence)) = (more.as_object_mut(), confidence) {
            more.insert("confidence".into(), confidence.into());
        }
        self.object("indicator", pattern, Some(identity), more)
    }

    fn sighting(&self, identity: &Value, indicator: &Indicator, sign: &Value, observed: &Value) -> Value {
        let more = json!({
            "first_seen": time(indicator.first),
            "last_seen": time(indicator.last),
            "count": indicator.count,
            "sighting_of_ref": sign["id"],
            "observed_data_refs": [observed["id"]],
            "where_sighted_refs": [identity["id"]],
        });
        self.object("sighting", sign["id"].as_str().unwrap_or_default(), Some(identity), more)
    }

    fn technique(&self, identity: &Value, id: &str) -> Value {
        let url = format!("https://attack.mitre.org/techniques/{}/", id.replace('.', "/"));
        let reference = json!({ "source_name": "mitre-attack", "external_id": id, "url": url });
        let name = attack::technique(id).unwrap_or(id);
        let more = json!({ "name": name, "external_references": [reference] });
        self.object("attack-pattern", id, Some(identity), more)
    }

    fn indicates(&self, identity: &Value, sign: &Value, technique: &Value) -> Value {
        let what = format!("{sign}{technique}");
        let more = json!({ "relationship_type": "indicates", "source_ref": sign, "target_ref": technique });
        self.object("relationship", &what, Some(identity), more)
    }
}

/// The observable and the pattern that finds it. Software marks have no object of their own in STIX.
fn observable(kind: &Kind) -> Option<(Value, String)> {
    let (name, contributing, more, pattern) = match kind {
        Kind::Source(address) => {
            let name = if address.is_ipv4() { "ipv4-addr" } else { "ipv6-addr" };
            let value = address.to_string();
            let pattern = format!("[{name}:value = '{value}']");
            (name, json!({ "value": value }), json!({}), pattern)
        }
        Kind::File { sha256, name, size } => {
            let pattern = format!("[file:hashes.'SHA-256' = '{sha256}']");
            let contributing = json!({ "hashes": { "SHA-256": sha256 }, "name": name });
            ("file", contributing, json!({ "size": size }), pattern)
        }
        Kind::Url(url) => {
            ("url", json!({ "value": url }), json!({}), format!("[url:value = '{}']", text(url)))
        }
        Kind::Account(account) => {
            let pattern = format!("[user-account:account_login = '{}']", text(account));
            ("user-account", json!({ "account_login": account }), json!({}), pattern)
        }
        Kind::Software("user_agent", _) | Kind::Software(..) => return None,
    };
    Some((stix::observable(name, contributing, more), pattern))
}

/// A string in a pattern, section 9.2.
fn text(value: &str) -> String {
    value.replace('\\', "\\\\").replace('\'', "\\'")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_those_of_the_standard() {
        // RFC 9562, A.4.
        let dns = Uuid::from_u128(0x6ba7_b810_9dad_11d1_80b4_00c0_4fd4_30c8);
        assert_eq!(named(dns, "www.example.com").to_string(), "2ed6657d-e927-568b-95e1-2665a8aea6a2");
        // As the OASIS library of Python makes it.
        let (address, _) = observable(&Kind::Source("198.51.100.3".parse().unwrap())).unwrap();
        assert_eq!(address["id"], "ipv4-addr--28bb3599-77cd-5a82-a950-b5bc3caf07c4");
    }

    #[test]
    fn a_quote_ends_no_pattern() {
        let (_, pattern) = observable(&Kind::Account("o'neil\\".into())).unwrap();
        assert_eq!(pattern, "[user-account:account_login = 'o\\'neil\\\\']");
    }
}
