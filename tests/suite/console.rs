//! The console, as a browser and as somebody who should not be there.

use std::fs;
use std::path::PathBuf;
use std::process::Output;
use std::time::Duration;

use serde_json::Value;

use crate::honeynet::{Honeynet, client, text, within};

pub(crate) const PASSWORD: &str = "correct horse battery";

/// One browser with its cookies.
pub(crate) struct Tab {
    pub(crate) base: String,
    jar: PathBuf,
    /// The address that it comes from.
    from: String,
}

impl Tab {
    pub(crate) fn new(net: &Honeynet, name: &str) -> Self {
        let base = within(Duration::from_secs(20), "the console serves", || {
            let status = net.json(&["status", "--json"]);
            let processes = status.first()?["processes"].as_array()?.clone();
            let console = processes.iter().find(|p| p["process"] == "console" && p["state"] == "up")?.clone();
            console["detail"]["address"].as_str().map(|address| format!("https://{address}"))
        });
        Tab { base, jar: net.scratch(&format!("{name}.jar")), from: "127.0.0.1".into() }
    }

    pub(crate) fn curl(&self, path: &str, more: &[&str]) -> String {
        let (jar, url) = (self.jar.to_str().unwrap(), format!("{}{path}", self.base));
        let from = self.from.as_str();
        let fixed =
            ["-s", "-S", "-k", "-i", "--max-time", "30", "--interface", from, "-b", jar, "-c", jar, &url];
        let output: Output = client("curl", "curl", &[more, &fixed].concat());
        assert!(output.status.success(), "{url}: {}", text(&output));
        text(&output)
    }

    pub(crate) fn get(&self, path: &str) -> String {
        self.curl(path, &[])
    }

    pub(crate) fn post(&self, path: &str, fields: &[(&str, &str)]) -> String {
        let pairs: Vec<String> = fields.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let more: Vec<&str> = pairs.iter().flat_map(|pair| ["--data-urlencode", pair.as_str()]).collect();
        self.curl(path, &more)
    }

