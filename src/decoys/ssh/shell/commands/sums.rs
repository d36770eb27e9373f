//! Checksums and dumps.

use base64::Engine;
use md5::{Digest, Md5};
use sha2::Sha256;

use super::{Call, Options};

/// `md5sum`, `sha1sum`, `sha256sum`
pub(super) fn sum(call: &mut Call) -> i32 {
    let options = Options::new(call.rest(), "");
    let mut status = 0;
    if let Some(folder) = options
        .operands
        .iter()
        .find(|o| call.shell.fs.stat(&call.shell.path(o)).is_ok_and(|m| m.is_directory()))
    {
        return call.fail(1, &format!("{folder}: Is a directory"));
    }
    for (name, bytes) in call.inputs(&options.operands, &mut status) {
        let digest = match call.name() {
            "md5sum" => hex::encode(Md5::digest(&bytes)),
            "sha1sum" => hex::encode(sha1(&bytes)),
            _ => hex::encode(Sha256::digest(&bytes)),
        };
        call.out(&format!("{digest}  {name}\n"));
    }
    status
}

/// SHA-1, FIPS 180-4 6.1: only to answer `sha1sum`.
fn sha1(bytes: &[u8]) -> [u8; 20] {
    let mut state: [u32; 5] = [0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476, 0xc3d2_e1f0];
    let mut padded = bytes.to_vec();
    padded.push(0x80);
    while padded.len() % 64 != 56 {
        padded.push(0);
    }
    padded.extend((u64::try_from(bytes.len()).unwrap_or(0) * 8).to_be_bytes());
    for block in padded.chunks_exact(64) {
        let mut words: Vec<u32> =
            block.chunks_exact(4).map(|w| w.iter().fold(0, |n, b| n << 8 | u32::from(*b))).collect();
        for n in 16..80 {
            let at = |back: usize| words.get(n - back).copied().unwrap_or(0);
            words.push((at(3) ^ at(8) ^ at(14) ^ at(16)).rotate_left(1));
        }
        let [mut a, mut b, mut c, mut d, mut e] = state;
        for (n, word) in words.iter().enumerate() {
            let (f, k) = match n / 20 {
                0 => (b & c | !b & d, 0x5a82_7999),
                1 => (b ^ c ^ d, 0x6ed9_eba1),
                2 => (b & c | b & d | c & d, 0x8f1b_bcdc),
                _ => (b ^ c ^ d, 0xca62_c1d6),
            };
            let next = a.rotate_left(5).wrapping_add(f).wrapping_add(e).wrapping_add(k).wrapping_add(*word);
            (e, d, c, b, a) = (d, c, b.rotate_left(30), a, next);
        }
        for (slot, value) in state.iter_mut().zip([a, b, c, d, e]) {
            *slot = slot.wrapping_add(value);
        }
    }
    let mut out = [0; 20];
    for (slot, byte) in out.iter_mut().zip(state.iter().flat_map(|w| w.to_be_bytes())) {
        *slot = byte;
    }
    out
}

/// `base64`
pub(super) fn base64(call: &mut Call) -> i32 {
    let options = Options::new(call.rest(), "w");
    let engine = base64::engine::general_purpose::STANDARD;
    let mut status = 0;
    let decode = options.has('d') || options.long.contains(&"--decode");
    let width = options
        .value('w')
        .or_else(|| options.long.iter().find_map(|l| l.strip_prefix("--wrap=")))
        .and_then(|w| w.parse::<usize>().ok())
        .unwrap_or(76);
    for (_, bytes) in call.inputs(&options.operands, &mut status) {
        if decode {
            let clean: Vec<u8> = bytes.into_iter().filter(|b| !b.is_ascii_whitespace()).collect();
            match engine.decode(&clean) {
                Ok(plain) => call.bytes(&plain),
                Err(_) => {
                    let whole = clean.len() / 4 * 4;
                    if let Ok(plain) = engine.decode(clean.get(..whole).unwrap_or_default()) {
                        call.bytes(&plain);
                    }
                    status = call.fail(1, "invalid input");
                }
            }
            continue;
        }
        let text = engine.encode(&bytes);
        if width == 0 {
            call.out(&text);
            continue;
        }
        for line in text.as_bytes().chunks(width) {
            call.bytes(line);
            call.out("\n");
        }
    }
    status
}

