//! dcm4chee-arc's services over the world.

use super::embedded::{Face, a_study};
use crate::event::Observation;
use crate::event::observation::RecordKind;

const RS: &str = "/dcm4chee-arc/aets/DCM4CHEE/rs";

fn get(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: vna:8080\r\n\r\n")
}

fn json(face: &Face, path: &str) -> serde_json::Value {
    let (head, body) = face.ask(&get(&format!("{RS}{path}")));
    assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{path}: {head}");
    serde_json::from_slice(&body).unwrap()
}

#[test]
fn searches_agree_with_counts_and_the_world() {
    let face = Face::of("vna");
    let study = a_study(&face.bench, 1, "CT");
    let at = format!("/studies?StudyInstanceUID={}", study.uid);
    let found = json(&face, &at);
    assert_eq!(found[0]["00080050"]["Value"][0], study.accession.as_str());
    let series = json(&face, &format!("/studies/{}/series", study.uid));
    let count = json(&face, &format!("/studies/{}/instances/count", study.uid));
    assert_eq!(found[0]["00201206"]["Value"][0], series.as_array().unwrap().len());
    assert_eq!(found[0]["00201208"]["Value"][0], count["count"]);
    let base = format!("http://vna:8080{RS}/studies/{}", study.uid);
    assert_eq!(found[0]["00081190"]["Value"][0], base.as_str());
    assert_eq!(json(&face, &format!("/studies/count?AccessionNumber={}", study.accession))["count"], 1);
    assert!(face.events().iter().any(|event| matches!(event,
        Observation::RecordRead { subject: RecordKind::Study, ids, .. } if ids.contains(&study.uid))));
}

#[test]
fn a_day_is_paged_as_it_is_counted() {
    let face = Face::of("vna");
    let count = json(&face, "/studies/count?StudyDate=20260228")["count"].as_u64().unwrap();
    assert!(count > 20, "{count}");
    let all = json(&face, "/studies?StudyDate=20260228&limit=1000");
    assert_eq!(all.as_array().unwrap().len() as u64, count.min(1000));
    let page = json(&face, "/studies?StudyDate=20260228&limit=5&offset=7");
    assert_eq!(page.as_array().unwrap().len(), 5);
    assert_eq!(page[0], all[7]);
    let (head, body) = face.ask(&get(&format!("{RS}/studies?PatientID=nobody")));
    assert!(head.starts_with("HTTP/1.1 204 No Content\r\n") && body.is_empty());
}

#[test]
fn objects_come_as_parts_that_are_files() {
    let face = Face::of("vna");
    let study = a_study(&face.bench, 1, "US");
    let (head, body) = face.ask(&get(&format!("{RS}/studies/{}", study.uid)));
    assert!(head.contains("\r\nContent-Type: multipart/related;"), "{head}");
    let boundary = head.split("boundary=").nth(1).unwrap().split("\r\n").next().unwrap();
    let kind = format!("multipart/related; type=application/dicom; boundary={boundary}");
    let parts = super::super::dicomweb::multipart::parts(
        &body,
        super::super::dicomweb::multipart::boundary(kind.as_bytes()).unwrap(),
    );
    let count = json(&face, &format!("/studies/{}/instances/count", study.uid));
    assert_eq!(parts.len() as u64, count["count"].as_u64().unwrap());
    assert!(parts.iter().all(|part| &part.body[128..132] == b"DICM"));
    let metadata = json(&face, &format!("/studies/{}/metadata", study.uid));
    assert_eq!(metadata.as_array().unwrap().len(), parts.len());
    assert!(metadata[0]["7FE00010"]["BulkDataURI"].as_str().unwrap().starts_with("http://vna:8080/"));
    let (head, picture) = face.ask(&get(&format!("{RS}/studies/{}/thumbnail", study.uid)));
    assert!(head.contains("\r\nContent-Type: image/jpeg\r\n") && picture.starts_with(&[0xff, 0xd8]));
}

