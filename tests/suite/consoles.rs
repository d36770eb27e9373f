//! The consoles' day on the wire, as one sees it who listens: whole associations of the honeynet's own.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;
use tempfile::TempDir;

use crate::honeynet::{Honeynet, client, text, within};
use crate::services::copy;

const HOSTS: [(&str, u8); 5] = [("ct01", 21), ("dr01", 23), ("us01", 24), ("ris", 16), ("pacs", 12)];

/// Consoles that come up make up for half an hour; five of them on a slow machine need their time.
const LIMIT: Duration = Duration::from_secs(150);

/// The pack in a time zone where it is half past ten, so that the department works.
fn by_day(folder: &Path) {
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
    all.into_iter().filter(|session| !session["closed"].is_null()).collect()
}

/// Fields of all DICOM frames of a session, by Wireshark's dissector.
fn dissected(net: &Honeynet, session: &Value, field: &str) -> Vec<String> {
    let id = session["id"].as_str().unwrap();
    let file = net.scratch(&format!("{id}.pcapng"));
    let output = within(Duration::from_secs(10), "packets", || {
        let output = net.honeyward(&["pcap", id, "-o", file.to_str().unwrap()]);
        output.status.success().then_some(output)
    });
    assert!(output.status.success(), "{}", text(&output));
    let port = format!("tcp.port=={},dicom", session["target_port"]);
    let fields =
        ["-r", file.to_str().unwrap(), "-d", &port, "-T", "fields", "-E", "aggregator=|", "-e", field];
    let said = client("tshark", "tshark", &fields);
    let lines = String::from_utf8(said.stdout).unwrap();
    lines.lines().flat_map(|line| line.split('|')).filter(|v| !v.is_empty()).map(str::to_owned).collect()
}

#[test]
fn consoles_work_through_the_day_and_nobody_is_alarmed() {
    let pack = TempDir::new().unwrap();
    by_day(pack.path());
    let personas = format!("[honeynet]\npersonas = \"{}\"\n", pack.path().display());
    let net = Honeynet::sensing("pacing = false\ntraffic_interval = 10\n", &HOSTS, &personas);
    let mut wanted: BTreeSet<u16> = [0x0020, 0x0140, 0x0001, 0x0120, 0x0130].into_iter().collect();
    let mut seen = BTreeSet::new();
    within(LIMIT, "a whole exam on the wire", || {
        for session in own_sessions(&net) {
            if seen.insert(session["id"].to_string()) {
                for command in examined(&net, &session) {
                    wanted.remove(&command);
                }
            }
        }
        wanted.is_empty().then_some(())
    });
    assert_eq!(net.json(&["sessions", "--json"]), Vec::<Value>::new(), "nobody came");
    assert_eq!(net.json(&["alerts", "--json"]), Vec::<Value>::new());
}

/// Looks at one association; gives the commands that were asked in it.
fn examined(net: &Honeynet, session: &Value) -> Vec<u16> {
    assert_eq!(session["own"], true);
    assert_eq!(session["class"], "", "{session}");
    assert_eq!(session["counts"]["malformed"], 0, "{session}");
    assert_eq!(session["counts"]["uploads"], 0, "what consoles send is kept nowhere");
    let types = dissected(net, session, "dicom.pdu.type");
    assert_eq!(types.first().map(String::as_str), Some("0x01"), "{types:?}");
    assert_eq!(types.get(1).map(String::as_str), Some("0x02"), "{types:?}");
    assert_eq!(types.last().map(String::as_str), Some("0x06"), "released in order: {types:?}");
    assert_eq!(dissected(net, session, "_ws.malformed"), Vec::<String>::new());
    let titles: BTreeSet<_> = dissected(net, session, "dicom.assoc.calling").into_iter().collect();
    assert_eq!(titles.len(), 1, "{titles:?}");
    let number = |text: &String| u16::from_str_radix(text.trim_start_matches("0x"), 16).ok();
    Vec::from_iter(dissected(net, session, "dicom.tag.value.16u").iter().filter_map(number))
}
