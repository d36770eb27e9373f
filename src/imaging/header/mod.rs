//! Headers: what an object says about its patient, study and device, in agreement with the world.

mod code;
mod cr;
mod ct;
mod document;
mod dose;
mod dx;
mod ecg;
mod mg;
mod mr;
mod private;
mod projection;
mod sheet;
mod tree;
mod us;
mod vendor;

use jiff::civil::{Date, DateTime};

use super::anatomy::Build;
use crate::wire::dicom::dataset::{Charset, DataSet, Tag, decimal, tags};
use crate::world::{Content, Instance, Modality, Name, Patient, Region, Series, Sex, Study, View, Wording};
pub(crate) use cr::cr;
pub(crate) use ct::{ct, scout};
pub(crate) use document::{document, report_pdf};
pub(crate) use dose::{Dose, dose_report};
pub(crate) use dx::{dx, laterality};
pub(crate) use ecg::{STEP as ECG_STEP, ecg};
pub(crate) use mg::mg;
pub(crate) use mr::{mr, window as mr_window};
pub(crate) use private::with as with_private;
pub(crate) use sheet::sheet;
pub(crate) use us::{cine, still};
pub(crate) use vendor::Maker;

/// All that headers are written from.
#[derive(Clone, Copy)]
pub(crate) struct Subject<'a> {
    pub(crate) view: &'a View,
    pub(crate) patient: Option<&'a Patient>,
    pub(crate) study: &'a Study,
    pub(crate) series: &'a Series,
    pub(crate) instance: &'a Instance,
    pub(crate) charset: Charset,
    /// What the report says, for what is drawn.
    pub(crate) wording: &'a Wording,
}

/// No report.
static SILENT: Wording = Wording { findings: String::new(), words: Vec::new() };

impl<'a> Subject<'a> {
    /// Without patient and report, in UTF-8: for what does not speak of them.
    pub(crate) fn unnamed(
        view: &'a View,
        study: &'a Study,
        series: &'a Series,
        instance: &'a Instance,
    ) -> Self {
        let (patient, charset, wording) = (None, Charset::Utf8, &SILENT);
        Subject { view, patient, study, series, instance, charset, wording }
    }
}

impl Subject<'_> {
    pub(crate) fn maker(&self) -> Maker {
        Maker::of(&self.study.device.manufacturer)
    }

    /// When this instance was made: instances of a series follow each other in time.
    fn acquired(&self) -> DateTime {
        let after = jiff::SignedDuration::from_millis(i64::from(self.instance.number) * 370 + 2_140);
        self.view.local(self.series.started.checked_add(after).unwrap_or(self.series.started))
    }
}

/// Attributes that images of every kind have.
pub(crate) fn common(s: &Subject<'_>, image_type: &str, build: Build) -> DataSet {
    let mut set = object(s, build);
    set.put_str(tags::IMAGE_TYPE, image_type);
    moment(&mut set, s, tags::ACQUISITION_DATE, tags::ACQUISITION_TIME, s.acquired());
    performed(&mut set, s);
    ordered(&mut set, s, tags::REQUEST_ATTRIBUTES_SEQUENCE);
    side(&mut set, s);
    set
}

/// One of the sequences that tell of the order.
fn ordered(set: &mut DataSet, s: &Subject<'_>, sequence: Tag) {
    if let Some(element) = request(s.view, s.study, s.charset).get(sequence) {
        set.put(sequence, element.clone());
    }
}

/// What was ordered, as the worklist told it: the code of the procedure (PS3.3 C.7.2.1) and Request
/// Attributes (PS3.3 10.6). Left out where the character set can't hold the order's name.
pub(crate) fn request(view: &View, study: &Study, charset: Charset) -> DataSet {
    let mut set = DataSet::new();
    let order = view.order(&study.order).filter(|order| writes(charset, &order.name));
    let Some(order) = order else { return set };
    let mut procedure = DataSet::new();
    procedure.put_str(tags::CODE_VALUE, &order.code);
    procedure.put_str(tags::CODING_SCHEME_DESIGNATOR, "99HIS");
    procedure.put_text(tags::CODE_MEANING, &order.name, charset);
    set.put_items(tags::PROCEDURE_CODE_SEQUENCE, vec![procedure]);
    let mut request = DataSet::new();
    request.put_str(tags::ACCESSION_NUMBER, &study.accession);
    request.put_text(tags::SCHEDULED_PROCEDURE_STEP_DESCRIPTION, &order.name, charset);
    request.put_str(tags::SCHEDULED_PROCEDURE_STEP_ID, &order.filler);
    request.put_text(tags::REQUESTED_PROCEDURE_DESCRIPTION, &order.name, charset);
    request.put_str(tags::REQUESTED_PROCEDURE_ID, &order.filler);
    set.put_items(tags::REQUEST_ATTRIBUTES_SEQUENCE, vec![request]);
    set
}

