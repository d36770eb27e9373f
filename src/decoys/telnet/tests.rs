//! The console, by what is typed.

use std::sync::Arc;

use crate::decoys::{Making, build};
use crate::event::Observation;
use crate::persona::Protocol;
use crate::session::bench::{Bench, play};
use crate::session::{Conversation, Decoy, Machine};

fn machine(bench: &Bench) -> Box<dyn Machine> {
    let (host, service) = bench.pack.service("nport01", Protocol::Telnet).unwrap();
    let making = Making {
        pack: Arc::clone(&bench.pack),
        host: Arc::clone(host),
        world: Arc::clone(&bench.world),
        imaging: Arc::default(),
    };
    let decoy: Arc<dyn Decoy> = build(&making, service).unwrap();
    match decoy.converse(bench.session("nport01", "telnet")) {
        Conversation::Machine(machine) => machine,
        Conversation::Stream(_) | Conversation::Opaque(_) | Conversation::Datagrams(_) => panic!("a machine"),
    }
}

fn typed(bench: &Bench, keys: &[u8]) -> String {
    String::from_utf8_lossy(&play(machine(bench).as_mut(), &[keys])).into_owned()
}

#[test]
fn the_factory_password_opens_it_and_others_are_recorded() {
    let bench = Bench::new();
    let said = typed(&bench, b"root\r\n1234\r\nadmin\r\n");
    assert!(
        said.contains("Model name       : NPort 5110") && said.matches("Please keyin").count() == 3,
        "{said}"
    );
    let told = bench.told();
    assert_eq!(
        told.iter().filter(|o| matches!(o, Observation::AuthAttempt { accepted: false, .. })).count(),
        3
    );
    let said = typed(&bench, b"moxa\r\n4\r\n\r\n7\r\n\r\nq\r\n");
    assert!(said.contains("Local TCP port       : 4001") && said.contains("127.0.10.13"), "{said}");
    assert!(!said.contains("moxa"), "what is typed as password is not shown");
    let told = bench.told();
    assert!(
        told.iter().any(|o| matches!(o, Observation::LureTouched { lure, .. } if lure == "nport01/admin"))
    );
    assert_eq!(told.iter().filter(|o| matches!(o, Observation::Command { .. })).count(), 3);
}

#[test]
fn options_are_answered_and_every_split_is_the_same() {
    let keys = b"\xff\xfd\x18\xff\xfb\x1f\xff\xfa\x1f\x00\x50\xff\xf0mo\x08oxa\r\0v\r\n\r\n8\r\n10.0.0.1\r\n\r\nq\r\n";
    let bench = Bench::new();
    let whole = play(machine(&bench).as_mut(), &[keys]);
    assert!(whole.windows(3).any(|w| w == [255, 252, 24]) && whole.windows(3).any(|w| w == [255, 254, 31]));
    let told = bench.told();
    assert!(told.iter().any(|o| matches!(o, Observation::Tunnel { relayed: false, .. })));
    for at in 0..=keys.len() {
        let (a, b) = keys.split_at(at);
        assert_eq!(play(machine(&bench).as_mut(), &[a, b]), whole, "split at {at}");
        assert_eq!(bench.told(), told, "split at {at}");
    }
}

#[test]
fn the_banner_is_the_one_that_scanners_know() {
    let said = play(machine(&Bench::new()).as_mut(), &[b""]);
    let rule = "-".repeat(77);
    let begins =
        format!("\r\0\n\r\0\n{rule}\r\0\nModel name       : NPort 5110\r\0\nMAC address      : 00:90:E8:");
    let offer = b"\xff\xfb\x01\xff\xfb\x03\xff\xfb\0\xff\xfd\x01\xff\xfd\0";
    assert!(said.starts_with(&[offer.as_slice(), begins.as_bytes()].concat()), "{said:?}");
}

#[test]
fn long_lines_are_cut() {
    let bench = Bench::new();
    let long = [b"x".repeat(100_000), b"\r\n".to_vec()].concat();
    assert!(play(machine(&bench).as_mut(), &[&long]).len() < 2_000);
}

#[test]
fn the_makers_search_finds_it_and_is_told() {
    let bench = Bench::new();
    let (host, service) = bench.pack.service("nport01", Protocol::DeviceSearch).unwrap();
    let making = Making {
        pack: Arc::clone(&bench.pack),
        host: Arc::clone(host),
        world: Arc::clone(&bench.world),
        imaging: Arc::default(),
    };
    let decoy = build(&making, service).unwrap();
    let Conversation::Datagrams(mut desk) = decoy.converse(bench.session("nport01", "device_search")) else {
        panic!("datagrams")
    };
    let mut ask = |datagram: &[u8]| desk.receive(crate::session::bench::NOW.parse().unwrap(), datagram);
    let found = ask(&[1, 0, 0, 8, 0, 0, 0, 7]).remove(0);
    assert_eq!((&found[..8], found.len()), (&[0x81, 0, 0, 24, 0, 0, 0, 7][..], 24));
    assert_eq!((&found[14..17], &found[20..]), (&[0, 0x90, 0xE8][..], &[127, 0, 10, 35][..]));
    let asked = |code: u8| [&[code, 0, 0, 20, 0, 0, 0, 0], &found[8..20]].concat();
    let named = ask(&asked(0x10)).remove(0);
    assert_eq!((named.len(), &named[20..26]), (60, &b"NP5110"[..]));
    let serial = ask(&asked(0x16)).remove(0);
    let number = u16::from_le_bytes([serial[28], serial[29]]);
    let console = typed(&bench, b"");
    assert!(console.contains(&format!("Serial No.       : {number:04}")), "{console}");
    assert_eq!(&ask(&asked(0x55)).remove(0)[..], [0xD5, 4, 0, 8, 0, 0, 0, 0]);
    assert!(
        ask(&[0x10, 0, 0, 20, 0, 0, 0, 0, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9]).is_empty(),
        "another's id"
    );
    assert!(ask(&[]).is_empty() && ask(&[1, 0, 0, 9, 0, 0, 0, 0]).is_empty());
    let told = bench.told();
    let requests = told.iter().filter(|o| matches!(o, Observation::Request { .. })).count();
    let malformed = told.iter().filter(|o| matches!(o, Observation::Malformed { .. })).count();
    assert_eq!((requests, malformed), (4, 3), "{told:?}");
}
