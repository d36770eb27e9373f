//! What brings other DICOM honeypots down or gives them away, sent to the real process: it answers or
//! ends the connection, and goes on serving everybody else.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use bytes::Bytes;
use honeyward::wire::dicom::command::{Command, NO_DATA_SET, field};
use honeyward::wire::dicom::dataset::{DataSet, TransferSyntax, tags};
use honeyward::wire::dicom::pdu::{Associate, Context, Fragment, Header, data_head};

use crate::dcmtk::dcmtk;
use crate::honeynet::Honeynet;

const SYNTAX: TransferSyntax = TransferSyntax::ImplicitLittle;
const VERIFICATION: &str = "1.2.840.10008.1.1";
const STUDY_FIND: &str = "1.2.840.10008.5.1.4.1.2.2.1";

/// Longest that an answer may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(10);

/// Most that the sensor may grow by all of this, KiB.
const GROWTH: u64 = 200 << 10;

fn proposal(classes: &[&str], max_pdu: u32) -> Associate {
    let bytes = |text: &str| Bytes::from(text.to_owned());
    let contexts = classes.iter().zip((1_u8..).step_by(2)).map(|(class, id)| Context {
        id,
        result: 0,
        abstract_syntax: bytes(class),
        transfer_syntaxes: vec![bytes(SYNTAX.uid())],
    });
    Associate {
        version: 1,
        called: bytes("CLZXPACS"),
        calling: bytes("FAULTS"),
        application_context: bytes("1.2.840.10008.3.1.1.1"),
        contexts: contexts.collect(),
        max_pdu: Some(max_pdu),
        implementation_uid: bytes("1.2.3.4"),
        implementation_version: bytes("FAULTS_1"),
        ..Associate::default()
    }
}

/// A message in one piece for each part; the data set may be empty.
fn message(command: &Command, data: Option<&[u8]>) -> Vec<u8> {
    let mut bytes = Vec::new();
    command.write(&mut bytes);
    let mut out = data_head(Fragment { context: 1, command: true, last: true }, bytes.len()).to_vec();
    out.extend(bytes);
    if let Some(data) = data {
        out.extend(data_head(Fragment { context: 1, command: false, last: true }, data.len()));
        out.extend(data);
    }
    out
}

fn request(command: u16, class: &str) -> Command {
    Command {
        sop_class: Some(Bytes::from(class.to_owned())),
        field: Some(command),
        message_id: Some(1),
        priority: Some(0),
        data_set: Some(if command == field::C_ECHO { NO_DATA_SET } else { 1 }),
        ..Command::default()
    }
}

fn identifier(name: &str) -> Bytes {
    let mut set = DataSet::new();
    set.put_str(tags::STUDY_DATE, "19010101");
    set.put_str(tags::QUERY_RETRIEVE_LEVEL, "STUDY");
    set.put_str(tags::PATIENT_NAME, name);
    set.encode(SYNTAX)
}

struct Peer(TcpStream);

impl Peer {
    fn connect(net: &Honeynet) -> Self {
        let stream = TcpStream::connect(net.address("pacs", "dicom")).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_nodelay(true).unwrap();
        Peer(stream)
    }

    /// An association that stands.
    fn associated(net: &Honeynet, asked: &Associate) -> Self {
        let mut peer = Peer::connect(net);
        peer.send(&asked.request());
        assert_eq!(peer.pdu().first(), Some(&2), "an A-ASSOCIATE-AC");
        peer
    }

    /// The other side may be gone already: that is one of the answers.
    fn send(&mut self, bytes: &[u8]) {
        let _ = self.0.write_all(bytes);
    }

    /// One PDU; nothing when the connection ended.
    fn pdu(&mut self) -> Vec<u8> {
        let mut head = [0; 6];
        if self.0.read_exact(&mut head).is_err() {
            return Vec::new();
        }
        let mut whole = head.to_vec();
        whole.resize(Header::read(&head).unwrap().whole(), 0);
        self.0.read_exact(&mut whole[6..]).map_or_else(|_| Vec::new(), |()| whole)
    }

