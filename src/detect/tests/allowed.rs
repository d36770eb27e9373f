//! Declared scanners: quiet within their bounds, told beyond them.

use super::stage::*;
use crate::detect::{Allowance, Detector, Standing};
use crate::event::observation::{Mark, RecordKind};
use crate::event::{Observation, Severity};

const SCANNER: &str = "10.3.0.5";

fn allowance(more: &str) -> Allowance {
    let text = format!(
        "name = \"rsas\"\nsource = \"{SCANNER}\"\ncovers = \"E4b\"\naccounts = [\"root\", \"admin\"]\n\
         checks = [\"CVE-2019-0708\"]\nowner = \"li\"\nreason = \"monthly scan\"\napprover = \"wang\"\n\
         approved = \"2026-05-01\"\nexpires = \"2026-06-30\"\n{more}"
    );
    toml::from_str(&text).unwrap()
}

fn stage(more: &str) -> Stage {
    let mut stage = Stage::new();
    let mut settings = stage.detector.settings.clone();
    settings.allowance.push(allowance(more));
    stage.detector = Detector::new(settings);
    stage
}

/// All that the allowance covers.
fn scan(stage: &mut Stage) {
    for (host, service) in [("his", "ssh"), ("his", "http"), ("pacs", "dicom"), ("lis", "mllp")] {
        let mut visit = stage.visit(SCANNER, host, service);
        stage.see(&mut visit, request("GET", "/admin/"));
        for n in 0..9 {
            stage.see(&mut visit, login("root", &n.to_string(), false));
        }
        let (weakness, payload) = ("CVE-2019-0708".into(), "".into());
        stage.see(&mut visit, Observation::ExploitAttempt { weakness, payload });
        stage.close(visit);
    }
}

#[test]
fn a_declared_scanner_is_counted_and_never_high() {
    let mut stage = stage("");
    scan(&mut stage);
    let [alert] = stage.alerts.as_slice() else { panic!("{:?}", stage.alerts) };
    assert_eq!(alert.severity, Severity::Low, "the record that it was there");
    assert!(alert.reasons[0].en.ends_with("(allowed by \"rsas\": counted, no alarm)"));
    assert!(alert.reasons[0].zh.contains("白名单“rsas”"));
    let mut visit = stage.visit(SCANNER, "his", "ssh");
    stage.seq += 1;
    let event = crate::event::SessionEvent {
        origin: visit.origin.clone(),
        index: 1,
        at: stage.now,
        observation: login("admin", "x", false),
    };
    let verdict = stage.detector.observe(stage.seq, &crate::event::Event::Session(event));
    assert_eq!(verdict.allowed.as_deref(), Some("rsas"));
    visit.index += 2;
    stage.close(visit);
}

#[test]
fn the_same_from_another_address_is_an_attack() {
    let mut stage = stage("");
    for n in 0..9 {
        let mut visit = stage.visit("10.3.0.6", "his", "ssh");
        stage.see(&mut visit, login("root", &n.to_string(), false));
    }
    assert_eq!(stage.high(), ["HW-GUESSING"]);
}

#[test]
fn an_attack_within_the_scan_is_told() {
    let odd: [(&str, Observation); 8] = [
        ("HW-LURE-ACCOUNT", login("root", "Clzx@1234", true)),
        ("HW-LURE", Observation::LureTouched { lure: "x".into(), how: "y".into() }),
        ("HW-IMAGE-ACCESS", query(RecordKind::Study, 20, true)),
        ("HW-COMMAND", command("id")),
        ("HW-UPLOAD", upload()),
        ("HW-EXPLOIT", Observation::ExploitAttempt { weakness: "CVE-2017-0144".into(), payload: "".into() }),
        ("HW-GUESSING", login("wang", "1", false)),
        (
            "HW-TUNNEL",
            Observation::Tunnel { means: "direct-tcpip".into(), target: "x".into(), relayed: false },
        ),
    ];
    for (rule, observation) in odd {
        let mut stage = stage("");
        scan(&mut stage);
        let mut visit = stage.visit(SCANNER, "pacs", "dicom");
        for n in 0..5 {
            stage.see(&mut visit, login("root", &n.to_string(), false));
        }
        stage.see(&mut visit, observation);
        assert_eq!(stage.high(), [rule]);
        assert!(stage.last().reasons[0].en.contains("outside of the allowance"), "{:?}", stage.last());
        scan(&mut stage);
        assert_eq!(stage.high(), [rule], "told once");
    }
}

