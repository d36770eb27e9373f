//! A whole Honeyward for a test: its own addresses, data directory and processes.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::atomic::{AtomicU8, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

use crate::turn::Turn;

/// The second byte of this test process's honeynets: two checkouts may be tested at a time.
pub(crate) fn block() -> u8 {
    20 + u8::try_from(std::process::id() % 100).unwrap()
}

/// Each honeynet of this test process gets a loopback network of its own.
static NEXT_NETWORK: AtomicU8 = AtomicU8::new(1);

/// The hosts that nearly every test wants.
const CORE: [(&str, u8); 3] = [("his", 11), ("pacs", 12), ("lis", 13)];

/// A running honeynet; dropped, it is stopped.
pub(crate) struct Honeynet {
    dir: TempDir,
    process: Child,
    network: u8,
    _turn: Turn,
}

impl Honeynet {
    /// Starts the demo hospital without the products' delays.
    pub(crate) fn start() -> Self {
        Honeynet::with("")
    }

    /// The same with more config (`[[destination]]` and the like).
    pub(crate) fn with(config: &str) -> Self {
        Honeynet::of(&CORE, config)
    }

    /// These hosts of the pack: a name, and the last byte of an address.
    pub(crate) fn of(hosts: &[(&str, u8)], config: &str) -> Self {
        Honeynet::sensing("pacing = false\n", hosts, config)
    }

    /// The same with these settings of the sensor.
    pub(crate) fn sensing(sensor: &str, hosts: &[(&str, u8)], config: &str) -> Self {
        let turn = Turn::take();
        let dir = TempDir::new().unwrap();
        let network = NEXT_NETWORK.fetch_add(1, Ordering::Relaxed);
        let mut text = format!("[sensor]\n{sensor}");
        for (host, last) in hosts {
            text.push_str(&format!("[host.{host}]\naddress = \"127.{}.{network}.{last}\"\n", block()));
        }
        text.push_str(config);
        fs::write(dir.path().join("honeynet.toml"), text).unwrap();
        let process = launch(dir.path());
        Honeynet { dir, process, network, _turn: turn }
    }

    /// An address for an attacker that no other test uses.
    pub(crate) fn attacker(&self, last: u8) -> String {
        format!("127.{}.{}.{last}", block() + 100, self.network)
    }

    /// The data directory.
    pub(crate) fn data(&self) -> PathBuf {
        self.dir.path().join("data")
    }

    /// A place for a test's files.
    pub(crate) fn scratch(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Process id of the supervisor.
    pub(crate) fn pid(&self) -> u32 {
        self.process.id()
    }

    /// Runs a command of the product on this data directory.
    pub(crate) fn honeyward(&self, args: &[&str]) -> Output {
        honeyward(&self.data(), args)
    }

    /// Runs a command and reads its JSON lines.
    pub(crate) fn json(&self, args: &[&str]) -> Vec<Value> {
        let output = self.honeyward(args);
        let text = String::from_utf8(output.stdout).unwrap();
        text.lines()
            .map(|line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}")))
            .collect()
    }

    /// Where a service of a host is.
    pub(crate) fn address(&self, host: &str, service: &str) -> SocketAddr {
        *self.addresses(host, service).first().unwrap_or_else(|| panic!("no {host} {service}"))
    }

    /// Where all services of this protocol are on a host, in the persona's order.
    pub(crate) fn addresses(&self, host: &str, service: &str) -> Vec<SocketAddr> {
        let status = self.json(&["status", "--json"]);
        let services = status[0]["services"].as_array().expect("services");
        let found = services.iter().filter(|s| s["host"] == host && s["service"] == service);
        found.map(|s| s["address"].as_str().unwrap().parse().unwrap()).collect()
    }

    /// A lure account of a host: name and password.
    pub(crate) fn lure(&self, host: &str, service: &str) -> (String, String) {
        let config = self.dir.path().join("honeynet.toml");
        let lures = self.json(&["lure", "list", "--json", "--config", config.to_str().unwrap()]);
        let lure = lures
            .iter()
            .find(|l| l["host"] == host && l["services"].as_array().unwrap().iter().any(|s| s == service))
            .unwrap_or_else(|| panic!("no lure for {host} {service}"));
        let text = |key: &str| lure[key].as_str().unwrap().to_owned();
        (text("account"), text("password"))
    }

    /// Sessions that fulfil a condition, as soon as there are `count` of them.
    pub(crate) fn sessions(&self, count: usize, wanted: impl Fn(&Value) -> bool) -> Vec<Value> {
        within(Duration::from_secs(10), "sessions", || {
            let all = self.json(&["sessions", "--json", "--limit", "10000"]);
            let found: Vec<Value> = all.into_iter().filter(&wanted).collect();
            (found.len() >= count).then_some(found)
        })
    }

    /// Stops in order and tells the exit status.
    pub(crate) fn stop(&mut self) -> ExitStatus {
        signal(self.pid(), "TERM");
        self.process.wait().unwrap()
    }

    /// Starts again on the same data, after [`Honeynet::stop`].
    pub(crate) fn start_again(&mut self) {
        self.process = launch(self.dir.path());
    }
}

impl Drop for Honeynet {
    fn drop(&mut self) {
        if self.process.try_wait().unwrap().is_none() {
            signal(self.pid(), "TERM");
            let _ = self.process.wait();
        }
    }
}

/// Starts `honeyward run` and waits for its screen.
fn launch(dir: &Path) -> Child {
    let mut process = Command::new(env!("CARGO_BIN_EXE_honeyward"))
        .args(["--data", dir.join("data").to_str().unwrap(), "run", "--config"])
        .arg(dir.join("honeynet.toml"))
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut screen = BufReader::new(process.stdout.take().unwrap());
    let mut line = String::new();
    while screen.read_line(&mut line).unwrap() > 0 && !line.contains("is on the air") {
        line.clear();
    }
    assert!(line.contains("is on the air"), "honeyward run ended: {:?}", process.wait());
    // The rest of the screen must not fill the pipe.
    thread::spawn(move || screen.read_to_end(&mut Vec::new()));
    process
}

/// Runs a command of the product.
pub(crate) fn honeyward(data: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_honeyward")).arg("--data").arg(data).args(args).output().unwrap()
}

/// Sends a signal by name.
pub(crate) fn signal(pid: u32, name: &str) {
    let status = Command::new("kill").args([&format!("-{name}"), &pid.to_string()]).status().unwrap();
    assert!(status.success(), "kill -{name} {pid}");
}

/// Runs a client that the test needs; fails loudly, naming the Debian package, when it is missing.
pub(crate) fn client(program: &str, package: &str, args: &[&str]) -> Output {
    Command::new(program)
        .args(args)
        .stdin(Stdio::null())
        .output()
        .unwrap_or_else(|e| panic!("{program}: {e}; install the Debian package {package}"))
}

/// Tries until a value is there; fails when the time is over.
pub(crate) fn within<T>(limit: Duration, what: &str, mut attempt: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(value) = attempt() {
            return value;
        }
        assert!(start.elapsed() < limit, "{what}: not within {limit:?}");
        thread::sleep(Duration::from_millis(20));
    }
}

/// All output of a client as text.
pub(crate) fn text(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}
