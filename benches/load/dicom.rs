//! DICOM as a client of ours sends it, with quick acknowledgements: without them every server on
//! DCMTK waits some 43 ms for the kernel, and one would measure that.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use socket2::SockRef;

use crate::{Load, measure};

const VERIFICATION: &str = "1.2.840.10008.1.1";
const STUDY_FIND: &str = "1.2.840.10008.5.1.4.1.2.2.1";
const STUDY_MOVE: &str = "1.2.840.10008.5.1.4.1.2.2.2";
const STUDY_GET: &str = "1.2.840.10008.5.1.4.1.2.2.3";
const CT_STORAGE: &str = "1.2.840.10008.5.1.4.1.1.2";
const IMPLICIT: &str = "1.2.840.10008.1.2";

/// Associations with one C-ECHO and a release, a second.
pub(crate) fn echo(load: &Load, called: &str) {
    let echo = Echo::new(called);
    measure(load, "echoes", |_| (), |()| echo.once(load));
}

/// Tries C-ECHO until the first answer and says when that was, in ns since 1970.
pub(crate) fn first(load: &Load, called: &str) {
    let echo = Echo::new(called);
    let start = Instant::now();
    while start.elapsed() < load.duration {
        if echo.once(load).is_some() {
            let at = SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock after 1970");
            println!("answered_at_ns={}", at.as_nanos());
            return;
        }
        thread::sleep(Duration::from_millis(1));
    }
    println!("no answer");
}

struct Echo {
    request: Vec<u8>,
    command: Vec<u8>,
}

impl Echo {
    fn new(called: &str) -> Self {
        let request = associate(called, &[VERIFICATION], false);
        let command = command(&[
            (0x0002, Value::Uid(VERIFICATION)),
            (0x0100, Value::Us(0x30)),
            (0x0110, Value::Us(1)),
            (0x0800, Value::Us(0x0101)),
        ]);
        Echo { request, command }
    }

    fn once(&self, load: &Load) -> Option<u64> {
        let mut peer = Peer::connect(load)?;
        peer.exchange(&self.request, 0x02)?;
        peer.send(&pdata(1, 3, &self.command))?;
        let (_, _, answer) = peer.message()?;
        let done = status(&answer)? == 0;
        peer.exchange(&[5, 0, 0, 0, 0, 4, 0, 0, 0, 0], 0x06)?;
        done.then_some(1)
    }
}

/// C-FINDs at study level on one association, with their answers. Keys are `GGGGEEEE=value`, or
/// `GGGGEEEE=@file` to ask for each line of a file in turn.
pub(crate) fn find(load: &Load, called: &str, keys: &[&str]) {
    let request = associate(called, &[STUDY_FIND], false);
    let command = command(&[
        (0x0002, Value::Uid(STUDY_FIND)),
        (0x0100, Value::Us(0x20)),
        (0x0110, Value::Us(1)),
        (0x0700, Value::Us(0)),
        (0x0800, Value::Us(1)),
    ]);
    let identifiers = identifiers(keys);
    let connect = |_| (Peer::associated(load, &request), identifiers.iter().cycle());
    measure(load, "answers", connect, |(peer, questions)| {
        let peer = peer.as_mut()?;
        peer.send(&pdata(1, 3, &command))?;
        peer.send(&pdata(1, 2, questions.next()?))?;
        let mut answers = 0;
        loop {
            let (_, is_command, bytes) = peer.message()?;
            match is_command.then(|| status(&bytes)) {
                Some(Some(0xff00 | 0xff01)) => answers += 1,
                Some(Some(0)) => return Some(answers),
                Some(_) => return None,
                None => {}
            }
        }
    });
}

/// C-GETs of one study, in bytes received.
pub(crate) fn get(load: &Load, called: &str, study: &str) {
    let request = associate(called, &[STUDY_GET, CT_STORAGE], true);
    let command = command(&[
        (0x0002, Value::Uid(STUDY_GET)),
        (0x0100, Value::Us(0x10)),
        (0x0110, Value::Us(1)),
        (0x0700, Value::Us(0)),
        (0x0800, Value::Us(1)),
    ]);
    let identifier = identifier(&[&format!("0020000D={study}")]);
    let connect = |_| Peer::associated(load, &request);
    measure(load, "bytes", connect, |peer| {
        let peer = peer.as_mut()?;
        peer.send(&pdata(1, 3, &command))?;
        peer.send(&pdata(1, 2, &identifier))?;
        let mut bytes = 0;
        loop {
            let (context, is_command, message) = peer.message()?;
            if !is_command {
                bytes += message.len() as u64;
                let answer = store_answer(&peer.last_store);
                peer.send(&pdata(context, 3, &answer))?;
            } else if us(&message, 0x0100)? == 1 {
                peer.last_store = message;
            } else if status(&message)? != 0xff00 {
                return (status(&message)? == 0).then_some(bytes);
            }
        }
    });
}

