//! The web products: the portal's pages and lists, the other product's JSON.

use serde_json::{Value, json};

use super::facts::{
    CHARGED, COLLECTED, ENDED, Face, Facts, Kind, ORDERED, STARTED, VERIFIED, date, flag, sex,
};
use super::people::Person;
use super::sql::charge;
use super::stage::Stage;

pub(super) const PORTAL: &str = "portal";
pub(super) const PHIS: &str = "web of the other HIS";

pub(super) fn get(path: &str, cookie: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: honeynet\r\nCookie: {cookie}\r\n\r\n")
}

pub(super) fn post(path: &str, cookie: &str, form: &str) -> String {
    let length = form.len();
    format!(
        "POST {path} HTTP/1.1\r\nHost: honeynet\r\nCookie: {cookie}\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: {length}\r\n\r\n{form}"
    )
}

/// Fields of a form.
pub(super) fn form(fields: &[(&str, &str)]) -> String {
    let coded = |text: &str| -> String {
        text.bytes()
            .map(|b| if b.is_ascii_alphanumeric() { char::from(b).to_string() } else { format!("%{b:02X}") })
            .collect()
    };
    fields.iter().map(|(name, value)| format!("{name}={}", coded(value))).collect::<Vec<_>>().join("&")
}

/// The tables of a page.
pub(super) fn tables(page: &str) -> impl Iterator<Item = &str> {
    page.split("<table").skip(1).map(|rest| rest.split("</table>").next().unwrap())
}

/// The cells of a row as they are read.
pub(super) fn cells(row: &str) -> Vec<String> {
    row.split("<td")
        .skip(1)
        .map(|cell| plain(cell.split_once('>').unwrap().1.split("</td>").next().unwrap()))
        .collect()
}

/// A text without marks.
pub(super) fn plain(text: &str) -> String {
    let mut out = String::new();
    let mut inside = false;
    for c in text.chars() {
        match c {
            '<' => inside = true,
            '>' => inside = false,
            c if !inside => out.push(c),
            _ => {}
        }
    }
    let marks = [
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&#x27;", "'"),
        ("&#39;", "'"),
        ("&#x2f;", "/"),
        ("&amp;", "&"),
    ];
    marks.iter().fold(out, |text, (mark, plain)| text.replace(mark, plain)).trim().to_owned()
}

/// Tells what the portal shows of them.
pub(super) fn portal(stage: &Stage, people: &[Person], facts: &mut Facts) {
    let account = stage.account("his");
    let login = form(&[("username", &account.name), ("password", &account.password)]);
    let cookie = stage.http("his", 80, &post("/his/login", "", &login)).cookie("JSESSIONID");
    let mut face = facts.face(PORTAL);
    for person in people {
        let page = stage.http("his", 80, &get(&format!("/his/patient/{}", person.mrn), &cookie)).text();
        record(&mut face, &page, &person.mrn);
        let list = |path: &str| {
            let wish = form(&[("visitNo", &person.billed), ("page", "1"), ("rows", "500")]);
            let answer = stage.http("his", 80, &post(&format!("/his/{path}/list"), &cookie, &wish)).json();
            answer["rows"].as_array().unwrap().clone()
        };
        for row in list("fee/detail") {
            let at = |key: &str| text(&row[key]);
            let fields =
                ["itemCode", "itemName", "price", "quantity", "amount", "billNo", "category"].map(at);
            charge(&mut face, &at("chargeNo"), &fields.each_ref().map(String::as_str));
            face.time(Kind::Charge, &at("chargeNo"), CHARGED, &at("chargeTime"));
        }
        for row in list("report/items") {
            let fields = ["barcode", "itemCode", "itemName", "value", "unit", "range", "flag"];
            result(&mut face, &fields.map(|key| text(&row[key])));
        }
    }
}

