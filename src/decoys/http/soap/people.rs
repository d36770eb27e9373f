//! Patients, visits, orders and results of the world in the platform's documents: HL7 v3
//! PRPA_IN201306UV02 and PRPA_IN201308UV02, and the plain rows of its own requests.

use jiff::civil::Date;

use crate::decoys::http::engine::Ask;
use crate::decoys::http::xml::{Element, escaped};
use crate::event::observation::{MAX_IDS, RecordKind};
use crate::event::{Observation, Tainted};
use crate::session::Session;
use crate::world::{Patient, PatientFilter, Sex, View, VisitClass};

/// Most patients in one answer.
const MOST: usize = 100;
/// Days back that visits and orders reach.
const DAYS: u32 = 180;
/// OID arc of the hospital in its documents: an example arc that nobody owns.
const ROOT: &str = "2.16.156.10011.2.5.1.4";

/// What a plain request asks for.
pub(super) struct Wish {
    what: What,
    id: String,
    name: String,
}

/// Kinds of rows.
#[derive(Clone, Copy)]
enum What {
    Patients,
    Visits,
    Orders,
    Results,
}

/// Elements that carry a patient's number in the platforms' requests.
const ID_NAMES: [&str; 14] = [
    "PatientID",
    "PatientId",
    "patientId",
    "patient_id",
    "PATIENT_ID",
    "PatId",
    "patid",
    "mrn",
    "MRN",
    "CardNo",
    "cardNo",
    "IDCard",
    "VisitNo",
    "visitNo",
];
/// Elements that carry a name.
const NAME_NAMES: [&str; 6] = ["PatientName", "patientName", "Name", "name", "NAME", "PATIENT_NAME"];

/// Reads a plain request; `None` when it names neither a patient nor a service that is known.
pub(super) fn wish(action: &str, root: &Element) -> Option<Wish> {
    let first = |names: &[&str]| {
        let texts = names.iter().filter_map(|name| root.find(name)).map(|found| found.text.trim().to_owned());
        texts.into_iter().find(|text| !text.is_empty()).unwrap_or_default()
    };
    let (id, name) = (first(&ID_NAMES), first(&NAME_NAMES));
    if id.is_empty() && name.is_empty() {
        return None;
    }
    let named = format!("{action} {}", root.name).to_lowercase();
    let holds = |words: &[&str]| words.iter().any(|word| named.contains(word));
    let what = if holds(&["lab", "result", "report", "检验", "结果"]) {
        What::Results
    } else if holds(&["order", "医嘱", "申请"]) {
        What::Orders
    } else if holds(&["visit", "encounter", "inpatient", "就诊", "住院"]) {
        What::Visits
    } else {
        What::Patients
    };
    Some(Wish { what, id, name })
}

/// The rows of a plain answer.
pub(super) fn rows(ask: &Ask<'_>, wish: &Wish) -> String {
    let view = ask.session.world().at(ask.now);
    let asked = format!("id={} name={}", wish.id, wish.name);
    let found = search(&view, ask.session, std::slice::from_ref(&wish.id), &wish.name, None);
    queried(ask.session, &asked, &found, false);
    match wish.what {
        What::Patients => found.iter().map(|patient| patient_row(&view, patient)).collect(),
        What::Visits => found.iter().map(|patient| visit_rows(&view, ask.session, patient)).collect(),
        What::Orders => found.iter().map(|patient| order_rows(&view, ask.session, patient)).collect(),
        What::Results => found.iter().map(|patient| result_rows(&view, ask.session, patient)).collect(),
    }
}

fn row(name: &str, fields: &[(&str, String)]) -> String {
    let inside: String =
        fields.iter().map(|(field, value)| format!("<{field}>{}</{field}>", escaped(value))).collect();
    format!("<{name}>{inside}</{name}>")
}

fn patient_row(_view: &View, patient: &Patient) -> String {
    row(
        "Patient",
        &[
            ("PatientID", patient.mrn.clone()),
            ("Name", patient.name.chinese()),
            ("Sex", if patient.sex == Sex::M { "1" } else { "2" }.to_owned()),
            ("BirthDate", patient.born.to_string()),
            ("IDCard", patient.resident_id_masked.clone()),
            ("Phone", patient.phone.clone()),
            ("Address", patient.address.clone()),
            ("Nation", patient.ethnicity.clone()),
        ],
    )
}

