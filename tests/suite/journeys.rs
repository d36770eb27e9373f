//! The console in a real browser, as the people who use it go through it.
//!
//! With `HONEYWARD_BLESS=1` the pictures of the docs are made anew, with `HONEYWARD_PICTURES=DIR` all of them there.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use serde_json::Value;

use crate::chromium::Chromium;
use crate::honeynet::{Honeynet, client, text, within};

pub(crate) const PASSWORD: &str = "correct horse battery";

pub(crate) fn console(net: &Honeynet) -> String {
    within(Duration::from_secs(20), "the console serves", || {
        let status = net.json(&["status", "--json"]);
        let processes = status.first()?["processes"].as_array()?.clone();
        let console = processes.iter().find(|p| p["process"] == "console" && p["state"] == "up")?.clone();
        console["detail"]["address"].as_str().map(|address| format!("https://{address}"))
    })
}

pub(crate) fn pictures(net: &Honeynet) -> PathBuf {
    std::env::var_os("HONEYWARD_PICTURES").map_or_else(|| net.scratch("pictures"), PathBuf::from)
}

/// First start: the one-time secret makes an administrator.
pub(crate) fn set_up(net: &Honeynet, browser: &Chromium, base: &str, language: &str) {
    let secret = fs::read_to_string(net.data().join("console/setup-secret")).unwrap();
    browser.go(&format!("{base}/?lang={language}"));
    browser.is_accessible("first start");
    browser.type_into("input[name=secret]", &secret);
    browser.type_into("input[name=name]", "wanglei");
    browser.type_into("input[name=password]", PASSWORD);
    browser.click(".entrance button");
    browser.until("the first page", "return !!document.querySelector('.cards')");
}

/// An intruder who knows a bait account types commands in a terminal and leaves a file.
pub(crate) fn intrude(net: &Honeynet, attacker: &str) -> String {
    let (account, password) = net.lure("his", "ssh");
    let address = net.address("his", "ssh");
    let typed = net.scratch("typed");
    // A person: a moment between the lines.
    let lines = ["uname -a", "cat /etc/passwd", "echo '<script>alert(1)</script>' > /tmp/x.sh", "exit"];
    let slowly: String = lines.iter().map(|line| format!("sleep 0.4\ncat <<'E'\n{line}\nE\n")).collect();
    fs::write(&typed, slowly).unwrap();
    let options = "-o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null";
    let shell = format!(
        "sh {} | sshpass -p '{password}' ssh -tt {options} -b {attacker} -p {} {account}@{}",
        typed.display(),
        address.port(),
        address.ip()
    );
    let ran = client("sh", "dash", &["-c", &shell]);
    assert!(text(&ran).contains("root:x:0:0"), "{}", text(&ran));
    account
}

pub(crate) fn incident(net: &Honeynet, attacker: &str) -> Value {
    within(Duration::from_secs(20), "the incident", || {
        let alerts = net.json(&["alerts", "--json"]);
        alerts.into_iter().find(|a| a["source"] == attacker && a["severity"] == "high")
    })
}

#[test]
fn an_alert_is_worked_through_in_chinese() {
    work_through("zh", ["攻击路径", "报告时限", "已确认", "处理中"]);
}

#[test]
fn an_alert_is_worked_through_in_english() {
    work_through("en", ["Attack path", "Reporting clock", "acknowledged", "in progress"]);
}

