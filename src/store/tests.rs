//! The chain under tampering, kills and a full disk.

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use proptest::prelude::*;
use uuid::Uuid;

use super::rig::{self, Rig};
use super::*;
use crate::event::observation::{AuthMethod, CloseReason, Direction};
use crate::event::{
    Alert, Event, Observation, Origin, SessionEvent, SessionId, Severity, SystemEvent, SystemRecord,
};

pub(super) fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_790_000_000 + second).unwrap()
}

fn session(number: u8) -> SessionId {
    SessionId(Uuid::from_u128(0x0196_b000_0000_7000_8000_0000_0000_0000 + u128::from(number)))
}

fn event(number: u8, index: u32, observation: Observation) -> Event {
    let origin = Origin {
        session: session(number),
        source: format!("10.0.0.{number}:4000").parse().unwrap(),
        target: "127.0.10.11:22".parse().unwrap(),
        host: "his".into(),
        service: "ssh".into(),
        transport: crate::event::Transport::Tcp,
        own: false,
        led: None,
    };
    Event::Session(SessionEvent { origin, index, at: at(i64::from(index)), observation })
}

pub(super) fn login(number: u8, index: u32) -> Event {
    let (account, secret) = ("管理员\u{1b}".into(), Some("pw\"\\\n".into()));
    let method = AuthMethod::Password;
    event(number, index, Observation::AuthAttempt { method, account, secret, accepted: false })
}

fn alert(id: &str, revision: u32) -> Alert {
    serde_json::from_value(serde_json::json!({
        "id": id, "revision": revision, "at": at(9), "first_seen": at(1), "last_seen": at(9),
        "source": "10.0.0.1", "source_port": 4000, "target": "127.0.10.11", "target_port": 22,
        "host": "his", "service": "ssh", "severity": "high", "confidence": 97, "rule": "HW-X",
        "title": "x", "title_zh": "试", "reasons": [], "techniques": [], "accounts": [],
        "sessions": [], "hosts": [], "chain_head": "", "chain_sequence": 0
    }))
    .unwrap()
}

#[test]
fn who_touched_which_decoy_is_told_worst_first() {
    for rig in rig::both() {
        fill(&rig);
        let touched = rig.reader().touched(at(0)).unwrap();
        let sources: Vec<String> = touched.iter().map(|t| t.source.to_string()).collect();
        assert_eq!(sources.len(), 3);
        assert!(sources.contains(&"10.0.0.2".to_owned()), "{sources:?}");
        assert!(touched.iter().all(|t| t.host == "his" && t.sessions == 1 && t.severity == Severity::Medium));
        assert!(touched.is_sorted_by(|a, b| a.last >= b.last));
        assert_eq!(rig.reader().touched(at(100)).unwrap(), []);
    }
}

/// A store with three sessions of four events, two alerts and a system event: 15 records.
pub(super) fn fill(rig: &Rig) {
    let mut store = Store::open(&rig.place).unwrap();
    for number in 0..3 {
        let mut transaction = store.begin().unwrap();
        transaction.append(at(0), "sensor", &event(number, 0, Observation::Opened { tls: false })).unwrap();
        transaction.append(at(1), "sensor", &login(number, 1)).unwrap();
        transaction.rate(session(number), "E4", Severity::Medium);
        if number > 0 {
            transaction.alert(at(1), "core", alert("incident", number.into())).unwrap();
        }
        let sha256 = "ab".repeat(32);
        let upload =
            Observation::Transfer { direction: Direction::Upload, name: "x".into(), size: 1, sha256 };
        transaction.append(at(2), "sensor", &event(number, 2, upload)).unwrap();
        let reason = CloseReason::Peer;
        let closed =
            Observation::Closed { reason, bytes_in: 10, bytes_out: 20, duration_ms: 3000, transcript: None };
        transaction.append(at(3), "sensor", &event(number, 3, closed)).unwrap();
        transaction.commit().unwrap();
    }
    let mut transaction = store.begin().unwrap();
    let stopped = SystemRecord { process: "core".into(), at: at(4), event: SystemEvent::Stopped { pid: 1 } };
    transaction.append(at(4), "core", &Event::System(stopped)).unwrap();
    transaction.commit().unwrap();
}

/// One more record.
pub(super) fn go_on(rig: &Rig) {
    let mut store = Store::open(&rig.place).unwrap();
    let mut transaction = store.begin().unwrap();
    transaction.append(at(6), "sensor", &login(6, 0)).unwrap();
    transaction.commit().unwrap();
}

