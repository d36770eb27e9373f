//! Scenarios: what raises an alert, and above all what does not.

use std::net::{IpAddr, SocketAddr};

use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use super::*;
use crate::event::detail::{DicomAssociation, Dimse, Hl7};
use crate::event::observation::{AuthMethod, CloseReason, Direction, Mark, RecordKind};
use crate::event::{Detail, Observation, Origin, SessionId, Tainted};

const INTRUDER: &str = "10.9.8.7";
const MODALITY: &str = "10.1.1.20";

/// A detector with a hand on the clock and on record numbers.
struct Stage {
    detector: Detector,
    now: Timestamp,
    seq: u64,
    sessions: u128,
    alerts: Vec<Alert>,
}

/// What an intruder does from an address.
type Attack = fn(&mut Stage, &str);

/// One connection of a scenario.
struct Visit {
    origin: Origin,
    index: u32,
}

impl Stage {
    fn new() -> Self {
        let device =
            Device { source: MODALITY.parse().unwrap(), name: "CT01".into(), note: "CT, hall 2".into() };
        let own = ["127.0.10.12".parse().unwrap()].into();
        Stage {
            detector: Detector::new(Settings { device: vec![device], own }),
            now: "2026-05-09T08:00:00Z".parse().unwrap(),
            seq: 0,
            sessions: 0x0196_b000_0000_7000_8000_0000_0000_0000,
            alerts: Vec::new(),
        }
    }

    fn wait(&mut self, seconds: i64) {
        self.now += SignedDuration::from_secs(seconds);
    }

    fn visit(&mut self, source: &str, host: &str, service: &str) -> Visit {
        self.sessions += 1;
        let (target, port) = match (host, service) {
            ("his", "ssh") => ("127.0.10.11", 22),
            ("his", "http") => ("127.0.10.11", 80),
            ("his", "mllp") => ("127.0.10.11", 2575),
            ("his", _) => ("127.0.10.11", 104),
            ("pacs", "ssh") => ("127.0.10.12", 22),
            ("pacs", _) => ("127.0.10.12", 104),
            _ => ("127.0.10.13", 2575),
        };
        let origin = Origin {
            session: SessionId(Uuid::from_u128(self.sessions)),
            source: SocketAddr::new(source.parse().unwrap(), 40_000),
            target: SocketAddr::new(target.parse().unwrap(), port),
            host: host.into(),
            service: service.into(),
        };
        let mut visit = Visit { origin, index: 0 };
        self.see(&mut visit, Observation::Opened { tls: false });
        visit
    }

    fn see(&mut self, visit: &mut Visit, observation: Observation) {
        self.seq += 1;
        let event =
            SessionEvent { origin: visit.origin.clone(), index: visit.index, at: self.now, observation };
        visit.index += 1;
        let alert = self.detector.observe(self.seq, &Event::Session(event)).alert;
        self.alerts.extend(alert.map(|alert| *alert));
    }

    fn close(&mut self, mut visit: Visit) {
        let reason = CloseReason::Peer;
        self.see(
            &mut visit,
            Observation::Closed { reason, bytes_in: 0, bytes_out: 0, duration_ms: 1, transcript: None },
        );
    }

    /// Rules of the High alerts so far.
    fn high(&self) -> Vec<&str> {
        let high = self.alerts.iter().filter(|alert| alert.severity == Severity::High);
        high.map(|alert| alert.rule.as_str()).collect()
    }

    fn last(&self) -> &Alert {
        self.alerts.last().unwrap()
    }
}

fn login(account: &str, secret: &str, accepted: bool) -> Observation {
    let method = AuthMethod::Password;
    Observation::AuthAttempt { method, account: account.into(), secret: Some(secret.into()), accepted }
}

fn request(verb: &str, target: &str) -> Observation {
    Observation::Request { verb: verb.into(), target: target.into(), status: 0, detail: None }
}

fn associate(calling: &str) -> Observation {
    let detail = DicomAssociation {
        calling_ae: calling.into(),
        called_ae: "PACS".into(),
        implementation_uid: Tainted::default(),
        implementation_version: Tainted::default(),
        max_pdu: 16_384,
        abstract_syntaxes: Vec::new(),
    };
    let detail = Some(Detail::DicomAssociation(detail));
    Observation::Request { verb: "A-ASSOCIATE".into(), target: "PACS".into(), status: 0, detail }
}

fn store_request(sop_class: &str) -> Observation {
    let detail = Dimse {
        operation: "C-STORE".into(),
        sop_class: sop_class.into(),
        level: Tainted::default(),
        destination: Tainted::default(),
    };
    let detail = Some(Detail::Dimse(detail));
    Observation::Request { verb: "C-STORE".into(), target: "1.2.3".into(), status: 0, detail }
}

