//! Real packets on the loopback interface: captured, cut out per session, read by Wireshark's tools.
//!
//! These tests need the right to capture and say so when they lack it.

use std::collections::HashSet;
use std::fs;
use std::io::{Read, Write};
use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use honeyward::event::SystemEvent;
use honeyward::privileged::capd::{Capd, Settings};
use honeyward::record::packets::{Cut, Plan, Wanted, list};
use jiff::Timestamp;
use socket2::{Domain, SockAddr, Socket, Type};

/// Between the last packet and the cut: an analyst may ask for a session a second after it ended.
const SETTLE: Duration = Duration::from_millis(900);

/// More than one loopback frame holds, so that full frames are captured whole.
const BULK: usize = 400_000;

struct Capture {
    capd: Capd,
    events: Arc<Mutex<Vec<SystemEvent>>>,
}

fn capture(folder: &Path, decoy: IpAddr) -> Capture {
    let events = Arc::new(Mutex::new(Vec::new()));
    let told = Arc::clone(&events);
    let settings = Settings { ring_mib: 8, ..Settings::default() };
    let capd = Capd::start(folder, &settings, &[decoy], move |event| told.lock().unwrap().push(event))
        .expect("this test captures packets and must run as root or with CAP_NET_RAW");
    Capture { capd, events }
}

/// Answers every connection with what it was sent, then closes first.
fn echo(address: &str) -> SocketAddr {
    let listener = TcpListener::bind(address).unwrap();
    let bound = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming() {
            thread::spawn(move || answer(stream.unwrap()));
        }
    });
    bound
}

fn answer(mut stream: TcpStream) {
    let mut length = [0; 4];
    stream.read_exact(&mut length).unwrap();
    let mut body = vec![0; usize::try_from(u32::from_be_bytes(length)).unwrap()];
    stream.read_exact(&mut body).unwrap();
    stream.write_all(&body).unwrap();
}

/// One session as the sensor would see it.
struct Session {
    source: SocketAddr,
    target: SocketAddr,
    from: Timestamp,
    to: Timestamp,
    sent: usize,
}

fn talk(from_port: u16, target: SocketAddr, body: &[u8]) -> Session {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    socket.set_reuse_address(true).unwrap();
    socket.bind(&SockAddr::from(SocketAddr::new("127.0.0.1".parse().unwrap(), from_port))).unwrap();
    socket.connect(&target.into()).unwrap();
    let mut stream = TcpStream::from(socket);
    let (source, from) = (stream.local_addr().unwrap(), Timestamp::now());
    stream.write_all(&u32::try_from(body.len()).unwrap().to_be_bytes()).unwrap();
    stream.write_all(body).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    assert_eq!(answer, body);
    drop(stream);
    Session { source, target, from, to: Timestamp::now(), sent: body.len() }
}

fn cut(packets: &Path, session: &Session, to: &Path) -> Cut {
    let wanted = Wanted {
        source: session.source,
        target: session.target,
        from: session.from,
        to: Some(session.to),
        carrier: honeyward::event::Transport::Tcp,
        comment: "Honeyward session 42: to decoy pacs".into(),
        secrets: Vec::new(),
    };
    let plan = Plan::make(packets, &wanted).unwrap();
    plan.write(&mut fs::File::create(to).unwrap()).unwrap();
    plan.cut().expect("packets of the session")
}

