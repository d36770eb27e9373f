//! Packets kept without loss, beside tcpdump: the same flood over the same veth pair, one after the
//! other, with the same ring, each pinned to core 0 while the flood runs on core 1.
//!
//! Needs root, iproute2, tcpdump and two cores. `cargo bench --bench packets`; the program starts
//! itself again as flood (inside a network namespace) and as capture.
#![allow(clippy::print_stdout, reason = "a benchmark's table")]

use std::fs;
use std::io::{self, Read};
use std::net::{IpAddr, UdpSocket};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use honeyward::privileged::capd::{Capd, Settings};
use honeyward::record::packets::{list, pcapng::Blocks};

const SPACE: &str = "honeyward-bench";
const DECOY: &str = "10.231.0.1";
const FLOOD: &str = "10.231.0.2";
const PORT: u16 = 9999;
const RING_MIB: u16 = 64;
const SECONDS: u64 = 5;

/// Frame sizes and packets a second.
const LOADS: [(usize, u64); 6] =
    [(200, 50_000), (200, 100_000), (200, 200_000), (1400, 50_000), (1400, 75_000), (1400, 100_000)];

/// Ethernet, IPv4 and UDP headers.
const HEADERS: usize = 42;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let number = |place: usize| arguments[place].parse::<u64>().expect("a number");
    match arguments.get(1).map(String::as_str) {
        Some("flood") => flood(usize::try_from(number(2)).expect("a size"), number(3)),
        Some("capture") => capture(Path::new(&arguments[2])),
        _ => compare(),
    }
}

/// Sends evenly, in bursts of a millisecond, and prints how many went out.
fn flood(size: usize, rate: u64) {
    let socket = UdpSocket::bind((FLOOD, 0)).expect("bind");
    socket.connect((DECOY, PORT)).expect("connect");
    let (payload, start, mut sent) = (vec![0; size - HEADERS], Instant::now(), 0);
    while start.elapsed() < Duration::from_secs(SECONDS) {
        let due = rate * u64::try_from(start.elapsed().as_millis()).unwrap_or(0) / 1000;
        while sent < due {
            sent += u64::from(socket.send(&payload).is_ok());
        }
        std::hint::spin_loop();
    }
    println!("{sent}");
}

/// Captures as the product does until its standard input ends.
fn capture(folder: &Path) {
    let settings = Settings { ring_mib: RING_MIB, quota_mib: 1 << 16, ..Settings::default() };
    let decoy: IpAddr = DECOY.parse().expect("an address");
    let capd = Capd::start(folder, &settings, &[decoy], |_| {}).expect("capture");
    io::stdin().read_to_end(&mut Vec::new()).expect("standard input");
    capd.stop();
}

fn compare() {
    let _wire = Wire::new();
    // Takes the packets, so that no ICMP errors mix in.
    let _sink = UdpSocket::bind((DECOY, PORT)).expect("bind");
    println!("{SECONDS} s each, ring {RING_MIB} MiB, capture on core 0, flood on core 1");
    println!("frame  wanted/s   program    sent/s     lost %    us CPU/packet");
    for (size, rate) in LOADS {
        for (name, run) in [("tcpdump", tcpdump as fn(&Path) -> Child), ("honeyward", honeyward)] {
            let folder = tempfile::tempdir_in(".").expect("a folder");
            let (sent, cpu) = under_load(run(folder.path()), size, rate);
            let kept = if name == "tcpdump" {
                in_savefile(folder.path(), size)
            } else {
                in_segments(folder.path(), size)
            };
            let lost = 100.0 * (1.0 - f(kept) / f(sent));
            let each = cpu.as_secs_f64() * 1e6 / f(kept.max(1));
            println!(
                "{size:>5} {rate:>9}   {name:<10} {:>7.0} {lost:>9.3} {each:>13.2}",
                f(sent) / f(SECONDS)
            );
        }
    }
}

fn f(count: u64) -> f64 {
    count as f64
}

fn pinned(core: &str) -> Command {
    let mut command = Command::new("taskset");
    command.args(["-c", core]);
    command
}

fn honeyward(folder: &Path) -> Child {
    let this = std::env::current_exe().expect("this program");
    pinned("0").arg(this).arg("capture").arg(folder).stdin(Stdio::piped()).spawn().expect("capture")
}

