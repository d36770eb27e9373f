//! The programs of the system that answer.

mod archives;
mod blocks;
pub mod entries;
mod files;
mod hardware;
mod info;
mod listing;
mod machine;
mod network;
mod packages;
mod print;
pub mod processes;
mod ps;
mod reads;
mod services;
mod small;
mod sums;
pub mod test;
mod tools;
mod trees;
mod units;

use std::time::Duration;

use crate::event::Observation;

use super::state::Shell;
use reads::{
    always, any_dash, behind_one, behind_values, never, shuf_reads, split_reads, valued, without_files,
};

/// Most bytes one program may print at once.
const MAX_OUTPUT: usize = 4 << 20;

/// Most pauses one program may ask for.
const MAX_EFFECTS: usize = 4_096;

/// What a program does, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Standard output.
    Out(Vec<u8>),
    /// Standard error.
    Error(Vec<u8>),
    /// Waits.
    Pause(Duration),
}

/// One call of a program.
pub struct Call<'a> {
    /// The shell it is called from.
    pub shell: &'a mut Shell,
    /// Its name and arguments.
    pub arguments: &'a [String],
    /// Standard input, whole.
    pub input: Vec<u8>,
    /// Whether its output is a terminal.
    pub terminal: bool,
    /// What it does.
    pub effects: Vec<Effect>,
    printed: usize,
}

/// Does the work of a program; gives its exit status.
type Work = fn(&mut Call) -> i32;

/// Whether a program reads standard input with these arguments.
type Reads = fn(&[String]) -> bool;

/// A program.
#[derive(Clone, Copy)]
pub struct Program {
    /// Does the work; gives the exit status.
    pub run: fn(&mut Call) -> i32,
    /// Whether it reads standard input with these arguments.
    pub reads: fn(&[String]) -> bool,
}

impl<'a> Call<'a> {
    /// A call about to run.
    pub fn new(shell: &'a mut Shell, arguments: &'a [String], input: Vec<u8>, terminal: bool) -> Self {
        Call { shell, arguments, input, terminal, effects: Vec::new(), printed: 0 }
    }

    /// The name it was called by.
    pub fn name(&self) -> &'a str {
        self.arguments.first().map(|n| n.rsplit('/').next().unwrap_or(n)).unwrap_or_default()
    }

    /// Arguments behind the name.
    pub fn rest(&self) -> &'a [String] {
        self.arguments.get(1..).unwrap_or_default()
    }

    /// Prints bytes.
    pub fn bytes(&mut self, bytes: &[u8]) {
        self.printed += bytes.len();
        if self.printed > MAX_OUTPUT {
            return;
        }
        match self.effects.last_mut() {
            Some(Effect::Out(last)) => last.extend_from_slice(bytes),
            _ => self.effects.push(Effect::Out(bytes.to_vec())),
        }
    }

    /// Prints text.
    pub fn out(&mut self, text: &str) {
        self.bytes(text.as_bytes());
    }

    /// Prints to standard error.
    pub fn error(&mut self, text: &str) {
        self.printed += text.len();
        if self.printed > MAX_OUTPUT {
            return;
        }
        match self.effects.last_mut() {
            Some(Effect::Error(last)) => last.extend_from_slice(text.as_bytes()),
            _ => self.effects.push(Effect::Error(text.as_bytes().to_vec())),
        }
    }

    /// Prints `name: text` to standard error and gives a status.
    pub fn fail(&mut self, status: i32, text: &str) -> i32 {
        let line = format!("{}: {text}\n", self.name());
        self.error(&line);
        status
    }

    /// Says what GNU programs say of an option they do not know.
    pub fn bad_option(&mut self, option: &str, status: i32) -> i32 {
        let name = self.name();
        let what = match option.strip_prefix("--") {
            Some(_) => format!("unrecognized option '{option}'"),
            None => format!(
                "invalid option -- '{}'",
                option.trim_start_matches('-').chars().next().unwrap_or('?')
            ),
        };
        self.fail(status, &format!("{what}\nTry '{name} --help' for more information."))
    }

    /// Waits, as the product would.
    pub fn pause(&mut self, duration: Duration) {
        if self.effects.len() < MAX_EFFECTS {
            self.effects.push(Effect::Pause(duration));
        }
    }

    /// Reads a file or, for `-`, standard input.
    pub fn read(&mut self, name: &str) -> Result<Vec<u8>, super::node::Errno> {
        if name == "-" {
            Ok(std::mem::take(&mut self.input))
        } else {
            self.shell.fs.read(&self.shell.path(name))
        }
    }

    /// The inputs a filter works on: named files, or standard input. Faults are told.
    pub fn inputs(&mut self, names: &[&String], status: &mut i32) -> Vec<(String, Vec<u8>)> {
        if names.is_empty() {
            return vec![("-".to_owned(), std::mem::take(&mut self.input))];
        }
        let mut found = Vec::new();
        for name in names {
            match self.read(name) {
                Ok(bytes) => found.push(((*name).clone(), bytes)),
                Err(errno) => *status = self.fail(1, &format!("{name}: {errno}")),
            }
        }
        found
    }
}

