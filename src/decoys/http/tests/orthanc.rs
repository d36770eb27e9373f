//! Byte for byte what Orthanc 1.10.1 with orthanc-dicomweb 1.7 (Debian 12) answered, and its
//! resources over the world.

use serde::Deserialize;

use super::super::answer::http_date;
use super::embedded::{Face, a_study};
use crate::event::Observation;
use crate::event::observation::RecordKind;
use crate::session::bench::NOW;

const RECORDED: &str = include_str!("../../../../tests/transcripts/http/orthanc-1.10.1.jsonl");
/// Whole requests longer than this are not split at every byte.
const SPLIT: usize = 600;

#[derive(Deserialize)]
struct Exchange {
    name: String,
    request: Vec<(String, usize)>,
    answer: String,
    closes: bool,
}

fn bytes(text: &str) -> Vec<u8> {
    text.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect()
}

fn shown(bytes: &[u8]) -> String {
    bytes.iter().map(|b| char::from(*b)).collect()
}

fn exchanges() -> impl Iterator<Item = (String, Vec<u8>, String, bool)> {
    RECORDED.lines().map(|line| {
        let e: Exchange = serde_json::from_str(line).unwrap();
        let request = e.request.iter().flat_map(|(text, times)| bytes(text).repeat(*times)).collect();
        let answer = e.answer.replace("Date: @", &format!("Date: {}", http_date(NOW.parse().unwrap())));
        (e.name, request, answer, e.closes)
    })
}

#[test]
fn answers_are_those_of_the_product() {
    let face = Face::of("research");
    let (mut seen, mut wrong) = (0, Vec::new());
    for (name, request, answer, closes) in exchanges() {
        let (got, closed) = face.send(&[&request]);
        if (shown(&got), closed) != (answer.clone(), closes) {
            wrong.push(format!("{name} ({closed} for {closes}):\n{}\ninstead of\n{answer}", shown(&got)));
        }
        seen += 1;
    }
    assert!(wrong.is_empty(), "{} wrong\n{}", wrong.len(), wrong.join("\n----\n"));
    assert!(seen > 120, "{seen}");
}

#[test]
fn answers_do_not_depend_on_how_input_arrives() {
    let face = Face::of("research");
    for (name, request, answer, closes) in exchanges().filter(|(_, r, _, _)| r.len() < SPLIT) {
        let pieces: Vec<&[u8]> = request.chunks(1).collect();
        let (got, closed) = face.send(&pieces);
        assert_eq!((shown(&got), closed), (answer, closes), "{name}");
    }
}

fn get(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: res:8042\r\nAuthorization: Basic b3J0aGFuYzpvcnRoYW5j\r\n\r\n")
}

fn post(path: &str, kind: &str, body: &[u8]) -> Vec<u8> {
    let mut request = format!(
        "POST {path} HTTP/1.1\r\nHost: res:8042\r\nAuthorization: Basic b3J0aGFuYzpvcnRoYW5j\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n\r\n",
        body.len()
    )
    .into_bytes();
    request.extend_from_slice(body);
    request
}

fn json(face: &Face, path: &str) -> serde_json::Value {
    let (head, body) = face.ask(&get(path));
    assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{path}: {head}");
    serde_json::from_slice(&body).unwrap()
}

#[test]
fn a_study_is_found_from_every_side() {
    let face = Face::of("research");
    let study = a_study(&face.bench, 40, "US");
    let (_, body) = face.ask_bytes(&post("/tools/lookup", "text/plain", study.uid.as_bytes()));
    let found: serde_json::Value = serde_json::from_slice(&body).unwrap();
    let path = found[0]["Path"].as_str().unwrap().to_owned();
    let shown = json(&face, &path);
    assert_eq!(shown["MainDicomTags"]["AccessionNumber"], study.accession.as_str());
    let series = json(&face, &format!("{path}/series"));
    let instances = json(&face, &format!("{path}/instances"));
    let web = json(&face, &format!("/dicom-web/studies?StudyInstanceUID={}", study.uid));
    assert_eq!(web[0]["00201206"]["Value"][0], series.as_array().unwrap().len());
    assert_eq!(web[0]["00201208"]["Value"][0], instances.as_array().unwrap().len());
    let find = r#"{"Level":"Study","Query":{"AccessionNumber":"@"}}"#.replace('@', &study.accession);
    let (_, body) = face.ask_bytes(&post("/tools/find", "application/json", find.as_bytes()));
    let ids: Vec<String> = serde_json::from_slice(&body).unwrap();
    assert_eq!(ids, [found[0]["ID"].as_str().unwrap()]);
    let instance = instances[0]["ID"].as_str().unwrap();
    let (head, file) = face.ask(&get(&format!("/instances/{instance}/file")));
    assert!(head.contains("\r\nContent-Type: application/dicom\r\n") && &file[128..132] == b"DICM");
    assert_eq!(instances[0]["FileSize"], file.len());
    let (_, picture) = face.ask(&get(&format!("/instances/{instance}/preview")));
    assert!(picture.starts_with(b"\x89PNG"));
    let uid = instances[0]["MainDicomTags"]["SOPInstanceUID"].as_str().unwrap();
    assert!(
        face.events().iter().any(|event| matches!(event,
        Observation::RecordRead { subject: RecordKind::Instance, ids, .. } if ids.contains(&uid.to_owned())))
    );
}

#[test]
fn lists_agree_with_statistics_and_the_plugin() {
    let face = Face::of("research");
    let counted = json(&face, "/statistics");
    for (path, count) in
        [("patients", "CountPatients"), ("studies", "CountStudies"), ("series", "CountSeries")]
    {
        assert_eq!(json(&face, &format!("/{path}")).as_array().unwrap().len(), counted[count], "{path}");
    }
    let all = json(&face, "/dicom-web/studies");
    assert_eq!(all.as_array().unwrap().len(), counted["CountStudies"]);
    let some = json(&face, "/studies?since=3&limit=2");
    assert_eq!(some[0], json(&face, "/studies")[3]);
    assert_eq!(json(&face, "/studies?expand&since=3&limit=2")[1]["ID"], some[1]);
}

#[test]
fn what_is_deleted_is_gone_for_this_intruder_only() {
    let face = Face::of("research");
    let id = json(&face, "/studies?since=0&limit=1")[0].as_str().unwrap().to_owned();
    let path = format!("/studies/{id}");
    let (head, body) = face.ask(&get(&path).replace("GET", "DELETE"));
    assert!(head.starts_with("HTTP/1.1 200") && body == b"{\n   \"RemainingAncestor\" : null\n}");
    assert!(face.ask(&get(&path)).0.starts_with("HTTP/1.1 404"));
    assert!(Face::of("research").ask(&get(&path)).0.starts_with("HTTP/1.1 200"));
    assert!(face.events().iter().any(|e| matches!(e, Observation::RecordWrite { .. })));
}

#[test]
fn logins_are_told_once_when_they_get_in() {
    let face = Face::of("research");
    face.ask(&get("/system"));
    face.ask(&get("/system"));
    face.ask("GET /system HTTP/1.1\r\nAuthorization: Basic YWRtaW46YWRtaW4=\r\n\r\n");
    let attempts: Vec<bool> = face
        .events()
        .iter()
        .filter_map(|event| match event {
            Observation::AuthAttempt { accepted, .. } => Some(*accepted),
            _ => None,
        })
        .collect();
    assert_eq!(attempts, [true, false]);
}
