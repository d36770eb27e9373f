//! Programs that tell of processes and services.

use std::time::Duration;

use jiff::Timestamp;

use super::{Call, Options};
use crate::decoys::ssh::shell::proc::{self, Running};

/// The machine's processes and this session's own.
pub(super) fn all(call: &mut Call) -> Vec<Running> {
    let now = call.shell.session.now();
    let mut list = proc::processes(&call.shell.site, now);
    let uid = call.shell.account.uid;
    let name = call.shell.account.name.clone();
    let terminal = if call.shell.screen.is_some() { "pts/0" } else { "?" };
    let listener = list.iter().find(|p| p.command.starts_with("sshd:")).map_or(1, |p| p.pid);
    let pid = call.shell.pid;
    let own = call.shell.spawn();
    let place = if call.shell.screen.is_some() { "pts/0" } else { "notty" };
    let started = call.shell.started.as_second();
    let mut add = |pid, parent, uid, command: String, memory_kb, terminal, state, started| {
        list.push(Running { pid, parent, uid, command, memory_kb, cpu_tenths: 0, started, terminal, state });
    };
    add(pid.saturating_sub(3), listener, 0, format!("sshd: {name} [priv]"), 11_128, "?", "Ss", started);
    add(
        pid.saturating_sub(1),
        pid.saturating_sub(3),
        uid,
        format!("sshd: {name}@{place}"),
        6_812,
        "?",
        "S",
        started,
    );
    let shell = if call.shell.screen.is_some() { "-bash".to_owned() } else { "bash".to_owned() };
    add(pid, pid.saturating_sub(1), uid, shell, 5_124, terminal, "Ss", started);
    let line = call.arguments.join(" ");
    add(own, pid, uid, line, 4_432, terminal, "R+", now.as_second());
    list.sort_by_key(|p| p.pid);
    list
}

pub(super) fn local(call: &Call, second: i64, format: &str) -> String {
    Timestamp::from_second(second)
        .map(|t| t.to_zoned(call.shell.site.zone()).strftime(format).to_string())
        .unwrap_or_default()
}

fn start(call: &Call, process: &Running) -> String {
    let now = call.shell.session.now().as_second();
    let today = local(call, now, "%j%Y") == local(call, process.started, "%j%Y");
    local(call, process.started, if today { "%H:%M" } else { "%b%d" })
}

/// Processor time used, seconds.
fn used(call: &Call, process: &Running) -> i64 {
    (call.shell.session.now().as_second() - process.started) * i64::from(process.cpu_tenths) / 1000
}

fn short_user(name: &str) -> String {
    if name.len() > 8 { format!("{}+", name.get(..7).unwrap_or(name)) } else { name.to_owned() }
}

