//! What an intruder stored is at hand to him alone.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::operations::{connected, find, identifier};
use super::support::{PATIENT_FIND, Peer, STUDY_FIND, STUDY_GET, message, proposal, proposal_of, request};
use crate::imaging::codec::transcode;
use crate::session::bench::{Bench, NOW};
use crate::wire::dicom::command::field;
use crate::wire::dicom::dataset::{Charset, Coding, DataSet, Tag, TransferSyntax, Vr, tags, uids};
use crate::world::StudyFilter;

const SYNTAX: TransferSyntax = TransferSyntax::ImplicitLittle;
const CLASS: &str = uids::SECONDARY_CAPTURE_IMAGE_STORAGE;

/// An object whose text is in GB18030.
fn object(study: &str, series: &str, instance: &str, patient: &str) -> DataSet {
    let mut set = DataSet::new();
    set.put_charset(Charset::Gb18030);
    set.put_str(tags::SOP_CLASS_UID, CLASS);
    set.put_str(tags::SOP_INSTANCE_UID, instance);
    set.put_str(tags::STUDY_INSTANCE_UID, study);
    set.put_str(tags::SERIES_INSTANCE_UID, series);
    set.put_str(tags::MODALITY, "OT");
    set.put_str(tags::PATIENT_ID, patient);
    set.put_text(tags::PATIENT_NAME, "Wai^Lai=外^乗", Charset::Gb18030);
    set
}

fn store(bench: &Arc<Bench>, object: &DataSet) -> u16 {
    let mut peer = Peer::connect(bench, "pacs");
    peer.send(&proposal(&[CLASS], SYNTAX, 16384, &[]));
    assert_eq!(peer.take()[0], 2);
    let mut command = request(field::C_STORE, CLASS);
    command.sop_instance = object.text(tags::SOP_INSTANCE_UID).map(Into::into);
    peer.send(&message(1, &command, Some(object), SYNTAX));
    peer.messages().pop().unwrap().0.status.unwrap()
}

fn found(bench: &Arc<Bench>, class: &str, level: &str, keys: &[(Tag, &str)]) -> usize {
    let (sets, status) = find(bench, class, level, keys);
    assert_eq!(status, 0);
    sets.len()
}

#[test]
fn stored_objects_are_found_and_fetched_by_their_owner() {
    let bench = Arc::new(Bench::new());
    let object = object("1.9.1", "1.9.1.1", "1.9.1.1.1", "EXT1");
    assert_eq!(store(&bench, &object), 0);
    let study = (tags::STUDY_INSTANCE_UID, "1.9.1");
    let series = (tags::SERIES_INSTANCE_UID, "1.9.1.1");
    assert_eq!(found(&bench, STUDY_FIND, "STUDY", &[study]), 1);
    assert_eq!(found(&bench, STUDY_FIND, "SERIES", &[study, (tags::MODALITY, "OT")]), 1);
    assert_eq!(found(&bench, STUDY_FIND, "IMAGE", &[study, series, (tags::SOP_INSTANCE_UID, "")]), 1);
    assert_eq!(found(&bench, PATIENT_FIND, "PATIENT", &[(tags::PATIENT_ID, "EXT1")]), 1);
    let mut keys = identifier("STUDY", &[study]);
    keys.put_charset(Charset::Utf8);
    keys.put_text(tags::PATIENT_NAME, "*乗", Charset::Utf8);
    let mut peer = connected(&bench, &[STUDY_FIND], 16384);
    peer.send(&message(1, &request(field::C_FIND, STUDY_FIND), Some(&keys), SYNTAX));
    assert_eq!(peer.messages().len(), 2, "a query in another character set matches");

    let mut peer = Peer::connect(&bench, "pacs");
    peer.send(&proposal(&[STUDY_GET, CLASS], SYNTAX, 16384, &[CLASS]));
    peer.take();
    peer.send(&message(1, &request(field::C_GET, STUDY_GET), Some(&identifier("STUDY", &[study])), SYNTAX));
    let (_, data) = peer.messages().pop().unwrap();
    assert_eq!(DataSet::decode(&data.unwrap(), SYNTAX).unwrap(), object);

    let other = Arc::new(Bench::new());
    assert_eq!(found(&other, STUDY_FIND, "STUDY", &[study]), 0);
}