fn tcpdump(folder: &Path) -> Child {
    let ring = (u32::from(RING_MIB) * 1024).to_string();
    let file = folder.join("all.pcap");
    let mut command = pinned("0");
    command
        .args(["tcpdump", "-i", "hwbench0", "-n", "-p", "-s", "65600", "-B", &ring, "-Z", "root", "-w"])
        .arg(file);
    command.args(["host", DECOY]).stdin(Stdio::piped()).stderr(Stdio::null()).spawn().expect("tcpdump")
}

/// Packets that were sent, and processor time of the capturing process.
fn under_load(mut program: Child, size: usize, rate: u64) -> (u64, Duration) {
    sleep(Duration::from_secs(1));
    let this = std::env::current_exe().expect("this program");
    let flood = Command::new("ip")
        .args(["netns", "exec", SPACE, "taskset", "-c", "1"])
        .arg(this)
        .args(["flood", &size.to_string(), &rate.to_string()])
        .output()
        .expect("flood");
    sleep(Duration::from_secs(1));
    let cpu = processor_time(program.id());
    // Ours ends with its input, tcpdump with the signal; both write out what they have.
    drop(program.stdin.take());
    if fs::read_to_string(format!("/proc/{}/comm", program.id())).is_ok_and(|name| name.trim() == "tcpdump") {
        tool("kill", &["-INT", &program.id().to_string()]);
    }
    program.wait().expect("an end");
    (String::from_utf8_lossy(&flood.stdout).trim().parse().expect("a count"), cpu)
}

/// User and system time, fields 14 and 15 of proc_pid_stat(5), in hundredths of a second.
fn processor_time(pid: u32) -> Duration {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).expect("stat");
    let after_name = stat.rsplit_once(')').expect("a name").1;
    let ticks: u64 =
        after_name.split_whitespace().skip(11).take(2).map(|n| n.parse::<u64>().expect("ticks")).sum();
    Duration::from_millis(ticks * 10)
}

fn in_segments(folder: &Path, size: usize) -> u64 {
    let mut count = 0;
    for segment in list(folder).expect("segments") {
        let mut blocks = Blocks::new(fs::File::open(segment.path).expect("a segment"), 0);
        while let Some(block) = blocks.next_block().expect("a block") {
            count += u64::from(block.packet().is_some_and(|packet| packet.data.len() == size));
        }
    }
    count
}

/// Classic pcap: a head of 24 bytes, then per packet a head of 16 with the length at 8.
fn in_savefile(folder: &Path, size: usize) -> u64 {
    let bytes = fs::read(folder.join("all.pcap")).expect("a savefile");
    let (mut rest, mut count) = (bytes.get(24..).unwrap_or_default(), 0);
    while let Some((head, body)) = rest.split_first_chunk::<16>() {
        let length = u32::from_le_bytes([head[8], head[9], head[10], head[11]]);
        let length = usize::try_from(length).expect("a length");
        let Some(next) = body.get(length..) else { break };
        count += u64::from(length == size);
        rest = next;
    }
    count
}

/// A veth pair into a namespace of its own, removed at the end.
struct Wire;

impl Wire {
    fn new() -> Self {
        let wire = Wire;
        tool("ip", &["netns", "add", SPACE]);
        tool("ip", &["link", "add", "hwbench0", "type", "veth", "peer", "name", "hwbench1", "netns", SPACE]);
        tool("ip", &["addr", "add", &format!("{DECOY}/24"), "dev", "hwbench0"]);
        tool("ip", &["link", "set", "hwbench0", "up"]);
        tool("ip", &["-n", SPACE, "addr", "add", &format!("{FLOOD}/24"), "dev", "hwbench1"]);
        tool("ip", &["-n", SPACE, "link", "set", "hwbench1", "up"]);
        wire
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        tool("ip", &["netns", "del", SPACE]);
    }
}

fn tool(program: &str, arguments: &[&str]) {
    let status = Command::new(program).args(arguments).status();
    let done = status.as_ref().is_ok_and(std::process::ExitStatus::success);
    assert!(done || std::thread::panicking(), "{program} {arguments:?}: {status:?} (needs root)");
}
