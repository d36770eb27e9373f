//! The SFTP subsystem as sftp-server(8) of OpenSSH 9.2 answers it, over the intruder's file system.
//! Uploads are kept as artefacts and can be read back. Draft-ietf-secsh-filexfer-02, OpenSSH's PROTOCOL.

mod answers;
pub mod wire;

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use crate::event::Observation;
use crate::event::observation::Direction;
use crate::session::{ArtefactSink, Session};

use super::shell::fs::Fs;
use super::shell::node::{Errno, Meta};
use wire::{MAX_PACKET, Packet, Reader};

/// Most files and directories open at once.
const MAX_HANDLES: usize = 100;

/// Most bytes one read gives, as sftp-server(8).
const MAX_READ: u32 = 255 << 10;

/// Names in one answer to READDIR, as sftp-server(8).
const NAMES: usize = 100;

/// An open file or directory.
enum Handle {
    Reading { path: String, bytes: Vec<u8>, touched: bool },
    Writing { path: String, sink: Box<dyn ArtefactSink>, at: u64 },
    Listing { path: String, rest: Vec<(String, Meta)> },
}

/// One SFTP session.
pub struct Sftp {
    fs: Fs,
    session: Session,
    home: String,
    input: Vec<u8>,
    handles: BTreeMap<u32, Handle>,
    broken: bool,
}

const OK: u32 = 0;
const EOF: u32 = 1;
const NO_SUCH_FILE: u32 = 2;
const PERMISSION_DENIED: u32 = 3;
const FAILURE: u32 = 4;
const BAD_MESSAGE: u32 = 5;
const UNSUPPORTED: u32 = 8;

impl Sftp {
    /// A session of one user.
    pub fn new(fs: Fs, session: Session, home: &str) -> Self {
        Sftp {
            fs,
            session,
            home: home.to_owned(),
            input: Vec::new(),
            handles: BTreeMap::new(),
            broken: false,
        }
    }

    /// Takes bytes of the channel; gives what is answered.
    pub fn receive(&mut self, data: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        if self.broken {
            return out;
        }
        self.input.extend_from_slice(data);
        loop {
            let Some(length) = self.input.first_chunk::<4>().map(|l| u32::from_be_bytes(*l)) else {
                return out;
            };
            let length = usize::try_from(length).unwrap_or(usize::MAX);
            if length == 0 || length > MAX_PACKET {
                self.session.malformed("SFTP packet length", &self.input);
                self.broken = true;
                return out;
            }
            if self.input.len() < length + 4 {
                return out;
            }
            let packet: Vec<u8> = self.input.drain(..length + 4).skip(4).collect();
            out.extend(self.packet(&packet));
        }
    }

    fn packet(&mut self, packet: &[u8]) -> Vec<u8> {
        let mut reader = Reader(packet);
        let kind = reader.byte().unwrap_or(0);
        if kind == 1 {
            return answers::version();
        }
        let Some(id) = reader.number() else {
            self.session.malformed("SFTP request", packet);
            return Vec::new();
        };
        match self.request(kind, id, &mut reader) {
            Some(answer) => answer,
            None => {
                self.session.malformed("SFTP request", packet);
                answers::status(id, BAD_MESSAGE)
            }
        }
    }

    fn path(&self, name: &str) -> String {
        if name.starts_with('/') { name.to_owned() } else { format!("{}/{name}", self.home) }
    }

