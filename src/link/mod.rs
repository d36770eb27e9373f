//! How events get from a process to core without loss.
//!
//! A process appends each event to its [`Spool`] on disk before anything else happens, so a killed
//! process loses nothing that it acknowledged. An [`Outlet`] ships the spool over core's Unix
//! socket and forgets what core has committed. Core's [`Inlet`] trusts no frame: magic, version,
//! size, payload and sender are checked on arrival.
//!
//! On the socket, big endian. Hello: `HWL1`, stream (16 bytes, UUID of the spool), length of the
//! process name (u8), the name, position of the first frame (u64). Then frames as in
//! [`crate::event::frame`]. Core answers with the position after the last committed frame (u64),
//! again and again. Frames are numbered by their place in the stream, so what is sent again after
//! a crash is known.

mod hello;
mod inlet;
mod outlet;
mod spool;

pub use inlet::{Batch, Inlet, Item};
pub use outlet::{LinkState, Outlet};
pub use spool::{Spool, SpoolError};
