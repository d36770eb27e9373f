//! Objects of real patients: what is taken for one, and what stays of it.

use std::sync::Arc;

use bytes::Bytes;

use super::support::{Peer, message, request};
use crate::event::Observation;
use crate::event::observation::Handling;
use crate::session::bench::{Bench, NOW};
use crate::wire::dicom::command::field;
use crate::wire::dicom::dataset::{DataSet, Tag, TransferSyntax, Vr, tags, uids};
use crate::wire::dicom::elements::Elements;
use crate::wire::dicom::pdu::{Associate, Context};

const SYNTAX: TransferSyntax = TransferSyntax::ExplicitLittle;
const CLASS: &str = uids::CT_IMAGE_STORAGE;
const SIEMENS: &str = "1.3.12.2.1107.5.2";

/// What a scanner sends of a patient.
fn scan(patient: &str) -> DataSet {
    let mut set = DataSet::new();
    let texts = [
        (tags::SOP_CLASS_UID, CLASS),
        (tags::SOP_INSTANCE_UID, "1.3.12.2.1107.5.1.4.71234.30000026011200"),
        (tags::STUDY_DATE, "20260302"),
        (tags::MANUFACTURER, "SIEMENS"),
        (tags::PATIENT_NAME, "Li^Hua"),
        (tags::PATIENT_ID, patient),
        (tags::PATIENT_BIRTH_DATE, "19800102"),
        (tags::DEVICE_SERIAL_NUMBER, "71234"),
        (tags::STUDY_INSTANCE_UID, "1.3.12.2.1107.5.1.4.71234.3000002601"),
        (tags::SERIES_INSTANCE_UID, "1.3.12.2.1107.5.1.4.71234.300000260112"),
        (tags::SERIES_NUMBER, "2"),
        (tags::INSTANCE_NUMBER, "1"),
    ];
    texts.into_iter().for_each(|(tag, text)| set.put_str(tag, text));
    set.put_bytes(Tag(0x0029, 0x0010), Vr::LO, Bytes::from_static(b"SIEMENS CSA HEADER"));
    set.put_bytes(tags::PIXEL_DATA, Vr::OW, vec![7; 512].into());
    set
}

/// Stores with a toolkit; gives status and events.
fn store(bench: &Arc<Bench>, implementation: &str, object: &DataSet) -> (u16, Vec<Observation>) {
    let mut peer = Peer::connect(bench, "pacs");
    let asked = Associate {
        version: 1,
        called: Bytes::from_static(b"CLZXPACS"),
        calling: Bytes::from_static(b"CTROOM3"),
        application_context: Bytes::from_static(b"1.2.840.10008.3.1.1.1"),
        contexts: vec![Context {
            id: 1,
            result: 0,
            abstract_syntax: Bytes::from_static(CLASS.as_bytes()),
            transfer_syntaxes: vec![Bytes::from_static(SYNTAX.uid().as_bytes())],
        }],
        max_pdu: Some(16384),
        implementation_uid: Bytes::from(implementation.to_owned()),
        ..Associate::default()
    };
    peer.send(&asked.request());
    peer.take();
    bench.told();
    let mut command = request(field::C_STORE, CLASS);
    command.sop_instance = object.text(tags::SOP_INSTANCE_UID).map(Into::into);
    peer.send(&message(1, &command, Some(object), SYNTAX));
    (peer.messages().pop().unwrap().0.status.unwrap(), bench.told())
}

fn real(told: &[Observation]) -> Option<(&[String], bool, &str, Handling)> {
    told.iter().find_map(|told| match told {
        Observation::RealData { signs, device, sha256, handling, .. } => {
            Some((signs.as_slice(), *device, sha256.as_str(), *handling))
        }
        _ => None,
    })
}

#[test]
fn a_vendors_device_is_recognised_and_its_pixels_are_dropped() {
    let bench = Arc::new(Bench::new());
    let (status, told) = store(&bench, SIEMENS, &scan("C0041207"));
    assert_eq!(status, 0);
    let (signs, device, sha256, handling) = real(&told).expect("told as real");
    assert!(device && signs[0] == "toolkit of Siemens" && signs.len() >= 4, "{signs:?}");
    assert_eq!(handling, Handling::PixelsDropped);
    let file = Bytes::from(bench.session("pacs", "dicom").read_artefact(sha256, 1 << 20).unwrap());
    let start = file.windows(4).position(|window| window == [0x08, 0, 0x16, 0]).unwrap();
    let kept: Vec<_> = Elements::of(file.slice(start..), SYNTAX).map(Result::unwrap).collect();
    assert!(kept.iter().all(|e| e.tag != tags::PIXEL_DATA && e.tag.group() % 2 == 0));
    assert!(!file.windows(6).any(|window| window == b"Li^Hua" || window == b"C00412"));
    let text =
        String::from_utf8(told.iter().map(|told| format!("{told:?}")).collect::<String>().into()).unwrap();
    assert!(!text.contains("Li^Hua") && !text.contains("C0041207"), "{text}");
}

#[test]
fn the_same_object_from_a_program_for_files_is_a_copy() {
    let bench = Arc::new(Bench::new());
    let (_, told) = store(&bench, "1.2.276.0.7230010.3.0.3.6.7", &scan("C0041207"));
    assert_eq!(real(&told), None);
}

#[test]
fn a_resident_id_that_may_be_issued_is_real_whoever_sends_it() {
    let bench = Arc::new(Bench::new());
    let (_, told) = store(&bench, "1.2.276.0.7230010.3.0.3.6.7", &scan("11010519491231002X"));
    let (signs, device, ..) = real(&told).expect("told as real");
    assert_eq!((signs, device), (["resident id whose check digit is right".to_owned()].as_slice(), false));
}

#[test]
fn a_patient_of_the_world_is_never_real() {
    let bench = Arc::new(Bench::new());
    let view = bench.world.at(NOW.parse().unwrap());
    let patient = view.patients(&crate::world::PatientFilter::default()).remove(0);
    let (_, told) = store(&bench, SIEMENS, &scan(&patient.mrn));
    assert_eq!(real(&told), None);
}
