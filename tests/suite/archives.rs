//! Every image archive of the pack under the whole set of DCMTK's clients: what one level says, the
//! next one holds, and what is asked for arrives, at every level and whatever product it is.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;

use honeyward::world::{Study, View};

use crate::dcmtk::{dump, paper, value};
use crate::honeynet::{Honeynet, client, text};
use crate::truth;

/// Host, last byte of its address, AE title.
const ARCHIVES: [(&str, u8, &str); 5] = [
    ("pacs", 12, "CLZXPACS"),
    ("research", 14, "CLZXRES"),
    ("vna", 15, "DCM4CHEE"),
    ("ris", 16, "CLZXRIS"),
    ("eiarch", 17, "EIARCH"),
];

/// Archives that send by C-MOVE alone, as many small ones do.
pub(crate) const WITHOUT_GET: [&str; 1] = ["ris"];

/// Where C-MOVE sends to.
const DESTINATION: &str = "HISIMG";

/// One archive and a folder for what comes from it.
pub(crate) struct Archive<'n> {
    pub(crate) net: &'n Honeynet,
    pub(crate) host: &'static str,
    pub(crate) ae_title: &'static str,
}

impl Archive<'_> {
    fn ask(&self, program: &str, arguments: &[&str]) -> Output {
        let address = self.net.address(self.host, "dicom");
        let (ip, port) = (address.ip().to_string(), address.port().to_string());
        let to = ["-aet", "RESWS01", "-aec", self.ae_title, &ip, &port];
        // A workstation that the research archive knows: it answers queries of no other.
        // The files of a C-STORE come last.
        let (options, files) = match arguments.iter().position(|argument| *argument == "--") {
            Some(end) => (&arguments[..end], &arguments[end + 1..]),
            None => (arguments, &[][..]),
        };
        client(program, "dcmtk", &[options, &to, files].concat())
    }

    /// The client ends well and has nothing to complain of.
    fn succeeds(&self, program: &str, arguments: &[&str]) -> String {
        let output = self.ask(program, arguments);
        let said = text(&output);
        assert!(output.status.success(), "{} {program} {arguments:?}: {said}", self.host);
        for line in said.lines() {
            assert!(!line.starts_with("W: ") && !line.starts_with("E: "), "{} {program}: {line}", self.host);
        }
        said
    }

    /// Data sets of a C-FIND (`findscu`) or C-GET (`getscu`), as dumps.
    fn fetch(&self, program: &str, model: &str, keys: &[&str]) -> Vec<String> {
        let folder = fresh(&self.net.scratch(self.host));
        let mut arguments = vec![model, "-od", folder.to_str().unwrap()];
        if program == "findscu" {
            arguments.push("-X");
        }
        keys.iter().for_each(|key| arguments.extend(["-k", key]));
        self.succeeds(program, &arguments);
        let mut files: Vec<PathBuf> =
            fs::read_dir(&folder).unwrap().map(|file| file.unwrap().path()).collect();
        files.sort();
        files.iter().map(|file| dump(file)).collect()
    }

    /// All instances that a C-GET brings; none where the product refuses its presentation context.
    pub(crate) fn get(&self, keys: &[&str]) -> Option<Vec<String>> {
        if !WITHOUT_GET.contains(&self.host) {
            return Some(self.fetch("getscu", "-S", keys));
        }
        let said = text(&self.ask("getscu", &["-S", "-k", "QueryRetrieveLevel=STUDY"]));
        assert!(said.contains("No adequate Presentation Contexts"), "{}: {said}", self.host);
        None
    }

    pub(crate) fn find(&self, model: &str, keys: &[&str]) -> Vec<String> {
        self.fetch("findscu", model, keys)
    }
}

pub(crate) fn fresh(folder: &Path) -> PathBuf {
    let _ = fs::remove_dir_all(folder);
    fs::create_dir_all(folder).unwrap();
    folder.to_owned()
}

fn all(dumps: &[String], tag: &str) -> BTreeSet<String> {
    dumps.iter().map(|dump| value(dump, tag).to_owned()).collect()
}

pub(crate) fn archives(net: &Honeynet) -> Vec<Archive<'_>> {
    ARCHIVES.iter().map(|(host, _, ae_title)| Archive { net, host, ae_title }).collect()
}

pub(crate) fn net() -> Honeynet {
    let mut hosts: Vec<(&str, u8)> = ARCHIVES.iter().map(|(host, last, _)| (*host, *last)).collect();
    hosts.push(("his", 11));
    Honeynet::of(&hosts, "")
}

/// A study of two days ago, or a few more, that the archive holds, with few images, so that all of it may travel.
pub(crate) fn small_study(archive: &Archive<'_>, view: &View) -> Study {
    small_study_of(archive, view, |_| true)
}

