//! Folders and files of the machine, and what of them is to be read.

use jiff::civil::DateTime;
use jiff::{Span, ToSpan};

use super::{HERE, lines};
use crate::database::facts::Facts;
use crate::database::system::{SYSTEM_FOLDER, backups, physical_file};

/// A file or a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    pub name: String,
    /// Bytes of a file; `None` for a folder.
    pub size: Option<u64>,
    pub changed: DateTime,
}

const PROGRAMS: &str = r"c:\program files\microsoft sql server";
const INSTANCE: &str = r"c:\program files\microsoft sql server\mssql11.mssqlserver\mssql";
pub(super) const HOSTS: &str = r"c:\windows\system32\drivers\etc\hosts";

/// What stands in a folder: name, and whether it is a folder itself. For procedures that look.
pub(in crate::database::procedures) fn entries(path: &str, facts: &Facts) -> Vec<(String, bool)> {
    let found = list(&full(path), facts).unwrap_or_default();
    found.into_iter().map(|entry| (entry.name, entry.size.is_none())).collect()
}

/// Whether a path is a file, and whether it is a folder.
pub(in crate::database::procedures) fn exists(path: &str, facts: &Facts) -> (bool, bool) {
    let path = full(path);
    if list(&path, facts).is_some() {
        return (false, true);
    }
    (file(&path, facts).is_some(), false)
}

/// A file by its path.
pub(super) fn file(path: &str, facts: &Facts) -> Option<Entry> {
    let (folder, name) = path.rsplit_once('\\')?;
    let folder = if folder.len() == 2 { format!("{folder}\\") } else { folder.to_owned() };
    let all = list(&folder, facts)?;
    all.into_iter().find(|entry| entry.size.is_some() && entry.name.eq_ignore_ascii_case(name))
}

/// A path from the root of its drive, without a backslash behind it.
pub(super) fn full(path: &str) -> String {
    let path = path.trim().trim_matches('"').replace('/', "\\");
    let path = match path.as_bytes() {
        [_, b':', ..] => path,
        [b'\\', ..] => format!("C:{path}"),
        [] | [b'.'] => HERE.to_owned(),
        _ => format!("{HERE}\\{path}"),
    };
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('\\').filter(|part| !part.is_empty() && *part != ".") {
        match part {
            ".." if parts.len() > 1 => {
                parts.pop();
            }
            ".." => {}
            part => parts.push(part),
        }
    }
    let joined = parts.join("\\");
    if parts.len() == 1 { format!("{joined}\\") } else { joined }
}

/// The folder that a path means, and the pattern of names in it.
pub(super) fn folder_and_pattern(path: &str, facts: &Facts) -> (String, Option<String>) {
    let path = full(path);
    if list(&path, facts).is_some() {
        return (path, None);
    }
    match path.rsplit_once('\\') {
        Some((folder, name)) => {
            let folder = if folder.len() == 2 { format!("{folder}\\") } else { folder.to_owned() };
            (folder, Some(name.to_owned()))
        }
        None => (path, None),
    }
}

/// A path as `dir` writes it: as it was given, its drive in upper case.
pub(super) fn shown(path: &str) -> String {
    let mut chars = path.chars();
    chars.next().map(|first| first.to_ascii_uppercase().to_string() + chars.as_str()).unwrap_or_default()
}

/// Whether a name meets a pattern with `*` and `?`.
pub(super) fn meets(name: &str, pattern: &str) -> bool {
    fn rest(name: &[char], pattern: &[char]) -> bool {
        match (pattern, name) {
            ([], []) => true,
            (['*', later @ ..], _) => {
                (0..=name.len()).any(|at| rest(name.get(at..).unwrap_or_default(), later))
            }
            (['?', later @ ..], [_, name @ ..]) => rest(name, later),
            ([c, later @ ..], [d, name @ ..]) => c == d && rest(name, later),
            _ => false,
        }
    }
    // Each star tries all ends: few of them are looked at.
    let pattern: Vec<char> = pattern.to_lowercase().replace("*.*", "*").chars().take(64).collect();
    let name: Vec<char> = name.to_lowercase().chars().take(128).collect();
    pattern.iter().filter(|c| **c == '*').count() <= 3 && rest(&name, &pattern)
}

