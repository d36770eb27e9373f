//! Baits from the command line to the alert: made, rolled out, used by real clients, withdrawn.

use std::fs;
use std::time::Duration;

use serde_json::Value;

use crate::honeynet::{Honeynet, client, text, within};

fn mint(net: &Honeynet, kind: &str, endpoint: &str, path: &str) -> (String, String) {
    let file = net.scratch(&format!("{kind}-{endpoint}"));
    let out = file.display().to_string();
    let args = ["lure", "mint", kind, "--endpoint", endpoint, "--path", path, "--json", "-o", &out];
    let lure: Value = net.json(&args).remove(0);
    assert_eq!((lure["kind"].as_str(), lure["endpoint"].as_str()), (Some(kind), Some(endpoint)));
    (lure["id"].as_str().unwrap().to_owned(), fs::read_to_string(file).unwrap())
}

/// What follows a key in a file, up to the end of the line or one of these.
fn after<'a>(text: &'a str, key: &str, ends: &[char]) -> &'a str {
    let rest = text.split_once(key).unwrap_or_else(|| panic!("{key} in {text}")).1;
    rest.split(|c: char| c == '\r' || c == '\n' || ends.contains(&c)).next().unwrap()
}

fn high(net: &Honeynet) -> Vec<Value> {
    net.json(&["alerts", "--json", "--min-severity", "high"])
}

fn reasons(alert: &Value) -> String {
    alert["reasons"].to_string()
}

#[test]
fn a_bait_that_is_used_names_the_place_where_it_was() {
    let net = Honeynet::start();
    let (link, shortcut) = mint(&net, "url", "PC-0231", "Desktop\\results.url");
    let (login, csv) = mint(&net, "browser", "PC-0777", "Downloads\\pw.csv");
    assert_ne!(link, login);
    // What the shortcut leads to is the pack's address; the demo's may stand at another port.
    let path = after(&shortcut, "URL=http://", &[]).split_once('/').unwrap().1.to_owned();
    let his = net.address("his", "http");
    // A running appliance looks at the registry each second.
    std::thread::sleep(Duration::from_millis(1500));
    client("curl", "curl", &["-sS", "--interface", &net.attacker(61), &format!("http://{his}/{path}")]);
    let row = csv.lines().nth(1).unwrap();
    let account = row.split(',').nth(2).unwrap();
    let url = format!("http://{his}/patients?name={account}");
    client("curl", "curl", &["-sS", "--interface", &net.attacker(62), &url]);
    let alerts = within(Duration::from_secs(20), "both baits are told", || {
        let alerts = high(&net);
        (alerts.len() >= 2).then_some(alerts)
    });
    for (source, id, place) in [
        (net.attacker(61), &link, "PC-0231: Desktop\\\\results.url"),
        (net.attacker(62), &login, "PC-0777: Downloads\\\\pw.csv"),
    ] {
        let alert = alerts.iter().find(|alert| alert["source"] == source.as_str()).unwrap();
        assert_eq!(alert["rule"], "HW-LURE");
        assert!(reasons(alert).contains(id.as_str()) && reasons(alert).contains(place), "{alert}");
    }
}

#[test]
fn a_machines_package_says_what_to_put_and_what_to_remove() {
    let net = Honeynet::start();
    let (kept, _) = mint(&net, "database", "SRV-9", "D:\\his\\conf");
    let (gone, _) = mint(&net, "rdp", "SRV-9", "C:\\Users\\Public\\server.rdp");
    let again = net.honeyward(&[
        "lure",
        "mint",
        "rdp",
        "--endpoint",
        "SRV-9",
        "--path",
        "C:\\Users\\Public\\server.rdp",
    ]);
    assert_eq!(again.status.code(), Some(2), "a place has one bait of a kind: {}", text(&again));
    assert!(net.honeyward(&["lure", "revoke", &gone]).status.success());
    assert_eq!(net.honeyward(&["lure", "revoke", "L9999-xxxx"]).status.code(), Some(2));
    let folder = net.scratch("package");
    let out = folder.display().to_string();
    assert!(net.honeyward(&["lure", "package", "SRV-9", "-o", &out]).status.success());
    let manifest: Value = serde_json::from_slice(&fs::read(folder.join("manifest.json")).unwrap()).unwrap();
    let [put] = manifest["install"].as_array().unwrap().as_slice() else { panic!("{manifest}") };
    assert_eq!((&put["lure"], &put["path"]), (&Value::from(kept), &Value::from("D:\\his\\conf")));
    let file = folder.join(put["file"].as_str().unwrap());
    let said = text(&client("sha256sum", "coreutils", &[&file.display().to_string()]));
    assert!(said.starts_with(put["sha256"].as_str().unwrap()), "{said}");
    assert_eq!(manifest["withdraw"][0]["lure"], Value::from(gone));
    assert!(net.honeyward(&["verify"]).status.success());
}
