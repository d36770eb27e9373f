//! The web archive on IIS: login, list, viewer, and what is tried on it.

use super::embedded::{Face, a_study};
use crate::event::Observation;
use crate::event::observation::RecordKind;

fn get(path: &str, cookie: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: ris\r\nCookie: {cookie}\r\n\r\n")
}

fn post(path: &str, body: &str) -> String {
    format!("POST {path} HTTP/1.1\r\nHost: ris\r\nContent-Length: {}\r\n\r\n{body}", body.len())
}

/// By the way in that the product leaves open.
fn cookie(face: &Face) -> String {
    let (head, _) = face.ask(&post("/", "TextName=admin'+or+'1'%3D'1'+--%2B&TextPwd=x&BtnLogin=1"));
    assert!(head.contains("\r\nLocation: /ClinicList.aspx\r\n"), "{head}");
    let line = head.lines().find(|line| line.starts_with("Set-Cookie: ")).unwrap();
    line["Set-Cookie: ".len()..].split(';').next().unwrap().to_owned()
}

#[test]
fn nothing_is_shown_without_a_login() {
    let face = Face::of("ris");
    let (head, body) = face.ask(&get("/", ""));
    assert!(head.starts_with("HTTP/1.1 200 OK\r\nCache-Control: private\r\nContent-Type: text/html; charset=utf-8\r\nServer: Microsoft-IIS/10.0\r\nX-AspNet-Version: 4.0.30319\r\nX-Powered-By: ASP.NET\r\nDate: "), "{head}");
    assert!(String::from_utf8(body).unwrap().contains("__VIEWSTATE"));
    assert!(face.ask(&get("/ClinicList.aspx", "")).0.starts_with("HTTP/1.1 302 Found\r\n"));
    let (_, body) = face.ask(&post("/", "TextName=admin&TextPwd=admin"));
    assert!(String::from_utf8(body).unwrap().contains("用户名或密码错误"));
    let told = face.events();
    assert!(told.iter().any(|event| matches!(event, Observation::AuthAttempt { accepted: false, .. })));
}

#[test]
fn the_open_way_in_leads_to_studies_and_images() {
    let face = Face::of("ris");
    let cookie = cookie(&face);
    assert!(face.events().iter().any(|event| matches!(event,
        Observation::ExploitAttempt { weakness, .. } if weakness == "sql-injection")));
    let study = a_study(&face.bench, 1, "CT");
    let (_, body) = face.ask(&get(&format!("/ClinicList.aspx?acc={}", study.accession), &cookie));
    let page = String::from_utf8(body).unwrap();
    assert!(page.contains(&study.accession) && page.contains(&format!("Viewer.aspx?uid={}", study.uid)));
    let (_, body) = face.ask(&get(&format!("/Viewer.aspx?uid={}", study.uid), &cookie));
    let page = String::from_utf8(body).unwrap();
    let uid = page.split("Image.ashx?uid=").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let (head, picture) = face.ask(&get(&format!("/Image.ashx?uid={uid}"), &cookie));
    assert!(head.contains("Content-Type: image/jpeg") && picture.starts_with(&[0xff, 0xd8]));
    assert!(face.events().iter().any(|event| matches!(event,
        Observation::RecordRead { subject: RecordKind::Instance, ids, .. } if ids.contains(&uid))));
    let cardiogram = a_study(&face.bench, 1, "ECG");
    let (_, body) = face.ask(&get(&format!("/Viewer.aspx?uid={}", cardiogram.uid), &cookie));
    let page = String::from_utf8(body).unwrap();
    assert!(page.contains("class=\"view\"") && !page.contains("Image.ashx"), "it has no picture");
}

#[test]
fn open_services_answer_and_are_told() {
    let face = Face::of("ris");
    let path = "/webservices/WebUserLogin.asmx/GetUserInfoByUserID?userID=pacsadmin";
    let (head, body) = face.ask(&get(path, ""));
    assert!(head.contains("Content-Type: text/xml; charset=utf-8"));
    assert!(String::from_utf8(body).unwrap().contains("<UserID>pacsadmin</UserID>"));
    let soap = "<x:jobUpload><x:fileName>a.aspx</x:fileName><x:bufValue>PCU=</x:bufValue></x:jobUpload>";
    assert!(face.ask(&post("/webservices/WebJobUpload.asmx", soap)).0.starts_with("HTTP/1.1 200"));
    face.ask(&get("/XtWebPacsASp/XTWebPacsGetJcbgByDabh.asp?dabh=1", ""));
    let told = face.events();
    for weakness in ["infinitt-user-disclosure", "infinitt-job-upload", "xtwebpacs-report-enumeration"] {
        assert!(
            told.iter().any(|event| matches!(event,
            Observation::ExploitAttempt { weakness: seen, .. } if seen == weakness)),
            "{weakness}"
        );
    }
    assert!(
        told.iter().any(
            |event| matches!(event, Observation::Transfer { name, .. } if name.as_untrusted() == "a.aspx")
        )
    );
}

#[test]
fn the_kernel_refuses_in_its_own_words() {
    let face = Face::of("ris");
    for (request, words) in [
        ("GET / HTTP/1.1\r\n\r\n", "Invalid Hostname"),
        ("GARBAGE\r\n\r\n", "badly formed"),
        ("GET /%00 HTTP/1.1\r\nHost: h\r\n\r\n", "Invalid URL"),
        ("\u{1}\u{3}x", "Invalid Verb"),
        ("GET / HTTP/3.0\r\nHost: h\r\n\r\n", "505"),
        ("POST / HTTP/1.1\r\nHost: h\r\n\r\n", "Length Required"),
    ] {
        let (whole, closed) = face.send(&[request.as_bytes()]);
        assert!(closed && String::from_utf8_lossy(&whole).contains(words), "{request:?}");
        let pieces: Vec<&[u8]> = request.as_bytes().chunks(1).collect();
        assert_eq!(face.send(&pieces), (whole, closed), "{request:?}");
    }
}
