//! What must hold of the hospital; `properties` for any seed and any time.

mod laboratory;
mod properties;
mod treatment;

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::date;

use super::*;

fn hospital() -> Arc<Hospital> {
    Arc::new(Hospital {
        name: "澄岚市中心医院".into(),
        name_en: "Chenglan Central Hospital".into(),
        code: "CLZX".into(),
        city: "澄岚市".into(),
        province: "四川省".into(),
        utc_offset_minutes: 480,
        area_codes: vec!["510199".into(), "510799".into(), "511399".into()],
        phone_area: "028".into(),
        beds: 1500,
        patients: 200_000,
        domain: "clzxyy.local".into(),
    })
}

fn world(seed: u8) -> Arc<World> {
    Arc::new(World::new(hospital(), &Installation::new([seed; 32])))
}

fn at(text: &str) -> Timestamp {
    text.parse().expect("a time")
}

fn newest(view: &View, limit: usize) -> Vec<Study> {
    view.studies(&StudyFilter { limit: Some(limit), ..StudyFilter::default() })
}

#[test]
fn volumes_are_those_of_the_hospital() {
    let view = world(4).at(at("2026-03-30T15:59:59Z"));
    let studies = |day| {
        let filter = StudyFilter { from: Some(day), to: Some(day), ..StudyFilter::default() };
        let all = view.studies(&filter);
        cases::MODALITIES.map(|m| all.iter().filter(|s| s.modality == m).count())
    };
    for (day, share) in [(date(2026, 3, 26), 100), (date(2026, 3, 29), 40)] {
        let [ct, dx, mr, us, mg, cr, ecg] = studies(day).map(|n| n * 100 / share);
        let labs = view.lab_orders_on(day).len() * 100 / share;
        if share == 100 {
            assert!((300..=450).contains(&ct), "CT {ct}");
            assert!((400..=600).contains(&dx), "DX {dx}");
            assert!((100..=150).contains(&mr), "MR {mr}");
            assert!((600..=900).contains(&us), "US {us}");
            assert!((15..=45).contains(&mg), "MG {mg}");
            assert!((10..=60).contains(&cr), "CR {cr}");
            assert!((80..=260).contains(&ecg), "ECG {ecg}");
            assert!((3_000..=7_000).contains(&labs), "labs {labs}");
        }
    }
    let beds = view.inpatients().len();
    assert!((1_150..=1_500).contains(&beds), "{beds} inpatients");
    assert!((195_000..=215_000).contains(&view.patient_count()));
}

#[test]
fn installations_share_nothing() {
    let now = at("2026-03-02T04:00:00Z");
    let uids =
        |seed| -> BTreeSet<String> { newest(&world(seed).at(now), 200).into_iter().map(|s| s.uid).collect() };
    assert!(uids(1).is_disjoint(&uids(2)));
    let ids = |seed| -> BTreeSet<String> {
        let view = world(seed).at(now);
        (0..300).filter_map(|n| view.patient(PatientNo(n))).map(|p| p.resident_id).collect()
    };
    assert_eq!(ids(1).len(), 300);
    assert!(ids(1).is_disjoint(&ids(2)));
}

#[test]
fn resident_ids_are_unique() {
    let world = world(9);
    let all: BTreeSet<(i32, String)> = (0..60_000)
        .filter_map(|no| world.person(no))
        .map(|p| (p.born.0, world.record(&p).resident_id))
        .collect();
    assert_eq!(all.len(), 60_000);
}

#[test]
fn exams_fit_their_patients() {
    let world = world(11);
    let mut seen = BTreeSet::new();
    for day in [date(2025, 7, 8), date(2026, 1, 14)].map(time::Day::of) {
        for course in world.courses_on(day) {
            let imaging = world.explain(course);
            let (exam, visit) = (imaging.exam, &course.visit);
            assert!(exam.fits(visit.age, visit.person.sex), "{} at {}", exam.name, visit.age);
            assert!((imaging.case.dx.ages.0..=imaging.case.dx.ages.1).contains(&visit.age));
            assert!(imaging.case.dx.sex.is_none_or(|s| s == visit.person.sex));
            seen.insert(exam.code);
        }
    }
    let never = tables::exams::EXAMS.iter().filter(|e| !seen.contains(e.code));
    assert!(never.count() <= 2, "{seen:?}");
}

