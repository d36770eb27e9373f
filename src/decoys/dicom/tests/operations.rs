//! Queries, retrievals and stores against the world, as a peer sees them.

use std::sync::Arc;

use bytes::Bytes;
use jiff::civil::date;

use super::support::{PATIENT_FIND, Peer, STUDY_FIND, STUDY_GET, STUDY_MOVE, message, proposal, request};
use crate::event::Observation;
use crate::event::observation::RecordKind;
use crate::session::bench::{Bench, NOW};
use crate::wire::dicom::command::{Command, NO_DATA_SET, field};
use crate::wire::dicom::dataset::{DataSet, Tag, TransferSyntax, tags, uids};
use crate::world::{Modality, Study, StudyFilter, View};

const SYNTAX: TransferSyntax = TransferSyntax::ImplicitLittle;

fn bench() -> (Arc<Bench>, View) {
    let bench = Arc::new(Bench::new());
    let view = bench.world.at(NOW.parse().unwrap());
    (bench, view)
}

/// Ultrasound studies of a Friday, oldest first.
fn studies(view: &View) -> Vec<Study> {
    let day = Some(date(2026, 2, 27));
    let modalities = vec![Modality::US];
    let mut found = view.studies(&StudyFilter { from: day, to: day, modalities, ..StudyFilter::default() });
    found.sort_by_key(|study| study.started);
    found
}

pub(super) fn identifier(level: &str, keys: &[(Tag, &str)]) -> DataSet {
    let mut set = DataSet::new();
    set.put_str(tags::QUERY_RETRIEVE_LEVEL, level);
    for (tag, value) in keys {
        set.put_str(*tag, value);
    }
    set
}

pub(super) fn connected(bench: &Arc<Bench>, classes: &[&str], max_pdu: u32) -> Peer {
    let mut peer = Peer::connect(bench, "pacs");
    peer.send(&proposal(classes, SYNTAX, max_pdu, &[uids::ULTRASOUND_IMAGE_STORAGE]));
    assert_eq!(peer.take()[0], 2);
    bench.told();
    peer
}

pub(super) fn find(
    bench: &Arc<Bench>,
    class: &str,
    level: &str,
    keys: &[(Tag, &str)],
) -> (Vec<DataSet>, u16) {
    let mut peer = connected(bench, &[class], 16384);
    peer.send(&message(1, &request(field::C_FIND, class), Some(&identifier(level, keys)), SYNTAX));
    let mut found = peer.messages();
    let (last, none) = found.pop().unwrap();
    assert!(none.is_none());
    assert!(found.iter().all(|(command, _)| command.status == Some(0xFF00)));
    let sets = found.into_iter().map(|(_, data)| DataSet::decode(&data.unwrap(), SYNTAX).unwrap());
    (sets.collect(), last.status.unwrap())
}

#[test]
fn a_day_is_told_whole_in_the_order_of_arrival() {
    let (bench, view) = bench();
    let day = Some(date(2026, 2, 27));
    let keys = [(tags::STUDY_DATE, "20260227"), (tags::STUDY_INSTANCE_UID, ""), (tags::STUDY_TIME, "")];
    let (sets, status) = find(&bench, STUDY_FIND, "STUDY", &keys);
    let world = view.studies(&StudyFilter { from: day, to: day, ..StudyFilter::default() });
    assert_eq!((sets.len(), status), (world.len(), 0));
    assert!(sets.len() > 500, "a working day");
    let times: Vec<_> = sets.iter().map(|set| set.text(tags::STUDY_TIME).unwrap()[..6].to_owned()).collect();
    assert!(times.is_sorted());
    let Some(Observation::Query { answers, unbounded, .. }) = bench.told().into_iter().next() else {
        panic!("a query is told")
    };
    assert_eq!((usize::try_from(answers).unwrap(), unbounded), (sets.len(), false));
}

#[test]
fn every_level_agrees_with_the_world() {
    let (bench, view) = bench();
    let study = &studies(&view)[0];
    let patient = view.patient(study.patient).unwrap();
    let series = view.series(study);
    let uid = (tags::STUDY_INSTANCE_UID, study.uid.as_str());
    let (sets, _) = find(&bench, STUDY_FIND, "SERIES", &[uid, (tags::SERIES_INSTANCE_UID, "")]);
    let told: Vec<_> = sets.iter().map(|set| set.text(tags::SERIES_INSTANCE_UID).unwrap()).collect();
    assert_eq!(told, series.iter().map(|series| series.uid.clone()).collect::<Vec<_>>());
    let keys = [uid, (tags::SERIES_INSTANCE_UID, ""), (tags::SOP_INSTANCE_UID, "")];
    let (sets, _) = find(&bench, STUDY_FIND, "IMAGE", &keys);
    assert_eq!(sets.len(), series.iter().map(|series| view.instances(study, series).len()).sum::<usize>());
    let keys = [(tags::PATIENT_ID, patient.mrn.as_str()), (tags::PATIENT_NAME, "")];
    let (sets, _) = find(&bench, PATIENT_FIND, "PATIENT", &keys);
    assert_eq!(sets.len(), 1);
    assert!(sets[0].text(tags::PATIENT_NAME).unwrap().contains(&patient.name.family));
    let (sets, status) = find(&bench, STUDY_FIND, "STUDY", &[(tags::ACCESSION_NUMBER, &study.accession)]);
    assert_eq!((sets.len(), status), (1, 0));
}

