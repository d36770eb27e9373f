//! A machine with network cards, a switch, and an intruder's machine on every segment, each in a
//! namespace of its own.
//!
//! Where the kernel knows 802.1Q, the machine has one card that carries all segments as VLANs; without
//! it, a card for each.

use std::collections::HashMap;
use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

use crate::honeynet::{honeyward, signal, within};
use crate::turn::Turn;

/// Each rig of this test process gets names of its own.
static NEXT: AtomicU32 = AtomicU32::new(1);

/// First VLAN.
const VLANS: usize = 100;

/// The namespaces, and the honeynet in one of them.
pub(crate) struct Rig {
    machine: String,
    intruder: String,
    dir: TempDir,
    process: Option<Child>,
    /// How many segments there are.
    pub(crate) segments: usize,
    tagged: bool,
    _turn: Turn,
}

impl Rig {
    /// Makes the namespaces and their cards; nothing runs yet.
    pub(crate) fn new(segments: usize) -> Self {
        let turn = Turn::take();
        let id = format!("{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let (machine, intruder) = (format!("hwm{id}"), format!("hwi{id}"));
        for namespace in [&machine, &intruder] {
            run("ip", &["netns", "add", namespace]);
            run("ip", &["-n", namespace, "link", "set", "lo", "up"]);
        }
        // The other end asks nobody for a router: what is heard is the machine's.
        for scope in ["all", "default"] {
            let quiet = format!("echo 1 > /proc/sys/net/ipv6/conf/{scope}/disable_ipv6");
            run("ip", &["netns", "exec", &intruder, "sh", "-c", &quiet]);
        }
        let mut rig = Rig {
            machine,
            intruder,
            dir: TempDir::new().unwrap(),
            process: None,
            segments,
            tagged: false,
            _turn: turn,
        };
        rig.tagged = rig.trunk();
        for segment in 1..=segments {
            if !rig.tagged {
                rig.cable(&format!("t{segment}"), &port(segment));
            }
            let address = format!("10.20.{segment}.200/24");
            run("ip", &["-n", &rig.intruder, "addr", "add", &address, "dev", &port(segment)]);
            run("ip", &["-n", &rig.intruder, "link", "set", &port(segment), "up"]);
        }
        rig
    }

    /// One card with all segments as VLANs, if this kernel can.
    fn trunk(&self) -> bool {
        self.cable("t0", "a0");
        run("ip", &["-n", &self.intruder, "link", "set", "a0", "up"]);
        let add = |segment: usize| {
            let (name, id) = (port(segment), (VLANS + segment).to_string());
            let args =
                ["-n", &self.intruder, "link", "add", "link", "a0", "name", &name, "type", "vlan", "id", &id];
            Command::new("ip").args(args).stderr(Stdio::null()).status().unwrap().success()
        };
        (1..=self.segments).all(add)
    }

    fn cable(&self, card: &str, port: &str) {
        let (machine, intruder) = (self.machine.as_str(), self.intruder.as_str());
        run(
            "ip",
            &["link", "add", card, "netns", machine, "type", "veth", "peer", "name", port, "netns", intruder],
        );
    }

    /// Runs the honeynet with these hosts: what comes after `[host.` of each.
    pub(crate) fn start(&mut self, hosts: &[(String, String)], more: &str) {
        let mut text = String::from("[sensor]\npacing = false\ntraffic = false\n");
        for segment in 1..=self.segments {
            let parent = if self.tagged { "t0".to_owned() } else { format!("t{segment}") };
            text.push_str(&format!(
                "[[network.segment]]\nname = \"s{segment}\"\nparent = \"{parent}\"\nnetwork = \"10.20.{segment}.0/24\"\n\
                 gateway = \"10.20.{segment}.254\"\n"
            ));
            if self.tagged {
                text.push_str(&format!("vlan = {}\n", VLANS + segment));
            }
        }
        for (name, body) in hosts {
            text.push_str(&format!("[host.{name}]\n{body}\n"));
        }
        text.push_str(more);
        let config = self.dir.path().join("honeynet.toml");
        fs::write(&config, text).unwrap();
        let (data, config) = (self.data(), config.display().to_string());
        let command = [env!("CARGO_BIN_EXE_honeyward"), "--data", &data, "run", "--config", &config];
        let mut process =
            in_namespace(&self.machine, &command).stdout(Stdio::piped()).spawn().expect("ip netns exec");
        let mut screen = BufReader::new(process.stdout.take().unwrap());
        let mut line = String::new();
        while screen.read_line(&mut line).unwrap() > 0 && !line.contains("is on the air") {
            line.clear();
        }
        assert!(line.contains("is on the air"), "honeyward run ended: {:?}", process.wait());
        thread::spawn(move || screen.read_to_end(&mut Vec::new()));
        self.process = Some(process);
    }

    /// The same, and waits until all hosts stand.
    pub(crate) fn stand(&mut self, hosts: &[(String, String)], more: &str) {
        self.start(hosts, more);
        self.wait_for("all hosts stand", |states| states.values().all(|state| state == "serving"));
    }

    /// Waits until the hosts' states fulfil a condition.
    pub(crate) fn wait_for(&self, what: &str, wanted: impl Fn(&HashMap<String, String>) -> bool) {
        let states = || (!self.states().is_empty() && wanted(&self.states())).then_some(());
        within(Duration::from_secs(40), what, states);
    }

    /// How each host stands.
    pub(crate) fn states(&self) -> HashMap<String, String> {
        let hosts = self.detail("netd")["hosts"].as_object().cloned().unwrap_or_default();
        hosts.into_iter().map(|(host, state)| (host, state.as_str().unwrap().to_owned())).collect()
    }

    /// What a process tells of itself.
    pub(crate) fn detail(&self, process: &str) -> Value {
        self.process_of(process)["detail"].clone()
    }

    /// A process's id.
    pub(crate) fn pid(&self, process: &str) -> u32 {
        u32::try_from(self.process_of(process)["pid"].as_u64().unwrap()).unwrap()
    }

    fn process_of(&self, process: &str) -> Value {
        let output = self.honeyward(&["status", "--json"]);
        let status: Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
        let processes = status["processes"].as_array().cloned().unwrap_or_default();
        processes.into_iter().find(|p| p["process"] == process).unwrap_or_default()
    }

    /// Runs a command of the product on this data directory.
    pub(crate) fn honeyward(&self, args: &[&str]) -> Output {
        honeyward(self.dir.path().join("data").as_path(), args)
    }

    /// The data directory.
    pub(crate) fn data(&self) -> String {
        self.dir.path().join("data").display().to_string()
    }

    /// A place for a test's files.
    pub(crate) fn scratch(&self, name: &str) -> String {
        self.dir.path().join(name).display().to_string()
    }

    /// All of the appliance's own events so far, as they are in the store.
    pub(crate) fn system_events(&self) -> Vec<Value> {
        let store = rusqlite::Connection::open(format!("{}/store/honeyward.db", self.data())).unwrap();
        let mut rows = store.prepare("SELECT body FROM records ORDER BY seq").unwrap();
        let texts: Vec<String> =
            rows.query_map([], |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap();
        let records = texts.iter().map(|text| serde_json::from_str::<Value>(text).unwrap());
        records.filter_map(|record| with_key(&record, "what").cloned()).collect()
    }

    /// The first event of a kind, as soon as there is one that fulfils a condition.
    pub(crate) fn told(&self, what: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        within(Duration::from_secs(20), what, || {
            self.system_events().into_iter().find(|event| event["what"] == what && wanted(event))
        })
    }

    /// A command on the intruder's machine.
    pub(crate) fn intruder(&self, command: &[&str]) -> Output {
        in_namespace(&self.intruder, command).stdin(Stdio::null()).output().unwrap()
    }

    /// The same, which goes on; it is ended when dropped.
    pub(crate) fn intruder_background(&self, command: &[&str]) -> Running {
        let mut command = in_namespace(&self.intruder, command);
        Running(command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap())
    }

    /// A command in the namespace of the host that has an address.
    pub(crate) fn in_host(&self, address: &str, command: &[&str]) -> Output {
        let pid = self.process.as_ref().unwrap().id();
        for entry in fs::read_dir(format!("/proc/{pid}/fd")).unwrap().flatten() {
            let is_network =
                fs::read_link(entry.path()).is_ok_and(|to| to.to_string_lossy().starts_with("net:["));
            let net = format!("--net={}", entry.path().display());
            let inside = |args: &[&str]| Command::new("nsenter").arg(&net).args(args).output().unwrap();
            if is_network && text(&inside(&["ip", "-4", "addr", "show", "eth0"]).stdout).contains(address) {
                return inside(command);
            }
        }
        panic!("no host has {address}");
    }

    /// The hardware addresses that answer for an address on a segment.
    pub(crate) fn who_has(&self, segment: usize, address: &str) -> Vec<String> {
        let output = self.intruder(&["arping", "-c", "2", "-w", "3", "-I", &port(segment), address]);
        let output = text(&output.stdout);
        let mut found: Vec<String> = output
            .lines()
            .filter_map(|line| Some(line.split_once('[')?.1.split_once(']')?.0.to_lowercase()))
            .collect();
        found.sort_unstable();
        found.dedup();
        found
    }

    /// Whether a TCP port answers the intruder.
    pub(crate) fn answers(&self, address: &str, port: u16) -> bool {
        self.intruder(&["nc", "-z", "-w", "3", address, &port.to_string()]).status.success()
    }
}

impl Drop for Rig {
    fn drop(&mut self) {
        if let Some(mut process) = self.process.take()
            && process.try_wait().unwrap().is_none()
        {
            signal(process.id(), "TERM");
            let _ = process.wait();
        }
        for namespace in [&self.machine, &self.intruder] {
            let _ = Command::new("ip").args(["netns", "del", namespace]).status();
        }
    }
}

/// A command that goes on until this is dropped.
pub(crate) struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        signal(self.0.id(), "INT");
        let start = Instant::now();
        while self.0.try_wait().unwrap().is_none() && start.elapsed() < Duration::from_secs(5) {
            thread::sleep(Duration::from_millis(20));
        }
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The intruder's card on a segment.
pub(crate) fn port(segment: usize) -> String {
    format!("a{segment}")
}

/// A host of the pack at an address.
pub(crate) fn host(name: &str, address: &str) -> (String, String) {
    (name.to_owned(), format!("address = \"{address}\""))
}

/// Output as text.
pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn in_namespace(namespace: &str, command: &[&str]) -> Command {
    let mut all = Command::new("ip");
    all.args(["netns", "exec", namespace]).args(command);
    all
}

/// Runs what a rig is made of; the tests of this folder can't go without it.
fn run(program: &str, args: &[&str]) {
    let output = Command::new(program).args(args).output().unwrap_or_else(|e| panic!("{program}: {e}"));
    let error = text(&output.stderr);
    assert!(output.status.success(), "{program} {}: {error}; these tests need root", args.join(" "));
}

/// The first object with a key, however deep it is.
fn with_key<'a>(value: &'a Value, key: &str) -> Option<&'a Value> {
    match value {
        Value::Object(map) if map.contains_key(key) => Some(value),
        Value::Object(map) => map.values().find_map(|inner| with_key(inner, key)),
        Value::Array(all) => all.iter().find_map(|inner| with_key(inner, key)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
    }
}
