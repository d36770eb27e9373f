//! Redirections.

use std::sync::Arc;

use tokio::sync::Mutex;

use super::descriptors::Handle;
use super::{Io, Run, Sink, Source, Stop};
use crate::decoys::ssh::shell::ast::{BOTH, Redirect, Target};
use crate::decoys::ssh::shell::commands;
use crate::decoys::ssh::shell::node::Errno;

/// What a name of /dev opened.
enum Connected {
    /// It is a file's name.
    No,
    /// UDP, from which nothing comes back.
    Datagrams,
    /// TCP, by its number.
    Stream(usize),
}

impl Run<'_> {
    pub(super) async fn redirect(&mut self, redirects: &[Redirect], outer: &Io) -> Result<Io, Stop> {
        let mut io = outer.clone();
        let mut more = Vec::new();
        for redirect in redirects {
            match &redirect.to {
                Target::Here(word) => {
                    let text = self.text(word, &io).await?;
                    io.input = self.input(text.into_bytes());
                }
                Target::Duplicate(word) => {
                    let to = word.bare().unwrap_or("-").to_owned();
                    let Some(handle) = self.handle(&to, &io, &more) else {
                        let line = format!("{}{to}: Bad file descriptor\n", self.shell.prefix());
                        self.error(outer, &line).await;
                        return Err(Stop(1));
                    };
                    apply(redirect.fd, handle, &mut io, &mut more);
                }
                Target::Read(word) | Target::Both(word) => {
                    let name = self.text(word, &io).await?;
                    match self.connection(&name, outer).await? {
                        Connected::No => {}
                        Connected::Datagrams => {
                            apply(redirect.fd, Handle::Source(Source::Null), &mut io, &mut more);
                            continue;
                        }
                        Connected::Stream(index) => {
                            apply(redirect.fd, Handle::Stream(index), &mut io, &mut more);
                            continue;
                        }
                    }
                    match self.shell.fs.read(&self.shell.path(&name)) {
                        Ok(bytes) => {
                            let source = self.input(bytes);
                            apply(redirect.fd, Handle::Source(source), &mut io, &mut more);
                        }
                        Err(errno) => return Err(self.complain(outer, &name, errno).await),
                    }
                }
                Target::Write(word) | Target::Append(word) => {
                    let name = self.text(word, &io).await?;
                    let append = matches!(redirect.to, Target::Append(_));
                    let sink = self.open(&name, append, outer).await?;
                    if redirect.fd == BOTH {
                        io.error = sink.clone();
                        io.out = sink;
                    } else {
                        apply(redirect.fd, Handle::Sink(sink), &mut io, &mut more);
                    }
                }
            }
        }
        self.kept = more;
        Ok(io)
    }

    pub(super) async fn open(&mut self, name: &str, append: bool, outer: &Io) -> Result<Sink, Stop> {
        match name {
            "/dev/null" => return Ok(Sink::Null),
            "/dev/stdout" | "/dev/tty" => return Ok(Sink::Out),
            "/dev/stderr" => return Ok(Sink::Error),
            _ => {}
        }
        match self.connection(name, outer).await? {
            Connected::No => {}
            Connected::Datagrams => return Ok(Sink::Null),
            Connected::Stream(index) => return Ok(Sink::Connection(index)),
        }
        let path = self.shell.path(name);
        match self.shell.fs.write(&path, b"", append) {
            Ok(_) => Ok(Sink::File(path)),
            Err(errno) => Err(self.complain(outer, name, errno).await),
        }
    }

    /// Opens what bash takes for a network connection.
    async fn connection(&mut self, name: &str, outer: &Io) -> Result<Connected, Stop> {
        let (rest, stream) = match (name.strip_prefix("/dev/tcp/"), name.strip_prefix("/dev/udp/")) {
            (Some(rest), _) => (rest, true),
            (None, Some(rest)) => (rest, false),
            (None, None) => return Ok(Connected::No),
        };
        let (host, port) = rest.split_once('/').unwrap_or((rest, ""));
        let target = format!("{host}:{port}");
        let prefix = self.shell.prefix();
        let Some(place) = self.resolved("/dev/tcp", &target, host).await else {
            let line = format!(
                "{prefix}{host}: Temporary failure in name resolution\n{prefix}{name}: Invalid argument\n"
            );
            self.error(outer, &line).await;
            return Err(Stop(1));
        };
        if !stream {
            commands::tunnel(self.shell, "/dev/udp", &target);
            return Ok(Connected::Datagrams);
        }
        match self.dial("/dev/tcp", &target, (&place, port.parse().unwrap_or(0)), None).await {
            Ok(stream) => {
                self.connections.push(Arc::new(Mutex::new(stream)));
                Ok(Connected::Stream(self.connections.len() - 1))
            }
            Err(failure) => {
                let why = failure.text();
                self.error(outer, &format!("{prefix}connect: {why}\n{prefix}{name}: {why}\n")).await;
                Err(Stop(1))
            }
        }
    }

    pub(super) async fn complain(&mut self, io: &Io, name: &str, errno: Errno) -> Stop {
        let line = format!("{}{name}: {errno}\n", self.shell.prefix());
        self.error(io, &line).await;
        Stop(1)
    }
}

/// Gives a descriptor its new meaning.
fn apply(fd: u8, handle: Handle, io: &mut Io, more: &mut Vec<(u8, Handle)>) {
    match (fd, &handle) {
        (0, Handle::Source(source)) => io.input = *source,
        (0, Handle::Stream(index)) => io.input = Source::Connection(*index),
        (0, Handle::Sink(Sink::Connection(index))) => io.input = Source::Connection(*index),
        (0, Handle::Closed) => io.input = Source::Null,
        (0, Handle::Sink(_)) => {}
        (1 | 2, _) => {
            let sink = handle.sink();
            if fd == 1 { io.out = sink } else { io.error = sink }
        }
        _ => {}
    }
    more.retain(|(n, _)| *n != fd);
    more.push((fd, handle));
}
