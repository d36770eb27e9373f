//! The hospital's records as resources, each with the moments at which it changed.

use jiff::Timestamp;
use sha2::{Digest, Sha256};

use super::node::{Node, Object};
use crate::world::{
    Encounter, Flag, ImagingReport, LabOrder, LabResult, Order, OrderKind, OrderState, Study, View,
    VisitClass,
};

/// Makes resources of what one view holds.
pub(crate) struct Maker<'a> {
    /// What the hospital knows.
    pub(crate) view: &'a View,
}

/// A resource with its version and when it was written.
#[derive(Debug, Clone)]
pub(crate) struct Held {
    /// The resource, its `meta` included.
    pub(crate) object: Object,
    /// `meta.versionId`.
    pub(crate) version: u32,
    /// `meta.lastUpdated`.
    pub(crate) updated: Timestamp,
}

impl Held {
    /// `Patient/pat-1`.
    pub(crate) fn place(&self) -> String {
        format!("{}/{}", self.object.kind(), self.object.str("id"))
    }
}

impl Maker<'_> {
    /// A naming system of the hospital.
    pub(crate) fn system(&self, of: &str) -> String {
        format!("http://fhir.{}/sid/{of}", self.view.hospital().domain)
    }

    /// Local date and time with its offset.
    pub(crate) fn moment(&self, at: Timestamp) -> String {
        let minutes = self.view.hospital().utc_offset_minutes;
        let sign = if minutes < 0 { '-' } else { '+' };
        let offset = format!("{sign}{:02}:{:02}", minutes.abs() / 60, minutes.abs() % 60);
        format!("{}{offset}", self.view.local(at).strftime("%Y-%m-%dT%H:%M:%S"))
    }

    fn moment_or_none(&self, at: Option<Timestamp>) -> String {
        at.map(|at| self.moment(at)).unwrap_or_default()
    }

    /// Adds `meta`: the server keeps versions, and the request that wrote each.
    /// The world's moments are whole seconds, which no clock of a server shows.
    pub(crate) fn held(&self, object: Object, version: u32, at: Timestamp) -> Held {
        let digest = Sha256::digest(format!("{}/{}/{version}", object.kind(), object.str("id")));
        let millisecond = i64::from(digest.first().copied().unwrap_or(0)) * 3;
        let updated = at.saturating_add(jiff::SignedDuration::from_millis(millisecond)).unwrap_or(at);
        self.held_at(object, version, updated)
    }

    /// The same with the exact moment.
    pub(crate) fn held_at(&self, object: Object, version: u32, updated: Timestamp) -> Held {
        let digest = Sha256::digest(format!("{}/{}/{version}", object.kind(), object.str("id")));
        let source: String = digest.iter().skip(1).take(16).map(|byte| alphanumeric(*byte)).collect();
        let minutes = self.view.hospital().utc_offset_minutes;
        let offset = format!("{:+03}:{:02}", minutes / 60, minutes.abs() % 60);
        let shown = format!("{}{offset}", self.view.local(updated).strftime("%Y-%m-%dT%H:%M:%S.%3f"));
        let meta = Object::new()
            .text("versionId", version.to_string())
            .text("lastUpdated", shown)
            .text("source", format!("#{source}"));
        Held { object: with_meta(object, meta), version, updated }
    }

    /// A visit.
    pub(crate) fn encounter(&self, visit: &Encounter) -> Object {
        let (code, display) = match visit.class {
            VisitClass::Outpatient => ("AMB", "ambulatory"),
            VisitClass::Emergency => ("EMER", "emergency"),
            VisitClass::Inpatient => ("IMP", "inpatient encounter"),
        };
        let class = Object::new()
            .text("system", "http://terminology.hl7.org/CodeSystem/v3-ActCode")
            .text("code", code)
            .text("display", display);
        let role =
            coded(&[("http://terminology.hl7.org/CodeSystem/v3-ParticipationType", "ATND", "attender")], "");
        let attending =
            Object::new().list("type", [role]).object("individual", self.staff_reference(&visit.physician));
        let period = Object::new()
            .text("start", self.moment(visit.started))
            .text("end", self.moment_or_none(visit.ended));
        let bed = visit
            .bed
            .as_ref()
            .map(|bed| Object::new().object("location", Object::new().text("display", format!("{bed}床"))));
        let patient = self.view.patient(visit.patient);
        Object::resource("Encounter")
            .text("id", visit.number.as_str())
            .list("identifier", [identifier(&self.system("visit"), &visit.number)])
            .text("status", if visit.ended.is_some() { "finished" } else { "in-progress" })
            .object("class", class)
            .object("subject", self.subject(patient.as_ref()))
            .list("participant", [attending])
            .object("period", period)
            .list("reasonCode", [self.diagnosis(&visit.diagnosis)])
            .list("location", bed)
            .object("serviceProvider", self.department_reference(&visit.department))
    }

    fn diagnosis(&self, diagnosis: &crate::world::Diagnosis) -> Object {
        let system = "http://hl7.org/fhir/sid/icd-10";
        coded(&[(system, &diagnosis.icd10, &diagnosis.name)], &diagnosis.name)
    }

    /// An order.
    pub(crate) fn service_request(&self, order: &Order) -> Object {
        let status = match order.state {
            OrderState::Ordered | OrderState::InProgress | OrderState::Performed => "active",
            OrderState::Verified => "completed",
            OrderState::Cancelled => "revoked",
        };
        let category = match order.kind {
            OrderKind::Imaging => ("http://snomed.info/sct", "363679005", "Imaging"),
            OrderKind::Laboratory => ("http://snomed.info/sct", "108252007", "Laboratory procedure"),
        };
        let placer = typed("", "PLAC", &self.system("placer"), &order.placer);
        let filler = typed("", "FILL", &self.system("filler"), &order.filler);
        let accession = order.accession.as_ref();
        let accession = accession.map(|number| typed("", "ACSN", &self.system("accession"), number));
        let barcode = order.specimen.as_ref().map(|specimen| {
            Object::new().object("identifier", identifier(&self.system("specimen"), specimen))
        });
        let patient = self.view.patient(order.patient);
        Object::resource("ServiceRequest")
            .text("id", order.placer.as_str())
            .list("identifier", [placer, filler].into_iter().chain(accession))
            .text("status", status)
            .text("intent", "order")
            .list("category", [coded(&[category], "")])
            .object("code", coded(&[(&self.system("service"), &order.code, &order.name)], &order.name))
            .object("subject", self.subject(patient.as_ref()))
            .object("encounter", reference("Encounter", &order.encounter))
            .text("authoredOn", self.moment(order.ordered))
            .object("requester", self.staff_reference(&order.physician))
            .list("specimen", barcode)
    }

    /// A study with its series.
    pub(crate) fn imaging_study(&self, study: &Study) -> Object {
        let system = "http://dicom.nema.org/resources/ontology/DCM";
        let modality = |code: &str| Object::new().text("system", system).text("code", code);
        let series = self.view.series(study);
        let instances: u32 = series.iter().map(|one| one.instances).sum();
        let shown = series.iter().map(|one| {
            Object::new()
                .text("uid", one.uid.as_str())
                .number("number", one.number)
                .object("modality", modality(one.modality))
                .text("description", one.description.as_str())
                .number("numberOfInstances", one.instances)
                .text("started", self.moment(one.started))
        });
        let patient = self.view.patient(study.patient);
        let order = self.view.order(&study.order);
        let encounter = order.map(|order| reference("Encounter", &order.encounter)).unwrap_or_default();
        Object::resource("ImagingStudy")
            .text("id", study.accession.as_str())
            .list(
                "identifier",
                [
                    identifier("urn:dicom:uid", &format!("urn:oid:{}", study.uid)),
                    identifier(&self.system("accession"), &study.accession),
                ],
            )
            .text("status", "available")
            .list("modality", [modality(study.modality.as_str())])
            .object("subject", self.subject(patient.as_ref()))
            .object("encounter", encounter)
            .text("started", self.moment(study.started))
            .list("basedOn", [reference("ServiceRequest", &study.order)])
            .object("referrer", self.staff_reference(&study.referring))
            .number("numberOfSeries", series.len())
            .number("numberOfInstances", instances)
            .text("description", study.description.as_str())
            .list("series", shown)
    }

    /// One result of a laboratory order.
    pub(crate) fn observation(&self, order: &LabOrder, result: &LabResult) -> Object {
        let item = result.item;
        let status = if order.verified.is_some() { "final" } else { "preliminary" };
        let (flag, meaning) = match result.flag {
            Flag::N => ("N", "Normal"),
            Flag::H => ("H", "High"),
            Flag::L => ("L", "Low"),
            Flag::A => ("A", "Abnormal"),
        };
        let interpretation = coded(
            &[("http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation", flag, meaning)],
            "",
        );
        let code = coded(
            &[("http://loinc.org", item.loinc, item.name), (&self.system("lab-item"), item.code, item.name)],
            item.name,
        );
        let patient = self.view.patient(order.patient);
        let encounter = self.encounter_of(&order.order);
        let object = Object::resource("Observation")
            .text("id", observation_id(order, result))
            .list("basedOn", [reference("ServiceRequest", &order.order)])
            .text("status", status)
            .list("category", [laboratory()])
            .object("code", code)
            .object("subject", self.subject(patient.as_ref()))
            .object("encounter", encounter)
            .text("effectiveDateTime", self.moment_or_none(order.collected))
            .text("issued", self.moment_or_none(order.verified.or(order.analysed)))
            .list("performer", order.verifier.as_ref().map(|number| self.staff_reference(number)));
        let ranged = (!result.range.is_empty()).then(|| Object::new().text("text", result.range.as_str()));
        valued(object, result)
            .list("interpretation", [interpretation])
            .object(
                "specimen",
                Object::new().object("identifier", identifier(&self.system("specimen"), &order.specimen)),
            )
            .list("referenceRange", ranged)
    }

    fn encounter_of(&self, order: &str) -> Object {
        self.view.order(order).map(|order| reference("Encounter", &order.encounter)).unwrap_or_default()
    }

    /// The report of a laboratory order.
    pub(crate) fn laboratory_report(&self, order: &LabOrder) -> Object {
        let status = if order.verified.is_some() { "final" } else { "preliminary" };
        let patient = self.view.patient(order.patient);
        let results = order.results.iter().map(|result| {
            reference("Observation", &observation_id(order, result)).text("display", result.item.name)
        });
        Object::resource("DiagnosticReport")
            .text("id", order.filler.as_str())
            .list("identifier", [identifier(&self.system("filler"), &order.filler)])
            .list("basedOn", [reference("ServiceRequest", &order.order)])
            .text("status", status)
            .list("category", [diagnostic("LAB", "Laboratory")])
            .object(
                "code",
                coded(&[(&self.system("service"), &order.panel, &order.panel_name)], &order.panel_name),
            )
            .object("subject", self.subject(patient.as_ref()))
            .object("encounter", self.encounter_of(&order.order))
            .text("effectiveDateTime", self.moment_or_none(order.collected))
            .text("issued", self.moment_or_none(order.verified.or(order.analysed)))
            .list("resultsInterpreter", order.verifier.as_ref().map(|number| self.staff_reference(number)))
            .list("result", results)
    }

    /// The report of a study.
    pub(crate) fn imaging_report(&self, study: &Study, report: &ImagingReport) -> Object {
        let status = if report.verified.is_some() { "final" } else { "preliminary" };
        let patient = self.view.patient(study.patient);
        let order = self.view.order(&study.order);
        let code = order.map(|order| order.code).unwrap_or_default();
        Object::resource("DiagnosticReport")
            .text("id", study.accession.as_str())
            .list("identifier", [identifier(&self.system("accession"), &study.accession)])
            .list("basedOn", [reference("ServiceRequest", &study.order)])
            .text("status", status)
            .list("category", [diagnostic("RAD", "Radiology")])
            .object(
                "code",
                coded(&[(&self.system("service"), &code, &study.description)], &study.description),
            )
            .object("subject", self.subject(patient.as_ref()))
            .object("encounter", self.encounter_of(&study.order))
            .text("effectiveDateTime", self.moment(study.started))
            .text("issued", self.moment(report.verified.unwrap_or(report.written)))
            .list("performer", [self.staff_reference(&report.author)])
            .list("resultsInterpreter", [self.staff_reference(&report.verifier)])
            .list("imagingStudy", [reference("ImagingStudy", &study.accession)])
            .text("conclusion", report.impression.as_str())
            .list(
                "presentedForm",
                [Object::new()
                    .text("contentType", "text/plain; charset=UTF-8")
                    .text("data", base64(&report.findings))],
            )
    }
}

