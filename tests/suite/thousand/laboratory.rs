//! The laboratory's own faces: its pages, and what it tells an analyser.

use super::facts::{ANALYSED, COLLECTED, Face, Facts, Kind, ORDERED, VERIFIED, date, flag, sex};
use super::people::Person;
use super::stage::{Line, Stage};
use super::web::{cells, form, tables};

pub(super) const PAGES: &str = "pages of the LIS";
pub(super) const ASTM: &str = "ASTM";

/// Specimens of each patient whose pages are opened, and that an analyser asks for: the newest.
pub(super) const OPENED: usize = 2;

/// Tells what the laboratory's pages show.
pub(super) fn pages(stage: &Stage, people: &[Person], facts: &mut Facts) {
    let account = stage.account("lis");
    let login = form(&[("txtUser", &account.name), ("txtPwd", &account.password)]);
    let cookie = stage.http("lis", 80, &super::web::post("/Login.aspx", "", &login)).cookie(".LISAUTH");
    let mut face = facts.face(PAGES);
    for specimen in people.iter().flat_map(|person| person.specimens.iter().take(OPENED)) {
        let path = format!("/Analysis/Result.aspx?bc={specimen}");
        let page = stage.http("lis", 80, &super::web::get(&path, &cookie)).text();
        card(&mut face, specimen, &page);
        let table = tables(&page).next().unwrap();
        for row in table.lines().filter(|row| row.starts_with("<tr><td>")) {
            let value = row.split("value=\"").nth(1).unwrap().split('"').next().unwrap();
            if value.is_empty() {
                continue;
            }
            let cells = cells(row);
            let id = format!("{specimen} {}", cells[1]);
            let value = super::web::plain(value);
            let fields = [("name", &cells[2]), ("value", &value), ("unit", &cells[5]), ("range", &cells[6])];
            face.texts(Kind::Result, &id, &fields);
            face.tell(Kind::Result, &id, "flag", flag(&cells[4]));
        }
    }
}

/// The head of a specimen's page.
fn card(face: &mut Face<'_>, specimen: &str, page: &str) {
    let card = page.split("<div class=\"card\">").nth(1).unwrap().split("</div>").next().unwrap();
    let text = super::web::plain(&card.replace("<br />", "　"));
    let field = |name: &str| {
        let found = text.split('　').find_map(|part| part.strip_prefix(&format!("{name}：")));
        found.unwrap_or_else(|| panic!("no {name}: {text}")).to_owned()
    };
    let (mrn, order) = (field("病历号"), field("申请单号"));
    assert_eq!(field("条码号"), specimen);
    face.tell(Kind::Patient, &mrn, "name", field("姓名"));
    face.tell(Kind::Patient, &mrn, "sex", sex(&field("性别")));
    let fields = [
        ("patient", mrn),
        ("order", order.clone()),
        ("kind", field("标本")),
        ("verifier's name", field("审核者")),
    ];
    face.texts(Kind::Specimen, specimen, &fields);
    let fields = [
        ("name", field("检验项目")),
        ("department's name", field("科室")),
        ("physician's name", field("申请医生")),
    ];
    face.texts(Kind::Order, &order, &fields);
    face.time(Kind::Order, &order, ORDERED, &field("申请时间"));
    let times = [(COLLECTED, "采集时间"), (ANALYSED, "检验时间"), (VERIFIED, "审核时间")];
    for (times, name) in times {
        face.time(Kind::Specimen, specimen, times, &field(name));
    }
}

/// Tells what an analyser is told that asks for specimens.
pub(super) fn astm(stage: &Stage, people: &[Person], facts: &mut Facts) {
    let mut face = facts.face(ASTM);
    let mut line = stage.connect("lis", 4010);
    for person in people.iter().filter(|person| !person.specimens.is_empty()) {
        let wanted: Vec<&str> = person.specimens.iter().take(OPENED).map(String::as_str).collect();
        let answer = query(&mut line, &wanted.join("\\"));
        let mut specimen = String::new();
        for record in answer.split('\r') {
            let fields: Vec<&str> = record.split('|').collect();
            let at = |number: usize| fields.get(number - 1).copied().unwrap_or_default();
            match fields[0] {
                "P" => patient(&mut face, &fields),
                "O" => {
                    specimen = at(3).split('^').next().unwrap().to_owned();
                    face.tell(Kind::Specimen, &specimen, "patient", &person.mrn);
                }
                "R" => {
                    let item = at(3).trim_start_matches('^').split('^').next().unwrap();
                    let id = format!("{specimen} {item}");
                    let unit = at(5).replace("&S&", "^");
                    face.texts(Kind::Result, &id, &[("value", at(4)), ("unit", &unit), ("range", at(6))]);
                    face.tell(Kind::Result, &id, "flag", flag(at(7)));
                }
                _ => {}
            }
        }
    }
}

fn patient(face: &mut Face<'_>, p: &[&str]) {
    let at = |number: usize| p.get(number - 1).copied().unwrap_or_default();
    face.tell(Kind::Patient, at(5), "name", at(6).trim_matches('^'));
    face.tell(Kind::Patient, at(5), "sex", sex(at(9)));
    face.tell(Kind::Patient, at(5), "born", date(at(8)));
}

/// Asks for the results of specimens, and takes the call back.
fn query(line: &mut Line, specimens: &str) -> String {
    let records = [
        "H|\\^&|||XN-550^1|||||||P|E1394-97".to_owned(),
        format!("Q|1|{specimens}||ALL||||||||F"),
        "L|1|N".to_owned(),
    ];
    assert_eq!(line.exchange(b"\x05"), b"\x06");
    for (number, record) in (1_u8..).zip(&records) {
        assert_eq!(line.exchange(&crate::senders::frame(number % 8, record)), b"\x06");
    }
    let mut said = line.exchange(b"\x04");
    let mut text = Vec::new();
    while said != b"\x04" {
        if said != b"\x05" {
            let end = said.iter().rposition(|b| matches!(b, 0x03 | 0x17)).expect("a frame");
            text.extend_from_slice(&said[2..end]);
        }
        said = line.exchange(b"\x06");
    }
    encoding_rs::GB18030.decode(&text).0.into_owned()
}
