//! Every archive of the pack under a viewer's toolkit: Odil, which has an upper layer, DIMSE services
//! and data sets of its own, and nothing in common with DCMTK.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::archives::{Archive, WITHOUT_GET, archives, fresh, net, small_study};
use crate::dcmtk::paper;
use crate::honeynet::{client, text};
use crate::truth;

const STUDY_ROOT_FIND: &str = "1.2.840.10008.5.1.4.1.2.2.1";
const WORKLIST_FIND: &str = "1.2.840.10008.5.1.4.31";

/// Places among the archives.
const RESEARCH: usize = 1;
const VNA: usize = 2;
const RIS: usize = 3;

/// Which of the archives have a worklist, and under which AE title.
const WORKLISTS: [(usize, &str); 2] = [(VNA, "WORKLIST"), (RIS, "CLZXRIS")];

/// "Processing failure" and "no such object instance" of PS3.7 annex C.
const PROCESSING_FAILURE: u64 = 0x0110;
const NO_SUCH_INSTANCE: u64 = 0x0112;

/// Runs the viewer; it must end well and say nothing on its error stream.
fn viewer(archive: &Archive, ae_title: &str, operation: &[&str]) -> Vec<Value> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/suite/viewer.py");
    let address = archive.net.address(archive.host, "dicom");
    let (ip, port) = (address.ip().to_string(), address.port().to_string());
    let arguments = [&[script, &ip, &port, ae_title][..], operation].concat();
    let output = client("/usr/bin/python3", "python3-odil", &arguments);
    assert!(
        output.status.success() && output.stderr.is_empty(),
        "{ae_title} {operation:?}: {}",
        text(&output)
    );
    String::from_utf8(output.stdout)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn ask(archive: &Archive, operation: &[&str]) -> Vec<Value> {
    viewer(archive, archive.ae_title, operation)
}

/// The first value of an element (`ggggeeee`) of a data set in DICOM's JSON.
fn first<'a>(data_set: &'a Value, tag: &str) -> &'a Value {
    &data_set[tag]["Value"][0]
}

fn all(data_sets: &[Value], tag: &str) -> BTreeSet<String> {
    data_sets.iter().map(|data_set| first(data_set, tag).as_str().unwrap_or_default().to_owned()).collect()
}

#[test]
fn a_viewer_verifies_finds_fetches_and_stores_on_every_archive() {
    let net = net();
    let view = truth::view(&net);
    let archives = archives(&net);
    // What the research archive holds, all hold.
    let study = small_study(&archives[RESEARCH], &view);
    let patient = view.patient(study.patient).unwrap();
    let of = format!("StudyInstanceUID={}", study.uid);
    let mrn = format!("PatientID={}", patient.mrn);
    let held: BTreeSet<String> = truth::images(&view, &study).into_iter().map(|(_, i)| i.uid).collect();
    let file = paper(&fresh(&net.scratch("paper")));
    for archive in &archives {
        let host = archive.host;
        let find = |level: &str, keys: &[&str]| {
            let level = format!("QueryRetrieveLevel={level}");
            ask(archive, &[&["find", STUDY_ROOT_FIND, &level], keys].concat())
        };
        ask(archive, &["echo"]);
        let studies = find("STUDY", &[&mrn, "StudyInstanceUID", "AccessionNumber"]);
        assert!(all(&studies, "0020000d").contains(&study.uid), "{host}");
        assert!(all(&studies, "00080050").contains(&study.accession), "{host}");
        let mut images = BTreeSet::new();
        let series = find("SERIES", &[&of, "SeriesInstanceUID", "Modality"]);
        for uid in all(&series, "0020000e") {
            let within = format!("SeriesInstanceUID={uid}");
            images.extend(all(&find("IMAGE", &[&of, &within, "SOPInstanceUID"]), "00080018"));
        }
        assert_eq!(images, held, "{host}");
        if !WITHOUT_GET.contains(&host) {
            let got = ask(archive, &["get", "QueryRetrieveLevel=STUDY", &of]);
            assert_eq!((got.len(), all(&got, "00080018")), (held.len(), held.clone()), "{host}");
            assert_eq!(all(&got, "00100020"), BTreeSet::from([patient.mrn.clone()]), "{host}");
        }
        ask(archive, &["store", file.to_str().unwrap()]);
        assert_eq!(find("STUDY", &["PatientID=EXT0001", "StudyInstanceUID"]).len(), 1, "{host}");
    }
}

