//! Analysers at their lines.

use std::sync::Arc;
use std::time::Duration;

use bytes::BytesMut;
use jiff::{SignedDuration, Timestamp};

use super::super::tests::transmission;
use super::super::{Message, parse_frame};
use super::plan::{Kind, due};
use crate::decoys::{Making, build};
use crate::event::Observation;
use crate::event::observation::RecordKind;
use crate::persona::Protocol;
use crate::session::bench::{Bench, NOW};
use crate::session::{Conversation, Decoy, Machine, Next, Outbox, Span, Wake};

fn port(bench: &Bench, host: &str) -> Arc<dyn Decoy> {
    let (host, service) = bench.pack.service(host, Protocol::Astm).unwrap();
    let making = Making {
        pack: Arc::clone(&bench.pack),
        host: Arc::clone(host),
        world: Arc::clone(&bench.world),
        imaging: Arc::default(),
    };
    build(&making, service).unwrap()
}

fn machine(bench: &Bench, decoy: &Arc<dyn Decoy>, host: &str) -> Box<dyn Machine> {
    match decoy.converse(bench.session(host, "astm")) {
        Conversation::Machine(machine) => machine,
        Conversation::Stream(_) | Conversation::Opaque(_) | Conversation::Datagrams(_) => panic!("a machine"),
    }
}

/// Two machines on one line: what each writes the other reads, and time moves to the next deadline.
struct Wire {
    ends: [(Box<dyn Machine>, Next, BytesMut); 2],
    now: Timestamp,
    heard: [Vec<u8>; 2],
}

impl Wire {
    fn new(ends: [Box<dyn Machine>; 2], now: Timestamp) -> Self {
        let ends = ends.map(|machine| (machine, Next::Read(None), BytesMut::new()));
        let mut wire = Wire { ends, now, heard: [Vec::new(), Vec::new()] };
        for side in 0..2 {
            let mut out = Outbox::default();
            wire.ends[side].1 = wire.ends[side].0.open(now, &mut out);
            wire.pass(side, &out);
        }
        wire
    }

    fn pass(&mut self, from: usize, out: &Outbox) {
        self.heard[1 - from].extend(out.joined());
        self.ends[1 - from].2.extend_from_slice(&out.joined());
    }

    /// Runs until a side closes or the time is over; what was still on the wire arrives.
    fn run(&mut self, limit: SignedDuration) {
        self.go_on(limit);
        for (machine, _, input) in &mut self.ends {
            machine.receive(self.now, input, &mut Outbox::default());
        }
    }

    fn go_on(&mut self, limit: SignedDuration) {
        let end = self.now + limit;
        while self.now <= end && self.ends.iter().all(|(_, next, _)| *next != Next::Close) {
            if let Some(side) = (0..2).find(|side| !self.ends[*side].2.is_empty()) {
                let mut out = Outbox::default();
                let (machine, next, input) = &mut self.ends[side];
                *next = machine.receive(self.now, input, &mut out);
                self.pass(side, &out);
                continue;
            }
            let deadline = |next: &Next| match next {
                Next::Read(Some(delay)) => Some(*delay),
                _ => None,
            };
            let waits = (0..2).filter_map(|side| Some((deadline(&self.ends[side].1)?, side)));
            let Some((delay, side)) = waits.min() else { return };
            self.now += SignedDuration::try_from(delay).unwrap();
            let other = 1 - side;
            if let Next::Read(Some(left)) = &mut self.ends[other].1 {
                *left = left.saturating_sub(delay);
            }
            let mut out = Outbox::default();
            let (machine, next, _) = &mut self.ends[side];
            *next = machine.wake(self.now, Wake::Deadline, &mut out);
            self.pass(side, &out);
        }
    }
}

fn text_of(stream: &[u8]) -> String {
    let frames = stream.split(|b| *b == 0x02).skip(1);
    let parts = frames.filter_map(|raw| {
        let end = raw.windows(2).position(|w| w == b"\r\n")?;
        Some(parse_frame(raw.get(..end)?).unwrap().text.to_vec())
    });
    let joined: Vec<u8> = parts.flatten().collect();
    String::from_utf8(crate::wire::hl7::Charset::Gb18030.decode(&joined).unwrap().into_owned()).unwrap()
}

