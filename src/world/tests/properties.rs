//! What must hold for any seed and any time.

use std::collections::BTreeSet;

use jiff::{Timestamp, ToSpan};
use proptest::prelude::*;

use super::super::people::check_digit;
use super::*;

/// Any moment of six years.
pub(super) fn moments() -> impl Strategy<Value = Timestamp> {
    (1_672_531_200i64..1_861_920_000).prop_map(|s| Timestamp::from_second(s).expect("in range"))
}

/// A department whose only senior wrote the report: a colleague signs it.
#[test]
fn nobody_signs_his_own_report() {
    let now: Timestamp = "2023-07-24T12:01:52Z".parse().expect("a moment");
    let view = world(90).at(now);
    let reports: Vec<_> = newest(&view, 40).iter().filter_map(|study| view.report(study)).collect();
    assert!(!reports.is_empty());
    assert!(reports.iter().all(|report| report.author != report.verifier));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    #[test]
    fn studies_lead_back_to_their_order(seed: u8, now in moments()) {
        let view = world(seed).at(now);
        let studies = newest(&view, 12);
        prop_assert_eq!(studies.len(), 12);
        for study in studies {
            let order = view.order(&study.order).expect("an order");
            prop_assert_eq!(order.accession.as_deref(), Some(study.accession.as_str()));
            prop_assert_eq!(order.patient, study.patient);
            prop_assert_eq!(view.order(&study.accession), Some(order.clone()));
            prop_assert_eq!(view.order(&order.filler), Some(order.clone()));
            prop_assert!(order.ordered < study.started && study.started <= now);
            prop_assert!(order.state != OrderState::Cancelled && order.state != OrderState::Ordered);
            let visit = view.encounter(&order.encounter).expect("a visit");
            prop_assert_eq!(visit.patient, study.patient);
            prop_assert!(visit.started < order.ordered);
            let patient = view.patient(study.patient).expect("a patient");
            prop_assert!(patient.registered <= visit.started && patient.born <= view.local(visit.started).date());
            prop_assert!(view.orders_of(study.patient, 60).contains(&order));
            prop_assert!(view.encounters_of(study.patient, 60).contains(&visit));
            let mine = StudyFilter { patient: Some(study.patient), ..StudyFilter::default() };
            prop_assert!(view.studies(&mine).contains(&study));
            prop_assert_eq!(view.study_by_accession(&study.accession), Some(study.clone()));
            prop_assert!(study.accession.len() <= 16);
            if let Some(report) = view.report(&study) {
                prop_assert!(report.written > study.started && report.written <= now);
                prop_assert!(report.verified.is_none_or(|v| v > report.written && v <= now));
                prop_assert!(report.author != report.verifier);
                prop_assert!(!report.findings.is_empty() && !report.impression.is_empty());
                let verified = order.state == OrderState::Verified;
                prop_assert_eq!(report.verified.is_some(), verified);
            }
        }
    }

    #[test]
    fn uids_lead_back(seed: u8, now in moments()) {
        let view = world(seed).at(now);
        let mut seen = BTreeSet::new();
        for study in newest(&view, 14) {
            prop_assert_eq!(view.study(&study.uid), Some(study.clone()));
            for series in view.series(&study) {
                prop_assert_eq!(view.find_series(&series.uid), Some((study.clone(), series.clone())));
                let instances = view.instances(&study, &series);
                prop_assert_eq!(instances.len(), series.instances as usize);
                for instance in [instances.first(), instances.last()].into_iter().flatten() {
                    let found = view.find_instance(&instance.uid);
                    prop_assert_eq!(found, Some((study.clone(), series.clone(), instance.clone())));
                    prop_assert!(valid_uid(&instance.uid), "{}", instance.uid);
                    prop_assert!(seen.insert(instance.uid.clone()) || instances.len() == 1);
                }
                prop_assert!(valid_uid(&series.uid) && seen.insert(series.uid.clone()));
                prop_assert!(series.frame_of_reference.is_empty() || valid_uid(&series.frame_of_reference));
            }
            prop_assert!(valid_uid(&study.uid) && seen.insert(study.uid.clone()));
        }
    }

    #[test]
    fn laboratory_in_time_order(seed: u8, now in moments()) {
        let view = world(seed).at(now);
        let orders = view.lab_orders_on(view.local(now).date());
        for lab in orders.iter().rev().step_by(97) {
            let order = view.order(&lab.order).expect("an order");
            prop_assert_eq!(order.ordered, lab.ordered);
            prop_assert_eq!(view.lab_order(&lab.specimen), Some(lab.clone()));
            prop_assert_eq!(view.lab_order(&lab.filler), Some(lab.clone()));
            prop_assert!(lab.specimen.len() == 12 && lab.ordered <= now);
            let times = [Some(lab.ordered), lab.collected, lab.analysed, lab.verified];
            let known: Vec<Timestamp> = times.into_iter().flatten().collect();
            prop_assert!(known.windows(2).all(|w| w[0] < w[1]) && known.iter().all(|t| *t <= now));
            prop_assert!(times.windows(2).all(|w| w[0].is_some() || w[1].is_none()));
            prop_assert_eq!(lab.results.is_empty(), lab.analysed.is_none());
            for result in &lab.results {
                check_result(result);
            }
        }
    }

    #[test]
    fn people_are_sound(seed: u8, now in moments(), start in 0u32..100_000) {
        let view = world(seed).at(now);
        let count = view.patient_count();
        prop_assert!(view.patient(PatientNo(count)).is_none());
        for no in (start..count).step_by(9_973) {
            let patient = view.patient(PatientNo(no)).expect("registered");
            prop_assert!(patient.registered <= now && patient.born <= view.local(patient.registered).date());
            let id = &patient.resident_id;
            prop_assert_eq!(&id[4..6], "99");
            prop_assert_eq!(id[6..14].to_owned(), patient.born.strftime("%Y%m%d").to_string());
            prop_assert_eq!(id.chars().last(), Some(check_digit(&id[..17])));
            let odd = id.as_bytes()[16] % 2 == 1;
            prop_assert_eq!(odd, patient.sex == Sex::M);
            prop_assert!(patient.phone.contains("****") || patient.phone.contains("-1000"));
            prop_assert_eq!(view.patient_by_mrn(&patient.mrn), Some(patient.clone()));
            prop_assert_eq!(view.patient_by_mrn(patient.mrn.trim_start_matches('0')), Some(patient.clone()));
            prop_assert_eq!(view.patient_by_resident_id(id), Some(patient.clone()));
            let born = PatientFilter { born: Some(patient.born), ..PatientFilter::default() };
            prop_assert!(view.patients(&born).contains(&patient));
        }
    }

    #[test]
    fn later_views_agree(seed: u8, now in moments(), hours in 1i64..500) {
        let world = world(seed);
        let (early, late) = (world.at(now), world.at(now + hours.hours()));
        let today = early.local(now).date();
        for order in early.orders_on(today).iter().step_by(61) {
            let after = late.order(&order.placer).expect("still there");
            prop_assert_eq!(&after.ordered, &order.ordered);
            let settled = matches!(order.state, OrderState::Verified | OrderState::Cancelled);
            if settled {
                prop_assert_eq!(&after, order);
                prop_assert_eq!(early.lab_order(&order.placer), late.lab_order(&order.placer));
            }
        }
        for study in newest(&early, 6) {
            prop_assert_eq!(late.study(&study.uid), Some(study.clone()));
            let before = early.report(&study).filter(|r| r.verified.is_some());
            prop_assert!(before.is_none() || late.report(&study) == before);
        }
        prop_assert!(early.patient_count() <= late.patient_count());
    }

    #[test]
    fn foreign_ids_find_nothing(text in "\\PC{0,40}", digits in "[0-9]{10,18}", tail in "[0-9.]{0,44}") {
        let view = world(1).at(at("2026-03-02T02:00:00Z"));
        for id in [text.as_str(), digits.as_str()] {
            prop_assert!(view.study(id).is_none() && view.find_instance(id).is_none());
            prop_assert!(view.encounter(id).is_none() && view.patient_by_resident_id(id).is_none());
            let _ = (view.order(id), view.lab_order(id), view.patient_by_mrn(id), view.study_by_accession(id));
        }
        for device in newest(&view, 30).iter().map(|s| s.uid.rsplit_once('.').map_or("", |x| x.0)) {
            let made = format!("{device}.{tail}");
            if let Some(study) = view.study(&made) {
                prop_assert_eq!(study.uid, made);
            }
        }
    }
}