fn visit_rows(view: &View, session: &Session, patient: &Patient) -> String {
    let visits = view.encounters_of(patient.no, DAYS);
    read(session, RecordKind::Encounter, visits.iter().map(|visit| visit.number.clone()).collect());
    let shown = visits.iter().map(|visit| {
        let class = match visit.class {
            VisitClass::Outpatient => "门诊",
            VisitClass::Emergency => "急诊",
            VisitClass::Inpatient => "住院",
        };
        row(
            "Visit",
            &[
                ("VisitNo", visit.number.clone()),
                ("PatientID", patient.mrn.clone()),
                ("VisitType", class.to_owned()),
                ("DeptCode", visit.department.clone()),
                ("DeptName", view.department(&visit.department).map(|d| d.name).unwrap_or_default()),
                ("DoctorCode", visit.physician.clone()),
                ("DoctorName", staff(view, &visit.physician)),
                ("VisitTime", time(view, visit.started)),
                ("LeaveTime", visit.ended.map(|at| time(view, at)).unwrap_or_default()),
                ("BedNo", visit.bed.clone().unwrap_or_default()),
                ("DiagCode", visit.diagnosis.icd10.clone()),
                ("DiagName", visit.diagnosis.name.clone()),
            ],
        )
    });
    shown.collect()
}

fn order_rows(view: &View, session: &Session, patient: &Patient) -> String {
    let orders = view.orders_of(patient.no, DAYS);
    read(session, RecordKind::Order, orders.iter().map(|order| order.placer.clone()).collect());
    let shown = orders.iter().map(|order| {
        row(
            "Order",
            &[
                ("OrderNo", order.placer.clone()),
                ("FillerNo", order.filler.clone()),
                ("VisitNo", order.encounter.clone()),
                ("ItemCode", order.code.clone()),
                ("ItemName", order.name.clone()),
                ("DoctorCode", order.physician.clone()),
                ("DoctorName", staff(view, &order.physician)),
                ("OrderTime", time(view, order.ordered)),
                ("AccessionNo", order.accession.clone().unwrap_or_default()),
                ("Barcode", order.specimen.clone().unwrap_or_default()),
            ],
        )
    });
    shown.collect()
}

fn result_rows(view: &View, session: &Session, patient: &Patient) -> String {
    let orders = view.lab_orders_of(patient.no, DAYS);
    let orders: Vec<_> = orders.into_iter().map(|order| session.with_written(order)).collect();
    read(session, RecordKind::LabResult, orders.iter().map(|order| order.specimen.clone()).collect());
    let mut out = String::new();
    for order in &orders {
        for result in &order.results {
            out.push_str(&row(
                "Result",
                &[
                    ("Barcode", order.specimen.clone()),
                    ("OrderNo", order.order.clone()),
                    ("ItemCode", result.item.code.to_owned()),
                    ("ItemName", result.item.name.to_owned()),
                    ("Result", result.value.clone()),
                    ("Unit", result.item.unit.to_owned()),
                    ("RefRange", result.range.clone()),
                    ("Flag", format!("{:?}", result.flag)),
                    ("ReportTime", order.verified.map(|at| time(view, at)).unwrap_or_default()),
                ],
            ));
        }
    }
    out
}

fn staff(view: &View, number: &str) -> String {
    view.staff_member(number).map(|staff| staff.name.chinese()).unwrap_or_default()
}

fn time(view: &View, at: jiff::Timestamp) -> String {
    view.local(at).strftime("%Y-%m-%d %H:%M:%S").to_string()
}

