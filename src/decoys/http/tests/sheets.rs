//! The portal's sheets: pages, lists, files, and that they say what the world says.

use std::io::Read as _;

use super::portal::{ask, get, logged_in, post, whole};
use super::support::{Bench, now};
use crate::decoys::http::business::{self, Ask};
use crate::event::Observation;
use crate::event::observation::{Direction, RecordKind};
use crate::persona::Protocol;
use crate::world::VisitClass;

fn body(answer: &str) -> &str {
    answer.split_once("\r\n\r\n").expect("a head").1
}

fn json(answer: &str) -> serde_json::Value {
    assert!(answer.starts_with("HTTP/1.1 200 \r\n"), "{answer}");
    serde_json::from_str(body(answer)).expect("JSON")
}

/// The bytes of a file that a request gives.
fn file(bench: &Bench, cookie: &str, path: &str) -> (String, Vec<u8>, Vec<Observation>) {
    let mut connection = bench.connect(3);
    connection.send(get(path, cookie).as_bytes());
    let answer = whole(&connection.received());
    let split = answer.windows(4).position(|w| w == b"\r\n\r\n").unwrap() + 4;
    (String::from_utf8_lossy(&answer[..split]).into_owned(), answer[split..].to_vec(), connection.events())
}

#[test]
fn every_sheet_has_a_page_and_a_list_of_its_columns() {
    let bench = Bench::portal(Protocol::Http, 80);
    let cookie = logged_in(&bench);
    let view = bench.making.world.at(now());
    let stay = view.inpatients().swap_remove(3).number;
    for sheet in business::sheets() {
        let (page, _) = ask(&bench, &get(&format!("/his/{}", sheet.path), &cookie));
        assert!(page.contains(sheet.title) && page.contains("data-key"), "{}", sheet.path);
        let form = format!("visitNo={}&page=1&rows=10", if sheet.ask == Ask::Visit { &stay } else { "" });
        let (answer, events) = ask(&bench, &post(&format!("/his/{}/list", sheet.path), &cookie, &form));
        let list = json(&answer);
        let rows = list["rows"].as_array().unwrap();
        let total = list["total"].as_u64().unwrap();
        assert!(rows.len() as u64 <= total && rows.len() <= 10, "{}", sheet.path);
        if sheet.path != "outp/prescription" {
            assert!(!rows.is_empty(), "{}", sheet.path);
        }
        for row in rows {
            assert_eq!(row.as_object().unwrap().len(), sheet.columns.len(), "{}", sheet.path);
        }
        assert!(
            events.iter().any(|e| matches!(e, Observation::Query { subject, .. } if *subject == sheet.kind))
        );
        let read = |e: &Observation| matches!(e, Observation::RecordRead { count, ids, .. } if *count as usize == rows.len() && ids.len() == rows.len());
        assert!(rows.is_empty() || events.iter().any(read), "{}", sheet.path);
    }
}

#[test]
fn lists_are_paged_searched_and_sorted() {
    let bench = Bench::portal(Protocol::Http, 80);
    let cookie = logged_in(&bench);
    let list = |form: &str| json(&ask(&bench, &post("/his/pharm/drugs/list", &cookie, form)).0);
    let (first, second) = (list("page=1&rows=20"), list("page=2&rows=20"));
    assert_ne!(first["rows"], second["rows"]);
    let prices = list("rows=500&sort=price&order=desc");
    let prices: Vec<f64> =
        prices["rows"].as_array().unwrap().iter().map(|r| r["price"].as_f64().unwrap()).collect();
    assert!(prices.len() >= 150 && prices.windows(2).all(|w| w[0] >= w[1]));
    let found = list("keyword=%E5%A4%B4%E5%AD%A2");
    assert!(
        found["rows"].as_array().unwrap().iter().all(|r| r["drugName"].as_str().unwrap().contains("头孢"))
    );
    assert!(list("keyword=amxl")["total"].as_u64().unwrap() >= 2, "by the first letters of pinyin");
}

