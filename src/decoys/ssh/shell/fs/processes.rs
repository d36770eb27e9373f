//! The session's own processes in /proc.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Fs;
use crate::decoys::ssh::shell::node::Meta;
use crate::decoys::ssh::shell::own::Seat;

impl Fs {
    /// Tells it whose processes /proc shows as the session's own.
    pub fn sit(&mut self, seat: Seat) {
        self.seat = Arc::new(seat);
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