fn search(view: &View, session: &Session, ids: &[String], name: &str, born: Option<Date>) -> Vec<Patient> {
    let ids: Vec<&String> = ids.iter().filter(|id| !id.is_empty()).collect();
    if !ids.is_empty() {
        return ids.iter().take(MOST).filter_map(|id| known(view, session, id)).collect();
    }
    if name.is_empty() && born.is_none() {
        return Vec::new();
    }
    let name = (!name.is_empty()).then(|| name.replace('%', "*"));
    view.patients(&PatientFilter { name, born, limit: Some(MOST) })
}

fn known(view: &View, session: &Session, id: &str) -> Option<Patient> {
    session
        .patient(view, id)
        .or_else(|| view.patient_by_resident_id(id))
        .or_else(|| view.encounter(id).and_then(|visit| view.patient(visit.patient)))
        .or_else(|| view.order(id).and_then(|order| view.patient(order.patient)))
}

fn queried(session: &Session, asked: &str, found: &[Patient], unbounded: bool) {
    session.emit(Observation::Query {
        subject: RecordKind::Patient,
        filter: Tainted::new(asked.to_owned()),
        answers: u32::try_from(found.len()).unwrap_or(u32::MAX),
        unbounded,
        detail: None,
    });
    read(session, RecordKind::Patient, found.iter().map(|patient| patient.mrn.clone()).collect());
}

fn read(session: &Session, subject: RecordKind, ids: Vec<String>) {
    if !ids.is_empty() {
        let count = u32::try_from(ids.len()).unwrap_or(u32::MAX);
        session.emit(Observation::RecordRead {
            subject,
            count,
            ids: ids.into_iter().take(MAX_IDS).collect(),
        });
    }
}

/// PRPA_IN201305UV02 → PRPA_IN201306UV02: patients by id, name and birth date.
pub(super) fn candidates(ask: &Ask<'_>, root: &Element) -> String {
    respond(ask, root, "PRPA_IN201306UV02", "PRPA_TE201306UV02")
}

/// PRPA_IN201307UV02 → PRPA_IN201308UV02: one patient by id.
pub(super) fn demographics(ask: &Ask<'_>, root: &Element) -> String {
    respond(ask, root, "PRPA_IN201308UV02", "PRPA_TE201308UV02")
}

fn respond(ask: &Ask<'_>, root: &Element, kind: &str, trigger: &str) -> String {
    let view = ask.session.world().at(ask.now);
    let value = |parameter: &str, attribute: &str| -> Vec<String> {
        let found = root.all(parameter).into_iter().filter_map(|one| one.child("value"));
        found.map(|value| value.attribute(attribute).to_owned()).filter(|text| !text.is_empty()).collect()
    };
    let mut ids = value("livingSubjectId", "extension");
    ids.extend(value("patientIdentifier", "extension"));
    let name = root.find("livingSubjectName").and_then(|one| one.child("value"));
    let name = name.map(|value| {
        let parts = [value.text.trim(), part(value, "family"), part(value, "given")];
        parts.concat()
    });
    let born = value("livingSubjectBirthTime", "value").first().and_then(|text| compact_date(text));
    let name = name.unwrap_or_default();
    let found = search(&view, ask.session, &ids, &name, born);
    let asked = format!("id={} name={name}", ids.join(","));
    let unbounded = ids.is_empty() && born.is_none() && name.chars().all(|c| matches!(c, '*' | '%'));
    queried(ask.session, &asked, &found, unbounded);
    let subjects: String = found.iter().map(subject).collect();
    let status = if found.is_empty() { "NF" } else { "OK" };
    let query = root.find("queryByParameter").and_then(|query| query.child("queryId"));
    let query_id = query.map(|id| id.attribute("extension").to_owned()).unwrap_or_default();
    format!(
        "{}<controlActProcess classCode=\"CACT\" moodCode=\"EVN\"><code code=\"{trigger}\" codeSystem=\"2.16.840.1.113883.1.6\"/>{subjects}<queryAck><queryId root=\"{ROOT}.9\" extension=\"{}\"/><queryResponseCode code=\"{status}\"/><resultTotalQuantity value=\"{count}\"/><resultCurrentQuantity value=\"{count}\"/><resultRemainingQuantity value=\"0\"/></queryAck></controlActProcess></{kind}>",
        opening(ask, root, kind),
        escaped_attribute(&query_id),
        count = found.len(),
    )
}

