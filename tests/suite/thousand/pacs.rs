//! The archives: C-FIND over DIMSE, and QIDO-RS.

use bytes::Bytes;
use honeyward::wire::dicom::command::{Command, field};
use honeyward::wire::dicom::dataset::{DataSet, Tag, TransferSyntax, tags};
use honeyward::wire::dicom::pdu::{Associate, Context, Fragment, HEADER, Header, data_head, values};

use super::facts::{Facts, Kind, STARTED, date, sex};
use super::people::Person;
use super::stage::{Line, Stage};
use super::web::{get, text};

pub(super) const DIMSE: &str = "DIMSE";
pub(super) const QIDO: &str = "DICOMweb";

const STUDY_FIND: &str = "1.2.840.10008.5.1.4.1.2.2.1";
const SYNTAX: TransferSyntax = TransferSyntax::ImplicitLittle;
/// Largest command or data set sent here.
const MAX_PDU: u32 = 16_384;

/// What is asked of each study.
const KEYS: [Tag; 10] = [
    tags::STUDY_INSTANCE_UID,
    tags::STUDY_DATE,
    tags::STUDY_TIME,
    tags::ACCESSION_NUMBER,
    tags::MODALITIES_IN_STUDY,
    tags::STUDY_DESCRIPTION,
    tags::PATIENT_NAME,
    tags::PATIENT_BIRTH_DATE,
    tags::PATIENT_SEX,
    tags::REFERRING_PHYSICIAN_NAME,
];

/// Tells what the archive answers to C-FIND.
pub(super) fn dimse(stage: &Stage, people: &[Person], facts: &mut Facts) {
    let mut face = facts.face(DIMSE);
    let mut line = associate(stage);
    for person in people.iter().filter(|person| !person.studies.is_empty()) {
        let mut keys = DataSet::new();
        keys.put_str(tags::QUERY_RETRIEVE_LEVEL, "STUDY");
        keys.put_str(tags::PATIENT_ID, &person.mrn);
        KEYS.into_iter().for_each(|tag| keys.put_empty(tag));
        for set in find(&mut line, &keys) {
            let charset = set.charset();
            let at = |tag| set.text_in(tag, charset).unwrap_or_default();
            let id = at(tags::ACCESSION_NUMBER);
            let whole = at(tags::PATIENT_NAME);
            face.tell(Kind::Patient, &person.mrn, "name", ideographic(&whole));
            face.tell(Kind::Patient, &person.mrn, "name in letters", whole.split('=').next().unwrap());
            face.tell(Kind::Patient, &person.mrn, "sex", sex(&at(tags::PATIENT_SEX)));
            face.tell(Kind::Patient, &person.mrn, "born", date(&at(tags::PATIENT_BIRTH_DATE)));
            let fields = [
                ("UID", at(tags::STUDY_INSTANCE_UID)),
                ("name", at(tags::STUDY_DESCRIPTION)),
                ("patient", person.mrn.clone()),
            ];
            face.texts(Kind::Study, &id, &fields);
            face.time(Kind::Study, &id, STARTED, &(at(tags::STUDY_DATE) + &at(tags::STUDY_TIME)));
        }
    }
}

/// The Chinese part of a name, as one word.
fn ideographic(name: &str) -> String {
    name.split('=').nth(1).unwrap_or_default().replace('^', "")
}

fn associate(stage: &Stage) -> Line {
    let bytes = |text: &str| Bytes::copy_from_slice(text.as_bytes());
    let asked = Associate {
        version: 1,
        called: bytes("CLZXPACS"),
        calling: bytes("RESWS01"),
        application_context: bytes("1.2.840.10008.3.1.1.1"),
        contexts: vec![Context {
            id: 1,
            result: 0,
            abstract_syntax: bytes(STUDY_FIND),
            transfer_syntaxes: vec![bytes(SYNTAX.uid())],
        }],
        max_pdu: Some(MAX_PDU),
        implementation_uid: bytes("1.2.276.0.7230010.3.0.3.6.7"),
        ..Associate::default()
    };
    let mut line = stage.connect("pacs", 104);
    let answer = line.exchange(&asked.request());
    assert_eq!(answer.first(), Some(&2), "A-ASSOCIATE-AC");
    line
}

fn find(line: &mut Line, keys: &DataSet) -> Vec<DataSet> {
    let command = Command {
        sop_class: Some(STUDY_FIND.into()),
        field: Some(field::C_FIND),
        message_id: Some(1),
        priority: Some(0),
        data_set: Some(1),
        ..Command::default()
    };
    let mut bytes = Vec::new();
    command.write(&mut bytes);
    let mut message = data_head(Fragment { context: 1, command: true, last: true }, bytes.len()).to_vec();
    message.extend(bytes);
    let keys = keys.encode(SYNTAX);
    message.extend(data_head(Fragment { context: 1, command: false, last: true }, keys.len()));
    message.extend_from_slice(&keys);
    let mut rest = Bytes::from(line.exchange(&message));
    let mut found = Vec::new();
    let mut last = None;
    while let Some(header) = Header::read(&rest) {
        let pdu = rest.split_to(header.whole());
        for pdv in values(&pdu.slice(HEADER..)).unwrap() {
            if pdv.fragment.command {
                last = Command::read(pdv.bytes).unwrap().status;
            } else {
                found.push(DataSet::decode(&pdv.bytes, SYNTAX).unwrap());
            }
        }
    }
    assert_eq!(last, Some(0), "the end of the answers");
    found
}

/// Tells what the other archive answers to QIDO-RS.
pub(super) fn qido(stage: &Stage, people: &[Person], facts: &mut Facts) {
    let mut face = facts.face(QIDO);
    for person in people.iter().filter(|person| !person.studies.is_empty()) {
        let path = format!(
            "/dcm4chee-arc/aets/DCM4CHEE/rs/studies?PatientID={}&includefield=StudyDescription",
            person.mrn
        );
        let found = stage.http("vna", 8080, &get(&path, "")).json();
        for study in found.as_array().unwrap() {
            let at = |tag: &str| text(&study[tag]["Value"][0]);
            let name = &study["00100010"]["Value"][0];
            face.tell(Kind::Patient, &person.mrn, "name", text(&name["Ideographic"]).replace('^', ""));
            face.tell(Kind::Patient, &person.mrn, "name in letters", text(&name["Alphabetic"]));
            face.tell(Kind::Patient, &person.mrn, "sex", sex(&at("00100040")));
            face.tell(Kind::Patient, &person.mrn, "born", date(&at("00100030")));
            let id = at("00080050");
            let fields = [
                ("UID", at("0020000D")),
                ("name", at("00081030")),
                ("series", at("00201206")),
                ("images", at("00201208")),
                ("patient", person.mrn.clone()),
            ];
            face.texts(Kind::Study, &id, &fields);
            face.time(Kind::Study, &id, STARTED, &(at("00080020") + &at("00080030")));
        }
    }
}
