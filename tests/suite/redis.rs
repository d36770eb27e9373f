//! `redis-cli` and nmap against the cache of the web application.

use std::process::Command;

use crate::honeynet::{Honeynet, client, text};

fn cli(net: &Honeynet, arguments: &[&str]) -> String {
    let address = net.address("phis", "redis");
    let (ip, port) = (address.ip().to_string(), address.port().to_string());
    text(&client("redis-cli", "redis-tools", &[&["-h", &ip, "-p", &port][..], arguments].concat()))
}

#[test]
fn redis_cli_and_nmap_take_it_for_redis() {
    let net = Honeynet::of(&[("phis", 20)], "");
    assert_eq!(cli(&net, &["PING"]), "PONG\n");
    assert!(cli(&net, &["INFO", "server"]).contains("redis_version:5.0.14\r\n"));
    let keys = cli(&net, &["--scan", "--pattern", "phis:patient:*"]);
    let first = keys.lines().next().expect("a patient").to_owned();
    let patient = cli(&net, &["HGETALL", &first]);
    assert!(patient.lines().any(|line| line == "sfzh"), "{patient}");
    let copy = net.scratch("copy.rdb");
    cli(&net, &["--rdb", copy.to_str().unwrap()]);
    assert!(std::fs::read(&copy).unwrap().starts_with(b"REDIS0009"));
    let address = net.address("phis", "redis");
    let scanned = Command::new("nmap")
        .args(["-Pn", "-sV", "--script", "redis-info", "-p", &address.port().to_string()])
        .arg(address.ip().to_string())
        .output()
        .expect("the Debian package nmap");
    let scanned = text(&scanned);
    assert!(scanned.contains("Redis key-value store 5.0.14"), "{scanned}");
    let told = net.sessions(4, |s| s["service"] == "redis");
    assert!(told.iter().all(|s| s["host"] == "phis"));
}

#[test]
fn a_key_of_ssh_planted_by_a_snapshot_is_an_alert_with_its_file() {
    let net = Honeynet::of(&[("phis", 20)], "");
    assert_eq!(cli(&net, &["SET", "x", "\n\nssh-ed25519 AAAA attacker\n\n"]), "OK\n");
    assert_eq!(cli(&net, &["CONFIG", "SET", "dir", "/root/.ssh"]), "OK\n");
    assert_eq!(cli(&net, &["CONFIG", "SET", "dbfilename", "authorized_keys"]), "OK\n");
    assert_eq!(cli(&net, &["SAVE"]), "OK\n");
    let saved = net.sessions(1, |s| s["service"] == "redis" && s["counts"]["uploads"].as_u64() > Some(0));
    let shown = text(&net.honeyward(&["show", saved[0]["id"].as_str().unwrap()]));
    assert!(shown.contains("/root/.ssh/authorized_keys"), "{shown}");
    let alerts = net.json(&["alerts", "--json"]);
    assert!(alerts.iter().any(|alert| alert.to_string().contains("HW-EXPLOIT")), "{alerts:?}");
}
