//! The line in both directions, by transcripts, and that no split changes them.

use std::sync::Arc;

use bytes::BytesMut;
use jiff::{SignedDuration, Timestamp};

use super::{AstmMachine, Behaviour, encode_frame};
use crate::event::Observation;
use crate::event::observation::{Mark, RecordKind};
use crate::persona::Protocol;
use crate::session::bench::{Bench, NOW, play};
use crate::session::{Machine, Next, Outbox, Wake};
use crate::wire::hl7::Charset;

const UNKNOWN: &str = "999999999999";

/// A bench with the analyser port of the default pack.
pub(super) struct Port {
    pub(super) bench: Bench,
    behaviour: Behaviour,
}

impl Port {
    pub(super) fn new() -> Self {
        let bench = Bench::new();
        let (_, service) = bench.pack.service("lis", Protocol::Astm).unwrap();
        let behaviour: Behaviour = service.behaviour.parse().unwrap();
        behaviour.check().unwrap();
        Port { bench, behaviour }
    }

    fn machine(&self) -> AstmMachine {
        AstmMachine::new(Arc::new(self.behaviour.clone()), self.bench.session("lis", "astm"))
    }
}

/// A line that is played by hand: what goes in, what comes out, and the time.
pub(super) struct Line {
    machine: AstmMachine,
    now: Timestamp,
    pub(super) next: Next,
}

impl Line {
    pub(super) fn open(port: &Port) -> Self {
        let mut machine = port.machine();
        let now = NOW.parse().unwrap();
        let next = machine.open(now, &mut Outbox::default());
        Line { machine, now, next }
    }

    pub(super) fn put(&mut self, bytes: &[u8]) -> Vec<u8> {
        let mut out = Outbox::default();
        self.next = self.machine.receive(self.now, &mut BytesMut::from(bytes), &mut out);
        out.joined()
    }

    /// Lets time pass until the machine's deadline.
    fn wait(&mut self) -> (i64, Vec<u8>) {
        let Next::Read(Some(delay)) = self.next else { panic!("no deadline: {:?}", self.next) };
        self.now = self.now.checked_add(SignedDuration::try_from(delay).unwrap()).unwrap();
        let mut out = Outbox::default();
        self.next = self.machine.wake(self.now, Wake::Deadline, &mut out);
        (i64::try_from(delay.as_secs()).unwrap(), out.joined())
    }
}

/// Records as one transmission: ENQ, a frame each, EOT.
pub(super) fn transmission(records: &[&str]) -> Vec<u8> {
    let mut stream = vec![0x05];
    for (number, record) in (1..).zip(records) {
        stream.extend(encode_frame(number, format!("{record}\r").as_bytes(), true));
    }
    stream.push(0x04);
    stream
}

pub(super) fn query(specimen: &str, codes: &str) -> Vec<u8> {
    let q = format!("Q|1|^{specimen}||ALL||||||||{codes}");
    transmission(&["H|\\^&|||XN-1000^00-24", &q, "L|1|N"])
}

const RESULTS: [&str; 5] = [
    "H|\\^&|||XN-1000^00-24||||||||E1394-97",
    "P|1|||0000123456|^张三||19700101|M",
    "O|1||^^            260301000123^M|^^^^WBC\\^^^^RBC|||||||N",
    "R|1|^^^^WBC^1|8.13|10*3/uL||N||F||||20260301081530",
    "L|1|N",
];

#[test]
fn results_are_acknowledged_frame_by_frame_and_kept() {
    let port = Port::new();
    assert_eq!(Line::open(&port).put(&transmission(&RESULTS)), [0x06; 6]);
    let told = port.bench.told();
    assert!(
        matches!(&told[0], Observation::Fingerprint { mark: Mark::AstmSender, value } if value.as_untrusted() == "XN-1000^00-24")
    );
    assert!(
        matches!(&told[1], Observation::Message { message_type, .. } if message_type.as_untrusted() == "R")
    );
    let Observation::Tampering { subject: RecordKind::LabResult, id, changes } = &told[2] else {
        panic!("{told:?}")
    };
    assert_eq!((id.as_str(), changes[0].field.as_str()), ("260301000123", "WBC"));
    let Observation::RecordWrite { subject: RecordKind::LabResult, count: 1, ids } = &told[3] else {
        panic!("{told:?}")
    };
    assert_eq!(ids[0].as_untrusted(), "260301000123");
    assert_eq!(told.len(), 4);
}

