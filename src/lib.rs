//! Honeyward: a deception honeynet appliance for hospitals.
//!
//! It answers as a hospital's HIS, PACS and LIS, records all that an intruder does, with packets,
//! and tells the SIEM only what is surely an attack. `docs/architecture.md` has the map of the
//! rooms; `tests/architecture.rs` holds it.

pub mod app;
pub mod appliance;
pub mod archive;
pub mod console;
pub mod database;
pub mod decoys;
pub mod detect;
pub mod event;
pub mod export;
pub mod forward;
pub mod imaging;
pub mod link;
pub mod lure;
pub mod persona;
pub mod privileged;
pub mod record;
pub mod rpc;
pub mod runtime;
pub mod sensor;
pub mod session;
pub mod store;
pub mod sys;
pub mod wire;
pub mod world;
