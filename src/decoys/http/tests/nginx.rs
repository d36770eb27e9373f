//! Byte for byte what nginx 1.22.1 answered to the same requests, recorded from the real server.

use serde::Deserialize;

use super::super::answer::http_date;
use super::support::{Bench, now};

const RECORDED: &str = include_str!("../../../../tests/transcripts/http/nginx-1.22.1.jsonl");

/// Whole requests longer than this are not split at every byte.
const SPLIT: usize = 600;

#[derive(Deserialize)]
struct Exchange {
    name: String,
    /// Text (one character a byte) and how often it repeats.
    request: Vec<(String, usize)>,
    answer: String,
    closes: bool,
}

fn bytes(text: &str) -> Vec<u8> {
    text.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect()
}

fn exchanges() -> impl Iterator<Item = (String, Vec<u8>, String, bool)> {
    RECORDED.lines().map(|line| {
        let e: Exchange = serde_json::from_str(line).unwrap();
        let request = e.request.iter().flat_map(|(text, times)| bytes(text).repeat(*times)).collect();
        let answer = e.answer.replace("Date: @", &format!("Date: {}", http_date(now())));
        (e.name, request, answer, e.closes)
    })
}

fn shown(bytes: &[u8]) -> String {
    bytes.iter().map(|b| char::from(*b)).collect()
}

#[test]
fn answers_are_those_of_nginx() {
    let (mut seen, mut wrong) = (0, Vec::new());
    for (name, request, answer, closes) in exchanges() {
        let mut connection = Bench::recorded().connect(1);
        connection.send(&request);
        if (shown(&connection.received()), connection.closed()) != (answer.clone(), closes) {
            wrong.push(format!("{name}: {} instead of {answer}", shown(&connection.received())));
        }
        seen += 1;
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(seen > 150, "{seen}");
}

#[test]
fn answers_do_not_depend_on_how_input_arrives() {
    let bench = Bench::recorded();
    for (name, request, _, _) in exchanges().filter(|(_, r, _, _)| r.len() < SPLIT) {
        let mut whole = Bench::recorded().connect(1);
        whole.send(&request);
        let mut split = bench.connect(1);
        for byte in &request {
            split.send(&[*byte]);
        }
        // The number in a multipart boundary counts on within one server.
        if !name.starts_with("range") {
            assert_eq!(shown(&split.received()), shown(&whole.received()), "{name}");
        }
        assert_eq!(split.closed(), whole.closed(), "{name}");
    }
}

#[test]
fn plain_http_on_the_tls_port() {
    let mut connection = Bench::recorded().connect_plain();
    connection.send(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    let answer = shown(&connection.received());
    assert!(connection.closed());
    assert!(answer.starts_with("HTTP/1.1 400 Bad Request\r\nServer: nginx/1.22.1\r\nDate: "));
    assert!(answer.contains("\r\nContent-Type: text/html\r\nContent-Length: 255\r\nConnection: close\r\n\r\n<html>\r\n<head><title>400 The plain HTTP request was sent to HTTPS port</title>"));
}
