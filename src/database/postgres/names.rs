//! What names stand for in a database of PostgreSQL.

use std::sync::Arc;

use rusqlite::types::Value as Cell;
use sqlparser::ast::Statement;

use super::bind::{Binder, Names, Out, Table};
use super::builtin::{Relation, builtin};
use super::catalogue::{self, Entry};
use super::types::{PgType, oid};
use crate::database::catalog::{ColumnSpec, Place, Product, View};
use crate::database::facts::{Facts, Gone};
use crate::database::functions;
use crate::database::problem::{Problem, Said};
use crate::database::script::{self, Step};

/// Relations that are for superusers alone.
const SECRET: [&str; 4] = ["pg_authid", "pg_shadow", "pg_statistic", "pg_user_mapping"];

/// Functions that are for superusers alone.
const GUARDED: [&str; 18] = [
    "pg_read_file",
    "pg_read_binary_file",
    "pg_ls_dir",
    "pg_stat_file",
    "pg_ls_logdir",
    "pg_ls_waldir",
    "pg_ls_tmpdir",
    "lo_import",
    "lo_export",
    "pg_reload_conf",
    "pg_rotate_logfile",
    "pg_switch_wal",
    "pg_create_restore_point",
    "pg_current_logfile",
    "pg_hba_file_rules",
    "pg_show_all_file_settings",
    "pg_promote",
    "pg_stat_reset",
];

/// What a table's name stands for.
pub(in crate::database) enum Known {
    /// A table or view of the product's catalogue.
    Catalogue(&'static Relation),
    /// A table.
    Table(Arc<crate::database::catalog::Table>),
    /// A view.
    View(Arc<View>),
}

/// Finds a table by the parts of its name.
///
/// # Errors
/// Where there is none, or it is not for this role.
pub(in crate::database) fn find(facts: &Facts, parts: &[String]) -> Result<Known, Problem> {
    let Some((name, before)) = parts.split_last() else { return Err(Problem::Syntax(String::new())) };
    let written = parts.join(".");
    let database = facts.database();
    let schema = match before {
        [] => None,
        [schema] => Some(schema.as_str()),
        [other, schema] if *other == database => Some(schema.as_str()),
        _ => {
            return Err(Problem::Said(Box::new(Said {
                code: "0A000",
                text: format!("cross-database references are not implemented: \"{written}\""),
                ..Said::default()
            })));
        }
    };
    if let Some(relation) = builtin().get(&format!("{}.{name}", schema.unwrap_or("pg_catalog"))) {
        if SECRET.contains(&relation.name) && !facts.administrator {
            let kind = if relation.table { "table" } else { "view" };
            return Err(Problem::Said(Box::new(Said {
                code: "42501",
                text: format!("permission denied for {kind} {name}"),
                ..Said::default()
            })));
        }
        return Ok(Known::Catalogue(relation));
    }
    let path = match schema {
        Some(schema) => vec![schema.to_owned()],
        None => facts.state().settings.path(&facts.login),
    };
    for schema in &path {
        let place = Place::new(&database, schema, name);
        let state = facts.state();
        if let Some(table) = state.made.get(&place) {
            return Ok(Known::Table(Arc::clone(table)));
        }
        if state.gone.get(&place) == Some(&Gone::Dropped) {
            continue;
        }
        if let Some(table) = facts.catalog.tables.get(&place).filter(|table| table.name == *name) {
            return Ok(Known::Table(Arc::clone(table)));
        }
        if let Some(view) = facts.catalog.views.get(&place) {
            return Ok(Known::View(Arc::clone(view)));
        }
    }
    Err(Problem::NoObject(written))
}

/// Columns of a table of the schema.
pub(in crate::database) fn outs(columns: &[ColumnSpec], schema: &str, table: &str) -> Vec<Out> {
    let out = |column: &ColumnSpec| Out {
        name: column.name.clone(),
        ty: PgType::from(&column.ty),
        nullable: column.nullable,
        origin: Some((schema.to_owned(), table.to_owned(), column.name.clone())),
    };
    columns.iter().map(out).collect()
}

/// The query of a view.
pub(in crate::database) fn view_query(view: &View) -> Result<Box<sqlparser::ast::Query>, Problem> {
    let steps = script::read(&view.sql, Product::Postgres).map_err(|(problem, _)| problem)?;
    match steps.into_iter().next().map(|placed| placed.step) {
        Some(Step::Statement(statement)) => match *statement {
            Statement::Query(query) => Ok(query),
            _ => Err(Problem::NoObject(view.name.clone())),
        },
        _ => Err(Problem::NoObject(view.name.clone())),
    }
}

/// Columns of a table or view.
pub(in crate::database) fn columns_of(facts: &Facts, entry: &Entry) -> Vec<Out> {
    if let Some(table) = entry.table() {
        return outs(&table.columns, &table.schema, &table.name);
    }
    let place = Place::new(&facts.database(), &entry.object.schema, &entry.object.name);
    let query = facts.catalog.views.get(&place).and_then(|view| view_query(view).ok());
    let Some(mut query) = query else { return Vec::new() };
    let mut names = Lookup { facts };
    Binder::new(&mut names, "").top(&mut query).unwrap_or_default()
}

/// Names as a connection knows them.
pub(in crate::database) struct Lookup<'a> {
    pub facts: &'a Facts,
}

