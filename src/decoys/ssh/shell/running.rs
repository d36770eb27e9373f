//! The programs that run on the machine.

use jiff::Timestamp;

use super::site::Site;

/// One program that runs.
#[derive(Debug, Clone)]
pub struct Running {
    /// Process id.
    pub pid: u32,
    /// Parent.
    pub parent: u32,
    /// Owner.
    pub uid: u32,
    /// Command line; kernel threads in brackets.
    pub command: String,
    /// Resident memory, kB.
    pub memory_kb: u64,
    /// Share of one processor, tenths of a percent.
    pub cpu_tenths: u32,
    /// When it was started, seconds since 1970.
    pub started: i64,
    /// Terminal, or `?`.
    pub terminal: &'static str,
    /// State letters of `ps`.
    pub state: &'static str,
}

impl Running {
    /// The name without path and arguments, as `comm`.
    pub fn name(&self) -> String {
        if self.pid == 1 || self.command.ends_with("systemd --user") {
            return "systemd".to_owned();
        }
        let first = self.command.split(' ').next().unwrap_or_default().trim_start_matches('-');
        let name = first.rsplit('/').next().unwrap_or(first).trim_end_matches(':');
        name.trim_matches(['[', ']']).chars().take(15).collect()
    }
}

const THREADS: [&str; 22] = [
    "kthreadd",
    "rcu_gp",
    "rcu_par_gp",
    "slub_flushwq",
    "netns",
    "kworker/0:0H-events_highpri",
    "mm_percpu_wq",
    "rcu_tasks_kthread",
    "ksoftirqd/0",
    "rcu_preempt",
    "migration/0",
    "cpuhp/0",
    "kdevtmpfs",
    "kauditd",
    "khungtaskd",
    "oom_reaper",
    "writeback",
    "kcompactd0",
    "kswapd0",
    "scsi_eh_0",
    "jbd2/sda1-8",
    "ext4-rsv-conver",
];

const DAEMONS: [(&str, u64); 9] = [
    ("/lib/systemd/systemd-journald", 24_872),
    ("/lib/systemd/systemd-udevd", 6_520),
    ("/lib/systemd/systemd-timesyncd", 6_732),
    ("/usr/sbin/cron -f", 2_716),
    (
        "/usr/bin/dbus-daemon --system --address=systemd: --nofork --nopidfile --systemd-activation --syslog-only",
        4_784,
    ),
    ("/lib/systemd/systemd-logind", 7_812),
    ("/usr/sbin/rsyslogd -n -iNONE", 6_240),
    ("/sbin/agetty -o -p -- \\u --noclear - linux", 1_060),
    ("sshd: /usr/sbin/sshd -D [listener] 0 of 10-100 startups", 9_412),
];

/// The last process id given out: grows while the machine runs.
pub fn last_pid(site: &Site, now: Timestamp) -> u32 {
    let up = (now.as_millisecond() - site.boot(now) * 1000).max(0);
    u32::try_from(2_000 + up / 4_700 % 4_000_000).unwrap_or(2_000)
}

/// All programs that run whoever is logged in.
pub fn processes(site: &Site, now: Timestamp) -> Vec<Running> {
    let boot = site.boot(now);
    let mut out = Vec::new();
    let mut add = |pid: u32,
                   parent: u32,
                   uid: u32,
                   command: String,
                   memory_kb: u64,
                   cpu_tenths: u32,
                   after: i64,
                   state: &'static str| {
        out.push(Running {
            pid,
            parent,
            uid,
            command,
            memory_kb,
            cpu_tenths,
            started: boot + after,
            terminal: "?",
            state,
        });
    };
    add(1, 0, 0, "/sbin/init".into(), 12_460, 0, 0, "Ss");
    for (n, name) in (0_u32..).zip(THREADS) {
        add(
            2 + n * 3 - n % 2,
            if n == 0 { 0 } else { 2 },
            0,
            format!("[{name}]"),
            0,
            0,
            0,
            if n % 3 == 1 { "I<" } else { "S" },
        );
    }
    for (n, (command, memory)) in (0_u32..).zip(DAEMONS) {
        let pid = 271 + n * 53 + u32::try_from(site.trait_number(command, 40)).unwrap_or(0);
        let user = match n {
            2 => "systemd-timesync",
            4 => "messagebus",
            _ => "root",
        };
        let uid = site.account(user).map_or(0, |a| a.uid);
        add(pid, 1, uid, command.to_owned(), memory, 0, 3 + i64::from(n), "Ss");
    }
    for (n, process) in (0_u32..).zip(&site.behaviour.process) {
        let uid = site.account(&process.user).map_or(0, |a| a.uid);
        let pid = 790 + n * 31 + u32::try_from(site.trait_number(&process.command, 25)).unwrap_or(0);
        add(
            pid,
            1,
            uid,
            process.command.clone(),
            process.memory_kb,
            process.cpu_tenths,
            9 + i64::from(n),
            "Ssl",
        );
    }
    out
}