/// What stands in a folder; `None` where there is none.
pub(super) fn list(path: &str, facts: &Facts) -> Option<Vec<Entry>> {
    let lower = path.to_lowercase();
    let mut found = there(&lower, facts)?;
    let own = facts.state().files.clone();
    for (path, (changed, text)) in own {
        let (folder, name) = path.rsplit_once('\\').unwrap_or(("", &path));
        let folder = if folder.len() == 2 { format!("{folder}\\") } else { folder.to_owned() };
        if folder.to_lowercase() == lower {
            let size = Some(u64::try_from(text.len()).unwrap_or(0));
            found.retain(|entry| !entry.name.eq_ignore_ascii_case(name));
            found.push(Entry { name: name.to_owned(), size, changed });
        }
    }
    Some(found)
}

/// What the machine itself has in a folder, named in lower case.
fn there(lower: &str, facts: &Facts) -> Option<Vec<Entry>> {
    if lower == facts.catalog.server.data_folder.to_lowercase() {
        return Some(databases(facts, false));
    }
    if lower == SYSTEM_FOLDER.to_lowercase() {
        return Some(databases(facts, true));
    }
    let installed = facts.catalog.machine.installed();
    let folders = |names: &[&str]| {
        let made = names.iter().zip(1i64..).map(|(name, at)| Entry {
            name: (*name).to_owned(),
            size: None,
            changed: installed.saturating_add(Span::new().hours(at * 7 % 340).minutes(at * 13)),
        });
        made.collect::<Vec<_>>()
    };
    let name_of_data = facts.catalog.server.data_folder.split('\\').nth(1).unwrap_or("DATA").to_owned();
    Some(match lower {
        "c:\\" => folders(&["PerfLogs", "Program Files", "Program Files (x86)", "Users", "Windows"]),
        r"c:\users" => folders(&["Administrator", "MSSQLSERVER", "Public"]),
        r"c:\users\public" => folders(&["Documents", "Downloads", "Music", "Pictures", "Videos"]),
        r"c:\program files" => folders(&[
            "Common Files",
            "HP",
            "Internet Explorer",
            "Microsoft SQL Server",
            "Microsoft Visual Studio 10.0",
            "Microsoft.NET",
            "Windows Mail",
            "Windows NT",
            "WindowsPowerShell",
        ]),
        r"c:\program files (x86)" => folders(&[
            "360",
            "Common Files",
            "Internet Explorer",
            "Microsoft SQL Server",
            "Microsoft.NET",
            "WinRAR",
            "Windows NT",
        ]),
        PROGRAMS => folders(&["100", "110", "80", "90", "MSSQL11.MSSQLSERVER"]),
        INSTANCE => folders(&[
            "Backup",
            "Binn",
            "DATA",
            "Install",
            "JOBS",
            "Log",
            "repldata",
            "Template Data",
            "Upgrade",
        ]),
        _ if lower == format!(r"{INSTANCE}\log") => logs(facts),
        _ if lower == format!(r"{INSTANCE}\backup") => Vec::new(),
        r"c:\windows" => {
            let mut all = folders(&[
                "addins",
                "AppCompat",
                "Boot",
                "Cluster",
                "debug",
                "Fonts",
                "Help",
                "INF",
                "Logs",
                "Microsoft.NET",
                "Prefetch",
                "security",
                "ServiceProfiles",
                "System32",
                "SysWOW64",
                "Tasks",
                "Temp",
                "WinSxS",
            ]);
            all.extend(fixed(
                facts,
                &[
                    ("explorer.exe", 2_501_368),
                    ("notepad.exe", 217_600),
                    ("regedit.exe", 151_040),
                    ("win.ini", 92),
                    ("WindowsUpdate.log", 1_284_113),
                ],
            ));
            all
        }
        r"c:\windows\temp" | r"c:\users\mssqlserver\appdata\local\temp" => Vec::new(),
        r"c:\users\public\documents" | r"c:\users\public\downloads" => Vec::new(),
        r"c:\windows\system32" => {
            let mut all = folders(&[
                "config",
                "drivers",
                "inetsrv",
                "LogFiles",
                "spool",
                "Tasks",
                "wbem",
                "WindowsPowerShell",
                "zh-CN",
            ]);
            all.extend(
                fixed(
                    facts,
                    &[
                        ("certutil.exe", 1_227_264),
                        ("cmd.exe", 357_376),
                        ("cscript.exe", 152_576),
                        ("drivers.exe", 0),
                        ("ipconfig.exe", 34_304),
                        ("kernel32.dll", 1_288_704),
                        ("lsass.exe", 46_168),
                        ("net.exe", 56_832),
                        ("ntdll.dll", 1_737_208),
                        ("reg.exe", 75_264),
                        ("sc.exe", 63_488),
                        ("sethc.exe", 270_336),
                        ("svchost.exe", 38_792),
                        ("taskmgr.exe", 1_201_664),
                        ("utilman.exe", 81_408),
                        ("whoami.exe", 66_560),
                        ("wscript.exe", 161_280),
                    ],
                )
                .into_iter()
                .filter(|entry| entry.size != Some(0)),
            );
            all
        }
        r"c:\windows\system32\drivers" => {
            let mut all = folders(&["etc", "UMDF"]);
            all.extend(fixed(
                facts,
                &[
                    ("http.sys", 993_632),
                    ("ndis.sys", 1_117_024),
                    ("srv2.sys", 681_472),
                    ("tcpip.sys", 2_498_904),
                ],
            ));
            all
        }
        r"c:\windows\system32\drivers\etc" => {
            let hosts =
                u64::try_from(hosts(facts).iter().map(|line| line.len() + 2).sum::<usize>()).unwrap_or(0);
            fixed(
                facts,
                &[
                    ("hosts", hosts),
                    ("lmhosts.sam", 3_683),
                    ("networks", 407),
                    ("protocol", 1_358),
                    ("services", 17_463),
                ],
            )
        }
        "d:\\" => {
            shared(lower, facts).into_iter().chain(folders(&[&name_of_data, "HISSOFT", "Tools"])).collect()
        }
        r"d:\tools" => {
            let mut all = fixed(facts, &[("HISDB_MAINT.sql", 18_204), ("winrar-x64-501sc.exe", 1_957_512)]);
            let changed = jiff::civil::date(2018, 3, 17).at(21, 14, 0, 0);
            all.push(Entry {
                name: "SQLServer2012SP4-KB4018073-x64-CHS.exe".into(),
                size: Some(1_080_033_536),
                changed,
            });
            all
        }
        r"d:\hissoft" => {
            fixed(facts, &[("HISUpdate.exe", 3_411_968), ("config.ini", 1_204), ("readme.txt", 862)])
        }
        _ => {
            let found = shared(lower, facts);
            let drive = lower.len() == 3 && facts.catalog.machine.drives.get(lower.chars().next()?).is_some();
            if found.is_empty() && !drive {
                return None;
            }
            found
        }
    })
}

