//! What a console asks in one association: commands and their data sets.

use bytes::Bytes;
use jiff::Timestamp;

use super::Console;
use super::plan::{Kind, Planned};
use crate::decoys::dicom::commitment::{self, PUSH_MODEL};
use crate::decoys::dicom::performed::PERFORMED_STEP;
use crate::decoys::dicom::profile::VERIFICATION;
use crate::decoys::dicom::worklist::WORKLIST_FIND;
use crate::imaging::has_pixels;
use crate::wire::dicom::command::{Command, NO_DATA_SET, field};
use crate::wire::dicom::dataset::{DataSet, tags};
use crate::world::{Content, Instance, Name, Order, Series, Sex, View};

/// Objects of an exam that go over the network: enough to be heard, few enough for a small machine.
const MAX_OBJECTS: usize = 8;

/// Objects of one series among them, so that more than the scout is sent.
const MAX_OF_SERIES: usize = 4;

/// Objects that a performed step lists: all of an exam but of the longest scans.
const MAX_LISTED: usize = 512;

/// Data set follows.
const DATA_SET: u16 = 0x0001;

/// One request.
pub(super) struct Ask {
    pub(super) class: Bytes,
    pub(super) command: Command,
    pub(super) what: What,
}

/// Its data set.
pub(super) enum What {
    Nothing,
    Set(DataSet),
    Object(Box<Series>, Box<Instance>),
}

/// All requests of an errand, as far as the moment has something to say.
pub(super) fn of(console: &Console, planned: &Planned, now: Timestamp) -> Vec<Ask> {
    let view = console.shared.world.at(now);
    let one = |ask: Option<Ask>| ask.into_iter().collect();
    match planned.kind {
        Kind::Verify => vec![verify()],
        Kind::Worklist => vec![worklist(console, &view)],
        Kind::Begin => one(begin(console, &view, planned)),
        Kind::Store => sent(&view, planned).into_iter().map(store).collect(),
        Kind::End => vec![end(console, &view, planned)],
        Kind::Commit => one(commit(console, &view, planned)),
    }
}

fn ask(class: &'static str, field: u16, what: What) -> Ask {
    let class = Bytes::from_static(class.as_bytes());
    let data_set = Some(if matches!(what, What::Nothing) { NO_DATA_SET } else { DATA_SET });
    let command =
        Command { sop_class: Some(class.clone()), field: Some(field), data_set, ..Command::default() };
    Ask { class, command, what }
}

/// The same for a request that names its instance as requested, not affected (PS3.7 10.1.3, 10.1.4).
fn of_requested(class: &'static str, field: u16, instance: String, set: DataSet) -> Ask {
    let mut ask = ask(class, field, What::Set(set));
    ask.command.requested_class = ask.command.sop_class.take();
    ask.command.requested_instance = Some(instance.into());
    ask
}

fn verify() -> Ask {
    ask(VERIFICATION, field::C_ECHO, What::Nothing)
}

/// What waits for this station today.
fn worklist(console: &Console, view: &View) -> Ask {
    let today = view.local(view.now()).date().strftime("%Y%m%d").to_string();
    let mut step = DataSet::new();
    step.put_str(tags::MODALITY, console.device.modality.as_str());
    step.put_str(tags::SCHEDULED_STATION_AE_TITLE, &console.device.ae_title);
    step.put_str(tags::SCHEDULED_PROCEDURE_STEP_START_DATE, &today);
    for tag in [
        tags::SCHEDULED_PROCEDURE_STEP_START_TIME,
        tags::SCHEDULED_PERFORMING_PHYSICIAN_NAME,
        tags::SCHEDULED_PROCEDURE_STEP_DESCRIPTION,
        tags::SCHEDULED_PROCEDURE_STEP_ID,
        tags::SCHEDULED_STATION_NAME,
    ] {
        step.put_empty(tag);
    }
    step.put_items(tags::SCHEDULED_PROTOCOL_CODE_SEQUENCE, Vec::new());
    let mut keys = DataSet::new();
    for tag in [
        tags::ACCESSION_NUMBER,
        tags::REFERRING_PHYSICIAN_NAME,
        tags::PATIENT_NAME,
        tags::PATIENT_ID,
        tags::PATIENT_BIRTH_DATE,
        tags::PATIENT_SEX,
        tags::PATIENT_WEIGHT,
        tags::STUDY_INSTANCE_UID,
        tags::REQUESTED_PROCEDURE_DESCRIPTION,
        tags::ADMISSION_ID,
        tags::REQUESTED_PROCEDURE_ID,
    ] {
        keys.put_empty(tag);
    }
    keys.put_items(tags::SCHEDULED_PROCEDURE_STEP_SEQUENCE, vec![step]);
    let mut found = ask(WORKLIST_FIND, field::C_FIND, What::Set(keys));
    found.command.priority = Some(0);
    found
}

