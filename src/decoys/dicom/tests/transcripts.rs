//! What DCMTK 3.6.7 sent, byte for byte, and how it closed: recorded on loopback from the Debian
//! packages. Each is replayed as recorded and byte by byte.

use std::sync::Arc;

use super::support::{Peer, State};
use crate::session::bench::Bench;

const DCMQRSCP: &str = include_str!("../../../../tests/transcripts/dicom/dcmqrscp.txt");
const STORESCP: &str = include_str!("../../../../tests/transcripts/dicom/storescp.txt");

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

fn replay(host: &str, text: &str) {
    let bench = Arc::new(Bench::new());
    let cells = cells(text);
    assert!(cells.len() > 100);
    for cell in cells {
        let mut whole = Peer::connect(&bench, host);
        cell.chunks.iter().for_each(|chunk| whole.send(chunk));
        assert_eq!(hex::encode(whole.take()), hex::encode(&cell.answer), "{}", cell.name);
        assert_eq!(whole.state, cell.state, "{}", cell.name);
        let mut split = Peer::connect(&bench, host);
        for byte in cell.chunks.iter().flatten() {
            split.send(&[*byte]);
        }
        assert_eq!(hex::encode(split.take()), hex::encode(&cell.answer), "{} byte by byte", cell.name);
        // Whether input is left unread at the end depends on how it came.
        assert_eq!(split.state == State::Waits, cell.state == State::Waits, "{} byte by byte", cell.name);
    }
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
