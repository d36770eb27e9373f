//! SQL Server's protocol (MS-TDS 7.4) without encryption: logins, and rows of a statement.

use std::io::{Read, Write};
use std::net::TcpStream;

use crate::{Load, measure};

const PRELOGIN: u8 = 0x12;
const LOGIN7: u8 = 0x10;
const BATCH: u8 = 0x01;
/// Tokens with a length of two bytes: order, error, info, login acknowledged, environment.
const WITH_LENGTH: [u8; 5] = [0xA9, 0xAA, 0xAB, 0xAD, 0xE3];
const ERROR: u8 = 0xAA;
const ACKNOWLEDGED: u8 = 0xAD;
/// LOGIN7 before its texts (2.2.6.4).
const HEAD: usize = 94;
/// Most bytes of a packet here.
const PACKET: usize = 4096;

/// Logins a second, each on a connection of its own.
pub(crate) fn logins(load: &Load, user: &str, password: &str) {
    measure(load, "logins", |_| (), |()| Client::enter(load, user, password).map(|_| 1));
}

/// Rows a second of one statement, asked again and again on each connection.
pub(crate) fn rows(load: &Load, user: &str, password: &str, statement: &str) {
    let batch = batch(statement);
    let connect = |_| Client::enter(load, user, password);
    measure(load, "rows", connect, |client| {
        let client = client.as_mut()?;
        client.send(BATCH, &batch)?;
        let answer = client.message()?;
        // The last token is DONE with the count of rows (2.2.7.6).
        let (_, done) = answer.split_last_chunk::<13>()?;
        let failed = done[1] & 0x02 != 0;
        let count = u64::from_le_bytes(*done.last_chunk()?);
        (done[0] == 0xFD && !failed && count > 0).then_some(count)
    });
}

struct Client(TcpStream);

impl Client {
    fn enter(load: &Load, user: &str, password: &str) -> Option<Self> {
        let stream = TcpStream::connect(load.address).ok()?;
        stream.set_nodelay(true).ok()?;
        let mut client = Client(stream);
        // Version and encryption, which this client does not have.
        let options = [0, 0, 11, 0, 6, 1, 0, 17, 0, 1, 0xFF];
        client.send(PRELOGIN, &[&options[..], &[11, 0, 0, 0, 0, 0, 2]].concat())?;
        client.message()?;
        client.send(LOGIN7, &login(user, password))?;
        accepted(&client.message()?).then_some(client)
    }

    fn send(&mut self, kind: u8, body: &[u8]) -> Option<()> {
        let mut pieces = body.chunks(PACKET - 8).peekable();
        let mut number = 1;
        while let Some(piece) = pieces.next() {
            let length = u16::try_from(piece.len() + 8).ok()?.to_be_bytes();
            let last = u8::from(pieces.peek().is_none());
            self.0.write_all(&[&[kind, last, length[0], length[1], 0, 0, number, 0], piece].concat()).ok()?;
            number += 1;
        }
        Some(())
    }

    /// The packets of one message, joined.
    fn message(&mut self) -> Option<Vec<u8>> {
        let mut whole = Vec::new();
        loop {
            let mut head = [0; 8];
            self.0.read_exact(&mut head).ok()?;
            let length = usize::from(u16::from_be_bytes([head[2], head[3]])).checked_sub(8)?;
            let start = whole.len();
            whole.resize(start + length, 0);
            self.0.read_exact(&mut whole[start..]).ok()?;
            if head[1] & 1 == 1 {
                return Some(whole);
            }
        }
    }
}

/// Whether an answer to LOGIN7 lets in.
fn accepted(mut tokens: &[u8]) -> bool {
    while let [kind, rest @ ..] = tokens {
        if *kind == ACKNOWLEDGED {
            return true;
        }
        let Some((length, _)) = rest.split_first_chunk::<2>() else { return false };
        if *kind == ERROR || !WITH_LENGTH.contains(kind) {
            return false;
        }
        tokens = rest.get(2 + usize::from(u16::from_le_bytes(*length))..).unwrap_or_default();
    }
    false
}

fn wide(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

/// LOGIN7 (2.2.6.4): host, user, password, program, and empty texts after them.
fn login(user: &str, password: &str) -> Vec<u8> {
    let hidden = wide(password).iter().map(|byte| byte.rotate_left(4) ^ 0xA5).collect();
    let texts: [Vec<u8>; 9] = [
        wide("BENCH"),
        wide(user),
        hidden,
        wide("load"),
        Vec::new(),
        Vec::new(),
        Vec::new(),
        Vec::new(),
        Vec::new(),
    ];
    let mut fixed = Vec::new();
    let mut data = Vec::new();
    let mut place = |text: &[u8], fixed: &mut Vec<u8>| {
        let offset = u16::try_from(HEAD + data.len()).unwrap_or(0);
        fixed.extend(offset.to_le_bytes());
        fixed.extend(u16::try_from(text.len() / 2).unwrap_or(0).to_le_bytes());
        data.extend_from_slice(text);
    };
    texts.iter().for_each(|text| place(text, &mut fixed));
    fixed.extend([2, 0, 0, 0, 0, 1]);
    // SSPI, file to attach, new password.
    (0..3).for_each(|_| place(&[], &mut fixed));
    fixed.extend([0; 4]);
    let mut out = Vec::new();
    let length = u32::try_from(HEAD + data.len()).unwrap_or(0);
    for number in [length, 0x7400_0004, PACKET as u32, 7, 4711, 0] {
        out.extend(number.to_le_bytes());
    }
    out.extend([0xE0, 0x03, 0, 0]);
    out.extend([0; 4]);
    out.extend(2052_u32.to_le_bytes());
    out.extend(fixed);
    out.extend(data);
    out
}

/// SQLBatch with the header of no transaction (2.2.5.3).
fn batch(statement: &str) -> Vec<u8> {
    let mut out = Vec::new();
    out.extend(22_u32.to_le_bytes());
    out.extend(18_u32.to_le_bytes());
    out.extend(2_u16.to_le_bytes());
    out.extend([0; 8]);
    out.extend(1_u32.to_le_bytes());
    out.extend(wide(statement));
    out
}