/// Both engines with that store.
fn filled() -> [Rig; 2] {
    let rigs = rig::both();
    rigs.iter().for_each(fill);
    rigs
}

#[test]
fn a_whole_chain_verifies_and_reads_back() {
    for rig in filled() {
        let mut calls = 0;
        let verified = rig.reader().verify(&Known::default(), |_, _| calls += 1).unwrap();
        assert_eq!(verified.broken, None);
        assert_eq!((verified.head.seq, verified.sessions, verified.alerts, calls), (15, 3, 2, 15));
        assert_eq!(verified.incomplete_sessions, 0);
        assert_eq!(verified.files.uploads.len(), 1);
        let reader = rig.reader();
        let rows = reader.sessions(&SessionFilter::default()).unwrap();
        assert_eq!(rows.iter().map(|row| row.id).collect::<Vec<_>>(), [session(2), session(1), session(0)]);
        let row = &rows[0];
        assert_eq!((row.events, row.counts.uploads, row.access.tried, row.bytes_out), (4, 1, 1, 20));
        assert_eq!((row.class.as_str(), row.severity, row.closed), ("E4", Severity::Medium, Some(at(3))));
        let records = reader.session_records(session(1)).unwrap();
        assert_eq!(records.iter().map(|record| record.seq).collect::<Vec<_>>(), [5, 6, 8, 9]);
        assert_eq!(records[1].entry, Entry::Event(login(1, 1)));
        let alerts = reader.alerts(&AlertFilter::default()).unwrap();
        assert_eq!(alerts.iter().map(|(seq, _)| *seq).collect::<Vec<_>>(), [12, 7]);
        assert_eq!(alerts[1].1.chain_sequence, 6);
        assert_eq!(reader.alerts_after(7, Severity::High, 10).unwrap().len(), 1);
        assert_eq!(reader.alerts_after(0, Severity::High, 1).unwrap()[0].0, 7);
    }
}

#[test]
fn sessions_are_found_by_filter_and_by_the_start_of_their_id() {
    for rig in filled() {
        let reader = rig.reader();
        let count = |filter: SessionFilter| reader.sessions(&filter).unwrap().len();
        let source = Some("10.0.0.1".parse().unwrap());
        assert_eq!(count(SessionFilter { source, ..SessionFilter::default() }), 1);
        assert_eq!(count(SessionFilter { decoy: Some("ssh".into()), ..SessionFilter::default() }), 3);
        assert_eq!(count(SessionFilter { decoy: Some("pacs".into()), ..SessionFilter::default() }), 0);
        assert_eq!(count(SessionFilter { since: Some(at(4)), ..SessionFilter::default() }), 0);
        assert_eq!(
            count(SessionFilter { since: Some(at(3)), limit: Some(2), ..SessionFilter::default() }),
            2
        );
        let whole = session(2).to_string();
        let starting = |start: &str| reader.sessions_starting(start, 10).unwrap().len();
        assert_eq!(starting(&whole), 1);
        assert_eq!(starting(&whole[..9]), 3);
        assert_eq!((starting("f"), starting("xyz"), starting("")), (0, 0, 0));
    }
}

#[test]
fn cutting_off_the_end_shows() {
    for rig in filled() {
        rig.tamper("DELETE FROM records WHERE seq > 13");
        assert_eq!(rig.verify().broken, Some(Break { seq: 13, breakage: Breakage::CutOff { expected: 15 } }));
        rig.tamper("DELETE FROM records");
        assert!(rig.verify().broken.is_some());
    }
}

#[test]
fn lists_that_lie_show() {
    for rig in filled() {
        let zeroes = format!("UPDATE records SET hash = {} WHERE seq = 5", rig.bytes(&"00".repeat(32)));
        let short = format!("UPDATE records SET hash = {} WHERE seq = 5", rig.bytes("00"));
        for (lie, truth) in [
            ("UPDATE sessions SET events = events + 1", "UPDATE sessions SET events = events - 1"),
            ("UPDATE alerts SET severity = 0 WHERE revision = 2", "UPDATE alerts SET severity = 3"),
            (
                "UPDATE records SET kind = 'session/closed' WHERE seq = 5",
                "UPDATE records SET kind = 'session/opened' WHERE seq = 5",
            ),
            ("UPDATE records SET at = at + 1 WHERE seq = 5", "UPDATE records SET at = at - 1 WHERE seq = 5"),
            ("DELETE FROM alerts WHERE revision = 1", ""),
            ("DELETE FROM sessions WHERE host = 'his'", ""),
            ("UPDATE records SET session = NULL WHERE seq = 5", ""),
            (zeroes.as_str(), ""),
            (short.as_str(), ""),
        ] {
            rig.tamper(lie);
            assert!(rig.verify().broken.is_some(), "{lie}");
            if !truth.is_empty() {
                rig.tamper(truth);
                assert_eq!(rig.verify().broken, None, "{truth}");
            }
        }
    }
}