fn valid_uid(uid: &str) -> bool {
    let sound =
        |c: &str| !c.is_empty() && c.bytes().all(|b| b.is_ascii_digit()) && (c == "0" || !c.starts_with('0'));
    uid.len() <= 64 && uid.split('.').all(sound)
}

fn check_result(result: &LabResult) {
    let Ok(value) = result.value.parse::<f64>() else {
        assert_eq!(
            result.flag == Flag::A,
            result.value.contains('+') && result.range.contains("阴"),
            "{result:?}"
        );
        return;
    };
    let (low, high) = match result.range.strip_prefix('<') {
        Some(high) => (f64::MIN, high.parse().expect("a limit")),
        None => {
            // The lower limit may be below zero.
            let between = result.range[1..].find('-').expect("a range") + 1;
            let (low, high) = (&result.range[..between], &result.range[between + 1..]);
            (low.parse().expect("a limit"), high.parse::<f64>().expect("a limit"))
        }
    };
    match result.flag {
        Flag::N => assert!(value >= low && value <= high, "{result:?}"),
        Flag::H => assert!(value >= high, "{result:?}"),
        Flag::L => assert!(value < low, "{result:?}"),
        Flag::A => panic!("a number is high or low: {result:?}"),
    }
    assert!(value >= 0.0 || low < 0.0, "{result:?}");
}