    /// Types of the PDUs until the connection ends or `last` has come.
    fn kinds(&mut self, last: u8) -> Vec<u8> {
        let mut kinds = Vec::new();
        while let Some(kind) = self.pdu().first().copied() {
            kinds.push(kind);
            if kind == last {
                break;
            }
        }
        kinds
    }
}

fn resident_kib(pid: u64) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

fn sensor(net: &Honeynet) -> u64 {
    let status = net.json(&["status", "--json"]).remove(0);
    let processes = status["processes"].as_array().unwrap();
    processes.iter().find(|process| process["process"] == "sensor").unwrap()["pid"].as_u64().unwrap()
}

#[test]
fn no_fault_of_a_peer_disturbs_another() {
    let net = Honeynet::start();
    let pid = sensor(&net);
    dcmtk(&net, "echoscu", &[], &[]);
    let before = resident_kib(pid);
    tiny_and_unlimited_pdus(&net);
    identifiers(&net);
    commands_and_releases(&net);
    many_contexts(&net);
    user_identity(&net);
    terms_of_concurrent_sessions(&net);
    dcmtk(&net, "echoscu", &[], &[]);
    assert_eq!(sensor(&net), pid, "the sensor was never started again");
    let grown = resident_kib(pid).saturating_sub(before);
    assert!(grown < GROWTH, "the sensor grew by {grown} KiB");
}

/// 0 means no limit; 7 and less leave no room for a value, 8 for two bytes of it.
fn tiny_and_unlimited_pdus(net: &Honeynet) {
    for max_pdu in [0, 1, 7, 8, 12, u32::MAX] {
        let mut peer = Peer::associated(net, &proposal(&[VERIFICATION], max_pdu));
        // Silence is an answer too: that of the product to a peer that takes nothing.
        let tiny = (1..128).contains(&max_pdu);
        peer.0.set_read_timeout(Some(if tiny { Duration::from_secs(1) } else { PATIENCE })).unwrap();
        peer.send(&message(&request(field::C_ECHO, VERIFICATION), None));
        peer.send(&[5, 0, 0, 0, 0, 4, 0, 0, 0, 0]);
        let kinds = peer.kinds(6);
        let answered = kinds.first() == Some(&4) && kinds.last() == Some(&6);
        let broken_off = kinds.is_empty() || kinds.last() == Some(&7);
        assert!(answered || tiny && broken_off, "{max_pdu}: {kinds:?}");
    }
}

/// None at all, one without a value, and values longer than any field.
fn identifiers(net: &Honeynet) {
    let uids = vec!["1.2.840.113619.2.55.3.604688119.969.1268071029.320"; 400].join("\\");
    let mut long = DataSet::new();
    long.put_str(tags::QUERY_RETRIEVE_LEVEL, "STUDY");
    long.put_str(tags::STUDY_INSTANCE_UID, &uids);
    let mut empty = DataSet::new();
    empty.put_empty(tags::QUERY_RETRIEVE_LEVEL);
    let cases = [
        (Bytes::new(), vec![4, 7]),
        (empty.encode(SYNTAX), vec![4]),
        (long.encode(SYNTAX).slice(..16_000), vec![4, 7]),
        (identifier(&"A".repeat(1_100)), vec![4]),
    ];
    for (number, (data, allowed)) in cases.into_iter().enumerate() {
        let mut peer = Peer::associated(net, &proposal(&[STUDY_FIND], 16_384));
        peer.send(&message(&request(field::C_FIND, STUDY_FIND), Some(&data)));
        let first = peer.pdu().first().copied();
        assert!(first.is_none_or(|kind| allowed.contains(&kind)), "identifier {number}: {first:?}");
    }
}

