//! Remote Desktop under clients that were not written here.

use crate::honeynet::{Honeynet, client, text, within};

/// Runs nmap with scripts against the Remote Desktop of a host.
fn nmap(net: &Honeynet, host: &str, scripts: &str) -> String {
    let address = net.address(host, "rdp");
    let (ip, port) = (address.ip().to_string(), address.port().to_string());
    text(&client("nmap", "nmap", &["-n", "-Pn", "-sV", "--script", scripts, "-p", &port, &ip]))
}

#[test]
fn nmap_sees_a_server_that_wants_network_authentication() {
    let net = Honeynet::of(&[("hisdb", 18)], "");
    let said = nmap(&net, "hisdb", "+rdp-enum-encryption,+rdp-ntlm-info");
    for line in [
        "Microsoft Terminal Service",
        "CredSSP (NLA): SUCCESS",
        "CredSSP with Early User Auth: SUCCESS",
        "DNS_Computer_Name: clzx-hisdb01.clzxyy.local",
        "Product_Version: 6.3.9600",
    ] {
        assert!(said.contains(line), "{line}: {said}");
    }
    assert!(!said.contains("Native RDP") && !said.contains("RC4"), "{said}");
    let sessions = net.sessions(1, |s| s["service"] == "rdp" && !s["closed"].is_null());
    assert!(!sessions.is_empty());
}

#[test]
fn nmap_sees_an_old_windows() {
    let net = Honeynet::of(&[("mr01", 22)], "");
    let said = nmap(&net, "mr01", "+rdp-enum-encryption");
    for line in [
        "Windows XP",
        "RDP Encryption level: Client Compatible",
        "128-bit RC4: SUCCESS",
        "RDP 5.x, 6.x, 7.x, or 8.x server",
    ] {
        assert!(said.contains(line), "{line}: {said}");
    }
}

/// FreeRDP's client on a screen that nobody sees.
fn freerdp(net: &Honeynet, host: &str, arguments: &[&str]) -> String {
    let at = format!("/v:{}", net.address(host, "rdp"));
    let fixed = ["-a", "timeout", "20", "xfreerdp", &at, "/cert-ignore"];
    text(&client("xvfb-run", "xvfb", &[&fixed[..], arguments].concat()))
}

#[test]
fn a_lure_account_is_told_and_has_no_right_to_a_desktop() {
    let net = Honeynet::of(&[("hisdb", 18)], "");
    let (user, password) = net.lure("hisdb", "rdp");
    let wrong = freerdp(&net, "hisdb", &["/u:administrator", "/p:Passw0rd", "+auth-only"]);
    assert!(wrong.contains("LOGON_FAILURE"), "{wrong}");
    let right = freerdp(&net, "hisdb", &[&format!("/u:{user}"), &format!("/p:{password}"), "/size:800x600"]);
    assert!(right.contains("INSUFFICIENT_PRIVILEGES"), "{right}");
    let sessions = net.sessions(2, |s| s["service"] == "rdp" && !s["closed"].is_null());
    let shown: String =
        sessions.iter().map(|s| text(&net.honeyward(&["show", s["id"].as_str().unwrap()]))).collect();
    for line in ["used the bait hisdb/hisbak", "refused as \"administrator\"", "administrator::"] {
        assert!(shown.contains(line), "{line}: {shown}");
    }
}

#[test]
fn a_password_that_comes_along_is_tried_on_the_screen() {
    let net = Honeynet::of(&[("heme01", 31), ("mr01", 22)], "");
    for (host, security) in [("heme01", "/sec:tls"), ("heme01", "/sec:rdp"), ("mr01", "/sec:rdp")] {
        let words = [security, "/u:admin", "/p:letmein", "/size:1024x768"];
        freerdp(&net, host, &words);
        within(std::time::Duration::from_secs(20), "an attempt", || {
            let sessions = net.sessions(1, |s| s["host"] == host && !s["closed"].is_null());
            let shown = text(&net.honeyward(&["show", sessions[0]["id"].as_str().unwrap()]));
            shown.contains("was refused as \"admin\" with \"letmein\"").then_some(())
        });
        // A whole screen came.
        let sessions = net.sessions(1, |s| s["host"] == host);
        assert!(sessions[0]["bytes_out"].as_u64().unwrap() > 8000, "{}", sessions[0]);
    }
}
