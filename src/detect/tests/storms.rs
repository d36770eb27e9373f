//! Many sources at once.

use std::net::Ipv4Addr;

use super::stage::{Stage, guess_passwords, use_lure};
use crate::detect::{Detector, Settings};
use crate::event::{Alert, Severity};

/// This many sources guess passwords, so many seconds from one to the next.
fn come(stage: &mut Stage, from: u32, count: u32, apart: i64) {
    for number in from..from + count {
        let source = Ipv4Addr::from(0x0a14_0000 + number).to_string();
        guess_passwords(stage, &source);
        // Guessing takes 18 s of its own.
        stage.wait(apart - 18);
    }
}

fn storms(stage: &Stage) -> Vec<&Alert> {
    stage.alerts.iter().filter(|alert| alert.rule == "HW-STORM").collect()
}

#[test]
fn fifty_one_sources_in_ten_minutes_are_one_incident_with_children() {
    let mut stage = Stage::new();
    come(&mut stage, 0, 60, 9);
    let told = storms(&stage);
    let [storm] = told.as_slice() else { panic!("{} storms", told.len()) };
    assert_eq!((storm.severity, storm.revision, &storm.parent), (Severity::High, 1, &None));
    assert!(storm.reasons[0].en.starts_with("51 sources began within 10 minutes"), "{}", storm.reasons[0].en);
    let children = stage.alerts.iter().filter(|alert| alert.parent.as_ref() == Some(&storm.id));
    assert!(children.clone().count() >= 10);
    assert!(children.clone().all(|alert| alert.rule != "HW-STORM" && alert.id != storm.id));
    let id = storm.id.clone();
    // Whoever came first is part of it from then on.
    use_lure(&mut stage, "10.20.0.30");
    assert_eq!(
        (stage.last().source.to_string(), stage.last().parent.clone()),
        ("10.20.0.30".into(), Some(id))
    );
}

#[test]
fn as_many_over_hours_are_no_storm() {
    let mut stage = Stage::new();
    come(&mut stage, 0, 120, 24);
    assert_eq!(storms(&stage), Vec::<&Alert>::new());
    assert!(stage.alerts.iter().all(|alert| alert.parent.is_none()));
}

#[test]
fn a_storm_is_told_again_at_a_hundred_and_ends_by_silence() {
    let mut stage = Stage::new();
    come(&mut stage, 0, 130, 9);
    let told: Vec<_> = storms(&stage).iter().map(|alert| (alert.id.clone(), alert.revision)).collect();
    assert!(told.len() == 2 && told[0].0 == told[1].0 && told[1].1 == 2, "{told:?}");
    stage.wait(3600);
    come(&mut stage, 1000, 60, 9);
    let later = storms(&stage).last().unwrap().id.clone();
    assert_ne!(later, told[0].0);
}

#[test]
fn a_restart_in_the_middle_changes_nothing() {
    let mut whole = Stage::new();
    come(&mut whole, 0, 110, 9);
    let mut stage = Stage::new();
    come(&mut stage, 0, 70, 9);
    let mut again = Detector::new(Settings::default());
    for saved in stage.detector.changed().unwrap() {
        again.restore(saved.source, &saved.state).unwrap();
    }
    stage.detector = again;
    come(&mut stage, 70, 40, 9);
    let told = |stage: &Stage| -> Vec<(String, u32, Option<String>)> {
        stage.alerts.iter().map(|alert| (alert.id.clone(), alert.revision, alert.parent.clone())).collect()
    };
    assert_eq!(told(&stage), told(&whole));
}
