//! The machine, played as a client does.

mod client;
mod hostile;
mod old;
mod shares;

use client::{Client, RELATED, close, create, machine, password};

use super::crypto::Cipher;
use super::dialect::Dialect;
use super::packet::Message;
use crate::event::observation::AuthMethod;
use crate::event::{Detail, Observation};
use crate::session::bench::{Bench, play};

const READ: u32 = 0x0012_0089;
const WRITE: u32 = 0x0013_019f;

/// Somebody who is in, on a share.
fn inside(bench: &Bench, dialect: Dialect, share: &str) -> Client {
    let mut client = Client::new(machine(bench, "hisdb"));
    assert_eq!(client.negotiate(dialect).status(), 0);
    assert_eq!(client.logon("hisbak", &password(bench, "hisdb/hisbak")).status(), 0);
    assert_eq!(client.connect(share).status(), 0);
    client
}

#[test]
fn every_dialect_leads_to_a_signed_session() {
    for (asked, agreed) in [
        (Dialect::Smb202, 0x0202),
        (Dialect::Smb21, 0x0210),
        (Dialect::Smb30, 0x0300),
        (Dialect::Smb302, 0x0302),
        (Dialect::Smb311, 0x0302),
    ] {
        let bench = Bench::new();
        let mut client = Client::new(machine(&bench, "hisdb"));
        let came = client.negotiate(asked);
        assert_eq!(Message(&came.body).u16(4), Some(agreed));
        if asked == Dialect::Smb311 {
            continue;
        }
        client.logon("hisbak", &password(&bench, "hisdb/hisbak"));
        assert_eq!(client.connect("HISBAK").status(), 0);
        // Every answer's signature is checked by the client.
        let file = client.open(r"脚本\check_backup.sql", READ, 1, 0x40);
        let came = client.read(file, 0, 65_536);
        assert!(came.body.starts_with(b"-- "), "{:?}", came.status());
        assert_eq!(client.close(file).status(), 0);
        assert_eq!(client.ask(13, &[4, 0, 0, 0]).status(), 0);
        assert_eq!(client.ask(2, &[4, 0, 0, 0]).status(), 0);
        assert_eq!(client.ask(4, &[4, 0, 0, 0]).status(), 0xc000_0203);
    }
}

#[test]
fn a_lure_account_is_told_and_a_wrong_password_kept_for_crackers() {
    let bench = Bench::new();
    let mut client = Client::new(machine(&bench, "hisdb"));
    client.negotiate(Dialect::Smb302);
    assert_eq!(client.logon("hisbak", "wrong").status(), 0xc000_006d);
    assert_eq!(client.logon("Administrator", "x").status(), 0xc000_006d);
    let told = bench.told();
    let attempts: Vec<_> = told
        .iter()
        .filter_map(|told| match told {
            Observation::AuthAttempt { method: AuthMethod::ChallengeResponse, account, secret, accepted } => {
                Some((account.as_untrusted(), secret.as_ref().unwrap().as_untrusted(), *accepted))
            }
            _ => None,
        })
        .collect();
    assert_eq!(attempts.len(), 2);
    assert!(attempts.iter().all(|(_, _, accepted)| !accepted));
    let fields: Vec<&str> = attempts[0].1.split(':').collect();
    assert_eq!((fields.len(), fields[0], fields[3].len(), fields[4].len()), (6, "hisbak", 16, 32));
    inside(&bench, Dialect::Smb302, "IPC$");
    let told = bench.told();
    assert!(
        told.iter()
            .any(|told| matches!(told, Observation::LureTouched { lure, .. } if lure == "hisdb/hisbak"))
    );
}

#[test]
fn nobody_gets_to_pipes_and_no_further() {
    let bench = Bench::new();
    let mut client = Client::new(machine(&bench, "hisdb"));
    client.negotiate(Dialect::Smb302);
    let came = client.logon("", "");
    assert_eq!((came.status(), came.body[2]), (0, 2));
    assert_eq!(client.connect("HISBAK").status(), 0xc000_0022);
    assert_eq!(client.connect("nichts").status(), 0xc000_00cc);
    assert_eq!(client.connect("C$").status(), 0xc000_0022);
    assert_eq!(client.connect("IPC$").status(), 0);
    assert_eq!(client.create("srvsvc", READ, 1, 0).status(), 0xc000_0022);
    assert_eq!(client.create("nichts", READ, 1, 0).status(), 0xc000_0034);
}

#[test]
fn what_is_written_is_read_back_kept_and_nobody_else_s() {
    let bench = Bench::new();
    let mut client = inside(&bench, Dialect::Smb302, "HISBAK");
    let before = client.list("脚本", "*");
    let file = client.open(r"脚本\neu.txt", WRITE, 2, 0x40);
    assert_eq!(client.write(file, 0, b"hello ").status(), 0);
    assert_eq!(client.write(file, 6, b"world").status(), 0);
    assert_eq!(client.read(file, 0, 100).body, b"hello world");
    bench.told();
    client.close(file);
    let told = bench.told();
    let transfer = told.iter().any(|told| matches!(told, Observation::Transfer { size: 11, .. }));
    assert!(transfer, "{told:?}");
    assert!(client.list("脚本", "*").contains(&("neu.txt".into(), 11)));
    // Another session of the same source sees it; another source does not.
    let mut again = inside(&bench, Dialect::Smb21, "HISBAK");
    let file = again.open(r"脚本\NEU.TXT", READ, 1, 0x40);
    assert_eq!(again.read(file, 6, 100).body, b"world");
    assert_eq!(again.read(file, 11, 1).status(), 0xc000_0011);
    let mut other = inside(&Bench::new(), Dialect::Smb302, "HISBAK");
    assert_eq!(other.list("脚本", "*"), before);
    // Part of a file of the hospital's.
    let file = client.open(r"脚本\check_backup.sql", WRITE, 1, 0x40);
    client.write(file, 2, b"XX");
    client.close(file);
    let file = client.open(r"脚本\check_backup.sql", READ, 1, 0x40);
    let read = client.read(file, 0, 65_536).body;
    assert!(read.starts_with(b"--XX") && read.len() > 200);
    let told = bench.told();
    assert!(told.iter().any(|told| matches!(told, Observation::Tampering { .. })), "{told:?}");
}

