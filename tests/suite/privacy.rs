//! Real patients' data that comes by mistake: sealed so that only the hospital opens it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use serde_json::Value;

use crate::honeynet::{Honeynet, client, text, within};

/// A CT image of a patient, as `dump2dcm` reads it.
const SCAN: &str = "\
(0008,0016) UI [1.2.840.10008.5.1.4.1.1.2]
(0008,0018) UI [1.2.3.4.5.6.7]
(0010,0010) PN [Zhang^Shi^Ji]
(0010,0020) LO [H7730214]
(0020,000d) UI [1.2.3.4.5]
(0020,000e) UI [1.2.3.4.5.6]
(0028,0010) US 2
(7fe0,0010) OW 4141\\4141\\4141\\4141
";

#[test]
fn a_registered_scanner_is_sealed_and_never_an_intruder() {
    let scratch = tempfile::TempDir::new().unwrap();
    let identity = scratch.path().join("hospital.key");
    let made = client("age-keygen", "age", &["-o", identity.to_str().unwrap()]);
    let said = text(&made);
    let key =
        said.split_whitespace().find(|word| word.starts_with("age1")).unwrap_or_else(|| panic!("{said}"));
    let config = format!(
        "[privacy]\nreal_objects = \"seal\"\nkey = \"{key}\"\n\
         [[detection.device]]\nsource = \"127.0.0.1\"\nname = \"CT01\"\n[capture]\nsegment_mib = 1\n"
    );
    let net = Honeynet::with(&config);
    let (dump, file) = (scratch.path().join("scan.dump"), scratch.path().join("scan.dcm"));
    fs::write(&dump, SCAN).unwrap();
    let made = client("dump2dcm", "dcmtk", &[dump.to_str().unwrap(), file.to_str().unwrap()]);
    assert!(made.status.success(), "{}", text(&made));
    crate::dcmtk::dcmtk(&net, "storescu", &["-aet", "CT01"], &[file.to_str().unwrap()]);

    let session = net.sessions(1, |session| session["closed"].is_string()).remove(0);
    let shown = net.json(&["show", session["id"].as_str().unwrap(), "--json"]).remove(0);
    let real = observed(&shown, "real_data");
    assert_eq!(real["handling"], "sealed");
    assert_eq!(real["signs"][0], "registered device");
    let sealed = shown["files"]["artefacts"][0]["path"].as_str().expect("the sealed file");
    let opened = Command::new("age").args(["-d", "-i", identity.to_str().unwrap(), sealed]).output().unwrap();
    assert!(opened.status.success(), "{}", text(&opened));
    assert!(holds(&opened.stdout, b"Zhang^Shi^Ji") && holds(&opened.stdout, b"AAAAAAAA"));

    let alerts = net.json(&["alerts", "--json"]);
    assert!(alerts.iter().all(|alert| alert["severity"] == "low"), "{alerts:?}");
    assert!(alerts.iter().any(|alert| alert["rule"] == "HW-REAL-DATA"), "{alerts:?}");

    fill_a_segment(&net, scratch.path());
    // Its packets are made blank a moment after their segment is closed.
    within(Duration::from_secs(60), "no file that names the patient", || {
        let named = |path: &PathBuf| fs::read(path).is_ok_and(|bytes| holds(&bytes, b"Zhang^Shi^Ji"));
        let left: Vec<PathBuf> = files(&net.data()).into_iter().filter(named).collect();
        let packets = |path: &PathBuf| path.components().any(|part| part.as_os_str() == "packets");
        assert!(left.iter().all(packets), "{left:?}");
        left.is_empty().then_some(())
    });
    let pcap = scratch.path().join("scan.pcapng");
    let cut = net.honeyward(&["pcap", session["id"].as_str().unwrap(), "-o", pcap.to_str().unwrap()]);
    assert!(cut.status.success(), "{}", text(&cut));
    within(Duration::from_secs(10), "files that are what the chain says", || {
        net.honeyward(&["verify"]).status.success().then_some(())
    });
}

/// Sends more than a segment of packets holds.
fn fill_a_segment(net: &Honeynet, folder: &Path) {
    let [dump, raw, file] = ["big.dump", "big.raw", "big.dcm"].map(|name| folder.join(name));
    fs::write(&raw, vec![7; 2 << 20]).unwrap();
    let elements = format!(
        "(0008,0016) UI [1.2.840.10008.5.1.4.1.1.7]\n(0008,0018) UI [1.2.3.9.1]\n(0010,0020) LO [EXT2]\n\
         (0020,000d) UI [1.2.3.9.2]\n(0020,000e) UI [1.2.3.9.3]\n(7fe0,0010) OB ={}\n",
        raw.display()
    );
    fs::write(&dump, elements).unwrap();
    let made = client("dump2dcm", "dcmtk", &["+te", dump.to_str().unwrap(), file.to_str().unwrap()]);
    assert!(made.status.success(), "{}", text(&made));
    crate::dcmtk::dcmtk(net, "storescu", &["-aet", "SC01"], &[file.to_str().unwrap()]);
}

fn observed(shown: &Value, what: &str) -> Value {
    let records = shown["records"].as_array().unwrap();
    let found =
        records.iter().map(|record| &record["event"]["observation"]).find(|seen| seen["what"] == what);
    found.unwrap_or_else(|| panic!("no {what}: {shown}")).clone()
}

fn holds(bytes: &[u8], text: &[u8]) -> bool {
    bytes.windows(text.len()).any(|window| window == text)
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries
        .flat_map(|path| match path.symlink_metadata() {
            Ok(meta) if meta.is_dir() => files(&path),
            Ok(meta) if meta.is_file() => vec![path],
            Ok(_) | Err(_) => Vec::new(),
        })
        .collect()
}
