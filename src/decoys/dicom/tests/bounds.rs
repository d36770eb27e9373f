//! What an intruder may try on any product: each ends as that product would, and within bounds.

use std::sync::Arc;

use bytes::Bytes;

use super::support::{Peer, State};
use crate::persona::Protocol;
use crate::session::bench::Bench;
use crate::wire::dicom::pdu::{Associate, Context};

/// Every host of the default pack that speaks DICOM.
fn hosts(bench: &Bench) -> Vec<String> {
    let speaks = |host: &&Arc<crate::persona::Host>| {
        host.services.iter().any(|service| service.protocol == Protocol::Dicom)
    };
    bench.pack.hosts.iter().filter(speaks).map(|host| host.name.clone()).collect()
}

/// The AE title that a host answers to.
fn title(bench: &Bench, host: &str) -> String {
    let (_, service) = bench.pack.service(host, Protocol::Dicom).unwrap();
    let line = service.behaviour.text.lines().find(|line| line.starts_with("ae_title")).unwrap();
    line.split('"').nth(1).unwrap().to_owned()
}

fn proposal(bench: &Bench, host: &str, contexts: usize, max_pdu: u32) -> Bytes {
    let bytes = |text: &str| Bytes::copy_from_slice(text.as_bytes());
    let context = |number: usize| Context {
        id: u8::try_from((2 * number + 1) % 256).unwrap(),
        result: 0,
        abstract_syntax: bytes("1.2.840.10008.1.1"),
        transfer_syntaxes: vec![bytes("1.2.840.10008.1.2")],
    };
    Associate {
        version: 1,
        called: bytes(&title(bench, host)),
        calling: bytes("LAB"),
        application_context: bytes("1.2.840.10008.3.1.1.1"),
        contexts: (0..contexts).map(context).collect(),
        max_pdu: Some(max_pdu),
        implementation_uid: bytes("1.2.3"),
        ..Associate::default()
    }
    .request()
}

/// C-ECHO-RQ on context 1.
fn echo() -> Vec<u8> {
    hex::decode(
        "04000000004a0000004601030000000004000000380000000000020012000000312e322e3834302e31303030382e312e\
         3100000000010200000030000000100102000000010000000008020000000101",
    )
    .unwrap()
}

const RELEASE_RQ: [u8; 10] = [5, 0, 0, 0, 0, 4, 0, 0, 0, 0];
const RELEASE_RP: [u8; 10] = [6, 0, 0, 0, 0, 4, 0, 0, 0, 0];

#[test]
fn small_maximum_lengths_are_answered_or_ended() {
    let bench = Arc::new(Bench::new());
    for host in hosts(&bench) {
        for max_pdu in [0, 1, 6, 7, 8, 12, 13, 14, u32::MAX] {
            let mut peer = Peer::connect(&bench, &host);
            peer.send(&proposal(&bench, &host, 1, max_pdu));
            assert_eq!(peer.take()[0], 2, "{host}, {max_pdu}");
            peer.send(&echo());
            assert!(peer.take().len() < 2_000, "{host}, {max_pdu}");
        }
    }
}

#[test]
fn ten_thousand_contexts_are_not_answered_one_by_one() {
    let bench = Arc::new(Bench::new());
    for host in hosts(&bench) {
        let mut peer = Peer::connect(&bench, &host);
        peer.send(&proposal(&bench, &host, 10_000, 16384));
        assert!(peer.take().len() < 20_000, "{host}");
    }
}

#[test]
fn a_release_collision_ends() {
    let bench = Arc::new(Bench::new());
    for host in hosts(&bench) {
        let mut peer = Peer::connect(&bench, &host);
        peer.send(&proposal(&bench, &host, 1, 16384));
        peer.take();
        peer.send(&[RELEASE_RQ, RELEASE_RQ, RELEASE_RP].concat());
        assert!(peer.take().len() <= 40, "{host}");
        peer.wait();
        assert_ne!(peer.state, State::Waits, "{host}");
    }
}

#[test]
fn associations_are_limited_where_the_product_limits_them() {
    let bench = Arc::new(Bench::new());
    let decoy = Peer::decoy(&bench, "pacs");
    let mut open: Vec<Peer> = (0..16).map(|_| Peer::of(&bench, "pacs", decoy.as_ref())).collect();
    for peer in &mut open {
        peer.send(&proposal(&bench, "pacs", 1, 16384));
        assert_eq!(peer.take()[0], 2);
    }
    let mut late = Peer::of(&bench, "pacs", decoy.as_ref());
    late.send(&proposal(&bench, "pacs", 1, 16384));
    assert_eq!(late.take(), [3, 0, 0, 0, 0, 4, 0, 2, 3, 2]);
    open.pop();
    let mut next = Peer::of(&bench, "pacs", decoy.as_ref());
    next.send(&proposal(&bench, "pacs", 1, 16384));
    assert_eq!(next.take()[0], 2);
}