    /// Answers one request; `None` when its fields are not there.
    fn request(&mut self, kind: u8, id: u32, reader: &mut Reader) -> Option<Vec<u8>> {
        Some(match kind {
            3 => {
                let name = reader.text()?;
                let flags = reader.number()?;
                self.open(id, &name, flags)
            }
            4 => {
                let handle = self.handle(reader)?;
                answers::status(id, self.close(handle))
            }
            5 => {
                let handle = self.handle(reader)?;
                let (offset, length) = (reader.long()?, reader.number()?);
                self.read(id, handle, offset, length)
            }
            6 => {
                let handle = self.handle(reader)?;
                let offset = reader.long()?;
                let status = self.write(handle, offset, reader.bytes()?);
                answers::status(id, status)
            }
            7 | 17 => {
                let path = self.path(&reader.text()?);
                let meta = if kind == 7 { self.fs.lstat(&path) } else { self.fs.stat(&path) };
                answers::attributes(id, meta)
            }
            8 => {
                let path = self.handle_path(reader)?;
                answers::attributes(id, self.fs.stat(&path))
            }
            9 | 10 => {
                let path = if kind == 9 { self.path(&reader.text()?) } else { self.handle_path(reader)? };
                let (mode, time) = reader.attributes()?;
                answers::result(id, self.set(&path, mode, time))
            }
            11 => {
                let name = reader.text()?;
                self.open_directory(id, &name)
            }
            12 => {
                let handle = self.handle(reader)?;
                self.read_directory(id, handle)
            }
            13 => answers::result(id, self.fs.remove(&self.path(&reader.text()?), false)),
            14 => {
                let path = self.path(&reader.text()?);
                answers::result(id, self.fs.make_directory(&path))
            }
            15 => answers::result(id, self.fs.remove(&self.path(&reader.text()?), true)),
            16 => {
                let path = self.path(&reader.text()?);
                self.real_path(id, &path)
            }
            18 => {
                let (from, to) = (self.path(&reader.text()?), self.path(&reader.text()?));
                if self.fs.lstat(&to).is_ok() {
                    answers::status(id, FAILURE)
                } else {
                    answers::result(id, self.fs.rename(&from, &to))
                }
            }
            19 => match self.fs.lstat(&self.path(&reader.text()?)).map(|m| m.target) {
                Ok(Some(target)) => answers::name(id, &target),
                Ok(None) => answers::status(id, FAILURE),
                Err(errno) => answers::status(id, answers::code(errno)),
            },
            20 => {
                // OpenSSH takes the target first.
                let (target, link) = (reader.text()?, self.path(&reader.text()?));
                answers::result(id, self.fs.link(&target, &link))
            }
            200 => self.extended(id, reader)?,
            _ => answers::status(id, UNSUPPORTED),
        })
    }

    fn handle(&self, reader: &mut Reader) -> Option<u32> {
        let bytes = reader.bytes()?;
        Some(bytes.first_chunk::<4>().map_or(u32::MAX, |b| u32::from_be_bytes(*b)))
    }

    fn handle_path(&self, reader: &mut Reader) -> Option<String> {
        let handle = self.handle(reader)?;
        Some(match self.handles.get(&handle) {
            Some(
                Handle::Reading { path, .. } | Handle::Writing { path, .. } | Handle::Listing { path, .. },
            ) => path.clone(),
            None => String::new(),
        })
    }

    fn add(&mut self, id: u32, handle: Handle) -> Vec<u8> {
        if self.handles.len() >= MAX_HANDLES {
            return answers::status(id, FAILURE);
        }
        let number = (0..).find(|n| !self.handles.contains_key(n)).unwrap_or(u32::MAX);
        self.handles.insert(number, handle);
        let mut packet = Packet::new(102, id);
        packet.bytes(&number.to_be_bytes());
        packet.done()
    }

    fn open(&mut self, id: u32, name: &str, flags: u32) -> Vec<u8> {
        let path = self.path(name);
        if flags & 2 == 0 {
            return match self.fs.read(&path) {
                Ok(bytes) => self.add(id, Handle::Reading { path, bytes, touched: false }),
                Err(errno) => answers::status(id, answers::code(errno)),
            };
        }
        let there = self.fs.stat(&path);
        let (create, truncate, exclusive) = (flags & 8 != 0, flags & 0x10 != 0, flags & 0x20 != 0);
        let before = match (&there, exclusive) {
            (Ok(_), true) => Err(Errno::Exists),
            (Ok(_), false) if truncate => Ok(Vec::new()),
            (Ok(_), false) => self.fs.read(&path),
            (Err(Errno::NoEntry), _) if create => Ok(Vec::new()),
            (Err(errno), _) => Err(*errno),
        };
        let opened = before.and_then(|bytes| self.fs.write(&path, &bytes, false).map(|_| bytes));
        match opened {
            Ok(bytes) => {
                let mut sink = self.session.artefact();
                sink.write(&bytes);
                let at = u64::try_from(bytes.len()).unwrap_or(0);
                self.add(id, Handle::Writing { path, sink, at })
            }
            Err(errno) => answers::status(id, answers::code(errno)),
        }
    }