#[test]
fn a_modality_works_through_the_worklist() {
    let net = net();
    let archives = archives(&net);
    let waiting = |archive: &Archive, title: &str| {
        viewer(
            archive,
            title,
            &[
                "find",
                WORKLIST_FIND,
                "SpecificCharacterSet",
                "PatientName",
                "PatientID",
                "PatientBirthDate",
                "PatientSex",
                "StudyInstanceUID",
                "AccessionNumber",
                "RequestedProcedureID",
                "ScheduledProcedureStepSequence",
            ],
        )
    };
    let view = truth::view(&net);
    let mut seen = Vec::new();
    for (number, (place, title)) in WORKLISTS.into_iter().enumerate() {
        let archive = &archives[place];
        let before = waiting(archive, title);
        let planned = before.first().expect("somebody waits");
        assert!(view.patient_by_mrn(first(planned, "00100020").as_str().unwrap()).is_some());
        let uid = format!("1.2.826.0.1.3680043.9.9999.7.{number}");
        // Begun and ended; a third message comes too late.
        let statuses = ask(archive, &["step", &planned.to_string(), &uid]);
        assert_eq!(statuses[0], serde_json::json!([0, 0, PROCESSING_FAILURE]), "{title}");
        let accession = first(planned, "00080050").as_str().unwrap();
        let after = waiting(archive, title);
        assert!(!all(&after, "00080050").contains(accession), "{title}: {accession} is done");
        seen.push(all(&before, "00080050"));
    }
    let common = seen[0].intersection(&seen[1]).count();
    assert!(common + 2 >= seen[0].len().max(seen[1].len()), "two brokers, one list: {common}");
}

#[test]
fn a_viewer_has_its_objects_committed() {
    let net = net();
    let view = truth::view(&net);
    let archives = archives(&net);
    let study = small_study(&archives[RESEARCH], &view);
    let (series, image) = truth::images(&view, &study).into_iter().next().unwrap();
    let keys = [
        "QueryRetrieveLevel=IMAGE".to_owned(),
        format!("StudyInstanceUID={}", study.uid),
        format!("SeriesInstanceUID={}", series.uid),
        format!("SOPInstanceUID={}", image.uid),
    ];
    let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
    let held = ask(&archives[VNA], &[&["get"], &keys[..]].concat());
    let pair = |class: &str, instance: &str| format!("{class}={instance}");
    let class = first(&held[0], "00080016").as_str().unwrap();
    let (good, bad) = (pair(class, &image.uid), pair(class, "1.2.826.0.1.3680043.9.9999.404"));
    for archive in &archives[RESEARCH..] {
        let told = ask(archive, &["commit", &good, &bad]);
        // All but the broker report over an association of their own, to those whose address they know.
        if archive.host != "ris" {
            assert_eq!(told, [serde_json::json!(PROCESSING_FAILURE)], "{}", archive.host);
            continue;
        }
        assert_eq!(told[0], 0);
        let (failed, kept) = (first(&told[1], "00081198"), first(&told[1], "00081199"));
        assert_eq!(first(kept, "00081155"), &image.uid, "{told:?}");
        assert_eq!(first(failed, "00081155"), "1.2.826.0.1.3680043.9.9999.404", "{told:?}");
        assert_eq!(first(failed, "00081197"), NO_SUCH_INSTANCE, "{told:?}");
    }
}
