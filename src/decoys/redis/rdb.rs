//! The snapshot file of the product, version 9, as far as its own keys need it.

use super::data::{Entry, Value};

/// A snapshot of one database. `aux` are the fields before it. The checksum is off, as the product allows.
pub(super) fn write<'a>(
    aux: &[(&str, String)],
    entries: impl Iterator<Item = (&'a String, &'a Entry)>,
) -> Vec<u8> {
    const AUX: u8 = 0xfa;
    const SELECT: u8 = 0xfe;
    const EXPIRES_MS: u8 = 0xfc;
    const END: u8 = 0xff;
    let mut out = b"REDIS0009".to_vec();
    for (name, value) in aux {
        out.push(AUX);
        text(&mut out, name.as_bytes());
        text(&mut out, value.as_bytes());
    }
    out.extend_from_slice(&[SELECT, 0]);
    for (key, entry) in entries {
        if let Some(at) = entry.expires {
            out.push(EXPIRES_MS);
            out.extend_from_slice(&at.to_le_bytes());
        }
        let (kind, items): (u8, Vec<&[u8]>) = match &entry.value {
            Value::Text(bytes) => (0, vec![bytes]),
            Value::List(items) => (1, items.iter().map(Vec::as_slice).collect()),
            Value::Set(items) => (2, items.iter().map(Vec::as_slice).collect()),
            Value::Hash(pairs) => (4, pairs.iter().flat_map(|(k, v)| [k.as_slice(), v.as_slice()]).collect()),
        };
        out.push(kind);
        text(&mut out, key.as_bytes());
        match kind {
            0 => {}
            4 => length(&mut out, items.len() / 2),
            _ => length(&mut out, items.len()),
        }
        items.iter().for_each(|item| text(&mut out, item));
    }
    out.push(END);
    out.extend_from_slice(&[0; 8]);
    out
}

fn length(out: &mut Vec<u8>, length: usize) {
    match (u8::try_from(length), u16::try_from(length)) {
        (Ok(short @ 0..64), _) => out.push(short),
        (_, Ok(middle @ 0..16_384)) => out.extend_from_slice(&(middle | 0x4000).to_be_bytes()),
        _ => {
            out.push(0x80);
            out.extend_from_slice(&u32::try_from(length).unwrap_or(u32::MAX).to_be_bytes());
        }
    }
}

fn text(out: &mut Vec<u8>, bytes: &[u8]) {
    length(out, bytes.len());
    out.extend_from_slice(bytes);
}
