//! The tamper matrix: whatever is done to a store or to a bundle, and however well it is covered up,
//! the check says what it is.

use std::fs;
use std::path::{Path, PathBuf};

use honeyward::event::observation::{AuthMethod, CloseReason};
use honeyward::event::{
    Alert, Event, Observation, Origin, SessionEvent, SessionId, SystemEvent, SystemRecord,
};
use honeyward::export::{self, Case, Custody, Places, Verdict};
use honeyward::record::Transcript;
use honeyward::store::{Anchor, Breakage, Head, Known, Reader, SessionFilter, Signer, Store};
use jiff::Timestamp;
use rusqlite::Connection;
use serde_json::{Value, json};
use sha2::{Digest, Sha256, Sha512};
use tempfile::TempDir;
use uuid::Uuid;

const KEY: [u8; 32] = [7; 32];
const FORGER: [u8; 32] = [8; 32];

fn at(second: i64) -> Timestamp {
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
        transport: honeyward::event::Transport::Tcp,
        own: false,
        led: None,
    };
    Event::Session(SessionEvent { origin, index, at: at(i64::from(index)), observation })
}

fn login(number: u8, index: u32, account: &str) -> Event {
    let method = AuthMethod::Password;
    let attempt = Observation::AuthAttempt { method, account: account.into(), secret: None, accepted: false };
    event(number, index, attempt)
}

fn alert(number: u8) -> Alert {
    serde_json::from_value(json!({
        "id": format!("0196b000-0000-7000-8000-0000000000a{number}"), "revision": 1, "at": at(9),
        "first_seen": at(1), "last_seen": at(9), "source": format!("10.0.0.{number}"), "source_port": 4000,
        "target": "127.0.10.11", "target_port": 22, "host": "his", "service": "ssh", "severity": "high",
        "confidence": 97, "rule": "HW-X", "title": "x", "title_zh": "试", "reasons": [], "techniques": ["T1110"],
        "accounts": [], "sessions": [session(number)], "hosts": [], "chain_head": "", "chain_sequence": 0
    }))
    .unwrap()
}

/// An appliance of one folder: a store with three sessions, signed twice, and a transcript.
struct Appliance {
    folder: TempDir,
}

impl Appliance {
    /// With this account in the second session: a forger would like another one there.
    fn with(account: &str, signer: Option<[u8; 32]>) -> Self {
        let built = Appliance { folder: tempfile::tempdir().unwrap() };
        let mut store = Store::open(&built.database()).unwrap();
        for number in 0..3 {
            built.record(&mut store, number, account);
            if let Some(seed) = signer.filter(|_| number < 2) {
                built.sign(&mut store, &seed);
            }
        }
        built
    }

    fn new() -> Self {
        Appliance::with("root", Some(KEY))
    }

    fn database(&self) -> PathBuf {
        self.folder.path().join("honeyward.db")
    }

    fn record(&self, store: &mut Store, number: u8, account: &str) {
        let mut transcript = Transcript::create(&self.folder.path().join("sessions"), session(number));
        transcript.append(at(1), false, b"id\n");
        let kept = transcript.finish(at(3));
        let digest = json!({ "sha256": kept.sha256, "size": kept.length });
        let transcript = Some(serde_json::from_value(digest).unwrap());
        let reason = CloseReason::Peer;
        let mut transaction = store.begin().unwrap();
        let mut keep = |event: Event| {
            transaction.append(at(5), "sensor", &event).unwrap();
        };
        keep(event(number, 0, Observation::Opened { tls: false }));
        keep(login(number, 1, account));
        keep(login(number, 2, "admin"));
        let closed = Observation::Closed { reason, bytes_in: 3, bytes_out: 0, duration_ms: 3000, transcript };
        keep(event(number, 3, closed));
        transaction.alert(at(9), "core", alert(number)).unwrap();
        transaction.commit().unwrap();
    }

    fn sign(&self, store: &mut Store, seed: &[u8; 32]) {
        let reader = self.reader();
        let signed = reader.records_after(0, "system/chain_root").unwrap();
        let end = signed.last().and_then(|record| record.root().map(honeyward::store::root::end_of));
        let signer = Signer::new(seed).unwrap();
        let root = signer.root(&reader, end.unwrap_or(Head::EMPTY), true, at(10)).unwrap().unwrap();
        let event = SystemEvent::ChainRoot { root };
        let event = Event::System(SystemRecord { process: "core".into(), at: at(10), event });
        let mut transaction = store.begin().unwrap();
        transaction.append(at(10), "core", &event).unwrap();
        transaction.commit().unwrap();
    }

    fn reader(&self) -> Reader {
        Reader::open(&self.database()).unwrap()
    }

