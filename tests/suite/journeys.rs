//! The console in a real browser, as the people who use it go through it.
//!
//! With `HONEYWARD_PICTURES=DIR` the pictures of the docs are made anew there.

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
    let net = Honeynet::with("");
    let (base, folder) = (console(&net), pictures(&net));
    let browser = Chromium::start(1280, 900, false);
    set_up(&net, &browser, &base, "zh");
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
    for wanted in [account.as_str(), "攻击路径", "报告时限", "T1078", "已确认"] {
        assert!(page.contains(wanted), "{wanted}: {page}");
    }
    browser.picture(&folder.join("incident.png"));
    browser.type_into("textarea[name=note]", "已联系网络组断网 <b>x</b>");
    browser.script("document.querySelector('select[name=state]').value = 'in_progress'");
    browser.script("document.querySelector('.case select[name=assignee]').value = 'wanglei'");
    browser.click(".case button");
    browser
        .until("the note is there", "return document.body.innerText.includes('已联系网络组断网 <b>x</b>')");
    assert!(browser.text("main").contains("处理中"));

    browser.go(&format!("{base}/sessions/{session}"));
    browser.is_accessible("session");
    browser.picture(&folder.join("session.png"));
    assert!(browser.text("main").contains("cat /etc/passwd"));
    browser.go(&format!("{base}/sessions?text=passwd"));
    browser.is_accessible("search");
    assert!(browser.text("main").contains(&attacker));
    browser.go(&format!("{base}/sessions?text=nonesuch"));
    assert!(!browser.text("main").contains(&attacker));
    assert!(net.honeyward(&["verify"]).status.success());
}

#[test]
fn a_terminal_is_played_in_english() {
    let net = Honeynet::with("");
    let (base, folder) = (console(&net), pictures(&net));
    let browser = Chromium::start(1280, 900, true);
    set_up(&net, &browser, &base, "en");
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
fn a_dicom_conversation_is_read() {
    let net = Honeynet::with("");
    let (base, folder) = (console(&net), pictures(&net));
    let browser = Chromium::start(1280, 900, false);
    set_up(&net, &browser, &base, "zh");
    let address = net.address("pacs", "dicom");
    let (host, port) = (address.ip().to_string(), address.port().to_string());
    let found = client(
        "findscu",
        "dcmtk",
        &[
            "-aec",
            "CLZXPACS",
            "-aet",
            "RESWS01",
            "-S",
            "-k",
            "QueryRetrieveLevel=STUDY",
            "-k",
            "PatientName=张*",
            "-k",
            "StudyDate",
            &host,
            &port,
        ],
    );
    assert!(found.status.success(), "{}", text(&found));
    let session =
        net.sessions(1, |session| session["service"] == "dicom")[0]["id"].as_str().unwrap().to_owned();
    browser.go(&format!("{base}/sessions/{session}/decoded"));
    let page = browser.text("main");
    for wanted in [
        "A-ASSOCIATE-RQ",
        "A-ASSOCIATE-AC",
        "C-FIND-RQ",
        "PatientName",
        "QueryRetrieveLevel",
        "Study Root - FIND",
    ] {
        assert!(page.contains(wanted), "{wanted}: {page}");
    }
    browser.is_accessible("decoded");
    browser.picture(&folder.join("dicom.png"));
}

#[test]
fn every_page_fits_every_screen() {
    let net = Honeynet::with("");
    let (base, folder) = (console(&net), pictures(&net));
    let browser = Chromium::start(1920, 1080, false);
    set_up(&net, &browser, &base, "en");
    let attacker = net.attacker(9);
    intrude(&net, &attacker);
    let id = incident(&net, &attacker)["id"].as_str().unwrap().to_owned();
    let pages = [
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
    ];
    let phone = Chromium::start(500, 900, true);
    phone.go(&format!("{base}/login?lang=zh"));
    phone.type_into("input[name=name]", "wanglei");
    phone.type_into("input[name=password]", PASSWORD);
    phone.click(".entrance button");
    phone.until("the first page", "return !!document.querySelector('.cards')");
    for (browser, size) in [(&browser, "wide"), (&phone, "phone")] {
        for page in pages {
            browser.go(&format!("{base}{page}"));
            assert_eq!(browser.url(), format!("{base}{page}"));
            let over = "return document.documentElement.scrollWidth - document.documentElement.clientWidth";
            assert_eq!(browser.script(over), 0, "{page} is wider than {size}");
            browser.is_accessible(page);
            let name = page.rsplit('/').next().filter(|name| !name.is_empty()).unwrap_or("overview");
            let name = if page.contains(&id) { "incident" } else { name };
            browser.picture(&folder.join(format!("{size}-{name}.png")));
        }
    }
}
