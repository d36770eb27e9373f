//! Checksums and dumps.

use base64::Engine;
use md5::{Digest, Md5};
use sha1::Sha1;
use sha2::{Sha224, Sha256, Sha384, Sha512};

use super::{Call, Options};

/// `md5sum`, `sha1sum` and the `sha…sum` of FIPS 180-4.
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
            "sha1sum" => hex::encode(Sha1::digest(&bytes)),
            "sha224sum" => hex::encode(Sha224::digest(&bytes)),
            "sha384sum" => hex::encode(Sha384::digest(&bytes)),
            "sha512sum" => hex::encode(Sha512::digest(&bytes)),
            _ => hex::encode(Sha256::digest(&bytes)),
        };
        call.out(&format!("{digest}  {name}\n"));
    }
    status
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

/// `cksum`: the CRC of POSIX, and the length.
pub(super) fn cksum(call: &mut Call) -> i32 {
    let options = Options::new(call.rest(), "a");
    let mut status = 0;
    for (name, bytes) in call.inputs(&options.operands, &mut status) {
        let shown = if options.operands.is_empty() { String::new() } else { format!(" {name}") };
        call.out(&format!("{} {}{shown}\n", posix_crc(&bytes), bytes.len()));
    }
    status
}

/// POSIX.1-2017, cksum: CRC-32 of the bytes and of their count, high bit first.
fn posix_crc(bytes: &[u8]) -> u32 {
    let mut length = bytes.len();
    let mut tail = Vec::new();
    while length > 0 {
        tail.push(u8::try_from(length & 0xff).unwrap_or(0));
        length >>= 8;
    }
    !bytes.iter().chain(&tail).fold(0_u32, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte) << 24, |crc, _| {
            if crc & 0x8000_0000 == 0 { crc << 1 } else { crc << 1 ^ 0x04c1_1db7 }
        })
    })
}

/// `sum`: the rotating checksum of BSD and blocks of 1 KiB.
pub(super) fn bsd_sum(call: &mut Call) -> i32 {
    let options = Options::new(call.rest(), "");
    let mut status = 0;
    for (name, bytes) in call.inputs(&options.operands, &mut status) {
        let sum = bytes.iter().fold(0_u16, |sum, byte| sum.rotate_right(1).wrapping_add(u16::from(*byte)));
        let shown = if options.operands.is_empty() { String::new() } else { format!(" {name}") };
        call.out(&format!("{sum:05} {:>5}{shown}\n", bytes.len().div_ceil(1024)));
    }
    status
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_of_posix() {
        assert_eq!(posix_crc(b""), 4_294_967_295);
        assert_eq!(posix_crc(b"abc"), 1_219_131_554);
    }
}
