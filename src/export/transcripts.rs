//! A transcript as a text that people read: text as it is with control characters escaped, the rest as
//! hexadecimal digits.

use std::io::{self, Write};

use crate::record::transcript::{Entry, What};

/// Bytes of a dump per line.
const WIDTH: usize = 16;

/// Writes all entries.
pub(super) fn write(entries: impl Iterator<Item = Entry>, out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "< from the peer   > to the peer")?;
    for Entry { at, what } in entries {
        match what {
            What::Bytes { to_peer, bytes } => {
                let way = if to_peer { '>' } else { '<' };
                writeln!(out, "\n{at} {way} {} bytes", bytes.len())?;
                match std::str::from_utf8(&bytes).ok().filter(|text| is_text(text)) {
                    Some(text) => lines(text, out)?,
                    None => dump(&bytes, out)?,
                }
            }
            What::Reference { to_peer, name, length } => {
                let way = if to_peer { '>' } else { '<' };
                writeln!(out, "\n{at} {way} {length} bytes by name: {}", name.escape_debug())?;
            }
            What::Dropped { bytes } => writeln!(out, "\n{at} ! {bytes} bytes were not kept")?,
        }
    }
    Ok(())
}

fn is_text(text: &str) -> bool {
    text.chars().all(|c| !c.is_control() || matches!(c, '\r' | '\n' | '\t' | '\u{1b}' | '\u{8}' | '\u{7}'))
}

fn lines(text: &str, out: &mut impl Write) -> io::Result<()> {
    for line in text.split_inclusive('\n') {
        let shown: String = line.chars().map(escaped).collect();
        writeln!(out, "    {shown}")?;
    }
    Ok(())
}

fn escaped(c: char) -> String {
    match c {
        '\n' => String::new(),
        '\t' => "\t".into(),
        c if c.is_control() || crate::event::tainted::is_invisible(c) => c.escape_default().to_string(),
        c => c.to_string(),
    }
}

fn dump(bytes: &[u8], out: &mut impl Write) -> io::Result<()> {
    for (number, line) in bytes.chunks(WIDTH).enumerate() {
        let digits: Vec<String> = line.iter().map(|byte| format!("{byte:02x}")).collect();
        let shown: String =
            line.iter().map(|byte| if (32..127).contains(byte) { char::from(*byte) } else { '.' }).collect();
        writeln!(out, "    {:08x}  {:<47}  {shown}", number * WIDTH, digits.join(" "))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;

    #[test]
    fn nothing_moves_the_readers_cursor() {
        let at = Timestamp::UNIX_EPOCH;
        let bytes = |to_peer, bytes: &[u8]| Entry { at, what: What::Bytes { to_peer, bytes: bytes.into() } };
        let entries =
            [bytes(false, b"id\x1b[2J\r\n"), bytes(true, b"\x00\x01A"), bytes(true, "张\n".as_bytes())];
        let mut out = Vec::new();
        write(entries.into_iter(), &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert!(text.contains("    id\\u{1b}[2J\\r\n"), "{text}");
        assert!(text.contains("00000000  00 01 41"), "{text}");
        assert!(text.contains("    张\n"), "{text}");
    }
}
