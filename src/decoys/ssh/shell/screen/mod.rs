//! Programs that take the whole terminal: editors, pagers, and what draws itself again and again.

mod canvas;
mod keys;
mod less;
mod nano;
mod nano_screen;
mod repeat;
mod run;
mod text;
mod top;
mod vi;
mod vi_command;
mod vi_edit;

use canvas::Canvas;
use keys::Key;

use super::node::Errno;

/// Largest file that an editor opens, bytes: it holds every letter apart.
const MAX_TEXT: usize = 1 << 20;

/// What a key led to.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Step {
    /// Goes on.
    Stay,
    /// Writes a file, then goes on.
    Save(String, Vec<u8>),
    /// Reads a file, then goes on.
    Read(String),
    /// Runs a line in a shell, outside of the screen.
    Shell(String),
    /// Ends with this status.
    Leave(i32),
}

/// A program that takes the whole terminal.
trait Full: Send + Sync {
    /// What the screen shows.
    fn draw(&self, canvas: &mut Canvas);
    /// Takes a key.
    fn key(&mut self, key: Key) -> Step;
    /// A file was written, or not.
    fn saved(&mut self, _path: &str, _outcome: Result<(), Errno>) -> Step {
        Step::Stay
    }
    /// A file was read, or not.
    fn read(&mut self, _path: &str, _outcome: Result<Vec<u8>, Errno>) {}
    /// Bytes before the first drawing.
    fn enter(&self) -> &'static [u8] {
        b"\x1b[?1049h\x1b[22;0;0t"
    }
    /// Bytes after the last drawing.
    fn leave(&self) -> &'static [u8] {
        b"\x1b[?1049l\x1b[23;0;0t"
    }
}
