//! Whole conversations with the machine.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::*;
use crate::event::Observation;
use crate::persona::Protocol;
use crate::session::bench::{Bench, play};

fn station(bench: &Bench) -> Station {
    let (host, service) = bench.pack.service("cdr", Protocol::Postgres).unwrap();
    Station::new(&bench.pack, host, service).unwrap()
}

fn run(bench: &Bench, chunks: &[&[u8]]) -> Vec<u8> {
    play(&mut PostgresMachine::new(station(bench), bench.session("cdr", "postgres")), chunks)
}

fn startup(code: u32, options: &[(&str, &str)]) -> Vec<u8> {
    let mut body = code.to_be_bytes().to_vec();
    for (name, value) in options {
        body.extend_from_slice(format!("{name}\0{value}\0").as_bytes());
    }
    body.push(0);
    [&u32::try_from(body.len() + 4).unwrap().to_be_bytes()[..], &body].concat()
}

fn message(kind: u8, body: &[u8]) -> Vec<u8> {
    [&[kind][..], &u32::try_from(body.len() + 4).unwrap().to_be_bytes(), body].concat()
}

const VERSION_3: u32 = 3 << 16;

/// Startup and the first message of SCRAM.
fn opening(user: &str) -> [Vec<u8>; 2] {
    let first = b"n,,n=,r=abcdefgh";
    let length = u32::try_from(first.len()).unwrap().to_be_bytes();
    let body = [&b"SCRAM-SHA-256\0"[..], &length, first].concat();
    [startup(VERSION_3, &[("user", user), ("database", "cdr")]), message(b'p', &body)]
}

fn log_on(bench: &Bench, user: &str, password: &str) -> Vec<u8> {
    run(bench, &[&login(bench, user, password)])
}

/// All that a client sends up to the end of its login.
fn login(bench: &Bench, user: &str, password: &str) -> Vec<u8> {
    let [one, two] = opening(user);
    let sent = run(bench, &[&one, &two]);
    bench.told();
    let at = sent.windows(10).position(|part| part == b"r=abcdefgh").unwrap();
    let server_first = String::from_utf8(sent[at..].to_vec()).unwrap();
    let part = |name: &str| server_first.split(',').find_map(|part| part.strip_prefix(name)).unwrap();
    let salt = STANDARD.decode(part("s=")).unwrap();
    let without = format!("c=biws,r={}", part("r="));
    let text = format!("n=,r=abcdefgh,{server_first},{without}");
    let proof = scram::prove(password.as_bytes(), &salt, &text);
    let last = message(b'p', format!("{without},p={}", STANDARD.encode(proof)).as_bytes());
    [one, two, last].concat()
}

fn has(sent: &[u8], text: &str) -> bool {
    sent.windows(text.len()).any(|part| part == text.as_bytes())
}

#[test]
fn a_wrong_password_is_refused_and_kept_for_a_cracker() {
    let bench = Bench::new();
    let sent = log_on(&bench, "postgres", "postgres");
    assert!(has(
        &sent,
        "C28P01\0Mpassword authentication failed for user \"postgres\"\0Fauth.c\0L334\0Rauth_failed\0"
    ));
    assert!(
        bench
            .told()
            .iter()
            .any(|o| matches!(o, Observation::AuthAttempt { secret: Some(s), accepted: false, .. }
        if s.as_untrusted().starts_with("SCRAM-SHA-256$")))
    );
}

#[test]
fn a_lure_is_told_by_its_right_password_alone() {
    let bench = Bench::new();
    let account = bench.pack.host("cdr").unwrap().account(Protocol::Postgres, "cdr_app").unwrap().clone();
    assert!(has(&log_on(&bench, "cdr_app", "cdr_app"), "C28P01"));
    assert!(!bench.told().iter().any(|o| matches!(o, Observation::LureTouched { .. })));
    let sent = log_on(&bench, "cdr_app", &account.password);
    assert!(has(&sent, "v="), "the server proves itself too");
    assert!(has(&sent, "server_version\x0015.18 (Ubuntu 15.18-1.pgdg22.04+1)\0"));
    assert!(sent.ends_with(b"Z\0\0\0\x05I"), "he is in");
    assert!(
        bench
            .told()
            .iter()
            .any(|o| matches!(o, Observation::LureTouched { lure, .. } if *lure == account.lure))
    );
}

/// The bytes that a real server of this version sent for the same.
#[test]
fn refusals_are_those_of_the_real_server() {
    let bench = Bench::new();
    let sasl = b"R\0\0\0\x17\0\0\0\x0aSCRAM-SHA-256\0\0";
    let ask = startup(VERSION_3, &[("user", "a")]);
    assert_eq!(run(&bench, &[&ask]), sasl);
    let newer = startup(VERSION_3 + 1, &[("user", "a"), ("_pq_.x", "1")]);
    assert_eq!(run(&bench, &[&newer]), [&b"v\0\0\0\x13\0\x03\0\0\0\0\0\x01_pq_.x\0"[..], sasl].concat());
    let old = startup(2 << 16, &[("user", "a")]);
    let expected = b"EFATAL:  unsupported frontend protocol 2.0: server supports 3.0 to 3.0\n\0";
    assert_eq!(run(&bench, &[&old]), expected);
    for (said, expected) in [
        (message(b'Q', b"select 1\0"), "Mexpected SASL response, got message type 81\0Fauth-sasl.c\0L95\0"),
        (
            message(b'p', b"plain\0"),
            "Mclient selected an invalid SASL authentication mechanism\0Fauth-scram.c\0L256",
        ),
        (message(b'p', b"SCRAM-SHA-256\0\0\0\0\x04abcd"), "Mmalformed SCRAM message\0"),
    ] {
        assert!(has(&run(&bench, &[&ask, &said]), expected), "{expected}");
    }
    assert!(has(
        &run(&bench, &[&startup(VERSION_3, &[])]),
        "Mno PostgreSQL user name specified in startup packet\0"
    ));
    assert!(run(&bench, &[b"GET / HTTP/1.0\r\n\r\n"]).is_empty());
    assert_eq!(run(&bench, &[b"\0\0\0\x08\x04\xd2\x16\x2f"]), b"S");
    assert_eq!(run(&bench, &[b"\0\0\0\x08\x04\xd2\x16\x30"]), b"G");
}

#[test]
fn how_the_bytes_come_changes_nothing() {
    let bench = Bench::new();
    let whole = [opening("postgres").concat(), message(b'Q', b"x\0")].concat();
    let expected = run(&bench, &[&whole]);
    for at in 1..whole.len() {
        let (one, other) = whole.split_at(at);
        assert_eq!(run(&bench, &[one, other]), expected, "split at {at}");
    }
}
