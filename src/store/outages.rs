//! The store on a server: who may write, what an outage does, and what peers' text can't do.

use std::thread;

use super::database_server::DatabaseServer;
use super::place::{Settings, Tls};
use super::rig::{self, Rig, on_server};
use super::tests::{at, fill, go_on, login};
use super::*;
use crate::event::observation::Direction;
use crate::event::{Event, Observation};

#[test]
fn tls_shows_the_server_to_be_the_one() {
    let server = DatabaseServer::shared();
    let over_tls = Settings {
        host: "127.0.0.1".into(),
        tls: Tls::Require,
        ca: Some(server.authority()),
        ..on_server(server)
    };
    let rig = Rig::of(over_tls.clone());
    fill(&rig);
    assert_eq!(rig.verify().broken, None);
    let stranger = tempfile::tempdir().unwrap().keep().join("ca.pem");
    let key = rcgen::KeyPair::generate().unwrap();
    let other = rcgen::CertificateParams::new(Vec::new()).unwrap().self_signed(&key).unwrap();
    std::fs::write(&stranger, other.pem()).unwrap();
    let why = |settings: Settings| Rig::of(settings).reader().head().unwrap_err().to_string();
    let refused = why(Settings { ca: Some(stranger.clone()), ..over_tls.clone() });
    assert!(refused.contains("certificate"), "{refused}");
    std::fs::remove_dir_all(stranger.parent().unwrap()).unwrap();
    let refused = why(Settings { host: "localhost".into(), ..over_tls.clone() });
    assert!(refused.contains("certificate"), "another name: {refused}");
    let refused = why(Settings { user: "nobody".into(), ..over_tls });
    assert!(refused.contains("SQLSTATE 28"), "{refused}");
}

#[test]
fn one_writes_at_a_time() {
    let rig = Rig::server();
    fill(&rig);
    let first = Store::open(&rig.place).unwrap();
    assert!(matches!(Store::open(&rig.place), Err(StoreError::Taken(_))));
    drop(first);
    // The server takes a moment to see that the first is gone.
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(10);
    while Store::open(&rig.place).is_err() {
        assert!(std::time::Instant::now() < deadline, "the lock stays");
    }
}

#[test]
fn many_readers_wait_for_few_connections() {
    let rig = Rig::server();
    fill(&rig);
    let readers: Vec<_> = (0..32)
        .map(|_| {
            let place = rig.place.clone();
            thread::spawn(move || {
                let reader = Reader::open(&place).unwrap();
                (0..5).map(|_| reader.sessions(&SessionFilter::default()).unwrap().len()).sum::<usize>()
            })
        })
        .collect();
    for reader in readers {
        assert_eq!(reader.join().unwrap(), 15);
    }
}

#[test]
fn a_killed_server_keeps_what_it_committed_and_takes_the_rest_again() {
    let server = DatabaseServer::start();
    let rig = Rig::of(on_server(&server));
    fill(&rig);
    let reader = rig.reader();
    let mut store = Store::open(&rig.place).unwrap();
    let mut transaction = store.begin().unwrap();
    transaction.append(at(5), "sensor", &login(5, 0)).unwrap();
    server.kill();
    let lost = transaction.commit().unwrap_err();
    assert!(lost.may_pass(), "{lost}");
    assert!(matches!(reader.head(), Err(StoreError::Unreachable { .. })));
    assert!(matches!(store.begin().map(drop), Err(StoreError::Unreachable { .. })));
    server.start_again();
    let mut transaction = store.begin().unwrap();
    assert_eq!(transaction.head().seq, 15, "what was not committed never was");
    transaction.append(at(5), "sensor", &login(5, 0)).unwrap();
    transaction.commit().unwrap();
    assert_eq!(reader.head().unwrap().seq, 16);
    let verified = rig.verify();
    assert_eq!((verified.broken, verified.sessions), (None, 4));
}

#[test]
fn a_writer_does_not_go_on_behind_another() {
    for rig in rig::both() {
        fill(&rig);
        let mut store = Store::open(&rig.place).unwrap();
        rig.tamper("UPDATE head SET seq = 9");
        let mut transaction = store.begin().unwrap();
        transaction.append(at(5), "sensor", &login(5, 0)).unwrap();
        assert!(matches!(transaction.commit(), Err(StoreError::Forked { found: 9, known: 15 })));
        assert!(matches!(store.begin().map(drop), Err(StoreError::Forked { found: 9, .. })));
    }
}

#[test]
fn records_lie_by_month() {
    let rig = Rig::server();
    fill(&rig);
    let mut store = Store::open(&rig.place).unwrap();
    let mut transaction = store.begin().unwrap();
    let later = "2031-02-28T12:00:00Z".parse().unwrap();
    transaction.append(later, "sensor", &login(9, 0)).unwrap();
    transaction.commit().unwrap();
    drop(store);
    go_on(&rig);
    rig.tamper("SELECT 1 / count(*) FROM records_2031_02");
    assert_eq!(rig.verify().broken, None);
}

#[test]
fn no_text_of_a_peer_stops_the_chain() {
    let long = "张\0'\\\u{202e}".repeat(4_000);
    for rig in rig::both() {
        let Event::Session(mut event) = login(1, 0) else { unreachable!() };
        event.origin.host = long.clone();
        event.origin.service = "\0".into();
        let mut upload = event.clone();
        let sha256 = long.clone();
        upload.observation = Observation::Transfer {
            direction: Direction::Upload,
            name: long.as_str().into(),
            size: 1,
            sha256,
        };
        upload.index = 1;
        let mut store = Store::open(&rig.place).unwrap();
        let mut transaction = store.begin().unwrap();
        transaction.append(at(1), &long, &Event::Session(event)).unwrap();
        transaction.append(at(1), "\0", &Event::Session(upload)).unwrap();
        transaction.commit().unwrap();
        assert_eq!(rig.verify().broken, None);
        let filter = SessionFilter { host: Some(long.clone()), ..SessionFilter::default() };
        assert_eq!(rig.reader().sessions(&filter).unwrap().len(), 1);
    }
}
