//! The engines of the information system and the laboratory: queries over MLLP.

use super::facts::{
    ANALYSED, COLLECTED, ENDED, Face, Facts, Kind, ORDERED, STARTED, VERIFIED, date, flag, sex,
};
use super::people::{DAYS, Person};
use super::stage::{Line, Stage};
use crate::senders::segments;

pub(super) const HIS: &str = "HL7 of the HIS";
pub(super) const LIS: &str = "HL7 of the LIS";

/// Tells what the engine of a host answers about them.
pub(super) fn of(stage: &Stage, host: &str, name: &'static str, people: &[Person], facts: &mut Facts) {
    let mut line = stage.connect(host, 2575);
    let view = stage.view();
    let from = view.local(view.now()).date().checked_sub(jiff::Span::new().days(i64::from(DAYS))).unwrap();
    let mut face = facts.face(name);
    for person in people {
        let answer = ask(&mut line, "A19", &person.mrn, "DEM", "");
        demographics(&mut face, &answer);
        let period = format!("|{}", from.strftime("%Y%m%d"));
        let answer = ask(&mut line, "R02", &person.mrn, "RES", &period);
        results(&mut face, &answer, &person.mrn);
    }
}

fn ask(line: &mut Line, kind: &str, of: &str, what: &str, period: &str) -> String {
    let message = format!(
        "MSH|^~\\&|INTEG|CLZX|HIS|CLZX|20260101080000||QRY^{kind}|Q{of}|P|2.4||||||UNICODE UTF-8\r\
         QRD|20260101080000|R|I|Q{of}|||99^RD|{of}|{what}\rQRF|HIS{period}\r"
    );
    let answer = line.exchange(&[b"\x0b", message.as_bytes(), b"\x1c\r"].concat());
    let text = String::from_utf8(answer).unwrap();
    let text = text.strip_prefix('\x0b').and_then(|text| text.strip_suffix("\x1c\r"));
    let text = text.unwrap_or_else(|| panic!("{kind} {of}: no frame")).to_owned();
    assert!(text.contains("\rMSA|AA|"), "{text}");
    text
}

/// PID, and PV1 of visits that the answer names.
fn demographics(face: &mut Face<'_>, answer: &str) {
    let pid = &segments(answer, "PID")[0];
    let at = |number: usize| pid.get(number).copied().unwrap_or_default();
    let mrn = at(3).split('^').next().unwrap();
    let resident = at(3).split('~').nth(1).unwrap_or_default().split('^').next().unwrap();
    let phone: Vec<&str> = at(13).split('^').collect();
    let phone = match phone.get(5).copied().unwrap_or_default() {
        "" => phone[6].to_owned(),
        area => format!("{area}-{}", phone[6]),
    };
    let name = at(5).split('^').next().unwrap();
    face.texts(
        Kind::Patient,
        mrn,
        &[
            ("name", name),
            ("resident id", resident),
            ("phone", &phone),
            ("address", at(11)),
            ("ethnicity", at(22)),
        ],
    );
    face.tell(Kind::Patient, mrn, "sex", sex(at(8)));
    face.tell(Kind::Patient, mrn, "born", date(at(7)));
    for pv1 in segments(answer, "PV1") {
        let at = |number: usize| pv1.get(number).copied().unwrap_or_default();
        let [physician, name] = person(at(7));
        face.texts(
            Kind::Visit,
            at(19),
            &[("patient", mrn), ("department", at(10)), ("physician", physician), ("physician's name", name)],
        );
        face.time(Kind::Visit, at(19), STARTED, at(44));
        face.time(Kind::Visit, at(19), ENDED, at(45));
    }
}

/// OBR and its OBX.
fn results(face: &mut Face<'_>, answer: &str, mrn: &str) {
    let mut under = String::new();
    let mut laboratory = true;
    for line in answer.split('\r') {
        let fields: Vec<&str> = line.split('|').collect();
        let at = |number: usize| fields.get(number).copied().unwrap_or_default();
        match fields[0] {
            "OBR" => {
                under = at(18).to_owned();
                laboratory = at(24) == "LAB";
                if laboratory { specimen(face, &fields, mrn) } else { study(face, &fields, mrn) }
            }
            "OBX" if laboratory => result(face, &under, &fields),
            "OBX" => {
                let field = if at(3).starts_with("18782-3") { "findings" } else { "impression" };
                let text = at(5).replace("\\X0A\\", "\n").replace("\\.br\\", "\n");
                face.tell(Kind::Study, &under, field, unescaped(&text));
            }
            _ => {}
        }
    }
}

fn specimen(face: &mut Face<'_>, obr: &[&str], mrn: &str) {
    let at = |number: usize| obr.get(number).copied().unwrap_or_default();
    let (id, service): (&str, Vec<&str>) = (at(18), at(4).split('^').collect());
    face.texts(Kind::Specimen, id, &[("patient", mrn), ("order", at(2)), ("kind", at(15))]);
    face.texts(
        Kind::Order,
        at(2),
        &[("filler", at(3)), ("code", service[0]), ("name", service[1]), ("specimen", id)],
    );
    face.time(Kind::Order, at(2), ORDERED, at(6));
    face.time(Kind::Specimen, id, COLLECTED, at(7));
    let verified = if at(25) == "F" { at(22) } else { "" };
    face.time(Kind::Specimen, id, VERIFIED, verified);
    let [_, name] = person(at(32));
    face.tell(Kind::Specimen, id, "verifier's name", name);
}

fn result(face: &mut Face<'_>, specimen: &str, obx: &[&str]) {
    let at = |number: usize| obx.get(number).copied().unwrap_or_default();
    let item: Vec<&str> = at(3).split('^').collect();
    let id = format!("{specimen} {}", item[3]);
    let (unit, range) = (unescaped(at(6)), unescaped(at(7)));
    face.texts(
        Kind::Result,
        &id,
        &[
            ("LOINC", item[0]),
            ("name", item[1]),
            ("value", &unescaped(at(5))),
            ("unit", &unit),
            ("range", &range),
        ],
    );
    face.tell(Kind::Result, &id, "flag", flag(at(8)));
    face.time(Kind::Specimen, specimen, ANALYSED, at(14));
}

fn study(face: &mut Face<'_>, obr: &[&str], mrn: &str) {
    let at = |number: usize| obr.get(number).copied().unwrap_or_default();
    let service: Vec<&str> = at(4).split('^').collect();
    let fields = [("patient", mrn), ("order", at(2)), ("modality", service[0]), ("name", service[1])];
    face.texts(Kind::Study, at(18), &fields);
    face.time(Kind::Study, at(18), STARTED, at(7));
}

/// Number and name of an XCN.
fn person(field: &str) -> [&str; 2] {
    let mut parts = field.split('^');
    [parts.next().unwrap_or_default(), parts.next().unwrap_or_default()]
}

fn unescaped(text: &str) -> String {
    let marks = [("\\S\\", "^"), ("\\T\\", "&"), ("\\F\\", "|"), ("\\R\\", "~"), ("\\E\\", "\\")];
    marks.iter().fold(text.to_owned(), |text, (mark, plain)| text.replace(mark, plain))
}
