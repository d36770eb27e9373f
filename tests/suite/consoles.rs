//! The consoles' day on the wire, as one sees it who listens: whole associations of the honeynet's own.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use tempfile::TempDir;

use crate::honeynet::{Honeynet, client, within};
use crate::services::copy;

const HOSTS: [(&str, u8); 5] = [("ct01", 21), ("dr01", 23), ("us01", 24), ("ris", 16), ("pacs", 12)];

/// Consoles that come up make up for half an hour; five of them on a slow machine need their time.
const LIMIT: Duration = Duration::from_secs(150);

/// Between the end of a session and the cut of its packets.
const SETTLE: SignedDuration = SignedDuration::from_secs(2);

/// The pack in a time zone where it is half past ten, so that the department works.
pub(crate) fn by_day(folder: &Path) {
    copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("personas/chenglan"), folder);
    let file = folder.join("hospital.toml");
    let hospital = fs::read_to_string(&file).unwrap();
    let minute = Timestamp::now().as_second().rem_euclid(86_400) / 60;
    let offset = format!("utc_offset_minutes = {}", 630 - minute);
    assert!(hospital.contains("utc_offset_minutes = 480"));
    fs::write(file, hospital.replace("utc_offset_minutes = 480", &offset)).unwrap();
}

fn own_sessions(net: &Honeynet) -> Vec<Value> {
    let all = net.json(&["sessions", "--own", "--json", "--limit", "10000"]);
    // Its last packets are in the segment a moment after it ended.
    let settled = Timestamp::now() - SETTLE;
    let ended = |session: &Value| session["closed"].as_str().and_then(|at| at.parse::<Timestamp>().ok());
    all.into_iter().filter(|session| ended(session).is_some_and(|at| at < settled)).collect()
}

/// What Wireshark's dissector makes of a session.
struct Dissected {
    /// Its line for each frame that holds DICOM.
    info: String,
    /// Types of all PDUs, in order.
    types: Vec<String>,
    /// Calling AE titles.
    calling: BTreeSet<String>,
    /// Frames that it can't understand.
    malformed: usize,
}

fn dissected(net: &Honeynet, session: &Value) -> Dissected {
    let id = session["id"].as_str().unwrap();
    let file = net.scratch(&format!("{id}.pcapng"));
    within(Duration::from_secs(10), "packets", || {
        let output = net.honeyward(&["pcap", id, "-o", file.to_str().unwrap()]);
        output.status.success().then_some(())
    });
    let port = format!("tcp.port=={},dicom", session["target_port"]);
    let mut options = vec!["-r", file.to_str().unwrap(), "-d", &port, "-Y", "dicom", "-T", "fields"];
    for field in ["_ws.col.Info", "dicom.pdu.type", "dicom.assoc.ae.calling", "_ws.malformed"] {
        options.extend(["-e", field]);
    }
    let said = String::from_utf8(client("tshark", "tshark", &options).stdout).unwrap();
    let column = |n: usize| said.lines().filter_map(move |line| line.split('\t').nth(n));
    let values = |n| column(n).flat_map(|text| text.split(',')).filter(|v| !v.is_empty()).map(str::to_owned);
    Dissected {
        info: column(0).collect::<Vec<_>>().join("\n"),
        types: values(1).collect(),
        // An acceptance repeats what the request said.
        calling: values(2).map(|title| title.trim().to_owned()).collect(),
        malformed: values(3).count(),
    }
}

#[test]
fn consoles_work_through_the_day_and_nobody_is_alarmed() {
    let pack = TempDir::new().unwrap();
    by_day(pack.path());
    let personas = format!("[honeynet]\npersonas = \"{}\"\n", pack.path().display());
    let net = Honeynet::sensing("pacing = false\ntraffic_interval = 10\n", &HOSTS, &personas);
    let requests = ["C-FIND", "N-CREATE", "C-STORE", "N-SET", "N-ACTION", "N-EVENT-REPORT"];
    let mut wanted = BTreeSet::from(requests);
    let mut seen = BTreeSet::new();
    within(LIMIT, "a whole exam on the wire", || {
        for session in own_sessions(&net) {
            if !wanted.is_empty() && seen.insert(session["id"].to_string()) {
                let said = examined(&net, &session);
                wanted.retain(|verb| !said.contains(&format!("{verb}-RQ ")));
            }
        }
        wanted.is_empty().then_some(())
    });
    assert_eq!(net.json(&["sessions", "--json"]), Vec::<Value>::new(), "nobody came");
    assert_eq!(net.json(&["alerts", "--json"]), Vec::<Value>::new());
}

/// Looks at one association, which is whole and correct; gives its frames in Wireshark's words.
fn examined(net: &Honeynet, session: &Value) -> String {
    assert_eq!(session["own"], true);
    assert_eq!(session["class"], "", "{session}");
    assert_eq!(session["counts"]["malformed"], 0, "{session}");
    assert_eq!(session["counts"]["uploads"], 0, "what consoles send is kept nowhere");
    let Dissected { info, types, calling, malformed } = dissected(net, session);
    assert_eq!(types.first().map(String::as_str), Some("0x01"), "{info}");
    assert_eq!(types.get(1).map(String::as_str), Some("0x02"), "{info}");
    assert_eq!(types.last().map(String::as_str), Some("0x06"), "released in order: {info}");
    assert_eq!(malformed, 0, "{info}");
    let title = calling.first().expect("a calling AE title");
    assert!(calling.len() == 1 && ["CT01", "DR01", "US01"].contains(&title.as_str()), "{calling:?}");
    for status in info.split('(').skip(1) {
        assert!(status.starts_with("Success)") || status.starts_with("Pending)"), "{info}");
    }
    info
}
