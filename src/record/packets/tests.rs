//! Segments as the writer makes them, and sessions cut out of them.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use etherparse::PacketBuilder;
use jiff::Timestamp;

use super::flow::{LINK_ETHERNET, TCP};
use super::pcapng::Blocks;
use super::*;
use crate::event::SystemEvent;

const SECOND: u64 = 1_000_000_000;

/// Packets carry times after this; segments are named by the real time, which is near.
fn base() -> u64 {
    segment::now()
}

fn at(base: u64, seconds: u64) -> Timestamp {
    Timestamp::from_nanosecond(i128::from(base + seconds * SECOND)).unwrap()
}

#[derive(Clone, Copy)]
enum Flag {
    Syn,
    SynAck(u32),
    Ack(u32),
    Fin(u32),
}

fn frame(from: SocketAddr, to: SocketAddr, sequence: u32, flag: Flag, payload: &[u8]) -> Vec<u8> {
    let (SocketAddr::V4(from), SocketAddr::V4(to)) = (from, to) else { panic!("IPv4 only") };
    let ip = PacketBuilder::ethernet2([2; 6], [4; 6]).ipv4(from.ip().octets(), to.ip().octets(), 64);
    let tcp = ip.tcp(from.port(), to.port(), sequence, 1000);
    let tcp = match flag {
        Flag::Syn => tcp.syn(),
        Flag::SynAck(number) => tcp.syn().ack(number),
        Flag::Ack(number) => tcp.ack(number),
        Flag::Fin(number) => tcp.fin().ack(number),
    };
    let mut frame = Vec::new();
    tcp.write(&mut frame, payload).unwrap();
    frame
}

/// A whole connection that says `text`: seven packets from `start` on, a nanosecond apart.
fn connection(feed: &mut Feed, start: u64, client: SocketAddr, server: SocketAddr, isn: u32, text: &[u8]) {
    let after = isn + 1 + u32::try_from(text.len()).unwrap();
    let frames = [
        frame(client, server, isn, Flag::Syn, b""),
        frame(server, client, 900, Flag::SynAck(isn + 1), b""),
        frame(client, server, isn + 1, Flag::Ack(901), b""),
        frame(client, server, isn + 1, Flag::Ack(901), text),
        frame(server, client, 901, Flag::Fin(after), b""),
        frame(client, server, after, Flag::Fin(902), b""),
        frame(server, client, 902, Flag::Ack(after + 1), b""),
    ];
    for (offset, frame) in (0..).zip(frames) {
        feed.packet(start + offset, u32::try_from(frame.len()).unwrap(), &frame);
    }
}

struct Bench {
    writer: Writer,
    events: Arc<Mutex<Vec<SystemEvent>>>,
}

fn start(folder: &Path, segment_bytes: u64, quota: u64) -> Bench {
    let events = Arc::new(Mutex::new(Vec::new()));
    let told = Arc::clone(&events);
    let rotation = Rotation { bytes: segment_bytes, age: Duration::from_secs(600) };
    let settings = Settings { rotation, ..Settings::new(folder, quota) };
    let interfaces =
        ["eth0", "eth1"].map(|name| Interface { name: name.into(), link: LINK_ETHERNET }).to_vec();
    let writer = Writer::start(settings, interfaces, move |event| told.lock().unwrap().push(event)).unwrap();
    Bench { writer, events }
}

impl Bench {
    fn stop(self) -> Vec<SystemEvent> {
        self.writer.stop();
        std::mem::take(&mut *self.events.lock().unwrap())
    }
}

/// Packets of a [`flood`].
const FLOOD: u64 = 20_000;