fn base64(text: &str) -> String {
    use base64::Engine;
    base64::prelude::BASE64_STANDARD.encode(text)
}

fn alphanumeric(byte: u8) -> char {
    const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    LETTERS.get(usize::from(byte) % LETTERS.len()).map_or('0', |letter| char::from(*letter))
}

/// `meta` stands behind the id.
fn with_meta(object: Object, meta: Object) -> Object {
    let mut members = object.0;
    let at = members.iter().position(|(name, _)| name == "id").map_or(0, |at| at + 1);
    members.insert(at.min(members.len()), ("meta".into(), Node::Object(meta)));
    Object(members)
}

/// The logical id of a result: specimen and LOINC.
pub(crate) fn observation_id(order: &LabOrder, result: &LabResult) -> String {
    format!("{}-{}", order.specimen, result.item.loinc)
}

fn valued(object: Object, result: &LabResult) -> Object {
    let plain = !result.value.is_empty() && result.value.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    if !plain {
        return object.text("valueString", result.value.as_str());
    }
    let quantity =
        Object::new().with("value", Node::Number(result.value.clone())).text("unit", result.item.unit);
    object.object("valueQuantity", quantity)
}

fn laboratory() -> Object {
    coded(&[("http://terminology.hl7.org/CodeSystem/observation-category", "laboratory", "Laboratory")], "")
}

fn diagnostic(code: &str, name: &str) -> Object {
    coded(&[("http://terminology.hl7.org/CodeSystem/v2-0074", code, name)], "")
}

/// A CodeableConcept: system, code and display of each coding.
pub(crate) fn coded(codings: &[(&str, &str, &str)], text: &str) -> Object {
    let codings = codings.iter().map(|(system, code, display)| {
        Object::new().text("system", *system).text("code", *code).text("display", *display)
    });
    Object::new().list("coding", codings).text("text", text)
}

/// An Identifier.
pub(crate) fn identifier(system: &str, value: &str) -> Object {
    Object::new().text("system", system).text("value", value)
}

/// An Identifier with its use and the type of table 0203.
pub(crate) fn typed(usage: &'static str, kind: &str, system: &str, value: &str) -> Object {
    Object::new()
        .text("use", usage)
        .object("type", coded(&[("http://terminology.hl7.org/CodeSystem/v2-0203", kind, "")], ""))
        .text("system", system)
        .text("value", value)
}

/// A literal reference.
pub(crate) fn reference(kind: &str, id: &str) -> Object {
    Object::new().text("reference", format!("{kind}/{id}"))
}
