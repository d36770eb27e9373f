//! A decoy's first days: what is told, what is proposed.

use super::stage::*;
use crate::detect::{Class, Detector, Regulars};
use crate::event::{Observation, SessionEvent, Severity};

const MONITOR: &str = "10.1.5.10";

/// `his` was added when the stage begins, `pacs` long before.
fn stage() -> Stage {
    let mut stage = Stage::new();
    let mut settings = stage.detector.settings.clone();
    settings.born = [("his".to_owned(), stage.now)].into();
    stage.detector = Detector::new(settings);
    stage
}

fn knocks(stage: &mut Stage, host: &str) {
    let mut visit = stage.visit(MONITOR, host, "ssh");
    stage.see(&mut visit, login("zabbix", "x", false));
    stage.close(visit);
}

#[test]
fn what_is_below_high_waits_until_the_first_days_are_over() {
    let mut stage = stage();
    knocks(&mut stage, "his");
    assert!(stage.alerts.is_empty(), "{:?}", stage.alerts);
    stage.wait(7 * 24 * 3600);
    knocks(&mut stage, "his");
    assert_eq!(stage.alerts.last().map(|alert| alert.severity), Some(Severity::Medium));
}

#[test]
fn a_decoy_that_was_there_before_is_not_new() {
    let mut stage = stage();
    knocks(&mut stage, "pacs");
    assert_eq!(stage.alerts.len(), 1);
}

#[test]
fn what_no_allowance_covers_is_told_from_the_first_second() {
    let attacks: [Attack; 4] = [run_command, guess_passwords, search_patients, |stage, source| {
        use_lure(stage, source);
    }];
    for attack in attacks {
        let mut stage = stage();
        attack(&mut stage, INTRUDER);
        assert!(!stage.high().is_empty());
    }
}

/// Sessions of one source, the n-th after so many seconds, each with what it does.
fn seen(source: &str, at: &[i64], does: &Observation, class: Class) -> Vec<crate::detect::Proposal> {
    let (mut stage, mut regulars) = (Stage::new(), Regulars::default());
    let begin = stage.now;
    for seconds in at {
        stage.now = begin + jiff::SignedDuration::from_secs(*seconds);
        let visit = stage.visit(source, "his", "ssh");
        let event = |index, observation| SessionEvent {
            origin: visit.origin.clone(),
            index,
            at: stage.now,
            observation,
        };
        regulars.note(&event(0, Observation::Opened { tls: false }), Some(Class::E1));
        regulars.note(&event(1, does.clone()), Some(class));
    }
    regulars.proposals(&stage.detector.settings)
}

#[test]
fn an_even_pace_and_a_habit_are_proposed_and_a_single_visit_is_not() {
    let knock = login("zabbix", "x", false);
    let paced: Vec<i64> = (0..30).map(|n| n * 60 + n % 3).collect();
    let [one] = seen(MONITOR, &paced, &knock, Class::E4).try_into().unwrap();
    assert_eq!((one.every_seconds, one.sessions, one.covers), (Some(60), 30, Class::E4));
    assert_eq!((one.hosts, one.accounts), (vec!["his".to_owned()], vec!["zabbix".to_owned()]));
    let daily = [0, 90_000, 170_000];
    assert_eq!(seen(MONITOR, &daily, &knock, Class::E4)[0].days, 3);
    assert!(seen(MONITOR, &[0, 5, 9, 700], &knock, Class::E4).is_empty());
    let uneven: Vec<i64> = (0..30).map(|n| n * n * 7).collect();
    assert!(seen(MONITOR, &uneven, &knock, Class::E4).is_empty());
}

#[test]
fn who_did_what_no_allowance_covers_is_never_proposed() {
    let paced: Vec<i64> = (0..30).map(|n| n * 60).collect();
    for class in [Class::E4Guessing, Class::E5, Class::E6, Class::E7] {
        assert!(seen(MONITOR, &paced, &command("id"), class).is_empty(), "{class:?}");
    }
}

#[test]
fn a_proposal_is_a_table_that_needs_a_person() {
    let paced: Vec<i64> = (0..30).map(|n| n * 60).collect();
    let [one] = seen(MONITOR, &paced, &login("zabbix", "x", false), Class::E4).try_into().unwrap();
    let table = one.table();
    #[derive(serde::Deserialize)]
    struct Config {
        detection: crate::detect::Settings,
    }
    assert!(toml::from_str::<Config>(&table).is_err(), "without days it is none: {table}");
    let dated = format!("{table}approved = \"2026-05-10\"\nexpires = \"2026-06-10\"\n");
    let config: Config = toml::from_str(&dated).unwrap();
    let faults = config.detection.allowance[0].faults("2026-05-10".parse().unwrap());
    let keys: Vec<_> = faults.iter().map(|(key, _)| *key).collect();
    for key in ["owner", "reason", "approver"] {
        assert!(keys.contains(&key), "{key}: {keys:?}");
    }
}
