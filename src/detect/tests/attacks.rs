//! What intruders do, and how often it is told.

use std::collections::BTreeSet;
use std::net::IpAddr;

use uuid::Uuid;

use super::stage::*;
use crate::detect::{Detector, MAX_SOURCES};

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
