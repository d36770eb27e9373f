//! Steps that send bytes to the decoy itself.

use super::machines;

/// The pieces that a step sends; none when it sends none.
///
/// `send "TEXT"` with the escapes of Rust, `hex 16 03`, `hl7 MSH|…~PID|…` in a block of MLLP with `<cr>`
/// between segments, `http GET /path` with a head as browsers have it, `login-form PATH USER` with the
/// password of a lure, `dicom-echo CALLING CALLED`, `dicom-find CALLING CALLED`.
pub(super) fn pieces(host: &str, step: &str) -> Option<Vec<Vec<u8>>> {
    let (verb, rest) = step.split_once(' ').unwrap_or((step, ""));
    Some(match verb {
        "send" => vec![unescape(rest)],
        "hex" => vec![hex::decode(rest.replace(' ', "")).unwrap_or_else(|e| panic!("{step}: {e}"))],
        "hl7" => vec![mllp(rest)],
        "http" => vec![http(rest)],
        "form-in" => vec![form(host, rest)],
        "dicom-echo" => {
            let (calling, called) = rest.split_once(' ')?;
            vec![associate(calling, called, "1.2.840.10008.1.1"), echo(), release()]
        }
        "dicom-find" => {
            let (calling, called) = rest.split_once(' ')?;
            vec![associate(calling, called, STUDY_ROOT_FIND), find(), release()]
        }
        _ => return None,
    })
}

fn unescape(text: &str) -> Vec<u8> {
    let text = text.trim().trim_start_matches('"').trim_end_matches('"');
    let mut bytes = Vec::new();
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        if c != '\\' {
            bytes.extend_from_slice(c.to_string().as_bytes());
            continue;
        }
        match rest.next() {
            Some('r') => bytes.push(b'\r'),
            Some('n') => bytes.push(b'\n'),
            Some('t') => bytes.push(b'\t'),
            Some('\\') => bytes.push(b'\\'),
            Some('0') => bytes.push(0),
            Some('x') => {
                let digits: String = rest.by_ref().take(2).collect();
                bytes.push(u8::from_str_radix(&digits, 16).unwrap());
            }
            other => panic!("{text}: \\{other:?}"),
        }
    }
    bytes
}

fn mllp(text: &str) -> Vec<u8> {
    let mut bytes = vec![0x0b];
    bytes.extend_from_slice(text.replace("<cr>", "\r").as_bytes());
    bytes.extend_from_slice(b"\r\x1c\r");
    bytes
}

fn http(line: &str) -> Vec<u8> {
    let (line, agent) = line.split_once(" | ").unwrap_or((line, "Mozilla/5.0 (Windows NT 10.0; Win64; x64)"));
    format!("{line} HTTP/1.1\r\nHost: his.local\r\nUser-Agent: {agent}\r\nAccept: */*\r\n\r\n").into_bytes()
}

/// A form with fields `user=NAME&password=…` of a lure.
fn form(host: &str, text: &str) -> Vec<u8> {
    let mut words = text.split_whitespace();
    let (path, account) = (words.next().unwrap(), words.next().unwrap());
    let (user, secret) = (words.next().unwrap_or("username"), words.next().unwrap_or("password"));
    let password = machines::password(host, account).replace('@', "%40");
    let body = format!("{user}={account}&{secret}={password}");
    format!(
        "POST {path} HTTP/1.1\r\nHost: his.local\r\nContent-Type: application/x-www-form-urlencoded\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

const STUDY_ROOT_FIND: &str = "1.2.840.10008.5.1.4.1.2.2.1";

/// A-ASSOCIATE-RQ, PS3.8 9.3.2, with one presentation context in implicit VR little endian.
fn associate(calling: &str, called: &str, class: &str) -> Vec<u8> {
    let item = |kind: u8, body: &[u8]| {
        let mut item = vec![kind, 0];
        item.extend_from_slice(&u16::try_from(body.len()).unwrap().to_be_bytes());
        item.extend_from_slice(body);
        item
    };
    let context = [vec![1, 0, 0, 0], item(0x30, class.as_bytes()), item(0x40, b"1.2.840.10008.1.2")].concat();
    let user = [
        item(0x51, &16_384_u32.to_be_bytes()),
        item(0x52, b"1.2.276.0.7230010.3.0.3.6.7"),
        item(0x55, b"OFFIS_DCMTK_367"),
    ];
    let mut body = vec![0, 1, 0, 0];
    body.extend_from_slice(format!("{called:<16}{calling:<16}").as_bytes());
    body.extend_from_slice(&[0; 32]);
    body.extend(item(0x10, b"1.2.840.10008.3.1.1.1"));
    body.extend(item(0x20, &context));
    body.extend(item(0x50, &user.concat()));
    pdu(1, &body)
}

fn pdu(kind: u8, body: &[u8]) -> Vec<u8> {
    let mut pdu = vec![kind, 0];
    pdu.extend_from_slice(&u32::try_from(body.len()).unwrap().to_be_bytes());
    pdu.extend_from_slice(body);
    pdu
}

/// P-DATA-TF with one fragment that is whole.
fn data(is_command: bool, set: &[u8]) -> Vec<u8> {
    let length = u32::try_from(set.len() + 2).unwrap();
    let mut value = length.to_be_bytes().to_vec();
    value.extend_from_slice(&[1, 2 | u8::from(is_command)]);
    value.extend_from_slice(set);
    pdu(4, &value)
}

fn element(group: u16, element: u16, value: &[u8]) -> Vec<u8> {
    let mut value = value.to_vec();
    if value.len() % 2 == 1 {
        value.push(0);
    }
    let mut bytes = [group.to_le_bytes(), element.to_le_bytes()].concat();
    bytes.extend_from_slice(&u32::try_from(value.len()).unwrap().to_le_bytes());
    bytes.extend(value);
    bytes
}

/// A command set, PS3.7 E.1, with its group length.
fn command(class: &str, field: u16, has_set: bool) -> Vec<u8> {
    let parts = [
        element(0, 2, class.as_bytes()),
        element(0, 0x100, &field.to_le_bytes()),
        element(0, 0x110, &1_u16.to_le_bytes()),
        element(0, 0x700, &0_u16.to_le_bytes()),
        element(0, 0x800, &(if has_set { 0_u16 } else { 0x0101 }).to_le_bytes()),
    ]
    .concat();
    [element(0, 0, &u32::try_from(parts.len()).unwrap().to_le_bytes()), parts].concat()
}

fn echo() -> Vec<u8> {
    data(true, &command("1.2.840.10008.1.1", 0x30, false))
}

/// C-FIND of all studies.
fn find() -> Vec<u8> {
    let keys = [
        element(8, 0x52, b"STUDY "),
        element(0x10, 0x10, b"*"),
        element(0x10, 0x20, b""),
        element(0x20, 0xd, b""),
    ];
    [data(true, &command(STUDY_ROOT_FIND, 0x20, true)), data(false, &keys.concat())].concat()
}

fn release() -> Vec<u8> {
    pdu(5, &[0; 4])
}
