//! What the engines answer, rule by rule, and that no split of the stream changes it.

mod world;

use bytes::BytesMut;

use super::{Behaviour, MllpMachine, Station};
use crate::event::Observation;
use crate::event::observation::RecordKind;
use crate::persona::Protocol;
use crate::session::bench::{Bench, NOW, play};
use crate::session::{Machine, Next, Outbox, Wake};
use crate::wire::hl7::{BeforeStart, Charset, Deframer, Framing, Heard, LoneEnd, Message, frame};

/// A bench with one engine of the default pack.
pub(super) struct Engine {
    pub(super) bench: Bench,
    station: Station,
    host: &'static str,
}

impl Engine {
    pub(super) fn of(host: &'static str) -> Self {
        let bench = Bench::new();
        let (_, service) = bench.pack.service(host, Protocol::Mllp).unwrap();
        let behaviour: Behaviour = service.behaviour.parse().unwrap();
        behaviour.check().unwrap();
        Engine { bench, station: Station::new(behaviour), host }
    }

    fn machine(&self) -> MllpMachine {
        MllpMachine::new(self.station.clone(), self.bench.session(self.host, "mllp"))
    }

    /// Sends bytes over a fresh connection; gives what came back, as it stands on the wire.
    pub(super) fn wire(&self, chunks: &[&[u8]]) -> Vec<u8> {
        play(&mut self.machine(), chunks)
    }

    /// Sends one message; gives the answers as text, CR as line ends.
    pub(super) fn ask(&self, message: &str) -> Vec<String> {
        unframe(&self.wire(&[&frame(message.as_bytes())]))
            .into_iter()
            .map(|answer| String::from_utf8(answer).unwrap().replace('\r', "\n"))
            .collect()
    }
}

/// Messages of a stream that holds nothing but whole frames.
pub(super) fn unframe(stream: &[u8]) -> Vec<Vec<u8>> {
    let framing = Framing { before_start: BeforeStart::Close, lone_end: LoneEnd::Close };
    let (mut deframer, mut input) = (Deframer::new(framing), BytesMut::from(stream));
    let mut messages = Vec::new();
    while let Some(heard) = deframer.next(&mut input) {
        match heard {
            Heard::Message(message) => messages.push(message.to_vec()),
            Heard::Noise(..) | Heard::Broken(..) => panic!("answers must be framed: {heard:?}"),
        }
    }
    assert_eq!(deframer.close(), None);
    messages
}

pub(super) fn adt(event: &str, msh: &str, version: &str) -> String {
    format!(
        "MSH|^~\\&|HIS|YY01|ESB|YY01|20260302095900||ADT^{event}|MSG0001|P|{version}{msh}\rEVN|{event}\rPID|1||0009999999^^^HIS^MR||张^三^^^^^L||19700101|M\rPV1|1|O|0203\r"
    )
}

#[test]
fn mirth_acknowledges_in_its_shape() {
    let his = Engine::of("his");
    assert_eq!(
        his.ask(&adt("A08", "", "2.4")),
        [
            "MSH|^~\\&|ESB|YY01|HIS|YY01|20260302100000.000||ACK^A08^ACK|20260302100000.000|P|2.4\nMSA|AA|MSG0001\n"
        ]
    );
    // Before 2.4 the acknowledgement's type has no event.
    let old = his.ask(&adt("A08", "", "2.3.1"));
    assert!(old[0].contains("||ACK|2026") && old[0].contains("|P|2.3.1\n"), "{old:?}");
}

#[test]
fn mirth_fills_blanks_of_the_header() {
    let his = Engine::of("his");
    assert_eq!(
        his.ask("MSH|^~\\&|A||||||ADT^A04\rPID|1||7"),
        ["MSH|^~\\&|MIRTH||A||20260302100000.000||ACK^A04^ACK|20260302100000.000|P|2.4\nMSA|AA|1\n"]
    );
}

