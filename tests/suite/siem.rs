//! From attack to SIEM: a real rsyslog over TLS with client certificates.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

use crate::honeynet::{Honeynet, client, text, within};

/// A receiver that writes each message it gets as a line.
struct Rsyslog {
    dir: TempDir,
    process: Child,
    port: u16,
}

impl Rsyslog {
    fn start() -> Self {
        let dir = TempDir::new().unwrap();
        make_certificates(dir.path());
        let port = free_port();
        let here = dir.path().display();
        let config = format!(
            "global(workDirectory=\"{here}\" DefaultNetstreamDriver=\"gtls\" \
             DefaultNetstreamDriverCAFile=\"{here}/ca.pem\" DefaultNetstreamDriverCertFile=\"{here}/server.pem\" \
             DefaultNetstreamDriverKeyFile=\"{here}/server.key\" maxMessageSize=\"64k\")\n\
             module(load=\"imtcp\" StreamDriver.Name=\"gtls\" StreamDriver.Mode=\"1\" \
             StreamDriver.AuthMode=\"x509/name\" PermittedPeer=[\"honeyward.test\"])\n\
             template(name=\"whole\" type=\"string\" string=\"%rawmsg%\\n\")\n\
             input(type=\"imtcp\" port=\"{port}\" address=\"127.0.0.1\" ruleset=\"all\")\n\
             ruleset(name=\"all\") {{ action(type=\"omfile\" file=\"{here}/received\" template=\"whole\" \
             fileCreateMode=\"0600\") }}\n"
        );
        fs::write(dir.path().join("rsyslog.conf"), config).unwrap();
        let process = Command::new("rsyslogd")
            .args(["-n", "-f"])
            .arg(dir.path().join("rsyslog.conf"))
            .arg("-i")
            .arg(dir.path().join("pid"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|e| {
                panic!("rsyslogd: {e}; install the Debian packages rsyslog and rsyslog-gnutls")
            });
        let rsyslog = Rsyslog { dir, process, port };
        within(Duration::from_secs(10), "rsyslog listens", || {
            std::net::TcpStream::connect(("127.0.0.1", rsyslog.port)).ok()
        });
        rsyslog
    }

    fn destination(&self, name: &str, format: &str) -> String {
        let file = |name: &str| self.dir.path().join(name).display().to_string();
        format!(
            "[[destination]]\nname = \"{name}\"\naddress = \"127.0.0.1:{}\"\nformat = \"{format}\"\n\
             transport = \"tls\"\nserver_name = \"siem.test\"\nca = \"{}\"\ncertificate = \"{}\"\nkey = \"{}\"\n",
            self.port,
            file("ca.pem"),
            file("client.pem"),
            file("client.key"),
        )
    }

    fn lines(&self) -> Vec<String> {
        let text = fs::read_to_string(self.dir.path().join("received")).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }

    /// ECS alerts that were received.
    fn alerts(&self) -> Vec<Value> {
        self.lines()
            .iter()
            .filter_map(|line| line.find('{').and_then(|start| serde_json::from_str(&line[start..]).ok()))
            .collect()
    }

    fn alerts_of(&self, source: &str) -> Vec<Value> {
        self.alerts().into_iter().filter(|a| a["source"]["ip"] == source).collect()
    }
}

impl Drop for Rsyslog {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// An authority, a server and a client.
pub(crate) fn make_certificates(dir: &Path) {
    let openssl = |args: &[&str]| {
        let output = Command::new("openssl").args(args).current_dir(dir).output().unwrap();
        assert!(output.status.success(), "openssl {args:?}: {}", text(&output));
    };
    openssl(&[
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-nodes",
        "-keyout",
        "ca.key",
        "-out",
        "ca.pem",
        "-subj",
        "/CN=Test CA",
        "-days",
        "2",
    ]);
    for (name, host) in [("server", "siem.test"), ("client", "honeyward.test")] {
        let (key, csr, pem, ext) =
            (format!("{name}.key"), format!("{name}.csr"), format!("{name}.pem"), format!("{name}.ext"));
        fs::write(dir.join(&ext), format!("subjectAltName=DNS:{host}\n")).unwrap();
        openssl(&[
            "req",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
            "-nodes",
            "-keyout",
            &key,
            "-out",
            &csr,
            "-subj",
            &format!("/CN={host}"),
        ]);
        openssl(&[
            "x509",
            "-req",
            "-in",
            &csr,
            "-CA",
            "ca.pem",
            "-CAkey",
            "ca.key",
            "-CAcreateserial",
            "-out",
            &pem,
            "-days",
            "2",
            "-extfile",
            &ext,
        ]);
    }
}

/// Runs an attack and waits for its one alert.
fn raises_one(rsyslog: &Rsyslog, source: &str, what: &str, attack: impl FnOnce()) -> Value {
    attack();
    let done = Instant::now();
    let alerts = within(Duration::from_secs(10), what, || {
        let alerts = rsyslog.alerts_of(source);
        (!alerts.is_empty()).then_some(alerts)
    });
    assert!(done.elapsed() < Duration::from_secs(2), "{what}: told after {:?}", done.elapsed());
    assert_eq!(alerts[0]["honeyward"]["severity"], "high", "{what}");
    assert!(alerts[0]["honeyward"]["reasons"].as_array().is_some_and(|r| !r.is_empty()), "{what}");
    alerts[0].clone()
}

/// Each attack is one incident: whatever came for a source has one id.
fn one_incident(rsyslog: &Rsyslog, source: &str) {
    let mut ids: Vec<String> =
        rsyslog.alerts_of(source).iter().map(|a| a["event"]["id"].as_str().unwrap().to_owned()).collect();
    ids.dedup();
    assert_eq!(ids.len(), 1, "{source}: {ids:?}");
}

fn ssh(net: &Honeynet, from: &str, password: &str, account: &str, command: &str) {
    let address = net.address("his", "ssh");
    let output = client(
        "sshpass",
        "sshpass",
        &[
            "-p",
            password,
            "ssh",
            "-b",
            from,
            "-o",
            "StrictHostKeyChecking=no",
            "-o",
            "UserKnownHostsFile=/dev/null",
            "-o",
            "NumberOfPasswordPrompts=1",
            "-p",
            &address.port().to_string(),
            &format!("{account}@{}", address.ip()),
            command,
        ],
    );
    assert!(output.status.code().is_some(), "{}", text(&output));
}

fn curl(args: &[&str]) -> String {
    let mut all = vec!["-s", "-S", "--max-time", "20"];
    all.extend_from_slice(args);
    text(&client("curl", "curl", &all))
}

fn dicom(net: &Honeynet, program: &str, args: &[&str]) -> String {
    let address = net.address("pacs", "dicom");
    let (ip, port) = (address.ip().to_string(), address.port().to_string());
    let mut all = vec!["-aec", "CLZXPACS"];
    all.extend_from_slice(args);
    all.extend_from_slice(&[&ip, &port]);
    text(&client(program, "dcmtk", &all))
}

#[test]
fn attacks_raise_one_alert_each_and_harmless_traffic_none() {
    let rsyslog = Rsyslog::start();
    let device = "[[detection.device]]\nsource = \"127.0.0.1\"\nname = \"CT01\"\n";
    let net = Honeynet::with(&format!("{}{device}", rsyslog.destination("siem", "ecs")));
    harmless(&net);
    assert_eq!(rsyslog.alerts(), Vec::<Value>::new(), "harmless traffic");

    let web = format!("http://{}", net.address("his", "http"));
    let guesser = net.attacker(21);
    raises_one(&rsyslog, &guesser, "password guessing", || {
        for guess in ["123456", "admin", "root", "Passw0rd", "qwerty", "111111"] {
            ssh(&net, &guesser, guess, "root", "true");
        }
    });
    let (account, password) = net.lure("his", "ssh");
    let thief = net.attacker(22);
    let alert = raises_one(&rsyslog, &thief, "the lure account used", || {
        ssh(&net, &thief, &password, &account, "true");
    });
    assert_eq!(alert["honeyward"]["reasons"][0]["class"], "E5", "{alert}");
    let typist = net.attacker(23);
    raises_one(&rsyslog, &typist, "a shell command", || {
        ssh(&net, &typist, &password, &account, "id; uname -a")
    });
    let uploader = net.attacker(24);
    raises_one(&rsyslog, &uploader, "an upload", || upload(&net, &uploader, &account, &password));
    let searcher = net.attacker(25);
    raises_one(&rsyslog, &searcher, "patient search after login", || search(&net, &web, &searcher));
    raises_one(&rsyslog, "127.0.0.1", "wildcard C-FIND with retrieval", || retrieve(&net));
    for source in [guesser.as_str(), &thief, &typist, &uploader, &searcher, "127.0.0.1"] {
        one_incident(&rsyslog, source);
    }
    assert_eq!(net.honeyward(&["verify"]).status.code(), Some(0));
}

fn harmless(net: &Honeynet) {
    let monitor = net.attacker(31);
    for service in [("his", "ssh"), ("his", "http"), ("pacs", "dicom"), ("lis", "mllp")] {
        let address = net.address(service.0, service.1);
        client("ping", "iputils-ping", &["-c", "1", "-W", "1", &address.ip().to_string()]);
        for _ in 0..5 {
            let (ip, port) = (address.ip().to_string(), address.port().to_string());
            client("nc", "netcat-openbsd", &["-z", "-s", &monitor, &ip, &port]);
        }
    }
    let checker = net.attacker(32);
    let url = format!("http://{}/", net.address("his", "http"));
    for _ in 0..6 {
        curl(&["-o", "/dev/null", "--interface", &checker, &url]);
    }
    for _ in 0..3 {
        assert_eq!(dicom(net, "echoscu", &["-aet", "CT01"]), "");
    }
    // Longer than any alert takes.
    thread::sleep(Duration::from_secs(2));
    let high = net.json(&["alerts", "--json", "--min-severity", "high"]);
    assert!(high.is_empty(), "{high:?}");
}

fn upload(net: &Honeynet, from: &str, account: &str, password: &str) {
    let file = net.scratch("tool.sh");
    fs::write(&file, "#!/bin/sh\necho pwned\n").unwrap();
    let address = net.address("his", "ssh");
    let batch: PathBuf = net.scratch("batch");
    fs::write(&batch, format!("put {} /tmp/tool.sh\n", file.display())).unwrap();
    let output = client(
        "sshpass",
        "sshpass",
        &[
            "-p",
            password,
            "sftp",
            "-o",
            &format!("BindAddress={from}"),
            "-o",
            "StrictHostKeyChecking=no",
            "-o",
            "UserKnownHostsFile=/dev/null",
            "-o",
            "BatchMode=no",
            "-P",
            &address.port().to_string(),
            "-b",
            batch.to_str().unwrap(),
            &format!("{account}@{}", address.ip()),
        ],
    );
    assert!(output.status.success(), "{}", text(&output));
}

fn search(net: &Honeynet, web: &str, from: &str) {
    let (account, password) = net.lure("his", "http");
    let jar = net.scratch("cookies");
    let jar = jar.to_str().unwrap();
    let (user, pass) = (format!("username={account}"), format!("password={password}"));
    let base = ["--interface", from, "-b", jar, "-c", jar];
    curl(&[&base[..], &["-o", "/dev/null", &format!("{web}/his/login")]].concat());
    let login = [&base[..], &["-i", "--data-urlencode", &user, "--data-urlencode", &pass]].concat();
    let answer = curl(&[&login[..], &[&format!("{web}/his/login")]].concat());
    assert!(answer.contains(" 302 "), "{answer}");
    let found =
        curl(&[&base[..], &["-G", "--data-urlencode", "q=王", &format!("{web}/his/patients")]].concat());
    assert!(found.contains("/his/patient/"), "{found}");
}

fn retrieve(net: &Honeynet) {
    let answer = dicom(
        net,
        "findscu",
        &[
            "-S",
            "-k",
            "QueryRetrieveLevel=STUDY",
            "-k",
            "PatientName=*",
            "-k",
            "ModalitiesInStudy=DX",
            "-k",
            "StudyInstanceUID",
            "-k",
            &format!("StudyDate={}", today(net)),
        ],
    );
    let uid = answer
        .lines()
        .filter(|l| l.contains("StudyInstanceUID"))
        .find_map(|l| l.split('[').nth(1)?.split(']').next())
        .unwrap_or_else(|| panic!("no study today: {answer}"))
        // A UID of odd length is padded with a NUL, which some builds of the client print.
        .trim_end_matches('\0')
        .to_owned();
    let out = net.scratch("retrieved");
    fs::create_dir_all(&out).unwrap();
    let got = dicom(
        net,
        "getscu",
        &[
            "-S",
            "-od",
            out.to_str().unwrap(),
            "-k",
            "QueryRetrieveLevel=STUDY",
            "-k",
            &format!("StudyInstanceUID={uid}"),
        ],
    );
    assert!(fs::read_dir(&out).unwrap().count() > 0, "nothing was retrieved: {got}");
}

/// Days that surely have studies: yesterday and today in the hospital.
fn today(net: &Honeynet) -> String {
    let studies = net.json(&["world", "studies", "--limit", "1", "--json"]);
    let started = studies[0]["started"].as_str().unwrap();
    started.get(..10).unwrap().replace('-', "")
}

#[test]
fn test_alerts_reach_the_receiver_and_are_marked() {
    let rsyslog = Rsyslog::start();
    let net =
        Honeynet::with(&format!("{}{}", rsyslog.destination("a", "ecs"), rsyslog.destination("b", "cef")));
    let config = net.scratch("honeynet.toml");
    let config = config.to_str().unwrap();
    for name in ["a", "b"] {
        let output = net.honeyward(&["siem", "test", name, "--count", "3", "--config", config]);
        assert_eq!(output.status.code(), Some(0), "{}", text(&output));
    }
    let lines = within(Duration::from_secs(10), "six test alerts", || {
        let lines = rsyslog.lines();
        (lines.len() >= 6).then_some(lines)
    });
    assert_eq!(
        lines.iter().filter(|l| l.contains("CEF:0|Honeyward|") && l.contains("cat=/Deception/Test")).count(),
        3
    );
    assert_eq!(lines.iter().filter(|l| l.contains("\"test\":true")).count(), 3);
    assert!(lines.iter().all(|l| l.contains(" honeyward - test - ")), "{lines:?}");
    let output = net.honeyward(&["siem", "test", "nobody", "--config", config]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output).contains("there is: a, b"), "{}", text(&output));
}
