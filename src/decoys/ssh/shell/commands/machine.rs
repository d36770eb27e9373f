//! Programs of systemd and util-linux that tell of the machine.

use super::processes::{all, local};
use super::{Call, Options};
use crate::decoys::ssh::shell::proc;
use crate::decoys::ssh::shell::running::Running;

/// `hostnamectl`
pub(super) fn hostnamectl(call: &mut Call) -> i32 {
    if call.rest().iter().any(|a| a == "set-hostname" || a == "hostname" || a == "set-chassis") {
        call.error("Could not set static hostname: Interactive authentication required.\n");
        return 1;
    }
    let site = call.shell.site.clone();
    let read = |path: &str| {
        let bytes = call.shell.fs.read(path).unwrap_or_default();
        String::from_utf8_lossy(&bytes).trim().to_owned()
    };
    let rows = [
        ("Static hostname", site.host.hostname.clone()),
        ("Icon name", "computer-vm".to_owned()),
        ("Chassis", "vm 🖴".to_owned()),
        ("Machine ID", read("/etc/machine-id")),
        ("Boot ID", proc::boot_id(&site, call.shell.session.now())),
        ("Virtualization", "vmware".to_owned()),
        ("Operating System", site.host.os.name.clone()),
        ("Kernel", format!("Linux {}", site.host.os.kernel)),
        ("Architecture", "x86-64".to_owned()),
        ("Hardware Vendor", "VMware, Inc.".to_owned()),
        ("Hardware Model", "VMware7,1".to_owned()),
        ("Firmware Version", "VMW71.00V.18452719.B64.2108091906".to_owned()),
    ];
    for (name, value) in rows {
        call.out(&format!("{name:>16}: {value}\n"));
    }
    0
}

/// `timedatectl`
pub(super) fn timedatectl(call: &mut Call) -> i32 {
    if let Some(verb) = call.rest().iter().find(|a| a.starts_with("set-")) {
        let what = verb.trim_start_matches("set-");
        call.error(&format!("Failed to set {what}: Interactive authentication required.\n"));
        return 1;
    }
    let now = call.shell.session.now();
    let here = local(call, now.as_second(), "%a %Y-%m-%d %H:%M:%S CST");
    let universal = now.strftime("%a %Y-%m-%d %H:%M:%S").to_string();
    let zone = &call.shell.site.host.os.timezone;
    let text = format!(
        "               Local time: {here}\n           Universal time: {universal} UTC\n                 RTC time: {universal}\n                Time zone: {zone} (CST, +0800)\nSystem clock synchronized: yes\n              NTP service: active\n          RTC in local TZ: no\n"
    );
    call.out(&text);
    0
}

/// `loginctl`
pub(super) fn loginctl(call: &mut Call) -> i32 {
    let account = call.shell.account.clone();
    let number = 1 + call.shell.pid % 9_000;
    match call.rest().iter().find(|a| !a.starts_with('-')).map(String::as_str) {
        None | Some("list-sessions") => {
            let terminal =
                call.shell.screen.as_ref().map(|s| format!("pts/{}", s.number)).unwrap_or_default();
            call.out(&format!(
                "SESSION  UID USER  SEAT TTY  \n{number:>7} {:>4} {:<5}      {terminal:<5}\n\n1 sessions listed.\n",
                account.uid, account.name
            ));
            0
        }
        Some("list-users") => {
            call.out(&format!(
                " UID USER  LINGER\n{:>4} {:<5} no    \n\n1 users listed.\n",
                account.uid, account.name
            ));
            0
        }
        Some("list-seats") => {
            call.out("SEAT \nseat0\n\n1 seats listed.\n");
            0
        }
        Some(other) => {
            call.error(&format!("Unknown command verb {other}.\n"));
            1
        }
    }
}

/// `systemd-detect-virt`
pub(super) fn detect_virt(call: &mut Call) -> i32 {
    let container = call.rest().iter().any(|a| a == "-c" || a == "--container");
    call.out(if container { "none\n" } else { "vmware\n" });
    i32::from(container)
}

