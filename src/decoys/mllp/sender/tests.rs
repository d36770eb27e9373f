//! What is sent, to whom, and that it is the world's.

use std::sync::Arc;
use std::time::Duration;

use bytes::BytesMut;
use jiff::{SignedDuration, Timestamp};

use crate::decoys::{Making, build};
use crate::event::Observation;
use crate::persona::Protocol;
use crate::session::bench::{Bench, NOW};
use crate::session::{Conversation, Decoy, Errand, Next, Outbox, Span, Wake};
use crate::wire::hl7::Message;

fn port(bench: &Bench, host: &str) -> Arc<dyn Decoy> {
    let (host, service) = bench.pack.service(host, Protocol::Mllp).unwrap();
    let making = Making {
        pack: Arc::clone(&bench.pack),
        host: Arc::clone(host),
        world: Arc::clone(&bench.world),
        imaging: Arc::default(),
    };
    build(&making, service).unwrap()
}

fn errands(bench: &Bench, host: &str, hours: i64) -> Vec<Errand> {
    let now: Timestamp = NOW.parse().unwrap();
    let span = Span { since: now, from: now - SignedDuration::from_hours(hours), until: now };
    port(bench, host).habit().unwrap().due(span, Duration::from_secs(3600))
}

/// The message of an errand, and whether the errand ends with its acknowledgement.
fn said(bench: &Bench, errand: &mut Errand) -> Vec<u8> {
    let mut out = Outbox::default();
    assert_eq!(
        errand.machine.open(errand.at, &mut out),
        Next::Read(Some(Duration::from_secs(10))),
        "{}",
        errand.purpose
    );
    let framed = out.joined();
    let decoy = port(bench, &errand.to.host);
    let Conversation::Machine(mut receiver) = decoy.converse(bench.session(&errand.to.host, "mllp")) else {
        panic!("a machine")
    };
    let mut answer = Outbox::default();
    receiver.open(errand.at, &mut answer);
    receiver.receive(errand.at, &mut BytesMut::from(&framed[..]), &mut answer);
    let ack = String::from_utf8_lossy(&answer.joined()).into_owned();
    assert!(ack.contains("MSA|AA|"), "{} {ack} {}", errand.purpose, String::from_utf8_lossy(&framed));
    let next =
        errand.machine.receive(errand.at, &mut BytesMut::from(&answer.joined()[..]), &mut Outbox::default());
    assert_eq!(next, Next::Close);
    framed[1..framed.len() - 2].to_vec()
}

#[test]
fn the_information_system_tells_of_visits_and_orders() {
    let bench = Bench::new();
    let mut kinds = [0; 2];
    for mut errand in errands(&bench, "his", 2).into_iter().filter(|e| e.to.host == "lis") {
        let raw = said(&bench, &mut errand);
        let message = Message::parse(&raw).unwrap();
        let view = bench.world.at(errand.at);
        let patient =
            view.patient_by_mrn(&message.first("PID").unwrap().field(3).component(1).text()).unwrap();
        assert!(String::from_utf8_lossy(&raw).contains(&patient.name.chinese()));
        match message.msh(9).component(1).raw() {
            b"ADT" => {
                kinds[0] += 1;
                let visit =
                    view.encounter(&message.first("PV1").unwrap().field(19).component(1).text()).unwrap();
                assert_eq!(visit.patient, patient.no);
            }
            _ => {
                kinds[1] += 1;
                let order = view.order(&message.first("ORC").unwrap().field(2).component(1).text()).unwrap();
                assert_eq!(order.patient, patient.no);
            }
        }
    }
    assert!(kinds.iter().all(|count| *count > 5), "{kinds:?}");
}

#[test]
fn results_and_measurements_are_those_of_the_world() {
    let bench = Bench::new();
    for (host, to) in [("lis", "his"), ("chem01", "lis")] {
        let mut count = 0;
        for mut errand in errands(&bench, host, 2).into_iter().filter(|e| e.to.host == to) {
            let raw = said(&bench, &mut errand);
            let message = Message::parse(&raw).unwrap();
            let obr = message.first("OBR").unwrap();
            let order = bench.world.at(errand.at).lab_order(&obr.field(2).component(1).text()).unwrap();
            let values: Vec<String> =
                message.segments().filter(|s| s.is("OBX")).map(|s| s.field(5).component(1).text()).collect();
            assert_eq!(values, order.results.iter().map(|r| r.value.clone()).collect::<Vec<_>>(), "{host}");
            count += 1;
        }
        assert!(count > 5, "{host} {count}");
    }
    let told = bench.told();
    assert!(told.iter().all(|o| !matches!(o, Observation::Malformed { .. } | Observation::Tampering { .. })));
}

#[test]
fn a_silent_receiver_gets_the_message_twice_and_is_left() {
    let bench = Bench::new();
    let errand = &mut errands(&bench, "his", 1)[0];
    let mut out = Outbox::default();
    errand.machine.open(errand.at, &mut out);
    let first = out.joined();
    let mut out = Outbox::default();
    assert!(matches!(errand.machine.wake(errand.at, Wake::Deadline, &mut out), Next::Read(Some(_))));
    assert_eq!(out.joined(), first);
    assert_eq!(errand.machine.wake(errand.at, Wake::Deadline, &mut Outbox::default()), Next::Close);
}
