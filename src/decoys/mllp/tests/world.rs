//! What queries bring back is what the world holds, through every id and name.

use super::{Engine, frame, unframe};
use crate::event::Observation;
use crate::event::observation::RecordKind;
use crate::session::bench::NOW;
use crate::wire::hl7::{Message, Segment};
use crate::world::{LabOrder, Patient, StudyFilter, View};

fn view(engine: &Engine) -> View {
    engine.bench.world.at(NOW.parse().unwrap())
}

fn ask(engine: &Engine, message: &str) -> Vec<u8> {
    unframe(&engine.wire(&[&frame(message.as_bytes())])).remove(0)
}

fn display(subject: &str) -> String {
    format!("MSH|^~\\&|A|B|C|D|20260302||QRY^A19|Q1|P|2.4\rQRD|20260302|R|I|Q77|||5^RD|{subject}|DEM\r")
}

fn candidates(parameters: &str, quantity: usize, more: &str) -> String {
    format!(
        "MSH|^~\\&|A|B|C|D|20260302||QBP^Q22^QBP_Q21|Q1|P|2.5\rQPD|Q22^Find Candidates^HL7|T1|{parameters}\rRCP|I|{quantity}^RD\r{more}"
    )
}

fn results(subject: &str) -> String {
    format!("MSH|^~\\&|A|B|C|D|20260302||QRY^R02|Q1|P|2.4\rQRD|20260302|R|I|Q78|||20^RD|{subject}|RES\r")
}

fn segments<'a>(answer: &'a [u8], id: &str) -> Vec<Segment<'a>> {
    Message::parse(answer).unwrap().segments().filter(|s| s.is(id)).collect()
}

fn mrns(answer: &[u8]) -> Vec<String> {
    segments(answer, "PID").iter().map(|pid| pid.field(3).component(1).text()).collect()
}

fn assert_is(pid: &Segment<'_>, patient: &Patient) {
    assert_eq!(pid.field(3).component(1).text(), patient.mrn);
    let masked = pid.field(3).repetitions().nth(1).unwrap().component(1).text();
    assert_eq!(masked, patient.resident_id_masked);
    assert_eq!(pid.field(5).component(1).text(), patient.name.chinese());
    assert_eq!(pid.field(7).text(), patient.born.strftime("%Y%m%d").to_string());
}

/// Patients with a visit of the last days.
fn sample(view: &View) -> Vec<Patient> {
    let day = view.local(view.now()).date().yesterday().unwrap();
    view.encounters_on(day).iter().take(12).filter_map(|visit| view.patient(visit.patient)).collect()
}

#[test]
fn a_patient_is_found_by_each_of_his_ids() {
    let his = Engine::of("his");
    let view = view(&his);
    let patients = sample(&view);
    assert_eq!(patients.len(), 12);
    for patient in &patients {
        let visit = view.encounters_of(patient.no, 30).remove(0);
        for id in [&patient.mrn, &patient.resident_id, &visit.number] {
            let answer = ask(&his, &display(id));
            assert_is(&segments(&answer, "PID")[0], patient);
            let pv1 = segments(&answer, "PV1")[0];
            assert_eq!(pv1.field(19).text(), visit.number);
        }
        assert_is(
            &segments(&ask(&his, &candidates(&format!("@PID.3.1^{}", patient.mrn), 5, "")), "PID")[0],
            patient,
        );
        assert!(!String::from_utf8_lossy(&ask(&his, &display(&patient.mrn))).contains(&patient.resident_id));
    }
    let told = his.bench.told();
    assert!(told.iter().any(|o| matches!(o, Observation::RecordRead { subject: RecordKind::Patient, count: 1, ids } if *ids == [patients[0].mrn.clone()])));
}

#[test]
fn what_a_peer_wrote_of_a_patient_lies_over_what_the_hospital_holds() {
    let his = Engine::of("his");
    let view = view(&his);
    let patient = sample(&view).remove(0);
    ask(
        &his,
        &format!(
            "MSH|^~\\&|A|B|C|D|20260302||ADT^A08|Q1|P|2.4\rPID|1||{}||||||||1 Elsewhere Road\r",
            patient.mrn
        ),
    );
    let answer = ask(&his, &display(&patient.mrn));
    let pid = segments(&answer, "PID")[0];
    assert_is(&pid, &patient);
    assert_eq!(pid.field(11).component(1).text(), "1 Elsewhere Road");
    assert_eq!(segments(&answer, "PV1").len(), 1, "his visit is the hospital's");
    let told = his.bench.told();
    let read =
        |o: &&Observation| matches!(o, Observation::RecordRead { ids, .. } if *ids == [patient.mrn.clone()]);
    assert_eq!(told.iter().filter(read).count(), 1);
}

