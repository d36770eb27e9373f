//! `curl` against the archives' web faces: a list, a picture and a file of each, and what goes in.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::dcmtk::{dump, paper, value};
use crate::honeynet::{Honeynet, client, text};

const LOGIN: &str = "orthanc:orthanc";
const DICOM: &str = "Accept: multipart/related; type=\"application/dicom\"";

/// A browser at one address.
struct Browser<'n> {
    net: &'n Honeynet,
    base: String,
    from: String,
}

impl<'n> Browser<'n> {
    fn new(net: &'n Honeynet, host: &str, service: &str, last: u8) -> Self {
        let base = format!("{service}://{}", net.address(host, service));
        Browser { net, base, from: net.attacker(last) }
    }

    /// Status, and the body as a file.
    fn get(&self, path: &str, arguments: &[&str]) -> (String, PathBuf) {
        let body = self.net.scratch("body");
        let url = format!("{}{path}", self.base);
        let to = ["-sk", "-u", LOGIN, "--interface", &self.from, "-o", body.to_str().unwrap()];
        let output = client("curl", "curl", &[&to, arguments, &["-w", "%{http_code}", &url]].concat());
        (text(&output), body)
    }

    fn bytes(&self, path: &str, arguments: &[&str]) -> Vec<u8> {
        let (status, body) = self.get(path, arguments);
        assert_eq!(status, "200", "{path}: {}", String::from_utf8_lossy(&fs::read(&body).unwrap()));
        fs::read(body).unwrap()
    }

    fn json(&self, path: &str) -> Value {
        serde_json::from_slice(&self.bytes(path, &[])).unwrap()
    }
}

/// A file out of the first part of a multipart answer.
fn first_part(body: &[u8], file: &Path) -> PathBuf {
    let find = |from: usize, part: &[u8]| {
        body[from..].windows(part.len()).position(|window| window == part).map(|at| from + at)
    };
    let boundary = &body[..find(0, b"\r\n").unwrap()];
    let start = find(0, b"\r\n\r\n").unwrap() + 4;
    let end = find(start, boundary).unwrap() - 2;
    fs::write(file, &body[start..end]).unwrap();
    file.to_owned()
}

fn first<'a>(found: &'a Value, tag: &str) -> &'a str {
    found[tag]["Value"][0].as_str().unwrap_or_else(|| panic!("no {tag}: {found}"))
}

#[test]
fn orthanc_lists_shows_and_hands_out_a_study() {
    let net = Honeynet::of(&[("research", 14)], "");
    let web = Browser::new(&net, "research", "http", 60);
    let (status, _) = web.get("/studies", &["-u", "nobody:wrong"]);
    assert_eq!(status, "401");
    let found = web.json("/dicom-web/studies?ModalitiesInStudy=US&limit=1");
    let uid = first(&found[0], "0020000D").to_owned();
    let hits = web.bytes("/tools/lookup", &["--data-binary", &uid]);
    let hits: Value = serde_json::from_slice(&hits).unwrap();
    let path = hits[0]["Path"].as_str().unwrap().to_owned();
    let instances = web.json(&format!("{path}/instances"));
    let id = instances[0]["ID"].as_str().unwrap().to_owned();
    assert!(web.bytes(&format!("/instances/{id}/preview"), &[]).starts_with(b"\x89PNG"));
    let (_, file) = web.get(&format!("/instances/{id}/file"), &[]);
    assert_eq!(value(&dump(&file), "0020,000d"), uid);
    let same = web.bytes(&format!("/instances/{id}/file"), &[]);
    let wado = format!("/wado?requestType=WADO&contentType=application/dicom&objectUID={}", {
        instances[0]["MainDicomTags"]["SOPInstanceUID"].as_str().unwrap()
    });
    assert_eq!(web.bytes(&wado, &[]), same, "one object, one file");

    let (status, zip) = web.get(&format!("{path}/archive"), &[]);
    assert_eq!(status, "200");
    let folder = net.scratch("zip");
    let (zip, into) = (zip.to_str().unwrap(), folder.to_str().unwrap());
    let tested = client("python3", "python3", &["-m", "zipfile", "-t", zip]);
    assert!(text(&tested).contains("Done testing"), "{}", text(&tested));
    assert!(client("python3", "python3", &["-m", "zipfile", "-e", zip, into]).status.success());
    let files = client("find", "findutils", &[into, "-name", "*.dcm"]);
    let files: Vec<String> = text(&files).lines().map(str::to_owned).collect();
    assert_eq!(files.len(), instances.as_array().unwrap().len());
    for file in files {
        assert_eq!(value(&dump(Path::new(&file)), "0020,000d"), uid, "{file}");
    }
}

