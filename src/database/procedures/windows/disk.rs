//! Drives and what `dir` shows of them.

use super::files::{self, Entry};
use super::{HERE, Shell, grouped, lines};
use crate::database::facts::Facts;

/// Drives: letter, label, room in MiB that is free where nothing else says so.
const DRIVES: &[(char, &str, u64)] = &[('C', "", 38_000), ('D', "DATA", 290_000), ('E', "BACKUP", 610_000)];

/// A drive that is there.
fn drive(letter: char) -> Option<&'static (char, &'static str, u64)> {
    DRIVES.iter().find(|(known, ..)| known.eq_ignore_ascii_case(&letter))
}

/// Letters of all drives.
pub(super) fn letters() -> impl Iterator<Item = char> {
    DRIVES.iter().map(|(letter, ..)| *letter)
}

/// Free room of the drives, MiB: of this installation, and less by the hour as files grow.
pub(in crate::database::procedures) fn free_megabytes(facts: &Facts) -> Vec<(char, u64)> {
    DRIVES.iter().map(|(letter, ..)| (*letter, free(*letter, facts) >> 20)).collect()
}

/// Free room, bytes.
pub(super) fn free(letter: char, facts: &Facts) -> u64 {
    let Some((letter, _, room)) = drive(letter) else { return 0 };
    let machine = &facts.catalog.machine;
    let own = machine.number(&format!("disk/{letter}"), room / 8) << 20;
    let now = facts.now();
    let hours = u64::from(now.day().unsigned_abs()) * 24 + u64::from(now.hour().unsigned_abs());
    let grown = hours * (machine.number(&format!("disk/{letter}/grows"), 900) + 100) * 4_096;
    ((room << 20) + own).saturating_sub(grown)
}

/// All of a drive, bytes: what is there and what is free when the month begins.
pub(super) fn whole(letter: char, facts: &Facts) -> u64 {
    let of_servers = |gib: u64| gib << 30;
    match letter {
        'C' => of_servers(100),
        'D' => {
            let files = files::data_bytes(facts);
            of_servers((((files + (340 << 30)) >> 30) / 10 + 1) * 10)
        }
        _ => of_servers(1_400 + facts.catalog.machine.number("disk/e/whole", 3) * 200),
    }
}

impl Shell<'_> {
    /// The two lines that name a drive.
    pub(super) fn volume(&self, letter: char) -> Vec<String> {
        let Some((letter, label, _)) = drive(letter) else {
            return lines(&["系统找不到指定的路径。"]);
        };
        let first = match *label {
            "" => format!(" 驱动器 {letter} 中的卷没有标签。"),
            label => format!(" 驱动器 {letter} 中的卷是 {label}"),
        };
        vec![first, format!(" 卷的序列号是 {}", self.serial(*letter))]
    }

    /// Serial number of a volume, as it was drawn when the drive was formatted.
    pub(super) fn serial(&self, letter: char) -> String {
        let [a, b, c, d, ..] = self.facts.catalog.machine.derive(&format!("volume/{letter}"));
        format!("{a:02X}{b:02X}-{c:02X}{d:02X}")
    }

    /// `dir [/b] [path]`.
    pub(super) fn dir(&self, arguments: &[&str]) -> Vec<String> {
        let switches = arguments.iter().filter(|word| word.starts_with('/'));
        let switches: String = switches.map(|word| word.to_lowercase()).collect();
        let path = arguments.iter().find(|word| !word.starts_with('/')).copied().unwrap_or(HERE);
        let (folder, pattern) = files::folder_and_pattern(path, self.facts);
        let letter = folder.chars().next().unwrap_or('C').to_ascii_uppercase();
        if drive(letter).is_none() {
            return lines(&["系统找不到指定的路径。"]);
        }
        let mut found = files::list(&folder, self.facts);
        if let (Some(all), Some(pattern)) = (&mut found, &pattern) {
            all.retain(|entry| files::meets(&entry.name, pattern));
        }
        let found = found.filter(|found| pattern.is_none() || !found.is_empty());
        if switches.contains("/b") {
            return match found {
                Some(found) => found.into_iter().map(|entry| entry.name).collect(),
                None => lines(&["找不到文件"]),
            };
        }
        let mut printed = self.volume(letter);
        printed.extend([String::new(), format!(" {} 的目录", files::shown(&folder)), String::new()]);
        let Some(found) = found else {
            // Nothing stands behind a heading of a folder that is not there.
            printed.truncate(3);
            printed.push("找不到文件".to_owned());
            return printed;
        };
        printed.extend(self.listing(&found, pattern.is_none() && folder.len() > 3, letter));
        printed
    }

    fn listing(&self, found: &[Entry], dots: bool, letter: char) -> Vec<String> {
        let stamp = |entry: &Entry| entry.changed.strftime("%Y/%m/%d  %H:%M").to_string();
        let mut printed = Vec::new();
        if let (true, Some(first)) = (dots, found.iter().map(|entry| entry.changed).max()) {
            let at = first.strftime("%Y/%m/%d  %H:%M");
            printed.extend([".", ".."].map(|name| format!("{at}    <DIR>          {name}")));
        }
        printed.extend(found.iter().map(|entry| match entry.size {
            None => format!("{}    <DIR>          {}", stamp(entry), entry.name),
            Some(size) => format!("{}{:>18} {}", stamp(entry), grouped(size), entry.name),
        }));
        let files = found.iter().filter_map(|entry| entry.size);
        let folders = found.iter().filter(|entry| entry.size.is_none()).count() + if dots { 2 } else { 0 };
        let bytes: u64 = files.clone().sum();
        printed.push(format!("{:>16} 个文件 {:>14} 字节", files.count(), grouped(bytes)));
        printed.push(format!("{folders:>16} 个目录 {:>14} 可用字节", grouped(free(letter, self.facts))));
        printed
    }
}