/// C-MOVE of a study of so many bytes to a destination that the archive knows; only moves without a
/// failed sub-operation count.
pub(crate) fn relocate(load: &Load, called: &str, destination: &str, study: &str, bytes: u64) {
    let request = associate(called, &[STUDY_MOVE], false);
    let command = command(&[
        (0x0002, Value::Uid(STUDY_MOVE)),
        (0x0100, Value::Us(0x21)),
        (0x0110, Value::Us(1)),
        (0x0600, Value::Title(destination)),
        (0x0700, Value::Us(0)),
        (0x0800, Value::Us(1)),
    ]);
    let identifier = identifier(&[&format!("0020000D={study}")]);
    let connect = |_| Peer::associated(load, &request);
    measure(load, "bytes", connect, |peer| {
        let peer = peer.as_mut()?;
        peer.send(&pdata(1, 3, &command))?;
        peer.send(&pdata(1, 2, &identifier))?;
        loop {
            let (_, is_command, message) = peer.message()?;
            if is_command && status(&message)? != 0xff00 {
                let failed = us(&message, 0x1022).unwrap_or(0);
                return (status(&message)? == 0 && failed == 0).then_some(bytes);
            }
        }
    });
}

/// Opens CLIENTS associations and holds them for SECONDS, so that their memory can be read.
pub(crate) fn hold(load: &Load, called: &str) {
    let request = associate(called, &[VERIFICATION, STUDY_FIND], false);
    let start = Instant::now();
    let held: Vec<Peer> = (0..load.clients).filter_map(|_| Peer::associated(load, &request)).collect();
    println!("open={} opened_in_s={:.1}", held.len(), start.elapsed().as_secs_f64());
    thread::sleep(load.duration);
}

struct Peer {
    stream: TcpStream,
    buffer: Vec<u8>,
    last_store: Vec<u8>,
}

impl Peer {
    fn connect(load: &Load) -> Option<Self> {
        let stream = TcpStream::connect(load.address).ok()?;
        stream.set_nodelay(true).ok()?;
        Some(Peer { stream, buffer: vec![0; 1 << 17], last_store: Vec::new() })
    }

    fn associated(load: &Load, request: &[u8]) -> Option<Self> {
        let mut peer = Peer::connect(load)?;
        peer.exchange(request, 0x02)?;
        Some(peer)
    }

    fn send(&mut self, bytes: &[u8]) -> Option<()> {
        self.stream.write_all(bytes).ok()
    }

    fn exchange(&mut self, bytes: &[u8], expected: u8) -> Option<()> {
        self.send(bytes)?;
        (self.pdu()?.0 == expected).then_some(())
    }

    fn fill(&mut self, length: usize) -> Option<()> {
        let mut have = 0;
        if self.buffer.len() < length {
            self.buffer.resize(length, 0);
        }
        while have < length {
            // The kernel forgets this wish after a while, so it is told before each read.
            let _ = SockRef::from(&self.stream).set_tcp_quickack(true);
            match self.stream.read(&mut self.buffer[have..length]).ok()? {
                0 => return None,
                read => have += read,
            }
        }
        Some(())
    }

    /// Type and length of the next PDU; its body is in the buffer.
    fn pdu(&mut self) -> Option<(u8, usize)> {
        self.fill(6)?;
        let kind = self.buffer[0];
        let length = u32::from_be_bytes(self.buffer[2..6].try_into().ok()?) as usize;
        self.fill(length)?;
        Some((kind, length))
    }

    /// The next whole command or data set: context, whether it is a command, its bytes.
    fn message(&mut self) -> Option<(u8, bool, Vec<u8>)> {
        let mut message = Vec::new();
        loop {
            let (kind, length) = self.pdu()?;
            if kind != 4 {
                return None;
            }
            let mut at = 0;
            while at + 6 <= length {
                let size = u32::from_be_bytes(self.buffer[at..at + 4].try_into().ok()?) as usize;
                let (context, control) = (self.buffer[at + 4], self.buffer[at + 5]);
                message.extend_from_slice(self.buffer.get(at + 6..at + 4 + size)?);
                at += 4 + size;
                if control & 2 != 0 {
                    return Some((context, control & 1 != 0, message));
                }
            }
        }
    }
}

