//! Alerts by mail to a real server: aiosmtpd, with STARTTLS, TLS and logins. Letters are read by Python's own
//! parser of mail.

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use honeyward::forward::Destination;
use serde_json::Value;

use crate::honeynet::within;
use crate::posting::{settled, work};
use crate::siem::make_certificates;

/// The interpreter that Debian's packages are for.
const PYTHON: &str = "/usr/bin/python3";

struct Server {
    process: Child,
    port: u16,
}

impl Server {
    fn start(folder: &Path, mode: &str) -> Self {
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/suite/mail_server.py");
        let process = Command::new(PYTHON)
            .arg(script)
            .args([folder.display().to_string(), port.to_string(), mode.to_owned()])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|e| panic!("{PYTHON}: {e}"));
        within(Duration::from_secs(10), "aiosmtpd listens (Debian's python3-aiosmtpd)", || {
            std::net::TcpStream::connect(("127.0.0.1", port)).ok()
        });
        Server { process, port }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn destination(folder: &Path, port: u16, transport: &str, more: &str) -> Destination {
    fs::write(folder.join("password"), "s3cret\n").unwrap();
    let text = format!(
        "name = \"siem\"\naddress = \"127.0.0.1:{port}\"\ntransport = \"{transport}\"\nhostname = \"hw.hospital.example\"\n\
         from = \"hw@hospital.example\"\nto = \"soc@hospital.example, nobody@hospital.example\"\n{more}"
    );
    let text = text.replace("FOLDER", &folder.display().to_string());
    let destination: Destination = toml::from_str(&text).unwrap();
    assert!(destination.faults().is_empty(), "{:?}", destination.faults());
    destination
}

const LOGIN: &str = "account = \"hw\"\npassword_file = \"FOLDER/password\"\nca = \"FOLDER/ca.pem\"\n\
                     server_name = \"siem.test\"\n";

/// What came, each letter with its headers and text as Python reads them.
fn letters(folder: &Path) -> Vec<Value> {
    let read = "import sys,json,email,email.policy\n\
                for line in open(sys.argv[1]):\n \
                l=json.loads(line); m=email.message_from_string(l['text'],policy=email.policy.default)\n \
                l['defects']=[str(d) for d in m.defects]+[str(d) for h in m.values() for d in h.defects]\n \
                l['head']={k:str(v) for k,v in m.items()}; l['body']=m.get_content(); print(json.dumps(l))\n";
    let output = Command::new(PYTHON).args(["-c", read]).arg(folder.join("letters")).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_waits_together_goes_in_one_letter_over_starttls() {
    let dir = tempfile::tempdir().unwrap();
    make_certificates(dir.path());
    let server = Server::start(dir.path(), "starttls");
    let to = destination(dir.path(), server.port, "smtp_starttls", &format!("{LOGIN}format = \"full\"\n"));
    let work = work(to, 3, dir.path());
    settled(dir.path(), 3).await;
    assert_eq!(work.end().await, ["up "]);
    let letters = letters(dir.path());
    let [letter] = letters.as_slice() else { panic!("{} letters", letters.len()) };
    assert_eq!((&letter["tls"], &letter["login"]), (&Value::Bool(true), &Value::from("hw")));
    assert_eq!(
        letter["to"],
        serde_json::json!(["soc@hospital.example"]),
        "who is refused keeps nobody else waiting"
    );
    assert_eq!(letter["defects"], serde_json::json!([]), "{letter}");
    let head = &letter["head"];
    assert_eq!(head["Subject"], "【高 High】诱饵凭据被使用 / A bait credential was used (+2)");
    assert_eq!(head["Message-ID"], "<alert-00000.2@hw.hospital.example>");
    let body = letter["body"].as_str().unwrap();
    let told =
        ["来源 Source: 10.20.30.40", "his 10.20.9.11:22/tcp (ssh)", "alert-00001 #2", "alert-00002 #2"];
    assert!(told.iter().all(|words| body.contains(words)), "{body}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_busy_or_refuses_a_letter_loses_none() {
    let dir = tempfile::tempdir().unwrap();
    make_certificates(dir.path());
    let server = Server::start(dir.path(), "tls");
    fs::write(dir.path().join("answer"), "451 4.3.2 try again later\n").unwrap();
    let to = destination(dir.path(), server.port, "smtp_tls", &format!("{LOGIN}format = \"brief\"\n"));
    let work = work(to, 1, dir.path());
    tokio::time::sleep(Duration::from_secs(2)).await;
    fs::write(dir.path().join("answer"), "554 5.6.0 not this one\n").unwrap();
    within(Duration::from_secs(60), "the alert is set aside", || {
        dir.path().join("siem.poison/alert-00000-2").is_file().then_some(())
    });
    settled(dir.path(), 1).await;
    let told = work.end().await;
    assert!(told[0].starts_with("down the server answered 451 4.3.2 try again later"), "{told:?}");
    assert!(
        told.iter().any(|t| t.starts_with("poison the server answered 554 5.6.0 not this one")),
        "{told:?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_password_is_the_destinations_fault_and_no_secret_is_told() {
    let dir = tempfile::tempdir().unwrap();
    make_certificates(dir.path());
    let server = Server::start(dir.path(), "starttls");
    let to = destination(dir.path(), server.port, "smtp_starttls", &format!("{LOGIN}format = \"brief\"\n"));
    fs::write(dir.path().join("password"), "wr0ng\n").unwrap();
    let tried =
        honeyward::forward::send_tests(&to, &crate::delivery::alerts(1)).await.unwrap_err().to_string();
    assert_eq!(tried, "the server answered 535: the account or its password is refused");
    let stranger = Destination { server_name: Some("other.test".into()), ..to };
    assert!(honeyward::forward::send_tests(&stranger, &crate::delivery::alerts(1)).await.is_err());
    assert!(!dir.path().join("letters").exists());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_relay_without_tls_takes_what_is_brief() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path(), "plain");
    let console = "format = \"brief\"\nconsole = \"https://hw.hospital.example\"\n";
    let to = destination(dir.path(), server.port, "smtp", console);
    honeyward::forward::send_tests(&to, &crate::delivery::alerts(1)).await.unwrap();
    let letters = letters(dir.path());
    let body = letters[0]["body"].as_str().unwrap();
    assert!(body.contains("https://hw.hospital.example/incidents/alert-00000"), "{body}");
    assert!(!body.contains("10.20.") && !body.contains("hisop"), "{body}");
}
