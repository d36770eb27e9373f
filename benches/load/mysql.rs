//! MySQL's protocol without encryption: logins by `mysql_native_password`, and rows of a statement.

use std::io::{BufReader, Read, Write};
use std::net::TcpStream;

use sha1::{Digest, Sha1};

use crate::{Load, measure};

/// Long passwords, a database, protocol 4.1, its passwords, and methods by name.
const CAPABILITIES: u32 = 0x0008_8209;
const COM_QUERY: u8 = 3;
const OK: u8 = 0;
const EOF: u8 = 0xFE;
const ERROR: u8 = 0xFF;

/// Whom to log in as, and the database.
pub(crate) struct Who<'a> {
    pub(crate) user: &'a str,
    pub(crate) password: &'a str,
    pub(crate) database: &'a str,
}

/// Logins a second, each on a connection of its own.
pub(crate) fn logins(load: &Load, who: &Who<'_>) {
    measure(load, "logins", |_| (), |()| Client::enter(load, who).map(|_| 1));
}

/// Rows a second of one statement, asked again and again on each connection.
pub(crate) fn rows(load: &Load, who: &Who<'_>, statement: &str) {
    let query = [&[COM_QUERY], statement.as_bytes()].concat();
    let connect = |_| Client::enter(load, who);
    measure(load, "rows", connect, |client| {
        let client = client.as_mut()?;
        client.send(0, &query)?;
        let columns = client.packet()?;
        if matches!(columns.first(), Some(&(OK | ERROR)) | None) {
            return None;
        }
        let mut rows = 0;
        let mut ends = 0;
        while ends < 2 {
            let packet = client.packet()?;
            match packet.first() {
                Some(&ERROR) => return None,
                Some(&EOF) if packet.len() < 9 => ends += 1,
                _ => rows += u64::from(ends == 1),
            }
        }
        (rows > 0).then_some(rows)
    });
}

struct Client {
    stream: BufReader<TcpStream>,
}

impl Client {
    fn enter(load: &Load, who: &Who<'_>) -> Option<Self> {
        let stream = TcpStream::connect(load.address).ok()?;
        stream.set_nodelay(true).ok()?;
        let mut client = Client { stream: BufReader::with_capacity(64 << 10, stream) };
        let hello = client.packet()?;
        let proof = proof(&scramble(&hello)?, who.password);
        let mut answer = CAPABILITIES.to_le_bytes().to_vec();
        answer.extend((16_u32 << 20).to_le_bytes());
        answer.push(45);
        answer.extend([0; 23]);
        answer.extend([who.user.as_bytes(), &[0, 20], &proof].concat());
        answer.extend([who.database.as_bytes(), &[0], b"mysql_native_password\0"].concat());
        client.send(1, &answer)?;
        (client.packet()?.first() == Some(&OK)).then_some(client)
    }

    fn send(&mut self, number: u8, body: &[u8]) -> Option<()> {
        let [a, b, c, _] = u32::try_from(body.len()).ok()?.to_le_bytes();
        self.stream.get_mut().write_all(&[&[a, b, c, number], body].concat()).ok()
    }

    fn packet(&mut self) -> Option<Vec<u8>> {
        let mut head = [0; 4];
        self.stream.read_exact(&mut head).ok()?;
        let mut body = vec![0; usize::try_from(u32::from_le_bytes([head[0], head[1], head[2], 0])).ok()?];
        self.stream.read_exact(&mut body).ok()?;
        Some(body)
    }
}

/// The twenty bytes to be answered (HandshakeV10).
fn scramble(hello: &[u8]) -> Option<Vec<u8>> {
    let version = hello.iter().position(|byte| *byte == 0)?;
    let first = hello.get(version + 5..version + 13)?;
    let second = hello.get(version + 32..version + 44)?;
    Some([first, second].concat())
}

/// SHA1(password) XOR SHA1(scramble, SHA1(SHA1(password))).
fn proof(scramble: &[u8], password: &str) -> Vec<u8> {
    let once = Sha1::digest(password);
    let twice = Sha1::digest(once);
    let mask = Sha1::digest([scramble, &twice].concat());
    once.iter().zip(mask).map(|(a, b)| a ^ b).collect()
}