#[test]
fn hapi_acknowledges_in_its_shape() {
    let lis = Engine::of("lis");
    let answer = lis.ask(&adt("A01", "", "2.4"));
    let (msh, msa) = answer[0].split_once('\n').unwrap();
    let fields: Vec<&str> = msh.split('|').collect();
    assert_eq!(fields[2..7], ["ESB", "YY01", "HIS", "YY01", "20260302100000+0800"]);
    assert_eq!(fields[8], "ACK^A01");
    assert!(fields[9].parse::<u64>().unwrap() > 0);
    assert_eq!((fields[10], fields[11], msa), ("P", "2.4", "MSA|AA|MSG0001\n"));
    let newer = lis.ask(&adt("A01", "", "2.5.1"));
    assert!(newer[0].contains("|ACK^A01^ACK|"), "{newer:?}");
}

#[test]
fn hapi_counts_its_messages() {
    let lis = Engine::of("lis");
    let stream = [frame(adt("A01", "", "2.4").as_bytes()), frame(adt("A01", "", "2.4").as_bytes())].concat();
    let ids: Vec<u64> = unframe(&lis.wire(&[&stream]))
        .iter()
        .map(|answer| Message::parse(answer).unwrap().msh(10).text().parse().unwrap())
        .collect();
    assert_eq!(ids[1], ids[0] + 1);
}

#[test]
fn what_is_not_taken_is_refused_in_the_engines_words() {
    let (his, lis) = (Engine::of("his"), Engine::of("lis"));
    let msa = |engine: &Engine, message: &str| {
        let answers = engine.ask(message);
        answers[0].split_once('\n').unwrap().1.to_owned()
    };
    let rejected = "MSA|AR|MSG0001|Message Rejected.\n";
    assert_eq!(msa(&his, &adt("Z99", "", "2.4")), rejected);
    assert_eq!(msa(&his, &adt("A01", "", "9.9")), rejected);
    assert_eq!(msa(&his, &adt("A01", "", "2.4").replace("|P|", "|X|")), rejected);
    let failed = "MSA|AE|MSG0001|An Error Occurred Processing Message.\n";
    assert_eq!(msa(&his, &adt("A01", "", "2.4").replace("PID", "ZID")), failed);
    assert_eq!(msa(&his, &adt("A40", "", "2.4")), failed, "a merge needs MRG");
    let no_destination = "No appropriate destination could be found to which this message could be routed.";
    assert_eq!(
        msa(&lis, &adt("Z99", "", "2.4")),
        format!(
            "MSA|AR|MSG0001|Application internal error\nERR|^^^207&Application internal error&HL70357&&{no_destination}\n"
        )
    );
    assert_eq!(
        msa(&lis, &adt("Z99", "", "2.5")),
        format!("MSA|AR|MSG0001\nERR|||207^Application internal error^HL70357^^^^^^{no_destination}|E\n")
    );
    assert!(msa(&lis, &adt("A01", "", "2.9")).contains("The HL7 version 2.9 is not recognized"));
    assert!(
        msa(&lis, &adt("A01", "", "2.4").replace("0009999999", "")).contains("101&Required field missing")
    );
}

/// MSA-1 of the answers to an admission whose MSH-15 and MSH-16 are these.
fn codes(engine: &Engine, msh: &str, version: &str) -> Vec<String> {
    let answers = engine.ask(&adt("A01", &format!("|||{msh}"), version));
    let code = |a: &String| Message::parse(a.as_bytes()).unwrap().first("MSA").unwrap().field(1).text();
    answers.iter().map(code).collect()
}

#[test]
fn the_enhanced_mode_answers_as_asked() {
    let esb = Engine::of("esb");
    let codes = |msh, version| codes(&esb, msh, version);
    assert_eq!(codes("|", "2.4"), ["AA"]);
    assert_eq!(codes("AL|NE", "2.4"), ["CA"]);
    assert_eq!(codes("AL|AL", "2.4"), ["CA", "AA"]);
    assert_eq!(codes("|AL", "2.4"), ["AA"]);
    assert_eq!(codes("ER|SU", "2.4"), ["AA"]);
    assert!(codes("NE|NE", "2.4").is_empty());
    assert_eq!(codes("AL|AL", "9.9"), ["CR"]);
    assert_eq!(codes("SU|ER", "9.9"), ["AR"]);
    assert!(codes("SU|SU", "9.9").is_empty());
}

