//! Programs that tell of the machine and its users.

use jiff::Timestamp;

use super::{Call, Options};
use crate::decoys::ssh::shell::proc;

/// `env` and `printenv`
pub(super) fn env(call: &mut Call) -> i32 {
    if call.name() == "printenv"
        && let Some(name) = call.rest().first()
    {
        return match call.shell.variables.get(name).filter(|v| v.exported).map(|v| v.value.clone()) {
            Some(value) => {
                call.out(&format!("{value}\n"));
                0
            }
            None => 1,
        };
    }
    let text: String = call
        .shell
        .variables
        .iter()
        .filter(|(_, v)| v.exported)
        .map(|(n, v)| format!("{n}={}\n", v.value))
        .collect();
    call.out(&text);
    0
}

/// `id`
pub(super) fn id(call: &mut Call) -> i32 {
    let options = Options::new(call.rest(), "");
    let account = match options.operands.first() {
        Some(name) => match call.shell.site.account(name) {
            Some(account) => account,
            None => return call.fail(1, &format!("‘{name}’: no such user")),
        },
        None => call.shell.account.clone(),
    };
    let group = call.shell.site.group_name(account.gid);
    let text = if options.has('u') {
        if options.has('n') { account.name } else { account.uid.to_string() }
    } else if options.has('g') || options.has('G') {
        if options.has('n') { group } else { account.gid.to_string() }
    } else {
        format!(
            "uid={}({}) gid={}({group}) groups={}({group})",
            account.uid, account.name, account.gid, account.gid
        )
    };
    call.out(&format!("{text}\n"));
    0
}

/// `whoami`
pub(super) fn whoami(call: &mut Call) -> i32 {
    let line = format!("{}\n", call.shell.account.name);
    call.out(&line);
    0
}

/// `groups`
pub(super) fn groups(call: &mut Call) -> i32 {
    let line = format!("{}\n", call.shell.site.group_name(call.shell.account.gid));
    call.out(&line);
    0
}

/// `hostname`
pub(super) fn hostname(call: &mut Call) -> i32 {
    let options = Options::new(call.rest(), "");
    let (site, host) = (call.shell.site.clone(), call.shell.site.host.clone());
    let text = if options.has('I') {
        format!("{} ", host.address)
    } else if options.has('i') {
        "127.0.1.1".to_owned()
    } else if options.has('f') || options.long.contains(&"--fqdn") {
        host.fqdn(&site.pack.hospital)
    } else if options.has('d') {
        site.pack.hospital.domain.clone()
    } else if let Some(name) = options.operands.first() {
        let _ = name;
        call.error("hostname: you must be root to change the host name\n");
        return 1;
    } else {
        host.hostname.clone()
    };
    call.out(&format!("{text}\n"));
    0
}

/// `uname`
pub(super) fn uname(call: &mut Call) -> i32 {
    let options = Options::new(call.rest(), "");
    if let Some(bad) = options.unknown("asnrvmpio") {
        return call.bad_option(&bad, 1);
    }
    let site = &call.shell.site;
    let all = options.has('a') || options.long.contains(&"--all");
    let none = call.rest().is_empty();
    let parts = [
        ('s', "Linux".to_owned()),
        ('n', site.host.hostname.clone()),
        ('r', site.host.os.kernel.clone()),
        ('v', site.behaviour.machine.kernel_build.clone()),
        ('m', "x86_64".to_owned()),
        ('p', "unknown".to_owned()),
        ('i', "unknown".to_owned()),
        ('o', "GNU/Linux".to_owned()),
    ];
    let shown: Vec<String> = parts
        .into_iter()
        .filter(|(l, _)| all && !"pi".contains(*l) || options.has(*l) || none && *l == 's')
        .map(|(_, t)| t)
        .collect();
    call.out(&format!("{}\n", shown.join(" ")));
    0
}

/// `arch`
pub(super) fn arch(call: &mut Call) -> i32 {
    call.out("x86_64\n");
    0
}

/// `nproc`
pub(super) fn nproc(call: &mut Call) -> i32 {
    let line = format!("{}\n", call.shell.site.behaviour.machine.cpus);
    call.out(&line);
    0
}