#[test]
fn names_change_and_things_go_for_the_intruder_alone() {
    let bench = Bench::new();
    let mut client = inside(&bench, Dialect::Smb302, "HISBAK");
    let file = client.open("脚本", WRITE, 1, 1);
    assert_eq!(client.rename(file, "alt").status(), 0);
    client.close(file);
    let names: Vec<String> = client.list("", "*").into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, [".", "..", "alt", "CISDB", "THIS4"]);
    assert_eq!(client.list("alt", "*.sql").len(), 1);
    let file = client.open(r"alt\check_backup.sql", WRITE, 1, 0x40);
    assert_eq!(client.rename(file, r"alt\check_backup.sql.locked").status(), 0);
    client.close(file);
    let file = client.open(r"alt\check_backup.sql.locked", WRITE, 1, 0x40);
    assert!(client.read(file, 0, 100).body.starts_with(b"-- "));
    assert_eq!(client.set(file, 13, &[1]).status(), 0);
    client.close(file);
    assert_eq!(client.create(r"alt\check_backup.sql.locked", READ, 1, 0).status(), 0xc000_0034);
    assert_eq!(client.create(r"脚本\check_backup.sql", READ, 1, 0).status(), 0xc000_003a);
    let folder = client.open("alt", WRITE, 1, 1);
    assert_eq!(client.set(folder, 13, &[1]).status(), 0xc000_0101, "it is not empty");
    let told = bench.told();
    let verbs: Vec<&str> = told
        .iter()
        .filter_map(|told| match told {
            Observation::Request { verb, detail: Some(Detail::SmbFile(_)), .. } => Some(verb.as_untrusted()),
            _ => None,
        })
        .collect();
    assert_eq!(verbs, ["RENAME", "RENAME", "READ", "DELETE"]);
}

#[test]
fn a_chain_is_answered_as_one_and_goes_no_further_than_its_error() {
    let bench = Bench::new();
    let mut client = inside(&bench, Dialect::Smb21, "HISBAK");
    for (name, expected) in [(r"脚本\check_backup.sql", 0), ("nichts", 0xc000_0034_u32)] {
        let mut first = client.header(5);
        let mut one = create(name, READ, 1, 0);
        one.resize(one.len().next_multiple_of(8), 0);
        first.next = u32::try_from(64 + one.len()).unwrap();
        let mut second = client.header(6);
        second.flags = RELATED;
        let chained = [&first.write()[..], &one, &second.write(), &close([0xff; 16])].concat();
        // Unsigned: not demanded here.
        let frames = client.frame(&chained);
        let answers = super::packet::chain(&frames[0]).unwrap();
        let found: Vec<u32> = answers.iter().map(|(header, _)| header.status).collect();
        assert_eq!(found, [expected, expected]);
        assert!(answers[0].1.len().is_multiple_of(8));
    }
}

#[test]
fn a_watch_waits_hears_and_is_taken_back() {
    let bench = Bench::new();
    let mut client = inside(&bench, Dialect::Smb302, "HISBAK");
    let folder = client.open("脚本", READ, 1, 1);
    let watch = [&[32, 0, 0, 0, 0, 16, 0, 0][..], &folder, &[0xff, 0, 0, 0, 0, 0, 0, 0]].concat();
    let pending = client.ask(15, &watch);
    assert_eq!((pending.status(), pending.header.flags & 2), (0x103, 2));
    let header = client.header(5);
    let came = client.asks(header, &create(r"脚本\x", WRITE, 2, 1));
    assert_eq!(came.len(), 2);
    assert_eq!((came[1].status(), came[1].header.later), (0, pending.header.later));
    assert_eq!(&came[1].body[8..20], [[0; 4], [1, 0, 0, 0], [2, 0, 0, 0]].concat());
    let pending = client.ask(15, &watch);
    let mut cancel = client.header(12);
    (cancel.flags, cancel.later) = (2, pending.header.later);
    let came = client.asks(cancel, &[4, 0, 0, 0]);
    assert_eq!(came[0].status(), 0xc000_0120);
}

#[test]
fn encrypted_messages_are_read_and_answered_so() {
    let bench = Bench::new();
    let mut client = inside(&bench, Dialect::Smb302, "HISBAK");
    client.cipher = Some(Cipher::Ccm);
    assert_eq!(client.list("脚本", "*").len(), 4);
}

#[test]
fn how_the_input_is_cut_changes_nothing() {
    let bench = Bench::new();
    let mut client = inside(&bench, Dialect::Smb302, "HISBAK");
    client.list("", "*");
    let file = client.open(r"脚本\neu.txt", WRITE, 2, 0x40);
    client.write(file, 0, b"x");
    client.close(file);
    let (sent, got) = (client.sent, client.got);
    for size in [1, 3, 64, 1000] {
        let bench = Bench::new();
        let chunks: Vec<&[u8]> = sent.chunks(size).collect();
        assert!(play(&mut machine(&bench, "hisdb"), &chunks) == got, "{size}");
    }
    for at in (0..sent.len()).step_by(7) {
        let bench = Bench::new();
        let (first, second) = sent.split_at(at);
        assert!(play(&mut machine(&bench, "hisdb"), &[first, second]) == got, "{at}");
    }
}
