//! HAPI FHIR's JPA server over the world.

use serde_json::Value;

use super::embedded::Face;
use crate::event::Observation;
use crate::event::observation::RecordKind;
use crate::session::bench::NOW;
use crate::world::{PatientNo, View};

fn view(face: &Face) -> View {
    face.bench.world.at(NOW.parse().unwrap())
}

fn ask(face: &Face, method: &str, path: &str, body: &str) -> (u16, String, Value) {
    let length = body.len();
    let request = format!(
        "{method} {path} HTTP/1.1\r\nHost: cdr:8080\r\nContent-Type: application/fhir+json\r\nContent-Length: {length}\r\n\r\n{body}"
    );
    let (head, body) = face.ask(&request);
    let code = head.split(' ').nth(1).unwrap().parse().unwrap();
    (code, head, serde_json::from_slice(&body).unwrap_or(Value::Null))
}

fn get(face: &Face, path: &str) -> Value {
    let (code, head, value) = ask(face, "GET", path, "");
    assert_eq!(code, 200, "{path}: {head}");
    value
}

fn relative(url: &str) -> &str {
    url.strip_prefix("http://cdr:8080").unwrap()
}

#[test]
fn a_patient_is_the_worlds() {
    let face = Face::of("cdr");
    let patient = view(&face).patient(PatientNo(123)).unwrap();
    let (_, head, read) = ask(&face, "GET", &format!("/fhir/Patient/pat-{}", patient.mrn), "");
    assert!(head.starts_with("HTTP/1.1 200 \r\n") && head.contains("\r\nETag: W/\"1\"\r\n"), "{head}");
    assert!(head.contains("X-Powered-By: HAPI FHIR 6.8.5 REST Server (FHIR Server; FHIR 4.0.1/R4)\r\n"));
    assert_eq!(read["name"][0]["text"], patient.name.chinese());
    assert_eq!(read["birthDate"], patient.born.to_string());
    assert_eq!(read["identifier"][1]["value"], patient.resident_id_masked);
    let found = get(&face, &format!("/fhir/Patient?identifier={}", patient.mrn));
    assert_eq!((&found["total"], &found["entry"][0]["resource"]), (&1.into(), &read));
    assert!(face.events().iter().any(|event| matches!(event,
        Observation::RecordRead { subject: RecordKind::Patient, ids, .. } if ids[0] == patient.mrn && ids.len() == 1)));
}

#[test]
fn pages_hold_every_match_once() {
    let face = Face::of("cdr");
    let mut page = get(&face, "/fhir/Practitioner?_count=40");
    let mut ids = Vec::new();
    loop {
        let entries = page["entry"].as_array().unwrap().iter();
        ids.extend(entries.map(|entry| entry["resource"]["id"].as_str().unwrap().to_owned()));
        let links = page["link"].as_array().unwrap();
        let Some(next) = links.iter().find(|link| link["relation"] == "next") else { break };
        page = get(&face, relative(next["url"].as_str().unwrap()));
    }
    let all = view(&face).staff().len();
    assert_eq!((ids.len(), page["total"].as_u64()), (all, Some(all as u64)));
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), all);
    let (code, _, gone) = ask(&face, "GET", "/fhir?_getpages=nope", "");
    assert_eq!(code, 410);
    assert!(gone["issue"][0]["diagnostics"].as_str().unwrap().starts_with("HAPI-0417: Search ID \"nope\""));
}

