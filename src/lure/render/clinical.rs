//! Patients who do not exist: a row, an image, a number, a message.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::lure::token::Tokens;

type Named = (&'static str, Vec<u8>);

/// A name that hospitals use for tests: nobody's.
const NAME: &str = "测试患者";
/// The same in letters, for DICOM.
const LETTERS: &str = "CESHI^HUANZHE";

/// A row for a table of interfaces, with what it leads to.
pub(super) fn row(tokens: &Tokens) -> Named {
    let text = format!(
        "INSERT INTO sys_interface_account (code, patient_no, login_name, login_pwd, remark)\n\
         VALUES ('EXT', '{}', '{}', '{}', '{NAME}');\n",
        tokens.patient, tokens.account, tokens.password
    );
    ("row.sql", text.into_bytes())
}

pub(super) fn patient(tokens: &Tokens) -> Named {
    ("patient.csv", format!("patient_id,name,sex\r\n{},{NAME},M\r\n", tokens.patient).into_bytes())
}

/// An admission with the account number in PID-18 (HL7 v2.4 3.4.2).
pub(super) fn message(tokens: &Tokens, minted: Timestamp) -> Named {
    let at = minted.to_zoned(TimeZone::UTC).strftime("%Y%m%d%H%M%S").to_string();
    let text = format!(
        "MSH|^~\\&|HIS|HOSP|ARCHIVE|HOSP|{at}||ADT^A04|{number}|P|2.4\r\
         PID|1||{patient}||{LETTERS}||19700101|M||||||||||{number}\rPV1|1|O\r",
        number = tokens.number,
        patient = tokens.patient,
    );
    ("admission.hl7", text.into_bytes())
}

/// Columns and rows of the image.
const SIDE: u16 = 64;

/// A secondary capture (PS3.3 A.8.1) in explicit VR little endian.
pub(super) fn study(tokens: &Tokens, minted: Timestamp) -> Named {
    const CLASS: &str = "1.2.840.10008.5.1.4.1.1.7";
    const SYNTAX: &str = "1.2.840.10008.1.2.1";
    let at = minted.to_zoned(TimeZone::UTC);
    let (date, time) = (at.strftime("%Y%m%d").to_string(), at.strftime("%H%M%S").to_string());
    let series = format!("{}.1", tokens.uid);
    let instance = format!("{}.1.1", tokens.uid);
    let meta = [
        long(0x2, 0x1, *b"OB", &[0, 1]),
        short(0x2, 0x2, *b"UI", CLASS.as_bytes()),
        short(0x2, 0x3, *b"UI", instance.as_bytes()),
        short(0x2, 0x10, *b"UI", SYNTAX.as_bytes()),
        short(0x2, 0x12, *b"UI", b"2.25.99"),
    ]
    .concat();
    let length = u32::try_from(meta.len()).unwrap_or(0);
    let pixels: Vec<u8> = (0..SIDE).flat_map(|y| (0..SIDE).map(move |x| shade(x, y))).collect();
    let set = [
        short(0x8, 0x16, *b"UI", CLASS.as_bytes()),
        short(0x8, 0x18, *b"UI", instance.as_bytes()),
        short(0x8, 0x20, *b"DA", date.as_bytes()),
        short(0x8, 0x30, *b"TM", time.as_bytes()),
        short(0x8, 0x60, *b"CS", b"OT"),
        short(0x8, 0x64, *b"CS", b"WSD"),
        short(0x10, 0x10, *b"PN", LETTERS.as_bytes()),
        short(0x10, 0x20, *b"LO", tokens.patient.as_bytes()),
        short(0x20, 0xd, *b"UI", tokens.uid.as_bytes()),
        short(0x20, 0xe, *b"UI", series.as_bytes()),
        short(0x20, 0x11, *b"IS", b"1"),
        short(0x20, 0x13, *b"IS", b"1"),
        number(0x28, 0x2, 1),
        short(0x28, 0x4, *b"CS", b"MONOCHROME2"),
        number(0x28, 0x10, SIDE),
        number(0x28, 0x11, SIDE),
        number(0x28, 0x100, 8),
        number(0x28, 0x101, 8),
        number(0x28, 0x102, 7),
        number(0x28, 0x103, 0),
        long(0x7fe0, 0x10, *b"OB", &pixels),
    ]
    .concat();
    let head = short(0x2, 0, *b"UL", &length.to_le_bytes());
    ("IM000001.dcm", [vec![0; 128], b"DICM".to_vec(), head, meta, set].concat())
}

/// A grey wedge.
fn shade(x: u16, y: u16) -> u8 {
    u8::try_from((x + y) % 128).unwrap_or(0)
}

/// An element with a length of 16 bits (PS3.5 7.1.2).
fn short(group: u16, element: u16, kind: [u8; 2], value: &[u8]) -> Vec<u8> {
    let value = even(kind, value);
    let length = u16::try_from(value.len()).unwrap_or(u16::MAX);
    [&group.to_le_bytes()[..], &element.to_le_bytes(), &kind, &length.to_le_bytes(), &value].concat()
}

/// An element with a length of 32 bits.
fn long(group: u16, element: u16, kind: [u8; 2], value: &[u8]) -> Vec<u8> {
    let value = even(kind, value);
    let length = u32::try_from(value.len()).unwrap_or(u32::MAX);
    [&group.to_le_bytes()[..], &element.to_le_bytes(), &kind, &[0, 0], &length.to_le_bytes(), &value].concat()
}

fn number(group: u16, element: u16, value: u16) -> Vec<u8> {
    short(group, element, *b"US", &value.to_le_bytes())
}

/// Values have even length: text is filled with a blank, the rest with a zero byte.
fn even(kind: [u8; 2], value: &[u8]) -> Vec<u8> {
    let mut value = value.to_vec();
    if !value.len().is_multiple_of(2) {
        value.push(if matches!(&kind, b"UI" | b"OB") { 0 } else { b' ' });
    }
    value
}
