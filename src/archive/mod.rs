//! What an image archive holds, for every decoy that speaks for one: DIMSE, DICOMweb, a web page.
//!
//! [`Archive`] is one host's archive: the studies of the world that are at hand. [`Holdings`] is what
//! one peer sees of it at one moment. A [`Query`] is walked by a [`Search`], a bounded piece at a
//! time; each [`Hit`] says its attributes as text. What comes in is judged as [`Received`], what goes
//! out has the syntax that [`Sending`] chooses. Nothing here knows a protocol's bytes, waits or
//! reads a clock. The models are those of PS3.4 annex C.

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

mod computed;
mod entry;
mod holdings;
mod level;
mod manner;
mod matching;
mod nested;
mod numbers;
mod own;
mod query;
mod real;
mod received;
mod search;
mod sending;
mod shelf;
mod tampering;
pub mod worklist;

pub use entry::{Entry, InstanceEntry, SeriesEntry};
pub use holdings::{Holdings, Record};
pub use level::Level;
pub use manner::{Case, Comparison, Manner};
pub use matching::{Matcher, Range};
pub use nested::Nested;
pub use numbers::{binary, is_number, text as number_text};
pub use own::{Duplicates, MAX_OBJECTS, Stored, Taken, recoded};
pub use query::{Compared, Key, Query};
pub use received::{Judged, Received, Sender, Toolkit};
pub use search::{Found, Hit, Search, below};
pub use sending::{Conversion, Sending, SendingTable};
pub use shelf::{Archive, Day};
