//! Alerts to the mock cluster of librdkafka, which speaks Kafka's protocol; kcat reads back what it has.

use std::fs::{self, File};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use honeyward::forward::Destination;
use serde_json::Value;

use crate::honeynet::within;
use crate::posting::{settled, work};

/// A cluster of one broker, whose topics have four partitions.
struct Cluster {
    process: Child,
    broker: String,
}

impl Cluster {
    fn start(folder: &Path) -> Self {
        let log = folder.join("cluster");
        let process = Command::new("kcat")
            .args(["-P", "-b", "mock", "-X", "test.mock.num.brokers=1", "-t", "alerts", "-d", "mock"])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(File::create(&log).unwrap())
            .spawn()
            .unwrap_or_else(|e| panic!("kcat: {e}; install the Debian package kcat"));
        let broker = within(Duration::from_secs(10), "the mock cluster listens", || {
            let text = fs::read_to_string(&log).unwrap();
            let place = text.split("bootstrap.servers=").nth(1)?.lines().next()?.to_owned();
            text.contains("initialized").then_some(place)
        });
        Cluster { process, broker }
    }

    /// Makes the topic: the cluster makes those that a producer of its own library asks for.
    fn with_topic(self) -> Self {
        let listed = Command::new("kcat").args(["-L", "-b", &self.broker, "-t", "alerts"]).output().unwrap();
        assert!(listed.status.success(), "{listed:?}");
        self
    }

    fn records(&self) -> Vec<Value> {
        let read =
            Command::new("kcat").args(["-C", "-e", "-q", "-J", "-b", &self.broker, "-t", "alerts"]).output();
        let text = String::from_utf8(read.unwrap().stdout).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn destination(broker: &str) -> Destination {
    let text = format!(
        "name = \"siem\"\naddress = \"{broker}\"\nformat = \"ecs\"\ntransport = \"kafka\"\ntopic = \"alerts\"\n"
    );
    toml::from_str(&text).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_alert_is_a_record_under_its_incidents_key() {
    const TOTAL: usize = 300;
    let dir = tempfile::tempdir().unwrap();
    let cluster = Cluster::start(dir.path()).with_topic();
    let work = work(destination(&cluster.broker), TOTAL, dir.path());
    settled(dir.path(), TOTAL as u64).await;
    assert_eq!(work.end().await, ["up "]);
    let records = cluster.records();
    assert_eq!(records.len(), TOTAL);
    let mut ids: Vec<String> = Vec::new();
    let mut partitions = std::collections::BTreeSet::new();
    for record in &records {
        let alert: Value = serde_json::from_str(record["payload"].as_str().unwrap()).unwrap();
        assert_eq!(record["key"], alert["event"]["id"]);
        partitions.insert(record["partition"].as_u64().unwrap());
        ids.push(alert["event"]["id"].as_str().unwrap().to_owned());
    }
    ids.sort();
    ids.dedup();
    assert_eq!((ids.len(), partitions.len()), (TOTAL, 4));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_missing_topic_and_a_dead_broker_are_told() {
    let dir = tempfile::tempdir().unwrap();
    let cluster = Cluster::start(dir.path()).with_topic();
    let tried = async |to: Destination| {
        honeyward::forward::send_tests(&to, &crate::delivery::alerts(1)).await.unwrap_err().to_string()
    };
    let other = Destination { topic: Some("others".into()), ..destination(&cluster.broker) };
    assert_eq!(tried(other).await, "the cluster has no topic others");
    let dead = tried(destination("127.0.0.1:1")).await;
    assert!(dead.contains("refused") || dead.contains("no answer"), "{dead}");
}
