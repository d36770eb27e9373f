//! pywinrm and nmap against the remote management of Windows hosts.

use std::process::Command;

use crate::honeynet::{Honeynet, client, text};

/// Asks for a shell with these words; what came of it.
const ASK: &str = "
import hashlib, sys, winrm
from Cryptodome.Hash import MD4
# OpenSSL 3 has no MD4 of its own any more, and this client asks it.
new = hashlib.new
hashlib.new = lambda name, data=b'', **more: MD4.new(data) if name == 'md4' else new(name, data, **more)
place, user, password = sys.argv[1:]
session = winrm.Session(f'http://{place}/wsman', auth=(user, password), transport='ntlm')
try:
    session.run_cmd('whoami')
except Exception as failure:
    print(type(failure).__name__, failure)
";

fn asked(net: &Honeynet, host: &str, user: &str, password: &str) -> String {
    let place = net.address(host, "winrm").to_string();
    text(&client("/usr/bin/python3", "python3", &["-W", "ignore", "-c", ASK, &place, user, password]))
}

#[test]
fn pywinrm_gets_in_with_the_lure_and_is_refused_a_shell() {
    let net = Honeynet::of(&[("hisdb", 18), ("lis", 13)], "");
    let (account, password) = net.lure("hisdb", "winrm");
    let said = asked(&net, "hisdb", &account, &password);
    assert!(said.contains("2150859180") || said.contains("shell"), "{said}");
    let said = asked(&net, "hisdb", "administrator", "P@ssw0rd");
    assert!(said.starts_with("InvalidCredentialsError"), "{said}");
    let (account, password) = net.lure("lis", "smb");
    let said = asked(&net, "lis", &account, &password);
    assert!(said.starts_with("InvalidCredentialsError"), "no administrator: {said}");
    net.sessions(3, |s| s["service"] == "winrm" && s["counts"]["requests"].as_u64() > Some(0));
}

#[test]
fn nmap_sees_the_kernels_http_server() {
    let net = Honeynet::of(&[("hisdb", 18)], "");
    let address = net.address("hisdb", "winrm");
    let scanned = Command::new("nmap")
        .args(["-Pn", "-sV", "-p", &address.port().to_string()])
        .arg(address.ip().to_string())
        .output()
        .expect("the Debian package nmap");
    let scanned = text(&scanned);
    assert!(scanned.contains("Microsoft HTTPAPI httpd 2.0"), "{scanned}");
}