    fn tamper(&self, sql: &str) {
        Connection::open(self.database()).unwrap().execute_batch(sql).unwrap();
    }

    fn verdict(&self, known: &Known) -> Option<Breakage> {
        self.reader().verify(known, |_, _| {}).unwrap().broken.map(|broken| broken.breakage)
    }

    /// What the SIEM was told with the second alert.
    fn anchor(&self) -> Anchor {
        let (_, alert) = self.reader().incident(&alert(1).id).unwrap().remove(0);
        Anchor { seq: alert.chain_sequence, hash: alert.chain_head }
    }

    /// The bundle of the second session.
    fn bundle(&self, seed: &[u8; 32]) -> PathBuf {
        let to = self.folder.path().join("bundle");
        let reader = self.reader();
        let row = reader.sessions(&SessionFilter {
            source: Some("10.0.0.1".parse().unwrap()),
            ..SessionFilter::default()
        });
        let case = Case::session(&reader, row.unwrap().remove(0)).unwrap();
        let folder = |name: &str| self.folder.path().join(name);
        let carrier = |_: &str| honeyward::event::Transport::Tcp;
        let places = Places {
            sessions: folder("sessions"),
            artefacts: folder("artefacts"),
            packets: folder("packets"),
            carrier,
        };
        let custody = Custody {
            by: "who".into(),
            witness: String::new(),
            reason: "why".into(),
            organisation: String::new(),
            at: at(100),
            machine: "box".into(),
        };
        export::export(&reader, &case, &places, &custody, &Signer::new(seed).unwrap(), &to).unwrap();
        to
    }
}

fn key(seed: &[u8; 32]) -> String {
    Signer::new(seed).unwrap().key()
}

fn known(anchors: &[Anchor]) -> Known {
    Known { anchors: anchors.to_vec(), key: Some(key(&KEY)) }
}

#[test]
fn a_store_that_nobody_touched_is_good() {
    let built = Appliance::new();
    let found = built.reader().verify(&known(&[built.anchor()]), |_, _| {}).unwrap();
    assert_eq!((found.broken, found.head.seq, found.roots, found.signed), (None, 17, 2, 11));
}

/// What a cell of the matrix must say: a test of the breakage.
type Expected = fn(&Breakage) -> bool;

#[test]
fn whoever_writes_into_the_store_is_found() {
    // What is done by SQL, and how the check names it.
    let cells: [(&str, &str, Expected); 9] = [
        ("edit", "UPDATE records SET body = replace(body, '\"root\"', '\"boot\"') WHERE seq = 8", |b| {
            matches!(b, Breakage::Altered)
        }),
        ("edit beside the body", "UPDATE records SET at = at + 1 WHERE seq = 8", |b| {
            matches!(b, Breakage::Mislabelled)
        }),
        ("deletion", "DELETE FROM records WHERE seq = 8", |b| matches!(b, Breakage::Missing { .. })),
        (
            "deletion with new numbers",
            "DELETE FROM records WHERE seq = 8; UPDATE records SET seq = seq - 1 WHERE seq > 8",
            |b| matches!(b, Breakage::Misplaced { .. }),
        ),
        (
            "insertion",
            "UPDATE records SET seq = -seq WHERE seq > 8; UPDATE records SET seq = 1 - seq WHERE seq < 0; \
             INSERT INTO records SELECT 9, at, session, kind, hash, body FROM records WHERE seq = 8",
            |b| matches!(b, Breakage::Misplaced { .. }),
        ),
        (
            "reordering",
            "UPDATE records SET seq = -1 WHERE seq = 8; UPDATE records SET seq = 8 WHERE seq = 9; \
             UPDATE records SET seq = 9 WHERE seq = -1",
            |b| matches!(b, Breakage::Misplaced { .. }),
        ),
        ("truncation", "DELETE FROM records WHERE seq > 12", |b| matches!(b, Breakage::CutOff { .. })),
        ("a session hidden", "DELETE FROM sessions WHERE source = '10.0.0.1'", |b| {
            matches!(b, Breakage::Index { .. })
        }),
        ("an alert hidden", "DELETE FROM alerts WHERE revision = 1 AND seq < 6", |b| {
            matches!(b, Breakage::Index { .. })
        }),
    ];
    for (name, sql, expected) in cells {
        let built = Appliance::new();
        built.tamper(sql);
        let broken = built.verdict(&known(&[]));
        assert!(broken.as_ref().is_some_and(expected), "{name}: {broken:?}");
    }
}

