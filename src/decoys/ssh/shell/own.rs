//! What /proc holds of single processes: the machine's, and the session's own.

use jiff::Timestamp;

use super::node::{Body, Node};
use super::proc::{last_pid, mounts, processes};
use super::running::Running;
use super::site::Site;

/// The session as /proc shows it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Seat {
    /// Process id of the shell; 0: there is none (SFTP).
    pub pid: u32,
    /// Its user.
    pub uid: u32,
    /// His name.
    pub user: String,
    /// Whether it has a terminal.
    pub terminal: bool,
    /// When it was started, seconds since 1970.
    pub started: i64,
    /// Its home.
    pub home: String,
    /// The peer, as `SSH_CONNECTION` has it.
    pub connection: String,
    /// The program that runs: what /proc/self shows.
    pub program: String,
}

/// Entries of a process's folder: files that everybody reads, then those that only the owner does.
const OPEN: [&str; 14] = [
    "autogroup",
    "cgroup",
    "cmdline",
    "comm",
    "limits",
    "loginuid",
    "mountinfo",
    "mounts",
    "oom_score",
    "oom_score_adj",
    "sched",
    "stat",
    "statm",
    "status",
];
const CLOSED: [&str; 5] = ["auxv", "environ", "io", "maps", "wchan"];
const LINKS: [&str; 3] = ["cwd", "exe", "root"];
const FOLDERS: [&str; 2] = ["fd", "ns"];
const NAMESPACES: [(&str, u64); 8] = [
    ("cgroup", 4_026_531_835),
    ("ipc", 4_026_531_839),
    ("mnt", 4_026_531_841),
    ("net", 4_026_531_840),
    ("pid", 4_026_531_836),
    ("time", 4_026_531_834),
    ("user", 4_026_531_837),
    ("uts", 4_026_531_838),
];

impl Seat {
    /// The processes of the session: sshd's two, the user's manager, the shell.
    pub fn processes(&self, site: &Site, now: Timestamp) -> Vec<Running> {
        if self.pid == 0 {
            return Vec::new();
        }
        let listener =
            processes(site, now).iter().find(|p| p.command.starts_with("sshd:")).map_or(1, |p| p.pid);
        let line: &'static str = if self.terminal { "pts/0" } else { "?" };
        let place = if self.terminal { "pts/0" } else { "notty" };
        let shell = if self.terminal { "-bash" } else { "bash" };
        let (pid, user) = (self.pid, &self.user);
        let rows = [
            (pid.saturating_sub(9), listener, 0, format!("sshd: {user} [priv]"), 11_128, "?", "Ss"),
            (pid.saturating_sub(6), 1, self.uid, "/lib/systemd/systemd --user".to_owned(), 10_572, "?", "Ss"),
            (pid.saturating_sub(5), pid.saturating_sub(6), self.uid, "(sd-pam)".to_owned(), 3_212, "?", "S"),
            (
                pid.saturating_sub(1),
                pid.saturating_sub(9),
                self.uid,
                format!("sshd: {user}@{place}"),
                6_812,
                "?",
                "S",
            ),
            (pid, pid.saturating_sub(1), self.uid, shell.to_owned(), 5_124, line, "Ss"),
        ];
        rows.into_iter()
            .map(|(pid, parent, uid, command, memory_kb, terminal, state)| Running {
                pid,
                parent,
                uid,
                command,
                memory_kb,
                cpu_tenths: 0,
                started: self.started,
                terminal,
                state,
            })
            .collect()
    }

    /// Ids that /proc lists beside those of the machine.
    pub fn ids(&self, site: &Site, now: Timestamp) -> Vec<u32> {
        self.processes(site, now).iter().map(|p| p.pid).collect()
    }

    fn find(&self, site: &Site, name: &str, now: Timestamp) -> Option<Running> {
        if matches!(name, "self" | "thread-self") {
            let pid = last_pid(site, now).max(self.pid) + 1;
            return Some(Running {
                pid,
                parent: self.pid,
                uid: self.uid,
                command: if self.program.is_empty() { "bash".into() } else { self.program.clone() },
                memory_kb: 1_920,
                cpu_tenths: 0,
                started: now.as_second(),
                terminal: if self.terminal { "pts/0" } else { "?" },
                state: if self.terminal { "R+" } else { "R" },
            });
        }
        let pid: u32 = name.parse().ok()?;
        processes(site, now).into_iter().chain(self.processes(site, now)).find(|p| p.pid == pid)
    }

