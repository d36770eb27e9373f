//! What is told of objects that come in over HTTP: as over DIMSE, the hospital's own are tampered with,
//! and those of real patients are taken care of as the hospital set.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use crate::honeynet::{Honeynet, client, text};

const HOSTS: [(&str, u8); 2] = [("research", 14), ("vna", 15)];

/// The hospital's object is asked for and given back, changed.
#[test]
fn a_changed_object_of_the_hospital_is_tampering_on_every_web_face() {
    let net = Honeynet::of(&HOSTS, "");
    let web = format!("http://orthanc:orthanc@{}", net.address("research", "http"));
    let found = curl(&[&format!("{web}/dicom-web/studies?ModalitiesInStudy=US&limit=1")]);
    let found: Value = serde_json::from_slice(&found).unwrap();
    let study = found[0]["0020000D"]["Value"][0].as_str().unwrap().to_owned();
    let known = curl(&["-d", &study, &format!("{web}/tools/lookup")]);
    let known: Value = serde_json::from_slice(&known).unwrap();
    let instances = curl(&[&format!("{web}{}/instances", known[0]["Path"].as_str().unwrap())]);
    let instances: Value = serde_json::from_slice(&instances).unwrap();
    let image = instances.as_array().unwrap().iter().find(|instance| {
        let size = instance["FileSize"].as_u64().unwrap();
        size > 100_000
    });
    let (id, uid) = (&image.unwrap()["ID"], &image.unwrap()["MainDicomTags"]["SOPInstanceUID"]);
    let file = net.scratch("image.dcm");
    fs::write(&file, curl(&[&format!("{web}/instances/{}/file", id.as_str().unwrap())])).unwrap();
    let changed = ["-nb", "-m", "PatientName=Li^Si", file.to_str().unwrap()];
    let output = client("dcmodify", "dcmtk", &changed);
    assert!(output.status.success(), "{}", text(&output));
    let mut bytes = fs::read(&file).unwrap();
    *bytes.last_mut().unwrap() ^= 0xff;
    fs::write(&file, bytes).unwrap();
    for (host, _) in HOSTS {
        send(&net, host, &file);
        let told = told(&net, host, "tampering");
        assert_eq!((&told["subject"], &told["id"]), (&json!("instance"), uid), "{host}: {told}");
        let fields: Vec<&str> = told["changes"]
            .as_array()
            .unwrap()
            .iter()
            .map(|change| change["field"].as_str().unwrap())
            .collect();
        assert_eq!(fields, ["PatientName", "pixels"], "{host}: {told}");
        assert_eq!(told["changes"][0]["to"], "Li^Si", "{host}");
    }
}

#[test]
fn real_patients_over_http_are_sealed_and_never_at_hand() {
    let scratch = tempfile::TempDir::new().unwrap();
    let identity = scratch.path().join("hospital.key");
    let made = text(&client("age-keygen", "age", &["-o", identity.to_str().unwrap()]));
    let key = made.split_whitespace().find(|word| word.starts_with("age1")).unwrap();
    let config = format!("[privacy]\nreal_objects = \"seal\"\nkey = \"{key}\"\n");
    let net = Honeynet::of(&HOSTS, &config);
    for (host, real) in of_real_patients(scratch.path()) {
        send(&net, host, &real.file);
        let told = told(&net, host, "real_data");
        assert_eq!((&told["handling"], &told["device"]), (&json!("sealed"), &json!(false)), "{told}");
        assert_eq!(told["signs"][0], real.sign, "{host}");
        let sealed = artefact(&net.data(), told["sha256"].as_str().unwrap());
        let identity = identity.to_str().unwrap();
        let opened = Command::new("age").args(["-d", "-i", identity]).arg(sealed).output().unwrap();
        assert_eq!(opened.stdout, fs::read(&real.file).unwrap(), "{host}: {}", text(&opened));
        assert_eq!(status(&back(&net, host)), "404", "{host}");
    }
    nobody_is_named(&net);
}

#[test]
fn real_patients_over_http_lose_pixels_and_name_unless_configured() {
    let scratch = tempfile::TempDir::new().unwrap();
    let net = Honeynet::of(&HOSTS, "");
    for (host, real) in of_real_patients(scratch.path()) {
        send(&net, host, &real.file);
        let told = told(&net, host, "real_data");
        assert_eq!(told["handling"], "pixels_dropped", "{host}: {told}");
        let reduced = artefact(&net.data(), told["sha256"].as_str().unwrap());
        let dumped = crate::dcmtk::dump(&reduced);
        assert!(!dumped.contains("(7fe0,0010)") && dumped.contains("(0010,0010)"), "{dumped}");
        assert_eq!(status(&back(&net, host)), "404", "{host}");
    }
    nobody_is_named(&net);
}

/// An object of a real patient, and the first sign of it.
struct Real {
    file: PathBuf,
    sign: &'static str,
}

