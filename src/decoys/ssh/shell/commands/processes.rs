//! Programs that tell of processes and services.

use std::time::Duration;

use jiff::Timestamp;

use super::{Call, Options};
use crate::decoys::ssh::shell::proc::{self, Running};

/// The machine's processes and this session's own.
pub(super) fn all(call: &mut Call) -> Vec<Running> {
    let now = call.shell.session.now();
    let mut list = proc::processes(&call.shell.site, now);
    list.extend(call.shell.fs.seat().processes(&call.shell.site, now));
    let uid = call.shell.account.uid;
    let terminal = if call.shell.screen.is_some() { "pts/0" } else { "?" };
    let pid = call.shell.pid;
    let own = call.shell.spawn();
    let line = call.arguments.join(" ");
    let state = if call.shell.screen.is_some() { "R+" } else { "R" };
    list.push(Running {
        pid: own,
        parent: pid,
        uid,
        command: line,
        memory_kb: 4_432,
        cpu_tenths: 0,
        started: now.as_second(),
        terminal,
        state,
    });
    list.sort_by_key(|p| p.pid);
    list
}

pub(super) fn local(call: &Call, second: i64, format: &str) -> String {
    Timestamp::from_second(second)
        .map(|t| t.to_zoned(call.shell.site.zone()).strftime(format).to_string())
        .unwrap_or_default()
}

/// Processor time used, seconds.
fn used(call: &Call, process: &Running) -> i64 {
    (call.shell.session.now().as_second() - process.started) * i64::from(process.cpu_tenths) / 1000
}

fn short_user(name: &str) -> String {
    if name.len() > 8 { format!("{}+", name.get(..7).unwrap_or(name)) } else { name.to_owned() }
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
    order(&mut list, 'P');
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

/// What `top` shows on a terminal, in the order of one of its keys.
pub(crate) fn top_screen(call: &mut Call, key: char) -> String {
    let mut list = all(call);
    order(&mut list, key);
    screenful(call, &list, 0, false)
}

fn order(list: &mut [Running], key: char) {
    match key {
        'M' => list.sort_by_key(|p| std::cmp::Reverse(p.memory_kb)),
        'N' => list.sort_by_key(|p| std::cmp::Reverse(p.pid)),
        'T' => list.sort_by_key(|p| std::cmp::Reverse(i64::from(p.cpu_tenths) * -p.started)),
        _ => list.sort_by_key(|p| std::cmp::Reverse(p.cpu_tenths)),
    }
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
    let exact = call.name() == "pidof" || options.has('x');
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
