//! What a modality asks of its broker: worklist, performed steps, storage commitment.

use std::sync::Arc;

use bytes::Bytes;

use super::support::{Peer, message, proposal_of, request};
use crate::decoys::dicom::commitment::PUSH_MODEL;
use crate::decoys::dicom::performed::PERFORMED_STEP;
use crate::decoys::dicom::worklist::WORKLIST_FIND;
use crate::event::Observation;
use crate::event::observation::RecordKind;
use crate::session::bench::{Bench, NOW};
use crate::wire::dicom::command::{Command, field};
use crate::wire::dicom::dataset::{Charset, DataSet, Tag, TransferSyntax, tags};
use crate::world::{StudyFilter, View};

const SYNTAX: TransferSyntax = TransferSyntax::ImplicitLittle;

fn hospital() -> (Arc<Bench>, View) {
    let bench = Arc::new(Bench::new());
    let view = bench.world.at(NOW.parse().unwrap());
    (bench, view)
}

fn connected(bench: &Arc<Bench>, [host, title, from]: [&str; 3], class: &str) -> Peer {
    let mut peer = Peer::connect(bench, host);
    peer.send(&proposal_of([from, title], &[class], SYNTAX, 16384, &[]));
    assert_eq!(peer.take()[0], 2, "{host}");
    peer
}

fn worklist(bench: &Arc<Bench>, step: &[(Tag, &str)], name: &str) -> Vec<DataSet> {
    let mut item = DataSet::new();
    for tag in [tags::SCHEDULED_STATION_AE_TITLE, tags::SCHEDULED_PROCEDURE_STEP_ID, tags::MODALITY] {
        item.put_empty(tag);
    }
    step.iter().for_each(|(tag, value)| item.put_str(*tag, value));
    let mut keys = DataSet::new();
    keys.put_charset(Charset::Utf8);
    keys.put_text(tags::PATIENT_NAME, name, Charset::Utf8);
    keys.put_empty(tags::ACCESSION_NUMBER);
    keys.put_items(tags::SCHEDULED_PROCEDURE_STEP_SEQUENCE, vec![item]);
    let mut peer = connected(bench, ["ris", "CLZXRIS", "CT01"], WORKLIST_FIND);
    peer.send(&message(1, &request(field::C_FIND, WORKLIST_FIND), Some(&keys), SYNTAX));
    let mut found = peer.messages();
    assert_eq!(found.pop().unwrap().0.status, Some(0));
    found.into_iter().map(|(_, data)| DataSet::decode(&data.unwrap(), SYNTAX).unwrap()).collect()
}

fn accessions(sets: &[DataSet]) -> Vec<String> {
    let mut found: Vec<_> = sets.iter().map(|set| set.text(tags::ACCESSION_NUMBER).unwrap()).collect();
    found.sort();
    found
}

#[test]
fn the_worklist_is_what_waits_in_the_world() {
    let (bench, view) = hospital();
    let today = view.local(view.now()).date();
    let waiting = view.worklist(today);
    assert!(waiting.len() > 5, "a Monday morning");
    let date = (tags::SCHEDULED_PROCEDURE_STEP_START_DATE, "20260302");
    let all = worklist(&bench, &[date], "");
    let mut world: Vec<_> = waiting.iter().filter_map(|step| step.order.accession.clone()).collect();
    world.sort();
    assert_eq!(accessions(&all), world);
    let read = bench.told().into_iter().find_map(|told| match told {
        Observation::RecordRead { subject: RecordKind::Worklist, count, .. } => Some(count),
        _ => None,
    });
    assert_eq!(read.map(|count| usize::try_from(count).unwrap()), Some(world.len()));
    let device = &waiting[0].device.ae_title;
    let own = worklist(&bench, &[date, (tags::SCHEDULED_STATION_AE_TITLE, device)], "");
    let expected = waiting.iter().filter(|step| step.device.ae_title == *device).count();
    assert_eq!(own.len(), expected);
    let step = &own[0].items(tags::SCHEDULED_PROCEDURE_STEP_SEQUENCE)[0];
    assert_eq!(step.text(tags::SCHEDULED_STATION_AE_TITLE).as_deref(), Some(device.as_str()));
    let family = view.patient(waiting[0].order.patient).unwrap().name.family;
    let named = worklist(&bench, &[date], &format!("*{family}*"));
    assert!(!named.is_empty() && named.len() < all.len());
    let raw = Charset::Gbk.decode(named[0].bytes(tags::PATIENT_NAME).unwrap()).into_owned();
    assert!(raw.contains(&family), "GBK under ISO_IR 100: {raw}");
    assert!(worklist(&bench, &[(tags::SCHEDULED_PROCEDURE_STEP_START_DATE, "20200101")], "").is_empty());
}

