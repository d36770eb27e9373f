//! The one screen that says what runs where and what to try.

use std::time::Duration;

use crate::app::launch::{BoundService, Launch};
use crate::app::{Layout, status};
use crate::console::SETUP;
use crate::persona::{Pack, Protocol};

/// How often the sensor's first status is looked for.
const LOOK: Duration = Duration::from_millis(20);

/// Prints the screen once the sensor serves, and the console where there is one.
pub(super) async fn announce(layout: &Layout, pack: &Pack, launch: &Launch) {
    let started = jiff::Timestamp::now();
    let serves = |name| status::read(layout, name).is_some_and(|s| s.at >= started && status::lives(&s));
    while !serves("sensor") || (launch.console.is_some() && !serves("console")) {
        tokio::time::sleep(LOOK).await;
    }
    print(&screen(layout, pack, launch));
}

#[expect(clippy::print_stdout, reason = "the screen of `run`")]
fn print(text: &str) {
    println!("{text}");
}

fn screen(layout: &Layout, pack: &Pack, launch: &Launch) -> String {
    let services = &launch.services;
    let mut text = format!("{} ({}) is on the air\n\n", pack.hospital.name, pack.hospital.name_en);
    for host in &pack.hosts {
        let own = services.iter().filter(|s| s.host == host.name);
        let ports: Vec<String> = own.map(port).collect();
        text.push_str(&format!(
            "  {:<9}{:<15}{}  {}\n",
            host.name,
            host.address,
            ports.join(" "),
            host.title
        ));
    }
    if services.iter().any(moved) {
        text.push_str("  * not free to this user at its own port; `status` has both\n");
    }
    text.push_str("\nTry, from another terminal:\n");
    for hint in hints(pack, services) {
        text.push_str(&format!("  {hint}\n"));
    }
    if let Some(console) = &launch.console {
        text.push_str(&format!("\nConsole: https://{}/\n", console.address));
        if let Ok(secret) = std::fs::read_to_string(layout.console().join(SETUP)) {
            text.push_str(&format!("  one-time secret for its first administrator: {}\n", secret.trim()));
        }
    }
    let data = layout.root().display();
    text.push_str(&format!(
        "\nThen look:\n  honeyward --data {data} sessions\n  honeyward --data {data} show SESSION\n  \
         honeyward --data {data} pcap SESSION -o session.pcapng\n  honeyward --data {data} alerts\n  \
         honeyward --data {data} lure list\n\nCtrl-C ends it in order."
    ));
    text
}

/// A service's name and port, marked when it had to move.
fn port(service: &BoundService) -> String {
    let mark = if moved(service) { "*" } else { "" };
    format!("{} {}{mark}", service.protocol.as_str(), service.address.port())
}

fn moved(service: &BoundService) -> bool {
    service.address != service.wanted
}

fn hints(pack: &Pack, services: &[BoundService]) -> Vec<String> {
    let find = |host: &str, protocol| {
        services.iter().find(|s| s.host == host && s.protocol == protocol).map(|s| s.address)
    };
    let mut hints = Vec::new();
    if let Some(a) = find("pacs", Protocol::Dicom) {
        hints.push(format!("echoscu -aec CLZXPACS {} {}", a.ip(), a.port()));
        hints.push(format!(
            "findscu -S -aec CLZXPACS -k QueryRetrieveLevel=STUDY -k PatientName='Zhang*' -k StudyDate {} {}",
            a.ip(),
            a.port()
        ));
    }
    if let Some(a) = find("his", Protocol::Http) {
        hints.push(format!("curl -i http://{a}/"));
    }
    if let Some((a, account)) = find("his", Protocol::Ssh).zip(lure(pack, "his", Protocol::Ssh)) {
        hints.push(format!(
            "ssh -p {} {}@{}      password: see `honeyward lure list`",
            a.port(),
            account,
            a.ip()
        ));
    }
    if let Some(a) = find("lis", Protocol::Mllp) {
        hints.push(format!("nmap -sV -p {} {}", a.port(), a.ip()));
    }
    hints
}

fn lure<'a>(pack: &'a Pack, host: &str, protocol: Protocol) -> Option<&'a str> {
    let account = pack.host(host)?.accounts.iter().find(|a| a.services.contains(&protocol))?;
    Some(&account.name)
}
