//! Counts agree: what the world holds, what C-FIND and QIDO-RS list, what a study says of itself, what
//! C-GET and WADO-RS bring, and what Orthanc's interface and the pages of RIS and HIS show.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use honeyward::world::{Content, Modality, Study, StudyFilter};
use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};
use serde_json::{Value, json};

use crate::archives::{Archive, archives, fresh, net, small_study_of};
use crate::browser::Browser;
use crate::dcmtk::value;
use crate::honeynet::{Honeynet, client, text};
use crate::truth;

/// Places among the archives.
const RESEARCH: usize = 1;
const VNA: usize = 2;
const RIS: usize = 3;

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

/// UIDs of the studies of a day by C-FIND, and how many images each says it has.
fn found(archive: &Archive, day: &str, name: &str) -> BTreeMap<String, String> {
    let folder = fresh(&archive.net.scratch("day"));
    let address = archive.net.address(archive.host, "dicom");
    let (ip, port) = (address.ip().to_string(), address.port().to_string());
    let (date, name) = (format!("StudyDate={day}"), format!("PatientName={name}"));
    let to = ["-v", "-aet", "RESWS01", "-aec", archive.ae_title, &ip, &port];
    let keys =
        ["QueryRetrieveLevel=STUDY", &date, &name, "StudyInstanceUID", "NumberOfStudyRelatedInstances"];
    let keys: Vec<&str> = ["-S"].into_iter().chain(keys.into_iter().flat_map(|key| ["-k", key])).collect();
    let output = client(
        "findscu",
        "dcmtk",
        &[&to[..], &keys, &["-Xs", folder.join("all").to_str().unwrap()]].concat(),
    );
    assert!(output.status.success(), "{}", text(&output));
    let answers = fs::read(folder.join("all")).unwrap();
    let answers = String::from_utf8_lossy(&answers);
    let answers: Vec<&str> = answers.split("<data-set").skip(1).collect();
    let of = |answer: &str, keyword: &str| {
        let (_, rest) = answer.split_once(&format!("name=\"{keyword}\""))?;
        Some(rest.split_once('>')?.1.split_once('<')?.0.to_owned())
    };
    let known: BTreeMap<String, String> = answers
        .iter()
        .map(|answer| {
            let images = of(answer, "NumberOfStudyRelatedInstances").unwrap_or_default();
            (of(answer, "StudyInstanceUID").unwrap(), images)
        })
        .collect();
    assert_eq!(answers.len(), known.len(), "{}: a study comes once", archive.host);
    known
}

fn uids(found: BTreeMap<String, String>) -> BTreeSet<String> {
    found.into_keys().collect()
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
        assert_eq!(uids(found(&archives[VNA], &date, "")), held, "{date}");
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
        let sample = uids(found(&archives[RESEARCH], &date, ""));
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

/// Somebody who is logged in to the vendor's pages.
struct Visitor {
    site: String,
    jar: String,
}

impl Visitor {
    fn of(net: &Honeynet) -> Self {
        let (name, password) = net.lure("ris", "http");
        let (name, password) = (format!("TextName={name}"), format!("TextPwd={password}"));
        let jar = net.scratch("ris.jar").to_str().unwrap().to_owned();
        let visitor = Visitor { site: format!("http://{}", net.address("ris", "http")), jar };
        visitor.page("/", &["--data-urlencode", &name, "--data-urlencode", &password, "-d", "BtnLogin=1"]);
        visitor
    }

    fn page(&self, path: &str, arguments: &[&str]) -> String {
        let url = format!("{}{path}", self.site);
        let page = curl(&[&["-b", &self.jar, "-c", &self.jar], arguments, &[url.as_str()]].concat());
        String::from_utf8(page).unwrap()
    }

    /// Studies of a page of the list, with their number of images.
    fn studies(&self, query: &str, page: usize) -> Vec<(String, String)> {
        let page = self.page(&format!("/ClinicList.aspx?{query}&page={page}"), &[]);
        page.lines()
            .filter_map(|row| {
                let (cells, uid) = row.split_once("<a href=\"Viewer.aspx?uid=")?;
                let images = cells.rsplit("<td>").nth(1)?.trim_end_matches("</td>");
                Some((uid.split('"').next()?.to_owned(), images.to_owned()))
            })
            .collect()
    }
}

#[test]
fn a_day_s_list_on_the_vendors_pages_is_that_of_its_dimse_service() {
    let net = net();
    let view = truth::view(&net);
    let visitor = Visitor::of(&net);
    let ris = &archives(&net)[RIS];
    for days_ago in &DAYS[..2] {
        let day = view.local(Timestamp::now().checked_sub((24 * days_ago).hours()).unwrap()).date();
        let query = format!("date={day}&name=Wang");
        let pages = (1..).map(|page| visitor.studies(&query, page)).take_while(|rows| !rows.is_empty());
        let listed: Vec<(String, String)> = pages.flatten().collect();
        let known = found(ris, &day.strftime("%Y%m%d").to_string(), "*Wang*");
        assert!(known.len() > 20, "{day}: more than a page: {}", known.len());
        assert_eq!(listed.len(), known.len(), "{day}");
        assert_eq!(listed.into_iter().collect::<BTreeMap<_, _>>(), known, "{day}");
    }
}

#[test]
fn a_study_has_as_many_images_on_every_page_that_shows_it() {
    let net = net();
    let view = truth::view(&net);
    let archives = archives(&net);
    let (visitor, portal) = (Visitor::of(&net), Browser::new(&net, "http"));
    portal.login(&net);
    let orthanc = format!("http://orthanc:orthanc@{}", net.address("research", "http"));
    for modality in [Modality::DX, Modality::US] {
        let study = small_study_of(&archives[RESEARCH], &view, |study| study.modality == modality);
        let held =
            archives[VNA].get(&["QueryRetrieveLevel=STUDY", &format!("StudyInstanceUID={}", study.uid)]);
        let held: BTreeSet<String> =
            held.unwrap().iter().map(|image| value(image, "0008,0018").to_owned()).collect();
        let viewer = visitor.page(&format!("/Viewer.aspx?uid={}", study.uid), &[]);
        let shown = viewer.split("Image.ashx?uid=").skip(1);
        let shown: Vec<String> = shown.map(|image| image.split('"').next().unwrap().to_owned()).collect();
        let pictures: BTreeSet<String> = truth::images(&view, &study)
            .into_iter()
            .filter_map(|(series, image)| (series.content == Content::Image).then_some(image.uid))
            .collect();
        assert!(!pictures.is_empty() && pictures.is_subset(&held), "{}", study.uid);
        assert_eq!((shown.len(), shown.into_iter().collect()), (pictures.len(), pictures), "{}", study.uid);
        let page = portal.get(&format!("/study/{}", study.accession));
        let told = page.split("共 ").skip(1).filter_map(|rest| rest.split_once(" 幅"));
        let told: Vec<usize> = told.map(|(images, _)| images.parse().unwrap()).collect();
        assert_eq!((told.len(), told.iter().sum()), (view.series(&study).len(), held.len()), "{page}");
        let known = asked(&["-d", &study.uid, &format!("{orthanc}/tools/lookup")]);
        let path = known[0]["Path"].as_str().unwrap();
        let counts = asked(&[&format!("{orthanc}{path}/statistics")]);
        let told = [&counts["CountSeries"], &counts["CountInstances"]];
        assert_eq!(told, [&json!(view.series(&study).len()), &json!(held.len())], "{path}");
    }
}
