//! nmap and net-snmp against the laser printer of the registration desk.

use std::process::Command;

use crate::honeynet::{Honeynet, client, text};

#[test]
fn the_printer_says_the_same_over_its_ports_and_keeps_jobs() {
    let net = Honeynet::of(&[("prn01", 36)], "");
    let address = net.address("prn01", "pjl");
    let (ip, port) = (address.ip().to_string(), address.port().to_string());
    let talk = |lines: &str| {
        let script = format!("printf '{lines}' | nc -q 2 -w 5 {ip} {port}");
        text(&client("bash", "bash", &["-c", &script]))
    };
    let said = talk("\\033%%-12345X@PJL INFO ID\\r\\n@PJL INFO PRODINFO\\r\\n\\033%%-12345X");
    assert!(said.contains("\"HP LaserJet P3010 Series\""), "{said}");
    let agent = net.address("prn01", "snmp").to_string();
    let serial =
        client("snmpget", "snmp", &["-v2c", "-c", "public", "-Oqv", &agent, "1.3.6.1.2.1.43.5.1.1.17.1"]);
    let serial = text(&serial);
    assert!(said.contains(serial.trim().trim_matches('"')), "{serial} in {said}");
    talk("\\033%%-12345X@PJL JOB NAME=\"list\"\\r\\n@PJL ENTER LANGUAGE=PCL\\r\\nhello\\033%%-12345X");
    let jobs = net.sessions(1, |s| s["service"] == "pjl" && s["counts"]["uploads"].as_u64() > Some(0));
    assert_eq!(jobs.len(), 1);
    let scanned = Command::new("nmap")
        .args(["-Pn", "--script", "+pjl-ready-message", "-p", &port, &ip])
        .output()
        .expect("the Debian package nmap");
    assert!(text(&scanned).contains("pjl-ready-message: \"Ready\""), "{}", text(&scanned));
}
