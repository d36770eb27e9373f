//! What a server holds: databases, tables, views and procedures, as the persona's schema file
//! (`database.toml`) says. `docs/design/database.md` describes the file.

mod binding;
mod column;
mod drives;
mod file;
mod load;
mod machine;
mod words;

pub use binding::{Binding, Format};
pub use column::ColumnSpec;
pub(super) use drives::{Drive, Plan};
pub use load::LoadError;
pub(super) use load::object_id;
pub(super) use machine::Machine;

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::civil::DateTime;

use super::Value;
use super::records::Rows;

/// The product that a server is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Product {
    /// Microsoft SQL Server.
    SqlServer,
    /// Oracle Database.
    Oracle,
    /// MySQL.
    MySql,
    /// PostgreSQL.
    Postgres,
}

/// Languages of messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Language {
    /// 简体中文.
    Chinese,
    /// us_english.
    English,
}

impl Language {
    /// SQL Server's name of it.
    pub fn name(self) -> &'static str {
        match self {
            Language::Chinese => "简体中文",
            Language::English => "us_english",
        }
    }

    /// By a name or alias that a client gives.
    pub fn by_name(name: &str) -> Option<Language> {
        match name.trim().to_lowercase().as_str() {
            "简体中文" | "simplified chinese" | "zh-cn" | "chinese" => Some(Language::Chinese),
            "us_english" | "english" | "en" | "en-us" | "british english" | "british" => {
                Some(Language::English)
            }
            _ => None,
        }
    }
}

/// A server and all that it holds. Made once per service and shared by its connections.
#[derive(Debug)]
pub struct Catalog {
    /// The product.
    pub product: Product,
    /// Facts of the server.
    pub server: Server,
    /// The databases in the order of their ids; for Oracle, one.
    pub databases: Vec<Database>,
    /// Logins that get in, beside those that the catalogue lists only.
    pub logins: Vec<Login>,
    /// Servers that this one is linked with.
    pub linked: Vec<LinkedServer>,
    /// What there is on each day, shared by all connections.
    pub(super) days: Arc<super::records::Days>,
    /// Who is connected.
    pub(super) presence: super::presence::Presence,
    /// What it runs on.
    pub(super) machine: Machine,
    /// Tables by their place.
    pub(super) tables: BTreeMap<Place, Arc<Table>>,
    /// Views by their place.
    pub(super) views: BTreeMap<Place, Arc<View>>,
    /// Procedures by their place.
    pub(super) procedures: BTreeMap<Place, Arc<Procedure>>,
}

/// Facts of a server.
#[derive(Debug, Clone)]
pub struct Server {
    /// Its version (`11.0.7001.0`).
    pub version: String,
    /// What its version query answers, whole.
    pub banner: String,
    /// Its name (`CLZX-HISDB01`).
    pub name: String,
    /// DNS name of the Windows domain that its host is a member of; empty for none.
    pub domain: String,
    /// Its edition (`Enterprise Edition (64-bit)`).
    pub edition: String,
    /// Its collation.
    pub collation: String,
    /// Language of messages where the login has none.
    pub language: Language,
    /// The database of a login that has none.
    pub database: String,
    /// When it was installed, local time.
    pub installed: DateTime,
    /// How often it is started again, in days.
    pub restart_days: u32,
    /// Folder of its data files.
    pub data_folder: String,
    /// Product-specific settings by lower-case name (`lower_case_table_names`, `max_connections`).
    pub settings: BTreeMap<String, String>,
}

/// A database.
#[derive(Debug, Clone)]
pub struct Database {
    /// Its name.
    pub name: String,
    /// Its id, from 1.
    pub id: i32,
    /// When it was made, local time.
    pub created: DateTime,
    /// Size of its data in MiB.
    pub size_mb: u32,
    /// Size of its log in MiB.
    pub log_mb: u32,
    /// `SIMPLE`, `FULL`, `BULK_LOGGED`.
    pub recovery: String,
    /// The product's own one (`master`).
    pub system: bool,
    /// Taken off line: it is listed, and nobody gets in.
    pub offline: bool,
}

/// A login of the server.
#[derive(Debug, Clone)]
pub struct Login {
    /// Its name.
    pub name: String,
    /// Whether it may do anything.
    pub administrator: bool,
    /// Databases it may enter; empty for all.
    pub databases: Vec<String>,
    /// The database that it enters.
    pub default: String,
}

/// A linked server.
#[derive(Debug, Clone)]
pub struct LinkedServer {
    /// Its name.
    pub name: String,
    /// Its product (`SQL Server`, `Oracle`).
    pub product: String,
    /// The provider (`SQLNCLI`, `OraOLEDB.Oracle`).
    pub provider: String,
    /// Where it is.
    pub source: String,
    /// The login used there.
    pub login: String,
}