const HOSTS: [(&str, &str); 3] = [("heme01", "HEME01"), ("immu01", "IMMU01"), ("nport01", "COAG01")];

#[test]
fn what_is_measured_goes_to_the_laboratory_and_is_the_worlds() {
    let bench = Bench::new();
    let now: Timestamp = NOW.parse().unwrap();
    let span = Span { since: now, from: now - SignedDuration::from_hours(2), until: now };
    for (host, _) in &HOSTS[..2] {
        let decoy = port(&bench, host);
        let errands = decoy.habit().unwrap().due(span, Duration::from_secs(3600));
        assert!(errands.len() >= 8, "{host}: {}", errands.len());
        let mut seen = [0, 0];
        for errand in errands {
            assert_eq!((errand.to.host.as_str(), errand.to.port), ("lis", 4010));
            let lis = machine(&bench, &port(&bench, "lis"), "lis");
            let mut wire = Wire::new([errand.machine, lis], errand.at);
            wire.run(SignedDuration::from_secs(60));
            assert_eq!(wire.ends[0].1, Next::Close, "{host} {}", errand.purpose);
            let said = text_of(&wire.heard[1]);
            let told = bench.told();
            assert!(
                told.iter()
                    .all(|o| !matches!(o, Observation::Malformed { .. } | Observation::Tampering { .. })),
                "{host} {said} {told:?}"
            );
            if errand.purpose == "results" {
                seen[0] += 1;
                assert!(
                    told.iter().any(|o| matches!(
                        o,
                        Observation::RecordWrite { subject: RecordKind::LabResult, .. }
                    ))
                );
                let specimen: String = said
                    .split(['|', '^'])
                    .map(str::trim)
                    .find(|p| p.len() == 12 && p.bytes().all(|b| b.is_ascii_digit()))
                    .unwrap()
                    .into();
                let order = bench.world.at(errand.at).lab_order(&specimen).unwrap();
                assert_eq!(said.matches("\rR|").count(), order.results.len(), "{said}");
                assert!(
                    order
                        .results
                        .iter()
                        .filter(|r| r.value.parse::<f64>().is_ok())
                        .all(|r| said.contains(&format!("|{}|", r.value)))
                );
            } else {
                seen[1] += 1;
                let answer = text_of(&wire.heard[0]);
                assert!(answer.contains("\rO|1|"), "{said} {answer}");
            }
        }
        assert!(seen[0] > 3 && seen[1] > 3, "{host} {seen:?}");
    }
}

#[test]
fn whoever_is_connected_hears_the_analyser_and_its_timers() {
    let bench = Bench::new();
    let now: Timestamp = NOW.parse().unwrap();
    for (host, code) in HOSTS {
        let decoy = port(&bench, host);
        let mut line = machine(&bench, &decoy, host);
        let mut out = Outbox::default();
        let mut next = line.open(now, &mut out);
        let (mut now, mut sent) = (now, out.joined());
        let until = now + SignedDuration::from_mins(90);
        while sent.is_empty() && now < until {
            let Next::Read(Some(delay)) = next else { panic!("{next:?}") };
            now += SignedDuration::try_from(delay).unwrap();
            let mut out = Outbox::default();
            next = line.wake(now, Wake::Deadline, &mut out);
            sent = out.joined();
        }
        assert_eq!(sent, [0x05], "{host} calls");
        // The peer's own ENQ gives way to nobody: the analyser calls again after a second.
        let mut out = Outbox::default();
        next = line.receive(now, &mut BytesMut::from(&b"\x05"[..]), &mut out);
        assert!(out.joined().is_empty());
        assert_eq!(next, Next::Read(Some(Duration::from_secs(1))), "{host}");
        now += SignedDuration::from_secs(1);
        let mut out = Outbox::default();
        line.wake(now, Wake::Deadline, &mut out);
        assert_eq!(out.joined(), [0x05]);
        let mut stream = Vec::new();
        loop {
            let mut out = Outbox::default();
            line.receive(now, &mut BytesMut::from(&b"\x06"[..]), &mut out);
            stream.extend(out.joined());
            if stream.ends_with(b"\x04") {
                break;
            }
        }
        let said = text_of(&stream);
        assert!(said.starts_with("H|\\^&|||") && said.ends_with("L|1|N\r"), "{said}");
        let told = bench.told();
        let read = told.iter().find_map(|o| match o {
            Observation::RecordRead { subject: RecordKind::LabResult, ids, .. } => Some(ids[0].clone()),
            _ => None,
        });
        let order = bench.world.at(now).lab_order(&read.unwrap()).unwrap();
        assert_eq!(order.run.unwrap().instrument, code);
    }
}

