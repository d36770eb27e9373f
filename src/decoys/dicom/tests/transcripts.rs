//! What products answer, byte for byte, and how they close. DCMTK, Orthanc and dcm4che were recorded on
//! loopback; the first line of each file says where its lines are from. Each is replayed as it is and
//! byte by byte.

use std::sync::Arc;

use super::support::{Peer, State};
use crate::session::bench::Bench;

const DCMQRSCP: &str = include_str!("../../../../tests/transcripts/dicom/dcmqrscp.txt");
const STORESCP: &str = include_str!("../../../../tests/transcripts/dicom/storescp.txt");

const ORTHANC: &str = include_str!("../../../../tests/transcripts/dicom/orthanc.txt");
const DCM4CHEE: &str = include_str!("../../../../tests/transcripts/dicom/dcm4chee-arc.txt");
const FO_DICOM: &str = include_str!("../../../../tests/transcripts/dicom/fo-dicom.txt");
const CONSOLES: [(&str, &str); 4] = [
    ("ct01", include_str!("../../../../tests/transcripts/dicom/uih-ct.txt")),
    ("mr01", include_str!("../../../../tests/transcripts/dicom/siemens-mr.txt")),
    ("dr01", include_str!("../../../../tests/transcripts/dicom/agfa-nx.txt")),
    ("us01", include_str!("../../../../tests/transcripts/dicom/samsung-us.txt")),
];
const ENTERPRISE: &str = include_str!("../../../../tests/transcripts/dicom/enterprise-imaging.txt");

struct Cell<'a> {
    name: &'a str,
    chunks: Vec<Vec<u8>>,
    answer: Vec<u8>,
    state: State,
}

fn cells(text: &str) -> Vec<Cell<'_>> {
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines.map(cell).collect()
}

fn cell(line: &str) -> Cell<'_> {
    let parts: Vec<&str> = line.split('|').map(str::trim).collect();
    let [name, asked, answer, state] = parts[..] else { panic!("four parts: {line}") };
    Cell {
        name,
        chunks: asked.split(' ').map(|chunk| hex::decode(chunk).unwrap()).collect(),
        answer: hex::decode(answer).unwrap(),
        state: match state {
            "wait" => State::Waits,
            "close" => State::Closed,
            "reset" => State::Reset,
            other => panic!("{other}"),
        },
    }
}

/// Every cell whole, then byte by byte.
fn replay(host: &str, text: &str) {
    let bench = Arc::new(Bench::new());
    let cells = cells(text);
    assert!(cells.len() > 70, "{}", cells.len());
    let wrong: Vec<String> = cells.iter().filter_map(|cell| mismatch(&bench, host, cell)).collect();
    assert!(wrong.is_empty(), "{host}, {} cells:\n{}", wrong.len(), wrong.join("\n"));
}

/// What is wrong with the answer to one cell.
fn mismatch(bench: &Arc<Bench>, host: &str, cell: &Cell<'_>) -> Option<String> {
    let expected = hex::encode(&cell.answer);
    let mut whole = Peer::connect(bench, host);
    cell.chunks.iter().for_each(|chunk| whole.send(chunk));
    let (answer, state) = (hex::encode(whole.take()), whole.state);
    if answer != expected || state != cell.state {
        return Some(format!("{}:\n  {expected} {:?}\n  {answer} {state:?}", cell.name, cell.state));
    }
    let mut split = Peer::connect(bench, host);
    for byte in cell.chunks.iter().flatten() {
        split.send(&[*byte]);
    }
    let answer = hex::encode(split.take());
    // Whether input is left unread at the end depends on how it came.
    let ended = (split.state == State::Waits) != (cell.state == State::Waits);
    (answer != expected || ended).then(|| {
        format!("{} byte by byte:\n  {expected} {:?}\n  {answer} {:?}", cell.name, cell.state, split.state)
    })
}

#[test]
fn the_archive_answers_as_dcmqrscp() {
    replay("pacs", DCMQRSCP);
}

#[test]
fn the_store_answers_as_storescp() {
    replay("his", STORESCP);
}

#[test]
fn the_research_archive_answers_as_orthanc() {
    replay("research", ORTHANC);
}

#[test]
fn the_neutral_archive_answers_as_dcm4chee() {
    replay("vna", DCM4CHEE);
}

#[test]
fn the_ris_archive_answers_as_fo_dicom() {
    replay("ris", FO_DICOM);
}

#[test]
fn the_consoles_answer_as_they_did() {
    for (host, text) in CONSOLES {
        replay(host, text);
    }
}

#[test]
fn the_enterprise_archive_answers_as_its_toolkit() {
    replay("eiarch", ENTERPRISE);
}

#[test]
fn silence_ends_as_it_does_there() {
    let bench = Arc::new(Bench::new());
    let recorded = cells(DCMQRSCP);
    let echo = recorded.iter().find(|cell| cell.name == "echo").unwrap();
    let mut silent = Peer::connect(&bench, "pacs");
    silent.wait();
    assert_eq!((silent.state, silent.take().len()), (State::Closed, 0));
    let mut idle = Peer::connect(&bench, "pacs");
    idle.send(&echo.chunks[0]);
    idle.take();
    idle.wait();
    assert_eq!((idle.state, idle.take().len()), (State::Closed, 0));
    let mut half = Peer::connect(&bench, "pacs");
    half.send(&echo.chunks[0]);
    half.take();
    half.send(&[4, 0, 0, 0, 0, 80, 0]);
    half.wait();
    assert_eq!(half.state, State::Waits);
    assert_eq!(hex::encode(half.take()), "07000000000400000000");
}