/// N-CREATE of a step in progress (PS3.4 table F.7.2-1).
fn begin(console: &Console, view: &View, planned: &Planned) -> Option<Ask> {
    let study = &planned.study;
    let (patient, order) = (view.patient(study.patient)?, view.order(&study.order)?);
    let started = view.local(study.started);
    let mut set = DataSet::new();
    set.put_charset(console.charset);
    set.put_str(tags::MODALITY, study.modality.as_str());
    set.put_items(tags::PROCEDURE_CODE_SEQUENCE, Vec::new());
    set.put_items(tags::REFERENCED_PATIENT_SEQUENCE, Vec::new());
    set.put_text(tags::PATIENT_NAME, &person(&patient.name), console.charset);
    set.put_str(tags::PATIENT_ID, &patient.mrn);
    set.put_str(tags::PATIENT_BIRTH_DATE, &patient.born.strftime("%Y%m%d").to_string());
    let sex = match patient.sex {
        Sex::M => "M",
        Sex::F => "F",
    };
    set.put_str(tags::PATIENT_SEX, sex);
    set.put_str(tags::STUDY_ID, &study.id);
    set.put_str(tags::PERFORMED_STATION_AE_TITLE, &console.device.ae_title);
    set.put_str(tags::PERFORMED_STATION_NAME, &console.device.station);
    set.put_empty(tags::PERFORMED_LOCATION);
    set.put_str(tags::PERFORMED_PROCEDURE_STEP_START_DATE, &started.strftime("%Y%m%d").to_string());
    set.put_str(tags::PERFORMED_PROCEDURE_STEP_START_TIME, &started.strftime("%H%M%S").to_string());
    set.put_empty(tags::PERFORMED_PROCEDURE_STEP_END_DATE);
    set.put_empty(tags::PERFORMED_PROCEDURE_STEP_END_TIME);
    set.put_str(tags::PERFORMED_PROCEDURE_STEP_STATUS, "IN PROGRESS");
    set.put_str(tags::PERFORMED_PROCEDURE_STEP_ID, &order.filler);
    set.put_text(tags::PERFORMED_PROCEDURE_STEP_DESCRIPTION, &study.description, console.charset);
    set.put_empty(tags::PERFORMED_PROCEDURE_TYPE_DESCRIPTION);
    set.put_items(tags::PERFORMED_PROTOCOL_CODE_SEQUENCE, Vec::new());
    set.put_items(tags::SCHEDULED_STEP_ATTRIBUTES_SEQUENCE, vec![scheduled(console, planned, &order)]);
    set.put_items(tags::PERFORMED_SERIES_SEQUENCE, Vec::new());
    let mut begun = ask(PERFORMED_STEP, field::N_CREATE, What::Set(set));
    begun.command.sop_instance = Some(uid(console, view, planned, 1).into());
    Some(begun)
}

fn scheduled(console: &Console, planned: &Planned, order: &Order) -> DataSet {
    let study = &planned.study;
    let mut item = DataSet::new();
    item.put_str(tags::ACCESSION_NUMBER, &study.accession);
    item.put_items(tags::REFERENCED_STUDY_SEQUENCE, Vec::new());
    item.put_str(tags::STUDY_INSTANCE_UID, &study.uid);
    item.put_text(tags::REQUESTED_PROCEDURE_DESCRIPTION, &order.name, console.charset);
    item.put_text(tags::SCHEDULED_PROCEDURE_STEP_DESCRIPTION, &order.name, console.charset);
    item.put_items(tags::SCHEDULED_PROTOCOL_CODE_SEQUENCE, Vec::new());
    item.put_str(tags::SCHEDULED_PROCEDURE_STEP_ID, &order.filler);
    item.put_str(tags::REQUESTED_PROCEDURE_ID, &order.filler);
    item
}

/// N-SET of a completed step.
fn end(console: &Console, view: &View, planned: &Planned) -> Ask {
    let ended = view.local(planned.acquired);
    let mut set = DataSet::new();
    set.put_charset(console.charset);
    set.put_str(tags::PERFORMED_PROCEDURE_STEP_END_DATE, &ended.strftime("%Y%m%d").to_string());
    set.put_str(tags::PERFORMED_PROCEDURE_STEP_END_TIME, &ended.strftime("%H%M%S").to_string());
    set.put_str(tags::PERFORMED_PROCEDURE_STEP_STATUS, "COMPLETED");
    let mut left = MAX_LISTED;
    let items = own_series(view, planned).map(|series| {
        let instances: Vec<_> = view.instances(&planned.study, &series).into_iter().take(left).collect();
        left -= instances.len();
        performed(console, view, planned, &series, &instances)
    });
    set.put_items(tags::PERFORMED_SERIES_SEQUENCE, items.collect());
    of_requested(PERFORMED_STEP, field::N_SET, uid(console, view, planned, 1), set)
}

