//! Builtins that tell of the shell itself, and programs that run another one behind their options.

use super::BUILTINS;
use crate::decoys::ssh::shell::commands;
use crate::decoys::ssh::shell::run::{Io, Run, Source};

/// Options of `shopt`, with whether a terminal's bash of Debian has them on.
const SHOPT: [(&str, bool); 53] = [
    ("autocd", false),
    ("assoc_expand_once", false),
    ("cdable_vars", false),
    ("cdspell", false),
    ("checkhash", false),
    ("checkjobs", false),
    ("checkwinsize", true),
    ("cmdhist", true),
    ("compat31", false),
    ("compat32", false),
    ("compat40", false),
    ("compat41", false),
    ("compat42", false),
    ("compat43", false),
    ("compat44", false),
    ("complete_fullquote", true),
    ("direxpand", false),
    ("dirspell", false),
    ("dotglob", false),
    ("execfail", false),
    ("expand_aliases", true),
    ("extdebug", false),
    ("extglob", false),
    ("extquote", true),
    ("failglob", false),
    ("force_fignore", true),
    ("globasciiranges", true),
    ("globskipdots", true),
    ("globstar", false),
    ("gnu_errfmt", false),
    ("histappend", true),
    ("histreedit", false),
    ("histverify", false),
    ("hostcomplete", true),
    ("huponexit", false),
    ("inherit_errexit", false),
    ("interactive_comments", true),
    ("lastpipe", false),
    ("lithist", false),
    ("localvar_inherit", false),
    ("localvar_unset", false),
    ("login_shell", true),
    ("mailwarn", false),
    ("no_empty_cmd_completion", false),
    ("nocaseglob", false),
    ("nocasematch", false),
    ("noexpand_translation", false),
    ("nullglob", false),
    ("patsub_replacement", true),
    ("progcomp", true),
    ("progcomp_alias", false),
    ("promptvars", true),
    ("restricted_shell", false),
];

impl Run<'_> {
    pub(super) async fn shopt(&mut self, rest: &[String], io: &Io) -> i32 {
        let names: Vec<&String> = rest.iter().filter(|a| !a.starts_with('-')).collect();
        let changes = rest.iter().any(|a| a == "-s" || a == "-u");
        let quiet = rest.iter().any(|a| a.contains('q'));
        let mut status = 0;
        for name in &names {
            let Some((_, on)) = SHOPT.iter().find(|(n, _)| n == name) else {
                let line = format!("{}shopt: {name}: invalid shell option name\n", self.shell.prefix());
                self.error(io, &line).await;
                status = 1;
                continue;
            };
            if !changes {
                status = i32::from(!on);
                if !quiet {
                    self.out(io, &format!("{name:<15}\t{}\n", if *on { "on" } else { "off" })).await;
                }
            }
        }
        if names.is_empty() {
            let text: String = SHOPT
                .iter()
                .map(|(n, on)| format!("{n:<15}\t{}\n", if *on { "on" } else { "off" }))
                .collect();
            self.out(io, &text).await;
        }
        status
    }

    pub(super) async fn hash(&mut self, rest: &[String], io: &Io) -> i32 {
        if rest.is_empty() {
            self.out(io, "hits\tcommand\n   1\t/usr/bin/ls\n").await;
        }
        0
    }

    pub(super) async fn help(&mut self, rest: &[String], io: &Io) -> i32 {
        let Some(name) = rest.iter().find(|a| !a.starts_with('-')) else {
            let mut text = String::from(
                "GNU bash, version 5.2.15(1)-release (x86_64-pc-linux-gnu)\nThese shell commands are defined internally.  Type `help' to see this list.\nType `help name' to find out more about the function `name'.\nUse `info bash' to find out more about the shell in general.\nUse `man -k' or `info' to find out more about commands not in this list.\n\nA star (*) next to a name means that the command is disabled.\n\n",
            );
            BUILTINS.iter().for_each(|b| text.push_str(&format!(" {b}\n")));
            self.out(io, &text).await;
            return 0;
        };
        if BUILTINS.contains(&name.as_str()) {
            self.out(io, &format!("{name}: {name} [arguments]\n    Shell builtin; see bash(1).\n")).await;
            return 0;
        }
        let line = format!(
            "{}help: no help topics match `{name}'.  Try `help help' or `man -k {name}' or `info {name}'.\n",
            self.shell.prefix()
        );
        self.error(io, &line).await;
        1
    }

    /// `fc -l`; an editor of lines is not opened.
    pub(super) async fn fc(&mut self, rest: &[String], io: &Io) -> i32 {
        let list = rest.iter().any(|a| a.starts_with("-l"));
        let skip = self.shell.history.len().saturating_sub(16);
        let lines: String = self
            .shell
            .history
            .iter()
            .enumerate()
            .skip(if list { skip } else { usize::MAX })
            .map(|(n, line)| format!("{}\t {line}\n", n + 1))
            .collect();
        self.out(io, &lines).await;
        0
    }

    /// Whether a program of this name is installed where the shell looks.
    pub(super) fn is_program(&self, name: &str) -> bool {
        commands::find(self.shell, name).is_some()
    }

    /// Programs that start another one behind their options.
    pub(super) async fn behind(&mut self, name: &str, rest: &[String], io: &Io) -> i32 {
        let skip = match name {
            "flock" => rest.iter().position(|a| !a.starts_with('-')).map_or(rest.len(), |n| n + 1),
            "setarch" => 1,
            "taskset" | "chrt" | "choom" if rest.iter().any(|a| a == "-p" || a == "-cp" || a == "-pc") => {
                return self.recorded(name, &[&[name.to_owned()][..], rest].concat(), io).await;
            }
            _ => rest
                .iter()
                .position(|a| a.starts_with('/') || a.starts_with(|c: char| c.is_alphabetic()))
                .unwrap_or(rest.len()),
        };
        let words: Vec<String> =
            rest.iter().skip(skip).skip_while(|a| *a == "-c" || *a == "-R").cloned().collect();
        Box::pin(self.inner(&words, io)).await
    }

    /// `script`: a shell whose terminal is written to a file.
    pub(super) async fn script_program(&mut self, rest: &[String], io: &Io) -> i32 {
        if rest.iter().any(|a| a == "--version" || a == "-V") {
            self.out(io, "script from util-linux 2.38.1\n").await;
            return 0;
        }
        let mut words = rest.iter();
        let (mut quiet, mut line, mut file) = (false, None, "typescript".to_owned());
        while let Some(word) = words.next() {
            match word.strip_prefix('-') {
                Some(letters) => {
                    quiet |= letters.contains('q');
                    if letters.ends_with('c') {
                        line = words.next().cloned();
                    }
                }
                None => file.clone_from(word),
            }
        }
        if self.shell.fs.write(&self.shell.path(&file), b"", false).is_err() {
            self.error(io, &format!("script: cannot open {file}: Permission denied\n")).await;
            return 1;
        }
        if !quiet {
            self.out(io, &format!("Script started, output log file is '{file}'.\n")).await;
        }
        match line {
            Some(line) => {
                let name = "sh".to_owned();
                let status = Box::pin(self.source(&line, &name, &[], io, true)).await;
                if !quiet {
                    self.out(io, "Script done.\n").await;
                }
                status
            }
            None if io.input == Source::Port && self.shell.screen.is_some() => {
                self.shell.enter("bash", if quiet { "" } else { "Script done.\n" });
                0
            }
            None => 0,
        }
    }
}
