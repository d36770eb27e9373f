//! An agent asked as managers and scanners ask it.

use super::*;
use crate::event::Observation;
use crate::session::bench::{Bench, NOW};

fn desk(bench: &Bench, host: &str) -> Desk {
    let behaviour = bench.pack.files.text(&format!("{host}/snmp.toml")).unwrap();
    let behaviour: Behaviour = toml::from_str(behaviour).unwrap();
    let agent = Agent::new(behaviour, &bench.pack, bench.pack.host(host).unwrap());
    Desk { agent: Arc::new(agent), session: bench.session(host, "snmp"), told: Vec::new() }
}

fn request(version: i64, community: &[u8], kind: u8, counts: (i64, i64), names: &[&[u32]]) -> Vec<u8> {
    let mut fields = Vec::new();
    for value in [7, counts.0, counts.1] {
        ber::put_signed(&mut fields, ber::tag::INTEGER, value);
    }
    let list: Vec<u8> = names.iter().flat_map(|name| value::binding(name, &value::Value::Null)).collect();
    ber::put(&mut fields, ber::tag::SEQUENCE, &list);
    let mut body = Vec::new();
    ber::put_signed(&mut body, ber::tag::INTEGER, version);
    ber::put(&mut body, ber::tag::OCTETS, community);
    ber::put(&mut body, kind, &fields);
    let mut out = Vec::new();
    ber::put(&mut out, ber::tag::SEQUENCE, &body);
    out
}

const DESCRIPTION: &[u32] = &[1, 3, 6, 1, 2, 1, 1, 1, 0];

fn has(answer: &[u8], text: &[u8]) -> bool {
    answer.windows(text.len()).any(|window| window == text)
}

#[test]
fn the_right_community_reads_and_a_wrong_one_is_told_and_gets_nothing() {
    let bench = Bench::new();
    let mut desk = desk(&bench, "nport01");
    let now = NOW.parse().unwrap();
    let answers = desk.receive(now, &request(0, b"public", 0xa0, (0, 0), &[DESCRIPTION]));
    assert!(has(&answers[0], b"NPort 5110"));
    assert!(desk.receive(now, &request(1, b"secret", 0xa0, (0, 0), &[DESCRIPTION])).is_empty());
    let told = bench.told();
    let tried: Vec<_> = told
        .iter()
        .filter_map(|told| match told {
            Observation::AuthAttempt { secret: Some(secret), accepted, .. } => {
                Some((secret.as_untrusted(), *accepted))
            }
            _ => None,
        })
        .collect();
    assert_eq!(tried, [("public", true), ("secret", false)]);
}

#[test]
fn a_walk_comes_to_its_end_and_bulk_stays_small() {
    let bench = Bench::new();
    let mut desk = desk(&bench, "hisdb");
    let now = NOW.parse().unwrap();
    let mib = desk.agent.mib(now);
    let mut name = vec![1, 3];
    let mut steps = 0;
    while let Some((next, _)) = mib.range(name.clone()..).find(|(next, _)| **next != name) {
        name = next.clone();
        steps += 1;
    }
    assert_eq!(steps, mib.len());
    let bulk = desk.receive(now, &request(1, b"public", 0xa5, (0, 10_000), &[&[1, 3]]));
    assert!(bulk[0].len() < 1472 && bulk[0].len() > 500, "{}", bulk[0].len());
    let last = mib.keys().last().unwrap();
    let end = desk.receive(now, &request(1, b"public", 0xa1, (0, 0), &[last]));
    assert!(has(&end[0], &[0x82, 0]), "the end of the view");
    let end = desk.receive(now, &request(0, b"public", 0xa1, (0, 0), &[last]));
    assert!(has(&end[0], &[2, 1, 2, 2, 1, 1]), "noSuchName of the first");
}

#[test]
fn what_is_to_be_changed_is_told_and_refused() {
    let bench = Bench::new();
    let mut desk = desk(&bench, "nport01");
    let answers = desk.receive(NOW.parse().unwrap(), &request(1, b"private", 0xa3, (0, 0), &[DESCRIPTION]));
    assert!(has(&answers[0], &[2, 1, 17, 2, 1, 1]), "notWritable");
    assert!(bench.told().iter().any(|told| matches!(told, Observation::ExploitAttempt { .. })));
}

#[test]
fn a_discovery_of_version_3_gives_the_engine() {
    let bench = Bench::new();
    let mut desk = desk(&bench, "nport01");
    let asked = hex::decode(
        "303e020103301102042b18a7c1020300ffe3040104020103041030\
        0e0400020100020100040004000400301404000400a00e02043fad2f0c0201000201003000",
    )
    .unwrap();
    let answers = desk.receive(NOW.parse().unwrap(), &asked);
    assert!(has(&answers[0], &[1, 3, 6, 1, 6, 3, 15, 1, 1, 4, 0][2..]), "{answers:02x?}");
    assert!(matches!(&bench.told()[..], [Observation::Request { .. }]));
}
