//! What happens in clear before the library: identification lines (RFC 4253 4.2) and the client's
//! KEXINIT (7.1), from which HASSH is taken.

use md5::{Digest, Md5};

/// Longest identification line OpenSSH reads (`SSH_MAX_BANNER_LEN`).
pub const MAX_LINE: usize = 8192;

/// Longest packet of clear text that is looked at for a KEXINIT; real ones have 1 to 3 KiB.
pub const MAX_KEXINIT: usize = 35_000;

/// Sent to a client whose line can't be read.
pub const INVALID: &[u8] = b"Invalid SSH identification string.\r\n";

/// Sent to a client of another major version.
pub const DIFFER: &[u8] = b"Protocol major versions differ.\r\n";

/// What a client's line amounts to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Line {
    /// More bytes are needed.
    More,
    /// A client to go on with; its line without the line end.
    Client(String),
    /// Not SSH: answer [`INVALID`] and close.
    Invalid(&'static str),
    /// Another major version: answer [`DIFFER`] and close.
    Differ,
    /// A known scanner: close without a word.
    Scanner,
}

/// Judges a client's line as sshd 9.2 does (`kex_exchange_identification`), byte by byte.
pub fn judge(line: &[u8]) -> Line {
    if line.len() > MAX_LINE {
        return Line::Invalid("identification line too long");
    }
    let (body, complete) = match line.split_last() {
        Some((b'\n', body)) => (body, true),
        _ => (line, false),
    };
    let text = match (body.split_last(), complete) {
        (Some((b'\r', text)), _) => text,
        _ => body,
    };
    if text.contains(&0) {
        return Line::Invalid("identification line with NUL");
    }
    if text.contains(&b'\r') {
        return Line::Invalid("identification line with CR inside");
    }
    if !complete {
        return Line::More;
    }
    match text.strip_prefix(b"SSH-") {
        Some(rest) => version(rest, &String::from_utf8_lossy(text)),
        None => Line::Invalid("not an identification line"),
    }
}

/// `%d.%d-%s` behind `SSH-`.
fn version(rest: &[u8], whole: &str) -> Line {
    let invalid = Line::Invalid("not an identification line");
    let rest = String::from_utf8_lossy(rest);
    let Some((numbers, software)) = rest.split_once('-') else { return invalid };
    let Some((major, minor)) = numbers.split_once('.') else { return invalid };
    let (Ok(major), Ok(minor)) = (major.parse::<i32>(), minor.parse::<i32>()) else { return invalid };
    if software.is_empty() {
        return invalid;
    }
    match (major, minor) {
        (2, _) | (1, 99) => {}
        _ => return Line::Differ,
    }
    if software.starts_with("Probe-") || software.starts_with("SSH_Version_Mapper") {
        return Line::Scanner;
    }
    Line::Client(whole.to_owned())
}

/// The line handed to the library, which knows 2.0 and 1.99 and short lines only: others are made
/// to fit, after which the exchange hash differs and the client ends as it would with any fault.
pub fn for_library(line: &str) -> String {
    let software = line.splitn(3, '-').nth(2).unwrap_or("x");
    let version = if line.starts_with("SSH-1.99-") { "1.99" } else { "2.0" };
    let mut fitted = format!("SSH-{version}-{software}");
    while fitted.len() > 250 {
        fitted.pop();
    }
    fitted
}

/// Name-lists of a KEXINIT that HASSH takes: kex, then client-to-server encryption, MAC and compression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kexinit {
    /// `kex;encryption;mac;compression`
    pub algorithms: String,
}

impl Kexinit {
    /// HASSH: MD5 over the lists, lower-case hex.
    pub fn hassh(&self) -> String {
        hex::encode(Md5::digest(self.algorithms.as_bytes()))
    }
}

