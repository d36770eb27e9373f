//! What is kept of one session, read as an analyst reads it: row, transcript, files, packets.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use honeyward::record::transcript::{What, read};
use serde_json::Value;

use crate::honeynet::{Honeynet, client, text};

/// What an operator is promised: a session is listed within this time.
pub(crate) const PROMISED: Duration = Duration::from_secs(1);

/// What one session may take here: other tests load the machine, and each look at the list is a
/// new process without optimisation. [`Watch::assert_prompt`] holds the typical one to the promise.
const SLACK: Duration = Duration::from_secs(3);

/// A packet is on disk within this time of the end of its session.
const SETTLE: Duration = Duration::from_millis(1200);

/// Watches the list of sessions while clients run.
pub(crate) struct Watch<'a> {
    net: &'a Honeynet,
    seen: BTreeSet<String>,
    delays: Vec<Duration>,
}

impl<'a> Watch<'a> {
    /// Begins: sessions that are there already are known.
    pub(crate) fn new(net: &'a Honeynet) -> Self {
        let mut watch = Watch { net, seen: BTreeSet::new(), delays: Vec::new() };
        watch.fresh().iter().for_each(|row| watch.know(row));
        watch
    }

    /// Runs a client and gives its sessions, ended, one for each service named.
    pub(crate) fn run(&mut self, services: &[(&str, &str)], client: impl FnOnce()) -> Vec<Kept> {
        client();
        let happened = Instant::now();
        let rows: Vec<Value> = services
            .iter()
            .map(|service| {
                loop {
                    let rows = self.fresh();
                    let ended = |row: &&Value| is_of(row, service) && !row["closed"].is_null();
                    if let Some(row) = rows.iter().find(ended) {
                        self.know(row);
                        break row.clone();
                    }
                    assert!(happened.elapsed() < SLACK, "{service:?}: not listed after {SLACK:?}: {rows:#?}");
                    thread::sleep(Duration::from_millis(20));
                }
            })
            .collect();
        self.delays.push(happened.elapsed());
        assert!(happened.elapsed() < SLACK, "{services:?}: listed after {:?}", happened.elapsed());
        thread::sleep(SETTLE);
        rows.into_iter().map(|row| Kept::of(self.net, row)).collect()
    }

    /// The same for a client that makes one session.
    pub(crate) fn one(&mut self, host: &str, service: &str, client: impl FnOnce()) -> Kept {
        self.run(&[(host, service)], client).remove(0)
    }

    /// Half of the clients were listed within what is promised.
    pub(crate) fn assert_prompt(mut self) {
        self.delays.sort();
        let median = self.delays[self.delays.len() / 2];
        assert!(median <= PROMISED, "listed after {:?}", self.delays);
    }

    fn fresh(&self) -> Vec<Value> {
        let mut rows = self.net.json(&["sessions", "--json", "--limit", "10000"]);
        rows.retain(|row| !self.seen.contains(row["id"].as_str().unwrap()));
        rows
    }

    fn know(&mut self, row: &Value) {
        self.seen.insert(row["id"].as_str().unwrap().to_owned());
    }
}

fn is_of(row: &Value, (host, service): &(&str, &str)) -> bool {
    row["host"] == *host && row["service"] == *service
}

/// One session that has ended.
pub(crate) struct Kept {
    /// The session at a glance.
    pub(crate) row: Value,
    shown: Value,
    cut: PathBuf,
}

impl Kept {
    /// Gathers all there is of a row of `honeyward sessions`.
    pub(crate) fn of(net: &Honeynet, row: Value) -> Self {
        let id = row["id"].as_str().unwrap().to_owned();
        let shown = net.json(&["show", &id, "--json"]).remove(0);
        let cut = net.scratch(&format!("{id}.pcapng"));
        let output = net.honeyward(&["pcap", &id, "-o", cut.to_str().unwrap()]);
        let told = text(&output);
        assert!(output.status.success(), "capture needs root or CAP_NET_RAW: {told}");
        assert!(!told.contains("not among them") && !told.contains("were lost"), "{told}");
        Kept { row, shown, cut }
    }

