//! What is PostgreSQL's alone: its types, its own catalogue, its settings, and how a statement of its
//! dialect becomes one that the engine understands.

mod activity;
mod arrays;
pub(super) mod bind;
mod builtin;
pub(super) mod catalogue;
pub(super) mod definitions;
mod files;
pub(super) mod moments;
mod names;
pub(super) mod regex;
mod roles;
mod rows;
mod settings;
mod standard;
mod types;

pub use arrays::array_elements;
pub(super) use arrays::array_text;
pub(super) use builtin::{Relation, function_id, relation};
pub(super) use definitions::ident;
pub(super) use files::server_file;
pub(super) use names::{Known, Lookup, columns_of, find};
pub use settings::{Refusal, Settings};
pub(super) use types::format_type;
pub use types::{PgType, oid};