#[test]
fn every_split_of_a_line_gives_the_same() {
    let stream =
        [b"noise".as_slice(), &transmission(&RESULTS), b"\r\n", &query(UNKNOWN, "O"), b"\x06\x06\x06"]
            .concat();
    let whole = Port::new();
    let expected = play(&mut whole.machine(), &[&stream]);
    let told = whole.bench.told();
    assert!(expected.ends_with(b"\x04"), "{expected:?}");
    for at in 0..=stream.len() {
        let port = Port::new();
        let (a, b) = stream.split_at(at);
        assert_eq!(play(&mut port.machine(), &[a, b]), expected, "split at {at}");
        assert_eq!(port.bench.told(), told, "split at {at}");
    }
    let bytes: Vec<&[u8]> = stream.chunks(1).collect();
    assert_eq!(play(&mut Port::new().machine(), &bytes), expected);
}

#[test]
fn a_query_is_answered_by_a_call_back() {
    let port = Port::new();
    let mut line = Line::open(&port);
    assert_eq!(line.put(&query(UNKNOWN, "O")), b"\x06\x06\x06\x06\x05");
    let header = line.put(b"\x06");
    assert!(
        header.starts_with(b"\x021H|\\^&|||CLZX-LIS|||||XN-1000||P|E1394-97|20260302100000\r\x03"),
        "{header:?}"
    );
    assert_eq!(line.put(b"\x06"), encode_frame(2, b"L|1|I\r", true));
    assert_eq!(line.put(b"\x06"), [0x04]);
    assert_eq!(line.next, Next::Read(None));
    assert!(
        port.bench
            .told()
            .iter()
            .any(|o| matches!(o, Observation::Query { answers: 0, unbounded: false, .. }))
    );
}

#[test]
fn wrong_frames_are_refused_and_repeated_ones_dropped() {
    let port = Port::new();
    let mut line = Line::open(&port);
    assert_eq!(line.put(b"\x05"), [0x06]);
    assert_eq!(line.put(b"\x021H|\\^&\r\x0300\r\n"), [0x15]);
    let first = encode_frame(1, b"H|\\^&|||C311\r", true);
    assert_eq!(line.put(&first), [0x06]);
    assert_eq!(line.put(&first), [0x06], "a repetition is acknowledged");
    assert_eq!(line.put(&encode_frame(4, b"L|1\r", true)), [0x15]);
    assert_eq!(line.put(&encode_frame(2, b"L|1|N\r", true)), [0x06]);
    line.put(b"\x04");
    let told = port.bench.told();
    let rules: Vec<&str> = told
        .iter()
        .filter_map(|o| match o {
            Observation::Malformed { rule, .. } => Some(rule.as_str()),
            _ => None,
        })
        .collect();
    assert_eq!(rules, ["frame checksum is wrong", "frame number out of order"]);
    assert!(told.iter().any(|o| matches!(o, Observation::Message { detail: Some(crate::event::Detail::Astm(a)), .. } if a.records.as_untrusted() == "HL")));
}

#[test]
fn frame_numbers_wrap_and_long_records_are_joined() {
    let port = Port::new();
    let mut line = Line::open(&port);
    line.put(b"\x05");
    let comment = format!("C|1|I|{}", "x".repeat(500));
    let text = format!("H|\\^&|||LONG\r{comment}\rL|1|N\r");
    for (number, chunk) in (1..).zip(text.as_bytes().chunks(50)) {
        assert_eq!(line.put(&encode_frame(number, chunk, false)), [0x06], "frame {number}");
    }
    line.put(b"\x04");
    assert!(port.bench.told().iter().any(|o| matches!(o, Observation::Message { detail: Some(crate::event::Detail::Astm(a)), .. } if a.records.as_untrusted() == "HCL")));
}

#[test]
fn deviations_of_tcp_analysers_are_read() {
    // A whole message in one frame, longer than 240 bytes.
    let whole = RESULTS.join("\r") + "\r" + &"C|1|I|long\r".repeat(40);
    let port = Port::new();
    let stream = [b"\x05".as_slice(), &encode_frame(1, whole.as_bytes(), true), b"\x04"].concat();
    assert_eq!(Line::open(&port).put(&stream), [0x06, 0x06]);
    assert!(port.bench.told().iter().any(|o| matches!(o, Observation::RecordWrite { count: 1, .. })));
    // No checksum.
    assert_eq!(Line::open(&port).put(b"\x05\x021H|\\^&|||X\r\x03\r\n\x04"), [0x06, 0x06]);
    // A checksum, and no CR LF behind it.
    let bare = encode_frame(1, b"H|\\^&|||X\r", true);
    let stream = [b"\x05", &bare[..bare.len() - 2], b"\x04"].concat();
    assert_eq!(Line::open(&port).put(&stream), [0x06, 0x06]);
    // Numbers that begin anew after each record.
    let mut line = Line::open(&port);
    line.put(b"\x05");
    port.bench.told();
    for record in RESULTS {
        assert_eq!(line.put(&encode_frame(1, format!("{record}\r").as_bytes(), true)), [0x06]);
    }
    line.put(b"\x04");
    assert!(port.bench.told().iter().any(|o| matches!(o, Observation::RecordWrite { count: 1, .. })));
    let mut strict = Port::new();
    strict.behaviour.missing_checksum = super::behaviour::MissingChecksum::Refuse;
    assert_eq!(Line::open(&strict).put(b"\x05\x021H|\\^&|||X\r\x03\r\n\x04"), [0x06, 0x15]);
}

