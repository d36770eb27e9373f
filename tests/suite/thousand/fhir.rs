//! The clinical data repository: all of a patient in one bundle.

use serde_json::Value;

use super::facts::{COLLECTED, ENDED, Face, Facts, Kind, ORDERED, STARTED, VERIFIED, date, flag, sex};
use super::people::Person;
use super::stage::Stage;
use super::web::{get, text};

pub(super) const FHIR: &str = "FHIR";

/// Tells what the repository holds of them.
pub(super) fn of(stage: &Stage, people: &[Person], facts: &mut Facts) {
    let mut face = facts.face(FHIR);
    for person in people {
        let path = format!("/fhir/Patient/pat-{}/$everything", person.mrn);
        let bundle = stage.http("cdr", 8080, &get(&path, "")).text();
        let bundle: Value = serde_json::from_str(&quoted(&bundle)).unwrap();
        for entry in bundle["entry"].as_array().unwrap() {
            let one = &entry["resource"];
            match one["resourceType"].as_str().unwrap() {
                "Patient" => patient(&mut face, one),
                "Encounter" => visit(&mut face, one),
                "ServiceRequest" => order(&mut face, one),
                "ImagingStudy" => study(&mut face, one),
                "Observation" => result(&mut face, one),
                "DiagnosticReport" => report(&mut face, one),
                other => panic!("a {other}"),
            }
        }
    }
}

/// Decimals as texts: the zeros at their end count (FHIR R4 2.24.0.1).
fn quoted(json: &str) -> String {
    let mut parts = json.split("\"value\": ");
    let mut out = parts.next().unwrap().to_owned();
    for part in parts {
        let end = part.find(|c: char| !c.is_ascii_digit() && c != '.' && c != '-').unwrap();
        let (number, rest) = part.split_at(end);
        out.push_str("\"value\": ");
        out.push_str(&if number.is_empty() { String::new() } else { format!("\"{number}\"") });
        out.push_str(rest);
    }
    out
}

fn patient(face: &mut Face<'_>, one: &Value) {
    let mrn = text(&one["identifier"][0]["value"]);
    let fields = [
        ("name", &one["name"][0]["text"]),
        ("resident id", &one["identifier"][1]["value"]),
        ("phone", &one["telecom"][0]["value"]),
        ("address", &one["address"][0]["text"]),
        ("ethnicity", &one["extension"][0]["valueString"]),
    ];
    face.texts(Kind::Patient, &mrn, &fields.map(|(field, value)| (field, text(value))));
    face.tell(Kind::Patient, &mrn, "sex", sex(&text(&one["gender"])));
    face.tell(Kind::Patient, &mrn, "born", date(&text(&one["birthDate"])));
}

/// What a reference names, without the letters that make it unique.
fn named(reference: &Value) -> String {
    let place = text(&reference["reference"]);
    let id = place.rsplit('/').next().unwrap_or_default();
    let bare = ["pat-", "stf-", "dept-"].iter().find_map(|prefix| id.strip_prefix(prefix));
    bare.unwrap_or(id).to_owned()
}

fn visit(face: &mut Face<'_>, one: &Value) {
    let number = text(&one["id"]);
    let attending = &one["participant"][0]["individual"];
    let reason = &one["reasonCode"][0]["coding"][0];
    let fields = [
        ("patient", named(&one["subject"])),
        ("department", named(&one["serviceProvider"])),
        ("physician", named(attending)),
        ("physician's name", text(&attending["display"])),
        ("department's name", text(&one["serviceProvider"]["display"])),
        ("ICD-10", text(&reason["code"])),
        ("diagnosis", text(&reason["display"])),
    ];
    face.texts(Kind::Visit, &number, &fields);
    face.time(Kind::Visit, &number, STARTED, &text(&one["period"]["start"]));
    face.time(Kind::Visit, &number, ENDED, &text(&one["period"]["end"]));
    if number.starts_with("ZY") {
        let bed = text(&one["location"][0]["location"]["display"]);
        face.tell(Kind::Visit, &number, "bed", bed.trim_end_matches('床'));
    }
}

