//! The console as somebody meets it who should not be there, or who wants more than his role.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::console::{PASSWORD, Tab, set_up, status};
use crate::honeynet::{Honeynet, client, honeyward, text, within};

/// What does harm where a page forgets to escape it.
const HOSTILE: &str = "\"'><img src=x onerror=alert(1)><script>alert(2)</script>{{7*7}}";

#[test]
fn nothing_that_an_intruder_says_is_markup() {
    let net = Honeynet::with("");
    let tab = set_up(&net);
    let attacker = net.attacker(9);
    let web = net.address("his", "http");
    // Account, password, path, header: each field that he chooses is hostile.
    let url = format!("http://{web}/his/login?x={}", HOSTILE.replace(' ', "%20"));
    let from = attacker.as_str();
    client(
        "curl",
        "curl",
        &[
            "-s",
            "-g",
            "--interface",
            from,
            "-A",
            HOSTILE,
            "-d",
            &format!("username={HOSTILE}&password={HOSTILE}"),
            &format!("http://{web}/his/login"),
        ],
    );
    client("curl", "curl", &["-s", "-g", "--interface", from, "-A", HOSTILE, &url]);
    let ssh = net.address("his", "ssh");
    client(
        "sshpass",
        "sshpass",
        &[
            "-p",
            HOSTILE,
            "ssh",
            "-o",
            "StrictHostKeyChecking=no",
            "-o",
            "UserKnownHostsFile=/dev/null",
            "-o",
            "PreferredAuthentications=password",
            "-b",
            from,
            "-l",
            "root",
            "-p",
            &ssh.port().to_string(),
            &ssh.ip().to_string(),
        ],
    );
    let pacs = net.address("pacs", "dicom");
    client(
        "findscu",
        "dcmtk",
        &[
            "-aet",
            "<script>x",
            "-S",
            "-k",
            "QueryRetrieveLevel=STUDY",
            "-k",
            &format!("PatientName={HOSTILE}"),
            &pacs.ip().to_string(),
            &pacs.port().to_string(),
        ],
    );
    hostile_records(&net);
    let sessions = net.sessions(6, |session| session["closed"].is_string());
    let mut pages = vec![
        "/".to_owned(),
        "/sessions".into(),
        "/incidents".into(),
        "/decoys".into(),
        "/sessions?text=script".into(),
    ];
    for session in &sessions {
        let id = session["id"].as_str().unwrap();
        pages.extend(["", "/transcript", "/decoded"].map(|part| format!("/sessions/{id}{part}")));
    }
    let alerts = net.json(&["alerts", "--json"]);
    pages.extend(alerts.iter().map(|alert| format!("/incidents/{}", alert["id"].as_str().unwrap())));
    // Users say things too: in searches, notes and names of saved searches.
    pages.push("/sessions?text=%22%3E%3Cscript%3Ealert(2)%3C/script%3E&source=%22%3E%3Cimg%20src=x%20onerror=alert(1)%3E".into());
    let saved = tab.post(
        "/searches",
        &[("csrf", &tab.csrf()), ("name", "\"><script>x"), ("query", "text=\"><img src=x onerror=alert(1)>")],
    );
    assert_eq!(status(&saved), 303);
    let mut quoted = 0;
    for page in pages {
        let shown = tab.get(&page);
        assert!(!shown.contains("<script>alert") && !shown.contains("<img src=x"), "{page}: {shown}");
        assert!(!shown.contains("<script>x") && !shown.contains(">49<"), "{page}: {shown}");
        quoted += usize::from(shown.contains("&lt;script&gt;"));
    }
    assert!(quoted >= 4, "the attempts are shown, escaped");
}

/// The same in fields of messages, statements and names of files.
fn hostile_records(net: &Honeynet) {
    let say = |bytes: &str, host: &str, service: &str| {
        let file = net.scratch(&format!("{service}.said"));
        fs::write(&file, bytes).unwrap();
        let address = net.address(host, service);
        let shell = format!("nc -q 2 -w 5 {} {} < {}", address.ip(), address.port(), file.display());
        client("sh", "dash", &["-c", &shell]);
    };
    let message = format!(
        "\u{b}MSH|^~\\&|{HOSTILE}|x|LIS|CL|20260101000000||ADT^A01|{HOSTILE}|P|2.4\rPID|1||{HOSTILE}||{HOSTILE}\r\u{1c}\r"
    );
    say(&message, "lis", "mllp");
    let request = format!(
        "GET /his/{HOSTILE} HTTP/1.1\r\nHost: {HOSTILE}\r\nX-{HOSTILE}: x\r\nContent-Length: 0\r\n\r\n"
    );
    say(&request, "his", "http");
    let ftp = format!("USER {HOSTILE}\r\nPASS {HOSTILE}\r\nSTOR {HOSTILE}\r\nQUIT\r\n");
    say(&ftp, "his", "ssh");
}

