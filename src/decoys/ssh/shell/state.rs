//! What a shell remembers between lines.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;
use rand::Rng;

use crate::session::Session;

use super::arrays::Items;
use super::ast::Command;
use super::fs::{Fs, Who};
use super::own::Seat;
use super::proc;
use super::run::Open;
use super::site::{Account, Site};

/// Most bytes all variables of one shell may hold.
const MAX_VARIABLES: usize = 512 << 10;

/// Most lines of history kept, as `HISTSIZE`.
const MAX_HISTORY: usize = 1000;

/// Process ids that a login takes: sshd's two, the user's manager with its helper, what PAM runs, the shell.
const LOGIN_PIDS: u32 = 11;

/// Programs that are counted before the count begins again.
const PID_ROUND: u32 = 100_000;

/// Most shells in shells.
const MAX_LEVELS: usize = 16;

/// Most functions one shell may define.
const MAX_FUNCTIONS: usize = 256;

/// A variable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Variable {
    /// Its value.
    pub value: String,
    /// Whether programs get it.
    pub exported: bool,
    /// Its elements, when it is an array.
    pub items: Option<Items>,
    /// Whether it may not be changed any more.
    pub fixed: bool,
}

/// A list that runs in the background.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    /// Its number, from 1.
    pub number: u32,
    /// Process id.
    pub pid: u32,
    /// What was typed.
    pub line: String,
    /// When it ends.
    pub until: Timestamp,
    /// Its exit status.
    pub status: i32,
}

/// A terminal's size and kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Screen {
    /// Columns.
    pub columns: u16,
    /// Rows.
    pub rows: u16,
    /// `TERM`.
    pub name: String,
    /// Number of its line: `pts/N`.
    pub number: u32,
}

/// One shell.
#[derive(Clone)]
pub struct Shell {
    /// The machine.
    pub site: Arc<Site>,
    /// The session.
    pub session: Session,
    /// The file system as its user sees it.
    pub fs: Fs,
    /// Its user.
    pub account: Account,
    /// Working directory.
    pub cwd: String,
    /// Variables by name.
    pub variables: BTreeMap<String, Variable>,
    /// Functions by name.
    pub functions: BTreeMap<String, Arc<Command>>,
    /// Positional parameters, `$1` first.
    pub arguments: Vec<String>,
    /// `$0`.
    pub name: String,
    /// `$?`
    pub status: i32,
    /// `$$`
    pub pid: u32,
    /// `$!`
    pub background: Option<u32>,
    /// The terminal, if any.
    pub screen: Option<Screen>,
    /// Lines typed.
    pub history: Vec<String>,
    /// Letters of `set -e`, `-u`, `-x`.
    pub options: BTreeSet<char>,
    /// What `trap` keeps, by signal.
    pub traps: BTreeMap<String, String>,
    /// Aliases by name.
    pub aliases: BTreeMap<String, String>,
    /// Folders of `pushd`, the last one on top.
    pub folders: Vec<String>,
    /// What runs in the background.
    pub jobs: Vec<Job>,
    /// When it was started.
    pub started: Timestamp,
    /// Descriptors that `exec` keeps open.
    pub descriptors: BTreeMap<u8, Open>,
    /// The shells that this one was started from, and what is said when it ends.
    levels: Vec<(Box<Shell>, &'static str)>,
    random: u64,
}

impl Shell {
    /// A login's shell.
    pub fn new(site: Arc<Site>, session: Session, account: Account, screen: Option<Screen>) -> Self {
        let now = session.now();
        let mut fs = Fs::new(Arc::clone(&site), session.clone(), Who { uid: account.uid, gid: account.gid });
        let random = session.rng("shell").next_u64();
        let pid = next_pid(&site, &session, LOGIN_PIDS);
        let peer = session.peer();
        let target = session.origin().target;
        fs.sit(Seat {
            pid,
            uid: account.uid,
            user: account.name.clone(),
            terminal: screen.is_some(),
            started: now.as_second(),
            home: account.home.clone(),
            connection: format!("{} {} {} {}", peer.ip(), peer.port(), target.ip(), target.port()),
            program: String::new(),
        });
        let name = if screen.is_some() { "-bash" } else { "bash" }.to_owned();
        let mut shell = Shell {
            cwd: account.home.clone(),
            variables: BTreeMap::new(),
            functions: BTreeMap::new(),
            arguments: Vec::new(),
            name,
            status: 0,
            pid,
            background: None,
            screen,
            history: Vec::new(),
            options: BTreeSet::new(),
            traps: BTreeMap::new(),
            aliases: BTreeMap::new(),
            folders: Vec::new(),
            jobs: Vec::new(),
            started: now,
            descriptors: BTreeMap::new(),
            levels: Vec::new(),
            random,
            site,
            session,
            fs,
            account,
        };
        shell.fill_variables();
        shell
    }

