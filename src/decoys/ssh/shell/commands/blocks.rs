//! Programs that copy and cut by the byte: `dd`, `truncate`, `shred`.

use std::time::Duration;

use super::{Call, Options};
use crate::decoys::ssh::shell::fs::MAX_FILE;
use crate::decoys::ssh::shell::node::Errno;

/// Bytes a disk of the machine moves in a second, for the figure that `dd` prints.
const DISK_SPEED: u64 = 900 << 20;

/// A number with a unit: `4k`, `1M`, `2MB`.
pub(super) fn size(text: &str) -> Option<usize> {
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let factor: usize = match unit {
        "" | "c" => 1,
        "b" => 512,
        "k" | "K" | "KiB" => 1 << 10,
        "kB" | "KB" => 1000,
        "M" | "MiB" => 1 << 20,
        "MB" => 1_000_000,
        "G" | "GiB" => 1 << 30,
        "GB" => 1_000_000_000,
        _ => return None,
    };
    number.parse::<usize>().ok()?.checked_mul(factor)
}

/// Bytes of a source, devices included.
fn source(call: &mut Call, name: &str, wanted: usize) -> Result<Vec<u8>, Errno> {
    match name {
        "" => Ok(std::mem::take(&mut call.input)),
        "/dev/zero" => Ok(vec![0; wanted.min(MAX_FILE)]),
        "/dev/urandom" | "/dev/random" => {
            let words = wanted.min(MAX_FILE).div_ceil(4);
            let mut bytes: Vec<u8> = (0..words).flat_map(|_| call.shell.random().to_le_bytes()).collect();
            bytes.truncate(wanted);
            Ok(bytes)
        }
        name => call.shell.fs.read(&call.shell.path(name)),
    }
}

/// Whether `dd` reads standard input.
pub(super) fn dd_reads(arguments: &[String]) -> bool {
    !arguments.iter().any(|a| a.starts_with("if="))
}

/// `dd`
pub(super) fn dd(call: &mut Call) -> i32 {
    let value = |name: &str| call.rest().iter().rev().find_map(|a| a.strip_prefix(name)?.strip_prefix('='));
    if let Some(bad) = call.rest().iter().find(|a| !a.contains('=')) {
        return call.fail(1, &format!("unrecognized operand ‘{bad}’\nTry 'dd --help' for more information."));
    }
    for name in ["bs", "count", "skip", "seek", "ibs", "obs"] {
        if let Some(text) = value(name).filter(|t| size(t).is_none()) {
            return call.fail(1, &format!("invalid number: ‘{text}’"));
        }
    }
    let block = value("bs").or(value("ibs")).and_then(size).unwrap_or(512).max(1);
    let skip = value("skip").and_then(size).unwrap_or(0);
    let count = value("count").and_then(size);
    let (from, to) = (value("if").unwrap_or_default(), value("of").map(str::to_owned));
    let quiet = value("status").is_some_and(|s| s == "none" || s == "noxfer");
    let wanted = count.map_or(MAX_FILE, |c| c.saturating_mul(block));
    let bytes = match source(call, from, wanted) {
        Ok(bytes) => bytes,
        Err(errno) => return call.fail(1, &format!("failed to open '{from}': {errno}")),
    };
    let start = skip.saturating_mul(block).min(bytes.len());
    let piece = bytes.get(start..).unwrap_or_default();
    let piece = piece.get(..wanted.min(piece.len())).unwrap_or_default();
    // What is larger than a decoy keeps is as if the disk had been filled.
    let full = wanted > MAX_FILE && from.starts_with("/dev/") && count.is_some();
    match &to {
        Some(path) => {
            if let Err(errno) = call.shell.fs.write(&call.shell.path(path), piece, false) {
                return call.fail(1, &format!("failed to open '{path}': {errno}"));
            }
        }
        None => call.bytes(piece),
    }
    if full {
        let name = to.clone().unwrap_or_default();
        call.fail(1, &format!("error writing '{name}': {}", Errno::NoSpace));
    }
    if !quiet {
        report(call, piece.len(), block);
    }
    i32::from(full)
}

fn report(call: &mut Call, length: usize, block: usize) {
    let records = format!("{}+{}", length / block, usize::from(!length.is_multiple_of(block)));
    let bytes = u64::try_from(length).unwrap_or(0);
    let nanos =
        40_000 + u64::from(call.shell.random() % 30_000) + bytes.saturating_mul(1_000_000_000) / DISK_SPEED;
    call.pause(Duration::from_nanos(nanos));
    let seconds = Duration::from_nanos(nanos).as_secs_f64();
    let rate = u64::try_from(u128::from(bytes) * 1_000_000_000 / u128::from(nanos.max(1))).unwrap_or(0);
    let plural = if length == 1 { "byte" } else { "bytes" };
    let also = match length {
        0..1000 => String::new(),
        1000..1024 => format!(" ({}, {bytes} B)", decimal(bytes)),
        _ => format!(" ({}, {})", decimal(bytes), binary(bytes)),
    };
    call.error(&format!(
        "{records} records in\n{records} records out\n{length} {plural}{also} copied, {} s, {}/s\n",
        significant(seconds),
        decimal(rate)
    ));
}

