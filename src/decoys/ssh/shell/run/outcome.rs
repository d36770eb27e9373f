//! What bash says of a syntax error, and the port of what runs in the background.

use std::time::Duration;

use futures_util::future::BoxFuture;

use crate::decoys::ssh::shell::parser::SyntaxError;
use crate::decoys::ssh::shell::port::{Came, Port};

/// What bash says of a syntax error.
pub fn explain(error: &SyntaxError, name: &str, source: &str) -> String {
    let lines = source.lines().count().max(1);
    let terminal = name == "-bash";
    let at = |line: usize| if terminal { "-bash: ".to_owned() } else { format!("{name}: -c: line {line}: ") };
    match error {
        SyntaxError::Unfinished => format!("{}syntax error: unexpected end of file\n", at(lines + 1)),
        SyntaxError::Open(quote) => format!("{}unexpected EOF while looking for matching `{quote}'\n", at(1)),
        SyntaxError::Unexpected(token) => {
            let first = format!("{}syntax error near unexpected token `{token}'\n", at(1));
            if terminal {
                first
            } else {
                format!("{first}{}`{}'\n", at(1), source.lines().next().unwrap_or_default())
            }
        }
    }
}

/// A port that does not wait: for what runs in the background. It adds up how long it would have.
pub(in crate::decoys::ssh::shell) struct Hurry<'a> {
    pub(in crate::decoys::ssh::shell) port: &'a mut dyn Port,
    pub(in crate::decoys::ssh::shell) waited: Duration,
}

impl Port for Hurry<'_> {
    fn write(&mut self, error: bool, bytes: Vec<u8>) -> BoxFuture<'_, ()> {
        self.port.write(error, bytes)
    }

    fn read(&mut self) -> BoxFuture<'_, Option<Vec<u8>>> {
        Box::pin(async { None })
    }

    fn read_within(&mut self, _: Duration) -> BoxFuture<'_, Came> {
        Box::pin(async { Came::End })
    }

    fn pause(&mut self, duration: Duration) -> BoxFuture<'_, ()> {
        self.waited = self.waited.saturating_add(duration);
        Box::pin(async {})
    }

    fn echo(&mut self, _: bool) {}

    fn raw(&mut self, _: bool) {}
}

/// A port with a limit: past it nothing waits and nothing is printed.
pub(in crate::decoys::ssh::shell) struct Limited<'a> {
    pub(in crate::decoys::ssh::shell) port: &'a mut dyn Port,
    pub(in crate::decoys::ssh::shell) left: Duration,
    pub(in crate::decoys::ssh::shell) over: bool,
}

impl Port for Limited<'_> {
    fn write(&mut self, error: bool, bytes: Vec<u8>) -> BoxFuture<'_, ()> {
        if self.over { Box::pin(async {}) } else { self.port.write(error, bytes) }
    }

    fn read(&mut self) -> BoxFuture<'_, Option<Vec<u8>>> {
        if self.over { Box::pin(async { None }) } else { self.port.read() }
    }

    fn read_within(&mut self, duration: Duration) -> BoxFuture<'_, Came> {
        if self.over {
            return Box::pin(async { Came::End });
        }
        let wait = duration.min(self.left);
        self.left -= wait;
        self.over |= wait < duration;
        self.port.read_within(wait)
    }

    fn pause(&mut self, duration: Duration) -> BoxFuture<'_, ()> {
        let wait = duration.min(self.left);
        self.left -= wait;
        self.over |= wait < duration;
        self.port.pause(wait)
    }

    fn echo(&mut self, on: bool) {
        self.port.echo(on);
    }

    fn raw(&mut self, on: bool) {
        self.port.raw(on);
    }
}