/// Files that came with the machine or soon after.
fn fixed(facts: &Facts, files: &[(&str, u64)]) -> Vec<Entry> {
    let installed = facts.catalog.machine.installed();
    let made = files.iter().zip(1i64..).map(|((name, size), at)| Entry {
        name: (*name).to_owned(),
        size: Some(*size),
        changed: installed.saturating_add(Span::new().days(at * 3 % 40).minutes(at * 17)),
    });
    made.collect()
}

/// Files of databases, as large as the catalogue says; those of one that is off line were moved away.
fn databases(facts: &Facts, system: bool) -> Vec<Entry> {
    let mut all = Vec::new();
    for database in facts.catalog.databases.iter().filter(|d| d.system == system && !d.offline) {
        for (log, mb) in [(false, database.size_mb), (true, database.log_mb)] {
            let path = physical_file(facts, &database.name, log);
            let name = path.rsplit('\\').next().unwrap_or_default().to_owned();
            let late = i64::try_from(facts.catalog.machine.number(&name, 3_000)).unwrap_or(0);
            let changed = facts.now().saturating_sub(late.seconds()).max(facts.started());
            all.push(Entry { name, size: Some(u64::from(mb) << 20), changed });
        }
    }
    all.sort_by_key(|entry| entry.name.to_lowercase());
    all
}