#[test]
fn a_patient_is_found_by_name_in_chinese_and_pinyin() {
    let his = Engine::of("his");
    let patient = sample(&view(&his)).remove(0);
    let name = &patient.name;
    for parameters in [
        format!("@PID.5.1^{}~@PID.7^{}", name.chinese(), patient.born.strftime("%Y%m%d")),
        format!(
            "@PID.5.1^{}~@PID.5.2^{}~@PID.7^{}",
            name.family,
            name.given,
            patient.born.strftime("%Y%m%d")
        ),
        format!(
            "@PID.5.1.1^{}~@PID.5.2^{}~@PID.7.1^{}",
            name.family_pinyin,
            name.given_pinyin,
            patient.born.strftime("%Y%m%d")
        ),
    ] {
        let answer = ask(&his, &candidates(&parameters, 50, ""));
        assert!(mrns(&answer).contains(&patient.mrn), "{parameters}: {}", String::from_utf8_lossy(&answer));
    }
}

#[test]
fn who_is_not_there_is_not_found() {
    let his = Engine::of("his");
    let answer = String::from_utf8(ask(&his, &candidates("@PID.3.1^no-such", 5, ""))).unwrap();
    assert!(
        answer.contains("QAK|T1|NF|Q22^Find Candidates^HL7|0|0|0\r") && !answer.contains("PID|"),
        "{answer}"
    );
    assert!(
        his.bench.told().iter().any(|o| matches!(o, Observation::Query { answers: 0, unbounded: false, .. }))
    );
}

#[test]
fn a_wildcard_pages_through_the_index_and_is_told_as_unbounded() {
    let his = Engine::of("his");
    let first = ask(&his, &candidates("@PID.5.1^*", 3, ""));
    assert_eq!(mrns(&first).len(), 3);
    assert!(
        his.bench.told().iter().any(|o| matches!(o, Observation::Query { answers: 3, unbounded: true, .. }))
    );
    let pointer = segments(&first, "DSC")[0].field(1).text();
    let second = ask(&his, &candidates("@PID.5.1^*", 3, &format!("DSC|{pointer}|I\r")));
    assert!(mrns(&second).iter().all(|mrn| !mrns(&first).contains(mrn)) && mrns(&second).len() == 3);
}

fn analysed(view: &View) -> LabOrder {
    let day = view.local(view.now()).date().yesterday().unwrap();
    view.lab_orders_on(day).into_iter().find(|o| o.results.len() > 3).unwrap()
}

#[test]
fn laboratory_results_agree_with_the_world() {
    for host in ["lis", "his"] {
        let engine = Engine::of(host);
        let order = analysed(&view(&engine));
        let patient = view(&engine).patient(order.patient).unwrap();
        let answer = ask(&engine, &results(&order.specimen));
        assert_is(&segments(&answer, "PID")[0], &patient);
        let obr = segments(&answer, "OBR")[0];
        assert_eq!((obr.field(2).text(), obr.field(3).text()), (order.order.clone(), order.filler.clone()));
        let values: Vec<_> = segments(&answer, "OBX")
            .iter()
            .map(|x| {
                (x.field(3).component(1).text(), x.field(5).text(), x.field(6).text(), x.field(7).text())
            })
            .collect();
        let expected: Vec<_> = order
            .results
            .iter()
            .map(|r| (r.item.loinc.to_owned(), r.value.clone(), r.item.unit.to_owned(), r.range.clone()))
            .collect();
        assert_eq!(values, expected);
        let by_patient = ask(&engine, &results(&patient.mrn));
        assert!(segments(&by_patient, "OBR").iter().any(|obr| obr.field(18).text() == order.specimen));
        assert!(engine.bench.told().iter().any(|o| matches!(o, Observation::RecordRead { subject: RecordKind::LabResult, ids, .. } if *ids == [order.specimen.clone()])));
    }
}

