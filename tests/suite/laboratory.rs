//! The laboratory's day on the wire: analysers, the laboratory's system and the information system
//! talk over real connections, in whole and correct messages, and nobody is alarmed.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use tempfile::TempDir;

use crate::consoles::by_day;
use crate::honeynet::{Honeynet, client, within};

const HOSTS: [(&str, u8); 7] = [
    ("his", 11),
    ("lis", 13),
    ("heme01", 31),
    ("chem01", 32),
    ("immu01", 33),
    ("gas01", 34),
    ("nport01", 35),
];

/// Analysers that come up make up for half an hour; a slow machine needs its time.
const LIMIT: Duration = Duration::from_secs(120);

/// Between the end of a session and the cut of its packets.
const SETTLE: SignedDuration = SignedDuration::from_secs(2);

/// Who calls whom: host and service that are called, and how often at least. The blood gas analyser and the
/// one behind the serial server measure a few times an hour, so that chance says whether a test hears them:
/// their own tests play their calls.
const CALLS: [(&str, &str, usize); 3] = [("lis", "astm", 4), ("lis", "mllp", 4), ("his", "mllp", 2)];

fn personas(folder: &Path) -> String {
    by_day(folder);
    format!("[honeynet]\npersonas = \"{}\"\n", folder.display())
}

fn own_sessions(net: &Honeynet) -> Vec<Value> {
    let all = net.json(&["sessions", "--own", "--json", "--limit", "10000"]);
    let settled = Timestamp::now() - SETTLE;
    let ended = |session: &Value| session["closed"].as_str().and_then(|at| at.parse::<Timestamp>().ok());
    all.into_iter().filter(|session| ended(session).is_some_and(|at| at < settled)).collect()
}

/// What Wireshark's dissector makes of a session of HL7: its message types, and what it marks.
fn dissected(net: &Honeynet, session: &Value) -> (String, usize) {
    let id = session["id"].as_str().unwrap();
    let file = net.scratch(&format!("{id}.pcapng"));
    within(Duration::from_secs(10), "packets", || {
        let output = net.honeyward(&["pcap", id, "-o", file.to_str().unwrap()]);
        output.status.success().then_some(())
    });
    let port = format!("tcp.port=={},hl7", session["target_port"]);
    let options = [
        "-r",
        file.to_str().unwrap(),
        "-d",
        &port,
        "-Y",
        "hl7",
        "-T",
        "fields",
        "-e",
        "_ws.col.Info",
        "-e",
        "_ws.malformed",
    ];
    let said = String::from_utf8(client("tshark", "tshark", &options).stdout).unwrap();
    let malformed =
        said.lines().filter_map(|line| line.split('\t').nth(1)).filter(|mark| !mark.is_empty()).count();
    (said, malformed)
}

#[test]
fn the_laboratory_lives_and_nobody_is_alarmed() {
    let pack = TempDir::new().unwrap();
    let net = Honeynet::sensing("pacing = false\ntraffic_interval = 120\n", &HOSTS, &personas(pack.path()));
    let mut counts = BTreeMap::new();
    let sessions = within(LIMIT, "calls of all kinds", || {
        let sessions = own_sessions(&net);
        counts.clear();
        for session in &sessions {
            let key = (
                session["host"].as_str().unwrap().to_owned(),
                session["service"].as_str().unwrap().to_owned(),
            );
            *counts.entry(key).or_insert(0) += 1;
        }
        let enough = |(host, service, least): &(&str, &str, usize)| {
            counts.get(&((*host).to_owned(), (*service).to_owned())).is_some_and(|count| count >= least)
        };
        CALLS.iter().all(enough).then_some(sessions)
    });
    let mut messages = 0;
    for session in &sessions {
        assert_eq!(session["own"], true);
        assert_eq!(session["counts"]["malformed"], 0, "{session}");
        if session["service"] == "mllp" && messages < 6 {
            messages += 1;
            let (said, malformed) = dissected(&net, session);
            assert!(
                malformed == 0 && (said.contains("ADT") || said.contains("OR")) && said.contains("ACK"),
                "{said}"
            );
        }
    }
    assert_eq!(net.json(&["sessions", "--json"]), Vec::<Value>::new(), "nobody came");
    assert_eq!(net.json(&["alerts", "--json"]), Vec::<Value>::new());
}

#[test]
fn without_traffic_nobody_calls() {
    let pack = TempDir::new().unwrap();
    let hosts = [("lis", 13), ("heme01", 31), ("chem01", 32), ("ct01", 21), ("pacs", 12), ("ris", 16)];
    let sensor = "pacing = false\ntraffic = false\ntraffic_interval = 10\n";
    let net = Honeynet::sensing(sensor, &hosts, &personas(pack.path()));
    // With traffic the first calls come within a second or two.
    std::thread::sleep(Duration::from_secs(12));
    assert_eq!(net.json(&["sessions", "--own", "--json"]), Vec::<Value>::new());
}

#[test]
fn a_living_honeynet_stops_at_once() {
    let pack = TempDir::new().unwrap();
    let sensor = "pacing = false\ntraffic_interval = 60\n";
    let mut net = Honeynet::sensing(sensor, &HOSTS, &personas(pack.path()));
    within(LIMIT, "a call", || (!net.json(&["sessions", "--own", "--json"]).is_empty()).then_some(()));
    let asked = Instant::now();
    assert!(net.stop().success());
    assert!(asked.elapsed() < Duration::from_secs(5), "{:?}", asked.elapsed());
}