/// Options as letters, and the operands; letters in `valued` take the rest or the next word.
pub(super) struct Options<'a> {
    letters: Vec<(char, &'a str)>,
    /// Long options, `--` included.
    pub long: Vec<&'a str>,
    /// What is no option.
    pub operands: Vec<&'a String>,
}

impl<'a> Options<'a> {
    /// Splits arguments.
    pub(super) fn new(arguments: &'a [String], valued: &str) -> Self {
        let mut options = Options { letters: Vec::new(), long: Vec::new(), operands: Vec::new() };
        let mut words = arguments.iter();
        while let Some(word) = words.next() {
            if word == "--" {
                options.operands.extend(words.by_ref());
            } else if word.starts_with("--") {
                options.long.push(word);
            } else if let Some(letters) = word.strip_prefix('-').filter(|l| !l.is_empty()) {
                for (at, letter) in letters.char_indices() {
                    if !valued.contains(letter) {
                        options.letters.push((letter, ""));
                        continue;
                    }
                    let attached = letters.get(at + letter.len_utf8()..).unwrap_or_default();
                    let value = if attached.is_empty() {
                        words.next().map(String::as_str).unwrap_or_default()
                    } else {
                        attached
                    };
                    options.letters.push((letter, value));
                    break;
                }
            } else {
                options.operands.push(word);
            }
        }
        options
    }

    /// Whether a letter was given.
    pub(super) fn has(&self, letter: char) -> bool {
        self.letters.iter().any(|(l, _)| *l == letter)
    }

    /// The value of a letter, the last one given.
    pub(super) fn value(&self, letter: char) -> Option<&'a str> {
        self.letters.iter().rev().find(|(l, _)| *l == letter).map(|(_, v)| *v)
    }

    /// All values of a letter.
    pub(super) fn values(&self, letter: char) -> Vec<&'a str> {
        self.letters.iter().filter(|(l, _)| *l == letter).map(|(_, v)| *v).collect()
    }

    /// The first letter that is not among these.
    pub(super) fn unknown(&self, known: &str) -> Option<String> {
        self.letters.iter().find(|(l, _)| !known.contains(*l)).map(|(l, _)| format!("-{l}"))
    }
}

/// Tells that the intruder wants to reach somewhere; nothing ever goes out.
pub fn tunnel(shell: &Shell, means: &str, target: &str) {
    shell.session.emit(Observation::Tunnel {
        means: means.to_owned(),
        target: target.into(),
        relayed: false,
    });
}

/// The path of a program by `PATH`.
pub fn find(shell: &Shell, name: &str) -> Option<String> {
    if name.is_empty() {
        return None;
    }
    // Without a PATH the library's own is searched.
    let path = shell.variables.get("PATH").map_or_else(|| "/bin:/usr/bin".to_owned(), |v| v.value.clone());
    path.split(':')
        .filter(|d| !d.is_empty())
        .map(|d| format!("{}/{name}", shell.path(d)))
        .find(|path| shell.fs.stat(path).is_ok_and(|m| !m.is_directory()) && shell.fs.may(path, 'x'))
}

