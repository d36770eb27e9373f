//! The frame that carries an event between processes.
//!
//! Layout, big endian: magic `HWF2` (4 bytes, the version is its last character), payload length
//! (u32, at most [`MAX_PAYLOAD`]), payload. The payload is the kind of the event (1 byte, `s` for
//! [`Event::Session`] or `y` for [`Event::System`]; outside the JSON, so that it is parsed once) and
//! what it holds as JSON. The reader trusts none of it.

use serde::Serialize;
use thiserror::Error;

use super::Event;

/// Start of every frame; the last byte is the version.
pub const MAGIC: [u8; 4] = *b"HWF2";

/// Bytes before the payload.
pub const HEADER: usize = 8;

const SESSION: u8 = b's';
const SYSTEM: u8 = b'y';

/// Largest payload: an event with every field at its cap stays well below; more is not an event.
pub const MAX_PAYLOAD: usize = 1 << 20;

/// Why bytes are not a frame.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum FrameError {
    /// The first four bytes are not the magic of this version.
    #[error("frame magic or version is not HWF2")]
    Magic,
    /// The length is over the cap.
    #[error("frame of {0} bytes is over the cap")]
    TooLong(usize),
    /// The payload is not an event.
    #[error("frame payload is not an event: {0}")]
    Payload(String),
}

/// Appends one event as a frame.
///
/// # Errors
/// [`FrameError::TooLong`] when the event is over [`MAX_PAYLOAD`]; nothing is appended then.
pub fn encode(event: &Event, out: &mut Vec<u8>) -> Result<(), FrameError> {
    let start = out.len();
    out.extend_from_slice(&MAGIC);
    out.extend_from_slice(&[0; 4]);
    let written = match event {
        Event::Session(event) => write(SESSION, event, out),
        Event::System(record) => write(SYSTEM, record, out),
    };
    if let Err(e) = written {
        out.truncate(start);
        return Err(FrameError::Payload(e.to_string()));
    }
    let length = out.len() - start - HEADER;
    if length > MAX_PAYLOAD {
        out.truncate(start);
        return Err(FrameError::TooLong(length));
    }
    let bytes = u32::try_from(length).unwrap_or(u32::MAX).to_be_bytes();
    if let Some(slot) = out.get_mut(start + 4..start + HEADER) {
        slot.copy_from_slice(&bytes);
    }
    Ok(())
}

fn write(kind: u8, holds: &impl Serialize, out: &mut Vec<u8>) -> serde_json::Result<()> {
    out.push(kind);
    serde_json::to_writer(out, holds)
}

/// The length of the first whole frame in `bytes`, header included; `None` when more is needed.
///
/// # Errors
/// [`FrameError::Magic`] or [`FrameError::TooLong`]: the stream can't be followed any further.
pub fn frame_length(bytes: &[u8]) -> Result<Option<usize>, FrameError> {
    let Some((magic, rest)) = bytes.split_first_chunk::<4>() else {
        return if MAGIC.starts_with(bytes) { Ok(None) } else { Err(FrameError::Magic) };
    };
    if *magic != MAGIC {
        return Err(FrameError::Magic);
    }
    let Some((length, _)) = rest.split_first_chunk::<4>() else {
        return Ok(None);
    };
    let length = usize::try_from(u32::from_be_bytes(*length)).unwrap_or(usize::MAX);
    if length > MAX_PAYLOAD {
        return Err(FrameError::TooLong(length));
    }
    let whole = HEADER + length;
    Ok((bytes.len() >= whole).then_some(whole))
}

/// Reads the event of one whole frame, as [`frame_length`] measured it.
///
/// # Errors
/// [`FrameError::Payload`] when the payload is not exactly one event.
pub fn decode(frame: &[u8]) -> Result<Event, FrameError> {
    let payload = frame.get(HEADER..).unwrap_or_default();
    let event = match payload.split_first() {
        Some((&SESSION, json)) => serde_json::from_slice(json).map(Event::Session),
        Some((&SYSTEM, json)) => serde_json::from_slice(json).map(Event::System),
        _ => return Err(FrameError::Payload("its kind is unknown".into())),
    };
    event.map_err(|e| FrameError::Payload(e.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{SystemEvent, SystemRecord};

    fn event() -> Event {
        Event::System(SystemRecord {
            process: "sensor".into(),
            at: jiff::Timestamp::UNIX_EPOCH,
            event: SystemEvent::EventsDropped { count: 3 },
        })
    }

    #[test]
    fn round_trip_and_every_split() {
        let mut bytes = Vec::new();
        encode(&event(), &mut bytes).unwrap();
        for cut in 0..bytes.len() {
            assert_eq!(frame_length(&bytes[..cut]), Ok(None), "cut at {cut}");
        }
        assert_eq!(frame_length(&bytes), Ok(Some(bytes.len())));
        assert_eq!(decode(&bytes), Ok(event()));
    }

    #[test]
    fn wrong_magic_and_length_are_refused() {
        assert_eq!(frame_length(b"HWF1\0\0\0\0"), Err(FrameError::Magic));
        assert_eq!(frame_length(b"GET "), Err(FrameError::Magic));
        assert_eq!(frame_length(b"HWF2\xff\xff\xff\xff"), Err(FrameError::TooLong(0xffff_ffff)));
    }

    #[test]
    fn unknown_fields_are_refused() {
        let body =
            br#"y{"process":"x","at":"2026-01-01T00:00:00Z","event":{"what":"stopped","pid":1},"extra":1}"#;
        let mut frame = MAGIC.to_vec();
        frame.extend_from_slice(&u32::try_from(body.len()).unwrap().to_be_bytes());
        frame.extend_from_slice(body);
        assert!(matches!(decode(&frame), Err(FrameError::Payload(_))));
    }
}