#[test]
fn the_host_keeps_the_times_of_the_standard() {
    let port = Port::new();
    let mut line = Line::open(&port);
    // A receiver waits 30 s for a frame.
    line.put(b"\x05\x021H");
    assert_eq!(line.wait(), (30, vec![]));
    assert_eq!(line.next, Next::Read(None));
    // No reply to ENQ for 15 s: EOT.
    line.put(&query(UNKNOWN, "O"));
    assert_eq!(line.wait(), (15, vec![0x04]));
    // A busy peer is called again after 10 s, in contention after 20 s.
    line.put(&query(UNKNOWN, "O"));
    assert!(line.put(b"\x15").is_empty());
    assert_eq!(line.wait(), (10, vec![0x05]));
    assert!(line.put(b"\x05").is_empty(), "the analyser has priority");
    assert_eq!(line.wait(), (20, vec![0x05]));
    // A receiver that interrupts is left alone for 15 s, then gets the message anew.
    line.put(b"\x06");
    assert_eq!(line.put(b"\x04"), [0x04]);
    assert_eq!(line.wait(), (15, vec![0x05]));
}

#[test]
fn an_analyser_that_wins_contention_is_heard() {
    let port = Port::new();
    let mut line = Line::open(&port);
    line.put(&query(UNKNOWN, "O"));
    assert!(line.put(b"\x05").is_empty());
    assert_eq!(line.put(&transmission(&RESULTS)), [0x06; 6]);
    assert_eq!(line.wait().1, [0x05], "the answer still comes");
}

#[test]
fn a_frame_is_sent_six_times_at_most() {
    let port = Port::new();
    let mut line = Line::open(&port);
    line.put(&query(UNKNOWN, "O"));
    let first = line.put(b"\x06");
    for _ in 0..5 {
        assert_eq!(line.put(b"\x15"), first);
    }
    assert_eq!(line.put(b"\x15"), [0x04]);
    assert_eq!(line.next, Next::Read(None));
}

#[test]
fn what_a_peer_sent_he_can_ask_for() {
    let port = Port::new();
    let known = port.bench.world.at(NOW.parse().unwrap());
    let day = known.local(known.now()).date().yesterday().unwrap();
    let order = known.lab_orders_on(day).into_iter().find(|o| o.analysed.is_some()).unwrap();
    let o = format!("O|1|{}||^^^^WBC", order.specimen);
    let mut line = Line::open(&port);
    line.put(&transmission(&["H|\\^&|||EVIL", &o, "R|1|^^^^WBC|0.07|10\\S\\9/L||L||F", "L|1|N"]));
    line.put(&query(&order.specimen, "F"));
    let download = Charset::Gb18030.decode(&deliver(&mut line)).unwrap().into_owned();
    let text = String::from_utf8(download).unwrap();
    assert!(text.contains("|^^^WBC|0.07|") && text.matches("^^^WBC|").count() <= 2, "{text}");
    assert!(port.bench.told().iter().any(|o| matches!(o, Observation::RecordRead { subject: RecordKind::LabResult, ids, .. } if *ids == [order.specimen.clone()])));
}

#[test]
fn a_specimen_is_answered_with_its_tests() {
    let port = Port::new();
    let view = port.bench.world.at(NOW.parse().unwrap());
    let day = view.local(view.now()).date().yesterday().unwrap();
    let orders = view.lab_orders_on(day);
    assert!(orders.len() > 40);
    for order in orders.into_iter().take(40) {
        let mut line = Line::open(&port);
        line.put(&query(&order.specimen, "O"));
        let download = Charset::Gb18030.decode(&deliver(&mut line)).unwrap().into_owned();
        let text = String::from_utf8(download).unwrap();
        let patient = view.patient(order.patient).unwrap();
        let tests: Vec<String> = order.items.iter().map(|i| format!("^^^{}", i.code)).collect();
        assert!(text.contains(&format!("|||{}|^{}|", patient.mrn, patient.name.chinese())), "{text}");
        assert!(text.contains(&format!("O|1|{}||{}|R|", order.specimen, tests.join("\\"))), "{text}");
        assert!(text.ends_with("L|1|N\r"), "{text}");
    }
}

/// Acknowledges frames until EOT; gives their text joined.
fn deliver(line: &mut Line) -> Vec<u8> {
    let mut text = Vec::new();
    let mut sent = line.put(b"\x06");
    while sent != [0x04] {
        let inner = &sent[1..sent.len() - 2];
        text.extend_from_slice(super::parse_frame(inner).unwrap().text);
        sent = line.put(b"\x06");
    }
    text
}