/// From the alert to the report, with its packets; the docs show the Chinese pages.
fn work_through(language: &str, [path, clock, acknowledged, in_progress]: [&str; 4]) {
    let net = Honeynet::with("");
    let (base, folder) = (console(&net), pictures(&net));
    let folder = if language == "zh" { folder } else { folder.join(language) };
    let browser = Chromium::start(1280, 900, false);
    set_up(&net, &browser, &base, language);
    let attacker = net.attacker(9);
    let account = intrude(&net, &attacker);
    let incident = incident(&net, &attacker);
    let (id, session) = (incident["id"].as_str().unwrap(), incident["sessions"][0].as_str().unwrap());

    browser.go(&base);
    assert!(browser.text("main").contains(&attacker));
    browser.is_accessible("overview");
    browser.picture(&folder.join("overview.png"));

    browser.go(&format!("{base}/incidents"));
    browser.is_accessible("incidents");
    browser.press("j");
    browser.picture(&folder.join("incidents.png"));
    browser.press("xa");
    browser.until("it is acknowledged", "return !!document.querySelector('.state.acknowledged')");

    browser.go(&format!("{base}/incidents/{id}"));
    browser.is_accessible("incident");
    let page = browser.text("main");
    for wanted in [account.as_str(), path, clock, "T1078", acknowledged] {
        assert!(page.contains(wanted), "{wanted}: {page}");
    }
    browser.picture(&folder.join("incident.png"));
    browser.type_into("textarea[name=note]", "已联系网络组断网 <b>x</b>");
    browser.script("document.querySelector('select[name=state]').value = 'in_progress'");
    browser.script("document.querySelector('.case select[name=assignee]').value = 'wanglei'");
    browser.click(".case button");
    browser
        .until("the note is there", "return document.body.innerText.includes('已联系网络组断网 <b>x</b>')");
    assert!(browser.text("main").contains(in_progress));

    browser.go(&format!("{base}/sessions/{session}"));
    browser.is_accessible("session");
    browser.picture(&folder.join("session.png"));
    assert!(browser.text("main").contains("cat /etc/passwd"));
    cut_packets(&browser, &base, session);
    browser.go(&format!("{base}/sessions?text=passwd"));
    browser.is_accessible("search");
    assert!(browser.text("main").contains(&attacker));
    browser.go(&format!("{base}/sessions?text=nonesuch"));
    assert!(!browser.text("main").contains(&attacker));
    assert!(net.honeyward(&["verify"]).status.success());
}

/// The summary's hash is that of the file that the button gives.
fn cut_packets(browser: &Chromium, base: &str, session: &str) {
    within(Duration::from_secs(30), "packets", || {
        browser.go(&format!("{base}/sessions/{session}/conversation"));
        browser.text("main").contains("SHA-256").then_some(())
    });
    browser.is_accessible("packets");
    browser.script(&format!(
        "window.taken = ''; fetch('/sessions/{session}/packets').then(r => r.arrayBuffer()) \
         .then(bytes => crypto.subtle.digest('SHA-256', bytes)).then(hash => {{ \
         window.taken = [...new Uint8Array(hash)].map(b => b.toString(16).padStart(2, '0')).join(''); }})"
    ));
    browser.until("the packets", "return window.taken !== ''");
    let hash = browser.script("return window.taken");
    assert!(browser.text("main").contains(hash.as_str().unwrap()), "{hash}: {}", browser.text("main"));
}

#[test]
fn a_terminal_is_played_in_english() {
    play("en", true);
}

#[test]
fn a_terminal_is_played_in_chinese() {
    play("zh", false);
}

/// The docs show the dark English player.
fn play(language: &str, dark: bool) {
    let net = Honeynet::with("");
    let (base, folder) = (console(&net), pictures(&net));
    let folder = if dark { folder } else { folder.join("light") };
    let browser = Chromium::start(1280, 900, dark);
    set_up(&net, &browser, &base, language);
    let attacker = net.attacker(9);
    intrude(&net, &attacker);
    let session = incident(&net, &attacker)["sessions"][0].as_str().unwrap().to_owned();
    browser.go(&format!("{base}/sessions/{session}/terminal/1"));
    // A player that still loads forgets where it was sent.
    let printed = "window.terminalPlayer.seek('100%'); \
                   return document.querySelector('.ap-player')?.innerText.includes('hisop:x:1000') ?? false";
    browser.until("the player", "return !!document.querySelector('.ap-player')");
    assert!(browser.text(".jumps").contains("cat /etc/passwd"));
    browser.until("the end of the recording", printed);
    browser.picture(&folder.join("terminal.png"));
    browser.type_into("#find", "root:x:0:0");
    browser.press("\u{e007}");
    browser.until("it is found", "return document.getElementById('found').textContent.includes('/')");
    browser.click(".jumps li:nth-child(2) button");
    browser.is_accessible("terminal");
    let alerted = browser.script("return document.querySelectorAll('script:not([src])').length");
    assert_eq!(alerted, 0, "the pages have no script of their own in them");
}