fn query(subject: RecordKind, answers: u32, unbounded: bool) -> Observation {
    Observation::Query { subject, filter: "*".into(), answers, unbounded, detail: None }
}

fn upload() -> Observation {
    let sha256 = "0".repeat(64);
    Observation::Transfer { direction: Direction::Upload, name: "x".into(), size: 9, sha256 }
}

fn command(line: &str) -> Observation {
    Observation::Command { line: line.into(), exit: Some(0) }
}

fn guess_passwords(stage: &mut Stage, source: &str) {
    for n in 0..9 {
        let mut visit = stage.visit(source, "his", "ssh");
        stage.see(&mut visit, login("root", &format!("guess{n}"), false));
        stage.close(visit);
        stage.wait(2);
    }
}

fn use_lure(stage: &mut Stage, source: &str) -> Visit {
    let mut visit = stage.visit(source, "his", "http");
    stage.see(&mut visit, login("hisadmin", "Clzx@1234", true));
    visit
}

fn search_patients(stage: &mut Stage, source: &str) {
    let mut visit = use_lure(stage, source);
    stage.see(&mut visit, request("GET", "/portal/patients?name=张"));
    stage.see(&mut visit, query(RecordKind::Patient, 12, false));
    let ids = vec!["P1".into()];
    stage.see(&mut visit, Observation::RecordRead { subject: RecordKind::Patient, count: 1, ids });
}

fn find_and_retrieve(stage: &mut Stage, source: &str) {
    let mut visit = stage.visit(source, "pacs", "dicom");
    stage.see(&mut visit, associate("FINDSCU"));
    stage.see(&mut visit, query(RecordKind::Study, 200, true));
    stage.close(visit);
    let mut visit = stage.visit(source, "pacs", "dicom");
    stage.see(&mut visit, associate("GETSCU"));
    stage.see(&mut visit, Observation::RecordRead { subject: RecordKind::Instance, count: 80, ids: vec![] });
    stage.close(visit);
}

fn run_command(stage: &mut Stage, source: &str) {
    let mut visit = stage.visit(source, "pacs", "ssh");
    stage.see(&mut visit, login("pacsop", "Pacs@1234ab", true));
    stage.see(&mut visit, command("id"));
    stage.see(&mut visit, command("cat /etc/passwd"));
}

fn store_object(stage: &mut Stage, source: &str) {
    let mut visit = stage.visit(source, "pacs", "dicom");
    stage.see(&mut visit, associate("STORESCU"));
    stage.see(&mut visit, upload());
    stage.see(&mut visit, store_request("1.2.840.10008.5.1.4.1.1.2"));
    let ids = vec!["1.2.3".into()];
    stage.see(&mut visit, Observation::RecordWrite { subject: RecordKind::Instance, count: 1, ids });
}

#[test]
fn touches_of_monitors_raise_nothing_high() {
    let mut stage = Stage::new();
    for _ in 0..200 {
        for (host, service) in [("his", "http"), ("pacs", "dicom"), ("lis", "mllp")] {
            let visit = stage.visit("10.0.0.5", host, service);
            stage.close(visit);
        }
        stage.wait(10);
    }
    assert_eq!(stage.high(), [""; 0]);
    assert_eq!(stage.alerts.len(), 1, "the sweep is told once: {:?}", stage.alerts);
    assert_eq!(stage.last().severity, Severity::Medium);
}

#[test]
fn a_touch_alone_is_never_an_alert() {
    let mut stage = Stage::new();
    for _ in 0..500 {
        let mut visit = stage.visit("10.0.0.6", "his", "http");
        stage.see(&mut visit, request("GET", "/"));
        stage.close(visit);
        stage.wait(10);
    }
    assert_eq!(stage.alerts, []);
}

#[test]
fn a_modality_that_echoes_and_stores_images_stays_low() {
    let mut stage = Stage::new();
    for _ in 0..50 {
        let mut visit = stage.visit(MODALITY, "pacs", "dicom");
        stage.see(&mut visit, associate("CT01"));
        stage.see(&mut visit, request("C-ECHO", "PACS"));
        stage.see(&mut visit, query(RecordKind::Worklist, 8, false));
        stage.see(&mut visit, upload());
        stage.see(&mut visit, store_request("1.2.840.10008.5.1.4.1.1.2"));
        stage.close(visit);
        stage.wait(300);
    }
    assert_eq!(stage.alerts.len(), 1);
    assert_eq!((stage.last().severity, stage.last().rule.as_str()), (Severity::Low, "HW-CLINICAL"));
}

