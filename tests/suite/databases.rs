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
    assert!(
        patients.contains("ms_brda\nms_cf01\nms_cf02\nms_fpxx\nms_mzxx\nms_sfmx\nms_yj01\nms_yj02\n1\n"),
        "{patients}"
    );
    let lines = "select count(*) > 0, count(distinct CFSB) from MS_CF02 where CFSB in (select * from (select CFSB from MS_CF01 limit 3) some)";
    assert_eq!(ask(lines), "1\t3\n", "a prescription has lines");
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
fn postgres_clients_are_let_in_or_refused_as_by_the_product() {
    let net = Honeynet::of(&HOSTS, "");
    let address = net.address("cdr", "postgres");
    let (user, password) = net.lure("cdr", "postgres");
    for mode in ["disable", "require"] {
        let said = psql(address, "postgres", "postgres", mode);
        assert!(said.contains("FATAL:  password authentication failed for user \"postgres\""), "{said}");
        let said = psql(address, &user, &password, mode);
        assert!(said.contains(" ?column? \n----------\n        1\n(1 row)"), "{said}");
    }
    told(&net, "cdr", "SCRAM-SHA-256$");
    told(&net, "cdr", &format!("cdr/{user}"));
    let said = nmap(address, &["-sV"]);
    assert!(said.contains("PostgreSQL DB"), "{said}");
}

/// What a client prints for a list of commands, run in one session as the repository's own account.
fn psql_script(address: SocketAddr, user: &str, password: &str, script: &str) -> String {
    let (host, port) = (address.ip(), address.port());
    let target = format!("host={host} port={port} user={user} password={password} dbname=cdr");
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), script).unwrap();
    let path = file.path().to_string_lossy().into_owned();
    let said = text(&client("psql", "postgresql-client", &[&target, "-X", "-f", &path]));
    // How wide columns are is of no interest.
    said.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ") + "\n").collect()
}

#[test]
fn psql_reads_the_repository_and_its_catalogue() {
    let net = Honeynet::of(&HOSTS, "");
    let address = net.address("cdr", "postgres");
    let (user, password) = net.lure("cdr", "postgres");
    let ask = |script: &str| psql_script(address, &user, &password, script);
    let shown = ask("\\dt\n\\d patient\n\\l\n\\du\n\\dn\n");
    for part in [
        "public | patient | table | cdr_app",
        "mrn | character varying(32) | | not null |",
        "\"patient_pkey\" PRIMARY KEY, btree (patient_id)",
        "cdr | cdr_app | UTF8",
        "postgres | Superuser, Create role, Create DB, Replication, Bypass RLS",
        "public | pg_database_owner",
    ] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    let counted = ask("select gender, count(*) > 1000 as many from patient group by 1 order by 1;\n");
    assert!(counted.contains("female | t\nmale | t\n"), "{counted}");
    let failed = ask("select nope from patient;\nselect * from nope;\nselect pg_read_file('/etc/passwd');\n");
    for part in [
        "ERROR: column \"nope\" does not exist",
        "ERROR: relation \"nope\" does not exist",
        "ERROR: permission denied for function pg_read_file",
    ] {
        assert!(failed.contains(part), "{part}: {failed}");
    }
    let changed = ask(
        "begin;\nupdate patient set phone = '13800000000' where patient_id = 1;\nselect 1/0;\nselect 1;\n\
         rollback;\nupdate patient set phone = '13900000000' where patient_id = 1;\n\
         select phone from patient where patient_id = 1;\n",
    );
    for part in ["ERROR: division by zero", "commands ignored until end of transaction block", "13900000000"]
    {
        assert!(changed.contains(part), "{part}: {changed}");
    }
    let copied = ask("copy (select mrn from patient order by 1 limit 3) to stdout with csv header;\n");
    assert_eq!(copied.lines().count(), 4, "{copied}");
    assert!(ask("copy patient from program 'id';\n").contains("pg_execute_server_program"));
    told(&net, "cdr", "wrote 1 patient");
    told(&net, "cdr", "PostgreSQL: CVE-2019-9193");
}

#[test]
fn psycopg2_binds_fetches_and_cancels() {
    const SCRIPT: &str = r#"
import sys, threading, time, psycopg2
host, port, user, password = sys.argv[1:]
link = psycopg2.connect(host=host, port=port, user=user, password=password, dbname='cdr')
cursor = link.cursor()
cursor.execute('select mrn, birth_date, active from patient where patient_id = %s', (7,))
mrn, born, active = cursor.fetchone()
assert active is True and born.year > 1900 and mrn, (mrn, born, active)
named = link.cursor('many')
named.itersize = 50
named.execute('select patient_id from patient')
assert len([row for row in [next(named) for _ in range(120)]]) == 120
named.close()
threading.Timer(1.0, link.cancel).start()
begun = time.time()
try:
    cursor.execute('select pg_sleep(30)')
    raise SystemExit('slept')
except psycopg2.errors.QueryCanceled as error:
    assert time.time() - begun < 10, error
link.rollback()
cursor.execute("set statement_timeout = '300ms'")
try:
    cursor.execute('select pg_sleep(30)')
    raise SystemExit('slept')
except psycopg2.errors.QueryCanceled as error:
    assert 'statement timeout' in str(error), error
print('all well')
"#;
    let net = Honeynet::of(&HOSTS, "");
    let address = net.address("cdr", "postgres");
    let (user, password) = net.lure("cdr", "postgres");
    let (host, port) = (address.ip().to_string(), address.port().to_string());
    let said = text(&client(
        "/usr/bin/python3",
        "python3-psycopg2",
        &["-c", SCRIPT, &host, &port, &user, &password],
    ));
    assert_eq!(said.trim(), "all well");
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