#[test]
fn every_bound_ends_it() {
    let bounds = [
        ("services = [\"http\"]", "not this service"),
        ("hosts = [\"pacs\"]", "not this host"),
        // 08:00 UTC is 16:00 in Shanghai, a Saturday.
        ("from = \"22:00\"\nuntil = \"05:00\"", "not at this hour"),
        ("from = \"15:00\"\nuntil = \"17:00\"\ndays = [\"sun\"]", "not at this hour"),
        ("sessions_per_day = 3", "more than its usual volume"),
    ];
    for (more, said) in bounds {
        let mut stage = stage(more);
        for n in 0..9 {
            let mut visit = stage.visit(SCANNER, "his", "ssh");
            stage.see(&mut visit, login("root", &n.to_string(), false));
        }
        assert_eq!(stage.high(), ["HW-GUESSING"], "{more}");
        assert!(stage.last().reasons[0].en.contains(said), "{more}: {:?}", stage.last().reasons);
    }
    for within in
        ["from = \"15:00\"\nuntil = \"17:00\"\ndays = [\"sat\"]", "from = \"16:00\"\nuntil = \"03:00\""]
    {
        let mut stage = stage(within);
        scan(&mut stage);
        assert_eq!(stage.high(), [""; 0], "{within}");
    }
}

#[test]
fn a_night_belongs_to_the_day_on_which_it_began() {
    let one = allowance("from = \"22:00\"\nuntil = \"05:00\"\ndays = [\"sat\"]");
    let mut stage = Stage::new();
    let mut settings = stage.detector.settings.clone();
    settings.allowance.push(one);
    stage.detector = Detector::new(settings);
    // Sunday, 02:00 in Shanghai.
    stage.now = "2026-05-09T18:00:00Z".parse().unwrap();
    scan(&mut stage);
    assert_eq!(stage.high(), [""; 0]);
}

#[test]
fn another_program_on_the_scanner_is_not_covered() {
    let marks = "marks = [{ mark = \"user_agent\", value = \"RSAS*\" }]";
    for (agent, high) in [("RSAS V6.0", 0), ("python-requests/2.31", 1)] {
        let mut stage = stage(marks);
        scan(&mut stage);
        let mut visit = stage.visit(SCANNER, "his", "http");
        let value = agent.into();
        stage.see(&mut visit, Observation::Fingerprint { mark: Mark::UserAgent, value });
        for n in 0..9 {
            stage.see(&mut visit, login("admin", &n.to_string(), false));
        }
        assert_eq!(stage.high().len(), high, "{agent}");
    }
}

#[test]
fn an_allowance_ends_and_says_so_before() {
    let one = allowance("");
    let standing = |at: &str| one.standing(at.parse().unwrap());
    assert_eq!(standing("2026-06-22T15:59:59Z"), Standing::Active);
    assert_eq!(standing("2026-06-22T16:00:00Z"), Standing::Expiring);
    assert_eq!(standing("2026-06-30T15:59:59Z"), Standing::Expiring);
    assert_eq!(standing("2026-06-30T16:00:00Z"), Standing::Expired);
    let mut stage = stage("");
    stage.now = "2026-07-01T08:00:00Z".parse().unwrap();
    scan(&mut stage);
    assert!(!stage.high().is_empty());
}

#[test]
fn bad_ones_are_refused_by_key() {
    let today = "2026-05-09".parse().unwrap();
    assert_eq!(allowance("").faults(today), []);
    let text = toml::to_string(&allowance("")).unwrap();
    let wrong = [
        ("approver = \"wang\"", "approver = \" LI \"", "approver"),
        ("owner = \"li\"", "owner = \"\"", "owner"),
        ("reason = \"monthly scan\"", "reason = \" \"", "reason"),
        ("covers = \"E4b\"", "covers = \"E5\"", "covers"),
        ("covers = \"E4b\"", "covers = \"E6\"", "covers"),
        ("covers = \"E4b\"", "covers = \"E7\"", "covers"),
        ("accounts = [\"root\", \"admin\"]", "accounts = []", "covers"),
        ("2026-06-30", "2026-07-31", "expires"),
        ("2026-06-30", "2026-04-30", "expires"),
        ("2026-05-01", "2026-05-10", "approved"),
        ("Asia/Shanghai", "Asia/Nowhere", "timezone"),
        ("days = []", "days = [\"someday\"]", "days"),
    ];
    for (from, to, key) in wrong {
        assert!(text.contains(from), "{from} in {text}");
        let one: Allowance = toml::from_str(&text.replace(from, to)).unwrap();
        let keys: Vec<_> = one.faults(today).into_iter().map(|(key, _)| key).collect();
        assert_eq!(keys, [key], "{to}");
    }
}
