//! HTTP/1 requests and answers with their headers and bodies (RFC 9112).

use std::collections::VecDeque;

use super::{Block, Piece, lossy};
use crate::console::plain;

/// Longest message that is put together.
const MESSAGE: usize = 2 << 20;

/// Most of a body on the page.
const BODY: usize = 16 << 10;

#[derive(Default)]
struct Side {
    bytes: Vec<u8>,
}

/// Decodes both directions.
pub(super) fn decode(pieces: &[Piece<'_>]) -> Vec<Block> {
    let (mut sides, mut out) = ([Side::default(), Side::default()], Vec::new());
    // Methods of requests that wait for an answer: one to HEAD has no body, whatever it says.
    let mut asked = VecDeque::new();
    for piece in pieces {
        let side = &mut sides[usize::from(piece.to_peer)];
        if side.bytes.len() < MESSAGE {
            side.bytes.extend_from_slice(piece.bytes);
        }
        if let Some(name) = piece.reference {
            let mut block = Block::new(piece.at, piece.to_peer, "…");
            block.fact("content", name);
            out.push(block);
        }
        while let Some((block, length)) = message(&side.bytes, piece, &mut asked, false) {
            out.push(block);
            side.bytes.drain(..length);
        }
    }
    // What a connection's end cut off.
    if let Some(last) = pieces.last() {
        for (to_peer, side) in [false, true].into_iter().zip(&sides) {
            let piece = Piece { at: last.at, to_peer, bytes: &[], reference: None };
            out.extend(message(&side.bytes, &piece, &mut asked, true).map(|(block, _)| block));
        }
    }
    out
}

fn message(
    bytes: &[u8],
    piece: &Piece<'_>,
    asked: &mut VecDeque<String>,
    ended: bool,
) -> Option<(Block, usize)> {
    let head_end = bytes.windows(4).position(|four| four == b"\r\n\r\n")? + 4;
    let head = lossy(bytes.get(..head_end)?);
    let mut lines = head.lines();
    let first = lines.next().unwrap_or_default();
    let headers: Vec<(&str, &str)> = lines.filter_map(|line| line.split_once(':')).collect();
    let header = |name: &str| {
        headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
    };
    let rest = bytes.get(head_end..).unwrap_or_default();
    let bodiless = piece.to_peer && {
        let status = first.split(' ').nth(1).unwrap_or_default();
        asked.front().is_some_and(|method| method == "HEAD") || matches!(status, "204" | "304" | "101")
    };
    let chunked = header("transfer-encoding").is_some_and(|value| value.eq_ignore_ascii_case("chunked"));
    let (body, taken) = if bodiless {
        (Vec::new(), 0)
    } else if chunked {
        unchunked(rest).or_else(|| ended.then(|| (rest.to_vec(), rest.len())))?
    } else {
        let length = header("content-length").and_then(|value| value.parse::<usize>().ok()).unwrap_or(0);
        match rest.get(..length.min(MESSAGE)) {
            Some(body) => (body.to_vec(), body.len()),
            None if ended => (rest.to_vec(), rest.len()),
            None => return None,
        }
    };
    let mut block = Block::new(piece.at, piece.to_peer, first);
    for (name, value) in &headers {
        block.fact(name, value.trim());
    }
    if piece.to_peer {
        asked.pop_front();
    } else {
        asked.push_back(first.split(' ').next().unwrap_or_default().to_owned());
    }
    if !body.is_empty() {
        let shown = body.get(..BODY).unwrap_or(&body);
        block.text = plain::as_text(shown).map(plain::shown);
        block.bytes(shown);
    }
    Some((block, head_end + taken))
}

/// A body in chunks: what it holds, and its length on the wire; none while it is not whole.
fn unchunked(bytes: &[u8]) -> Option<(Vec<u8>, usize)> {
    let (mut body, mut at) = (Vec::new(), 0);
    loop {
        let rest = bytes.get(at..)?;
        let line = rest.windows(2).position(|two| two == b"\r\n")?;
        let size = lossy(rest.get(..line)?);
        let size =
            usize::from_str_radix(size.split(';').next()?.trim(), 16).ok().filter(|s| *s <= MESSAGE)?;
        let data = line + 2;
        body.extend_from_slice(rest.get(data..data + size)?);
        rest.get(data + size..data + size + 2)?;
        at += data + size + 2;
        if size == 0 {
            return Some((body, at));
        }
    }
}
