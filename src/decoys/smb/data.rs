//! READ, WRITE, FLUSH, LOCK (2.2.19 to 2.2.26).

use std::sync::Arc;

use super::link::{Answer, Answered, Link, Request};
use super::open::Target;
use super::packet::{HEADER, long};
use super::status::Status;
use super::store::{Body, MAX_HELD, filetime};
use super::tree::access;

/// FILE_READ_DATA and FILE_EXECUTE: either lets a file be read.
const READS: u32 = 0x21;
/// Most ranges of one LOCK request, and of one handle.
const MAX_LOCKS: usize = 64;
/// Largest document that a printer takes.
const MAX_JOB: usize = 16 << 20;

impl Link {
    /// Most bytes of one read or write of this connection.
    pub(super) fn largest(&self) -> usize {
        let newest = self.server.newest.unwrap_or(super::dialect::Dialect::Smb202);
        let dialect = self.agreed.as_ref().map_or(newest, |agreed| agreed.dialect);
        usize::try_from(dialect.largest(newest)).unwrap_or(0)
    }

    pub(super) fn read(&mut self, request: &Request<'_>, file: Option<u64>) -> Answered {
        let bad = Status::INVALID_PARAMETER;
        let id = self.handle(request, 16, file)?;
        let message = request.message;
        let length = usize::try_from(message.u32(HEADER + 4).ok_or(bad)?).map_err(|_| bad)?;
        let from = message.u64(HEADER + 8).ok_or(bad)?;
        let least = u64::from(message.u32(HEADER + 32).ok_or(bad)?);
        if length > self.largest() || from > i64::MAX.unsigned_abs() {
            return Err(bad);
        }
        let open = self.opens.get_mut(id).ok_or(Status::FILE_CLOSED)?;
        if let Target::Pipe(pipe) = &mut open.target {
            let read = pipe.read(length);
            if read.bytes.is_empty() {
                return Err(if read.closed { Status::PIPE_DISCONNECTED } else { Status::PIPE_EMPTY });
            }
            let status = if read.more { Status::BUFFER_OVERFLOW } else { Status::SUCCESS };
            return Ok(Answer { status, body: data(&read.bytes) });
        }
        if open.node.is_folder() || matches!(open.target, Target::Job(_)) {
            return Err(Status::INVALID_DEVICE_REQUEST);
        }
        if open.granted & READS == 0 {
            return Err(Status::ACCESS_DENIED);
        }
        let end = from.saturating_add(u64::try_from(length).unwrap_or(u64::MAX));
        if self.is_locked(id, from, end, false) {
            return Err(Status::FILE_LOCK_CONFLICT);
        }
        let bytes = self.bytes(id, from, length)?;
        let got = u64::try_from(bytes.len()).unwrap_or(0);
        if (bytes.is_empty() && length > 0) || got < least {
            return Err(Status::END_OF_FILE);
        }
        if let Some(open) = self.opens.get_mut(id) {
            open.read = open.read.saturating_add(got);
            open.position = from.saturating_add(got);
        }
        Ok(Answer::good(data(&bytes)))
    }

    /// Bytes of an open file.
    fn bytes(&mut self, id: u64, from: u64, length: usize) -> Result<Vec<u8>, Status> {
        let open = self.opens.get(id).ok_or(Status::FILE_CLOSED)?;
        let draft = self.opens.drafts.get(&open.path.key());
        if let Some(draft) = draft.filter(|draft| draft.touched) {
            return self.with_own(|own| draft.read(own, from, length));
        }
        let node = &open.node;
        // What the world can make again need not stand in the transcript.
        let own = matches!(node.body, Body::Own(..));
        let reference =
            (!own).then(|| format!("smb:{}:{}@{from}+{length}", self.server.host.name, open.path));
        let bytes = match &node.body {
            Body::Backup(_) => self.with_own(|own| own.part(node, from, length))?,
            Body::Own(..) if node.size > MAX_HELD => self.with_own(|own| own.part(node, from, length))?,
            Body::Folder | Body::Bytes(_) | Body::Image(..) | Body::Paper(_) | Body::Held | Body::Own(..) => {
                let whole = match &self.opens.held {
                    Some((number, size, whole)) if (*number, *size) == (node.id, node.size) => {
                        Arc::clone(whole)
                    }
                    _ => self.with_own(|own| own.whole(node))?,
                };
                let at = usize::try_from(from).unwrap_or(usize::MAX);
                let end = at.saturating_add(length).min(whole.len());
                let part = whole.get(at..end).unwrap_or_default().to_vec();
                self.opens.held = Some((node.id, node.size, whole));
                part
            }
        };
        self.reference = reference;
        Ok(bytes)
    }