/// (0020,0060) of scans of a limb; radiographs say it of each image.
fn side(set: &mut DataSet, s: &Subject<'_>) {
    if s.study.region == Region::Limb && matches!(s.study.modality, Modality::CT | Modality::MR) {
        set.put_str(tags::LATERALITY, laterality(s));
    }
}

/// Attributes that objects of every kind have.
pub(crate) fn object(s: &Subject<'_>, build: Build) -> DataSet {
    let mut set = DataSet::new();
    set.put_charset(s.charset);
    patient(&mut set, s, build);
    study(&mut set, s);
    ordered(&mut set, s, tags::PROCEDURE_CODE_SEQUENCE);
    series(&mut set, s);
    equipment(&mut set, s);
    instance(&mut set, s);
    set
}

/// Attributes of series and equipment, which all objects of a series share.
pub(crate) fn of_series(s: &Subject<'_>) -> DataSet {
    let mut set = DataSet::new();
    series(&mut set, s);
    equipment(&mut set, s);
    set
}

/// Attributes of an object itself.
pub(crate) fn of_instance(s: &Subject<'_>) -> DataSet {
    let mut set = DataSet::new();
    instance(&mut set, s);
    set
}

fn instance(set: &mut DataSet, s: &Subject<'_>) {
    set.put_str(tags::SOP_CLASS_UID, &s.instance.sop_class);
    set.put_str(tags::SOP_INSTANCE_UID, &s.instance.uid);
    set.put_integers(tags::INSTANCE_NUMBER, &[s.instance.number.into()]);
    let at = s.acquired();
    moment(set, s, tags::INSTANCE_CREATION_DATE, tags::INSTANCE_CREATION_TIME, at);
    moment(set, s, tags::CONTENT_DATE, tags::CONTENT_TIME, at);
}

/// Text of patient and study, which all objects of a study share: by attribute, sorted.
pub(crate) fn of_study(
    view: &View,
    study: &Study,
    patient: &Patient,
    charset: Charset,
    build: Build,
) -> Vec<(Tag, String)> {
    let mut texts = patient_texts(view, study, patient, charset, build);
    texts.extend(study_texts(view, study, charset));
    texts.sort_unstable_by_key(|(tag, _)| *tag);
    texts
}

fn patient_texts(
    view: &View,
    study: &Study,
    patient: &Patient,
    charset: Charset,
    build: Build,
) -> Vec<(Tag, String)> {
    let scale = build.scale();
    let size = f64::from((scale * 172.0).round()) / 100.0;
    let weight = f64::from((scale.powi(2) * (54.0 + 26.0 * build.fat())).round());
    vec![
        (tags::PATIENT_NAME, person(&patient.name, charset)),
        (tags::PATIENT_ID, patient.mrn.clone()),
        (tags::PATIENT_BIRTH_DATE, date(patient.born)),
        (tags::PATIENT_SEX, sex(patient.sex).to_owned()),
        (tags::PATIENT_AGE, age(patient.born, view.local(study.started).date())),
        (tags::PATIENT_SIZE, decimal(size)),
        (tags::PATIENT_WEIGHT, decimal(weight)),
    ]
}

fn study_texts(view: &View, study: &Study, charset: Charset) -> Vec<(Tag, String)> {
    let started = view.local(study.started);
    let referring = view.staff_member(&study.referring);
    let mut texts = vec![
        (tags::STUDY_INSTANCE_UID, study.uid.clone()),
        (tags::STUDY_ID, study.id.clone()),
        (tags::ACCESSION_NUMBER, study.accession.clone()),
        (tags::STUDY_DATE, date(started.date())),
        (tags::STUDY_TIME, Maker::of(&study.device.manufacturer).time(started)),
        (
            tags::REFERRING_PHYSICIAN_NAME,
            referring.map(|member| person(&member.name, charset)).unwrap_or_default(),
        ),
    ];
    if !study.description.is_empty() && writes(charset, &study.description) {
        texts.push((tags::STUDY_DESCRIPTION, study.description.clone()));
    }
    texts
}

fn patient(set: &mut DataSet, s: &Subject<'_>, build: Build) {
    let Some(patient) = s.patient else {
        for tag in [tags::PATIENT_NAME, tags::PATIENT_ID, tags::PATIENT_BIRTH_DATE, tags::PATIENT_SEX] {
            set.put_empty(tag);
        }
        return;
    };
    for (tag, text) in patient_texts(s.view, s.study, patient, s.charset, build) {
        set.put_text(tag, &text, s.charset);
    }
}

fn study(set: &mut DataSet, s: &Subject<'_>) {
    for (tag, text) in study_texts(s.view, s.study, s.charset) {
        set.put_text(tag, &text, s.charset);
    }
}

fn series(set: &mut DataSet, s: &Subject<'_>) {
    let series = s.series;
    set.put_str(tags::MODALITY, series.modality);
    set.put_str(tags::SERIES_INSTANCE_UID, &series.uid);
    set.put_integers(tags::SERIES_NUMBER, &[series.number.into()]);
    local_text(set, tags::SERIES_DESCRIPTION, &series.description, s.charset);
    local_text(set, tags::PROTOCOL_NAME, &series.protocol, s.charset);
    let started = s.view.local(series.started);
    moment(set, s, tags::SERIES_DATE, tags::SERIES_TIME, started);
}