fn logs(facts: &Facts) -> Vec<Entry> {
    let (started, now) = (facts.started(), facts.now());
    let mut all = vec![Entry {
        name: "ERRORLOG".into(),
        size: Some(148_222),
        changed: now.saturating_sub(40.minutes()),
    }];
    for at in 1i64..=6 {
        let days = i64::from(facts.catalog.server.restart_days);
        let changed = started.saturating_sub(Span::new().days((at - 1) * days));
        let size = 96_000 + facts.catalog.machine.number(&format!("errorlog/{at}"), 210_000);
        all.push(Entry { name: format!("ERRORLOG.{at}"), size: Some(size), changed });
    }
    all.push(Entry { name: "SQLAGENT.OUT".into(), size: Some(2_418), changed: started });
    all
}

/// What file sharing has in a folder: copies of databases, files of the pack, and the way to them.
fn shared(lower: &str, facts: &Facts) -> Vec<Entry> {
    let made = facts.catalog.machine.installed().saturating_add(6.days());
    let copies =
        backups(facts).into_iter().filter(|backup| backup.kept).map(|b| (b.path, b.bytes, b.finished));
    let given = facts.catalog.machine.drives.files.iter().map(|(path, size)| (path.clone(), *size, made));
    let folder = if lower.ends_with('\\') { lower.to_owned() } else { format!("{lower}\\") };
    let mut found: Vec<Entry> = Vec::new();
    for (path, size, changed) in copies.chain(given) {
        let Some(below) = path.get(folder.len()..).filter(|_| path.to_lowercase().starts_with(&folder))
        else {
            continue;
        };
        let (name, size) = match below.split_once('\\') {
            Some((name, _)) => (name, None),
            None => (below, Some(size)),
        };
        match found.iter_mut().find(|entry| entry.name.eq_ignore_ascii_case(name)) {
            Some(entry) => entry.changed = entry.changed.max(changed),
            None => found.push(Entry { name: name.to_owned(), size, changed }),
        }
    }
    found.sort_by(|a, b| a.name.cmp(&b.name));
    found
}

/// The file of names: what administrators put in for those that no DNS knows.
pub(super) fn hosts(facts: &Facts) -> Vec<String> {
    let mut text = lines(&[
        "# Copyright (c) 1993-2009 Microsoft Corp.",
        "#",
        "# This is a sample HOSTS file used by Microsoft TCP/IP for Windows.",
        "#",
        "# This file contains the mappings of IP addresses to host names. Each",
        "# entry should be kept on an individual line. The IP address should",
        "# be placed in the first column followed by the corresponding host name.",
        "# The IP address and the host name should be separated by at least one",
        "# space.",
        "#",
        "# localhost name resolution is handled within DNS itself.",
        "#\t127.0.0.1       localhost",
        "#\t::1             localhost",
    ]);
    let servers = facts.catalog.machine.neighbours.iter().filter(|host| host.member);
    text.extend(servers.map(|host| format!("{}\t{}", host.address, host.hostname)));
    text
}