    /// Its observations of one kind.
    pub(crate) fn observed(&self, what: &str) -> Vec<Value> {
        let mut seen = Vec::new();
        find_objects(&self.shown["records"], &|value| value["what"] == what, &mut seen);
        seen
    }

    /// Terminal recordings.
    pub(crate) fn terminals(&self) -> Vec<String> {
        let files = self.shown["files"]["terminals"].as_array().unwrap();
        files.iter().map(|path| std::fs::read_to_string(path.as_str().unwrap()).unwrap()).collect()
    }

    /// Files that the peer handed over: each is under its own SHA-256.
    pub(crate) fn artefacts(&self) -> Vec<Vec<u8>> {
        use sha2::{Digest, Sha256};
        let all = self.shown["files"]["artefacts"].as_array().unwrap();
        all.iter()
            .map(|artefact| {
                let path = Path::new(artefact["path"].as_str().expect("kept"));
                let bytes = std::fs::read(path).unwrap();
                let sha256 = hex::encode(Sha256::digest(&bytes));
                assert_eq!(artefact["sha256"], sha256);
                assert_eq!(path.file_name().unwrap().to_str().unwrap(), sha256);
                assert_eq!(artefact["size"], bytes.len());
                bytes
            })
            .collect()
    }

    /// The conversation: from the peer, to the peer.
    pub(crate) fn transcript(&self) -> [Stream; 2] {
        let path = self.shown["files"]["transcript"].as_str().expect("a transcript");
        let mut streams = [Stream::default(), Stream::default()];
        for entry in read(Path::new(path)).unwrap() {
            match entry.what {
                What::Bytes { to_peer, bytes } => streams[usize::from(to_peer)].bytes(&bytes),
                What::Reference { to_peer, length, .. } => {
                    streams[usize::from(to_peer)].reference(usize::try_from(length).unwrap());
                }
                What::Dropped { bytes } => panic!("{bytes} bytes are not in the transcript"),
            }
        }
        streams
    }

    /// Packets that open, are whole, are of this session alone, and decode as the protocol
    /// (`filter`) when the port is read by `dissector`. Gives the payload of both directions.
    pub(crate) fn packets(&self, dissector: &str, filter: &str) -> [Vec<u8>; 2] {
        self.assert_alone();
        let decode = format!("tcp.port=={},{dissector}", self.row["target_port"]);
        let count = |filter: &str| self.tshark(&["-d", &decode, "-Y", filter]).lines().count();
        assert_eq!(count("_ws.malformed"), 0, "{}", self.tshark(&["-d", &decode]));
        assert!(count(filter) > 0, "no {filter}: {}", self.tshark(&["-d", &decode]));
        let payload = self.payload();
        for (bytes, key) in payload.iter().zip(["bytes_in", "bytes_out"]) {
            assert_eq!(self.row[key], bytes.len(), "{key}: the session and its packets");
        }
        payload
    }

    /// The same, and the payload is what the transcript has.
    pub(crate) fn packets_as_transcript(&self, dissector: &str, filter: &str) {
        let payload = self.packets(dissector, filter);
        for (stream, bytes) in self.transcript().iter().zip(&payload) {
            stream.assert_is(bytes);
        }
    }

