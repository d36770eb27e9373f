//! Many hosts from one machine, and how they look from outside.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use super::rig::{Rig, host, text};

/// Hosts and segments that the product promises.
const HOSTS: usize = 256;
const SEGMENTS: usize = 16;

#[test]
fn two_hundred_and_fifty_six_hosts_stand_on_sixteen_segments() {
    let mut rig = Rig::new(SEGMENTS);
    let models = ["nport01", "heme01", "gas01", "us01"];
    let hosts: Vec<_> = (0..HOSTS)
        .map(|n| {
            let (model, segment, last) = (models[n % models.len()], n % SEGMENTS + 1, n / SEGMENTS + 10);
            (format!("h{n}"), format!("like = \"{model}\"\naddress = \"10.20.{segment}.{last}\""))
        })
        .collect();
    let start = Instant::now();
    rig.stand(&hosts, "[capture]\nenabled = false\n");
    let stood = start.elapsed();
    assert!(stood < Duration::from_secs(45), "{stood:?}");
    let mut hardware = BTreeSet::new();
    for segment in 1..=SEGMENTS {
        let output = rig.intruder(&["nmap", "-n", "-sn", "-PR", &format!("10.20.{segment}.10-25")]);
        let output = text(&output.stdout);
        let found = output.lines().filter_map(|line| line.strip_prefix("MAC Address: "));
        hardware.extend(found.map(|line| line[..17].to_owned()));
    }
    assert_eq!(hardware.len(), HOSTS, "each has its own");
}

#[test]
fn scanners_find_nothing_that_contradicts_the_claim() {
    let mut rig = Rig::new(1);
    rig.stand(&[host("his", "10.20.1.11"), host("hisdb", "10.20.1.18"), host("ris", "10.20.1.16")], "");
    let scan = |address: &str| {
        let args = ["nmap", "-n", "-Pn", "-O", "--osscan-guess", "--top-ports", "200", address];
        text(&rig.intruder(&args).stdout)
    };
    let linux = scan("10.20.1.11");
    assert!(guesses(&linux).iter().any(|guess| guess.contains("Linux")), "{linux}");
    for address in ["10.20.1.18", "10.20.1.16"] {
        let windows = scan(address);
        let guesses = guesses(&windows);
        assert!(guesses.first().is_some_and(|guess| guess.contains("Windows")), "{windows}");
    }
}

/// What nmap takes a host for, the best first.
fn guesses(scan: &str) -> Vec<String> {
    let known = ["OS details: ", "Aggressive OS guesses: ", "Running (JUST GUESSING): ", "Running: "];
    let lines = scan.lines().filter_map(|line| known.iter().find_map(|prefix| line.strip_prefix(prefix)));
    lines.flat_map(|line| line.split(", ")).map(str::to_owned).collect()
}
