//! Packets on disk: segments, their index, retention, and cutting out one session.
//!
//! A segment is a plain pcapng file that any tool opens; beside it lies an index of its flows.
//! Nothing here looks deeper into a packet than the flow key and the TCP flags. Layouts and their
//! reasons are in `docs/design/evidence.md`; pcapng is draft-ietf-opsawg-pcapng.

pub mod cut;
pub mod flow;
pub mod pcapng;
pub mod retention;
pub mod withhold;
pub mod writer;

mod find;
mod incarnation;
mod index;
mod keeper;
mod segment;

pub use cut::{Cut, Plan, Wanted};
pub use retention::Keep;
pub use segment::{Rotation, Segment, list};
pub use withhold::{Withheld, withhold};
pub use writer::{Feed, Settings, Writer};

/// Captures at most this much of a frame: a 64 KB loopback or offload frame with its link header.
pub const SNAPLEN: u32 = 65_536 + 64;

/// Number of an interface in every segment of one run of the capture.
pub type InterfaceId = u32;

/// A network interface as segments describe it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Interface {
    /// Its name, `eth0`.
    pub name: String,
    /// Link type of its frames, as in <https://www.tcpdump.org/linktypes.html>.
    pub link: u16,
}

#[cfg(test)]
mod tests;