#[test]
fn forms_come_from_the_logins_own_pages() {
    let net = Honeynet::with("");
    let tab = set_up(&net);
    let whole: [(&str, &[(&str, &str)]); 12] = [
        ("/accounts", &[("act", "add"), ("name", "eve"), ("password", PASSWORD), ("role", "administrator")]),
        ("/incidents", &[("state", "closed_benign")]),
        (
            "/tokens",
            &[("act", "make"), ("name", "x"), ("account", "admin"), ("scope", "read"), ("days", "9")],
        ),
        ("/own", &[("act", "password"), ("password", PASSWORD), ("fresh", "another horse battery")]),
        ("/searches", &[("name", "x"), ("query", "y")]),
        (
            "/settings/siem",
            &[
                ("act", "save"),
                ("name", "mallory"),
                ("format", "cef"),
                ("transport", "udp"),
                ("address", "192.0.2.9:514"),
            ],
        ),
        ("/settings/allowances", &[("act", "add"), ("name", "mallory"), ("source", "192.0.2.9")]),
        ("/settings/lures", &[("act", "mint"), ("kind", "ssh_key"), ("endpoint", "mallory"), ("path", "x")]),
        ("/settings", &[("act", "retention"), ("quota_mib", "16")]),
        ("/requests/00000000-0000-7000-8000-000000000000", &[("act", "approve")]),
        ("/export", &[("subject", "mallory"), ("reason", "x")]),
        ("/logout", &[]),
    ];
    for (path, fields) in whole {
        assert_eq!(status(&tab.post(path, &[fields, &[("x", "y")]].concat())), 403, "{path} without a token");
        let other = [fields, &[("csrf", "00000000000000000000000000000000")]].concat();
        assert_eq!(status(&tab.post(path, &other)), 403, "{path} with another's");
        // A link or a picture elsewhere makes a GET: that changes nothing.
        assert_ne!(status(&tab.get(&format!("{path}?act=add&name=eve&state=closed_true"))), 500);
    }
    assert!(!tab.get("/accounts").contains("eve"));
    for page in ["/settings/siem", "/settings/allowances", "/settings/lures", "/requests"] {
        assert!(!tab.get(page).contains("mallory"), "{page}");
    }
    let page = tab.get("/").to_lowercase();
    assert!(page.contains("form-action 'self'") && page.contains("frame-ancestors 'none'"));
}

#[test]
fn a_login_that_was_there_before_is_worth_nothing() {
    let net = Honeynet::with("");
    let tab = set_up(&net);
    let planted = "11".repeat(32);
    let cookie = format!("__Host-login={planted}");
    let eve = Tab::new(&net, "eve");
    let logged_in = eve.curl(
        "/login",
        &[
            "-H",
            &format!("Cookie: {cookie}"),
            "--data-urlencode",
            "name=admin",
            "--data-urlencode",
            &format!("password={PASSWORD}"),
        ],
    );
    assert!(status(&logged_in) == 303 && !logged_in.contains(&planted), "a token of its own: {logged_in}");
    let with_planted = Tab::new(&net, "planted").curl("/sessions", &["-H", &format!("Cookie: {cookie}")]);
    assert_eq!(status(&with_planted), 303, "the planted token opens nothing");
    for attribute in ["Secure", "HttpOnly", "SameSite=Strict", "Path=/"] {
        assert!(logged_in.contains(attribute), "{attribute}: {logged_in}");
    }
    // Another password ends all other logins.
    let changed = tab.post(
        "/own",
        &[
            ("csrf", &tab.csrf()),
            ("act", "password"),
            ("password", PASSWORD),
            ("fresh", "another horse battery"),
        ],
    );
    assert_eq!(status(&changed), 303, "{changed}");
    assert_eq!((status(&eve.get("/sessions")), status(&tab.get("/sessions"))), (303, 200));
}