#[test]
fn searches_follow_references_both_ways() {
    let face = Face::of("cdr");
    let view = view(&face);
    let day = view.local(view.now()).date().yesterday().unwrap();
    let order = view.lab_orders_on(day).into_iter().find(|o| o.results.len() > 2).unwrap();
    let patient = view.patient(order.patient).unwrap();
    let found = get(
        &face,
        &format!(
            "/fhir/Observation?patient.identifier={}&based-on={}&_include=Observation:patient&_count=100",
            patient.mrn, order.order
        ),
    );
    let entries = found["entry"].as_array().unwrap();
    let matches = entries.iter().filter(|entry| entry["search"]["mode"] == "match");
    let mut shown: Vec<(String, String)> = matches
        .map(|entry| {
            let value = &entry["resource"];
            let quantity = value["valueQuantity"]["value"].to_string();
            let text = value["valueString"].as_str().map(str::to_owned);
            (value["code"]["coding"][1]["code"].as_str().unwrap().to_owned(), text.unwrap_or(quantity))
        })
        .collect();
    let mut held: Vec<(String, String)> =
        order.results.iter().map(|r| (r.item.code.to_owned(), r.value.clone())).collect();
    shown.sort();
    held.sort();
    assert_eq!(shown.len(), held.len());
    assert!(
        shown
            .iter()
            .zip(&held)
            .all(|(a, b)| a.0 == b.0 && (a.1 == b.1 || a.1.parse::<f64>().ok() == b.1.parse().ok()))
    );
    assert_eq!(entries.last().unwrap()["resource"]["id"], format!("pat-{}", patient.mrn));
    let back =
        get(&face, &format!("/fhir/Patient?_id=pat-{}&_revinclude=ServiceRequest:subject", patient.mrn));
    let orders = back["entry"].as_array().unwrap().iter();
    assert!(orders.clone().any(|entry| entry["resource"]["id"] == order.order.as_str()));
    let all = get(&face, &format!("/fhir/Patient/pat-{}/$everything", patient.mrn));
    assert!(all["entry"].as_array().unwrap().len() > orders.len());
}

#[test]
fn errors_are_the_servers_own() {
    let face = Face::of("cdr");
    let says = |method: &str, path: &str, body: &str| {
        let (code, _, value) = ask(&face, method, path, body);
        (code, value["issue"][0]["diagnostics"].as_str().unwrap_or_default().to_owned())
    };
    assert_eq!(
        says("GET", "/fhir/Patient/1", ""),
        (404, "HAPI-2001: Resource Patient/1 is not known".to_owned())
    );
    let (code, words) = says("GET", "/fhir/Foo", "");
    assert_eq!(code, 404);
    assert!(words.starts_with(
        "HAPI-0302: Unknown resource type 'Foo' - Server knows how to handle: [Appointment, Account, Invoice,"
    ));
    assert!(
        says("GET", "/fhir/Patient?foo=1", "").1.starts_with("HAPI-0524: Unknown search parameter \"foo\"")
    );
    assert!(
        says("POST", "/fhir/Patient", "{")
            .1
            .starts_with("HAPI-0450: Failed to parse request body as JSON resource. Error was: HAPI-1861:")
    );
    assert_eq!(says("GET", "/fhir/Observation?date=x", "").0, 400);
    assert_eq!(ask(&face, "GET", "/nope", "").0, 404);
    assert_eq!(says("PATCH", "/fhir/Patient/1", "").0, 400);
}

#[test]
fn what_a_peer_writes_he_alone_reads_back() {
    let face = Face::of("cdr");
    let patient = view(&face).patient(PatientNo(9)).unwrap();
    let path = format!("/fhir/Patient/pat-{}", patient.mrn);
    let mut read = get(&face, &path);
    face.events();
    read["birthDate"] = "1901-01-01".into();
    assert_eq!(ask(&face, "PUT", &path, &read.to_string()).0, 200);
    let told = face.events();
    assert!(
        told.iter().any(|event| matches!(event,
        Observation::Tampering { id, changes, .. } if *id == patient.mrn && changes[0].field == "birthDate")),
        "{told:?}"
    );
    assert_eq!(get(&face, &path)["birthDate"], "1901-01-01");
    assert_eq!(get(&face, &format!("{path}/_history/1"))["birthDate"], patient.born.to_string());
    assert_eq!(get(&Face::of("cdr"), &path)["birthDate"], patient.born.to_string());
    let (code, head, made) =
        ask(&face, "POST", "/fhir/Patient", "{\"resourceType\":\"Patient\",\"active\":true}");
    assert_eq!(code, 201);
    assert!(head.contains("\r\nLocation: http://cdr:8080/fhir/Patient/"), "{head}");
    assert_eq!(get(&face, &format!("/fhir/Patient?_id={}", made["id"].as_str().unwrap()))["total"], 1);
    assert_eq!(ask(&face, "DELETE", &path, "").0, 200);
    assert_eq!(ask(&face, "GET", &path, "").0, 410);
}

