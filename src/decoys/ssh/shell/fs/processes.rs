//! The session's own processes in /proc.

use std::collections::BTreeMap;
use std::sync::Arc;

use rand::Rng;

use super::Fs;
use crate::decoys::ssh::shell::node::Meta;
use crate::decoys::ssh::shell::own::Seat;

/// Bytes that one read of an endless device gives.
const DEVICE_BYTES: usize = 64 << 10;

/// Most pipes that stay.
const MAX_PIPES: usize = 32;

impl Fs {
    /// Keeps what a process substitution printed; gives the name that it is read by.
    pub fn pipe(&mut self, bytes: &[u8]) -> String {
        if self.pipes.len() >= MAX_PIPES {
            self.pipes.clear();
        }
        let number = 63 - self.pipes.len();
        self.pipes.insert(format!("/proc/self/fd/{number}"), bytes.into());
        format!("/dev/fd/{number}")
    }

    /// Forgets the pipes of a line.
    pub fn close_pipes(&mut self) {
        self.pipes.clear();
    }

    /// What a memory device gives at once: zeros, or bytes of the session's randomness.
    pub(super) fn device(&self, minor: u32) -> Vec<u8> {
        match minor {
            5 | 7 => vec![0; DEVICE_BYTES],
            8 | 9 => {
                let mut rng = self.session.rng(&format!("device/{}", self.session.now().as_nanosecond()));
                let mut bytes = vec![0; DEVICE_BYTES];
                rng.fill_bytes(&mut bytes);
                bytes
            }
            _ => Vec::new(),
        }
    }

    /// Tells it whose processes /proc shows as the session's own.
    pub fn sit(&mut self, seat: Seat) {
        self.seat = Arc::new(seat);
    }

    /// Tells it which program runs now.
    pub fn run(&mut self, program: &str) {
        if self.seat.program != program {
            Arc::make_mut(&mut self.seat).program = program.to_owned();
        }
    }

    /// The session's own processes.
    pub fn seat(&self) -> &Seat {
        &self.seat
    }

    pub(super) fn list_processes(&self, real: &str, names: &mut BTreeMap<String, Meta>) {
        let now = self.session.now();
        let more = match real.strip_prefix("/proc/") {
            _ if real == "/proc" => self.seat.ids(&self.site, now).iter().map(u32::to_string).collect(),
            Some(rest) => self.seat.names(&self.site, rest, now).unwrap_or_default(),
            None => return,
        };
        for name in more {
            if let Some(node) = self.raw(&format!("{real}/{name}")) {
                names.insert(name, node.meta());
            }
        }
    }
}
