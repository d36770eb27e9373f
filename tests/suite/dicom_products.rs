//! DCMTK's clients against every product that speaks DICOM, and over TLS.

use std::fs;
use std::path::Path;

use base64::Engine;
use honeyward::persona::{Installation, PackFiles, certificate, load};

use crate::dcmtk::paper;
use crate::honeynet::{Honeynet, client, text};
use crate::services::copy;

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
    let folder = net.scratch("papers");
    fs::create_dir_all(&folder).unwrap();
    let file = paper(&folder);
    for (host, title) in CONSOLES {
        let at = net.address(host, "dicom");
        let (ip, port) = (at.ip().to_string(), at.port().to_string());
        for program in ["storescu", "dcmsend"] {
            let to = ["-aet", "LAB", "-aec", title, &ip, &port, file.to_str().unwrap()];
            let stored = client(program, "dcmtk", &to);
            assert!(stored.status.success() && stored.stderr.is_empty(), "{host}: {}", text(&stored));
        }
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

#[test]
fn an_archive_can_ask_its_peers_for_a_certificate_of_the_hospital() {
    let pack = tempfile::tempdir().unwrap();
    copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("personas/chenglan"), pack.path());
    let file = pack.path().join("vna/persona.toml");
    let persona = fs::read_to_string(&file).unwrap();
    fs::write(&file, persona.replace("tls = true\n", "tls = true\nclient_certificate = true\n")).unwrap();
    let personas = format!("[honeynet]\npersonas = \"{}\"\n", pack.path().display());
    let net = Honeynet::of(&[("vna", 11)], &personas);
    let plain = net.address("vna", "dicom");
    let port = if plain.port() == 11112 { "2762" } else { "12762" };
    let ip = plain.ip().to_string();
    let to = ["-aec", "DCM4CHEE", ip.as_str(), port];
    let refused = client("echoscu", "dcmtk", &[&["+tla", "-ic"], &to[..]].concat());
    assert!(!refused.status.success(), "without a certificate: {}", text(&refused));

    // That of another node of the hospital, which the appliance derives from its secret.
    let secret: [u8; 32] = fs::read(net.data().join("secret.key")).unwrap().try_into().unwrap();
    let installation = Installation::new(Installation::new(secret).derive("decoys/1"));
    let pack = load("chenglan", PackFiles::folder(pack.path()).unwrap(), installation).unwrap();
    let made = certificate(&pack, pack.host("ct01").unwrap()).unwrap();
    let folder = net.scratch("mutual");
    fs::create_dir_all(&folder).unwrap();
    let save = |name: &str, label: &str, der: &[u8]| {
        let body = base64::engine::general_purpose::STANDARD.encode(der);
        let path = folder.join(name);
        fs::write(&path, format!("-----BEGIN {label}-----\n{body}\n-----END {label}-----\n")).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let key = save("key.pem", "PRIVATE KEY", &made.key);
    let own = save("ct01.pem", "CERTIFICATE", &made.chain[0]);
    let root = save("root.pem", "CERTIFICATE", &made.chain[1]);
    let shown = ["+tls", &key, &own, "+cf", &root];
    let echo = client("echoscu", "dcmtk", &[&shown[..], &to].concat());
    assert!(echo.status.success() && echo.stderr.is_empty(), "with one: {}", text(&echo));
    let told = |session: &serde_json::Value| session["counts"]["malformed"].as_u64() > Some(0);
    assert_eq!(net.sessions(1, told).len(), 1, "who showed none is told");
}
