//! Brings a program that takes the whole terminal together with the terminal.

use super::canvas::Canvas;
use super::keys::Keys;
use super::less::Pager;
use super::nano::Nano;
use super::vi::Vi;
use super::{Full, Key, Step};
use crate::decoys::ssh::shell::node::Errno;
use crate::decoys::ssh::shell::run::{Flow, Io, Run, Sink, Source};

/// What `vim.tiny` says of itself.
const VIM: &str = "VIM - Vi IMproved 9.0 (2022 Jun 28, compiled Feb 21 2025 00:00:00)\nIncluded patches: 1-1378, 1499\nModified by team+vim@tracker.debian.org\nCompiled by team+vim@tracker.debian.org\nSmall version without GUI.\n";

/// What `nano` says of itself.
const NANO: &str = " GNU nano, version 7.2\n (C) 2023 the Free Software Foundation and various contributors\n Compiled options: --disable-libmagic --enable-utf8\n";

impl Run<'_> {
    /// Runs a program that takes the whole terminal; `None` for all others, and without a terminal
    /// for those that then only print.
    pub(in crate::decoys::ssh::shell) async fn full_screen(
        &mut self,
        name: &str,
        arguments: &[String],
        io: &Io,
    ) -> Option<i32> {
        let rest = arguments.get(1..).unwrap_or_default();
        let here = self.shell.screen.is_some() && io.out == Sink::Out;
        Some(match name {
            "vi" | "vim" | "vim.tiny" | "view" | "ex" | "rvim" => self.vi(name, rest, here, io).await,
            "nano" | "pico" | "editor" | "rnano" => self.nano(rest, here, io).await,
            "less" | "more" | "pager" | "zless" | "zmore" => self.pager(name, rest, here, io).await?,
            "top" if here && !rest.iter().any(|a| a.starts_with("-b") || a.contains("b")) => {
                self.top(rest).await
            }
            "watch" => self.watch(rest, here, io).await,
            _ => return None,
        })
    }

    fn size(&self) -> (u16, u16) {
        self.shell.screen.as_ref().map_or((80, 24), |s| (s.columns, s.rows))
    }

    /// Lets a program have the terminal until it ends.
    pub(super) async fn carry_screen(&mut self, program: &mut dyn Full) -> i32 {
        let (columns, rows) = self.size();
        let (mut canvas, mut keys) = (Canvas::new(columns, rows), Keys::default());
        self.raw(true);
        self.write(&Sink::Out, program.enter().to_vec()).await;
        let status = loop {
            canvas.clear();
            program.draw(&mut canvas);
            self.write(&Sink::Out, canvas.flush()).await;
            let key = match keys.next() {
                Some(key) => key,
                None => match self.read_key(&mut keys).await {
                    Some(key) => key,
                    None => break 1,
                },
            };
            let step = program.key(key);
            if let Some(status) = self.step(step, program, &mut canvas).await {
                break status;
            }
        };
        self.write(&Sink::Out, program.leave().to_vec()).await;
        self.raw(false);
        status
    }

    /// Waits for a key; `None` at the end of input.
    pub(super) async fn read_key(&mut self, keys: &mut Keys) -> Option<Key> {
        let terminal = Io { input: Source::Port, out: Sink::Out, error: Sink::Error };
        loop {
            if let Some(key) = keys.next() {
                return Some(key);
            }
            let bytes = self.read_some(&terminal).await?;
            keys.take(&bytes);
        }
    }

    async fn step(&mut self, step: Step, program: &mut dyn Full, canvas: &mut Canvas) -> Option<i32> {
        let next = match step {
            Step::Stay => return None,
            Step::Leave(status) => return Some(status),
            Step::Save(path, bytes) => {
                let whole = self.shell.path(&path);
                let outcome = self.shell.fs.write(&whole, &bytes, false).map(|_| ());
                program.saved(&path, outcome)
            }
            Step::Read(path) => {
                let outcome = self.shell.fs.read(&self.shell.path(&path));
                program.read(&path, outcome);
                Step::Stay
            }
            Step::Shell(line) => {
                self.outside(&line, program, canvas).await;
                Step::Stay
            }
        };
        if let Step::Leave(status) = next { Some(status) } else { None }
    }

    /// Runs a line outside of the screen, and waits for a key behind it.
    async fn outside(&mut self, line: &str, program: &dyn Full, canvas: &mut Canvas) {
        self.write(&Sink::Out, program.leave().to_vec()).await;
        self.raw(false);
        let io = Io { input: Source::Port, out: Sink::Out, error: Sink::Error };
        let name = self.shell.name.clone();
        Box::pin(self.source(line, &name, &[], &io, true)).await;
        self.flow = Flow::Next;
        self.write(&Sink::Out, b"\nPress ENTER or type command to continue".to_vec()).await;
        self.raw(true);
        let mut keys = Keys::default();
        let _ = self.read_key(&mut keys).await;
        self.write(&Sink::Out, program.enter().to_vec()).await;
        canvas.forget();
    }

    /// A file for an editor: its bytes, and whether it may be written.
    fn opened(&self, name: &str) -> (Result<Vec<u8>, Errno>, bool) {
        let path = self.shell.path(name);
        let found = self.shell.fs.read(&path);
        let writable = match &found {
            Ok(_) => self.shell.fs.may(&path, 'w'),
            Err(_) => true,
        };
        (
            found.map(|mut bytes| {
                bytes.truncate(super::MAX_TEXT);
                bytes
            }),
            writable,
        )
    }

    async fn vi(&mut self, name: &str, rest: &[String], here: bool, io: &Io) -> i32 {
        if rest.iter().any(|a| a == "--version") {
            self.out(io, VIM).await;
            return 0;
        }
        let file = rest.iter().find(|a| !a.starts_with(['-', '+'])).cloned().unwrap_or_default();
        if !here {
            self.error(io, "Vim: Warning: Output is not to a terminal\nVim: Warning: Input is not from a terminal\nVim: Error reading input, exiting...\nVim: Finished.\n").await;
            return 1;
        }
        let read_only = name == "view" || rest.iter().any(|a| a == "-R");
        let (found, writable) = self.opened(&file);
        let rows = usize::from(self.size().1);
        let mut vi = Vi::new(&file, found.as_ref().ok().map(Vec::as_slice), writable, read_only, rows);
        match found {
            Err(Errno::Access) => vi.message = format!("\"{file}\" [Permission Denied]"),
            Err(Errno::IsDirectory) => vi.message = format!("\"{file}\" is a directory"),
            _ => {}
        }
        self.carry_screen(&mut vi).await
    }

    async fn nano(&mut self, rest: &[String], here: bool, io: &Io) -> i32 {
        if rest.iter().any(|a| a == "--version" || a == "-V") {
            self.out(io, NANO).await;
            return 0;
        }
        if !here {
            self.error(io, "Standard input is not a terminal\n").await;
            return 1;
        }
        let file = rest.iter().find(|a| !a.starts_with(['-', '+'])).cloned().unwrap_or_default();
        let (found, writable) = self.opened(&file);
        let rows = usize::from(self.size().1);
        let mut nano = Nano::new(&file, found.as_ref().ok().map(Vec::as_slice), writable, rows);
        match found {
            Err(Errno::Access) => nano.warn(&format!("Error reading {file}: Permission denied")),
            Err(Errno::IsDirectory) => nano.warn(&format!("\"{file}\" is a directory")),
            _ => {}
        }
        self.carry_screen(&mut nano).await
    }

    /// `less` and `more`; `None`: there is no terminal, the text is only printed.
    async fn pager(&mut self, name: &str, rest: &[String], here: bool, io: &Io) -> Option<i32> {
        let more = name.ends_with("more");
        if rest.iter().any(|a| a == "--version" || a == "-V") {
            let line = if more {
                "more from util-linux 2.38.1\n"
            } else {
                "less 590 (GNU regular expressions)\nCopyright (C) 1984-2021  Mark Nudelman\n\nless comes with NO WARRANTY, to the extent permitted by law.\nFor information about the terms of redistribution,\nsee the file named README in the less distribution.\nHome page: https://greenwoodsoftware.com/less\n"
            };
            self.out(io, line).await;
            return Some(0);
        }
        if !here {
            return None;
        }
        let file = rest.iter().find(|a| !a.starts_with(['-', '+']));
        let text = match file {
            None if io.input == Source::Port => {
                let hint = if more {
                    "more: bad usage\nTry 'more --help' for more information.\n"
                } else {
                    "Missing filename (\"less --help\" for help)\n"
                };
                self.error(io, hint).await;
                return Some(1);
            }
            None => self.read_all(io).await,
            Some(file) => match self.shell.fs.read(&self.shell.path(file)) {
                Ok(bytes) => bytes,
                Err(Errno::IsDirectory) => {
                    let line = if more {
                        format!("\n*** {file}: directory ***\n\n")
                    } else {
                        format!("{file} is a directory\n")
                    };
                    self.error(io, &line).await;
                    return Some(i32::from(!more));
                }
                Err(errno) => {
                    let line = if more {
                        format!("more: cannot open {file}: {errno}\n")
                    } else {
                        format!("{file}: {errno}\n")
                    };
                    self.error(io, &line).await;
                    return Some(1);
                }
            },
        };
        let (columns, rows) = self.size();
        let size = (usize::from(columns), usize::from(rows));
        let mut pager = Pager::new(file.map(String::as_str), &text, more, size);
        if more && pager.fits() {
            self.write(&io.out, text).await;
            return Some(0);
        }
        Some(self.carry_screen(&mut pager).await)
    }
}
