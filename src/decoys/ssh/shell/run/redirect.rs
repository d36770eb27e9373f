//! Redirections.

use super::{Io, Run, Sink, Source, Stop};
use crate::decoys::ssh::shell::ast::{BOTH, Redirect, Target};
use crate::decoys::ssh::shell::commands;
use crate::decoys::ssh::shell::node::Errno;
use std::time::Duration;

impl Run<'_> {
    pub(super) async fn redirect(&mut self, redirects: &[Redirect], outer: &Io) -> Result<Io, Stop> {
        let mut io = outer.clone();
        for redirect in redirects {
            match &redirect.to {
                Target::Here(word) => {
                    let text = self.text(word, &io).await?;
                    io.input = self.input(text.into_bytes());
                }
                Target::Duplicate(word) => {
                    let to = word.bare().unwrap_or("-").to_owned();
                    let from = match to.as_str() {
                        "1" => io.out.clone(),
                        "2" => io.error.clone(),
                        _ => Sink::Null,
                    };
                    match redirect.fd {
                        1 => io.out = from,
                        2 => io.error = from,
                        _ if to == "-" => io.input = Source::Null,
                        _ => {}
                    }
                }
                Target::Read(word) => {
                    let name = self.text(word, &io).await?;
                    match self.shell.fs.read(&self.shell.path(&name)) {
                        Ok(bytes) => io.input = self.input(bytes),
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
                    } else if redirect.fd == 2 {
                        io.error = sink;
                    } else if redirect.fd == 1 {
                        io.out = sink;
                    }
                }
            }
        }
        Ok(io)
    }

    async fn open(&mut self, name: &str, append: bool, outer: &Io) -> Result<Sink, Stop> {
        match name {
            "/dev/null" => return Ok(Sink::Null),
            "/dev/stdout" | "/dev/tty" => return Ok(Sink::Out),
            "/dev/stderr" => return Ok(Sink::Error),
            _ => {}
        }
        if let Some(target) = name.strip_prefix("/dev/tcp/").or_else(|| name.strip_prefix("/dev/udp/")) {
            commands::tunnel(self.shell, "/dev/tcp", &target.replace('/', ":"));
            self.port.pause(Duration::from_secs(3)).await;
            let line =
                format!("{}connect: No route to host\n{0}{name}: No route to host\n", self.shell.prefix());
            self.error(outer, &line).await;
            return Err(Stop(1));
        }
        let path = self.shell.path(name);
        match self.shell.fs.write(&path, b"", append) {
            Ok(_) => Ok(Sink::File(path)),
            Err(errno) => Err(self.complain(outer, name, errno).await),
        }
    }

    pub(super) async fn complain(&mut self, io: &Io, name: &str, errno: Errno) -> Stop {
        let line = format!("{}{name}: {errno}\n", self.shell.prefix());
        self.error(io, &line).await;
        Stop(1)
    }
}