fn performed(
    console: &Console,
    view: &View,
    planned: &Planned,
    series: &Series,
    instances: &[Instance],
) -> DataSet {
    let mut item = DataSet::new();
    item.put_empty(tags::RETRIEVE_AE_TITLE);
    item.put_text(tags::SERIES_DESCRIPTION, &series.description, console.charset);
    item.put_empty(tags::PERFORMING_PHYSICIAN_NAME);
    let operator = view.staff_member(&planned.study.operator).map(|staff| person(&staff.name));
    item.put_text(tags::OPERATORS_NAME, &operator.unwrap_or_default(), console.charset);
    let protocol = if series.protocol.is_empty() { &series.description } else { &series.protocol };
    item.put_text(tags::PROTOCOL_NAME, protocol, console.charset);
    item.put_str(tags::SERIES_INSTANCE_UID, &series.uid);
    let listed = |pixels: bool| {
        let those = instances.iter().filter(|instance| has_pixels(&instance.sop_class) == pixels);
        those.map(|instance| reference(&instance.sop_class, &instance.uid)).collect()
    };
    item.put_items(tags::REFERENCED_IMAGE_SEQUENCE, listed(true));
    item.put_items(tags::REFERENCED_NON_IMAGE_COMPOSITE_SOP_INSTANCE_SEQUENCE, listed(false));
    item
}

fn store((series, instance): (Series, Instance)) -> Ask {
    let class = Bytes::from(instance.sop_class.clone());
    let command = Command {
        sop_class: Some(class.clone()),
        field: Some(field::C_STORE),
        priority: Some(0),
        data_set: Some(DATA_SET),
        sop_instance: Some(instance.uid.clone().into()),
        ..Command::default()
    };
    Ask { class, command, what: What::Object(Box::new(series), Box::new(instance)) }
}

/// N-ACTION for what was sent (PS3.4 table J.3.2-1).
fn commit(console: &Console, view: &View, planned: &Planned) -> Option<Ask> {
    let items: Vec<_> = sent(view, planned)
        .iter()
        .map(|(_, instance)| reference(&instance.sop_class, &instance.uid))
        .collect();
    if items.is_empty() {
        return None;
    }
    let mut set = DataSet::new();
    set.put_str(tags::TRANSACTION_UID, &uid(console, view, planned, 2));
    set.put_items(tags::REFERENCED_SOP_SEQUENCE, items);
    let mut asked = of_requested(PUSH_MODEL, field::N_ACTION, commitment::INSTANCE.to_owned(), set);
    asked.command.action_type = Some(1);
    Some(asked)
}

/// The objects that go over the network: of each series the first ones, clips aside.
fn sent(view: &View, planned: &Planned) -> Vec<(Series, Instance)> {
    let objects = own_series(view, planned).flat_map(|series| {
        let still = view.instances(&planned.study, &series).into_iter();
        let still = still.filter(|instance| instance.content != Content::Cine).take(MAX_OF_SERIES);
        still.map(move |instance| (series.clone(), instance))
    });
    objects.take(MAX_OBJECTS).collect()
}

/// What the device itself made.
fn own_series(view: &View, planned: &Planned) -> impl Iterator<Item = Series> {
    let all = view.series(&planned.study).into_iter();
    all.filter(|series| series.content != Content::Document)
}

fn reference(class: &str, instance: &str) -> DataSet {
    let mut item = DataSet::new();
    item.put_str(tags::REFERENCED_SOP_CLASS_UID, class);
    item.put_str(tags::REFERENCED_SOP_INSTANCE_UID, instance);
    item
}

/// A UID of the console's own: root, serial number, the exam's start and a number.
fn uid(console: &Console, view: &View, planned: &Planned, number: u64) -> String {
    let root = console.shared.profile.table.console.as_ref().map_or("", |table| &table.uid_root);
    let digits: String = console.device.serial.chars().filter(char::is_ascii_digit).collect();
    let serial: u64 = digits.parse().unwrap_or_default();
    let started = view.local(planned.study.started).strftime("%Y%m%d%H%M%S");
    format!("{root}.{serial}.{started}.{}", planned.study.seed % 100_000 * 10 + number)
}

fn person(name: &Name) -> String {
    format!("{}^{}={}^{}", name.family_pinyin, name.given_pinyin, name.family, name.given)
}
