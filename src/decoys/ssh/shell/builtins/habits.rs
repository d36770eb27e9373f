//! Builtins that change how the shell behaves from then on.

use crate::decoys::ssh::shell::run::{Flow, Io, Run};

/// Most aliases and traps one shell keeps.
const MAX_KEPT: usize = 256;

/// `pipefail` has no letter of its own in bash, so `$-` does not show it.
const PIPEFAIL: &str = "|";

/// Longest alias or trap.
const MAX_TEXT: usize = 4_096;

impl Run<'_> {
    /// `set -e`, `set +x`, `set -o pipefail`.
    pub(super) fn set_options(&mut self, words: &[String]) {
        let mut words = words.iter();
        while let Some(word) = words.next() {
            let on = word.starts_with('-');
            let Some(letters) = word.strip_prefix(['-', '+']) else {
                self.shell.arguments = std::iter::once(word.clone()).chain(words.by_ref().cloned()).collect();
                return;
            };
            let letters = match letters {
                "-" => {
                    self.shell.arguments = words.by_ref().cloned().collect();
                    return;
                }
                "o" => match words.next().map(String::as_str) {
                    Some("errexit") => "e",
                    Some("nounset") => "u",
                    Some("xtrace") => "x",
                    Some("pipefail") => PIPEFAIL,
                    _ => "",
                },
                letters => letters,
            };
            for letter in letters.chars().filter(|c| "eux|".contains(*c)) {
                if on {
                    self.shell.options.insert(letter)
                } else {
                    self.shell.options.remove(&letter)
                };
            }
        }
    }

    pub(super) async fn alias(&mut self, rest: &[String], io: &Io) -> i32 {
        let mut status = 0;
        if rest.is_empty() {
            let mut text: String = self.shell.aliases.iter().map(|(n, v)| shown(n, v)).collect();
            if self.shell.screen.is_some() && !self.shell.aliases.contains_key("ls") {
                text.push_str(&shown("ls", "ls --color=auto"));
            }
            self.out(io, &text).await;
        }
        for word in rest.iter().filter(|w| *w != "-p") {
            if let Some((name, value)) = word.split_once('=') {
                if self.shell.aliases.len() < MAX_KEPT && value.len() < MAX_TEXT {
                    self.shell.aliases.insert(name.to_owned(), value.to_owned());
                }
                continue;
            }
            match self.shell.aliases.get(word).map(|value| shown(word, value)) {
                Some(line) => self.out(io, &line).await,
                None => {
                    let line = format!("{}alias: {word}: not found\n", self.shell.prefix());
                    self.error(io, &line).await;
                    status = 1;
                }
            }
        }
        status
    }

    pub(super) async fn unalias(&mut self, rest: &[String], io: &Io) -> i32 {
        let mut status = 0;
        for word in rest {
            if word == "-a" {
                self.shell.aliases.clear();
            } else if self.shell.aliases.remove(word).is_none() {
                let line = format!("{}unalias: {word}: not found\n", self.shell.prefix());
                self.error(io, &line).await;
                status = 1;
            }
        }
        status
    }

    /// `trap`: only what runs at the end is ever run.
    pub(super) async fn trap(&mut self, rest: &[String], io: &Io) -> i32 {
        let signal = |word: &String| {
            let name = word.to_ascii_uppercase();
            let name = name.strip_prefix("SIG").unwrap_or(&name).to_owned();
            if name == "0" { "EXIT".to_owned() } else { name }
        };
        match rest {
            [] => {
                let text: String = self
                    .shell
                    .traps
                    .iter()
                    .map(|(s, c)| format!("trap -- '{c}' {}\n", signal_name(s)))
                    .collect();
                self.out(io, &text).await;
            }
            [dash, signals @ ..] if dash == "-" => {
                signals.iter().for_each(|s| {
                    self.shell.traps.remove(&signal(s));
                });
            }
            [command, signals @ ..] => {
                for name in signals.iter().map(signal) {
                    if self.shell.traps.len() < MAX_KEPT && command.len() < MAX_TEXT {
                        self.shell.traps.insert(name, command.clone());
                    }
                }
            }
        }
        0
    }

    /// At the end of a shell: what `trap … EXIT` asked for.
    pub(in crate::decoys::ssh::shell) async fn leave_trap(&mut self, io: &Io) {
        let ends = matches!(self.flow, Flow::Exit(_)) || self.shell.screen.is_none();
        if !ends {
            return;
        }
        let Some(command) = self.shell.traps.remove("EXIT") else { return };
        let flow = std::mem::replace(&mut self.flow, Flow::Next);
        let name = self.shell.name.clone();
        Box::pin(self.source(&command, &name, &[], io, false)).await;
        self.flow = flow;
    }

    pub(super) async fn readonly(&mut self, rest: &[String], io: &Io) -> i32 {
        let status = self.declare("readonly", rest, io).await;
        for word in rest.iter().filter(|w| !w.starts_with('-')) {
            let name = word.split('=').next().unwrap_or_default();
            if let Some(variable) = self.shell.variables.get_mut(name) {
                variable.fixed = true;
            }
        }
        status
    }

    /// `pushd`, `popd` and `dirs`.
    pub(super) async fn folders(&mut self, name: &str, rest: &[String], io: &Io) -> i32 {
        let empty = |prefix: String| format!("{prefix}{name}: directory stack empty\n");
        match (name, rest.first()) {
            ("dirs", _) => {}
            ("popd", _) => {
                let Some(folder) = self.shell.folders.pop() else {
                    let line = empty(self.shell.prefix());
                    self.error(io, &line).await;
                    return 1;
                };
                self.change_directory(&[folder], io).await;
            }
            (_, Some(folder)) => {
                let here = self.shell.cwd.clone();
                if self.change_directory(std::slice::from_ref(folder), io).await != 0 {
                    return 1;
                }
                if self.shell.folders.len() < MAX_KEPT {
                    self.shell.folders.push(here);
                }
            }
            (_, None) => {
                let Some(folder) = self.shell.folders.pop() else {
                    let line = format!("{}pushd: no other directory\n", self.shell.prefix());
                    self.error(io, &line).await;
                    return 1;
                };
                let here = self.shell.cwd.clone();
                self.change_directory(&[folder], io).await;
                self.shell.folders.push(here);
            }
        }
        let home = self.shell.account.home.clone();
        let line: Vec<String> = std::iter::once(&self.shell.cwd)
            .chain(self.shell.folders.iter().rev())
            .map(|f| f.strip_prefix(&home).map_or_else(|| f.clone(), |rest| format!("~{rest}")))
            .collect();
        self.out(io, &format!("{}\n", line.join(" "))).await;
        0
    }

    pub(super) async fn umask(&mut self, rest: &[String], io: &Io) -> i32 {
        match rest.first().map(String::as_str) {
            None => {
                let line = format!("{:04o}\n", self.shell.fs.mask);
                self.out(io, &line).await;
                0
            }
            Some("-S") => {
                let class = |shift: u32| {
                    let bits = !self.shell.fs.mask >> shift & 7;
                    [(4, 'r'), (2, 'w'), (1, 'x')]
                        .iter()
                        .filter(|(b, _)| bits & b != 0)
                        .map(|(_, c)| *c)
                        .collect::<String>()
                };
                let line = format!("u={},g={},o={}\n", class(6), class(3), class(0));
                self.out(io, &line).await;
                0
            }
            Some(text) => match u32::from_str_radix(text, 8).ok().filter(|m| *m <= 0o777) {
                Some(mask) => {
                    self.shell.fs.mask = mask;
                    0
                }
                None => {
                    let line = format!("{}umask: {text}: octal number out of range\n", self.shell.prefix());
                    self.error(io, &line).await;
                    1
                }
            },
        }
    }

    /// `getopts`: one option a call, by `OPTIND`.
    pub(super) async fn getopts(&mut self, rest: &[String], io: &Io) -> i32 {
        let [letters, name, given @ ..] = rest else {
            let line = format!("{}getopts: usage: getopts optstring name [arg ...]\n", self.shell.prefix());
            self.error(io, &line).await;
            return 2;
        };
        let words = if given.is_empty() { self.shell.arguments.clone() } else { given.to_vec() };
        let at = self.shell.get("OPTIND").and_then(|n| n.parse::<usize>().ok()).unwrap_or(1).max(1);
        let option =
            words.get(at - 1).and_then(|w| w.strip_prefix('-')).filter(|w| !w.is_empty() && *w != "-");
        let Some(letter) = option.and_then(|o| o.chars().next()) else {
            self.shell.set(name, "?".to_owned());
            return 1;
        };
        let attached = option.and_then(|o| o.get(letter.len_utf8()..)).unwrap_or_default().to_owned();
        let known = letters.find(letter).filter(|_| letter != ':');
        let valued = known.and_then(|k| letters.get(k + 1..)).is_some_and(|l| l.starts_with(':'));
        let mut next = at + 1;
        if valued {
            let value = if attached.is_empty() {
                next += 1;
                words.get(at).cloned().unwrap_or_default()
            } else {
                attached
            };
            self.shell.set("OPTARG", value);
        }
        if known.is_none() {
            let line = format!("{}illegal option -- {letter}\n", self.shell.name.clone() + ": ");
            self.error(io, &line).await;
        }
        self.shell.set(name, if known.is_some() { letter.to_string() } else { "?".to_owned() });
        self.shell.set("OPTIND", next.to_string());
        0
    }
}

/// An alias as it is told.
fn shown(name: &str, value: &str) -> String {
    format!("alias {name}='{}'\n", value.replace('\'', "'\\''"))
}

/// A signal as `trap` lists it.
fn signal_name(name: &str) -> String {
    if matches!(name, "EXIT" | "ERR" | "DEBUG" | "RETURN") { name.to_owned() } else { format!("SIG{name}") }
}