/// The program of a name.
pub fn lookup(name: &str) -> Option<Program> {
    let (run, reads): (Work, Reads) = match name {
        "cat" => (files::cat, without_files),
        "head" => (tools::head, valued),
        "tail" => (tools::tail, valued),
        "wc" => (tools::wc, without_files),
        "sort" => (tools::fields::sort, valued),
        "uniq" => (tools::fields::uniq, valued),
        "cut" => (tools::fields::cut, valued),
        "tr" => (tools::fields::tr, always),
        "rev" => (tools::rev, without_files),
        "tac" => (tools::tac, without_files),
        "nl" => (tools::nl, without_files),
        "paste" => (tools::columns::paste, valued),
        "comm" => (tools::columns::comm, any_dash),
        "join" => (tools::columns::join, any_dash),
        "fold" => (tools::columns::fold, valued),
        "expand" | "unexpand" => (tools::columns::expand, valued),
        "shuf" => (tools::columns::shuf, shuf_reads),
        "split" => (tools::columns::split, split_reads),
        "tar" => (archives::tar::tar, archives::tar::tar_reads),
        "gzip" | "gunzip" | "zcat" => (archives::gzip::gzip, without_files),
        "dd" => (blocks::dd, blocks::dd_reads),
        "truncate" => (blocks::truncate, never),
        "shred" => (blocks::shred, never),
        "tee" => (tools::tee, always),
        "grep" | "egrep" | "fgrep" => (tools::grep::grep, behind_one),
        "sed" => (tools::sed::sed, behind_one),
        "awk" | "mawk" => (tools::awk::awk, behind_one),
        "seq" => (tools::words::seq, never),
        "yes" => (tools::words::yes, never),
        "expr" => (tools::words::expr, never),
        "basename" => (tools::words::basename, never),
        "dirname" => (tools::words::dirname, never),
        "strings" => (tools::strings, without_files),
        "cksum" => (sums::cksum, without_files),
        "sum" => (sums::bsd_sum, without_files),
        "md5sum" | "sha1sum" | "sha224sum" | "sha256sum" | "sha384sum" | "sha512sum" => {
            (sums::sum, without_files)
        }
        "base64" => (sums::base64, without_files),
        "xxd" | "hexdump" => (sums::xxd, without_files),
        "od" => (sums::od, without_files),
        "ls" | "dir" | "vdir" => (listing::ls, never),
        "stat" => (listing::stat, never),
        "file" => (listing::file, never),
        "du" => (trees::du, never),
        "rm" => (trees::rm, never),
        "cp" => (trees::cp, never),
        "mv" => (trees::mv, never),
        "mkdir" => (files::mkdir, never),
        "rmdir" => (files::rmdir, never),
        "touch" => (files::touch, never),
        "chmod" => (files::chmod, never),
        "chown" | "chgrp" => (files::chown, never),
        "ln" => (files::ln, never),
        "readlink" | "realpath" => (files::readlink, never),
        "mktemp" => (files::mktemp, never),
        "less" | "more" | "pager" => (files::cat, without_files),
        "echo" => (print::echo, never),
        "printf" => (print::printf, never),
        "pwd" => (files::pwd, never),
        "true" => (|_| 0, never),
        "false" => (|_| 1, never),
        "sleep" => (files::sleep, never),
        "clear" => (files::clear, never),
        "perl" => (print::perl, never),
        "which" => (files::which, never),
        "env" | "printenv" => (info::env, never),
        "id" => (info::id, never),
        "whoami" => (info::whoami, never),
        "logname" => (info::whoami, never),
        "groups" => (info::groups, never),
        "hostname" => (info::hostname, never),
        "uname" => (info::uname, never),
        "arch" => (info::arch, never),
        "nproc" => (info::nproc, never),
        "date" => (info::date, never),
        "uptime" => (info::uptime, never),
        "w" => (info::w, never),
        "who" => (info::who, never),
        "users" => (info::whoami, never),
        "last" => (info::last, never),
        "free" => (hardware::free, never),
        "df" => (hardware::df, never),
        "mount" => (hardware::mount, never),
        "lsblk" => (hardware::lsblk, never),
        "lscpu" => (hardware::lscpu, never),
        "dmesg" => (hardware::dmesg, never),
        "hostnamectl" => (machine::hostnamectl, never),
        "timedatectl" => (machine::timedatectl, never),
        "loginctl" => (machine::loginctl, never),
        "systemd-detect-virt" => (machine::detect_virt, never),
        "findmnt" => (machine::findmnt, never),
        "vmstat" => (machine::vmstat, never),
        "pstree" => (machine::pstree, never),
        "lastlog" => (machine::lastlog, never),
        "lastb" => (machine::lastb, never),
        "locale" => (machine::locale, never),
        "getconf" => (machine::getconf, never),
        "fuser" => (machine::fuser, never),
        "factor" => (machine::factor, never),
        "tty" => (info::tty, never),
        "whereis" => (small::whereis, never),
        "namei" => (small::namei, never),
        "mountpoint" => (small::mountpoint, never),
        "mkfifo" | "mknod" => (small::mkfifo, never),
        "unlink" | "link" => (small::unlink, never),
        "stty" => (small::stty, never),
        "tput" => (small::tput, never),
        "ldd" => (small::ldd, never),
        "lsattr" => (small::lsattr, never),
        "numfmt" => (small::numfmt, without_files),
        "iconv" => (small::iconv, |words| behind_values(words, "fto")),
        "chage" => (small::chage, never),
        "install" => (small::install, never),
        "getent" => (info::getent, never),
        "ps" => (ps::ps, never),
        "top" => (processes::top, never),
        "pgrep" | "pidof" => (processes::pgrep, never),
        "pkill" | "killall" => (processes::pkill, never),
        "systemctl" => (units::systemctl, never),
        "service" => (services::service, never),
        "journalctl" => (services::journalctl, never),
        "crontab" => (services::crontab, never),
        "ip" => (network::address::ip, never),
        "ifconfig" => (network::address::ifconfig, never),
        "route" => (network::address::route, never),
        "arp" => (network::address::arp, never),
        "ss" | "netstat" => (network::sockets::sockets, never),
        "ping" => (network::reach::ping, never),
        "dpkg" => (packages::dpkg, never),
        "dpkg-query" => (packages::dpkg, never),
        "apt" | "apt-get" => (packages::apt, never),
        "apt-cache" => (packages::cache, never),
        "apt-mark" => (packages::mark, never),
        "lsb_release" => (packages::lsb_release, never),
        "diff" | "cmp" => (tools::diff, any_dash),
        "test" | "[" => (test::program, never),
        _ => return None,
    };
    Some(Program { run, reads })
}
