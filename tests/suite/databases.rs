//! MySQL, PostgreSQL and Oracle under clients that were not written here.

use std::net::SocketAddr;
use std::time::Duration;

use crate::honeynet::{Honeynet, client, text, within};
use crate::kept::Kept;

const HOSTS: [(&str, u8); 3] = [("hisora", 19), ("phis", 20), ("cdr", 25)];

pub(crate) fn mysql(address: SocketAddr, user: &str, password: &str, sql: &str, more: &[&str]) -> String {
    let (host, port) = (format!("-h{}", address.ip()), format!("-P{}", address.port()));
    let (user, password) = (format!("-u{user}"), format!("-p{password}"));
    let own = ["--no-defaults", &host, &port, &user, &password, "-e", sql];
    text(&client("mysql", "default-mysql-client", &[&own[..], more].concat()))
}

fn psql(address: SocketAddr, user: &str, password: &str, mode: &str) -> String {
    let (host, port) = (address.ip(), address.port());
    let target = format!("host={host} port={port} user={user} password={password} dbname=cdr sslmode={mode}");
    text(&client("psql", "postgresql-client", &[&target, "-c", "select 1"]))
}

fn nmap(address: SocketAddr, more: &[&str]) -> String {
    let (host, port) = (address.ip().to_string(), address.port().to_string());
    text(&client("nmap", "nmap", &[&["-n", "-Pn", "-p", &port, &host][..], more].concat()))
}

/// A session with this host has an event of this text.
fn told(net: &Honeynet, host: &str, what: &str) {
    within(Duration::from_secs(10), what, || {
        let sessions = net.sessions(1, |session| session["host"] == host);
        let mut shown =
            sessions.iter().map(|session| text(&net.honeyward(&["show", session["id"].as_str().unwrap()])));
        shown.any(|shown| shown.contains(what)).then_some(())
    });
}

#[test]
fn mysql_clients_are_let_in_or_refused_as_by_the_product() {
    let net = Honeynet::of(&HOSTS, "");
    let address = net.address("phis", "mysql");
    let said = mysql(address, "root", "123456", "select 1", &[]);
    assert!(
        said.contains("ERROR 1045 (28000)") && said.contains("Access denied for user 'root'@'127."),
        "{said}"
    );
    told(&net, "phis", "$mysqlna$");
    let (user, password) = net.lure("phis", "mysql");
    for more in [&["--skip-ssl"][..], &["--ssl"]] {
        let said = mysql(address, &user, &password, "select 1", more);
        assert_eq!(said, "1\n1\n");
    }
    told(&net, "phis", &format!("phis/{user}"));
    let said = nmap(address, &["-sV", "--script", "mysql-info,mysql-empty-password"]);
    assert!(said.contains("MySQL 5.7.38-log") && said.contains("mysql_native_password"), "{said}");
}

#[test]
fn mysql_clients_read_the_hospital() {
    let net = Honeynet::of(&HOSTS, "");
    let address = net.address("phis", "mysql");
    let (user, password) = net.lure("phis", "mysql");
    let ask = |sql: &str| mysql(address, &user, &password, sql, &["-N", "phis"]);
    let patients = ask("show tables like 'ms_%'; select count(*) > 1000 from MS_BRDA");
    assert!(patients.contains("ms_brda\nms_mzxx\nms_yj01\nms_yj02\n1\n"), "{patients}");
    let staff = ask("select k.KSMC, count(*) n from GY_YGDM y join GY_KSDM k on k.KSDM = y.KSDM \
         group by k.KSMC order by n desc limit 3");
    assert_eq!(staff.lines().count(), 3, "{staff}");
    assert_eq!(ask("select BRXM from MS_BRDA limit 5").lines().count(), 5);
    let changed = ask(
        "update MS_BRDA set JTDH = '13800000000' where BRID = 1; select JTDH from MS_BRDA where BRID = 1",
    );
    assert!(changed.ends_with("13800000000\n"), "{changed}");
    assert!(ask("select * from NO_SUCH").contains("ERROR 1146 (42S02)"));
    told(&net, "phis", "wrote 1 patient");
    told(&net, "phis", "was given 5 patient");
}

#[test]
fn postgres_clients_are_refused_as_by_the_product_and_lures_are_told() {
    let net = Honeynet::of(&HOSTS, "");
    let address = net.address("cdr", "postgres");
    let (user, password) = net.lure("cdr", "postgres");
    for mode in ["disable", "require"] {
        let said = psql(address, "postgres", "postgres", mode);
        assert!(said.contains("FATAL:  password authentication failed for user \"postgres\""), "{said}");
        let said = psql(address, &user, &password, mode);
        assert!(said.contains("FATAL:  remaining connection slots are reserved"), "{said}");
    }
    told(&net, "cdr", "SCRAM-SHA-256$");
    told(&net, "cdr", &format!("cdr/{user}"));
    let said = nmap(address, &["-sV"]);
    assert!(said.contains("PostgreSQL DB"), "{said}");
}

#[test]
fn oracle_scripts_find_what_the_persona_claims() {
    let net = Honeynet::of(&HOSTS, "");
    let address = net.address("hisora", "tns");
    let said = nmap(address, &["-sV"]);
    assert!(said.contains("Oracle TNS Listener 11.2.0.4.0"), "{said}");
    let sids = net.scratch("sids");
    std::fs::write(&sids, "XE\norcl\nTEST\n").unwrap();
    let list = format!("oraclesids={}", sids.display());
    let said = nmap(address, &["--script", "+oracle-sid-brute", "--script-args", &list]);
    assert!(said.contains("orcl") && !said.contains("XE"), "{said}");
    told(&net, "hisora", "12505");
    let words = net.scratch("words");
    std::fs::write(&words, "SYSTEM/manager\nSCOTT/tiger\n").unwrap();
    let list = format!("oracle-brute.sid=orcl,brute.credfile={},brute.mode=creds", words.display());
    let said = nmap(address, &["--script", "+oracle-brute", "--script-args", &list]);
    assert!(said.contains("Account is locked"), "{said}");
    told(&net, "hisora", "$o5logon$");
}

#[test]
fn wireshark_reads_what_was_said() {
    let net = Honeynet::of(&HOSTS, "");
    mysql(net.address("phis", "mysql"), "root", "x", "select 1", &["--skip-ssl"]);
    psql(net.address("cdr", "postgres"), "postgres", "x", "disable");
    for (host, service, filter) in [("phis", "mysql", "mysql"), ("cdr", "postgres", "pgsql")] {
        let sessions = net.sessions(1, |row| row["host"] == host && !row["closed"].is_null());
        let (id, cut) = (sessions[0]["id"].as_str().unwrap(), net.scratch(&format!("{host}.pcapng")));
        // Packets come to the disk a moment after the session's end.
        within(Duration::from_secs(10), "packets", || {
            net.honeyward(&["pcap", id, "-o", cut.to_str().unwrap()]).status.success().then_some(())
        });
        Kept::of(&net, sessions[0].clone()).packets(filter, filter);
        assert_eq!(sessions[0]["service"], service);
    }
}
