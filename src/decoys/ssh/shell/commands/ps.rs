//! `ps` of procps 4.0: its three manners of options, and the columns of `-o`.

use super::Call;
use super::processes::{all, local};
use crate::decoys::ssh::shell::proc::Running;

/// A column: its name, its head, its width, whether it stands left.
type Column = (&'static str, &'static str, usize, bool);

/// Columns that `-o` knows, other names of them behind.
const COLUMNS: &[Column] = &[
    ("pid", "PID", 7, false),
    ("tgid", "TGID", 7, false),
    ("spid", "SPID", 7, false),
    ("lwp", "LWP", 7, false),
    ("ppid", "PPID", 7, false),
    ("pgid", "PGID", 7, false),
    ("sid", "SID", 7, false),
    ("sess", "SESS", 7, false),
    ("tpgid", "TPGID", 7, false),
    ("user", "USER", 8, true),
    ("euser", "EUSER", 8, true),
    ("ruser", "RUSER", 8, true),
    ("uname", "USER", 8, true),
    ("group", "GROUP", 8, true),
    ("uid", "UID", 5, false),
    ("euid", "EUID", 5, false),
    ("ruid", "RUID", 5, false),
    ("gid", "GID", 5, false),
    ("pcpu", "%CPU", 4, false),
    ("%cpu", "%CPU", 4, false),
    ("pmem", "%MEM", 4, false),
    ("%mem", "%MEM", 4, false),
    ("vsz", "VSZ", 6, false),
    ("rss", "RSS", 5, false),
    ("rssize", "RSS", 5, false),
    ("tty", "TT", 8, true),
    ("tt", "TT", 8, true),
    ("tname", "TTY", 8, true),
    ("stat", "STAT", 4, true),
    ("s", "S", 1, true),
    ("state", "S", 1, true),
    ("start", "STARTED", 8, false),
    ("stime", "STIME", 5, false),
    ("bsdstart", "START", 6, false),
    ("start_time", "START", 5, false),
    ("lstart", "STARTED", 24, false),
    ("time", "TIME", 8, false),
    ("cputime", "TIME", 8, false),
    ("bsdtime", "TIME", 6, false),
    ("etime", "ELAPSED", 11, false),
    ("etimes", "ELAPSED", 7, false),
    ("c", "C", 2, false),
    ("ni", "NI", 3, false),
    ("nice", "NI", 3, false),
    ("pri", "PRI", 3, false),
    ("priority", "PRI", 3, false),
    ("psr", "PSR", 3, false),
    ("nlwp", "NLWP", 4, false),
    ("f", "F", 1, false),
    ("sz", "SZ", 5, false),
    ("wchan", "WCHAN", 6, true),
    ("comm", "COMMAND", 15, true),
    ("ucmd", "CMD", 15, true),
    ("fname", "COMMAND", 8, true),
    ("cmd", "CMD", 27, true),
    ("args", "COMMAND", 27, true),
    ("command", "COMMAND", 27, true),
    ("cgroup", "CGROUP", 27, true),
    ("unit", "UNIT", 31, true),
    ("exe", "EXE", 27, true),
];

