//! The integration platform's web service: plain requests and HL7 v3.

use super::facts::{ENDED, Facts, Kind, ORDERED, STARTED, VERIFIED, date, flag, sex};
use super::people::Person;
use super::stage::Stage;
use super::web::plain;

pub(super) const SOAP: &str = "SOAP";

/// Tells what the platform answers about them.
pub(super) fn of(stage: &Stage, people: &[Person], facts: &mut Facts) {
    let mut face = facts.face(SOAP);
    for person in people {
        let id = format!("<Request><PatientID>{}</PatientID></Request>", person.mrn);
        for row in rows(&ask(stage, "PatientQuery", &id), "Patient") {
            let at = |name: &str| field(&row, name);
            let fields = [
                ("name", "Name"),
                ("resident id", "IDCard"),
                ("phone", "Phone"),
                ("address", "Address"),
                ("ethnicity", "Nation"),
            ];
            face.texts(Kind::Patient, &at("PatientID"), &fields.map(|(name, of)| (name, at(of))));
            face.tell(Kind::Patient, &at("PatientID"), "sex", sex(&at("Sex")));
            face.tell(Kind::Patient, &at("PatientID"), "born", date(&at("BirthDate")));
        }
        for row in rows(&ask(stage, "VisitQuery", &id), "Visit") {
            let at = |name: &str| field(&row, name);
            let fields = [
                ("patient", "PatientID"),
                ("department", "DeptCode"),
                ("department's name", "DeptName"),
                ("physician", "DoctorCode"),
                ("physician's name", "DoctorName"),
                ("ICD-10", "DiagCode"),
                ("diagnosis", "DiagName"),
            ];
            let number = at("VisitNo");
            face.texts(Kind::Visit, &number, &fields.map(|(name, of)| (name, at(of))));
            face.time(Kind::Visit, &number, STARTED, &at("VisitTime"));
            face.time(Kind::Visit, &number, ENDED, &at("LeaveTime"));
            if number.starts_with("ZY") {
                face.tell(Kind::Visit, &number, "bed", at("BedNo"));
            }
        }
        for row in rows(&ask(stage, "OrderQuery", &id), "Order") {
            let at = |name: &str| field(&row, name);
            let fields = [
                ("filler", "FillerNo"),
                ("visit", "VisitNo"),
                ("code", "ItemCode"),
                ("name", "ItemName"),
                ("physician", "DoctorCode"),
                ("physician's name", "DoctorName"),
            ];
            face.texts(Kind::Order, &at("OrderNo"), &fields.map(|(name, of)| (name, at(of))));
            face.time(Kind::Order, &at("OrderNo"), ORDERED, &at("OrderTime"));
            let (name, of) =
                if at("Barcode").is_empty() { ("accession", "AccessionNo") } else { ("specimen", "Barcode") };
            face.tell(Kind::Order, &at("OrderNo"), name, at(of));
        }
        for row in results(&ask(stage, "LabResultQuery", &id)) {
            let at = |name: &str| field(&row, name);
            let id = format!("{} {}", at("Barcode"), at("ItemCode"));
            let fields = [("name", "ItemName"), ("value", "Result"), ("unit", "Unit"), ("range", "RefRange")];
            face.texts(Kind::Result, &id, &fields.map(|(name, of)| (name, at(of))));
            face.tell(Kind::Result, &id, "flag", flag(&at("Flag")));
            face.tell(Kind::Specimen, &at("Barcode"), "order", at("OrderNo"));
            face.time(Kind::Specimen, &at("Barcode"), VERIFIED, &at("ReportTime"));
        }
    }
}

/// The answer to a plain request, without its envelope.
fn ask(stage: &Stage, action: &str, message: &str) -> String {
    let message = message.replace('<', "&lt;").replace('>', "&gt;");
    let body = format!(
        "<e:Envelope xmlns:e=\"http://schemas.xmlsoap.org/soap/envelope/\" xmlns:g=\"http://goodwillcis.com\"><e:Body><g:HIPMessageServer><action>{action}</action><message>{message}</message></g:HIPMessageServer></e:Body></e:Envelope>"
    );
    let request = format!(
        "POST /services/HIPMessageServer HTTP/1.1\r\nHost: esb:8081\r\nContent-Type: text/xml\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    plain(&stage.http("esb", 8081, &request).text())
}

/// The rows of results: a row and its value have one name.
fn results(answer: &str) -> Vec<String> {
    answer.split("<Result><Barcode>").skip(1).map(|rest| format!("<Barcode>{rest}")).collect()
}

/// The rows of a name.
fn rows(answer: &str, name: &str) -> Vec<String> {
    let (from, to) = (format!("<{name}>"), format!("</{name}>"));
    answer.split(&from).skip(1).map(|rest| rest.split(&to).next().unwrap().to_owned()).collect()
}

/// A field of a row, unescaped.
fn field(row: &str, name: &str) -> String {
    rows(row, name).first().map(|text| plain(text)).unwrap_or_default()
}