    /// The node at a path below /proc, if it belongs to a process.
    pub fn node(&self, site: &Site, rest: &str, now: Timestamp) -> Option<Node> {
        let (first, second) = rest.split_once('/').unwrap_or((rest, ""));
        let process = self.find(site, first, now)?;
        let mtime = now.as_second();
        let node = |body: Body, mode: u32| Node { body, mode, uid: process.uid, gid: process.uid, mtime };
        let file = |text: String, mode: u32| node(Body::File(text.into_bytes().into()), mode);
        Some(match second {
            "" => node(Body::Directory, 0o555),
            "fd" => node(Body::Directory, 0o500),
            "ns" => node(Body::Directory, 0o511),
            "task" | "net" | "attr" => node(Body::Directory, 0o555),
            _ if LINKS.contains(&second) => node(Body::Link(self.link(&process, second)), 0o777),
            _ => match second.split_once('/') {
                Some(("fd", number)) => node(Body::Link(self.descriptor(&process, number)?), 0o700),
                Some(("ns", name)) => {
                    let (name, id) = NAMESPACES.iter().find(|(n, _)| *n == name)?;
                    node(Body::Link(format!("{name}:[{id}]")), 0o777)
                }
                _ => {
                    let text = self.text(site, &process, second, now)?;
                    file(text, if CLOSED.contains(&second) { 0o400 } else { 0o444 })
                }
            },
        })
    }

    /// Entries of a folder below /proc, if it belongs to a process.
    pub fn names(&self, site: &Site, rest: &str, now: Timestamp) -> Option<Vec<String>> {
        let (first, second) = rest.split_once('/').unwrap_or((rest, ""));
        let process = self.find(site, first, now)?;
        let own = |list: &[&str]| list.iter().map(|n| (*n).to_owned()).collect::<Vec<_>>();
        Some(match second {
            "" => [own(&OPEN), own(&CLOSED), own(&LINKS), own(&FOLDERS)].concat(),
            "fd" => {
                (0..=255).map(|n| n.to_string()).filter(|n| self.descriptor(&process, n).is_some()).collect()
            }
            "ns" => NAMESPACES.iter().map(|(n, _)| (*n).to_owned()).collect(),
            _ => return None,
        })
    }

    fn link(&self, process: &Running, name: &str) -> String {
        let mine = process.uid == self.uid;
        match name {
            "root" if mine => "/".to_owned(),
            "cwd" if mine => self.home.clone(),
            "exe" if mine && process.name() == "bash" => "/usr/bin/bash".to_owned(),
            "exe" if mine && process.command == self.program => format!("/usr/bin/{}", self.program),
            "exe" if mine && process.command.starts_with('/') => {
                let path = process.command.split(' ').next().unwrap_or_default();
                path.replacen("/lib/", "/usr/lib/", 1)
            }
            // What is another's can't be followed, nor read.
            _ => String::new(),
        }
    }

    fn descriptor(&self, process: &Running, number: &str) -> Option<String> {
        if process.uid != self.uid {
            return None;
        }
        let line = if self.terminal {
            "/dev/pts/0".to_owned()
        } else {
            format!("pipe:[{}]", 40_000 + process.pid % 9_000)
        };
        match number {
            "0" | "1" | "2" => Some(line),
            "255" if process.pid == self.pid && self.terminal => Some(line),
            _ => None,
        }
    }