fn part<'a>(value: &'a Element, name: &str) -> &'a str {
    value.child(name).map(|part| part.text.trim()).unwrap_or_default()
}

fn subject(patient: &Patient) -> String {
    let sex = if patient.sex == Sex::M { ("1", "男性") } else { ("2", "女性") };
    format!(
        "<subject typeCode=\"SUBJ\"><registrationEvent classCode=\"REG\" moodCode=\"EVN\"><statusCode code=\"active\"/><subject1 typeCode=\"SBJ\"><patient classCode=\"PAT\"><id root=\"{ROOT}.4\" extension=\"{}\"/><statusCode code=\"active\"/><patientPerson classCode=\"PSN\" determinerCode=\"INSTANCE\"><id root=\"2.16.156.10011.1.3\" extension=\"{}\"/><name use=\"L\">{}</name><telecom value=\"tel:{}\"/><administrativeGenderCode code=\"{}\" codeSystem=\"2.16.156.10011.2.3.3.4\" displayName=\"{}\"/><birthTime value=\"{}\"/><addr use=\"H\">{}</addr><ethnicGroupCode displayName=\"{}\"/></patientPerson></patient></subject1></registrationEvent></subject>",
        escaped_attribute(&patient.mrn),
        escaped_attribute(&patient.resident_id_masked),
        escaped(&patient.name.chinese()),
        escaped_attribute(&patient.phone),
        sex.0,
        sex.1,
        patient.born.strftime("%Y%m%d"),
        escaped(&patient.address),
        escaped_attribute(&patient.ethnicity),
    )
}

/// The transmission wrapper: sender and receiver swapped, and the acknowledgement.
fn opening(ask: &Ask<'_>, root: &Element, kind: &str) -> String {
    let view = ask.session.world().at(ask.now);
    let time = view.local(ask.now).strftime("%Y%m%d%H%M%S").to_string();
    let device = |role: &str| {
        let id = root.child(role).and_then(|role| role.find("id"));
        id.map(|id| id.attribute("extension").to_owned()).unwrap_or_default()
    };
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><{kind} xmlns=\"urn:hl7-org:v3\" ITSVersion=\"XML_1.0\"><id root=\"{ROOT}.1\" extension=\"{time}{:04}\"/><creationTime value=\"{time}\"/><interactionId root=\"2.16.840.1.113883.1.6\" extension=\"{kind}\"/><processingCode code=\"P\"/><processingModeCode code=\"T\"/><acceptAckCode code=\"NE\"/><receiver typeCode=\"RCV\"><device classCode=\"DEV\" determinerCode=\"INSTANCE\"><id extension=\"{}\"/></device></receiver><sender typeCode=\"SND\"><device classCode=\"DEV\" determinerCode=\"INSTANCE\"><id extension=\"{}\"/></device></sender><acknowledgement typeCode=\"AA\"><targetMessage><id root=\"{ROOT}.1\" extension=\"{}\"/></targetMessage></acknowledgement>",
        ask.now.subsec_millisecond(),
        escaped_attribute(&device("sender")),
        escaped_attribute(&device("receiver")),
        escaped_attribute(&message_id(root)),
    )
}

/// MCCI_IN000002UV01: the message was taken.
pub(super) fn accepted(ask: &Ask<'_>, root: &Element) -> String {
    format!("{}</MCCI_IN000002UV01>", opening(ask, root, "MCCI_IN000002UV01"))
}

/// The message's own id.
pub(super) fn message_id(root: &Element) -> String {
    root.child("id").map(|id| id.attribute("extension").to_owned()).unwrap_or_default()
}

fn escaped_attribute(text: &str) -> String {
    escaped(text).replace('"', "&quot;")
}

fn compact_date(text: &str) -> Option<Date> {
    let part = |from: usize, to: usize| text.get(from..to)?.parse::<i16>().ok();
    let small = |from, to| part(from, to).and_then(|n| i8::try_from(n).ok());
    Date::new(part(0, 4)?, small(4, 6)?, small(6, 8)?).ok()
}