fn scaled(value: u64, base: u64, units: &[&str]) -> String {
    let (mut unit, mut scale) = (0, 1);
    while value / scale >= base && unit + 1 < units.len() {
        scale *= base;
        unit += 1;
    }
    let name = units.get(unit).copied().unwrap_or_default();
    let tenths = (u128::from(value) * 10 + u128::from(scale) / 2) / u128::from(scale);
    if unit == 0 {
        format!("{value} {name}")
    } else if tenths >= 100 {
        format!("{} {name}", (tenths + 5) / 10)
    } else {
        format!("{}.{} {name}", tenths / 10, tenths % 10)
    }
}

fn decimal(value: u64) -> String {
    scaled(value, 1000, &["B", "kB", "MB", "GB", "TB"])
}

fn binary(value: u64) -> String {
    scaled(value, 1024, &["B", "KiB", "MiB", "GiB", "TiB"])
}

/// Six significant digits, as `%g` prints them.
fn significant(seconds: f64) -> String {
    if seconds < 1e-4 {
        return format!("{seconds:.4e}").replace("e-", "e-0");
    }
    let before = if seconds < 1.0 { seconds.log10().floor().abs() } else { -seconds.log10().floor() };
    let digits = (0..=12).find(|d| f64::from(*d) >= before + 5.0).unwrap_or(6);
    let text = format!("{seconds:.*}", usize::try_from(digits).unwrap_or(6));
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// `truncate`
pub(super) fn truncate(call: &mut Call) -> i32 {
    let options = Options::new(call.rest(), "sr");
    let Some(length) = options.value('s') else {
        return call.fail(
            1,
            "you must specify either ‘--size’ or ‘--reference’\nTry 'truncate --help' for more information.",
        );
    };
    let (sign, number) = match length.chars().next() {
        Some(sign @ ('+' | '-')) => (sign, length.get(1..).unwrap_or_default()),
        _ => ('=', length),
    };
    let Some(number) = size(number) else { return call.fail(1, &format!("Invalid number: ‘{length}’")) };
    let mut status = 0;
    for name in &options.operands {
        let path = call.shell.path(name);
        let mut bytes = call.shell.fs.read(&path).unwrap_or_default();
        let wanted = match sign {
            '+' => bytes.len().saturating_add(number),
            '-' => bytes.len().saturating_sub(number),
            _ => number,
        };
        if wanted > MAX_FILE {
            status =
                call.fail(1, &format!("failed to truncate '{name}' at {wanted} bytes: {}", Errno::TooLarge));
            continue;
        }
        bytes.resize(wanted, 0);
        if let Err(errno) = call.shell.fs.write(&path, &bytes, false) {
            status = call.fail(1, &format!("cannot open '{name}' for writing: {errno}"));
        }
    }
    status
}

/// `shred`: what a careful intruder does to his traces.
pub(super) fn shred(call: &mut Call) -> i32 {
    let options = Options::new(call.rest(), "ns");
    if options.operands.is_empty() {
        return call.fail(1, "missing file operand\nTry 'shred --help' for more information.");
    }
    let mut status = 0;
    for name in &options.operands {
        let path = call.shell.path(name);
        let length = match call.shell.fs.stat(&path) {
            Ok(meta) if meta.is_directory() => {
                status = call.fail(1, &format!("{name}: failed to open for writing: {}", Errno::IsDirectory));
                continue;
            }
            Ok(meta) => usize::try_from(meta.size).unwrap_or(0).next_multiple_of(4096),
            Err(errno) => {
                status = call.fail(1, &format!("{name}: failed to open for writing: {errno}"));
                continue;
            }
        };
        let noise = source(call, "/dev/urandom", length).unwrap_or_default();
        let done = call.shell.fs.write(&path, &noise, false).map(|_| ());
        let done =
            if options.has('u') { done.and_then(|()| call.shell.fs.remove(&path, false)) } else { done };
        if let Err(errno) = done {
            status = call.fail(1, &format!("{name}: failed to open for writing: {errno}"));
        }
    }
    status
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_read_as_dd_prints_them() {
        assert_eq!((decimal(10_240), binary(10_240)), ("10 kB".to_owned(), "10 KiB".to_owned()));
        assert_eq!((decimal(1_048_576), binary(1_048_576)), ("1.0 MB".to_owned(), "1.0 MiB".to_owned()));
        assert_eq!(significant(0.000_123_456), "0.000123456");
        assert_eq!(significant(1.5), "1.5");
        assert_eq!(significant(0.000_056_1), "5.6100e-05");
    }
}
