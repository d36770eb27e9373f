//! Debian's real Orthanc as a peer of the honeynet's archives: it asks them over its REST interface,
//! takes what they hand out, and sees in it what the world has.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Read;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use flate2::read::ZlibDecoder;
use serde_json::{Value, json};
use tempfile::TempDir;

use honeyward::world::{Modality, Study, View};

use crate::archives::{Archive, WITHOUT_GET, archives, fresh, net, small_study, small_study_of};
use crate::dcmtk::paper;
use crate::honeynet::{Honeynet, client, text, within};
use crate::truth::{self, dicom_patient};

/// Place of Orthanc's own twin among the archives.
const RESEARCH: usize = 1;

/// Its AE title: that of a workstation which the research archive knows.
const AE_TITLE: &str = "RESWS01";

/// What both Orthancs tell of an instance in the same bytes, wherever it came from.
const PARTS: [&str; 24] = [
    "tags",
    "simplified-tags",
    "module",
    "content",
    "header",
    "statistics",
    "frames",
    "frames/0",
    "frames/0/raw",
    "frames/9/raw",
    "frames/9/image-uint8",
    "frames/x/raw",
    "frames/0/nonsense",
    "matlab",
    "numpy",
    "numpy?rescale=false",
    "frames/0/numpy",
    "metadata",
    "metadata/PixelDataOffset",
    "attachments?full",
    "attachments/dicom",
    "attachments/dicom/md5",
    "attachments/dicom/is-compressed",
    "pdf",
];

/// The same of a patient, a study and a series.
const ABOVE: [&str; 8] = [
    "statistics",
    "shared-tags",
    "shared-tags?simplify",
    "instances-tags?short",
    "module",
    "metadata",
    "attachments",
    "nonsense",
];

/// Pictures: one image, the same shades.
const PICTURES: [&str; 5] = ["preview", "rendered", "image-uint8", "image-uint16", "frames/0/image-int16"];

/// A running Orthanc that knows the archives of a honeynet; dropped, it is killed.
struct Orthanc {
    dir: TempDir,
    process: Child,
    dicom: String,
    http: String,
}

impl Orthanc {
    fn beside(net: &Honeynet) -> Self {
        let dir = TempDir::new().unwrap();
        let (dicom, http) = (free_port(), free_port());
        let modalities: serde_json::Map<String, Value> = archives(net)
            .iter()
            .map(|archive| {
                let address = net.address(archive.host, "dicom");
                (archive.host.to_owned(), json!([archive.ae_title, address.ip().to_string(), address.port()]))
            })
            .collect();
        let database = dir.path().join("db");
        let config = json!({
            "StorageDirectory": database, "IndexDirectory": database, "Plugins": [],
            "HttpPort": http, "DicomPort": dicom, "DicomAet": AE_TITLE, "DicomModalities": modalities,
        });
        let file = dir.path().join("orthanc.json");
        fs::write(&file, config.to_string()).unwrap();
        let log = fs::File::create(dir.path().join("log")).unwrap();
        let process = Command::new("Orthanc")
            .arg(&file)
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap_or_else(|e| panic!("Orthanc: {e}; install the Debian package orthanc"));
        let orthanc =
            Orthanc { dir, process, dicom: dicom.to_string(), http: format!("http://127.0.0.1:{http}") };
        within(Duration::from_secs(20), "Orthanc", || {
            let started = orthanc.log().contains("Orthanc has started");
            started.then_some(())
        });
        orthanc
    }

    fn log(&self) -> String {
        fs::read_to_string(self.dir.path().join("log")).unwrap()
    }

    fn get(&self, path: &str) -> Value {
        serde_json::from_slice(&curl(&[&format!("{}{path}", self.http)])).unwrap()
    }

    /// Status and body of a POST.
    fn post(&self, path: &str, body: &str) -> (String, Value) {
        let url = format!("{}{path}", self.http);
        let said = curl(&["-w", "\n%{http_code}", "-X", "POST", "--data-binary", body, &url]);
        let said = String::from_utf8(said).unwrap();
        let (body, status) = said.rsplit_once('\n').unwrap();
        (status.to_owned(), serde_json::from_str(body).unwrap_or(Value::Null))
    }

    /// Answers of a query, as Orthanc reads them; and the path of the query.
    fn query(&self, archive: &Archive, level: &str, keys: &Value) -> (Vec<Value>, String) {
        let wanted = json!({ "Level": level, "Query": keys }).to_string();
        let (status, query) = self.post(&format!("/modalities/{}/query", archive.host), &wanted);
        assert_eq!(status, "200", "{}: {query}", archive.host);
        let path = query["Path"].as_str().unwrap().to_owned();
        let answers = self.get(&format!("{path}/answers?expand&simplify"));
        (answers.as_array().unwrap().clone(), path)
    }