#[test]
fn a_registered_sender_of_messages_stays_low() {
    let mut stage = Stage::new();
    let mut visit = stage.visit(MODALITY, "his", "mllp");
    stage.see(&mut visit, Observation::Fingerprint { mark: Mark::HlSender, value: "CT01|RAD".into() });
    let write = Observation::RecordWrite { subject: RecordKind::Patient, count: 1, ids: vec![] };
    stage.see(&mut visit, write.clone());
    assert_eq!(stage.high(), [""; 0]);
    let mut visit = stage.visit("10.0.0.9", "his", "mllp");
    stage.see(&mut visit, Observation::Fingerprint { mark: Mark::HlSender, value: "CT01|RAD".into() });
    stage.see(&mut visit, write);
    assert_eq!(stage.high(), ["HW-RECORD-WRITE"], "the name alone is no proof");
}

#[test]
fn a_modality_that_acts_like_an_intruder_is_one() {
    let odd: [(&str, Observation); 5] = [
        ("CT01", query(RecordKind::Patient, 500, true)),
        ("CT01", Observation::RecordRead { subject: RecordKind::Instance, count: 9, ids: vec![] }),
        ("CT01", store_request("1.2.840.10008.5.1.4.1.1.104.1")),
        ("STORESCU", upload()),
        ("CT01", Observation::ExploitAttempt { weakness: "x".into(), payload: "y".into() }),
    ];
    for (calling, observation) in odd {
        let mut stage = Stage::new();
        let mut visit = stage.visit(MODALITY, "pacs", "dicom");
        stage.see(&mut visit, associate(calling));
        stage.see(&mut visit, observation.clone());
        assert_eq!(stage.high().len(), 1, "{calling} {observation:?}");
    }
    let mut stage = Stage::new();
    drop(stage.visit(MODALITY, "his", "http"));
    let mut visit = stage.visit(MODALITY, "pacs", "dicom");
    stage.see(&mut visit, associate("CT01"));
    stage.see(&mut visit, upload());
    assert_eq!(stage.high(), ["HW-UPLOAD"], "a second host ends the benefit of the doubt");
}

#[test]
fn an_unregistered_echo_and_message_stay_below_high() {
    let mut stage = Stage::new();
    let mut visit = stage.visit("10.0.0.8", "pacs", "dicom");
    stage.see(&mut visit, associate("ECHOSCU"));
    stage.see(&mut visit, request("C-ECHO", "PACS"));
    let mut visit = stage.visit("10.0.0.8", "his", "mllp");
    let detail = Hl7 {
        sending_application: "ENGINE".into(),
        sending_facility: "X".into(),
        version: "2.4".into(),
        charset: Tainted::default(),
    };
    stage.see(
        &mut visit,
        Observation::Message {
            message_type: "ADT^A01".into(),
            control_id: "1".into(),
            answer: "AA".into(),
            detail: Some(Detail::Hl7(detail)),
        },
    );
    assert_eq!(stage.high(), [""; 0]);
}

#[test]
fn four_wrong_passwords_are_a_person_five_are_guessing() {
    let mut stage = Stage::new();
    let mut visit = stage.visit(INTRUDER, "his", "http");
    for n in 0..4 {
        stage.see(&mut visit, login("wang", &n.to_string(), false));
        stage.see(&mut visit, login("wang", &n.to_string(), false));
    }
    assert_eq!(stage.high(), [""; 0]);
    assert_eq!(stage.last().severity, Severity::Medium);
    stage.wait(601);
    stage.see(&mut visit, login("wang", "5", false));
    assert_eq!(stage.high(), [""; 0], "the old ones are too old");
    for n in 6..10 {
        stage.see(&mut visit, login("wang", &n.to_string(), false));
    }
    assert_eq!(stage.high(), ["HW-GUESSING"]);
}

#[test]
fn keys_of_an_agent_are_no_guesses() {
    let mut stage = Stage::new();
    let mut visit = stage.visit(INTRUDER, "his", "ssh");
    for n in 0..20 {
        let secret = Some(format!("SHA256:{n}").into());
        let method = AuthMethod::PublicKey;
        let account = "root".into();
        stage.see(&mut visit, Observation::AuthAttempt { method, account, secret, accepted: false });
    }
    assert_eq!(stage.high(), [""; 0]);
}

#[test]
fn each_attack_from_its_own_place_makes_one_incident() {
    let attacks: [(Attack, &[&str]); 6] = [
        (guess_passwords, &["HW-GUESSING"]),
        (|stage, source| drop(use_lure(stage, source)), &["HW-LURE-ACCOUNT"]),
        (find_and_retrieve, &["HW-IMAGE-ACCESS"]),
        (search_patients, &["HW-LURE-ACCOUNT", "HW-RECORD-ACCESS"]),
        (run_command, &["HW-LURE-ACCOUNT", "HW-COMMAND"]),
        (store_object, &["HW-UPLOAD"]),
    ];
    for (attack, rules) in attacks {
        let mut stage = Stage::new();
        attack(&mut stage, INTRUDER);
        assert_eq!(stage.high(), rules);
        stage.wait(60);
        attack(&mut stage, INTRUDER);
        assert_eq!(stage.high(), rules, "the same again is not told again");
        let ids: BTreeSet<_> = stage.alerts.iter().map(|alert| alert.id.as_str()).collect();
        assert_eq!(ids.len(), 1);
        let revisions: Vec<_> = stage.alerts.iter().map(|alert| alert.revision).collect();
        assert!(revisions.iter().copied().eq(1..=u32::try_from(revisions.len()).unwrap()));
        attack(&mut stage, "10.9.8.8");
        assert_eq!(stage.high().len(), 2 * rules.len(), "another source is another incident");
    }
}

