//! What the host says of its names.

use super::*;
use crate::decoys::Making;
use crate::session::bench::{Bench, NOW};

fn question(name: &packet::Name, kind: u16) -> Vec<u8> {
    let mut out = vec![0x13, 0x37, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 32];
    for byte in name.0 {
        out.extend([b'A' + (byte >> 4), b'A' + (byte & 15)]);
    }
    out.push(0);
    out.extend(kind.to_be_bytes());
    out.extend([0, 1]);
    out
}

fn ask(datagram: &[u8]) -> (Vec<Bytes>, Vec<Observation>) {
    let bench = Bench::new();
    let making = Making {
        pack: Arc::clone(&bench.pack),
        host: Arc::clone(bench.pack.host("hisdb").unwrap()),
        world: Arc::clone(&bench.world),
        imaging: Arc::default(),
    };
    let table = Table::of(&making).unwrap();
    let mut desk = Desk { table: Arc::new(table), session: bench.session("hisdb", "netbios_ns") };
    (desk.receive(NOW.parse().unwrap(), datagram), bench.told())
}

#[test]
fn a_host_tells_its_names_and_its_card() {
    let mut any = [0; 16];
    any[0] = b'*';
    for name in [packet::Name(any), packet::Name::new("clzx-hisdb01", 0)] {
        let (answers, told) = ask(&question(&name, 0x21));
        let data = &answers[0][56..];
        assert_eq!(answers[0][..4], [0x13, 0x37, 0x84, 0]);
        assert_eq!(data[0], 3);
        assert_eq!(&data[1..19], b"CLZX-HISDB01   \x00\x04\x00");
        assert_eq!(&data[19..37], b"CLZXYY         \x00\x84\x00");
        assert_eq!(&data[37..55], b"CLZX-HISDB01   \x20\x04\x00");
        assert_eq!(data[55..58], [0x3c, 0xa8, 0x2a]);
        assert_eq!(data.len(), 55 + 46);
        assert!(matches!(&told[..], [Observation::Request { status: 0, .. }]), "{told:?}");
    }
}

#[test]
fn a_name_leads_to_the_address_and_names_of_others_to_silence() {
    let (answers, _) = ask(&question(&packet::Name::new("CLZX-HISDB01", 0x20), 0x20));
    assert!(answers[0].ends_with(&[0, 6, 0x60, 0, 127, 0, 10, 18]));
    let (answers, told) = ask(&question(&packet::Name::new("WPAD", 0), 0x20));
    assert!(answers.is_empty());
    assert!(matches!(&told[..], [Observation::Request { status: 1, .. }]), "{told:?}");
}

#[test]
fn noise_is_told_and_registrations_pass() {
    let (answers, told) = ask(b"noise");
    assert!(answers.is_empty() && matches!(&told[..], [Observation::Malformed { .. }]));
    let mut registration = question(&packet::Name::new("PC", 0), 0x20);
    registration[2] = 0x29;
    assert_eq!(ask(&registration), (vec![], vec![]));
}