#[test]
fn mirth_looks_at_msh_15_alone_and_keeps_its_codes() {
    let his = Engine::of("his");
    for asked in ["|", "AL|NE", "AL|AL", "SU|", "XX|"] {
        assert_eq!(codes(&his, asked, "2.4"), ["AA"], "{asked}");
    }
    assert!(codes(&his, "NE|AL", "2.4").is_empty() && codes(&his, "ER|AL", "2.4").is_empty());
    assert_eq!(codes(&his, "ER|NE", "9.9"), ["AR"]);
    assert!(codes(&his, "SU|AL", "9.9").is_empty());
}

/// As a HAPI 2.3 answered the same messages.
#[test]
fn hapi_looks_at_neither_and_gives_up_with_an_empty_header() {
    let lis = Engine::of("lis");
    for asked in ["|", "AL|NE", "NE|NE", "ER|ER", "SU|SU"] {
        assert_eq!(codes(&lis, asked, "2.4"), ["AA"], "{asked}");
    }
    assert_eq!(codes(&lis, "ER|ER", "9.9"), ["AE"]);
    let unknown = lis.ask(&adt("A01", "", "2.9")).remove(0);
    assert!(unknown.starts_with("MSH|^~\\&|||||20260302100000+0800||ACK^^ACK|"), "{unknown}");
    assert!(unknown.ends_with("MSA|AE|MSG0001\nERR|||203^Unsupported version id^HL70357^^^^^^The HL7 version 2.9 is not recognized|E\n"), "{unknown}");
    let date = lis.ask(&adt("A01", "", "2.4").replace("19700101", "notadate")).remove(0);
    assert!(date.contains("||ACK|") && date.ends_with("MSA|AE|MSG0001|Application internal error\nERR|PID^^7^207&Application internal error&HL70357&&ca.uhn.hl7v2.validation.ValidationException: Validation failed: Primitive value 'notadate' requires to be empty or a HL7 datetime string at PID-7(0)\n"), "{date}");
    let later = lis.ask(&adt("A01", "", "2.7")).remove(0);
    assert!(
        later.contains("ERR||EVN^^1|207^")
            && later.contains("'A01' requires to be empty because it is withdrawn"),
        "{later}"
    );
    let none = lis.ask(&adt("A01", "", "2.4").replace("ADT^A01", "ADT")).remove(0);
    assert!(none.contains("ERR|^^^200&Unsupported message type&"), "{none}");
    let ids: Vec<u64> = [&unknown, &date].map(|a| a.split('|').nth(9).unwrap().parse().unwrap()).to_vec();
    assert!(ids.iter().all(|id| id % 100 == 1) && ids[1] >= ids[0] + 100, "{ids:?}");
    assert_eq!(
        lis.ask(&adt("A01", "", "2.4").replace("|P|", "|X|"))[0].lines().nth(1),
        Some("MSA|AA|MSG0001")
    );
}

#[test]
fn a_batch_is_answered_as_each_engine_does() {
    let batch = format!("BHS|^~\\&|A|B|C|D|2026||||B7\r{0}{0}BTS|3\r", adt("A08", "", "2.4"));
    let esb = Engine::of("esb");
    let answers = esb.ask(&batch);
    assert_eq!(answers.len(), 1);
    let lines: Vec<&str> = answers[0].lines().collect();
    assert_eq!(lines[0], "BHS|^~\\&|C|D|A|B|20260302100000||||20260302100000|B7");
    assert_eq!((lines.len(), lines[2], lines[5]), (6, "MSA|AA|MSG0001", "BTS|2"));
    assert!(
        esb.bench
            .told()
            .iter()
            .any(|o| matches!(o, Observation::Malformed { rule, .. } if rule.contains("counts")))
    );
    assert!(Engine::of("lis").ask(&batch).is_empty());
}

#[test]
fn a_document_inside_a_result_is_kept() {
    let lis = Engine::of("lis");
    let oru = "MSH|^~\\&|XN|LAB|LIS|LAB|20260302||ORU^R01|R1|P|2.4\rPID|1||5550001\rOBR|1||F78|WBC\rOBX|1|ED|PDF||XN^Application^PDF^Base64^JVBERi0xLjQK\r";
    assert!(lis.ask(oru)[0].contains("MSA|AA|R1"));
    let told = lis.bench.told();
    assert!(
        told.iter().any(|o| matches!(o, Observation::Content { media, .. } if media == "application/pdf")),
        "{told:?}"
    );
    assert!(told.iter().any(|o| matches!(o, Observation::Transfer { size: 9, .. })));
}