#[test]
fn paths_lead_nowhere_else() {
    let net = Honeynet::with("");
    let tab = set_up(&net);
    for path in [
        "/assets/../accounts.json",
        "/assets/..%2f..%2faccounts.json",
        "/assets/%2e%2e/tokens.json",
        "/assets//etc/passwd",
        "/assets/player/package.json",
        "/files/../../store/honeyward.db",
        "/files/..%2f..%2fstore%2fhoneyward.db",
        "/files/0000000000000000000000000000000000000000000000000000000000000000",
        "/sessions/../../../etc/passwd/transcript",
        "/sessions/00000000-0000-7000-8000-000000000000/terminal/1/cast",
        "/sessions/x/images/../../../accounts.json",
        "/sessions/x/images/..%2f..%2faccounts.png",
        "/incidents/%00",
        "//evil.example/",
    ] {
        let answer = tab.curl(path, &["--path-as-is"]);
        assert!([404, 303].contains(&status(&answer)), "{path}: {answer}");
        assert!(
            !answer.contains("root:") && !answer.contains("argon") && !answer.contains("location: //"),
            "{path}"
        );
    }
    assert_eq!(status(&tab.curl("/incidents", &["-X", "TRACE"])), 400);
}

#[test]
fn a_role_does_what_it_may_and_a_token_no_more_than_its_scopes() {
    let net = Honeynet::with("");
    let admin = set_up(&net);
    let csrf = admin.csrf();
    for role in ["viewer", "analyst", "responder", "auditor"] {
        let made = admin.post(
            "/accounts",
            &[("csrf", &csrf), ("act", "add"), ("name", role), ("password", PASSWORD), ("role", role)],
        );
        assert_eq!(status(&made), 303, "{made}");
    }
    let anything = "00000000-0000-7000-8000-000000000000";
    let pages: [(&str, [u16; 4]); 15] = [
        ("/", [200, 200, 200, 303]),
        ("/incidents", [200, 200, 200, 403]),
        ("/sessions", [200, 200, 200, 403]),
        ("/sessions.csv", [403, 200, 200, 403]),
        (&format!("/sessions/{anything}/packets"), [403, 404, 404, 403]),
        (&format!("/sessions/{anything}/images/1.2.3.png"), [403, 404, 404, 403]),
        (&format!("/files/{}", "0".repeat(64)), [403, 404, 404, 403]),
        ("/accounts", [403, 403, 403, 403]),
        ("/tokens", [403, 403, 403, 403]),
        ("/audit", [403, 403, 403, 200]),
        ("/settings", [403, 403, 200, 403]),
        ("/settings/siem", [403, 403, 200, 403]),
        ("/settings/lures", [403, 403, 200, 403]),
        ("/requests", [403, 403, 200, 403]),
        (&format!("/requests/{anything}/bundle"), [403, 404, 404, 403]),
    ];
    for (at, role) in ["viewer", "analyst", "responder", "auditor"].into_iter().enumerate() {
        let tab = Tab::new(&net, role);
        assert_eq!(status(&tab.login(role)), 303);
        for (path, wanted) in &pages {
            assert_eq!(status(&tab.get(path)), wanted[at], "{role} {path}");
        }
        let csrf = tab.csrf();
        let works = tab.post("/incidents", &[("csrf", &csrf), ("state", "closed_true")]);
        assert_eq!(status(&works), if [1, 2].contains(&at) { 303 } else { 403 }, "{role}");
        let more = tab.post(
            "/accounts",
            &[
                ("csrf", &csrf),
                ("act", "add"),
                ("name", "x"),
                ("password", PASSWORD),
                ("role", "administrator"),
            ],
        );
        assert_eq!(status(&more), 403, "{role} makes nobody an administrator");
        let siem = [("csrf", csrf.as_str()), ("act", "save"), ("name", "x"), ("format", "cef")];
        assert_eq!(status(&tab.post("/settings/siem", &siem)), 403, "{role} sends alerts nowhere");
        let room = [("csrf", csrf.as_str()), ("act", "retention"), ("quota_mib", "16")];
        assert_eq!(status(&tab.post("/settings", &room)), 403, "{role} lets no packets go");
    }
    let make = |account: &str, scope: &str| {
        let page = admin.post(
            "/tokens",
            &[
                ("csrf", &csrf),
                ("act", "make"),
                ("name", "t"),
                ("account", account),
                ("scope", scope),
                ("days", "1"),
            ],
        );
        page.split("<code id=\"made\">").nth(1).unwrap().split('<').next().unwrap().to_owned()
    };
    let api = |token: &str, path: &str| {
        let header = format!("Authorization: Bearer {token}");
        status(&Tab::new(&net, "program").curl(&format!("/api/v1{path}"), &["-H", &header]))
    };
    let (reads, audits, viewers) =
        (make("admin", "read"), make("admin", "audit"), make("viewer", "evidence"));
    assert_eq!(
        (api(&reads, "/incidents"), api(&reads, "/sessions.csv"), api(&reads, "/audit")),
        (200, 403, 403)
    );
    assert_eq!(api(&audits, "/audit"), 403, "a scope gives no more than the account has");
    assert_eq!(api(&viewers, "/sessions.csv"), 403, "a scope gives no more than the account has");
    assert_eq!(
        (api("hwt_x_y", "/incidents"), status(&admin.get("/api/v1/incidents"))),
        (401, 401),
        "no cookie opens it"
    );
    assert_eq!((api(&reads, "/map"), api(&audits, "/map")), (200, 403));
    assert_eq!(status(&admin.get("/api/openapi.json")), 200);
    assert!(
        !fs::read_to_string(net.data().join("console/tokens.json"))
            .unwrap()
            .contains(reads.rsplit('_').next().unwrap())
    );
}

