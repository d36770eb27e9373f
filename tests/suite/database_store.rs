//! The evidence on a database server: the whole honeynet over it, its outages, and moving a store.

use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::time::Duration;

use honeyward::store::{Kind, Place, Reader, SessionFilter, Settings};
use serde_json::Value;

use crate::database_server::DatabaseServer;
use crate::honeynet::{Honeynet, text, within};

/// How long events may take once the server answers again: core's longest pause and more.
const CAUGHT_UP: Duration = Duration::from_secs(30);

fn config(server: &DatabaseServer, schema: &str) -> String {
    format!(
        "[store]\nkind = \"postgres\"\nhost = \"127.0.0.1\"\nport = {}\ndatabase = \"postgres\"\n\
         schema = \"{schema}\"\npassword_file = \"{}\"\nca = \"{}\"\n",
        server.port(),
        server.password_file().display(),
        server.authority().display()
    )
}

fn place(server: &DatabaseServer, schema: &str) -> Place {
    let settings = Settings {
        kind: Kind::Postgres,
        host: "127.0.0.1".into(),
        port: server.port(),
        database: "postgres".into(),
        schema: schema.into(),
        password_file: Some(server.password_file()),
        ca: Some(server.authority()),
        ..Settings::default()
    };
    Place::new(&settings, Path::new(""))
}

/// One request to the archive's HIS page; a session of its own.
fn visit(address: SocketAddr, number: usize) {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    write!(stream, "GET /visit-{number} HTTP/1.1\r\nHost: his\r\nConnection: close\r\n\r\n").unwrap();
    stream.read_to_end(&mut Vec::new()).unwrap();
}

fn events_of(net: &Honeynet) -> (usize, usize) {
    let sessions = net.json(&["sessions", "--json", "--limit", "10000"]);
    let visits: usize = sessions.iter().map(|s| s["counts"]["requests"].as_u64().unwrap() as usize).sum();
    (sessions.len(), visits)
}

fn good(net: &Honeynet) -> Value {
    let verified = net.json(&["verify", "--json"]).remove(0);
    assert_eq!(verified["ok"], true, "{verified}");
    verified
}

fn core_note(net: &Honeynet) -> String {
    let status = net.json(&["status", "--json"]).remove(0);
    let processes = status["processes"].as_array().unwrap();
    let core = processes.iter().find(|process| process["process"] == "core").unwrap();
    core["detail"]["note"].as_str().unwrap_or_default().to_owned()
}

#[test]
fn an_outage_of_the_server_loses_nothing_and_doubles_nothing() {
    let server = DatabaseServer::start();
    let mut net = Honeynet::with(&config(&server, "outage"));
    let address = net.address("his", "http");
    let (account, password) = net.lure("his", "ssh");
    let ssh = net.address("his", "ssh");
    for number in 0..10 {
        visit(address, number);
    }
    net.sessions(10, |session| session["service"] == "http");

    server.kill();
    for number in 10..30 {
        visit(address, number);
    }
    within(CAUGHT_UP, "status says that the store is away", || {
        core_note(&net).contains("can't be reached").then_some(())
    });
    let listed = net.honeyward(&["sessions"]);
    assert_eq!(listed.status.code(), Some(3));
    assert!(text(&listed).contains("can't be reached"), "{}", text(&listed));
    // An attack while nobody can keep it.
    let attack = crate::honeynet::client(
        "sshpass",
        "sshpass",
        &[
            "-p",
            &password,
            "ssh",
            "-F",
            "/dev/null",
            "-o",
            "StrictHostKeyChecking=no",
            "-o",
            "UserKnownHostsFile=/dev/null",
            "-p",
            &ssh.port().to_string(),
            "-l",
            &account,
            &ssh.ip().to_string(),
            "id",
        ],
    );
    assert!(text(&attack).contains("uid="), "{}", text(&attack));
    // Core itself may go down meanwhile; what the sensor holds outlives both.
    server.start_again();
    for number in 30..40 {
        visit(address, number);
    }
    within(CAUGHT_UP, "all that happened", || {
        let sessions = net.json(&["sessions", "--json", "--limit", "10000"]);
        let ended = sessions.iter().filter(|s| s["service"] == "http" && !s["closed"].is_null()).count();
        (ended >= 40).then_some(())
    });
    within(CAUGHT_UP, "the alert", || {
        let alerts = net.json(&["alerts", "--json", "--min-severity", "high"]);
        alerts.iter().any(|alert| alert["service"] == "ssh").then_some(())
    });
    within(CAUGHT_UP, "status says that it is back", || core_note(&net).is_empty().then_some(()));
    let visits = net.sessions(40, |session| session["service"] == "http");
    assert_eq!(visits.len(), 40, "none doubled");
    assert!(visits.iter().all(|session| session["events"] == session["events_made"]), "none lost");
    assert_eq!(visits.iter().map(|s| s["counts"]["requests"].as_u64().unwrap()).sum::<u64>(), 40);
    let verified = good(&net);
    assert_eq!(verified["incomplete_sessions"], 0, "{verified}");
    assert!(net.stop().success());
    good(&net);
}

