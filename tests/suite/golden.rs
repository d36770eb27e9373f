//! Alerts as each format writes them, byte for byte. When a record changes, the diff of
//! `tests/golden` is the review; `HONEYWARD_BLESS=1` writes it anew.

use std::fs;
use std::path::PathBuf;

use honeyward::event::alert::{Alert, Reason, Severity};
use honeyward::event::{Health, SessionId, SystemEvent, SystemRecord, Tainted, Transport as Carrier};
use honeyward::forward::{Api, Destination, Encoding, Format, Header, Transport, format};

fn destination(format: Format, transport: Transport) -> Destination {
    toml::from_str::<Destination>(&format!(
        "name = \"siem\"\naddress = \"127.0.0.1:6514\"\nformat = {}\ntransport = {}\nhostname = \"hw01\"\n",
        toml::Value::try_from(format).unwrap(),
        toml::Value::try_from(transport).unwrap(),
    ))
    .unwrap()
}

fn reason(class: &str, probability: u8, en: &str, zh: &str, record: u64) -> Reason {
    Reason { class: class.into(), probability, en: en.into(), zh: zh.into(), record }
}

/// A guessing intruder who then got in.
pub(crate) fn guessing() -> Alert {
    Alert {
        id: "0193a0b2-7c11-7c3e-9a55-0c2f6b1d4e77".into(),
        revision: 2,
        at: "2026-03-01T08:15:30.123Z".parse().unwrap(),
        first_seen: "2026-03-01T08:14:00Z".parse().unwrap(),
        last_seen: "2026-03-01T08:15:30.120Z".parse().unwrap(),
        source: "10.20.30.40".parse().unwrap(),
        source_port: 51234,
        target: "10.20.9.11".parse().unwrap(),
        target_port: 22,
        host: "his".into(),
        service: "ssh".into(),
        transport: Carrier::Tcp,
        severity: Severity::High,
        confidence: 98,
        rule: "bait-credential".into(),
        title: "A bait credential was used".into(),
        title_zh: "诱饵凭据被使用".into(),
        reasons: vec![
            reason(
                "E5",
                97,
                "The bait account hisop was used on his ssh",
                "诱饵账号 hisop 在 his ssh 上被使用",
                812,
            ),
            reason("E4b", 80, "7 passwords were tried in 40 s", "40 秒内尝试了 7 个口令", 799),
        ],
        techniques: vec!["T1021.004".into(), "T1078".into(), "T1110.001".into()],
        accounts: vec![Tainted::from("hisop"), Tainted::from("root")],
        sessions: vec![
            session("0193a0b1-0000-7000-8000-000000000001"),
            session("0193a0b1-0000-7000-8000-000000000002"),
        ],
        hosts: vec!["his".into(), "pacs".into()],
        parent: None,
        chain_head: "ab".repeat(32),
        chain_sequence: 812,
        test: false,
    }
}

/// Every escape, IPv6, Chinese and text that tries to write fields of its own.
fn hostile() -> Alert {
    let mut alert = guessing();
    alert.source = "2001:db8::7".parse().unwrap();
    alert.target = "2001:db8::11".parse().unwrap();
    let nasty = "a|b=c\\d\ne\r\"}] 张三 src=1.2.3.4 \u{1b}[31m\u{202e}x";
    alert.accounts = vec![Tainted::from(nasty)];
    alert.reasons = vec![reason("E7", 97, nasty, nasty, 1)];
    alert
}

/// Somebody who asks a modality by SNMP, which is no connection.
fn by_datagrams() -> Alert {
    let words = ("8 communities were tried on ct01", "在 ct01 上尝试了 8 个团体名");
    Alert {
        target: "10.20.9.21".parse().unwrap(),
        target_port: 161,
        host: "ct01".into(),
        service: "snmp".into(),
        transport: Carrier::Udp,
        rule: "password-guessing".into(),
        title: "Passwords were guessed".into(),
        title_zh: "口令猜测".into(),
        reasons: vec![reason("E4b", 80, words.0, words.1, 812)],
        techniques: vec!["T1110.001".into(), "T1602.001".into()],
        accounts: vec![Tainted::from("public")],
        hosts: vec!["ct01".into()],
        ..guessing()
    }
}

/// One of many that came at once.
fn child() -> Alert {
    Alert { parent: Some("0193a0b2-7c10-7a11-8b22-9c33ad44be55".into()), ..guessing() }
}

/// Every field at its cap.
fn longest() -> Alert {
    let mut alert = guessing();
    alert.accounts = vec![Tainted::new("长".repeat(2000)); 8];
    alert.reasons = vec![reason("E7", 97, &"x".repeat(3000), &"字".repeat(3000), 1); 16];
    alert.sessions = vec![session("0193a0b1-0000-7000-8000-000000000001"); 32];
    alert
}