#[test]
fn slow_clients_keep_nobody_out() {
    let net = Honeynet::with("");
    let tab = Tab::new(&net, "nobody");
    let address = tab.base.trim_start_matches("https://").to_owned();
    let mut slow: Vec<TcpStream> = (0..200).filter_map(|_| TcpStream::connect(&address).ok()).collect();
    slow.iter_mut().for_each(|stream| drop(stream.write_all(b"\x16\x03\x01")));
    let began = Instant::now();
    assert_eq!(status(&tab.get("/")), 200);
    assert!(began.elapsed() < Duration::from_secs(5));
    within(Duration::from_secs(40), "slow clients are shown out", || {
        let stream = slow.first_mut()?;
        stream.set_read_timeout(Some(Duration::from_millis(200))).ok()?;
        matches!(stream.read(&mut [0; 64]), Ok(0)).then_some(())
    });
}

#[test]
fn a_wrong_certificate_is_found_before_anything_runs_and_an_old_state_is_gone() {
    let dir = tempfile::tempdir().unwrap();
    let (certificate, key, config) =
        (dir.path().join("c.pem"), dir.path().join("k.pem"), dir.path().join("honeynet.toml"));
    fs::write(&certificate, "no certificate").unwrap();
    fs::write(&key, "no key").unwrap();
    let text_of =
        format!("[console]\ncertificate = \"{}\"\nkey = \"{}\"\n", certificate.display(), key.display());
    fs::write(&config, text_of).unwrap();
    let checked = honeyward(dir.path(), &["check", "--config", config.to_str().unwrap()]);
    assert_eq!(checked.status.code(), Some(2), "{}", text(&checked));
    assert!(text(&checked).contains(".pem"), "{}", text(&checked));

    let mut net = Honeynet::with("");
    drop(Tab::new(&net, "nobody"));
    assert!(net.stop().success());
    let state = net.data().join("run/console/status.json");
    fs::write(&state, "{\"pid\":1,\"state\":{\"address\":\"192.0.2.1:1\"}}").unwrap();
    net.start_again();
    let fresh = within(Duration::from_secs(20), "the console's own state", || {
        let state: Value = serde_json::from_slice(&fs::read(&state).ok()?).ok()?;
        (!state.to_string().contains("192.0.2.1")).then_some(state)
    });
    assert!(fresh.is_object());
}

/// A page's first link to what was asked for a moment ago.
fn asked(answer: &str) -> String {
    let (_, id) = answer.split_once("asked=").unwrap_or_else(|| panic!("{answer}"));
    id.chars().take(36).collect()
}