/// One known by a resident id, one by the vendor's device that wrote it.
fn of_real_patients(folder: &Path) -> [(&'static str, Real); 2] {
    let resident = Real {
        file: scan(folder, "resident", "11010519491231002X", "1.2.3.4.5.6.7"),
        sign: "resident id whose check digit is right",
    };
    let device = Real {
        file: scan(folder, "device", "H7730214", "1.2.840.113619.2.5.7"),
        sign: "file written by a toolkit of GE",
    };
    // DCMTK signs what it writes; the device signs with its own.
    let (ours, theirs) = (b"1.2.276.0.7230010.3.0.3.6.7\0", b"1.2.840.113619.6.336\0\0\0\0\0\0\0\0");
    let mut bytes = fs::read(&device.file).unwrap();
    let at = bytes.windows(ours.len()).position(|window| window == ours).expect("DCMTK 3.6.7's own UID");
    bytes[at..at + theirs.len()].copy_from_slice(theirs);
    fs::write(&device.file, bytes).unwrap();
    [("research", resident), ("vna", device)]
}

fn scan(folder: &Path, name: &str, patient: &str, instance: &str) -> PathBuf {
    let (dump, file) = (folder.join(format!("{name}.dump")), folder.join(format!("{name}.dcm")));
    let elements = format!(
        "(0008,0016) UI [1.2.840.10008.5.1.4.1.1.2]\n(0008,0018) UI [{instance}]\n(0008,0020) DA [20261101]\n\
         (0008,0060) CS [CT]\n(0008,0070) LO [GE MEDICAL SYSTEMS]\n(0010,0010) PN [Zhang^Shi^Ji]\n\
         (0010,0020) LO [{patient}]\n(0010,0030) DA [19491231]\n(0018,1000) LO [CT99001]\n\
         (0020,000d) UI [1.2.3.4.5]\n(0020,000e) UI [1.2.3.4.5.6]\n(0020,0011) IS [2]\n(0020,0013) IS [1]\n\
         (0028,0010) US 2\n(0028,0011) US 2\n(7fe0,0010) OW 4141\\4141\\4141\\4141\n"
    );
    fs::write(&dump, elements).unwrap();
    let made = client("dump2dcm", "dcmtk", &[dump.to_str().unwrap(), file.to_str().unwrap()]);
    assert!(made.status.success(), "{}", text(&made));
    file
}

/// Gives a file to a web face in its own way.
fn send(net: &Honeynet, host: &str, file: &Path) {
    if host == "research" {
        let url = format!("http://orthanc:orthanc@{}/instances", net.address(host, "http"));
        curl(&["--data-binary", &format!("@{}", file.display()), &url]);
        return;
    }
    let mut body = b"--XX\r\nContent-Type: application/dicom\r\n\r\n".to_vec();
    body.extend(fs::read(file).unwrap());
    body.extend(b"\r\n--XX--\r\n");
    let request = net.scratch("request");
    fs::write(&request, body).unwrap();
    let kind = "Content-Type: multipart/related; type=\"application/dicom\"; boundary=XX";
    let url = format!("http://{}/dcm4chee-arc/aets/DCM4CHEE/rs/studies", net.address(host, "http"));
    curl(&["-H", kind, "--data-binary", &format!("@{}", request.display()), &url]);
    fs::remove_file(request).unwrap();
}

/// Asks for the study of the objects above.
fn back(net: &Honeynet, host: &str) -> String {
    let address = net.address(host, "http");
    if host == "research" {
        format!("http://orthanc:orthanc@{address}/dicom-web/studies/1.2.3.4.5/metadata")
    } else {
        format!("http://{address}/dcm4chee-arc/aets/DCM4CHEE/rs/studies/1.2.3.4.5")
    }
}

fn status(url: &str) -> String {
    text(&client("curl", "curl", &["-s", "-o", "/dev/null", "-w", "%{http_code}", url]))
}

fn curl(arguments: &[&str]) -> Vec<u8> {
    let output = client("curl", "curl", &[&["-sS", "-f"], arguments].concat());
    assert!(output.status.success(), "{arguments:?}: {}", text(&output));
    output.stdout
}

/// The one observation of this kind on a host.
fn told(net: &Honeynet, host: &str, what: &str) -> Value {
    let ended = |row: &Value| {
        row["host"] == host && row["closed"].is_string() && row["counts"]["uploads"].as_u64() > Some(0)
    };
    let row = net.sessions(1, ended).remove(0);
    let shown = net.json(&["show", row["id"].as_str().unwrap(), "--json"]).remove(0);
    let records = shown["records"].as_array().unwrap();
    let seen = records.iter().map(|record| &record["event"]["observation"]);
    let found: Vec<&Value> = seen.filter(|seen| seen["what"] == what).collect();
    assert_eq!(found.len(), 1, "{host} {what}: {shown}");
    found[0].clone()
}

fn artefact(data: &Path, sha256: &str) -> PathBuf {
    let all = files(data);
    let found = all.into_iter().find(|path| path.file_name().is_some_and(|name| name == sha256));
    found.unwrap_or_else(|| panic!("no artefact {sha256}"))
}

/// No file but packets, which are made blank later, holds the patient's name.
fn nobody_is_named(net: &Honeynet) {
    for path in files(&net.data()) {
        let packets = path.components().any(|part| part.as_os_str() == "packets");
        let named = fs::read(&path).unwrap().windows(12).any(|window| window == b"Zhang^Shi^Ji");
        assert!(packets || !named, "{}", path.display());
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries
        .flat_map(|path| match path.symlink_metadata() {
            Ok(meta) if meta.is_dir() => files(&path),
            Ok(meta) if meta.is_file() => vec![path],
            Ok(_) | Err(_) => Vec::new(),
        })
        .collect()
}