#[test]
fn an_imaging_report_is_found_by_its_accession_number_on_the_his_alone() {
    let his = Engine::of("his");
    let view = view(&his);
    let day = view.local(view.now()).date().yesterday().unwrap();
    let filter = StudyFilter { from: Some(day), to: Some(day), ..StudyFilter::default() };
    let (study, report) =
        view.studies(&filter).into_iter().find_map(|s| view.report(&s).map(|r| (s, r))).unwrap();
    let answer = ask(&his, &results(&study.accession));
    let texts: Vec<_> = segments(&answer, "OBX").iter().map(|x| x.field(5).text()).collect();
    assert_eq!(texts, [report.findings.trim(), report.impression.trim()]);
    assert!(segments(&ask(&Engine::of("lis"), &results(&study.accession)), "OBR").is_empty());
}

fn verified(view: &View) -> LabOrder {
    let day = view.local(view.now()).date().yesterday().unwrap();
    view.lab_orders_on(day).into_iter().find(|o| o.verified.is_some() && o.results.len() > 3).unwrap()
}

#[test]
fn a_changed_result_is_tampering_and_comes_back_to_its_writer() {
    let lis = Engine::of("lis");
    let order = verified(&view(&lis));
    let (first, patient) = (&order.results[0], view(&lis).patient(order.patient).unwrap());
    let oru = format!(
        "MSH|^~\\&|XN|LAB|LIS|LAB|20260302||ORU^R01|R9|P|2.4\rPID|1||{}\rOBR|1|{}|{}|{}\rOBX|1|NM|{}^x^LN||777|\r",
        patient.mrn, order.order, order.filler, order.panel, first.item.loinc
    );
    ask(&lis, &oru);
    let told = lis.bench.told();
    let tampering = told.iter().find_map(|o| match o {
        Observation::Tampering { subject: RecordKind::LabResult, id, changes } => Some((id, changes)),
        _ => None,
    });
    let (id, changes) = tampering.expect("tampering");
    assert_eq!((id, changes[0].from.as_str()), (&order.specimen, first.value.as_str()));
    let back = ask(&lis, &results(&order.specimen));
    assert!(segments(&back, "OBX").iter().any(|obx| obx.field(5).text() == "777"));
    assert!(
        !segments(&ask(&Engine::of("lis"), &results(&order.specimen)), "OBX")
            .iter()
            .any(|obx| obx.field(5).text() == "777")
    );
}

#[test]
fn a_cancelled_order_of_the_hospital_is_tampering() {
    let his = Engine::of("his");
    let order = verified(&view(&his));
    let orm = format!(
        "MSH|^~\\&|A|B|C|D|20260302||ORM^O01|O1|P|2.4\rPID|1||1\rORC|CA|{}|{}\r",
        order.order, order.filler
    );
    ask(&his, &orm);
    assert!(his.bench.told().iter().any(|o| matches!(o,
        Observation::Tampering { subject: RecordKind::Order, id, changes } if *id == order.order && changes[0].from == "verified")));
}

#[test]
fn a_changed_patient_is_tampering_and_known_to_every_face() {
    let his = Engine::of("his");
    let patient = sample(&view(&his)).remove(0);
    let adt = format!(
        "MSH|^~\\&|A|B|C|D|20260302||ADT^A08|A1|P|2.4\rPID|1||{}||{}||19010203|M\r",
        patient.mrn,
        patient.name.chinese()
    );
    ask(&his, &adt);
    let told = his.bench.told();
    assert!(
        told.iter().any(|o| matches!(o, Observation::Tampering { subject: RecordKind::Patient, id, changes }
        if *id == patient.mrn && changes.iter().any(|c| c.field == "born"))),
        "{told:?}"
    );
    let seen = his.bench.session("lis", "mllp").patient(&view(&his), &patient.mrn).unwrap();
    assert_eq!(seen.born.to_string(), "1901-02-03");
}

#[test]
fn an_analyser_asks_what_a_specimen_wants() {
    let lis = Engine::of("lis");
    let order = verified(&view(&lis));
    let asked = format!(
        "MSH|^~\\&|A|B|C|D|20260302||QBP^Q11^QBP_Q11|Q1|P|2.5\rQPD|WOS^Work Order Step^IHE_LABTF|T1|{}\rRCP|I\r",
        order.specimen
    );
    let answer = ask(&lis, &asked);
    let items: Vec<String> =
        segments(&answer, "OBR").iter().map(|obr| obr.field(4).component(4).text()).collect();
    let wanted: Vec<&str> = order.items.iter().map(|item| item.code).collect();
    assert_eq!(items, wanted);
    assert_eq!(segments(&answer, "SPM")[0].field(2).text(), order.specimen);
}
