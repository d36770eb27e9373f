//! Codecs that two or more decoys need: bytes to values and back, no I/O, no state of a session.
//!
//! Everything here is fed by attackers: every length is capped, nothing panics, and what can't be
//! understood is said with its place.

#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        clippy::as_conversions
    )
)]

pub mod content;
pub mod der;
pub mod dicom;
pub mod hello;
pub mod hl7;
pub mod identity;
pub mod ntlm;
pub mod pixels;
pub mod probe;
pub mod syn;
pub mod zip;