#[test]
fn what_comes_in_over_http_is_read_back_by_its_sender_alone() {
    let net = Honeynet::of(&[("research", 14), ("vna", 15)], "");
    let file = paper(&net.scratch(""));
    let uid = value(&dump(&file), "0008,0018").to_owned();
    let study = value(&dump(&file), "0020,000d").to_owned();
    let at = format!("@{}", file.display());
    let (web, other) =
        (Browser::new(&net, "research", "http", 61), Browser::new(&net, "research", "http", 62));
    let said = web.bytes("/instances", &["--data-binary", &at]);
    assert!(String::from_utf8(said).unwrap().contains("\"Success\""));
    let path = format!("/wado?requestType=WADO&contentType=application/dicom&objectUID={uid}");
    let (status, back) = web.get(&path, &[]);
    assert_eq!((status.as_str(), value(&dump(&back), "0008,0018")), ("200", uid.as_str()));
    assert_eq!(other.get(&path, &[]).0, "404");

    let mut body = b"--XX\r\nContent-Type: application/dicom\r\n\r\n".to_vec();
    body.extend(fs::read(&file).unwrap());
    body.extend(b"\r\n--XX--\r\n");
    let request = net.scratch("stow");
    fs::write(&request, body).unwrap();
    let (at, kind) = (
        format!("@{}", request.display()),
        "Content-Type: multipart/related; type=\"application/dicom\"; boundary=XX",
    );
    let (web, other) = (Browser::new(&net, "vna", "https", 61), Browser::new(&net, "vna", "https", 62));
    let rs = "/dcm4chee-arc/aets/DCM4CHEE/rs/studies";
    web.bytes(rs, &["-H", kind, "--data-binary", &at]);
    let path = format!("{rs}/{study}");
    let back = first_part(&web.bytes(&path, &["-H", DICOM]), &net.scratch("back.dcm"));
    assert_eq!(value(&dump(&back), "0008,0018"), uid);
    assert_eq!(other.get(&path, &["-H", DICOM]).0, "404");
}

#[test]
fn dcm4chee_sends_what_is_accepted_over_tls() {
    let net = Honeynet::of(&[("vna", 15)], "");
    let web = Browser::new(&net, "vna", "https", 60);
    let rs = "/dcm4chee-arc/aets/DCM4CHEE/rs/studies";
    let found = web.json(&format!("{rs}?ModalitiesInStudy=DX&limit=1"));
    let study = first(&found[0], "0020000D");
    let one = web.json(&format!("{rs}/{study}/instances?Modality=DX&limit=1"));
    let (series, uid) = (first(&one[0], "0020000E"), first(&one[0], "00080018"));
    let path = format!("{rs}/{study}/series/{series}/instances/{uid}");
    let (jpeg, png) = (web.bytes(&format!("{path}/rendered"), &[]), "Accept: image/png");
    assert!(jpeg.starts_with(&[0xff, 0xd8]));
    assert!(web.bytes(&format!("{path}/rendered"), &["-H", png]).starts_with(b"\x89PNG"));
    let any = format!("{DICOM}; transfer-syntax=*");
    for (accept, syntax) in [("Accept: */*", "4.90"), (&any, "4.90"), (DICOM, "2.1")] {
        let file = first_part(&web.bytes(&path, &["-H", accept]), &net.scratch("part.dcm"));
        let meta = client("dcmdump", "dcmtk", &["-Un", "+P", "0002,0010", file.to_str().unwrap()]);
        assert!(text(&meta).contains(syntax) || dump(&file).contains(uid), "{accept}: {}", text(&meta));
        let said = text(&meta);
        assert_eq!(said.contains("4.90"), syntax == "4.90", "{accept}: {said}");
    }
}

#[test]
fn the_vendors_pages_show_a_list_and_a_picture_after_login() {
    let net = Honeynet::of(&[("ris", 16)], "");
    let web = Browser::new(&net, "ris", "http", 60);
    let (name, password) = net.lure("ris", "http");
    let jar = net.scratch("jar");
    let jar = ["-b", jar.to_str().unwrap(), "-c", jar.to_str().unwrap()];
    assert_eq!(web.get("/ClinicList.aspx", &jar).0, "302");
    let (name, password) = (format!("TextName={name}"), format!("TextPwd={password}"));
    let form = ["--data-urlencode", &name, "--data-urlencode", &password, "-d", "BtnLogin=1"];
    assert_eq!(web.get("/", &[&jar[..], &form].concat()).0, "302");
    let list = String::from_utf8(web.bytes("/ClinicList.aspx", &jar)).unwrap();
    let mut studies = list.split("Viewer.aspx?uid=").skip(1).map(|rest| rest.split('"').next().unwrap());
    // A cardiogram is no picture.
    let image = studies.find_map(|study| {
        let viewer = String::from_utf8(web.bytes(&format!("/Viewer.aspx?uid={study}"), &jar)).unwrap();
        Some(viewer.split("Image.ashx?uid=").nth(1)?.split('"').next().unwrap().to_owned())
    });
    let image = image.expect("a study with pictures");
    assert!(web.bytes(&format!("/Image.ashx?uid={image}"), &jar).starts_with(&[0xff, 0xd8]));
    let call = [
        "-H",
        "SOAPAction: \"http://tempuri.org/UploadData\"",
        "-d",
        "<a><fileName>x.asmx</fileName><data>YWJj</data></a>",
    ];
    let said = web.bytes("/webservices/WebJobUpload.asmx", &call);
    assert!(String::from_utf8(said).unwrap().contains("<UploadDataResult>true<"));
}