#[test]
fn all_attacks_from_one_place_are_told_once_each() {
    let mut stage = Stage::new();
    let attacks: [Attack; 6] = [
        guess_passwords,
        |stage, source| drop(use_lure(stage, source)),
        find_and_retrieve,
        search_patients,
        run_command,
        store_object,
    ];
    for attack in attacks {
        attack(&mut stage, INTRUDER);
        stage.wait(30);
    }
    assert_eq!(
        stage.high(),
        ["HW-GUESSING", "HW-LURE-ACCOUNT", "HW-IMAGE-ACCESS", "HW-RECORD-ACCESS", "HW-COMMAND", "HW-UPLOAD"]
    );
    let last = stage.last();
    assert_eq!(last.confidence, 99);
    assert_eq!(last.hosts, ["his", "pacs"]);
    assert!(last.techniques.is_sorted() && last.techniques.contains(&"T1213".to_owned()));
    assert_eq!(last.reasons.first().map(|reason| reason.class.as_str()), Some("E7"));
}

#[test]
fn the_honeynet_itself_is_never_an_alert() {
    let mut stage = Stage::new();
    let mut visit = stage.visit("127.0.10.12", "his", "dicom");
    stage.see(&mut visit, upload());
    stage.see(&mut visit, command("id"));
    assert_eq!(stage.alerts, []);
}

#[test]
fn what_an_attacker_sends_is_escaped_in_reasons() {
    let mut stage = Stage::new();
    let mut visit = stage.visit(INTRUDER, "pacs", "ssh");
    stage.see(&mut visit, command(&format!("echo \u{1b}[2J\n{}", "x".repeat(500))));
    let reason = &stage.last().reasons[0];
    assert!(reason.en.contains("\\u{1b}[2J\\u{a}") && reason.en.ends_with('…'), "{}", reason.en);
}

#[test]
fn evidence_grows_old_and_a_late_return_has_a_new_id() {
    let mut stage = Stage::new();
    store_object(&mut stage, INTRUDER);
    stage.wait(25 * 3600);
    store_object(&mut stage, INTRUDER);
    assert_eq!(stage.high(), ["HW-UPLOAD", "HW-UPLOAD"], "a new day, a new revision");
    let first = stage.alerts[0].id.clone();
    assert_eq!(stage.last().id, first);
    stage.wait(8 * 24 * 3600);
    store_object(&mut stage, INTRUDER);
    assert_ne!(stage.last().id, first);
    assert_eq!(Uuid::parse_str(&stage.last().id).unwrap().get_version_num(), 7);
}

#[test]
fn a_killed_detector_goes_on_as_if_nothing_had_been() {
    let attack = |stage: &mut Stage, kill: Option<u64>| {
        let mut visits = Vec::new();
        for n in 0..40_u64 {
            if kill == Some(n) {
                let saved = stage.detector.changed().unwrap();
                let mut again = Detector::new(stage.detector.settings.clone());
                for one in saved {
                    again.restore(one.source, &one.state).unwrap();
                }
                stage.detector = again;
            }
            let mut visit = stage.visit(INTRUDER, ["his", "pacs"][usize::from(n % 3 == 0)], "ssh");
            stage.see(&mut visit, login("root", &(n % 7).to_string(), n > 30));
            stage.see(&mut visit, command("id"));
            visits.push(visit);
            stage.wait(7);
        }
    };
    let mut whole = Stage::new();
    attack(&mut whole, None);
    for kill in 0..40 {
        let mut killed = Stage::new();
        attack(&mut killed, Some(kill));
        assert_eq!(killed.alerts, whole.alerts, "killed before visit {kill}");
    }
}

#[test]
fn a_flood_of_sources_is_bounded_and_keeps_the_intruder() {
    let mut stage = Stage::new();
    store_object(&mut stage, INTRUDER);
    for n in 0..u32::try_from(MAX_SOURCES).unwrap() + 10 {
        let source = IpAddr::from((0x0b00_0000 + n).to_be_bytes()).to_string();
        drop(stage.visit(&source, "his", "http"));
    }
    assert!(stage.detector.incidents.len() <= MAX_SOURCES);
    assert!(stage.detector.incidents.contains_key(&INTRUDER.parse().unwrap()));
}