#[test]
fn nobody_gets_round_the_second_pair_of_eyes() {
    let net = Honeynet::with("[console]\nfour_eyes = true\n");
    let admin = set_up(&net);
    let csrf = admin.csrf();
    for (name, role) in [("wang", "administrator"), ("zhao", "responder"), ("li", "analyst")] {
        let made =
            [("csrf", csrf.as_str()), ("act", "add"), ("name", name), ("password", PASSWORD), ("role", role)];
        assert_eq!(status(&admin.post("/accounts", &made)), 303);
    }
    let log_in = |name: &str| {
        let tab = Tab::new(&net, name);
        assert_eq!(status(&tab.login(name)), 303);
        tab
    };
    let (wang, zhao, li) = (log_in("wang"), log_in("zhao"), log_in("li"));
    let ends = jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::system()).date();
    let ends = ends.saturating_add(jiff::Span::new().days(30)).to_string();
    let allowance = |tab: &Tab, name: &str, owner: &str| {
        tab.post(
            "/settings/allowances",
            &[
                ("csrf", &tab.csrf()),
                ("act", "add"),
                ("name", name),
                ("source", "192.0.2.7"),
                ("covers", "E3"),
                ("owner", owner),
                ("reason", HOSTILE),
                ("expires", &ends),
            ],
        )
    };
    let decide =
        |tab: &Tab, id: &str, act: &str| {
            status(&tab.post(
                &format!("/requests/{id}"),
                &[("csrf", &tab.csrf()), ("act", act), ("reason", HOSTILE)],
            ))
        };
    let id = asked(&allowance(&admin, HOSTILE, HOSTILE));
    assert_eq!(decide(&admin, &id, "approve"), 403, "nobody approves his own");
    assert_eq!(decide(&zhao, &id, "approve"), 403, "a responder asks, he approves nothing");
    assert_eq!(decide(&li, &id, "approve"), 403);
    assert_eq!(decide(&wang, &id, "withdraw"), 403, "only who asked withdraws");
    assert_eq!(decide(&wang, "00000000-0000-7000-8000-000000000000", "approve"), 404);
    for page in ["/requests", "/settings/allowances", "/settings"] {
        let shown = wang.get(page);
        assert!(!shown.contains("<script>alert") && !shown.contains("<img src=x"), "{page}: {shown}");
    }
    assert!(wang.get("/requests").contains("&lt;script&gt;"));
    assert_eq!(
        (decide(&wang, &id, "refuse"), decide(&wang, &id, "approve")),
        (303, 409),
        "decided is decided"
    );
    assert_eq!(status(&allowance(&zhao, "too-long", "")), 422);
    let id = asked(&allowance(&zhao, "scan", "wang"));
    assert_eq!(decide(&wang, &id, "approve"), 303);
    let page = wang.get("/requests?lang=en");
    assert!(page.contains("another person than the owner"), "the owner can not approve: {page}");

    // A bundle is no one's who neither asked for it nor approved it.
    let ssh = net.address("his", "ssh");
    drop(TcpStream::connect(ssh));
    let session =
        net.sessions(1, |session| session["service"] == "ssh")[0]["id"].as_str().unwrap().to_owned();
    let export =
        [("csrf", &*zhao.csrf()), ("subject", &session), ("reason", "why")].map(|(a, b)| (a, b.to_owned()));
    let export: Vec<(&str, &str)> = export.iter().map(|(a, b)| (*a, b.as_str())).collect();
    let id = asked(&zhao.post("/export", &export));
    assert_eq!(status(&zhao.get(&format!("/requests/{id}/bundle"))), 403, "not before it was approved");
    assert_eq!(decide(&wang, &id, "approve"), 303);
    within(Duration::from_secs(20), "the bundle", || {
        net.data().join(format!("managed/bundles/{id}.zip")).is_file().then_some(())
    });
    within(Duration::from_secs(10), "it is told", || {
        wang.get("/requests").contains(&format!("/requests/{id}/bundle")).then_some(())
    });
    assert_eq!(status(&admin.get(&format!("/requests/{id}/bundle"))), 403);
    let file = net.scratch("bundle.zip");
    zhao.curl(&format!("/requests/{id}/bundle"), &["-o", file.to_str().unwrap()]);
    assert!(fs::read(&file).unwrap().windows(2).any(|two| two == b"PK"));
    // Files of the appliance are nobody's certificate.
    let siem = |ca: &str, name: &str| {
        admin.post(
            "/settings/siem",
            &[
                ("csrf", &admin.csrf()),
                ("act", "save"),
                ("name", name),
                ("format", "cef"),
                ("transport", "tls"),
                ("address", "127.0.0.1:6514"),
                ("ca", ca),
            ],
        )
    };
    assert_eq!(status(&siem("/etc/passwd", "x")), 422);
    assert_eq!(status(&siem("-----BEGIN x", "../../x")), 422);
    assert_eq!(status(&siem("-----BEGIN x", HOSTILE)), 422);
    assert!(net.honeyward(&["verify"]).status.success());
}