    /// Stores files over DICOM: no tool has anything to complain of.
    fn takes(&self, folder: &Path) {
        let mut files: Vec<PathBuf> =
            fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()).collect();
        // It numbers the files of a series as they come: as the images are numbered.
        files.sort_by_key(|file| (file.as_os_str().len(), file.clone()));
        let before = self.complaints();
        let mut arguments = vec!["-R", "127.0.0.1", &self.dicom];
        arguments.extend(files.iter().map(|file| file.to_str().unwrap()));
        let output = client("storescu", "dcmtk", &arguments);
        assert!(output.status.success() && text(&output).is_empty(), "{}", text(&output));
        assert_eq!(self.complaints(), before, "{}", self.log());
    }

    /// Warnings and errors in its log.
    fn complaints(&self) -> usize {
        self.log().lines().filter(|line| line.starts_with('W') || line.starts_with('E')).count()
    }

    /// Forgets all studies.
    fn empty(&self) {
        for study in self.get("/studies").as_array().unwrap() {
            curl(&["-X", "DELETE", &format!("{}/studies/{}", self.http, study.as_str().unwrap())]);
        }
    }
}

impl Drop for Orthanc {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn curl(arguments: &[&str]) -> Vec<u8> {
    let output = client("curl", "curl", &[&["-sS"], arguments].concat());
    assert!(output.status.success(), "{arguments:?}: {}", text(&output));
    output.stdout
}

/// Width, height and shades of a picture of grey in PNG's filters (PNG section 9), 8 or 16 bits.
fn shades(png: &[u8]) -> (u32, u32, Vec<u8>) {
    let number = |at: usize| u32::from_be_bytes(png[at..at + 4].try_into().unwrap());
    let (width, height) = (number(16), number(20));
    assert!(matches!(png[24..26], [8 | 16, 0]), "grey in 8 or 16 bits");
    let step = usize::from(png[24]) / 8;
    let (mut at, mut packed) = (8, Vec::new());
    while at < png.len() {
        let length = number(at) as usize;
        if &png[at + 4..at + 8] == b"IDAT" {
            packed.extend(&png[at + 8..at + 8 + length]);
        }
        at += length + 12;
    }
    let mut filtered = Vec::new();
    ZlibDecoder::new(&packed[..]).read_to_end(&mut filtered).unwrap();
    let wide = width as usize * step;
    let (mut above, mut shades) = (vec![0; wide], Vec::new());
    for row in filtered.chunks(wide + 1) {
        let mut line: Vec<u8> = Vec::with_capacity(wide);
        for (x, byte) in row[1..].iter().enumerate() {
            let (left, corner) = if x >= step { (line[x - step], above[x - step]) } else { (0, 0) };
            line.push(byte.wrapping_add(predicted(row[0], left, above[x], corner)));
        }
        shades.extend(&line);
        above = line;
    }
    (width, height, shades)
}

fn predicted(filter: u8, left: u8, above: u8, corner: u8) -> u8 {
    let [a, b, c] = [left, above, corner].map(i32::from);
    let distance = |value: i32| (a + b - c - value).abs();
    match filter {
        0 => 0,
        1 => left,
        2 => above,
        3 => ((a + b) / 2) as u8,
        4 if distance(a) <= distance(b) && distance(a) <= distance(c) => left,
        4 if distance(b) <= distance(c) => above,
        4 => corner,
        other => panic!("filter {other}"),
    }
}

fn escaped(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).escape_debug().to_string()
}

/// A small study whose images show in grey.
fn radiograph(archive: &Archive, view: &View) -> Study {
    small_study_of(archive, view, |study| study.modality == Modality::DX)
}

/// What a C-GET brings of a study, in a folder.
fn fetched(archive: &Archive, study: &Study) -> PathBuf {
    let folder = fresh(&archive.net.scratch(&format!("{}-for-orthanc", archive.host)));
    let address = archive.net.address(archive.host, "dicom");
    let (ip, port) = (address.ip().to_string(), address.port().to_string());
    let of = format!("StudyInstanceUID={}", study.uid);
    let arguments = ["-S", "-aet", AE_TITLE, "-aec", archive.ae_title, "-od", folder.to_str().unwrap()];
    let keys = ["-k", "QueryRetrieveLevel=STUDY", "-k", &of, &ip, &port];
    let output = client("getscu", "dcmtk", &[&arguments[..], &keys].concat());
    assert!(output.status.success() && text(&output).is_empty(), "{}", text(&output));
    folder
}

