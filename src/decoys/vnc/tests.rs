//! The server, by what clients send.

use crate::decoys::{Making, build};
use crate::event::Observation;
use crate::persona::Protocol;
use crate::session::bench::{Bench, play};
use crate::session::{Conversation, Machine};

fn machine(bench: &Bench) -> Box<dyn Machine> {
    let (host, service) = bench.pack.service("us01", Protocol::Vnc).unwrap();
    let making = Making {
        pack: std::sync::Arc::clone(&bench.pack),
        host: std::sync::Arc::clone(host),
        world: std::sync::Arc::clone(&bench.world),
        imaging: std::sync::Arc::default(),
    };
    match build(&making, service).unwrap().converse(bench.session("us01", "vnc")) {
        Conversation::Machine(machine) => machine,
        Conversation::Stream(_) | Conversation::Opaque(_) | Conversation::Datagrams(_) => panic!("a machine"),
    }
}

const REFUSED: usize = 8 + 36;

#[test]
fn what_proves_the_password_is_kept_however_it_is_cut() {
    let whole = b"RFB 003.008\n\x020123456789abcdef";
    for split in 0..whole.len() {
        let bench = Bench::new();
        let (first, second) = whole.split_at(split);
        let said = play(machine(&bench).as_mut(), &[first, second]);
        assert!(said.starts_with(b"RFB 003.008\n\x02\x02\x10"), "{said:?}");
        assert_eq!(
            &said[15 + 16..],
            &[&b"\0\0\0\x01\0\0\0\x24"[..], b"Authentication failed from 127.0.0.9"].concat()
        );
        let challenge = hex::encode_upper(&said[15..31]);
        let expected = format!("$vnc$*{challenge}*{}", hex::encode_upper(b"0123456789abcdef"));
        let kept = bench.told().into_iter().any(|o| {
            matches!(o, Observation::AuthAttempt { secret: Some(s), accepted: false, .. } if s.as_untrusted() == expected)
        });
        assert!(kept, "cut at {split}");
    }
}

#[test]
fn older_versions_and_tights_own_way_lead_to_the_same_challenge() {
    let old = play(machine(&Bench::new()).as_mut(), &[b"RFB 003.003\n", &[0; 16]]);
    assert_eq!((&old[12..16], old.len()), (&b"\0\0\0\x02"[..], 32), "no result before 3.8");
    let tight = play(machine(&Bench::new()).as_mut(), &[b"RFB 003.008\n\x10\0\0\0\x02", &[0; 16]]);
    assert_eq!(&tight[15..39], b"\0\0\0\0\0\0\0\x01\0\0\0\x02STDVVNCAUTH_");
    assert_eq!(&tight[39..55], &old[16..32], "of the same second");
    assert_eq!(tight.len(), 55 + REFUSED);
}

#[test]
fn what_is_no_version_ends_it() {
    for wrong in [&b"GET / HTTP/1.1\r\n"[..], b"RFB 004.001\n", b"RFB 003.8  \n", b"RFB 003.008\n\x07"] {
        let bench = Bench::new();
        play(machine(&bench).as_mut(), &[wrong]);
        assert!(bench.told().iter().any(|o| matches!(o, Observation::Malformed { .. })), "{wrong:?}");
    }
}

#[test]
fn a_login_without_password_is_an_attack() {
    let bench = Bench::new();
    play(machine(&bench).as_mut(), &[b"RFB 003.008\n\x01\x01"]);
    assert!(bench.told().iter().any(|o| matches!(o, Observation::ExploitAttempt { .. })));
}
