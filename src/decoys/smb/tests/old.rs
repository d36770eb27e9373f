//! The old protocol.

use super::client::machine;
use crate::decoys::smb::packet::{Message, text};
use crate::event::Observation;
use crate::session::bench::{Bench, play};

/// Negotiation, a session without a name, `IPC$`, and the peek at no pipe.
const PROBE: &[u8] = include_bytes!("../../../../tests/regressions/smb_machine/eternal");

/// The messages of what came.
fn messages(mut bytes: &[u8]) -> Vec<&[u8]> {
    let mut found = Vec::new();
    while let Some((head, rest)) = bytes.split_first_chunk::<4>() {
        let length = usize::try_from(u32::from_be_bytes(*head)).unwrap();
        let (message, after) = rest.split_at(length);
        found.push(message);
        bytes = after;
    }
    found
}

fn status(message: &[u8]) -> u32 {
    Message(message).u32(5).unwrap()
}

#[test]
fn the_probe_for_ms17_010_is_answered_as_the_updates_are() {
    for (host, expected) in [("heme01", 0xc000_0205), ("mr01", 0xc000_0205), ("hisdb", 0xc000_0022)] {
        let bench = Bench::new();
        let sent = play(&mut machine(&bench, host), &[PROBE]);
        let answers = messages(&sent);
        let found: Vec<u32> = answers.iter().map(|message| status(message)).collect();
        assert_eq!(found, [0, 0, 0, expected], "{host}");
        let told = bench.told();
        let is = |told: &Observation| matches!(told, Observation::ExploitAttempt { weakness, .. } if weakness == "CVE-2017-0143");
        assert_eq!(told.iter().filter(|told| is(told)).count(), 1, "{host}");
        // How the input is cut changes nothing.
        let bench = Bench::new();
        let chunks: Vec<&[u8]> = PROBE.chunks(1).collect();
        assert!(play(&mut machine(&bench, host), &chunks) == sent);
    }
}

#[test]
fn a_session_names_the_system() {
    let bench = Bench::new();
    let sent = play(&mut machine(&bench, "heme01"), &[PROBE]);
    let setup = messages(&sent)[1];
    let shown = text(&setup[setup.len() % 2..]);
    let other = text(&setup[(setup.len() + 1) % 2..]);
    let has = |word: &str| shown.contains(word) || other.contains(word);
    assert!(has("Windows 7 Professional 7601 Service Pack 1") && has("Windows 7 Professional 6.1"));
}

#[test]
fn who_has_it_off_resets_and_tells() {
    let bench = Bench::new();
    assert!(play(&mut machine(&bench, "ct01"), &[PROBE]).is_empty());
    let told = bench.told();
    let verb = |told: &Observation| matches!(told, Observation::Request { verb, .. } if verb.as_untrusted() == "SMB_COM_NEGOTIATE");
    assert!(told.iter().any(verb), "{told:?}");
}

#[test]
fn a_negotiation_that_offers_both_leads_to_the_new_protocol() {
    const BOTH: &[u8] = include_bytes!("../../../../tests/regressions/smb_machine/multi");
    for (host, dialect) in [("ct01", 0x0311), ("heme01", 0x0210), ("hisdb", 0x0302)] {
        let sent = play(&mut machine(&Bench::new(), host), &[BOTH]);
        let answers = messages(&sent);
        let found: Vec<u16> = answers.iter().map(|message| Message(message).u16(68).unwrap()).collect();
        assert_eq!(found, [0x02ff, dialect], "{host}");
    }
}

#[test]
fn no_byte_of_it_can_be_changed_into_a_crash() {
    for at in 0..PROBE.len() {
        for change in [0x01, 0xff] {
            let mut broken = PROBE.to_vec();
            broken[at] ^= change;
            play(&mut machine(&Bench::new(), "heme01"), &[&broken]);
        }
    }
}
