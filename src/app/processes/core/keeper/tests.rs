use std::path::Path;
use std::time::Duration;

use tokio::sync::oneshot;
use uuid::Uuid;

use super::*;
use crate::event::observation::AuthMethod;
use crate::event::{Observation, Origin, SessionEvent, SessionId, Severity};
use crate::link::Item;
use crate::runtime::shutdown;
use crate::store::{AlertFilter, Known, Reader, SessionFilter};

const STREAM: Uuid = Uuid::from_u128(1);

fn login(n: u64) -> Event {
    let origin = Origin {
        session: SessionId(Uuid::from_u128(0x0196_b000_0000_7000_8000_0000_0000_0000 + u128::from(n))),
        source: "10.0.0.1:4000".parse().unwrap(),
        target: "127.0.10.11:22".parse().unwrap(),
        host: "his".into(),
        service: "ssh".into(),
        transport: crate::event::Transport::Tcp,
        own: false,
        led: None,
    };
    let observation = Observation::AuthAttempt {
        method: AuthMethod::Password,
        account: "root".into(),
        secret: Some(n.to_string().into()),
        accepted: false,
    };
    let at = Timestamp::from_second(1_790_000_000 + i64::try_from(n).unwrap()).unwrap();
    Event::Session(SessionEvent { origin, index: 0, at, observation })
}

fn batch(positions: std::ops::Range<u64>) -> (Batch, oneshot::Receiver<()>) {
    let (done, committed) = oneshot::channel();
    let items = positions.map(|position| Item { position, event: login(position) }).collect();
    (Batch { stream: STREAM, process: "sensor".into(), items, done }, committed)
}

fn high(path: &Path) -> usize {
    let filter = AlertFilter { min_severity: Some(Severity::High), since: None };
    Reader::open(path).unwrap().alerts(&filter).unwrap().len()
}

#[test]
fn what_is_sent_again_is_kept_once_and_judged_once() {
    let dir = tempfile::tempdir().unwrap();
    let path = Layout::new(dir.path()).database();
    // Each keeper is one life of core; between them lies a kill.
    for positions in [0..3, 1..4, 0..4, 2..9, 0..9] {
        let (mut keeper, progress) =
            Keeper::open(&Layout::new(dir.path()), detect::Settings::default()).unwrap();
        keeper.keep(&[batch(positions.clone()).0]).unwrap();
        let progress = progress.borrow();
        assert_eq!(progress.events + progress.repeated, positions.end - positions.start);
    }
    let verified = Reader::open(&path).unwrap().verify(&Known::default(), |_, _| {}).unwrap();
    assert_eq!(verified.broken, None);
    assert_eq!(verified.sessions, 9);
    assert_eq!(high(&path), 1, "guessing over several lives is one alert");
}

#[test]
fn batches_are_answered_when_they_are_on_the_disk() {
    let dir = tempfile::tempdir().unwrap();
    let path = Layout::new(dir.path()).database();
    let (keeper, progress) = Keeper::open(&Layout::new(dir.path()), detect::Settings::default()).unwrap();
    let (sender, taken) = mpsc::channel(8);
    let (_stop, ear) = shutdown();
    let thread = std::thread::spawn(move || keeper.run(taken, &ear));
    let mut committed = Vec::new();
    for n in 0..20 {
        let (batch, done) = batch(n * 10..n * 10 + 10);
        sender.blocking_send(batch).unwrap();
        committed.push(done);
    }
    for done in committed {
        done.blocking_recv().unwrap();
    }
    assert_eq!(progress.borrow().events, 200);
    let mut reader = Reader::open(&path).unwrap();
    assert_eq!(reader.sessions(&SessionFilter::default()).unwrap().len(), 200);
    drop(sender);
    thread.join().unwrap();
    let verified = reader.verify(&Known::default(), |_, _| {}).unwrap();
    let (alerts, stopped) = (2, 1);
    assert_eq!((verified.broken, verified.head.seq), (None, 200 + alerts + stopped));
}

#[test]
fn a_store_that_cannot_write_takes_nothing_and_goes_on_when_it_can() {
    let dir = tempfile::tempdir().unwrap();
    let path = Layout::new(dir.path()).database();
    let (keeper, progress) = Keeper::open(&Layout::new(dir.path()), detect::Settings::default()).unwrap();
    // A refusal in the middle of a transaction stands for a disk that takes no more.
    let other = rusqlite::Connection::open(&path).unwrap();
    other
        .execute_batch(
            "CREATE TRIGGER refuse BEFORE INSERT ON records WHEN new.seq > 5
             BEGIN SELECT RAISE (ABORT, 'no'); END",
        )
        .unwrap();
    let (sender, taken) = mpsc::channel(8);
    let (_stop, ear) = shutdown();
    let thread = std::thread::spawn(move || keeper.run(taken, &ear));
    let (batch, mut done) = batch(0..9);
    sender.blocking_send(batch).unwrap();
    let stalled = || progress.borrow().stalled.is_some();
    while !stalled() {
        std::thread::sleep(Duration::from_millis(5));
    }
    assert!(done.try_recv().is_err());
    other.execute_batch("DROP TRIGGER refuse").unwrap();
    done.blocking_recv().unwrap();
    assert!(!stalled());
    drop(sender);
    thread.join().unwrap();
    assert_eq!(high(&path), 1, "what failed is judged again, once");
}

#[test]
fn a_sensor_that_starts_again_ends_what_its_predecessor_left_open() {
    let dir = tempfile::tempdir().unwrap();
    let path = Layout::new(dir.path()).database();
    let (mut keeper, _progress) =
        Keeper::open(&Layout::new(dir.path()), detect::Settings::default()).unwrap();
    keeper.keep(&[batch(0..2).0]).unwrap();
    let started = Event::System(SystemRecord {
        process: "sensor".into(),
        at: Timestamp::from_second(1_790_000_100).unwrap(),
        event: SystemEvent::Started { pid: 7 },
    });
    let (done, _) = oneshot::channel();
    let items = vec![Item { position: 2, event: started }];
    keeper.keep(&[Batch { stream: STREAM, process: "sensor".into(), items, done }]).unwrap();
    let mut reader = Reader::open(&path).unwrap();
    let sessions = reader.sessions(&SessionFilter::default()).unwrap();
    assert_eq!(sessions.len(), 2);
    for session in sessions {
        assert_eq!(session.close_reason, Some(CloseReason::SensorLost));
        assert_eq!(session.events, 2);
        assert!(!session.is_incomplete());
    }
    assert_eq!(reader.verify(&Known::default(), |_, _| {}).unwrap().broken, None);
}