/// Far more than the quota from one client, at a pace that lets the keeper see it.
fn flood(bench: &Bench) {
    let (client, server) = addresses();
    let mut feed = bench.writer.feed(0);
    let packet = frame(client, server, 1, Flag::Ack(1), &[0; 1400]);
    for _ in 0..20 {
        for n in 0..FLOOD / 20 {
            feed.packet(base() + n, 1500, &packet);
        }
        feed.flush();
        std::thread::sleep(Duration::from_millis(20));
    }
    feed.statistics(FLOOD, 0, 5);
}

fn wanted(client: &str, server: &str, from: Timestamp, to: Timestamp) -> Wanted {
    Wanted {
        source: client.parse().unwrap(),
        target: server.parse().unwrap(),
        from,
        to: Some(to),
        carrier: crate::event::Transport::Tcp,
        comment: "a test".into(),
        secrets: Vec::new(),
    }
}

fn cut_out(folder: &Path, wanted: &Wanted) -> (Option<Cut>, Vec<u8>) {
    let plan = Plan::make(folder, wanted).unwrap();
    let mut out = Vec::new();
    plan.write(&mut out).unwrap();
    (plan.cut(), out)
}

/// All payload in a file, as it stands there.
fn holds(file: &[u8], text: &[u8]) -> bool {
    file.windows(text.len()).any(|window| window == text)
}

const CLIENT: &str = "10.0.0.9:40000";
const SERVER: &str = "10.0.0.1:104";

fn addresses() -> (SocketAddr, SocketAddr) {
    (CLIENT.parse().unwrap(), SERVER.parse().unwrap())
}

#[test]
fn one_session_of_many_over_many_segments() {
    let dir = tempfile::tempdir().unwrap();
    let bench = start(dir.path(), 2000, 1 << 30);
    let (base, (_, server)) = (base(), addresses());
    let mut feed = bench.writer.feed(0);
    for n in 0..40_u16 {
        let client = SocketAddr::new("10.0.0.9".parse().unwrap(), 40_000 + n);
        let text = format!("session {n:03}.");
        connection(&mut feed, base + u64::from(n) * SECOND, client, server, 100, text.as_bytes());
        feed.flush();
    }
    drop(feed);
    bench.writer.stop();
    assert!(list(dir.path()).unwrap().len() > 5);
    for n in [0_u16, 17, 39] {
        let from = at(base + 2, u64::from(n));
        let (cut, file) =
            cut_out(dir.path(), &wanted(&format!("10.0.0.9:{}", 40_000 + n), SERVER, from, from));
        let cut = cut.unwrap();
        assert_eq!((cut.packets, cut.whole), (7, true));
        assert!(holds(&file, format!("session {n:03}.").as_bytes()));
        assert!(!holds(&file, format!("session {:03}.", n + 1).as_bytes()));
    }
}

#[test]
fn a_port_that_is_used_again_is_another_session() {
    let dir = tempfile::tempdir().unwrap();
    let bench = start(dir.path(), 1 << 20, 1 << 30);
    let (base, (client, server)) = (base(), addresses());
    let mut feed = bench.writer.feed(0);
    connection(&mut feed, base, client, server, 100, b"first caller");
    connection(&mut feed, base + SECOND, client, server, 7000, b"second caller");
    drop(feed);
    bench.writer.stop();
    let (cut, file) = cut_out(dir.path(), &wanted(CLIENT, SERVER, at(base + 2, 0), at(base + 5, 0)));
    assert_eq!(cut.unwrap().packets, 7);
    assert!(holds(&file, b"first caller") && !holds(&file, b"second caller"));
    let (cut, file) = cut_out(dir.path(), &wanted(CLIENT, SERVER, at(base + 2, 1), at(base + 5, 1)));
    assert_eq!(cut.unwrap().packets, 7);
    assert!(!holds(&file, b"first caller") && holds(&file, b"second caller"));
}

