//! What bash says of a syntax error, and the port of what runs in the background.

use std::time::Duration;

use futures_util::future::BoxFuture;

use crate::decoys::ssh::shell::parser::SyntaxError;
use crate::decoys::ssh::shell::port::Port;

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

/// A port that does not wait: for what runs in the background.
pub(in crate::decoys::ssh::shell) struct Hurry<'a>(pub(in crate::decoys::ssh::shell) &'a mut dyn Port);

impl Port for Hurry<'_> {
    fn write(&mut self, error: bool, bytes: Vec<u8>) -> BoxFuture<'_, ()> {
        self.0.write(error, bytes)
    }

    fn read(&mut self) -> BoxFuture<'_, Option<Vec<u8>>> {
        Box::pin(async { None })
    }

    fn pause(&mut self, _: Duration) -> BoxFuture<'_, ()> {
        Box::pin(async {})
    }

    fn echo(&mut self, _: bool) {}
}