/// `xxd` and `hexdump -C`
pub(super) fn xxd(call: &mut Call) -> i32 {
    let options = Options::new(call.rest(), "lsnc");
    let mut status = 0;
    let canonical = call.name() == "hexdump";
    for (_, bytes) in call.inputs(&options.operands, &mut status) {
        let most = options
            .value('l')
            .or(options.value('n'))
            .and_then(|n| n.parse::<usize>().ok())
            .unwrap_or(usize::MAX);
        let bytes = bytes.get(..most.min(bytes.len())).unwrap_or_default();
        if options.has('p') {
            for line in bytes.chunks(30) {
                call.out(&format!("{}\n", hex::encode(line)));
            }
            continue;
        }
        for (n, line) in bytes.chunks(16).enumerate() {
            let shown: String = line
                .iter()
                .map(|b| if b.is_ascii_graphic() || *b == b' ' { char::from(*b) } else { '.' })
                .collect();
            if canonical {
                let cells: Vec<String> =
                    line.chunks(8).map(|half| half.iter().map(|b| format!("{b:02x} ")).collect()).collect();
                call.out(&format!("{:08x}  {:<49} |{shown}|\n", n * 16, cells.join(" ")));
            } else {
                let cells: Vec<String> = line.chunks(2).map(hex::encode).collect();
                call.out(&format!("{:08x}: {:<39}  {shown}\n", n * 16, cells.join(" ")));
            }
        }
        if canonical {
            call.out(&format!("{:08x}\n", bytes.len()));
        }
    }
    status
}

/// `od`: octal words, or `-c`, `-x`, `-t x1`.
pub(super) fn od(call: &mut Call) -> i32 {
    let options = Options::new(call.rest(), "tAN");
    let mut status = 0;
    let hex_bytes = options.value('t').is_some_and(|t| t.starts_with("x1"));
    let plain = options.value('A') == Some("n");
    for (_, bytes) in call.inputs(&options.operands, &mut status) {
        let most = options.value('N').and_then(|n| n.parse::<usize>().ok()).unwrap_or(usize::MAX);
        let bytes = bytes.get(..most.min(bytes.len())).unwrap_or_default();
        for (n, line) in bytes.chunks(16).enumerate() {
            let cells: String = if options.has('c') {
                line.iter().map(|b| character(*b)).collect()
            } else if hex_bytes {
                line.iter().map(|b| format!(" {b:02x}")).collect()
            } else {
                let words = line.chunks(2).map(|w| w.iter().rev().fold(0_u32, |n, b| n << 8 | u32::from(*b)));
                words
                    .map(|w| if options.has('x') { format!(" {w:04x}") } else { format!(" {w:06o}") })
                    .collect()
            };
            let head = if plain { String::new() } else { format!("{:07o}", n * 16) };
            call.out(&format!("{head}{cells}\n"));
        }
        if !plain {
            call.out(&format!("{:07o}\n", bytes.len()));
        }
    }
    status
}

fn character(byte: u8) -> String {
    match byte {
        0 => "  \\0".into(),
        b'\n' => "  \\n".into(),
        b'\t' => "  \\t".into(),
        b'\r' => "  \\r".into(),
        b if b.is_ascii_graphic() || b == b' ' => format!("   {}", char::from(b)),
        b => format!(" {b:03o}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sha1_of_known_texts() {
        assert_eq!(hex::encode(sha1(b"abc")), "a9993e364706816aba3e25717850c26c9cd0d89d");
        assert_eq!(hex::encode(sha1(b"")), "da39a3ee5e6b4b0d3255bfef95601890afd80709");
    }
}
