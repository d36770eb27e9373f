//! SQL Server under clients that were not written here.

use std::collections::BTreeSet;
use std::net::UdpSocket;
use std::time::Duration;

use serde_json::Value;

use crate::browser::Browser;
use crate::honeynet::{Honeynet, client, text, within};
use crate::truth;

const HISDB: [(&str, u8); 1] = [("hisdb", 18)];

#[test]
fn the_browser_service_answers_over_udp_and_tells() {
    let net = Honeynet::of(&HISDB, "");
    let address = net.address("hisdb", "sql_browser");
    let from = net.attacker(1);
    let socket = UdpSocket::bind((from.as_str(), 0)).unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    let mut answers = 0;
    // A flood is heard and not answered.
    for _ in 0..40 {
        socket.send_to(b"\x03", address).unwrap();
    }
    let mut buffer = [0; 2048];
    socket.set_read_timeout(Some(Duration::from_millis(500))).unwrap();
    while let Ok((length, _)) = socket.recv_from(&mut buffer) {
        answers += 1;
        let text = String::from_utf8_lossy(&buffer[3..length]).into_owned();
        assert!(text.starts_with("ServerName;CLZX-HISDB01;InstanceName;MSSQLSERVER;"), "{text}");
    }
    assert!((1..=34).contains(&answers), "{answers}");
    let sessions = net.sessions(1, |s| s["service"] == "sql_browser" && !s["closed"].is_null());
    assert_eq!(sessions[0]["source"], from);
    let shown = net.honeyward(&["show", sessions[0]["id"].as_str().unwrap()]);
    assert!(text(&shown).contains("CLNT_UCAST_EX"), "{}", text(&shown));
    let cut = net.scratch("browser.pcapng");
    within(Duration::from_secs(10), "packets", || {
        let id = sessions[0]["id"].as_str().unwrap();
        net.honeyward(&["pcap", id, "-o", cut.to_str().unwrap()]).status.success().then_some(())
    });
    let (file, options) = (cut.to_str().unwrap(), ["-T", "fields", "-e", "udp.payload"]);
    let said = text(&client("tshark", "tshark", &[&["-r", file, "-Y", "udp"], &options[..]].concat()));
    let asked = said.lines().filter(|line| *line == "03").count();
    let told = said.lines().filter(|line| line.starts_with("05")).count();
    assert_eq!((asked, told), (40, answers), "{said}");
}

#[test]
fn nmap_finds_the_instance_by_its_browser() {
    let net = Honeynet::of(&HISDB, "");
    let address = net.address("hisdb", "sql_browser");
    let (ip, port) = (address.ip().to_string(), address.port().to_string());
    let output = client("nmap", "nmap", &["-n", "-Pn", "-sU", "-sV", "-p", &port, &ip]);
    assert!(text(&output).contains("Microsoft SQL Server"), "{}", text(&output));
}

/// FreeTDS's client in a version of TDS.
fn tsql(net: &Honeynet, version: &str, user: &str, password: &str, statements: &str) -> String {
    let address = net.address("hisdb", "tds");
    let (ip, port) = (address.ip().to_string(), address.port().to_string());
    let script = format!(
        "printf '%s' \"$1\" | TDSVER={version} LC_ALL=C.UTF-8 exec tsql -H {ip} -p {port} -U \"$2\" -P \"$3\" -D THIS4 2>&1"
    );
    text(&client("sh", "freetds-bin", &["-c", &script, "sh", statements, user, password]))
}

#[test]
fn a_client_is_refused_in_every_version_and_told() {
    let net = Honeynet::of(&HISDB, "");
    for version in ["7.0", "7.1", "7.2", "7.3", "7.4"] {
        let said = tsql(&net, version, "sa", "P@ssw0rd", "");
        assert!(said.contains("Msg 18456 (severity 14, state 1) from CLZX-HISDB01"), "{version}: {said}");
    }
    let sessions = net.sessions(5, |s| s["service"] == "tds" && !s["closed"].is_null());
    let shown = text(&net.honeyward(&["show", sessions[0]["id"].as_str().unwrap()]));
    assert!(shown.contains("was refused as") && shown.contains("P@ssw0rd"), "{shown}");
    assert!(shown.contains("LOGIN7 THIS4"), "{shown}");
}

