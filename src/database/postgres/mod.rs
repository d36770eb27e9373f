//! What is PostgreSQL's alone: its types, its own catalogue, its settings, and how a statement of its
//! dialect becomes one that the engine understands.

mod arrays;
mod builtin;
mod files;
mod settings;
mod types;

pub use arrays::array_elements;
pub(super) use files::server_file;
pub use settings::{Refusal, Settings};
pub(super) use types::format_type;
pub use types::{PgType, oid};
