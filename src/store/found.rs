//! Finding what was kept: sessions by their terms, incidents by how far the team is.

use jiff::Timestamp;
use uuid::Uuid;

use super::rig::{self, Rig};
use super::*;
use crate::event::observation::{AuthMethod, Direction};
use crate::event::{
    CaseChange, CaseState, Event, Observation, Origin, SessionEvent, SessionId, SystemEvent, SystemRecord,
};

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_790_000_000 + second).unwrap()
}

/// A session of this number, begun that many seconds after the first.
fn session(number: u8) -> SessionId {
    let milliseconds = u128::try_from(at(i64::from(number)).as_millisecond()).unwrap();
    SessionId(Uuid::from_u128(milliseconds << 80 | 7 << 76 | 2 << 62 | u128::from(number)))
}

fn event(number: u8, index: u32, observation: Observation) -> Event {
    let origin = Origin {
        session: session(number),
        source: format!("10.0.0.{number}:4000").parse().unwrap(),
        target: "127.0.10.11:22".parse().unwrap(),
        host: if number.is_multiple_of(2) { "his" } else { "pacs" }.into(),
        service: "ssh".into(),
        transport: crate::event::Transport::Tcp,
        own: false,
        led: None,
    };
    Event::Session(SessionEvent { origin, index, at: at(i64::from(number)), observation })
}

fn system(event: SystemEvent) -> Event {
    Event::System(SystemRecord { process: "console".into(), at: at(9), event })
}

fn case(change: CaseChange) -> Event {
    let from = "10.0.0.1".parse().unwrap();
    system(SystemEvent::Case { incident: "one".into(), account: "zhang".into(), from, change })
}

fn filled(place: &Place) {
    let mut store = Store::open(place).unwrap();
    for number in 0..6 {
        let mut transaction = store.begin().unwrap();
        let account = if number == 3 { "Administrator" } else { "root" };
        let login = Observation::AuthAttempt {
            method: AuthMethod::Password,
            account: account.into(),
            secret: None,
            accepted: true,
        };
        transaction.append(at(0), "sensor", &event(number, 0, login)).unwrap();
        let line = format!("cat /etc/passwd; echo 张伟 n{number}");
        let command = Observation::Command { line: line.as_str().into(), exit: None };
        transaction.append(at(0), "sensor", &event(number, 1, command)).unwrap();
        if number == 4 {
            let sha256 = "cd".repeat(32);
            let (direction, name) = (Direction::Upload, "x.sh".into());
            let upload = Observation::Transfer { direction, name, size: 9, sha256 };
            transaction.append(at(0), "sensor", &event(number, 2, upload)).unwrap();
            transaction.label(session(number), &["T1105"]);
        }
        transaction.commit().unwrap();
    }
}

#[test]
fn sessions_are_found_by_what_was_sent() {
    rig::both().iter().for_each(find_sessions);
}

fn find_sessions(rig: &Rig) {
    filled(&rig.place);
    let reader = rig.reader();
    let found = |filter: SessionFilter| -> Vec<u128> {
        let rows = reader.sessions(&filter).unwrap();
        rows.iter().map(|row| row.id.0.as_u128() & 0xff).collect()
    };
    let none = SessionFilter::default;
    let text = |words: &str| SessionFilter { text: Some(words.into()), ..none() };
    assert_eq!(found(none()), [5, 4, 3, 2, 1, 0]);
    assert_eq!(found(text("PASSWD")), [5, 4, 3, 2, 1, 0]);
    assert_eq!(found(text("passwd n2")), [2]);
    assert_eq!(found(text("张伟 n1")), [1]);
    assert_eq!(found(text("王伟")), [] as [u128; 0]);
    assert_eq!(found(text("…")), [] as [u128; 0], "a search without words finds nothing, not all");
    assert_eq!(found(SessionFilter { account: Some("administrator".into()), ..none() }), [3]);
    assert_eq!(found(SessionFilter { technique: Some("t1105".into()), ..none() }), [4]);
    assert_eq!(found(SessionFilter { sha256: Some("CD".repeat(32)), ..none() }), [4]);
    assert_eq!(found(SessionFilter { host: Some("pacs".into()), ..text("cat") }), [5, 3, 1]);
    assert_eq!(found(SessionFilter { decoy: Some("his".into()), limit: Some(2), ..none() }), [4, 2]);
    assert_eq!(found(SessionFilter { from: Some(at(2)), until: Some(at(4)), ..none() }), [3, 2]);
    assert_eq!(found(SessionFilter { before: Some(session(2)), ..text("cat") }), [1, 0]);
    assert_eq!(found(SessionFilter { source: "10.0.0.5".parse().ok(), ..none() }), [5]);
}

#[test]
fn what_the_team_does_is_in_the_chain_and_found() {
    rig::both().iter().for_each(follow_cases);
}

fn follow_cases(rig: &Rig) {
    let mut store = Store::open(&rig.place).unwrap();
    let mut transaction = store.begin().unwrap();
    let changes = [
        CaseChange::State { to: CaseState::InProgress },
        CaseChange::Assigned { to: "zhang".into() },
        CaseChange::Note { text: "断网".into() },
    ];
    for change in changes {
        transaction.append(at(9), "console", &case(change)).unwrap();
    }
    transaction.commit().unwrap();
    let mut reader = rig.reader();
    let expected = Case { state: CaseState::InProgress, assignee: "zhang".into(), notes: 1, seq: 3 };
    assert_eq!(reader.case("one").unwrap(), expected);
    assert_eq!(reader.case("other").unwrap(), Case::default());
    let journal: Vec<u64> = reader.case_records("one").unwrap().iter().map(|record| record.seq).collect();
    assert_eq!(journal, [1, 2, 3]);
    let newest: Vec<u64> =
        reader.newest_beside(&["system/case"], Some(3), 1).unwrap().iter().map(|record| record.seq).collect();
    assert_eq!(newest, [2]);
    assert_eq!(reader.verify(&Known::default(), |_, _| {}).unwrap().broken, None);
}

#[test]
fn a_store_of_the_first_schema_is_brought_up_to_date() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("honeyward.db");
    let old = rusqlite::Connection::open(&path).unwrap();
    old.execute_batch(include_str!("sqlite/1.sql")).unwrap();
    old.pragma_update(None, "user_version", 1).unwrap();
    drop(old);
    assert!(matches!(Reader::open(&path), Err(StoreError::Older { .. })));
    filled(&Place::from(&path));
    assert_eq!(Reader::open(&path).unwrap().sessions(&SessionFilter::default()).unwrap().len(), 6);
}
