//! Scheduled procedure steps of the world as data sets in UTF-8 (PS3.4 table K.6-1), for whoever offers a
//! worklist.

use jiff::civil::{Date, DateTime};

use super::Matcher;
use crate::wire::dicom::dataset::{Charset, DataSet, Tag, Vr, tags};
use crate::world::{Name, Patient, Sex, View, WorklistEntry};

/// Priority of what the wards order for today (0040,1003).
const ROUTINE: &str = "ROUTINE";

/// Days back and ahead that there may be steps of: brokers keep a week.
const DAYS: i64 = 7;

/// The days around today whose steps can match a key of Scheduled Procedure Step Start Date.
pub fn days(view: &View, asked: &[u8]) -> Vec<Date> {
    let today = view.local(view.now()).date();
    let matcher = Matcher::of(Vr::DA, asked);
    let all = (-DAYS..=DAYS).filter_map(|days| today.checked_add(jiff::Span::new().days(days)).ok());
    all.filter(|date| matcher.matches(date.strftime("%Y%m%d").to_string().as_bytes())).collect()
}

/// The entry of a step; `None` when its patient is not known.
pub fn entry(view: &View, step: &WorklistEntry) -> Option<DataSet> {
    let patient = view.patient(step.order.patient)?;
    let mut set = DataSet::new();
    subject(&mut set, &patient);
    requested(&mut set, view, step);
    set.put_items(tags::SCHEDULED_PROCEDURE_STEP_SEQUENCE, vec![scheduled(view, step)]);
    Some(set)
}

/// The id of a step, which no other step has.
pub fn step_id(step: &WorklistEntry) -> String {
    step.order.filler.clone()
}

fn subject(set: &mut DataSet, patient: &Patient) {
    text(set, tags::PATIENT_NAME, &person(&patient.name));
    set.put_str(tags::PATIENT_ID, &patient.mrn);
    set.put_str(tags::PATIENT_BIRTH_DATE, &patient.born.strftime("%Y%m%d").to_string());
    let sex = match patient.sex {
        Sex::M => "M",
        Sex::F => "F",
    };
    set.put_str(tags::PATIENT_SEX, sex);
    for tag in [tags::PATIENT_WEIGHT, tags::MEDICAL_ALERTS, tags::ALLERGIES, tags::PREGNANCY_STATUS] {
        set.put_empty(tag);
    }
}

fn requested(set: &mut DataSet, view: &View, step: &WorklistEntry) {
    let order = &step.order;
    set.put_str(tags::ACCESSION_NUMBER, order.accession.as_deref().unwrap_or_default());
    set.put_str(tags::STUDY_INSTANCE_UID, &step.study_uid);
    if let Some(physician) = view.staff_member(&order.physician) {
        let name = person(&physician.name);
        text(set, tags::REFERRING_PHYSICIAN_NAME, &name);
        text(set, tags::REQUESTING_PHYSICIAN, &name);
    }
    if let Some(department) = view.department(&order.department) {
        text(set, tags::REQUESTING_SERVICE, &department.name);
    }
    let visit = view.encounter(&order.encounter);
    let bed = visit.as_ref().and_then(|visit| visit.bed.clone()).unwrap_or_default();
    text(set, tags::CURRENT_PATIENT_LOCATION, &bed);
    set.put_str(tags::ADMISSION_ID, &order.encounter);
    text(set, tags::REQUESTED_PROCEDURE_DESCRIPTION, &order.name);
    set.put_items(tags::REQUESTED_PROCEDURE_CODE_SEQUENCE, vec![code(&order.code, &order.name)]);
    set.put_str(tags::REQUESTED_PROCEDURE_ID, &order.filler);
    set.put_str(tags::REQUESTED_PROCEDURE_PRIORITY, ROUTINE);
    set.put_str(tags::PLACER_ORDER_NUMBER_IMAGING_SERVICE_REQUEST, &order.placer);
    set.put_str(tags::FILLER_ORDER_NUMBER_IMAGING_SERVICE_REQUEST, &order.filler);
    for tag in [tags::REFERENCED_STUDY_SEQUENCE, tags::REFERENCED_PATIENT_SEQUENCE] {
        set.put_items(tag, Vec::new());
    }
}

fn scheduled(view: &View, step: &WorklistEntry) -> DataSet {
    let mut set = DataSet::new();
    let at = view.local(step.scheduled);
    set.put_str(tags::MODALITY, step.modality.as_str());
    set.put_str(tags::SCHEDULED_STATION_AE_TITLE, &step.device.ae_title);
    set.put_str(tags::SCHEDULED_PROCEDURE_STEP_START_DATE, &at.date().strftime("%Y%m%d").to_string());
    set.put_str(tags::SCHEDULED_PROCEDURE_STEP_START_TIME, &quarter(at));
    set.put_empty(tags::SCHEDULED_PERFORMING_PHYSICIAN_NAME);
    text(&mut set, tags::SCHEDULED_PROCEDURE_STEP_DESCRIPTION, &step.order.name);
    let codes = vec![code(&step.order.code, &step.order.name)];
    set.put_items(tags::SCHEDULED_PROTOCOL_CODE_SEQUENCE, codes);
    set.put_str(tags::SCHEDULED_PROCEDURE_STEP_ID, &step_id(step));
    set.put_str(tags::SCHEDULED_STATION_NAME, &step.device.station);
    set.put_str(tags::SCHEDULED_PROCEDURE_STEP_STATUS, "SCHEDULED");
    set
}

fn code(value: &str, meaning: &str) -> DataSet {
    let mut set = DataSet::new();
    set.put_str(tags::CODE_VALUE, value);
    set.put_str(tags::CODING_SCHEME_DESIGNATOR, "99HIS");
    text(&mut set, tags::CODE_MEANING, meaning);
    set
}

/// Slots are given out by the quarter of an hour, and nobody is called before his.
fn quarter(at: DateTime) -> String {
    format!("{:02}{:02}00", at.hour(), at.minute() / 15 * 15)
}

fn person(name: &Name) -> String {
    format!("{}^{}={}^{}", name.family_pinyin, name.given_pinyin, name.family, name.given)
}

fn text(set: &mut DataSet, tag: Tag, text: &str) {
    set.put_text(tag, text, Charset::Utf8);
}
