//! The decoy network: many hosts from one machine.
//!
//! Each deception host has a network namespace of its own, so that its hardware address, neighbours,
//! counters and TCP behaviour are its own. [`build()`] makes the namespaces with their links down, loads
//! the packet filter, and opens the listening sockets; [`Watch`] then claims each address (RFC 5227),
//! brings the host up, yields to whoever else uses the address, and takes all hosts off the wire when
//! the decoys can't answer. Nothing here reads what a peer sent: conflicts are found by a filter in
//! the kernel, of which only the verdict is seen.

mod arp;
mod build;
mod netlink;
mod plan;
mod rules;
mod settings;
mod stack;
mod watch;

pub use build::{Built, build};
pub use plan::{Carrier, HostPlan, Mac, Plan, Port, Segment};
pub use settings::{SegmentSettings, Settings};
pub use stack::{Stack, System};
pub use watch::{Counts, Watch};
