//! Terminal sessions as asciicast v2 (<https://docs.asciinema.org/manual/asciicast/v2/>), so that
//! any asciinema player shows them.

use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::SessionFiles;
use super::appender::{Appender, to_u64};
use crate::event::SessionId;

/// Largest recording: hours of a busy screen.
pub const CAST_CAP: u64 = 32 << 20;

/// First line of the file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// 2.
    pub version: u8,
    /// Columns at the start.
    pub width: u16,
    /// Rows at the start.
    pub height: u16,
    /// Start, in seconds since 1970.
    pub timestamp: i64,
    /// What is shown.
    #[serde(default)]
    pub title: String,
}

/// A terminal being recorded. Its file appears when the first 8 KB are full, at
/// [`Cast::flush`] or at the end.
pub struct Cast {
    file: Appender,
    start: Timestamp,
    output: Utf8Stream,
    input: Utf8Stream,
}

impl Cast {
    /// Terminal `number` (from 1) of a session, of this many columns and rows.
    pub fn create(
        sessions: &Path,
        session: SessionId,
        number: u32,
        at: Timestamp,
        (columns, rows): (u16, u16),
        title: &str,
    ) -> Self {
        let header = Header {
            version: 2,
            width: columns,
            height: rows,
            timestamp: at.as_second(),
            title: title.to_owned(),
        };
        let path = SessionFiles::new(sessions, session).terminal(number);
        let mut file = Appender::new(path, Vec::new(), CAST_CAP);
        file.entry(&[&line(&header)], 0);
        Cast { file, start: at, output: Utf8Stream::default(), input: Utf8Stream::default() }
    }

    /// The decoy printed this.
    pub fn output(&mut self, at: Timestamp, bytes: &[u8]) {
        let text = self.output.push(bytes);
        self.event(at, "o", &text);
    }

    /// The peer typed this.
    pub fn input(&mut self, at: Timestamp, bytes: &[u8]) {
        let text = self.input.push(bytes);
        self.event(at, "i", &text);
    }

    /// The window changed.
    pub fn resize(&mut self, at: Timestamp, columns: u16, rows: u16) {
        self.event(at, "r", &format!("{columns}x{rows}"));
    }

    /// Hands what is buffered to the kernel.
    pub fn flush(&mut self) {
        self.file.flush();
    }

    /// Bytes of the terminal that were not kept so far.
    pub fn dropped(&self) -> u64 {
        self.file.dropped()
    }

    fn event(&mut self, at: Timestamp, code: &str, text: &str) {
        if text.is_empty() {
            return;
        }
        let since = at.duration_since(self.start).as_secs_f64().max(0.0);
        let micros = (since * 1e6).round() / 1e6;
        self.file.entry(&[&line(&(micros, code, text))], to_u64(text.len()));
    }
}

fn line(value: &impl Serialize) -> Vec<u8> {
    let mut bytes = serde_json::to_vec(value).unwrap_or_default();
    bytes.push(b'\n');
    bytes
}

/// Text of a byte stream whose characters may be split between two writes.
#[derive(Default)]
struct Utf8Stream {
    rest: Vec<u8>,
}

impl Utf8Stream {
    /// All whole characters so far; a byte that can't be one becomes U+FFFD.
    fn push(&mut self, bytes: &[u8]) -> String {
        self.rest.extend_from_slice(bytes);
        let whole = self.rest.len() - unfinished(&self.rest);
        let text = String::from_utf8_lossy(&self.rest[..whole]).into_owned();
        self.rest.drain(..whole);
        text
    }
}

/// Bytes at the end that begin a character and lack its rest.
fn unfinished(bytes: &[u8]) -> usize {
    let tail = bytes.utf8_chunks().last().map_or(&[][..], |chunk| chunk.invalid());
    let at_end = !tail.is_empty() && bytes.ends_with(tail);
    let open = std::str::from_utf8(tail).is_err_and(|error| error.error_len().is_none());
    if at_end && open { tail.len() } else { 0 }
}

/// One event of a recording.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// Since the start.
    pub after: Duration,
    /// `o` printed, `i` typed, `r` resized.
    pub code: String,
    /// The text.
    pub text: String,
}

/// Reads a recording; ends at the last whole line.
///
/// # Errors
/// The file can't be read, or does not begin with an asciicast v2 header.
pub fn read(path: &Path) -> io::Result<(Header, impl Iterator<Item = Event>)> {
    let mut lines = BufReader::new(File::open(path)?).lines();
    let first = lines.next().transpose()?.unwrap_or_default();
    let header: Header = serde_json::from_str(&first).map_err(io::Error::from)?;
    if header.version != 2 {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "not asciicast v2"));
    }
    Ok((header, lines.map_while(|line| parse(&line.ok()?))))
}

fn parse(line: &str) -> Option<Event> {
    let (seconds, code, text): (f64, String, String) = serde_json::from_str(line).ok()?;
    Some(Event { after: Duration::try_from_secs_f64(seconds).ok()?, code, text })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millisecond(1_790_000_000_000 + millis).unwrap()
    }

    #[test]
    fn round_trip_with_a_split_character() {
        let (dir, id) = (tempfile::tempdir().unwrap(), SessionId(uuid::Uuid::now_v7()));
        let mut cast = Cast::create(dir.path(), id, 1, at(0), (80, 24), "his");
        cast.output(at(5), b"$ ");
        cast.input(at(1500), b"ls\r");
        cast.output(at(1502), &"张".as_bytes()[..2]);
        cast.output(at(1503), &"张".as_bytes()[2..]);
        cast.output(at(1504), b"\xff\x1b[0m");
        cast.resize(at(2000), 100, 30);
        drop(cast);
        let paths = SessionFiles::new(dir.path(), id).terminals();
        let (header, events) = read(&paths[0]).unwrap();
        assert_eq!((header.width, header.height, header.timestamp), (80, 24, 1_790_000_000));
        let seen: Vec<_> = events.map(|e| (e.after.as_millis(), e.code, e.text)).collect();
        assert_eq!(
            seen,
            [
                (5, "o".into(), "$ ".into()),
                (1500, "i".into(), "ls\r".into()),
                (1503, "o".into(), "张".into()),
                (1504, "o".into(), "\u{fffd}\u{1b}[0m".into()),
                (2000, "r".into(), "100x30".into()),
            ]
        );
    }

    #[test]
    fn a_cut_file_plays_up_to_the_cut() {
        let (dir, id) = (tempfile::tempdir().unwrap(), SessionId(uuid::Uuid::now_v7()));
        let mut cast = Cast::create(dir.path(), id, 1, at(0), (80, 24), "his");
        cast.output(at(1), b"one");
        cast.output(at(2), b"two");
        drop(cast);
        let path = SessionFiles::new(dir.path(), id).terminal(1);
        let bytes = std::fs::read(&path).unwrap();
        std::fs::write(&path, &bytes[..bytes.len() - 3]).unwrap();
        assert_eq!(read(&path).unwrap().1.count(), 1);
    }
}