#[test]
fn an_end_that_was_cut_cleanly_shows_against_an_anchor() {
    let built = Appliance::new();
    let late = {
        let (_, alert) = built.reader().incident(&alert(2).id).unwrap().remove(0);
        Anchor { seq: alert.chain_sequence, hash: alert.chain_head }
    };
    // The forger knows the store: he also takes what is derived from the records.
    built.tamper(
        "DELETE FROM records WHERE seq > 12; DELETE FROM alerts WHERE seq > 12; \
         DELETE FROM sessions WHERE source = '10.0.0.2'; \
         UPDATE head SET seq = 12, hash = (SELECT hash FROM records WHERE seq = 12)",
    );
    assert_eq!(built.verdict(&known(&[])), None, "nothing inside tells that there was more");
    let expected = late.seq;
    assert_eq!(built.verdict(&known(&[late])), Some(Breakage::CutOff { expected }));
}

#[test]
fn a_chain_that_was_written_anew_shows_against_an_anchor_and_the_key() {
    let anchor = Appliance::new().anchor();
    let told = anchor.hash.clone();
    // Without the key: no roots, or those of another key.
    let unsigned = Appliance::with("nobody", None);
    assert_eq!(unsigned.verdict(&known(&[])), None, "a store that was never signed is no fault by itself");
    assert_eq!(
        unsigned.verdict(&known(std::slice::from_ref(&anchor))),
        Some(Breakage::Rewritten { told: told.clone() })
    );
    let forged = Appliance::with("nobody", Some(FORGER));
    assert!(matches!(forged.verdict(&known(&[])), Some(Breakage::FalseRoot { .. })));
    // With the key, as one who owns the whole appliance: only the anchor tells.
    let rewritten = Appliance::with("nobody", Some(KEY));
    assert_eq!(rewritten.verdict(&known(&[])), None);
    assert_eq!(rewritten.verdict(&known(&[anchor])), Some(Breakage::Rewritten { told }));
}

/// How well a forger covers up what he did to a bundle.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Cover {
    /// Not at all.
    None,
    /// He makes all lists anew.
    Lists,
    /// And signs them with a key of his own that he puts in.
    Key,
}

#[test]
fn whoever_changes_a_bundle_is_found() {
    type Change = fn(&Path);
    let cells: [(&str, Change, Verdict); 9] = [
        (
            "edit of a record",
            |bag| edit(bag, "data/chain/records.jsonl", "\"root\"", "\"boot\""),
            Verdict::Edited,
        ),
        ("edit of a transcript", |bag| edit(bag, &transcript(), "id", "ls"), Verdict::Edited),
        ("deletion of a record", |bag| lines(bag, |all| drop(all.remove(1))), Verdict::Deleted),
        ("insertion of a record", |bag| lines(bag, |all| all.push(forged())), Verdict::Inserted),
        ("a record twice", |bag| lines(bag, |all| all.insert(1, all[0].clone())), Verdict::Inserted),
        ("reordering of records", |bag| lines(bag, |all| all.swap(1, 2)), Verdict::Reordered),
        ("truncation of records", |bag| lines(bag, |all| all.truncate(3)), Verdict::Truncated),
        ("truncation of roots", drop_root, Verdict::Edited),
        (
            "another proof",
            |bag| edit(bag, "data/chain/proofs.json", "\"path\": [\n      \"", "\"path\": [\n      \"00"),
            Verdict::Edited,
        ),
    ];
    for (name, change, verdict) in cells {
        for cover in [Cover::None, Cover::Lists, Cover::Key] {
            let built = Appliance::new();
            let bag = built.bundle(&KEY);
            change(&bag);
            conceal(&bag, cover);
            let checked = export::check(&bag, &known(&[])).unwrap();
            let found: Vec<_> = checked.faults.iter().map(|fault| fault.verdict).collect();
            assert!(found.contains(&verdict), "{name}, {cover:?}: {:?}", checked.faults);
            if cover != Cover::None {
                assert!(found.contains(&Verdict::Unsigned), "{name}, {cover:?}: {:?}", checked.faults);
            }
        }
    }
}

#[test]
fn files_of_a_bundle_are_bound_by_the_signature() {
    type Change = fn(&Path);
    let cells: [(&str, Change, Verdict); 4] = [
        ("edit", |bag| edit(bag, "data/custody.csv", "why", "who"), Verdict::Edited),
        ("deletion", |bag| fs::remove_file(bag.join("data/timeline.csv")).unwrap(), Verdict::Deleted),
        ("insertion", |bag| fs::write(bag.join("data/extra.txt"), "x").unwrap(), Verdict::Inserted),
        ("a tag", |bag| edit(bag, "bag-info.txt", "Contact-Name: who", "Contact-Name: you"), Verdict::Edited),
    ];
    for (name, change, verdict) in cells {
        let built = Appliance::new();
        let bag = built.bundle(&KEY);
        assert_eq!(export::check(&bag, &known(&[built.anchor()])).unwrap().faults, [], "untouched");
        change(&bag);
        let found = export::check(&bag, &known(&[])).unwrap();
        assert!(found.faults.iter().any(|fault| fault.verdict == verdict), "{name}: {:?}", found.faults);
        conceal(&bag, Cover::Lists);
        let found = export::check(&bag, &known(&[])).unwrap();
        let verdicts: Vec<_> = found.faults.iter().map(|fault| fault.verdict).collect();
        assert_eq!(verdicts, [Verdict::Unsigned], "{name}");
    }
}