fn step(status: &str, scheduled: &str) -> DataSet {
    let mut item = DataSet::new();
    item.put_str(tags::SCHEDULED_PROCEDURE_STEP_ID, scheduled);
    let mut set = DataSet::new();
    set.put_items(tags::SCHEDULED_STEP_ATTRIBUTES_SEQUENCE, vec![item]);
    set.put_str(tags::PERFORMED_PROCEDURE_STEP_STATUS, status);
    set
}

fn normalized(field: u16, uid: &str) -> Command {
    let (class, uid) =
        (Bytes::from_static(PERFORMED_STEP.as_bytes()), Bytes::copy_from_slice(uid.as_bytes()));
    let base = Command { field: Some(field), message_id: Some(9), data_set: Some(1), ..Command::default() };
    if field == field::N_CREATE {
        Command { sop_class: Some(class), sop_instance: Some(uid), ..base }
    } else {
        Command { requested_class: Some(class), requested_instance: Some(uid), ..base }
    }
}

#[test]
fn a_performed_step_keeps_its_states() {
    let (bench, view) = hospital();
    let mut peer = connected(&bench, ["ris", "CLZXRIS", "CT01"], PERFORMED_STEP);
    let mut status = |field, uid, set: &DataSet| {
        peer.send(&message(1, &normalized(field, uid), Some(set), SYNTAX));
        let (answer, none) = peer.messages().pop().unwrap();
        assert!(none.is_none());
        assert_eq!(answer.sop_instance.as_deref(), Some(uid.as_bytes()));
        answer.status.unwrap()
    };
    let (create, set) = (field::N_CREATE, field::N_SET);
    assert_eq!(status(create, "1.7.1", &step("COMPLETED", "")), 0x0106);
    assert_eq!(status(create, "1.7.1", &step("", "")), 0x0120);
    let waiting = view.worklist(view.local(view.now()).date());
    assert_eq!(status(create, "1.7.1", &step("IN PROGRESS", &waiting[0].order.filler)), 0);
    assert_eq!(status(create, "1.7.1", &step("IN PROGRESS", "")), 0x0111);
    assert_eq!(status(set, "1.7.2", &step("COMPLETED", "")), 0x0112);
    assert_eq!(status(set, "1.7.1", &step("DONE", "")), 0x0106);
    assert_eq!(status(set, "1.7.1", &step("COMPLETED", "")), 0);
    assert_eq!(status(set, "1.7.1", &step("DISCONTINUED", "")), 0x0110);
    let told = bench.told();
    let writes = told.iter().filter(|told| matches!(told, Observation::RecordWrite { .. })).count();
    assert_eq!(writes, 2);
    let date = (tags::SCHEDULED_PROCEDURE_STEP_START_DATE, "20260302");
    assert_eq!(worklist(&bench, &[date], "").len(), waiting.len() - 1, "what was begun no longer waits");
}

fn commitment(uids: &[(&str, &str)]) -> DataSet {
    let items = uids.iter().map(|(class, instance)| {
        let mut item = DataSet::new();
        item.put_str(tags::REFERENCED_SOP_CLASS_UID, class);
        item.put_str(tags::REFERENCED_SOP_INSTANCE_UID, instance);
        item
    });
    let mut set = DataSet::new();
    set.put_str(tags::TRANSACTION_UID, "1.8.1");
    set.put_items(tags::REFERENCED_SOP_SEQUENCE, items.collect());
    set
}