#[test]
fn the_peers_delimiters_are_kept() {
    let his = Engine::of("his");
    let answer = his.ask("MSH#*+!%#A#B#C#D###ADT*A01#M1#P#2.4\rPID#1##77\r");
    assert!(answer[0].starts_with("MSH#*+!%#C#D#A#B#2026"), "{answer:?}");
    assert!(answer[0].contains("#ACK*A01*ACK#") && answer[0].ends_with("MSA#AA#M1\n"), "{answer:?}");
}

#[test]
fn a_batch_is_answered_message_by_message() {
    let his = Engine::of("his");
    let two = adt("A08", "", "2.4").replace("MSG0001", "MSG0002");
    let batch = format!("FHS|^~\\&|A\rBHS|^~\\&|A\r{}{two}BTS|2\rFTS|1\r", adt("A08", "", "2.4"));
    let answers = his.ask(&batch);
    assert_eq!(answers.len(), 2);
    assert!(answers[0].ends_with("MSA|AA|MSG0001\n") && answers[1].ends_with("MSA|AA|MSG0002\n"));
}

#[test]
fn every_split_of_a_stream_gives_the_same() {
    let query = "MSH|^~\\&|A|B|C|D|20260302||QRY^A19|Q1|P|2.4\rQRD|20260302|R|I|Q77|||1^RD|0009999999|DEM\r";
    let noise_and_lone_end =
        [b"\r\nxx".as_slice(), b"\x0b", adt("A04", "", "2.4").as_bytes(), b"\x1c"].concat();
    let stream = [noise_and_lone_end, frame(b"hello world"), frame(query.as_bytes())].concat();
    let whole = Engine::of("his");
    let (expected, told) = (whole.wire(&[&stream]), whole.bench.told());
    assert_eq!(unframe(&expected).len(), 3);
    for at in 0..=stream.len() {
        let engine = Engine::of("his");
        let (a, b) = stream.split_at(at);
        assert_eq!(engine.wire(&[a, b]), expected, "split at {at}");
        assert_eq!(engine.bench.told(), told, "split at {at}");
    }
    let bytes: Vec<&[u8]> = stream.chunks(1).collect();
    assert_eq!(Engine::of("his").wire(&bytes), expected);
}

#[test]
fn what_a_peer_writes_he_can_read_back() {
    let his = Engine::of("his");
    assert_eq!(his.ask(&adt("A04", "", "2.4")).len(), 1);
    let query = "MSH|^~\\&|A|B|C|D|20260302||QRY^A19|Q1|P|2.4\rQRD|20260302|R|I|Q77|||1^RD|0009999999|DEM\r";
    let answer = his.ask(query).remove(0);
    let lines: Vec<&str> = answer.lines().collect();
    assert!(lines[0].contains("|ADR^A19^ADR_A19|"), "{answer}");
    assert_eq!(lines[1..4], ["MSA|AA|Q1", "QAK|Q77|OK", "QRD|20260302|R|I|Q77|||1^RD|0009999999|DEM"]);
    assert_eq!(lines[4..], ["PID|1||0009999999^^^HIS^MR||张^三^^^^^L||19700101|M", "PV1|1|O|0203"]);
    // Another peer's world does not hold it.
    assert!(Engine::of("his").ask(query)[0].contains("QAK|Q77|NF"));
}

#[test]
fn results_that_a_peer_writes_come_back_to_him() {
    let lis = Engine::of("lis");
    let oru = "MSH|^~\\&|XN|LAB|LIS|LAB|20260302||ORU^R01|R1|P|2.3.1\rPID|1||5550001\rOBR|1||F77|WBC\rOBX|1|NM|6690-2^WBC^LN||8.13|10\\S\\9/L\r";
    assert!(lis.ask(oru)[0].contains("MSA|AA|R1"));
    assert!(
        lis.bench
            .told()
            .iter()
            .any(|o| matches!(o, Observation::RecordWrite { subject: RecordKind::LabResult, count: 1, .. }))
    );
    let query = "MSH|^~\\&|A|B|C|D|20260302||QRY^R02|Q1|P|2.3.1\rQRD|20260302|R|I|Q78|||20^RD|5550001|RES\r";
    let answer = lis.ask(query).remove(0);
    assert!(answer.contains("|ORF^R04|") && answer.contains("8.13|10\\S\\9/L"), "{answer}");
    assert!(!answer.contains("QAK"), "2.3.1 has no QAK: {answer}");
}

