//! The machine, played as clients do.

use std::sync::Arc;

use bytes::{Bytes, BytesMut};

use super::behaviour::Behaviour;
use super::link::{Arrival, Link};
use super::security::{Ciphers, HostKey};
use super::server::Server;
use super::session::Turn;
use super::share;
use super::told::Teller;
use super::tpkt::{self, Packet};
use super::{RdpMachine, gcc, info, mcs};
use crate::decoys::Making;
use crate::event::Observation;
use crate::imaging::Imaging;
use crate::persona::Protocol;
use crate::session::bench::{Bench, play};

pub(super) fn server(bench: &Bench, host: &str) -> Arc<Server> {
    let host = Arc::clone(bench.pack.host(host).unwrap());
    let service = host.services.iter().find(|s| s.protocol == Protocol::Rdp).unwrap();
    let making = Making {
        pack: Arc::clone(&bench.pack),
        host: Arc::clone(&host),
        world: Arc::clone(&bench.world),
        imaging: Arc::new(Imaging::default()),
    };
    Server::new(Behaviour::read(service).unwrap(), &making)
}

/// A connection request without a word of negotiation.
const OLD: &[u8] = b"\x03\0\0\x0b\x06\xe0\0\0\0\0\0";

fn sent(packets: &[u8]) -> Vec<Packet> {
    let (mut input, mut found) = (BytesMut::from(packets), Vec::new());
    while let Some(packet) = tpkt::next(&mut input, true).unwrap() {
        found.push(packet);
    }
    assert!(input.is_empty());
    found
}

fn send(user: u16, channel: u16, data: &[u8]) -> Vec<u8> {
    let mut out = vec![0x64];
    out.extend((user - mcs::FIRST_USER).to_be_bytes());
    out.extend(channel.to_be_bytes());
    out.push(0x70);
    out.extend((u16::try_from(data.len()).unwrap() | 0x8000).to_be_bytes());
    out.extend(data);
    tpkt::data(&out)
}

/// All that a client says up to the screen, in plain text under TLS: the packets, and who it is.
fn arrive(user: &str, password: &str) -> Vec<Vec<u8>> {
    let flags = if password.is_empty() { 0 } else { 8 };
    let logon = [&[0x40, 0, 0, 0][..], &info::tests::packet("", user, password, flags)].concat();
    let general = [1, 0, 3, 0, 0, 2, 0, 0, 0, 0, 0x1d, 0x04, 0, 0, 0, 0, 0, 0, 0, 0];
    let sets = [&[1, 0, 24, 0][..], &general].concat();
    let confirm =
        [&share::SHARE.to_le_bytes()[..], &[0xea, 3, 6, 0, 28, 0], b"MSTSC\0", &[1, 0, 0, 0], &sets].concat();
    vec![
        tpkt::data(&gcc::tests::nmap(3)),
        tpkt::data(&[4, 1, 0, 1, 0]),
        tpkt::data(&[0x28]),
        tpkt::data(&[0x38, 0, 6, 3, 0xef]),
        tpkt::data(&[0x38, 0, 6, 3, 0xeb]),
        send(1007, 1003, &logon),
        send(1007, 1003, &share::control(share::control::CONFIRM, &confirm)),
        send(1007, 1003, &share::data(share::data::FONTS, &[0, 0, 0, 0, 3, 0, 50, 0])),
    ]
}

fn link(bench: &Bench, host: &str) -> Link {
    let session = bench.session(host, "rdp");
    let arrival = Arrival { requested: Some(1), selected: 1, account: None };
    Link::new(server(bench, host), Teller { session }, arrival)
}

/// Gives packets to a link and takes what it says until it waits.
fn feed(link: &mut Link, packets: &[Vec<u8>]) -> (Vec<Vec<u8>>, Turn) {
    let (mut out, mut last) = (Vec::new(), Turn::Wait);
    for packet in packets.iter().flat_map(|packet| sent(packet)) {
        last = link.packet(packet, &mut out);
        while let Turn::Think(_) = last {
            last = link.thought(&mut out);
        }
    }
    (out, last)
}

/// Fast-path events that type a text in lower case and end it with a key.
fn typing(text: &str, last: u8) -> Vec<u8> {
    let rows = [(0x10, "qwertyuiop"), (0x1e, "asdfghjkl"), (0x2c, "zxcvbnm"), (0x02, "1234567890")];
    let code = |c: char| {
        let (from, at) = rows.iter().find_map(|(from, row)| Some((from, row.find(c)?))).unwrap();
        from + u8::try_from(at).unwrap()
    };
    let codes = text.chars().map(code).chain([last]);
    let events: Vec<u8> = codes.flat_map(|code| [0, code, 1, code]).collect();
    let count = u8::try_from(events.len() / 2).unwrap();
    let length = u8::try_from(events.len() + 3).unwrap();
    [&[0, length, count][..], &events].concat()
}

