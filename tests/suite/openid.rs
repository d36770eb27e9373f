//! Login by an OpenID provider that was not written here, in a real browser; and by those who have no right
//! to it.

use std::fs;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;

use crate::chromium::Chromium;
use crate::console::{PASSWORD, Tab, set_up, status};
use crate::honeynet::{Honeynet, client, text, within};

/// `oidc-provider-mock` of PyPI, on a port of its own.
struct Provider {
    process: Child,
    issuer: String,
    /// Holds the file of the console's secret there.
    folder: TempDir,
}

impl Provider {
    /// One whose tokens live so many seconds.
    fn start(seconds: &str) -> Self {
        let port = free_port();
        let python = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/oidc/bin/python");
        let process = Command::new(python)
            .args(["-m", "oidc_provider_mock", "-p", &port.to_string(), "-n", "true", "-e", seconds])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the provider (`.ci/setup test` installs it)");
        let issuer = format!("http://127.0.0.1:{port}");
        let discovery = format!("{issuer}/.well-known/openid-configuration");
        within(Duration::from_secs(30), "the provider", || {
            client("curl", "curl", &["-s", "-f", &discovery]).status.success().then_some(())
        });
        let folder = TempDir::new().unwrap();
        fs::write(folder.path().join("secret"), "a secret: of any kind\n").unwrap();
        Provider { process, issuer, folder }
    }