    fn text(&self, site: &Site, process: &Running, name: &str, now: Timestamp) -> Option<String> {
        let kernel = process.command.starts_with('[');
        let size = if kernel { 0 } else { process.memory_kb * 3 + 1_200 };
        let pages = |kb: u64| kb / 4;
        let ticks = (process.started - site.boot(now)).max(0) * 100;
        Some(match name {
            "cmdline" if kernel => String::new(),
            "cmdline" => format!("{}\0", process.command.replace(' ', "\0")),
            "comm" => format!("{}\n", process.name()),
            "environ" if process.uid == self.uid => format!(
                "USER={0}\0LOGNAME={0}\0HOME={1}\0PATH=/usr/local/bin:/usr/bin:/bin:/usr/games\0SHELL=/bin/bash\0XDG_RUNTIME_DIR=/run/user/{2}\0SSH_CONNECTION={3}\0",
                self.user, self.home, self.uid, self.connection
            ),
            "environ" | "auxv" | "autogroup" => String::new(),
            "cgroup" if process.uid == self.uid && self.uid >= 1000 => {
                format!("0::/user.slice/user-{}.slice/session-1.scope\n", self.uid)
            }
            "cgroup" if process.pid == 1 => "0::/init.scope\n".to_owned(),
            "cgroup" if kernel => "0::/\n".to_owned(),
            "cgroup" => format!("0::/system.slice/{}.service\n", process.name()),
            "limits" => LIMITS.to_owned(),
            "loginuid" if process.terminal != "?" => self.uid.to_string(),
            "loginuid" => u32::MAX.to_string(),
            "mounts" => mounts(site),
            "mountinfo" => mountinfo(site),
            "oom_score" => "666\n".to_owned(),
            "oom_score_adj" => "0\n".to_owned(),
            "wchan" => "0".to_owned(),
            "io" => "rchar: 4292\nwchar: 0\nsyscr: 13\nsyscw: 0\nread_bytes: 0\nwrite_bytes: 0\ncancelled_write_bytes: 0\n".to_owned(),
            "sched" => {
                let title = format!("{} ({}, #threads: 1)", process.name(), process.pid);
                format!("{title}\n-------------------------------------------------------------------\nse.exec_start                                :     {}.{:06}\nse.vruntime                                  :       {}.113862\nse.sum_exec_runtime                          :         1.422096\nnr_switches                                  :                   11\npolicy                                       :                    0\nprio                                         :                  120\n", ticks * 10, process.pid, process.pid / 7)
            }
            "statm" => format!("{} {} {} 5 0 {} 0\n", pages(size), pages(process.memory_kb), pages(process.memory_kb) / 2, pages(size) / 9),
            "stat" => format!(
                "{0} ({1}) {2} {3} {0} {0} {4} {0} 4194304 {5} 0 0 0 {6} {6} 0 0 20 0 1 0 {ticks} {7} {8} 18446744073709551615 1 1 0 0 0 0 0 0 0 0 0 0 17 1 0 0 0 0 0 0 0 0 0 0 0 0 0\n",
                process.pid,
                process.name(),
                process.state.chars().next().unwrap_or('S'),
                process.parent,
                if process.terminal == "?" { 0 } else { 34_816 },
                100 + process.pid % 900,
                process.cpu_tenths,
                size * 1024,
                pages(process.memory_kb)
            ),
            "status" => status(process, size, kernel),
            "maps" if process.uid == self.uid => maps(site, process),
            "maps" => String::new(),
            _ => return None,
        })
    }
}

const LIMITS: &str = "Limit                     Soft Limit           Hard Limit           Units     \nMax cpu time              unlimited            unlimited            seconds   \nMax file size             unlimited            unlimited            bytes     \nMax data size             unlimited            unlimited            bytes     \nMax stack size            8388608              unlimited            bytes     \nMax core file size        0                    unlimited            bytes     \nMax resident set          unlimited            unlimited            bytes     \nMax processes             63655                63655                processes \nMax open files            1024                 1048576              files     \nMax locked memory         2097152000           2097152000           bytes     \nMax address space         unlimited            unlimited            bytes     \nMax file locks            unlimited            unlimited            locks     \nMax pending signals       63655                63655                signals   \nMax msgqueue size         819200               819200               bytes     \nMax nice priority         0                    0                    \nMax realtime priority     0                    0                    \nMax realtime timeout      unlimited            unlimited            us        \n";

