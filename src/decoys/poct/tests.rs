//! Conversations, by both ends.

use std::sync::Arc;
use std::time::Duration;

use bytes::BytesMut;
use jiff::{SignedDuration, Timestamp};

use super::{Reading, next_document};
use crate::decoys::{Making, build};
use crate::event::Observation;
use crate::event::observation::RecordKind;
use crate::persona::Protocol;
use crate::session::bench::{Bench, NOW, play};
use crate::session::{Conversation, Decoy, Machine, Next, Outbox, Span};

fn port(bench: &Bench, host: &str) -> Arc<dyn Decoy> {
    let (host, service) = bench.pack.service(host, Protocol::Poct1a).unwrap();
    let making = Making {
        pack: Arc::clone(&bench.pack),
        host: Arc::clone(host),
        world: Arc::clone(&bench.world),
        imaging: Arc::default(),
    };
    build(&making, service).unwrap()
}

fn machine(bench: &Bench, host: &str) -> Box<dyn Machine> {
    match port(bench, host).converse(bench.session(host, "poct1a")) {
        Conversation::Machine(machine) => machine,
        Conversation::Stream(_) | Conversation::Opaque(_) | Conversation::Datagrams(_) => panic!("a machine"),
    }
}

/// What one end says to the other until one closes, both ways.
fn converse(mut device: Box<dyn Machine>, mut manager: Box<dyn Machine>, now: Timestamp) -> [String; 2] {
    let mut said = [Vec::new(), Vec::new()];
    let (mut to_manager, mut to_device) = (BytesMut::new(), BytesMut::new());
    let mut out = Outbox::default();
    device.open(now, &mut out);
    to_manager.extend_from_slice(&out.joined());
    said[0].extend(out.joined());
    manager.open(now, &mut Outbox::default());
    for _ in 0..200 {
        let mut out = Outbox::default();
        let ended = manager.receive(now, &mut to_manager, &mut out) == Next::Close;
        to_device.extend_from_slice(&out.joined());
        said[1].extend(out.joined());
        let mut out = Outbox::default();
        let done = device.receive(now, &mut to_device, &mut out) == Next::Close;
        to_manager.extend_from_slice(&out.joined());
        said[0].extend(out.joined());
        if ended || done {
            manager.receive(now, &mut to_manager, &mut Outbox::default());
            return said.map(|bytes| String::from_utf8(bytes).unwrap());
        }
    }
    panic!("a conversation that never ends");
}

fn kinds(said: &str) -> Vec<String> {
    let parts = said.split("<HDR.message_type V=\"").skip(1);
    parts.map(|part| part.split('"').next().unwrap().to_owned()).collect()
}

#[test]
fn a_device_calls_and_its_results_are_the_worlds() {
    let bench = Bench::new();
    let now: Timestamp = NOW.parse().unwrap();
    let span = Span { since: now, from: now - SignedDuration::from_hours(3), until: now };
    let errands = port(&bench, "gas01").habit().unwrap().due(span, Duration::from_secs(3600));
    assert!(errands.len() > 2, "{}", errands.len());
    for errand in errands {
        assert_eq!((errand.to.host.as_str(), errand.to.port), ("lis", 3001));
        let [device, manager] = converse(errand.machine, machine(&bench, "lis"), errand.at);
        assert_eq!(kinds(&device), ["HEL.R01", "DST.R01", "ACK.R01", "OBS.R01", "EOT.R01", "ACK.R01"]);
        assert_eq!(kinds(&manager), ["ACK.R01", "ACK.R01", "REQ.R01", "ACK.R01", "ACK.R01", "END.R01"]);
        let specimen = device.split("<ORD.order_id V=\"").nth(1).unwrap().split('"').next().unwrap();
        let order = bench.world.at(errand.at).lab_order(specimen).unwrap();
        assert_eq!(order.panel, "L7001");
        assert!(
            order.results.iter().all(|r| device.contains(&format!("<OBS.value V=\"{}\"", r.value))),
            "{device}"
        );
        let told = bench.told();
        assert!(
            told.iter().all(|o| !matches!(o, Observation::Malformed { .. } | Observation::Tampering { .. })),
            "{told:?}"
        );
        assert!(
            told.iter().any(|o| matches!(o, Observation::RecordWrite { subject: RecordKind::LabResult, .. }))
        );
    }
}

