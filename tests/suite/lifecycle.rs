//! The end in order, the next start, and what two installations have in common: nothing.

use std::collections::BTreeSet;
use std::io::Write;
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::honeynet::{Honeynet, client, text};
use crate::senders::{mllp, query};
use crate::truth;

/// The supervisor gives its processes 10 s; two more are for its own end.
const DEADLINE: Duration = Duration::from_secs(12);

/// What an installation shows of itself.
#[derive(Debug, PartialEq)]
struct Face {
    host_keys: BTreeSet<String>,
    certificate: String,
    serial: String,
    passwords: BTreeSet<String>,
    devices: BTreeSet<String>,
    uids: BTreeSet<String>,
}

fn face(net: &Honeynet) -> Face {
    let (certificate, serial) = certificate(net.address("his", "https"));
    let config = net.scratch("honeynet.toml");
    let lures = net.json(&["lure", "list", "--json", "--config", config.to_str().unwrap()]);
    let studies = truth::listed(net, "studies", 1);
    let texts = |rows: &[Value], of: &dyn Fn(&Value) -> Value| -> BTreeSet<String> {
        rows.iter().map(|row| of(row).as_str().unwrap().to_owned()).collect()
    };
    Face {
        host_keys: ["his", "pacs"].iter().flat_map(|host| host_keys(net.address(host, "ssh"))).collect(),
        certificate,
        serial,
        passwords: texts(&lures, &|lure| lure["password"].clone()),
        devices: texts(&studies, &|study| study["device"]["serial"].clone()),
        uids: texts(&studies, &|study| study["uid"].clone()),
    }
}

/// Keys of a host as `ssh-keyscan` prints them, without the address.
fn host_keys(address: SocketAddr) -> Vec<String> {
    let (ip, port) = (address.ip().to_string(), address.port().to_string());
    let output = client("ssh-keyscan", "openssh-client", &["-T", "20", "-p", &port, &ip]);
    let said = String::from_utf8(output.stdout).unwrap();
    let keys: Vec<String> =
        said.lines().filter_map(|line| Some(line.split_once(' ')?.1.to_owned())).collect();
    assert!(keys.len() >= 3, "RSA, ECDSA and Ed25519: {keys:?}");
    keys
}

/// Fingerprint and serial of the certificate that a TLS port shows.
fn certificate(address: SocketAddr) -> (String, String) {
    let shown = client("openssl", "openssl", &["s_client", "-connect", &address.to_string()]);
    let shown = String::from_utf8_lossy(&shown.stdout).into_owned();
    let (begin, end) = (shown.find("-----BEGIN").expect("a certificate"), shown.find("-----END").unwrap());
    let file = tempfile::NamedTempFile::new().unwrap();
    writeln!(file.as_file(), "{}-----END CERTIFICATE-----", &shown[begin..end]).unwrap();
    let read = |what: &str| {
        let path = file.path().to_str().unwrap();
        let output = client("openssl", "openssl", &["x509", "-in", path, "-noout", what, "-sha256"]);
        assert!(output.status.success(), "{}", text(&output));
        String::from_utf8(output.stdout).unwrap()
    };
    (read("-fingerprint"), read("-serial"))
}

#[test]
fn two_installations_have_nothing_in_common() {
    let (one, other) = (Honeynet::start(), Honeynet::start());
    let (one, other) = (face(&one), face(&other));
    assert_ne!(one.certificate, other.certificate);
    assert_ne!(one.serial, other.serial);
    let sets = [
        (&one.host_keys, &other.host_keys),
        (&one.passwords, &other.passwords),
        (&one.devices, &other.devices),
        (&one.uids, &other.uids),
    ];
    for (ours, theirs) in sets {
        let shared: Vec<_> = ours.intersection(theirs).collect();
        assert!(!ours.is_empty() && shared.is_empty(), "{shared:?}");
    }
}

#[test]
fn sigterm_ends_all_in_order_and_the_next_start_goes_on() {
    let mut net = Honeynet::start();
    let before = face(&net);
    let mrn = truth::listed(&net, "patients", 1)[0]["mrn"].as_str().unwrap().to_owned();
    mllp(net.address("his", "mllp"), &query("A19", &mrn, "DEM"));
    let open: Vec<(TcpStream, &[u8])> = [
        ("his", "http", &b"GET /his/login HT"[..]),
        ("his", "mllp", b"\x0bMSH|^"),
        ("lis", "astm", b"\x05"),
        ("pacs", "dicom", b"\x01\x00"),
        ("his", "ssh", b"SSH-2.0-"),
    ]
    .map(|(host, service, bytes)| {
        let mut stream = TcpStream::connect(net.address(host, service)).unwrap();
        stream.write_all(bytes).unwrap();
        (stream, bytes)
    })
    .into();
    let ports: Vec<u16> = open.iter().map(|(stream, _)| stream.local_addr().unwrap().port()).collect();
    let is_open = |row: &Value| ports.contains(&u16::try_from(row["source_port"].as_u64().unwrap()).unwrap());
    net.sessions(open.len(), is_open);

    let told = Instant::now();
    let status = net.stop();
    assert_eq!(status.code(), Some(0));
    assert!(told.elapsed() < DEADLINE, "{:?}", told.elapsed());

    let rows = net.json(&["sessions", "--json", "--limit", "10000"]);
    assert!(
        rows.iter().all(|row| !row["closed"].is_null() && row["events"] == row["events_made"]),
        "{rows:#?}"
    );
    for (stream, bytes) in &open {
        let port = stream.local_addr().unwrap().port();
        let row = rows.iter().find(|row| row["source_port"] == port).expect("listed");
        assert_eq!(row["close_reason"], "shutdown", "{row}");
        assert_eq!(row["bytes_in"], bytes.len(), "{row}");
    }
    let chained = verified(&net);
    drop(open);

    net.start_again();
    assert_eq!(face(&net), before, "keys, certificate, passwords, serials and UIDs stay");
    net.sessions(rows.len() + 1, |_| true);
    let all = net.json(&["sessions", "--json", "--limit", "10000"]);
    assert!(rows.iter().all(|old| all.contains(old)), "the sessions of before are as they were");
    assert_eq!(net.stop().code(), Some(0));
    assert!(verified(&net) > chained, "the chain goes on");
}

/// How many records the chain has; it must be good, and so must the files.
fn verified(net: &Honeynet) -> u64 {
    let output = net.honeyward(&["verify"]);
    let said = text(&output);
    assert_eq!(output.status.code(), Some(0), "{said}");
    let (_, rest) = said.split_once("Chain good: ").expect("the chain's line");
    rest.split_whitespace().next().unwrap().parse().unwrap()
}