#[test]
fn nobody_shares_a_bed_or_lies_in_two() {
    let view = world(12).at(at("2026-02-10T07:30:00Z"));
    let stays = view.inpatients();
    let beds: BTreeSet<_> = stays.iter().map(|stay| stay.bed.clone().expect("a bed")).collect();
    let patients: BTreeSet<_> = stays.iter().map(|stay| stay.patient).collect();
    assert_eq!((beds.len(), patients.len()), (stays.len(), stays.len()));
    for stay in stays.iter().step_by(40) {
        assert_eq!(view.encounter(&stay.number).as_ref(), Some(stay));
        let code = &stay.bed.as_ref().expect("a bed")[..4];
        assert_eq!(code, stay.department);
        assert!(view.staff_member(&stay.physician).is_some_and(|s| s.physician && s.department == code));
    }
}

#[test]
fn searches_agree_with_lookups() {
    let view = world(13).at(at("2026-03-05T03:00:00Z"));
    let (from, to) = (Some(date(2026, 3, 2)), Some(date(2026, 3, 4)));
    let all = view.studies(&StudyFilter { from, to, ..StudyFilter::default() });
    assert!(all.windows(2).all(|w| w[0].started >= w[1].started));
    let name = |study: &Study| view.patient(study.patient).expect("a patient").name;
    let uids = |of: Vec<&Study>| -> Vec<String> { of.into_iter().map(|s| s.uid.clone()).collect() };
    let mr = || all.iter().filter(|s| s.modality == Modality::MR);
    let by_pinyin = uids(mr().filter(|s| name(s).family_pinyin == "Wang").collect());
    let by_family = uids(mr().filter(|s| name(s).family == "王").collect());
    for (pattern, wanted) in [("WANG^*", &by_pinyin), ("wang*", &by_pinyin), ("王*", &by_family)] {
        let modalities = vec![Modality::MR];
        let filter =
            StudyFilter { from, to, modalities, name: Some(pattern.into()), ..StudyFilter::default() };
        assert_eq!(&uids(view.studies(&filter).iter().collect()), wanted, "{pattern}");
    }
    assert!(by_family.len() > 5);
    let rare = name(&all[7]).chinese();
    let named = StudyFilter { from, to, name: Some(rare.clone()), ..StudyFilter::default() };
    let wanted = uids(all.iter().filter(|s| name(s).chinese() == rare).collect());
    assert_eq!(uids(view.studies(&named).iter().collect()), wanted);
    let found =
        view.patients(&PatientFilter { name: Some("Wang^Xiu?i*".into()), ..PatientFilter::default() });
    assert!(!found.is_empty() && found.iter().all(|p| p.name.family_pinyin == "Wang"));
    assert!(found.windows(2).all(|w| w[0].mrn < w[1].mrn));
    let future = StudyFilter { from: Some(date(2026, 3, 6)), ..StudyFilter::default() };
    assert!(view.studies(&future).is_empty());
}

#[test]
fn the_worklist_becomes_studies() {
    let world = world(14);
    let (early, late) = (world.at(at("2026-03-05T02:00:00Z")), world.at(at("2026-03-06T02:00:00Z")));
    let list = early.worklist(date(2026, 3, 5));
    assert!(list.len() > 40 && !early.worklist(date(2026, 3, 6)).is_empty());
    for entry in list {
        assert!(entry.scheduled > early.now() && entry.order.state == OrderState::Ordered);
        assert!(early.study(&entry.study_uid).is_none());
        let order = late.order(&entry.order.placer).expect("still there");
        let study = late.study(&entry.study_uid);
        assert_eq!(study.is_none(), order.state == OrderState::Cancelled, "{order:?}");
        assert!(study.is_none_or(|s| s.started == entry.scheduled && s.device == entry.device));
    }
}

#[test]
fn days_fill_up_and_holidays_are_quiet() {
    let world = world(15);
    let visits = |now: &str, day| world.at(at(now)).encounters_on(day).len();
    let monday = date(2026, 3, 2);
    assert_eq!(visits("2026-03-01T15:59:59Z", monday), 0);
    let (morning, noon) = (visits("2026-03-02T00:30:00Z", monday), visits("2026-03-02T04:00:00Z", monday));
    let evening = visits("2026-03-02T15:59:59Z", monday);
    assert!(0 < morning && morning < noon && noon < evening);
    let festival = visits("2026-02-20T00:00:00Z", date(2026, 2, 17));
    assert!(festival * 3 < evening && festival > 250, "{festival} of {evening}");
}

