//! Objects of real patients, sent by a real device to the wrong place.
//!
//! A registered device is believed. One that nobody registered is taken for real when its toolkit is
//! a modality vendor's and its object is what such a device makes, of a patient whom this hospital,
//! which is invented, does not have. What a program for files sends is a copy, whatever it shows.

use bytes::Bytes;
use jiff::civil::Date;

use super::{Received, Sender, Toolkit};
use crate::session::{Artefact, Real, Session};
use crate::wire::dicom::dataset::{Charset, DataSet, Tag, TransferSyntax, Vr, tags};
use crate::wire::dicom::elements::Elements;
use crate::wire::identity::resident_id;

/// Roots of modality vendors, as implementation class UIDs and in front of what their devices number.
const VENDORS: [(&str, &str); 14] = [
    ("1.2.840.113619.", "GE"),
    ("1.3.12.2.1107.", "Siemens"),
    ("1.3.46.670589.", "Philips"),
    ("1.2.840.113704.", "Philips"),
    ("1.2.392.200036.", "Canon or Fujifilm"),
    ("1.2.156.112605.", "United Imaging"),
    ("1.2.156.112536.", "Neusoft"),
    ("1.2.410.200001.", "Samsung"),
    ("1.2.840.113564.", "Carestream"),
    ("1.2.840.113845.", "Fujifilm"),
    ("1.3.51.", "Agfa"),
    ("1.2.124.113532.", "Agfa"),
    ("1.2.752.24.", "Sectra"),
    ("1.2.840.113663.", "Philips ultrasound"),
];

/// Signs of the object that must come together with the vendor's toolkit.
const ENOUGH: usize = 3;

/// Oldest birth year of a living patient.
const OLDEST: i16 = 1900;

/// (0010,1000) Other Patient IDs, retired and still sent.
const OTHER_PATIENT_IDS: Tag = Tag(0x0010, 0x1000);

/// What names or describes a person, replaced where pixels are dropped (PS3.15 table E.1-1, those of
/// modality objects).
const IDENTIFYING: [Tag; 21] = [
    tags::PATIENT_NAME,
    tags::PATIENT_ID,
    OTHER_PATIENT_IDS,
    tags::OTHER_PATIENT_NAMES,
    tags::PATIENT_BIRTH_NAME,
    tags::PATIENT_MOTHER_BIRTH_NAME,
    tags::PATIENT_ADDRESS,
    tags::PATIENT_TELEPHONE_NUMBERS,
    tags::PATIENT_COMMENTS,
    tags::MILITARY_RANK,
    tags::ACCESSION_NUMBER,
    tags::STUDY_ID,
    tags::ADMISSION_ID,
    tags::REFERRING_PHYSICIAN_NAME,
    tags::PERFORMING_PHYSICIAN_NAME,
    tags::NAME_OF_PHYSICIANS_READING_STUDY,
    tags::OPERATORS_NAME,
    tags::REQUESTING_PHYSICIAN,
    tags::IMAGE_COMMENTS,
    tags::ADDITIONAL_PATIENT_HISTORY,
    tags::ISSUER_OF_PATIENT_ID,
];

/// Dates of a person, emptied.
const DATES: [Tag; 2] = [tags::PATIENT_BIRTH_DATE, tags::PATIENT_BIRTH_TIME];

/// Takes care of an object that is real; `None` when it is not. Else the file that stays, if any.
pub(super) fn care(session: &Session, sender: Sender<'_>, object: &Received<'_>) -> Option<Option<Artefact>> {
    let values = Values::read(object.head, object.syntax);
    let (signs, device) = signs(session, sender, &values)?;
    let patient = values.bytes(tags::PATIENT_ID).unwrap_or_default();
    let real = Real { signs, device, patient: &patient, kept: Some(object.kept.clone()) };
    let digest = session.pseudonym(&patient);
    let (offset, syntax) = (object.offset, object.syntax);
    Some(session.take_care(real, |file| reduced(file, offset, syntax, &digest)))
}