fn session(id: &str) -> SessionId {
    id.parse().unwrap()
}

fn check(name: &str, got: &[u8]) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    if std::env::var_os("HONEYWARD_BLESS").is_some() {
        fs::write(&path, got).unwrap();
    }
    let want = fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    assert_eq!(String::from_utf8_lossy(got), String::from_utf8_lossy(&want), "{name}");
}

#[test]
fn every_format_writes_its_golden_record() {
    for (format, name) in [
        (Format::Ecs, "ecs"),
        (Format::Cef, "cef"),
        (Format::Leef, "leef"),
        (Format::Ocsf, "ocsf"),
        (Format::Flat, "flat"),
    ] {
        let tls = destination(format, Transport::Tls);
        check(&format!("{name}-guessing.txt"), &format::message(&guessing(), &tls));
        check(&format!("{name}-hostile.txt"), &format::message(&hostile(), &tls));
        check(&format!("{name}-child.txt"), &format::message(&child(), &tls));
        check(&format!("{name}-datagrams.txt"), &format::message(&by_datagrams(), &tls));
        let udp = destination(format, Transport::Udp);
        check(&format!("{name}-guessing-udp.txt"), &format::message(&guessing(), &udp));
    }
}

/// What is told of the appliance itself.
fn health(event: SystemEvent) -> Health {
    let at = "2026-03-01T08:15:30.123Z".parse().unwrap();
    let record = SystemRecord { process: "core".into(), at, event };
    Health::of(813, &"ab".repeat(32), &record).unwrap()
}

fn heartbeat() -> Health {
    health(SystemEvent::Heartbeat {
        uptime_s: 86_400,
        every_s: 60,
        decoys: 19,
        services: 84,
        synchronised: Some(true),
        failing: vec!["destination siem".into()],
    })
}

/// A receiver's own words may be anything.
fn unreachable() -> Health {
    health(SystemEvent::Destination {
        name: "siem".into(),
        state: "down".into(),
        reason: "a|b=c\\d\ne^f\"}] 断开 src=1.2.3.4".into(),
    })
}

#[test]
fn every_format_tells_of_the_appliance_in_its_golden_record() {
    for (format, name) in [
        (Format::Ecs, "ecs"),
        (Format::Cef, "cef"),
        (Format::Leef, "leef"),
        (Format::Ocsf, "ocsf"),
        (Format::Flat, "flat"),
    ] {
        let tls = destination(format, Transport::Tls);
        check(&format!("{name}-heartbeat.txt"), &format::health_message(&heartbeat(), &tls));
        check(&format!("{name}-unreachable.txt"), &format::health_message(&unreachable(), &tls));
        let udp = format::health_message(&unreachable(), &destination(format, Transport::Udp));
        assert!(udp.len() <= format::UDP_BUDGET);
    }
    for (api, format, name) in [
        (Api::Splunk, Format::Ecs, "splunk"),
        (Api::Elastic, Format::Ecs, "elastic"),
        (Api::Wecom, Format::Brief, "wecom"),
        (Api::Dingtalk, Format::Brief, "dingtalk"),
        (Api::Feishu, Format::Brief, "feishu"),
    ] {
        let to = Destination { api, ..destination(format, Transport::Https) };
        check(&format!("{name}-unreachable.txt"), &format::health_message(&unreachable(), &to));
    }
}

#[test]
fn nothing_of_the_appliance_looks_like_an_attack() {
    let told = |format: Format, health: &Health| {
        String::from_utf8(format::health_message(health, &destination(format, Transport::Tls))).unwrap()
    };
    for health in [heartbeat(), unreachable()] {
        let body = |format: Format| -> serde_json::Value {
            let text = told(format, &health);
            assert!(text.contains(" honeyward - health - "), "{text}");
            serde_json::from_str(&text[text.find('{').unwrap()..]).unwrap()
        };
        let ecs = body(Format::Ecs);
        assert!(ecs["event"]["kind"] != "alert" && ecs["event"]["dataset"] == "honeyward.health");
        assert!(
            ["source", "destination", "threat", "rule"].iter().all(|key| ecs.get(key).is_none()),
            "{ecs}"
        );
        assert_eq!(ecs["honeyward"]["health"]["chain"]["sequence"], 812);
        assert_eq!(body(Format::Ocsf)["class_uid"], 0, "a base event, no finding");
        let flat = body(Format::Flat);
        assert!(flat["attacktype"] == "" && flat["alarmlevel"] == 1 && flat.get("srcip").is_none());
        for (format, source) in [(Format::Cef, " src="), (Format::Leef, "^src=")] {
            let text = told(format, &health);
            assert_eq!(text.lines().count(), 1);
            assert!(text.contains("cat=/Health/") && !text.contains("/Deception/"), "{text}");
            assert!(!text.contains(source), "{text}");
        }
    }
}

