//! Indicators to TAXII 2.1 and MISP. Both are strict stand-ins written from the standard and from MISP's own
//! answers: they refuse what the servers would refuse.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex};

use honeyward::forward::Destination;
use serde_json::{Value, json};

use crate::golden::guessing;
use crate::posting::{Post, Receiver, answer, settled, work};

fn destination(dir: &Path, port: u16, path: &str, api: &str, format: &str, token: &str) -> Destination {
    std::fs::write(dir.join("token"), format!("{token}\n")).unwrap();
    let text = format!(
        "name = \"siem\"\nurl = \"http://127.0.0.1:{port}{path}\"\ntransport = \"http\"\napi = \"{api}\"\n\
         format = \"{format}\"\ntoken_file = \"{}\"\n",
        dir.join("token").display()
    );
    let destination: Destination = toml::from_str(&text).unwrap();
    assert!(destination.faults().is_empty(), "{:?}", destination.faults());
    destination
}

/// What a collection has: the newest version of each object.
type Held = Arc<Mutex<BTreeMap<String, Value>>>;

const TAXII: &str = "application/taxii+json;version=2.1";

/// A collection that takes everything but alerts of this number.
fn collection(held: Held, poison: &'static str) -> Receiver {
    Receiver::minded(move |post| {
        if post.header("Authorization") != Some("Basic aHc6czNjcmV0") {
            return answer("401 Unauthorized", r#"{"title":"Unauthorized"}"#);
        }
        if post.header("Accept") != Some(TAXII) || post.header("Content-Type") != Some(TAXII) {
            return answer("406 Not Acceptable", r#"{"title":"Not Acceptable"}"#);
        }
        assert!(post.head.starts_with("POST /api/collections/91a7b528/objects/ HTTP/1.1"), "{}", post.head);
        let objects = post.body["objects"].as_array().unwrap();
        let refused = !poison.is_empty() && post.text.contains(poison);
        if !refused {
            let mut held = held.lock().unwrap();
            objects.iter().for_each(|object| take(&mut held, object));
        }
        let (good, bad) = if refused { (0, objects.len()) } else { (objects.len(), 0) };
        let status = json!({
            "id": "2d086da7-4bdc-4f91-900e-d77486753710", "status": "complete", "total_count": objects.len(),
            "success_count": good, "failure_count": bad, "pending_count": 0,
        });
        answer("202 Accepted", &status.to_string())
    })
}

/// As the standard has it: ids and types, times of what has versions, references within reach.
fn take(held: &mut BTreeMap<String, Value>, object: &Value) {
    let (id, kind) = (object["id"].as_str().unwrap(), object["type"].as_str().unwrap());
    let uuid = id.strip_prefix(&format!("{kind}--")).unwrap_or_else(|| panic!("{object}"));
    uuid::Uuid::parse_str(uuid).unwrap();
    assert_eq!(object["spec_version"], "2.1");
    if let Some(modified) = object["modified"].as_str() {
        let created = object["created"].as_str().unwrap();
        assert!(created <= modified && modified.ends_with('Z') && modified.len() == 24, "{object}");
        if let Some(before) = held.get(id) {
            assert_eq!(before["created"], object["created"], "{object}");
        }
    }
    held.insert(id.to_owned(), object.clone());
}

#[tokio::test]
async fn a_collection_holds_each_incident_once_however_often_it_is_sent() {
    let dir = tempfile::tempdir().unwrap();
    let held = Held::default();
    let receiver = collection(Arc::clone(&held), "");
    let port = receiver.serve().await;
    let to =
        destination(dir.path(), port, "/api/collections/91a7b528/objects/", "taxii", "stix", "hw:s3cret");
    let sent = work(to.clone(), 2, dir.path());
    settled(dir.path(), 2).await;
    assert_eq!(sent.end().await, ["up "]);
    let once = held.lock().unwrap().clone();
    std::fs::remove_file(dir.path().join("siem.cursor")).unwrap();
    let again = work(to, 2, dir.path());
    settled(dir.path(), 2).await;
    again.end().await;
    assert_eq!(*held.lock().unwrap(), once);
    let of = |kind: &str| once.values().filter(|object| object["type"] == kind).count();
    assert_eq!((of("indicator"), of("sighting"), of("observed-data"), of("identity")), (2, 2, 2, 1));
    assert_eq!((of("attack-pattern"), of("ipv4-addr"), of("network-traffic")), (3, 2, 1));
    for object in once.values() {
        let text = object.to_string();
        let named = text.split('"').filter(|word| word.contains("--") && !word.starts_with("extension-"));
        named.for_each(|id| assert!(once.contains_key(id), "{id} is not there"));
    }
}

#[tokio::test]
async fn what_a_collection_fails_to_take_is_set_aside() {
    let dir = tempfile::tempdir().unwrap();
    let held = Held::default();
    let receiver = collection(Arc::clone(&held), "alert-00000:2");
    let port = receiver.serve().await;
    let to =
        destination(dir.path(), port, "/api/collections/91a7b528/objects/", "taxii", "stix", "hw:s3cret");
    let work = work(to, 2, dir.path());
    settled(dir.path(), 2).await;
    let told = work.end().await;
    assert!(told.iter().any(|t| t.starts_with("poison the receiver answered 202 Accepted")), "{told:?}");
    assert!(dir.path().join("siem.poison/alert-00000-2").is_file());
    assert!(!held.lock().unwrap().is_empty());
}

/// MISP: events by their UUID, added once and then edited.
fn misp(events: Held) -> Receiver {
    Receiver::minded(move |post: &Post| {
        let fail = |status: &str, words: &str| {
            answer(status, &json!({ "name": words, "message": words, "url": "/events" }).to_string())
        };
        if post.header("Authorization") != Some("kA3y") {
            return fail("403 Forbidden", "Authentication failed.");
        }
        assert_eq!(post.header("Accept"), Some("application/json"));
        let event = post.body["Event"].clone();
        let id = event["uuid"].as_str().unwrap().to_owned();
        let stamp = |event: &Value| event["timestamp"].as_str().unwrap().parse::<i64>().unwrap();
        let mut events = events.lock().unwrap();
        if post.head.starts_with("POST /events/add HTTP") {
            if events.contains_key(&id) {
                let words =
                    "Event already exists, if you would like to edit it, use the url in the location header.";
                return fail("404 Not Found", words);
            }
        } else {
            assert!(post.head.starts_with(&format!("POST /events/edit/{id} HTTP")), "{}", post.head);
            if stamp(&event) <= stamp(&events[&id]) {
                let words = "Event could not be saved: Event in the request not newer than the local copy.";
                return fail("403 Forbidden", words);
            }
        }
        events.insert(id, event.clone());
        answer("200 OK", &json!({ "Event": event }).to_string())
    })
}

#[tokio::test]
async fn an_incident_is_one_event_of_misp_and_its_revisions_edit_it() {
    let dir = tempfile::tempdir().unwrap();
    let events = Held::default();
    let receiver = misp(Arc::clone(&events));
    let port = receiver.serve().await;
    let to = destination(dir.path(), port, "/events/add", "misp", "misp", "kA3y");
    let sent = work(to.clone(), 2, dir.path());
    settled(dir.path(), 2).await;
    assert_eq!(sent.end().await, ["up "]);
    let mut grown = guessing();
    grown.id = "0193a0b2-7c11-7c3e-9a55-0c2f6b1d4e77".into();
    let first = grown.clone();
    grown.revision += 1;
    grown.source = "10.20.30.41".parse().unwrap();
    let both = [first.clone(), grown, first];
    honeyward::forward::send_tests(&to, &both).await.unwrap();
    let events = events.lock().unwrap();
    assert_eq!(events.len(), 3);
    let event = &events["0193a0b2-7c11-7c3e-9a55-0c2f6b1d4e77"];
    assert_eq!(event["Attribute"][0]["value"], "10.20.30.41", "the earlier revision undid nothing");
    assert_eq!(event["distribution"], "0");
    let tags = event["Tag"].to_string();
    assert!(tags.contains("misp-galaxy:mitre-attack-pattern=\\\"SSH - T1021.004\\\""), "{tags}");
}