#[test]
fn an_open_query_is_unbounded_and_ends_when_cancelled() {
    let (bench, _) = bench();
    let mut peer = connected(&bench, &[STUDY_FIND], 16384);
    let keys = [(tags::PATIENT_NAME, "*"), (tags::STUDY_INSTANCE_UID, "")];
    let mut bytes =
        message(1, &request(field::C_FIND, STUDY_FIND), Some(&identifier("STUDY", &keys)), SYNTAX);
    let cancel = Command {
        field: Some(field::C_CANCEL),
        responded_id: Some(7),
        data_set: Some(NO_DATA_SET),
        ..Command::default()
    };
    bytes.extend(message(1, &cancel, None, SYNTAX));
    peer.send(&bytes);
    let found = peer.messages();
    assert_eq!(found.last().unwrap().0.status, Some(0xFE00));
    assert!(matches!(bench.told()[0], Observation::Query { unbounded: true, answers: 0, .. }));
}

#[test]
fn get_sends_one_object_at_a_time_and_counts() {
    let (bench, view) = bench();
    let study = &studies(&view)[0];
    let series = &view.series(study)[0];
    let instance = &view.instances(study, series)[0];
    let keys = [
        (tags::STUDY_INSTANCE_UID, study.uid.as_str()),
        (tags::SERIES_INSTANCE_UID, series.uid.as_str()),
        (tags::SOP_INSTANCE_UID, instance.uid.as_str()),
    ];
    for max_pdu in [16384, 0, 4096] {
        let mut peer = connected(&bench, &[STUDY_GET, uids::ULTRASOUND_IMAGE_STORAGE], max_pdu);
        peer.send(&message(1, &request(field::C_GET, STUDY_GET), Some(&identifier("IMAGE", &keys)), SYNTAX));
        let (store, object) = peer.messages().pop().unwrap();
        assert_eq!(store.field, Some(field::C_STORE));
        let object = DataSet::decode(&object.unwrap(), SYNTAX).unwrap();
        assert_eq!(object.text(tags::SOP_INSTANCE_UID).as_deref(), Some(instance.uid.as_str()));
        let mut response = store.response(0);
        response.sop_instance = store.sop_instance;
        peer.send(&message(3, &response, None, SYNTAX));
        let answers = peer.messages();
        let counts = answers.iter().map(|(c, _)| (c.status, c.remaining, c.completed, c.failed));
        let expected = [(Some(0xFF00), Some(0), Some(1), Some(0)), (Some(0), None, Some(1), Some(0))];
        assert_eq!(counts.collect::<Vec<_>>(), expected);
    }
    let told = bench.told();
    let mut read = told.iter().filter_map(|told| match told {
        Observation::RecordRead { subject, count, ids } => Some((*subject, *count, ids.clone())),
        _ => None,
    });
    let mrn = view.patient(study.patient).unwrap().mrn;
    let once = [(RecordKind::Instance, 1, vec![instance.uid.clone()]), (RecordKind::Patient, 1, vec![mrn])];
    assert_eq!([read.next().unwrap(), read.next().unwrap()], once);
}

#[test]
fn move_stores_on_the_known_host_and_refuses_others() {
    let (bench, view) = bench();
    let study = &studies(&view)[0];
    let series = &view.series(study)[0];
    let instance = &view.instances(study, series)[0];
    let keys = [
        (tags::STUDY_INSTANCE_UID, study.uid.as_str()),
        (tags::SERIES_INSTANCE_UID, series.uid.as_str()),
        (tags::SOP_INSTANCE_UID, instance.uid.as_str()),
    ];
    let moved = |destination: &'static str| {
        let mut peer = connected(&bench, &[STUDY_MOVE], 16384);
        let mut command = request(field::C_MOVE, STUDY_MOVE);
        command.destination = Some(Bytes::from_static(destination.as_bytes()));
        peer.send(&message(1, &command, Some(&identifier("IMAGE", &keys)), SYNTAX));
        let counts = peer.messages().into_iter().map(|(c, _)| (c.status, c.completed, c.failed));
        (counts.collect::<Vec<_>>(), bench.told())
    };
    let (counts, told) = moved("NOWHERE");
    assert_eq!(counts, [(Some(0xA801), Some(0), Some(0))]);
    assert!(told.iter().any(|told| matches!(told, Observation::Tunnel { relayed: false, .. })));
    let (counts, told) = moved("HISIMG");
    assert_eq!(counts, [(Some(0xFF00), Some(1), Some(0)), (Some(0), Some(1), Some(0))]);
    assert!(told.iter().any(|told| matches!(told, Observation::Tunnel { relayed: true, .. })));
    assert!(told.iter().any(|told| matches!(told, Observation::Transfer { size, .. } if *size > 10_000)));
}

#[test]
fn probes_and_proposals_are_told_once() {
    let (bench, _) = bench();
    Peer::connect(&bench, "pacs").send(b"GET / HTTP/1.0\r\n\r\n");
    assert_eq!(bench.told(), [Observation::Probe { means: "http-get".into() }]);
    Peer::connect(&bench, "pacs").send(b"\x16\x03\x01\x00\x7b\x01");
    assert_eq!(bench.told(), [Observation::Probe { means: "tls-hello".into() }]);
    let mut peer = Peer::connect(&bench, "pacs");
    peer.send(&proposal(&["1.2.840.10008.1.1"], SYNTAX, 16384, &[]));
    let told = bench.told();
    assert_eq!(told.len(), 3, "{told:?}");
    assert!(matches!(&told[2], Observation::Request { status: 0, .. }));
}
