//! `/modalities/…`: the application entities it knows, and what it is told to do with them.

use std::collections::BTreeMap;

use super::Orthanc;
use super::answers::{Fault, fault, json, missing, not_allowed};
use super::route::{get, parameters};
use crate::decoys::http::dicomweb::jsoncpp::Json;
use crate::decoys::http::engine::{Ask, Reply};
use crate::event::{Observation, Tainted};

/// `/modalities/…`.
pub(super) fn modalities(app: &Orthanc, ask: &Ask<'_>, path: &[&str]) -> Reply {
    const BELOW: [&str; 13] = [
        "configuration",
        "echo",
        "find",
        "find-instance",
        "find-patient",
        "find-series",
        "find-study",
        "find-worklist",
        "move",
        "query",
        "storage-commitment",
        "store",
        "store-straight",
    ];
    let known = &app.behaviour.modality;
    let described = |modality: &super::Modality| {
        let yes = [
            "AllowEcho",
            "AllowEventReport",
            "AllowFind",
            "AllowFindWorklist",
            "AllowGet",
            "AllowMove",
            "AllowNAction",
            "AllowStore",
            "AllowTranscoding",
        ];
        let mut members: BTreeMap<String, Json> =
            yes.into_iter().map(|name| (name.to_owned(), Json::Bool(true))).collect();
        let rest = [
            ("AET", Json::text(&modality.ae_title)),
            ("Host", Json::text(&modality.address)),
            ("LocalAet", Json::text("")),
            ("Manufacturer", Json::text("Generic")),
            ("Port", Json::number(modality.port)),
            ("Timeout", Json::number(0)),
            ("UseDicomTls", Json::Bool(false)),
        ];
        members.extend(rest.map(|(name, value)| (name.to_owned(), value)));
        Json::Object(members)
    };
    let Some((name, rest)) = path.split_first() else {
        return get(ask, || {
            if parameters(ask).get("expand").is_some() {
                let all = known.iter().map(|modality| (modality.name.clone(), described(modality)));
                return json(&Json::Object(all.collect()));
            }
            json(&Json::texts(known.iter().map(|modality| modality.name.clone())))
        });
    };
    let Some(modality) = known.iter().find(|modality| modality.name == *name) else {
        if rest.is_empty() && ask.head.method() == b"DELETE" {
            let details = format!("Unknown DICOM modality with symbolic name: {name}");
            return fault(ask, Fault::Inexistent, Some(&details));
        }
        return missing();
    };
    match rest {
        [] => get(ask, || json(&Json::texts(BELOW))),
        ["configuration"] => get(ask, || json(&described(modality))),
        [verb] if BELOW.contains(verb) => {
            if ask.head.method() != b"POST" {
                return not_allowed("POST");
            }
            ask.session.emit(Observation::Tunnel {
                means: format!("orthanc {verb}"),
                target: Tainted::new(&modality.ae_title),
                relayed: false,
            });
            if let Some(refused) = refused(ask, verb) {
                return refused;
            }
            let details = format!(
                "DicomAssociation - connecting to AET \"{}\": TCP Initialization Error: Connection refused",
                modality.ae_title
            );
            fault(ask, Fault::Network, Some(&details))
        }
        _ => fault(ask, Fault::Unknown, None),
    }
}

/// What is wrong with a request before anybody is called.
fn refused(ask: &Ask<'_>, verb: &str) -> Option<Reply> {
    let body: serde_json::Value = serde_json::from_slice(ask.body).unwrap_or_default();
    let lacks = |names: &[&str]| names.iter().all(|name| body.get(name).is_none());
    let details = match verb {
        "query" if !body.is_object() => "Must provide a JSON object",
        "store" if body.is_null() => "Must provide a JSON value",
        "query" if lacks(&["Level"]) => "The JSON body must contain field Level",
        "store" if body.is_object() && lacks(&["Resources"]) => "Missing field in JSON: \"Resources\"",
        "move" if lacks(&["Resources"]) || lacks(&["Level"]) => {
            "Must provide a JSON body containing fields Resources and Level"
        }
        "storage-commitment" if lacks(&["Resources", "DicomInstances"]) => {
            "Empty storage commitment request, one of these fields is mandatory: \"Resources\" or \"DicomInstances\""
        }
        "store-straight" if ask.body.get(128..132) != Some(b"DICM".as_slice()) => {
            let details = format!("Cannot parse an invalid DICOM file (size: {} bytes)", ask.body.len());
            return Some(fault(ask, Fault::BadFile, Some(&details)));
        }
        "find-study" | "find-series" | "find-instance" if !narrows(&body, verb) => {
            return Some(Reply::new(400));
        }
        _ => return None,
    };
    Some(fault(ask, Fault::BadFile, Some(details)))
}

/// Whether a query names what lies above its level, in more than two letters.
fn narrows(keys: &serde_json::Value, verb: &str) -> bool {
    let given = |name: &str| keys.get(name).and_then(|key| key.as_str()).is_some_and(|key| key.len() > 2);
    let study = given("PatientID") || given("AccessionNumber");
    match verb {
        "find-study" => study,
        "find-series" => study && given("StudyInstanceUID"),
        _ => study && given("StudyInstanceUID") && given("SeriesInstanceUID"),
    }
}