#[test]
fn a_query_without_its_segment_is_an_error() {
    let his = Engine::of("his");
    let answer = his.ask("MSH|^~\\&|A|B|C|D|1||QBP^Q22|Q1|P|2.5\r");
    assert!(answer[0].ends_with("MSA|AE|Q1|An Error Occurred Processing Message.\n"), "{answer:?}");
}

#[test]
fn answers_go_out_in_the_senders_character_set() {
    let his = Engine::of("his");
    his.ask(&adt("A04", "", "2.4"));
    let query = "MSH|^~\\&|A|B|C|D|20260302||QRY^A19|Q1|P|2.4||||||GB 18030-2000\rQRD|1|R|I|Q|||1^RD|0009999999|DEM\r";
    let answer = unframe(&his.wire(&[&frame(query.as_bytes())])).remove(0);
    let text = Charset::Gb18030.decode(&answer).unwrap().into_owned();
    let message = Message::parse(&text).unwrap();
    assert_eq!(message.msh(18).text(), "GB 18030-2000");
    assert_eq!(message.first("PID").unwrap().field(5).component(1).text(), "张");
    assert!(std::str::from_utf8(&answer).is_err());
}

#[test]
fn gbk_without_a_name_is_understood_and_answered_alike() {
    let his = Engine::of("his");
    let gbk = Charset::Gb18030.encode(adt("A04", "", "2.4").into_bytes());
    his.wire(&[&frame(&gbk)]);
    let kept = his.ask("MSH|^~\\&|A|B|C|D|1||QRY^A19|Q1|P|2.4\rQRD|1|R|I|Q|||1^RD|0009999999|DEM\r");
    assert!(kept[0].contains("张^三"), "{kept:?}");
}

#[test]
fn scanners_get_what_the_engine_gives() {
    let his = Engine::of("his");
    assert!(his.wire(&[b"GET / HTTP/1.0\r\n\r\n"]).is_empty());
    assert!(matches!(&his.bench.told()[..], [Observation::Probe { means }] if means == "http-request"));
    assert!(his.wire(&[b"MSH|^~\\&|unframed"]).is_empty());
    assert!(
        matches!(&his.bench.told()[..], [Observation::Malformed { rule, .. }] if rule == "message without a frame")
    );
    let lis = Engine::of("lis");
    let mut machine = lis.machine();
    let next =
        machine.receive(NOW.parse().unwrap(), &mut BytesMut::from("\x16\x03\x01"), &mut Outbox::default());
    assert_eq!(next, Next::Close);
    assert!(matches!(&lis.bench.told()[..], [Observation::Probe { means }] if means == "tls-hello"));
}

#[test]
fn noise_is_told_while_the_line_stays_open() {
    let his = Engine::of("his");
    let (mut machine, mut out) = (his.machine(), Outbox::default());
    let now = NOW.parse().unwrap();
    let next = machine.receive(now, &mut BytesMut::from("help\r\n"), &mut out);
    assert!(matches!(next, Next::Read(Some(_))));
    assert_eq!(machine.wake(now, Wake::Deadline, &mut out), Next::Read(None));
    assert!(matches!(&his.bench.told()[..], [Observation::Malformed { length: 6, .. }]));
}

#[test]
fn one_message_tells_few_events() {
    let his = Engine::of("his");
    let stream = [frame(adt("A01", "", "2.4").as_bytes()), frame(adt("A08", "", "2.4").as_bytes())].concat();
    his.wire(&[&stream]);
    let told = his.bench.told();
    assert_eq!(told.len(), 5, "fingerprint once, then write and message each: {told:?}");
    assert!(matches!(&told[2], Observation::Message { answer, .. } if answer == "AA"));
}

#[test]
fn what_is_no_message_is_answered_as_the_engine_does() {
    let his = Engine::of("his");
    let answer = his.ask("hello world");
    assert!(answer[0].starts_with("MSHlo wo"), "{answer:?}");
    assert!(answer[0].contains("MSAlAEl"), "{answer:?}");
    assert!(his.wire(&[b"\x0bshort\x1c\r"]).is_empty());
    assert!(Engine::of("lis").wire(&[&frame(b"hello world")]).is_empty());
}