    fn fill_variables(&mut self) {
        let peer = self.session.peer();
        let target = self.session.origin().target;
        let port = self
            .site
            .host
            .services
            .iter()
            .find(|s| s.protocol == crate::persona::Protocol::Ssh)
            .map_or(22, |s| s.port);
        let path = if self.screen.is_some() {
            "/usr/local/bin:/usr/bin:/bin:/usr/local/games:/usr/games"
        } else {
            "/usr/local/bin:/usr/bin:/bin:/usr/games"
        };
        let mut values = vec![
            ("HOME", self.account.home.clone()),
            ("LANG", "C.UTF-8".to_owned()),
            ("LOGNAME", self.account.name.clone()),
            ("PATH", path.to_owned()),
            ("PWD", self.cwd.clone()),
            ("SHELL", self.account.shell.clone()),
            ("SHLVL", "1".to_owned()),
            ("SSH_CLIENT", format!("{} {} {port}", peer.ip(), peer.port())),
            ("SSH_CONNECTION", format!("{} {} {} {port}", peer.ip(), peer.port(), target.ip())),
            ("USER", self.account.name.clone()),
            ("XDG_RUNTIME_DIR", format!("/run/user/{}", self.account.uid)),
            ("_", "/usr/bin/env".to_owned()),
        ];
        if let Some(screen) = &self.screen {
            values.push(("SSH_TTY", format!("/dev/pts/{}", screen.number)));
            values.push(("TERM", screen.name.clone()));
            values.push(("TMOUT", "600".to_owned()));
        }
        for (name, value) in values {
            self.set(name, value);
            self.export(name);
        }
        if let Some(screen) = &self.screen {
            let prompt = usual_prompt(&screen.name);
            self.set("PS1", prompt);
            self.set("PS2", "> ".to_owned());
            self.set("HISTSIZE", MAX_HISTORY.to_string());
            self.set("HISTFILESIZE", (2 * MAX_HISTORY).to_string());
            self.set("HISTCONTROL", "ignoreboth".to_owned());
            self.set("HISTFILE", format!("{}/.bash_history", self.account.home));
        }
        self.set_list(
            "BASH_VERSINFO",
            ["5", "2", "15", "1", "release", "x86_64-pc-linux-gnu"].map(str::to_owned),
        );
        for (name, value) in [
            ("BASH_VERSION", "5.2.15(1)-release"),
            ("HOSTTYPE", "x86_64"),
            ("OSTYPE", "linux-gnu"),
            ("MACHTYPE", "x86_64-pc-linux-gnu"),
            ("IFS", " \t\n"),
            ("PS4", "+ "),
            ("BASH", "/bin/bash"),
            ("OPTIND", "1"),
        ] {
            self.set(name, value.to_owned());
        }
        self.set("HOSTNAME", self.site.host.hostname.clone());
        self.set("UID", self.account.uid.to_string());
        self.set("EUID", self.account.uid.to_string());
        self.set("PPID", self.pid.saturating_sub(1).to_string());
    }

    /// The value of a variable, also of those that are computed.
    pub fn get(&mut self, name: &str) -> Option<String> {
        Some(match name {
            "?" => self.status.to_string(),
            "$" => self.pid.to_string(),
            "!" => self.background?.to_string(),
            "#" => self.arguments.len().to_string(),
            "0" => self.name.clone(),
            "-" => self.letters(),
            "@" | "*" => self.arguments.join(" "),
            "RANDOM" => (self.random() % 32_768).to_string(),
            "SRANDOM" => self.random().to_string(),
            "SECONDS" => (self.session.now().as_second() - self.started.as_second()).to_string(),
            "EPOCHSECONDS" => self.session.now().as_second().to_string(),
            "LINENO" => "1".to_owned(),
            "COLUMNS" => self.screen.as_ref()?.columns.to_string(),
            "LINES" => self.screen.as_ref()?.rows.to_string(),
            _ => match name.parse::<usize>() {
                Ok(n) => self.arguments.get(n.checked_sub(1)?)?.clone(),
                Err(_) => self.variables.get(name)?.value.clone(),
            },
        })
    }

    /// `$-`: letters of options, small ones first.
    fn letters(&self) -> String {
        let (fixed, last) = if self.screen.is_some() { ("him", "BHs") } else { ("h", "Bc") };
        let mut small: Vec<char> =
            self.options.iter().copied().filter(char::is_ascii_lowercase).chain(fixed.chars()).collect();
        small.sort_unstable();
        small.into_iter().chain(last.chars()).collect()
    }

    /// Sets a variable; silently refused past the cap, as memory would be.
    pub fn set(&mut self, name: &str, value: String) {
        if !self.has_room(name.len() + value.len()) {
            return;
        }
        match self.variables.get_mut(name) {
            Some(variable) if variable.items.is_some() => self.set_element(name, "0", value),
            Some(variable) => variable.value = value,
            None => {
                self.variables
                    .insert(name.to_owned(), Variable { value, exported: false, items: None, fixed: false });
            }
        }
    }