#[test]
fn forms_of_an_answer() {
    let face = Face::of("cdr");
    let (head, body) =
        face.ask("GET /fhir/Organization/org-clzx?_format=xml&_pretty=false HTTP/1.1\r\nHost: h\r\n\r\n");
    assert!(head.contains("application/fhir+xml;charset=UTF-8"));
    assert!(body.starts_with(b"<Organization xmlns=\"http://hl7.org/fhir\"><id value=\"org-clzx\"/>"));
    let (head, body) =
        face.ask("GET /fhir/Organization/org-clzx HTTP/1.1\r\nHost: h\r\nAccept: text/html\r\n\r\n");
    assert!(head.contains("text/html;charset=UTF-8") && body.starts_with(b"<html"));
    let count = get(&face, "/fhir/Patient?_summary=count");
    assert_eq!(count["total"], view(&face).patient_count());
    let statement = get(&face, "/fhir/metadata");
    assert_eq!(
        (&statement["fhirVersion"], statement["rest"][0]["resource"].as_array().unwrap().len()),
        (&"4.0.1".into(), 146)
    );
}

#[test]
fn bounds_hold() {
    let face = Face::of("cdr");
    let entries = |path: &str| get(&face, path)["entry"].as_array().map_or(0, Vec::len);
    assert_eq!(entries("/fhir/Patient?_count=999999999"), 200);
    let deep = format!("{}1{}", "{\"a\":".repeat(100), "}".repeat(100));
    assert_eq!(ask(&face, "POST", "/fhir/Patient", &deep).0, 400);
    let chained = "/fhir/Observation?encounter.subject.organization.partof.name=x";
    assert_eq!(ask(&face, "GET", chained, "").0, 400);
}

#[test]
fn answers_do_not_depend_on_how_input_arrives() {
    let face = Face::of("cdr");
    for request in [
        "GET /fhir/Patient/1 HTTP/1.1\r\nHost: h\r\n\r\n",
        "POST /fhir/Patient HTTP/1.1\r\nHost: h\r\nContent-Type: application/fhir+json\r\nContent-Length: 2\r\n\r\n{}",
        "GET / HTTP/1.1\r\n\r\n",
        "GARBAGE\r\n\r\n",
        "GET / HTTP/9.9\r\nHost: h\r\n\r\n",
    ] {
        let whole = face.send(&[request.as_bytes()]);
        let pieces: Vec<&[u8]> = request.as_bytes().chunks(1).collect();
        assert_eq!(face.send(&pieces), whole, "{request:?}");
        assert!(!whole.0.is_empty(), "{request:?}");
    }
}

#[test]
fn what_was_written_over_hl7_is_read_over_fhir() {
    let face = Face::of("cdr");
    let view = view(&face);
    let day = view.local(view.now()).date().yesterday().unwrap();
    let order = view.lab_orders_on(day).into_iter().find(|o| o.results.len() > 2).unwrap();
    let session = face.bench.session("lis", "mllp");
    let code = order.results[0].item.code.to_owned();
    session.change_results(
        &order.specimen,
        vec![crate::session::WrittenResult { code, value: "777".into(), ..Default::default() }],
    );
    let id = format!("{}-{}", order.specimen, order.results[0].item.loinc);
    assert_eq!(get(&face, &format!("/fhir/Observation/{id}"))["valueQuantity"]["value"], 777);
    let patient = view.patient(order.patient).unwrap();
    session.write_patient(crate::session::WrittenPatient {
        mrn: patient.mrn.clone(),
        phone: "13900000000".into(),
        ..Default::default()
    });
    assert_eq!(
        get(&face, &format!("/fhir/Patient/pat-{}", patient.mrn))["telecom"][0]["value"],
        "13900000000"
    );
}
