//! A hospital's business database as SQL, for every decoy that speaks for one.
//!
//! A [`Catalog`] is what a server holds, read from the persona's schema file: each table's rows are
//! records of the world, each column a field of them. Nothing here knows a protocol's bytes, waits
//! or reads a clock. `docs/design/database.md` says how it works and describes the schema file.

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

mod answer;
mod catalog;
mod cell;
mod connection;
mod facts;
mod functions;
mod postgres;
mod presence;
mod problem;
mod procedures;
mod records;
mod rewrite;
mod script;
mod settings;
mod system;
mod told;
mod types;
mod value;
mod words;

pub use answer::{Column, Deed, Done, Item, Message, Parameter, Records, Seen, Verb};
pub use catalog::{
    Binding, Catalog, ColumnSpec, Database, Format, Language, LinkedServer, LoadError, Login, Procedure,
    Product, Server, Source, Table, View,
};
pub use connection::{Connection, Login as ClientLogin, Pulled, Request};
pub use postgres::{PgType, Refusal, Settings, array_elements, oid};
pub use records::{Field, Record, Rows};
pub use types::{Kind, SqlType};
pub use value::{Decimal, Value, guid};

/// Most bytes of a statement's text that is told: the transcript keeps all of it.
pub const MAX_TOLD: usize = 4096;

/// Most objects of one statement that are told.
pub const MAX_OBJECTS: usize = 32;

#[cfg(test)]
mod tests;
