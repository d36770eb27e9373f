//! Whole conversations with the machine.

use super::handshake::{Answer, CHALLENGE, OFFERED, capability};
use super::*;
use crate::event::Observation;
use crate::persona::Protocol;
use crate::session::bench::{Bench, play};

fn station(bench: &Bench) -> Station {
    let (host, service) = bench.pack.service("phis", Protocol::Mysql).unwrap();
    Station::new(&bench.pack, host, service).unwrap()
}

fn machine(station: &Station, bench: &Bench) -> MysqlMachine {
    MysqlMachine::new(station.clone(), bench.session("phis", "mysql"))
}

/// The challenge out of the greeting.
fn challenge(greeting: &[u8]) -> [u8; CHALLENGE] {
    let version = greeting[5..].iter().position(|byte| *byte == 0).unwrap();
    let first = 5 + version + 1 + 4;
    let second = first + 8 + 1 + 2 + 1 + 2 + 2 + 1 + 10;
    [&greeting[first..first + 8], &greeting[second..second + 12]].concat().try_into().unwrap()
}

fn answer(user: &str, proof: Vec<u8>, plugin: &str) -> Answer {
    Answer {
        capabilities: OFFERED & !capability::SSL & !capability::CONNECT_WITH_DB,
        charset: 33,
        user: user.as_bytes().to_vec(),
        proof,
        plugin: plugin.as_bytes().to_vec(),
        attributes: vec![(b"_client_name".to_vec(), b"libmysql".to_vec())],
        ..Answer::default()
    }
}

fn packet(number: u8, payload: &[u8]) -> Vec<u8> {
    let [a, b, c, ..] = payload.len().to_le_bytes();
    [&[a, b, c, number], payload].concat()
}

/// The handshake response without the empty database that the writer leaves room for.
fn response(answer: &Answer) -> Vec<u8> {
    handshake::write(&Answer {
        capabilities: answer.capabilities | capability::CONNECT_WITH_DB,
        ..answer.clone()
    })
}

fn log_on(bench: &Bench, user: &str, password: &str) -> Vec<u8> {
    let station = station(bench);
    let greeting = play(&mut machine(&station, bench), &[]);
    let proof = native::prove(password.as_bytes(), &challenge(&greeting));
    let said = packet(1, &response(&answer(user, proof, "mysql_native_password")));
    play(&mut machine(&station, bench), &[&said])
}

fn has(sent: &[u8], text: &str) -> bool {
    sent.windows(text.len()).any(|part| part == text.as_bytes())
}

#[test]
fn a_wrong_password_is_refused_and_kept_for_a_cracker() {
    let bench = Bench::new();
    let sent = log_on(&bench, "root", "123456");
    assert!(has(&sent, "#28000Access denied for user 'root'@'127.0.0.9' (using password: YES)"));
    let told = bench.told();
    assert!(
        told.iter().any(|o| matches!(o, Observation::AuthAttempt { secret: Some(s), accepted: false, .. }
        if s.as_untrusted().starts_with("$mysqlna$")))
    );
    assert!(told.iter().any(|o| matches!(o, Observation::Fingerprint { value, .. }
        if value.as_untrusted().contains("_client_name=libmysql"))));
    assert!(has(&log_on(&bench, "root", ""), "(using password: NO)"));
}

#[test]
fn a_lure_is_told_by_its_right_password_alone() {
    let bench = Bench::new();
    let account = bench.pack.host("phis").unwrap().account(Protocol::Mysql, "phis").unwrap().clone();
    assert!(has(&log_on(&bench, "phis", "phis"), "Access denied"));
    assert!(!bench.told().iter().any(|o| matches!(o, Observation::LureTouched { .. })));
    let sent = log_on(&bench, "phis", &account.password);
    assert!(has(&sent, "#42000User 'phis' has exceeded the 'max_user_connections' resource"));
    assert!(
        bench
            .told()
            .iter()
            .any(|o| matches!(o, Observation::LureTouched { lure, .. } if *lure == account.lure))
    );
}

#[test]
fn a_client_of_another_plugin_is_switched() {
    let bench = Bench::new();
    let station = station(&bench);
    let greeting = play(&mut machine(&station, &bench), &[]);
    let proof = native::prove(b"x", &challenge(&greeting));
    let said = packet(1, &response(&answer("root", vec![1; 32], "caching_sha2_password")));
    let sent = play(&mut machine(&station, &bench), &[&said, &packet(3, &proof)]);
    assert!(has(&sent, "\u{2}\u{fe}mysql_native_password") || has(&sent, "mysql_native_password\0"));
    assert!(has(&sent, "using password: YES"));
}

#[test]
fn noise_is_answered_as_the_server_does_until_its_host_is_blocked() {
    let bench = Bench::new();
    let station = station(&bench);
    let sent = play(&mut machine(&station, &bench), &[b"GET / HTTP/1.0\r\n\r\n"]);
    assert!(sent.ends_with(b"\x21\0\0\x01\xff\x84\x04#08S01Got packets out of order"));
    assert!(bench.told().iter().any(|o| matches!(o, Observation::Probe { .. })));
    let sent = play(&mut machine(&station, &bench), &[&packet(1, b"abc")]);
    assert!(has(&sent, "#08S01Bad handshake"));
    for _ in 0..100 {
        play(&mut machine(&station, &bench), &[]);
    }
    let sent = play(&mut machine(&station, &bench), &[]);
    assert!(has(&sent, "\u{4}Host '127.0.0.9' is blocked because of many connection errors"));
}

#[test]
fn how_the_bytes_come_changes_nothing() {
    let bench = Bench::new();
    let station = station(&bench);
    let said = packet(1, &response(&answer("root", vec![7; 20], "mysql_native_password")));
    // Behind the greeting, whose thread id grows.
    let tail = |chunks: &[&[u8]]| {
        let sent = play(&mut machine(&station, &bench), chunks);
        sent[usize::from(sent[0]) + 4..].to_vec()
    };
    let expected = tail(&[&said]);
    assert!(!expected.is_empty());
    for at in 1..said.len() {
        let (one, other) = said.split_at(at);
        assert_eq!(tail(&[one, other]), expected, "split at {at}");
    }
}

#[test]
fn a_hello_may_come_with_the_request_for_tls() {
    let bench = Bench::new();
    let station = station(&bench);
    let ask = [&OFFERED.to_le_bytes()[..], &[0, 0, 0, 1, 33], &[0; 23]].concat();
    // No hello that TLS could read: its alert shows that the bytes reached it.
    let said = [packet(1, &ask), b"\x16\x03\x01\0\x05hello".to_vec()].concat();
    let sent = play(&mut machine(&station, &bench), &[&said]);
    assert!(has(&sent[usize::from(sent[0]) + 4..], "\u{15}\u{3}\u{3}"), "{sent:02x?}");
}