#[test]
fn a_dicom_conversation_is_read_with_its_images() {
    let net = Honeynet::with("");
    let (base, folder) = (console(&net), pictures(&net));
    let browser = Chromium::start(1280, 900, false);
    set_up(&net, &browser, &base, "zh");
    let address = net.address("pacs", "dicom");
    let (host, port) = (address.ip().to_string(), address.port().to_string());
    let titles = ["-aec", "CLZXPACS", "-aet", "RESWS01", "-S"];
    let keys = ["-k", "QueryRetrieveLevel=STUDY", "-k", "ModalitiesInStudy=DX", "-k", "StudyInstanceUID"];
    let today = jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date();
    let since = today.saturating_sub(jiff::Span::new().days(20)).strftime("StudyDate=%Y%m%d-").to_string();
    let asked = [&titles[..], &keys, &["-k", &since, "-k", "PatientName", &host, &port]].concat();
    let found = client("findscu", "dcmtk", &[&["-v"], &asked[..]].concat());
    assert!(found.status.success(), "{}", text(&found));
    let said = text(&found);
    let uids = said.split("(0020,000d) UI [").skip(1).filter_map(|rest| rest.split([']', ' ', '\0']).next());
    let study = uids.last().unwrap_or_else(|| panic!("{said}"));
    let taken = net.scratch("images");
    fs::create_dir_all(&taken).unwrap();
    let wanted = format!("StudyInstanceUID={study}");
    let level = ["-k", "QueryRetrieveLevel=STUDY", "-k", &wanted];
    let into = ["-od", taken.to_str().unwrap(), host.as_str(), port.as_str()];
    let got = client("getscu", "dcmtk", &[&titles[..], &level, &into].concat());
    assert!(got.status.success() && fs::read_dir(&taken).unwrap().count() > 0, "{}", text(&got));
    let sessions = net.sessions(2, |session| session["service"] == "dicom" && session["closed"].is_string());
    let pages: Vec<String> =
        sessions.iter().map(|s| format!("{base}/sessions/{}/decoded", s["id"].as_str().unwrap())).collect();
    for (language, title) in [("zh", "被取走的影像"), ("en", "Images touched")] {
        let mut seen = String::new();
        for page in &pages {
            browser.go(&format!("{page}?lang={language}"));
            seen.push_str(&browser.text("main"));
            if browser.script("return !!document.querySelector('.gallery')") == true {
                browser.until(
                    "the pictures",
                    "return [...document.querySelectorAll('.gallery img')].every(i => i.complete && i.naturalWidth > 40)",
                );
                browser.is_accessible("images");
                browser.picture(&folder.join("dicom.png"));
            }
        }
        for wanted in [
            title,
            "A-ASSOCIATE-RQ",
            "A-ASSOCIATE-AC",
            "C-FIND-RQ",
            "C-GET-RQ",
            "PatientName",
            "QueryRetrieveLevel",
            "Study Root - FIND",
        ] {
            assert!(seen.contains(wanted), "{wanted}: {seen}");
        }
    }
}

