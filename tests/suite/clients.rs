//! Clients that others wrote, against every port: each is listed at once, with its transcript, its
//! files and its packets.

use std::fs;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use honeyward::world::Modality;

use crate::browser::Browser;
use crate::dcmtk::{assert_same_data_set, dcmtk, find, get, paper};
use crate::honeynet::{Honeynet, client, text, within};
use crate::kept::{Kept, Watch};
use crate::senders::{astm, mllp, query};
use crate::shell::{sftp, ssh};
use crate::truth;

const DICOM: (&str, &str) = ("pacs", "dicom");

#[test]
fn dicom_clients_leave_sessions_files_and_packets() {
    let net = Honeynet::start();
    let mut watch = Watch::new(&net);
    let echo = watch.one(DICOM.0, DICOM.1, || {
        dcmtk(&net, "echoscu", &["-aet", "ECHOER"], &[]);
    });
    echo.packets_as_transcript("dicom", "dicom");
    assert!(echo.transcript()[0].text().contains("ECHOER"));

    let view = truth::view(&net);
    let rows = truth::listed(&net, "studies", 2);
    let row = rows.iter().find(|row| row["modality"] == "US").expect("an ultrasound in two days");
    let study = view.study(row["uid"].as_str().unwrap()).unwrap();
    assert_eq!(study.modality, Modality::US);
    let (series, image) = truth::images(&view, &study).remove(0);
    let accession = format!("AccessionNumber={}", study.accession);
    let found = watch.one(DICOM.0, DICOM.1, || {
        let keys = ["QueryRetrieveLevel=STUDY", &accession, "PatientName", "StudyInstanceUID"];
        assert_eq!(find(&net, &net.scratch("found"), &keys).len(), 1);
    });
    found.packets_as_transcript("dicom", "dicom.pdu.type == 4");
    assert!(found.transcript()[1].text().contains(&study.uid));
    assert_eq!(found.observed("query")[0]["answers"], 1);

    let keys = [
        "QueryRetrieveLevel=IMAGE".to_owned(),
        format!("StudyInstanceUID={}", study.uid),
        format!("SeriesInstanceUID={}", series.uid),
        format!("SOPInstanceUID={}", image.uid),
    ];
    let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
    let mut files = Vec::new();
    let got = watch.one(DICOM.0, DICOM.1, || files = get(&net, &net.scratch("got"), &keys));
    assert_eq!(files.len(), 1);
    got.packets_as_transcript("dicom", "dicom.pdu.type == 4");
    assert!(got.transcript()[1].bulk() > 100_000, "pixels are kept by reference");

    let mut arguments = vec!["-S", "-aem", "HISIMG"];
    keys.iter().for_each(|key| arguments.extend(["-k", key]));
    let moved = watch.run(&[DICOM, ("his", "dicom")], || {
        dcmtk(&net, "movescu", &arguments, &[]);
    });
    moved.iter().for_each(|kept| kept.packets_as_transcript("dicom", "dicom"));
    let arrived = moved[1].artefacts();
    assert_eq!(arrived.len(), 1, "the HIS took one image");
    let file = net.scratch("arrived.dcm");
    fs::write(&file, &arrived[0]).unwrap();
    assert_same_data_set(&file, &files[0]);
    watch.assert_prompt();
}

#[test]
fn a_stored_object_is_kept_as_it_was_sent() {
    let net = Honeynet::start();
    let mut watch = Watch::new(&net);
    let paper = paper(&net.scratch(""));
    let stored = watch.one(DICOM.0, DICOM.1, || {
        dcmtk(&net, "storescu", &[], &[paper.to_str().unwrap()]);
    });
    stored.packets_as_transcript("dicom", "dicom");
    let kept = stored.artefacts();
    assert_eq!(kept.len(), 1);
    let file = net.scratch("kept.dcm");
    fs::write(&file, &kept[0]).unwrap();
    assert_same_data_set(&file, &paper);
    assert_eq!(stored.row["counts"]["uploads"], 1);
}

#[test]
fn a_browser_leaves_sessions_and_packets_by_http_and_https() {
    let net = Honeynet::start();
    let mut watch = Watch::new(&net);
    let mrn = truth::listed(&net, "patients", 1)[0]["mrn"].as_str().unwrap().to_owned();
    for scheme in ["http", "https"] {
        let browser = Browser::new(&net, scheme);
        let (_, password) = net.lure("his", scheme);
        let check = |kept: &Kept| match scheme {
            "http" => kept.packets_as_transcript("http", "http"),
            _ => drop(kept.packets("tls", "tls.app_data")),
        };
        let front = watch.one("his", scheme, || assert!(browser.get("/login").contains(" 200")));
        check(&front);
        assert!(front.transcript()[0].text().starts_with("GET /his/login HTTP/1.1\r\n"));
        let login = watch.one("his", scheme, || drop(browser.login(&net)));
        check(&login);
        assert!(login.transcript()[1].text().contains("JSESSIONID="));
        let tried = login.observed("auth_attempt");
        assert_eq!((&tried[0]["secret"], &tried[0]["accepted"]), (&password.into(), &true.into()));
        let patient = watch.one("his", scheme, || {
            assert!(browser.get(&format!("/patient/{mrn}")).contains(&mrn));
        });
        check(&patient);
        assert!(patient.transcript()[1].text().contains(&mrn));
        let read = patient.observed("record_read");
        assert!(read.iter().any(|r| r["ids"].as_array().unwrap().contains(&mrn.as_str().into())), "{read:?}");
    }
    watch.assert_prompt();
}

