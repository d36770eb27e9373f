//! Counts agree: what the world holds, what C-FIND and QIDO-RS list, what a study says of itself, what
//! C-GET and WADO-RS bring, and what Orthanc's interface shows.

use std::collections::BTreeSet;
use std::fs;

use honeyward::world::{Modality, Study, StudyFilter};
use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};
use serde_json::{Value, json};

use crate::archives::{Archive, archives, fresh, net, small_study_of};
use crate::dcmtk::value;
use crate::honeynet::{Honeynet, client, text};
use crate::truth;

/// Places among the archives.
const RESEARCH: usize = 1;
const VNA: usize = 2;

/// Days whose studies are counted: all are over.
const DAYS: [i64; 3] = [2, 9, 16];

fn curl(arguments: &[&str]) -> Vec<u8> {
    let output = client("curl", "curl", &[&["-sS", "-f"], arguments].concat());
    assert!(output.status.success(), "{arguments:?}: {}", text(&output));
    output.stdout
}

fn asked(arguments: &[&str]) -> Value {
    serde_json::from_slice(&curl(arguments)).unwrap()
}

/// QIDO-RS and WADO-RS of the vendor-neutral archive.
fn dicomweb(net: &Honeynet) -> String {
    format!("http://{}/dcm4chee-arc/aets/DCM4CHEE/rs", net.address("vna", "http"))
}

/// UIDs of the studies of a day by C-FIND.
fn found(archive: &Archive, day: &str) -> BTreeSet<String> {
    let folder = fresh(&archive.net.scratch("day"));
    let address = archive.net.address(archive.host, "dicom");
    let (ip, port) = (address.ip().to_string(), address.port().to_string());
    let date = format!("StudyDate={day}");
    let to = ["-v", "-aet", "RESWS01", "-aec", archive.ae_title, &ip, &port];
    let keys = ["-S", "-k", "QueryRetrieveLevel=STUDY", "-k", &date, "-k", "StudyInstanceUID"];
    let output = client(
        "findscu",
        "dcmtk",
        &[&to[..], &keys, &["-Xs", folder.join("all").to_str().unwrap()]].concat(),
    );
    assert!(output.status.success(), "{}", text(&output));
    let answers = fs::read_to_string(folder.join("all")).unwrap();
    let uids = answers.split("name=\"StudyInstanceUID\"").skip(1);
    let uids: Vec<String> =
        uids.filter_map(|rest| Some(rest.split_once('>')?.1.split_once('<')?.0.to_owned())).collect();
    let distinct: BTreeSet<String> = uids.iter().cloned().collect();
    assert_eq!(uids.len(), distinct.len(), "{}: a study comes once", archive.host);
    distinct
}

fn of_day(day: Date) -> StudyFilter {
    StudyFilter { from: Some(day), to: Some(day), ..StudyFilter::default() }
}

#[test]
fn a_day_has_as_many_studies_over_dimse_as_over_http_and_in_the_world() {
    let net = net();
    let view = truth::view(&net);
    let archives = archives(&net);
    let orthanc = format!("http://orthanc:orthanc@{}/tools/find", net.address("research", "http"));
    for days_ago in DAYS {
        let day = view.local(Timestamp::now().checked_sub((24 * days_ago).hours()).unwrap()).date();
        let held: BTreeSet<String> = view.studies(&of_day(day)).into_iter().map(|study| study.uid).collect();
        let date = day.strftime("%Y%m%d").to_string();
        assert!(held.len() > 100, "{date}: {}", held.len());
        assert_eq!(found(&archives[VNA], &date), held, "{date}");
        let web = dicomweb(&net);
        let count = asked(&[&format!("{web}/studies/count?StudyDate={date}")]);
        assert_eq!(count["count"], held.len(), "{date}");
        let mut listed = BTreeSet::new();
        for offset in (0..held.len()).step_by(500) {
            let page = asked(&[&format!("{web}/studies?StudyDate={date}&limit=500&offset={offset}")]);
            let uids = page.as_array().unwrap().iter().map(|study| &study["0020000D"]["Value"][0]);
            listed.extend(uids.map(|uid| uid.as_str().unwrap().to_owned()));
        }
        assert_eq!(listed, held, "{date}");
        let sample = found(&archives[RESEARCH], &date);
        assert!(!sample.is_empty() && sample.is_subset(&held), "{date}: {}", sample.len());
        let wanted = json!({ "Level": "Study", "Query": { "StudyDate": date }, "Expand": true });
        let known = asked(&["-d", &wanted.to_string(), &orthanc]);
        let known = known.as_array().unwrap().iter();
        let uids = known.map(|study| study["MainDicomTags"]["StudyInstanceUID"].as_str().unwrap().to_owned());
        assert_eq!(uids.collect::<BTreeSet<_>>(), sample, "{date}");
    }
}

