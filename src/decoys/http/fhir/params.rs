//! Search parameters of each type (FHIR R4, 3.1.1.4 and the types' own tables).

use super::store::Kind;

/// How a parameter's values compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Type {
    /// Text that begins with the value.
    String,
    /// A code, an identifier or a flag.
    Token,
    /// A date or a period.
    Date,
    /// A reference to resources of these types.
    Reference(&'static [&'static str]),
    /// A number with a unit.
    Quantity,
}

impl Type {
    /// As a CapabilityStatement names it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Type::String => "string",
            Type::Token => "token",
            Type::Date => "date",
            Type::Reference(_) => "reference",
            Type::Quantity => "quantity",
        }
    }
}

/// One parameter.
#[derive(Debug)]
pub(crate) struct Parameter {
    /// Its name.
    pub(crate) name: &'static str,
    /// How it compares.
    pub(crate) kind: Type,
    /// Where its values stand in the resource.
    pub(crate) paths: &'static [&'static str],
}

const fn p(name: &'static str, kind: Type, paths: &'static [&'static str]) -> Parameter {
    Parameter { name, kind, paths }
}

const PATIENT_REF: Type = Type::Reference(&["Patient"]);
const ENCOUNTER_REF: Type = Type::Reference(&["Encounter"]);
const STAFF_REF: Type = Type::Reference(&["Practitioner"]);
const ORGANIZATION_REF: Type = Type::Reference(&["Organization"]);
const ORDER_REF: Type = Type::Reference(&["ServiceRequest"]);

/// What every type has.
const COMMON: &[Parameter] = &[
    p("_id", Type::Token, &["id"]),
    p("_lastUpdated", Type::Date, &["meta.lastUpdated"]),
    p("_profile", Type::Token, &["meta.profile"]),
    p("_security", Type::Token, &["meta.security"]),
    p("_source", Type::Token, &["meta.source"]),
    p("_tag", Type::Token, &["meta.tag"]),
];

const PATIENT: &[Parameter] = &[
    p("active", Type::Token, &["active"]),
    p("address", Type::String, &["address"]),
    p("address-city", Type::String, &["address.city"]),
    p("birthdate", Type::Date, &["birthDate"]),
    p("email", Type::Token, &["telecom"]),
    p("family", Type::String, &["name.family"]),
    p("gender", Type::Token, &["gender"]),
    p("general-practitioner", STAFF_REF, &["generalPractitioner"]),
    p("given", Type::String, &["name.given"]),
    p("identifier", Type::Token, &["identifier"]),
    p("name", Type::String, &["name"]),
    p("organization", ORGANIZATION_REF, &["managingOrganization"]),
    p("phone", Type::Token, &["telecom"]),
    p("telecom", Type::Token, &["telecom"]),
];

const PRACTITIONER: &[Parameter] = &[
    p("active", Type::Token, &["active"]),
    p("family", Type::String, &["name.family"]),
    p("gender", Type::Token, &["gender"]),
    p("given", Type::String, &["name.given"]),
    p("identifier", Type::Token, &["identifier"]),
    p("name", Type::String, &["name"]),
];

const ORGANIZATION: &[Parameter] = &[
    p("active", Type::Token, &["active"]),
    p("address", Type::String, &["address"]),
    p("identifier", Type::Token, &["identifier"]),
    p("name", Type::String, &["name", "alias"]),
    p("partof", ORGANIZATION_REF, &["partOf"]),
    p("type", Type::Token, &["type"]),
];

const ENCOUNTER: &[Parameter] = &[
    p("class", Type::Token, &["class"]),
    p("date", Type::Date, &["period"]),
    p("identifier", Type::Token, &["identifier"]),
    p("participant", STAFF_REF, &["participant.individual"]),
    p("patient", PATIENT_REF, &["subject"]),
    p("practitioner", STAFF_REF, &["participant.individual"]),
    p("reason-code", Type::Token, &["reasonCode"]),
    p("service-provider", ORGANIZATION_REF, &["serviceProvider"]),
    p("status", Type::Token, &["status"]),
    p("subject", PATIENT_REF, &["subject"]),
];

const SERVICE_REQUEST: &[Parameter] = &[
    p("authored", Type::Date, &["authoredOn"]),
    p("category", Type::Token, &["category"]),
    p("code", Type::Token, &["code"]),
    p("encounter", ENCOUNTER_REF, &["encounter"]),
    p("identifier", Type::Token, &["identifier"]),
    p("intent", Type::Token, &["intent"]),
    p("patient", PATIENT_REF, &["subject"]),
    p("requester", STAFF_REF, &["requester"]),
    p("status", Type::Token, &["status"]),
    p("subject", PATIENT_REF, &["subject"]),
];

const IMAGING_STUDY: &[Parameter] = &[
    p("basedon", ORDER_REF, &["basedOn"]),
    p("encounter", ENCOUNTER_REF, &["encounter"]),
    p("identifier", Type::Token, &["identifier"]),
    p("modality", Type::Token, &["modality", "series.modality"]),
    p("patient", PATIENT_REF, &["subject"]),
    p("referrer", STAFF_REF, &["referrer"]),
    p("series", Type::Token, &["series.uid"]),
    p("started", Type::Date, &["started"]),
    p("status", Type::Token, &["status"]),
    p("subject", PATIENT_REF, &["subject"]),
];

const OBSERVATION: &[Parameter] = &[
    p("based-on", ORDER_REF, &["basedOn"]),
    p("category", Type::Token, &["category"]),
    p("code", Type::Token, &["code"]),
    p("date", Type::Date, &["effectiveDateTime", "effectivePeriod"]),
    p("encounter", ENCOUNTER_REF, &["encounter"]),
    p("identifier", Type::Token, &["identifier"]),
    p("patient", PATIENT_REF, &["subject"]),
    p("performer", STAFF_REF, &["performer"]),
    p("status", Type::Token, &["status"]),
    p("subject", PATIENT_REF, &["subject"]),
    p("value-quantity", Type::Quantity, &["valueQuantity"]),
    p("value-string", Type::String, &["valueString"]),
];

const DIAGNOSTIC_REPORT: &[Parameter] = &[
    p("based-on", ORDER_REF, &["basedOn"]),
    p("category", Type::Token, &["category"]),
    p("code", Type::Token, &["code"]),
    p("date", Type::Date, &["effectiveDateTime", "effectivePeriod"]),
    p("encounter", ENCOUNTER_REF, &["encounter"]),
    p("identifier", Type::Token, &["identifier"]),
    p("issued", Type::Date, &["issued"]),
    p("patient", PATIENT_REF, &["subject"]),
    p("performer", STAFF_REF, &["performer"]),
    p("result", Type::Reference(&["Observation"]), &["result"]),
    p("results-interpreter", STAFF_REF, &["resultsInterpreter"]),
    p("status", Type::Token, &["status"]),
    p("subject", PATIENT_REF, &["subject"]),
];

/// The parameters of a type, those of every type first.
pub(crate) fn parameters(kind: Option<Kind>) -> impl Iterator<Item = &'static Parameter> + Clone {
    let own = match kind {
        None => &[],
        Some(Kind::Patient) => PATIENT,
        Some(Kind::Practitioner) => PRACTITIONER,
        Some(Kind::Organization) => ORGANIZATION,
        Some(Kind::Encounter) => ENCOUNTER,
        Some(Kind::ServiceRequest) => SERVICE_REQUEST,
        Some(Kind::ImagingStudy) => IMAGING_STUDY,
        Some(Kind::Observation) => OBSERVATION,
        Some(Kind::DiagnosticReport) => DIAGNOSTIC_REPORT,
    };
    COMMON.iter().chain(own)
}

/// A parameter by name.
pub(crate) fn parameter(kind: Option<Kind>, name: &str) -> Option<&'static Parameter> {
    parameters(kind).find(|parameter| parameter.name == name)
}

/// The reference parameters of a type: what `_include` may name.
pub(crate) fn references(kind: Kind) -> impl Iterator<Item = &'static Parameter> {
    parameters(Some(kind)).filter(|parameter| match parameter.kind {
        Type::Reference(_) => true,
        Type::String | Type::Token | Type::Date | Type::Quantity => false,
    })
}