/// Reads the first binary packet when all of it is there: `Ok(None)` asks for more bytes.
///
/// # Errors
/// The rule that the packet breaks.
pub fn kexinit(bytes: &[u8]) -> Result<Option<Kexinit>, &'static str> {
    let Some((length, rest)) = bytes.split_first_chunk::<4>() else { return Ok(None) };
    let length = usize::try_from(u32::from_be_bytes(*length)).unwrap_or(usize::MAX);
    if !(5..=MAX_KEXINIT).contains(&length) {
        return Err("packet length");
    }
    let Some(packet) = rest.get(..length) else { return Ok(None) };
    let Some((padding, payload)) = packet.split_first() else { return Err("packet length") };
    let end = payload.len().checked_sub(usize::from(*padding)).ok_or("padding length")?;
    let payload = payload.get(..end).ok_or("padding length")?;
    if payload.first() != Some(&20) {
        return Err("first packet is no KEXINIT");
    }
    let mut rest = payload.get(17..).ok_or("KEXINIT is short")?;
    let mut lists = Vec::with_capacity(8);
    for _ in 0..8 {
        let (length, tail) = rest.split_first_chunk::<4>().ok_or("KEXINIT is short")?;
        let length = usize::try_from(u32::from_be_bytes(*length)).unwrap_or(usize::MAX);
        lists.push(String::from_utf8_lossy(tail.get(..length).ok_or("name-list length")?));
        rest = tail.get(length..).unwrap_or_default();
    }
    let pick: Vec<&str> = [0, 2, 4, 6].iter().filter_map(|i| lists.get(*i)).map(AsRef::as_ref).collect();
    Ok(Some(Kexinit { algorithms: pick.join(";") }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_as_sshd_judges_them() {
        let invalid = |line: &[u8]| matches!(judge(line), Line::Invalid(_));
        assert!(invalid(b"SSH-1337-x\r\n"));
        assert_eq!(judge(b"SSH-1.5-x\r\n"), Line::Differ);
        assert_eq!(judge(b"SSH-2.2-x\r\n"), Line::Client("SSH-2.2-x".into()));
        assert_eq!(judge(b"SSH-1.99-x\n"), Line::Client("SSH-1.99-x".into()));
        assert!(invalid(b"GET / HTTP/1.0\r\n"));
        assert!(invalid(b"\n") && invalid(b"SSH-2.0-\r\n") && invalid(b"SSH-2.0\r\n"));
        assert!(invalid(b"SSH-2.0-\0") && invalid(b"SSH-2.0-a\rb"));
        assert_eq!(judge(b"SSH-2.0-Probe-1\r\n"), Line::Scanner);
        assert!(invalid(&[b'A'; MAX_LINE + 1]));
    }

    #[test]
    fn a_line_is_read_at_every_split() {
        let line = b"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n";
        for cut in 0..line.len() {
            assert_eq!(judge(&line[..cut]), Line::More, "cut at {cut}");
        }
    }

    #[test]
    fn a_long_or_odd_version_is_fitted() {
        assert_eq!(for_library("SSH-2.2-x-y"), "SSH-2.0-x-y");
        assert_eq!(for_library("SSH-1.99-x"), "SSH-1.99-x");
        assert_eq!(for_library(&format!("SSH-2.0-{}", "A".repeat(300))).len(), 250);
    }

    fn packet(lists: [&str; 8]) -> Vec<u8> {
        let mut payload = vec![20];
        payload.extend([0; 16]);
        for list in lists {
            payload.extend(u32::try_from(list.len()).unwrap().to_be_bytes());
            payload.extend(list.bytes());
        }
        let mut out = u32::try_from(payload.len() + 5).unwrap().to_be_bytes().to_vec();
        out.push(4);
        out.extend(payload);
        out.extend([0; 4]);
        out
    }

    #[test]
    fn hassh_of_known_lists() {
        let bytes = packet(["a,b", "k", "c1", "c2", "m1", "m2", "none", "zlib"]);
        for cut in 0..bytes.len() {
            assert_eq!(kexinit(&bytes[..cut]), Ok(None));
        }
        let read = kexinit(&bytes).unwrap().unwrap();
        assert_eq!(read.algorithms, "a,b;c1;m1;none");
        assert_eq!(read.hassh(), hex::encode(Md5::digest(b"a,b;c1;m1;none")));
    }

    #[test]
    fn broken_packets_are_named() {
        assert_eq!(kexinit(&[0xff; 8]), Err("packet length"));
        assert_eq!(kexinit(&[0, 0, 0, 8, 9, 20, 0, 0, 0, 0, 0, 0]), Err("padding length"));
        assert_eq!(kexinit(&[0, 0, 0, 8, 0, 21, 0, 0, 0, 0, 0, 0]), Err("first packet is no KEXINIT"));
    }
}