    pub(super) fn write(&mut self, request: &Request<'_>, file: Option<u64>) -> Answered {
        let bad = Status::INVALID_PARAMETER;
        let id = self.handle(request, 16, file)?;
        let message = request.message;
        let at = usize::from(message.u16(HEADER + 2).ok_or(bad)?);
        let length = usize::try_from(message.u32(HEADER + 4).ok_or(bad)?).map_err(|_| bad)?;
        let to = message.u64(HEADER + 8).ok_or(bad)?;
        let bytes = message.part(at, length).ok_or(bad)?;
        if length > self.largest() {
            return Err(bad);
        }
        let mut session = self.session.clone();
        let open = self.opens.get_mut(id).ok_or(Status::FILE_CLOSED)?;
        let key = open.path.key();
        match &mut open.target {
            Target::Pipe(pipe) => {
                pipe.write(&mut session, bytes);
                return Ok(Answer::good(written(length)));
            }
            Target::Job(job) if job.len().saturating_add(length) <= MAX_JOB => {
                job.extend_from_slice(bytes);
                return Ok(Answer::good(written(length)));
            }
            Target::Job(_) => return Err(Status::DISK_FULL),
            Target::Disk => {}
        }
        if open.node.is_folder() {
            return Err(Status::INVALID_DEVICE_REQUEST);
        }
        if !open.writes() {
            return Err(Status::ACCESS_DENIED);
        }
        let end = to.saturating_add(u64::try_from(length).unwrap_or(u64::MAX));
        if self.is_locked(id, to, end, true) {
            return Err(Status::FILE_LOCK_CONFLICT);
        }
        // Written to the end: the place of all ones.
        let size = self.opens.drafts.get(&key).map_or(0, |draft| draft.size);
        let to = if to == u64::MAX { size } else { to };
        self.opens.drafts.write(&key, to, bytes)?;
        let now = filetime(self.now);
        if let Some(open) = self.opens.get_mut(id) {
            open.node.times.written = now;
            open.node.times.changed = now;
        }
        Ok(Answer::good(written(length)))
    }

    pub(super) fn flush(&mut self, request: &Request<'_>, file: Option<u64>) -> Answered {
        let id = self.handle(request, 8, file)?;
        let open = self.opens.get(id).ok_or(Status::FILE_CLOSED)?;
        if matches!(open.target, Target::Disk)
            && open.granted & (access::WRITE_DATA | access::APPEND_DATA) == 0
        {
            return Err(Status::ACCESS_DENIED);
        }
        Ok(Answer::good(vec![4, 0, 0, 0]))
    }

    pub(super) fn lock(&mut self, request: &Request<'_>, file: Option<u64>) -> Answered {
        const SHARED: u32 = 1;
        const EXCLUSIVE: u32 = 2;
        const UNLOCK: u32 = 4;
        let bad = Status::INVALID_PARAMETER;
        let id = self.handle(request, 8, file)?;
        let message = request.message;
        let count = usize::from(message.u16(HEADER + 2).ok_or(bad)?);
        if count == 0 || count > MAX_LOCKS {
            return Err(bad);
        }
        for number in 0..count {
            let at = HEADER + 24 + number * 24;
            let from = message.u64(at).ok_or(bad)?;
            let length = message.u64(at + 8).ok_or(bad)?;
            let flags = message.u32(at + 16).ok_or(bad)?;
            let end = from.checked_add(length).ok_or(bad)?;
            if flags & UNLOCK != 0 {
                self.unlock(id, from, end)?;
                continue;
            }
            let exclusive = flags & EXCLUSIVE != 0;
            if !exclusive && flags & SHARED == 0 {
                return Err(bad);
            }
            if self.collides(id, from, end, exclusive) {
                return Err(Status::LOCK_NOT_GRANTED);
            }
            let open = self.opens.get_mut(id).ok_or(Status::FILE_CLOSED)?;
            if open.locks.len() >= MAX_LOCKS {
                return Err(Status::INSUFFICIENT_RESOURCES);
            }
            open.locks.push((from, end, exclusive));
        }
        Ok(Answer::good(vec![4, 0, 0, 0]))
    }

    fn unlock(&mut self, id: u64, from: u64, end: u64) -> Result<(), Status> {
        let open = self.opens.get_mut(id).ok_or(Status::FILE_CLOSED)?;
        let at = open.locks.iter().position(|(a, b, _)| (*a, *b) == (from, end));
        open.locks.remove(at.ok_or(Status::RANGE_NOT_LOCKED)?);
        Ok(())
    }

    /// Whether a lock of any handle stands against a new one.
    fn collides(&self, id: u64, from: u64, end: u64, exclusive: bool) -> bool {
        let Some(key) = self.opens.get(id).map(|open| open.path.key()) else { return false };
        self.opens
            .all()
            .filter(|open| open.path.key() == key)
            .any(|open| open.locks.iter().any(|(a, b, held)| *a < end && from < *b && (exclusive || *held)))
    }

    /// Whether a lock of another handle stands against a read or a write.
    fn is_locked(&self, id: u64, from: u64, end: u64, writes: bool) -> bool {
        let Some(key) = self.opens.get(id).map(|open| open.path.key()) else { return false };
        self.opens.all().filter(|open| open.path.key() == key).any(|open| {
            let own = open.id == id;
            open.locks.iter().any(|(a, b, exclusive)| {
                let touches = *a < end && from < *b;
                touches && if own { writes && !exclusive } else { writes || *exclusive }
            })
        })
    }
}

/// The body of a READ's answer, 2.2.20.
fn data(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(16 + bytes.len());
    out.extend(17u16.to_le_bytes());
    out.extend([80, 0]);
    out.extend(long(bytes.len()).to_le_bytes());
    out.extend([0; 8]);
    out.extend(bytes);
    out
}

/// The body of a WRITE's answer, 2.2.22.
fn written(length: usize) -> Vec<u8> {
    let mut out = 17u16.to_le_bytes().to_vec();
    out.extend([0; 2]);
    out.extend(long(length).to_le_bytes());
    out.resize(17, 0);
    out
}