/// `findmnt`
pub(super) fn findmnt(call: &mut Call) -> i32 {
    let table = call.shell.fs.read("/proc/self/mounts").unwrap_or_default();
    let table = String::from_utf8_lossy(&table).into_owned();
    let rows: Vec<Vec<&str>> = table.lines().map(|l| l.split(' ').collect()).collect();
    let wanted = Options::new(call.rest(), "tSTo").operands.first().map(|o| o.as_str().to_owned());
    let mut shown: Vec<[String; 4]> = Vec::new();
    let mut roots: Vec<&Vec<&str>> = rows.iter().filter(|r| r.get(1) == Some(&"/")).collect();
    roots.extend(rows.iter().filter(|r| r.get(1) != Some(&"/")));
    let inner = roots.len().saturating_sub(1);
    for (n, row) in roots.into_iter().enumerate() {
        let [source, target, kind, options, ..] = row.as_slice() else { continue };
        if wanted.as_deref().is_some_and(|w| w != *target && w != *source) {
            continue;
        }
        let branch = match n {
            0 => "",
            n if n == inner => "└─",
            _ => "├─",
        };
        let branch = if wanted.is_some() { "" } else { branch };
        shown.push([
            format!("{branch}{target}"),
            (*source).to_owned(),
            (*kind).to_owned(),
            (*options).to_owned(),
        ]);
    }
    if shown.is_empty() {
        return 1;
    }
    let widest = |c: usize, least: usize| {
        shown.iter().filter_map(|r| r.get(c)).map(|t| t.chars().count()).max().unwrap_or(0).max(least)
    };
    let (target, source, kind) = (widest(0, 6), widest(1, 6), widest(2, 6));
    call.out(&format!("{:<target$} {:<source$} {:<kind$} OPTIONS\n", "TARGET", "SOURCE", "FSTYPE"));
    for [a, b, c, d] in shown {
        call.out(&format!("{a:<target$} {b:<source$} {c:<kind$} {d}\n"));
    }
    0
}

/// `vmstat`: the line of means since the start, and as many as asked for.
pub(super) fn vmstat(call: &mut Call) -> i32 {
    let options = Options::new(call.rest(), "S");
    let number = |n: usize| options.operands.get(n).and_then(|o| o.parse::<u64>().ok());
    let (delay, count) = (number(0), number(1).unwrap_or(1).clamp(1, 600));
    let count = if delay.is_some() && number(1).is_none() { 600 } else { count };
    call.out("procs -----------memory---------- ---swap-- -----io---- -system-- ------cpu-----\n r  b   swpd   free   buff  cache   si   so    bi    bo   in   cs us sy id wa st\n");
    for n in 0..count {
        if n > 0 {
            call.pause(std::time::Duration::from_secs(delay.unwrap_or(1)));
        }
        let [_, free, cache, _] = proc::memory(&call.shell.site, call.shell.session.now());
        let draw = |purpose: &str, bound: u64| {
            call.shell.site.trait_number(&format!("vmstat/{purpose}/{n}/{}", call.shell.session.now()), bound)
        };
        let busy = if n == 0 { 1 } else { draw("us", 4) };
        let row = format!(
            "{:>2}  0      0 {free:>6} {:>6} {:>6}    0    0 {:>5} {:>5} {:>4} {:>4} {busy:>2}  0 {:>2}  0  0\n",
            draw("r", 2),
            cache / 12,
            cache - cache / 12,
            draw("bi", 12),
            40 + draw("bo", 160),
            380 + draw("in", 400),
            700 + draw("cs", 900),
            100 - busy
        );
        call.out(&row);
    }
    0
}

/// `pstree`
pub(super) fn pstree(call: &mut Call) -> i32 {
    let processes = all(call);
    let mut text = String::new();
    branch(&processes, 1, "", "", &mut text, 0);
    call.out(&text);
    0
}

/// A process and what it started; `base` is what stands before its name on further lines.
fn branch(all: &[Running], pid: u32, base: &str, mark: &str, out: &mut String, depth: usize) {
    let Some(own) = all.iter().find(|p| p.pid == pid).filter(|_| depth < 16) else { return };
    let name = if pid == 1 { "systemd".to_owned() } else { own.name() };
    out.push_str(mark);
    out.push_str(&name);
    let below: Vec<u32> = all.iter().filter(|p| p.parent == pid && p.pid != 2).map(|p| p.pid).collect();
    if below.is_empty() {
        out.push('\n');
        return;
    }
    let indent = format!("{base}{}", " ".repeat(name.chars().count()));
    for (n, child) in below.iter().enumerate() {
        let last = n + 1 == below.len();
        let next = match (n, last) {
            (0, true) => "───",
            (0, false) => "─┬─",
            (_, true) => " └─",
            (_, false) => " ├─",
        };
        if n > 0 {
            out.push_str(&indent);
        }
        let column = if last { "   " } else { " │ " };
        branch(all, *child, &format!("{indent}{column}"), next, out, depth + 1);
    }
}