#[test]
fn nmap_names_the_build() {
    let net = Honeynet::of(&HISDB, "");
    let address = net.address("hisdb", "tds");
    let (ip, port) = (address.ip().to_string(), address.port().to_string());
    let output = client("nmap", "nmap", &["-n", "-Pn", "-sV", "--version-all", "-p", &port, &ip]);
    assert!(text(&output).contains("Microsoft SQL Server 2012"), "{}", text(&output));
}

/// Rows that statements give to an account of the persona; columns are set apart by tabs.
pub(crate) fn select(net: &Honeynet, account: &str, statements: &str) -> String {
    let password = password(net, account);
    tsql(net, "7.4", account, &password, &format!("{statements}\ngo\nexit\n"))
}

fn password(net: &Honeynet, account: &str) -> String {
    let config = net.scratch("honeynet.toml");
    let lures = net.json(&["lure", "list", "--json", "--config", config.to_str().unwrap()]);
    let of = |lure: &&Value| lure["host"] == "hisdb" && lure["account"] == account;
    lures.iter().find(of).unwrap()["password"].as_str().unwrap().to_owned()
}

#[test]
fn a_patient_is_the_same_as_on_the_portal() {
    let net = Honeynet::of(&[("hisdb", 18), ("his", 11)], "");
    let view = truth::view(&net);
    let browser = Browser::new(&net, "http");
    browser.login(&net);
    let rows = truth::listed(&net, "studies", 3);
    let numbers: BTreeSet<&str> = rows.iter().map(|row| row["mrn"].as_str().unwrap()).take(40).collect();
    let list = numbers.iter().map(|number| format!("'{number}'")).collect::<Vec<_>>().join(",");
    let fields = "blh, hzxm, birth, sfzh, mzdm, lxdh, lxdz";
    let said =
        select(&net, "winhis", &format!("select {fields} from SF_BRXXK (nolock) where blh in ({list})"));
    for number in &numbers {
        let patient = view.patient_by_mrn(number).unwrap();
        let born = patient.born.strftime("%Y%m%d").to_string();
        let name = patient.name.chinese();
        let held = [
            patient.mrn.as_str(),
            &name,
            &born,
            &patient.resident_id_masked,
            &patient.ethnicity,
            &patient.phone,
            &patient.address,
        ];
        assert!(said.lines().any(|line| line.ends_with(&held.join("\t"))), "{held:?}: {said}");
    }
    for number in numbers.iter().take(5) {
        let patient = view.patient_by_mrn(number).unwrap();
        let page = browser.get(&format!("/patient/{number}"));
        let born = patient.born.to_string();
        for shown in [&patient.name.chinese(), &born, &patient.resident_id_masked, &patient.phone] {
            assert!(page.contains(shown.as_str()), "{shown}: {page}");
        }
    }
}

#[test]
fn a_driver_in_python_reads_with_parameters() {
    let net = Honeynet::of(&HISDB, "");
    let address = net.address("hisdb", "tds");
    let script = "
import sys, pytds
ip, port, password = sys.argv[1:]
with pytds.connect(ip, 'THIS4', 'winhis', password, port=int(port), login_timeout=20, timeout=60) as link:
    with link.cursor() as cursor:
        cursor.execute('select count(*) from ZY_BRSYK where hzxm like %s', ('王%',))
        expected = min(cursor.fetchone()[0], 300)
        cursor.execute('''select top 300 a.hzxm, a.ryrq, k.name from ZY_BRSYK a (nolock)
            inner join YY_KSBMK k (nolock) on k.id = a.ksdm
            where a.hzxm like %s order by a.ryrq desc''', ('王%',))
        rows = cursor.fetchall()
        assert len(rows) == expected > 5, len(rows)
        assert all(row[0].startswith('王') for row in rows), rows
        assert [row[1] for row in rows] == sorted((row[1] for row in rows), reverse=True)
        cursor.execute('select %s, %s', (None, 'x文'))
        assert cursor.fetchone() == (None, 'x文')
        try:
            cursor.execute('select * from nichts')
        except pytds.ProgrammingError as error:
            assert error.msg_no == 208, error
        else:
            raise AssertionError('208')
print('all read')
";
    let (ip, port) = (address.ip().to_string(), address.port().to_string());
    let arguments = ["-c", script, &ip, &port, &password(&net, "winhis")];
    let said = text(&client("/usr/bin/python3", "python3-tds", &arguments));
    assert!(said.contains("all read"), "{said}");
}