#[test]
fn errors_are_the_archives_own() {
    let face = Face::of("vna");
    let (head, body) = face.ask(&get("/dcm4chee-arc/aets/NOPE/rs/studies"));
    assert!(head.starts_with("HTTP/1.1 404 Not Found\r\n"));
    assert_eq!(body, b"{\"errorMessage\":\"No such Application Entity: NOPE\"}");
    assert_eq!(face.ask(&get(&format!("{RS}/studies/1.2.3"))).1, b"{\"errorMessage\":\"No matches found.\"}");
    assert!(face.ask(&get(&format!("{RS}/studies?limit=abc"))).0.starts_with("HTTP/1.1 400 "));
    assert!(
        face.ask(&get("/dcm4chee-arc/ui2")).0.contains("\r\nLocation: http://vna:8080/dcm4chee-arc/ui2/\r\n")
    );
    for name in ["", "styles.css", "main.js", "favicon.ico"] {
        assert!(
            face.ask(&get(&format!("/dcm4chee-arc/ui2/{name}"))).0.starts_with("HTTP/1.1 200 "),
            "{name}"
        );
    }
}

#[test]
fn answers_do_not_depend_on_how_input_arrives() {
    let face = Face::of("vna");
    let requests = [
        get("/dcm4chee-arc/aets"),
        get("/"),
        get("/nope"),
        "GET /dcm4chee-arc/aets HTTP/1.0\r\n\r\n".to_owned(),
        "FOO /dcm4chee-arc/aets HTTP/1.1\r\nHost: h\r\n\r\n".to_owned(),
        "GARBAGE\r\n\r\n".to_owned(),
        "GET / HTTP/9.9\r\n\r\n".to_owned(),
        "\u{1}\u{3}".to_owned(),
        format!("POST {RS}/studies HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc"),
    ];
    for request in requests {
        let whole = face.send(&[request.as_bytes()]);
        let pieces: Vec<&[u8]> = request.as_bytes().chunks(1).collect();
        assert_eq!(face.send(&pieces), whole, "{request:?}");
        assert!(!whole.0.is_empty(), "{request:?}");
    }
}

#[test]
fn keys_inside_sequences_and_moments_count() {
    let face = Face::of("vna");
    let study = a_study(&face.bench, 1, "CT");
    let view = face.bench.world.at(crate::session::bench::NOW.parse().unwrap());
    let step = view.order(&study.order).unwrap().filler;
    let count = |query: &str| json(&face, &format!("/series/count?StudyInstanceUID={}{query}", study.uid));
    let images =
        view.series(&study).into_iter().filter(|s| s.content == crate::world::Content::Image).count();
    assert_eq!(count(&format!("&00400275.00400009={step}"))["count"], images);
    assert_eq!(count("&RequestAttributesSequence.ScheduledProcedureStepID=none")["count"], 0);
    let at = view.local(study.started);
    let day = |days: i64| at.date().checked_add(jiff::Span::new().days(days)).unwrap().strftime("%Y%m%d");
    // One range of moments, though no time of day lies between the two.
    let moments = format!("&StudyDate={}-{}&StudyTime=235959-000000", day(-1), day(1));
    assert!(count(&moments)["count"].as_u64().unwrap() > 0);
}

fn accepting(path: &str, accept: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: vna:8080\r\nAccept: {accept}\r\n\r\n")
}