#[test]
fn files_are_what_they_say() {
    let bench = Bench::portal(Protocol::Http, 80);
    let cookie = logged_in(&bench);
    let (head, csv, events) = file(&bench, &cookie, "/his/outp/prescriptions/export?format=csv");
    assert!(head.contains("charset=GB18030") && head.contains("attachment;filename="), "{head}");
    let text = encoding_rs::GB18030.decode(&csv).0.into_owned();
    assert!(text.starts_with("患者ID,姓名,性别,年龄,处方号") && text.lines().count() > 10);
    assert!(events.iter().any(|e| matches!(e, Observation::Transfer { direction: Direction::Download, .. })));
    let (_, xlsx, _) = file(&bench, &cookie, "/his/pharm/drugs/export?format=xlsx");
    assert!(xlsx.starts_with(b"PK\x03\x04") && xlsx.windows(4).any(|w| w == b"PK\x05\x06"));
    let at = xlsx.windows(24).position(|w| w == b"xl/worksheets/sheet1.xml").unwrap() + 24;
    let mut sheet = String::new();
    flate2::read::DeflateDecoder::new(&xlsx[at..]).read_to_string(&mut sheet).unwrap();
    assert!(sheet.contains("阿莫西林胶囊") && sheet.ends_with("</worksheet>"));
}

#[test]
fn a_stay_is_shown_as_the_world_has_it() {
    let bench = Bench::portal(Protocol::Http, 80);
    let cookie = logged_in(&bench);
    let view = bench.making.world.at(now());
    let stay = view.inpatients().into_iter().find(|s| view.charges_in(&s.number).len() > 40).unwrap();
    let patient = view.patient(stay.patient).unwrap();
    let (record, events) = ask(&bench, &get(&format!("/his/inp/record/{}", stay.number), &cookie));
    for shown in [&patient.name.chinese(), &patient.mrn, &patient.resident_id_masked, &stay.diagnosis.name] {
        assert!(record.contains(shown.as_str()), "{shown}");
    }
    assert!(record.contains(&view.stay(&stay.number).unwrap().charged.to_string()));
    assert!(events.iter().any(|e| matches!(e, Observation::RecordRead { subject: RecordKind::Patient, .. })));
    let (daily, _) = ask(&bench, &get(&format!("/his/inp/daily/{}", stay.number), &cookie));
    let last = view.charges_in(&stay.number).pop().unwrap();
    assert!(daily.contains(&last.name) && daily.contains("一日清单"));
    let (beds, _) = ask(&bench, &get(&format!("/his/inp/beds?deptCode={}", stay.department), &cookie));
    assert!(beds.contains(&patient.name.chinese()));
}

#[test]
fn a_visit_a_receipt_and_printed_reports() {
    let bench = Bench::portal(Protocol::Http, 80);
    let cookie = logged_in(&bench);
    let view = bench.making.world.at(now());
    let today = view.local(view.now()).date();
    let script = view.prescriptions_on(today, 0..1).pop().unwrap();
    let (page, _) = ask(&bench, &get(&format!("/his/outp/visit/{}", script.encounter), &cookie));
    assert!(page.contains(&script.number) && page.contains(script.lines[0].name), "{page}");
    let bill = view.bills_on(today, 0..1).pop().unwrap();
    let (page, _) = ask(&bench, &get(&format!("/his/fee/receipt/{}", bill.number), &cookie));
    assert!(page.contains(&bill.total.to_string()) && page.contains(bill.kind.chinese()));
    let lab = view.lab_orders_on(today).into_iter().find(|l| l.analysed.is_some()).unwrap();
    let (head, pdf, _) = file(&bench, &cookie, &format!("/his/print/lab/{}", lab.specimen));
    assert!(head.contains("application/pdf") && pdf.starts_with(b"%PDF-1.4"));
    let visit = view.encounters_on(today).into_iter().find(|v| v.class == VisitClass::Inpatient).unwrap();
    let (missing, _) = ask(&bench, &get(&format!("/his/outp/visit/{}", visit.number), &cookie));
    assert!(missing.starts_with("HTTP/1.1 404"), "a stay is no outpatient's visit");
}