#[test]
fn a_start_without_the_server_waits_for_it() {
    let server = DatabaseServer::start();
    let settings = config(&server, "waiting");
    server.kill();
    let net = Honeynet::with(&settings);
    visit(net.address("his", "http"), 1);
    within(CAUGHT_UP, "status says why", || core_note(&net).contains("can't be reached").then_some(()));
    server.start_again();
    within(CAUGHT_UP, "the visit", || (events_of_or_none(&net)? == (1, 1)).then_some(()));
    good(&net);
}

/// Nothing while the store is not there yet.
fn events_of_or_none(net: &Honeynet) -> Option<(usize, usize)> {
    net.honeyward(&["sessions"]).status.success().then(|| events_of(net))
}

#[test]
fn a_store_moves_to_a_server_and_back_with_its_chain() {
    let server = DatabaseServer::start();
    let mut net = Honeynet::with("[evidence]\nsm3 = true\nroot_minutes = 1\n");
    let address = net.address("his", "http");
    for number in 0..20 {
        visit(address, number);
    }
    net.sessions(20, |session| session["service"] == "http" && !session["closed"].is_null());
    assert!(net.stop().success());
    let before = good(&net);
    let old = net.data().join("store/honeyward.db");
    let listed = net.json(&["sessions", "--json", "--limit", "1000"]);

    let with_server = net.scratch("server.toml");
    let text_before = fs::read_to_string(net.scratch("honeynet.toml")).unwrap();
    fs::write(&with_server, format!("{text_before}{}", config(&server, "moved"))).unwrap();
    let config_path = with_server.to_str().unwrap();
    let refused = net.honeyward(&["run", "--config", config_path]);
    assert_eq!(refused.status.code(), Some(2), "a chain does not begin anew: {}", text(&refused));
    assert!(text(&refused).contains("store move"), "{}", text(&refused));

    let moved = net.honeyward(&["store", "move", "--to", "postgres", "--config", config_path]);
    assert!(moved.status.success(), "{}", text(&moved));
    assert!(old.is_file(), "the old store stays");
    let there = good(&net);
    for same in ["records", "head", "sessions", "alerts", "roots", "signed", "key"] {
        assert_eq!(there[same], before[same], "{same}");
    }
    assert_eq!(net.json(&["sessions", "--json", "--limit", "1000"]), listed);
    let again = net.honeyward(&["store", "move", "--to", "postgres", "--config", config_path]);
    assert_eq!(again.status.code(), Some(2), "{}", text(&again));

    // It goes on there.
    fs::copy(&with_server, net.scratch("honeynet.toml")).unwrap();
    net.start_again();
    visit(net.address("his", "http"), 20);
    net.sessions(21, |session| session["service"] == "http" && !session["closed"].is_null());
    assert!(net.stop().success());
    let grown = good(&net);
    let reader = Reader::open(place(&server, "moved")).unwrap();
    assert!(reader.sessions(&SessionFilter::default()).unwrap().len() >= 21);

    // And comes back, where the first store must make room.
    let refused = net.honeyward(&["store", "move", "--to", "embedded"]);
    assert_eq!(refused.status.code(), Some(3), "{}", text(&refused));
    assert!(text(&refused).contains("already"), "{}", text(&refused));
    let aside: PathBuf = net.scratch("first.db");
    fs::rename(&old, &aside).unwrap();
    let back = net.honeyward(&["store", "move", "--to", "embedded"]);
    assert!(back.status.success(), "{}", text(&back));
    assert_eq!(good(&net)["head"], grown["head"]);
    assert!(reader.head().unwrap().seq == grown["records"].as_u64().unwrap(), "the server's stays");
}
