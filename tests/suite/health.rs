//! What the appliance says of itself, and who hears it: a killed sensor, a dead receiver, a real rsyslog.

use std::fs;
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;

use crate::honeynet::{Honeynet, signal, within};

/// A receiver of plain TCP that writes each message it gets as a line.
pub(crate) struct Receiver {
    dir: TempDir,
    process: Child,
    pub(crate) port: u16,
}

impl Receiver {
    pub(crate) fn start() -> Self {
        let dir = TempDir::new().unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let here = dir.path().display();
        let config = format!(
            "global(workDirectory=\"{here}\" maxMessageSize=\"64k\")\nmodule(load=\"imptcp\")\n\
             template(name=\"whole\" type=\"string\" string=\"%rawmsg%\\n\")\n\
             input(type=\"imptcp\" port=\"{port}\" address=\"127.0.0.1\" ruleset=\"all\")\n\
             ruleset(name=\"all\") {{ action(type=\"omfile\" file=\"{here}/received\" template=\"whole\") }}\n"
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
            .unwrap_or_else(|e| panic!("rsyslogd: {e}; install the Debian package rsyslog"));
        let receiver = Receiver { dir, process, port };
        within(Duration::from_secs(10), "rsyslog listens", || {
            std::net::TcpStream::connect(("127.0.0.1", receiver.port)).ok()
        });
        receiver
    }

    /// All that it got.
    pub(crate) fn text(&self) -> String {
        fs::read_to_string(self.dir.path().join("received")).unwrap_or_default()
    }

    /// What it got of one check, oldest first.
    fn told(&self, check: &str) -> Vec<Value> {
        let text = self.text();
        let objects = text.lines().filter_map(|line| {
            let (head, _) = line.split_once('{')?;
            assert!(head.contains(" honeyward - health - "), "{line}");
            serde_json::from_str::<Value>(&line[head.len()..]).ok()
        });
        objects.filter(|object| object["honeyward"]["health"]["check"] == check).collect()
    }

    fn waits_for(&self, check: &str, standing: &str, object: &str) -> Value {
        within(Duration::from_secs(30), &format!("{check} {object} {standing}"), || {
            self.told(check).into_iter().find(|told| {
                let health = &told["honeyward"]["health"];
                health["standing"] == standing && health["object"] == object
            })
        })
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn process(net: &Honeynet, name: &str) -> Option<u32> {
    let status = net.json(&["status", "--json"]);
    let processes = status.first()?["processes"].as_array()?.clone();
    let one = processes.iter().find(|p| p["process"] == name && p["state"] == "up")?;
    u32::try_from(one["pid"].as_u64()?).ok()
}

#[test]
fn the_siem_hears_of_a_killed_sensor_a_dead_receiver_and_that_the_appliance_lives() {
    let receiver = Receiver::start();
    let dead = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let to = |name: &str, port: u16, health: bool| {
        format!(
            "[[destination]]\nname = \"{name}\"\naddress = \"127.0.0.1:{port}\"\nformat = \"ecs\"\n\
             transport = \"tcp\"\nhealth = {health}\n"
        )
    };
    let config = format!(
        "[health]\nheartbeat_seconds = 5\n{}{}",
        to("siem", receiver.port, true),
        to("gone", dead, false)
    );
    let net = Honeynet::with(&config);
    let beat = within(Duration::from_secs(30), "a heartbeat that names the dead receiver", || {
        let beats = receiver.told("heartbeat");
        beats.into_iter().find(|beat| beat["event"]["reason"].as_str().unwrap().contains("destination gone"))
    });
    assert_eq!(beat["event"]["kind"], "state");
    let chain = &beat["honeyward"]["health"]["chain"];
    let anchor = format!("{}:{}", chain["sequence"], chain["head"].as_str().unwrap());
    receiver.waits_for("destination", "failing", "gone");

    let status = net.json(&["status", "--json"]);
    let failing = status[0]["failing"].as_array().unwrap().clone();
    assert!(failing.iter().any(|f| f["check"] == "destination" && f["object"] == "gone"), "{failing:?}");

    let sensor = process(&net, "sensor").unwrap();
    signal(sensor, "KILL");
    let died = receiver.waits_for("process", "failing", "sensor");
    assert!(died["event"]["reason"].as_str().unwrap().contains("sensor died"), "{died}");
    receiver.waits_for("decoys", "failing", "");
    receiver.waits_for("decoys", "ok", "");
    let ids: Vec<Value> = ["heartbeat", "process", "destination", "decoys", "clock"]
        .into_iter()
        .flat_map(|check| receiver.told(check))
        .map(|told| told["event"]["id"].clone())
        .collect();
    let distinct: std::collections::BTreeSet<String> = ids.iter().map(Value::to_string).collect();
    assert_eq!(distinct.len(), ids.len(), "each is told once");
    assert!(net.json(&["alerts", "--json"]).is_empty(), "none of it is an alert");

    let verified = net.honeyward(&["verify", "--anchor", &anchor]);
    assert!(verified.status.success(), "{}", String::from_utf8_lossy(&verified.stdout));
}
