//! Whole conversations with the machine.

use super::*;
use crate::event::Observation;
use crate::persona::Protocol;
use crate::session::bench::{Bench, play};

fn station(bench: &Bench) -> Station {
    let (_, service) = bench.pack.service("hisora", Protocol::Tns).unwrap();
    Station(Arc::new(service.behaviour.parse().unwrap()))
}

fn machine(bench: &Bench) -> TnsMachine {
    TnsMachine::new(station(bench), bench.session("hisora", "tns"))
}

fn connect(text: &str) -> Vec<u8> {
    let length = u16::try_from(text.len()).unwrap();
    let numbers = [314, 300, 0x0c41, 8192, 32767, 0x7f08, 0, 0x100, length, 58];
    let mut body: Vec<u8> = numbers.iter().flat_map(|number: &u16| number.to_be_bytes()).collect();
    body.resize(50, 0);
    body.extend_from_slice(text.as_bytes());
    packet::write(packet::kind::CONNECT, &body)
}

fn data(payload: &[u8]) -> Vec<u8> {
    packet::data(payload, 8192, false)
}

fn call(function: u8, user: &str, pairs: &[(&str, &str)]) -> Vec<u8> {
    let mut out = ttc::Writer::new(ttc::Marshal::Universal);
    out.raw(&[3, function, 1, 1]).ub4(u32::try_from(user.len()).unwrap()).ub4(1).raw(&[1]);
    out.ub4(u32::try_from(pairs.len()).unwrap()).raw(&[1, 1]).text(user.as_bytes());
    for (name, value) in pairs {
        out.pair(name, value.as_bytes(), 0);
    }
    data(&out.finish())
}

/// What comes before the logon: connect twice, protocol, types, request for the session key.
fn opening(user: &str) -> Vec<Vec<u8>> {
    let ask = connect("(DESCRIPTION=(CONNECT_DATA=(SID=orcl)(CID=(PROGRAM=p)(HOST=h)(USER=u))))");
    vec![
        ask.clone(),
        ask,
        data(b"\x01\x06\x05\x04\x03\x02\x01\0Java_TTC-8.2.0\0"),
        data(&[2, 0, 0, 0, 0, 1, 1, 6, 2, 2, 1, 0, 0]),
        call(0x76, user, &[("AUTH_TERMINAL", "pts/1")]),
    ]
}

fn run(bench: &Bench, packets: &[Vec<u8>]) -> Vec<u8> {
    let chunks: Vec<&[u8]> = packets.iter().map(Vec::as_slice).collect();
    play(&mut machine(bench), &chunks)
}

/// The server's session key and the salt, out of what it sent.
fn challenge(sent: &[u8]) -> (String, [u8; o5logon::SALT]) {
    let at = sent.windows(12).rposition(|part| part == b"AUTH_SESSKEY").unwrap();
    let mut reader = ttc::Reader::new(&sent[at + 12..], ttc::Marshal::Universal);
    let key = String::from_utf8(reader.counted().unwrap()).unwrap();
    reader.number().unwrap();
    let (_, salt) = reader.pair().unwrap();
    (key, hex::decode(salt).unwrap().try_into().unwrap())
}

/// Logs on with a password; gives all that was sent.
fn log_on(bench: &Bench, user: &str, password: &str) -> Vec<u8> {
    let mut packets = opening(user);
    let (key, salt) = challenge(&run(bench, &packets));
    bench.told();
    let (own, sealed) = o5logon::prove(password.as_bytes(), &salt, &key, &[7; o5logon::KEY]).unwrap();
    packets.push(call(0x73, user, &[("AUTH_SESSKEY", &own), ("AUTH_PASSWORD", &sealed)]));
    packets.push(packet::write(packet::kind::MARKER, &[1, 0, 2]));
    run(bench, &packets)
}

fn has(sent: &[u8], text: &str) -> bool {
    sent.windows(text.len()).any(|part| part == text.as_bytes())
}