/// Responses nobody asked for, a release amid an operation, and one that answers none.
fn commands_and_releases(net: &Honeynet) {
    for unasked in [0x8030, 0x8001, 0x8020, 0x0099] {
        let mut command = request(field::C_ECHO, VERIFICATION);
        (command.field, command.responded_id) = (Some(unasked), Some(1));
        let mut peer = Peer::associated(net, &proposal(&[VERIFICATION], 16_384));
        peer.send(&message(&command, None));
        assert_eq!(peer.kinds(7).last(), Some(&7), "{unasked:#06x} is broken off for");
    }
    let mut peer = Peer::associated(net, &proposal(&[STUDY_FIND], 16_384));
    let mut both = message(&request(field::C_FIND, STUDY_FIND), Some(&identifier("A*")));
    both.extend([5, 0, 0, 0, 0, 4, 0, 0, 0, 0]);
    peer.send(&both);
    assert_eq!(peer.kinds(6).last(), Some(&6), "the release is answered");
    let mut peer = Peer::associated(net, &proposal(&[VERIFICATION], 16_384));
    peer.send(&[6, 0, 0, 0, 0, 4, 0, 0, 0, 0]);
    assert!(matches!(peer.kinds(7).as_slice(), [] | [7]));
}

/// More than a proposal can number.
fn many_contexts(net: &Honeynet) {
    let mut asked = proposal(&[VERIFICATION], 16_384);
    asked.contexts = vec![asked.contexts[0].clone(); 10_000];
    let mut peer = Peer::connect(net);
    peer.send(&asked.request());
    let first = peer.pdu().first().copied();
    assert!(first.is_none_or(|kind| matches!(kind, 3 | 7)), "{first:?}");
}

fn user_identity(net: &Honeynet) {
    let mut raw = proposal(&[VERIFICATION], 16_384).request().to_vec();
    // A name with a passcode, no answer wanted (PS3.7 D.3.3.7.1).
    let mut item = vec![2, 0];
    for part in [b"radiologist".as_slice(), b"Spring2026"] {
        item.extend(u16::try_from(part.len()).unwrap().to_be_bytes());
        item.extend(part.iter());
    }
    // The user information is the last item: it grows by this one.
    let user = raw.windows(4).rposition(|head| head[..2] == [0x50, 0]).unwrap();
    let length = usize::from(u16::from_be_bytes([raw[user + 2], raw[user + 3]]));
    assert_eq!(user + 4 + length, raw.len());
    let grown = u16::try_from(length + 4 + item.len()).unwrap();
    raw[user + 2..user + 4].copy_from_slice(&grown.to_be_bytes());
    raw.extend([0x58, 0]);
    raw.extend(u16::try_from(item.len()).unwrap().to_be_bytes());
    raw.extend(item);
    let whole = u32::try_from(raw.len() - 6).unwrap();
    raw[2..6].copy_from_slice(&whole.to_be_bytes());
    let mut peer = Peer::connect(net);
    peer.send(&raw);
    assert_eq!(peer.pdu().first(), Some(&2), "the item is taken, not aborted for");
    drop(peer);
    let tried = net.sessions(1, |session| session["access"]["accounts"][0] == "radiologist");
    assert_eq!(tried[0]["access"]["accepted"], false);
}

/// Each session's events tell its own terms.
fn terms_of_concurrent_sessions(net: &Honeynet) {
    let names: Vec<String> = (0..8).map(|n| format!("CONCURRENT{n}")).collect();
    let mut peers: Vec<Peer> =
        names.iter().map(|_| Peer::associated(net, &proposal(&[STUDY_FIND], 16_384))).collect();
    let ports: Vec<u16> = peers.iter().map(|peer| peer.0.local_addr().unwrap().port()).collect();
    for (peer, name) in peers.iter_mut().zip(&names) {
        peer.send(&message(&request(field::C_FIND, STUDY_FIND), Some(&identifier(name))));
    }
    for peer in &mut peers {
        assert_eq!(peer.pdu().first(), Some(&4));
    }
    drop(peers);
    for (port, name) in ports.iter().zip(&names) {
        let session = net.sessions(1, |session| {
            session["source_port"] == *port && session["counts"]["queries"].as_u64() == Some(1)
        });
        let shown = net.json(&["show", session[0]["id"].as_str().unwrap(), "--json"]).remove(0).to_string();
        let told = names.iter().filter(|other| shown.contains(other.as_str()));
        assert_eq!(told.collect::<Vec<_>>(), [name]);
    }
}
