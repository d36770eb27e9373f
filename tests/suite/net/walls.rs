//! What does not get out: of a host, of a segment, of the sensor's process.

use std::fs;
use std::thread;
use std::time::Duration;

use super::rig::{Rig, host, port, text};

#[test]
fn nothing_that_a_host_begins_leaves_it_and_its_answers_do() {
    let mut rig = Rig::new(1);
    rig.stand(&[host("nport01", "10.20.1.35")], "");
    let file = rig.scratch("leaving.pcap");
    let capture = rig.intruder_background(&["tcpdump", "-i", &port(1), "-U", "-w", &file, "not", "arp"]);
    thread::sleep(Duration::from_secs(1));
    let begun: [&[&str]; 4] = [
        &["nc", "-z", "-w", "2", "10.20.1.200", "22"],
        &["ping", "-c", "1", "-W", "1", "10.20.1.200"],
        &["bash", "-c", "echo x > /dev/udp/10.20.1.200/53"],
        &["nmap", "-sS", "-Pn", "-n", "-p", "80", "--send-eth", "--max-retries", "0", "10.20.1.200"],
    ];
    for command in begun {
        rig.in_host("10.20.1.35", command);
    }
    drop(capture);
    let heard = text(&rig.intruder(&["tcpdump", "-n", "-r", &file]).stdout);
    assert_eq!(heard, "", "nothing that a host begins is on the wire");
    assert!(rig.answers("10.20.1.35", 23), "and it answers");
    assert!(rig.intruder(&["ping", "-c", "1", "-W", "2", "10.20.1.35"]).status.success());
}

#[test]
fn no_packet_crosses_from_a_segment_to_another() {
    let mut rig = Rig::new(3);
    let hosts: Vec<_> = (1..=3)
        .map(|n| (format!("box{n}"), format!("like = \"nport01\"\naddress = \"10.20.{n}.35\"")))
        .collect();
    rig.stand(&hosts, "");
    let files: Vec<_> = (1..=3).map(|n| rig.scratch(&format!("{n}.pcap"))).collect();
    let captures: Vec<_> = (1..=3)
        .map(|n| rig.intruder_background(&["tcpdump", "-i", &port(n), "-U", "-w", &files[n - 1]]))
        .collect();
    thread::sleep(Duration::from_secs(1));
    rig.intruder(&["nmap", "-n", "-Pn", "-sS", "-F", "10.20.1.35"]);
    // By way of a host, as if it were a router.
    let mac = rig.who_has(1, "10.20.1.35").remove(0);
    rig.intruder(&["ip", "neigh", "replace", "10.20.1.254", "lladdr", &mac, "dev", &port(1)]);
    rig.intruder(&["ip", "route", "add", "10.20.99.0/24", "via", "10.20.1.254"]);
    rig.intruder(&["ping", "-c", "2", "-W", "1", "10.20.99.35"]);
    rig.intruder(&["ping", "-c", "2", "-W", "1", "-I", &port(1), "10.20.2.35"]);
    drop(captures);
    let heard = |n: usize| text(&rig.intruder(&["tcpdump", "-n", "-r", &files[n - 1]]).stdout);
    assert!(heard(1).contains("10.20.1.35"), "the attack was heard where it was made");
    for n in [2, 3] {
        assert_eq!(heard(n), "", "segment {n}");
    }
}

#[test]
fn the_sensor_has_nothing_and_every_attempt_is_told() {
    let mut rig = Rig::new(1);
    rig.stand(&[host("nport01", "10.20.1.35")], "");
    let sensor = rig.pid("sensor");
    let status = fs::read_to_string(format!("/proc/{sensor}/status")).unwrap();
    for expected in [
        "CapEff:\t0000000000000000",
        "CapPrm:\t0000000000000000",
        "CapBnd:\t0000000000000000",
        "NoNewPrivs:\t1",
        "Seccomp:\t2",
    ] {
        assert!(status.contains(expected), "{expected}: {status}");
    }
    for thread in fs::read_dir(format!("/proc/{sensor}/task")).unwrap().flatten() {
        let status = fs::read_to_string(thread.path().join("status")).unwrap();
        assert!(
            status.contains("CapEff:\t0000000000000000") && status.contains("Seccomp:\t2"),
            "every thread"
        );
    }
    let network = |pid: u32| fs::read_link(format!("/proc/{pid}/ns/net")).unwrap();
    assert_ne!(network(sensor), network(rig.pid("core")), "it has a network of its own");
    let told = rig.told("containment_tested", |_| true);
    assert_eq!(told["broken"].as_array().unwrap().len(), 0, "{told}");
    let held = told["held"].as_array().unwrap();
    assert!(held.len() >= 24, "{told}");
    for what in [
        "over TCP",
        "over UDP",
        "over ICMP",
        "raw",
        "the store",
        "secret",
        "/tmp",
        "processes",
        "trace",
        "mount",
        "module",
        "program",
    ] {
        assert!(held.iter().any(|attempt| attempt.as_str().unwrap().contains(what)), "{what}: {told}");
    }
}