#[test]
fn scanners_see_what_windows_answers() {
    let bench = Bench::new();
    let answer = |host: &str, request: &[u8]| {
        let mut machine = RdpMachine::new(server(&bench, host), bench.session(host, "rdp"));
        hex::encode(play(&mut machine, &[request]))
    };
    let standard = b"\x03\0\0\x13\x0e\xe0\0\0\0\0\0\x01\0\x08\0\0\0\0\0";
    assert_eq!(answer("hisdb", OLD), "0300000b06d00000123400");
    assert_eq!(answer("hisdb", standard), "030000130ed000001234000300080005000000");
    assert_eq!(answer("heme01", standard), "030000130ed000001234000201080000000000");
    assert_eq!(answer("mr01", standard), "0300000b06d00000123400");
    assert_eq!(answer("hisdb", b"GET / HTTP/1.0\r\n\r\n"), "");
    let told = bench.told();
    assert!(matches!(told.last(), Some(Observation::Probe { means }) if means == "http-request"));
}

#[test]
fn bytes_one_by_one_are_the_same() {
    let bench = Bench::new();
    let wire: Vec<u8> = [vec![OLD.to_vec()], arrive("admin", "")].concat().concat();
    let run = |size: usize| {
        let mut machine = RdpMachine::new(server(&bench, "mr01"), bench.session("mr01", "rdp"));
        let chunks: Vec<&[u8]> = wire.chunks(size).collect();
        let sent = play(&mut machine, &chunks);
        (sent, bench.told())
    };
    let whole = run(wire.len());
    for size in [1, 2, 7, 100] {
        assert_eq!(run(size), whole);
    }
}

#[test]
fn every_place_of_a_split_gives_the_same() {
    let bench = Bench::new();
    let wire: Vec<u8> = [OLD.to_vec(), arrive("", "").remove(0)].concat();
    let run = |chunks: &[&[u8]]| {
        let mut machine = RdpMachine::new(server(&bench, "mr01"), bench.session("mr01", "rdp"));
        play(&mut machine, chunks)
    };
    let whole = run(&[&wire]);
    assert!(whole.len() > 200);
    for at in 1..wire.len() {
        assert_eq!(run(&[&wire[..at], &wire[at..]]), whole, "{at}");
    }
}

#[test]
fn what_is_typed_on_the_screen_is_told() {
    let bench = Bench::new();
    let mut link = link(&bench, "heme01");
    let (shown, turn) = feed(&mut link, &arrive("", ""));
    assert_eq!(turn, Turn::Wait);
    assert!(link.is_up());
    // The conference, the user, two channels, licence, demand, fonts, then pictures.
    assert!(shown.len() > 7 && shown[7..].iter().all(|packet| packet[0] == 0), "{}", shown.len());
    bench.told();
    let (shown, _) = feed(&mut link, &[typing("admin", 0x0f), typing("pass123", 0x1c)]);
    assert!(!shown.is_empty());
    let told = bench.told();
    let [Observation::AuthAttempt { account, secret, accepted: false, .. }] = &told[..] else {
        panic!("{told:?}")
    };
    assert_eq!(account.as_untrusted(), "admin");
    assert_eq!(secret.as_ref().unwrap().as_untrusted(), "pass123");
    // The message goes away, and the next attempt is told too.
    feed(&mut link, &[typing("", 0x1c), typing("x", 0x1c)]);
    assert_eq!(bench.told().len(), 1);
}

#[test]
fn a_lure_account_is_told_and_refused() {
    let bench = Bench::new();
    let password = bench.pack.host("heme01").unwrap().accounts[0].password.clone();
    let mut link = link(&bench, "heme01");
    feed(&mut link, &arrive("service", &password));
    let told = bench.told();
    assert!(told.iter().any(|o| matches!(o, Observation::AuthAttempt { accepted: true, .. })), "{told:?}");
    assert!(
        matches!(told.last(), Some(Observation::LureTouched { lure, .. }) if lure == "heme01/service"),
        "{told:?}"
    );
}

