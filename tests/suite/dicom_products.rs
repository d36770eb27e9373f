//! DCMTK's clients against every product that speaks DICOM, and over TLS.

use std::fs;

use crate::dcmtk::paper;
use crate::honeynet::{Honeynet, client, text};

/// Host, the AE title that it answers to, and one that may query it.
const ARCHIVES: [(&str, &str, &str); 5] = [
    ("pacs", "CLZXPACS", "LAB"),
    ("research", "CLZXRES", "CLZXPACS"),
    ("vna", "DCM4CHEE", "LAB"),
    ("ris", "CLZXRIS", "LAB"),
    ("eiarch", "EIARCH", "LAB"),
];

const CONSOLES: [(&str, &str); 4] = [("ct01", "CT01"), ("mr01", "MR01"), ("dr01", "DR01"), ("us01", "US01")];

fn net() -> Honeynet {
    let archives = ARCHIVES.iter().map(|(host, _, _)| *host);
    let hosts: Vec<(&str, u8)> = archives.chain(CONSOLES.iter().map(|(host, _)| *host)).zip(11..).collect();
    Honeynet::of(&hosts, "")
}

#[test]
fn every_product_verifies_and_every_archive_finds() {
    let net = net();
    let titles = ARCHIVES.iter().map(|(host, title, _)| (*host, *title)).chain(CONSOLES);
    for (host, title) in titles {
        let at = net.address(host, "dicom");
        let (ip, port) = (at.ip().to_string(), at.port().to_string());
        let echo = client("echoscu", "dcmtk", &["-aec", title, &ip, &port]);
        assert!(echo.status.success() && echo.stderr.is_empty(), "{host}: {}", text(&echo));
    }
    for (host, title, calling) in ARCHIVES {
        let at = net.address(host, "dicom");
        let (ip, port) = (at.ip().to_string(), at.port().to_string());
        let keys =
            ["-S", "-k", "QueryRetrieveLevel=STUDY", "-k", "StudyDate=20200101-", "-k", "StudyInstanceUID"];
        let to = ["-aet", calling, "-aec", title, "--cancel", "5", &ip, &port];
        let found = client("findscu", "dcmtk", &[&["-v"], &keys[..], &to].concat());
        assert!(found.status.success(), "{host}: {}", text(&found));
        assert!(text(&found).contains("Find Response"), "{host}: {}", text(&found));
    }
}

#[test]
fn orthanc_breaks_off_for_a_caller_that_it_does_not_know() {
    let net = Honeynet::of(&[("research", 11)], "");
    let at = net.address("research", "dicom");
    let (ip, port) = (at.ip().to_string(), at.port().to_string());
    let keys = ["-S", "-k", "QueryRetrieveLevel=STUDY", "-k", "PatientName=*"];
    let found = client("findscu", "dcmtk", &[&keys[..], &["-aec", "CLZXRES", &ip, &port]].concat());
    assert!(text(&found).contains("Peer aborted Association"), "{}", text(&found));
}

#[test]
fn an_archive_speaks_tls_with_the_certificate_of_its_host() {
    let net = Honeynet::of(&[("vna", 11)], "");
    let plain = net.address("vna", "dicom");
    let port = if plain.port() == 11112 { "2762" } else { "12762" };
    let ip = plain.ip().to_string();
    let to = ["-aec", "DCM4CHEE", ip.as_str(), port];
    let echo = client("echoscu", "dcmtk", &[&["+tla", "-ic"], &to[..]].concat());
    assert!(echo.status.success(), "{}", text(&echo));
    let folder = net.scratch("tls");
    fs::create_dir_all(&folder).unwrap();
    let file = paper(&folder);
    let store = ["+tla", "-ic", "-aec", "DCM4CHEE", ip.as_str(), port, file.to_str().unwrap()];
    let stored = client("storescu", "dcmtk", &store);
    assert!(stored.status.success(), "{}", text(&stored));
    let asked = format!("{ip}:{port}");
    let seen = client("openssl", "openssl", &["s_client", "-connect", &asked, "-showcerts"]);
    assert!(text(&seen).contains("clzx-vna01"), "{}", text(&seen));
    let sessions = net.sessions(2, |session| session["host"] == "vna" || session["decoy"] == "vna");
    assert!(sessions.len() >= 2);
}