#[test]
fn a_bundle_of_a_chain_that_was_written_anew_shows_against_an_anchor() {
    let anchor = Appliance::new().anchor();
    let rewritten = Appliance::with("nobody", Some(KEY));
    let bag = rewritten.bundle(&KEY);
    assert!(export::check(&bag, &known(&[])).unwrap().ok, "who has the key can do that");
    let verdict = |anchor: Anchor| export::check(&bag, &known(&[anchor])).unwrap().faults[0].verdict;
    assert_eq!(verdict(anchor), Verdict::Rewritten);
    assert_eq!(verdict(Anchor { seq: 999, hash: "ab".repeat(32) }), Verdict::Truncated);
    assert_eq!(verdict(Anchor { seq: 2, hash: "ab".repeat(32) }), Verdict::NotCovered);
    let forger = Appliance::with("nobody", Some(FORGER));
    let forged = forger.bundle(&FORGER);
    let found = export::check(&forged, &known(&[])).unwrap();
    assert!(found.faults.iter().any(|fault| fault.verdict == Verdict::Unsigned));
}

fn transcript() -> String {
    format!("data/sessions/{}/transcript.hwt", session(1))
}

fn edit(bag: &Path, name: &str, from: &str, to: &str) {
    let path = bag.join(name);
    let bytes = fs::read(&path).unwrap();
    let at = bytes.windows(from.len()).position(|part| part == from.as_bytes()).expect(name);
    fs::write(path, [&bytes[..at], to.as_bytes(), &bytes[at + from.len()..]].concat()).unwrap();
}

fn lines(bag: &Path, change: impl FnOnce(&mut Vec<String>)) {
    let path = bag.join("data/chain/records.jsonl");
    let mut all: Vec<String> = fs::read_to_string(&path).unwrap().lines().map(str::to_owned).collect();
    change(&mut all);
    fs::write(path, all.iter().map(|line| format!("{line}\n")).collect::<String>()).unwrap();
}

/// A record that never was.
fn forged() -> String {
    let event = serde_json::to_value(login(1, 9, "eve")).unwrap();
    json!({ "at": at(5), "event": event, "prev": "0".repeat(64), "process": "sensor", "seq": 90 }).to_string()
}

fn drop_root(bag: &Path) {
    let path = bag.join("data/chain/roots.json");
    let mut roots: Vec<Value> = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    roots.truncate(1);
    fs::write(path, serde_json::to_vec_pretty(&roots).unwrap()).unwrap();
}

fn conceal(bag: &Path, cover: Cover) {
    if cover == Cover::None {
        return;
    }
    let list = |names: &[String], digest: fn(&[u8]) -> String| -> String {
        names.iter().map(|name| format!("{}  {name}\n", digest(&fs::read(bag.join(name)).unwrap()))).collect()
    };
    let short: fn(&[u8]) -> String = |bytes| hex::encode(Sha256::digest(bytes));
    let long: fn(&[u8]) -> String = |bytes| hex::encode(Sha512::digest(bytes));
    let mut names = Vec::new();
    walk(bag, "data", &mut names);
    fs::write(bag.join("manifest-sha256.txt"), list(&names, short)).unwrap();
    fs::write(bag.join("manifest-sha512.txt"), list(&names, long)).unwrap();
    let tags = ["bagit.txt", "bag-info.txt", "manifest-sha256.txt", "manifest-sha512.txt"].map(str::to_owned);
    let all = list(&tags, short);
    fs::write(bag.join("tagmanifest-sha512.txt"), list(&tags, long)).unwrap();
    fs::write(bag.join("tagmanifest-sha256.txt"), &all).unwrap();
    if cover == Cover::Key {
        let signature = Signer::new(&FORGER).unwrap().sign(all.as_bytes());
        fs::write(bag.join("tagmanifest-sha256.txt.sig"), signature).unwrap();
    }
}

fn walk(bag: &Path, folder: &str, names: &mut Vec<String>) {
    for entry in fs::read_dir(bag.join(folder)).unwrap().map(Result::unwrap) {
        let name = format!("{folder}/{}", entry.file_name().to_str().unwrap());
        if entry.file_type().unwrap().is_dir() { walk(bag, &name, names) } else { names.push(name) }
    }
}
