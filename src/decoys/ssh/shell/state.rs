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
use super::site::{Account, Site};

/// Most bytes all variables of one shell may hold.
const MAX_VARIABLES: usize = 512 << 10;

/// Most lines of history kept, as `HISTSIZE`.
const MAX_HISTORY: usize = 1000;

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
    random: u64,
    children: u32,
}

impl Shell {
    /// A login's shell.
    pub fn new(site: Arc<Site>, session: Session, account: Account, screen: Option<Screen>) -> Self {
        let now = session.now();
        let mut fs = Fs::new(Arc::clone(&site), session.clone(), Who { uid: account.uid, gid: account.gid });
        let random = session.rng("shell").next_u64();
        let pid = proc::last_pid(&site, now) + 11;
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
            random,
            children: 0,
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
        self.children += 1;
        proc::last_pid(&self.site, self.session.now()).max(self.pid) + self.children
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

    /// Text of `PS1`, expanded: the title, colours where the terminal has them.
    pub fn prompt(&self) -> String {
        let Some(screen) = &self.screen else { return String::new() };
        let home = &self.account.home;
        let place = match self.cwd.strip_prefix(home.as_str()) {
            Some(rest) if rest.is_empty() || rest.starts_with('/') => format!("~{rest}"),
            _ => self.cwd.clone(),
        };
        let who = format!("{}@{}", self.account.name, self.site.host.hostname);
        let sign = if self.account.uid == 0 { '#' } else { '$' };
        let title = if screen.name.starts_with("xterm") || screen.name.starts_with("rxvt") {
            format!("\x1b]0;{who}: {place}\x07")
        } else {
            String::new()
        };
        if screen.name == "xterm-color" || screen.name.ends_with("-256color") {
            format!("{title}\x1b[01;32m{who}\x1b[00m:\x1b[01;34m{place}\x1b[00m{sign} ")
        } else {
            format!("{title}{who}:{place}{sign} ")
        }
    }
}