/// `ps`
pub(super) fn ps(call: &mut Call) -> i32 {
    let flags: String = call
        .rest()
        .iter()
        .filter(|a| !a.chars().any(|c| c.is_ascii_digit()))
        .map(|a| a.trim_start_matches('-'))
        .collect();
    let bsd = call.rest().first().is_some_and(|a| !a.starts_with('-') || a == "-aux");
    let list = all(call);
    let total = call.shell.site.behaviour.machine.memory_kb;
    let width = call.shell.screen.as_ref().map_or(usize::MAX, |s| usize::from(s.columns));
    let mine = |p: &Running| {
        p.uid == call.shell.account.uid
            && p.terminal == if call.shell.screen.is_some() { "pts/0" } else { "?" }
    };
    let everyone =
        flags.contains('e') || flags.contains('A') || (bsd && flags.contains('a') && flags.contains('x'));
    let only = call.rest().iter().skip_while(|a| *a != "-p").nth(1).and_then(|p| p.parse::<u32>().ok());
    let rows: Vec<&Running> =
        list.iter().filter(|p| only.map_or(everyone || mine(p), |pid| p.pid == pid)).collect();
    let mut text = String::new();
    if bsd && flags.contains('u') {
        text.push_str("USER         PID %CPU %MEM    VSZ   RSS TTY      STAT START   TIME COMMAND\n");
        for p in rows {
            let user = short_user(&call.shell.site.user_name(p.uid));
            let percent = p.memory_kb * 1000 / total.max(1);
            let virtual_kb = if p.memory_kb == 0 { 0 } else { p.memory_kb * 3 + 1_200 };
            let time = used(call, p);
            text.push_str(&format!(
                "{user:<8} {:>7} {:>2}.{} {:>2}.{} {virtual_kb:>6} {:>5} {:<8} {:<4} {:>5} {:>3}:{:02} {}\n",
                p.pid,
                p.cpu_tenths / 10,
                p.cpu_tenths % 10,
                percent / 10,
                percent % 10,
                p.memory_kb,
                p.terminal,
                p.state,
                start(call, p),
                time / 60,
                time % 60,
                p.command
            ));
        }
    } else if flags.contains('f') && !bsd {
        text.push_str("UID          PID    PPID  C STIME TTY          TIME CMD\n");
        for p in rows {
            let user = short_user(&call.shell.site.user_name(p.uid));
            let time = used(call, p);
            text.push_str(&format!(
                "{user:<8} {:>7} {:>7} {:>2} {:>5} {:<8} {:02}:{:02}:{:02} {}\n",
                p.pid,
                p.parent,
                p.cpu_tenths / 10,
                start(call, p),
                p.terminal,
                time / 3600,
                time / 60 % 60,
                time % 60,
                p.command
            ));
        }
    } else if bsd {
        text.push_str("    PID TTY      STAT   TIME COMMAND\n");
        for p in rows {
            let time = used(call, p);
            text.push_str(&format!(
                "{:>7} {:<8} {:<4} {:>3}:{:02} {}\n",
                p.pid,
                p.terminal,
                p.state,
                time / 60,
                time % 60,
                p.command
            ));
        }
    } else {
        text.push_str("    PID TTY          TIME CMD\n");
        for p in rows {
            let time = used(call, p);
            text.push_str(&format!(
                "{:>7} {:<8} {:02}:{:02}:{:02} {}\n",
                p.pid,
                p.terminal,
                time / 3600,
                time / 60 % 60,
                time % 60,
                p.name()
            ));
        }
    }
    for line in text.lines() {
        let cut: String = if call.terminal { line.chars().take(width).collect() } else { line.to_owned() };
        call.out(&format!("{cut}\n"));
    }
    0
}

/// `top`
pub(super) fn top(call: &mut Call) -> i32 {
    let options = Options::new(call.rest(), "nd");
    let batch = options.has('b');
    if !batch && call.shell.screen.is_none() {
        return call.fail(1, "failed tty get");
    }
    let rounds = options
        .value('n')
        .and_then(|n| n.parse::<u32>().ok())
        .unwrap_or(if batch { 200 } else { 1_200 })
        .min(1_200);
    let mut list = all(call);
    list.sort_by_key(|p| std::cmp::Reverse(p.cpu_tenths));
    for round in 0..rounds {
        if !batch {
            call.out("\x1b[H\x1b[J");
        }
        let screen = screenful(call, &list, i64::from(round) * 3, batch);
        call.out(&screen);
        if round + 1 < rounds {
            call.pause(Duration::from_secs(3));
        }
    }
    0
}

