//! Fields of records by name: what a column of a schema file may be bound to.

mod treatment;

use jiff::Timestamp;

use super::{Entity, Record};
use crate::database::Value;
use crate::world::{Flag, OrderKind, OrderState, Sex, VisitClass};

/// A field of a record.
#[derive(Clone, Copy)]
pub struct Field(&'static Entry);

struct Entry {
    name: &'static str,
    entity: Entity,
    of: fn(&Record) -> Option<Value>,
}

impl Field {
    /// By name: `patient.mrn`.
    pub fn by_name(name: &str) -> Option<Field> {
        all().find(|entry| entry.name == name).map(Field)
    }

    /// All fields.
    pub fn all() -> impl Iterator<Item = Field> {
        all().map(Field)
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        self.0.name
    }

    /// What it belongs to.
    pub fn entity(self) -> Entity {
        self.0.entity
    }

    /// Its value in a record; NULL where the record has none.
    pub fn of(self, record: &Record) -> Value {
        (self.0.of)(record).unwrap_or(Value::Null)
    }
}

impl PartialEq for Field {
    fn eq(&self, other: &Field) -> bool {
        self.0.name == other.0.name
    }
}

impl Eq for Field {}

impl std::fmt::Debug for Field {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.0.name)
    }
}

fn all() -> impl Iterator<Item = &'static Entry> {
    FIELDS.iter().chain(treatment::FIELDS)
}

const fn field(name: &'static str, entity: Entity, of: fn(&Record) -> Option<Value>) -> Entry {
    Entry { name, entity, of }
}

fn text(text: &str) -> Option<Value> {
    Some(Value::text(text))
}

fn local(record: &Record, at: Timestamp) -> Option<Value> {
    Some(Value::DateTime(record.view().local(at)))
}

/// All digits of a number as one number: `ZY202603010023` is 2603010023.
fn digits(number: &str) -> Option<Value> {
    let digits: String = number.chars().filter(char::is_ascii_digit).collect();
    digits.strip_prefix("20").unwrap_or(&digits).parse().ok().map(Value::Int)
}

fn age(record: &Record, at: Timestamp) -> Option<i64> {
    let born = record.patient()?.born;
    let on = record.view().local(at).date();
    let before = i64::from((on.month(), on.day()) < (born.month(), born.day()));
    Some(i64::from(on.year()) - i64::from(born.year()) - before)
}

/// First letters of the pinyin, as fat clients search by them (`ZJG` of 张建国).
fn initials(pinyin: &str) -> String {
    pinyin.chars().filter(char::is_ascii_uppercase).collect()
}