    /// Whether so many bytes more may be held.
    pub fn has_room(&self, more: usize) -> bool {
        let held: usize = self.variables.iter().map(|(n, v)| n.len() + v.bytes()).sum();
        held + more <= MAX_VARIABLES
    }

    /// Marks a variable for programs.
    pub fn export(&mut self, name: &str) {
        if let Some(variable) = self.variables.get_mut(name) {
            variable.exported = true;
        }
    }

    /// Defines a function; past the cap it is dropped.
    pub fn define(&mut self, name: String, body: Arc<Command>) {
        if self.functions.len() < MAX_FUNCTIONS {
            self.functions.insert(name, body);
        }
    }

    /// Remembers a line.
    pub fn remember(&mut self, line: &str) {
        if line.is_empty() || line.starts_with(' ') || self.history.last().is_some_and(|l| l == line) {
            return;
        }
        if self.history.len() >= MAX_HISTORY {
            self.history.remove(0);
        }
        self.history.push(line.to_owned());
    }

    /// A path against the working directory.
    pub fn path(&self, path: &str) -> String {
        if path.starts_with('/') {
            path.to_owned()
        } else {
            format!("{}/{path}", self.cwd.trim_end_matches('/'))
        }
    }

    /// The id of the next program started.
    pub fn spawn(&mut self) -> u32 {
        next_pid(&self.site, &self.session, 1).max(self.pid + 1)
    }

    /// How the shell begins its own errors.
    pub fn prefix(&self) -> String {
        if self.screen.is_some() { format!("{}: ", self.name) } else { format!("{}: line 1: ", self.name) }
    }

    /// The next number of this shell's seeded randomness (SplitMix64).
    pub fn random(&mut self) -> u32 {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.random;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        u32::try_from((z ^ (z >> 31)) >> 32).unwrap_or(0)
    }

    /// Starts a shell in the shell; `farewell` is printed when it ends.
    pub fn enter(&mut self, name: &str, farewell: &'static str) {
        if self.levels.len() >= MAX_LEVELS {
            return;
        }
        let outer = Box::new(self.clone());
        self.levels.push((outer, farewell));
        self.pid = self.spawn();
        self.name = name.rsplit('/').next().unwrap_or(name).to_owned();
        self.functions.clear();
        self.options.clear();
        self.traps.clear();
        self.jobs.clear();
        self.variables.retain(|n, v| {
            v.exported || n.starts_with("BASH") || n.starts_with("HIST") || n == "IFS" || n == "PS2"
        });
        let prompt = match &self.screen {
            Some(screen) if self.name == "bash" => usual_prompt(&screen.name),
            _ if self.account.uid == 0 => "# ".to_owned(),
            _ => "$ ".to_owned(),
        };
        self.set("PS1", prompt);
        let level = self.get("SHLVL").and_then(|n| n.parse::<u32>().ok()).unwrap_or(1) + 1;
        self.set("SHLVL", level.to_string());
        self.set("PPID", self.levels.last().map_or(1, |(s, _)| s.pid).to_string());
    }

    /// Ends a shell in the shell: what is printed; `None`: it was the login's own.
    pub fn leave(&mut self) -> Option<String> {
        let (outer, farewell) = self.levels.pop()?;
        let (history, levels) = (std::mem::take(&mut self.history), std::mem::take(&mut self.levels));
        let random = self.random;
        *self = *outer;
        (self.history, self.levels, self.random) = (history, levels, random);
        Some(farewell.to_owned())
    }

    /// Whether it was started from another one.
    pub fn is_inner(&self) -> bool {
        !self.levels.is_empty()
    }

    /// Text of `PS1`, expanded.
    pub fn prompt(&self) -> String {
        if self.screen.is_none() {
            return String::new();
        }
        let text = self.variables.get("PS1").map(|v| v.value.clone()).unwrap_or_default();
        super::prompt::expand(self, &text)
    }
}

/// The next process id: those of the intruder's own programs are counted over his logins.
fn next_pid(site: &Site, session: &Session, taken: u32) -> u32 {
    let key = format!("ssh:{}:pids", site.host.name);
    let kept = session.overlay().get(&key);
    let before = kept.and_then(|b| String::from_utf8_lossy(&b).parse::<u32>().ok()).unwrap_or(0);
    let count = before.saturating_add(taken) % PID_ROUND;
    session.overlay().put(key, count.to_string().into_bytes());
    proc::last_pid(site, session.now()) + count
}

/// The prompt of Debian's `.bashrc`: the title, colours where the terminal has them.
fn usual_prompt(terminal: &str) -> String {
    let title = if terminal.starts_with("xterm") || terminal.starts_with("rxvt") {
        r"\[\e]0;\u@\h: \w\a\]"
    } else {
        ""
    };
    if terminal == "xterm-color" || terminal.ends_with("-256color") {
        format!(r"{title}\[\033[01;32m\]\u@\h\[\033[00m\]:\[\033[01;34m\]\w\[\033[00m\]\$ ")
    } else {
        format!(r"{title}\u@\h:\w\$ ")
    }
}
