//! curl and nmap against the research group's file server and the ultrasound's remote screen.

use std::process::Command;

use crate::honeynet::{Honeynet, client, text};

fn curl(arguments: &[&str]) -> std::process::Output {
    client("curl", "curl", &[&["-sS", "-m", "20"][..], arguments].concat())
}

#[test]
fn curl_lists_fetches_and_leaves_files() {
    let net = Honeynet::of(&[("research", 14)], "");
    let root = format!("ftp://{}", net.address("research", "ftp"));
    let listing = text(&curl(&[&format!("{root}/")]));
    assert!(
        listing.contains("drwxr-xr-x    2 0        0            4096 ") && listing.contains(" README.txt"),
        "{listing}"
    );
    let names = text(&curl(&["-l", &format!("{root}/export/")]));
    let newest = names.lines().last().expect("a list").trim().to_owned();
    let list = text(&curl(&[&format!("{root}/export/{newest}")]));
    assert!(list.starts_with("accession,order,") && list.lines().count() > 5, "{list}");
    let head = text(&curl(&["-I", &format!("{root}/export/{newest}")]));
    assert!(head.contains(&format!("Content-Length: {}", list.len())), "{head}");
    let file = net.scratch("left.bin");
    std::fs::write(&file, b"\x7fELF left here").unwrap();
    assert!(curl(&["-T", file.to_str().unwrap(), &format!("{root}/incoming/left.bin")]).status.success());
    assert!(text(&curl(&[&format!("{root}/incoming/")])).contains("-rw-------"));
    assert!(!curl(&["-T", file.to_str().unwrap(), &format!("{root}/left.bin")]).status.success());
    let (account, password) = net.lure("research", "ftp");
    let login = format!("{account}:{password}");
    let back = curl(&["-u", &login, &format!("{root}/incoming/left.bin")]);
    assert_eq!(back.stdout, b"\x7fELF left here");
    assert_eq!(curl(&["-u", "root:toor", &format!("{root}/")]).status.code(), Some(67));
    let uploads = net.sessions(1, |s| s["service"] == "ftp" && s["counts"]["uploads"].as_u64() > Some(0));
    assert_eq!(uploads.len(), 1);
}

#[test]
fn nmap_sees_vsftpd_with_anonymous_login() {
    let net = Honeynet::of(&[("research", 14)], "");
    let address = net.address("research", "ftp");
    let scanned = Command::new("nmap")
        .args(["-Pn", "-sV", "--script", "ftp-anon,ftp-syst,ftp-bounce", "-p", &address.port().to_string()])
        .arg(address.ip().to_string())
        .output()
        .expect("the Debian package nmap");
    let scanned = text(&scanned);
    assert!(scanned.contains("vsftpd 3.0.3") && scanned.contains("Anonymous FTP login allowed"), "{scanned}");
    assert!(scanned.contains("README.txt") && !scanned.contains("bounce working"), "{scanned}");
}

#[test]
fn nmap_sees_tightvnc_with_its_two_ways_to_log_in() {
    let net = Honeynet::of(&[("us01", 24)], "");
    let address = net.address("us01", "vnc");
    let scanned = Command::new("nmap")
        .args(["-Pn", "-sV", "--script", "vnc-info,realvnc-auth-bypass", "-p", &address.port().to_string()])
        .arg(address.ip().to_string())
        .output()
        .expect("the Debian package nmap");
    let scanned = text(&scanned);
    assert!(scanned.contains("VNC Authentication (2)") && scanned.contains("Tight (16)"), "{scanned}");
    assert!(!scanned.contains("VULNERABLE"), "{scanned}");
}
