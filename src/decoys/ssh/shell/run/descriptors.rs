//! Descriptors that stay open from one line to the next: `exec 3<>/dev/tcp/…`, `exec 4< file`, `exec > log`.

use std::sync::Arc;

use tokio::sync::Mutex;

use super::{Io, Run, Sink, Source};
use crate::session::BoxStream;

/// A connection that several descriptors may share.
pub type Connection = Arc<Mutex<BoxStream>>;

/// Most descriptors one shell keeps open.
const MAX_OPEN: usize = 16;

/// What a descriptor that stays open leads to.
#[derive(Clone)]
pub enum Open {
    /// A connection, both ways.
    Stream(Connection),
    /// A file that is written.
    Write(String),
    /// Bytes that are read, and how far.
    Read(Arc<[u8]>, usize),
    /// The channel's output, or its error output.
    Channel(bool),
    /// Nowhere.
    Null,
}

/// What a descriptor means within one run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Handle {
    /// It is written.
    Sink(Sink),
    /// It is read.
    Source(Source),
    /// A connection, both ways.
    Stream(usize),
    /// It is closed.
    Closed,
}

impl Handle {
    /// Where what is written goes.
    pub(super) fn sink(&self) -> Sink {
        match self {
            Handle::Sink(sink) => sink.clone(),
            Handle::Stream(index) | Handle::Source(Source::Connection(index)) => Sink::Connection(*index),
            Handle::Source(Source::Port) => Sink::Out,
            Handle::Source(Source::Bytes(_) | Source::Null) | Handle::Closed => Sink::Null,
        }
    }
}

impl Run<'_> {
    /// The three streams that a line begins with: what `exec` has made of them.
    pub(super) fn standing(&mut self) -> Io {
        let mut io = Io { input: Source::Port, out: Sink::Out, error: Sink::Error };
        let none = Vec::new();
        if let Some(handle) = self.kept_open(0) {
            io.input = match handle {
                Handle::Source(source) => source,
                Handle::Stream(index) => Source::Connection(index),
                Handle::Sink(_) | Handle::Closed => Source::Null,
            };
        }
        for fd in [1, 2] {
            if let Some(handle) = self.handle(if fd == 1 { "kept 1" } else { "kept 2" }, &io, &none) {
                let sink = handle.sink();
                if fd == 1 { io.out = sink } else { io.error = sink }
            }
        }
        io
    }

    /// What stands behind `>&` or `<&`; `None`: it is not open.
    pub(super) fn handle(&mut self, name: &str, io: &Io, more: &[(u8, Handle)]) -> Option<Handle> {
        if name == "-" {
            return Some(Handle::Closed);
        }
        let fd: u8 = match name.strip_prefix("kept ") {
            Some(fd) => return self.kept_open(fd.parse().ok()?),
            None => name.parse().ok()?,
        };
        if let Some((_, handle)) = more.iter().find(|(n, _)| *n == fd && fd > 2) {
            return Some(handle.clone());
        }
        match fd {
            0 => Some(Handle::Source(io.input)),
            1 => Some(Handle::Sink(io.out.clone())),
            2 => Some(Handle::Sink(io.error.clone())),
            _ => self.kept_open(fd),
        }
    }

    fn kept_open(&mut self, fd: u8) -> Option<Handle> {
        Some(match self.shell.descriptors.get(&fd)?.clone() {
            Open::Stream(connection) => {
                self.connections.push(connection);
                Handle::Stream(self.connections.len() - 1)
            }
            Open::Write(path) => Handle::Sink(Sink::File(path)),
            Open::Read(bytes, at) => {
                if let Some((_, index)) = self.opened.iter().find(|(n, _)| *n == fd) {
                    return Some(Handle::Source(Source::Bytes(*index)));
                }
                self.inputs.push((bytes.to_vec(), at));
                let index = self.inputs.len() - 1;
                self.opened.push((fd, index));
                Handle::Source(Source::Bytes(index))
            }
            Open::Channel(error) => Handle::Sink(if error { Sink::Error } else { Sink::Out }),
            Open::Null => Handle::Sink(Sink::Null),
        })
    }

    /// `exec` without a command: what its redirections meant stays.
    pub(in crate::decoys::ssh::shell) fn keep_descriptors(&mut self) {
        for (fd, handle) in std::mem::take(&mut self.kept) {
            self.opened.retain(|(n, _)| *n != fd);
            let open = match handle {
                Handle::Stream(index)
                | Handle::Sink(Sink::Connection(index))
                | Handle::Source(Source::Connection(index)) => {
                    self.connections.get(index).cloned().map(Open::Stream)
                }
                Handle::Sink(Sink::File(path)) => Some(Open::Write(path)),
                Handle::Sink(Sink::Out) => Some(Open::Channel(false)),
                Handle::Sink(Sink::Error) => Some(Open::Channel(true)),
                Handle::Sink(Sink::Null | Sink::Buffer(_)) => Some(Open::Null),
                Handle::Source(Source::Bytes(index)) => {
                    self.opened.push((fd, index));
                    self.inputs.get(index).map(|(bytes, at)| Open::Read(bytes.as_slice().into(), *at))
                }
                Handle::Source(Source::Port | Source::Null) | Handle::Closed => None,
            };
            let usual =
                matches!((&open, fd), (Some(Open::Channel(false)), 1) | (Some(Open::Channel(true)), 2));
            match open.filter(|_| !usual) {
                Some(open) if self.shell.descriptors.len() < MAX_OPEN => {
                    self.shell.descriptors.insert(fd, open);
                }
                _ => {
                    self.shell.descriptors.remove(&fd);
                }
            }
        }
    }

    /// Remembers how far the descriptors were read.
    pub(super) fn keep_places(&mut self) {
        for (fd, index) in std::mem::take(&mut self.opened) {
            let place = self.inputs.get(index).map(|(_, at)| *at);
            if let (Some(Open::Read(_, at)), Some(place)) = (self.shell.descriptors.get_mut(&fd), place) {
                *at = place;
            }
        }
    }
}
