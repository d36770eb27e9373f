//! `database.toml` as it is written.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    pub server: ServerEntry,
    pub database: Vec<DatabaseEntry>,
    #[serde(default)]
    pub login: Vec<LoginEntry>,
    #[serde(default)]
    pub linked: Vec<LinkedEntry>,
    #[serde(default)]
    pub table: Vec<TableEntry>,
    #[serde(default)]
    pub view: Vec<ViewEntry>,
    #[serde(default)]
    pub procedure: Vec<ProcedureEntry>,
    /// Further files of tables, views and procedures beside this one.
    #[serde(default)]
    pub include: Vec<Spanned<String>>,
}

/// A file that another one includes.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Part {
    #[serde(default)]
    pub table: Vec<TableEntry>,
    #[serde(default)]
    pub view: Vec<ViewEntry>,
    #[serde(default)]
    pub procedure: Vec<ProcedureEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ServerEntry {
    pub product: Spanned<String>,
    pub version: String,
    pub banner: String,
    pub name: Spanned<String>,
    pub edition: String,
    pub collation: String,
    pub language: Spanned<String>,
    pub database: Spanned<String>,
    pub installed: Spanned<String>,
    #[serde(default = "restart_days")]
    pub restart_days: u32,
    #[serde(default)]
    pub data_folder: String,
    #[serde(default)]
    pub settings: BTreeMap<String, String>,
}

fn restart_days() -> u32 {
    97
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DatabaseEntry {
    pub name: Spanned<String>,
    pub created: Spanned<String>,
    pub size_mb: u32,
    pub log_mb: u32,
    #[serde(default = "simple")]
    pub recovery: String,
    #[serde(default)]
    pub system: bool,
    #[serde(default)]
    pub offline: bool,
}

fn simple() -> String {
    "SIMPLE".to_owned()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LoginEntry {
    pub name: String,
    #[serde(default)]
    pub administrator: bool,
    #[serde(default)]
    pub databases: Vec<String>,
    pub default: Spanned<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LinkedEntry {
    pub name: Spanned<String>,
    pub product: String,
    pub provider: String,
    pub source: Spanned<String>,
    #[serde(default)]
    pub login: Option<Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TableEntry {
    /// `database.schema.name`; `schema.name` for Oracle and PostgreSQL with one database; see
    /// [`super::load`].
    pub name: Spanned<String>,
    #[serde(default)]
    pub title: String,
    pub created: Option<Spanned<String>>,
    pub rows: Option<Spanned<String>>,
    pub days: Option<u32>,
    pub values: Option<Vec<Spanned<Vec<toml::Value>>>>,
    pub columns: Vec<Spanned<String>>,
    #[serde(default)]
    pub indexes: Vec<Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ViewEntry {
    pub name: Spanned<String>,
    pub created: Option<Spanned<String>>,
    pub sql: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ProcedureEntry {
    pub name: Spanned<String>,
    pub created: Option<Spanned<String>>,
    #[serde(default)]
    pub parameters: Vec<Spanned<String>>,
    pub sql: String,
}