#[test]
fn an_object_in_a_study_of_the_world_joins_it() {
    let bench = Arc::new(Bench::new());
    let view = bench.world.at(NOW.parse().unwrap());
    let study = view.studies(&StudyFilter { limit: Some(1), ..StudyFilter::default() }).remove(0);
    let series = view.series(&study);
    assert_eq!(store(&bench, &object(&study.uid, "1.9.2.1", "1.9.2.1.1", "EXT1")), 0);
    assert_eq!(store(&bench, &object(&study.uid, &series[0].uid, "1.9.2.1.2", "EXT1")), 0);
    let uid = (tags::STUDY_INSTANCE_UID, study.uid.as_str());
    assert_eq!(found(&bench, STUDY_FIND, "STUDY", &[uid]), 1);
    assert_eq!(found(&bench, STUDY_FIND, "SERIES", &[uid]), series.len() + 1);
    let first = (tags::SERIES_INSTANCE_UID, series[0].uid.as_str());
    let all = usize::try_from(series[0].instances).unwrap();
    let (sets, _) = find(&bench, STUDY_FIND, "IMAGE", &[uid, first, (tags::SOP_INSTANCE_UID, "")]);
    assert_eq!(sets.len(), all + 1);
    let told: BTreeSet<_> = sets.iter().filter_map(|set| set.text(tags::SOP_INSTANCE_UID)).collect();
    assert_eq!(told.len(), all + 1);
    assert!(told.contains("1.9.2.1.2"));
}

/// Stores an object in a compressed syntax and fetches it in another.
fn fetched(host: &str, titles: [&str; 2], kept: Coding) -> Option<DataSet> {
    let bench = Arc::new(Bench::new());
    let mut plain = object("1.9.3", "1.9.3.1", "1.9.3.1.1", "EXT1");
    for (tag, number) in [
        (tags::SAMPLES_PER_PIXEL, 1),
        (tags::ROWS, 16),
        (tags::COLUMNS, 16),
        (tags::BITS_ALLOCATED, 16),
        (tags::BITS_STORED, 12),
        (tags::HIGH_BIT, 11),
        (tags::PIXEL_REPRESENTATION, 0),
    ] {
        plain.put_u16(tag, number);
    }
    plain.put_bytes(tags::PIXEL_DATA, Vr::OW, pixels());
    let coded = transcode(plain, kept).unwrap();
    let syntax = TransferSyntax::Encapsulated(kept);
    let mut peer = Peer::connect(&bench, host);
    peer.send(&proposal_of(titles, &[CLASS], syntax, 16384, &[]));
    assert_eq!(peer.take()[0], 2);
    let mut command = request(field::C_STORE, CLASS);
    command.sop_instance = coded.text(tags::SOP_INSTANCE_UID).map(Into::into);
    peer.send(&message(1, &command, Some(&coded), syntax));
    assert_eq!(peer.messages().pop().unwrap().0.status, Some(0), "{host} {kept:?}");

    let mut peer = Peer::connect(&bench, host);
    peer.send(&proposal_of(titles, &[STUDY_GET, CLASS], SYNTAX, 16384, &[CLASS]));
    peer.take();
    let asked = identifier("STUDY", &[(tags::STUDY_INSTANCE_UID, "1.9.3")]);
    peer.send(&message(1, &request(field::C_GET, STUDY_GET), Some(&asked), SYNTAX));
    let stored = peer.messages().into_iter().find(|(command, _)| command.field == Some(field::C_STORE));
    stored.map(|(_, data)| DataSet::decode(&data.unwrap(), SYNTAX).unwrap())
}

fn pixels() -> bytes::Bytes {
    (0..256u16).flat_map(|at| (at * 13 % 4096).to_le_bytes()).collect()
}

#[test]
fn compressed_objects_are_decoded_where_the_product_can() {
    let (orthanc, arc) = (["CLZXPACS", "CLZXRES"], ["CLZXPACS", "DCM4CHEE"]);
    let all = [
        Coding::Rle,
        Coding::JpegLossless,
        Coding::JpegLosslessFirstOrder,
        Coding::JpegLsLossless,
        Coding::Jpeg2000Lossless,
    ];
    for kept in all {
        let whole = |set: Option<DataSet>| set.and_then(|set| set.bytes(tags::PIXEL_DATA).cloned());
        assert_eq!(whole(fetched("vna", arc, kept)), Some(pixels()), "vna {kept:?}");
        let codec = (kept != Coding::Jpeg2000Lossless).then(pixels);
        assert_eq!(whole(fetched("research", orthanc, kept)), codec, "research {kept:?}");
    }
}
