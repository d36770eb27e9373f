//! HTTP on kept connections: pages of a list, one after the other.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;

use crate::{Load, measure};

struct Client {
    answers: BufReader<TcpStream>,
    stream: TcpStream,
    next: usize,
}

/// Pages a second. Each line of a file is a path; `headers` go with each request.
pub(crate) fn pages(load: &Load, paths: &str, headers: &[&str]) {
    let paths = fs::read_to_string(paths).expect("a file of paths");
    let headers: String = headers.iter().map(|header| format!("{header}\r\n")).collect();
    let requests: Vec<String> = paths
        .lines()
        .map(|path| format!("GET {path} HTTP/1.1\r\nHost: {}\r\n{headers}\r\n", load.address))
        .collect();
    let connect = |client| {
        let stream = TcpStream::connect(load.address).expect("connect");
        stream.set_nodelay(true).expect("nodelay");
        // Clients begin at places of their own.
        Client { answers: BufReader::new(stream.try_clone().expect("clone")), stream, next: client * 7 }
    };
    measure(load, "bytes", connect, |client| {
        let request = requests.get(client.next % requests.len())?;
        client.next += 1;
        client.stream.write_all(request.as_bytes()).ok()?;
        answer(&mut client.answers)
    });
}

/// Reads an answer whose status is 200; gives the length of its body.
fn answer(from: &mut BufReader<TcpStream>) -> Option<u64> {
    let mut line = String::new();
    from.read_line(&mut line).ok()?;
    let found = line.split(' ').nth(1) == Some("200");
    let mut length = None;
    loop {
        line.clear();
        from.read_line(&mut line).ok()?;
        let field = line.trim_end().to_ascii_lowercase();
        if field.is_empty() {
            break;
        }
        if let Some(value) = field.strip_prefix("content-length:") {
            length = value.trim().parse().ok();
        }
    }
    let body = match length {
        Some(length) => discard(from, length)?,
        None => chunks(from)?,
    };
    found.then_some(body)
}

fn discard(from: &mut BufReader<TcpStream>, length: u64) -> Option<u64> {
    let copied = std::io::copy(&mut from.take(length), &mut std::io::sink()).ok()?;
    (copied == length).then_some(length)
}

/// A chunked body (RFC 9112 7.1).
fn chunks(from: &mut BufReader<TcpStream>) -> Option<u64> {
    let mut whole = 0;
    loop {
        let mut line = String::new();
        from.read_line(&mut line).ok()?;
        let size = u64::from_str_radix(line.trim_end(), 16).ok()?;
        discard(from, size + 2)?;
        if size == 0 {
            return Some(whole);
        }
        whole += size;
    }
}