#[test]
fn who_proved_himself_is_told_that_he_may_not() {
    let bench = Bench::new();
    let server = server(&bench, "hisdb");
    let account = server.account("CLZXYY\\HISBAK").cloned();
    assert!(account.is_some());
    let teller = Teller { session: bench.session("hisdb", "rdp") };
    let mut link = Link::new(server, teller, Arrival { requested: Some(3), selected: 2, account });
    let (said, turn) = feed(&mut link, &arrive("hisbak", ""));
    assert_eq!(turn, Turn::Close);
    let error = hex::encode(share::error(share::reason::NO_RIGHT));
    let [.., before, last] = &said[..] else { panic!("{said:?}") };
    assert!(hex::encode(before).ends_with(&error));
    assert_eq!(last, &mcs::disconnect(false));
}

#[test]
fn checks_for_old_weaknesses_are_answered_by_the_build() {
    let bench = Bench::new();
    let mut initial = gcc::tests::nmap(3);
    let at = initial.windows(5).position(|w| w == b"rdpdr").unwrap();
    initial[at..at + 8].copy_from_slice(b"MS_T120\0");
    let check = |host: &str| {
        let mut link = link(&bench, host);
        let (said, _) = feed(
            &mut link,
            &[tpkt::data(&initial), tpkt::data(&[0x28]), send(1007, 1004, &[0, 0, 0, 0, 1, 2, 3])],
        );
        let told = bench.told();
        let exploits = told.iter().filter(|o| matches!(o, Observation::ExploitAttempt { .. })).count();
        (said.last().cloned(), exploits)
    };
    assert_eq!(check("heme01"), (Some(mcs::disconnect(true)), 2));
    assert_eq!(check("hisdb"), (Some(mcs::attached(1007)), 2));

    let twice = |host: &str| {
        let mut link = link(&bench, host);
        let join = tpkt::data(&[0x38, 0, 6, 3, 0xf0]);
        feed(&mut link, &[tpkt::data(&gcc::tests::nmap(3)), tpkt::data(&[0x28]), tpkt::data(&[0x28]), join])
    };
    let (said, turn) = twice("mr01");
    assert_eq!((said.last(), turn), (Some(&mcs::joined(1007, 1008, true)), Turn::Wait));
    assert_eq!(twice("heme01").1, Turn::Close);
}

#[test]
fn standard_security_carries_a_logon() {
    let bench = Bench::new();
    let server = server(&bench, "mr01");
    let teller = Teller { session: bench.session("mr01", "rdp") };
    let key = server.host_key().unwrap();
    let mut link = Link::new(server, teller, Arrival { requested: None, selected: 0, account: None });
    let (said, _) = feed(&mut link, &[tpkt::data(&gcc::tests::nmap(3)), tpkt::data(&[0x28])]);
    let answer = &said[0];
    let at = answer.windows(4).position(|w| w == [0x02, 0x0c, 0xec, 0x00]).unwrap();
    assert_eq!(&answer[at + 4..at + 12], &[2, 0, 0, 0, 2, 0, 0, 0]);
    let random: [u8; 32] = answer[at + 20..at + 52].try_into().unwrap();
    let mine = [0x11; 32];
    let encrypted = HostKey::encrypted(&key, &mine);
    let exchange = [&[1, 0, 0, 0, 72, 0, 0, 0][..], &encrypted].concat();
    let mut ciphers = Ciphers::client(&mine, &random, 2);
    let mut logon = info::tests::packet("", "admin", "letmein", 8);
    let mac = ciphers.seal(&mut logon);
    let logon = [&[0x48, 0, 0, 0][..], &mac, &logon].concat();
    let (said, turn) = feed(&mut link, &[send(1007, 1003, &exchange), send(1007, 1003, &logon)]);
    assert_eq!((said.len(), turn), (2, Turn::Wait));
    let told = bench.told();
    assert!(
        told.iter().any(
            |o| matches!(o, Observation::AuthAttempt { account, .. } if account.as_untrusted() == "admin")
        ),
        "{told:?}"
    );
    // A checksum that is wrong ends it.
    let broken = [&[0x08, 0, 0, 0][..], &[0; 8], &[1; 20]].concat();
    assert_eq!(feed(&mut link, &[send(1007, 1003, &broken)]).1, Turn::Close);
}

#[test]
fn noise_ends_it() {
    let bench = Bench::new();
    for noise in [&b"\x02\xf0\x80\xff\xff"[..], b"\x02\xf0\x80\x64", b"\x02\xf0\x80\x7f\x65\x82\xff\xff"] {
        let mut link = link(&bench, "hisdb");
        let packet = Packet::Slow(Bytes::copy_from_slice(noise));
        assert_eq!(link.packet(packet, &mut Vec::new()), Turn::Close);
    }
    assert!(bench.told().iter().all(|o| matches!(o, Observation::Malformed { .. })));
}
