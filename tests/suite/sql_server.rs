//! SQL Server under clients that were not written here.

use std::net::UdpSocket;
use std::time::Duration;

use crate::honeynet::{Honeynet, client, text};

const HISDB: [(&str, u8); 1] = [("hisdb", 18)];

#[test]
fn the_browser_service_answers_over_udp_and_tells() {
    let net = Honeynet::of(&HISDB, "");
    let address = net.address("hisdb", "sql_browser");
    let from = net.attacker(1);
    let socket = UdpSocket::bind((from.as_str(), 0)).unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    let mut answers = 0;
    // A flood is heard and not answered.
    for _ in 0..40 {
        socket.send_to(b"\x03", address).unwrap();
    }
    let mut buffer = [0; 2048];
    socket.set_read_timeout(Some(Duration::from_millis(500))).unwrap();
    while let Ok((length, _)) = socket.recv_from(&mut buffer) {
        answers += 1;
        let text = String::from_utf8_lossy(&buffer[3..length]).into_owned();
        assert!(text.starts_with("ServerName;CLZX-HISDB01;InstanceName;MSSQLSERVER;"), "{text}");
    }
    assert!((1..=34).contains(&answers), "{answers}");
    let sessions = net.sessions(1, |s| s["service"] == "sql_browser" && !s["closed"].is_null());
    assert_eq!(sessions[0]["source"], from);
    let shown = net.honeyward(&["show", sessions[0]["id"].as_str().unwrap()]);
    assert!(text(&shown).contains("CLNT_UCAST_EX"), "{}", text(&shown));
}

#[test]
fn nmap_finds_the_instance_by_its_browser() {
    let net = Honeynet::of(&HISDB, "");
    let address = net.address("hisdb", "sql_browser");
    let (ip, port) = (address.ip().to_string(), address.port().to_string());
    let output = client("nmap", "nmap", &["-n", "-Pn", "-sU", "-sV", "-p", &port, &ip]);
    assert!(text(&output).contains("Microsoft SQL Server"), "{}", text(&output));
}

/// FreeTDS's client in a version of TDS.
fn tsql(net: &Honeynet, version: &str, user: &str, password: &str, statements: &str) -> String {
    let address = net.address("hisdb", "tds");
    let (ip, port) = (address.ip().to_string(), address.port().to_string());
    let script = format!(
        "printf '%s' \"$1\" | TDSVER={version} exec tsql -H {ip} -p {port} -U \"$2\" -P \"$3\" -D THIS4 2>&1"
    );
    text(&client("sh", "freetds-bin", &["-c", &script, "sh", statements, user, password]))
}

#[test]
fn a_client_is_refused_in_every_version_and_told() {
    let net = Honeynet::of(&HISDB, "");
    for version in ["7.0", "7.1", "7.2", "7.3", "7.4"] {
        let said = tsql(&net, version, "sa", "P@ssw0rd", "");
        assert!(said.contains("Msg 18456 (severity 14, state 1) from CLZX-HISDB01"), "{version}: {said}");
    }
    let sessions = net.sessions(5, |s| s["service"] == "tds" && !s["closed"].is_null());
    let shown = text(&net.honeyward(&["show", sessions[0]["id"].as_str().unwrap()]));
    assert!(shown.contains("was refused as") && shown.contains("P@ssw0rd"), "{shown}");
    assert!(shown.contains("LOGIN7 THIS4"), "{shown}");
}

#[test]
fn nmap_names_the_build() {
    let net = Honeynet::of(&HISDB, "");
    let address = net.address("hisdb", "tds");
    let (ip, port) = (address.ip().to_string(), address.port().to_string());
    let output = client("nmap", "nmap", &["-n", "-Pn", "-sV", "--version-all", "-p", &port, &ip]);
    assert!(text(&output).contains("Microsoft SQL Server 2012"), "{}", text(&output));
}
