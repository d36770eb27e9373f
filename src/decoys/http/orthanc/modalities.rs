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
    let Some(modality) = known.iter().find(|modality| modality.name == *name) else { return missing() };
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
            let details = format!(
                "DicomAssociation - connecting to AET \"{}\": TCP Initialization Error: Connection refused",
                modality.ae_title
            );
            fault(ask, Fault::Network, Some(&details))
        }
        _ => fault(ask, Fault::Unknown, None),
    }
}
