//! Hosts on their segments: who answers, who yields, who leaves.

use std::thread;
use std::time::Duration;

use serde_json::Value;

use super::rig::{Rig, host, port, text};
use crate::honeynet::signal;

#[test]
fn each_host_answers_with_its_own_hardware_address_and_only_its_own() {
    let mut rig = Rig::new(2);
    rig.stand(
        &[
            host("heme01", "10.20.1.31"),
            host("nport01", "10.20.1.35"),
            ("heme02".into(), "like = \"heme01\"\naddress = \"10.20.2.31\"".into()),
        ],
        "",
    );
    let makers =
        [(1, "10.20.1.31", "00:0b:ab"), (1, "10.20.1.35", "00:90:e8"), (2, "10.20.2.31", "00:0b:ab")];
    let mut all = Vec::new();
    for (segment, address, maker) in makers {
        let found = rig.who_has(segment, address);
        assert_eq!(found.len(), 1, "{address}: {found:?}");
        assert!(found[0].starts_with(maker), "{address}: {found:?}");
        all.extend(found);
    }
    all.sort_unstable();
    all.dedup();
    assert_eq!(all.len(), makers.len(), "no two share one");
    for nobody in ["10.20.1.77", "10.20.1.254", "127.0.0.1"] {
        assert!(rig.who_has(1, nobody).is_empty(), "{nobody} is no host's");
    }
    assert!(rig.answers("10.20.1.35", 23) && rig.answers("10.20.2.31", 445), "hosts serve");
    assert!(!rig.answers("10.20.1.35", 24), "and only what they serve");
    let told = rig.told("hosts_stand", |_| true);
    assert_eq!((&told["serving"], &told["yielded"]), (&Value::from(3), &Value::from(0)));
}

#[test]
fn an_address_that_another_uses_is_never_taken() {
    let mut rig = Rig::new(1);
    rig.intruder(&["ip", "addr", "add", "10.20.1.31/24", "dev", &port(1)]);
    rig.start(&[host("heme01", "10.20.1.31"), host("nport01", "10.20.1.35")], "");
    rig.wait_for("one yields, one stands", |states| {
        states["heme01"] == "yielded" && states["nport01"] == "serving"
    });
    let told = rig.told("address_conflict", |_| true);
    assert_eq!((told["host"].as_str(), told["in_use"].as_bool()), (Some("heme01"), Some(false)));
}

#[test]
fn an_address_is_given_up_at_once_when_another_claims_it() {
    let mut rig = Rig::new(1);
    rig.stand(&[host("heme01", "10.20.1.31"), host("nport01", "10.20.1.35")], "");
    assert_eq!(rig.who_has(1, "10.20.1.31").len(), 1);
    // Whoever comes announces himself.
    rig.intruder(&["ip", "addr", "add", "10.20.1.31/24", "dev", &port(1)]);
    rig.intruder(&["arping", "-U", "-c", "1", "-I", &port(1), "10.20.1.31"]);
    rig.wait_for("it yields", |states| states["heme01"] == "yielded");
    assert_eq!(rig.states()["nport01"], "serving", "its neighbour stays");
    let told = rig.told("address_conflict", |_| true);
    assert_eq!((told["host"].as_str(), told["in_use"].as_bool()), (Some("heme01"), Some(true)));
    rig.intruder(&["ip", "addr", "del", "10.20.1.31/24", "dev", &port(1)]);
    assert!(rig.who_has(1, "10.20.1.31").is_empty(), "it is off the wire");
}

#[test]
fn hosts_whose_decoys_do_not_answer_leave_the_wire_without_a_word() {
    let mut rig = Rig::new(1);
    rig.stand(&[host("nport01", "10.20.1.35")], "");
    let sensor = rig.pid("sensor");
    let file = rig.scratch("leaving.pcap");
    let capture = rig.intruder_background(&["tcpdump", "-i", &port(1), "-U", "-w", &file]);
    thread::sleep(Duration::from_secs(1));
    signal(sensor, "STOP");
    rig.wait_for("it is withdrawn", |states| states["nport01"] == "down");
    drop(capture);
    let heard = rig.intruder(&["tcpdump", "-n", "-r", &file]);
    assert_eq!(text(&heard.stdout), "", "nothing was said");
    assert!(rig.who_has(1, "10.20.1.35").is_empty());
    rig.told("hosts_withdrawn", |event| event["hosts"] == 1);
    signal(sensor, "CONT");
    rig.wait_for("it is back", |states| states["nport01"] == "serving");
    assert!(rig.answers("10.20.1.35", 23));
}