#[test]
fn orders_that_are_sent_to_an_analyser_are_taken_and_told() {
    let bench = Bench::new();
    let decoy = port(&bench, "heme01");
    let mut line = machine(&bench, &decoy, "heme01");
    let now: Timestamp = NOW.parse().unwrap();
    line.open(now, &mut Outbox::default());
    let order = transmission(&["H|\\^&|||LIS", "P|1", "O|1|260302000001||^^^^WBC|R", "L|1|N"]);
    for split in 0..order.len() {
        let mut line = machine(&bench, &decoy, "heme01");
        line.open(now, &mut Outbox::default());
        bench.told();
        let mut out = Outbox::default();
        for part in [&order[..split], &order[split..]] {
            line.receive(now, &mut BytesMut::from(part), &mut out);
        }
        assert!(out.joined().starts_with(&[0x06; 5]), "split at {split}");
        let told = bench.told();
        assert!(
            told.iter()
                .any(|o| matches!(o, Observation::RecordWrite { subject: RecordKind::Order, count: 1, .. }))
        );
    }
}

#[test]
fn a_serial_server_has_one_line() {
    let bench = Bench::new();
    let decoy = port(&bench, "nport01");
    let now: Timestamp = NOW.parse().unwrap();
    let mut first = machine(&bench, &decoy, "nport01");
    assert!(matches!(first.open(now, &mut Outbox::default()), Next::Read(_)));
    let mut second = machine(&bench, &decoy, "nport01");
    assert_eq!(second.open(now, &mut Outbox::default()), Next::Reset);
    drop((first, second));
    let mut third = machine(&bench, &decoy, "nport01");
    assert!(matches!(third.open(now, &mut Outbox::default()), Next::Read(_)));
}

#[test]
fn spans_that_follow_one_another_give_what_the_whole_gives() {
    let bench = Bench::new();
    let until: Timestamp = NOW.parse().unwrap();
    let since = until - SignedDuration::from_hours(3);
    let interval = Duration::from_secs(1800);
    let of = |from, until| due(&bench.world, "HEME01", Span { since, from, until }, interval);
    let whole = of(since, until);
    let (mut parts, mut from) = (Vec::new(), since);
    while from < until {
        let end = (from + SignedDuration::from_mins(47)).min(until);
        parts.extend(of(from, end));
        from = end;
    }
    assert_eq!(parts, whole);
    assert!(whole.iter().filter(|p| p.kind == Kind::Results).count() > 20);
}

#[test]
fn messages_of_analysers_are_read_by_our_own_reader() {
    let bench = Bench::new();
    let decoy = port(&bench, "immu01");
    let now: Timestamp = NOW.parse().unwrap();
    let span = Span { since: now, from: now - SignedDuration::from_hours(1), until: now };
    let errand = decoy.habit().unwrap().due(span, Duration::from_secs(3600)).remove(0);
    let lis = machine(&bench, &port(&bench, "lis"), "lis");
    let mut wire = Wire::new([errand.machine, lis], errand.at);
    wire.run(SignedDuration::from_secs(60));
    let said = text_of(&wire.heard[1]);
    let message = Message::split(said.as_bytes())[0];
    assert!(message.header().field(5).starts_with(b"cobas-6000"), "{said}");
    assert!(message.header().field(11).ends_with(b"^REAL"), "{said}");
}
