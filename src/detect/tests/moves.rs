//! A source under another address: what is saved of it, and how long an address is his.

use super::stage::*;
use crate::detect::Detector;
use crate::event::Observation;
use crate::event::observation::Mark;

const ELSEWHERE: &str = "10.9.8.9";

fn shows_key(stage: &mut Stage, source: &str) {
    let mut visit = stage.visit(source, "his", "ssh");
    stage.see(&mut visit, Observation::Fingerprint { mark: Mark::SshKey, value: "SHA256:k1".into() });
}

fn works(stage: &mut Stage, source: &str) {
    let mut visit = stage.visit(source, "his", "ssh");
    stage.see(&mut visit, Observation::Fingerprint { mark: Mark::SshKey, value: "SHA256:k1".into() });
    stage.see(&mut visit, Observation::Command { line: "id".into(), exit: Some(0) });
}

#[test]
fn he_is_still_the_same_after_a_restart() {
    let mut stage = Stage::new();
    works(&mut stage, INTRUDER);
    shows_key(&mut stage, ELSEWHERE);
    let saved = stage.detector.changed().unwrap();
    let of = |source: &str| saved.iter().find(|one| one.source.to_string() == source).unwrap();
    assert_eq!(of(ELSEWHERE).state, "null", "what was known of it is the incident's");
    let mut again = Detector::default();
    saved.iter().for_each(|one| again.restore(one.source, &one.state).unwrap());
    stage.detector = again;
    let id = stage.alerts.last().unwrap().id.clone();
    let mut visit = stage.visit(ELSEWHERE, "pacs", "ssh");
    stage.see(&mut visit, Observation::ExploitAttempt { weakness: "x".into(), payload: "".into() });
    let last = stage.alerts.last().unwrap();
    assert_eq!((last.id.clone(), last.source.to_string()), (id, ELSEWHERE.to_owned()));
}

#[test]
fn an_address_that_he_left_is_somebody_elses_after_a_day() {
    let mut stage = Stage::new();
    works(&mut stage, INTRUDER);
    shows_key(&mut stage, ELSEWHERE);
    let his = stage.alerts.last().unwrap().id.clone();
    stage.wait(25 * 3600);
    let mut visit = stage.visit(ELSEWHERE, "pacs", "ssh");
    stage.see(&mut visit, Observation::ExploitAttempt { weakness: "x".into(), payload: "".into() });
    assert_ne!(stage.alerts.last().unwrap().id, his);
}

#[test]
fn what_was_told_of_the_other_address_ends_in_his_incident() {
    let mut stage = Stage::new();
    works(&mut stage, INTRUDER);
    let his = stage.alerts.last().unwrap().id.clone();
    let mut visit = stage.visit(ELSEWHERE, "pacs", "ssh");
    stage.see(&mut visit, Observation::Command { line: "id".into(), exit: Some(0) });
    let other = stage.alerts.last().unwrap().id.clone();
    assert_ne!(other, his);
    stage.see(&mut visit, Observation::Fingerprint { mark: Mark::SshKey, value: "SHA256:k1".into() });
    let last = stage.alerts.last().unwrap();
    assert_eq!((&last.id, last.rule.as_str()), (&his, "HW-MOVED"));
    assert!(last.reasons[0].en.ends_with(&format!("told before as {other}")), "{:?}", last.reasons);
}