fn screenful(call: &Call, list: &[Running], after: i64, batch: bool) -> String {
    let site = &call.shell.site;
    let now = call.shell.session.now();
    let at = now.as_second() + after;
    let up = at - site.boot(now);
    let [a, b, c] = proc::load(site, now);
    let [total, free, cache, available] = proc::memory(site, now);
    let mib = |kb: u64| format!("{:>8}.{}", kb / 1024, kb % 1024 * 10 / 1024);
    let idle = 1000
        - i64::from(list.iter().map(|p| p.cpu_tenths).sum::<u32>())
            / i64::from(site.behaviour.machine.cpus.max(1));
    let (busy, rest) = ((1000 - idle) * 3 / 4, (1000 - idle) / 4);
    let mut text = format!(
        "top - {} up {} days, {:>2}:{:02},  {} user,  load average: {a}, {b}, {c}\nTasks: {:>3} total,   1 running, {:>3} sleeping,   0 stopped,   0 zombie\n%Cpu(s): {:>2}.{} us, {:>2}.{} sy,  0.0 ni, {:>2}.{} id,  0.0 wa,  0.0 hi,  0.0 si,  0.0 st \nMiB Mem : {} total, {} free, {} used, {} buff/cache     \nMiB Swap: {} total, {} free, {} used. {} avail Mem \n\n    PID USER      PR  NI    VIRT    RES    SHR S  %CPU  %MEM     TIME+ COMMAND\n",
        local(call, at, "%H:%M:%S"),
        up / 86_400,
        up / 3600 % 24,
        up / 60 % 60,
        u32::from(call.shell.screen.is_some()),
        list.len(),
        list.len() - 1,
        busy / 10,
        busy % 10,
        rest / 10,
        rest % 10,
        idle / 10,
        idle % 10,
        mib(total),
        mib(free),
        mib(total - free - cache),
        mib(cache),
        mib(999_420),
        mib(999_420),
        mib(0),
        mib(available)
    );
    let rows = if batch {
        usize::MAX
    } else {
        call.shell.screen.as_ref().map_or(24, |s| usize::from(s.rows)).saturating_sub(7)
    };
    for p in list.iter().take(rows) {
        let percent = p.memory_kb * 1000 / total.max(1);
        let time = used(call, p);
        text.push_str(&format!(
            "{:>7} {:<8}  20   0 {:>7} {:>6} {:>6} {} {:>5} {:>5} {:>9} {}\n",
            p.pid,
            short_user(&site.user_name(p.uid)),
            p.memory_kb * 3 + 1_200,
            p.memory_kb,
            p.memory_kb / 2,
            p.state.chars().next().unwrap_or('S'),
            format!("{}.{}", p.cpu_tenths / 10, p.cpu_tenths % 10),
            format!("{}.{}", percent / 10, percent % 10),
            format!("{}:{:02}.{:02}", time / 60, time % 60, p.pid % 100),
            p.name()
        ));
    }
    text
}

/// `pgrep` and `pidof`
pub(super) fn pgrep(call: &mut Call) -> i32 {
    let options = Options::new(call.rest(), "ut");
    let Some(pattern) = options.operands.first().map(|p| (*p).clone()) else {
        return call.fail(2, "no matching criteria specified\nTry `pgrep --help' for more information.");
    };
    let exact = call.name() == "pidof";
    let (long, full) = (options.has('l') || options.has('a'), options.has('f'));
    let own = call.shell.pid + 1;
    let found: Vec<String> = all(call)
        .into_iter()
        .filter(|p| {
            p.pid != own
                && if exact {
                    p.name() == pattern
                } else if full {
                    p.command.contains(&pattern)
                } else {
                    p.name().contains(&pattern)
                }
        })
        .filter(|p| !p.state.starts_with('R'))
        .map(|p| {
            if long {
                format!("{} {}", p.pid, if full { p.command.clone() } else { p.name() })
            } else {
                p.pid.to_string()
            }
        })
        .collect();
    if found.is_empty() {
        return 1;
    }
    let text = found.join(if exact { " " } else { "\n" });
    call.out(&format!("{text}\n"));
    0
}

/// `pkill` and `killall`: what is not one's own may not be signalled.
pub(super) fn pkill(call: &mut Call) -> i32 {
    let options = Options::new(call.rest(), "u");
    let Some(name) = options.operands.first().map(|n| (*n).clone()) else {
        return call.fail(2, "no matching criteria specified\nTry `pkill --help' for more information.");
    };
    let uid = call.shell.account.uid;
    let hits: Vec<Running> =
        all(call).into_iter().filter(|p| p.name().contains(&name) && !p.state.starts_with('R')).collect();
    if hits.is_empty() {
        if call.name() == "killall" {
            call.error(&format!("{name}: no process found\n"));
        }
        return 1;
    }
    for p in hits.iter().filter(|p| p.uid != uid) {
        let text = if call.name() == "killall" {
            format!("{}({}): Operation not permitted\n", p.name(), p.pid)
        } else {
            format!("pkill: killing pid {} failed: Operation not permitted\n", p.pid)
        };
        call.error(&text);
    }
    0
}