fn action(kind: u16) -> Command {
    Command {
        requested_class: Some(Bytes::from_static(PUSH_MODEL.as_bytes())),
        requested_instance: Some(Bytes::from_static(b"1.2.840.10008.1.20.1.1")),
        field: Some(field::N_ACTION),
        message_id: Some(9),
        data_set: Some(1),
        action_type: Some(kind),
        ..Command::default()
    }
}

#[test]
fn commitment_is_reported_on_the_same_association() {
    let (bench, view) = hospital();
    let study = view.studies(&StudyFilter { limit: Some(1), ..StudyFilter::default() }).remove(0);
    let instance = view.instances(&study, &view.series(&study)[0]).remove(0);
    let mut peer = connected(&bench, ["ris", "CLZXRIS", "CT01"], PUSH_MODEL);
    let asked = commitment(&[(&instance.sop_class, &instance.uid), (&instance.sop_class, "1.2.3")]);
    peer.send(&message(1, &action(1), Some(&asked), SYNTAX));
    let mut found = peer.messages();
    let (event, report) = found.pop().unwrap();
    assert_eq!(found.pop().unwrap().0.status, Some(0));
    assert_eq!((event.field, event.event_type), (Some(field::N_EVENT_REPORT), Some(2)));
    let report = DataSet::decode(&report.unwrap(), SYNTAX).unwrap();
    assert_eq!(report.text(tags::TRANSACTION_UID).as_deref(), Some("1.8.1"));
    assert_eq!(report.items(tags::REFERENCED_SOP_SEQUENCE).len(), 1);
    assert_eq!(report.items(tags::FAILED_SOP_SEQUENCE)[0].u16(tags::FAILURE_REASON), Some(0x0112));
    peer.send(&message(1, &event.response(0), None, SYNTAX));
    peer.send(&message(1, &action(7), Some(&asked), SYNTAX));
    assert_eq!(peer.messages().pop().unwrap().0.status, Some(0x0123));
}

#[test]
fn a_report_of_its_own_goes_to_hosts_of_the_honeynet_only() {
    let (bench, _) = hospital();
    let asked = commitment(&[("1.2.840.10008.5.1.4.1.1.2", "1.2.3")]);
    let mut peer = connected(&bench, ["vna", "DCM4CHEE", "EVIL"], PUSH_MODEL);
    peer.send(&message(1, &action(1), Some(&asked), SYNTAX));
    let refused = peer.messages().pop().unwrap().0;
    assert_eq!(refused.status, Some(0x0110));
    assert_eq!(refused.comment.as_deref(), Some(&b"Unknown Calling AET: EVIL"[..]));
    assert!(!bench.told().iter().any(|told| matches!(told, Observation::Tunnel { .. })));
    let mut peer = connected(&bench, ["vna", "DCM4CHEE", "CLZXPACS"], PUSH_MODEL);
    peer.send(&message(1, &action(1), Some(&asked), SYNTAX));
    assert_eq!(peer.messages().pop().unwrap().0.status, Some(0));
    let reached = |told: &Observation| matches!(told, Observation::Tunnel { relayed: true, .. });
    assert!(bench.told().iter().any(reached));
    peer.send(&message(1, &action(7), Some(&asked), SYNTAX));
    assert_eq!(peer.messages().pop().unwrap().0.status, Some(0x0123), "the association goes on");
}

#[test]
fn a_console_takes_the_report_of_what_it_asked_to_commit() {
    let (bench, _) = hospital();
    for (transaction, expected) in [("1.3.12.2.1107.5.2.19.7.1", 0), ("1.9.9", 0x0110)] {
        let mut asked = commitment(&[("1.2.840.10008.5.1.4.1.1.4", "1.2.3")]);
        asked.put_str(tags::TRANSACTION_UID, transaction);
        let mut peer = connected(&bench, ["vna", "DCM4CHEE", "MR01"], PUSH_MODEL);
        peer.send(&message(1, &action(1), Some(&asked), SYNTAX));
        assert_eq!(peer.messages().pop().unwrap().0.status, Some(0));
        let told = bench.told();
        let status = told.iter().rev().find_map(|told| match told {
            Observation::Request { verb, status, .. } if verb.as_untrusted() == "N-EVENT-REPORT" => {
                Some(*status)
            }
            _ => None,
        });
        assert_eq!(status, Some(expected), "{transaction}");
    }
}
