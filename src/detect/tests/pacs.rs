//! Abuse of an image archive, a scenario for each rule; and what must stay quiet beside it.

use super::stage::*;
use crate::event::observation::{Change, Handling, Mark, RecordKind};
use crate::event::{Observation, Severity};

fn refused(title: &str) -> Observation {
    Observation::Request {
        verb: "A-ASSOCIATE".into(),
        target: title.into(),
        status: 0x01_01_07,
        detail: None,
    }
}

fn read(subject: RecordKind, count: u32) -> Observation {
    Observation::RecordRead { subject, count, ids: vec![] }
}

fn real_data() -> Observation {
    Observation::RealData {
        signs: vec!["resident id whose check digit is right".into()],
        device: true,
        patient: "ab12".into(),
        sha256: "0".repeat(64),
        handling: Handling::Sealed,
    }
}

#[test]
fn a_scanner_is_named_and_stays_a_probe() {
    let mut stage = Stage::new();
    let mut visit = stage.visit(INTRUDER, "pacs", "dicom");
    stage.see(&mut visit, Observation::Fingerprint { mark: Mark::Scanner, value: "nmap dicom-ping".into() });
    stage.see(&mut visit, Observation::Fingerprint { mark: Mark::Tool, value: "pynetdicom".into() });
    stage.see(&mut visit, request("C-ECHO", "PACS"));
    stage.close(visit);
    assert_eq!(stage.alerts, []);
    guess_passwords(&mut stage, INTRUDER);
    assert!(stage.last().reasons.iter().any(|reason| reason.en.contains("used nmap dicom-ping on pacs")));
}

#[test]
fn eight_titles_are_guessing_seven_and_one_title_for_ever_are_not() {
    let mut stage = Stage::new();
    for n in 0..40 {
        let mut visit = stage.visit("10.0.0.7", "pacs", "dicom");
        stage.see(&mut visit, refused(if n % 2 == 0 { "PACS" } else { "PACS2" }));
        stage.close(visit);
    }
    for n in 0..8 {
        assert_eq!(stage.high(), [""; 0]);
        let mut visit = stage.visit(INTRUDER, "pacs", "dicom");
        stage.see(&mut visit, refused(&format!("GUESS{n}")));
        stage.close(visit);
        stage.wait(5);
    }
    assert_eq!(stage.high(), ["HW-AE-GUESSING"]);
}

#[test]
fn a_mass_pull_over_three_protocols_is_one_incident_with_its_counts() {
    let mut stage = Stage::new();
    let mut visit = stage.visit(INTRUDER, "pacs", "dicom");
    stage.see(&mut visit, associate("FINDSCU"));
    stage.see(&mut visit, read(RecordKind::Study, 240));
    stage.see(&mut visit, read(RecordKind::Patient, 210));
    stage.close(visit);
    let mut visit = stage.visit(INTRUDER, "his", "http");
    stage.see(&mut visit, read(RecordKind::Patient, 180));
    stage.close(visit);
    let mut visit = stage.visit(INTRUDER, "lis", "mllp");
    assert!(!stage.high().contains(&"HW-MASS-READ"));
    stage.see(&mut visit, read(RecordKind::Patient, 120));
    assert_eq!(stage.high().last(), Some(&"HW-MASS-READ"));
    let reason = &stage.last().reasons[0].en;
    assert_eq!(reason, "was given 510 patients, 240 imaging studies over dicom, http, mllp");
    assert!(stage.alerts.iter().all(|alert| alert.id == stage.alerts[0].id));
    assert!(stage.last().techniques.contains(&"T1119".to_owned()));
}

#[test]
fn tampering_is_told_as_such_even_from_a_registered_device() {
    for (source, calling) in [(INTRUDER, "STORESCU"), (MODALITY, "CT01")] {
        let mut stage = Stage::new();
        let mut visit = stage.visit(source, "pacs", "dicom");
        stage.see(&mut visit, associate(calling));
        let change = Change { field: "PatientID".into(), from: "1".into(), to: "2".into() };
        let (subject, id) = (RecordKind::Instance, "1.2.3".to_owned());
        stage.see(&mut visit, Observation::Tampering { subject, id, changes: vec![change] });
        stage.see(&mut visit, upload());
        assert_eq!(stage.high(), ["HW-TAMPERING"]);
        assert!(stage.last().techniques.contains(&"T1565.001".to_owned()));
        assert!(stage.last().reasons[0].en.ends_with("on pacs over dicom, changing PatientID"));
    }
}

#[test]
fn a_device_that_nobody_registered_is_quiet_while_it_is_taken_for_real() {
    let mut stage = Stage::new();
    let mut visit = stage.visit("10.0.0.44", "pacs", "dicom");
    stage.see(&mut visit, associate("CTROOM3"));
    stage.see(&mut visit, real_data());
    stage.see(&mut visit, upload());
    stage.see(&mut visit, store_request("1.2.840.10008.5.1.4.1.1.2"));
    stage.close(visit);
    assert_eq!(stage.high(), [""; 0]);
    let mut visit = stage.visit("10.0.0.44", "pacs", "dicom");
    stage.see(&mut visit, upload());
    assert_eq!(stage.high(), ["HW-UPLOAD"], "the next session has to show it again");
}

#[test]
fn real_data_is_told_low_and_hides_no_intruder() {
    let mut stage = Stage::new();
    let mut visit = stage.visit(MODALITY, "pacs", "dicom");
    stage.see(&mut visit, associate("CT01"));
    stage.see(&mut visit, real_data());
    stage.see(&mut visit, upload());
    let told: Vec<_> = stage.alerts.iter().map(|alert| (alert.rule.as_str(), alert.severity)).collect();
    assert_eq!(told, [("HW-CLINICAL", Severity::Low), ("HW-REAL-DATA", Severity::Low)]);
    stage.see(&mut visit, query(RecordKind::Study, 300, true));
    assert_eq!(stage.high(), ["HW-IMAGE-ACCESS"]);
}