fn status(process: &Running, size: u64, kernel: bool) -> String {
    let letter = process.state.chars().next().unwrap_or('S');
    let state = match letter {
        'R' => "R (running)",
        'I' => "I (idle)",
        _ => "S (sleeping)",
    };
    let (pid, uid) = (process.pid, process.uid);
    let mut text = format!(
        "Name:\t{}\nUmask:\t0022\nState:\t{state}\nTgid:\t{pid}\nNgid:\t0\nPid:\t{pid}\nPPid:\t{}\nTracerPid:\t0\nUid:\t{uid}\t{uid}\t{uid}\t{uid}\nGid:\t{uid}\t{uid}\t{uid}\t{uid}\nFDSize:\t64\nGroups:\t{}\nNStgid:\t{pid}\nNSpid:\t{pid}\nNSpgid:\t{pid}\nNSsid:\t{pid}\n",
        process.name(),
        process.parent,
        if uid == 0 { " ".to_owned() } else { format!("{uid} ") }
    );
    if !kernel {
        let rows = [
            ("VmPeak", size),
            ("VmSize", size),
            ("VmLck", 0),
            ("VmPin", 0),
            ("VmHWM", process.memory_kb),
            ("VmRSS", process.memory_kb),
            ("RssAnon", process.memory_kb / 5),
            ("RssFile", process.memory_kb - process.memory_kb / 5),
            ("RssShmem", 0),
            ("VmData", size / 8),
            ("VmStk", 132),
            ("VmExe", 16),
            ("VmLib", 1_668),
            ("VmPTE", 44),
            ("VmSwap", 0),
            ("HugetlbPages", 0),
        ];
        rows.iter().for_each(|(name, kb)| text.push_str(&format!("{name}:\t{kb:>8} kB\n")));
    }
    let (zero, all) = ("0000000000000000", "000001ffffffffff");
    let caps = if uid == 0 { all } else { zero };
    text.push_str(&format!("CoreDumping:\t0\nTHP_enabled:\t1\nThreads:\t1\nSigQ:\t0/63655\nSigPnd:\t{zero}\nShdPnd:\t{zero}\nSigBlk:\t{zero}\nSigIgn:\t{zero}\nSigCgt:\t{zero}\nCapInh:\t{zero}\nCapPrm:\t{caps}\nCapEff:\t{caps}\nCapBnd:\t{all}\nCapAmb:\t{zero}\nNoNewPrivs:\t0\nSeccomp:\t0\nSeccomp_filters:\t0\nSpeculation_Store_Bypass:\tthread vulnerable\nSpeculationIndirectBranch:\tconditional enabled\nCpus_allowed:\tffffffff,ffffffff,ffffffff,ffffffff\nCpus_allowed_list:\t0-127\nMems_allowed:\t00000000,00000001\nMems_allowed_list:\t0\nvoluntary_ctxt_switches:\t1\nnonvoluntary_ctxt_switches:\t0\n"));
    text
}

/// The memory of a small program: its own five parts, the C library, the stack.
fn maps(site: &Site, process: &Running) -> String {
    let pick = |what: &str| site.trait_number(&format!("maps/{}/{what}", process.pid), 1 << 27);
    let own = 0x5500_0000_0000 + pick("program") * 0x1000;
    let library = 0x7f00_0000_0000 + pick("library") * 0x1000;
    let stack = 0x7ffc_0000_0000 + pick("stack") % (1 << 20) * 0x1000;
    let path = &format!("/usr/bin/{}", process.name());
    let mut out = String::new();
    let mut line = |from: u64, pages: u64, flags: &str, offset: u64, inode: u64, name: &str| {
        let place = if inode == 0 { "00:00" } else { "08:01" };
        let head = format!("{from:012x}-{:012x} {flags} {offset:08x} {place} {inode}", from + pages * 0x1000);
        out.push_str(&if name.is_empty() { format!("{head} \n") } else { format!("{head:<73}{name}\n") });
    };
    for (at, pages, flags) in
        [(0, 2, "r--p"), (2, 5, "r-xp"), (7, 3, "r--p"), (10, 1, "r--p"), (11, 1, "rw-p")]
    {
        line(own + at * 0x1000, pages, flags, at * 0x1000, 2_883_597, path);
    }
    line(own + 0x2d000, 33, "rw-p", 0, 0, "[heap]");
    let libc = "/usr/lib/x86_64-linux-gnu/libc.so.6";
    for (at, pages, flags) in
        [(0, 38, "r--p"), (38, 341, "r-xp"), (379, 83, "r--p"), (462, 4, "r--p"), (466, 2, "rw-p")]
    {
        line(library + at * 0x1000, pages, flags, at * 0x1000, 2_884_201, libc);
    }
    line(library + 468 * 0x1000, 13, "rw-p", 0, 0, "");
    line(stack, 33, "rw-p", 0, 0, "[stack]");
    line(stack + 0x9d000, 4, "r--p", 0, 0, "[vvar]");
    line(stack + 0xa1000, 2, "r-xp", 0, 0, "[vdso]");
    out
}

/// The mounts with their ids.
fn mountinfo(site: &Site) -> String {
    let mut out = String::new();
    for (n, row) in mounts(site).lines().enumerate() {
        let [device, place, kind, options, ..] = row.split(' ').collect::<Vec<_>>()[..] else { continue };
        let (parent, number) =
            if place == "/" { (1, "8:1".to_owned()) } else { (27, format!("0:{}", 18 + n)) };
        let flags: Vec<&str> = options
            .split(',')
            .filter(|o| matches!(*o, "rw" | "nosuid" | "nodev" | "noexec" | "relatime"))
            .collect();
        let id = if place == "/" { 27 } else { 22 + n + usize::from(n > 4) };
        out.push_str(&format!(
            "{id} {parent} {number} / {place} {} shared:{} - {kind} {device} rw\n",
            flags.join(","),
            n + 1
        ));
    }
    out
}
