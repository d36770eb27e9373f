//! The embedded store: every event in an append-only hash chain, with an index to find it again.
//!
//! One writer ([`Store`]) commits events in groups; readers ([`Reader`]) look on while it works.
//! Nothing here edits or removes a record, and nothing here judges one. What callers see are
//! records, sessions and alerts, never SQL, so another engine can stand behind the same types. The
//! record and its algorithm are in `docs/events.md`.

mod canonical;
mod error;
pub mod merkle;
mod record;
pub mod root;
mod session_row;
mod sqlite;
mod terms;
mod verify;

#[cfg(test)]
mod found;
#[cfg(test)]
mod tests;

pub use error::StoreError;
pub use record::{Entry, GENESIS, Head, Record};
pub use root::Signer;
pub use session_row::{Access, Counts, SessionRow};
pub use sqlite::{
    AlertFilter, Case, CaseFilter, Detected, Incident, Reader, SessionFilter, Store, Transaction,
};
pub use verify::{Anchor, Break, Breakage, Files, Known, Verified};