/// `lastlog`
pub(super) fn lastlog(call: &mut Call) -> i32 {
    let passwd = call.shell.fs.read("/etc/passwd").unwrap_or_default();
    let passwd = String::from_utf8_lossy(&passwd).into_owned();
    call.out("Username         Port     From                                       Latest\n");
    let me = call.shell.account.name.clone();
    let since = local(call, call.shell.started.as_second(), "%a %b %e %H:%M:%S %z %Y");
    for name in passwd.lines().filter_map(|l| l.split(':').next()) {
        if name == me {
            let port =
                call.shell.screen.as_ref().map_or_else(|| "ssh".to_owned(), |s| format!("pts/{}", s.number));
            let from = call.shell.session.source();
            call.out(&format!("{name:<16} {port:<8} {:<42} {since}\n", from.to_string()));
        } else {
            call.out(&format!(
                "{name:<16}                                                     **Never logged in**\n"
            ));
        }
    }
    0
}

/// `lastb`: its file is for root.
pub(super) fn lastb(call: &mut Call) -> i32 {
    call.fail(1, "cannot open /var/log/btmp: Permission denied")
}

/// `locale`
pub(super) fn locale(call: &mut Call) -> i32 {
    if call.rest().iter().any(|a| a == "-a") {
        call.out("C\nC.utf8\nPOSIX\n");
        return 0;
    }
    let language = call.shell.variables.get("LANG").map(|v| v.value.clone()).unwrap_or_default();
    call.out(&format!("LANG={language}\nLANGUAGE=\n"));
    for name in [
        "CTYPE",
        "NUMERIC",
        "TIME",
        "COLLATE",
        "MONETARY",
        "MESSAGES",
        "PAPER",
        "NAME",
        "ADDRESS",
        "TELEPHONE",
        "MEASUREMENT",
        "IDENTIFICATION",
    ] {
        call.out(&format!("LC_{name}=\"{language}\"\n"));
    }
    call.out("LC_ALL=\n");
    0
}

/// `getconf`
pub(super) fn getconf(call: &mut Call) -> i32 {
    let cpus = call.shell.site.behaviour.machine.cpus;
    let Some(name) = call.rest().first() else {
        call.error("Usage: getconf [-v SPEC] VAR\n  or:  getconf [-v SPEC] PATH_VAR PATH\n\n");
        return 2;
    };
    let text = match name.as_str() {
        "PAGE_SIZE" | "PAGESIZE" => "4096".to_owned(),
        "_NPROCESSORS_ONLN" | "_NPROCESSORS_CONF" => cpus.to_string(),
        "LONG_BIT" => "64".to_owned(),
        "ARG_MAX" => "2097152".to_owned(),
        "CLK_TCK" => "100".to_owned(),
        "OPEN_MAX" => "1024".to_owned(),
        "GNU_LIBC_VERSION" => "glibc 2.36".to_owned(),
        "PATH" => "/bin:/usr/bin".to_owned(),
        other => {
            call.error(&format!("getconf: Unrecognized variable `{other}'\n"));
            return 2;
        }
    };
    call.out(&format!("{text}\n"));
    0
}

/// `fuser` without the right to look: finds nothing.
pub(super) fn fuser(call: &mut Call) -> i32 {
    if Options::new(call.rest(), "nsk").operands.is_empty() {
        call.error("No process specification given\n");
    }
    1
}

/// `factor`
pub(super) fn factor(call: &mut Call) -> i32 {
    /// Largest divisor that is tried.
    const MOST: u64 = 2_000_000;
    for word in call.rest() {
        let Ok(number) = word.parse::<u64>() else {
            return call.fail(1, &format!("‘{word}’ is not a valid positive integer"));
        };
        let (mut left, mut divisor, mut line) = (number, 2, format!("{number}:"));
        while divisor * divisor <= left && divisor < MOST {
            if left % divisor == 0 {
                line.push_str(&format!(" {divisor}"));
                left /= divisor;
            } else {
                divisor += 1;
            }
        }
        if left > 1 {
            line.push_str(&format!(" {left}"));
        }
        call.out(&format!("{line}\n"));
    }
    0
}