#[test]
fn interface_senders_leave_sessions_and_packets() {
    let net = Honeynet::start();
    let mut watch = Watch::new(&net);
    let mrn = truth::listed(&net, "patients", 1)[0]["mrn"].as_str().unwrap().to_owned();
    for host in ["his", "lis"] {
        let address = net.address(host, "mllp");
        let asked = watch.one(host, "mllp", || {
            assert!(mllp(address, &query("A19", &mrn, "DEM")).contains("MSA|AA|"));
        });
        asked.packets_as_transcript("hl7", "hl7");
        assert!(asked.transcript()[1].text().contains(&format!("|{mrn}^^^HIS^MR")));
        assert_eq!(asked.row["counts"]["messages"], 1);
    }
    let records = [
        "H|\\^&|||XN-550^1|||||||P|E1394-97".to_owned(),
        "P|1".to_owned(),
        "O|1|990101000001||^^^WBC|R".to_owned(),
        "R|1|^^^WBC|6.12|10*9/L||N||F".to_owned(),
        "L|1|N".to_owned(),
    ];
    let sent = watch.one("lis", "astm", || drop(astm(net.address("lis", "astm"), &records, false)));
    sent.packets_as_transcript("data", "data");
    assert!(sent.transcript()[0].text().contains("R|1|^^^WBC|6.12"));
    assert_eq!(sent.observed("record_write")[0]["ids"][0], "990101000001");
    watch.assert_prompt();
}

#[test]
fn ssh_clients_leave_terminals_files_and_packets() {
    let net = Honeynet::start();
    let mut watch = Watch::new(&net);
    let typed = net.scratch("typed");
    fs::write(&typed, "id\nuname -r\nexit\n").unwrap();
    let terminal = watch.one("his", "ssh", || {
        let said = text(&ssh(&net, "his", &["-tt"], &[], &typed));
        assert!(said.contains("uid="), "{said}");
    });
    terminal.packets("ssh", "ssh.message_code == 21");
    let casts = terminal.terminals();
    assert_eq!(casts.len(), 1);
    assert!(casts[0].contains("\"version\": 2") || casts[0].contains("\"version\":2"), "{}", casts[0]);
    assert!(casts[0].contains("uid=") && casts[0].contains("6.1.0-41-amd64"), "{}", casts[0]);
    assert!(terminal.transcript()[1].text().contains("uid="));
    let lines: Vec<_> = terminal.observed("command").iter().map(|c| c["line"].clone()).collect();
    assert_eq!(lines[..2], ["id", "uname -r"]);

    let command = watch.one("pacs", "ssh", || {
        let output = ssh(&net, "pacs", &[], &["uname -a | cut -d' ' -f2"], Path::new("/dev/null"));
        assert_eq!(String::from_utf8_lossy(&output.stdout), "clzx-pacs01\n", "{}", text(&output));
    });
    command.packets("ssh", "ssh");
    assert!(command.terminals().is_empty());
    assert!(command.transcript()[1].text().contains("clzx-pacs01\n"));

    let (tool, batch) = (net.scratch("tool.bin"), net.scratch("batch"));
    let content: Vec<u8> = (0..200_000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    fs::write(&tool, &content).unwrap();
    fs::write(&batch, format!("put {} /tmp/tool.bin\n", tool.display())).unwrap();
    let upload = watch.one("his", "ssh", || {
        let output = sftp(&net, "his", &batch);
        assert!(output.status.success(), "{}", text(&output));
    });
    upload.packets("ssh", "ssh");
    assert_eq!(upload.artefacts(), [content]);
    watch.assert_prompt();
}

/// The ports with what `nmap` must call them; `""` where the product itself gives it no mark.
const PORTS: [(&str, &str, &str); 9] = [
    ("his", "http", "http nginx 1.22.1"),
    ("his", "https", "ssl/http nginx 1.22.1"),
    ("his", "ssh", "ssh OpenSSH"),
    ("his", "mllp", ""),
    ("his", "dicom", ""),
    ("pacs", "ssh", "ssh OpenSSH"),
    ("pacs", "dicom", ""),
    ("lis", "mllp", ""),
    ("lis", "astm", ""),
];

#[test]
fn a_version_scan_of_every_port_is_listed_with_its_packets() {
    let net = Honeynet::start();
    // Most of a scan is waiting for ports that stay silent: all at once.
    thread::scope(|scope| {
        for (host, service, product) in PORTS {
            let net = &net;
            scope.spawn(move || scan(net, host, service, product));
        }
    });
    for (host, service, _) in PORTS {
        let rows = net.sessions(1, |row| row["host"] == host && row["service"] == service);
        let talked =
            rows.iter().filter(|row| !row["closed"].is_null()).max_by_key(|row| row["bytes_in"].as_u64());
        let kept = Kept::of(&net, talked.expect("an ended session").clone());
        kept.assert_alone();
    }
}

fn scan(net: &Honeynet, host: &str, service: &str, product: &str) {
    let address = net.address(host, service);
    let (ip, port) = (address.ip().to_string(), address.port().to_string());
    let begun = Instant::now();
    let output = client("nmap", "nmap", &["-n", "-Pn", "-sV", "--version-light", "-p", &port, &ip]);
    let said = text(&output);
    let words: Vec<&str> = said.split_whitespace().collect();
    assert!(words.join(" ").contains(product), "{host} {service}: {said}");
    assert!(said.contains("/tcp open"), "{said}");
    within(Duration::from_secs(3), &format!("{host} {service} scanned in {:?}", begun.elapsed()), || {
        let rows = net.json(&["sessions", "--json", "--limit", "10000"]);
        let is_ended = |row: &&serde_json::Value| {
            row["host"] == host && row["service"] == service && !row["closed"].is_null()
        };
        rows.iter().any(|row| is_ended(&row)).then_some(())
    });
}