#[test]
fn a_search_answers_as_a_table_and_in_xml_too() {
    let face = Face::of("vna");
    let study = a_study(&face.bench, 1, "CT");
    let path = format!("{RS}/studies?StudyInstanceUID={}", study.uid);
    let (head, body) = face.ask(&accepting(&path, "text/csv"));
    assert!(head.contains("\r\nContent-Type: text/csv;charset=utf-8\r\n"), "{head}");
    let table = String::from_utf8(body).unwrap();
    let lines: Vec<&str> = table.lines().collect();
    assert_eq!(lines.len(), 2, "{table}");
    let at = lines[0].split(',').position(|name| name == "\"AccessionNumber\"").unwrap();
    assert_eq!(lines[1].split(',').nth(at).unwrap(), format!("\"{}\"", study.accession));
    let (head, body) = face.ask(&accepting(&path, "multipart/related; type=\"application/dicom+xml\""));
    let boundary = head.split("boundary=").nth(1).unwrap().split("\r\n").next().unwrap();
    let text = String::from_utf8(body).unwrap();
    let document = text
        .strip_prefix(&format!("--{boundary}\r\nContent-Type: application/dicom+xml\r\n\r\n"))
        .and_then(|rest| rest.strip_suffix(&format!("\r\n--{boundary}--")))
        .unwrap();
    let tree = crate::decoys::http::xml::parse(document.as_bytes()).unwrap();
    let uid = tree.children.iter().find(|a| a.attributes.contains(&("tag".into(), "0020000D".into())));
    assert_eq!(uid.unwrap().children[0].text, study.uid);
    let metadata = format!("{RS}/studies/{}/metadata", study.uid);
    let (head, body) = face.ask(&accepting(&metadata, "multipart/related; type=\"application/dicom+xml\""));
    assert!(head.starts_with("HTTP/1.1 200 OK\r\n") && head.contains("\r\nETag: "), "{head}");
    let text = String::from_utf8(body).unwrap();
    assert!(text.contains(&study.uid) && text.contains("<BulkData uri=\"http://vna:8080/"), "{text}");
    let (head, _) = face.ask(&accepting(&path, "text/html"));
    assert!(head.starts_with("HTTP/1.1 406 Not Acceptable\r\n") && head.contains("\r\nVary: Accept\r\n"));
}

#[test]
fn the_worklist_over_http_is_that_of_the_world() {
    let face = Face::of("vna");
    let rs = "/dcm4chee-arc/aets/WORKLIST/rs";
    let list = |path: &str| {
        let (head, body) = face.ask(&get(&format!("{rs}{path}")));
        assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{path}: {head}");
        serde_json::from_slice::<serde_json::Value>(&body).unwrap()
    };
    let view = face.bench.world.at(crate::session::bench::NOW.parse().unwrap());
    let today = view.local(view.now()).date();
    let steps = view.worklist(today);
    assert!(steps.len() > 3, "orders wait");
    let day = format!(
        "ScheduledProcedureStepSequence.ScheduledProcedureStepStartDate={}",
        today.strftime("%Y%m%d")
    );
    assert_eq!(list(&format!("/mwlitems/count?{day}"))["count"], steps.len());
    let all = list(&format!("/mwlitems?{day}"));
    assert_eq!(all.as_array().unwrap().len(), steps.len());
    let one = &steps[0];
    let of_one = list(&format!("/mwlitems?StudyInstanceUID={}", one.study_uid));
    assert_eq!(of_one[0]["00400100"]["Value"][0]["00080060"]["Value"][0], one.modality.as_str());
    assert_eq!(of_one[0]["00080050"]["Value"][0], one.order.accession.clone().unwrap());
    let of_ct = list("/mwlitems/count?00400100.00080060=CT")["count"].as_u64().unwrap();
    assert!(of_ct > 0 && of_ct < list("/mwlitems/count")["count"].as_u64().unwrap());
    assert!(face.events().iter().any(|event| matches!(event,
        Observation::RecordRead { subject: RecordKind::Worklist, count, .. } if *count > 0)));
    let (head, body) = face.ask(&get(&format!("{RS}/mwlitems")));
    assert!(head.starts_with("HTTP/1.1 404 "), "the archive's own title offers none: {head}");
    assert!(String::from_utf8(body).unwrap().contains("MWL_RSservice class"));
    for path in ["/mpps", "/workitems"] {
        assert!(face.ask(&get(&format!("{rs}{path}"))).0.starts_with("HTTP/1.1 204 "), "{path}");
    }
    let rejected = "/dcm4chee-arc/aets/IOCM_QUALITY/rs/studies";
    assert!(face.ask(&get(rejected)).0.starts_with("HTTP/1.1 204 "), "nothing was rejected");
}