#[test]
fn diseases_show_in_the_laboratory() {
    let view = world(16).at(at("2026-03-25T15:59:00Z"));
    let labs = view.lab_orders_on(date(2026, 3, 24));
    let mean = |code: &str, icd: &str| {
        let ill = |lab: &&LabOrder| {
            let order = view.order(&lab.order).expect("an order");
            view.encounter(&order.encounter).expect("a visit").diagnosis.icd10 == icd
        };
        let results = labs.iter().filter(ill).flat_map(|lab| lab.results.iter());
        let values: Vec<f64> =
            results.filter(|r| r.item.code == code).filter_map(|r| r.value.parse().ok()).collect();
        assert!(values.len() > 2, "{code} in {icd}");
        values.iter().sum::<f64>() / values.len() as f64
    };
    assert!(mean("GLU", "E11.900") > 7.5 && mean("CREA", "N18.900") > 150.0 && mean("CRP", "J18.900") > 20.0);
    assert!(mean("NEUT%", "J18.900") > mean("NEUT%", "Z00.000") + 5.0);
    for lab in labs.iter().filter(|lab| lab.panel_name == "血常规") {
        let value = |code: &str| -> Option<f64> {
            lab.results.iter().find(|r| r.item.code == code)?.value.parse().ok()
        };
        let Some(white) = value("WBC") else { continue };
        let parts = ["NEUT%", "LYM%", "MONO%", "EO%", "BASO%"].map(|code| value(code).expect("a part"));
        assert!((parts.iter().sum::<f64>() - 100.0).abs() < 0.06, "{parts:?}");
        assert!((white * parts[0] / 100.0 - value("NEUT#").expect("a count")).abs() < 0.02);
        let (red, haemoglobin) = (value("RBC").expect("red"), value("HGB").expect("haemoglobin"));
        assert!((haemoglobin / red - value("MCH").expect("mean")).abs() < 0.4);
    }
}

#[test]
fn hospitals_of_any_size_work() {
    for (beds, patients, areas) in [(20, 1_000, 1), (1, 1_000, 3), (300, 60_000, 2), (6_000, 2_000_000, 3)] {
        let mut small = Hospital::clone(&hospital());
        (small.beds, small.patients) = (beds, patients);
        small.area_codes.truncate(areas);
        let world = Arc::new(World::new(Arc::new(small), &Installation::new([5; 32])));
        let view = world.at(at("2026-03-05T07:00:00Z"));
        let count = view.patient_count();
        assert!(count.abs_diff(patients) < patients / 8, "{count} of {patients}");
        let last = view.patient(PatientNo(count - 1)).expect("registered");
        assert_eq!(view.patient_by_resident_id(&last.resident_id), Some(last));
        for study in newest(&view, 5) {
            assert_eq!(view.study(&study.uid), Some(study.clone()));
            assert!(view.orders_of(study.patient, 30).iter().any(|o| o.placer == study.order));
        }
        assert!(beds < 300 || newest(&view, 5).len() == 5);
    }
}

#[test]
fn the_ends_of_time_are_quiet() {
    let world = world(6);
    let ends = [
        Timestamp::MIN,
        at("1999-12-31T00:00:00Z"),
        at("2020-01-01T03:00:00Z"),
        at("2050-12-31T15:00:00Z"),
        Timestamp::MAX,
    ];
    for now in ends {
        let view = world.at(now);
        for day in [
            view.local(now).date(),
            date(-9999, 1, 1),
            date(9999, 12, 31),
            date(2019, 12, 31),
            date(2051, 1, 1),
        ] {
            let visits = view.encounters_on(day);
            assert!(visits.iter().all(|v| v.started <= now));
            let _ = (view.orders_on(day), view.worklist(day), view.lab_orders_on(day));
            let born = PatientFilter { born: Some(day), limit: Some(3), ..PatientFilter::default() };
            let whole = StudyFilter { from: Some(day), limit: Some(3), ..StudyFilter::default() };
            let _ = (view.patients(&born), view.studies(&whole));
        }
        let _ = (
            view.inpatients(),
            view.orders_of(PatientNo(3), u32::MAX),
            view.encounters_of(PatientNo(u32::MAX), 9),
        );
    }
    let view = world.at(at("2026-03-05T07:00:00Z"));
    for prefix in world.devices.all().iter().map(|d| &d.uid_prefix) {
        for tail in [
            "9223372036854775807.1",
            "1.9223372036854775807.100",
            "18446744073709551615.18446744073709551615",
            "4294967295.1772506235.4294967295.4294967295",
            "0.0.0",
        ] {
            assert!(view.find_instance(&format!("{prefix}{tail}")).is_none());
        }
    }
}