    /// Makes a user with groups.
    fn user(&self, name: &str, groups: &str) {
        let claims = format!("{{\"preferred_username\": \"{name}\", \"groups\": {groups}}}");
        let place = format!("{}/users/{name}", self.issuer);
        let head = "Content-Type: application/json";
        let made = client("curl", "curl", &["-s", "-f", "-X", "PUT", "-H", head, "-d", &claims, &place]);
        assert!(made.status.success(), "{}", text(&made));
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn net_with(provider: &Provider) -> Honeynet {
    let port = free_port();
    Honeynet::with(&format!(
        "[console]\naddress = \"127.0.0.1:{port}\"\n[console.oidc]\nissuer = \"{}\"\nclient_id = \"honeyward\"\n\
         secret_file = \"{}\"\nconsole = \"https://127.0.0.1:{port}\"\n\
         roles = {{ soc-leads = \"administrator\", soc = \"analyst\", audit = \"auditor\" }}\n",
        provider.issuer,
        provider.folder.path().join("secret").display()
    ))
}

/// Goes the way of somebody who logs in at the provider.
fn log_in(browser: &Chromium, tab: &Tab, language: &str, name: &str) {
    browser.go(&format!("{}/login?lang={language}", tab.base));
    browser.click("a[href='/oidc/start']");
    browser.type_into("input[name=sub]", name);
    browser.click("button[type=submit]");
}

#[test]
fn people_log_in_by_the_hospitals_own_provider() {
    let provider = Provider::start("300");
    provider.user("zhaomin", "[\"staff\", \"soc\"]");
    provider.user("wangfang", "[\"soc-leads\"]");
    provider.user("visitor", "[\"staff\"]");
    provider.user("torn", "[\"soc-leads\", \"audit\"]");
    let net = net_with(&provider);
    let tab = set_up(&net);
    for (language, name, role) in [("zh", "zhaomin", "analyst"), ("en", "wangfang", "administrator")] {
        let browser = Chromium::start(1280, 900, language == "en");
        browser.go(&format!("{}/login?lang={language}", tab.base));
        browser.is_accessible("login");
        log_in(&browser, &tab, language, name);
        browser.until("the first page", "return !!document.querySelector('.cards')");
        assert!(browser.text("header").contains(&format!("oidc:{name}")), "{}", browser.text("header"));
        browser.go(&format!("{}/accounts", tab.base));
        let manages = browser.script("return !!document.querySelector('form.search input[name=password]')");
        assert_eq!(manages, role == "administrator", "{name}");
        browser.go(&format!("{}/own", tab.base));
        browser.is_accessible("own account");
        assert_eq!(browser.script("return !!document.querySelector('input[name=password]')"), false);
    }
    for (name, said) in [("visitor", "no role"), ("torn", "no role")] {
        let browser = Chromium::start(1280, 900, false);
        log_in(&browser, &tab, "en", name);
        browser.until("it is refused", "return !!document.querySelector('.wrong')");
        assert!(browser.text(".wrong").contains(said), "{}", browser.text(".wrong"));
        browser.go(&format!("{}/sessions", tab.base));
        assert!(browser.url().ends_with("/login"));
    }
    // Whoever is at the console's own accounts comes in as before, and the chain knows all of it.
    assert_eq!(status(&Tab::new(&net, "again").login("admin")), 303);
    let made =
        [("csrf", tab.csrf()), ("act", "add".into()), ("name", "aud".into()), ("password", PASSWORD.into())];
    let made: Vec<(&str, &str)> =
        made.iter().map(|(n, v)| (*n, v.as_str())).chain([("role", "auditor")]).collect();
    assert_eq!(status(&tab.post("/accounts", &made)), 303);
    let auditor = Tab::new(&net, "aud");
    assert_eq!(status(&auditor.login("aud")), 303);
    within(Duration::from_secs(20), "the audit log", || {
        let page = auditor.get("/audit");
        let all = ["oidc:zhaomin", "oidc:wangfang", "OpenID Connect: no role"];
        all.iter().all(|wanted| page.contains(wanted)).then_some(())
    });
    assert!(net.honeyward(&["verify"]).status.success());
}

#[test]
fn nobody_comes_in_by_a_login_that_is_not_his() {
    let provider = Provider::start("300");
    provider.user("wangfang", "[\"soc-leads\"]");
    let net = net_with(&provider);
    let tab = set_up(&net);
    // The way there: a browser's own state, nonce and challenge, each time new.
    let begin = |name: &str| {
        let tab = Tab::new(&net, name);
        let begun = tab.get("/oidc/start");
        let head = begun.to_lowercase();
        assert!(
            head.contains("__host-oidc=") && head.contains("httponly") && head.contains("secure"),
            "{begun}"
        );
        let place = begun.lines().find_map(|line| line.strip_prefix("location: ")).unwrap().trim().to_owned();
        assert!(
            place.contains("code_challenge_method=S256") && place.contains("response_type=code"),
            "{place}"
        );
        (tab, place)
    };
    let granted = |place: &str| {
        let given = client("curl", "curl", &["-s", "-i", "-d", "sub=wangfang", place]);
        let given = text(&given);
        let back = given
            .lines()
            .find_map(|line| line.strip_prefix("location: ").or(line.strip_prefix("Location: ")));
        back.unwrap_or_else(|| panic!("{given}")).trim().split_once("/oidc/callback").unwrap().1.to_owned()
    };
    let finish = |tab: &Tab, query: &str| status(&tab.get(&format!("/oidc/callback{query}")));
    let (mine, place) = begin("mine");
    let (other, others_place) = begin("other");
    assert_ne!(place, others_place);
    let query = granted(&place);
    // Another browser's login is worth nothing here, as is one that began nowhere (login CSRF).
    assert_eq!(finish(&other, &query), 401, "a code of another browser");
    assert_eq!(finish(&mine, &query), 401, "and it was good once");
    let (mine, place) = begin("mine2");
    let query = granted(&place);
    assert_eq!(finish(&mine, &query.replace("state=", "state=x")), 401, "another state");
    assert_eq!(finish(&mine, &query), 200, "the true one");
    assert_eq!(status(&mine.get("/sessions")), 200);
    assert_eq!(finish(&Tab::new(&net, "replay"), &query), 401, "a code is good once");
    let bare: Vec<u16> = (0..5).map(|_| finish(&Tab::new(&net, "bare"), "")).collect();
    assert!(bare.iter().all(|status| [401, 429].contains(status)), "{bare:?}");
    assert_eq!(bare.last(), Some(&429), "who makes up logins waits");
    // The local account is not kept out by that.
    assert_eq!(status(&tab.get("/sessions")), 200);
    drop(provider);
}

#[test]
fn a_token_that_is_over_opens_nothing_and_a_provider_that_is_away_is_said() {
    let provider = Provider::start("-120");
    provider.user("wangfang", "[\"soc-leads\"]");
    let net = net_with(&provider);
    let tab = set_up(&net);
    let browser = Chromium::start(1280, 900, false);
    log_in(&browser, &tab, "en", "wangfang");
    browser.until("it is refused", "return !!document.querySelector('.wrong')");
    assert!(browser.text(".wrong").contains("proves nothing"), "{}", browser.text(".wrong"));
    drop(provider);
    let config = net.data().join("wrong.toml");
    fs::write(&config, "[console.oidc]\nissuer = \"http://idp.example\"\nclient_id = \"x\"\nconsole = \"https://c\"\nroles = { a = \"root\" }\n").unwrap();
    let checked = net.honeyward(&["check", "--config", config.to_str().unwrap()]);
    assert!(!checked.status.success());
    for fault in ["expected https://", "expected values of the claim"] {
        assert!(text(&checked).contains(fault), "{}", text(&checked));
    }
}