/// `date`
pub(super) fn date(call: &mut Call) -> i32 {
    let options = Options::new(call.rest(), "dsr");
    if let Some(bad) = options.unknown("udsrRI") {
        return call.bad_option(&bad, 1);
    }
    if options.has('s') {
        return call.fail(1, "cannot set date: Operation not permitted");
    }
    let mut at = call.shell.session.now();
    if let Some(text) =
        options.value('d').or_else(|| options.long.iter().find_map(|l| l.strip_prefix("--date=")))
    {
        match when(text, at) {
            Some(moment) => at = moment,
            None => return call.fail(1, &format!("invalid date ‘{text}’")),
        }
    }
    let zone = if options.has('u') { jiff::tz::TimeZone::UTC } else { call.shell.site.zone() };
    let name = if options.has('u') { "UTC" } else { "CST" };
    let format = match options.operands.first() {
        Some(text) => match text.strip_prefix('+') {
            Some(format) => format.replace("%N", &format!("{:09}", at.subsec_nanosecond())),
            None => return call.fail(1, &format!("invalid date ‘{text}’")),
        },
        None if options.has('R') => "%a, %d %b %Y %H:%M:%S %z".to_owned(),
        None if options.has('I') => "%Y-%m-%d".to_owned(),
        None => "%a %b %e %H:%M:%S %Z %Y".to_owned(),
    };
    let format = format.replace("%Z", name);
    let zoned = at.to_zoned(zone);
    match jiff::fmt::strtime::format(&format, &zoned) {
        Ok(text) => call.out(&format!("{text}\n")),
        Err(_) => call.out(&format!("{format}\n")),
    }
    0
}

fn when(text: &str, now: Timestamp) -> Option<Timestamp> {
    if let Some(seconds) = text.strip_prefix('@') {
        return Timestamp::from_second(seconds.parse().ok()?).ok();
    }
    let day = 86_400;
    let shift = match text {
        "now" | "today" => 0,
        "yesterday" => -day,
        "tomorrow" => day,
        _ => {
            let mut words = text.split_whitespace();
            let count: i64 = words.next()?.parse().ok()?;
            let unit = match words.next()?.trim_end_matches('s') {
                "second" | "sec" => 1,
                "minute" | "min" => 60,
                "hour" => 3600,
                "day" => day,
                "week" => 7 * day,
                _ => return None,
            };
            let sign = if words.next() == Some("ago") { -1 } else { 1 };
            count.checked_mul(unit)?.checked_mul(sign)?
        }
    };
    Timestamp::from_second(now.as_second().checked_add(shift)?).ok()
}

fn local(call: &Call, second: i64, format: &str) -> String {
    Timestamp::from_second(second)
        .map(|t| t.to_zoned(call.shell.site.zone()).strftime(format).to_string())
        .unwrap_or_default()
}

fn uptime_line(call: &Call) -> String {
    let now = call.shell.session.now();
    let up = now.as_second() - call.shell.site.boot(now);
    let (days, hours, minutes) = (up / 86_400, up / 3600 % 24, up / 60 % 60);
    let day = match days {
        0 => String::new(),
        1 => "1 day, ".into(),
        n => format!("{n} days, "),
    };
    let clock = if hours > 0 { format!("{hours:>2}:{minutes:02}") } else { format!("{minutes} min") };
    let users = u32::from(call.shell.screen.is_some());
    let plural = if users > 1 { "users" } else { "user" };
    let [a, b, c] = proc::load(&call.shell.site, now);
    format!(
        " {} up {day}{clock}, {users:>2} {plural},  load average: {a}, {b}, {c}\n",
        local(call, now.as_second(), "%H:%M:%S")
    )
}

/// `uptime`
pub(super) fn uptime(call: &mut Call) -> i32 {
    let now = call.shell.session.now();
    let boot = call.shell.site.boot(now);
    let text = if call.rest().iter().any(|a| a == "-s") {
        format!("{}\n", local(call, boot, "%Y-%m-%d %H:%M:%S"))
    } else if call.rest().iter().any(|a| a == "-p") {
        let up = now.as_second() - boot;
        let part =
            |n: i64, unit: &str| (n > 0).then(|| format!("{n} {unit}{}", if n == 1 { "" } else { "s" }));
        let parts: Vec<String> = [
            part(up / 604_800, "week"),
            part(up / 86_400 % 7, "day"),
            part(up / 3600 % 24, "hour"),
            part(up / 60 % 60, "minute"),
        ]
        .into_iter()
        .flatten()
        .collect();
        format!("up {}\n", parts.join(", "))
    } else {
        uptime_line(call)
    };
    call.out(&text);
    0
}