enum Value<'a> {
    Us(u16),
    Uid(&'a str),
    Title(&'a str),
}

fn associate(called: &str, abstract_syntaxes: &[&str], roles: bool) -> Vec<u8> {
    let mut items = item(0x10, b"1.2.840.10008.3.1.1.1");
    for (i, syntax) in abstract_syntaxes.iter().enumerate() {
        let mut context = vec![i as u8 * 2 + 1, 0, 0, 0];
        context.extend(item(0x30, syntax.as_bytes()));
        context.extend(item(0x40, IMPLICIT.as_bytes()));
        items.extend(item(0x20, &context));
    }
    let mut user = item(0x51, &(1u32 << 17).to_be_bytes());
    user.extend(item(0x52, b"1.2.276.0.7230010.3.0.3.6.7"));
    if roles {
        let mut role = (CT_STORAGE.len() as u16).to_be_bytes().to_vec();
        role.extend_from_slice(CT_STORAGE.as_bytes());
        role.extend_from_slice(&[0, 1]);
        user.extend(item(0x54, &role));
    }
    user.extend(item(0x55, b"OFFIS_DCMTK_367"));
    items.extend(item(0x50, &user));
    let mut body = vec![0, 1, 0, 0];
    body.extend_from_slice(format!("{called:<16}{:<16}", "LOAD").as_bytes());
    body.extend_from_slice(&[0; 32]);
    body.extend(items);
    let mut pdu = vec![1, 0];
    pdu.extend_from_slice(&(body.len() as u32).to_be_bytes());
    pdu.extend(body);
    pdu
}

fn item(kind: u8, body: &[u8]) -> Vec<u8> {
    let mut out = vec![kind, 0];
    out.extend_from_slice(&(body.len() as u16).to_be_bytes());
    out.extend_from_slice(body);
    out
}

fn pdata(context: u8, control: u8, body: &[u8]) -> Vec<u8> {
    let mut out = vec![4, 0];
    out.extend_from_slice(&(body.len() as u32 + 6).to_be_bytes());
    out.extend_from_slice(&(body.len() as u32 + 2).to_be_bytes());
    out.extend_from_slice(&[context, control]);
    out.extend_from_slice(body);
    out
}

fn element(group: u16, element: u16, value: &[u8]) -> Vec<u8> {
    let mut out = group.to_le_bytes().to_vec();
    out.extend_from_slice(&element.to_le_bytes());
    out.extend_from_slice(&(value.len() as u32).to_le_bytes());
    out.extend_from_slice(value);
    out
}

fn command(elements: &[(u16, Value<'_>)]) -> Vec<u8> {
    let mut body = Vec::new();
    for (tag, value) in elements {
        match value {
            Value::Us(number) => body.extend(element(0, *tag, &number.to_le_bytes())),
            Value::Uid(uid) => body.extend(element(0, *tag, &padded(uid, 0))),
            Value::Title(title) => body.extend(element(0, *tag, &padded(title, b' '))),
        }
    }
    let mut out = element(0, 0, &(body.len() as u32).to_le_bytes());
    out.extend(body);
    out
}

/// STUDY level with these keys, sorted by tag.
fn identifiers(keys: &[&str]) -> Vec<Vec<u8>> {
    let Some((tag, file)) = keys.iter().find_map(|key| key.split_once("=@")) else {
        return vec![identifier(keys)];
    };
    let lines = std::fs::read_to_string(file).expect("a file of values");
    let question = |line: &str| {
        let asked = format!("{tag}={line}");
        let rest = keys.iter().copied().filter(|key| !key.starts_with(tag));
        identifier(&rest.chain([asked.as_str()]).collect::<Vec<_>>())
    };
    lines.lines().map(question).collect()
}

fn identifier(keys: &[&str]) -> Vec<u8> {
    let mut elements = vec![(0x0008, 0x0052, "STUDY ".as_bytes().to_vec())];
    for key in keys {
        let (tag, value) = key.split_once('=').expect("GGGGEEEE=value");
        let tag = u32::from_str_radix(tag, 16).expect("GGGGEEEE=value");
        let pad = if tag == 0x0020_000d { 0 } else { b' ' };
        elements.push(((tag >> 16) as u16, tag as u16, padded(value, pad)));
    }
    elements.sort();
    elements.into_iter().flat_map(|(group, tag, value)| element(group, tag, &value)).collect()
}

fn padded(text: &str, pad: u8) -> Vec<u8> {
    let mut bytes = text.as_bytes().to_vec();
    if bytes.len() % 2 == 1 {
        bytes.push(pad);
    }
    bytes
}

fn find_element(command: &[u8], tag: u16) -> Option<&[u8]> {
    let mut at = 0;
    while at + 8 <= command.len() {
        let found = u16::from_le_bytes(command[at + 2..at + 4].try_into().ok()?);
        let length = u32::from_le_bytes(command[at + 4..at + 8].try_into().ok()?) as usize;
        if found == tag {
            return command.get(at + 8..at + 8 + length);
        }
        at += 8 + length;
    }
    None
}

fn us(command: &[u8], tag: u16) -> Option<u16> {
    find_element(command, tag)?.try_into().ok().map(u16::from_le_bytes)
}

fn status(command: &[u8]) -> Option<u16> {
    us(command, 0x0900)
}

fn store_answer(request: &[u8]) -> Vec<u8> {
    let uid = |tag| {
        String::from_utf8_lossy(find_element(request, tag).unwrap_or_default())
            .trim_end_matches('\0')
            .to_owned()
    };
    let (class, instance) = (uid(0x0002), uid(0x1000));
    command(&[
        (0x0002, Value::Uid(&class)),
        (0x0100, Value::Us(0x8001)),
        (0x0120, Value::Us(us(request, 0x0110).unwrap_or(0))),
        (0x0800, Value::Us(0x0101)),
        (0x0900, Value::Us(0)),
        (0x1000, Value::Uid(&instance)),
    ])
}