#[test]
fn a_study_has_as_many_instances_whichever_way_they_are_counted() {
    let net = net();
    let view = truth::view(&net);
    let archives = archives(&net);
    for modality in [Modality::DX, Modality::US, Modality::ECG] {
        let study = small_study_of(&archives[VNA], &view, |study| study.modality == modality);
        let held: BTreeSet<String> = truth::images(&view, &study).into_iter().map(|(_, i)| i.uid).collect();
        over_dimse(&archives[VNA], &study, &held);
        over_http(&dicomweb(&net), &study, &held);
    }
}

fn over_dimse(archive: &Archive, study: &Study, held: &BTreeSet<String>) {
    let of = format!("StudyInstanceUID={}", study.uid);
    let keys =
        ["QueryRetrieveLevel=STUDY", &of, "NumberOfStudyRelatedInstances", "NumberOfStudyRelatedSeries"];
    let told = archive.find("-S", &keys);
    assert_eq!(value(&told[0], "0020,1208"), held.len().to_string(), "{}", study.uid);
    let series = archive.find("-S", &["QueryRetrieveLevel=SERIES", &of, "SeriesInstanceUID"]);
    assert_eq!(value(&told[0], "0020,1206"), series.len().to_string(), "{}", study.uid);
    let images = series.iter().flat_map(|series| {
        let within = format!("SeriesInstanceUID={}", value(series, "0020,000e"));
        archive.find("-S", &["QueryRetrieveLevel=IMAGE", &of, &within, "SOPInstanceUID"])
    });
    let images: Vec<String> = images.map(|image| value(&image, "0008,0018").to_owned()).collect();
    assert_eq!((images.len(), images.into_iter().collect()), (held.len(), held.clone()), "{}", study.uid);
    let got = archive.get(&["QueryRetrieveLevel=STUDY", &of]).unwrap();
    let uids = got.iter().map(|image| value(image, "0008,0018").to_owned()).collect();
    assert_eq!((got.len(), uids), (held.len(), held.clone()), "{}", study.uid);
}

fn over_http(web: &str, study: &Study, held: &BTreeSet<String>) {
    let of = format!("{web}/studies/{}", study.uid);
    let listed = asked(&[&format!("{of}/instances")]);
    let listed = listed.as_array().unwrap();
    let uids =
        listed.iter().map(|image| image["00080018"]["Value"][0].as_str().unwrap().to_owned()).collect();
    assert_eq!((listed.len(), uids), (held.len(), held.clone()), "{of}");
    let told = asked(&[&format!("{web}/studies?StudyInstanceUID={}", study.uid)]);
    assert_eq!(told[0]["00201208"]["Value"][0], held.len(), "{of}");
    let parts = curl(&["-H", "Accept: multipart/related;type=\"application/dicom\"", &of]);
    let marks = parts.windows(8).filter(|bytes| *bytes == b"\0\0\0\0DICM").count();
    assert_eq!(marks, held.len(), "{of}");
}
