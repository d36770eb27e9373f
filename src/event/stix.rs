//! What our STIX 2.1 documents share: marking, times, and ids that are made of what they name.

use jiff::Timestamp;
use serde_json::{Value, json};
use sha1::{Digest, Sha1};
use uuid::{Builder, Uuid};

/// Namespace of observables' ids (section 2.9).
const OBSERVABLES: Uuid = Uuid::from_u128(0x00ab_edb4_aa42_466c_9c01_fed2_3315_a9b7);

/// TLP:AMBER+STRICT of TLP 2.0, with the extension that OASIS gives it: addresses are the hospital's own.
pub const TLP: &str = "marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003";
const TLP_EXTENSION: &str = "extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d";

/// The definition of the marking.
pub fn marking() -> Value {
    json!({
        "type": "marking-definition",
        "spec_version": "2.1",
        "id": TLP,
        "created": "2022-10-01T00:00:00.000Z",
        "name": "TLP:AMBER+STRICT",
        "extensions": {
            TLP_EXTENSION: { "extension_type": "property-extension", "tlp_2_0": "amber+strict" },
        },
    })
}

/// An observable, whose id is made of its contributing properties; `more` are its other ones.
pub fn observable(kind: &str, contributing: Value, more: Value) -> Value {
    // serde_json's objects are sorted by key, which is what RFC 8785 asks of these.
    let id = format!("{kind}--{}", named(OBSERVABLES, &contributing.to_string()));
    let head = json!({ "type": kind, "spec_version": "2.1", "id": id, "object_marking_refs": [TLP] });
    joined([head, contributing, more])
}

/// One object with the properties of all.
pub fn joined(parts: impl IntoIterator<Item = Value>) -> Value {
    let objects = parts.into_iter().filter_map(|part| match part {
        Value::Object(part) => Some(part),
        _ => None,
    });
    Value::Object(objects.flatten().collect())
}

/// Milliseconds, as section 3.2 asks of `created` and `modified`.
pub fn time(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string()
}

/// A UUID of version 5 (RFC 9562 5.5).
pub fn named(space: Uuid, name: &str) -> Uuid {
    let digest: [u8; 20] = Sha1::new().chain_update(space.as_bytes()).chain_update(name).finalize().into();
    let mut bytes = [0; 16];
    bytes.iter_mut().zip(digest).for_each(|(byte, of)| *byte = of);
    Builder::from_sha1_bytes(bytes).into_uuid()
}
