//! Programs that run other programs.

use crate::decoys::ssh::shell::run::{Flow, Io, Run, Sink, Source};

/// Most commands one `xargs` runs.
const MAX_XARGS: usize = 500;

impl Run<'_> {
    /// `cat` without files gives back what comes, as it comes.
    pub(in crate::decoys::ssh::shell) async fn cat_stream(&mut self, io: &Io) -> i32 {
        while let Some(bytes) = self.read_some(io).await {
            self.write(&io.out, bytes).await;
            if io.input != Source::Port {
                break;
            }
        }
        0
    }

    pub(in crate::decoys::ssh::shell) async fn inner_shell(
        &mut self,
        name: &str,
        rest: &[String],
        io: &Io,
    ) -> i32 {
        let mut words = rest.iter();
        while let Some(word) = words.next() {
            match word.as_str() {
                "--version" => {
                    self.out(io, "GNU bash, version 5.2.15(1)-release (x86_64-pc-linux-gnu)\nCopyright (C) 2022 Free Software Foundation, Inc.\nLicense GPLv3+: GNU GPL version 3 or later <http://gnu.org/licenses/gpl.html>\n\nThis is free software; you are free to change and redistribute it.\nThere is NO WARRANTY, to the extent permitted by law.\n").await;
                    return 0;
                }
                option if option.starts_with('-') && option.contains('c') => {
                    let source = words.next().cloned().unwrap_or_default();
                    let called = words.next().cloned().unwrap_or_else(|| name.to_owned());
                    let arguments: Vec<String> = words.cloned().collect();
                    return Box::pin(self.source(&source, &called, &arguments, io, true)).await;
                }
                option if option.starts_with('-') => {}
                file => {
                    let arguments: Vec<String> = words.cloned().collect();
                    return match self.shell.fs.read(&self.shell.path(file)) {
                        Ok(bytes) => {
                            let source = String::from_utf8_lossy(&bytes).into_owned();
                            Box::pin(self.source(&source, file, &arguments, io, true)).await
                        }
                        Err(errno) => {
                            self.error(io, &format!("{name}: {file}: {errno}\n")).await;
                            127
                        }
                    };
                }
            }
        }
        if io.input == Source::Port && self.shell.screen.is_some() {
            self.shell.enter(name, "exit\n");
            return 0;
        }
        let bytes = self.read_all(io).await;
        let source = String::from_utf8_lossy(&bytes).into_owned();
        Box::pin(self.source(&source, name, &[], io, true)).await
    }

    pub(in crate::decoys::ssh::shell) async fn xargs(&mut self, rest: &[String], io: &Io) -> i32 {
        let (mut per, mut replace, mut nul) = (usize::MAX, None, false);
        let mut words = rest.iter();
        let mut command: Vec<String> = Vec::new();
        while let Some(word) = words.next() {
            match word.as_str() {
                "-n" | "-L" => per = words.next().and_then(|n| n.parse().ok()).unwrap_or(1),
                "-I" => replace = words.next().cloned(),
                "-P" => {
                    words.next();
                }
                "-0" => nul = true,
                option if option.starts_with("-I") => replace = option.get(2..).map(str::to_owned),
                option if option.starts_with("-n") => {
                    per = option.get(2..).and_then(|n| n.parse().ok()).unwrap_or(1)
                }
                option if option.starts_with('-') => {}
                _ => {
                    command.push(word.clone());
                    command.extend(words.by_ref().cloned());
                }
            }
        }
        if command.is_empty() {
            command.push("echo".into());
        }
        let bytes = self.read_all(io).await;
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let items: Vec<String> = if nul {
            text.split('\0').filter(|s| !s.is_empty()).map(str::to_owned).collect()
        } else if replace.is_some() {
            text.lines().map(|l| l.trim_start().to_owned()).filter(|l| !l.is_empty()).collect()
        } else {
            text.split_whitespace().map(|w| w.trim_matches(['\'', '"']).to_owned()).collect()
        };
        let quiet = Io { input: Source::Null, ..io.clone() };
        let mut status = 0;
        let groups: Vec<&[String]> = match (&replace, items.is_empty()) {
            (None, true) => vec![&[]],
            (Some(_), _) => items.chunks(1).collect(),
            (None, false) => items.chunks(per.max(1)).collect(),
        };
        for group in groups.into_iter().take(MAX_XARGS) {
            let arguments: Vec<String> = match (&replace, group.first()) {
                (Some(mark), Some(item)) => command.iter().map(|w| w.replace(mark.as_str(), item)).collect(),
                _ => command.iter().chain(group).cloned().collect(),
            };
            if self.inner(&arguments, &quiet).await != 0 {
                status = 123;
            }
            if self.flow != Flow::Next {
                break;
            }
        }
        status
    }

    pub(in crate::decoys::ssh::shell) async fn env(&mut self, rest: &[String], io: &Io) -> i32 {
        let saved = self.shell.variables.clone();
        if rest.iter().any(|a| a == "-i" || a == "-") {
            self.shell.variables.retain(|_, v| !v.exported);
        }
        let mut start = 0;
        for word in rest {
            if let Some((name, value)) = word.split_once('=') {
                self.shell.set(name, value.to_owned());
                self.shell.export(name);
            } else if !word.starts_with('-') {
                break;
            }
            start += 1;
        }
        let status = self.inner(rest.get(start..).unwrap_or_default(), io).await;
        self.shell.variables = saved;
        status
    }

    pub(in crate::decoys::ssh::shell) async fn wrapped(
        &mut self,
        name: &str,
        rest: &[String],
        io: &Io,
    ) -> i32 {
        if name == "nohup" {
            let note = if io.out == Sink::Out && self.shell.screen.is_some() {
                "nohup: ignoring input and appending output to 'nohup.out'\n"
            } else {
                "nohup: ignoring input\n"
            };
            self.error(io, note).await;
        }
        let mut skip = 0;
        while let Some(word) = rest.get(skip).filter(|a| a.starts_with('-')) {
            skip += if matches!(word.as_str(), "-n" | "-c" | "-o") { 2 } else { 1 };
        }
        self.inner(rest.get(skip..).unwrap_or_default(), io).await
    }

    pub(in crate::decoys::ssh::shell) async fn inner(&mut self, arguments: &[String], io: &Io) -> i32 {
        match arguments.first() {
            Some(name) => self.invoke(name, arguments, io).await,
            None => 0,
        }
    }
}
