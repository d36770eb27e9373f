//! Where a shell's bytes go and come from: a channel, or a test.

use std::time::Duration;

use futures_util::future::BoxFuture;

/// What came within a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Came {
    /// Bytes.
    Bytes(Vec<u8>),
    /// Nothing.
    Nothing,
    /// The end of input.
    End,
}

/// The three streams of a running command, and time.
pub trait Port: Send {
    /// Writes to standard output, or to standard error.
    fn write(&mut self, error: bool, bytes: Vec<u8>) -> BoxFuture<'_, ()>;
    /// More of standard input; `None` at its end. On a terminal one line at a time.
    fn read(&mut self) -> BoxFuture<'_, Option<Vec<u8>>>;
    /// More of standard input, if it comes within a time.
    fn read_within(&mut self, duration: Duration) -> BoxFuture<'_, Came>;
    /// Waits.
    fn pause(&mut self, duration: Duration) -> BoxFuture<'_, ()>;
    /// Turns the terminal's echo on or off (passwords).
    fn echo(&mut self, on: bool);
    /// Turns the terminal driver's line mode off or on: keys and text pass as they are.
    fn raw(&mut self, on: bool);
}
