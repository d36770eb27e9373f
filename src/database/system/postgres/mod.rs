//! PostgreSQL's catalogue: what its clients and intruders look at first.

mod objects;
mod server;

use super::System;

/// All its tables.
pub(super) static TABLES: [&[System]; 2] = [objects::TABLES, server::TABLES];
