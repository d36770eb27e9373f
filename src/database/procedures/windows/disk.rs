//! Drives and what `dir` shows of them.

use super::files::{self, Entry};
use super::{HERE, Shell, grouped, lines};
use crate::database::catalog::Drive;
use crate::database::facts::Facts;

/// Free room of the drives, MiB.
pub(in crate::database::procedures) fn free_megabytes(facts: &Facts) -> Vec<(char, u64)> {
    let now = facts.state().view.now();
    facts.catalog.machine.drives.all.iter().map(|drive| (drive.letter, drive.free(now) >> 20)).collect()
}

impl Shell<'_> {
    /// The two lines that name a drive.
    pub(super) fn volume(&self, letter: char) -> Vec<String> {
        let Some(drive) = self.drive(letter) else {
            return lines(&["系统找不到指定的路径。"]);
        };
        let letter = drive.letter;
        let first = match drive.label.as_str() {
            "" => format!(" 驱动器 {letter} 中的卷没有标签。"),
            label => format!(" 驱动器 {letter} 中的卷是 {label}"),
        };
        let serial = drive.serial;
        vec![first, format!(" 卷的序列号是 {:04X}-{:04X}", serial >> 16, serial & 0xffff)]
    }

    /// A drive that is there.
    pub(super) fn drive(&self, letter: char) -> Option<&Drive> {
        self.facts.catalog.machine.drives.get(letter)
    }

    /// `dir [/b] [path]`.
    pub(super) fn dir(&self, arguments: &[&str]) -> Vec<String> {
        let switches = arguments.iter().filter(|word| word.starts_with('/'));
        let switches: String = switches.map(|word| word.to_lowercase()).collect();
        let path = arguments.iter().find(|word| !word.starts_with('/')).copied().unwrap_or(HERE);
        let (folder, pattern) = files::folder_and_pattern(path, self.facts);
        let letter = folder.chars().next().unwrap_or('C').to_ascii_uppercase();
        if self.drive(letter).is_none() {
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
        let now = self.facts.state().view.now();
        let free = self.drive(letter).map_or(0, |drive| drive.free(now));
        printed.push(format!("{:>16} 个文件 {:>14} 字节", files.count(), grouped(bytes)));
        printed.push(format!("{folders:>16} 个目录 {:>14} 可用字节", grouped(free)));
        printed
    }
}
