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
    converse(bench, user, password, &[])
}

/// What is sent from the greeting on, when commands follow the login.
fn converse(bench: &Bench, user: &str, password: &str, commands: &[&[u8]]) -> Vec<u8> {
    let station = station(bench);
    let greeting = play(&mut machine(&station, bench), &[]);
    let proof = native::prove(password.as_bytes(), &challenge(&greeting));
    let mut said = vec![packet(1, &response(&answer(user, proof, "mysql_native_password")))];
    said.extend(commands.iter().map(|command| packet(0, command)));
    let said: Vec<&[u8]> = said.iter().map(Vec::as_slice).collect();
    play(&mut machine(&station, bench), &said)
}

fn lure(bench: &Bench) -> (String, String) {
    let account = bench.pack.host("phis").unwrap().account(Protocol::Mysql, "phis").unwrap();
    (account.name.clone(), account.password.clone())
}

fn asked(bench: &Bench, commands: &[&[u8]]) -> Vec<u8> {
    let (user, password) = lure(bench);
    converse(bench, &user, &password, commands)
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
    assert!(sent.ends_with(&[7, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0]), "{sent:02x?}");
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

#[test]
fn a_query_gives_the_hospitals_patients_and_is_told() {
    let bench = Bench::new();
    let sent = asked(&bench, &[b"\x03select BRXM, CSNY from MS_BRDA order by BRID limit 2; -- x"]);
    let view = bench.world.at(crate::session::bench::NOW.parse().unwrap());
    let first = view.patient(crate::world::PatientNo(0)).unwrap();
    assert!(has(&sent, &first.name.chinese()) && has(&sent, &first.born.to_string()));
    let column = "\u{4}phis\u{7}ms_brda\u{7}ms_brda\u{4}BRXM\u{4}BRXM";
    assert!(has(&sent, column), "{}", String::from_utf8_lossy(&sent).escape_debug());
    assert!(bench.told().iter().any(|o| matches!(o, Observation::RecordRead { count: 2, .. })));
}

#[test]
fn commands_of_the_protocol_are_answered() {
    let bench = Bench::new();
    let sent = asked(&bench, &[b"\x0e", b"\x02nowhere", b"\x09", b"\x08", b"\x03", b"\x63"]);
    for text in ["Uptime: ", "#42000", "SHUTDOWN privilege", "Query was empty", "#08S01Unknown command"] {
        assert!(has(&sent, text), "{text}");
    }
}

#[test]
fn a_prepared_statement_is_run_with_its_values() {
    let bench = Bench::new();
    let execute = [&[0x17, 1, 0, 0, 0, 0, 1, 0, 0, 0][..], &[0, 1, 8, 0], &1i64.to_le_bytes()].concat();
    let sent = asked(&bench, &[b"\x16select MZHM from MS_BRDA where BRID = ?", &execute]);
    let view = bench.world.at(crate::session::bench::NOW.parse().unwrap());
    assert!(has(&sent, &view.patient(crate::world::PatientNo(0)).unwrap().mrn));
    let sent = asked(&bench, &[&[0x17, 9, 0, 0, 0, 0, 1, 0, 0, 0]]);
    assert!(has(&sent, "Unknown prepared statement handler (9)"));
}

#[test]
fn the_first_of_two_results_says_that_another_follows() {
    let bench = Bench::new();
    let sent = asked(&bench, &[b"\x03select 1; select 2"]);
    let end = |status| [0xfe, 0, 0, status, 0, 0, 0];
    assert!(sent.windows(7).any(|part| part == end(10)) && sent.ends_with(&end(2)), "{sent:02x?}");
}

#[test]
fn files_are_refused_and_told() {
    let bench = Bench::new();
    let sent = asked(&bench, &[b"\x03load data infile '/etc/passwd' into table t"]);
    assert!(has(&sent, "#28000"));
    assert!(bench.told().iter().any(|o| matches!(o, Observation::ExploitAttempt { .. })));
}
