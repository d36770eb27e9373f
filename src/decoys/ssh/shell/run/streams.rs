//! Reading and writing of the three streams.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::{Io, MAX_BUFFER, MAX_DEPTH, Run, Sink, Source};
use crate::decoys::ssh::shell::ast::Script;
use crate::decoys::ssh::shell::port::Came;

impl Run<'_> {
    /// All of standard input, up to the cap.
    pub(in crate::decoys::ssh::shell) async fn read_all(&mut self, io: &Io) -> Vec<u8> {
        match io.input {
            Source::Null => Vec::new(),
            Source::Connection(index) => {
                let Some(connection) = self.connections.get(index).cloned() else { return Vec::new() };
                let (mut connection, mut all) = (connection.lock().await, Vec::new());
                while all.len() < MAX_BUFFER && matches!(connection.read_buf(&mut all).await, Ok(1..)) {}
                all
            }
            Source::Bytes(index) => match self.inputs.get_mut(index) {
                Some((bytes, at)) => {
                    let rest = bytes.get(*at..).unwrap_or_default().to_vec();
                    *at = bytes.len();
                    rest
                }
                None => Vec::new(),
            },
            Source::Port => {
                let mut all = Vec::new();
                while all.len() < MAX_BUFFER
                    && let Some(bytes) = self.port.read().await
                {
                    all.extend_from_slice(&bytes);
                }
                all
            }
        }
    }

    /// One piece of standard input as it comes.
    pub(in crate::decoys::ssh::shell) async fn read_some(&mut self, io: &Io) -> Option<Vec<u8>> {
        match io.input {
            Source::Port => self.port.read().await,
            Source::Connection(index) => {
                let mut piece = Vec::new();
                let connection = self.connections.get(index).cloned()?;
                let read = connection.lock().await.read_buf(&mut piece).await;
                matches!(read, Ok(1..)).then_some(piece)
            }
            Source::Null | Source::Bytes(_) => Some(self.read_all(io).await).filter(|b| !b.is_empty()),
        }
    }

    /// One line of standard input, without its newline; `None` at the end.
    pub(in crate::decoys::ssh::shell) async fn read_line(&mut self, io: &Io) -> Option<String> {
        match io.input {
            Source::Null => None,
            Source::Connection(index) => {
                let connection = self.connections.get(index).cloned()?;
                let (mut connection, mut line) = (connection.lock().await, Vec::new());
                while line.len() < MAX_BUFFER {
                    match connection.read_u8().await {
                        Ok(b'\n') => break,
                        Ok(byte) => line.push(byte),
                        Err(_) if line.is_empty() => return None,
                        Err(_) => break,
                    }
                }
                Some(String::from_utf8_lossy(&line).into_owned())
            }
            Source::Bytes(index) => {
                let (bytes, at) = self.inputs.get_mut(index)?;
                let rest = bytes.get(*at..).filter(|r| !r.is_empty())?;
                let length = rest.iter().position(|b| *b == b'\n').unwrap_or(rest.len());
                let line = String::from_utf8_lossy(rest.get(..length).unwrap_or_default()).into_owned();
                *at = (*at + length + 1).min(bytes.len());
                Some(line)
            }
            Source::Port => {
                let bytes = self.port.read().await?;
                let text = String::from_utf8_lossy(&bytes).into_owned();
                let (line, rest) = text.split_once('\n').unwrap_or((&text, ""));
                if !rest.is_empty() {
                    self.inputs.push((rest.as_bytes().to_vec(), 0));
                }
                Some(line.to_owned())
            }
        }
    }

    pub(in crate::decoys::ssh::shell) fn echo(&mut self, on: bool) {
        self.port.echo(on);
    }

    pub(in crate::decoys::ssh::shell) fn raw(&mut self, on: bool) {
        self.port.raw(on);
    }

    /// What is typed within a time.
    pub(in crate::decoys::ssh::shell) async fn read_within(&mut self, duration: Duration) -> Came {
        self.port.read_within(duration).await
    }

    pub(in crate::decoys::ssh::shell) async fn pause(&mut self, duration: Duration) {
        self.port.pause(duration).await;
    }

    pub(in crate::decoys::ssh::shell) async fn out(&mut self, io: &Io, text: &str) {
        self.write(&io.out, text.as_bytes().to_vec()).await;
    }

    pub(in crate::decoys::ssh::shell) async fn error(&mut self, io: &Io, text: &str) {
        self.write(&io.error, text.as_bytes().to_vec()).await;
    }

    pub(in crate::decoys::ssh::shell) async fn write(&mut self, sink: &Sink, bytes: Vec<u8>) {
        if bytes.is_empty() {
            return;
        }
        match sink {
            Sink::Out => self.port.write(false, bytes).await,
            Sink::Error => self.port.write(true, bytes).await,
            Sink::Null => {}
            Sink::Connection(index) => {
                if let Some(connection) = self.connections.get(*index).cloned() {
                    let mut connection = connection.lock().await;
                    let _ = connection.write_all(&bytes).await;
                    let _ = connection.flush().await;
                }
            }
            Sink::Buffer(index) => {
                if let Some(buffer) =
                    self.buffers.get_mut(*index).filter(|b| b.len() + bytes.len() <= MAX_BUFFER)
                {
                    buffer.extend_from_slice(&bytes);
                }
            }
            Sink::File(path) => {
                let _ = self.shell.fs.write(path, &bytes, true);
            }
        }
    }

    /// The output of a script, without its last newlines.
    pub(in crate::decoys::ssh::shell) async fn capture(&mut self, script: &Script, io: &Io) -> String {
        let bytes = self.capture_bytes(script, io).await;
        let text = String::from_utf8_lossy(&bytes).replace('\0', "");
        text.trim_end_matches('\n').to_owned()
    }

    /// The output of a script.
    pub(in crate::decoys::ssh::shell) async fn capture_bytes(&mut self, script: &Script, io: &Io) -> Vec<u8> {
        let mark = self.buffers.len();
        self.buffers.push(Vec::new());
        let inner = Io { input: io.input, out: Sink::Buffer(mark), error: io.error.clone() };
        if self.depth < MAX_DEPTH {
            self.depth += 1;
            let status = self.subshell(script, &inner).await;
            self.depth -= 1;
            self.shell.status = status;
        }
        self.buffers.pop().unwrap_or_default()
    }
}