#[test]
fn a_forged_alert_anchor_shows_even_with_all_hashes_made_anew() {
    for rig in rig::both() {
        let mut store = Store::open(&rig.place).unwrap();
        let mut transaction = store.begin().unwrap();
        let mut forged = alert("incident", 1);
        forged.chain_head = "12".repeat(32);
        let head = transaction.head();
        let sealed = record::seal(&head, at(1), "core", "alert", &forged, None).unwrap();
        transaction.append(at(1), "sensor", &login(1, 0)).unwrap();
        transaction.commit().unwrap();
        drop(store);
        let hash = rig.bytes(&hex::encode(sealed.hash));
        rig.tamper(&format!(
            "UPDATE records SET session = NULL, kind = 'alert', hash = {hash}, body = '{}'; \
             UPDATE head SET hash = {hash}",
            sealed.body
        ));
        assert_eq!(rig.verify().broken, Some(Break { seq: 1, breakage: Breakage::FalseHead }));
    }
}

#[test]
fn what_was_not_committed_never_was() {
    for rig in filled() {
        let mut store = Store::open(&rig.place).unwrap();
        let before = store.head();
        let stream = Uuid::from_u128(7);
        for _ in 0..2 {
            let mut transaction = store.begin().unwrap();
            transaction.append(at(5), "sensor", &login(2, 4)).unwrap();
            transaction.append(at(5), "sensor", &login(9, 0)).unwrap();
            transaction.advance(stream, "sensor", 41);
            drop(transaction);
            assert_eq!(store.head(), before);
        }
        assert_eq!(store.begin().unwrap().position(stream).unwrap(), None);
        let mut transaction = store.begin().unwrap();
        transaction.append(at(5), "sensor", &login(2, 4)).unwrap();
        transaction.advance(stream, "sensor", 42);
        transaction.commit().unwrap();
        assert_eq!(store.begin().unwrap().position(stream).unwrap(), Some(42));
        let row = rig.reader().sessions_starting(&session(2).to_string(), 1).unwrap();
        assert_eq!((row[0].events, row[0].access.tried), (5, 2), "the session goes on from the file");
        assert_eq!(rig.verify().broken, None);
    }
}

#[test]
fn a_writer_that_is_killed_leaves_whole_transactions() {
    let rig = Rig::embedded();
    fill(&rig);
    let mut store = Store::open(&rig.place).unwrap();
    let mut transaction = store.begin().unwrap();
    transaction.append(at(5), "sensor", &login(5, 0)).unwrap();
    // What is on the disk at this moment is what a killed process leaves.
    let left = PathBuf::from(rig.place.shown()).with_file_name("left.db");
    for suffix in ["", "-wal"] {
        let from = format!("{}{suffix}", rig.place.shown());
        std::fs::copy(from, format!("{}{suffix}", left.display())).unwrap();
    }
    let again = Store::open(&left).unwrap();
    assert_eq!(again.head().seq, 15);
    drop(again);
    let verified = Reader::open(&left).unwrap().verify(&Known::default(), |_, _| {}).unwrap();
    assert_eq!(verified.broken, None);
    transaction.commit().unwrap();
    assert_eq!(rig.verify().head.seq, 16);
}

#[test]
fn a_full_disk_is_said_and_leaves_nothing_half_written() {
    let rig = Rig::embedded();
    fill(&rig);
    let writer = sqlite::Writer::open(Path::new(&rig.place.shown())).unwrap();
    let pages: i64 = writer.connection().pragma_query_value(None, "page_count", |row| row.get(0)).unwrap();
    writer.connection().pragma_update(None, "max_page_count", pages + 2).unwrap();
    let mut store = Store::over(Box::new(writer)).unwrap();
    let flood = |store: &mut Store| -> Result<(), StoreError> {
        let mut transaction = store.begin()?;
        for index in 0..200 {
            transaction.append(at(6), "sensor", &login(6, index))?;
        }
        transaction.commit()
    };
    assert!(matches!(flood(&mut store), Err(StoreError::Full)));
    assert!(matches!(flood(&mut store), Err(StoreError::Full)));
    assert_eq!(rig.verify().head.seq, 15);
    let mut store = Store::open(&rig.place).unwrap();
    flood(&mut store).unwrap();
    let verified = rig.verify();
    assert_eq!((verified.broken, verified.head.seq), (None, 215));
}