#[test]
fn who_calls_the_device_gets_its_last_results() {
    let bench = Bench::new();
    let now: Timestamp = NOW.parse().unwrap();
    let [device, _] = converse(machine(&bench, "gas01"), machine(&bench, "lis"), now);
    assert_eq!(kinds(&device).iter().filter(|kind| *kind == "OBS.R01").count(), 20);
    let told = bench.told();
    let read =
        told.iter().filter(|o| matches!(o, Observation::RecordRead { subject: RecordKind::LabResult, .. }));
    assert_eq!(read.count(), 20);
    assert!(told.iter().any(|o| matches!(o, Observation::Query { unbounded: true, answers: 20, .. })));
}

fn message(kind: &str, id: u32, body: &str) -> String {
    format!(
        "<?xml version=\"1.0\"?><{kind}><HDR><HDR.message_type V=\"{kind}\"/><HDR.control_id V=\"{id}\"/></HDR>{body}</{kind}>"
    )
}

fn injected(bench: &Bench) -> (String, String) {
    let view = bench.world.at(NOW.parse().unwrap());
    let day = view.local(view.now()).date().yesterday().unwrap();
    let order =
        view.lab_orders_on(day).into_iter().find(|o| o.panel == "L7001" && o.verified.is_some()).unwrap();
    let body = format!(
        "<SVC><PT><PT.patient_id V=\"1\"/><OBS><OBS.observation_id V=\"2744-1\"/><OBS.value V=\"6.90\" U=\"\"/></OBS></PT><ORD><ORD.order_id V=\"{}\"/></ORD></SVC>",
        order.specimen
    );
    let stream = [
        message("HEL.R01", 1, "<DEV><DEV.device_name V=\"ABL&amp;90\"/></DEV>"),
        message("OBS.R01", 2, &body),
        message("END.R01", 3, ""),
    ]
    .concat();
    (order.specimen, stream)
}

#[test]
fn injected_results_are_told_as_tampering_and_every_split_is_the_same() {
    let whole = Bench::new();
    let (specimen, stream) = injected(&whole);
    let expected = play(machine(&whole, "lis").as_mut(), &[stream.as_bytes()]);
    let told = whole.told();
    assert!(
        told.iter().any(|o| matches!(o, Observation::Tampering { id, changes, .. }
        if *id == specimen && changes[0].field == "pH" && changes[0].to.as_untrusted() == "6.90")),
        "{told:?}"
    );
    assert_eq!(whole.session("lis", "poct1a").written_results(&specimen)[0].by, "ABL&90");
    for at in 0..=stream.len() {
        let bench = Bench::new();
        let (a, b) = stream.as_bytes().split_at(at);
        assert_eq!(play(machine(&bench, "lis").as_mut(), &[a, b]), expected, "split at {at}");
        assert_eq!(bench.told(), told, "split at {at}");
    }
}

#[test]
fn order_is_kept_and_strangers_are_sent_away() {
    let bench = Bench::new();
    let early = play(machine(&bench, "lis").as_mut(), &[message("OBS.R01", 7, "").as_bytes()]);
    let early = String::from_utf8(early).unwrap();
    assert!(early.contains("<ACK.type_cd V=\"AE\"/><ACK.ack_control_id V=\"7\"/>"), "{early}");
    assert!(bench.told().iter().all(|o| !matches!(o, Observation::RecordWrite { .. })));
    for (input, probe) in [("GET / HTTP/1.0\r\n\r\n", true), ("<a><b></a>", false), ("\u{1}\u{2}", false)] {
        assert!(play(machine(&bench, "lis").as_mut(), &[input.as_bytes()]).is_empty());
        let told = bench.told();
        assert!(
            told.iter().any(|o| matches!(o, Observation::Probe { .. }) == probe
                || matches!(o, Observation::Malformed { .. }) != probe),
            "{told:?}"
        );
    }
}

#[test]
fn documents_are_bounded_and_nothing_is_looked_up() {
    let bomb = "<!DOCTYPE x [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b SYSTEM \"file:///etc/passwd\">]><HEL.R01><DEV.device_name V=\"&b;\"/></HEL.R01>";
    let Reading::Document(document) = next_document(&mut BytesMut::from(bomb)) else { panic!("a document") };
    assert_eq!((document.root.as_str(), document.value("DEV.device_name")), ("HEL.R01", "&b;"));
    let deep = "<a>".repeat(40);
    assert_eq!(next_document(&mut BytesMut::from(deep.as_str())), Reading::Broken("XML nested too deep"));
    let long = format!("<a V=\"{}", "x".repeat(super::MAX_MESSAGE));
    assert_eq!(next_document(&mut BytesMut::from(long.as_str())), Reading::Broken("message too long"));
}
