//! Backups of a database as SQL Server's maintenance plans leave them: a whole one each night, its
//! transaction log every two hours of the last days.
//!
//! Their bytes are those of a backup that was compressed: the block that begins a set of Microsoft
//! Tape Format, then what looks like nothing.

use jiff::Span;
use jiff::civil::{Date, DateTime};
use jiff::tz::Offset;

use super::Eyes;
use super::node::{Body, Node, Times, number};

/// Days for which logs are kept.
const LOG_DAYS: u32 = 3;
/// Backups are written in blocks of this size.
const BLOCK: u64 = 64 << 10;

/// The database, the size of a whole backup, how many days are kept.
pub(super) type Plan<'a> = (&'a String, u64, u32);

pub(super) fn find(eyes: &Eyes<'_>, plan: Plan<'_>, below: &[String]) -> Option<Node> {
    match below {
        [] => Some(Node::folder("", list(eyes, plan, &[])?.last()?.times)),
        [name] => {
            let wanted = name.to_lowercase();
            list(eyes, plan, &[])?.into_iter().find(|node| node.name.to_lowercase() == wanted)
        }
        _ => None,
    }
}

pub(super) fn list(eyes: &Eyes<'_>, plan: Plan<'_>, below: &[String]) -> Option<Vec<Node>> {
    let (_, _, days) = plan;
    if !below.is_empty() {
        return None;
    }
    let today = eyes.view.local(eyes.view.now()).date();
    let mut nodes = Vec::new();
    for ago in (0..days).rev() {
        let Ok(date) = today.checked_sub(Span::new().days(i64::from(ago))) else { continue };
        nodes.extend(whole(eyes, plan, date));
        if ago < LOG_DAYS {
            nodes.extend((0..12).filter_map(|turn| log(eyes, plan, date, turn)));
        }
    }
    Some(nodes)
}

/// `THIS4_backup_2026_03_01_010003_4120388.bak`, as maintenance plans call them.
fn whole(eyes: &Eyes<'_>, (database, bytes, _): Plan<'_>, date: Date) -> Option<Node> {
    let seed = number(&format!("{}/{database}/{date}", hex::encode(eyes.disk.seed())));
    let begun = date.at(1, 0, 0, 0).saturating_add(Span::new().seconds(i64::try_from(seed % 5).ok()? + 1));
    // It grows by a tenth of a percent a day.
    let grown = u64::try_from((date - Date::constant(2025, 1, 1)).get_days()).ok()?;
    let size = bytes + bytes / 1000 * grown + seed % (bytes / 200).max(1);
    let took = i64::try_from(size >> 25).ok()?;
    file(eyes, &format!("{database}_backup"), "bak", (begun, took), (size, seed))
}

fn log(eyes: &Eyes<'_>, (database, bytes, _): Plan<'_>, date: Date, turn: i8) -> Option<Node> {
    let seed = number(&format!("{}/{database}/{date}/{turn}", hex::encode(eyes.disk.seed())));
    let busy = if (4..10).contains(&turn) { 400 } else { 4000 };
    let size = bytes / busy + seed % (bytes / busy).max(1);
    let begun =
        date.at(turn * 2, 15, 0, 0).saturating_add(Span::new().seconds(i64::try_from(seed % 4).ok()? + 1));
    file(eyes, &format!("{database}_log"), "trn", (begun, 2), (size, seed))
}

fn file(
    eyes: &Eyes<'_>,
    name: &str,
    extension: &str,
    (begun, took): (DateTime, i64),
    (size, seed): (u64, u64),
) -> Option<Node> {
    let offset = Offset::from_seconds(eyes.view.hospital().utc_offset_minutes * 60).ok()?;
    let from = offset.to_timestamp(begun).ok()?;
    let until = from.checked_add(Span::new().seconds(took)).ok()?;
    if until > eyes.view.now() {
        return None;
    }
    let name = format!("{name}_{}_{:07}.{extension}", begun.strftime("%Y_%m_%d_%H%M%S"), seed % 10_000_000);
    let times = Times { created: Times::at(from).created, ..Times::at(until) };
    Some(Node::file(&name, size.next_multiple_of(BLOCK), times, Body::Backup(seed)))
}

/// Bytes of a backup from a place on.
pub(super) fn bytes(seed: u64, from: u64, length: usize) -> Vec<u8> {
    const WORD: u64 = 8;
    let skip = usize::try_from(from % WORD).unwrap_or(0);
    let mut out = Vec::with_capacity(length + 16);
    let mut word = from / WORD;
    while out.len() < length + skip {
        out.extend_from_slice(&mixed(seed ^ word.wrapping_mul(0x9e37_79b9_7f4a_7c15)).to_le_bytes());
        word += 1;
    }
    out.drain(..skip);
    out.truncate(length);
    let start = beginning(seed);
    let at = usize::try_from(from).unwrap_or(usize::MAX);
    if let Some(head) = start.get(at..) {
        out.iter_mut().zip(head).for_each(|(slot, byte)| *slot = *byte);
    }
    out
}

/// The last steps of splitmix64: enough that nothing can be seen in what comes out.
fn mixed(mut word: u64) -> u64 {
    word = (word ^ word >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    word = (word ^ word >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    word ^ word >> 31
}

/// MTF_TAPE, the descriptor block that begins each set (Microsoft Tape Format 1.00a, 5.2.1), and the
/// software's name behind it.
fn beginning(seed: u64) -> Vec<u8> {
    let mut out = b"TAPE".to_vec();
    out.extend(0x0003_0000_u32.to_le_bytes());
    out.extend(0x008c_u16.to_le_bytes());
    // The system (14: Windows NT) and its version.
    out.extend([0x0e, 1]);
    out.extend([0; 40]);
    out.extend(seed.to_le_bytes());
    let mut name: Vec<u8> = "Microsoft SQL Server".encode_utf16().flat_map(u16::to_le_bytes).collect();
    out.resize(144, 0);
    out.append(&mut name);
    out.resize(1024, 0);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_the_same_however_they_are_read() {
        let whole = bytes(77, 0, 5000);
        assert_eq!((whole.len(), &whole[..4]), (5000, &b"TAPE"[..]));
        for (from, length) in [(0, 1), (31, 2), (1000, 100), (1023, 500), (4999, 1)] {
            let at = usize::try_from(from).unwrap();
            assert_eq!(bytes(77, from, length), whole[at..at + length], "{from}");
        }
    }
}