impl Names for Lookup<'_> {
    fn table(&mut self, parts: &[String]) -> Result<Table, Problem> {
        match find(self.facts, parts)? {
            Known::Catalogue(relation) => {
                let columns = catalogue::columns(relation);
                let mut outs = outs(&columns, relation.schema, relation.name);
                for (out, field) in outs.iter_mut().zip(&relation.columns) {
                    out.ty = PgType::named(field.ty).unwrap_or(PgType::of(oid::TEXT));
                }
                Ok(Table::Columns(outs))
            }
            Known::Table(table) => Ok(Table::Columns(outs(&table.columns, &table.schema, &table.name))),
            Known::View(view) => view_query(&view).map(Table::View),
        }
    }

    fn constant(&mut self, name: &str) -> Option<(Cell, PgType)> {
        let facts = self.facts;
        let text = |text: String, kind: u32| Some((Cell::Text(text), PgType::of(kind)));
        let now = || facts.now().strftime("%Y-%m-%d %H:%M:%S.%6f").to_string();
        let path = || facts.state().settings.path(&facts.login);
        match name {
            "now"
            | "current_timestamp"
            | "transaction_timestamp"
            | "statement_timestamp"
            | "clock_timestamp" => text(now(), oid::TIMESTAMPTZ),
            "localtimestamp" => text(now(), oid::TIMESTAMP),
            "current_date" => text(facts.now().date().to_string(), oid::DATE),
            "current_time" | "localtime" => text(facts.now().strftime("%H:%M:%S.%6f").to_string(), oid::TIME),
            "version" => text(facts.catalog.server.banner.clone(), oid::TEXT),
            "current_database" | "current_catalog" => text(facts.database(), oid::NAME),
            "current_schema" => text(path().into_iter().find(|name| name == "public")?, oid::NAME),
            "current_user" | "session_user" | "user" | "current_role" => text(facts.login.clone(), oid::NAME),
            "pg_backend_pid" => Some((Cell::Integer(i64::from(facts.session)), PgType::of(oid::INT4))),
            "pg_postmaster_start_time" | "pg_conf_load_time" => {
                text(facts.started().strftime("%Y-%m-%d %H:%M:%S.%6f").to_string(), oid::TIMESTAMPTZ)
            }
            "inet_client_addr" => text(facts.client.0.clone(), oid::INET),
            _ => None,
        }
    }

    fn object(&mut self, ty: PgType, name: &str) -> Option<i64> {
        match ty.oid {
            oid::REGCLASS => catalogue::relation_id(self.facts, name),
            oid::REGTYPE => PgType::named(name).map(|ty| i64::from(ty.oid)),
            oid::REGNAMESPACE => {
                let found = catalogue::namespace(name);
                (name == "public" || found != catalogue::PUBLIC).then_some(found)
            }
            oid::REGROLE => {
                let all = catalogue::roles(self.facts);
                all.into_iter().find(|(_, role, _)| role == name).map(|(oid, ..)| oid)
            }
            _ => None,
        }
    }

    fn has_function(&self, name: &str) -> bool {
        functions::known(Product::Postgres, name)
    }

    fn may_call(&self, name: &str) -> bool {
        self.facts.administrator || !GUARDED.contains(&name)
    }

    fn offset_minutes(&self) -> i32 {
        self.facts.offset_minutes
    }
}
