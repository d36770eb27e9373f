//! The laboratory's instruments agree with its orders, its controls with Westgard.

use std::collections::BTreeMap;

use jiff::SignedDuration;

use super::*;

const NOON: &str = "2026-03-26T04:00:00Z";

#[test]
fn every_result_has_an_instrument_that_runs_its_panel() {
    let view = world(4).at(at(NOON));
    let instruments = view.instruments();
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for order in view.lab_orders_on(date(2026, 3, 25)) {
        assert_eq!(order.run.is_some(), order.analysed.is_some());
        let Some(run) = order.run else { continue };
        let instrument = instruments.iter().find(|i| i.code == run.instrument).unwrap();
        assert!(instrument.panels.contains(&order.panel.as_str()), "{} {}", run.instrument, order.panel);
        assert!(run.rack >= 1 && (1..=10).contains(&run.position));
        *counts.entry(run.instrument).or_default() += 1;
    }
    for instrument in &instruments {
        let count = counts.get(&instrument.code).copied().unwrap_or(0);
        assert!((15..3_000).contains(&count), "{}: {count} specimens", instrument.code);
    }
}

#[test]
fn instruments_are_known_by_serial_numbers_of_their_installation() {
    let serials = |seed| {
        let all = world(seed).at(at(NOON)).instruments();
        all.into_iter().map(|i| i.serial).collect::<BTreeSet<_>>()
    };
    let (one, other) = (serials(4), serials(5));
    assert_eq!(one.len(), 14);
    assert!(one.intersection(&other).count() <= 1);
    assert!(one.iter().all(|serial| !serial.contains(['#', '@'])));
}

#[test]
fn what_an_instrument_measured_in_parts_of_a_day_is_what_it_measured_all_day() {
    let view = world(4).at(at(NOON));
    let (from, until) = (at("2026-03-25T16:00:00Z"), at(NOON));
    let whole = view.measured("CHEM01", from, until);
    assert!(whole.len() > 50);
    let (mut parts, mut start) = (Vec::new(), from);
    while start < until {
        let end = (start + SignedDuration::from_mins(37)).min(until);
        parts.extend(view.measured("CHEM01", start, end));
        start = end;
    }
    assert_eq!(parts, whole);
    assert!(whole.iter().all(|o| o.run.as_ref().unwrap().instrument == "CHEM01" && !o.results.is_empty()));
    assert!(view.measured("NONE", from, until).is_empty());
}

#[test]
fn controls_are_run_each_morning_and_most_are_good() {
    let view = world(4).at(at(NOON));
    let (mut good, mut all, mut rejected) = (0, 0, 0);
    for instrument in view.instruments() {
        let runs = view.controls_on(&instrument.code, date(2026, 3, 25));
        assert_eq!(runs.is_empty(), instrument.discipline == Discipline::Urinalysis);
        for run in &runs {
            let hour = view.local(run.at).hour();
            assert!((6..9).contains(&hour), "{} at {hour}", instrument.code);
            assert!(run.deviation > 0.0 && run.expires > date(2026, 3, 25));
            let value: f64 = run.value.parse().unwrap();
            assert!(((value - run.mean) / run.deviation - run.z).abs() < 0.01, "{run:?}");
            all += 1;
            good += usize::from(run.state == ControlState::InControl);
            rejected += usize::from(run.state == ControlState::OutOfControl);
        }
    }
    assert!(good * 100 > all * 80, "{good} of {all}");
    assert!(rejected > 0 && rejected * 25 < all, "{rejected} of {all}");
}

#[test]
fn a_chart_is_the_same_as_its_days() {
    let view = world(4).at(at(NOON));
    let chart = view.control_chart("HEME01", "WBC", 2, date(2026, 3, 26), 30);
    assert!((30..=33).contains(&chart.len()));
    let yesterday = view.controls_on("HEME01", date(2026, 3, 25));
    let same = yesterday.iter().filter(|run| run.item.code == "WBC" && run.level == 2);
    assert!(
        same.count() >= 1
            && yesterday.iter().filter(|r| r.item.code == "WBC" && r.level == 2).all(|r| chart.contains(r))
    );
    assert!(chart.iter().all(|run| run.at <= view.now()));
    assert!(view.control_chart("HEME01", "WBC", 9, date(2026, 3, 26), 30).is_empty());
}

#[test]
fn calibrations_are_before_now_and_recent() {
    let view = world(4).at(at(NOON));
    let chemistry = view.calibrations("CHEM01");
    assert!(chemistry.len() > 20);
    for one in &chemistry {
        let age = view.now().duration_since(one.at);
        assert!(age >= SignedDuration::ZERO && age < SignedDuration::from_hours(24 * 15), "{one:?}");
        assert!((0.9..1.1).contains(&one.factor));
    }
    assert!(view.calibrations("URIN01").is_empty());
}

#[test]
fn critical_values_are_rare_and_called() {
    let view = world(4).at(at("2026-03-26T23:00:00Z"));
    let day = date(2026, 3, 26);
    let found = view.criticals_on(day);
    let measured = view.lab_orders_on(day).iter().filter(|o| o.analysed.is_some()).count();
    assert!(found.len() * 1000 > measured && found.len() * 20 < measured, "{} of {measured}", found.len());
    for one in &found {
        let order = view.lab_order(&one.specimen).unwrap();
        assert!(
            order.results.iter().any(|r| r.item == one.item && r.value == one.value && r.flag != Flag::N)
        );
        assert_eq!(Some(one.found), order.analysed);
        assert!(one.called.is_none_or(|at| at > one.found && at <= view.now()));
        assert_eq!(one.called.is_some(), one.caller.is_some() && one.receiver.is_some());
        assert!(one.handled.is_none_or(|at| one.called.is_some_and(|called| called < at)));
        assert!(view.criticals(&one.order).contains(one));
    }
    assert!(found.iter().filter(|one| one.handled.is_some()).count() * 10 > found.len() * 8);
}

#[test]
fn blood_gases_agree_with_themselves() {
    let view = world(4).at(at("2026-03-26T23:00:00Z"));
    let gases: Vec<_> = view
        .lab_orders_on(date(2026, 3, 26))
        .into_iter()
        .filter(|o| o.panel == "L7001" && o.analysed.is_some())
        .collect();
    assert!(gases.len() > 10, "{}", gases.len());
    for order in gases {
        let value = |code| -> f64 {
            order.results.iter().find(|r| r.item.code == code).unwrap().value.parse().unwrap()
        };
        let computed = 0.0307 * value("pCO2") * 10f64.powf(value("pH") - 6.105);
        assert!((computed - value("HCO3-")).abs() < 0.4, "{computed} {}", value("HCO3-"));
        assert!((60.0..=100.0).contains(&value("sO2")) && (6.8..7.8).contains(&value("pH")));
    }
}