/// The same among those that are wanted.
pub(crate) fn small_study_of(archive: &Archive<'_>, view: &View, wanted: impl Fn(&Study) -> bool) -> Study {
    let images = |study: &Study| truth::images(view, study).len();
    let of_day = |days_ago: i64| {
        let rows = truth::listed(archive.net, "studies", days_ago);
        let of_day = rows.iter().filter_map(|row| view.study(row["uid"].as_str().unwrap()));
        let mut studies: Vec<Study> = of_day.filter(&wanted).collect();
        studies.sort_by_key(|study| (images(study) < 2, images(study)));
        studies.chunks(20).find_map(|some| {
            let uids: Vec<&str> = some.iter().map(|study| study.uid.as_str()).collect();
            let of = format!("StudyInstanceUID={}", uids.join("\\"));
            let found = all(&archive.find("-S", &["QueryRetrieveLevel=STUDY", &of]), "0020,000d");
            some.iter().find(|study| found.contains(&study.uid)).cloned()
        })
    };
    let held = (2..12).find_map(of_day);
    held.unwrap_or_else(|| panic!("{} holds no such study", archive.host))
}

#[test]
fn every_archive_verifies_finds_and_hands_out_a_study_whole() {
    let net = net();
    let view = truth::view(&net);
    for archive in archives(&net) {
        let host = archive.host;
        archive.succeeds("echoscu", &[]);
        let study = small_study(&archive, &view);
        let patient = view.patient(study.patient).unwrap();
        let held: BTreeSet<String> = truth::images(&view, &study).into_iter().map(|(_, i)| i.uid).collect();
        let series: BTreeSet<String> = view.series(&study).into_iter().map(|series| series.uid).collect();
        let of = format!("StudyInstanceUID={}", study.uid);
        let mrn = format!("PatientID={}", patient.mrn);
        let patients = archive.find("-P", &["QueryRetrieveLevel=PATIENT", &mrn, "PatientName"]);
        assert_eq!(patients.len(), 1, "{host}");
        let studies =
            archive.find("-P", &["QueryRetrieveLevel=STUDY", &mrn, "StudyInstanceUID", "AccessionNumber"]);
        assert!(all(&studies, "0020,000d").contains(&study.uid), "{host}");
        let found = archive.find("-S", &["QueryRetrieveLevel=SERIES", &of, "SeriesInstanceUID", "Modality"]);
        assert_eq!(all(&found, "0020,000e"), series, "{host}");
        let mut images = BTreeSet::new();
        for uid in &series {
            let within = format!("SeriesInstanceUID={uid}");
            let keys = ["QueryRetrieveLevel=IMAGE", &of, &within, "SOPInstanceUID"];
            images.extend(all(&archive.find("-S", &keys), "0008,0018"));
        }
        assert_eq!(images, held, "{host}");
        if let Some(got) = archive.get(&["QueryRetrieveLevel=STUDY", &of]) {
            assert_eq!(all(&got, "0008,0018"), held, "{host}");
            assert_eq!(all(&got, "0010,0020"), BTreeSet::from([patient.mrn.clone()]), "{host}");
        }
    }
}

#[test]
fn every_archive_moves_at_each_level_and_only_within_the_honeynet() {
    let net = net();
    let view = truth::view(&net);
    for archive in archives(&net) {
        let study = small_study(&archive, &view);
        let (series, image) = truth::images(&view, &study).into_iter().next().unwrap();
        let of = format!("StudyInstanceUID={}", study.uid);
        let within = format!("SeriesInstanceUID={}", series.uid);
        let one = format!("SOPInstanceUID={}", image.uid);
        for keys in [
            vec!["QueryRetrieveLevel=STUDY", &of],
            vec!["QueryRetrieveLevel=SERIES", &of, &within],
            vec!["QueryRetrieveLevel=IMAGE", &of, &within, &one],
        ] {
            let mut arguments = vec!["-S", "-d", "-aem", DESTINATION];
            keys.iter().for_each(|key| arguments.extend(["-k", key]));
            let said = archive.ask("movescu", &arguments);
            let said = text(&said);
            assert!(said.contains("0x0000: Success"), "{} {keys:?}: {said}", archive.host);
        }
        let arguments = ["-S", "-d", "-aem", "NOWHERE", "-k", "QueryRetrieveLevel=STUDY", "-k", &of];
        let said = text(&archive.ask("movescu", &arguments));
        assert!(!said.contains("0x0000: Success"), "{}: {said}", archive.host);
    }
    let stored = net.sessions(ARCHIVES.len() * 3, |session| {
        session["host"] == "his"
            && session["service"] == "dicom"
            && session["counts"]["uploads"].as_u64() > Some(0)
    });
    let from: BTreeSet<&str> = stored.iter().map(|session| session["source"].as_str().unwrap()).collect();
    assert_eq!(from.len(), ARCHIVES.len(), "each archive sends from its own address");
}

#[test]
fn every_archive_takes_an_object_and_gives_it_back() {
    let net = net();
    let file = paper(&fresh(&net.scratch("paper")));
    for archive in archives(&net) {
        archive.succeeds("storescu", &["--", file.to_str().unwrap()]);
        archive.succeeds("dcmsend", &["--", file.to_str().unwrap()]);
        let keys = ["QueryRetrieveLevel=STUDY", "PatientID=EXT0001", "StudyInstanceUID"];
        assert_eq!(archive.find("-S", &keys).len(), 1, "{}", archive.host);
        let of = "StudyInstanceUID=1.2.826.0.1.3680043.9.9999.2";
        if let Some(got) = archive.get(&["QueryRetrieveLevel=STUDY", of]) {
            assert_eq!(all(&got, "0008,0018"), BTreeSet::from(["1.2.826.0.1.3680043.9.9999.1".into()]));
        }
    }
}
