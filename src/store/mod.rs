//! The store: every event in an append-only hash chain, with an index to find it again.
//!
//! One writer ([`Store`]) commits events in groups; readers ([`Reader`]) look on while it works.
//! Nothing here edits or removes a record, and nothing here judges one. What callers see are
//! records, sessions and alerts, never SQL: behind the same types stand two engines, SQLite in the
//! data directory and PostgreSQL on a server of the hospital's own. The record and its algorithm
//! are in `docs/events.md`.

mod canonical;
mod cases;
mod changes;
mod check;
mod engine;
mod error;
pub mod merkle;
pub mod moving;
mod place;
mod postgres;
mod read;
mod record;
pub mod root;
mod search;
mod session_row;
mod sqlite;
pub mod stamp;
mod tables;
mod terms;
mod touched;
mod verify;
mod write;

#[cfg(test)]
#[path = "../../tests/suite/database_server.rs"]
mod database_server;
#[cfg(test)]
mod found;
#[cfg(test)]
mod outages;
#[cfg(test)]
mod rig;
#[cfg(test)]
mod tests;

pub use cases::{Case, CaseFilter, Incident};
pub use error::StoreError;
pub use place::{Kind, Place, Settings};
pub use read::{AlertFilter, Reader};
pub use record::{Entry, GENESIS, Head, Record};
pub use root::Signer;
pub use search::SessionFilter;
pub use session_row::{Access, Counts, SessionRow};
pub use touched::Touched;
pub use verify::{Anchor, Break, Breakage, Files, Known, Verified};
pub use write::{Detected, Store, Transaction};
