//! What nobody sends who means well.

use super::client::{Client, machine, negotiate};
use super::{READ, WRITE, inside};
use crate::decoys::smb::dialect::Dialect;
use crate::decoys::smb::packet::{HEADER, Header, SEALED};
use crate::event::Observation;
use crate::session::Next;
use crate::session::bench::{Bench, play};

#[test]
fn what_is_no_smb_ends_the_connection_and_is_told() {
    let starts: [&[u8]; 6] = [
        b"GET / HTTP/1.0\r\n\r\n",
        &[0, 0xff, 0xff, 0xff, 0, 0, 0, 0],
        &[0, 0, 0, 4, 1, 2, 3, 4],
        &[0, 0, 0, 0],
        &[0x81, 0, 0, 4, 1, 2, 3, 4],
        &[0, 0, 0, 60, 0xfe, b'S', b'M', b'B'],
    ];
    for start in starts {
        let bench = Bench::new();
        let mut whole = start.to_vec();
        whole.resize(80, 0);
        assert!(play(&mut machine(&bench, "hisdb"), &[&whole]).is_empty());
        let told = bench.told();
        let is =
            |told: &Observation| matches!(told, Observation::Malformed { .. } | Observation::Probe { .. });
        assert!(told.iter().any(is), "{start:?} {told:?}");
    }
}

#[test]
fn numbers_that_were_not_given_and_second_negotiations_end_it() {
    let bench = Bench::new();
    let mut client = Client::new(machine(&bench, "hisdb"));
    client.negotiate(Dialect::Smb302);
    let header = Header { command: 13, charge: 1, message: 500, ..Header::default() };
    assert!(client.frame(&[&header.write()[..], &[4, 0, 0, 0]].concat()).is_empty());
    assert_eq!(client.next, Next::Reset);
    let mut client = Client::new(machine(&bench, "hisdb"));
    client.negotiate(Dialect::Smb302);
    let header = client.header(0);
    client.frame(&[&header.write()[..], &negotiate(Dialect::Smb21)].concat());
    assert_eq!(client.next, Next::Reset);
}

#[test]
fn lengths_and_places_that_lie_outside_are_refused() {
    let bench = Bench::new();
    let mut client = inside(&bench, Dialect::Smb302, "HISBAK");
    let file = client.open(r"脚本\check_backup.sql", READ, 1, 0x40);
    for command in [5u16, 8, 9, 10, 11, 14, 15, 16, 17] {
        let structure = [57u16, 24, 24, 49, 49, 48, 57, 4, 4, 33, 32, 41, 33]
            .get(usize::from(command) - 5)
            .copied()
            .unwrap();
        for fill in [0u8, 0x7f, 0xff] {
            let mut body = vec![fill; 72];
            body[..2].copy_from_slice(&structure.to_le_bytes());
            for at in [8, 16, 24] {
                body[at..at + 16].copy_from_slice(&file);
                let came = client.ask(command, &body);
                assert_ne!(came.header.command, 0);
                body[at..at + 16].fill(fill);
            }
        }
    }
    // Still there.
    assert!(!client.read(file, 0, 100).body.is_empty());
    // A write whose end is past the last number.
    let file = client.open(r"脚本\neu", WRITE, 2, 0x40);
    assert_eq!(client.write(file, u64::MAX - 2, b"12345").status(), 0xc000_000d);
    assert_eq!(client.write(file, 1 << 40, b"1").status(), 0, "a hole is none that is held");
}

#[test]
fn no_byte_of_a_conversation_can_be_changed_into_a_crash() {
    let bench = Bench::new();
    let mut client = inside(&bench, Dialect::Smb302, "HISBAK");
    client.list("脚本", "*");
    let file = client.open(r"脚本\neu.txt", WRITE, 2, 0x40);
    client.write(file, 0, b"x");
    client.rename(file, "y");
    client.close(file);
    let sent = client.sent;
    for at in 0..sent.len() {
        let mut broken = sent.clone();
        broken[at] ^= if at % 2 == 0 { 0xff } else { 0x01 };
        play(&mut machine(&Bench::new(), "hisdb"), &[&broken]);
    }
}

#[test]
fn sealed_messages_of_nobody_end_it() {
    let bench = Bench::new();
    let mut client = Client::new(machine(&bench, "hisdb"));
    client.negotiate(Dialect::Smb302);
    let mut sealed = SEALED.to_vec();
    sealed.resize(HEADER + 100, 7);
    assert!(client.frame(&sealed).is_empty());
    assert_eq!(client.next, Next::Reset);
}
