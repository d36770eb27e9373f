//! Builtins of bash, and the programs that run other programs.

mod ask;
mod find;
mod habits;
mod keygen;
mod runners;
mod tests_and_signals;
mod told;
mod variables;

use crate::decoys::ssh::shell::run::{Flow, Io, Run, Sink, Stop};
use crate::decoys::ssh::shell::text::logical;

/// Names that `type` calls a shell builtin.
pub(super) const BUILTINS: &[&str] = &[
    ".",
    ":",
    "[",
    "alias",
    "bg",
    "break",
    "builtin",
    "cd",
    "command",
    "compgen",
    "complete",
    "continue",
    "declare",
    "dirs",
    "disown",
    "echo",
    "enable",
    "eval",
    "exec",
    "exit",
    "export",
    "false",
    "fc",
    "fg",
    "getopts",
    "hash",
    "help",
    "history",
    "jobs",
    "kill",
    "let",
    "local",
    "logout",
    "mapfile",
    "popd",
    "printf",
    "pushd",
    "pwd",
    "read",
    "readarray",
    "readonly",
    "return",
    "set",
    "shift",
    "shopt",
    "source",
    "test",
    "times",
    "trap",
    "true",
    "type",
    "typeset",
    "ulimit",
    "umask",
    "unalias",
    "unset",
    "wait",
];