/// Orthanc holds this study and nothing else, as the world has it.
fn agrees_with_the_world(orthanc: &Orthanc, view: &View, study: &Study) {
    let (series, images) = (view.series(study).len(), truth::images(view, study).len());
    let counts = orthanc.get("/statistics");
    let told = ["CountPatients", "CountStudies", "CountSeries", "CountInstances"].map(|key| &counts[key]);
    assert_eq!(told, [&json!(1), &json!(1), &json!(series), &json!(images)]);
    let known = &orthanc.get("/studies?expand")[0];
    let patient = view.patient(study.patient).unwrap();
    let [mrn, name, sex, born] = dicom_patient(&patient).map(|(_, value)| value);
    let main = &known["PatientMainDicomTags"];
    let told = ["PatientID", "PatientName", "PatientSex", "PatientBirthDate"].map(|key| &main[key]);
    assert_eq!(told, [&mrn, &name, &sex, &born]);
    let main = &known["MainDicomTags"];
    let told = ["StudyInstanceUID", "AccessionNumber", "StudyDescription", "StudyID"].map(|key| &main[key]);
    assert_eq!(told, [&study.uid, &study.accession, &study.description, &study.id]);
    let instances = orthanc.get("/instances?expand");
    let told: BTreeSet<&str> = instances
        .as_array()
        .unwrap()
        .iter()
        .map(|instance| instance["MainDicomTags"]["SOPInstanceUID"].as_str().unwrap())
        .collect();
    let held = truth::images(view, study);
    assert_eq!(told, held.iter().map(|(_, image)| image.uid.as_str()).collect());
}

/// Each image of grey renders to its own size and to more than a plain surface; how many did.
fn renders(orthanc: &Orthanc) -> usize {
    let ids = orthanc.get("/instances");
    let mut seen = BTreeSet::new();
    let mut rendered = 0;
    for id in ids.as_array().unwrap() {
        let id = id.as_str().unwrap();
        let tags = orthanc.get(&format!("/instances/{id}/simplified-tags"));
        if tags["PhotometricInterpretation"] != "MONOCHROME2" {
            continue;
        }
        let (width, height, shades) = shades(&curl(&[&format!("{}/instances/{id}/preview", orthanc.http)]));
        let size = [tags["Columns"].as_str().unwrap(), tags["Rows"].as_str().unwrap()];
        assert_eq!(size, [width.to_string(), height.to_string()]);
        assert!(shades.iter().collect::<BTreeSet<_>>().len() > 16, "{id} is plain");
        assert!(seen.insert(shades), "{id} is a picture that was seen");
        rendered += 1;
    }
    rendered
}

#[test]
fn a_real_orthanc_asks_every_archive_and_pushes_to_it() {
    let net = net();
    let orthanc = Orthanc::beside(&net);
    let view = truth::view(&net);
    let archives = archives(&net);
    let study = small_study(&archives[RESEARCH], &view);
    let patient = view.patient(study.patient).unwrap();
    let file = paper(&fresh(&net.scratch("paper")));
    let url = format!("{}/instances", orthanc.http);
    let pushed: Value =
        serde_json::from_slice(&curl(&["--data-binary", &format!("@{}", file.display()), &url])).unwrap();
    for archive in &archives {
        let host = archive.host;
        assert_eq!(orthanc.post(&format!("/modalities/{host}/echo"), "{}").0, "200", "{host}");
        let keys = json!({ "PatientID": patient.mrn, "StudyInstanceUID": study.uid, "AccessionNumber": "" });
        let (studies, path) = orthanc.query(archive, "Study", &keys);
        assert_eq!(studies.len(), 1, "{host}");
        assert_eq!(studies[0]["AccessionNumber"], study.accession, "{host}");
        let keys = json!({ "StudyInstanceUID": study.uid, "SeriesInstanceUID": "", "Modality": "" });
        let (series, _) = orthanc.query(archive, "Series", &keys);
        let told: BTreeSet<&str> =
            series.iter().map(|series| series["SeriesInstanceUID"].as_str().unwrap()).collect();
        let held = view.series(&study);
        assert_eq!(told, held.iter().map(|series| series.uid.as_str()).collect(), "{host}");
        // A C-MOVE to itself: no archive knows where this peer is.
        let (status, refused) = orthanc.post(&format!("{path}/answers/0/retrieve"), AE_TITLE);
        let code = if host == "research" { "0xC000" } else { "0xA801" };
        assert_eq!(status, "500", "{host}: {refused}");
        assert!(refused["Details"].as_str().unwrap().contains(code), "{host}: {refused}");
        let object = pushed["ID"].as_str().unwrap();
        let (status, done) = orthanc.post(&format!("/modalities/{host}/store"), object);
        assert_eq!((status.as_str(), &done["FailedInstancesCount"]), ("200", &json!(0)), "{host}: {done}");
        let (back, _) = orthanc.query(archive, "Study", &json!({ "PatientID": "EXT0001" }));
        assert_eq!(back.len(), 1, "{host}");
    }
}