/// Why it is real, and whether a real device sent it.
fn signs(session: &Session, sender: Sender<'_>, values: &Values) -> Option<(Vec<String>, bool)> {
    let id = values.text(tags::PATIENT_ID);
    let view = session.world().at(session.now());
    // Whatever the device, a patient of the world is no person.
    if view.patient_by_mrn(&id).is_some() {
        return None;
    }
    let mut signs = Vec::new();
    let registered = session.is_registered(sender.calling);
    if registered {
        signs.push("registered device".to_owned());
    }
    let ids = [tags::PATIENT_ID, OTHER_PATIENT_IDS].map(|tag| values.text(tag));
    if ids.iter().any(|id| resident_id(id.as_bytes()).is_some()) {
        signs.push("resident id whose check digit is right".to_owned());
    }
    let object = object_signs(values);
    let (toolkit, says, speaks) = match sender.toolkit {
        Toolkit::Speaks(uid) => (uid, "toolkit", true),
        Toolkit::Wrote(uid) => (uid, "file written by a toolkit", false),
    };
    let vendor = vendor(toolkit).filter(|_| object.len() >= ENOUGH);
    if let Some(vendor) = vendor {
        signs.push(format!("{says} of {vendor}"));
        signs.extend(object.into_iter().map(str::to_owned));
    }
    (!signs.is_empty()).then_some((signs, registered || (speaks && vendor.is_some())))
}

/// What a device puts into its objects and a forger seldom does.
fn object_signs(values: &Values) -> Vec<&'static str> {
    let some = |tag| !values.text(tag).is_empty();
    let mut signs = Vec::new();
    if some(tags::MANUFACTURER) && some(tags::DEVICE_SERIAL_NUMBER) {
        signs.push("manufacturer and serial number");
    }
    if vendor(values.text(tags::SOP_INSTANCE_UID).as_bytes()).is_some() {
        signs.push("instance numbered by the vendor");
    }
    if some(tags::PATIENT_NAME) && born(&values.text(tags::PATIENT_BIRTH_DATE)) {
        signs.push("name and birth date of a patient who is not the hospital's");
    }
    if some(tags::STUDY_DATE) && some(tags::SERIES_NUMBER) && some(tags::INSTANCE_NUMBER) {
        signs.push("numbered image of a dated study");
    }
    if values.private {
        signs.push("private block of a vendor");
    }
    signs
}

fn vendor(uid: &[u8]) -> Option<&'static str> {
    VENDORS.iter().find(|(root, _)| uid.starts_with(root.as_bytes())).map(|(_, name)| *name)
}

fn born(date: &str) -> bool {
    let date = Date::strptime("%Y%m%d", date);
    date.is_ok_and(|date| date.year() >= OLDEST)
}

/// Values of an object as sent.
struct Values {
    values: Vec<(Tag, Bytes)>,
    /// Whether a private creator stands in it.
    private: bool,
}

impl Values {
    fn read(head: &Bytes, syntax: TransferSyntax) -> Self {
        let mut found = Values { values: Vec::new(), private: false };
        for element in Elements::of(head.clone(), syntax).map_while(Result::ok) {
            let (group, number) = (element.tag.group(), element.tag.element());
            found.private |= group % 2 == 1 && (0x10..=0xFF).contains(&number) && !element.value.is_empty();
            if matches!(group, 0x0008 | 0x0010 | 0x0018 | 0x0020) {
                found.values.push((element.tag, element.value));
            }
        }
        found
    }

    fn bytes(&self, tag: Tag) -> Option<Bytes> {
        self.values.iter().find(|(found, _)| *found == tag).map(|(_, value)| value.clone())
    }

    fn text(&self, tag: Tag) -> String {
        let value = self.bytes(tag).unwrap_or_default();
        String::from_utf8_lossy(&value).trim_matches([' ', '\0']).to_owned()
    }
}

/// The object without pixels, private elements and identifiers; `None` when it can't be read whole.
fn reduced(file: &[u8], offset: usize, syntax: TransferSyntax, digest: &str) -> Option<Vec<u8>> {
    let head = file.get(..offset)?;
    let object = DataSet::decode(&Bytes::copy_from_slice(file.get(offset..)?), syntax).ok()?;
    let mut kept = head.to_vec();
    cleared(&object, digest).encode_into(syntax, &mut kept);
    Some(kept)
}

fn cleared(object: &DataSet, digest: &str) -> DataSet {
    // A name of a person has 64 characters at most, an id too (PS3.5 6.2).
    let short = digest.get(..16).unwrap_or(digest);
    let mut out = DataSet::new();
    for (tag, element) in object.iter() {
        let drawn = matches!(tag.group(), 0x7FE0 | 0x5400 | 0x6000..=0x60FF | 0x0042);
        if drawn || tag.group() % 2 == 1 {
            continue;
        }
        if IDENTIFYING.contains(&tag) {
            out.put_text(tag, short, Charset::default());
        } else if DATES.contains(&tag) {
            out.put_empty(tag);
        } else if element.vr == Vr::SQ {
            let items = object.items(tag).iter().map(|item| cleared(item, digest)).collect();
            out.put_items(tag, items);
        } else {
            out.put(tag, element.clone());
        }
    }
    out
}