#[test]
fn a_growing_segment_cut_at_any_byte_gives_what_is_whole() {
    let dir = tempfile::tempdir().unwrap();
    let bench = start(dir.path(), 1 << 20, 1 << 30);
    let (base, (client, server)) = (base(), addresses());
    let mut feed = bench.writer.feed(0);
    connection(&mut feed, base, client, server, 100, b"something");
    drop(feed);
    bench.writer.stop();
    let segment = list(dir.path()).unwrap().remove(0);
    let whole = fs::read(&segment.path).unwrap();
    fs::remove_file(segment.index()).unwrap();
    let mut seen = 0;
    for length in (0..=whole.len()).step_by(3) {
        fs::write(&segment.path, &whole[..length]).unwrap();
        let (cut, _) = cut_out(dir.path(), &wanted(CLIENT, SERVER, at(base + 2, 0), at(base + 9, 0)));
        let packets = cut.map_or(0, |cut| cut.packets);
        assert!(packets >= seen, "cut at {length}");
        seen = packets;
    }
    assert_eq!(seen, 7);
}

#[test]
fn what_a_crash_left_is_closed_at_the_next_start() {
    let dir = tempfile::tempdir().unwrap();
    let bench = start(dir.path(), 1 << 20, 1 << 30);
    let (base, (client, server)) = (base(), addresses());
    let mut feed = bench.writer.feed(0);
    connection(&mut feed, base, client, server, 100, b"something");
    drop(feed);
    bench.writer.stop();
    let segment = list(dir.path()).unwrap().remove(0);
    let index = fs::read(segment.index()).unwrap();
    let whole = fs::read(&segment.path).unwrap();
    fs::remove_file(segment.index()).unwrap();
    fs::write(&segment.path, [&whole[..], &whole[..50]].concat()).unwrap();
    let bench = start(dir.path(), 1 << 20, 1 << 30);
    bench.writer.stop();
    assert_eq!(fs::read(segment.index()).unwrap(), index);
    let events = bench.events.lock().unwrap();
    let bytes = u64::try_from(whole.len() + 50).unwrap();
    assert!(
        matches!(&events[..], [SystemEvent::SegmentClosed { packets: 7, bytes: b, .. }] if *b == bytes),
        "{events:?}"
    );
}

#[test]
fn fragments_belong_to_the_session_whose_ports_came_first() {
    let dir = tempfile::tempdir().unwrap();
    let bench = start(dir.path(), 1 << 20, 1 << 30);
    let (base, (client, server)) = (base(), addresses());
    let mut feed = bench.writer.feed(0);
    connection(&mut feed, base, client, server, 100, b"something");
    let mut first = frame(client, server, 110, Flag::Ack(901), b"first part......");
    let mut rest = frame(client, server, 0, Flag::Ack(0), b"rest");
    // Identification 77; more fragments, then offset 4 (32 bytes).
    first[18..22].copy_from_slice(&[0, 77, 0x20, 0]);
    rest[18..22].copy_from_slice(&[0, 77, 0, 4]);
    let mut stranger = rest.clone();
    stranger[18..20].copy_from_slice(&[0, 78]);
    for (offset, fragment) in [(20, rest), (21, first), (22, stranger)] {
        feed.packet(base + offset, u32::try_from(fragment.len()).unwrap(), &fragment);
    }
    drop(feed);
    bench.writer.stop();
    let (cut, _) = cut_out(dir.path(), &wanted(CLIENT, SERVER, at(base + 2, 0), at(base + 9, 0)));
    assert_eq!(cut.unwrap().packets, 9);
}