#[test]
fn a_real_orthanc_takes_what_the_archives_hand_out() {
    let net = net();
    let orthanc = Orthanc::beside(&net);
    let view = truth::view(&net);
    let archives = archives(&net);
    let study = radiograph(&archives[RESEARCH], &view);
    for archive in archives.iter().filter(|archive| !WITHOUT_GET.contains(&archive.host)) {
        orthanc.takes(&fetched(archive, &study));
        agrees_with_the_world(&orthanc, &view, &study);
        assert!(renders(&orthanc) > 0, "{}", archive.host);
        orthanc.empty();
    }
}

#[test]
fn the_research_archive_shows_what_a_real_orthanc_shows() {
    let net = net();
    let orthanc = Orthanc::beside(&net);
    let view = truth::view(&net);
    let archive = &archives(&net)[RESEARCH];
    let study = radiograph(archive, &view);
    orthanc.takes(&fetched(archive, &study));
    let face = format!("http://orthanc:orthanc@{}", net.address("research", "http"));
    let both = |path: &str| {
        [&orthanc.http, &face].map(|site| {
            let said = curl(&["-w", "\n%{http_code}", &format!("{site}{path}")]);
            let status = said.rsplit(|byte| *byte == b'\n').next().unwrap().to_owned();
            (String::from_utf8(status).unwrap(), said)
        })
    };
    let all = |level: &str| orthanc.get(&format!("/{level}")).as_array().unwrap().clone();
    for level in ["patients", "studies", "series"] {
        for (id, what) in all(level).iter().flat_map(|id| ABOVE.map(|what| (id, what))) {
            // A patient may have more in the archive than the study that was fetched.
            let whole = level != "patients" || ["module", "metadata", "nonsense"].contains(&what);
            // The device's own metadata is not known of what came by this way.
            if whole {
                let path = format!("/{level}/{}/{what}", id.as_str().unwrap());
                let [real, ours] = both(&path).map(|(_, body)| body);
                assert!(real == ours, "{path}: {} {}", escaped(&real), escaped(&ours));
            }
        }
    }
    let path = format!("/studies/{}/archive", all("studies")[0].as_str().unwrap());
    let [real, ours] = both(&path).map(|(_, zip)| unpacked(&net.scratch("zip"), &zip[..zip.len() - 4]));
    assert!(real == ours, "{path}: {:?} {:?}", real.keys(), ours.keys());
    for id in orthanc.get("/instances").as_array().unwrap() {
        let of = format!("/instances/{}", id.as_str().unwrap());
        for what in PARTS {
            let [real, ours] = both(&format!("{of}/{what}")).map(|(_, body)| body);
            assert!(real == ours, "{of}/{what}: {} {}", escaped(&real), escaped(&ours));
        }
        for what in PICTURES {
            let [(status, real), (told, ours)] = both(&format!("{of}/{what}"));
            assert_eq!(status, told, "{of}/{what}");
            if status == "200" {
                let [real, ours] = [real, ours].map(|png| shades(&png[..png.len() - 4]));
                assert!(real == ours, "{of}/{what}");
            } else {
                assert_eq!(real, ours, "{of}/{what}");
            }
        }
    }
}

/// Files of a ZIP by their names.
fn unpacked(folder: &Path, zip: &[u8]) -> BTreeMap<String, Vec<u8>> {
    let folder = fresh(folder);
    let file = folder.join("all.zip");
    fs::write(&file, zip).unwrap();
    let into = folder.join("files");
    let (file, into) = (file.to_str().unwrap(), into.to_str().unwrap());
    assert!(client("python3", "python3", &["-m", "zipfile", "-e", file, into]).status.success());
    let files = text(&client("find", "findutils", &[into, "-type", "f"]));
    files.lines().map(|path| (path[into.len()..].to_owned(), fs::read(path).unwrap())).collect()
}
