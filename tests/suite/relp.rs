//! RELP to a real rsyslog that is killed and started again.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use honeyward::forward::{Courier, Destination};
use honeyward::runtime::shutdown;
use tokio::sync::watch;

use crate::delivery::{Store, alerts};
use crate::honeynet::within;

/// A receiver that writes before it acknowledges: with a queue in memory rsyslog acknowledges what a
/// kill then takes from it, and no sender can know.
fn start(here: &Path, port: u16) -> Child {
    let folder = here.display();
    let config = format!(
        "global(workDirectory=\"{folder}\" maxMessageSize=\"64k\")\n\
         module(load=\"imrelp\")\n\
         template(name=\"whole\" type=\"string\" string=\"%rawmsg%\\n\")\n\
         input(type=\"imrelp\" port=\"{port}\" address=\"127.0.0.1\" ruleset=\"all\")\n\
         ruleset(name=\"all\" queue.type=\"direct\") {{ action(type=\"omfile\" file=\"{folder}/received\" template=\"whole\" \
         fileCreateMode=\"0600\" asyncWriting=\"off\" ioBufferSize=\"1\") }}\n"
    );
    fs::write(here.join("rsyslog.conf"), config).unwrap();
    let _ = fs::remove_file(here.join("pid"));
    let process = Command::new("rsyslogd")
        .args(["-n", "-f"])
        .arg(here.join("rsyslog.conf"))
        .arg("-i")
        .arg(here.join("pid"))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap_or_else(|e| panic!("rsyslogd: {e}; install the Debian packages rsyslog and rsyslog-relp"));
    within(Duration::from_secs(10), "rsyslog listens", || {
        std::net::TcpStream::connect(("127.0.0.1", port)).ok()
    });
    process
}

/// How often each alert was received.
fn received(here: &Path) -> BTreeMap<String, usize> {
    let text = fs::read_to_string(here.join("received")).unwrap_or_default();
    let mut counts = BTreeMap::new();
    for line in text.lines() {
        let fields = line.split("|^|").nth(1).unwrap_or_default();
        if let Some(id) = fields.split('^').find_map(|field| field.strip_prefix("alertId=")) {
            *counts.entry(id.to_owned()).or_default() += 1;
        }
    }
    counts
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_rsyslog_gets_every_alert() {
    const TOTAL: usize = 3000;
    let dir = tempfile::tempdir().unwrap();
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let mut rsyslog = start(dir.path(), port);
    let store = Arc::new(Store(Mutex::new(alerts(TOTAL))));
    let (_news, heard) = watch::channel(0);
    let (stop, ear) = shutdown();
    let text =
        format!("name = \"siem\"\naddress = \"127.0.0.1:{port}\"\nformat = \"leef\"\ntransport = \"relp\"\n");
    let destination: Destination = toml::from_str(&text).unwrap();
    let courier = Courier::new(destination, store, dir.path(), Box::new(|_| {})).unwrap();
    let running = tokio::spawn(courier.run(heard, ear));
    for share in [TOTAL / 4, TOTAL / 2] {
        within(Duration::from_secs(60), "alerts arrive", || {
            (received(dir.path()).len() >= share).then_some(())
        });
        rsyslog.kill().unwrap();
        rsyslog.wait().unwrap();
        rsyslog = start(dir.path(), port);
    }
    within(Duration::from_secs(60), "every alert arrives", || {
        (received(dir.path()).len() == TOTAL).then_some(())
    });
    stop.fire();
    running.await.unwrap();
    rsyslog.kill().unwrap();
    rsyslog.wait().unwrap();
}
