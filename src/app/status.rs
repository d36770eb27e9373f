//! Each process writes how it stands to a small file; `honeyward status` reads them all. Nothing
//! can be sent to a process this way.

use std::fs;
use std::io;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Layout;

/// One process's file.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Status {
    /// `supervisor`, `sensor`, `core`, `capd`.
    pub(crate) process: String,
    /// Its process id.
    pub(crate) pid: u32,
    /// When it was written.
    pub(crate) at: Timestamp,
    /// What only this process tells.
    pub(crate) state: Value,
}

/// Replaces a process's file.
pub(crate) fn write(layout: &Layout, process: &str, state: Value) -> io::Result<()> {
    let status = Status { process: process.to_owned(), pid: std::process::id(), at: Timestamp::now(), state };
    let path = layout.status(process);
    let fresh = path.with_extension("new");
    fs::write(&fresh, serde_json::to_vec(&status)?)?;
    fs::rename(fresh, path)
}

/// A process's file, when there is one.
pub(crate) fn read(layout: &Layout, process: &str) -> Option<Status> {
    let bytes = fs::read(layout.status(process)).ok()?;
    serde_json::from_slice(&bytes).ok()
}

/// Whether the process that wrote a status still lives.
pub(crate) fn lives(status: &Status) -> bool {
    fs::read_to_string(format!("/proc/{}/comm", status.pid)).is_ok_and(|name| name.trim() == "honeyward")
}
