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