/// A patient's page.
fn record(face: &mut Face<'_>, page: &str, mrn: &str) {
    let field = |name: &str| {
        let found = page.split(&format!("<dt>{name}</dt><dd")).nth(1);
        plain(
            found
                .unwrap_or_else(|| panic!("no {name}: {page}"))
                .split("</dd>")
                .next()
                .unwrap()
                .split_once('>')
                .unwrap()
                .1,
        )
    };
    let head = plain(page.split("<h3>").nth(1).unwrap().split("</h3>").next().unwrap());
    let mut head = head.split('　');
    face.tell(Kind::Patient, mrn, "name", head.next().unwrap());
    face.tell(Kind::Patient, mrn, "sex", sex(head.next().unwrap()));
    face.tell(Kind::Patient, mrn, "born", date(&field("出生日期")));
    for (name, of) in
        [("phone", "联系电话"), ("address", "住址"), ("ethnicity", "民族"), ("resident id", "身份证号")]
    {
        face.tell(Kind::Patient, mrn, name, field(of));
    }
    for panel in page.split("<div class=\"panel\"").skip(1) {
        for row in panel.lines().filter(|row| row.contains("<tr><td>")) {
            let cells = cells(row);
            match panel.split("<h3>").nth(1).unwrap_or_default().split(['<', '（']).next().unwrap() {
                "就诊记录" => visit(face, mrn, &cells),
                "检验检查申请" => order(face, mrn, &cells),
                "检验报告" => {
                    face.texts(Kind::Specimen, &cells[0], &[("patient", mrn), ("kind", &cells[2])]);
                    face.time(Kind::Specimen, &cells[0], COLLECTED, &cells[3]);
                    face.time(Kind::Specimen, &cells[0], VERIFIED, &cells[4]);
                }
                "影像检查" => {
                    let fields = [("patient", mrn), ("modality", &cells[1]), ("name", &cells[2])];
                    face.texts(Kind::Study, &cells[0], &fields);
                    face.time(Kind::Study, &cells[0], STARTED, &cells[3]);
                }
                _ => {}
            }
        }
    }
}

fn visit(face: &mut Face<'_>, mrn: &str, cells: &[String]) {
    let (diagnosis, icd10) = cells[7].rsplit_once('（').unwrap();
    let fields = [
        ("patient", mrn),
        ("department's name", &cells[2]),
        ("physician's name", &cells[3]),
        ("diagnosis", diagnosis),
        ("ICD-10", icd10.trim_end_matches('）')),
    ];
    face.texts(Kind::Visit, &cells[0], &fields);
    face.time(Kind::Visit, &cells[0], STARTED, &cells[4]);
    let ended = if cells[5] == "在诊" { "" } else { &cells[5] };
    face.time(Kind::Visit, &cells[0], ENDED, ended);
    if cells[0].starts_with("ZY") {
        face.tell(Kind::Visit, &cells[0], "bed", &cells[6]);
    }
}

fn order(face: &mut Face<'_>, mrn: &str, cells: &[String]) {
    let fields = [
        ("patient", mrn),
        ("name", &cells[2]),
        ("department's name", &cells[3]),
        ("physician's name", &cells[4]),
    ];
    face.texts(Kind::Order, &cells[0], &fields);
    face.time(Kind::Order, &cells[0], ORDERED, &cells[5]);
}

/// Barcode, code, name, value, unit, range, flag.
fn result(face: &mut Face<'_>, row: &[String; 7]) {
    let id = format!("{} {}", row[0], row[1]);
    let fields = [("name", &row[2]), ("value", &row[3]), ("unit", &row[4]), ("range", &row[5])];
    face.texts(Kind::Result, &id, &fields);
    face.tell(Kind::Result, &id, "flag", flag(&row[6]));
}

/// Tells what the other product's services give of them.
pub(super) fn phis(stage: &Stage, people: &[Person], facts: &mut Facts) {
    let account = stage.account("phis");
    let call = |cookie: &str, service: &str, method: &str, body: &Value| {
        let wish = json!({ "serviceId": service, "method": method, "body": body }).to_string();
        let request = format!(
            "POST /phis/x.jsonRequest HTTP/1.1\r\nHost: phis:8080\r\nCookie: {cookie}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{wish}",
            wish.len()
        );
        stage.http("phis", 8080, &request)
    };
    let who = json!({ "uid": account.name, "psw": account.password });
    let cookie = call("", "phis.logonService", "logon", &who).cookie("JSESSIONID");
    let mut face = facts.face(PHIS);
    for person in people {
        let rows = |service: &str, method: &str| {
            let wish = json!({ "visitNo": person.billed, "pageNo": 1, "pageSize": 500 });
            call(&cookie, service, method, &wish).json()["body"].as_array().unwrap().clone()
        };
        for row in rows("phis.chargesManageService", "queryFeeDetail") {
            let at = |key: &str| text(&row[key]);
            let fields = ["FYXH", "FYMC", "FYDJ", "FYSL", "ZJJE", "FPHM", "FYXM"].map(at);
            charge(&mut face, &at("JLXH"), &fields.each_ref().map(String::as_str));
            face.time(Kind::Charge, &at("JLXH"), CHARGED, &at("FYRQ"));
        }
        for row in rows("phis.medTechService", "queryLabItems") {
            result(
                &mut face,
                &["TMH", "XMDM", "XMMC", "JYJG", "JYDW", "CKFW", "YCTS"].map(|key| text(&row[key])),
            );
        }
    }
}

/// A JSON value as text.
pub(super) fn text(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| if value.is_null() { String::new() } else { value.to_string() }, str::to_owned)
}