/// The procedure step that an image belongs to (PS3.3 10.14).
fn performed(set: &mut DataSet, s: &Subject<'_>) {
    let begun = s.view.local(s.study.started);
    moment(
        set,
        s,
        tags::PERFORMED_PROCEDURE_STEP_START_DATE,
        tags::PERFORMED_PROCEDURE_STEP_START_TIME,
        begun,
    );
    set.put_text(tags::PERFORMED_PROCEDURE_STEP_ID, &s.study.id, s.charset);
    local_text(set, tags::PERFORMED_PROCEDURE_STEP_DESCRIPTION, &s.study.description, s.charset);
    staff(set, tags::OPERATORS_NAME, s, &s.study.operator);
}

fn equipment(set: &mut DataSet, s: &Subject<'_>) {
    let hospital = s.view.hospital();
    if s.series.content == Content::Document {
        document::equipment(set);
    } else {
        let device = &s.study.device;
        set.put_str(tags::MANUFACTURER, &device.manufacturer);
        set.put_str(tags::MANUFACTURER_MODEL_NAME, &device.model);
        set.put_str(tags::STATION_NAME, &device.station);
        set.put_str(tags::DEVICE_SERIAL_NUMBER, &device.serial);
        set.put_str(tags::SOFTWARE_VERSIONS, &device.software);
    }
    let name = if writes(s.charset, &hospital.name) { &hospital.name } else { &hospital.name_en };
    set.put_text(tags::INSTITUTION_NAME, name, s.charset);
}

/// A description in Chinese; left out where the character set can't hold it, as devices do that
/// were never told a Chinese one.
fn local_text(set: &mut DataSet, tag: Tag, text: &str, charset: Charset) {
    if !text.is_empty() && writes(charset, text) {
        set.put_text(tag, text, charset);
    }
}

fn writes(charset: Charset, text: &str) -> bool {
    match charset {
        Charset::Default => text.is_ascii(),
        Charset::Latin1 => text.chars().all(|c| u32::from(c) < 256),
        Charset::Gb18030 | Charset::Gbk | Charset::Utf8 | Charset::Iso2022Gb2312 => true,
    }
}

fn staff(set: &mut DataSet, tag: Tag, s: &Subject<'_>, number: &str) {
    match s.view.staff_member(number) {
        Some(member) => set.put_text(tag, &person(&member.name, s.charset), s.charset),
        None => set.put_empty(tag),
    }
}

/// A person name with its ideographic group where the character set allows it (PS3.5 6.2.1.1).
pub(crate) fn person(name: &Name, charset: Charset) -> String {
    let latin = format!("{}^{}", name.family_pinyin, name.given_pinyin);
    if writes(charset, &name.family) { format!("{latin}={}^{}", name.family, name.given) } else { latin }
}

fn sex(sex: Sex) -> &'static str {
    match sex {
        Sex::M => "M",
        Sex::F => "F",
    }
}

/// `AS`: years from two on, months before, weeks in the first three months.
pub(crate) fn age(born: Date, on: Date) -> String {
    let span = born.until((jiff::Unit::Year, on)).unwrap_or_default();
    let months = i32::from(span.get_years()) * 12 + span.get_months();
    match months {
        24.. => format!("{:03}Y", span.get_years().min(150)),
        3..=23 => format!("{months:03}M"),
        _ => format!("{:03}W", (on - born).get_days().max(0) / 7),
    }
}

fn date(date: Date) -> String {
    format!("{:04}{:02}{:02}", date.year(), date.month(), date.day())
}

fn moment(set: &mut DataSet, s: &Subject<'_>, date_tag: Tag, time_tag: Tag, at: DateTime) {
    set.put_str(date_tag, &date(at.date()));
    set.put_str(time_tag, &s.maker().time(at));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_are_written_in_their_unit() {
        let on = jiff::civil::date(2026, 3, 1);
        assert_eq!(age(jiff::civil::date(1968, 3, 1), on), "058Y");
        assert_eq!(age(jiff::civil::date(1968, 3, 2), on), "057Y");
        assert_eq!(age(jiff::civil::date(2024, 12, 1), on), "015M");
        assert_eq!(age(jiff::civil::date(2026, 2, 1), on), "004W");
    }

    #[test]
    fn names_follow_the_character_set() {
        let name = Name {
            family: "张".into(),
            given: "建国".into(),
            family_pinyin: "Zhang".into(),
            given_pinyin: "Jianguo".into(),
        };
        assert_eq!(person(&name, Charset::Gb18030), "Zhang^Jianguo=张^建国");
        assert_eq!(person(&name, Charset::Latin1), "Zhang^Jianguo");
    }
}
