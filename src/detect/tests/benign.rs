//! What the hospital itself does: nothing of it may be High.

use super::stage::*;
use crate::event::detail::Hl7;
use crate::event::observation::{AuthMethod, Mark, RecordKind};
use crate::event::{Detail, Observation, Severity, Tainted};

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
fn the_honeynet_itself_is_never_an_alert() {
    let mut stage = Stage::new();
    let mut visit = stage.visit("127.0.10.12", "his", "dicom");
    stage.see(&mut visit, upload());
    stage.see(&mut visit, command("id"));
    assert_eq!(stage.alerts, []);
}