/// Waits until the alerts of the one incident give all these reasons.
fn reasons(net: &Honeynet, wanted: &[&str]) {
    within(Duration::from_secs(20), &format!("{wanted:?}"), || {
        let alerts = net.json(&["alerts", "--json"]);
        let ids: BTreeSet<&str> = alerts.iter().map(|alert| alert["id"].as_str().unwrap()).collect();
        assert!(ids.len() <= 1, "{alerts:?}");
        let reasons = alerts.iter().flat_map(|alert| alert["reasons"].as_array().unwrap());
        let told: Vec<&str> = reasons.map(|reason| reason["en"].as_str().unwrap()).collect();
        wanted.iter().all(|wanted| told.iter().any(|told| told.contains(wanted))).then_some(())
    });
}

#[test]
fn a_sweep_of_the_database_is_one_incident() {
    let net = Honeynet::of(&HISDB, "");
    let said = select(&net, "winhis", "select name from sys.databases");
    for database in ["master", "THIS4", "CISDB"] {
        assert!(said.contains(database), "{said}");
    }
    let said = select(
        &net,
        "winhis",
        "select TABLE_NAME, COLUMN_NAME from INFORMATION_SCHEMA.COLUMNS where COLUMN_NAME like '%sfz%' or COLUMN_NAME like '%xm'",
    );
    assert!(said.contains("SF_BRXXK\tsfzh") && said.contains("ZY_BRSYK\thzxm"), "{said}");
    // New patients register while the test runs.
    let before = truth::view(&net).patient_count();
    let said = select(&net, "winhis", "select count(*) from SF_BRXXK");
    let counted = said.lines().find_map(|line| line.parse::<u32>().ok());
    let after = truth::view(&net).patient_count();
    assert!(counted.is_some_and(|counted| (before..=after).contains(&counted)), "{before}: {said}");
    let said = select(&net, "winhis", "select top 2000 * from SF_BRXXK");
    assert!(said.contains("(2000 rows affected)"), "{}", said.lines().last().unwrap_or_default());
    reasons(&net, &["an account that exists only as bait", "2000 patients"]);
}

#[test]
fn commands_are_refused_then_answered_and_told() {
    let net = Honeynet::of(&HISDB, "");
    let said = select(&net, "sa", "exec xp_cmdshell 'whoami'");
    assert!(said.contains("Msg 15281 (severity 16, state 1) from CLZX-HISDB01"), "{said}");
    let on = "exec sp_configure 'show advanced options', 1 reconfigure\ngo\nexec sp_configure 'xp_cmdshell', 1 reconfigure\ngo\n";
    let said = select(&net, "sa", &format!("{on}exec master..xp_cmdshell 'whoami'"));
    assert!(said.contains(r"nt service\mssqlserver"), "{said}");
    reasons(
        &net,
        &[
            "an account that exists only as bait",
            "SQL Server: settings changed",
            "ran a command on hisdb over tds: whoami",
        ],
    );
    let sessions = net.sessions(2, |s| s["service"] == "tds" && !s["closed"].is_null());
    let shown = text(&net.honeyward(&["show", sessions[0]["id"].as_str().unwrap()]));
    assert!(shown.contains("whoami"), "{shown}");
}

#[test]
fn ransom_is_played_out_and_told() {
    let net = Honeynet::of(&HISDB, "");
    let said = select(&net, "sa", "backup database master to disk = 'E:\\HISBAK\\x.bak' with init");
    assert!(said.contains("BACKUP DATABASE") && !said.contains("severity 16"), "{said}");
    let note = "create table THIS4.dbo.README (msg nvarchar(200))\ngo\ninsert into THIS4.dbo.README values (N'付款')\ngo\n";
    let said = select(&net, "sa", &format!("{note}select * from THIS4.dbo.README"));
    assert!(said.contains("付款"), "{said}");
    let said = select(&net, "sa", "drop table THIS4.dbo.SF_BRXXK\ngo\nselect * from THIS4.dbo.SF_BRXXK");
    assert!(said.contains("Msg 208"), "{said}");
    reasons(&net, &["an account that exists only as bait", "SQL Server: database copied away"]);
    let sessions = net.sessions(3, |s| s["service"] == "tds" && !s["closed"].is_null());
    let shown = text(&net.honeyward(&["show", sessions[0]["id"].as_str().unwrap()]));
    assert!(shown.contains("SQL Server: data destroyed") && shown.contains("SF_BRXXK"), "{shown}");
}
