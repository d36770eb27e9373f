//! How fast the console's questions are answered by a store of ten million events.
//!
//! `cargo bench --bench console [-- SESSIONS EVENTS]`; without numbers 100,000 sessions of 100 events.
//! `HONEYWARD_STORE=DIR` keeps the store there and takes it again in the next run.
#![allow(clippy::print_stdout, reason = "a benchmark's table")]

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use honeyward::event::observation::{AuthMethod, CloseReason, Mark, RecordKind};
use honeyward::event::{
    Alert, Event, Observation, Origin, SessionEvent, SessionId, Severity, SystemEvent, SystemRecord,
};
use honeyward::store::{CaseFilter, Reader, SessionFilter, Store, Transaction};
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

/// Days over which the sessions are spread.
const DAYS: u64 = 90;

/// Sessions of one transaction.
const GROUP: u64 = 50;

/// How often each question is asked.
const ROUNDS: usize = 60;

const HOSTS: [(&str, &str); 6] = [
    ("his", "ssh"),
    ("his", "http"),
    ("pacs", "dicom"),
    ("lis", "mllp"),
    ("hisdb", "tds"),
    ("phis", "mysql"),
];

fn main() {
    let numbers: Vec<u64> = std::env::args().skip(1).filter_map(|text| text.parse().ok()).collect();
    let (sessions, events) =
        (numbers.first().copied().unwrap_or(100_000), numbers.get(1).copied().unwrap_or(100));
    let scratch = tempfile::tempdir().expect("a folder");
    let folder = std::env::var_os("HONEYWARD_STORE").map_or(scratch.path().to_owned(), PathBuf::from);
    let path = folder.join("honeyward.db");
    if !path.is_file() {
        fill(&path, sessions, events);
    }
    ask(&path, sessions);
}

fn fill(path: &Path, sessions: u64, events: u64) {
    let began = Instant::now();
    let mut store = Store::open(path).expect("a store");
    let start = Timestamp::now() - SignedDuration::from_hours(24 * i64::try_from(DAYS).expect("small"));
    let step = DAYS * 86_400_000 / sessions.max(1);
    let mut number = 0;
    while number < sessions {
        let mut transaction = store.begin().expect("a transaction");
        for number in number..(number + GROUP).min(sessions) {
            let at = start + SignedDuration::from_millis(i64::try_from(number * step).expect("small"));
            session(&mut transaction, number, events, at);
        }
        transaction.commit().expect("a commit");
        number += GROUP;
    }
    let (seconds, size) = (began.elapsed().as_secs_f64(), path.metadata().map_or(0, |meta| meta.len()));
    println!(
        "filled: {} events in {seconds:.0} s ({:.0} a second), {:.1} GB",
        sessions * events,
        (sessions * events) as f64 / seconds,
        size as f64 / 1e9
    );
}

/// One session: somebody comes, says who he is, works, goes.
fn session(transaction: &mut Transaction<'_>, number: u64, events: u64, at: Timestamp) {
    let (host, service) = HOSTS[usize::try_from(number).expect("small") % HOSTS.len()];
    let milliseconds = u128::try_from(at.as_millisecond()).expect("after 1970");
    let id = SessionId(Uuid::from_u128(milliseconds << 80 | 7 << 76 | 2 << 62 | u128::from(number)));
    let source =
        format!("10.{}.{}.{}:40000", number % 7, number % 251, number % 241).parse().expect("an address");
    let origin = Origin {
        session: id,
        source,
        target: "127.0.10.11:22".parse().expect("an address"),
        host: host.into(),
        service: service.into(),
        transport: honeyward::event::Transport::Tcp,
        own: false,
        led: None,
    };
    let count = u32::try_from(events).expect("small");
    for index in 0..count {
        let observation = observation(number, index, count);
        let at = at + SignedDuration::from_millis(i64::from(index) * 50);
        let event = Event::Session(SessionEvent { origin: origin.clone(), index, at, observation });
        transaction.append(at, "sensor", &event).expect("kept");
    }
    transaction.label(id, &["T1078", "T1059.004"][..usize::from(number.is_multiple_of(10)) * 2]);
    if number.is_multiple_of(100) {
        transaction.rate(id, "E5", Severity::High);
        transaction.alert(at, "core", alert(&origin, at)).expect("kept");
    }
    let act = SystemEvent::Console {
        account: "wanglei".into(),
        from: "10.0.0.1".parse().expect("an address"),
        act: "looked at session".into(),
        object: "x".into(),
    };
    let seen = Event::System(SystemRecord { process: "console".into(), at, event: act });
    transaction.append(at, "console", &seen).expect("kept");
}

