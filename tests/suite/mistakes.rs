//! Our own user's mistakes: a plain, located message, the stated exit status, nothing half started.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Output};

use tempfile::TempDir;

use crate::honeynet::{Honeynet, block, honeyward, text};

fn run_with(config: &str) -> (TempDir, Output) {
    let dir = TempDir::new().unwrap();
    let file = dir.path().join("honeynet.toml");
    fs::write(&file, config).unwrap();
    let output = honeyward(&dir.path().join("data"), &["run", "--config", file.to_str().unwrap()]);
    (dir, output)
}

#[test]
fn a_typo_in_the_config_names_its_line() {
    let (dir, output) = run_with("[sensor]\npacing = true\npacign = false\n");
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output).contains("honeynet.toml:3: "), "{}", text(&output));
    assert!(text(&output).contains("pacign"), "{}", text(&output));
    assert!(!dir.path().join("data").exists(), "nothing is made");
}

#[test]
fn a_wrong_destination_names_its_key() {
    let config = "[[destination]]\nname = \"a\"\naddress = \"127.0.0.1:514\"\nformat = \"cef\"\ntransport = \"udp\"\n\n\
                  [[destination]]\nname = \"b\"\naddress = \"no-port\"\nformat = \"cef\"\ntransport = \"udp\"\n";
    let (_dir, output) = run_with(config);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output).contains("honeynet.toml:9: b: expected HOST:PORT"), "{}", text(&output));
}

#[test]
fn a_persona_with_a_missing_file_is_refused_whole() {
    let dir = TempDir::new().unwrap();
    let pack = dir.path().join("pack");
    let status = Command::new("cp").args(["-r", "personas/chenglan"]).arg(&pack).status().unwrap();
    assert!(status.success());
    fs::remove_file(pack.join("lis/astm.toml")).unwrap();
    let file = dir.path().join("honeynet.toml");
    fs::write(&file, "[honeynet]\npersonas = \"./pack\"\n").unwrap();
    let output = honeyward(&dir.path().join("data"), &["check", "--config", file.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output).contains("lis/persona.toml:"), "{}", text(&output));
    assert!(text(&output).contains("astm.toml"), "{}", text(&output));
}

#[test]
fn a_port_in_use_stops_the_start_whole() {
    // No honeynet of this process comes as far as this network.
    let network = format!("127.{}.255", block());
    let taken = TcpListener::bind(format!("{network}.13:4010")).unwrap();
    let hosts = [("his", 11), ("pacs", 12), ("lis", 13)];
    let config =
        hosts.map(|(host, last)| format!("[host.{host}]\naddress = \"{network}.{last}\"\n")).concat();
    let (dir, output) = run_with(&config);
    assert_eq!(output.status.code(), Some(3));
    assert!(text(&output).contains(&format!("{network}.13:4010")), "{}", text(&output));
    assert!(text(&output).contains("another program has this port"), "{}", text(&output));
    assert!(!dir.path().join("data/run/sensor/status.json").exists(), "no process was started");
    drop(taken);
}

#[test]
fn a_second_honeyward_on_the_same_data_is_refused() {
    let net = Honeynet::start();
    let output = net.honeyward(&["run"]);
    assert_eq!(output.status.code(), Some(3));
    assert!(text(&output).contains("another honeyward runs"), "{}", text(&output));
}

#[test]
fn a_data_directory_that_is_a_file_is_said_plainly() {
    let dir = TempDir::new().unwrap();
    let data = dir.path().join("data");
    fs::write(&data, b"").unwrap();
    fs::set_permissions(&data, fs::Permissions::from_mode(0o600)).unwrap();
    let output = honeyward(&data, &["run"]);
    assert_eq!(output.status.code(), Some(3));
    assert!(text(&output).contains("can't be made or written"), "{}", text(&output));
}

#[test]
fn unknown_usage_is_status_2() {
    let dir = TempDir::new().unwrap();
    for args in
        [&["sessions", "--since", "yesterday"][..], &["frobnicate"], &["run", "--config", "missing.toml"]]
    {
        let output = honeyward(&dir.path().join("data"), args);
        assert_eq!(output.status.code(), Some(2), "{args:?}: {}", text(&output));
    }
}