fn run(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output().unwrap_or_else(|error| {
        panic!("{program} is needed for this test (apt-get install tshark): {error}")
    });
    let warnings = String::from_utf8_lossy(&output.stderr);
    let warnings: Vec<_> =
        warnings.lines().filter(|line| !line.is_empty() && !line.starts_with("Running as user")).collect();
    assert!(output.status.success() && warnings.is_empty(), "{program} {arguments:?}: {warnings:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// Fields of all packets that a filter lets through, a row each.
fn rows(file: &Path, filter: &str, fields: &[&str]) -> Vec<Vec<String>> {
    let mut arguments = vec!["-r", file.to_str().unwrap(), "-Y", filter, "-T", "fields"];
    fields.iter().for_each(|field| arguments.extend(["-e", field]));
    arguments.extend(["-o", "tcp.desegment_tcp_streams:FALSE"]);
    run("tshark", &arguments).lines().map(|row| row.split('\t').map(str::to_owned).collect()).collect()
}

/// How many packets a filter lets through.
fn count(file: &Path, filter: &str) -> usize {
    rows(file, filter, &["frame.number"]).len()
}

/// A whole conversation, both directions, nothing else and nothing twice.
fn assert_whole(file: &Path, session: &Session, cut: &Cut) {
    let info = run("capinfos", &["-M", file.to_str().unwrap()]);
    assert!(info.contains(&format!("Number of packets:   {}\n", cut.packets)), "{info}");
    assert!(info.contains("nanoseconds"), "{info}");
    assert!(info.contains("Honeyward session 42: to decoy pacs"), "{info}");
    assert!(cut.whole && cut.dropped == 0);
    let fields = [
        "tcp.stream",
        "tcp.srcport",
        "tcp.dstport",
        "tcp.len",
        "tcp.flags.syn",
        "tcp.flags.fin",
        "tcp.seq",
        "ip.id",
    ];
    let seen = rows(file, "tcp", &fields);
    assert_eq!(u64::try_from(seen.len()).unwrap(), cut.packets);
    assert!(seen.iter().all(|row| row[0] == "0"), "one connection only");
    let ends = [session.source.port().to_string(), session.target.port().to_string()];
    assert!(seen.iter().all(|row| ends.contains(&row[1]) && ends.contains(&row[2])));
    let flagged = |column: usize| seen.iter().filter(|row| row[column] == "1").count();
    assert_eq!((flagged(4), flagged(5)), (2, 2));
    assert!(seen[..2].iter().all(|row| row[4] == "1"), "it begins with SYN and SYN-ACK");
    // A busy kernel may send a segment again, under a new identification; a packet that we kept twice
    // has the old one.
    let once: HashSet<_> = seen.iter().map(|row| (&row[1], &row[7], &row[6], &row[3])).collect();
    assert_eq!(once.len(), seen.len(), "no packet is kept twice");
    let number = |text: &String| text.parse::<usize>().unwrap();
    let sent_by = |port: &str| -> usize {
        let data = seen.iter().filter(|row| row[1] == port && row[3] != "0");
        data.map(|row| number(&row[6]) + number(&row[3])).max().unwrap_or(1) - 1
    };
    assert_eq!((sent_by(&ends[0]), sent_by(&ends[1])), (session.sent + 4, session.sent));
    let faults = "tcp.analysis.lost_segment || tcp.analysis.ack_lost_segment || frame.cap_len < frame.len";
    assert_eq!(count(file, faults), 0);
}

#[test]
fn each_session_is_cut_out_whole_and_alone() {
    let dir = tempfile::tempdir().unwrap();
    let capture = capture(dir.path(), "127.0.77.21".parse().unwrap());
    let target = echo("127.0.77.21:0");
    let bulk = vec![7; BULK];
    let first = talk(0, target, b"first");
    let again = talk(first.source.port(), target, b"the same port again");
    let side_by_side: Vec<_> = (0..4)
        .map(|_| {
            thread::spawn({
                let bulk = bulk.clone();
                move || talk(0, target, &bulk)
            })
        })
        .collect();
    let mut sessions = vec![first, again];
    sessions.extend(side_by_side.into_iter().map(|thread| thread.join().unwrap()));
    thread::sleep(SETTLE);
    let file = dir.path().join("growing.pcapng");
    for session in &sessions {
        let cut = cut(dir.path(), session, &file);
        assert_whole(&file, session, &cut);
    }
    capture.capd.stop();
    assert!(list(dir.path()).unwrap().iter().all(|segment| segment.index().is_file()));
    for session in &sessions {
        let cut = cut(dir.path(), session, &file);
        assert_whole(&file, session, &cut);
    }
    let events = capture.events.lock().unwrap();
    assert!(matches!(&events[0], SystemEvent::CaptureStarted { interfaces } if interfaces == &["lo"]));
    assert!(events.iter().any(|event| matches!(event, SystemEvent::SegmentClosed { .. })));
    assert!(!events.iter().any(|event| matches!(event, SystemEvent::PacketsDropped { .. })));
}

#[test]
fn a_probe_that_nothing_accepts_is_kept_and_strangers_are_not() {
    let dir = tempfile::tempdir().unwrap();
    let capture = capture(dir.path(), "127.0.77.22".parse().unwrap());
    let stranger = echo("127.0.77.23:0");
    talk(0, stranger, b"nothing to do with a decoy");
    assert!(TcpStream::connect("127.0.77.22:9").is_err());
    std::net::UdpSocket::bind("127.0.0.1:0").unwrap().send_to(b"probe", "127.0.77.22:161").unwrap();
    thread::sleep(SETTLE);
    capture.capd.stop();
    let file: PathBuf = list(dir.path()).unwrap().remove(0).path;
    assert_eq!(count(&file, "tcp.dstport == 9 && tcp.flags.syn == 1"), 1);
    assert_eq!(count(&file, "tcp.srcport == 9 && tcp.flags.reset == 1"), 1);
    assert_eq!(count(&file, "udp.dstport == 161 && !icmp"), 1);
    assert_eq!(count(&file, "icmp.type == 3"), 1);
    assert_eq!(count(&file, "ip.addr == 127.0.77.23"), 0);
}

#[test]
fn a_killed_capture_loses_nothing_that_was_written() {
    let dir = tempfile::tempdir().unwrap();
    let capture = capture(dir.path(), "127.0.77.24".parse().unwrap());
    let session = talk(0, echo("127.0.77.24:0"), b"before the kill");
    thread::sleep(SETTLE);
    let after = tempfile::tempdir().unwrap();
    let growing = list(dir.path()).unwrap().remove(0);
    let copy = after.path().join(growing.name());
    let bytes = fs::read(&growing.path).unwrap();
    fs::write(&copy, [&bytes[..], b"\x06\0\0\0\xff"].concat()).unwrap();
    capture.capd.stop();
    let file = after.path().join("cut.pcapng");
    let torn = cut(after.path(), &session, &file);
    assert_whole(&file, &session, &torn);
    let restarted =
        Capd::start(after.path(), &Settings::default(), &["127.0.77.24".parse().unwrap()], |_| {});
    restarted.unwrap().stop();
    assert!(list(after.path()).unwrap()[0].index().is_file());
    let repaired = cut(after.path(), &session, &file);
    assert_whole(&file, &session, &repaired);
}
