//! Copies of databases, as file sharing shows them and msdb lists them.

use jiff::Span;
use jiff::civil::{Date, DateTime};

use crate::database::catalog::Plan;
use crate::database::facts::Facts;

/// Nights that the tables of backups reach back; older ones are cleared away each week.
const NIGHTS: i32 = 30;

/// Days whose copies of logs are kept: one every two hours.
const LOG_DAYS: i32 = 3;

/// Copies are written in blocks of this size.
const BLOCK: u64 = 64 << 10;

/// A copy of a database that was made at night.
pub(in crate::database) struct Backup {
    pub database: String,
    pub(super) started: DateTime,
    pub finished: DateTime,
    /// Bytes of the copy before it was compressed.
    pub(super) size: u64,
    /// Bytes of its file.
    pub bytes: u64,
    pub path: String,
    /// Whether the file is still there.
    pub kept: bool,
    /// Whether it is one of the log alone.
    pub(super) log: bool,
    pub(super) number: i64,
}

/// All copies that the tables list, oldest first: those that file sharing shows, and older ones whose
/// files were cleared away.
pub(in crate::database) fn backups(facts: &Facts) -> Vec<Backup> {
    let today = facts.now().date();
    let plans = &facts.catalog.machine.drives.plans;
    let mut all = Vec::new();
    for ago in (0..NIGHTS).rev() {
        let Ok(date) = today.checked_sub(Span::new().days(ago)) else { continue };
        for plan in plans {
            all.extend(whole(facts, plan, date, ago));
            if ago < LOG_DAYS {
                all.extend((0..12).filter_map(|turn| log(facts, plan, date, turn)));
            }
        }
    }
    all.sort_by_key(|backup| backup.started);
    for (backup, number) in all.iter_mut().zip(1i64..) {
        backup.number = i64::from((today - Date::constant(2019, 1, 1)).get_days()) * 26 + number;
    }
    all
}

fn seed(facts: &Facts, text: &str) -> u64 {
    use sha2::{Digest, Sha256};
    let key = format!("{}/{text}", hex::encode(facts.catalog.machine.drives.seed));
    let [a, b, c, d, ..]: [u8; 32] = Sha256::digest(key.as_bytes()).into();
    (u64::from(u32::from_le_bytes([a, b, c, 0])) + 64) | (u64::from(d % 30) + 1) << 48
}

fn whole(facts: &Facts, plan: &Plan, date: Date, ago: i32) -> Option<Backup> {
    let seed = seed(facts, &format!("{}/{date}", plan.database));
    let begun = date.at(1, 0, 0, 0).saturating_add(Span::new().seconds(i64::try_from(seed % 5).ok()? + 1));
    let grown = u64::try_from((date - Date::constant(2025, 1, 1)).get_days()).unwrap_or(0);
    let size = plan.bytes + plan.bytes / 1000 * grown + seed % (plan.bytes / 200).max(1);
    let took = i64::try_from(size >> 25).ok()?;
    let kept = u32::try_from(ago).is_ok_and(|ago| ago < plan.days);
    made_copy(facts, plan, "backup", "bak", (begun, took), (size, seed), kept)
}

fn log(facts: &Facts, plan: &Plan, date: Date, turn: i8) -> Option<Backup> {
    let seed = seed(facts, &format!("{}/{date}/{turn}", plan.database));
    let busy = if (4..10).contains(&turn) { 400 } else { 4000 };
    let size = plan.bytes / busy + seed % (plan.bytes / busy).max(1);
    let begun =
        date.at(turn * 2, 15, 0, 0).saturating_add(Span::new().seconds(i64::try_from(seed % 4).ok()? + 1));
    made_copy(facts, plan, "log", "trn", (begun, 2), (size, seed), true)
}

fn made_copy(
    facts: &Facts,
    plan: &Plan,
    kind: &str,
    extension: &str,
    (started, took): (DateTime, i64),
    (size, seed): (u64, u64),
    kept: bool,
) -> Option<Backup> {
    let finished = started.saturating_add(Span::new().seconds(took));
    if finished > facts.now() {
        return None;
    }
    let stamp = started.strftime("%Y_%m_%d_%H%M%S");
    let name = format!("{}_{kind}_{stamp}_{:07}.{extension}", plan.database, seed % 10_000_000);
    let used = facts.catalog.database(&plan.database).map_or(0, |database| facts.used_mb(database) << 20);
    Some(Backup {
        database: plan.database.clone(),
        started,
        finished,
        size: if extension == "bak" { used + seed % (1 << 28) / 65_536 * 65_536 } else { size * 4 },
        bytes: size.next_multiple_of(BLOCK),
        path: format!("{}\\{name}", plan.folder),
        kept,
        log: extension == "trn",
        number: 0,
    })
}