/// Where an object is: database, schema and name in lower case.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Place {
    pub database: String,
    pub schema: String,
    pub name: String,
}

impl Place {
    pub(super) fn new(database: &str, schema: &str, name: &str) -> Place {
        Place { database: database.to_lowercase(), schema: schema.to_lowercase(), name: name.to_lowercase() }
    }

    /// Its name in the engine.
    pub(super) fn relation(&self) -> String {
        format!("{}.{}.{}", self.database, self.schema, self.name)
    }
}

/// A table.
#[derive(Debug, Clone)]
pub struct Table {
    /// Its database.
    pub database: String,
    /// Its schema (`dbo`).
    pub schema: String,
    /// Its name.
    pub name: String,
    /// What it holds, in Chinese; empty when nobody wrote it down.
    pub title: String,
    /// Its object id.
    pub id: i32,
    /// When it was made, local time.
    pub created: DateTime,
    /// Where its rows come from.
    pub source: Source,
    /// Its columns in order.
    pub columns: Vec<ColumnSpec>,
    /// Its indexes beside the primary key: name and columns.
    pub indexes: Vec<(String, Vec<String>)>,
}

impl Table {
    /// Place of a column by name.
    pub fn column(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column.name.eq_ignore_ascii_case(name))
    }

    pub(super) fn place(&self) -> Place {
        Place::new(&self.database, &self.schema, &self.name)
    }

    /// Whether the number of its rows is known without a look at each visit.
    pub(super) fn is_counted(&self) -> bool {
        match &self.source {
            Source::World { rows, .. } => super::records::is_counted(*rows),
            Source::Given(_) => false,
        }
    }

    /// Which records of the world its rows are, as events call them.
    pub(super) fn kind(&self) -> Option<crate::event::observation::RecordKind> {
        match &self.source {
            Source::World { rows, .. } => rows.kind(),
            Source::Given(_) => None,
        }
    }
}

/// Where the rows of a table come from.
#[derive(Debug, Clone)]
pub enum Source {
    /// Records of the world.
    World {
        /// Which.
        rows: Rows,
        /// How many days back the table reaches, for records that have a day.
        days: u32,
    },
    /// Rows that the pack gives.
    Given(Arc<[Vec<Value>]>),
}

/// A view.
#[derive(Debug, Clone)]
pub struct View {
    /// Its database.
    pub database: String,
    /// Its schema.
    pub schema: String,
    /// Its name.
    pub name: String,
    /// Its object id.
    pub id: i32,
    /// When it was made, local time.
    pub created: DateTime,
    /// Its query in the product's dialect.
    pub sql: String,
}

/// A stored procedure.
#[derive(Debug, Clone)]
pub struct Procedure {
    /// Its database.
    pub database: String,
    /// Its schema.
    pub schema: String,
    /// Its name.
    pub name: String,
    /// Its object id.
    pub id: i32,
    /// When it was made, local time.
    pub created: DateTime,
    /// Its parameters: name with `@` and type.
    pub parameters: Vec<(String, super::SqlType)>,
    /// Values of parameters that may be left out, by lower-case name.
    pub defaults: BTreeMap<String, sqlparser::ast::Expr>,
    /// Its statements in the product's dialect.
    pub sql: String,
}

impl Catalog {
    /// A database by name, in any case.
    pub fn database(&self, name: &str) -> Option<&Database> {
        self.databases.iter().find(|database| database.name.to_lowercase() == name.to_lowercase())
    }

    /// A login by name, in any case.
    pub fn login(&self, name: &str) -> Option<&Login> {
        self.logins.iter().find(|login| login.name.eq_ignore_ascii_case(name))
    }

    /// All tables.
    pub fn tables(&self) -> impl Iterator<Item = &Arc<Table>> {
        self.tables.values()
    }

    /// All views.
    pub fn views(&self) -> impl Iterator<Item = &Arc<View>> {
        self.views.values()
    }

    /// All procedures.
    pub fn procedures(&self) -> impl Iterator<Item = &Arc<Procedure>> {
        self.procedures.values()
    }

    /// Schema of an object that is named without one.
    pub fn default_schema<'a>(&self, login: &'a str) -> std::borrow::Cow<'a, str> {
        match self.product {
            Product::SqlServer => "dbo".into(),
            Product::Postgres => "public".into(),
            Product::MySql => "".into(),
            Product::Oracle => login.to_uppercase().into(),
        }
    }
}