    fn read(&mut self, id: u32, handle: u32, offset: u64, length: u32) -> Vec<u8> {
        let Some(Handle::Reading { bytes, touched, .. }) = self.handles.get_mut(&handle) else {
            return answers::status(id, FAILURE);
        };
        let start = usize::try_from(offset).unwrap_or(usize::MAX).min(bytes.len());
        let length = usize::try_from(length.min(MAX_READ)).unwrap_or(0);
        let piece = bytes.get(start..(start + length).min(bytes.len())).unwrap_or_default();
        *touched = true;
        if piece.is_empty() {
            return answers::status(id, EOF);
        }
        let mut packet = Packet::new(103, id);
        packet.bytes(piece);
        packet.done()
    }

    /// Writes come in order from every known client; one that is not is refused.
    fn write(&mut self, handle: u32, offset: u64, bytes: &[u8]) -> u32 {
        match self.handles.get_mut(&handle) {
            Some(Handle::Writing { sink, at, .. }) if *at == offset => {
                sink.write(bytes);
                *at += u64::try_from(bytes.len()).unwrap_or(0);
                OK
            }
            _ => FAILURE,
        }
    }

    fn close(&mut self, handle: u32) -> u32 {
        match self.handles.remove(&handle) {
            None => FAILURE,
            Some(Handle::Listing { .. }) => OK,
            Some(Handle::Reading { path, bytes, touched }) => {
                if touched {
                    self.session.emit(Observation::Transfer {
                        direction: Direction::Download,
                        name: path.as_str().into(),
                        size: u64::try_from(bytes.len()).unwrap_or(0),
                        sha256: hex::encode(Sha256::digest(&bytes)),
                    });
                }
                OK
            }
            Some(Handle::Writing { path, sink, .. }) => {
                let kept = sink.finish();
                let put = self.fs.put_artefact(&path, &kept.sha256, kept.size);
                self.session.examine(&path.as_str().into(), &kept);
                self.session.emit(Observation::Transfer {
                    direction: Direction::Upload,
                    name: path.as_str().into(),
                    size: kept.size,
                    sha256: kept.sha256,
                });
                put.map_or_else(answers::code, |()| OK)
            }
        }
    }

    /// Ends all that is open: the channel closes.
    pub fn close_all(&mut self) {
        while let Some(handle) = self.handles.keys().next().copied() {
            self.close(handle);
        }
    }

    fn open_directory(&mut self, id: u32, name: &str) -> Vec<u8> {
        let path = self.path(name);
        match self.fs.list(&path) {
            Ok(mut rest) => {
                for dots in ["..", "."] {
                    if let Ok(meta) = self.fs.stat(&format!("{path}/{dots}")) {
                        rest.insert(0, (dots.to_owned(), meta));
                    }
                }
                rest.reverse();
                self.add(id, Handle::Listing { path, rest })
            }
            Err(errno) => answers::status(id, answers::code(errno)),
        }
    }

