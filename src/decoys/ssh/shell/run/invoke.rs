//! From a simple command to what runs: alias, function, builtin, program or script.

use futures_util::future::BoxFuture;

use super::{Flow, Io, MAX_DEPTH, Run, Sink, Source, Stop, explain};
use crate::decoys::ssh::shell::ast::{Assign, Redirect, Word};
use crate::decoys::ssh::shell::commands::{self, Call, Effect};
use crate::decoys::ssh::shell::node::Errno;
use crate::decoys::ssh::shell::parser;

impl Run<'_> {
    pub(super) async fn simple(
        &mut self,
        (assigns, words, lists): (&[Assign], &[Word], &[Assign]),
        redirects: &[Redirect],
        outer: &Io,
    ) -> Result<i32, Stop> {
        self.shell.status = if words.is_empty() { 0 } else { self.shell.status };
        let arguments = self.words(words, outer).await?;
        let arguments = self.shell_alias(arguments);
        let io = self.redirect(redirects, outer).await?;
        let mut before = Vec::new();
        for assign in assigns {
            let name = &assign.name;
            before.push((name.clone(), self.shell.variables.get(name).cloned()));
            self.may_change(name, &io).await?;
            let line = self.assign(assign, &io).await?;
            self.trace(&[line], &io).await;
            if !arguments.is_empty() {
                self.shell.export(name);
            }
        }
        let Some(name) = arguments.first() else { return Ok(self.shell.status) };
        self.trace(&arguments, outer).await;
        let status = self.invoke(name, &arguments, &io).await;
        for assign in lists {
            self.assign(assign, &io).await?;
        }
        for (name, variable) in before {
            match variable {
                Some(variable) => self.shell.variables.insert(name, variable),
                None => self.shell.variables.remove(&name),
            };
        }
        Ok(status)
    }

    /// `ls` is an alias for `ls --color=auto` in an interactive shell of Debian's .bashrc.
    fn shell_alias(&self, mut arguments: Vec<String>) -> Vec<String> {
        if self.shell.screen.is_none() {
            return arguments;
        }
        let alias = arguments.first().and_then(|name| self.shell.aliases.get(name));
        if let Some(text) = alias {
            let words: Vec<String> = text.split_whitespace().map(str::to_owned).collect();
            arguments.splice(..1, words);
        } else if arguments.first().is_some_and(|a| a == "ls") {
            arguments.insert(1, "--color=auto".into());
        }
        arguments
    }

    /// `set -x`
    async fn trace(&mut self, words: &[String], io: &Io) {
        if self.shell.options.contains(&'x') {
            let shown: Vec<String> = words.iter().map(|w| quoted(w)).collect();
            self.error(io, &format!("+ {}\n", shown.join(" "))).await;
        }
    }

    /// Refuses to change what `readonly` fixed.
    async fn may_change(&mut self, name: &str, io: &Io) -> Result<(), Stop> {
        if !self.shell.variables.get(name).is_some_and(|v| v.fixed) {
            return Ok(());
        }
        let line = format!("{}{name}: readonly variable\n", self.shell.prefix());
        self.error(io, &line).await;
        if self.shell.screen.is_none() {
            self.flow = Flow::Exit(1);
        }
        Err(Stop(1))
    }

    /// Runs a function, a builtin or a program by name.
    pub(in crate::decoys::ssh::shell) fn invoke<'b>(
        &'b mut self,
        name: &'b str,
        arguments: &'b [String],
        io: &'b Io,
    ) -> BoxFuture<'b, i32> {
        Box::pin(async move {
            if let Some(body) = self.shell.functions.get(name).cloned() {
                let rest = arguments.get(1..).unwrap_or_default().to_vec();
                let saved = std::mem::replace(&mut self.shell.arguments, rest);
                let status = self.command(&body, io).await;
                self.shell.arguments = saved;
                if let Flow::Return(status) = self.flow {
                    self.flow = Flow::Next;
                    return status;
                }
                return status;
            }
            match self.builtin(name, arguments, io).await {
                Some(status) => status,
                None => self.program(name, arguments, io).await,
            }
        })
    }

    async fn program(&mut self, name: &str, arguments: &[String], io: &Io) -> i32 {
        let path = if name.contains('/') {
            self.shell.path(name)
        } else {
            commands::find(self.shell, name).unwrap_or_default()
        };
        let prefix = self.shell.prefix();
        if path.is_empty() {
            self.error(io, &format!("{prefix}{name}: command not found\n")).await;
            return 127;
        }
        let meta = match self.shell.fs.stat(&path) {
            Ok(meta) => meta,
            Err(errno) => {
                self.error(io, &format!("{prefix}{name}: {errno}\n")).await;
                return if errno == Errno::NoEntry { 127 } else { 126 };
            }
        };
        if meta.is_directory() || !self.shell.fs.may(&path, 'x') {
            let why = if meta.is_directory() { Errno::IsDirectory } else { Errno::Access };
            self.error(io, &format!("{prefix}{name}: {why}\n")).await;
            return 126;
        }
        self.shell.spawn();
        let real = self.shell.fs.real_path(&path).unwrap_or(path);
        let called = name.rsplit('/').next().unwrap_or(name);
        if real.starts_with("/usr/")
            && let Some(status) = self.reach(called, arguments, io).await
        {
            return status;
        }
        if real.starts_with("/usr/")
            && let Some(status) = Box::pin(self.full_screen(called, arguments, io)).await
        {
            return status;
        }
        let program =
            commands::lookup(called).or_else(|| commands::lookup(real.rsplit('/').next().unwrap_or(&real)));
        match program {
            Some(program) if real.starts_with("/usr/") => self.call(program, arguments, io).await,
            _ if real.starts_with("/usr/") => self.recorded(called, arguments, io).await,
            _ => self.foreign(&real, name, arguments, io).await,
        }
    }

    /// Runs a file that is no program of the system: a script is read, anything else fails.
    async fn foreign(&mut self, path: &str, name: &str, arguments: &[String], io: &Io) -> i32 {
        let bytes = self.shell.fs.read(path).unwrap_or_default();
        let prefix = self.shell.prefix();
        if bytes.starts_with(b"\x7fELF") {
            let native = bytes.get(18..20) == Some(&[0x3e, 0]) && bytes.get(4) == Some(&2);
            if native {
                self.error(io, "Segmentation fault\n").await;
                return 139;
            }
            self.error(io, &format!("{prefix}{name}: cannot execute binary file: Exec format error\n")).await;
            return 126;
        }
        if bytes.iter().take(80).any(|b| *b == 0) {
            self.error(io, &format!("{prefix}{name}: cannot execute binary file: Exec format error\n")).await;
            return 126;
        }
        let source = String::from_utf8_lossy(&bytes).into_owned();
        self.source(&source, name, arguments.get(1..).unwrap_or_default(), io, true).await
    }

    /// Runs a script text, in a shell of its own or in this one.
    pub(in crate::decoys::ssh::shell) async fn source(
        &mut self,
        source: &str,
        name: &str,
        arguments: &[String],
        io: &Io,
        apart: bool,
    ) -> i32 {
        let script = match parser::parse(source) {
            Ok(script) => script,
            Err(error) => {
                let text = explain(&error, name, source);
                self.error(io, &text).await;
                return 2;
            }
        };
        let saved = apart.then(|| self.shell.clone());
        if apart {
            self.shell.name = name.to_owned();
            self.shell.screen = None;
            self.shell.arguments = arguments.to_vec();
        }
        self.depth += 1;
        let status = if self.depth > MAX_DEPTH { 1 } else { self.script(&script, io).await };
        self.depth -= 1;
        let status = match self.flow {
            Flow::Exit(status) if apart && self.fuel > 0 => {
                self.flow = Flow::Next;
                status
            }
            Flow::Return(status) => {
                self.flow = Flow::Next;
                status
            }
            Flow::Next | Flow::Break(_) | Flow::Continue(_) | Flow::Exit(_) => status,
        };
        if let Some(saved) = saved {
            *self.shell = saved;
        }
        status
    }

    /// What a program reads: all, but of a connection `head` takes no more than it prints.
    async fn input_of(&mut self, arguments: &[String], io: &Io) -> Vec<u8> {
        let head = arguments.first().is_some_and(|name| name == "head" || name.ends_with("/head"));
        if !head || !matches!(io.input, Source::Connection(_)) {
            return self.read_all(io).await;
        }
        let digits = |word: &String| word.trim_start_matches(['-', 'n']).parse::<usize>().ok();
        let count = arguments.iter().skip(1).find_map(digits).unwrap_or(10);
        let mut input = Vec::new();
        for _ in 0..count {
            let Some(line) = self.read_line(io).await else { break };
            input.extend_from_slice(line.as_bytes());
            input.push(b'\n');
        }
        input
    }

    async fn call(&mut self, program: commands::Program, arguments: &[String], io: &Io) -> i32 {
        let input = if (program.reads)(arguments) { self.input_of(arguments, io).await } else { Vec::new() };
        let terminal = self.shell.screen.is_some() && io.out == Sink::Out;
        let name = arguments.first().map(|name| name.rsplit('/').next().unwrap_or(name)).unwrap_or_default();
        self.shell.fs.run(name);
        let mut call = Call::new(self.shell, arguments, input, terminal);
        let status = (program.run)(&mut call);
        for effect in call.effects {
            match effect {
                Effect::Out(bytes) => self.write(&io.out, bytes).await,
                Effect::Error(bytes) => self.write(&io.error, bytes).await,
                Effect::Pause(duration) => self.port.pause(duration).await,
            }
        }
        status
    }
}

/// A word as `set -x` shows it.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "_-./=:,+@%^".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}
