//! Events on disk until core has them.
//!
//! A folder with a file `stream` (the UUID of this spool) and segments named by the position of
//! their first frame. Appending is one `write` of one whole frame; a frame that a crash cut short
//! is dropped when the spool is opened again, since nobody was told that it was kept.

use std::collections::VecDeque;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use thiserror::Error;
use uuid::Uuid;

use crate::event::Event;
use crate::event::frame::{self, FrameError};

/// A segment is closed at this size: small enough to be freed soon, large enough to be few.
const SEGMENT_BYTES: u64 = 4 << 20;

/// Why an event could not be kept.
#[derive(Debug, Error)]
pub enum SpoolError {
    /// The spool holds as much as it may.
    #[error("the spool is full ({0} bytes)")]
    Full(u64),
    /// The event can't be a frame.
    #[error(transparent)]
    Frame(#[from] FrameError),
    /// The disk refused.
    #[error("the spool can't be written: {0}")]
    Io(#[from] io::Error),
}

/// One segment file.
#[derive(Debug, Clone)]
pub(super) struct Segment {
    pub(super) first: u64,
    pub(super) frames: u64,
    pub(super) bytes: u64,
    pub(super) path: PathBuf,
}

impl Segment {
    /// Position after its last frame.
    pub(super) fn end(&self) -> u64 {
        self.first + self.frames
    }
}

/// An append-only queue of frames on disk.
#[derive(Debug)]
pub struct Spool {
    folder: PathBuf,
    stream: Uuid,
    cap: u64,
    segments: VecDeque<Segment>,
    open: Option<File>,
    buffer: Vec<u8>,
}

impl Spool {
    /// Opens or makes a spool that holds at most `cap` bytes.
    ///
    /// # Errors
    /// When the folder can't be made or read.
    pub fn open(folder: &Path, cap: u64) -> io::Result<Self> {
        fs::create_dir_all(folder)?;
        let stream = read_or_make_stream(&folder.join("stream"))?;
        let mut segments = Vec::new();
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            let name = path.file_name().and_then(|n| n.to_str()).and_then(|n| n.strip_suffix(".seg"));
            if let Some(first) = name.and_then(|n| n.parse().ok()) {
                segments.push(recover_segment(path, first)?);
            }
        }
        segments.sort_by_key(|s| s.first);
        Ok(Spool {
            folder: folder.to_owned(),
            stream,
            cap,
            segments: segments.into(),
            open: None,
            buffer: Vec::new(),
        })
    }

    /// Keeps one event and tells its position. When this returns, a kill can't lose it.
    ///
    /// # Errors
    /// [`SpoolError`]; nothing is kept then, not even a part.
    pub fn append(&mut self, event: &Event) -> Result<u64, SpoolError> {
        self.buffer.clear();
        frame::encode(event, &mut self.buffer)?;
        let length = self.buffer.len() as u64;
        let held = self.bytes();
        if held + length > self.cap {
            return Err(SpoolError::Full(held));
        }
        if self.open.is_none() || self.segments.back().is_none_or(|s| s.bytes >= SEGMENT_BYTES) {
            self.start_segment()?;
        }
        let (Some(file), Some(segment)) = (self.open.as_mut(), self.segments.back_mut()) else {
            return Err(SpoolError::Io(io::Error::other("no open segment")));
        };
        if let Err(error) = file.write_all(&self.buffer) {
            // A part may stand on disk: cut it off, or later frames could not be told apart.
            file.set_len(segment.bytes)?;
            return Err(error.into());
        }
        segment.bytes += length;
        segment.frames += 1;
        Ok(segment.end() - 1)
    }

    /// Forgets everything before `position`: whole segments, except the one being written.
    pub fn forget(&mut self, position: u64) {
        while self.segments.len() > 1 && self.segments.front().is_some_and(|s| s.end() <= position) {
            if let Some(segment) = self.segments.pop_front() {
                let _ = fs::remove_file(&segment.path);
            }
        }
        // The last one goes too once it is full, so that an idle spool is an empty one.
        if self.segments.len() == 1
            && self.segments.front().is_some_and(|s| s.end() <= position && s.bytes >= SEGMENT_BYTES)
            && self.start_segment().is_ok()
            && let Some(segment) = self.segments.pop_front()
        {
            let _ = fs::remove_file(&segment.path);
        }
    }

    /// Bytes held on disk.
    pub fn bytes(&self) -> u64 {
        self.segments.iter().map(|s| s.bytes).sum()
    }

    /// Position of the oldest frame held.
    pub fn first(&self) -> u64 {
        self.segments.front().map_or(0, |s| s.first)
    }

    /// Position that the next frame will have.
    pub fn end(&self) -> u64 {
        self.segments.back().map_or(0, Segment::end)
    }

    /// This spool's identity.
    pub fn stream(&self) -> Uuid {
        self.stream
    }

    /// The segment that holds `position`, as it stands now.
    pub(super) fn segment_at(&self, position: u64) -> Option<Segment> {
        self.segments.iter().find(|s| (s.first..s.end()).contains(&position)).cloned()
    }

    fn start_segment(&mut self) -> io::Result<()> {
        let first = self.end();
        if self.open.is_none() && self.segments.back().is_some_and(|s| s.bytes < SEGMENT_BYTES) {
            // After a restart the last segment is written on.
            if let Some(segment) = self.segments.back() {
                self.open = Some(OpenOptions::new().append(true).open(&segment.path)?);
            }
            return Ok(());
        }
        let path = self.folder.join(format!("{first:020}.seg"));
        self.open = Some(OpenOptions::new().append(true).create(true).open(&path)?);
        self.segments.push_back(Segment { first, frames: 0, bytes: 0, path });
        Ok(())
    }
}

fn read_or_make_stream(path: &Path) -> io::Result<Uuid> {
    if let Ok(text) = fs::read_to_string(path)
        && let Ok(stream) = text.trim().parse()
    {
        return Ok(stream);
    }
    let stream = Uuid::now_v7();
    let fresh = path.with_extension("new");
    fs::write(&fresh, stream.to_string())?;
    fs::rename(fresh, path)?;
    Ok(stream)
}

/// Counts the whole frames of a segment and cuts off what a crash left behind them.
fn recover_segment(path: PathBuf, first: u64) -> io::Result<Segment> {
    let bytes = fs::read(&path)?;
    let (mut at, mut frames) = (0, 0);
    while let Some(rest) = bytes.get(at..)
        && !rest.is_empty()
        && let Ok(Some(length)) = frame::frame_length(rest)
    {
        at += length;
        frames += 1;
    }
    if at < bytes.len() {
        OpenOptions::new().write(true).open(&path)?.set_len(at as u64)?;
    }
    Ok(Segment { first, frames, bytes: at as u64, path })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{SystemEvent, SystemRecord};

    pub(crate) fn event(count: u64) -> Event {
        Event::System(SystemRecord {
            process: "sensor".into(),
            at: jiff::Timestamp::UNIX_EPOCH,
            event: SystemEvent::EventsDropped { count },
        })
    }

    #[test]
    fn survives_a_cut_at_every_byte() {
        let dir = tempfile::tempdir().unwrap();
        let mut spool = Spool::open(dir.path(), 1 << 20).unwrap();
        for i in 0..3 {
            assert_eq!(spool.append(&event(i)).unwrap(), i);
        }
        let segment = spool.segment_at(0).unwrap();
        let whole = fs::read(&segment.path).unwrap();
        let frame = whole.len() / 3;
        for cut in 0..=whole.len() {
            fs::write(&segment.path, &whole[..cut]).unwrap();
            let mut again = Spool::open(dir.path(), 1 << 20).unwrap();
            assert_eq!(again.end(), (cut / frame) as u64, "cut at {cut}");
            assert_eq!(again.stream(), spool.stream());
            assert_eq!(again.append(&event(9)).unwrap(), (cut / frame) as u64);
        }
    }

    #[test]
    fn refuses_past_its_cap_and_takes_again_after_forgetting() {
        let dir = tempfile::tempdir().unwrap();
        let mut spool = Spool::open(dir.path(), SEGMENT_BYTES + 4096).unwrap();
        let mut kept = 0;
        loop {
            match spool.append(&event(kept)) {
                Ok(_) => kept += 1,
                Err(SpoolError::Full(_)) => break,
                Err(other) => panic!("{other}"),
            }
        }
        assert_eq!(spool.end(), kept);
        spool.forget(kept);
        assert!(spool.bytes() <= 4096);
        assert_eq!(spool.append(&event(0)).unwrap(), kept);
    }
}
