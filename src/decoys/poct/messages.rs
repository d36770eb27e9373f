//! Messages as they are written (POCT1-A appendix B, clause 6).

use jiff::Timestamp;

use crate::world::{Flag, Instrument, LabOrder, Sex, View};

/// Text in an attribute.
fn attribute(text: &str) -> String {
    quick_xml::escape::escape(text).into_owned()
}

fn element(name: &str, value: &str) -> String {
    format!("<{name} V=\"{}\"/>", attribute(value))
}

/// A local moment with its offset, ISO 8601.
fn moment(view: &View, at: Timestamp) -> String {
    let offset = view.hospital().utc_offset_minutes;
    let sign = if offset < 0 { '-' } else { '+' };
    let local = view.local(at).strftime("%Y-%m-%dT%H:%M:%S");
    format!("{local}{sign}{:02}:{:02}", offset.abs() / 60, offset.abs() % 60)
}

/// A whole message: declaration, header, body.
pub(super) fn message(view: &View, kind: &str, control_id: u64, body: &str) -> Vec<u8> {
    let header = [
        element("HDR.message_type", kind),
        element("HDR.control_id", &control_id.to_string()),
        element("HDR.version_id", "POCT1"),
        element("HDR.creation_dttm", &moment(view, view.now())),
    ]
    .concat();
    format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n<{kind}><HDR>{header}</HDR>{body}</{kind}>\r\n")
        .into_bytes()
}

/// ACK.R01: `AA` or `AE` to a message.
pub(super) fn acknowledgement(view: &View, control_id: u64, of: &str, fault: Option<&str>) -> Vec<u8> {
    let code = if fault.is_some() { "AE" } else { "AA" };
    let note = fault.map(|fault| element("ACK.note_txt", fault)).unwrap_or_default();
    let body =
        format!("<ACK>{}{}{note}</ACK>", element("ACK.type_cd", code), element("ACK.ack_control_id", of));
    message(view, "ACK.R01", control_id, &body)
}

/// Body of HEL.R01: who the device is and how it converses.
pub(super) fn greeting(instrument: &Instrument, timeout: u64) -> String {
    let device = [
        element("DEV.device_id", &instrument.serial),
        element("DEV.vendor_id", &instrument.manufacturer.to_uppercase()),
        element("DEV.model_id", &instrument.model),
        element("DEV.serial_id", &instrument.serial),
        element("DEV.manufacturer_name", &instrument.manufacturer),
        element("DEV.sw_version", &instrument.software),
        element("DEV.device_name", &instrument.code),
    ]
    .concat();
    let capability = [
        "<DCP>".to_owned(),
        element("DCP.application_timeout", &timeout.to_string()),
        "</DCP><DSC>".to_owned(),
        element("DSC.connection_profile_cd", "CS"),
        element("DSC.topics_supported_cd", "OBS"),
        element("DSC.max_message_sz", "65536"),
        "</DSC>".to_owned(),
    ]
    .concat();
    format!("<DEV>{device}{capability}</DEV>")
}

/// Body of DST.R01: how the device is and how much it has to tell.
pub(super) fn status(instrument: &Instrument, view: &View, observations: usize) -> String {
    let status = [
        element("DST.device_id", &instrument.serial),
        element("DST.status_dttm", &moment(view, view.now())),
        element("DST.new_observations_qty", &observations.to_string()),
        element("DST.condition_cd", "R"),
    ]
    .concat();
    format!("<DST>{status}</DST>")
}

/// Body of OBS.R01: one specimen's results.
pub(super) fn observations(view: &View, order: &LabOrder) -> String {
    let measured = order.analysed.map(|at| moment(view, at)).unwrap_or_default();
    let values: String = order
        .results
        .iter()
        .map(|result| {
            let flag = match result.flag {
                Flag::N => "N",
                Flag::H => "H",
                Flag::L => "L",
                Flag::A => "A",
            };
            let item = result.item;
            format!(
                "<OBS><OBS.observation_id V=\"{}\" SN=\"LN\" DN=\"{}\"/><OBS.value V=\"{}\" U=\"{}\"/>{}{}{}</OBS>",
                attribute(item.loinc),
                attribute(item.code),
                attribute(&result.value),
                attribute(item.unit),
                element("OBS.method_cd", "M"),
                element("OBS.status_cd", "A"),
                element("OBS.interpretation_cd", flag),
            )
        })
        .collect();
    let asked = view.order(&order.order);
    let operator = asked.map(|asked| asked.physician).unwrap_or_default();
    format!(
        "<SVC>{}{}<PT>{}{values}</PT><OPR>{}</OPR><ORD>{}{}</ORD><SPC>{}{}</SPC></SVC>",
        element("SVC.role_cd", "OBS"),
        element("SVC.observation_dttm", &measured),
        patient(view, order),
        element("OPR.operator_id", &operator),
        element("ORD.universal_service_id", &order.panel),
        element("ORD.order_id", &order.specimen),
        element("SPC.specimen_dttm", &order.collected.map(|at| moment(view, at)).unwrap_or_default()),
        element("SPC.type_cd", "BLDA"),
    )
}

fn patient(view: &View, order: &LabOrder) -> String {
    let Some(patient) = view.patient(order.patient) else { return String::new() };
    let sex = match patient.sex {
        Sex::M => "M",
        Sex::F => "F",
    };
    [
        element("PT.patient_id", &patient.mrn),
        format!(
            "<PT.name V=\"{0}\"><FAM V=\"{1}\"/><GIV V=\"{2}\"/></PT.name>",
            attribute(&patient.name.chinese()),
            attribute(&patient.name.family),
            attribute(&patient.name.given)
        ),
        element("PT.birth_date", &patient.born.to_string()),
        element("PT.gender_cd", sex),
    ]
    .concat()
}

/// Body of REQ.R01: what is wanted (`ROBS`: new observations).
pub(super) fn request(code: &str) -> String {
    format!("<REQ>{}</REQ>", element("REQ.request_cd", code))
}

/// Body of EOT.R01: the topic is through.
pub(super) fn topic_ends() -> String {
    format!("<EOT>{}</EOT>", element("EOT.topic_cd", "OBS"))
}

/// Body of END.R01: the conversation is through.
pub(super) fn conversation_ends() -> String {
    format!("<TRM>{}</TRM>", element("TRM.reason_cd", "NRM"))
}