#[test]
fn the_longest_alert_keeps_within_every_budget() {
    for format in [Format::Ecs, Format::Cef, Format::Leef, Format::Ocsf, Format::Flat] {
        for (transport, budget) in [
            (Transport::Udp, format::UDP_BUDGET),
            (Transport::Tcp, format::STREAM_BUDGET),
            (Transport::Tls, format::STREAM_BUDGET),
            (Transport::Https, format::POST_BUDGET),
        ] {
            let message = format::message(&longest(), &destination(format, transport));
            assert!(message.len() <= budget, "{format:?} over {transport:?}: {} bytes", message.len());
        }
    }
}

#[test]
fn a_posted_alert_is_the_bare_object_with_all_there_is() {
    let message = format::message(&longest(), &destination(Format::Ecs, Transport::Https));
    let json: serde_json::Value = serde_json::from_slice(&message).unwrap();
    assert_eq!(json["honeyward"]["sessions"].as_array().unwrap().len(), 32);
    let short = format::message(&guessing(), &destination(Format::Ecs, Transport::Https));
    let syslog = format::message(&guessing(), &destination(Format::Ecs, Transport::Tls));
    assert!(syslog.ends_with(&short), "the same object as behind the syslog header");
}

#[test]
fn old_receivers_get_their_header_and_their_characters() {
    let old = Destination {
        header: Header::Rfc3164,
        encoding: Encoding::Gb18030,
        ..destination(Format::Flat, Transport::Udp)
    };
    let bytes = format::message(&hostile(), &old);
    assert!(bytes.len() <= format::UDP_BUDGET);
    check("flat-hostile-gb18030.txt", &bytes);
    let (text, _, damaged) = encoding_rs::GB18030.decode(&bytes);
    assert!(!damaged && text.starts_with("<106>Mar  1 16:15:30 hw01 honeyward: {"), "{text}");
    assert!(text.contains("诱饵凭据被使用"));
}

#[test]
fn every_interface_has_its_envelope() {
    let apis = [
        (Api::Splunk, Format::Cef, "splunk"),
        (Api::Elastic, Format::Ecs, "elastic"),
        (Api::Wecom, Format::Brief, "wecom"),
        (Api::Dingtalk, Format::Brief, "dingtalk"),
        (Api::Feishu, Format::Brief, "feishu"),
        (Api::Taxii, Format::Stix, "stix"),
        (Api::Misp, Format::Misp, "misp"),
    ];
    for (api, format, name) in apis {
        let to = Destination { api, ..destination(format, Transport::Https) };
        check(&format!("{name}-hostile.txt"), &format::message(&hostile(), &to));
    }
}

#[test]
fn people_are_told_in_words() {
    for (format, name) in [(Format::Full, "full"), (Format::Brief, "brief")] {
        let to = destination(format, Transport::Smtp);
        check(&format!("{name}-hostile.txt"), &format::message(&hostile(), &to));
        check(&format!("{name}-unreachable.txt"), &format::health_message(&unreachable(), &to));
    }
}

#[test]
fn every_technique_of_the_rules_has_a_name() {
    let rules = fs::read_dir(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("src/detect/rules")).unwrap();
    let mut seen = 0;
    for rule in rules {
        let text = fs::read_to_string(rule.unwrap().path()).unwrap();
        let quoted = text.split('"').filter(|word| {
            word.len() >= 5
                && word.starts_with('T')
                && word[1..].chars().all(|c| c.is_ascii_digit() || c == '.')
        });
        for id in quoted {
            assert!(honeyward::event::attack::technique(id).is_some(), "{id}");
            seen += 1;
        }
    }
    assert!(seen > 20, "{seen}");
}

#[test]
fn attacker_text_writes_no_field_of_its_own() {
    let cef = format::message(&hostile(), &destination(Format::Cef, Transport::Tls));
    let cef = String::from_utf8(cef).unwrap();
    assert_eq!(cef.lines().count(), 1);
    assert!(!cef.contains(" src="), "{cef}");
    let leef =
        String::from_utf8(format::message(&hostile(), &destination(Format::Leef, Transport::Tls))).unwrap();
    assert_eq!(leef.lines().count(), 1);
    let fields: Vec<_> = leef.split("|^|").nth(1).unwrap().split('^').collect();
    assert_eq!(fields.iter().filter(|field| field.starts_with("src=")).count(), 1, "{leef}");
    assert!(!fields.iter().any(|field| field.contains("|")), "{leef}");
    let ecs = format::message(&hostile(), &destination(Format::Ecs, Transport::Tls));
    let start = ecs.iter().position(|b| *b == b'{').unwrap();
    let json: serde_json::Value = serde_json::from_slice(&ecs[start..]).unwrap();
    assert_eq!(json["source"]["ip"], "2001:db8::7");
    assert_eq!(json["user"]["name"], hostile().accounts[0].as_untrusted());
}