#[test]
fn lost_events_of_a_session_show() {
    for rig in filled() {
        let mut store = Store::open(&rig.place).unwrap();
        let mut transaction = store.begin().unwrap();
        transaction.append(at(5), "sensor", &login(7, 3)).unwrap();
        transaction.commit().unwrap();
        let verified = rig.verify();
        assert_eq!((verified.broken, verified.incomplete_sessions), (None, 1));
    }
}

/// One change that somebody with write access could make.
#[derive(Debug, Clone)]
enum Tampering {
    Flip { seq: i64, place: usize, byte: u8 },
    Delete { seq: i64 },
    Insert { after: i64 },
    Swap { one: i64, other: i64 },
    Rehash { seq: i64 },
}

fn tampering() -> impl Strategy<Value = Tampering> {
    let seq = || 1_i64..=15;
    prop_oneof![
        (seq(), any::<prop::sample::Index>(), 1_u8..).prop_map(|(seq, place, byte)| Tampering::Flip {
            seq,
            place: place.index(200),
            byte
        }),
        seq().prop_map(|seq| Tampering::Delete { seq }),
        seq().prop_map(|after| Tampering::Insert { after }),
        (seq(), 1_i64..15).prop_map(|(one, by)| Tampering::Swap { one, other: (one - 1 + by) % 15 + 1 }),
        seq().prop_map(|seq| Tampering::Rehash { seq }),
    ]
}

/// Makes the change; gives the first number that is touched.
fn make(rig: &Rig, change: &Tampering) -> i64 {
    match *change {
        Tampering::Flip { seq, place, byte } => {
            let body = rig.reader().body(u64::try_from(seq).unwrap()).unwrap();
            let mut bytes = body.into_bytes();
            let place = place % bytes.len();
            bytes[place] ^= byte;
            // A server takes no text that is none.
            if rig.is_server() && !String::from_utf8(bytes.clone()).is_ok_and(|text| !text.contains('\0')) {
                bytes = b"{}".to_vec();
            }
            rig.tamper(&format!("UPDATE records SET body = {} WHERE seq = {seq}", rig.text(&bytes)));
            seq
        }
        Tampering::Delete { seq } => {
            rig.tamper(&format!("DELETE FROM records WHERE seq = {seq}"));
            seq
        }
        Tampering::Insert { after } => {
            rig.tamper(&format!(
                "UPDATE records SET seq = -seq - 1 WHERE seq > 0;
                 UPDATE records SET seq = -seq - 1 WHERE -seq - 1 <= {after};
                 UPDATE records SET seq = -seq WHERE seq < 0;
                 INSERT INTO records SELECT {after} + 1, at, session, kind, hash, body
                 FROM records WHERE seq = {after}"
            ));
            after + 1
        }
        Tampering::Swap { one, other } => {
            rig.tamper(&format!(
                "UPDATE records SET seq = -1 WHERE seq = {one};
                 UPDATE records SET seq = {one} WHERE seq = {other};
                 UPDATE records SET seq = {other} WHERE seq = -1"
            ));
            one.min(other)
        }
        Tampering::Rehash { seq } => {
            let (head, row) = (Head::EMPTY, login(8, 0));
            let head = Head { seq: u64::try_from(seq).unwrap() - 1, ..head };
            let forged = record::seal(&head, at(1), "sensor", "event", &row, row.session()).unwrap();
            rig.tamper(&format!(
                "UPDATE records SET body = {}, hash = {}, kind = '{}', at = {}, session = {} WHERE seq = {seq}",
                rig.text(forged.body.as_bytes()),
                rig.bytes(&hex::encode(forged.hash)),
                forged.kind,
                at(1).as_microsecond(),
                rig.bytes(&hex::encode(session(8).0.as_bytes())),
            ));
            seq
        }
    }
}

fn expect_found(rig: &Rig, change: &Tampering) {
    fill(rig);
    let first = u64::try_from(make(rig, change)).unwrap();
    let broken = rig.verify().broken.expect("found");
    // A record forged with its own hash shows where the next one does not link to it.
    let latest = first + 1;
    assert!((first.saturating_sub(1)..=latest).contains(&broken.seq), "{broken:?} of {first}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn every_edit_deletion_insertion_and_reordering_is_found(change in tampering()) {
        expect_found(&Rig::embedded(), &change);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn on_a_server_too(change in tampering()) {
        expect_found(&Rig::server(), &change);
    }
}