fn order(face: &mut Face<'_>, one: &Value) {
    let placer = text(&one["id"]);
    let code = &one["code"]["coding"][0];
    let fields = [
        ("patient", named(&one["subject"])),
        ("visit", named(&one["encounter"])),
        ("filler", text(&one["identifier"][1]["value"])),
        ("physician", named(&one["requester"])),
        ("physician's name", text(&one["requester"]["display"])),
        ("code", text(&code["code"])),
        ("name", text(&code["display"])),
    ];
    face.texts(Kind::Order, &placer, &fields);
    face.time(Kind::Order, &placer, ORDERED, &text(&one["authoredOn"]));
    let specimen = &one["specimen"][0]["identifier"]["value"];
    let (field, number) = if specimen.is_null() {
        ("accession", &one["identifier"][2]["value"])
    } else {
        ("specimen", specimen)
    };
    face.tell(Kind::Order, &placer, field, text(number));
}

fn study(face: &mut Face<'_>, one: &Value) {
    let accession = text(&one["id"]);
    let fields = [
        ("patient", named(&one["subject"])),
        ("order", named(&one["basedOn"][0])),
        ("UID", text(&one["identifier"][0]["value"]).trim_start_matches("urn:oid:").to_owned()),
        ("modality", text(&one["modality"][0]["code"])),
        ("name", text(&one["description"])),
        ("series", text(&one["numberOfSeries"])),
        ("images", text(&one["numberOfInstances"])),
    ];
    face.texts(Kind::Study, &accession, &fields);
    face.time(Kind::Study, &accession, STARTED, &text(&one["started"]));
}

fn result(face: &mut Face<'_>, one: &Value) {
    let specimen = text(&one["specimen"]["identifier"]["value"]);
    let coding = &one["code"]["coding"];
    let id = format!("{specimen} {}", text(&coding[1]["code"]));
    let fields = [
        ("LOINC", text(&coding[0]["code"])),
        ("name", text(&coding[0]["display"])),
        ("range", text(&one["referenceRange"][0]["text"])),
    ];
    face.texts(Kind::Result, &id, &fields);
    let quantity = &one["valueQuantity"];
    if quantity.is_null() {
        face.tell(Kind::Result, &id, "value", text(&one["valueString"]));
    } else {
        face.tell(Kind::Result, &id, "value", text(&quantity["value"]));
        face.tell(Kind::Result, &id, "unit", text(&quantity["unit"]));
    }
    face.tell(Kind::Result, &id, "flag", flag(&text(&one["interpretation"][0]["coding"][0]["code"])));
    face.tell(Kind::Specimen, &specimen, "patient", named(&one["subject"]));
    face.tell(Kind::Specimen, &specimen, "order", named(&one["basedOn"][0]));
    face.time(Kind::Specimen, &specimen, COLLECTED, &text(&one["effectiveDateTime"]));
    let verified = if one["status"] == "final" { text(&one["issued"]) } else { String::new() };
    face.time(Kind::Specimen, &specimen, VERIFIED, &verified);
    face.tell(Kind::Specimen, &specimen, "verifier's name", text(&one["performer"][0]["display"]));
}

fn report(face: &mut Face<'_>, one: &Value) {
    if one["category"][0]["coding"][0]["code"] != "RAD" {
        return;
    }
    use base64::Engine;
    let accession = text(&one["id"]);
    let findings = base64::prelude::BASE64_STANDARD.decode(text(&one["presentedForm"][0]["data"])).unwrap();
    face.tell(Kind::Study, &accession, "findings", String::from_utf8(findings).unwrap());
    face.tell(Kind::Study, &accession, "impression", text(&one["conclusion"]));
    face.tell(Kind::Study, &accession, "author's name", text(&one["performer"][0]["display"]));
}