#[test]
fn the_listener_answers_by_its_own_texts() {
    let bench = Bench::new();
    let ask = |text: &str| run(&bench, &[connect(text)]);
    let version = ask("(CONNECT_DATA=(COMMAND=version))");
    assert_eq!(version[4], packet::kind::ACCEPT);
    assert!(has(&version, "(VSNNUM=186647552)(ERR=0)"));
    assert!(has(&version, "TNSLSNR for Linux: Version 11.2.0.4.0 - Production"));
    for (text, code) in [
        ("(DESCRIPTION=(CONNECT_DATA=(SID=XE)))", 12505),
        ("(DESCRIPTION=(CONNECT_DATA=(SERVICE_NAME=nope)))", 12514),
        ("(DESCRIPTION=(CONNECT_DATA=(CID=(PROGRAM=)(HOST=)(USER=))))", 12504),
        ("(DESCRIPTION=(CONNECT_DATA=(COMMAND=status)))", 1189),
        ("(CONNECT_DATA=(COMMAND=service_register_NSGR))", 1194),
        ("(ping", 1153),
    ] {
        let sent = ask(text);
        assert_eq!(sent[4], packet::kind::REFUSE, "{text}");
        assert!(has(&sent, &format!("(ERR={code})")), "{text}");
    }
    assert!(has(&ask("(CONNECT_DATA=(COMMAND=ping))"), "(ERR=0)(ALIAS=LISTENER)"));
    let told = bench.told();
    let asked = |target: &str| {
        told.iter().any(|o| matches!(o, Observation::Request { target: t, .. } if t.as_untrusted() == target))
    };
    assert!(asked("XE") && asked("nope") && asked("status"));
    assert!(
        told.iter().any(
            |o| matches!(o, Observation::ExploitAttempt { weakness, .. } if weakness == "CVE-2012-1675")
        )
    );
}

#[test]
fn long_connect_data_comes_in_a_packet_of_its_own() {
    let bench = Bench::new();
    let text = format!("(DESCRIPTION=(CONNECT_DATA=(SERVICE_NAME=nope)(X={})))", "y".repeat(300));
    let length = u16::try_from(text.len()).unwrap();
    let numbers = [314, 300, 0, 8192, 32767, 0, 0, 1, length, 58];
    let mut body: Vec<u8> = numbers.iter().flat_map(|number: &u16| number.to_be_bytes()).collect();
    body.resize(50, 0);
    let sent = run(&bench, &[packet::write(packet::kind::CONNECT, &body), data(text.as_bytes())]);
    assert!(has(&sent, "(ERR=12514)"));
}

#[test]
fn a_wrong_password_is_refused_and_kept_for_a_cracker() {
    let bench = Bench::new();
    let sent = log_on(&bench, "system", "manager");
    assert!(has(&sent, "ORA-01017: invalid username/password; logon denied\n"));
    let told = bench.told();
    let secret = told.iter().find_map(|o| match o {
        Observation::AuthAttempt { secret: Some(secret), accepted: false, .. } => {
            Some(secret.as_untrusted().to_owned())
        }
        _ => None,
    });
    assert_eq!(secret.unwrap().matches('*').count(), 3);
    assert!(has(&log_on(&bench, "scott", "tiger"), "ORA-28000: the account is locked\n"));
}

#[test]
fn a_lure_is_told_by_its_right_password_alone() {
    let bench = Bench::new();
    let account = bench.pack.host("hisora").unwrap().account(Protocol::Tns, "medrec").unwrap().clone();
    let touched = |told: Vec<Observation>| {
        told.iter().any(|o| matches!(o, Observation::LureTouched { lure, .. } if *lure == account.lure))
    };
    assert!(has(&log_on(&bench, "MEDREC", "medrec"), "ORA-01017"));
    assert!(!touched(bench.told()));
    assert!(has(&log_on(&bench, "medrec", &account.password), "ORA-28000"));
    assert!(touched(bench.told()));
}

#[test]
fn how_the_bytes_come_changes_nothing() {
    let bench = Bench::new();
    let whole: Vec<u8> = opening("SYSTEM").concat();
    let expected = run(&bench, std::slice::from_ref(&whole));
    for at in 0..whole.len() {
        let (one, other) = whole.split_at(at);
        assert_eq!(play(&mut machine(&bench), &[one, other]), expected, "split at {at}");
    }
    let single: Vec<&[u8]> = whole.chunks(1).collect();
    assert_eq!(play(&mut machine(&bench), &single), expected);
}

#[test]
fn noise_is_told_and_not_answered() {
    let bench = Bench::new();
    assert!(run(&bench, &[b"GET / HTTP/1.0\r\n\r\n".to_vec()]).is_empty());
    assert!(matches!(bench.told().as_slice(), [Observation::Probe { .. }]));
    assert!(run(&bench, &[b"\x03\0\0\x13\x0e\xe0\0\0".to_vec()]).is_empty());
    assert!(matches!(bench.told().as_slice(), [Observation::Malformed { .. }]));
}