#[test]
fn the_quota_removes_the_oldest_and_tells() {
    let dir = tempfile::tempdir().unwrap();
    let quota = 20 << 20;
    let bench = start(dir.path(), 2 << 20, quota);
    let mut feed = bench.writer.feed(1);
    let filler = vec![0; 60_000];
    for n in 0..600 {
        feed.packet(base() + n, 60_000, &filler);
    }
    drop(feed);
    bench.writer.stop();
    let total: u64 = list(dir.path()).unwrap().iter().map(Segment::bytes).sum();
    assert!(total <= quota, "{total}");
    let events = bench.events.lock().unwrap();
    let of = |wanted: fn(&SystemEvent) -> Option<&String>| {
        events.iter().filter_map(wanted).cloned().collect::<Vec<_>>()
    };
    let closed =
        of(|e| if let SystemEvent::SegmentClosed { segment, .. } = e { Some(segment) } else { None });
    let removed =
        of(|e| if let SystemEvent::SegmentRemoved { segment, .. } = e { Some(segment) } else { None });
    assert!(!removed.is_empty());
    assert_eq!(removed, closed[..removed.len()]);
    assert_eq!(closed.len() - removed.len(), list(dir.path()).unwrap().len());
}

#[test]
fn an_incident_that_fills_the_quota_does_not_stop_the_capture() {
    let dir = tempfile::tempdir().unwrap();
    let bench = start(dir.path(), 1 << 20, 6 << 20);
    let (client, _) = addresses();
    let always = Keep { source: client.ip(), from: Timestamp::UNIX_EPOCH, to: None };
    retention::keep(dir.path(), &[always]).unwrap();
    flood(&bench);
    let events = bench.stop();
    let mut closed = Vec::new();
    let mut removed = Vec::new();
    for event in &events {
        match event {
            SystemEvent::SegmentClosed { segment, .. } => closed.push(segment),
            SystemEvent::SegmentRemoved { segment, incidents, .. } => {
                assert_eq!(incidents, &[client.ip()]);
                removed.push(segment);
            }
            _ => {}
        }
    }
    assert!(!removed.is_empty() && !removed.contains(&closed[0]), "the beginning stays");
    assert!(!removed.contains(closed.last().unwrap()), "what came last is there");
}

#[test]
fn a_list_that_is_not_understood_stops_the_writing_and_that_is_counted() {
    let dir = tempfile::tempdir().unwrap();
    let bench = start(dir.path(), 1 << 20, 6 << 20);
    fs::write(dir.path().join(retention::KEEP), b"[{]").unwrap();
    flood(&bench);
    let events = bench.stop();
    let lost = events.iter().find_map(|event| match event {
        SystemEvent::PacketsDropped { interface, kernel: 5, writer, .. } if interface == "eth0" => {
            Some(*writer)
        }
        _ => None,
    });
    let kept: u64 = events
        .iter()
        .filter_map(
            |e| if let SystemEvent::SegmentClosed { packets, .. } = e { Some(*packets) } else { None },
        )
        .sum();
    assert_eq!(kept + lost.unwrap(), FLOOD);
    assert!(lost.unwrap() > 0 && kept > 1000, "kept {kept}");
    assert!(!events.iter().any(|e| matches!(e, SystemEvent::SegmentRemoved { .. })));
}

#[test]
fn a_cut_names_its_interface_and_its_losses() {
    let dir = tempfile::tempdir().unwrap();
    let bench = start(dir.path(), 1 << 20, 1 << 30);
    let (base, (client, server)) = (base(), addresses());
    let mut feed = bench.writer.feed(1);
    feed.statistics(10, 0, 0);
    connection(&mut feed, base, client, server, 100, b"something");
    feed.flush();
    feed.statistics(30, 2, 3);
    drop(feed);
    bench.writer.stop();
    let (cut, file) = cut_out(dir.path(), &wanted(CLIENT, SERVER, at(base + 2, 0), at(base + 9, 0)));
    assert_eq!(cut.unwrap().dropped, 5);
    let mut blocks = Blocks::new(file.as_slice(), 0);
    let (mut interfaces, mut packets) = (Vec::new(), 0);
    while let Some(block) = blocks.next_block().unwrap() {
        interfaces.extend(block.interface().map(|interface| interface.name));
        if let Some(packet) = block.packet() {
            assert_eq!(packet.interface, 0);
            assert_eq!(flow::parse(LINK_ETHERNET, packet.data).unwrap().key.protocol, TCP);
            packets += 1;
        }
    }
    assert_eq!((interfaces.as_slice(), packets), (["eth1".to_owned()].as_slice(), 7));
}