    /// One connection from its SYN to its end, and not a packet more.
    pub(crate) fn assert_alone(&self) {
        let fields = ["ip.src", "tcp.srcport", "ip.dst", "tcp.dstport", "tcp.flags.syn", "tcp.flags.reset"];
        let mut arguments = vec!["-T", "fields"];
        fields.iter().for_each(|field| arguments.extend(["-e", field]));
        let all = self.tshark(&arguments);
        let rows: Vec<Vec<&str>> = all.lines().map(|line| line.split('\t').collect()).collect();
        let text = |key: &str| self.row[key].as_str().map_or(self.row[key].to_string(), str::to_owned);
        let (source, target) = ([text("source"), text("source_port")], [text("target"), text("target_port")]);
        for row in &rows {
            let ours = row[..2] == source && row[2..4] == target;
            let theirs = row[..2] == target && row[2..4] == source;
            assert!(ours || theirs, "{row:?} is not of {source:?} to {target:?}");
        }
        assert_eq!(rows.iter().filter(|row| row[4] == "1").count(), 2, "SYN and its answer: {all}");
        assert!(rows[0][..2] == source && rows[0][4] == "1", "it begins with the peer's SYN: {all}");
        let reset = rows.iter().any(|row| row[5] == "1");
        let ends = self.tshark(&["-Y", "tcp.flags.fin == 1"]).lines().count();
        assert!(reset || ends >= 2, "both ends, or a reset: {all}");
        let gaps = "tcp.analysis.lost_segment || tcp.analysis.ack_lost_segment || frame.cap_len < frame.len";
        assert_eq!(self.tshark(&["-Y", gaps]), "", "gaps");
    }

    fn payload(&self) -> [Vec<u8>; 2] {
        let followed = self.tshark(&["-q", "-z", "follow,tcp,raw,0"]);
        let mut streams = [Vec::new(), Vec::new()];
        for line in followed.lines() {
            let bytes = hex::decode(line.trim());
            if let Ok(bytes) = bytes {
                streams[usize::from(line.starts_with('\t'))].extend(bytes);
            }
        }
        streams
    }

    fn tshark(&self, arguments: &[&str]) -> String {
        let output = client("tshark", "tshark", &[&["-r", self.cut.to_str().unwrap()], arguments].concat());
        assert!(output.status.success(), "{}", text(&output));
        String::from_utf8_lossy(&output.stdout).into_owned()
    }
}

/// Objects anywhere in a value.
fn find_objects(value: &Value, wanted: &impl Fn(&Value) -> bool, found: &mut Vec<Value>) {
    match value {
        Value::Object(map) => {
            if wanted(value) {
                found.push(value.clone());
            }
            map.values().for_each(|inner| find_objects(inner, wanted, found));
        }
        Value::Array(list) => list.iter().for_each(|inner| find_objects(inner, wanted, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// One direction of a transcript: bytes, and bulk of which only the length is kept.
#[derive(Default)]
pub(crate) struct Stream {
    pieces: Vec<Piece>,
}

enum Piece {
    Bytes(Vec<u8>),
    Reference(usize),
}

impl Stream {
    fn bytes(&mut self, bytes: &[u8]) {
        self.pieces.push(Piece::Bytes(bytes.to_vec()));
    }

    fn reference(&mut self, length: usize) {
        self.pieces.push(Piece::Reference(length));
    }

    /// Its bytes, the bulk left out.
    pub(crate) fn text(&self) -> String {
        let bytes: Vec<u8> = self.pieces.iter().flat_map(|piece| piece.kept().to_vec()).collect();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// How many bytes went by reference.
    pub(crate) fn bulk(&self) -> usize {
        self.pieces.iter().map(|piece| piece.length() - piece.kept().len()).sum()
    }

    fn assert_is(&self, payload: &[u8]) {
        let length: usize = self.pieces.iter().map(Piece::length).sum();
        assert_eq!(length, payload.len(), "length of transcript and packets");
        let mut at = 0;
        for piece in &self.pieces {
            let kept = piece.kept();
            assert!(payload[at..].starts_with(kept), "transcript and packets differ after byte {at}");
            at += piece.length();
        }
    }
}

impl Piece {
    fn kept(&self) -> &[u8] {
        match self {
            Piece::Bytes(bytes) => bytes,
            Piece::Reference(_) => &[],
        }
    }

    fn length(&self) -> usize {
        match self {
            Piece::Bytes(bytes) => bytes.len(),
            Piece::Reference(length) => *length,
        }
    }
}
