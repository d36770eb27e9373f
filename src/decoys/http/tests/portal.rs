//! The application as a browser sees it.

use super::super::body::{BodyReader, Progress};
use super::support::{Bench, PASSWORD, now};
use crate::event::Observation;
use crate::event::observation::RecordKind;
use crate::persona::Protocol;
use crate::world::{Modality, StudyFilter};

pub(super) fn get(path: &str, cookie: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: his\r\nCookie: {cookie}\r\n\r\n")
}

pub(super) fn post(path: &str, cookie: &str, body: &str) -> String {
    format!(
        "POST {path} HTTP/1.1\r\nHost: his\r\nCookie: {cookie}\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

pub(super) fn ask(bench: &Bench, request: &str) -> (String, Vec<Observation>) {
    let mut connection = bench.connect(3);
    connection.send(request.as_bytes());
    (String::from_utf8(whole(&connection.received())).unwrap(), connection.events())
}

/// Joins a chunked body: a character may lie in two chunks.
pub(super) fn whole(answer: &[u8]) -> Vec<u8> {
    let split = answer.windows(4).position(|w| w == b"\r\n\r\n").unwrap() + 4;
    let (head, body) = answer.split_at(split);
    if !head.windows(26).any(|w| w == b"Transfer-Encoding: chunked") {
        return answer.to_vec();
    }
    let mut joined = head.to_vec();
    let mut input = bytes::BytesMut::from(body);
    let mut plain = Vec::new();
    assert_eq!(BodyReader::chunked().advance(&mut input, &mut plain, 1 << 20), Progress::Ended);
    joined.extend(plain);
    joined
}

fn cookie(answer: &str) -> String {
    let line = answer.lines().find(|l| l.starts_with("Set-Cookie: JSESSIONID=")).expect("a session cookie");
    line["Set-Cookie: ".len()..].split(';').next().unwrap().to_owned()
}

pub(super) fn logged_in(bench: &Bench) -> String {
    let form = format!("username=hisadmin&password={}", PASSWORD.replace('@', "%40"));
    let (answer, events) = ask(bench, &post("/his/login", "", &form));
    assert!(answer.starts_with("HTTP/1.1 302 \r\n"), "{answer}");
    assert!(answer.contains("\r\nLocation: http://his/his/home\r\n"), "{answer}");
    assert!(
        events.iter().any(|e| matches!(e, Observation::LureTouched { lure, .. } if lure == "his/hisadmin"))
    );
    cookie(&answer)
}

#[test]
fn a_wrong_password_is_told_and_refused() {
    let bench = Bench::portal(Protocol::Http, 80);
    let (answer, events) = ask(&bench, &post("/his/login", "", "username=%3Cb%3Eadmin&password=123456"));
    assert!(answer.starts_with("HTTP/1.1 200 \r\n") && answer.contains("用户名或密码错误"));
    assert!(answer.contains("value=\"&lt;b&gt;admin\""), "what was typed is shown escaped");
    let attempt = events.iter().find_map(|e| {
        let Observation::AuthAttempt { account, secret, accepted, .. } = e else { return None };
        Some((account.as_untrusted(), secret.as_ref()?.as_untrusted(), *accepted))
    });
    assert_eq!(attempt, Some(("<b>admin", "123456", false)));
    assert!(!events.iter().any(|e| matches!(e, Observation::LureTouched { .. })));
}

#[test]
fn nothing_is_shown_without_a_login() {
    let bench = Bench::portal(Protocol::Https, 443);
    for path in ["/his/", "/his/home", "/his/patients?q=&search=1", "/his/nope"] {
        let (answer, _) = ask(&bench, &get(path, "JSESSIONID=00112233445566778899AABBCCDDEEFF"));
        assert!(answer.starts_with("HTTP/1.1 302 \r\n"), "{path}: {answer}");
        assert!(answer.contains("\r\nLocation: https://his/his/login\r\n"), "{answer}");
        assert_eq!(cookie(&answer).len(), "JSESSIONID=".len() + 32);
    }
}

#[test]
fn the_lure_account_gets_in_on_both_ports_and_out_again() {
    let bench = Bench::portal(Protocol::Http, 80);
    let cookie = logged_in(&bench);
    let (home, _) = ask(&bench, &get("/his/home", &cookie));
    assert!(
        home.starts_with("HTTP/1.1 200 \r\n") && home.contains("今日概览") && home.contains("系统管理员")
    );
    let tls = Bench::portal(Protocol::Https, 443);
    assert!(ask(&tls, &get("/his/home", &cookie)).0.contains("今日概览"));
    let (out, _) = ask(&bench, &get("/his/logout", &cookie));
    assert!(out.contains("Location: http://his/his/login"));
    assert!(ask(&bench, &get("/his/home", &cookie)).0.starts_with("HTTP/1.1 302"));
}

#[test]
fn a_changed_password_holds() {
    let bench = Bench::portal(Protocol::Http, 80);
    let cookie = logged_in(&bench);
    let form = "oldPassword=Clzx%401234&newPassword=Abcd%40123456&confirmPassword=Abcd%40123456";
    assert!(ask(&bench, &post("/his/password", &cookie, form)).0.contains("密码修改成功"));
    let old = ask(&bench, &post("/his/login", "", "username=hisadmin&password=Clzx%401234")).0;
    assert!(old.contains("用户名或密码错误"));
    let new = ask(&bench, &post("/his/login", "", "username=hisadmin&password=Abcd%40123456")).0;
    assert!(new.starts_with("HTTP/1.1 302"));
}

#[test]
fn every_page_of_the_menu_can_be_made() {
    let bench = Bench::portal(Protocol::Http, 80);
    let cookie = logged_in(&bench);
    for path in [
        "/his/home",
        "/his/patients",
        "/his/patients?by=name&q=%E5%BC%A0&search=1",
        "/his/patients?search=1&page=2",
        "/his/inpatients",
        "/his/orders?kind=imaging",
        "/his/worklist",
        "/his/password",
    ] {
        let (answer, _) = ask(&bench, &get(path, &cookie));
        assert!(answer.starts_with("HTTP/1.1 200 \r\n"), "{path}: {answer}");
    }
    let (missing, _) = ask(&bench, &get("/his/nope", &cookie));
    assert!(missing.starts_with("HTTP/1.1 404 \r\n") && missing.contains("[&#47;his&#47;nope]"));
}

#[test]
fn an_empty_search_is_told_as_unbounded() {
    let bench = Bench::portal(Protocol::Http, 80);
    let cookie = logged_in(&bench);
    for (query, expected) in [("search=1", true), ("search=1&q=%25", true), ("search=1&q=%E7%8E%8B", false)] {
        let (_, events) = ask(&bench, &get(&format!("/his/patients?{query}"), &cookie));
        let found = events.iter().find_map(|e| {
            let Observation::Query { unbounded, .. } = e else { return None };
            Some(*unbounded)
        });
        assert_eq!(found, Some(expected), "{query}");
    }
}

#[test]
fn shiro_cookies_are_answered_as_the_library_does() {
    let bench = Bench::portal(Protocol::Http, 80);
    let (answer, events) = ask(&bench, &get("/his/login", &format!("rememberMe={}", "A".repeat(300))));
    assert!(answer.contains("\r\nSet-Cookie: rememberMe=deleteMe; Path=/his; Max-Age=0; Expires=Sun, 01-Mar-2026 01:30:00 GMT; SameSite=lax\r\n"));
    assert!(
        events.iter().any(
            |e| matches!(e, Observation::ExploitAttempt { weakness, .. } if weakness == "CVE-2016-4437")
        )
    );
}

#[test]
fn tomcat_speaks_chinese_to_who_asks() {
    let bench = Bench::portal(Protocol::Http, 80);
    let request =
        "GET /his/..;/manager/html HTTP/1.1\r\nHost: his\r\nAccept-Language: zh-CN,zh;q=0.9\r\n\r\n";
    let (answer, events) = ask(&bench, request);
    assert!(answer.contains("HTTP状态 404 - 未找到") && answer.contains("\r\nContent-Language: zh-CN\r\n"));
    assert!(
        events.iter().any(
            |e| matches!(e, Observation::ExploitAttempt { weakness, .. } if weakness == "path-traversal")
        )
    );
}

#[test]
fn requests_behind_a_slow_one_are_answered_in_turn() {
    let bench = Bench::portal(Protocol::Http, 80);
    let mut connection = bench.connect(3);
    let mut all = post("/his/login", "", "username=a&password=b");
    all.push_str(&get("/his/static/js/portal.js", ""));
    all.push_str(&get("/his/nope", ""));
    connection.send(all.as_bytes());
    let text = String::from_utf8(connection.received()).unwrap();
    let order: Vec<usize> = ["用户名或密码错误", "application/javascript", "/his/login\r\n"]
        .map(|t| text.find(t).unwrap())
        .into();
    assert!(order.is_sorted(), "{order:?}");
}

#[test]
fn a_patient_is_found_by_every_key_and_shown_as_the_world_has_him() {
    let bench = Bench::portal(Protocol::Http, 80);
    let cookie = logged_in(&bench);
    let view = bench.making.world.at(now());
    let stay = view.inpatients().into_iter().next().expect("a stay");
    let patient = view.patient(stay.patient).unwrap();
    for (by, text) in [
        ("mrn", patient.mrn.clone()),
        ("visit", stay.number.clone()),
        ("idcard", patient.resident_id.clone()),
    ] {
        let (answer, events) =
            ask(&bench, &get(&format!("/his/patients?by={by}&q={text}&search=1"), &cookie));
        assert!(
            answer.contains(&format!("/his/patient/{}\">{}<", patient.mrn, patient.name.chinese())),
            "{by}"
        );
        assert_eq!(read(&events, RecordKind::Patient), Some((1, vec![patient.mrn.clone()])), "{by}");
    }
    let (page, events) = ask(&bench, &get(&format!("/his/patient/{}", patient.mrn), &cookie));
    assert!(page.contains(&patient.resident_id_masked) && !page.contains(&patient.resident_id));
    assert!(page.contains(&stay.number) && page.contains(&stay.diagnosis.icd10));
    for order in view.orders_of(patient.no, 365).iter().take(50) {
        assert!(page.contains(&order.placer), "{}", order.placer);
    }
    assert!(read(&events, RecordKind::Encounter).is_some_and(|(_, ids)| ids.contains(&stay.number)));
}

#[test]
fn results_and_reports_are_those_of_the_world() {
    let bench = Bench::portal(Protocol::Http, 80);
    let cookie = logged_in(&bench);
    let view = bench.making.world.at(now());
    let yesterday = view.local(now()).date().yesterday().unwrap();
    let lab = view.lab_orders_on(yesterday).into_iter().find(|l| l.verified.is_some()).expect("results");
    let (page, events) = ask(&bench, &get(&format!("/his/lab/{}", lab.order), &cookie));
    for result in &lab.results {
        assert!(page.contains(&format!(">{}</td>", escaped(&result.value))), "{}", result.value);
        assert!(page.contains(&format!("<td>{}</td>", escaped(&result.range))), "{}", result.range);
    }
    assert!(page.contains(&lab.specimen));
    assert_eq!(read(&events, RecordKind::LabResult), Some((1, vec![lab.filler.clone()])));
    let filter = StudyFilter { from: Some(yesterday), to: Some(yesterday), ..StudyFilter::default() };
    let study = view.studies(&filter).into_iter().find(|s| view.report(s).is_some()).expect("a report");
    let (page, _) = ask(&bench, &get(&format!("/his/study/{}", study.accession), &cookie));
    let report = view.report(&study).unwrap();
    assert!(
        page.contains(&report.findings) && page.contains(&report.impression) && page.contains(&study.uid)
    );
}

#[test]
fn pictures_are_png_and_told_with_their_id() {
    let bench = Bench::portal(Protocol::Http, 80);
    let cookie = logged_in(&bench);
    let view = bench.making.world.at(now());
    let today = view.local(now()).date().yesterday().unwrap();
    let filter = StudyFilter {
        from: Some(today),
        to: Some(today),
        modalities: vec![Modality::CT],
        limit: Some(1),
        ..StudyFilter::default()
    };
    let study = view.studies(&filter).pop().expect("a study");
    let series = view.series(&study).pop().unwrap();
    let instance = view.instances(&study, &series).pop().unwrap();
    let mut connection = bench.connect(3);
    connection.send(get(&format!("/his/image/{}.png", instance.uid), &cookie).as_bytes());
    let answer = connection.received();
    assert!(answer.starts_with(b"HTTP/1.1 200 \r\n"));
    assert!(answer.windows(8).any(|w| w == b"\x89PNG\r\n\x1a\n"));
    assert_eq!(read(&connection.events(), RecordKind::Instance), Some((1, vec![instance.uid])));
}

#[test]
fn an_upload_is_kept_and_read_back_to_the_same_intruder_as_a_download() {
    let bench = Bench::portal(Protocol::Http, 80);
    let cookie = logged_in(&bench);
    let view = bench.making.world.at(now());
    let mrn = view.patient(view.inpatients()[0].patient).unwrap().mrn;
    let body = "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"x.jsp\"\r\n\r\n<% evil %>\r\n--b--\r\n";
    let request = format!(
        "POST /his/patient/{mrn}/attachments HTTP/1.1\r\nHost: his\r\nCookie: {cookie}\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let (answer, events) = ask(&bench, &request);
    assert!(answer.starts_with("HTTP/1.1 302"), "{answer}");
    assert!(events.iter().any(|e| matches!(e, Observation::Transfer { size: 10, .. })));
    assert!(
        events.iter().any(
            |e| matches!(e, Observation::ExploitAttempt { weakness, .. } if weakness == "webshell-upload")
        )
    );
    assert!(ask(&bench, &get(&format!("/his/patient/{mrn}"), &cookie)).0.contains("x.jsp"));
    let (file, _) = ask(&bench, &get(&format!("/his/attachment/{mrn}/0"), &cookie));
    assert!(file.contains("Content-Type: application/octet-stream\r\n") && file.ends_with("<% evil %>"));
}

#[test]
fn long_pages_end_with_the_connection_for_old_clients() {
    let bench = Bench::portal(Protocol::Http, 80);
    let cookie = logged_in(&bench);
    let path = "/his/patients?search=1&by=name&q=";
    let request = format!("GET {path} HTTP/1.0\r\nCookie: {cookie}\r\nConnection: keep-alive\r\n\r\n");
    let mut connection = bench.connect(3);
    connection.send(request.as_bytes());
    let answer = String::from_utf8(connection.received()).unwrap();
    assert!(answer.contains("\r\nConnection: close\r\n") && answer.ends_with("</html>"));
    assert!(connection.closed());
    let (head, _) = ask(&bench, &format!("HEAD {path} HTTP/1.1\r\nHost: h\r\nCookie: {cookie}\r\n\r\n"));
    assert!(!head.contains("Transfer-Encoding") && !head.contains("Content-Length"), "{head}");
    assert!(head.ends_with("\r\n\r\n"));
}

fn read(events: &[Observation], kind: RecordKind) -> Option<(u32, Vec<String>)> {
    events.iter().find_map(|e| {
        let Observation::RecordRead { subject, count, ids } = e else { return None };
        (*subject == kind).then(|| (*count, ids.clone()))
    })
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