impl Run<'_> {
    /// Runs a builtin; `None` when the name is none.
    pub(in crate::decoys::ssh::shell) async fn builtin(
        &mut self,
        name: &str,
        arguments: &[String],
        io: &Io,
    ) -> Option<i32> {
        let rest = arguments.get(1..).unwrap_or_default();
        Some(match name {
            ":" | "true" | "bg" | "disown" | "enable" | "complete" | "compopt" => 0,
            "shopt" => self.shopt(rest, io).await,
            "hash" => self.hash(rest, io).await,
            "help" => self.help(rest, io).await,
            "fc" => self.fc(rest, io).await,
            "caller" => 1,
            "script" => Box::pin(self.script_program(rest, io)).await,
            "setarch" | "linux64" | "x86_64" | "flock" | "chrt" | "taskset" | "choom"
                if self.is_program(name) && rest.len() > 1 =>
            {
                Box::pin(self.behind(name, rest, io)).await
            }
            "false" => 1,
            "alias" => self.alias(rest, io).await,
            "unalias" => self.unalias(rest, io).await,
            "trap" => self.trap(rest, io).await,
            "times" => {
                self.out(io, "0m0.004s 0m0.002s\n0m0.001s 0m0.003s\n").await;
                0
            }
            "readonly" => self.readonly(rest, io).await,
            "getopts" => self.getopts(rest, io).await,
            "jobs" => self.jobs(io).await,
            "wait" => self.wait(rest, io).await,
            "dirs" | "popd" | "pushd" => self.folders(name, rest, io).await,
            "cd" => self.change_directory(rest, io).await,
            "pwd" => {
                let line = format!("{}\n", self.shell.cwd);
                self.out(io, &line).await;
                0
            }
            "exit" | "logout" => self.leave(rest, io).await,
            "return" => {
                let status = number(rest.first()).unwrap_or(self.shell.status);
                self.flow = Flow::Return(status);
                status
            }
            "break" => self.set_flow(Flow::Break(count(rest.first()))),
            "continue" => self.set_flow(Flow::Continue(count(rest.first()))),
            "export" | "declare" | "typeset" | "local" => self.declare(name, rest, io).await,
            "unset" => self.unset(rest, io).await,
            "mapfile" | "readarray" => self.mapfile(rest, io).await,
            "set" => self.set_builtin(rest, io).await,
            "shift" => {
                let count = number(rest.first()).and_then(|n| usize::try_from(n).ok()).unwrap_or(1);
                if count > self.shell.arguments.len() {
                    return Some(1);
                }
                self.shell.arguments.drain(..count);
                0
            }
            "eval" => {
                let source = rest.join(" ");
                let name = self.shell.name.clone();
                Box::pin(self.source(&source, &name, &[], io, false)).await
            }
            "." | "source" => self.dot(rest, io).await,
            "exec" => self.exec(rest, io).await,
            "command" | "builtin" => self.command_builtin(rest, io).await,
            "type" => self.type_builtin(rest, io).await,
            "read" => self.read_builtin(rest, io).await,
            "test" | "[" => self.test_builtin(name, rest, io).await,
            "let" => {
                let mut value = 0;
                for expression in rest {
                    match self.arithmetic(expression, io).await {
                        Ok(v) => value = v,
                        Err(Stop(status)) => return Some(status),
                    }
                }
                i32::from(value == 0)
            }
            "history" => self.history_builtin(rest, io).await,
            "kill" => self.kill(rest, io).await,
            "umask" => self.umask(rest, io).await,
            "ulimit" => self.ulimit(rest, io).await,
            "fg" => self.foreground(rest, io).await,
            "cat" if reads_terminal(rest) => self.cat_stream(io).await,
            "bash" | "sh" | "dash" | "/bin/bash" | "/bin/sh" | "/usr/bin/bash" | "/usr/bin/sh" => {
                self.inner_shell(name, rest, io).await
            }
            "find" => Box::pin(self.find(rest, io)).await,
            "xargs" => self.xargs(rest, io).await,
            "env" if rest.iter().any(|a| !a.starts_with('-') && !a.contains('=')) => self.env(rest, io).await,
            "nohup" | "nice" | "stdbuf" | "setsid" | "ionice" => self.wrapped(name, rest, io).await,
            "timeout" => self.timeout(rest, io).await,
            "sudo" => self.sudo(rest, io).await,
            "su" => self.su(rest, io).await,
            "passwd" => self.passwd(io).await,
            "ssh-keygen" => self.keygen(rest, io).await,
            _ => return None,
        })
    }

    fn set_flow(&mut self, flow: Flow) -> i32 {
        self.flow = flow;
        0
    }

    async fn change_directory(&mut self, rest: &[String], io: &Io) -> i32 {
        let prefix = format!("{}cd: ", self.shell.prefix());
        let rest: Vec<&String> = rest.iter().filter(|a| !matches!(a.as_str(), "-L" | "-P" | "--")).collect();
        let target = match rest.as_slice() {
            [] => self
                .shell
                .variables
                .get("HOME")
                .map_or_else(|| self.shell.account.home.clone(), |v| v.value.clone()),
            [dash] if dash.as_str() == "-" => match self.shell.variables.get("OLDPWD") {
                Some(old) => {
                    let old = old.value.clone();
                    self.out(io, &format!("{old}\n")).await;
                    old
                }
                None => {
                    self.error(io, &format!("{prefix}OLDPWD not set\n")).await;
                    return 1;
                }
            },
            [one] => (*one).clone(),
            _ => {
                self.error(io, &format!("{prefix}too many arguments\n")).await;
                return 1;
            }
        };
        let path = logical(&self.shell.path(&target));
        let problem = match self.shell.fs.stat(&path) {
            Ok(meta) if !meta.is_directory() => "Not a directory".to_owned(),
            Ok(_) if !self.shell.fs.may(&path, 'x') => "Permission denied".to_owned(),
            Ok(_) => {
                let old = std::mem::replace(&mut self.shell.cwd, path.clone());
                self.shell.set("OLDPWD", old);
                self.shell.set("PWD", path);
                return 0;
            }
            Err(errno) => errno.to_string(),
        };
        self.error(io, &format!("{prefix}{target}: {problem}\n")).await;
        1
    }

    async fn leave(&mut self, rest: &[String], io: &Io) -> i32 {
        if self.shell.screen.is_some()
            && io.out == Sink::Out
            && self.shell.name.starts_with('-')
            && !self.shell.is_inner()
        {
            self.error(io, "logout\n").await;
        }
        let status = match rest.first() {
            None => self.shell.status,
            Some(text) => match text.parse::<i64>() {
                Ok(n) => i32::try_from(n & 255).unwrap_or(0),
                Err(_) => {
                    let line = format!("{}exit: {text}: numeric argument required\n", self.shell.prefix());
                    self.error(io, &line).await;
                    2
                }
            },
        };
        self.flow = Flow::Exit(status);
        status
    }

    async fn dot(&mut self, rest: &[String], io: &Io) -> i32 {
        let Some(name) = rest.first() else {
            let line = format!(
                "{}.: filename argument required\n.: usage: . filename [arguments]\n",
                self.shell.prefix()
            );
            self.error(io, &line).await;
            return 2;
        };
        match self.shell.fs.read(&self.shell.path(name)) {
            Ok(bytes) => {
                let source = String::from_utf8_lossy(&bytes).into_owned();
                Box::pin(self.source(&source, name, &[], io, false)).await
            }
            Err(errno) => {
                let line = format!("{}{name}: {errno}\n", self.shell.prefix());
                self.error(io, &line).await;
                1
            }
        }
    }

    async fn exec(&mut self, rest: &[String], io: &Io) -> i32 {
        let Some(name) = rest.first() else {
            self.keep_descriptors();
            return 0;
        };
        if self.shell.screen.is_some()
            && matches!(rest, [shell, ..] if is_shell(shell))
            && !rest.iter().any(|a| a == "-c")
        {
            self.shell.name = if name.contains("bash") { "bash".to_owned() } else { "sh".to_owned() };
            return 0;
        }
        if !name.contains('/') && crate::decoys::ssh::shell::commands::find(self.shell, name).is_none() {
            let line = format!("{}exec: {name}: not found\n", self.shell.prefix());
            self.error(io, &line).await;
            self.flow = Flow::Exit(127);
            return 127;
        }
        let status = self.inner(rest, io).await;
        self.flow = Flow::Exit(status);
        status
    }

    async fn command_builtin(&mut self, rest: &[String], io: &Io) -> i32 {
        match rest.first().map(String::as_str) {
            Some("-v" | "-V") => {
                let mut status = 1;
                for name in rest.get(1..).unwrap_or_default() {
                    let found =
                        if BUILTINS.contains(&name.as_str()) || self.shell.functions.contains_key(name) {
                            Some(name.clone())
                        } else {
                            crate::decoys::ssh::shell::commands::find(self.shell, name)
                        };
                    if let Some(found) = found {
                        self.out(io, &format!("{found}\n")).await;
                        status = 0;
                    }
                }
                status
            }
            _ => self.inner(rest, io).await,
        }
    }

    async fn type_builtin(&mut self, rest: &[String], io: &Io) -> i32 {
        let mut status = 0;
        let short = rest.iter().any(|a| a == "-t");
        for name in rest.iter().filter(|a| !a.starts_with('-')) {
            let is_builtin = BUILTINS.contains(&name.as_str());
            let keyword = [
                "if", "then", "else", "fi", "for", "while", "do", "done", "case", "esac", "function", "{",
                "}", "!", "[[", "]]", "time",
            ];
            let line = if name == "ls" && self.shell.screen.is_some() {
                if short { "alias".into() } else { "ls is aliased to `ls --color=auto'".to_owned() }
            } else if keyword.contains(&name.as_str()) {
                if short { "keyword".into() } else { format!("{name} is a shell keyword") }
            } else if self.shell.functions.contains_key(name) {
                if short { "function".into() } else { format!("{name} is a function") }
            } else if is_builtin {
                if short { "builtin".into() } else { format!("{name} is a shell builtin") }
            } else if let Some(path) = crate::decoys::ssh::shell::commands::find(self.shell, name) {
                if short { "file".into() } else { format!("{name} is {path}") }
            } else {
                status = 1;
                if !short {
                    let line = format!("{}type: {name}: not found\n", self.shell.prefix());
                    self.error(io, &line).await;
                }
                continue;
            };
            self.out(io, &format!("{line}\n")).await;
        }
        status
    }
}

fn reads_terminal(rest: &[String]) -> bool {
    rest.iter().all(|a| a == "-" || a == "-u")
}

fn count(text: Option<&String>) -> u32 {
    text.and_then(|t| t.parse().ok()).unwrap_or(1).max(1)
}

fn number(text: Option<&String>) -> Option<i32> {
    text.and_then(|t| t.parse().ok())
}

/// Whether a name is a shell's.
fn is_shell(name: &str) -> bool {
    matches!(name.rsplit('/').next(), Some("bash" | "sh" | "dash" | "rbash"))
}