#[test]
fn rows_that_databases_gave_are_read() {
    let net = Honeynet::sensing("pacing = false\n", &[("hisdb", 18), ("phis", 20), ("cdr", 25)], "");
    let (base, folder) = (console(&net), pictures(&net));
    let browser = Chromium::start(1280, 900, false);
    set_up(&net, &browser, &base, "en");
    let (user, password) = net.lure("phis", "mysql");
    let mysql = crate::databases::mysql(
        net.address("phis", "mysql"),
        &user,
        &password,
        "select 7 as seven, '病人' as who",
        &["phis"],
    );
    assert!(mysql.contains('7'), "{mysql}");
    let (user, password) = net.lure("hisdb", "tds");
    let tds = net.address("hisdb", "tds");
    let script = net.scratch("ask.sql");
    fs::write(&script, "select top 3 name, create_date from sys.databases\ngo\nexit\n").unwrap();
    let shell = format!(
        "TDSVER=7.4 tsql -H {} -p {} -U '{user}' -P '{password}' < {}",
        tds.ip(),
        tds.port(),
        script.display()
    );
    let said = client("sh", "dash", &["-c", &shell]);
    assert!(text(&said).contains("master"), "{}", text(&said));
    let (user, password) = net.lure("cdr", "postgres");
    let postgres = net.address("cdr", "postgres");
    let url = format!("postgresql://{user}@{postgres}/cdr");
    let shell = format!("PGPASSWORD='{password}' psql '{url}' -c 'select datname from pg_database'");
    let said = client("sh", "dash", &["-c", &shell]);
    assert!(text(&said).contains("template1"), "{}", text(&said));
    for (service, cells) in [
        ("mysql", &["seven", "7", "病人"][..]),
        ("tds", &["name", "master"]),
        ("postgres", &["datname", "template1"]),
    ] {
        let found = net.sessions(1, |s| s["service"] == service && s["closed"].is_string());
        let id = found.last().unwrap()["id"].as_str().unwrap().to_owned();
        browser.go(&format!("{base}/sessions/{id}/decoded"));
        let tables = "return [...document.querySelectorAll('main td, main th')].map(c => c.innerText)";
        let shown = browser.script(tables);
        let shown = shown.as_array().unwrap();
        for cell in cells {
            assert!(shown.iter().any(|one| one == cell), "{service} {cell}: {shown:?}");
        }
        browser.is_accessible(service);
        browser.picture(&folder.join(format!("{service}.png")));
    }
}

/// Each page in each of these, from a telephone to a wide screen.
const SCREENS: [(&str, u32, bool, &str); 4] = [
    ("wide", 1920, false, "en"),
    ("dark", 1280, true, "zh"),
    ("phone", 500, true, "zh"),
    ("light-phone", 500, false, "en"),
];

#[test]
fn every_page_fits_every_screen() {
    let net = Honeynet::with("");
    let (base, folder) = (console(&net), pictures(&net));
    let first = Chromium::start(1280, 900, false);
    set_up(&net, &first, &base, "en");
    let attacker = net.attacker(9);
    intrude(&net, &attacker);
    let incident = incident(&net, &attacker);
    let id = incident["id"].as_str().unwrap();
    let session = format!("/sessions/{}", incident["sessions"][0].as_str().unwrap());
    drop(first);
    let inside = ["", "/transcript", "/terminal/1"].map(|part| format!("{session}{part}"));
    let pages: Vec<String> = [
        "/",
        "/incidents",
        &format!("/incidents/{id}"),
        "/sessions",
        "/decoys",
        "/accounts",
        "/tokens",
        "/own",
        "/api",
        "/settings",
        "/settings/siem",
        "/settings/allowances",
        "/settings/lures",
        "/requests",
        "/nothing-here",
    ]
    .into_iter()
    .map(str::to_owned)
    .chain(inside)
    .collect();
    for (size, width, dark, language) in SCREENS {
        let browser = Chromium::start(width, 900, dark);
        browser.go(&format!("{base}/login?lang={language}"));
        browser.is_accessible("login");
        browser.type_into("input[name=name]", "wanglei");
        browser.type_into("input[name=password]", PASSWORD);
        browser.click(".entrance button");
        browser.until("the first page", "return !!document.querySelector('.cards')");
        for page in &pages {
            browser.go(&format!("{base}{page}"));
            assert_eq!(browser.url(), format!("{base}{page}"));
            let over = "return document.documentElement.scrollWidth - document.documentElement.clientWidth";
            assert_eq!(browser.script(over), 0, "{page} is wider than {size}");
            browser.is_accessible(&format!("{page} {size}"));
            let name = page.rsplit('/').next().filter(|name| !name.is_empty()).unwrap_or("overview");
            let name = if page.contains(id) { "incident" } else { name };
            browser.picture(&folder.join(format!("{size}-{name}.png")));
        }
    }
}