/// `w`
pub(super) fn w(call: &mut Call) -> i32 {
    let mut text = uptime_line(call);
    text.push_str("USER     TTY      FROM             LOGIN@   IDLE   JCPU   PCPU WHAT\n");
    if let Some(screen) = &call.shell.screen {
        let login = local(call, call.shell.started.as_second(), "%H:%M");
        text.push_str(&format!(
            "{:<8} pts/{:<4} {:<16} {login}    0.00s  0.03s  0.00s w\n",
            call.shell.account.name,
            screen.number,
            call.shell.session.source()
        ));
    }
    call.out(&text);
    0
}

/// `who`
pub(super) fn who(call: &mut Call) -> i32 {
    if call.rest().iter().any(|a| a == "-b") {
        let boot = call.shell.site.boot(call.shell.session.now());
        let line = format!("         system boot  {}\n", local(call, boot, "%Y-%m-%d %H:%M"));
        call.out(&line);
        return 0;
    }
    if let Some(screen) = &call.shell.screen {
        let login = local(call, call.shell.started.as_second(), "%Y-%m-%d %H:%M");
        let line = format!(
            "{:<8} pts/{:<8} {login} ({})\n",
            call.shell.account.name,
            screen.number,
            call.shell.session.source()
        );
        call.out(&line);
    }
    0
}

/// `last`
pub(super) fn last(call: &mut Call) -> i32 {
    let now = call.shell.session.now();
    let boot = call.shell.site.boot(now);
    let name = call.shell.account.name.clone();
    let mut text = String::new();
    if let Some(screen) = &call.shell.screen {
        let login = local(call, call.shell.started.as_second(), "%a %b %e %H:%M");
        text.push_str(&format!(
            "{name:<8} {:<12} {:<16} {login}   still logged in\n",
            format!("pts/{}", screen.number),
            call.shell.session.source()
        ));
    }
    // Operators log in on some working days, from the office network.
    for back in 1..=14 {
        let day = now.as_second().div_euclid(86_400) - back;
        let pick = call.shell.site.trait_number(&format!("login/{day}"), 100);
        let start = day * 86_400 + i64::try_from(pick * 251).unwrap_or(0) % 30_000;
        let weekend = matches!(local(call, start, "%u").as_str(), "6" | "7");
        if pick > 40 || start < boot || weekend {
            continue;
        }
        let length = i64::try_from(pick * 37 + 120).unwrap_or(600);
        let from = call.shell.site.neighbour(u8::try_from(200 + pick % 5).unwrap_or(200));
        let (begin, end) = (local(call, start, "%a %b %e %H:%M"), local(call, start + length, "%H:%M"));
        text.push_str(&format!(
            "{name:<8} pts/0        {from:<16} {begin} - {end}  ({:02}:{:02})\n",
            length / 3600,
            length / 60 % 60
        ));
    }
    let kernel: String = call.shell.site.host.os.kernel.chars().take(16).collect();
    text.push_str(&format!(
        "reboot   system boot  {kernel:<16} {}   still running\n\nwtmp begins {}\n",
        local(call, boot, "%a %b %e %H:%M"),
        local(call, boot, "%a %b %e %H:%M:%S %Y")
    ));
    call.out(&text);
    0
}

/// `tty`
pub(super) fn tty(call: &mut Call) -> i32 {
    match &call.shell.screen {
        Some(screen) => {
            let line = format!("/dev/pts/{}\n", screen.number);
            call.out(&line);
            0
        }
        None => {
            call.out("not a tty\n");
            1
        }
    }
}

/// `getent`
pub(super) fn getent(call: &mut Call) -> i32 {
    let [database, keys @ ..] = call.rest() else {
        return call.fail(
            1,
            "wrong number of arguments\nTry `getent --help' or `getent --usage' for more information.",
        );
    };
    let text = call.shell.fs.read(&format!("/etc/{database}")).unwrap_or_default();
    let text = String::from_utf8_lossy(&text).into_owned();
    let mut found = false;
    for line in text.lines().filter(|l| !l.is_empty() && !l.starts_with('#')) {
        if keys.is_empty() || keys.iter().any(|k| line.split([':', '\t', ' ']).any(|f| f == k)) {
            call.out(&format!("{line}\n"));
            found = true;
        }
    }
    if found { 0 } else { 2 }
}
