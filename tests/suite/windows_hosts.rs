//! Every face of a Windows host says the same of it: names, domain, build and clock.

use serde_json::Value;

use crate::honeynet::{Honeynet, client, text};

/// What all challenges of a host must agree on.
const NAMES: [&str; 7] = ["target", "build", "computer", "domain", "dns_computer", "dns_domain", "dns_tree"];

/// Seconds by which clocks of one host may differ, which HTTP shows in whole ones.
const CLOCK: f64 = 3.0;

/// Asks these faces of a host.
fn faces(net: &Honeynet, host: &str, services: &[&str]) -> Vec<Value> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/suite/windows_hosts.py").to_owned();
    let place = |service: &&str| {
        let address = net.address(host, service);
        format!("{service}:{}:{}", address.ip(), address.port())
    };
    let arguments: Vec<String> = [script].into_iter().chain(services.iter().map(place)).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let output = client("/usr/bin/python3", "python3", &arguments);
    assert!(output.status.success(), "{host}: {}", text(&output));
    let lines = String::from_utf8(output.stdout).unwrap();
    lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn assert_clock(face: &Value, of: &str) {
    let [told, asked] = [of, "asked"].map(|key| face[key].as_f64().unwrap());
    assert!((told - asked).abs() < CLOCK, "{face}");
}

#[test]
fn the_database_server_is_one_host_over_every_port() {
    let net = Honeynet::of(&[("hisdb", 18)], "");
    let faces = faces(&net, "hisdb", &["rdp", "tds", "smb", "winrm"]);
    assert_eq!(faces.len(), 4);
    for face in &faces {
        for name in NAMES {
            assert_eq!(face[name], faces[0][name], "{name} over {}", face["face"]);
        }
        assert_clock(face, "time");
    }
    assert_eq!(faces[0]["build"], "6.3.9600");
    assert_eq!(faces[0]["computer"], "CLZX-HISDB01");
    assert_eq!(faces[0]["certified"], true);
    assert_clock(&faces[2], "system_time");
}

#[test]
fn servers_with_pages_agree_with_their_desktops() {
    let net = Honeynet::of(&[("lis", 13), ("ris", 16)], "");
    let mut certificates = Vec::new();
    for (host, build) in [("lis", "10.0.14393"), ("ris", "10.0.17763")] {
        let faces = faces(&net, host, &["rdp", "http"]);
        assert_eq!(faces[0]["build"], build);
        assert_eq!(faces[0]["certified"], true);
        // Both builds come with this one.
        assert!(faces[1]["server"].as_str().unwrap().starts_with("microsoft-iis/10.0"), "{}", faces[1]);
        faces.iter().for_each(|face| assert_clock(face, "time"));
        certificates.push(faces[0]["certificate"].clone());
    }
    assert_ne!(certificates[0], certificates[1], "hosts share no certificate");
}