static FIELDS: &[Entry] = &[
    field("row.number", Entity::Row, |r| Some(Value::Int(r.number()))),
    field("row.world_id", Entity::Row, |r| Some(Value::Text(r.world_id()))),
    field("row.now", Entity::Row, |r| local(r, r.view().now())),
    field("row.hospital", Entity::Row, |r| text(&r.view().hospital().name)),
    field("patient.no", Entity::Patient, |r| Some(Value::Int(i64::from(r.patient()?.no.0) + 1))),
    field("patient.mrn", Entity::Patient, |r| text(&r.patient()?.mrn)),
    field("patient.name", Entity::Patient, |r| Some(Value::Text(r.patient()?.name.chinese()))),
    field("patient.family", Entity::Patient, |r| text(&r.patient()?.name.family)),
    field("patient.given", Entity::Patient, |r| text(&r.patient()?.name.given)),
    field("patient.pinyin", Entity::Patient, |r| {
        let name = &r.patient()?.name;
        Some(Value::Text(format!("{} {}", name.family_pinyin, name.given_pinyin)))
    }),
    field("patient.initials", Entity::Patient, |r| {
        let name = &r.patient()?.name;
        Some(Value::Text(initials(&format!("{}{}", name.family_pinyin, name.given_pinyin))))
    }),
    field("patient.sex", Entity::Patient, |r| {
        Some(Value::text(match r.patient()?.sex {
            Sex::M => "M",
            Sex::F => "F",
        }))
    }),
    field("patient.born", Entity::Patient, |r| Some(Value::Date(r.patient()?.born))),
    field("patient.age", Entity::Patient, |r| age(r, r.view().now()).map(Value::Int)),
    field("patient.resident_id", Entity::Patient, |r| text(&r.patient()?.resident_id)),
    field("patient.resident_id_masked", Entity::Patient, |r| text(&r.patient()?.resident_id_masked)),
    field("patient.phone", Entity::Patient, |r| text(&r.patient()?.phone)),
    field("patient.address", Entity::Patient, |r| text(&r.patient()?.address)),
    field("patient.ethnicity", Entity::Patient, |r| text(&r.patient()?.ethnicity)),
    field("patient.registered", Entity::Patient, |r| local(r, r.patient()?.registered)),
    field("encounter.number", Entity::Encounter, |r| text(&r.encounter()?.number)),
    field("encounter.serial", Entity::Encounter, |r| digits(&r.encounter()?.number)),
    field("encounter.class", Entity::Encounter, |r| {
        Some(Value::text(match r.encounter()?.class {
            VisitClass::Outpatient => "O",
            VisitClass::Emergency => "E",
            VisitClass::Inpatient => "I",
        }))
    }),
    field("encounter.started", Entity::Encounter, |r| local(r, r.encounter()?.started)),
    field("encounter.ended", Entity::Encounter, |r| local(r, r.encounter()?.ended?)),
    field("encounter.open", Entity::Encounter, |r| {
        Some(Value::Int(i64::from(r.encounter()?.ended.is_none())))
    }),
    field("encounter.days", Entity::Encounter, |r| {
        let encounter = r.encounter()?;
        let until = encounter.ended.unwrap_or(r.view().now());
        Some(Value::Int(until.duration_since(encounter.started).as_hours() / 24 + 1))
    }),
    field("encounter.age", Entity::Encounter, |r| age(r, r.encounter()?.started).map(Value::Int)),
    field("encounter.bed", Entity::Encounter, |r| {
        let bed = r.encounter()?.bed.as_ref()?;
        text(bed.split_once('-').map_or(bed.as_str(), |(_, bed)| bed))
    }),
    field("encounter.ward", Entity::Encounter, |r| {
        let bed = r.encounter()?.bed.as_ref()?;
        text(bed.split_once('-').map_or("", |(ward, _)| ward))
    }),
    field("encounter.diagnosis", Entity::Encounter, |r| text(&r.encounter()?.diagnosis.name)),
    field("encounter.icd10", Entity::Encounter, |r| text(&r.encounter()?.diagnosis.icd10)),
    field("physician.number", Entity::Physician, |r| text(&r.physician()?.number)),
    field("physician.name", Entity::Physician, |r| Some(Value::Text(r.physician()?.name.chinese()))),
    field("physician.title", Entity::Physician, |r| text(&r.physician()?.title)),
    field("department.code", Entity::Department, |r| text(&r.department()?.code)),
    field("department.name", Entity::Department, |r| text(&r.department()?.name)),
    field("department.name_en", Entity::Department, |r| text(&r.department()?.name_en)),
    field("order.placer", Entity::Order, |r| text(&r.order()?.placer)),
    field("order.serial", Entity::Order, |r| r.order()?.placer.parse().ok().map(Value::Int)),
    field("order.filler", Entity::Order, |r| text(&r.order()?.filler)),
    field("order.encounter", Entity::Order, |r| text(&r.order()?.encounter)),
    field("order.encounter_serial", Entity::Order, |r| digits(&r.order()?.encounter)),
    field("order.kind", Entity::Order, |r| {
        Some(Value::text(match r.order()?.kind {
            OrderKind::Imaging => "imaging",
            OrderKind::Laboratory => "laboratory",
        }))
    }),
    field("order.ordered", Entity::Order, |r| local(r, r.order()?.ordered)),
    field("order.code", Entity::Order, |r| text(&r.order()?.code)),
    field("order.name", Entity::Order, |r| text(&r.order()?.name)),
    field("order.state", Entity::Order, |r| {
        Some(Value::text(match r.order()?.state {
            OrderState::Ordered => "ordered",
            OrderState::InProgress => "in_progress",
            OrderState::Performed => "performed",
            OrderState::Verified => "verified",
            OrderState::Cancelled => "cancelled",
        }))
    }),
    field("order.accession", Entity::Order, |r| text(r.order()?.accession.as_ref()?)),
    field("order.specimen", Entity::Order, |r| text(r.order()?.specimen.as_ref()?)),
    field("lab.specimen", Entity::Lab, |r| text(&r.lab()?.specimen)),
    field("lab.serial", Entity::Lab, |r| r.lab()?.specimen.parse().ok().map(Value::Int)),
    field("lab.panel", Entity::Lab, |r| text(&r.lab()?.panel)),
    field("lab.panel_name", Entity::Lab, |r| text(&r.lab()?.panel_name)),
    field("lab.specimen_type", Entity::Lab, |r| text(&r.lab()?.specimen_type)),
    field("lab.collected", Entity::Lab, |r| local(r, r.lab()?.collected?)),
    field("lab.analysed", Entity::Lab, |r| local(r, r.lab()?.analysed?)),
    field("lab.verified", Entity::Lab, |r| local(r, r.lab()?.verified?)),
    field("lab.verifier", Entity::Lab, |r| text(r.lab()?.verifier.as_ref()?)),
    field("lab.verifier_name", Entity::Lab, |r| {
        Some(Value::Text(r.view().staff_member(r.lab()?.verifier.as_ref()?)?.name.chinese()))
    }),
    field("result.line", Entity::Result, |r| Some(Value::Int(i64::try_from(r.result_number()?).ok()?))),
    field("result.code", Entity::Result, |r| text(r.result()?.item.code)),
    field("result.name", Entity::Result, |r| text(r.result()?.item.name)),
    field("result.loinc", Entity::Result, |r| text(r.result()?.item.loinc)),
    field("result.unit", Entity::Result, |r| text(r.result()?.item.unit)),
    field("result.value", Entity::Result, |r| text(&r.result()?.value)),
    field("result.range", Entity::Result, |r| text(&r.result()?.range)),
    field("result.flag", Entity::Result, |r| {
        Some(Value::text(match r.result()?.flag {
            Flag::N => "N",
            Flag::H => "H",
            Flag::L => "L",
            Flag::A => "A",
        }))
    }),
    field("study.uid", Entity::Study, |r| text(&r.study()?.uid)),
    field("study.id", Entity::Study, |r| text(&r.study()?.id)),
    field("study.accession", Entity::Study, |r| text(&r.study()?.accession)),
    field("study.modality", Entity::Study, |r| text(r.study()?.modality.as_str())),
    field("study.description", Entity::Study, |r| text(&r.study()?.description)),
    field("study.started", Entity::Study, |r| local(r, r.study()?.started)),
    field("study.operator", Entity::Study, |r| text(&r.study()?.operator)),
    field("study.operator_name", Entity::Study, |r| {
        Some(Value::Text(r.view().staff_member(&r.study()?.operator)?.name.chinese()))
    }),
    field("report.findings", Entity::Report, |r| text(&r.report()?.findings)),
    field("report.impression", Entity::Report, |r| text(&r.report()?.impression)),
    field("report.author", Entity::Report, |r| text(&r.report()?.author)),
    field("report.author_name", Entity::Report, |r| {
        Some(Value::Text(r.view().staff_member(&r.report()?.author)?.name.chinese()))
    }),
    field("report.verifier", Entity::Report, |r| text(&r.report()?.verifier)),
    field("report.verifier_name", Entity::Report, |r| {
        Some(Value::Text(r.view().staff_member(&r.report()?.verifier)?.name.chinese()))
    }),
    field("report.written", Entity::Report, |r| local(r, r.report()?.written)),
    field("report.verified", Entity::Report, |r| local(r, r.report()?.verified?)),
    field("staff.number", Entity::Staff, |r| text(&r.staff()?.number)),
    field("staff.name", Entity::Staff, |r| Some(Value::Text(r.staff()?.name.chinese()))),
    field("staff.initials", Entity::Staff, |r| {
        let name = &r.staff()?.name;
        Some(Value::Text(initials(&format!("{}{}", name.family_pinyin, name.given_pinyin))))
    }),
    field("staff.pinyin", Entity::Staff, |r| {
        let name = &r.staff()?.name;
        Some(Value::Text(format!("{}{}", name.family_pinyin, name.given_pinyin).to_lowercase()))
    }),
    field("staff.title", Entity::Staff, |r| text(&r.staff()?.title)),
    field("staff.physician", Entity::Staff, |r| Some(Value::Int(i64::from(r.staff()?.physician)))),
    field("staff.digest", Entity::Staff, |r| Some(Value::Text(staff_digest(r)?))),
    field("device.ae_title", Entity::Device, |r| text(&r.device()?.ae_title)),
    field("device.station", Entity::Device, |r| text(&r.device()?.station)),
    field("device.manufacturer", Entity::Device, |r| text(&r.device()?.manufacturer)),
    field("device.model", Entity::Device, |r| text(&r.device()?.model)),
    field("device.serial", Entity::Device, |r| text(&r.device()?.serial)),
    field("device.modality", Entity::Device, |r| text(r.device()?.modality.as_str())),
    field("diagnosis.icd10", Entity::Diagnosis, |r| text(&r.diagnosis()?.icd10)),
    field("diagnosis.name", Entity::Diagnosis, |r| text(&r.diagnosis()?.name)),
    field("exam.code", Entity::Exam, |r| text(r.exam()?.code)),
    field("exam.name", Entity::Exam, |r| text(r.exam()?.name)),
    field("exam.modality", Entity::Exam, |r| text(r.exam()?.modality.as_str())),
    field("panel.code", Entity::Panel, |r| text(r.panel()?.code)),
    field("panel.name", Entity::Panel, |r| text(r.panel()?.name)),
    field("panel.specimen", Entity::Panel, |r| text(r.panel()?.specimen)),
    field("item.code", Entity::Item, |r| text(r.item()?.code)),
    field("item.name", Entity::Item, |r| text(r.item()?.name)),
    field("item.loinc", Entity::Item, |r| text(r.item()?.loinc)),
    field("item.unit", Entity::Item, |r| text(r.item()?.unit)),
];

/// What a password column shows of a member of staff: an upper-case digest that belongs to no word.
fn staff_digest(record: &Record) -> Option<String> {
    use sha2::{Digest, Sha256};
    let staff = record.staff()?;
    let mut hash = Sha256::new();
    hash.update(record.view().hospital().code.as_bytes());
    // Names are drawn per installation, so digests differ between installations too.
    hash.update(staff.name.chinese().as_bytes());
    hash.update(staff.number.as_bytes());
    let bytes = hash.finalize();
    Some(hex::encode_upper(bytes.get(..16)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_begin_with_their_entity() {
        let mut names: Vec<_> = Field::all().map(Field::name).collect();
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count);
        for field in Field::all() {
            let entity = format!("{:?}.", field.entity()).to_lowercase();
            assert!(field.name().starts_with(&entity), "{}", field.name());
        }
    }
}