    /// The token that forms of this login carry.
    pub(crate) fn csrf(&self) -> String {
        let page = self.get("/decoys");
        let page = if page.contains("name=\"csrf\"") { page } else { self.get("/audit") };
        page.split("name=\"csrf\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned()
    }

    pub(crate) fn login(&self, name: &str) -> String {
        self.post("/login", &[("name", name), ("password", PASSWORD)])
    }
}

pub(crate) fn status(answer: &str) -> u16 {
    answer.split(' ').nth(1).unwrap().parse().unwrap()
}

/// An administrator who came in with the one-time secret.
pub(crate) fn set_up(net: &Honeynet) -> Tab {
    let tab = Tab::new(net, "admin");
    let file = net.data().join("console/setup-secret");
    let secret = fs::read_to_string(&file).unwrap();
    assert_eq!(status(&tab.get("/sessions")), 200, "nobody is there yet: the first page is the set-up");
    let wrong = tab.post("/setup", &[("secret", "guess"), ("name", "admin"), ("password", PASSWORD)]);
    assert_eq!(status(&wrong), 422);
    let made = tab.post("/setup", &[("secret", &secret), ("name", "admin"), ("password", PASSWORD)]);
    assert!(status(&made) == 303 && made.contains("__Host-login="), "{made}");
    assert!(!file.exists());
    tab
}

#[test]
fn an_analyst_finds_account_command_and_packets() {
    let net = Honeynet::with("");
    let tab = set_up(&net);
    let attacker = net.attacker(9);
    let (account, password) = net.lure("his", "ssh");
    let address = net.address("his", "ssh");
    let hostile = "echo '<script>alert(1)</script>'";
    let ran = client(
        "sshpass",
        "sshpass",
        &[
            "-p",
            &password,
            "ssh",
            "-o",
            "StrictHostKeyChecking=no",
            "-o",
            "UserKnownHostsFile=/dev/null",
            "-b",
            &attacker,
            "-p",
            &address.port().to_string(),
            &format!("{account}@{}", address.ip()),
            hostile,
        ],
    );
    assert!(text(&ran).contains("<script>"), "{}", text(&ran));
    let incident = within(Duration::from_secs(20), "the incident", || {
        let alerts = net.json(&["alerts", "--json"]);
        alerts.into_iter().find(|a| a["source"] == attacker.as_str() && a["severity"] == "high")
    });
    let id = incident["id"].as_str().unwrap();
    let overview = tab.get("/?lang=en");
    assert!(overview.contains(&format!("/incidents/{id}")) && overview.contains(&attacker), "{overview}");
    let page = tab.get(&format!("/incidents/{id}"));
    assert!(page.contains(&account) && page.contains("T1078") && page.contains("Valid Accounts"), "{page}");
    let session = incident["sessions"][0].as_str().unwrap();
    let page = tab.get(&format!("/sessions/{session}"));
    assert!(!page.contains("<script>"), "text of an intruder is never markup: {page}");
    assert!(page.contains("&lt;script&gt;alert(1)&lt;"), "{page}");
    let listed = tab.get(&format!("/sessions?source={attacker}&decoy=ssh"));
    assert!(listed.contains(session), "{listed}");
    assert!(!tab.get("/sessions?source=nonsense").contains(session));
    let transcript = tab.get(&format!("/sessions/{session}/transcript"));
    assert_eq!(status(&transcript), 200);
    let packets = net.scratch("session.pcapng");
    let took = tab.curl(&format!("/sessions/{session}/packets"), &["-o", packets.to_str().unwrap()]);
    assert_eq!(took, "");
    let whole = fs::read(&packets).unwrap();
    let start = whole.windows(4).position(|bytes| bytes == [0x0a, 0x0d, 0x0d, 0x0a]);
    assert!(start.is_some(), "a pcapng section after the head");
    for (path, want) in [
        ("/sessions/00000000-0000-7000-8000-000000000000", 404),
        ("/sessions/%", 404),
        ("/incidents/none", 404),
        ("/sessions/../../etc/passwd", 404),
        ("/assets/../accounts.json", 404),
        ("/assets/base.html", 404),
    ] {
        assert_eq!(status(&tab.curl(path, &["--path-as-is"])), want, "{path}");
    }
}

#[test]
fn a_terminal_is_played_as_text() {
    let net = Honeynet::with("");
    let tab = set_up(&net);
    let (account, password) = net.lure("his", "ssh");
    let address = net.address("his", "ssh");
    let typed = net.scratch("typed");
    fs::write(&typed, "printf 'a\\033]0;own\\007b\\033[31mc\\n'\nexit\n").unwrap();
    let shell = format!(
        "sshpass -p '{password}' ssh -tt -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -p {} {account}@{} < {}",
        address.port(),
        address.ip(),
        typed.display()
    );
    client("sh", "dash", &["-c", &shell]);
    let session = net.sessions(1, |s| s["service"] == "ssh" && !s["closed"].is_null()).remove(0);
    let id = session["id"].as_str().unwrap();
    let events = tab.get(&format!("/sessions/{id}/terminal/1/events"));
    let json: Value = serde_json::from_str(events.split("\r\n\r\n").nth(1).unwrap()).unwrap();
    let shown: String = json.as_array().unwrap().iter().map(|event| event[1].as_str().unwrap()).collect();
    assert!(shown.contains("abc"), "{shown:?}");
    assert!(!shown.contains('\u{1b}') && !shown.contains("own\u{7}"), "{shown:?}");
    assert!(tab.get(&format!("/sessions/{id}/terminal/1")).contains("/assets/terminal.js"));
    assert_eq!(status(&tab.get(&format!("/sessions/{id}/terminal/2/events"))), 404);
}

#[test]
fn roles_forms_and_guesses_have_their_bounds_and_the_chain_knows() {
    let net = Honeynet::with("");
    let admin = set_up(&net);
    let csrf = admin.csrf();
    let fields = |csrf: &str, name: &str, role: &str| {
        admin.post(
            "/accounts",
            &[("csrf", csrf), ("act", "add"), ("name", name), ("password", PASSWORD), ("role", role)],
        )
    };
    assert_eq!(status(&fields("", "eve", "administrator")), 403, "a form of nobody's page");
    for (name, role) in [("zhang", "viewer"), ("li", "auditor")] {
        assert_eq!(status(&fields(&csrf, name, role)), 303);
    }
    assert_eq!(status(&fields(&csrf, "zhang", "viewer")), 422);
    assert_eq!(status(&admin.get("/audit")), 403, "the auditor is nobody else");
    let viewer = Tab::new(&net, "viewer");
    assert_eq!(status(&viewer.get("/sessions")), 303);
    assert_eq!(status(&viewer.login("zhang")), 303);
    assert_eq!(status(&viewer.get("/sessions")), 200);
    assert_eq!(status(&viewer.get("/accounts")), 403);
    let anywhere = "/sessions/00000000-0000-7000-8000-000000000000/packets";
    assert_eq!(status(&viewer.get(anywhere)), 403);
    assert_eq!(status(&viewer.post("/logout", &[("csrf", &viewer.csrf())])), 303);
    assert_eq!(status(&viewer.get("/sessions")), 303);
    let eve = Tab::new(&net, "eve");
    let codes: Vec<u16> = (0..7)
        .map(|n| {
            status(&eve.post("/login", &[("name", "zhang"), ("password", &format!("guess number {n}"))]))
        })
        .collect();
    assert_eq!(codes, [401, 401, 401, 401, 401, 429, 429]);
    let auditor = Tab::new(&net, "auditor");
    assert_eq!(status(&auditor.login("li")), 429, "the address waits too");
    let auditor = Tab { from: net.attacker(77), ..auditor };
    assert_eq!(status(&auditor.login("li")), 303);
    let audit = within(Duration::from_secs(10), "the chain has it", || {
        let page = auditor.get("/audit?lang=en");
        page.contains("logged in").then_some(page)
    });
    for act in ["set up", "made account", "was refused", "logged out"] {
        assert!(audit.contains(&format!("<td>{act}</td>")), "{act}: {audit}");
    }
    assert!(net.honeyward(&["verify"]).status.success());
}

#[test]
fn headers_forbid_what_the_console_does_not_need() {
    let net = Honeynet::with("");
    let tab = Tab::new(&net, "nobody");
    let page = tab.get("/").to_lowercase();
    for header in [
        "content-security-policy: default-src 'none'; script-src 'self'",
        "x-content-type-options: nosniff",
        "x-frame-options: deny",
        "cache-control: no-store",
    ] {
        assert!(page.contains(header), "{header}: {page}");
    }
    assert!(!page.contains("http://") && !page.contains("src=\"https://"), "nothing from elsewhere");
    assert_eq!(status(&tab.curl("/", &["-X", "DELETE"])), 400);
    assert_eq!(status(&tab.curl("/setup", &["--data-binary", &"x".repeat(70_000)])), 400);
}

#[test]
fn a_config_without_a_console_has_none() {
    let net = Honeynet::with("[console]\nenabled = false\n");
    let status = net.json(&["status", "--json"]);
    assert!(status[0]["processes"].as_array().unwrap().iter().all(|p| p["process"] != "console"));
}