    fn read_directory(&mut self, id: u32, handle: u32) -> Vec<u8> {
        let Some(Handle::Listing { rest, .. }) = self.handles.get_mut(&handle) else {
            return answers::status(id, FAILURE);
        };
        if rest.is_empty() {
            return answers::status(id, EOF);
        }
        let from = rest.len().saturating_sub(NAMES);
        let batch: Vec<(String, Meta)> = rest.drain(from..).rev().collect();
        let mut packet = Packet::new(104, id);
        packet.number(u32::try_from(batch.len()).unwrap_or(0));
        for (name, meta) in batch {
            let long = self.fs.long_name(&name, &meta);
            packet.bytes(name.as_bytes()).bytes(long.as_bytes()).attributes(&meta);
        }
        packet.done()
    }

    fn real_path(&mut self, id: u32, path: &str) -> Vec<u8> {
        match self.fs.real_path(path) {
            Ok(real) => answers::name(id, &real),
            Err(errno) => answers::status(id, answers::code(errno)),
        }
    }

    fn set(&self, path: &str, mode: Option<u32>, time: Option<u32>) -> Result<(), Errno> {
        self.fs.change(path, |node| {
            if let Some(mode) = mode {
                node.mode = mode & 0o7777;
            }
            if let Some(time) = time {
                node.mtime = i64::from(time);
            }
        })
    }

    fn extended(&mut self, id: u32, reader: &mut Reader) -> Option<Vec<u8>> {
        let name = reader.text()?;
        Some(match name.as_str() {
            "posix-rename@openssh.com" => {
                let (from, to) = (self.path(&reader.text()?), self.path(&reader.text()?));
                answers::result(id, self.fs.rename(&from, &to))
            }
            "statvfs@openssh.com" | "fstatvfs@openssh.com" => answers::statvfs(id, self.fs.space()),
            "fsync@openssh.com" => answers::status(id, OK),
            "limits@openssh.com" => answers::limits(id),
            "lsetstat@openssh.com" => {
                let path = self.path(&reader.text()?);
                let (mode, time) = reader.attributes()?;
                answers::result(id, self.set(&path, mode, time))
            }
            "expand-path@openssh.com" => {
                let path = reader.text()?;
                let path = match path.strip_prefix('~') {
                    Some(rest) => format!("{}{rest}", self.home),
                    None => self.path(&path),
                };
                self.real_path(id, &path)
            }
            "home-directory" => answers::name(id, &self.home),
            "hardlink@openssh.com" => {
                let (from, to) = (self.path(&reader.text()?), self.path(&reader.text()?));
                let linked =
                    self.fs.read(&from).and_then(|bytes| self.fs.write(&to, &bytes, false).map(|_| ()));
                answers::result(id, linked)
            }
            "users-groups-by-id@openssh.com" => {
                let [users, groups] = [ids(reader.bytes()?), ids(reader.bytes()?)];
                answers::names(id, &self.fs.names(&users, &groups))
            }
            "copy-data" => {
                let from = self.handle(reader)?;
                let (start, length) = (reader.long()?, reader.long()?);
                let to = self.handle(reader)?;
                let offset = reader.long()?;
                answers::status(id, self.copy(from, start, length, to, offset))
            }
            _ => answers::status(id, UNSUPPORTED),
        })
    }

    fn copy(&mut self, from: u32, start: u64, length: u64, to: u32, offset: u64) -> u32 {
        let Some(Handle::Reading { bytes, .. }) = self.handles.get(&from) else { return FAILURE };
        let start = usize::try_from(start).unwrap_or(usize::MAX).min(bytes.len());
        let length = if length == 0 { usize::MAX } else { usize::try_from(length).unwrap_or(usize::MAX) };
        let piece =
            bytes.get(start..start.saturating_add(length).min(bytes.len())).unwrap_or_default().to_vec();
        self.write(to, offset, &piece)
    }
}

/// Numbers packed one after the other, at most a packet full.
fn ids(bytes: &[u8]) -> Vec<u32> {
    bytes
        .chunks_exact(4)
        .filter_map(|c| c.first_chunk::<4>())
        .map(|c| u32::from_be_bytes(*c))
        .take(1_000)
        .collect()
}

impl Drop for Sftp {
    fn drop(&mut self) {
        self.close_all();
    }
}
