//! What gives a fake server away: the checks of `tells.py`, asked of a decoy as of any server.

use std::path::Path;
use std::process::Command;

use crate::honeynet::{Honeynet, text};

#[test]
fn no_check_of_the_ssh_server_finds_a_tell() {
    let net = Honeynet::sensing("", &[("his", 11)], "");
    let address = net.address("his", "ssh");
    let (account, password) = net.lure("his", "ssh");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/suite/tells.py");
    let output = Command::new("python3")
        .arg(script)
        .args([&address.ip().to_string(), &address.port().to_string(), &account, &password])
        .output()
        .unwrap();
    let said = text(&output);
    assert!(said.contains("0 of 51"), "{said}");
}