#[test]
fn nothing_kept_is_no_error() {
    let dir = tempfile::tempdir().unwrap();
    let now = Timestamp::now();
    let (cut, _) = cut_out(&dir.path().join("missing"), &wanted(CLIENT, SERVER, now, now));
    assert_eq!(cut, None);
}

#[test]
fn real_data_is_made_blank_and_nothing_else() {
    let dir = tempfile::tempdir().unwrap();
    let bench = start(dir.path(), 1 << 20, 1 << 30);
    let (base, (client, server)) = (base(), addresses());
    let other: SocketAddr = "10.0.0.8:40000".parse().unwrap();
    let mut feed = bench.writer.feed(0);
    connection(&mut feed, base, client, server, 100, b"Zhang^San, for real");
    connection(&mut feed, base + SECOND, other, server, 100, b"an intruder's words");
    feed.flush();
    let wanted = wanted(CLIENT, SERVER, at(base + 2, 0), at(base + 9, 0));
    let all = || {
        let segments = list(dir.path()).unwrap();
        segments.iter().flat_map(|segment| fs::read(&segment.path).unwrap()).collect::<Vec<u8>>()
    };
    for _ in 0..500 {
        if holds(&all(), b"intruder") {
            break;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    assert_eq!(withhold(dir.path(), &wanted).unwrap(), (Vec::new(), false), "it still grows");
    drop(feed);
    bench.writer.stop();
    let before = all().len();
    let (done, closed) = withhold(dir.path(), &wanted).unwrap();
    assert!(closed && done.len() == 1 && done[0].packets == 1, "{done:?}");
    assert!(!holds(&all(), b"Zhang") && holds(&all(), b"an intruder's words"));
    assert_eq!(all().len(), before);
    assert_eq!(withhold(dir.path(), &wanted).unwrap().0, done, "again, and nothing changes");
    let (cut, _) = cut_out(dir.path(), &wanted);
    assert_eq!(cut.unwrap().packets, 7, "its packets are still told");
}

#[test]
fn datagrams_of_one_peer_are_told_apart_by_their_time() {
    let dir = tempfile::tempdir().unwrap();
    let bench = start(dir.path(), 1 << 20, 1 << 30);
    let (base, (client, server)) = (base(), addresses());
    let mut feed = bench.writer.feed(0);
    let datagram = |from: SocketAddr, to: SocketAddr, text: &[u8]| {
        let (SocketAddr::V4(from), SocketAddr::V4(to)) = (from, to) else { unreachable!() };
        let ip = PacketBuilder::ethernet2([1; 6], [2; 6]).ipv4(from.ip().octets(), to.ip().octets(), 64);
        let mut frame = Vec::new();
        ip.udp(from.port(), to.port()).write(&mut frame, text).unwrap();
        frame
    };
    for (second, text) in [(0, "first"), (20, "second")] {
        let at = base + second * SECOND;
        for (after, frame) in
            [(0, datagram(client, server, text.as_bytes())), (5, datagram(server, client, b"answer"))]
        {
            feed.packet(at + after, u32::try_from(frame.len()).unwrap(), &frame);
        }
    }
    connection(&mut feed, base + 1, client, server, 100, b"a connection");
    drop(feed);
    bench.writer.stop();
    let session = wanted(CLIENT, SERVER, at(base + 20 * SECOND, 0), at(base + 26 * SECOND, 0));
    let (cut, file) = cut_out(dir.path(), &Wanted { carrier: crate::event::Transport::Udp, ..session });
    let cut = cut.unwrap();
    assert_eq!((cut.packets, cut.whole), (2, true));
    assert!(holds(&file, b"second") && !holds(&file, b"first") && !holds(&file, b"a connection"));
}
