//! Patients, staff and departments as resources (FHIR R4, chapters 8.1, 8.4 and 8.6).

use jiff::civil::Date;

use super::node::Object;
use super::resources::{Maker, coded, identifier, reference, typed};
use crate::world::{Department, Patient, Sex, Staff};

impl Maker<'_> {
    /// A patient. The resident id is masked, as every interface of the hospital shows it.
    pub(crate) fn patient(&self, patient: &Patient) -> Object {
        let official = typed("official", "MR", &self.system("mrn"), &patient.mrn);
        let resident = typed("secondary", "NNCHN", &self.system("resident-id"), &patient.resident_id_masked);
        let nation = Object::new()
            .text("url", self.system("ethnicity"))
            .text("valueString", patient.ethnicity.as_str());
        Object::resource("Patient")
            .text("id", patient_id(&patient.mrn))
            .list("extension", [nation])
            .list("identifier", [official, resident])
            .flag("active", true)
            .list("name", names(&patient.name))
            .list("telecom", [Object::new().text("system", "phone").text("value", patient.phone.as_str())])
            .text("gender", gender(patient.sex))
            .text("birthDate", day(patient.born))
            .list("address", [Object::new().text("use", "home").text("text", patient.address.as_str())])
            .object("managingOrganization", self.hospital())
    }

    /// A member of staff.
    pub(crate) fn practitioner(&self, staff: &Staff) -> Object {
        let title = Object::new().object("code", coded(&[], &staff.title));
        let title = title.object("issuer", self.department_reference(&staff.department));
        Object::resource("Practitioner")
            .text("id", practitioner_id(&staff.number))
            .list("identifier", [identifier(&self.system("staff"), &staff.number)])
            .flag("active", true)
            .list("name", names(&staff.name))
            .list("qualification", [title])
    }

    /// A department.
    pub(crate) fn department(&self, department: &Department) -> Object {
        let kind = coded(
            &[("http://terminology.hl7.org/CodeSystem/organization-type", "dept", "Hospital Department")],
            "",
        );
        Object::resource("Organization")
            .text("id", department_id(&department.code))
            .list("identifier", [identifier(&self.system("department"), &department.code)])
            .flag("active", true)
            .list("type", [kind])
            .text("name", department.name.as_str())
            .texts("alias", [department.name_en.as_str()])
            .object("partOf", self.hospital())
    }

    /// The hospital.
    pub(crate) fn organization(&self) -> Object {
        let hospital = self.view.hospital();
        let kind = coded(
            &[("http://terminology.hl7.org/CodeSystem/organization-type", "prov", "Healthcare Provider")],
            "",
        );
        Object::resource("Organization")
            .text("id", self.hospital_id())
            .list("identifier", [identifier(&self.system("organization"), &hospital.code)])
            .flag("active", true)
            .list("type", [kind])
            .text("name", hospital.name.as_str())
            .texts("alias", [hospital.name_en.as_str()])
    }

    /// A reference to a patient with his name.
    pub(crate) fn subject(&self, patient: Option<&Patient>) -> Object {
        patient.map_or_else(Object::new, |patient| {
            reference("Patient", &patient_id(&patient.mrn)).text("display", patient.name.chinese())
        })
    }

    /// A reference to a member of staff with the name.
    pub(crate) fn staff_reference(&self, number: &str) -> Object {
        let name = self.view.staff_member(number).map(|staff| staff.name.chinese()).unwrap_or_default();
        reference("Practitioner", &practitioner_id(number)).text("display", name)
    }

    /// A reference to a department with its name.
    pub(crate) fn department_reference(&self, code: &str) -> Object {
        let name = self.view.department(code).map(|department| department.name).unwrap_or_default();
        reference("Organization", &department_id(code)).text("display", name)
    }

    fn hospital(&self) -> Object {
        reference("Organization", &self.hospital_id()).text("display", self.view.hospital().name.as_str())
    }

    /// The hospital's own id.
    pub(crate) fn hospital_id(&self) -> String {
        format!("org-{}", self.view.hospital().code.to_ascii_lowercase())
    }
}

/// Chinese as written, and pinyin.
fn names(name: &crate::world::Name) -> [Object; 2] {
    let chinese = Object::new()
        .text("use", "official")
        .text("text", name.chinese())
        .text("family", name.family.as_str())
        .texts("given", [name.given.as_str()]);
    let pinyin = Object::new()
        .text("use", "usual")
        .text("text", format!("{} {}", name.family_pinyin, name.given_pinyin))
        .text("family", name.family_pinyin.as_str())
        .texts("given", [name.given_pinyin.as_str()]);
    [chinese, pinyin]
}

/// Administrative gender.
pub(crate) fn gender(sex: Sex) -> &'static str {
    match sex {
        Sex::M => "male",
        Sex::F => "female",
    }
}

/// `1970-01-01`.
pub(crate) fn day(date: Date) -> String {
    date.to_string()
}

/// The logical id of a patient.
pub(crate) fn patient_id(mrn: &str) -> String {
    format!("pat-{mrn}")
}

/// The logical id of a member of staff.
pub(crate) fn practitioner_id(number: &str) -> String {
    format!("stf-{number}")
}

/// The logical id of a department.
pub(crate) fn department_id(code: &str) -> String {
    format!("dept-{code}")
}