fn observation(number: u64, index: u32, count: u32) -> Observation {
    match index {
        0 => Observation::Opened { tls: false },
        1 => Observation::Fingerprint { mark: Mark::SshClient, value: "SSH-2.0-OpenSSH_9.2p1".into() },
        2 => Observation::AuthAttempt {
            method: AuthMethod::Password,
            account: format!("user{}", number % 500).as_str().into(),
            secret: Some("Clzx@2024".into()),
            accepted: number.is_multiple_of(10),
        },
        _ if index + 1 == count => Observation::Closed {
            reason: CloseReason::Peer,
            bytes_in: 4_000,
            bytes_out: 90_000,
            duration_ms: 5_000,
            transcript: None,
        },
        _ if index.is_multiple_of(9) => Observation::RecordRead {
            subject: RecordKind::Patient,
            count: 1,
            ids: vec![format!("P{:07}", number * 31 % 200_000)],
        },
        _ => Observation::Command {
            line: format!(
                "cat /data/export/batch{}/part{index}.csv | grep marker{}",
                number % 1_000,
                number % 97
            )
            .as_str()
            .into(),
            exit: Some(0),
        },
    }
}

fn alert(origin: &Origin, at: Timestamp) -> Alert {
    serde_json::from_value(serde_json::json!({
        "id": Uuid::now_v7().to_string(), "revision": 1, "at": at, "first_seen": at, "last_seen": at,
        "source": origin.source.ip(), "source_port": 40_000, "target": "127.0.10.11", "target_port": 22,
        "host": origin.host, "service": origin.service, "severity": "high", "confidence": 97,
        "rule": "HW-LURE-ACCOUNT", "title": "A bait account was used", "title_zh": "使用了诱饵账号",
        "reasons": [], "techniques": ["T1078"], "accounts": [], "sessions": [origin.session],
        "hosts": [origin.host], "chain_head": "", "chain_sequence": 0
    }))
    .expect("an alert")
}

fn ask(path: &Path, sessions: u64) {
    let now = Timestamp::now();
    let page = |filter: SessionFilter| SessionFilter { limit: Some(50), ..filter };
    let text = |words: &str| page(SessionFilter { text: Some(words.into()), ..SessionFilter::default() });
    let month = CaseFilter {
        since: Some(now - SignedDuration::from_hours(24 * 30)),
        open: true,
        ..CaseFilter::default()
    };
    println!("{:44} {:>10} {:>10}", "question", "p50, ms", "p95, ms");
    measure("overview", path, |reader| {
        reader.count_incidents(&month).expect("counts");
        reader.incidents(&month, 12).expect("incidents");
        reader.sessions_by_hour(now - SignedDuration::from_hours(24 * 30)).expect("hours");
        reader.head().expect("a head");
    });
    measure("incidents, 400 days", path, |reader| {
        let filter =
            CaseFilter { since: Some(now - SignedDuration::from_hours(24 * 400)), ..CaseFilter::default() };
        reader.incidents(&filter, 500).expect("incidents");
    });
    let newest =
        Reader::open(path).expect("a store").sessions(&page(SessionFilter::default())).expect("some");
    let one = newest.first().expect("a session").clone();
    let searches = [
        ("sessions, newest", page(SessionFilter::default())),
        ("by source", page(SessionFilter { source: Some(one.source), ..SessionFilter::default() })),
        (
            "by host and service",
            page(SessionFilter {
                host: Some("pacs".into()),
                service: Some("dicom".into()),
                ..SessionFilter::default()
            }),
        ),
        ("by account", page(SessionFilter { account: Some("user17".into()), ..SessionFilter::default() })),
        ("by technique", page(SessionFilter { technique: Some("T1078".into()), ..SessionFilter::default() })),
        (
            "by severity",
            page(SessionFilter { min_severity: Some(Severity::High), ..SessionFilter::default() }),
        ),
        ("by a frequent word", text("grep")),
        ("by a rare word", text("batch17")),
        ("by three words", text("cat marker5 batch102")),
        ("by a word that is nowhere", text("nonesuch")),
        (
            "by account and word",
            page(SessionFilter {
                account: Some("user17".into()),
                text: Some("export".into()),
                ..SessionFilter::default()
            }),
        ),
        (
            "by day",
            page(SessionFilter {
                from: Some(now - SignedDuration::from_hours(24 * 45)),
                until: Some(now - SignedDuration::from_hours(24 * 44)),
                ..SessionFilter::default()
            }),
        ),
    ];
    for (name, filter) in searches {
        measure(name, path, |reader| {
            reader.sessions(&filter).expect("sessions");
        });
    }
    measure("a session with its records", path, |reader| {
        reader.session_records(one.id).expect("records");
    });
    measure("the map of segments", path, |reader| {
        reader.touched(now - SignedDuration::from_hours(24 * 30)).expect("who touched what");
    });
    measure("audit, newest 200", path, |reader| {
        reader.newest_beside(&["system/console", "system/case"], None, 200).expect("acts");
    });
    let memory = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = memory.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or("unknown");
    println!("{sessions} sessions; peak memory of this process{peak}");
}

/// Each round opens the store anew, as a page does.
fn measure(name: &str, path: &Path, question: impl Fn(&Reader)) {
    let mut times: Vec<Duration> = (0..ROUNDS)
        .map(|_| {
            let began = Instant::now();
            question(&Reader::open(path).expect("a store"));
            began.elapsed()
        })
        .collect();
    times.sort_unstable();
    let at = |share: usize| times[(times.len() * share / 100).min(times.len() - 1)].as_secs_f64() * 1e3;
    println!("{name:44} {:>10.1} {:>10.1}", at(50), at(95));
}