/// What is asked.
#[derive(Default)]
struct Wish {
    every: bool,
    others: bool,
    without_terminal: bool,
    users: Vec<String>,
    pids: Vec<u32>,
    parents: Vec<u32>,
    names: Vec<String>,
    columns: Vec<(&'static str, String)>,
    forest: bool,
    sort: Option<String>,
    no_head: bool,
    bsd: bool,
    letters: String,
}

/// `ps`
pub(super) fn ps(call: &mut Call) -> i32 {
    let mut wish = Wish::default();
    if let Err(text) = read(call.rest(), &mut wish) {
        call.error(&format!("error: {text}\n\nUsage:\n ps [options]\n\n Try 'ps --help <simple|list|output|threads|misc|all>'\n  or 'ps --help <s|l|o|t|m|a>'\n for additional help text.\n\nFor more details see ps(1).\n"));
        return 1;
    }
    if wish.letters.contains('V') {
        call.out("ps from procps-ng 4.0.2\n");
        return 0;
    }
    let mut rows: Vec<Running> = all(call);
    let whole = rows.clone();
    rows.retain(|p| wanted(call, &wish, p));
    if let Some(key) = &wish.sort {
        sort(&mut rows, key);
    }
    let preset = preset(&wish);
    let columns: Vec<(&'static str, String)> =
        if wish.columns.is_empty() { preset } else { std::mem::take(&mut wish.columns) };
    let rows: Vec<(String, Running)> = if wish.forest {
        forest(&rows, &whole)
    } else {
        rows.into_iter().map(|p| (String::new(), p)).collect()
    };
    let found = !rows.is_empty();
    print(call, &wish, &columns, &rows);
    i32::from(!found)
}

fn list(text: &str) -> Vec<String> {
    text.split([',', ' ']).filter(|w| !w.is_empty()).map(str::to_owned).collect()
}

fn read(arguments: &[String], wish: &mut Wish) -> Result<(), String> {
    let mut words = arguments.iter();
    while let Some(word) = words.next() {
        let mut value = |attached: &str| -> String {
            if attached.is_empty() { words.next().cloned().unwrap_or_default() } else { attached.to_owned() }
        };
        if let Some(long) = word.strip_prefix("--") {
            let (name, attached) = long.split_once('=').unwrap_or((long, ""));
            match name {
                "forest" => wish.forest = true,
                "sort" => wish.sort = Some(value(attached)),
                "no-headers" | "no-headings" | "noheader" | "no-heading" => wish.no_head = true,
                "pid" => {
                    wish.pids.extend(list(&value(attached)).iter().filter_map(|p| p.parse::<u32>().ok()))
                }
                "ppid" => {
                    wish.parents.extend(list(&value(attached)).iter().filter_map(|p| p.parse::<u32>().ok()))
                }
                "user" | "User" => wish.users.extend(list(&value(attached))),
                "format" => columns(&value(attached), wish)?,
                "version" => wish.letters.push('V'),
                "headers" | "cols" | "columns" | "width" | "rows" | "lines" | "deselect" => {}
                _ => return Err("unknown gnu long option".into()),
            }
            continue;
        }
        let dashed = word.starts_with('-');
        let letters = word.trim_start_matches('-');
        if !dashed && letters.chars().all(|c| c.is_ascii_digit() || c == ',') {
            wish.pids.extend(list(letters).iter().filter_map(|p| p.parse::<u32>().ok()));
            continue;
        }
        wish.bsd |= !dashed || letters == "aux" || letters == "auxf" || letters == "auxww";
        let bsd = wish.bsd;
        for (at, letter) in letters.char_indices() {
            let rest = letters.get(at + 1..).unwrap_or_default();
            match letter {
                'o' => {
                    columns(&value(rest), wish)?;
                    break;
                }
                'p' => {
                    let given = value(rest);
                    let bad = || "process ID list syntax error".to_owned();
                    for pid in list(&given) {
                        wish.pids.push(pid.parse().map_err(|_| bad())?);
                    }
                    break;
                }
                'u' | 'U' if !bsd => {
                    wish.users.extend(list(&value(rest)));
                    break;
                }
                'U' => {
                    wish.users.extend(list(&value(rest)));
                    break;
                }
                'C' if !bsd => {
                    wish.names.extend(list(&value(rest)));
                    break;
                }
                't' | 'g' | 'G' | 's' if !bsd => {
                    value(rest);
                    break;
                }
                'k' if bsd => {
                    wish.sort = Some(value(rest));
                    break;
                }
                'e' | 'A' if !bsd => wish.every = true,
                'a' => wish.others = true,
                'x' => wish.without_terminal = true,
                'f' if bsd => wish.forest = true,
                'H' => wish.forest = true,
                'h' if bsd => wish.no_head = true,
                'w' | 'L' | 'T' | 'm' | 'y' | 'n' | 'c' | 'M' | 'Z' | 'r' | 'd' | 'e' => {}
                'f' | 'F' | 'l' | 'j' | 'u' | 'v' | 's' | 'V' => wish.letters.push(letter),
                _ if bsd => return Err("unsupported option (BSD syntax)".into()),
                _ => return Err("unsupported SysV option".into()),
            }
        }
    }
    Ok(())
}

fn columns(text: &str, wish: &mut Wish) -> Result<(), String> {
    for piece in text.split([',', ' ']).filter(|p| !p.is_empty()) {
        let (name, head) = match piece.split_once('=') {
            Some((name, head)) => (name, Some(head)),
            None => (piece, None),
        };
        let known = COLUMNS.iter().find(|c| c.0 == name.to_ascii_lowercase());
        let Some((name, usual, ..)) = known else {
            return Err(format!("unknown user-defined format specifier \"{name}\""));
        };
        wish.columns.push((name, head.unwrap_or(usual).to_owned()));
    }
    if wish.columns.is_empty() { Err("empty format list".into()) } else { Ok(()) }
}

fn wanted(call: &Call, wish: &Wish, p: &Running) -> bool {
    let chosen =
        !wish.users.is_empty() || !wish.pids.is_empty() || !wish.names.is_empty() || !wish.parents.is_empty();
    if chosen {
        let user = call.shell.site.user_name(p.uid);
        return wish.pids.contains(&p.pid)
            || wish.parents.contains(&p.parent)
            || wish.users.iter().any(|u| *u == user || *u == p.uid.to_string())
            || wish.names.iter().any(|n| p.name() == *n);
    }
    let line = if call.shell.screen.is_some() { "pts/0" } else { "?" };
    let mine = p.uid == call.shell.account.uid;
    match (wish.every, wish.others, wish.without_terminal) {
        (true, ..) | (_, true, true) => true,
        (_, true, false) => p.terminal != "?",
        (_, false, true) => mine,
        (_, false, false) => {
            mine && p.terminal == line && (line != "?" || p.command == "bash" || p.state.starts_with('R'))
        }
    }
}

fn preset(wish: &Wish) -> Vec<(&'static str, String)> {
    let names: &[&'static str] = match (wish.bsd, wish.letters.chars().last()) {
        (true, Some('u')) => {
            &["user", "pid", "pcpu", "pmem", "vsz", "rss", "tname", "stat", "start_time", "bsdtime", "args"]
        }
        (true, Some('j')) => {
            &["ppid", "pid", "pgid", "sid", "tname", "tpgid", "stat", "uid", "bsdtime", "args"]
        }
        (true, Some('l')) | (true, Some('v' | 's')) => &[
            "f", "uid", "pid", "ppid", "pri", "ni", "vsz", "rss", "wchan", "stat", "tname", "bsdtime", "args",
        ],
        (true, _) => &["pid", "tname", "stat", "bsdtime", "args"],
        (false, Some('f' | 'F')) => &["user", "pid", "ppid", "c", "stime", "tname", "time", "cmd"],
        (false, Some('l')) => {
            &["f", "s", "uid", "pid", "ppid", "c", "pri", "ni", "sz", "wchan", "tname", "time", "ucmd"]
        }
        (false, Some('j')) => &["pid", "pgid", "sid", "tname", "time", "ucmd"],
        (false, _) => &["pid", "tname", "time", "ucmd"],
    };
    let full = !wish.bsd && wish.letters.contains(['f', 'F']);
    names
        .iter()
        .map(|name| {
            let head = COLUMNS.iter().find(|c| c.0 == *name).map_or("", |c| c.1);
            (*name, if full && *name == "user" { "UID".to_owned() } else { head.to_owned() })
        })
        .collect()
}

fn sort(rows: &mut [Running], keys: &str) {
    let key = keys.split(',').next().unwrap_or_default();
    let down = key.starts_with('-');
    match key.trim_start_matches(['-', '+']) {
        "pcpu" | "%cpu" | "cpu" => rows.sort_by_key(|p| p.cpu_tenths),
        "pmem" | "%mem" | "rss" | "vsz" | "size" => rows.sort_by_key(|p| p.memory_kb),
        "start_time" | "start" | "lstart" | "etime" => rows.sort_by_key(|p| p.started),
        "comm" | "cmd" | "args" => rows.sort_by_key(Running::name),
        "uid" | "user" => rows.sort_by_key(|p| p.uid),
        "ppid" => rows.sort_by_key(|p| p.parent),
        _ => rows.sort_by_key(|p| p.pid),
    }
    if down {
        rows.reverse();
    }
}

/// Children below their parents; kernel threads first, as procps has them.
fn forest(rows: &[Running], whole: &[Running]) -> Vec<(String, Running)> {
    let shown = |pid: u32| rows.iter().any(|p| p.pid == pid);
    let root = |p: &&Running| p.parent <= 1 || !shown(p.parent) || whole.iter().all(|w| w.pid != p.parent);
    let mut roots: Vec<&Running> = rows.iter().filter(root).collect();
    roots.sort_by_key(|p| (p.pid != 2, p.pid));
    let mut out = Vec::new();
    for p in roots {
        out.push((String::new(), p.clone()));
        below(p.pid, "", rows, &mut out);
    }
    out
}

fn below(pid: u32, indent: &str, rows: &[Running], out: &mut Vec<(String, Running)>) {
    // Trees of processes are flat; an indent this deep would be a circle.
    if indent.len() > 60 || pid == 1 {
        return;
    }
    let children: Vec<&Running> = rows.iter().filter(|p| p.parent == pid).collect();
    for (n, p) in children.iter().enumerate() {
        out.push((format!("{indent} \\_ "), (*p).clone()));
        let more = if n + 1 < children.len() { " |  " } else { "    " };
        below(p.pid, &format!("{indent}{more}"), rows, out);
    }
}

fn print(call: &mut Call, wish: &Wish, columns: &[(&'static str, String)], rows: &[(String, Running)]) {
    let last = columns.len().saturating_sub(1);
    let head = !wish.no_head && columns.iter().any(|(_, head)| !head.is_empty());
    let cells: Vec<Vec<String>> = rows
        .iter()
        .map(|(indent, p)| columns.iter().map(|(name, _)| cell(call, name, indent, p)).collect())
        .collect();
    let wide = |n: usize, name: &str, head: &str| {
        let usual = COLUMNS.iter().find(|c| c.0 == name).map_or(8, |c| c.2);
        let most = cells.iter().filter_map(|r| r.get(n)).map(String::len).max().unwrap_or(0);
        // Only some columns grow with what they hold.
        let grows = matches!(name, "etime" | "unit");
        usual.max(head.len()).max(if grows { most } else { 0 })
    };
    let widths: Vec<usize> =
        columns.iter().enumerate().map(|(n, (name, head))| wide(n, name, head)).collect();
    let left = |name: &str| COLUMNS.iter().any(|c| c.0 == name && c.3);
    let line = |row: &[String]| -> String {
        let mut out = Vec::new();
        for (n, text) in row.iter().enumerate() {
            let wide = widths.get(n).copied().unwrap_or(0);
            let is_left = columns.get(n).is_some_and(|(name, _)| left(name));
            out.push(match (is_left, n == last) {
                (true, true) => text.clone(),
                (true, false) => format!("{text:<wide$}"),
                (false, _) => format!("{text:>wide$}"),
            });
        }
        out.join(" ")
    };
    let screen = call.shell.screen.as_ref().map_or(usize::MAX, |s| usize::from(s.columns));
    let width =
        if call.terminal && !call.rest().iter().any(|a| a.contains("ww")) { screen } else { usize::MAX };
    let mut text = Vec::new();
    if head {
        text.push(line(&columns.iter().map(|(_, head)| head.clone()).collect::<Vec<_>>()));
    }
    text.extend(cells.iter().map(|row| line(row)));
    for row in text {
        let cut: String = row.chars().take(width).collect();
        call.out(&format!("{cut}\n"));
    }
}

fn cell(call: &Call, name: &str, indent: &str, p: &Running) -> String {
    let site = &call.shell.site;
    let now = call.shell.session.now().as_second();
    let used = (now - p.started) * i64::from(p.cpu_tenths) / 1000;
    let virtual_kb = if p.memory_kb == 0 { 0 } else { p.memory_kb * 3 + 1_200 };
    let tenths = |n: u64| format!("{}.{}", n / 10, n % 10);
    let stamp = |format: &str| local(call, p.started, format);
    let today = local(call, now, "%j%Y") == stamp("%j%Y");
    let user = site.user_name(p.uid);
    let short = if user.len() > 8 { format!("{}+", user.get(..7).unwrap_or(&user)) } else { user };
    let session = if p.terminal == "?" { p.pid } else { call.shell.pid };
    match name {
        "pid" | "tgid" | "spid" | "lwp" => p.pid.to_string(),
        "pgid" => p.pid.to_string(),
        "ppid" => p.parent.to_string(),
        "sid" | "sess" => session.to_string(),
        "tpgid" if p.terminal == "?" => "-1".into(),
        "tpgid" => session.to_string(),
        "user" | "euser" | "ruser" | "uname" | "group" => short,
        "uid" | "euid" | "ruid" | "gid" => p.uid.to_string(),
        "pcpu" | "%cpu" => tenths(u64::from(p.cpu_tenths)),
        "pmem" | "%mem" => tenths(p.memory_kb * 1000 / site.behaviour.machine.memory_kb.max(1)),
        "vsz" => virtual_kb.to_string(),
        "sz" => (virtual_kb / 4).to_string(),
        "rss" | "rssize" => p.memory_kb.to_string(),
        "tty" | "tt" | "tname" => p.terminal.to_owned(),
        "stat" => p.state.to_owned(),
        "s" | "state" => p.state.chars().take(1).collect(),
        "start" => stamp(if today { "%H:%M:%S" } else { "  %b %d" }),
        "bsdstart" => stamp(if today { " %H:%M" } else { "%b %d" }),
        "stime" | "start_time" => stamp(if today { "%H:%M" } else { "%b%d" }),
        "lstart" => stamp("%a %b %e %H:%M:%S %Y"),
        "bsdtime" => format!("{}:{:02}", used / 60, used % 60),
        "time" | "cputime" => format!("{:02}:{:02}:{:02}", used / 3600, used / 60 % 60, used % 60),
        "etimes" => (now - p.started).to_string(),
        "etime" => elapsed(now - p.started),
        "c" => (p.cpu_tenths / 10).to_string(),
        "ni" | "nice" if p.state.contains('<') => "-20".into(),
        "ni" | "nice" => "0".into(),
        "pri" if p.state.contains('<') => "39".into(),
        "pri" => "19".into(),
        "priority" => "20".into(),
        "psr" => (p.pid % site.behaviour.machine.cpus.max(1)).to_string(),
        "nlwp" => "1".into(),
        "f" if p.command.starts_with('[') => "1".into(),
        "f" if p.uid == 0 => "4".into(),
        "f" => "0".into(),
        "wchan" => "-".into(),
        "cgroup" => {
            let path = format!("/proc/{}/cgroup", p.pid);
            String::from_utf8_lossy(&call.shell.fs.read(&path).unwrap_or_default()).trim().to_owned()
        }
        "unit" => format!("{}.service", p.name()),
        "comm" | "ucmd" | "fname" => format!("{indent}{}", p.name()),
        "exe" => "-".into(),
        _ => format!("{indent}{}", p.command),
    }
}

/// `[[days-]hours:]minutes:seconds`
fn elapsed(seconds: i64) -> String {
    let (days, hours, minutes, rest) =
        (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
    if days > 0 {
        format!("{days}-{hours:02}:{minutes:02}:{rest:02}")
    } else if hours > 0 {
        format!("{hours:02}:{minutes:02}:{rest:02}")
    } else {
        format!("{minutes:02}:{rest:02}")
    }
}
